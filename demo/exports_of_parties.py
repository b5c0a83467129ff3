"""The exports as each party's system writes them, and the file with bad rows.

Belongs here: file formats, headers, the words of Salesforce, HubSpot, Crossbeam and of plain English and German lists.
Does not belong here: which companies exist and how they are spelled (world.py), and what a run must find (truth.py).
"""

# ruff: noqa: PLR2004 (the numbers are shares and ranges of an invented world)

import csv
import io
import zipfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter

from demo.world import LAST_DELIVERY, MONTHS, Contact, Opportunity, Record, World, source_id

VOCABULARY = {
    "us": "salesforce",
    "heliograph": "hubspot",
    "tidewell": "crossbeam",
    "kestrelworks": "english",
    "rheinblick": "german",
}
COUNTRY_COLUMN = {"salesforce": 0, "hubspot": 0, "crossbeam": 1, "english": 2, "german": 3}
FORMULA = '=HYPERLINK("http://intranet.invalid/u/42","M. Sandoval")'
COMPETITORS = ("Castor Suite", "Pondera", "Quantrail")
GERMAN_WORDS = {
    "Champion": "Fürsprecher",
    "User": "Anwender",
    "Awareness": "Bekannt",
    "C-Level": "Geschäftsführung",
    "VP": "Bereichsleitung",
    "Director": "Abteilungsleitung",
    "Manager": "Teamleitung",
    "Individual Contributor": "Sachbearbeitung",
    "Finance": "Finanzen",
    "Operations": "Betrieb",
    "Sales": "Vertrieb",
    "Procurement": "Einkauf",
    "Engineering": "Technik",
    "Data": "Daten",
}
ZIP_DATE = (2026, 1, 1, 0, 0, 0)
XLSX_DATE = datetime(2026, 1, 1)  # noqa: DTZ001 (a workbook knows no time zone)


def headers(world: World, table: str) -> list[str]:
    """The header of one of the files, from words.toml."""
    line: str = world.words["headers"][table]
    return line.split("|")


def wording(world: World, record: Record, table: str, value: str) -> str:
    """A canonical status or industry in the words of the record's system; of several words, one per record."""
    choices: list[str] = world.words[table][value][VOCABULARY[record.party]].split("/")
    return record.rng(f"{table}/{value}").choice(choices)


def country_name(world: World, record: Record) -> str:
    """A country as the record's system writes it."""
    names: list[str] = world.words["countries"][record.country]["names"].split("|")
    draw = record.rng("country").random()
    if record.party == "heliograph" and record.country == "US" and draw < 0.2:
        return "USA"
    if record.party == "tidewell" and record.country == "GB" and draw < 0.5:
        return "UK"
    return names[COUNTRY_COLUMN[VOCABULARY[record.party]]]


def revenue(world: World, record: Record, currency: str) -> int | None:
    """Annual revenue as this party believes it, rounded to two digits; None where it does not know."""
    rng = record.rng("revenue")
    if record.party != "us" and rng.random() < 0.2:
        return None
    believed = record.company.revenue_usd * rng.uniform(0.92, 1.08) / world.words["usd_per_unit"][currency]
    digits = len(str(int(believed)))
    return int(round(believed, 2 - digits))


def currency_of(world: World, record: Record) -> str:
    """The currency of the record's country."""
    currency: str = world.words["countries"][record.country]["currency"]
    return currency


def modified(record: Record, month: int) -> datetime:
    """When the record was last touched, as seen in a month: when its name or status changed, else some time before."""
    rng = record.rng("modified")
    moment = datetime(2026, 3, 1, 8, 0, tzinfo=UTC) + timedelta(days=rng.randrange(120), minutes=rng.randrange(600))
    for index in range(1, month + 1):
        changed = record.names[index] != record.names[index - 1] or record.statuses[index] != record.statuses[index - 1]
        if changed or record.first == index:
            moment = datetime(2026, 8 + index, 1 + rng.randrange(26), 10, rng.randrange(60), tzinfo=UTC)
    return moment


def registration(record: Record, kind: str) -> str:
    """A registration id in the party's habit of writing it; blank where the record has none."""
    if kind not in record.id_types:
        return ""
    number = record.company.ids[kind]
    if kind == "duns" and record.party == "us":
        return f"{number[:2]}-{number[2:5]}-{number[5:]}"
    if kind == "vat" and record.party == "rheinblick":
        return f"{number[:2]} {number[2:5]} {number[5:8]} {number[8:]}"
    if kind == "cik" and record.party != "us":
        return number.lstrip("0")
    return number


