"""What parties deliver in tests: a landing folder of its own, lists put into a workspace, three months with a story.

Belongs here: writing lists and loading them. Does not belong here: what dbt makes of them (workspaces.py), and anything
that asserts what the product does.
"""

import csv
import io
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.ingestion.landing import LandingSummary, land_month
from orchestration.ingestion.snapshots import Limits
from orchestration.settings import Settings
from tests.workspaces import MONTH, SEEDS, Workspace

# --- a landing folder, and what comes of it in the raw tables -------------------------------------------------------

PARTIES = """party_id,name,status,signed_on,nda_signed_on,source_system,date_order,decimal_mark,default_currency
us,We,us,,,,,,USD
acme,Acme,signed,2026-01-01,2026-01-01,,,,
german,German,signed,2026-01-01,2026-01-01,plain,dmy,",",EUR
nonda,No NDA,candidate,,,,,,
late,Late NDA,candidate,,2026-11-01,,,,
"""

HEADER_LINE = "Account ID,Account Name,Website,Employees,Annual Revenue,Last Modified\n"


class LandingFolder:
    """A landing folder, seeds and a warehouse in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.exports = folder / "exports"
        self.seeds = folder / "seeds"
        self.warehouse = folder / "warehouse.duckdb"
        self.exports.mkdir()
        (self.seeds / "company").mkdir(parents=True)
        (self.seeds / "company" / "partners.csv").write_text(PARTIES, encoding="utf-8")

    def put(self, name: str, content: str | bytes, party: str = "acme", month: str = "2026-10") -> Path:
        """Deliver a file."""
        path = self.exports / party / month / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def land(self, month: date = MONTH, limits: Limits | None = None, on: date = date(2026, 11, 2)) -> LandingSummary:
        """Load a month; nobody is writing to the files that a test has put there."""
        at = datetime(on.year, on.month, on.day, 6, tzinfo=UTC)
        return land_month(
            self.warehouse, self.exports, self.seeds, month, "run-1", at, self.folder / "results",
            limits or Limits(quiet_seconds=0),
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


def archive(parts: dict[str, bytes]) -> bytes:
    """Make a zip file."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in parts.items():
            made.writestr(name, content)
    return stream.getvalue()


# --- lists in a workspace ------------------------------------------------------------------------------------------

DECISION = ("Left record", "Right record", "Answer", "Comment", "Decided by", "Decided on", "Fingerprint")


def deliver(exports: Path, party: str, month: str, name: str, rows: list[tuple[str, ...]]) -> None:
    folder = exports / party / month
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def land(given: Workspace, month: str) -> None:
    """Load a month as the job does."""
    settings = given.settings
    first_day = date.fromisoformat(f"{month}-01")
    loaded_at = datetime(2026, 12, 1, tzinfo=UTC)
    results = settings.validations
    land_month(settings.warehouse, settings.exports, settings.seeds, first_day, "by hand", loaded_at, results)


def land_into(settings: Settings, month: date = MONTH) -> None:
    """Load a month of a workspace's own landing folder."""
    settings.var.mkdir(exist_ok=True)
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    land_month(settings.warehouse, settings.exports, settings.seeds, month, "run-1", moment, settings.validations)


# Three months of two parties in which accounts merge, split, leave and come back.
HEADER = ("Account ID", "Account Name", "Website", "Country", "City")
ZELWERK = ("Zelwerk Maschinenbau GmbH", "zelwerk.de", "DE", "Ulm")
ORBITEL = ("Orbitel Networks Inc", "orbitel.com", "US", "Austin")
QUANDARY = ("Quandary Foods Ltd", "quandaryfoods.co.uk", "GB", "Leeds")
PELLWICK = ("Pellwick Paper AB", "pellwick.se", "SE", "Lund")
HARTUNO = ("Hartuno Textiles SpA", "hartuno.it", "IT", "Prato")
VESPRIL = ("Vespril Marine BV", "vespril.nl", "NL", "Breda")
MOLKERRY = ("Molkerry Dairy DAC", "molkerry.ie", "IE", "Cork")
STRANGER = ("Umbrovia Logistics SA", "", "ES", "Vigo")

Lists = dict[str, dict[str, tuple[str, ...]]]

