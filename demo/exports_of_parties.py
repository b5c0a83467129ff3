"""The exports as each party's system writes them, and the file with bad rows.

Belongs here: file formats, headers, the words of Salesforce, HubSpot, Crossbeam and of plain English and German lists.
Does not belong here: which companies exist and how they are spelled (world.py), and what a run must find (truth.py).
"""

# ruff: noqa: PLR2004 (the numbers are shares and ranges of an invented world)

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from demo.account_lists import (
    crossbeam_accounts,
    german,
    german_accounts,
    headers,
    hubspot_accounts,
    plain_accounts,
    salesforce_accounts,
)
from demo.answers import CREDITS, PLANS
from demo.coining import source_id
from demo.formats import FORMULA, blank, csv_line, delimited, parquet, workbook
from demo.world import LAST_DELIVERY, MONTHS, Contact, Opportunity, Record, World


def contact_rows(world: World, contacts: list[Contact], month: int) -> dict[str, tuple[list[str], list[list[str]]]]:
    """The contact lists of one party in the words of every system that has one: system -> (header, rows)."""
    tables: dict[str, tuple[list[str], list[list[str]]]] = {
        party: (headers(world, f"{party}_contacts"), []) for party in ("us", "heliograph", "kestrelworks", "rheinblick")
    }
    for contact in contacts:
        person, record = contact.written, contact.record
        head = [contact.source_id, record.source_id, record.names[month]]
        tail = [person.title, person.seniority, person.function, person.email, "", contact.relationship]
        party = record.party
        if party == "us":
            cells = [*head, person.given, person.family, f"{person.given} {person.family}", *tail]
        elif party == "heliograph":
            cells = [*head, person.given, person.family, *tail]
        elif party == "kestrelworks":
            cells = [*head, f"{person.family}, {person.given}", *tail]
        else:
            cells = [*head, person.given, person.family, *(german(word) for word in tail)]
        tables[party][1].append(cells)
    return tables


def engagement_rows(world: World, month: int) -> tuple[list[str], list[list[str]]]:
    """Our log of engagements up to the end of a month, as a Salesforce report: (header, rows)."""
    header = headers(world, "us_engagements")
    rows = [
        [
            item.source_id,
            item.record.source_id,
            item.record.names[month],
            item.held.strftime("%m/%d/%Y"),
            item.partner,
            item.activity,
            item.engagement_type,
            item.participants,
            item.outcome,
            item.next_step,
            item.owner,
        ]
        for item in sorted(world.engagements, key=lambda item: (item.held, item.source_id))
        if item.held.isoformat()[:7] <= MONTHS[month]
    ]
    return header, rows


def bad_opportunities(world: World) -> dict[str, str]:
    """The two open deals of ours that carry a bad value in the last month: source id -> case."""
    open_deals = sorted(deal.source_id for deal in world.opportunities if not str(deal.stages[2]).startswith("Closed"))
    return {open_deals[0]: "negative_amount", open_deals[1]: "unknown_currency"}


