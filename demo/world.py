"""The invented world behind the demo: companies, what each party knows of them, and how that changes over three months.

Belongs here: what exists in it. Does not belong here: making it up (coining.py, building.py, activity.py),
how files are written (exports_of_parties.py, account_lists.py, formats.py), and anything of the
pipeline: the truth must come from this world alone.
"""

# ruff: noqa: S311 (the numbers are shares and ranges of an invented world, and its chance guards no secret)

from dataclasses import dataclass, field
from datetime import date
from random import Random
from typing import Any

SEED = "account-mapping demo 1"


@dataclass
class Person:
    """Somebody who works at a company."""

    given: str
    family: str
    title: str
    seniority: str
    function: str
    email: str


@dataclass
class Company:
    """One real-world company, whatever the parties call it."""

    company: str
    family: str
    country: str
    state: str
    city: str
    industry: str
    employees: int | None
    revenue_usd: int
    domain: str
    phone: str
    ids: dict[str, str]
    people: list[Person] = field(default_factory=list)


MONTHS = ("2026-08", "2026-09", "2026-10")
# How many of our deals at accounts that a partner lists too began after the first exchange of lists.
JOINT_SHARE = 0.5
STATUSES = ("customer", "open_opportunity", "prospect", "target", "churned", "none")  # in order of precedence
PARTNERS = ("heliograph", "tidewell", "kestrelworks", "rheinblick")
PARTIES = ("us", *PARTNERS)
PARTNER_NAMES = {
    "heliograph": "Heliograph Analytics",
    "tidewell": "Tidewell Systems",
    "kestrelworks": "Kestrelworks",
    "rheinblick": "Rheinblick Beratung",
}
LAST_DELIVERY = {party: 1 if party == "kestrelworks" else 2 for party in PARTIES}
"""Index into MONTHS of the last month a party delivered: kestrelworks is late in 2026-10."""

# Which parties list a background company, and how many companies there are of each kind.
LISTED_BY: tuple[tuple[tuple[str, ...], int], ...] = (
    (("us",), 66),
    (("heliograph",), 96),
    (("tidewell",), 100),
    (("kestrelworks",), 80),
    (("rheinblick",), 110),
    (("us", "heliograph"), 62),
    (("us", "tidewell"), 106),
    (("us", "kestrelworks"), 37),
    (("us", "rheinblick"), 40),
    (("us", "heliograph", "tidewell"), 14),
    (("us", "tidewell", "rheinblick"), 6),
    (("us", "heliograph", "kestrelworks"), 5),
    (("us", "heliograph", "tidewell", "kestrelworks", "rheinblick"), 3),
    (("heliograph", "tidewell"), 16),
    (("tidewell", "kestrelworks"), 10),
    (("heliograph", "rheinblick"), 8),
    (("kestrelworks",), 10),
)
# The first six are the six statuses, so that every pair of statuses comes up; the rest makes the common ones common.
STATUS_ROTATION = (*STATUSES, "customer", "prospect", "customer", "target")
EARLIER_STATUS = {
    "customer": "open_opportunity",
    "open_opportunity": "prospect",
    "prospect": "target",
    "target": "target",
    "churned": "customer",
    "none": "none",
}
"""Kinds of spelling a partner may use for a company, with how often each shall come up where it applies."""
"""Coined words of different companies are at least so many edits apart; closer pairs are scenarios, written by hand."""

"""Share of a party's accounts for which it names contacts; tidewell names none."""
"""What a partner calls somebody; the others it calls by their full given name."""


@dataclass
class Record:
    """One party's row about a company, over the months; the lists hold one entry per month of MONTHS."""

    party: str
    source_id: str
    company: Company
    role: str
    names: list[str]
    statuses: list[str]
    website: str
    country: str
    state: str
    city: str
    employees: int | None
    first: int = 0
    last: int = 2
    id_types: tuple[str, ...] = ()
    note: str = ""

    @property
    def key(self) -> str:
        """The record_key of the product: party and source id."""
        return f"{self.party}:{self.source_id}"

    @property
    def stands_in_last_list(self) -> bool:
        """Whether the record is in the list that counts in the last month (a late party's list is carried forward)."""
        return self.last >= LAST_DELIVERY[self.party]

    def rng(self, purpose: str) -> Random:
        """A generator of random numbers of this record's own, so that no record's values depend on another's."""
        return Random(f"{SEED}/{self.key}/{purpose}")


@dataclass
class Opportunity:
    """One deal of ours; stages hold one entry per month, None while it does not exist yet."""

    source_id: str
    record: Record
    name: str
    stages: list[str | None]
    amount_cents: int
    currency: str
    created: date
    lead: date
    expected_close: date
    closed: date | None
    our_role: str
    partner_role: str
    sourced_by: str
    influenced_by: str
    recorded: date | None
    owner: str


@dataclass
class Engagement:
    """One meeting, call or demo that we logged."""

    source_id: str
    record: Record
    held: date
    partner: str
    activity: str
    engagement_type: str
    participants: str
    outcome: str
    next_step: str
    owner: str


@dataclass
class Contact:
    """A person as one party's contact list knows them."""

    source_id: str
    record: Record
    person: Person
    written: Person
    """The person as the party writes it down; the partners' lists are not as tidy as ours."""
    relationship: str


@dataclass
class World:
    """Everything the exports are written from."""

    words: dict[str, Any]
    companies: list[Company]
    records: list[Record]
    opportunities: list[Opportunity]
    engagements: list[Engagement]
    contacts: list[Contact]
    roles: dict[str, str]
    """Scenario family -> role."""
    notes: dict[str, str]
    """Scenario family -> what the evidence is."""
