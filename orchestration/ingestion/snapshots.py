"""The private copy of a delivered file, and what it costs a file or a row not to be usable.

Belongs here: bounds, copying and hashing, the two kinds of refusal. Does not belong here: what is in the file.

Every file is hostile until it has been read: links are not followed, sizes are bounded, and what grows meanwhile is not
taken.
"""

import hashlib
import io
import itertools
import json
import os
import re
import stat
import time
from collections.abc import Container, Iterable
from dataclasses import dataclass
from pathlib import Path

from orchestration.runs import progress


@dataclass(frozen=True)
class Limits:
    """What a file may be. Every limit can be set; the defaults hold for lists of a million accounts."""

    max_file_bytes: int = 1024**3
    max_files: int = 1_000  # of one list: a file a day and region, and more
    max_manifest_bytes: int = 1024**2
    # So long after its end a month is still loaded as its files come; later, it is a backfill, and the day of the load
    # says nothing of when they came. Our own choice: a month's lists are due within days of its end.
    backfilled_after_days: int = 31
    quiet_seconds: float = 2  # since a file was changed: an export that pauses longer looks like a whole file
    max_cell_characters: int = 32_767  # what a spreadsheet cell can hold
    max_lines_per_record: int = 32_768  # a cell of the allowed length has no more line breaks
    max_refused_rows: int = 100_000  # of one file; beyond, the file is refused rather than its rows
    max_reread_lines: int = 20_000_000  # work that broken quotation marks may cause in one file
    header_search_rows: int = 60
    max_columns: int = 2_000
    max_sheets: int = 200
    max_line_bytes: int = 16 * 1024**2
    max_unpacked_bytes: int = 2 * 1024**3
    max_unpack_ratio: int = 200  # a spreadsheet's XML packs about 10 to 50 times
    min_bytes_for_ratio: int = 10 * 1024**2  # small files may pack better without being a danger
    max_archive_entries: int = 10_000
    max_sheet_cells: int = 50_000_000
    min_share_of_last_month: float = 0.5
    batch_rows: int = 250_000  # large enough that the checks' fixed cost does not matter
    # What reading a file may cost: so much for any, and so much more for each MiB of it.
    least_read_seconds: float = 20
    read_seconds_per_mib: float = 0.6
    least_read_bytes: int = 1024**3
    read_bytes_per_byte: int = 6

    def read_seconds(self, size_bytes: int) -> float:
        """Bound the processor time of reading a file.

        Args:
            size_bytes: of the file.

        Returns:
            Seconds.
        """
        return self.least_read_seconds + self.read_seconds_per_mib * size_bytes / 1024**2

    def read_bytes(self, size_bytes: int) -> int:
        """Bound the memory of reading a file.

        Args:
            size_bytes: of the file.

        Returns:
            Bytes.
        """
        return self.least_read_bytes + self.read_bytes_per_byte * size_bytes


