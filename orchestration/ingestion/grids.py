"""The rows of one file or sheet: finding the header's place, walking the rows below it, keeping those that fit.

Belongs here: rows, whatever file they come from. Does not belong here: reading a format, and what a column means.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.ingestion.mapping import Header
from orchestration.ingestion.refusals import EXPLANATIONS
from orchestration.ingestion.remarks import Remark
from orchestration.ingestion.snapshots import (
    RefusedRow,
    row_as_text,
)

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
    escape: str | None = None  # what stands before a quotation mark inside a cell, where it is not doubled
    refused: list[RefusedRow] = field(default_factory=list)
    has_typed_header: bool = False  # Parquet: the header is not a row
    is_hidden: bool = False  # a sheet that nobody sees; its rows are not read
    remarks: list[Remark] = field(default_factory=list)


def first_rows(grid: Grid, count: int) -> list[tuple[int, list[str]]]:
    """Look at the first rows that are not empty, and put them back.

    Args:
        grid: the rows; its batches can still be walked through from the first.
        count: how many rows to give at most.

    Returns:
        Row numbers and cells.
    """
    seen: list[RowBatch] = []
    head: list[tuple[int, list[str]]] = []
    for numbers, rows in grid.batches:
        seen.append((numbers, rows))
        first_rows = rows if isinstance(rows, list) else _as_lists(rows.slice(0, _ROWS_LOOKED_AT))
        pairs = zip(numbers.tolist(), first_rows, strict=False)
        filled = ((number, row) for number, row in pairs if any(cell.strip() for cell in row))
        head.extend(itertools.islice(filled, count - len(head)))
        if len(head) == count:
            break
    grid.batches = itertools.chain(seen, grid.batches)
    return head


_ROWS_LOOKED_AT = 1_000  # rows of a batch in which the header is looked for


def _as_lists(rows: pa.RecordBatch) -> list[list[str]]:
    """Turn columns into rows."""
    return [list(cells) for cells in zip(*(column.to_pylist() for column in rows.columns), strict=True)]


def rows_below(grid: Grid, header: Header) -> Iterator[RowBatch]:
    """Give the batches without the header and whatever stands above it.

    Args:
        grid: the rows.
        header: the header that was found.

    Yields:
        Row numbers and rows below the header.
    """
    for numbers, rows in grid.batches:
        if numbers[0] > header.row_number:
            yield numbers, rows
            continue
        start = int(np.searchsorted(numbers, header.row_number, side="right"))
        if start < len(numbers):
            yield numbers[start:], rows[start:] if isinstance(rows, list) else rows.slice(start)


def keep_even_rows(
    numbers: npt.NDArray[np.int64], rows: list[list[str]] | pa.RecordBatch, width: int, refused: list[RefusedRow]
) -> RowBatch:
    """Keep the rows that have one cell per header; refuse the others, pass over empty ones.

    Args:
        numbers: the rows' numbers.
        rows: the rows.
        width: cells of the header.
        refused: ragged rows are added to it.

    Returns:
        Numbers and rows that have width cells; empty cells beyond the header are cut off.
    """
    if not isinstance(rows, list):
        if rows.num_columns == width:
            return numbers, rows
        rows = _as_lists(rows)
    if set(map(len, rows)) == {width}:
        return numbers, rows
    kept, kept_numbers = [], []
    for number, row in zip(numbers.tolist(), rows, strict=True):
        if len(row) > width and not any(cell.strip() for cell in row[width:]):
            row = row[:width]  # noqa: PLW2901 (trailing delimiters carry nothing)
        if len(row) == width:
            kept.append(row)
            kept_numbers.append(number)
        elif any(cell.strip() for cell in row):
            reason, remedy = EXPLANATIONS["ragged_row"]
            filled = reason.format(value=len(row), mark=width)
            refused.append(RefusedRow(number, row_as_text(row), "ragged_row", f"Row {number}: {filled}", remedy))
    return np.array(kept_numbers, dtype=np.int64), kept
