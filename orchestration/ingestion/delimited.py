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
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as arrow_csv
from charset_normalizer import from_bytes

from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.mapping import normalize_header
from orchestration.ingestion.snapshots import FileRefusedError, Limits, RefusedRow, escape_controls

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
