"""The invented world behind the demo: companies, what each party knows of them, and how that changes over three months.

Belongs here: who exists, who lists whom under which spelling and status, registration ids, people, deals, engagements.
Does not belong here: file formats, headers and the wording of a system (exports_of_parties.py), and anything of the
pipeline: the truth must come from this world alone.
"""

# ruff: noqa: PLR2004, S311 (the numbers are shares and ranges of an invented world, and its chance guards no secret)

import csv
import hashlib
import tomllib
from collections import defaultdict
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import stdnum.at.uid
import stdnum.de.vat
import stdnum.es.nif
import stdnum.fr.siret
import stdnum.fr.tva
import stdnum.gb.vat
import stdnum.it.iva
from anyascii import anyascii
from rapidfuzz.distance import Levenshtein
from stdnum import luhn
from stdnum.iso7064 import mod_97_10

SEED = "account-mapping demo 1"
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
SPELLINGS = {
    "as_listed": 5,
    "legal_form_missing": 5,
    "legal_form_differs": 3,
    "upper_case": 2,
    "typo": 2,
    "abbreviation": 2,
    "ampersand": 2,
    "glued_words": 2,
    "word_order": 2,
    "accents_dropped": 2,
    "transliteration": 9,
    "domain_with_different_names": 1,
}
"""Kinds of spelling a partner may use for a company, with how often each shall come up where it applies."""
WITHOUT_LEGAL_FORM = frozenset({"public_sector", "education"})
WORDS_REORDERED_IN = frozenset({"german", "french", "iberian", "italian"})
# Languages whose spellings only a website or an id can join: the characters do not give away how a name sounds.
UNREADABLE_WITHOUT_DOMAIN = frozenset({"chinese", "japanese", "arabic"})
MINIMUM_STEM_DISTANCE = 3
"""Coined words of different companies are at least so many edits apart; closer pairs are scenarios, written by hand."""

VAT_TEMPLATES: dict[str, tuple[str, Any]] = {
    "AT": ("ATU########", stdnum.at.uid),
    "DE": ("DE#########", stdnum.de.vat),
    "ES": ("ESB########", stdnum.es.nif),
    "FR": ("FR###########", stdnum.fr.tva),
    "GB": ("GB#########", stdnum.gb.vat),
    "IT": ("IT###########", stdnum.it.iva),
}
ID_COLUMNS = {
    "us": ("lei", "duns", "vat", "siret", "cik"),
    "heliograph": ("lei", "duns", "vat", "siret", "cik"),
    "tidewell": ("duns",),
    "kestrelworks": ("lei", "vat"),
    "rheinblick": ("vat",),
}
PEOPLE_OF = {"us": 0.36, "heliograph": 0.3, "kestrelworks": 0.35, "rheinblick": 0.25}
"""Share of a party's accounts for which it names contacts; tidewell names none."""
SHORT_NAMES = {
    "Anna": "Annie", "Daniel": "Dan", "Elena": "Lena", "Marcus": "Marc", "Matteo": "Teo", "Oskar": "Ossi",
    "Samuel": "Sam", "Sofia": "Sofie", "Viktor": "Vik",
}  # fmt: skip
"""What a partner calls somebody; the others it calls by their full given name."""
DEMO_FOLDER = Path(__file__).parent


def load_words() -> dict[str, Any]:
    """Read words.toml, the vocabulary of names, places and delivered values."""
    with (DEMO_FOLDER / "words.toml").open("rb") as handle:
        return tomllib.load(handle)


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


def digest(text: str) -> int:
    """A number that depends on the text alone, the same on every machine."""
    return int.from_bytes(hashlib.sha256(f"{SEED}/{text}".encode()).digest()[:12], "big")


def salesforce_id(prefix: str, text: str) -> str:
    """An 18-character Salesforce id: 15 case-sensitive characters and 3 that make it safe without case.

    Each of the last three encodes, for five characters, which of them are upper case (Salesforce's published scheme).
    """
    alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    number = digest(text)
    body = prefix + "Fh00000"
    while len(body) < 15:
        number, remainder = divmod(number, len(alphabet))
        body += alphabet[remainder]
    suffix = ""
    for start in (0, 5, 10):
        bits = sum(1 << offset for offset, letter in enumerate(body[start : start + 5]) if letter.isupper())
        suffix += "ABCDEFGHIJKLMNOPQRSTUVWXYZ012345"[bits]
    return body + suffix


