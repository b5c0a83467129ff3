"""Every published mart that is for everybody, built on lists that name a person wherever something can go wrong.

Belongs here: what must not be read by everybody, whatever list and cell it stands in. Does not belong here: marts that
name persons and say so, what landing keeps in the warehouse, and people who asked to be forgotten (tests/forgetting).
"""

from pathlib import Path
from typing import Any

import duckdb
import openpyxl
import pytest

from tests.deliveries import deliver, land_into
from tests.workspaces import Workspace

FIRST, LAST = "Zebedina", "Quackenfoss"
NAME = f"{FIRST} {LAST}"
MAIL = f"{FIRST}.{LAST}@acme-quack.example".lower()
PHONE = "+447700900461"
WORDS = (FIRST, LAST, "acme-quack", PHONE[-10:])

List = list[tuple[str, ...]]
US_ACCOUNTS: List = [
    ("Account ID", "Account Name", "Website", "Country", "Status"),
    ("1", "Pellwick Paper AB", "pellwick.se", "SE", "Customer"),
    ("2", "Hartuno Textiles SpA", "hartuno.it", "IT", "Prospect"),
]
# Columns that nobody reads, one of whose headers is a name; cells for an address, a day and a figure that hold notes.
ACCOUNTS: List = [
    ("Account ID", "Account Name", "Website", "Country", "Status", "Renewal Date", "Employees", "Main contact",
     "Main contact mail", "Main contact mobile", "Main contact page", "Visited", NAME),
    ("1", "Pellwick Paper AB", MAIL, "SE", "Customer", f"ask {NAME}", "51-200", NAME, MAIL, PHONE,
     f"linkedin.example/in/{FIRST}-{LAST}".lower(), f"with {NAME}", "x"),
    ("2", "Hartuno Textiles SpA", f"{NAME} <{MAIL}>", "IT", "Prospect", "2026-13-45", f"{NAME} knows", NAME, MAIL,
     PHONE, f"linkedin.example/in/{LAST}".lower(), "2026-09-02", "x"),
    *(
        (str(number), f"Vespril Marine {number} BV", "", "NL", "Prospect", "", "many", NAME, MAIL, PHONE,
         f"linkedin.example/in/{LAST}{number}".lower(), f"2026-09-{number:02}", "")
        for number in range(3, 8)
    ),
    # one id for two companies: both rows are refused, and shown without what may name somebody
    ("8", "Molkerry Dairy DAC", MAIL, "IE", "Prospect", f"ask {NAME}", "", NAME, MAIL, PHONE, "", "", ""),
    ("8", "Molkerry Beef DAC", MAIL, "IE", "Prospect", f"ask {NAME}", "", NAME, MAIL, PHONE, "", "", ""),
]  # fmt: skip
# Owners that contradict each other in columns of one name, and a column that nobody reads.
OPPORTUNITIES: List = [
    ("Opportunity ID", "Account Name", "Opportunity Name", "Stage", "Amount", "Owner", "Owner", "Primary contact"),
    ("1", "Pellwick Paper AB", "Rollout", "Negotiation", "1000", "Ada Sells", NAME, NAME),
    ("2", "Pellwick Paper AB", "Renewal", "Negotiation", f"{NAME} says 7", "Ada Sells", "Ada Sells", MAIL),
    ("3", "Nowhere Mills Ltd", "Pilot", "Negotiation", "9", "Ada Sells", "Ada Sells", NAME),
]
CONTACT = ("Contact ID", "Account Name", "First Name", "Last Name", "Title", "Seniority", "Email", "Email", "Deleted")
CONTACTS: List = [
    (*CONTACT, "Assistant", NAME),
    ("1", "Pellwick Paper AB", FIRST, LAST, "CEO", "VP", f"{NAME} at work", f"{NAME} at work", "", NAME, "x"),
    ("2", "Pellwick Paper AB", FIRST, LAST),
    (f"{LAST}-3", "Pellwick Paper AB", FIRST, LAST, "CEO", "VP", MAIL, MAIL, "", NAME, ""),
    (f"{LAST}-3", "Pellwick Paper AB", LAST, FIRST, "CFO", "VP", MAIL, f"other.{MAIL}", "", MAIL, ""),
    ("4", "Pellwick Paper AB", "Ann", "Lee", "CEO", NAME, "", "", "", "", ""),
    ("5", "Pellwick Paper AB", FIRST, LAST, "CEO", "VP", MAIL, f"other.{MAIL}", "", "", ""),
    ("6", "Pellwick Paper AB", FIRST, LAST, "CEO", "VP", MAIL, MAIL, f"since {NAME} left", "", ""),
    ("7", "Pellwick Paper AB", FIRST, LAST, "CEO", "VP", "", "", "yes", "", ""),
    ("8", "", FIRST, LAST, "CEO", "VP", MAIL, MAIL, "", "", ""),
    (MAIL, "Nowhere Mills Ltd", FIRST, LAST, "CEO", "VP", MAIL, MAIL, "", "", ""),
    (NAME, "Nowhere Mills Ltd", FIRST, LAST, "CEO", "VP", MAIL, MAIL, "", "", ""),
]  # fmt: skip
ENGAGEMENT = ("Account Name", "Date", "Activity", "Engagement Type", "Participants", "Outcome", "Next Step", "Owner")
ENGAGEMENTS: List = [
    (*ENGAGEMENT, "Notes by"),
    ("Pellwick Paper AB", "2026-10-05", "Meeting", "Workshop", NAME, f"{NAME} liked it", f"Call {MAIL}", NAME, NAME),
    ("Nowhere Mills Ltd", "2026-10-06", f"Lunch with {NAME}", "Workshop", NAME, "", f"Call {NAME}", NAME, NAME),
    ("Pellwick Paper AB", f"when {NAME} is back", "Call", f"{NAME}'s", NAME, "", "", NAME, NAME),
    ("", "2026-10-07", "Call", "Workshop", NAME, "", "", NAME, NAME),
]
OUR_ENGAGEMENTS: List = [
    ENGAGEMENT,
    ("Pellwick Paper AB", "2026-10-05", "Meeting", "Workshop", f"{NAME}; Ann Lee", NAME,
     f"Call {NAME} ({MAIL}) about the offer", "Ada Sells"),
]  # fmt: skip
UNDATED: tuple[str, ...] = ("Pellwick Paper AB", "", "", "", NAME, NAME, NAME, NAME)
# Below the list of a report, and in a row that its sender does not see.
REPORT: List = [
    ("Account Name", "Full Name", "Email", "Title"),
    ("Pellwick Paper AB", "Ann Lee", "ann@pellwick.example", "CEO"),
    ("Pellwick Paper AB", NAME, MAIL, "CFO"),
    ("Pellwick Paper AB", NAME, "", ""),
]
NO_HEADER: List = [
    ("Pellwick Paper AB", NAME, MAIL),
    ("Hartuno Textiles SpA", f"Jonas {LAST}", f"jonas.{MAIL}"),
]


