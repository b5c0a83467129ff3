"""XLSX workbooks: whether it is safe to open one, and its sheets as rows of text.

Belongs here: everything that knows what a workbook is, reading and writing alike (spreadsheet formulas).
Does not belong here: what a column means.
"""

import datetime as dt
import html
import itertools
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.remarks import Remark
from orchestration.ingestion.snapshots import FileRefusedError, Limits, check_width

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# However a part writes it: another quotation mark, small letters, blanks; as long as it may be.
_CELL = re.compile(rb"""\br\s*=\s*["']\s*([A-Za-z]{1,20})\s*([0-9]{1,30})""")
_LAST_ROW, _LAST_COLUMN = 1_048_576, 16_384  # of any sheet
_HIDDEN_ROW = re.compile(rb'<row\b(?=[^>]*\bhidden="(?:1|true)")[^>]*?\br="([0-9]{1,7})"')
_BARE_FORMULA = re.compile(rb"</f>\s*</c>|<f\b[^>]*/>\s*</c>")
# Some spreadsheets take the wide forms of the signs for the signs.
_FORMULA_STARTS = r"^[\s\x00]*[=+\-@\t\r\n|%\x{ff1d}\x{ff0b}\x{ff0d}\x{ff20}]"
# Control characters that XML cannot hold.
_NOT_IN_A_WORKBOOK = r"[\x00-\x08\x0b\x0c\x0e-\x1f]"
_NUMBER = r"^\s*[+-]?(\d[\d., ]*|[.,]\d+)([eE][+-]?\d+)?\s*%?\s*$"


def read_workbook(path: Path, limits: Limits) -> list[Grid]:
    """Read the sheets of a workbook.

    Args:
        path: the snapshot of an .xlsx file.
        limits: bounds of what may be unpacked.

    Returns:
        One grid per sheet; formulas appear as the values they were saved with, and what stands in merged cells stands
        in each of their rows. Hidden sheets are not read.

    Raises:
        FileRefusedError: password-protected, not a workbook, or unpacking it would be dangerous.
    """
    inner = check_workbook(path, limits)
    try:
        workbook = CalamineWorkbook.from_path(path)
        if len(workbook.sheets_metadata) > limits.max_sheets:
            raise FileRefusedError(
                "too_many_sheets",
                f"The workbook has {len(workbook.sheets_metadata):,} sheets; at most {limits.max_sheets:,} are read.",
                "Deliver a workbook with nothing but the lists in it.",
            )
        sheets = {
            sheet.name: workbook.get_sheet_by_name(sheet.name)
            for sheet in workbook.sheets_metadata
            if sheet.visible == SheetVisibleEnum.Visible and sheet.typ == SheetTypeEnum.WorkSheet
        }
        for sheet in sheets.values():
            check_width(sheet.total_width, limits)
        grids = [
            Grid(
                _sheet_batches(sheets[sheet.name], limits),
                sheet_name=sheet.name,
                encoding="xlsx",
                remarks=_remarks(inner.get(sheet.name, SheetParts())),
            )
            if sheet.name in sheets
            else Grid(iter(()), sheet_name=sheet.name, encoding="xlsx", is_hidden=True)
            for sheet in workbook.sheets_metadata
        ]
    except (CalamineError, ValueError, OSError) as problem:
        raise _not_a_workbook() from problem
    if not grids:
        raise _not_a_workbook()
    return grids


@dataclass
class SheetParts:
    """What a sheet's XML says beside its cells."""

    hidden_rows: list[int] = field(default_factory=list)
    formulas_without_values: int = 0


_SHOWN_ROWS = 20  # hidden rows that a remark names


def _remarks(sheet: SheetParts) -> list[Remark]:
    """Say what of a sheet its sender may not have seen."""
    remarks = []
    if sheet.hidden_rows:
        shown = ", ".join(map(str, sheet.hidden_rows[:_SHOWN_ROWS])) + (
            " …" if len(sheet.hidden_rows) > _SHOWN_ROWS else ""
        )
        remarks.append(
            Remark(
                "remark",
                "rows_hidden",
                None,
                f"{len(sheet.hidden_rows):,} rows of the sheet are hidden, and were read like the others: {shown}.",
                "If they were not meant, deliver a list without them.",
                record_count=len(sheet.hidden_rows),
                row_number=sheet.hidden_rows[0],
            )
        )
    if sheet.formulas_without_values:
        remarks.append(
            Remark(
                "remark",
                "formulas_without_values",
                None,
                f"{sheet.formulas_without_values:,} cells hold a formula that was saved without its value, so they "
                "read as empty.",
                "Open the workbook in a spreadsheet, save it, and deliver it again.",
                record_count=sheet.formulas_without_values,
            )
        )
    return remarks