def source_id(party: str, text: str) -> str:
    """The id under which a party's system knows an account, contact or activity."""
    number = digest(f"{party}/{text}")
    if party == "us":
        return salesforce_id("001", text)
    if party == "heliograph":
        return str(20_000_000_000 + number % 9_999_999_999)
    if party == "tidewell":
        return f"xb-{number % 16**9:09x}"
    if party == "kestrelworks":
        return f"KW-{number % 10**6:06d}"
    return f"{number % 10**6:08d}"  # rheinblick: eight digits, leading zeros included


def entries(text: str) -> list[tuple[str, str]]:
    """Split 'native=latin' words at | or blanks; a word without = stands for both."""
    parts = text.split("|") if "|" in text else text.split()
    return [(native, latin or native) for native, _, latin in (part.partition("=") for part in parts)]


def options(text: str) -> list[tuple[str, str]]:
    """Split 'native=latin|native=latin' where the words may hold blanks."""
    return [(native, latin or native) for native, _, latin in (part.partition("=") for part in text.split("|"))]


def ascii_slug(text: str) -> str:
    """Lower-case ASCII letters and digits of a text, as a web domain would spell it."""
    return "".join(letter for letter in anyascii(text).lower() if letter.isalnum())


def registration_ids(company: str, country: str) -> dict[str, str]:
    """All registration ids that a company of this country could have, with valid check digits.

    LEI: ISO 17442, ISO 7064 mod 97-10; VAT and SIRET: python-stdnum's rules of the country; DUNS: nine digits, with the
    mod-10 digit that was in use until 2006; CIK: ten digits, no check digit.
    """
    rng = Random(f"{SEED}/ids/{company}")
    lei_body = "9845" + "00" + "".join(rng.choice("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ") for _ in range(12))
    duns_body = "55" + "".join(rng.choice("0123456789") for _ in range(6))
    ids = {
        "lei": lei_body + mod_97_10.calc_check_digits(lei_body),
        "duns": duns_body + luhn.calc_check_digit(duns_body),
        "cik": f"0009{rng.randrange(10**6):06d}",
    }
    if country == "FR":
        siren_body = "9" + "".join(rng.choice("0123456789") for _ in range(7))
        siret_body = siren_body + luhn.calc_check_digit(siren_body) + "0001"
        ids["siret"] = siret_body + luhn.calc_check_digit(siret_body)
    if country in VAT_TEMPLATES:
        template, checker = VAT_TEMPLATES[country]
        while "vat" not in ids:
            candidate = "".join(rng.choice("0123456789") if mark == "#" else mark for mark in template)
            if checker.is_valid(candidate):
                ids["vat"] = candidate
    return ids


class Coiner:
    """Makes companies with names that nobody else in the demo has."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.words = words
        self.stems: list[str] = []

    def reserve(self, names: list[str]) -> None:
        """Keep coined words away from every word of the scenarios' names."""
        self.stems.extend(word for name in names for word in anyascii(name).lower().split() if len(word) > 5)

    def stem(self, language: str, rng: Random) -> tuple[str, str]:
        """A coined word (native, latin) at a distance from all others."""
        vocabulary = self.words["languages"][language]
        pairs = list(product(entries(vocabulary["first"]), entries(vocabulary["second"])))
        while True:
            first, second = rng.choice(pairs)
            joint = " " if language == "arabic" else ""
            native = first[0] + joint + second[0]
            latin = first[1] + joint + second[1].replace("_", " ")
            plain = anyascii(latin).lower()
            if plain in self.stems:
                continue
            near = MINIMUM_STEM_DISTANCE if language in ("english", "german", "iberian", "french") else 2
            if all(Levenshtein.distance(plain, other, score_cutoff=near - 1) >= near for other in self.stems):
                self.stems.append(plain)
                return native, latin

    def company(self, number: int, country: str, rng: Random) -> tuple[Company, dict[str, str]]:
        """Coin a company and the parts of its name.

        Returns:
            The company, and its name's parts: native, latin (stem and descriptor), stem, descriptor, form, native_form
            and language.
        """
        place = self.words["countries"][country]
        language = place["language"]
        descriptors = self.words["descriptors"][language]
        industry = rng.choice(sorted(descriptors))
        native_stem, stem = self.stem(language, rng)
        native_word, word = rng.choice(options(descriptors[industry]))
        native_form, form = rng.choice(options(place["forms"]))
        if industry in WITHOUT_LEGAL_FORM:
            native_form = form = ""
        city, _, state = rng.choice(place["cities"].split("|")).partition(",")
        employees = round(10 ** rng.uniform(1.3, 3.9))
        revenue = self.words["industries"][industry]["revenue_per_head"] * employees * rng.uniform(0.7, 1.3)
        first_word = word.split()[0]
        domain = ""
        if language in UNREADABLE_WITHOUT_DOMAIN or rng.random() < 0.78:
            domain = f"{ascii_slug(stem + first_word)}.{place['tld']}"
        name = f"company-{number:04d}-{ascii_slug(stem)}"
        company = Company(
            company=name,
            family="",
            country=country,
            state=state,
            city=city,
            industry=industry,
            employees=employees,
            revenue_usd=round(revenue, -4) or 10_000,
            domain=domain,
            phone=phone_number(place["phone"], rng),
            ids=registration_ids(name, country),
        )
        tight = language in ("japanese", "chinese")
        parts = {
            "native": native_stem + ("" if tight else " ") + native_word,
            "latin": f"{stem} {word}",
            "stem": stem,
            "descriptor": word,
            "form": form,
            "native_form": native_form,
            "language": language,
        }
        return company, parts