def german_number(value: int | None, decimals: bool = False) -> str:
    """1234567 as 1.234.567 or 1.234.567,00; blank for None."""
    if value is None:
        return ""
    return f"{value:,}".replace(",", ".") + (",00" if decimals else "")


def german(word: str) -> str:
    """A word of the contact lists in German."""
    return GERMAN_WORDS.get(word, word)


def blank(value: object) -> str:
    """Text of a value, blank for None."""
    return "" if value is None else str(value)


def due_date(record: Record, month: int, owner: str) -> date | None:
    """Contract renewal of a customer, within a year and a half."""
    if record.statuses[month] != "customer":
        return None
    return date(2026, 11, 1) + timedelta(days=record.rng(f"renewal/{owner}").randrange(500))


def salesforce_accounts(world: World, records: list[Record], month: int) -> tuple[list[str], list[list[str]]]:
    """Our accounts as the Salesforce Data Loader exports them: (header, rows)."""
    header = headers(world, "us_accounts")
    parent_of = {
        record.company.company: record.source_id for record in records if record.company.company == "valdrosana-group"
    }
    rows = []
    for record in records:
        rng = record.rng("account")
        status = record.statuses[month]
        is_partner = record.role == "partner_in_accounts"
        currency = currency_of(world, record)
        competitor = rng.choice(("", "", *COMPETITORS))
        in_play = status in ("open_opportunity", "prospect", "target")
        size = round((record.employees or 40) * rng.uniform(40, 160) / world.words["usd_per_unit"][currency], -2)
        churned_on = date(2025, 1, 10) + timedelta(days=rng.randrange(500))
        is_daughter = record.company.company == "valdrosana-seguros"
        owner = FORMULA if record.role == "formula_in_cell" else rng.choice(world.words["people"]["sellers"].split("|"))
        rows.append(
            [
                record.source_id,
                record.names[month],
                "Technology Partner" if is_partner else wording(world, record, "statuses", status),
                parent_of["valdrosana-group"] if is_daughter else "",
                "true" if is_partner else "false",
                record.website,
                record.company.phone if rng.random() < 0.6 else "",
                wording(world, record, "industries", record.company.industry),
                blank(record.employees),
                blank(revenue(world, record, currency)),
                currency,
                record.city,
                record.state,
                country_name(world, record),
                owner,
                rng.choice(("High", "Medium", "Medium", "Low")),
                rng.choice(("Ledger", "Flow", "Ledger; Flow")) if status == "customer" else "",
                competitor,
                rng.choice(("Strong", "Weak")) if competitor else "None",
                rng.choice(("Active need", "Upcoming budget", "Long-term")) if in_play else "",
                f"{size:.2f}" if in_play else "",
                blank(due_date(record, month, "us")),
                churned_on.isoformat() if status == "churned" else "",
                f"{size * 3.5:.2f}" if status in ("customer", "churned") else "",
                *(registration(record, kind) for kind in ("duns", "lei", "vat", "siret", "cik")),
                rng.choice(("Web", "Trade Show", "Partner Referral", "")),
                modified(record, month).strftime("%Y-%m-%dT%H:%M:%S.000+0000"),
            ]
        )
    return header, rows


def hubspot_accounts(world: World, records: list[Record], month: int) -> tuple[list[str], list[list[str]]]:
    """A HubSpot export of companies: (header, rows)."""
    rows = []
    for record in records:
        rng = record.rng("account")
        currency = currency_of(world, record)
        created = modified(record, 0) - timedelta(days=200)
        rows.append(
            [
                record.source_id,
                record.names[month],
                record.website,
                record.company.phone if rng.random() < 0.4 else "",
                wording(world, record, "industries", record.company.industry),
                blank(record.employees),
                blank(revenue(world, record, currency)),
                currency,
                country_name(world, record),
                record.state,
                record.city,
                rng.choice(("Camille Aubrac", "Ruben Stork", "Lotte Brink")),
                wording(world, record, "statuses", record.statuses[month]),
                "Grupo Valdrosana" if record.company.company == "valdrosana-seguros" else "",
                rng.choice(("Champion", "User", "Awareness", "")),
                rng.choice(("", "", "", *COMPETITORS)),
                *(registration(record, kind) for kind in ("lei", "duns", "vat", "siret", "cik")),
                created.strftime("%Y-%m-%d %H:%M"),
                modified(record, month).strftime("%Y-%m-%d %H:%M"),
            ]
        )
    return headers(world, "heliograph_accounts"), rows


