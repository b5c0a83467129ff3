"""From a file in the landing folder to rows of text with their physical row numbers.

Belongs here: the private snapshot of a file, encodings, delimiters, quotes, and what makes a file or a line
unreadable. Workbooks have a module of their own.
Does not belong here: what a column or a value means.

Every file is hostile until it has been read: sizes are bounded before anything is unpacked, nothing is executed,
links are not followed, and what cannot be read is kept as it came.
"""

import codecs
import csv
import hashlib
import io
import itertools
import json
import os
import re
import stat
import time
import unicodedata
from collections import Counter
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
import pyarrow.parquet as pq
from charset_normalizer import from_bytes

from orchestration.runs import progress


@dataclass(frozen=True)
class Limits:
    """What a file may be. Every limit can be set; the defaults hold for lists of a million accounts."""

    max_file_bytes: int = 1024**3
    quiet_seconds: float = 2  # since a file was changed: an export that pauses longer cannot be told from a whole file
    max_cell_characters: int = 32_767  # what a spreadsheet cell can hold
    max_lines_per_record: int = 32_768  # a cell of the allowed length has no more line breaks
    max_refused_rows: int = 100_000  # of one file; beyond, the file is refused rather than its rows
    max_reread_lines: int = 20_000_000  # work that broken quotation marks may cause in one file
    header_search_rows: int = 20
    max_columns: int = 2_000
    max_unpacked_bytes: int = 2 * 1024**3
    max_unpack_ratio: int = 200  # a spreadsheet's XML packs about 10 to 50 times
    min_bytes_for_ratio: int = 10 * 1024**2  # small files may pack better without being a danger
    max_archive_entries: int = 10_000
    max_sheet_cells: int = 50_000_000
    min_share_of_last_month: float = 0.5
    batch_rows: int = 250_000  # large enough that the checks' fixed cost does not matter


