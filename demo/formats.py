"""How the demo's files are written: delimited text, workbooks, Parquet, byte for byte the same every time.

Belongs here: formats. Does not belong here: what stands in the files.
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

FORMULA = '=HYPERLINK("http://intranet.invalid/u/42","M. Sandoval")'
ZIP_DATE = (2026, 1, 1, 0, 0, 0)
XLSX_DATE = datetime(2026, 1, 1)  # noqa: DTZ001 (a workbook knows no time zone)


def blank(value: object) -> str:
    """Text of a value, blank for None."""
    return "" if value is None else str(value)


def csv_line(cells: Iterable[str]) -> str:
    """One line of CSV without its line ending."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="").writerow(list(cells))
    return buffer.getvalue()


def delimited(header: Sequence[str], rows: Iterable[Sequence[str]], delimiter: str = ",", ending: str = "\n") -> str:
    """The text of a delimited file."""
    buffer = io.StringIO()
    writer = csv.writer(buffer, delimiter=delimiter, lineterminator=ending)
    writer.writerow(header)
    writer.writerows(rows)
    return buffer.getvalue()


def workbook(title: str, sheets: dict[str, tuple[list[str], list[list[Any]]]]) -> bytes:
    """An XLSX file whose sheets have a merged title in row 1, an empty row 2 and the header in row 3.

    openpyxl stamps the time of saving into the file; the parts are therefore stored again with a fixed time, and
    uncompressed, because a compressor's output depends on its version.
    """
    book = Workbook()
    book.remove(book["Sheet"])
    for name, (header, rows) in sheets.items():
        sheet = book.create_sheet(name)
        sheet.append([title])
        sheet.merge_cells(f"A1:{get_column_letter(len(header))}1")
        sheet["A1"].font = Font(bold=True, size=14)
        sheet.append([])
        sheet.append(header)
        for row in rows:
            sheet.append(row)
            for cell in sheet[sheet.max_row]:
                if cell.data_type == "f":
                    cell.data_type = "s"  # a text that begins with =, no formula
    saved, result = io.BytesIO(), io.BytesIO()
    book.save(saved)
    stamp = book.properties.modified.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    created = book.properties.created.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    fixed = XLSX_DATE.strftime("%Y-%m-%dT%H:%M:%SZ").encode()
    with zipfile.ZipFile(saved) as source, zipfile.ZipFile(result, "w") as target:
        for member in sorted(source.namelist(), key=lambda name: (name != "[Content_Types].xml", name)):
            content = source.read(member)
            if member == "docProps/core.xml":
                content = content.replace(stamp, fixed).replace(created, fixed)
            target.writestr(zipfile.ZipInfo(member, ZIP_DATE), content)
    return result.getvalue()


def parquet(table: pa.Table) -> bytes:
    """A Parquet file without compression."""
    buffer = io.BytesIO()
    pq.write_table(table, buffer, compression="none")
    return buffer.getvalue()
