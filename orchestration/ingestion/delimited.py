"""Delimited text: encodings, delimiters, quotes, and what makes a line unreadable.

Belongs here: from a private copy to rows of text with their physical row numbers. Does not belong here: what a column
or a value means.

Nothing is executed, and what cannot be read is kept as it came.
"""

import codecs
import csv
import io
import itertools
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import chardet
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from chardet import EncodingEra

from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.headers import normalize_header
from orchestration.ingestion.remarks import Remark
from orchestration.ingestion.snapshots import FileRefusedError, Limits, RefusedRow, check_width, escape_controls

_STRAYS_ARE_RARE = 10  # so many regular characters for one that does not fit, and the file is what most of it says
_STRAYS_ARE_FEWER = 2


@dataclass(frozen=True)
class Encoding:
    """How a text file is encoded."""

    name: str  # Python codec
    errors: str = (
        "strict"  # surrogateescape where a few stray bytes stand in UTF-8: their rows are refused, not the file
    )
    is_guessed: bool = False  # by what letters of languages are frequent


def detect_encoding(path: Path, declared: str | None = None) -> Encoding:
    """Find out how a text file is encoded: by its mark, as UTF-8 or UTF-16, as declared, else by its letters.

    Args:
        path: the snapshot.
        declared: what seeds/company/partners.csv says of the party's files.

    Returns:
        The encoding.

    Raises:
        FileRefusedError: none fits.
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
                return Encoding(encoding)
            raise FileRefusedError(
                "encoding_broken",
                f"The file begins with the mark of {encoding.upper()} but is not written in it.",
                "Export the list again as CSV in UTF-8.",
            )
    marked = data.startswith(codecs.BOM_UTF8)
    sample = data[: 1 << 16]
    if b"\0" in sample and not marked:
        odd, even = sample[1::2].count(0), sample[0::2].count(0)
        encoding = "utf-16-le" if odd > even else "utf-16-be"
        if max(odd, even) > _STRAYS_ARE_RARE * min(odd, even) and _decodes(data, encoding):
            text = sample[: len(sample) // 2 * 2].decode(encoding, "ignore")
            if "\n" in text or "\r" in text:
                return Encoding(encoding)
    if declared is not None and not marked and _decodes(data, declared):
        return Encoding(declared)
    utf8 = "utf-8-sig" if marked else "utf-8"
    if _decodes(data, "utf-8"):
        return Encoding(utf8)
    good = len(_UTF8_SEQUENCE.findall(data))
    # In no other encoding do bytes stand so by chance more often than not.
    if good > 1 and good > _STRAYS_ARE_FEWER * _count_strays(data):
        return Encoding(utf8, "surrogateescape")
    data = data.removeprefix(codecs.BOM_UTF8)  # a mark that lies
    found = chardet.detect(
        data if len(data) <= _LOOKED_AT else b"\n".join(_LINE_WITH_LETTERS.findall(data)[:_LINES_LOOKED_AT]),
        encoding_era=_ERAS,
        exclude_encodings=["utf-8", "utf-7", "mac-latin2"],
    )["encoding"]
    if found is not None and _decodes(data, found):
        is_western = data.decode(found) == data.decode("cp1252", "replace")  # the same letters stand in several
        return Encoding("cp1252" if is_western else codecs.lookup(found).name, is_guessed=True)
    raise FileRefusedError(
        "encoding_unknown",
        "It is not known how the file's letters are encoded: neither UTF-8 nor UTF-16, and nothing else fits.",
        "Export the list again as CSV in UTF-8, or set encoding for this party in seeds/company/partners.csv.",
    )


_UTF8_SEQUENCE = re.compile(rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}")
_LINE_WITH_LETTERS = re.compile(rb"[^\r\n]*[\x80-\xff][^\r\n]*")
_LOOKED_AT = 200_000  # bytes; of a longer file only lines that hold such letters
_LINES_LOOKED_AT = 2_000
_ERAS = EncodingEra.MODERN_WEB | EncodingEra.LEGACY_ISO | EncodingEra.LEGACY_MAC | EncodingEra.DOS


def read_csv(path: Path, known_headers: frozenset[str], limits: Limits, declared: str | None = None) -> Grid:
    """Read delimited text.

    Args:
        path: the snapshot.
        known_headers: normalised headers that some field has.
        limits: bounds.
        declared: encoding of the party's text files, if it is declared.

    Returns:
        A grid whose batches are read while they are walked through.

    Raises:
        FileRefusedError: the encoding is unknown.
    """
    _check_lines(path, limits)
    encoding = detect_encoding(path, declared)
    # csv.reader's own limit would break off inside a cell; cells are measured when the whole row is there.
    csv.field_size_limit(limits.max_file_bytes)
    with _open_text(path, encoding.name, encoding.errors) as stream:
        sample = list(itertools.islice(stream, 200))
    first = re.match(r'^"?sep=(.)"?\s*$', sample[0], re.IGNORECASE) if sample else None
    delimiter, width = (
        (first[1], _modal_width(sample[1:], first[1])) if first else sniff_delimiter(sample, known_headers, limits)
    )
    check_width(width, limits)
    grid = Grid(
        iter(()),
        encoding=encoding.name if encoding.errors == "strict" else f"{encoding.name} with stray bytes",
        delimiter=delimiter,
        escape=_escape(sample, delimiter, width),
    )
    if encoding.is_guessed:
        grid.remarks.append(
            Remark(
                "remark",
                "encoding_guessed",
                None,
                f"The file is not in UTF-8; by its letters it was read as {encoding.name}.",
                "If names look wrong, set encoding for this party in seeds/company/partners.csv; if they look right, "
                f"set it to {encoding.name}, or ask for UTF-8.",
            )
        )
    grid.batches = _csv_batches(
        path, grid, (encoding.name, encoding.errors), width=width, skip_first=bool(first), limits=limits
    )
    return grid


def _check_lines(path: Path, limits: Limits) -> None:
    """Refuse a file of which one line is longer than a row can be, before it is held in memory."""
    length = 0
    with path.open("rb") as source:
        while block := source.read(1 << 20):
            end = max(block.rfind(b"\n"), block.rfind(b"\r"))
            length = len(block) - end - 1 if end >= 0 else length + len(block)
            if length > limits.max_line_bytes:
                raise FileRefusedError(
                    "line_too_long",
                    f"A line of the file is longer than {limits.max_line_bytes // 1024**2:,} MiB, so it is no row.",
                    "Export the list again as CSV, one row a line.",
                )


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
            len({normalize_header(cell) for cell in row} & known_headers) if len(row) <= limits.max_columns else 0
            for row in rows[: limits.header_search_rows]
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
                    "So many quotation marks in the file are not closed that its rows cannot be kept apart.",
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
    reader_of = partial(csv.reader, delimiter=delimiter, escapechar=grid.escape, strict=True)
    columns = _parse_even_lines(lines, delimiter, width) if grid.escape is None else None
    if columns is not None:
        return np.arange(first, first + len(lines), dtype=np.int64), columns, len(lines), 0
    try:
        rows = list(reader_of(lines))
        if len(rows) == len(lines):  # each row is one line, so numbers need no counting
            return np.arange(first, first + len(rows), dtype=np.int64), rows, len(lines), 0
    except csv.Error:
        pass
    rows = []
    numbers: list[int] = []
    reread = start = 0
    while start < len(lines):
        reader = reader_of(map(lines.__getitem__, range(start, len(lines))))
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


def _escape(sample: list[str], delimiter: str, width: int) -> str | None:
    """Tell whether quotation marks inside cells are escaped by a backslash, as databases write them."""

    def even(escape: str | None) -> int:
        count = 0
        for line in sample:
            try:
                rows = list(csv.reader([line], delimiter=delimiter, escapechar=escape, strict=True))
            except csv.Error:
                continue
            count += sum(len(row) == width for row in rows)
        return count

    if not any('\\"' in line for line in sample):
        return None
    return "\\" if even("\\") > even(None) else None


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