def crossbeam_accounts(world: World, records: list[Record], month: int) -> tuple[list[str], list[list[str]]]:
    """A list in the manner of a Crossbeam export; one row stands in it twice, word for word: (header, rows)."""
    header = headers(world, "tidewell_accounts")
    rows = []
    for record in records:
        owner = record.rng("account").choice(("Holly Prentice", "Sam Okafor", "Ken Arakaki"))
        rows.append(
            [
                record.source_id,
                record.names[month],
                record.website,
                wording(world, record, "industries", record.company.industry),
                blank(record.employees),
                blank(revenue(world, record, "USD")),
                country_name(world, record),
                record.state,
                record.city,
                owner,
                owner.lower().replace(" ", ".") + "@tidewell.example",
                wording(world, record, "statuses", record.statuses[month]),
                registration(record, "duns"),
                modified(record, month).date().isoformat(),
            ]
        )
        if record.key == identical_row_key(world):
            rows.append(rows[-1])
    return header, rows


def identical_row_key(world: World) -> str:
    """The record of tidewell whose row is delivered twice: the first that only tidewell lists."""
    listed: dict[str, int] = defaultdict(int)
    for record in world.records:
        listed[record.company.company] += 1
    return next(
        record.key
        for record in world.records
        if record.party == "tidewell" and listed[record.company.company] == 1 and record.first == 0 and record.last == 2
    )


def plain_accounts(world: World, records: list[Record], month: int) -> tuple[list[str], list[list[Any]]]:
    """A plain spreadsheet's Accounts sheet with typed cells: (header, rows)."""
    header = headers(world, "kestrelworks_accounts")
    rows: list[list[Any]] = []
    for record in records:
        rng = record.rng("account")
        currency = currency_of(world, record)
        rows.append(
            [
                record.source_id,
                record.names[month],
                record.website or None,
                wording(world, record, "industries", record.company.industry),
                record.employees,
                revenue(world, record, currency),
                "£" if currency == "GBP" and rng.random() < 0.15 else currency,
                country_name(world, record),
                record.state or None,
                record.city,
                rng.choice(("Moira Tait", "Declan Foy")),
                wording(world, record, "statuses", record.statuses[month]),
                rng.choice(("Champion", "User", "Awareness", None)),
                due_date(record, month, "kestrelworks"),
                registration(record, "vat") or None,
                registration(record, "lei") or None,
                modified(record, month).date(),
                FORMULA if record.role == "formula_in_cell" else None,
            ]
        )
    return header, rows


def german_accounts(world: World, records: list[Record], month: int) -> tuple[list[str], list[list[str]]]:
    """A German customer list: (header, rows)."""
    header = headers(world, "rheinblick_accounts")
    rows = []
    for record in records:
        rng = record.rng("account")
        currency = currency_of(world, record)
        renewal = due_date(record, month, "rheinblick")
        rows.append(
            [
                record.source_id,
                record.names[month],
                record.website,
                record.company.phone if rng.random() < 0.5 else "",
                wording(world, record, "industries", record.company.industry),
                german_number(record.employees),
                german_number(revenue(world, record, currency), decimals=True),
                "€" if currency == "EUR" and rng.random() < 0.2 else currency,
                country_name(world, record),
                record.state,
                record.city,
                rng.choice(("Jörg Hässler", "Birte Weiß")),
                wording(world, record, "statuses", record.statuses[month]),
                registration(record, "vat"),
                german(rng.choice(("Champion", "User", "Awareness", ""))),
                renewal.strftime("%d.%m.%Y") if renewal else "",
                modified(record, month).strftime("%d.%m.%Y"),
                rng.choice(("", "", "", "Rückruf nötig; Größe prüfen")),
            ]
        )
    return header, rows


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
        ("Closed_On__c", pa.date32(), lambda deal: deal.closed if is_closed(deal, month) else None),
        (
            "Outcome__c",
            pa.string(),
            lambda deal: str(deal.stages[month]).split()[1] if is_closed(deal, month) else None,
        ),
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