class FileRefusedError(Exception):
    """A file that cannot be used as a whole: which rule, why in plain words, and what to do."""

    def __init__(self, rule: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.rule, self.reason, self.remedy = rule, reason, remedy


def check_width(columns: int, limits: Limits) -> None:
    """Refuse a list that has more columns than anybody would look through.

    Args:
        columns: how many it has.
        limits: bounds.

    Raises:
        FileRefusedError: they are too many.
    """
    if columns > limits.max_columns:
        raise FileRefusedError(
            "too_many_columns",
            f"The list has {columns:,} columns; at most {limits.max_columns:,} are read.",
            "Export only the columns that are needed, and deliver the file again.",
        )


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be used, as it came."""

    row_number: int
    row_text: str
    rule: str
    reason: str
    remedy: str
    column_name: str | None = None
    shown: str | None = None  # what of it may be shown to everybody: cells of fields that name no person


@dataclass(frozen=True)
class Snapshot:
    """A private copy of a delivered file; the original is not looked at again."""

    path: Path
    sha256: str
    size_bytes: int


def hash_file(path: Path) -> tuple[str, int]:
    """Hash a file without reading anything into it.

    Args:
        path: a regular file; symbolic links are refused.

    Returns:
        SHA-256 in hexadecimal, and the number of bytes, of what was there when it was opened.

    Raises:
        FileRefusedError: the file cannot be opened.
    """
    digest, size = hashlib.sha256(), 0
    with _open_regular(path) as source:
        left = os.fstat(source.fileno()).st_size  # a file that grows while it is read would never end
        while block := source.read(min(left, _BLOCK)):
            digest.update(block)
            size += len(block)
            left -= len(block)
    return digest.hexdigest(), size


_COPIES = itertools.count()
_BLOCK = 1 << 23  # bytes; after each, this thread waits its turn among others


def take_snapshot(path: Path, directory: Path, limits: Limits, accepted: Container[str] = ()) -> Snapshot:
    """Copy a delivered file once, and make sure that nobody was writing to it.

    A file that was changed a moment ago is looked at again when it has been quiet for ``limits.quiet_seconds``.

    Args:
        path: the delivered file.
        directory: an existing folder that only we can read.
        limits: bounds of the file's size, and how long nobody may have written to it.
        accepted: hashes of files that a person has accepted whatever their size.

    Returns:
        The copy, its hash and size.

    Raises:
        FileRefusedError: not a regular file, too large, unreadable, or still being written.
    """
    being_written = FileRefusedError(
        "still_being_written",
        "The file changed while it was read: it is still being written.",
        "Wait until the export has finished, then run again.",
    )
    digest, size = hashlib.sha256(), 0
    with _open_regular(path) as source:
        before = os.fstat(source.fileno())
        if before.st_size > limits.max_file_bytes and hash_file(path)[0] not in accepted:
            raise FileRefusedError(
                "file_too_large",
                f"The file has {before.st_size:,} bytes; at most {limits.max_file_bytes:,} are read.",
                "Split the list into several files whose names begin with the same word, or raise the limit.",
            )
        copy = directory / f"{next(_COPIES)}{path.suffix.lower()}"
        with copy.open("xb") as target:
            while block := source.read(_BLOCK):
                digest.update(block)
                size += len(block)
                if size > before.st_size:
                    raise being_written
                target.write(block)
                progress.tell_more(f"{escape_controls(path.name)}: {size:,} of {before.st_size:,} bytes copied")
    quiet = time.time() - before.st_mtime
    if quiet < limits.quiet_seconds:
        time.sleep(limits.quiet_seconds - max(quiet, 0))  # the clock of a file server may be ahead
    after = hash_file(path)
    now = path.stat(follow_symlinks=False)
    unchanged = (before.st_size, before.st_mtime_ns, before.st_ino) == (now.st_size, now.st_mtime_ns, now.st_ino)
    if not unchanged or after != (digest.hexdigest(), size):
        raise being_written
    return Snapshot(copy, digest.hexdigest(), size)


def escape_controls(text: str) -> str:
    r"""Write characters that no table can hold, or that a screen obeys instead of showing, as escapes.

    Args:
        text: a raw line.

    Returns:
        The line; a NUL reads ``\\x00``, a stray byte ``\\x81``, a mark that turns the direction of text ``\\u202e``.
    """
    if _OBEYED.search(text):
        text = _OBEYED.sub(lambda found: found[0].encode("unicode_escape").decode(), text)
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


# Control characters but tab and line breaks, and the marks by which a text changes its direction.
_OBEYED = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def row_as_text(cells: Iterable[str | None]) -> str:
    """Write a row's cells as they came, as a JSON list.

    Args:
        cells: the row's cells.

    Returns:
        JSON; characters that no table can hold are escaped.
    """
    return escape_controls(json.dumps(["" if cell is None else cell for cell in cells], ensure_ascii=False))


def _open_regular(path: Path) -> io.BufferedReader:
    """Open a file for reading unless it is a link, a device or not ours to read."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as problem:
        raise FileRefusedError(
            "file_not_readable",
            f"The file could not be opened ({problem.strerror or 'unknown reason'}).",
            "Give the pipeline the right to read it, and deliver a file rather than a link.",
        ) from problem
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FileRefusedError("not_a_file", "This is not a regular file.", "Deliver the list as a file.")
    return os.fdopen(handle, "rb")
