"""The accounts export of each source system: Salesforce, HubSpot, Crossbeam, plain sheets.

Belongs here: columns and wording of each system. Does not belong here: which files there are (exports_of_parties.py).
"""
# ruff: noqa: PLR2004 (the numbers are shares and ranges of an invented world)

from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from typing import Any

from demo.formats import FORMULA, blank
from demo.world import Record, World

VOCABULARY = {
    "us": "salesforce",
    "heliograph": "hubspot",
    "tidewell": "crossbeam",
    "kestrelworks": "english",
    "rheinblick": "german",
}
COUNTRY_COLUMN = {"salesforce": 0, "hubspot": 0, "crossbeam": 1, "english": 2, "german": 3}
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
