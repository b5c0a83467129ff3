"""XLSX workbooks: whether it is safe to open one, and its sheets as rows of text.

Belongs here: everything that knows what a workbook is, reading and writing alike (spreadsheet formulas).
Does not belong here: what a column means.
"""

import datetime as dt
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.snapshots import FileRefusedError, Limits

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CELL = re.compile(rb'\br="([A-Z]{1,3})([0-9]{1,7})"')
_FORMULA_STARTS = r"^[\s\x00]*[=+\-@\t\r\n|%]"
# Control characters that XML cannot hold.
_NOT_IN_A_WORKBOOK = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
_NUMBER = r"^\s*[+-]?(\d[\d., ]*|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*$"


def read_workbook(path: Path, limits: Limits) -> list[Grid]:
    """Read the sheets of a workbook.

    Args:
        path: the snapshot of an .xlsx file.
        limits: bounds of what may be unpacked.

    Returns:
        One grid per sheet that is not empty; formulas appear as the values they were saved with.

    Raises:
        FileRefusedError: password-protected, not a workbook, or unpacking it would be dangerous.
    """
    check_workbook(path, limits)
    try:
        workbook = CalamineWorkbook.from_path(path)
        names = workbook.sheet_names
        grids = [
            Grid(_sheet_batches(workbook.get_sheet_by_name(name), limits), sheet_name=name, encoding="xlsx")
            for name in names
        ]
    except (CalamineError, ValueError, OSError) as problem:
        raise _not_a_workbook() from problem
    if not grids:
        raise _not_a_workbook()
    return grids


def check_workbook(path: Path, limits: Limits) -> None:
    """Refuse a workbook that would unpack to too much, before it is opened.

    Sizes are measured by unpacking, because those that an archive states can be false.

    Args:
        path: the snapshot.
        limits: bounds.

    Raises:
        FileRefusedError: password-protected, not a workbook, or dangerous.
    """
    with path.open("rb") as source:
        start = source.read(8)
    if start == _OLE:
        is_encrypted = "EncryptedPackage".encode("utf-16-le") in path.read_bytes()
        raise FileRefusedError(
            "password_protected" if is_encrypted else "old_workbook",
            "The workbook is protected by a password, so it cannot be read."
            if is_encrypted
            else "The file is a workbook of the old .xls kind, or protected by a password.",
            "Save it without a password as .xlsx, and deliver it again.",
        )
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError) as problem:
        raise _not_a_workbook() from problem
    with archive:
        entries = archive.infolist()
        if len(entries) > limits.max_archive_entries:
            raise _bomb(f"it has {len(entries):,} parts")
        for entry in entries:
            if entry.flag_bits & 1:
                raise FileRefusedError(
                    "password_protected",
                    "The workbook is protected by a password, so it cannot be read.",
                    "Save it without a password as .xlsx, and deliver it again.",
                )
            inner = PurePosixPath(entry.filename.replace("\\", "/"))
            if inner.is_absolute() or ".." in inner.parts:
                raise _bomb("the name of one of its parts leads outside of it")
        _measure(archive, entries, path.stat().st_size, limits)


def _measure(archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], packed: int, limits: Limits) -> None:
    """Unpack every part into nothing, counting bytes, and the cells that a sheet claims to span."""
    allowed = min(limits.max_unpacked_bytes, max(packed * limits.max_unpack_ratio, limits.min_bytes_for_ratio))
    total = 0
    for entry in entries:
        is_sheet = entry.filename.lower().startswith("xl/worksheets/") and entry.filename.lower().endswith(".xml")
        columns: set[bytes] = set()
        last_row, tail, start = 0, b"", b""
        try:
            with archive.open(entry) as part:
                while block := part.read(1 << 20):
                    total += len(block)
                    if total > allowed:
                        raise _bomb(f"{packed:,} bytes unpack to more than {allowed:,}")
                    start = start or block[:4096]
                    if is_sheet:
                        found = _CELL.findall(tail + block)
                        columns.update(column for column, _ in found)
                        last_row = max(last_row, max((int(row) for _, row in found), default=0))
                        tail = block[-32:]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as problem:
            raise _not_a_workbook() from problem
        if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
            raise _bomb("it declares XML entities")
        last_column = max((_column_number(column) for column in columns), default=0)
        if last_row * last_column > limits.max_sheet_cells:
            raise _bomb(f"a sheet spans {last_row:,} rows and {last_column:,} columns")


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _sheet_batches(sheet: CalamineSheet, limits: Limits) -> Iterator[RowBatch]:
    """Rows of a sheet from its first row on, so that row numbers are those that the person sees."""
    first = 1
    batch: list[list[str]] = []
    for row in _from_first_row(sheet):
        batch.append([_cell_text(cell) for cell in row])
        if len(batch) == limits.batch_rows:
            yield np.arange(first, first + len(batch), dtype=np.int64), batch
            first += len(batch)
            batch = []
    if batch:
        yield np.arange(first, first + len(batch), dtype=np.int64), batch


def _from_first_row(sheet: CalamineSheet) -> Iterator[Sequence[object]]:
    """Rows from row 1, whatever the sheet's used range is; empty rows above it are empty lists."""
    if sheet.start is None:
        return
    yield from itertools.repeat([], sheet.start[0])
    yield from sheet.iter_rows()


def _cell_text(cell: object) -> str:
    """A cell as a person would type it: ISO dates, whole numbers without a fraction."""
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return str(int(cell)) if cell.is_integer() and abs(cell) < 1e15 else repr(cell)  # noqa: PLR2004 (exact)
    if isinstance(cell, dt.datetime):
        return cell.date().isoformat() if cell.time() == dt.time() else cell.isoformat(sep=" ")
    if isinstance(cell, dt.date | dt.time):
        return cell.isoformat()
    return "" if cell is None else str(cell)


def neutralise_formulas(texts: pa.Array) -> pa.Array:
    """Make texts safe to open in a spreadsheet: whatever would run as a formula gets an apostrophe before it.

    For everybody who writes CSV or XLSX. Numbers keep their sign. Source of the rule: OWASP, CSV Injection.

    Args:
        texts: string array of n.

    Returns:
        String array of n; null stays null.
    """
    dangerous = pc.and_(
        pc.match_substring_regex(texts, _FORMULA_STARTS), pc.invert(pc.match_substring_regex(texts, _NUMBER))
    )
    return pc.if_else(dangerous, pc.binary_join_element_wise("'", texts, ""), texts)


def safe_column(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Make a column safe to write into a workbook or CSV: no formula runs, and no character breaks the file.

    Args:
        column: n values of any type; only texts are looked at.

    Returns:
        The n values.
    """
    if not pa.types.is_string(column.type):
        return column
    return neutralise_formulas(pc.replace_substring_regex(column, _NOT_IN_A_WORKBOOK, "\ufffd"))


def _not_a_workbook() -> FileRefusedError:
    return FileRefusedError(
        "not_a_workbook",
        "The file is named .xlsx but is not a readable workbook.",
        "Save it again as .xlsx; if it is a CSV, give it the extension .csv.",
    )


def _bomb(why: str) -> FileRefusedError:
    return FileRefusedError(
        "unpacks_too_large",
        f"The workbook was not opened because it is not safe: {why}.",
        "Save the list as a new workbook with nothing but the list in it, or as CSV.",
    )
