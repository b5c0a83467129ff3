"""What the parties of the invented world do: deals, engagements, and the people they know.

Belongs here: what happens at a company once it is listed. Does not belong here: the companies (coining.py, world.py).
"""
# ruff: noqa: PLR2004, S311 (the numbers are shares and ranges of an invented world, and its chance guards no secret)

from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

from anyascii import anyascii

from demo.coining import SHORT_NAMES, ascii_slug, salesforce_id, source_id
from demo.world import JOINT_SHARE, PARTNER_NAMES, SEED, Company, Contact, Engagement, Opportunity, Person, Record

PEOPLE_OF = {"us": 0.36, "heliograph": 0.3, "kestrelworks": 0.35, "rheinblick": 0.25}


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
