"""Workbooks: two lists in one, titles above a header, a password, bombs, and formulas on the way out.

Belongs here: what only a workbook can do. Does not belong here: what every list can (the other modules of this room).
"""

import io
from collections.abc import Callable
from datetime import datetime

import openpyxl
import pyarrow as pa
import pytest

from orchestration.ingestion.workbooks import neutralise_formulas
from tests.deliveries import LandingFolder, archive


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    """Make an .xlsx file."""
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_with_merged_titles_and_two_sheets_lands_both_objects(workspace: LandingFolder) -> None:
    def fill(book: openpyxl.Workbook) -> None:
        sheet = book.worksheets[0]
        sheet.title = "Accounts"
        sheet["A1"] = "Our list, October"
        sheet.merge_cells("A1:D1")
        for cells in (
            [],
            ["Account ID", "Account Name", "Employees", "Renewal Date"],
            [1, "Pumps", 1200.0, datetime(2026, 10, 31)],  # noqa: DTZ001 (cells of a workbook know no time zone)
            [2, "=1+1", "many", None],
        ):
            sheet.append(cells)
        people = book.create_sheet("Contacts")
        people.append(["Account Name", "Full Name", "Email"])
        people.append(["Pumps", "Ann Lee", "ann@pumps.com"])
        book.create_sheet("Read me").append(["Thank you"])

    workspace.put("accounts.xlsx", workbook(fill))
    workspace.land()
    accounts = workspace.rows(
        "select source_id, name, employees, contract_renewal_date, row_number, sheet_name from raw.accounts"
    )
    assert list(accounts[0].values()) == ["1", "Pumps", "1200", "2026-10-31", 4, "Accounts"]
    contacts = workspace.rows("select account_name, name, email, row_number from raw.contacts")
    assert [list(row.values()) for row in contacts] == [["Pumps", "Ann Lee", "ann@pumps.com", 2]]
    files = workspace.rows("select sheet_name, status, rule, header_row_number from raw.files order by sheet_name")
    assert [(f["sheet_name"], f["status"], f["rule"]) for f in files] == [
        ("Accounts", "landed", None),
        ("Contacts", "landed", None),
        ("Read me", "not_opened", "sheet_not_used"),
    ]
    assert files[0]["header_row_number"] == 3


def test_a_password_protected_workbook_says_so(workspace: LandingFolder) -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500
    workspace.put("accounts.xlsx", container)
    workspace.land()
    file = workspace.file("accounts.xlsx")
    assert (file["status"], file["rule"]) == ("quarantined", "password_protected")
    assert file["reason"] == "The workbook is protected by a password, so it cannot be read."
    assert file["remedy"] == "Save it without a password as .xlsx, and deliver it again."


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"xl/worksheets/sheet1.xml": b"0" * 40_000_000}, "unpack to more than"),
        ({"xl/worksheets/sheet1.xml": b'<c r="A1"/><c r="XFD1048576"/>'}, "spans 1,048,576 rows and 16,384 columns"),
        ({"../../evil.xml": b"x"}, "leads outside"),
        ({"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'}, "XML entities"),
    ],
)
def test_a_bomb_named_xlsx_is_not_opened(workspace: LandingFolder, parts: dict[str, bytes], why: str) -> None:
    workspace.put("accounts.xlsx", archive(parts))
    workspace.land()
    file = workspace.file("accounts.xlsx")
    assert (file["status"], file["rule"]) == ("quarantined", "unpacks_too_large")
    assert why in file["reason"]


def test_texts_that_a_spreadsheet_would_run_are_neutralised_and_numbers_are_not() -> None:
    texts = ["=1+1", " @SUM(A1)", "+Plus", "-2+3", "\tx", "\uff1d1+1", "-12.5", "+49 30", "1,200", "plain", "", None]
    safe = neutralise_formulas(pa.array(texts)).to_pylist()
    assert safe[:6] == ["'=1+1", "' @SUM(A1)", "'+Plus", "'-2+3", "'\tx", "'\uff1d1+1"]
    assert safe[6:] == texts[6:]
