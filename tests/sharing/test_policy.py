"""What the sharing policy gives, over ten thousand generated policies: each cell that leaves was agreed, and no other.

Belongs here: the precedence of rules, worked out a second time in Python, and that the outbound tables hold what it
gives and nothing else. Does not belong here: how a package is written and remembered (test_packages.py).

A build of its own: one dbt run over tables made by hand, in which each of the partners has a policy of its own.
"""

import random
from dataclasses import dataclass
from datetime import date
from itertools import product
from typing import Any

import jinja2
import pytest

from orchestration.settings import DBT_PROJECT_DIR
from tests.sharing.worlds import (
    ACCOUNTS,
    LEAST,
    LEVELS,
    NEEDS_CONSENT,
    OURS,
    PRESETS,
    SEEDS,
    Partner,
    Rule,
    some_partner,
    write_tables,
)
from tests.workspaces import Workspace, read_golden

pytestmark = pytest.mark.usefixtures("dbt")

PARTNERS = 10_000


@dataclass(frozen=True)
class Given:
    """What a partner is to get of an account."""

    level: str
    decided_by: str
    fields: frozenset[str]


def strictest(rules: list[Rule]) -> tuple[str, set[str]]:
    level = min((rule.level for rule in rules), key=LEVELS.index)
    return level, set.intersection(*(PRESETS.get(rule.preset or "", set()) for rule in rules))


def given(partner: Partner, account: str) -> Given | None:
    """The precedence, in the order of the documentation; None where there is nothing to decide."""
    if not partner.may_be_built:
        return None
    base = Rule(partner.level or "overlapping", partner.preset or "names", holds=True)
    met = [rule for rule in partner.rules if rule.holds and rule.is_about(account)]
    own, segments = [rule for rule in met if rule.account], [rule for rule in met if not rule.account]
    if account in partner.excluded:
        result = Given("hidden", "exclusion", frozenset())
    elif account in partner.undecided:
        result = Given("hidden", "open question", frozenset())
    elif any(rule.level == "hidden" for rule in [base, *met]):
        result = Given("hidden", "hidden", frozenset())
    else:
        scope, rules = ("account", own) if own else ("segment", segments) if segments else ("partner", [base])
        level, fields = strictest(rules)
        is_shown = level == "all" or (level == "overlapping" and account in partner.lists)
        allowed = {name for name in fields if name not in NEEDS_CONSENT or name in partner.consents}
        result = Given(level, scope, frozenset(allowed if is_shown else ()))
    return result if account in partner.lists or result.level == "all" else None


@pytest.fixture(scope="module")
def partners() -> list[Partner]:
    chance = random.Random(12)  # noqa: S311 - no secret
    return [some_partner(chance, number) for number in range(PARTNERS)]