# Of each party, the number of a record and what it says.
ZELWERK_ALONE: Lists = {"us": {"1": ZELWERK}}
LASTING: Lists = {
    "us": {"2": ORBITEL, "3": QUANDARY, "33": QUANDARY, "4": PELLWICK, "5": HARTUNO},
    "alpha": {"2": ORBITEL, "3": QUANDARY, "33": QUANDARY, "4": PELLWICK},
}
AUGUST: Lists = {"us": {"6": VESPRIL, "7": MOLKERRY}, "alpha": {"5": STRANGER}}
SEPTEMBER: Lists = {"alpha": {"5": HARTUNO}}
OCTOBER: Lists = {"us": {"7": MOLKERRY}, "alpha": {"5": HARTUNO}}

# Pairs of the same number, of which people decide in the meantime; no record of them is one of the story of keys.
US_ASKED: dict[str, tuple[str, ...]] = {
    "51": ("Brakstone Valves GmbH", "brakstone.de", "DE", "Ulm"),
    "52": ("Lumivant Optics Inc", "lumivant.com", "US", "Austin"),
    "53": ("Tarrowby Spices Ltd", "tarrowby.co.uk", "GB", "Leeds"),
    "54": ("Skogvik Timber AB", "skogvik.se", "SE", "Lund"),
}
ALPHA_ASKED: dict[str, tuple[str, ...]] = {
    "51": ("Brakstone Valves", "brakstone.de", "DE", "Ulm"),
    "52": ("Lumivant Optics", "lumivant.com", "US", "Austin"),
    "53": ("Tarrowby Spices", "tarrowby.co.uk", "GB", "Leeds"),
    "54": ("Skogvik Timber", "skogvik.se", "SE", "Lund"),
}
ASKED: Lists = {"us": US_ASKED, "alpha": ALPHA_ASKED}
ASKED_AND_MOVED: Lists = {"us": US_ASKED, "alpha": {**ALPHA_ASKED, "53": ("Tarrowby Spices", "", "GB", "York")}}

# Companies of which people have decided, while their records go, come back, are merged or exchanged.
GLIMMERFELL = ("Glimmerfell Brewing Ltd", "glimmerfell.co.uk", "GB", "Leeds")
WENDLOCK = ("Wendlock Saddles Ltd", "", "GB", "York")
WENDLOCK_OF_BATH = ("Wendlock Saddles Ltd", "", "GB", "Bath")
HOLLINKILN = ("Hollinkiln Works GmbH", "hollinkiln.de", "DE", "Kiel")
KESTERMOOR = ("Kestermoor Ceramics", "kestermoor.com", "DE", "Kiel")
KESTERMOOR_RENAMED = ("Wendelstein Tiles", "kestermoor.com", "DE", "Kiel")
CASINO = ("Lucky Seven Casino", "luckyseven.com", "MT", "Valletta")
ARBOUR = ("Arbour & Finch Ltd", "arbourfinch.co.uk", "GB", "Hull")
SELKIRK = ("Selkirk Looms", "selkirklooms.com", "GB", "Perth")
TWEEDSIDE = ("Tweedside Fabrics", "tweedside.com", "GB", "Perth")
PENTLOW = ("Pentlow Quarries", "pentlow.com", "GB", "Bath")
ISENBECK = ("Isenbeck Cranes AG", "isenbeck.ch", "CH", "Chur")
VINTRY = ("Vintry Seeds Ltd", "vintryseeds.com", "GB", "Ely")
THORNMERE = ("Thornmere Analytics", "", "GB", "Ely")
THORNMERE_ALIKE = ("Thornmere Analytics Japan", "", "GB", "Ely")
MERGED_HEADER = (*HEADER, "Merged IDs")
MERGED = [
    ("65", "Arbour Finch Group", "arbourgroup.com", "GB", "Hull", "64"),
    ("67", "Selkirk Textile Holding", "selkirktextile.com", "GB", "Perth", "66"),
    ("69", "Pentlow Stone", "pentlowstone.com", "GB", "Bath", "68"),
]
# A month later these are merged again, and their lists say so of the last step alone.
MERGED_AGAIN = [
    ("650", "Arbour Finch Group", "arbourgroup.com", "GB", "Hull", "65"),
    ("670", "Selkirk Textile Holding", "selkirktextile.com", "GB", "Perth", "67"),
    ("690", "Pentlow Stone", "pentlowstone.com", "GB", "Bath", "69"),
]
EXCLUDED = {"excluded_by": "Legal", "since": "2026-08-01"}
COMPANY_SEEDS = {
    **SEEDS,
    "exclusions": [
        EXCLUDED | {"exclusion_id": "X68", "record_key": "us:68", "reason": "their trustees asked"},
        EXCLUDED | {"exclusion_id": "X75", "record_key": "us:75", "reason": "a public tender"},
        EXCLUDED | {"exclusion_id": "X71", "record_key": "us:71", "reason": "forbidden by contract"},
    ],
    "match_decisions": [
        {
            "left_record_key": "alpha:0072", "right_record_key": "us:001Fh00000ulkhZ", "decision": "reject",
            "decided_by": "Ada", "decided_on": "2026-08-10", "reason": "knows them",
        }
    ],
}  # fmt: skip
JUDGED: Lists = {
    "us": {"61": GLIMMERFELL, "62": WENDLOCK, "63": HOLLINKILN, "001Fh00000ulkhZIAQ": ISENBECK, "71": THORNMERE},
    "alpha": {"72": ISENBECK, "64": ARBOUR, "66": TWEEDSIDE, "71": THORNMERE_ALIKE},
}
JUDGED_IN_AUGUST: Lists = {
    "us": {"64": ARBOUR, "66": SELKIRK, "68": PENTLOW, "75": VINTRY},
    "alpha": {"61": GLIMMERFELL, "62": WENDLOCK, "63": KESTERMOOR},
}
JUDGED_LATER: Lists = {
    "us": {"751": VINTRY},
    "alpha": {"611": GLIMMERFELL, "62": WENDLOCK, "621": WENDLOCK, "622": WENDLOCK_OF_BATH},
}