def check_workbook(path: Path, limits: Limits) -> dict[str, SheetParts]:
    """Refuse a workbook that would unpack to too much, before it is opened.

    Sizes are measured by unpacking, because those that an archive states can be false.

    Args:
        path: the snapshot.
        limits: bounds.

    Returns:
        What each sheet's XML says beside its cells, by the sheet's name.

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
        parts = _measure(archive, entries, path.stat().st_size, limits)
        return {name: parts[part] for name, part in _parts_of_sheets(archive).items() if part in parts}


_INDEXES = ("xl/workbook.xml", "xl/_rels/workbook.xml.rels")
_LARGEST_INDEX = 4 * 1024**2  # bytes


def _parts_of_sheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Which part of the archive holds which sheet; nothing where the workbook does not say so plainly."""
    if any(archive.getinfo(part).file_size > _LARGEST_INDEX for part in _INDEXES if part in archive.namelist()):
        return {}
    try:
        book = archive.read("xl/workbook.xml").decode("utf-8", "replace")
        links = archive.read("xl/_rels/workbook.xml.rels").decode("utf-8", "replace")
    except KeyError:
        return {}
    targets = {}
    for link in re.findall(r"<(?:\w+:)?Relationship\b[^>]*>", links):
        found = dict(re.findall(r"\b(Id|Target)=\"([^\"]*)\"", link))
        if len(found) == 2:  # noqa: PLR2004 (both)
            targets[found["Id"]] = str(PurePosixPath("xl") / found["Target"]).removeprefix("/")
    sheets = {}
    for sheet in re.findall(r"<(?:\w+:)?sheet\b[^>]*>", book):
        found = dict(re.findall(r"\b(name|r:id)=\"([^\"]*)\"", sheet))
        if "name" in found and found.get("r:id") in targets:
            sheets[html.unescape(found["name"])] = targets[found["r:id"]]
    return sheets


def _measure(
    archive: zipfile.ZipFile, entries: list[zipfile.ZipInfo], packed: int, limits: Limits
) -> dict[str, SheetParts]:
    """Unpack every part into nothing, counting bytes, and the cells that a sheet claims to span."""
    sheets: dict[str, SheetParts] = {}
    allowed = min(limits.max_unpacked_bytes, max(packed * limits.max_unpack_ratio, limits.min_bytes_for_ratio))
    total = 0
    for entry in entries:
        # any part may be named a sheet
        is_sheet = entry.filename.lower().endswith(".xml")
        columns: set[bytes] = set()
        last_row, tail, start = 0, b"", b""
        sheet, rest = SheetParts(), b""
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
                        text = rest + block
                        sheet.hidden_rows += [int(number) for number in _HIDDEN_ROW.findall(text)]
                        sheet.formulas_without_values += len(_BARE_FORMULA.findall(text))
                        # up to the last tag that is whole: what follows is looked at with the next block
                        rest = text[text.rfind(b"<c") :] if b"<c" in text[-4096:] else text[-32:]
                        tail = block[-32:]
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError) as problem:
            raise _not_a_workbook() from problem
        if b"<!DOCTYPE" in start or b"<!ENTITY" in start:
            raise _bomb("it declares XML entities")
        if is_sheet:
            sheets[entry.filename] = sheet
        last_column = max((_column_number(column) for column in columns), default=0)
        if last_row > _LAST_ROW or last_column > _LAST_COLUMN:
            raise _bomb(f"a cell lies beyond every sheet, in row {last_row:,} and column {last_column:,}")
        if last_row * last_column > limits.max_sheet_cells:
            raise _bomb(f"a sheet spans {last_row:,} rows and {last_column:,} columns")
        check_width(last_column, limits)
    return sheets


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number


def _sheet_batches(sheet: CalamineSheet, limits: Limits) -> Iterator[RowBatch]:
    """Rows of a sheet from its first row on, so that row numbers are those that the person sees."""
    first = 1
    batch: list[list[str]] = []
    merged = _merged_down(sheet)
    ends: dict[int, int] = {}
    held: dict[int, str] = {}  # by column: what stands in the merged cells that this row is one of
    for number, row in enumerate(_from_first_row(sheet)):
        texts = [_cell_text(cell) for cell in row]
        for column, last in merged.get(number, {}).items():
            if column < len(texts):
                held[column] = texts[column]
                ends[column] = last
        for column in [column for column, last in ends.items() if number > last]:
            del held[column], ends[column]
        for column, text in held.items():
            if column < len(texts) and not texts[column].strip():
                texts[column] = text
        batch.append(texts)
        if len(batch) == limits.batch_rows:
            yield np.arange(first, first + len(batch), dtype=np.int64), batch
            first += len(batch)
            batch = []
    if batch:
        yield np.arange(first, first + len(batch), dtype=np.int64), batch


def _merged_down(sheet: CalamineSheet) -> dict[int, dict[int, int]]:
    """Merged cells of one column and several rows: by first row, the column and the last row."""
    found: dict[int, dict[int, int]] = {}
    start = sheet.start[1] if sheet.start else 0
    for (first_row, first_column), (last_row, last_column) in sheet.merged_cell_ranges or []:
        if first_column == last_column and last_row > first_row:
            found.setdefault(first_row, {})[first_column - start] = last_row
    return found


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
