"""Generated partners, each with a policy of its own, over a few accounts of ours.

Belongs here: the policies, and the tables that the outbound layer reads, made by hand. Does not belong here: what the
policies give (test_policy.py).
"""

import random
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from tests.workspaces import read_golden

LEVELS = ("hidden", "counts", "overlapping", "all")
TODAY, BEFORE, LATER = date(2026, 10, 31), date(2026, 1, 1), date(2027, 1, 1)
SEEDS = Path(__file__).parents[2] / "seeds" / "reference"
PRESETS: dict[str, set[str]] = {}
for _row in read_golden("sharing_presets.csv", SEEDS):
    PRESETS.setdefault(_row["preset"], set()).add(_row["field"])
NEEDS_CONSENT = {row["field"] for row in read_golden("sharing_fields.csv", SEEDS) if row["needs_consent"] == "true"}
LEAST = 5

# Our accounts; every value of theirs is found in no other, so that where it comes out it is known whose it is.
STATUSES = ("customer", "open_opportunity", "prospect", "target")
INDUSTRIES = ("retail", "energy", "software")
ACCOUNTS = [f"A{number:02}" for number in range(14)]
OURS: dict[str, dict[str, Any]] = {
    account: {
        "our_account_name": f"name of {account}",
        "our_website": f"https://{account.lower()}.example",
        "our_country_code": f"country of {account}",
        "our_city": f"city of {account}",
        "our_industry": INDUSTRIES[number % 3],
        "our_employees": 70_000 + number,
        "our_status": STATUSES[number % 4],
        "our_owner": f"owner of {account}",
        "our_timing_signal": f"timing of {account}",
        "our_open_stage": "proposal",
        "our_open_pipeline_usd": 910_000 + number,
        "our_expected_deal_size_usd": 820_000 + number,
        "our_contract_renewal_on": date(2031, 1, 1 + number),
    }
    for number, account in enumerate(ACCOUNTS)
}
GROUPS = {account: f"group {number % 5}" for number, account in enumerate(ACCOUNTS)}  # a column that nothing reads


@dataclass
class Rule:
    """A rule as a person would say it: how far, with what, and whether it holds today."""

    level: str
    preset: str | None
    holds: bool
    segment: tuple[str, str] | None = None
    account: str | None = None

    def is_about(self, account: str) -> bool:
        if self.account:
            return self.account == account
        name, value = self.segment or ("", "")
        own = {"status": OURS[account]["our_status"], "industry": OURS[account]["our_industry"]}
        return bool(own.get(name, GROUPS[account]) == value)


@dataclass
class Partner:
    """A partner's agreements, and its list."""

    key: str
    level: str | None
    preset: str | None
    may_be_built: bool
    rules: list[Rule] = field(default_factory=list)
    consents: set[str] = field(default_factory=set)
    ended_consents: set[str] = field(default_factory=set)
    lists: set[str] = field(default_factory=set)
    excluded: set[str] = field(default_factory=set)
    undecided: set[str] = field(default_factory=set)


def some_rule(chance: random.Random, account: str | None = None) -> Rule:
    level = chance.choice(LEVELS[:3] if account else LEVELS)
    preset = chance.choice(sorted(PRESETS)) if level in ("overlapping", "all") or chance.random() < 0.3 else None
    segments = [("status", value) for value in STATUSES] + [("industry", value) for value in INDUSTRIES]
    segments += [("Our Group", f"group {number}") for number in range(5)]
    return Rule(level, preset, chance.random() < 0.8, None if account else chance.choice(segments), account)


def some_partner(chance: random.Random, number: int) -> Partner:
    made = Partner(
        f"p{number}",
        chance.choice([None, *LEVELS]),
        chance.choice([None, *sorted(PRESETS)]),
        may_be_built=chance.random() < 0.95,
    )
    made.rules = [some_rule(chance) for _ in range(chance.choice([0, 1, 1, 2]))]
    made.rules += [some_rule(chance, account) for account in chance.sample(ACCOUNTS, chance.choice([0, 2, 6]))]
    consents = chance.sample(sorted(NEEDS_CONSENT), chance.randint(0, len(NEEDS_CONSENT)))
    made.consents = set(consents[::2])
    made.ended_consents = set(consents[1::2])
    made.lists = set(chance.sample(ACCOUNTS, chance.randint(0, len(ACCOUNTS))))
    made.excluded = {account for account in ACCOUNTS if chance.random() < 0.2}
    made.undecided = {account for account in sorted(made.lists) if chance.random() < 0.2}
    return made


