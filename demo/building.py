"""Building the invented world: which company stands in whose list, in which spelling and with which status.

Belongs here: the companies of all lists, month by month. Does not belong here: what a company is (world.py), and what
happens there (activity.py).
"""

# ruff: noqa: PLR2004, S311 (the numbers are shares and ranges of an invented world, and its chance guards no secret)

import csv
from collections import defaultdict
from random import Random
from typing import Any

from demo.activity import contacts_of, engagements_of, opportunities_of, people_of
from demo.coining import (
    DEMO_FOLDER,
    ID_COLUMNS,
    SPELLINGS,
    Coiner,
    entries,
    full_name,
    load_words,
    phone_number,
    registration_ids,
    respell,
    source_id,
    website_of,
)
from demo.world import (
    EARLIER_STATUS,
    LAST_DELIVERY,
    LISTED_BY,
    PARTIES,
    SEED,
    STATUS_ROTATION,
    Company,
    Record,
    World,
)


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