# Records that keep their ids while what they say changes: ours step by step and at once, a partner's in name, in
# domain, and step by step.
CORVANE = ("Corvane Plastics SA", "corvane.es", "ES", "Vigo")
POLIDURA = ("Polidura Molding SA", "corvane.es", "ES", "Vigo")
POLIDURA_MOVED = ("Polidura Molding SA", "polidura.es", "ES", "Vigo")
MARLOWE = ("Marlowe Tin Ltd", "marlowetin.co.uk", "GB", "Truro")
CASTELLAN = ("Castellan Metals Ltd", "castellan.co.uk", "GB", "Truro")
QUILLANE = ("Quillane Dairy Ltd", "quillane.ie", "IE", "Cork")
FERNHOLLOW = ("Fernhollow Foods Ltd", "quillane.ie", "IE", "Cork")
OSTRAVA = ("Ostrava Gears AS", "ostravagears.cz", "CZ", "Brno")
OSTRAVA_MOVED = ("Ostrava Gears AS", "ogears.eu", "CZ", "Brno")
ROTHESAY = ("Rothesay Ferries Ltd", "rothesayferries.co.uk", "GB", "Ayr")
ROTHESAY_STEP = ("Golden Wheel Casino", "rothesayferries.co.uk", "GB", "Ayr")
ROTHESAY_GONE = ("Golden Wheel Casino", "goldenwheel.com", "GB", "Ayr")
RENAMED: list[Lists] = [
    {
        "us": {"81": ours, "82": at_once, "83": (QUILLANE[0], "", *QUILLANE[2:]), "84": OSTRAVA, "85": ROTHESAY},
        "alpha": {
            "81": (CORVANE[0], "", *CORVANE[2:]),
            "82": MARLOWE,
            "83": theirs,
            "84": moved,
            "85": by_steps,
        },
    }
    for ours, at_once, theirs, moved, by_steps in (
        (CORVANE, MARLOWE, QUILLANE, OSTRAVA, ROTHESAY),
        (POLIDURA, MARLOWE, FERNHOLLOW, OSTRAVA_MOVED, ROTHESAY_STEP),
        (POLIDURA_MOVED, CASTELLAN, FERNHOLLOW, OSTRAVA_MOVED, ROTHESAY_GONE),
    )
]