def opportunity_table(world: World, deals: list[Opportunity], month: int) -> pa.Table:
    """Our opportunities as a typed Arrow table."""
    bad = bad_opportunities(world) if month == 2 else {}
    chances = {
        "Prospecting": 10,
        "Qualification": 20,
        "Needs Analysis": 35,
        "Value Proposition": 50,
        "Proposal/Price Quote": 65,
        "Negotiation/Review": 80,
        "Closed Won": 100,
        "Closed Lost": 0,
    }
    columns: list[tuple[str, pa.DataType, Callable[[Opportunity], Any]]] = [
        ("Id", pa.string(), lambda deal: deal.source_id),
        ("AccountId", pa.string(), lambda deal: deal.record.source_id),
        ("Account.Name", pa.string(), lambda deal: deal.record.names[month]),
        ("Name", pa.string(), lambda deal: deal.name),
        ("StageName", pa.string(), lambda deal: deal.stages[month]),
        (
            "Amount",
            pa.decimal128(18, 2),
            lambda deal: Decimal(
                deal.amount_cents * (-1 if bad.get(deal.source_id) == "negative_amount" else 1)
            ).scaleb(-2),
        ),
        (
            "CurrencyIsoCode",
            pa.string(),
            lambda deal: "ZZD" if bad.get(deal.source_id) == "unknown_currency" else deal.currency,
        ),
        ("Probability", pa.int32(), lambda deal: chances[str(deal.stages[month])]),
        ("CloseDate", pa.date32(), lambda deal: deal.expected_close),
        ("IsClosed", pa.bool_(), lambda deal: is_closed(deal, month)),
        ("IsWon", pa.bool_(), lambda deal: deal.stages[month] == "Closed Won"),
        (
            "CreatedDate",
            pa.timestamp("ms", tz="UTC"),
            lambda deal: datetime(deal.created.year, deal.created.month, deal.created.day, 9, 30, tzinfo=UTC),
        ),
        ("Lead_Date__c", pa.date32(), lambda deal: deal.lead),
        ("Our_Role__c", pa.string(), lambda deal: deal.our_role),
        ("Partner_Role__c", pa.string(), lambda deal: deal.partner_role or None),
        ("Sourced_By_Partner__c", pa.string(), lambda deal: deal.sourced_by or None),
        ("Influenced_By_Partner__c", pa.string(), lambda deal: deal.influenced_by or None),
        ("Partner_Recorded_Date__c", pa.date32(), lambda deal: deal.recorded),
        ("Owner.Name", pa.string(), lambda deal: deal.owner),
    ]
    return pa.table({name: pa.array([read(deal) for deal in deals], kind) for name, kind, read in columns})


def is_closed(deal: Opportunity, month: int) -> bool:
    """Whether a deal was won or lost by the end of a month."""
    return str(deal.stages[month]).startswith("Closed")


@dataclass
class Addition:
    """One row of heliograph's second file, and what must become of it."""

    case: str
    name: str
    cells: dict[str, str] = field(default_factory=dict)
    """Header -> the odd value."""
    spoil: Callable[[str], str] = str
    """What happens to the finished line."""
    kind: str = "refused_value"
    column: str = ""
    expected: str = "value refused, row kept"
    note: str = ""
    account: str = ""
    """Shared by rows that are delivered under one id."""

    @property
    def source_id(self) -> str:
        """The row's HubSpot id."""
        return source_id("heliograph", f"addition/{self.account or self.case}")

    @property
    def is_accepted(self) -> bool:
        """Whether the row becomes a record."""
        return self.kind != "refused_row"


def refused(case: str, name: str, note: str, spoil: Callable[[str], str] = str, account: str = "") -> Addition:
    """A row that must be refused as a whole."""
    return Addition(case, name, spoil=spoil, kind="refused_row", expected="row refused", note=note, account=account)