# Two lists in one file, of which the second cannot be used: the same id, a name, for different persons.
TWO_LISTS: dict[str, List] = {
    "Accounts": US_ACCOUNTS,
    "Contacts": [
        ("Contact ID", "Account Name", "Full Name", "Email"),
        (NAME, "Pellwick Paper AB", NAME, MAIL),
        (NAME, "Pellwick Paper AB", NAME, ""),
    ],
}


def write_workbook(path: Path, sheets: dict[str, List], footer: str = "", hidden_row: int = 0) -> None:
    """Write lists as sheets of a workbook; a footer below an empty row, and one row hidden, on every sheet."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for cells in [*rows, *([(), (footer,)] if footer else [])]:
            sheet.append(cells)
        if hidden_row:
            sheet.row_dimensions[hidden_row].hidden = True
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory, dbt: None) -> Workspace:
    """All lists landed and all models run, once.

    A lent demo does not do: hardly anything that is refused of its lists names anybody, so whatever the marts quoted of
    it, a search would find nothing.
    """
    partners = [
        {"party_id": party, "name": party.title(), "status": "signed", "nda_signed_on": "2025-01-01"}
        for party in ("acme", "brook", "creek", "delta")
    ]
    us = {"party_id": "us", "name": "Us", "status": "us", "default_currency": "EUR"}
    workspace = Workspace(
        tmp_path_factory.mktemp("nobody"),
        {
            "partners": [*partners, us],
            "exchange_rates": [{"month": "2026-10-01", "currency": "EUR", "usd_per_unit": "1.10"}],
        },
    )
    exports = workspace.settings.exports
    for party, name, rows in (
        ("us", "accounts", US_ACCOUNTS),
        ("us", "engagements", OUR_ENGAGEMENTS),
        ("acme", "accounts", ACCOUNTS),
        ("acme", "opportunities", OPPORTUNITIES),
        ("acme", "contacts", CONTACTS),
        ("acme", "engagements", ENGAGEMENTS),
        ("brook", "accounts", NO_HEADER),
        ("brook", "contacts", NO_HEADER),
        ("creek", "accounts", US_ACCOUNTS),
        ("creek", "engagements", [ENGAGEMENT, UNDATED]),
    ):
        deliver(exports, party, "2026-10", f"{name}.csv", rows)
    write_workbook(exports / "creek" / "2026-10" / "contacts.xlsx", {"Contacts": REPORT}, f"Exported by {NAME}", 3)
    write_workbook(exports / "delta" / "2026-10" / "accounts.xlsx", TWO_LISTS)
    land_into(workspace.settings)
    done = workspace.dbt("build", "--resource-type", "seed", "--resource-type", "model")
    assert done.returncode == 0, done.stdout
    return workspace


# What stands in mart_refused_data: party, what was refused, object, row, column, rule.
REFUSED = {
    ("acme", "row", "accounts", 9, "source_id", "source_id_not_unique"),
    ("acme", "row", "accounts", 10, "source_id", "source_id_not_unique"),
    ("acme", "value", "accounts", 2, "website", "website_is_email"),
    ("acme", "value", "accounts", 2, "contract_renewal_date", "date_unreadable"),
    ("acme", "value", "accounts", 3, "website", "website_unreadable"),
    ("acme", "value", "accounts", 3, "employees", "number_unreadable"),
    *(
        ("acme", "unread column", "accounts", None, header, "column_not_read")
        for header in ("Main contact", "Main contact mail", "Main contact mobile", "Main contact page", "Visited")
    ),
    ("acme", "unread column", "accounts", None, "column 13", "column_not_read"),
    ("acme", "value", "opportunities", 2, "owner", "columns_disagree"),
    ("acme", "value", "opportunities", 3, "amount", "amount_unreadable"),
    ("acme", "unlinked row", "opportunities", 4, "account_name", "no_account"),
    ("acme", "unread column", "opportunities", None, "Primary contact", "column_not_read"),
    ("acme", "row", "contacts", 3, None, "ragged_row"),
    ("acme", "row", "contacts", 4, "source_id", "source_id_not_unique"),
    ("acme", "row", "contacts", 5, "source_id", "source_id_not_unique"),
    ("acme", "row", "contacts", 9, "is_deleted", "row_deleted"),
    ("acme", "row", "contacts", 10, "account_name", "account_missing"),
    ("acme", "value", "contacts", 2, "email", "email_unreadable"),
    ("acme", "value", "contacts", 7, "email", "columns_disagree"),
    ("acme", "value", "contacts", 8, "is_deleted", "deletion_unreadable"),
    ("acme", "unmapped value", "contacts", 6, "seniority", "value_not_mapped"),
    ("acme", "unlinked row", "contacts", 11, "account_name", "no_account"),
    ("acme", "unlinked row", "contacts", 12, "account_name", "no_account"),
    ("acme", "unread column", "contacts", None, "Assistant", "column_not_read"),
    ("acme", "unread column", "contacts", None, "column 11", "column_not_read"),
    ("acme", "row", "engagements", 5, "account_name", "account_missing"),
    ("acme", "value", "engagements", 4, "engagement_date", "date_unreadable"),
    ("acme", "unmapped value", "engagements", 2, "outcome", "value_not_mapped"),
    ("acme", "unmapped value", "engagements", 3, "activity", "value_not_mapped"),
    ("acme", "unmapped value", "engagements", 4, "engagement_type", "value_not_mapped"),
    ("acme", "unlinked row", "engagements", 3, "account_name", "no_account"),
    ("acme", "unread column", "engagements", None, "Notes by", "column_not_read"),
    ("brook", "file", "accounts", None, None, "no_name_column"),
    ("brook", "file", "contacts", None, None, "no_required_column"),
    ("creek", "file", "engagements", None, None, "no_usable_rows"),
    ("creek", "row", "contacts", 6, None, "report_footer"),
    ("creek", "remark", "contacts", 3, None, "rows_hidden"),
    # of the workbook's second list
    ("delta", "file", "accounts", None, None, "no_usable_rows"),
}


def naming(built: Workspace, tables: list[str]) -> list[tuple[str, str, str]]:
    """Find the cells that name the person: table, column and text."""
    found = []
    for table in tables:
        with duckdb.connect(str(built.settings.warehouse), read_only=True) as connection:
            cursor = connection.execute(f"from {table}")
            columns = [column[0] for column in cursor.description or []]
            rows = cursor.fetchall()
        cells = {(column, str(value)) for row in rows for column, value in zip(columns, row, strict=True)}
        found += [(table, *cell) for cell in cells if any(word.lower() in cell[1].lower() for word in WORDS)]
    return sorted(found)


def marts_naming(built: Workspace, manifest: dict[str, Any], *, is_said: bool) -> list[tuple[str, str, str]]:
    marts = [
        f"marts.{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["schema"] == "marts"
        if bool(node["config"]["meta"].get("contains_persons")) == is_said
    ]
    assert marts
    return naming(built, marts)


def test_what_names_the_person_is_there_to_be_quoted(built: Workspace, manifest: dict[str, Any]) -> None:
    found = set(
        built.query("select party_id, refused, object, row_number, column_name, rule from marts.mart_refused_data")
    )
    assert REFUSED - found == set()
    kept = {
        (table, column)
        for table, column, _ in naming(
            built, [f"raw.{table}" for table in ("rejected_rows", "rejected_values", "engagements")]
        )
    }
    assert kept >= {
        ("raw.rejected_rows", "row_text"), ("raw.rejected_rows", "reason"), ("raw.rejected_values", "value"),
        ("raw.rejected_values", "reason"), ("raw.engagements", "participants"), ("raw.engagements", "next_step"),
        ("raw.engagements", "outcome"), ("raw.engagements", "owner"), ("raw.engagements", "extra"),
    }  # fmt: skip
    assert {table for table, _, _ in marts_naming(built, manifest, is_said=True)} == {
        "marts.bridge_person_contacts", "marts.dim_persons", "marts.mart_engagement_log", "marts.mart_who_knows_whom",
    }  # fmt: skip


def test_no_mart_for_everybody_names_the_person(built: Workspace, manifest: dict[str, Any]) -> None:
    assert marts_naming(built, manifest, is_said=False) == []


def test_what_is_refused_is_found_by_its_place(built: Workspace) -> None:
    found = "select file_name, row_number, reason from marts.mart_refused_data where party_id = 'acme' and refused = {}"
    assert built.query(found.format("'value' and object in ('contacts', 'opportunities') order by 1, 2")) == [
        ("acme/2026-10/contacts.csv", 2, "Row 2, column 'Email': '…' is not an e-mail address."),
        (
            "acme/2026-10/contacts.csv",
            7,
            "Row 7, column 'Email': the column appears more than once, with different values: '…'.",
        ),
        (
            "acme/2026-10/contacts.csv",
            8,
            "Row 8, column 'Deleted': '…' says neither whether nor when the record was deleted.",
        ),
        (
            "acme/2026-10/opportunities.csv",
            2,
            "Row 2, column 'Owner': the column appears more than once, with different values: '…'.",
        ),
        ("acme/2026-10/opportunities.csv", 3, "Row 3, column 'Amount': '…' is not an amount."),
    ]
    shown = "select column_name, delivered from marts.mart_refused_data where party_id = 'acme' and object = 'accounts'"
    # what names nobody is still shown: of a page its host, of a column the cells that are what most of them are
    assert built.query(f"{shown} and refused = 'unread column' and delivered is not null order by 1") == [
        ("Main contact page", "linkedin.example"),
        ("Visited", "2026-09-02 | 2026-09-03 | 2026-09-04"),
        ("column 13", "x"),
    ]
    assert built.query(f"{shown} and refused = 'value' and row_number = 4") == [("employees", "many")]
    assert built.query("select next_step from marts.fct_engagements") == [("Call … … … about the offer",)]