def phone_number(prefix: str, rng: Random) -> str:
    """A telephone number in a range that no real subscriber has, as far as a country keeps one."""
    digits = "".join(rng.choice("0123456789") for _ in range(4))
    return f"{prefix}-01{digits[:2]}" if prefix == "+1 555" else f"{prefix} {digits}"


def full_name(parts: dict[str, str]) -> str:
    """The name as the company itself writes it, legal form included."""
    native, form, language = parts["native"], parts["native_form"], parts["language"]
    if language in ("japanese", "korean"):
        return f"{form}{' ' if language == 'korean' else ''}{native}"
    if language == "chinese":
        return native + form
    if language == "arabic":
        return f"شركة {native} {form}"
    if form == "ТОВ":
        return f"{form} {native}"
    return f"{native} {form}".strip()


def respell(spelling: str, parts: dict[str, str], words: dict[str, Any]) -> str | None:
    """Another spelling of a company's name, or None where this kind of spelling does not apply to it."""
    latin, form = parts["latin"], parts["form"]
    legal = f"{latin} {form}".strip()
    if parts["native"] != latin:
        return legal if spelling == "transliteration" else None
    other_form = dict(options(words["spellings"]["other_forms"])).get(form)
    whole_names = {
        "as_listed": legal,
        "legal_form_missing": latin if form else None,
        "legal_form_differs": f"{latin} {other_form}" if other_form else None,
        "upper_case": legal.upper(),
        "typo": f"{misspell(parts['stem'])} {parts['descriptor']} {form}".strip(),
    }
    if spelling in whole_names:
        return whole_names[spelling]
    result = respell_words(spelling, parts, words)
    return result if result != latin else None


def respell_words(spelling: str, parts: dict[str, str], words: dict[str, Any]) -> str:
    """The name without legal form, its words shortened, joined or reordered; unchanged where that does not apply."""
    latin, stem, word = parts["latin"], parts["stem"], parts["descriptor"]
    if spelling == "abbreviation":
        short = dict(options(words["spellings"]["abbreviations"]))
        return " ".join(short.get(token, token) for token in latin.split())
    if spelling == "ampersand":
        result = latin.replace(" & ", " and ")
        for conjunction in (" and ", " und ", " et ", " en "):
            result = result if result != latin else latin.replace(conjunction, " & ")
        return result
    if spelling == "word_order" and parts["language"] in WORDS_REORDERED_IN:
        return f"{word} {stem}"
    if spelling == "glued_words" and " " not in word:
        return f"{stem}{word}"
    return anyascii(latin) if spelling == "accents_dropped" else latin