class FileRefusedError(Exception):
    """A file that cannot be used as a whole: which rule, why in plain words, and what to do."""

    def __init__(self, rule: str, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.rule, self.reason, self.remedy = rule, reason, remedy


@dataclass(frozen=True)
class RefusedRow:
    """A row that cannot be used, as it came."""

    row_number: int
    row_text: str
    rule: str
    reason: str
    remedy: str
    column_name: str | None = None


@dataclass(frozen=True)
class Snapshot:
    """A private copy of a delivered file; the original is not looked at again."""

    path: Path
    sha256: str
    size_bytes: int


# Physical row numbers, and the rows: as lists of cells, or as columns of text where all of them have as many cells.
RowBatch = tuple[npt.NDArray[np.int64], list[list[str]] | pa.RecordBatch]


@dataclass
class Grid:
    """The rows of one file or sheet, before anybody knows which of them is the header.

    ``batches`` can be walked through once; refused lines are added to ``refused`` on the way.
    """

    batches: Iterator[RowBatch]
    sheet_name: str | None = None
    encoding: str | None = None
    delimiter: str | None = None
    refused: list[RefusedRow] = field(default_factory=list)
    has_typed_header: bool = False  # Parquet: the header is not a row


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
        while block := source.read(min(left, 1 << 20)):
            digest.update(block)
            size += len(block)
            left -= len(block)
    return digest.hexdigest(), size


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
        copy = directory / f"{len(list(directory.iterdir()))}{path.suffix.lower()}"
        with copy.open("xb") as target:
            while block := source.read(1 << 20):
                digest.update(block)
                size += len(block)
                if size > before.st_size:
                    raise being_written
                target.write(block)
                progress.tell_more(f"{path.name}: {size:,} of {before.st_size:,} bytes copied")
    quiet = time.time() - before.st_mtime
    if quiet < limits.quiet_seconds:
        time.sleep(limits.quiet_seconds - max(quiet, 0))  # the clock of a file server may be ahead
    after = hash_file(path)
    now = path.stat(follow_symlinks=False)
    unchanged = (before.st_size, before.st_mtime_ns, before.st_ino) == (now.st_size, now.st_mtime_ns, now.st_ino)
    if not unchanged or after != (digest.hexdigest(), size):
        raise being_written
    return Snapshot(copy, digest.hexdigest(), size)


_LONGEST_HEADER = 300  # characters; what is longer is no header, and not worth the work


def normalize_header(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, without case, accents, spaces or punctuation.

    Args:
        header: a column's name as delivered.

    Returns:
        ``accountname`` for ``Account Name``, ``account_name`` and ``Ａｃｃｏｕｎｔ－Ｎａｍｅ``.
    """
    if len(header) > _LONGEST_HEADER:
        return ""
    decomposed = unicodedata.normalize("NFKD", header.strip().lstrip("\ufeff")).casefold()
    # Voiced marks of Japanese kana are combining marks too, and they are letters: compose them again.
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) or c in "\u3099\u309a")
    return "".join(c for c in unicodedata.normalize("NFKC", kept) if c.isalnum())


# --- plain text -------------------------------------------------------------------------------------------------


_STRAYS_ARE_RARE = 10  # so many regular characters for one that does not fit, and the file is what most of it says


def detect_encoding(path: Path) -> tuple[str, str]:
    """Find out how a text file is encoded: its mark, then UTF-8, then UTF-16 without a mark, then Windows-1252.

    Args:
        path: the snapshot.

    Returns:
        Python codec, and how to treat bytes it does not know (``strict``, or ``surrogateescape`` where a few stray
        bytes stand in a file that is UTF-8 otherwise: their rows are refused, not the file).

    Raises:
        FileRefusedError: none of them fits.
    """
    data = path.read_bytes()
    for mark, encoding in (
        (codecs.BOM_UTF32_LE, "utf-32"),
        (codecs.BOM_UTF32_BE, "utf-32"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark):
            if _decodes(data, encoding):
                return encoding, "strict"
            raise FileRefusedError(
                "encoding_broken",
                f"The file begins with the mark of {encoding.upper()} but is not written in it.",
                "Export the list again as CSV in UTF-8.",
            )
    sample = data[: 1 << 16]
    if b"\0" in sample:
        odd, even = sample[1::2].count(0), sample[0::2].count(0)
        encoding = "utf-16-le" if odd > even else "utf-16-be"
        if max(odd, even) > _STRAYS_ARE_RARE * min(odd, even) and _decodes(data, encoding):
            text = sample[: len(sample) // 2 * 2].decode(encoding, "ignore")
            if "\n" in text or "\r" in text:
                return encoding, "strict"
    marked = data.startswith(codecs.BOM_UTF8)
    if _decodes(data, "utf-8"):
        return ("utf-8-sig" if marked else "utf-8"), "strict"
    good = len(re.findall(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}", data))
    if good > _STRAYS_ARE_RARE * _count_strays(data):
        return ("utf-8-sig" if marked else "utf-8"), "surrogateescape"
    if _decodes(data, "cp1252"):
        return "cp1252", "strict"
    best = from_bytes(sample).best()
    if best is not None and _decodes(data, best.encoding):
        return best.encoding, "strict"
    raise FileRefusedError(
        "encoding_unknown",
        "The file's encoding is neither UTF-8, UTF-16 nor Windows-1252.",
        "Export the list again as CSV in UTF-8.",
    )


def read_csv(path: Path, known_headers: frozenset[str], limits: Limits) -> Grid:
    """Read delimited text.

    Args:
        path: the snapshot.
        known_headers: normalised headers that some field has.
        limits: bounds.

    Returns:
        A grid whose batches are read while they are walked through.

    Raises:
        FileRefusedError: the encoding is unknown.
    """
    encoding, errors = detect_encoding(path)
    # csv.reader's own limit would break off inside a cell; cells are measured when the whole row is there.
    csv.field_size_limit(limits.max_file_bytes)
    with _open_text(path, encoding, errors) as stream:
        sample = list(itertools.islice(stream, 200))
    declared = re.match(r'^"?sep=(.)"?\s*$', sample[0], re.IGNORECASE) if sample else None
    delimiter, width = (
        (declared[1], _modal_width(sample[1:], declared[1]))
        if declared
        else sniff_delimiter(sample, known_headers, limits)
    )
    grid = Grid(
        iter(()), encoding=encoding if errors == "strict" else f"{encoding} with stray bytes", delimiter=delimiter
    )
    grid.batches = _csv_batches(path, grid, (encoding, errors), width=width, skip_first=bool(declared), limits=limits)
    return grid


def sniff_delimiter(sample: list[str], known_headers: frozenset[str], limits: Limits) -> tuple[str, int]:
    """Choose the delimiter: the one whose header we know best, else the one that gives the most even rows.

    Args:
        sample: the first physical lines.
        known_headers: normalised headers that some field has.
        limits: how far down a header is looked for.

    Returns:
        The delimiter, and the number of cells that most rows have with it.
    """
    ranked = []
    for rank, delimiter in enumerate(",;\t|"):
        rows = [row for row in _lenient_rows(sample, delimiter) if any(cell.strip() for cell in row)]
        if not rows:
            continue
        known = max(
            len({normalize_header(cell) for cell in row} & known_headers) for row in rows[: limits.header_search_rows]
        )
        widths = Counter(map(len, rows))
        width, count = max(widths.items(), key=lambda item: (item[1], item[0]))
        evenness = count / len(rows) if width > 1 else 0.0
        ranked.append((known, evenness, width, -rank, delimiter))
    if not ranked:
        return ",", 1
    best = max(ranked)
    return best[4], best[2]


def _csv_batches(
    path: Path, grid: Grid, codec: tuple[str, str], *, width: int, skip_first: bool, limits: Limits
) -> Iterator[RowBatch]:
    """Parse chunks of physical lines; a broken quotation mark costs the line that opens it and no other."""
    budget = limits.max_reread_lines
    parse = partial(_parse_chunk, grid=grid, width=width, limits=limits)
    with _open_text(path, *codec) as stream:
        first = 1
        if skip_first:
            next(stream, None)
            first = 2
        carry: list[str] = []
        while True:
            fresh = list(itertools.islice(stream, limits.batch_rows))
            lines = carry + fresh if carry else fresh
            at_end = len(fresh) < limits.batch_rows
            if not lines:
                return
            numbers, rows, used, reread = parse(lines, first, at_end)
            budget -= reread
            if budget < 0:
                raise FileRefusedError(
                    "quotes_broken_throughout",
                    "So many quotation marks in the file are not closed that its rows cannot be told apart.",
                    "Export the list again; every quotation mark inside a cell must be doubled.",
                )
            if len(numbers):
                yield numbers, rows
            carry = lines[used:]
            first += used
            if at_end and not carry:
                return


def _parse_chunk(
    lines: list[str], first: int, at_end: bool, *, grid: Grid, width: int, limits: Limits
) -> tuple[npt.NDArray[np.int64], list[list[str]] | pa.RecordBatch, int, int]:
    """Split physical lines into rows: row numbers, rows, lines used, lines read more than once."""
    delimiter = grid.delimiter or ","
    if (columns := _parse_even_lines(lines, delimiter, width)) is not None:
        return np.arange(first, first + len(lines), dtype=np.int64), columns, len(lines), 0
    try:
        rows = list(csv.reader(lines, delimiter=delimiter, strict=True))
        if len(rows) == len(lines):  # each row is one line, so numbers need no counting
            return np.arange(first, first + len(rows), dtype=np.int64), rows, len(lines), 0
    except csv.Error:
        pass
    rows = []
    numbers: list[int] = []
    reread = start = 0
    while start < len(lines):
        reader = csv.reader(map(lines.__getitem__, range(start, len(lines))), delimiter=delimiter, strict=True)
        base, end = start, start
        try:
            for row in reader:
                end = base + reader.line_num
                if end - start > 1 and (len(row) != width or end - start > limits.max_lines_per_record):
                    raise csv.Error("a quoted cell swallowed other rows")
                rows.append(row)
                numbers.append(first + start)
                start = end
            break
        except csv.Error:
            end = base + reader.line_num
            unfinished = end >= len(lines) and not at_end
            if unfinished and end - start < limits.max_lines_per_record:
                return np.array(numbers, dtype=np.int64), rows, start, reread + (end - start)
            reread += end - start
            if reread > limits.max_reread_lines:
                return np.array(numbers, dtype=np.int64), rows, len(lines), reread
            grid.refused.append(
                RefusedRow(
                    first + start,
                    escape_controls(lines[start].rstrip("\r\n")),
                    "broken_quotes",
                    f"Row {first + start}: a quotation mark is opened and not closed properly in this line.",
                    "Close the quotation mark, or double it where it is part of the text, and deliver the file again.",
                )
            )
            start += 1
    return np.array(numbers, dtype=np.int64), rows, len(lines), reread


def _parse_even_lines(lines: list[str], delimiter: str, width: int) -> pa.RecordBatch | None:
    """Split lines by Arrow where nothing can be read in two ways; null leaves them to the careful reader.

    Only lines whose cells are all plain or all quoted properly are given to Arrow, which is four times as fast; there
    is nothing left on which the two readers could differ.
    """
    if width < 2 or len(lines) < _WORTH_ARROW:  # noqa: PLR2004 (one column has no delimiter)
        return None
    try:
        texts = pa.array(lines, pa.string())
        block = "".join(lines).encode()
    except UnicodeEncodeError:
        return None
    mark = re.escape(delimiter)
    cell = f'(?:[^"{mark}\r\n\\x00]*|"(?:[^"\\x00]|"")*")'
    pattern = f"^{cell}(?:{mark}{cell})+\\r?\\n?$"
    if not pc.all(pc.match_substring_regex(texts, pattern)).as_py():
        return None
    names = [f"c{index}" for index in range(width)]
    try:
        table = arrow_csv.read_csv(
            io.BytesIO(block),
            read_options=arrow_csv.ReadOptions(column_names=names, block_size=1 << 24),
            parse_options=arrow_csv.ParseOptions(delimiter=delimiter, ignore_empty_lines=False),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()), strings_can_be_null=False
            ),
        )
    except (pa.ArrowInvalid, ValueError):
        return None
    if table.num_rows != len(lines):
        return None
    return table.combine_chunks().to_batches(max_chunksize=len(lines))[0]


_WORTH_ARROW = 1_000  # lines; below, starting Arrow's reader costs more than it saves


def escape_controls(text: str) -> str:
    r"""Write characters that no table can hold (NUL, stray bytes) as escapes, so that nothing is lost.

    Args:
        text: a raw line.

    Returns:
        The line; a NUL reads ``\\x00`` and a stray byte ``\\x81``.
    """
    if "\0" in text:
        text = text.replace("\0", "\\x00")
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


def row_as_text(cells: Iterable[str | None]) -> str:
    """Write a row's cells as they came, as a JSON list.

    Args:
        cells: the row's cells.

    Returns:
        JSON; characters that no table can hold are escaped.
    """
    return escape_controls(json.dumps(["" if cell is None else cell for cell in cells], ensure_ascii=False))


def _lenient_rows(lines: list[str], delimiter: str) -> list[list[str]]:
    try:
        return list(csv.reader(lines, delimiter=delimiter))
    except csv.Error:
        return [line.rstrip("\r\n").split(delimiter) for line in lines]


def _modal_width(lines: list[str], delimiter: str) -> int:
    widths = Counter(len(row) for row in _lenient_rows(lines, delimiter) if row)
    return widths.most_common(1)[0][0] if widths else 1


def _open_text(path: Path, encoding: str, errors: str) -> io.TextIOWrapper:
    """Open a text file with its physical line ends; a byte order mark that lies is passed over."""
    stream = path.open("rb")
    if stream.read(3) != codecs.BOM_UTF8 or encoding == "utf-8-sig":
        stream.seek(0)
    return io.TextIOWrapper(stream, encoding=encoding, errors=errors, newline="")


def _decodes(data: bytes, encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        for position in range(0, len(data), 1 << 22):
            decoder.decode(data[position : position + (1 << 22)])
        decoder.decode(b"", final=True)
    except UnicodeError:
        return False
    return True


def _count_strays(data: bytes) -> int:
    text = data.decode("utf-8", "surrogateescape")
    return len(re.findall("[\udc80-\udcff]", text))


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


# --- Parquet ----------------------------------------------------------------------------------------------------


def read_parquet(path: Path, limits: Limits) -> Grid:
    """Read Parquet; every column as text, without loss.

    Args:
        path: the snapshot.
        limits: bounds.

    Returns:
        A grid whose first row holds the column names; row numbers count from 1 below it.

    Raises:
        FileRefusedError: not Parquet, or it would unpack to too much.
    """
    not_readable = "The file is not a readable Parquet file."
    remedy = "Write the file again; if it is a CSV or a workbook, give it its true extension."
    try:
        parquet = pq.ParquetFile(path)
        described = parquet.metadata
        unpacked = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
        names = list(parquet.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise FileRefusedError("not_parquet", not_readable, remedy) from problem
    too_many = described.num_rows * max(len(names), 1) > limits.max_sheet_cells
    if unpacked > limits.max_unpacked_bytes or too_many or len(names) > limits.max_columns:
        raise FileRefusedError(
            "unpacks_too_large",
            f"The file holds {described.num_rows:,} rows of {len(names):,} columns and unpacks to {unpacked:,} bytes, "
            "which is more than is read.",
            "Split the list into several files whose names begin with the same word, or raise the limit.",
        )

    def batches() -> Iterator[RowBatch]:
        yield np.array([0], dtype=np.int64), [names]
        first, unpacked_so_far = 1, 0
        try:
            for batch in parquet.iter_batches(batch_size=limits.batch_rows):
                unpacked_so_far += batch.nbytes
                if unpacked_so_far > limits.max_unpacked_bytes:
                    raise FileRefusedError("unpacks_too_large", "The file unpacks to more than is read.", remedy)
                columns = [pc.fill_null(_as_text(column), "") for column in batch.columns]
                rows = pa.RecordBatch.from_arrays(columns, names=[f"c{index}" for index in range(len(columns))])
                yield np.arange(first, first + batch.num_rows, dtype=np.int64), rows
                first += batch.num_rows
        except (pa.ArrowException, OSError) as problem:
            raise FileRefusedError("not_parquet", not_readable, remedy) from problem

    return Grid(batches(), encoding=None, has_typed_header=True)


def _as_text(column: pa.Array) -> pa.Array:
    """Any Arrow column as text: dates in ISO form, whole floats without a fraction, nested values as JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        texts = [None if v is None else v.decode("utf-8", "backslashreplace") for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_floating(kind):
        texts = [None if v is None else (str(int(v)) if v.is_integer() else repr(v)) for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_nested(kind):
        texts = [
            None if v is None else json.dumps(v, ensure_ascii=False, default=str, separators=(",", ":"))
            for v in column.to_pylist()
        ]
        return pa.array(texts, pa.string())
    return pc.cast(column, pa.string())
