"""Loading a month: what every kind of bad input costs, what it says, and that nothing is lost."""

import csv
import hashlib
import io
import json
import os
import re
import shutil
import time
import zipfile
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion import landing, snapshots
from orchestration.ingestion.landing import land_month
from orchestration.ingestion.mapping import ColumnMappings
from orchestration.ingestion.snapshots import FileRefusedError, Limits, hash_file, take_snapshot
from orchestration.ingestion.workbooks import neutralise_formulas
from orchestration.validation.marts import check_marts
from orchestration.validation.page import render_page
from orchestration.validation.rows import check_accepted_rows
from orchestration.warehouse.schema import OtherExportsError

SEEDS = Path(__file__).parents[2] / "seeds"
OCTOBER = date(2026, 10, 1)
SEPTEMBER = date(2026, 9, 1)
PARTNERS = """party_id,name,status,signed_on,nda_signed_on,source_system,date_order,decimal_mark,default_currency
us,We,us,,,,,,USD
acme,Acme,signed,2026-01-01,2026-01-01,,,,
german,German,signed,2026-01-01,2026-01-01,plain,dmy,",",EUR
nonda,No NDA,candidate,,,,,,
late,Late NDA,candidate,,2026-11-01,,,,
"""
HEADER = "Account ID,Account Name,Website,Employees,Annual Revenue,Last Modified\n"