def misspell(word: str) -> str:
    """One slip of the keyboard inside a word: two letters swapped, one lost or one doubled."""
    rng = Random(f"{SEED}/slip/{word}")
    at = rng.randrange(2, len(word) - 2)
    slip = rng.randrange(3)
    if slip == 0 and word[at] != word[at + 1]:
        return word[:at] + word[at + 1] + word[at] + word[at + 2 :]
    if slip == 1:
        return word[:at] + word[at + 1 :]
    return word[:at] + word[at] + word[at:]


def website_of(domain: str, rng: Random) -> str:
    """A domain as people type websites."""
    if not domain:
        return ""
    return rng.choice((domain, f"https://www.{domain}", f"https://{domain}", f"http://www.{domain}/", f"www.{domain}"))


def people_of(company: Company, words: dict[str, Any]) -> list[Person]:
    """Three people of a company, the same whoever lists them; without a domain they have no e-mail address."""
    rng = Random(f"{SEED}/people/{company.company}")
    given, family = words["people"]["given"].split(), words["people"]["family"].split()
    people = []
    for seniority in rng.sample(("C-Level", "VP", "Director", "Manager", "Individual Contributor"), 3):
        function = rng.choice(
            ("IT", "Finance", "Operations", "Marketing", "Sales", "Procurement", "Engineering", "Data")
        )
        title = {
            "C-Level": f"Chief {function} Officer",
            "VP": f"Vice President {function}",
            "Director": f"Director of {function}",
            "Manager": f"{function} Manager",
            "Individual Contributor": f"{function} Specialist",
        }[seniority]
        first, last = rng.choice(given), rng.choice(family)
        email = f"{ascii_slug(first)}.{ascii_slug(last)}@{company.domain}" if company.domain else ""
        people.append(Person(first, last, title, seniority, function, email))
    return people


def status_path(final: str, last: int, rng: Random) -> list[str]:
    """Statuses of the months up to a record's last one: most stay, some have moved one step along the funnel."""
    path = [final] * 3
    if rng.random() < 0.2:
        moved_in = rng.randrange(1, last + 1) if last else 0
        path[:moved_in] = [EARLIER_STATUS[final]] * moved_in
    return path