ADDITIONS = (
    Addition(
        "good_row_first", "Ambervalley Looms SARL", kind="read_value", expected="row accepted", note="nothing wrong"
    ),
    refused(
        "ragged_row_short",
        "Beechgrove Lift Systems BV",
        "four cells are missing",
        spoil=lambda line: line.rsplit(",", 4)[0],
    ),
    refused("ragged_row_long", "Cloverdyke Tiles SA", "two cells too many", spoil=lambda line: line + ",left over,2"),
    refused("empty_name", "", "no name"),
    refused("name_is_only_a_legal_form", "GmbH & Co. KG", "nothing is left without the legal form"),
    refused("name_is_only_punctuation", "---", "no letter and no digit"),
    refused(
        "duplicate_id_conflict", "Dovetailor Joinery AB", "one id and two companies: both rows", account="conflict"
    ),
    refused(
        "duplicate_id_conflict", "Elderflute Cordials AB", "one id and two companies: both rows", account="conflict"
    ),
    Addition(
        "unreadable_date", "Foxgrovely Papers SpA", {"Last Modified Date": "2026-02-30 09:00"}, column="modified_date"
    ),
    Addition("amount_is_text", "Gorsebanks Wool SL", {"Annual Revenue": "abc"}, column="annual_revenue"),
    Addition("negative_amount", "Hartshorne Presses NV", {"Annual Revenue": "-250000"}, column="annual_revenue"),
    Addition("unknown_currency", "Ivorygates Chimes SA", {"Currency": "XBT"}, column="currency"),
    Addition(
        "website_is_email", "Junipera Soaps SARL", {"Company Domain Name": "sales@junipera-soaps.fr"}, column="website"
    ),
    Addition("website_is_ip_address", "Kilnfields Bricks BV", {"Company Domain Name": "203.0.113.7"}, column="website"),
    Addition("website_without_dot", "Larchwoods Doors AB", {"Company Domain Name": "foo"}, column="website"),
    Addition("employees_is_text", "Mossbanker Vinegar SL", {"Number of Employees": "many"}, column="employees"),
    Addition(
        "amount_with_suffix",
        "Nutwoods Flooring SpA",
        {"Annual Revenue": "$1.2M"},
        kind="read_value",
        column="annual_revenue",
        expected="1200000.00",
    ),
    Addition(
        "amount_not_available",
        "Oatlandse Bakeries NV",
        {"Annual Revenue": "n/a"},
        kind="read_value",
        column="annual_revenue",
        expected="missing, not refused",
    ),
    Addition(
        "website_in_full",
        "Pebblemarket Tents SA",
        {"Company Domain Name": "http://WWW.Pebblemarket-Tents.com:80/x?y"},
        kind="read_value",
        column="website",
        expected="www.pebblemarket-tents.com",
    ),
    Addition(
        "unmapped_status",
        "Quincefields Jam SL",
        {"Lifecycle Stage": "nurture_2019"},
        kind="unmapped_value",
        column="lifecycle_status",
        expected="listed as unmapped; the status counts as none",
    ),
    Addition(
        "formula_in_cell",
        "Rushlighter Lamps AB",
        {"Company owner": FORMULA},
        kind="read_value",
        column="owner",
        expected="kept as text; neutralised in every CSV or XLSX we write",
    ),
    refused(
        "unbalanced_quote",
        "Stonecropper Roofs SARL",
        "a quote opens and never closes: only this line is lost",
        spoil=lambda line: line.replace("Stonecropper", '"Stonecropper', 1),
    ),
    Addition(
        "good_row_last",
        "Tamarisker Nets NV",
        kind="read_value",
        expected="row accepted",
        note="comes after the open quote",
    ),
)


def additions_file(world: World) -> tuple[str, list[int]]:
    """The file with bad rows.

    Returns:
        The file's text, and the line on which each of ADDITIONS stands (the header is line 1).
    """
    header = headers(world, "heliograph_accounts")
    lines = [csv_line(header)]
    numbers = []
    for position, addition in enumerate(ADDITIONS):
        cells = dict.fromkeys(header, "")
        cells |= {
            "Record ID": addition.source_id,
            "Company name": addition.name,
            "Industry": "RETAIL",
            "Number of Employees": str(40 + position),
            "Annual Revenue": str(1_000_000 + 50_000 * position),
            "Currency": "EUR",
            "Country/Region": "France",
            "City": "Dijon",
            "Company owner": "Lotte Brink",
            "Lifecycle Stage": "lead",
            "Create Date": "2026-10-05 08:15",
            "Last Modified Date": "2026-10-06 11:20",
        }
        lines.append(addition.spoil(csv_line((cells | addition.cells).values())))
        numbers.append(len(lines))
    return "\n".join(lines) + "\n", numbers


# The day of the month on which each party's files came, by month; of a file named here, its own.
DELIVERED = {
    "us": (4, 2, 2),
    "heliograph": (6, 3, 6),
    "tidewell": (11, 8, 8),
    "kestrelworks": (13, 10),
    "rheinblick": (5, 7, 5),
}
DELIVERED_LATER = {"accounts_additions.csv": 20, "credits.csv": 12, "plans.csv": 22}