def tables_of(partners: list[Partner]) -> dict[str, list[dict[str, Any]]]:
    """Everything that the policy and the outbound tables read, row by row."""
    ours = [{"account_key": account, **values} for account, values in OURS.items()]
    lists = [(partner, account) for partner in partners for account in ACCOUNTS if account in partner.lists]
    windows = {True: (BEFORE, None), False: (LATER, None)}
    policies, shares = [], []
    for partner in partners:
        for number, rule in enumerate(partner.rules):
            since, until = windows[rule.holds] if number % 2 or rule.holds else (BEFORE, date(2026, 10, 30))
            shown = {"partner_id": partner.key, "level": rule.level, "preset": rule.preset}
            if rule.account:
                shares.append({"record_key": f"us:{rule.account}", "since": since, "until": until, **shown})
            elif rule.segment:
                name, value = rule.segment
                policies.append(
                    {
                        "policy_id": f"{partner.key} {number}",
                        "segment_field": name,
                        "segment_value": value.upper(),
                        "valid_from": since,
                        "valid_until": until,
                        **shown,
                    }
                )
    return {
        "seeds.partners": [
            {
                "party_id": partner.key,
                "name": partner.key,
                "status": "signed",
                "nda_signed_on": BEFORE if partner.may_be_built or number % 2 else LATER,
                "withdrawn_on": BEFORE if not partner.may_be_built and number % 2 else None,
                "sharing_level": partner.level,
                "shared_fields": partner.preset,
                **dict.fromkeys(("signed_on", "website", "motion", "segments", "sellers"), None),
                **dict.fromkeys(("refresh_cadence", "contact_owner"), None),
            }
            for number, partner in enumerate(partners)
        ],
        "seeds.sharing_policies": policies,
        "seeds.account_shares": shares,
        "seeds.sharing_consents": [
            {"partner_id": partner.key, "field": name, "consented_on": BEFORE, "valid_until": until}
            for partner in partners
            for names, until in ((partner.consents, None), (partner.ended_consents, BEFORE))
            for name in sorted(names)
        ],
        "staging.stg_accounts": [
            {
                "record_key": f"us:{row['account_key']}",
                "party_id": "us",
                "lifecycle_status": row["our_status"],
                "priority": "high",
                "list_name": "customers",
                "modified_on": BEFORE,
                **{name: row[f"our_{name}"] for name in ("website", "country_code", "city", "industry", "employees")},
                **{name: row[f"our_{name}"] for name in ("owner", "timing_signal", "expected_deal_size_usd")},
                "name": row["our_account_name"],
            }
            for row in ours
        ],
        "raw.accounts": [
            {
                "party_id": "us",
                "source_id": account,
                "export_month": date(2026, 10, 1),
                "decimal_mark": ".",
                "extra": f'{{"Our-Group": "{GROUPS[account]}"}}',
            }
            for account in ACCOUNTS
        ],
        "staging.stg_current_exports": [{"party_id": "us", "object": "accounts", "export_month": date(2026, 10, 1)}],
        "staging.stg_named_records": [
            {"named_record_key": f"us:{account}", "named_on": None, "record_key": f"us:{account}"}
            for account in ACCOUNTS
        ],
        "marts.bridge_account_records": [
            {
                "record_key": f"us:{account}",
                "party_id": "us",
                "source_id": account,
                "name": OURS[account]["our_account_name"],
                "account_key": account,
            }
            for account in ACCOUNTS
        ]
        + [
            {
                "record_key": f"{partner.key}:{account.lower()}",
                "party_id": partner.key,
                "source_id": account.lower(),
                "name": f"their {account.lower()}",
                "account_key": account,
            }
            for partner, account in lists
        ],
        "marts.bridge_account_parties": [
            {"account_key": row["account_key"], "party_id": "us", "lifecycle_status": row["our_status"]} for row in ours
        ],
        "marts.fct_account_overlaps": [
            {
                "as_of_month": date(2026, 10, 1),
                "account_key": account,
                "partner_id": partner.key,
                "is_on_our_list": True,
                "is_partner": False,
                "is_overlap": account in partner.lists,
                "is_excluded": account in partner.excluded,
                "our_status": OURS[account]["our_status"],
                "partner_status": "customer",
            }
            for partner in partners
            for account in ACCOUNTS
        ],
        "marts.fct_account_matches": [
            {
                "is_open": True,
                "is_same_account": True,
                "left_account_key": account,
                "left_party_id": partner.key,
                "right_party_id": "us",
            }
            for partner in partners
            for account in sorted(partner.undecided)
        ],
        "marts.fct_our_accounts": [
            {"account_key": row["account_key"], "contract_renewal_on": row["our_contract_renewal_on"]} for row in ours
        ],
        "marts.fct_opportunities": [
            {
                "account_key": row["account_key"],
                "is_open": True,
                "stage": row["our_open_stage"],
                "amount_usd": row["our_open_pipeline_usd"],
            }
            for row in ours
        ],
        "marts.fct_account_plans": [
            {
                "account_key": account,
                "partner_id": partner.key,
                "initiator": "our_seller",
                "ask": "joint_meeting",
                "owner": f"planner of {account}",
                "due_on": date(2032, 1, 1 + ACCOUNTS.index(account)),
                "status": "planned",
            }
            for partner, account in lists
        ],
        "marts.mart_icp_alignment": [
            {
                "partner_id": partner.key,
                "attribute_number": 1,
                "attribute": "industry",
                "partner_definition": "theirs",
                "our_definition": "how we define it",
            }
            for partner in partners
        ],
        "marts.dim_partners": [
            {"partner_id": partner.key, "name": partner.key, "list_status": "current list"} for partner in partners
        ],
    }


# Columns that the generated rows leave without a type, or with another than the tables have.
TYPES = {
    "attribute_number": pa.int32(),
    "named_on": pa.date32(),
    "until": pa.date32(),
    "valid_until": pa.date32(),
    "withdrawn_on": pa.date32(),
}


def write_tables(partners: list[Partner], warehouse: Path) -> None:
    """Make the tables of a world in a warehouse."""
    with duckdb.connect(str(warehouse)) as connection:
        for schema in ("seeds", "raw", "staging", "marts"):
            connection.execute(f"create schema {schema}")
        for seed in ("sharing_fields", "sharing_presets", "opportunity_stages"):
            connection.execute(f"create table seeds.{seed} as from read_csv('{SEEDS / seed}.csv')")
        for name, rows in tables_of(partners).items():
            table = pa.Table.from_pylist(rows)
            for index, column in enumerate(table.schema):
                if column.name in TYPES or pa.types.is_null(column.type):
                    kind = TYPES.get(column.name, pa.string())
                    table = table.set_column(index, column.name, table.column(index).cast(kind))
            connection.register("rows", table)
            connection.execute(f"create table {name} as from rows")
            connection.unregister("rows")