def scenario_records(words: dict[str, Any]) -> tuple[list[Record], dict[str, str], dict[str, str]]:
    """The records of scenarios.csv, written by hand: each family of companies shows one difficulty.

    Blank country, city, industry and employees repeat the company's first row; name and status may hold one value per
    month.

    Returns:
        The records, the role of each family, and the note of each family.
    """
    companies: dict[str, Company] = {}
    counts: dict[str, int] = defaultdict(int)
    records: list[Record] = []
    roles: dict[str, str] = {}
    notes: dict[str, str] = {}
    with (DEMO_FOLDER / "scenarios.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for row in rows:
        key = row["company"]
        roles[row["family"]] = row["role"]
        notes[row["family"]] = notes.get(row["family"]) or row["note"]
        if key not in companies:
            rng = Random(f"{SEED}/scenario/{key}")
            head = int(row["employees"]) if row["employees"] else None
            per_head = words["industries"][row["industry"]]["revenue_per_head"]
            companies[key] = Company(
                company=key,
                family=row["family"],
                country=row["country"],
                state=row["state"],
                city=row["city"],
                industry=row["industry"],
                employees=head,
                revenue_usd=round(per_head * (head or 50), -4),
                domain=own_domain(row["website"]),
                phone=phone_number(words["countries"][row["country"]]["phone"], rng),
                ids=registration_ids(key, row["country"]),
            )
        company = companies[key]
        counts[row["party_id"] + "/" + key] += 1
        names = row["name"].split("|")
        statuses = row["status"].split(">")
        records.append(
            Record(
                party=row["party_id"],
                source_id=source_id(row["party_id"], f"{key}/{counts[row['party_id'] + '/' + key]}"),
                company=company,
                role=row["role"],
                names=names if len(names) > 1 else names * 3,
                statuses=statuses if len(statuses) > 1 else statuses * 3,
                website=row["website"],
                country=row["country"] or company.country,
                state=row["state"] or company.state,
                city=row["city"] or company.city,
                employees=int(row["employees"]) if row["employees"] else company.employees,
                last=LAST_DELIVERY[row["party_id"]],
                id_types=tuple(row["ids"].split()),
                note=row["note"],
            )
        )
    return records, roles, notes


def own_domain(website: str) -> str:
    """The domain that a scenario company's people have in their e-mail; blank where the website is not its own."""
    host = website.lower().split("//")[-1].split("/")[0].removeprefix("www.")
    foreign = ("web.de", "gmail.com", "wixsite.com", "facebook.com", "google.com", "pixelhafener-studio.de")
    return "" if host.endswith(foreign) else host


class StatusDealer:
    """Deals statuses so that for every partner each status of ours meets each status of theirs."""

    def __init__(self) -> None:
        self.ours = 0
        self.theirs: dict[tuple[str, str], int] = defaultdict(int)

    def deal(self, parties: tuple[str, ...], rng: Random) -> dict[str, str]:
        """The last month's status of a company in each party's list."""
        if "us" not in parties or len(parties) == 1:
            return {party: rng.choice(STATUS_ROTATION) for party in parties}
        ours = STATUS_ROTATION[self.ours % len(STATUS_ROTATION)]
        self.ours += 1
        dealt = {"us": ours}
        for party in parties[1:]:
            turn = self.theirs[party, ours]
            self.theirs[party, ours] += 1
            dealt[party] = STATUS_ROTATION[turn % len(STATUS_ROTATION)]
        return dealt


def background_records(words: dict[str, Any], taken: list[str]) -> list[Record]:
    """The companies that fill the lists: alone in one list, or in several under one of the SPELLINGS."""
    coiner = Coiner(words)
    coiner.reserve(taken)
    dealer = StatusDealer()
    records: list[Record] = []
    speller = Speller(words)
    number = 0
    for parties, count in LISTED_BY:
        market = words["markets"][parties[-1]]
        countries = [(code, int(weight)) for code, weight in entries(market)]
        for _ in range(count):
            number += 1
            rng = Random(f"{SEED}/background/{number}")
            country = rng.choices([c for c, _ in countries], [w for _, w in countries])[0]
            company, parts = coiner.company(number, country, rng)
            dealt = dealer.deal(parties, rng)
            for position, party in enumerate(parties):
                name, role = full_name(parts), "as_listed"
                if position:
                    role, name = speller.spell(party, parts, company)
                records.append(
                    background_record(
                        party,
                        company,
                        role=role,
                        name=name,
                        status=dealt[party],
                        is_shared=len(parties) > 1,
                        rng=rng,
                    )
                )
    return records


class Speller:
    """Deals kinds of spelling in the proportions of SPELLINGS, as far as they apply."""

    def __init__(self, words: dict[str, Any]) -> None:
        self.words = words
        self.trading_names = words["spellings"]["trading_names"].split("|")
        self.used = dict.fromkeys(SPELLINGS, 0)

    def spell(self, party: str, parts: dict[str, str], company: Company) -> tuple[str, str]:
        """How a party writes a company that another party lists under its full name.

        Returns:
            The kind of spelling, and the name.
        """
        for spelling in sorted(SPELLINGS, key=lambda kind: (self.used[kind] / SPELLINGS[kind], kind)):
            if spelling == "domain_with_different_names":
                applies = bool(company.domain and self.trading_names) and party != "rheinblick"
                name = self.trading_names.pop(0) if applies else None
            else:
                name = respell(spelling, parts, self.words)
            if name:
                self.used[spelling] += 1
                return spelling, name
        message = f"no spelling applies to {parts}"
        raise ValueError(message)


def background_record(
    party: str, company: Company, *, role: str, name: str, status: str, is_shared: bool, rng: Random
) -> Record:
    """One party's record of a background company: what it knows, and in which months."""
    last = LAST_DELIVERY[party]
    draw = rng.random()
    first = 0 if draw > 0.13 else min(last, 1 if draw > 0.06 else 2)
    leaves = not is_shared and first == 0 and rng.random() < 0.05
    needs_website = role in ("domain_with_different_names", "transliteration")
    shows_website = needs_website or party == "us" or rng.random() < 0.72
    id_types = tuple(
        kind
        for kind in ID_COLUMNS[party]
        if kind in company.ids and kind not in ("cik", "siret") and Random(f"{company.company}/{kind}").random() < 0.22
    )
    return Record(
        party=party,
        source_id=source_id(party, f"{company.company}/1"),
        company=company,
        role=role,
        names=[name] * 3,
        statuses=status_path(status, last, rng),
        website=website_of(company.domain, rng) if shows_website else "",
        country=company.country,
        state=company.state,
        city=company.city,
        employees=round(company.employees * rng.uniform(0.92, 1.08)) if company.employees else None,
        first=first,
        last=rng.randrange(last) if leaves else last,
        id_types=id_types,
    )


def opportunities_of(
    records: list[Record], words: dict[str, Any], partners_of: dict[str, list[str]]
) -> list[Opportunity]:
    """Our deals: open ones where an account's status says so, won ones at customers, lost ones at some prospects."""
    sellers = words["people"]["sellers"].split("|")
    open_stages = ("Qualification", "Needs Analysis", "Value Proposition", "Proposal/Price Quote", "Negotiation/Review")
    subjects = ("Platform", "Expansion", "Renewal", "Pilot", "Data Quality")
    deals = []
    for record in records:
        rng = record.rng("opportunity")
        final = record.statuses[record.last]
        share = {"open_opportunity": 1.0, "customer": 0.42, "churned": 0.15, "prospect": 0.12}.get(final, 0.0)
        if not record.stands_in_last_list or rng.random() >= share:
            continue
        created = date(2026, 1, 12) + timedelta(days=rng.randrange(150))
        stages: list[str | None] = []
        at = rng.randrange(3)
        for status in record.statuses:
            if status == "customer":
                stages.append("Closed Won")
            elif status == "churned":
                stages.append("Closed Lost")
            elif status == "open_opportunity":
                stages.append(open_stages[min(at, 4)])
                at += 1
            else:
                stages.append("Closed Lost" if final == "prospect" else "Prospecting")
        closed: date | None = None
        if str(stages[2]).startswith("Closed"):
            months_closed = [index for index, stage in enumerate(stages) if str(stage).startswith("Closed")]
            closed = date(2026, 8 + months_closed[0], 1 + rng.randrange(25)) if months_closed[0] else None
            closed = closed or created + timedelta(days=30 + rng.randrange(40))
        partners = partners_of.get(record.company.company, [])
        chance = record.rng("opportunity/began")
        if partners and chance.random() < JOINT_SHARE:
            # begun when the lists had been exchanged, so that a partner can have a part in it
            created = date(2026, 8, 3) + timedelta(days=chance.randrange(30 if closed else 78))
            if closed:
                closed = created + timedelta(days=chance.randrange(20, 55))
                stages = [
                    stages[2] if f"{closed:%Y-%m}" <= f"2026-{8 + month:02}" else open_stages[2 + month]
                    for month in range(3)
                ]
        sourced = influenced = ""
        recorded = None
        if partners and rng.random() < 0.55:
            partner = PARTNER_NAMES[rng.choice(partners)]
            recorded = created - timedelta(days=rng.randrange(-20, 40))
            sourced, influenced = (partner, "") if rng.random() < 0.6 else ("", partner)
        currency = words["countries"][record.country]["currency"]
        dollars = max(6_000, min(900_000, (record.employees or 40) * rng.uniform(40, 160)))
        units = dollars / words["usd_per_unit"][currency]
        deals.append(
            Opportunity(
                source_id=salesforce_id("006", f"opportunity/{record.key}"),
                record=record,
                name=f"{record.names[0]} - {rng.choice(subjects)} 2026",
                stages=stages,
                amount_cents=round(units, -2) * 100,
                currency=currency,
                created=created,
                lead=created - timedelta(days=rng.randrange(5, 60)),
                expected_close=closed or date(2026, 11, 5) + timedelta(days=rng.randrange(120)),
                closed=closed,
                our_role="Lead" if rng.random() < 0.7 else "Support",
                partner_role="",
                sourced_by=sourced,
                influenced_by=influenced,
                recorded=recorded,
                owner=rng.choice(sellers),
            )
        )
        if sourced or influenced:
            deals[-1].partner_role = "Support" if deals[-1].our_role == "Lead" else "Lead"
    return deals


def engagements_of(records: list[Record], words: dict[str, Any], partners_of: dict[str, list[str]]) -> list[Engagement]:
    """Our log of meetings, calls and demos from July to October 2026; accounts in play have one to three."""
    sellers = words["people"]["sellers"].split("|")
    kinds = {
        "open_opportunity": ("Solution Demo", "Workshop", "Proposal Review", "Negotiation"),
        "customer": ("Executive Briefing", "Workshop"),
        "prospect": ("Discovery Call", "Solution Demo"),
        "target": ("Discovery Call",),
    }
    log = []
    for record in records:
        rng = record.rng("engagement")
        status = record.statuses[record.last]
        share = {"open_opportunity": 0.9, "prospect": 0.35, "customer": 0.25, "target": 0.15}.get(status, 0.0)
        if not record.stands_in_last_list or rng.random() >= share:
            continue
        for position in range(rng.randrange(1, 3 if status != "open_opportunity" else 4)):
            engagement_type = rng.choice(kinds[status])
            partners = partners_of.get(record.company.company, [])
            participants = [f"{p.given} {p.family}" for p in record.company.people[: rng.randrange(1, 4)]]
            start = date(2026, 7, 6) if record.first == 0 else date(2026, 8 + record.first, 1)
            log.append(
                Engagement(
                    source_id=salesforce_id("00U", f"engagement/{record.key}/{position}"),
                    record=record,
                    held=start + timedelta(days=rng.randrange((date(2026, 10, 29) - start).days)),
                    partner=PARTNER_NAMES[rng.choice(partners)] if partners and rng.random() < 0.5 else "",
                    activity={"Discovery Call": "Call", "Solution Demo": "Demo"}.get(engagement_type, "Meeting"),
                    engagement_type=engagement_type,
                    participants="; ".join(participants),
                    outcome=rng.choice(("Follow-up agreed", "Interested", "No decision", "Not interested")),
                    next_step=rng.choice(("Send proposal", "Invite to workshop", "Call back in two weeks", "")),
                    owner=rng.choice(sellers),
                )
            )
    return log


def as_written(contact_id: str, record: Record, person: Person) -> Person:
    """A person as the party writes it down: about half of a partner's contacts differ from ours in one way."""
    if record.party == "us":
        return person
    family = person.family
    misspelt = family[:2] + family[3] + family[2] + family[4:]
    ways = [
        *[person] * 10,
        *[replace(person, email="")] * 3,
        *[replace(person, email="", given=SHORT_NAMES.get(person.given, person.given))] * 2,
        *[replace(person, email="", family=misspelt)] * 2,
        *[replace(person, email="", given=f"Dr. {anyascii(person.given)}")] * 2,
        replace(person, email=f"info@{record.company.domain}" if person.email else ""),
    ]
    return Random(f"{SEED}/{contact_id}/written").choice(ways)


def contacts_of(records: list[Record]) -> list[Contact]:
    """Whom each party knows: one to three of an account's people; some are known to both sides and some to one."""
    contacts = []
    for record in records:
        rng = record.rng("contacts")
        if not record.stands_in_last_list or rng.random() >= PEOPLE_OF.get(record.party, 0.0):
            continue
        for person in rng.sample(record.company.people, rng.randrange(1, 4)):
            key = f"contact/{record.key}/{person.given} {person.family}/{person.seniority}"
            contact_id = salesforce_id("003", key) if record.party == "us" else source_id(record.party, key)
            contacts.append(
                Contact(
                    source_id=contact_id,
                    record=record,
                    person=person,
                    written=as_written(contact_id, record, person),
                    relationship=rng.choice(("Champion", "User", "User", "Awareness", "Awareness")),
                )
            )
    return contacts


def build_world() -> World:
    """Make the whole world; the same every time."""
    words = load_words()
    written, roles, notes = scenario_records(words)
    records = written + background_records(words, [name for record in written for name in record.names])
    records.sort(key=lambda record: (PARTIES.index(record.party), record.source_id))
    keys = {record.key for record in records}
    if len(keys) != len(records):
        message = "two records share a source id: change the seed"
        raise ValueError(message)
    companies = {record.company.company: record.company for record in records}
    for company in companies.values():
        company.people = people_of(company, words)
    partners_of: dict[str, list[str]] = defaultdict(list)
    for record in records:
        if record.party != "us" and record.stands_in_last_list:
            partners_of[record.company.company].append(record.party)
    ours = [record for record in records if record.party == "us"]
    return World(
        words=words,
        companies=[companies[key] for key in sorted(companies)],
        records=records,
        opportunities=opportunities_of(ours, words, partners_of),
        engagements=engagements_of(ours, words, partners_of),
        contacts=contacts_of(records),
        roles=roles,
        notes=notes,
    )