@pytest.fixture(scope="module")
def shared(partners: list[Partner], tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The policy and the outbound tables of all these partners."""
    made = Workspace(tmp_path_factory.mktemp("sharing"), {})
    write_tables(partners, made.settings.warehouse)
    models = (
        "stg_partners",
        "stg_sharing_rules",
        "stg_sharing_fields",
        "stg_sharing_segments",
        "path:models/marts/sharing",
    )
    done = made.dbt("run", "--select", *models, "path:models/outbound")
    assert done.returncode == 0, done.stdout
    return made


@pytest.fixture(scope="module")
def expected(partners: list[Partner]) -> dict[tuple[str, str], Given]:
    return {
        (partner.key, account): result
        for partner in partners
        for account in ACCOUNTS
        if (result := given(partner, account)) is not None
    }


def test_every_account_is_decided_as_the_precedence_says(
    shared: Workspace, expected: dict[tuple[str, str], Given]
) -> None:
    found = {
        (partner, account): Given(str(level), str(decided_by), frozenset(str(fields).split(";") if fields else ()))
        for partner, account, level, decided_by, fields in shared.query(
            "select partner_id, account_key, sharing_level, decided_by, shared_fields from marts.fct_account_sharing"
        )
    }
    assert found == expected


def test_the_generated_policies_meet_every_combination(partners: list[Partner]) -> None:
    """What decides: the partner's level, the strictest segment rule, the strictest account rule, protection."""
    seen = set()
    for partner in partners:
        for account in sorted(partner.lists):
            met = [rule for rule in partner.rules if rule.holds and rule.is_about(account)]
            own = [LEVELS.index(rule.level) for rule in met if rule.account]
            segments = [LEVELS.index(rule.level) for rule in met if not rule.account]
            protection = "excluded" if account in partner.excluded else account in partner.undecided
            seen.add((partner.level, min(segments, default=None), min(own, default=None), protection))
    whole = set(product((None, *LEVELS), (None, 0, 1, 2, 3), (None, 0, 1, 2), (False, True, "excluded")))
    assert whole - seen == set()


def test_a_partner_sees_the_fields_that_were_agreed_of_the_accounts_that_were(
    shared: Workspace, partners: list[Partner], expected: dict[tuple[str, str], Given]
) -> None:
    columns = [column for column in OURS["A00"] if column != "our_icp_definition"]
    found = {
        (partner, str(their_id).upper()): (name, dict(zip(columns, cells, strict=True)))
        for partner, their_id, name, *cells in shared.query(
            f"select partner_id, your_id, your_account_name, {', '.join(columns)} from outbound.out_overlaps"
        )
    }
    lists = {partner.key: partner.lists for partner in partners}
    assert found == {
        (partner, account): (
            f"their {account.lower()}",
            {column: OURS[account][column] if column in result.fields else None for column in columns},
        )
        for (partner, account), result in expected.items()
        if result.level in ("overlapping", "all") and account in lists[partner]
    }
    assert {column for _, cells in found.values() for column, value in cells.items() if value is not None} == set(
        columns
    )


def test_accounts_that_only_we_list_leave_where_everything_was_agreed(
    shared: Workspace, partners: list[Partner], expected: dict[tuple[str, str], Given]
) -> None:
    lists = {partner.key: partner.lists for partner in partners}
    named = {
        (partner, account)
        for (partner, account), result in expected.items()
        if account not in lists[partner] and "our_account_name" in result.fields
    }
    found = shared.query(
        "select partner_id, our_account_name from outbound.out_our_accounts where our_account_name is not null"
    )
    assert {(partner, str(name).removeprefix("name of ")) for partner, name in found} == named
    assert named


def test_a_plan_and_a_definition_leave_where_they_were_agreed(
    shared: Workspace, partners: list[Partner], expected: dict[tuple[str, str], Given]
) -> None:
    found = shared.query("select partner_id, your_id, plan_owner, due_on from outbound.out_plans")
    lists = {partner.key: partner.lists for partner in partners}
    assert set(found) == {
        (partner, account.lower(), f"planner of {account}", date(2032, 1, 1 + ACCOUNTS.index(account)))
        for (partner, account), result in expected.items()
        if "plan" in result.fields and account in lists[partner]
    }
    defined = {partner for (partner,) in shared.query("select partner_id from outbound.out_icp")}
    assert defined == {
        partner.key
        for partner in partners
        if partner.may_be_built
        and (partner.level or "overlapping") in ("overlapping", "all")
        and "our_icp_definition" in PRESETS[partner.preset or "names"]
    }


def test_counts_are_rounded_down_and_small_ones_are_not_there(
    shared: Workspace, partners: list[Partner], expected: dict[tuple[str, str], Given]
) -> None:
    counts: dict[tuple[str, str, str], int] = {}
    for partner in partners:
        for account in sorted(partner.lists):
            result = expected.get((partner.key, account))
            if result is None or result.level == "hidden":
                continue
            places = [("all", "all"), ("your_status", "customer")]
            base = (partner.level or "overlapping") in ("overlapping", "all")
            if base and "our_status" in PRESETS[partner.preset or "names"]:
                places.append(("our_status", OURS[account]["our_status"]))
            for dimension, value in places:
                counts[partner.key, dimension, value] = counts.get((partner.key, dimension, value), 0) + 1
    found = shared.query(
        "select partner_id, dimension, dimension_value, account_count from outbound.out_overlap_counts"
    )
    assert {(partner, dimension, value): count for partner, dimension, value, count in found} == {
        place: count - count % LEAST for place, count in counts.items() if count >= LEAST
    }
    # no two outputs differ by fewer accounts than that, whether two cells or two months
    assert {int(str(count)) % LEAST for *_, count in found} == {0}


def test_nothing_of_a_partner_without_an_nda_leaves(shared: Workspace, partners: list[Partner]) -> None:
    refused = {partner.key for partner in partners if not partner.may_be_built}
    assert refused
    for table in ("out_overlaps", "out_our_accounts", "out_plans", "out_icp", "out_overlap_counts"):
        assert not refused & {partner for (partner,) in shared.query(f"select partner_id from outbound.{table}")}


def test_every_outbound_column_says_why_it_may_leave(manifest: dict[str, Any], shared: Workspace) -> None:
    fields = {row["field"] for row in read_golden("sharing_fields.csv", SEEDS)}
    said = {
        f"{node['name']}.{column['name']}": column["meta"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["schema"] == "outbound"
        for column in node["columns"].values()
    }
    there = shared.query("select table_name || '.' || column_name from duckdb_columns() where schema_name = 'outbound'")
    assert {column for (column,) in there} == set(said)
    shown = {meta.get("field", name.partition(".")[2]) for name, meta in said.items() if meta["leaves_as"] == "field"}
    assert shown == fields  # a field that no table has could be agreed on and never given


def test_a_column_that_nobody_classified_cannot_be_compiled() -> None:
    source = (DBT_PROJECT_DIR / "macros" / "sharing.sql").read_text(encoding="utf-8")
    environment = jinja2.Environment(autoescape=False)  # noqa: S701 (SQL, no page)

    def refuse(message: str) -> None:
        raise ValueError(message)

    def columns(**meta: object) -> str:
        model = {"name": "out_new", "columns": {"our_secret": {"name": "our_secret", "meta": meta}}}
        macros: Any = environment.from_string(source).make_module(
            {"model": model, "exceptions": {"raise_compiler_error": refuse}, "var": lambda _: LEAST}
        )
        return str(macros.outbound_columns("shares")).strip()

    assert columns(leaves_as="given") == "our_secret"
    assert (
        columns(leaves_as="field") == "case when list_contains(shares, 'our_secret') then our_secret end as our_secret"
    )
    for meta in ({}, {"leaves_as": "secret"}):
        with pytest.raises(ValueError, match=r"out_new\.our_secret may leave the house"):
            columns(**meta)