def manifests(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What says on which days files came, so that the demo is the same whenever it is run: path -> content.

    A party whose files are never opened has none.
    """
    written = {}
    for party, days in DELIVERED.items():
        for label, usual in zip(MONTHS, days, strict=False):
            names = sorted(name.rpartition("/")[2] for name in files if name.startswith(f"{party}/{label}/"))
            rows = [(name, f"{label}-{DELIVERED_LATER.get(name, usual):02}") for name in names]
            written[f"{party}/{label}/manifest.csv"] = delimited(("file_name", "delivered_on"), rows).encode()
    return written


def export_files(world: World) -> dict[str, bytes]:
    """All exports: path below the exports folder -> content."""
    files: dict[str, bytes] = {}
    for month, label in enumerate(MONTHS):
        listed: dict[str, list[Record]] = defaultdict(list)
        for record in world.records:
            if record.first <= month <= record.last:
                listed[record.party].append(record)
        keys = {record.key for records in listed.values() for record in records}
        people = contact_rows(world, [item for item in world.contacts if item.record.key in keys], month)

        folder = f"us/{label}"
        files[f"{folder}/accounts.csv"] = delimited(*salesforce_accounts(world, listed["us"], month)).encode(
            "utf-8-sig"
        )
        files[f"{folder}/contacts.csv"] = delimited(*people["us"]).encode()
        engagements = delimited(*engagement_rows(world, month), delimiter="\t", ending="\r\n")
        files[f"{folder}/engagements.tsv"] = b"\xff\xfe" + engagements.encode("utf-16-le")
        deals = [
            deal
            for deal in sorted(world.opportunities, key=lambda deal: deal.source_id)
            if deal.record.key in keys and deal.created.isoformat()[:7] <= label
        ]
        files[f"{folder}/opportunities.parquet"] = parquet(opportunity_table(world, deals, month))

        folder = f"heliograph/{label}"
        files[f"{folder}/accounts.csv"] = delimited(*hubspot_accounts(world, listed["heliograph"], month)).encode()
        files[f"{folder}/contacts.csv"] = delimited(*people["heliograph"]).encode()

        files[f"tidewell/{label}/accounts.csv"] = delimited(
            *crossbeam_accounts(world, listed["tidewell"], month)
        ).encode()

        if month <= LAST_DELIVERY["kestrelworks"]:
            name = date.fromisoformat(f"{label}-01").strftime("%B %Y")
            files[f"kestrelworks/{label}/accounts.xlsx"] = workbook(
                f"Kestrelworks: account list for mapping, {name}",
                {"Accounts": plain_accounts(world, listed["kestrelworks"], month), "Contacts": people["kestrelworks"]},
            )

        folder = f"rheinblick/{label}"
        for file_name, table in (
            ("accounts_kunden.csv", german_accounts(world, listed["rheinblick"], month)),
            ("contacts_ansprechpartner.csv", people["rheinblick"]),
        ):
            files[f"{folder}/{file_name}"] = delimited(*table, delimiter=";", ending="\r\n").encode("cp1252")

        files[f"quillon/{label}/accounts.csv"] = delimited(*candidate_accounts(world, listed["us"])).encode()
    files["us/2026-10/credits.csv"] = CREDITS.encode()
    files["us/2026-10/plans.csv"] = PLANS.encode()
    files["heliograph/2026-10/accounts_additions.csv"] = additions_file(world)[0].encode()
    return files


def candidate_accounts(world: World, ours: list[Record]) -> tuple[list[str], list[list[str]]]:
    """The list of quillon, a candidate without an NDA: accounts of ours, so that opening the file would show."""
    header = headers(world, "quillon_accounts")
    chosen = [record for record in ours if record.role == "as_listed" and record.website][:40]
    rows = [
        [
            f"Q{position:04d}",
            record.names[0],
            record.website,
            record.country,
            record.city,
            record.company.industry,
            blank(record.employees),
            "Customer",
        ]
        for position, record in enumerate(chosen, start=1)
    ]
    return header, rows