class Workspace:
    """A landing folder, seeds and a warehouse in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports = folder / "exports"
        self.seeds = folder / "seeds"
        self.warehouse = folder / "warehouse.duckdb"
        self.exports.mkdir()
        (self.seeds / "company").mkdir(parents=True)
        (self.seeds / "company" / "partners.csv").write_text(PARTNERS, encoding="utf-8")

    def put(self, name: str, content: str | bytes, party: str = "acme", month: str = "2026-10") -> Path:
        """Deliver a file."""
        path = self.exports / party / month / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self, month: date = OCTOBER, limits: Limits | None = None) -> landing.LandingSummary:
        """Load a month; nobody is writing to the files that a test has put there."""
        return land_month(
            self.warehouse, self.exports, self.seeds, month, "run-1", datetime(2026, 11, 2, 6, tzinfo=UTC),
            self.folder / "results", limits or Limits(quiet_seconds=0),
        )  # fmt: skip

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            cursor = connection.execute(sql)
            names = [column[0] for column in cursor.description or []]
            return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def file(self, name: str = "accounts.csv") -> dict[str, Any]:
        """The one row of raw.files about a file."""
        found = self.rows(f"select * from raw.files where file_name like '%{name}'")
        assert len(found) == 1, found
        return found[0]


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[Workspace]:
    made = Workspace(tmp_path)
    yield made
    if not made.warehouse.exists():
        return
    # Whatever a test delivered: every row that was read is accepted, collapsed or refused.
    for file in made.rows(
        """
        select party_id, object, export_month, sum(rows_read) as read, sum(rows_rejected) as rejected,
            sum(rows_accepted) as accepted
        from raw.files where status = 'landed' group by all
        """
    ):
        where = f"party_id = '{file['party_id']}' and export_month = '{file['export_month']}'"
        kept = made.rows(
            "select count(*) as n, coalesce(sum(identical_row_count), 0) as represented "
            f"from raw.{file['object']} where {where}"
        )[0]
        refused = made.rows(
            f"select count(*) as n from raw.rejected_rows where object = '{file['object']}' and {where}"
        )[0]["n"]
        assert file["read"] == kept["represented"] + refused
        assert (file["accepted"], file["rejected"]) == (kept["n"], refused)


def test_a_file_without_a_byte_is_quarantined_and_last_load_stays(workspace: Workspace) -> None:
    workspace.put("accounts.csv", HEADER + "1,Acme Pumps,,,,\n")
    workspace.land()
    workspace.put("accounts.csv", b"")
    workspace.land()
    files = workspace.rows("select status, rule, reason, remedy from raw.files order by status")
    assert [file["status"] for file in files] == ["landed", "quarantined"]
    assert files[1]["rule"] == "empty_file"
    assert files[1]["reason"] == "The file is empty (0 bytes)."
    assert workspace.rows("select name from raw.accounts") == [{"name": "Acme Pumps"}]


def test_a_header_without_rows_is_quarantined(workspace: Workspace) -> None:
    workspace.put("accounts.csv", HEADER)
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "no_rows")
    assert "no rows" in file["reason"]


def test_a_list_without_a_name_column_says_which_columns_it_has(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Account ID,Shoe size\n1,44\n")
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "no_name_column")
    assert file["reason"] == (
        "No column is known to hold the account's name. The columns of row 1 are: 'Account ID', 'Shoe size'."
    )
    assert "seeds/reference/column_mappings.csv" in file["remedy"]


def test_unknown_columns_are_kept_as_extra(workspace: Workspace) -> None:
    workspace.put("accounts.csv", 'Account Name,Shoe "size",Note\nPumps,44,it\'s\nFans,,\n')
    workspace.land()
    rows = workspace.rows("select name, extra from raw.accounts order by row_number")
    assert json.loads(rows[0]["extra"]) == {'Shoe "size"': "44", "Note": "it's"}
    assert rows[1]["extra"] is None
    assert json.loads(workspace.file()["unmapped_columns"]) == ['Shoe "size"', "Note"]


def test_renamed_columns_are_found_whatever_their_spelling(workspace: Workspace) -> None:
    workspace.put(
        "accounts.csv", "\ufeffKUNDEN-NR;firma ;Währung;PAÍS;ホームページ\n007;Pumpen GmbH;EUR;DE;pumpen.de\n"
    )
    workspace.land()
    row = workspace.rows("select source_id, name, currency, country, website, source_system from raw.accounts")[0]
    assert list(row.values()) == ["007", "Pumpen GmbH", "EUR", "DE", "pumpen.de", "plain"]
    mapped = json.loads(workspace.file()["column_map"])
    assert mapped["KUNDEN-NR"] == "source_id"


def test_columns_of_one_name_fill_each_other_and_a_contradiction_is_refused(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Account Name,City,city\nPumps,Bonn,Bonn\nFans,,Rome\nBelts,Oslo,Kyiv\n")
    workspace.land()
    rows = workspace.rows("select name, city from raw.accounts order by row_number")
    assert [row["city"] for row in rows] == ["Bonn", "Rome", None]
    refused = workspace.rows("select row_number, column_name, value, rule, reason from raw.rejected_values")
    assert refused == [
        {
            "row_number": 4,
            "column_name": "city",
            "value": "Oslo | Kyiv",
            "rule": "columns_disagree",
            "reason": "Row 4, column 'City': the column appears more than once, with different values: Oslo | Kyiv.",
        }
    ]


def test_a_row_whose_names_contradict_each_other_is_refused(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,name\nPumps,Pumps\nFans,Belts\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, rule from raw.rejected_rows")
    assert refused == [{"row_number": 3, "row_text": '["Fans", "Belts"]', "rule": "columns_disagree"}]


def test_different_columns_of_one_field_go_by_trust_and_lose_nothing(workspace: Workspace) -> None:
    workspace.put(
        "accounts.csv",
        "Record ID,Company name,Company Domain Name,Website URL,Lifecycle Stage\n"
        "1,Pumps,pumps.com,www.pumps.com,lead\n",
    )
    workspace.land()
    row = workspace.rows("select website, extra, source_system from raw.accounts")[0]
    assert row["website"] == "pumps.com"
    assert json.loads(row["extra"]) == {"Website URL": "www.pumps.com"}
    assert row["source_system"] == "hubspot"
    assert workspace.rows("select * from raw.rejected_values") == []


def test_every_differing_row_of_a_source_id_is_refused_and_identical_ones_collapse(workspace: Workspace) -> None:
    workspace.put("accounts.csv", HEADER + "1,Pumps,,,,\n2,Fans,,,,\n2,Belts,,,,\n3,Nuts,,,,\n3,Nuts,,,,\n")
    workspace.put("accounts_more.csv", HEADER + "3,Nuts,,,,\n2,Fans,,,,\n")
    workspace.land()
    kept = workspace.rows("select source_id, identical_row_count, file_name from raw.accounts order by 1")
    assert [(row["source_id"], row["identical_row_count"]) for row in kept] == [("1", 1), ("3", 3)]
    refused = workspace.rows(
        "select file_name, row_number, row_text, rule, reason, remedy from raw.rejected_rows order by 1, 2"
    )
    assert [(row["file_name"], row["row_number"]) for row in refused] == [
        ("acme/2026-10/accounts.csv", 3),
        ("acme/2026-10/accounts.csv", 4),
        ("acme/2026-10/accounts_more.csv", 3),
    ]
    assert json.loads(refused[0]["row_text"]) == ["2", "Fans", "", "", "", ""]
    assert refused[0]["reason"] == (
        "Row 3, column 'Account ID': the id '2' is used for rows that differ (accounts.csv row 3, accounts.csv row 4, "
        "accounts_more.csv row 3), so it is not known which is right."
    )
    assert "Keep one row" in refused[0]["remedy"]


def test_rows_without_an_id_get_one_that_does_not_depend_on_their_order(workspace: Workspace) -> None:
    lines = ["Pumps GmbH,pumps.com,Bonn", "PUMPS  gmbh,https://www.pumps.com,Rome", "Fans,,Oslo", "Fans,,Oslo"]
    workspace.put("accounts.csv", "Name,Website,City\n" + "\n".join(lines))
    workspace.land()
    first = workspace.rows("select source_id, city, identical_row_count from raw.accounts order by all")
    assert len(first) == 3
    assert all(row["source_id"].startswith("h-") for row in first)
    workspace.put("accounts.csv", "Name,Website,City\n" + "\n".join(reversed(lines)))
    workspace.land()
    assert workspace.rows("select source_id, city, identical_row_count from raw.accounts order by all") == first


def test_ragged_rows_are_refused_with_their_number_and_trailing_delimiters_are_not(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\nFans\nBelts,Oslo,extra\nNuts,Rome,,\n\n,\n")
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == [
        "Pumps",
        "Nuts",
    ]
    refused = workspace.rows("select row_number, row_text, reason, remedy from raw.rejected_rows order by row_number")
    assert [(row["row_number"], row["row_text"]) for row in refused] == [
        (3, '["Fans"]'),
        (4, '["Belts", "Oslo", "extra"]'),
    ]
    assert refused[0]["reason"] == "Row 3: it has 1 cells; the header has 2."
    assert refused[0]["remedy"] == "Check the delimiters and quotation marks in this row."


def test_an_unbalanced_quote_costs_only_the_line_that_opens_it(workspace: Workspace) -> None:
    lines = [
        "Name,City",
        '"Pumps, Ltd",Bonn',
        '"Fans,Oslo',
        "Belts,Rome",
        '"Nuts\nand bolts",Kyiv',
        '"Cogs,Graz',
        "Tail,Bern",
    ]
    workspace.put("accounts.csv", "\n".join(lines))
    workspace.land()
    names = [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")]
    assert names == ["Pumps, Ltd", "Belts", "Nuts\nand bolts", "Tail"]
    refused = workspace.rows("select row_number, row_text, rule, reason from raw.rejected_rows order by row_number")
    assert [(row["row_number"], row["row_text"]) for row in refused] == [(3, '"Fans,Oslo'), (7, '"Cogs,Graz')]
    assert refused[0]["reason"].startswith("Row 3: a quotation mark is opened and not closed")


def test_an_unbalanced_quote_that_meets_a_later_quoted_row_costs_no_other(workspace: Workspace) -> None:
    workspace.put("accounts.csv", 'Name,City\n"Fans,Oslo\nBelts,Rome\n"Nuts","Kyiv"\nCogs,Bern\n')
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == [
        "Belts",
        "Nuts",
        "Cogs",
    ]


def test_a_file_that_is_broken_quotes_throughout_is_quarantined_without_endless_work(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + '"Fans,Oslo\n' * 3_000)
    workspace.land(limits=Limits(max_reread_lines=2_000))
    assert workspace.file()["rule"] == "quotes_broken_throughout"


@pytest.mark.parametrize(
    ("encoding", "recorded"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_every_encoding_is_found_without_being_declared(workspace: Workspace, encoding: str, recorded: str) -> None:
    workspace.put("accounts.csv", "Name;Ort\nMüller & Söhne;Köln\n".encode(encoding))
    workspace.land()
    assert workspace.rows("select name, city from raw.accounts") == [{"name": "Müller & Söhne", "city": "Köln"}]
    assert (workspace.file()["encoding"], workspace.file()["delimiter"]) == (recorded, ";")


def test_a_byte_order_mark_that_lies_is_not_believed(workspace: Workspace) -> None:
    workspace.put("accounts.csv", b"\xef\xbb\xbf" + "Name;Ort\nMüller;Köln\n".encode("cp1252"))
    workspace.put("contacts.csv", b"\xff\xfeName,City\n\xd8")
    workspace.land()
    assert workspace.rows("select name, city from raw.accounts") == [{"name": "Müller", "city": "Köln"}]
    refused = workspace.file("contacts.csv")
    assert (refused["rule"], refused["status"]) == ("encoding_broken", "quarantined")
    assert "UTF-8" in refused["remedy"]


def test_stray_bytes_in_a_utf8_file_cost_their_row(workspace: Workspace) -> None:
    good = "".join(f"Müller {n},Köln\n" for n in range(20)).encode()
    workspace.put("accounts.csv", b"Name,City\n" + good + b"Fa\x81ns,Oslo\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, rule from raw.rejected_rows")
    assert refused == [{"row_number": 22, "row_text": '["Fa\\\\x81ns", "Oslo"]', "rule": "stray_bytes"}]
    assert workspace.file()["encoding"] == "utf-8 with stray bytes"


def test_nul_bytes_cost_their_row(workspace: Workspace) -> None:
    workspace.put("accounts.csv", b"Name,City\nPumps,Bonn\nFa\0ns,Oslo\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, reason from raw.rejected_rows")
    assert refused[0]["row_number"] == 3
    assert json.loads(refused[0]["row_text"]) == ["Fa\0ns", "Oslo"]
    assert "NUL byte" in refused[0]["reason"]


def test_a_cell_of_ten_megabytes_is_refused_and_kept_whole(workspace: Workspace) -> None:
    huge, tall = "x" * 10_000_000, "y\n" * 20_000
    workspace.put("accounts.csv", f'Name,Note\nPumps,ok\nFans,{huge}\nBelts,"{tall}"\nNuts,ok\n')
    workspace.land()
    assert workspace.rows("select name from raw.accounts order by row_number") == [{"name": "Pumps"}, {"name": "Nuts"}]
    refused = workspace.rows("select row_number, row_text, rule, remedy from raw.rejected_rows order by 1")
    assert [(row["row_number"], row["rule"]) for row in refused] == [(3, "cell_too_long"), (4, "cell_too_long")]
    assert json.loads(refused[0]["row_text"]) == ["Fans", huge]
    assert json.loads(refused[1]["row_text"]) == ["Belts", tall]
    assert "Shorten" in refused[0]["remedy"]


def test_a_file_with_more_bad_rows_than_anybody_reads_is_quarantined(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + "Fans\n" * 50)
    workspace.land(limits=Limits(max_refused_rows=20))
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "too_many_refused_rows")
    assert file["reason"] == "More than 20 rows cannot be used. The first: Row 3: it has 1 cells; the header has 2."


def test_dates_of_three_formats_are_read_and_the_ambiguous_and_the_impossible_are_listed(workspace: Workspace) -> None:
    dates = ["2026-10-31", "31.10.2026", "10/31/2026", "03/04/2026", "2026-02-30", "n/a"]
    workspace.put("accounts.csv", HEADER + "".join(f"{n},Firm {n},,,,{day}\n" for n, day in enumerate(dates)))
    workspace.land()
    refused = workspace.rows(
        "select row_number, source_id, column_name, header, value, rule, reason from raw.rejected_values order by 1"
    )
    assert [(row["row_number"], row["rule"]) for row in refused] == [(5, "date_ambiguous"), (6, "date_impossible")]
    assert (refused[0]["source_id"], refused[0]["column_name"], refused[0]["header"]) == (
        "3",
        "modified_date",
        "Last Modified",
    )
    assert refused[1]["reason"] == "Row 6, column 'Last Modified': the date '2026-02-30' does not exist."
    assert workspace.rows("select count(*) as n from raw.accounts") == [{"n": 6}]
    assert workspace.file()["date_order"] is None


def test_an_order_of_dates_is_taken_from_the_party_or_from_the_file(workspace: Workspace) -> None:
    workspace.put("accounts.csv", HEADER + "1,Pumps,,,,03/04/2026\n2,Fans,,,,12/31/2026\n")
    workspace.put("accounts.csv", HEADER + "1,Pumps,,,,03.04.2026\n", party="german")
    workspace.land()
    assert workspace.file("acme/2026-10/accounts.csv")["date_order"] == "mdy"
    assert workspace.file("german/2026-10/accounts.csv")["date_order"] == "dmy"
    assert workspace.rows("select * from raw.rejected_values") == []


def test_amounts_in_four_notations_are_read_and_the_rest_is_listed(workspace: Workspace) -> None:
    amounts = ['"1,234.50"', '"1.234,50"', "$1.2M", "n/a", "abc", "-250000", '"(1,200)"', "1.234"]
    workspace.put("accounts.csv", HEADER + "".join(f"{n},Firm {n},,,{text},\n" for n, text in enumerate(amounts)))
    workspace.land()
    refused = workspace.rows("select value, rule, reason, remedy from raw.rejected_values order by row_number")
    assert [(row["value"], row["rule"]) for row in refused] == [
        ("abc", "amount_unreadable"),
        ("-250000", "negative_amount"),
        ("(1,200)", "negative_amount"),
        ("1.234", "amount_ambiguous"),
    ]
    assert refused[1]["reason"] == "Row 7, column 'Annual Revenue': '-250000' is a negative amount."
    assert "decimal_mark" in refused[3]["remedy"]
    assert [
        row["annual_revenue"] for row in workspace.rows("select annual_revenue from raw.accounts order by row_number")
    ][4] == "abc"


def test_a_currency_nobody_knows_is_listed(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,Currency\nPumps,EUR\nFans,€\nBelts,XBT\n")
    workspace.land()
    refused = workspace.rows("select row_number, rule, reason, remedy from raw.rejected_values")
    assert refused[0]["row_number"] == 4
    assert refused[0]["reason"] == "Row 4, column 'Currency': 'XBT' is not a currency that is known."
    assert "seeds/reference/value_mappings.csv" in refused[0]["remedy"]


def test_websites_that_are_none_are_listed(workspace: Workspace) -> None:
    sites = ["http://WWW.Foo.com:80/x?y", "foo", "sales@foo.com", "203.0.113.7", "none at all."]
    workspace.put("accounts.csv", HEADER + "".join(f"{n},Firm {n},{site},,,\n" for n, site in enumerate(sites)))
    workspace.land()
    refused = workspace.rows("select value, rule, reason from raw.rejected_values order by row_number")
    assert [row["rule"] for row in refused] == [
        "website_without_dot",
        "website_is_email",
        "website_is_ip_address",
        "website_unreadable",
    ]
    assert refused[0]["reason"] == "Row 3, column 'Website': 'foo' is not a website: it has no dot."


def test_names_that_name_nobody_are_refused_and_short_real_names_are_not(workspace: Workspace) -> None:
    bad = ["GmbH & Co. KG", "Inc.", "---", "?!", "", "n/a"]
    good = ["BT", "SAP SE", "3M", "SE Corporation", "株式会社マスト", "@dots", "+Plus"]
    workspace.put("accounts.csv", "Account ID,Name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(bad + good)))
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == good
    refused = workspace.rows("select rule, reason, column_name from raw.rejected_rows order by row_number")
    assert [row["rule"] for row in refused] == [
        *("name_only_legal_form", "name_only_legal_form", "name_only_punctuation", "name_only_punctuation"),
        *("name_empty", "name_empty"),
    ]
    assert refused[0]["reason"] == "Row 2, column 'Name': the name 'GmbH & Co. KG' is nothing but a legal form."


def test_formulas_stay_text_and_do_not_run(workspace: Workspace) -> None:
    formula = '=HYPERLINK("http://evil.example","x")'
    quoted = '"' + formula.replace('"', '""') + '"'
    workspace.put("accounts.csv", f"Name,Owner,{quoted}\nPumps,{quoted},1\n{quoted},Ann,2\n")
    workspace.land()
    rows = workspace.rows("select name, owner, extra from raw.accounts order by row_number")
    assert (rows[0]["owner"], rows[1]["name"]) == (formula, formula)
    assert json.loads(rows[0]["extra"]) == {formula: "1"}


def workbook(fill: Callable[[openpyxl.Workbook], None]) -> bytes:
    """Make an .xlsx file."""
    book = openpyxl.Workbook()
    fill(book)
    stream = io.BytesIO()
    book.save(stream)
    return stream.getvalue()


def test_a_workbook_with_merged_titles_and_two_sheets_lands_both_objects(workspace: Workspace) -> None:
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


def test_a_title_above_the_header_of_a_csv_is_passed_over(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Accounts of Acme;;\n;;\nName;City;Website\nPumps;Bonn;pumps.de\n")
    workspace.land()
    assert workspace.rows("select name, row_number from raw.accounts") == [{"name": "Pumps", "row_number": 4}]


def test_a_password_protected_workbook_says_so(workspace: Workspace) -> None:
    container = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 500 + "EncryptedPackage".encode("utf-16-le") + b"\0" * 500
    workspace.put("accounts.xlsx", container)
    workspace.land()
    file = workspace.file("accounts.xlsx")
    assert (file["status"], file["rule"]) == ("quarantined", "password_protected")
    assert file["reason"] == "The workbook is protected by a password, so it cannot be read."
    assert file["remedy"] == "Save it without a password as .xlsx, and deliver it again."


def archive(parts: dict[str, bytes]) -> bytes:
    """Make a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ({"xl/worksheets/sheet1.xml": b"0" * 40_000_000}, "unpack to more than"),
        ({"xl/worksheets/sheet1.xml": b'<c r="A1"/><c r="XFD1048576"/>'}, "spans 1,048,576 rows and 16,384 columns"),
        ({"../../evil.xml": b"x"}, "leads outside"),
        ({"xl/workbook.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "b">]>'}, "XML entities"),
    ],
)
def test_a_bomb_named_xlsx_is_not_opened(workspace: Workspace, parts: dict[str, bytes], why: str) -> None:
    workspace.put("accounts.xlsx", archive(parts))
    workspace.land()
    file = workspace.file("accounts.xlsx")
    assert (file["status"], file["rule"]) == ("quarantined", "unpacks_too_large")
    assert why in file["reason"]


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("accounts.xlsx", b"Name\nPumps\n", "not_a_workbook"),
        ("accounts.xlsx", archive({"a.txt": b"x"}), "not_a_workbook"),
        ("accounts.parquet", b"Name\nPumps\n", "not_parquet"),
        ("accounts.csv", archive({"a.txt": b"x"}), "content_differs_from_name"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_quarantined(
    workspace: Workspace, name: str, content: bytes, rule: str
) -> None:
    workspace.put(name, content)
    workspace.land()
    assert workspace.file(name)["rule"] == rule


def test_parquet_lands_without_losing_a_digit(workspace: Workspace, tmp_path: Path) -> None:
    table = pa.table(
        {
            "Id": ["1"],
            "Name": ["Deal"],
            "AccountId": ["A1"],
            "Amount": pa.array([Decimal("1234567890123456.78")], pa.decimal128(18, 2)),
            "CloseDate": pa.array([date(2026, 10, 31)]),
            "IsWon": [True],
            "Tags": [["a", "b"]],
            "Score": [0.1],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    workspace.put("opportunities.parquet", (tmp_path / "x.parquet").read_bytes())
    workspace.land()
    row = workspace.rows("select amount, expected_close_date, extra, row_number from raw.opportunities")[0]
    assert (row["amount"], row["expected_close_date"], row["row_number"]) == ("1234567890123456.78", "2026-10-31", 1)
    assert json.loads(row["extra"]) == {"IsWon": "true", "Tags": '["a","b"]', "Score": "0.1"}


def test_links_and_paths_out_of_the_folder_are_not_followed(workspace: Workspace, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("Name\nSecret\n")
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    folder = workspace.exports / "acme" / "2026-10"
    folder.mkdir(parents=True)
    (folder / "accounts.csv").symlink_to(secret)
    (folder / "contacts.csv").symlink_to("../../../secret.csv")
    (workspace.exports / "german").symlink_to(tmp_path)
    os.mkfifo(folder / "engagements.csv")
    workspace.land()
    files = workspace.rows("select file_name, status, rule, file_sha256 from raw.files order by file_name")
    assert [(f["file_name"], f["status"], f["rule"]) for f in files] == [
        ("acme/2026-10/accounts.csv", "not_opened", "symbolic_link"),
        ("acme/2026-10/contacts.csv", "not_opened", "symbolic_link"),
        ("acme/2026-10/engagements.csv", "not_opened", "not_a_file"),
        ("german", "not_opened", "symbolic_link"),
        ("us/2026-10/accounts.csv", "landed", None),
    ]
    assert workspace.rows("select name from raw.accounts") == [{"name": "Pumps"}]


def test_a_file_that_grows_while_it_is_read_is_quarantined(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.put("accounts.csv", "Name\nPumps\n")

    class GrowingHash:
        """Appends to the delivered file as soon as the first bytes of it are hashed."""

        def __init__(self) -> None:
            self.digest = hashlib.sha256()

        def update(self, block: bytes) -> None:
            with path.open("a") as stream:
                stream.write("Fans\n")
            self.digest.update(block)

        def hexdigest(self) -> str:
            return self.digest.hexdigest()

    monkeypatch.setattr(snapshots, "hashlib", SimpleNamespace(sha256=GrowingHash))
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "still_being_written")
    assert file["remedy"] == "Wait until the export has finished, then run again."
    assert workspace.rows("select * from raw.accounts") == []


@pytest.mark.parametrize(
    ("changed_seconds_ago", "waited"),
    [(0.5, [1.5]), (1.9, [0.1]), (2, []), (-3600, [2])],  # the last: the clock of the file server is an hour ahead
)
def test_a_file_is_left_alone_until_it_has_been_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed_seconds_ago: float, waited: list[float]
) -> None:
    path, now = tmp_path / "accounts.csv", 1_700_000_000.0
    slept: list[float] = []
    path.write_text("Name\nPumps\n")
    os.utime(path, (now - changed_seconds_ago, now - changed_seconds_ago))
    monkeypatch.setattr(snapshots, "time", SimpleNamespace(time=lambda: now, sleep=slept.append))
    (tmp_path / "copies").mkdir()
    snapshot = take_snapshot(path, tmp_path / "copies", Limits(quiet_seconds=2))
    assert snapshot.path.read_text() == "Name\nPumps\n"
    assert slept == pytest.approx(waited)


def test_an_export_that_pauses_is_not_taken_for_a_whole_file(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.put("accounts.csv", "Name\nPumps\nFa")  # half a list, and nobody writes while it is copied

    def go_on(_seconds: float) -> None:
        with path.open("a") as stream:
            stream.write("ns\n")

    monkeypatch.setattr(snapshots, "time", SimpleNamespace(time=time.time, sleep=go_on))
    workspace.land(limits=Limits())
    assert (workspace.file()["status"], workspace.file()["rule"]) == ("quarantined", "still_being_written")
    assert workspace.rows("select * from raw.accounts") == []


def test_fewer_than_half_of_last_months_rows_quarantine_the_list(workspace: Workspace) -> None:
    full = "".join(f"Firm {n}\n" for n in range(10))
    workspace.put("accounts.csv", "Name\n" + full, month="2026-09")
    workspace.put("accounts.csv", "Name\n" + full[: 7 * 4])
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    workspace.land(SEPTEMBER)
    workspace.land(OCTOBER)
    file = workspace.rows("select * from raw.files where party_id = 'acme' and export_month = '2026-10-01'")[0]
    assert (file["status"], file["rule"]) == ("quarantined", "row_count_dropped")
    assert file["reason"] == (
        "The list has 4 usable rows, last month's had 10: less than 50% of it. Last month's data stays."
    )
    assert workspace.rows("select count(*) as n from raw.accounts where party_id = 'us'") == [{"n": 1}]


def test_a_refused_file_is_taken_once_when_a_person_accepts_it(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name\n" + "".join(f"Firm {n}\n" for n in range(10)), month="2026-09")
    workspace.put("accounts.csv", "Name\nFirm 1\nFirm 2\n")
    workspace.land(SEPTEMBER)
    workspace.land(OCTOBER)
    refused = workspace.rows("select * from raw.files where status = 'quarantined'")[0]
    assert f"seeds/company/accepted_files.csv: {refused['file_sha256']}" in refused["remedy"]
    acceptance = f"{refused['file_sha256'].upper()},Dana Whitlock,2026-11-02,They sold a division\n"
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        "file_sha256,accepted_by,accepted_on,reason\n" + acceptance
    )
    workspace.land(OCTOBER)
    landed = workspace.rows("select * from raw.files where export_month = '2026-10-01'")
    assert [(file["status"], file["rule"]) for file in landed] == [("landed", "accepted_by_a_person")]
    assert landed[0]["reason"] == "Accepted by Dana Whitlock on 2026-11-02: They sold a division"
    assert workspace.rows("select count(*) as n from raw.accounts where export_month = '2026-10-01'") == [{"n": 2}]
    workspace.put("accounts.csv", "Name\nFirm 1\nFirm 3\n")  # another file, of the same size
    workspace.land(OCTOBER)
    statuses = workspace.rows("select status from raw.files where export_month = '2026-10-01' order by 1")
    assert [row["status"] for row in statuses] == ["landed", "quarantined"]  # what was accepted before stays


def test_a_file_that_is_too_large_is_taken_when_its_very_bytes_are_accepted(workspace: Workspace) -> None:
    file, small = workspace.put("accounts.csv", "Name\nPumps\n"), Limits(max_file_bytes=5)
    copies = workspace.folder / "copies"
    copies.mkdir()
    with pytest.raises(FileRefusedError, match="at most 5 are read"):
        take_snapshot(file, copies, small, {"a" * 64})
    assert take_snapshot(file, copies, small, {hash_file(file)[0]}).path.read_text() == "Name\nPumps\n"


def test_acceptance_overrules_the_bound_of_refused_rows_and_no_missing_name(workspace: Workspace) -> None:
    bad = workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + "Fans\n" * 50)
    nameless = workspace.put("accounts.csv", "City\nBonn\n", party="us")
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        "file_sha256,accepted_by,accepted_on,reason\n"
        + "".join(f"{hash_file(path)[0]},Dana,2026-11-02,why not\n" for path in (bad, nameless))
    )
    workspace.land(limits=Limits(max_refused_rows=20))
    statuses = workspace.rows("select party_id, status, rule from raw.files order by 1")
    assert [tuple(row.values()) for row in statuses] == [
        ("acme", "landed", "accepted_by_a_person"),
        ("us", "quarantined", "no_name_column"),
    ]


@pytest.mark.parametrize(
    "row", ["abc,Dana,2026-11-02,why", f"{'a' * 64},,2026-11-02,why", f"{'a' * 64},Dana,2.11.,why"]
)
def test_an_acceptance_that_names_nobody_no_file_or_no_day_is_refused(workspace: Workspace, row: str) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        f"file_sha256,accepted_by,accepted_on,reason\n{row}\n"
    )
    with pytest.raises(ValueError, match=r"accepted_files\.csv, line 2"):
        workspace.land()


def test_misplaced_things_are_recorded_and_skipped(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.put("accounts.csv", "Name\nFans\n", month="Oct-2026")
    workspace.put("accounts.csv", "Name\nBelts\n", party="stranger")
    workspace.put("kunden.csv", "Name\nNuts\n")
    workspace.put("contacts.doc", "x")
    workspace.put(".DS_Store", "x")
    (workspace.exports / "accounts.csv").write_text("Name\nCogs\n")
    workspace.land()
    files = workspace.rows("select file_name, rule, status, remedy from raw.files where status <> 'landed' order by 1")
    assert [(f["file_name"], f["rule"]) for f in files] == [
        ("accounts.csv", "misplaced_file"),
        ("acme/2026-10/contacts.doc", "unknown_extension"),
        ("acme/2026-10/kunden.csv", "unknown_object"),
        ("acme/Oct-2026/", "month_folder_misnamed"),
        ("stranger/2026-10/accounts.csv", "unknown_party"),
    ]
    assert {f["status"] for f in files} == {"not_opened"}
    assert files[3]["remedy"] == "Rename it to YYYY-MM, such as 2026-10."
    assert [row["name"] for row in workspace.rows("select name from raw.accounts")] == ["Pumps"]


@pytest.mark.parametrize("party", ["nonda", "late"])
def test_without_an_nda_in_force_a_file_is_not_opened(workspace: Workspace, party: str) -> None:
    workspace.put("accounts.csv", b"\xff\xfe not even readable", party=party)
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    workspace.land()
    file = workspace.file(f"{party}/2026-10/accounts.csv")
    assert (file["status"], file["rule"]) == ("not_opened", "no_nda")
    assert len(file["file_sha256"]) == 64
    assert file["encoding"] is None
    assert "nda_signed_on" in file["remedy"]
    assert workspace.rows("select party_id from raw.accounts") == [{"party_id": "us"}]


def test_loading_a_month_again_replaces_exactly_that_month(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n", month="2026-09")
    workspace.put("accounts.csv", "Name,Employees\nPumps,many\n,1\n")
    workspace.put("contacts.csv", "Account Name,Full Name\nPumps,Ann\n")
    workspace.land(SEPTEMBER)
    workspace.land()
    before = workspace.rows("select * exclude (loaded_at) from raw.accounts order by all")
    workspace.land()
    assert workspace.rows("select * exclude (loaded_at) from raw.accounts order by all") == before
    assert workspace.rows("select count(*) as n from raw.files") == [{"n": 3}]
    assert workspace.rows("select count(*) as n from raw.rejected_rows") == [{"n": 1}]
    assert workspace.rows("select count(*) as n from raw.rejected_values") == [{"n": 1}]
    (workspace.exports / "acme" / "2026-10" / "contacts.csv").unlink()
    workspace.land()
    assert workspace.rows("select * from raw.contacts") == []
    shutil.rmtree(workspace.exports / "acme")
    workspace.land()
    assert workspace.rows("select * exclude (loaded_at) from raw.accounts order by all") == before


def test_one_bad_file_of_a_list_keeps_the_list_whole_and_the_others_go_on(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.put("accounts_b.csv", "Shoe size\n44\n")
    workspace.put("contacts.csv", "Account Name,Full Name\nPumps,Ann\n")
    workspace.land()
    files = workspace.rows("select file_name, status, rule from raw.files order by 1")
    assert [(f["status"], f["rule"]) for f in files] == [
        ("quarantined", "list_incomplete"),
        ("quarantined", "no_name_column"),
        ("landed", None),
    ]
    assert workspace.rows("select * from raw.accounts") == []


def test_two_parties_may_use_the_same_source_ids(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "ID,Name\n1,Pumps\n")
    workspace.put("accounts.csv", "ID,Name\n1,Fans\n", party="us")
    workspace.land()
    assert workspace.rows("select count(*) as n from raw.accounts") == [{"n": 2}]


def test_the_checks_of_accepted_rows_pass_on_a_load_and_fail_on_damage(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.put("accounts.csv", "ID,Name\n1,Pumps\n2,Fans\n2,Belts\n3,Nuts\n3,Nuts\n")
    workspace.land()
    assert all(result.success for result in check_accepted_rows(workspace.warehouse, OCTOBER))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("insert into raw.accounts select * from raw.accounts where source_id = '1'")
        connection.execute("update raw.accounts set file_sha256 = '' where source_id = '3'")
    failed = {o.rule for r in check_accepted_rows(workspace.warehouse, OCTOBER) for o in r.outcomes if not o.success}
    assert failed == {"source_id_unique", "file_known", "rows_reconcile"}


def test_the_marts_are_accepted_only_when_filled_in_range_and_in_proportion(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    published = tmp_path / "published"
    published.mkdir()
    with duckdb.connect(str(published / "marts.duckdb")) as connection:
        connection.execute("create table dim_accounts as select 1 as account_key")
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_accounts as select 1 as account_key")
        connection.execute("create table marts.mart_partner_coverage as select 0.4 as our_coverage_rate")
    assert all(result.success for result in check_marts(workspace.warehouse, published))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create table marts.bridge_account_records (record_key varchar)")
        connection.execute("insert into marts.dim_accounts select range from range(10)")
        connection.execute("update marts.mart_partner_coverage set our_coverage_rate = 1.2")
    failed = {
        (result.subject, outcome.rule)
        for result in check_marts(workspace.warehouse, published)
        for outcome in result.outcomes
        if not outcome.success
    }
    assert failed == {
        ("marts.dim_accounts", "in_proportion_to_published"),
        ("marts.mart_partner_coverage", "rates_in_range"),
        ("marts.bridge_account_records", "mart_filled"),
    }


def test_texts_that_a_spreadsheet_would_run_are_neutralised_and_numbers_are_not() -> None:
    texts = ["=1+1", " @SUM(A1)", "+Plus", "-2+3", "\tx", "-12.5", "+49 30", "1,200", "plain", "", None]
    safe = neutralise_formulas(pa.array(texts)).to_pylist()
    assert safe[:5] == ["'=1+1", "' @SUM(A1)", "'+Plus", "'-2+3", "'\tx"]
    assert safe[5:] == texts[5:]


def test_every_raw_table_exists_when_nothing_was_delivered(workspace: Workspace) -> None:
    workspace.land()
    tables = {
        row["table_name"] for row in workspace.rows("select table_name from duckdb_tables() where schema_name = 'raw'")
    }
    assert tables == {
        *("accounts", "opportunities", "engagements", "contacts", "files", "rejected_rows", "rejected_values"),
        *("decisions", "exports_folder", "loaded_months", "written_by", "kept_keys", "pruned_months", "pruned_records"),
    }


def test_a_warehouse_built_from_another_exports_folder_is_refused_and_stays_as_it_is(
    workspace: Workspace, tmp_path: Path
) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    before = workspace.warehouse.read_bytes()
    workspace.exports = tmp_path / "others"
    workspace.put("accounts.csv", "Name\nFans\n")
    with pytest.raises(OtherExportsError) as refusal:
        workspace.land()
    for named in (workspace.warehouse, tmp_path / "exports", tmp_path / "others", "make init"):
        assert str(named) in str(refusal.value)
    assert workspace.warehouse.read_bytes() == before
    workspace.exports = tmp_path / "exports"
    workspace.land()


def test_a_workspace_that_is_moved_as_a_whole_keeps_its_warehouse(workspace: Workspace, tmp_path: Path) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    moved = tmp_path / "moved"
    moved.mkdir()
    for part in ("exports", "seeds", "warehouse.duckdb"):
        shutil.move(tmp_path / part, moved)
    workspace.exports, workspace.seeds = moved / "exports", moved / "seeds"
    workspace.warehouse = moved / "warehouse.duckdb"
    workspace.land()
    assert workspace.rows("select name from raw.accounts") == [{"name": "Pumps"}]


def test_rows_of_the_other_objects_need_their_account(workspace: Workspace) -> None:
    workspace.put("opportunities.csv", "ID,Account,Stage\n1,Pumps,won\n2,,won\n")
    workspace.put("engagements.csv", "ID,Account,Date\n1,Pumps,2026-10-01\n2,Pumps,\n")
    workspace.put("contacts.csv", "ID,Account,Full Name,Email\n1,Pumps,Ann,ann@x\n2,Pumps,,\n")
    workspace.land()
    refused = workspace.rows("select object, row_number, rule from raw.rejected_rows order by object")
    assert [(r["object"], r["row_number"], r["rule"]) for r in refused] == [
        ("contacts", 3, "person_missing"),
        ("engagements", 3, "date_missing"),
        ("opportunities", 3, "account_missing"),
    ]
    assert workspace.rows("select rule from raw.rejected_values") == [{"rule": "email_unreadable"}]


@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [
        ("accounts.csv", "Id,IsDeleted,Name,ParentId", ("1,false,Pumps,", "2,true,Fans,", "3,,Belts,")),
        ("accounts.csv", "id,property_name,archived,property_domain", ("1,Pumps,0,", "2,Fans,TRUE,", "3,Belts,,")),
        ("opportunities.csv", "Id,AccountId,StageName,IsDeleted", ("1,A,Won,no", "2,A,Won,1", "3,A,Won,")),
        ("engagements.csv", "ID,Account,Date,Deleted", ("1,P,2026-10-01,", "2,P,2026-10-01,ja", "3,P,2026-10-02,")),
        ("contacts.csv", "Id,IsDeleted,AccountId,LastName", ("1,FALSE,A,Lee", "2,yes,A,Roe", "3,,A,Poe")),
    ],
)
def test_rows_that_the_source_system_has_deleted_are_refused(
    workspace: Workspace, name: str, header: str, rows: tuple[str, ...]
) -> None:
    workspace.put(name, "\n".join([header, *rows]))
    workspace.land()
    kept = workspace.rows(f"select source_id from raw.{name.removesuffix('.csv')} order by 1")
    assert [row["source_id"] for row in kept] == ["1", "3"]
    refused = workspace.rows("select row_number, rule, column_name, row_text, reason, remedy from raw.rejected_rows")
    assert [(row["row_number"], row["rule"], row["column_name"]) for row in refused] == [
        (3, "row_deleted", "is_deleted")
    ]
    assert json.loads(refused[0]["row_text"]) == rows[1].split(",")
    assert "the source system has marked the record as deleted" in refused[0]["reason"]
    assert "restore it" in refused[0]["remedy"]


def test_a_flag_of_deletion_that_says_neither_yes_nor_no_is_listed_and_a_seed_row_can_switch_it_off(
    workspace: Workspace,
) -> None:
    workspace.put("accounts.csv", "Id,Name,IsDeleted\n1,Pumps,perhaps\n2,Fans,true\n")
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts")] == ["Pumps"]
    assert workspace.rows("select value, rule from raw.rejected_values") == [
        {"value": "perhaps", "rule": "boolean_unreadable"}
    ]
    header, *known = (SEEDS / "reference" / "column_mappings.csv").read_text(encoding="utf-8").splitlines()
    own = [re.sub(",is_deleted$", ",", row) for row in known if re.search("Is ?Deleted,is_deleted$", row)]
    (workspace.seeds / "reference").mkdir()
    (workspace.seeds / "reference" / "column_mappings.csv").write_text("\n".join([header, *own]), encoding="utf-8")
    workspace.land()
    assert len(workspace.rows("select name from raw.accounts")) == 2
    assert workspace.rows("select * from raw.rejected_rows") == []


def test_results_are_kept_per_run_and_the_page_escapes_hostile_names(workspace: Workspace) -> None:
    workspace.put("accounts_<img src=x onerror=alert(1)>.csv", "Name,Employees\nPumps,<script>alert(1)</script>\n")
    page = workspace.land().page
    assert page is not None
    text = page.read_text(encoding="utf-8")
    assert "&lt;img src=x" in text
    assert "<script" not in text
    assert "<img" not in text
    assert "http://" not in text
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in page.parent.glob("*.json")]
    assert {result["suite"] for result in kept} == {"accounts_as_a_file", "accounts_as_delivered"}
    hostile = {"suite": "<b>", "subject": "<b>", "success": False, "outcomes": []}
    assert "<b>" not in render_page("<b>", [hostile])


def test_the_page_of_results_begins_with_a_count_and_with_what_failed(workspace: Workspace) -> None:
    workspace.put("accounts.csv", "Name,Website,Employees\nPumps,pumps.com,12\n", party="us")
    workspace.put("contacts.csv", "Account Name,Full Name,Email\nPumps,Ann,ann@pumps\n")
    workspace.put("accounts.csv", "Name,Website,Employees\nPumps,pumps.com,many\n")
    page = workspace.land().page
    assert page is not None
    text = page.read_text(encoding="utf-8")
    expectations = sum(len(json.loads(file.read_text())["outcomes"]) for file in page.parent.glob("*.json"))
    assert f"2 of 6 suites failed: 2 of {expectations} expectations are not met." in text
    assert text.index("suites failed") < text.index("<h2>")
    suites = re.findall(r"<h2>(.*?) <small>\((.*?)\)", text)
    assert set(suites[:2]) == {
        ("acme/2026-10/accounts.csv", "accounts_as_delivered"),
        ("acme/2026-10/contacts.csv", "contacts_as_delivered"),
    }
    for table in text.split("<h2>")[1:]:
        marks = re.findall(r'<td class="(met|unmet)">', table)
        assert marks == sorted(marks, reverse=True)
    all_met = {"suite": "s", "subject": "t", "success": True, "outcomes": []}
    assert "All 1 suites passed, with 0 expectations." in render_page("run", [all_met])


def test_fast_and_careful_reading_give_the_same_rows(workspace: Workspace) -> None:
    lines = [f'{n},"Firm, ""{n}""",{n % 7},plain text' for n in range(2_000)]
    workspace.put("accounts.csv", "ID,Name,Employees,Note\n" + "\n".join(lines))
    workspace.put("accounts.csv", "ID,Name,Employees,Note\n" + "\n".join(lines) + '\n9999,"open,1,x', party="us")
    workspace.land()
    same = "select source_id, name, employees, extra, row_number from raw.accounts where party_id = '{}' order by all"
    fast, careful = workspace.rows(same.format("acme")), workspace.rows(same.format("us"))
    assert len(fast) == 2_000
    assert fast == careful


@pytest.mark.parametrize(
    ("object_name", "header", "system"),
    [
        ("accounts", "id,name,website,country,state,city,industry,employees", "plain"),
        (
            "accounts",
            "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,BillingCountry",
            "salesforce",
        ),
        (
            "accounts",
            "_fivetran_synced,annual_revenue,billing_city,billing_country,id,name,number_of_employees",
            "salesforce",
        ),
        ("accounts", "Account ID,Account Name,Billing State/Province,Account Owner,Last Modified Date", "salesforce"),
        ("accounts", "id,is_deleted,property_name,property_createdate,property_industry,property_country", "hubspot"),
        ("accounts", "Record ID,Company name,Company Domain Name,Lifecycle Stage,Company owner", "hubspot"),
        ("accounts", "Record ID,Account Name,Account Website,Population,Account Owner Name", "crossbeam"),
        ("contacts", "Id,IsDeleted,AccountId,LastName,FirstName,Salutation,Name,Email", "salesforce"),
        (
            "opportunities",
            "deal_id,is_deleted,property_dealname,property_amount,property_closedate,company_id",
            "hubspot",
        ),
    ],
)
def test_the_source_system_is_detected_from_the_header(object_name: str, header: str, system: str) -> None:
    mappings = ColumnMappings.read(SEEDS / "reference" / "column_mappings.csv")
    found = mappings.find_header([(1, header.split(","))], object_name, None)
    assert found.source_system == system
    if system == "plain":
        assert [column.field for column in sorted(found.columns, key=lambda c: c.index)] == [
            *("source_id", "name", "website", "country", "state", "city", "industry", "employees")
        ]


def test_every_source_system_has_a_header_for_what_a_list_of_accounts_must_have() -> None:
    seed = SEEDS / "reference" / "column_mappings.csv"
    with seed.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if (row["object"], row["field"]) == ("accounts", "name")]
    # a system that is misspelt in a row has none
    assert set(ColumnMappings.read(seed).source_systems) == {row["source_system"] for row in rows}


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=4), max_size=12))
def test_no_rows_are_lost_whatever_stands_in_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    made = Workspace(tmp_path_factory.mktemp("any"))
    body = "\n".join(",".join(row) for row in rows)
    made.put("accounts.csv", ("Name,City,Website\nPumps,Bonn,pumps.de\n" + body).encode("utf-8"))
    made.land()
    file = made.file()
    if file["status"] == "quarantined":
        return
    represented = made.rows("select coalesce(sum(identical_row_count), 0) as n from raw.accounts")[0]["n"]
    refused = made.rows("select count(*) as n from raw.rejected_rows")[0]["n"]
    assert file["rows_read"] == represented + refused
