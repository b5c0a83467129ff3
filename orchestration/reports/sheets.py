"""The workbooks that people read and fill: how a sheet looks, whatever stands in it.

Belongs here: writing rows safely, and laying a sheet out. Does not belong here: which sheets there are.
"""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import pyarrow as pa
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.ingestion.workbooks import safe_column
from orchestration.reports import NoReportError

WIDEST = 48
NARROWEST = 9
TO_FILL = PatternFill("solid", start_color="FFF2CC")


def new_workbook() -> Workbook:
    """Make a workbook without any sheet."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    return workbook


def add_sheet(
    workbook: Workbook,
    title: str,
    rows: pa.Table,
    *,
    above: Sequence[str] = (),
    to_fill: Collection[str] = (),
    widths: Mapping[str, int] | None = None,
) -> Worksheet:
    """Add a sheet that can be read on a screen in a meeting: headers in sight, columns as wide as their words.

    Args:
        workbook: gets the sheet as its last.
        title: of the sheet.
        rows: its rows; the column names are the headers. No formula in them runs.
        above: lines above the header, the first of them bold.
        to_fill: headers of columns that a person fills; they are marked.
        widths: of columns in characters; the others are as wide as their longest text, within bounds.

    Returns:
        The sheet.
    """
    worksheet: Worksheet = workbook.create_sheet(title)
    for line in above:
        worksheet.append([line])
    worksheet.append(rows.column_names)
    columns = [safe_column(column).to_pylist() for column in rows.columns]
    for row in zip(*columns, strict=True):
        worksheet.append(row)
    header = len(above) + 1
    for bold in {1, header}:
        for cell in worksheet[bold]:
            cell.font = Font(bold=True)
    for number, name in enumerate(rows.column_names, start=1):
        cells = [row[0] for row in worksheet.iter_rows(min_row=header, min_col=number, max_col=number)]
        longest = max(len(str(cell.value or "")) for cell in cells)
        width = (widths or {}).get(name) or min(max(longest + 2, NARROWEST), WIDEST)
        worksheet.column_dimensions[get_column_letter(number)].width = width
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if name in to_fill:
                cell.fill = TO_FILL
    worksheet.freeze_panes = f"B{header + 1}"
    return worksheet


def keep_what_people_wrote(sheet: Path, remedy: str) -> None:
    """Make sure that a workbook is not written over one that somebody may have written into.

    Args:
        sheet: the file to be written.
        remedy: what to do with one that is there, and what it may hold.

    Raises:
        NoReportError: it is there.
    """
    if sheet.exists():
        raise NoReportError(f"{sheet} is there already and may hold {remedy}, then ask again.")
