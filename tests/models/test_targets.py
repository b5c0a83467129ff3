"""Priorities on lists that nobody made up: what holds for every list and every choice of weights.

Belongs here: properties of the compiled SQL of the target marts. Does not belong here: a single rule (dbt unit tests).
"""

from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import HOME
from tests.workspaces import Workspace

pytestmark = pytest.mark.usefixtures("dbt")

COMPONENTS = ["relationship_strength", "icp_fit", "timing", "deal_size", "competition"]
LISTED = st.fixed_dictionaries(
    {
        "relationship_strength": st.sampled_from([None, "champion", "user", "awareness"]),
        "fit_level": st.sampled_from(["unknown", "strong", "moderate", "weak"]),
        "timing_signal": st.sampled_from([None, "active_need", "upcoming_budget", "long_term"]),
        "expected_deal_size_usd": st.sampled_from([None, 10_000, 50_000, 90_000]),
        "competitor_strength": st.sampled_from([None, "none", "weak", "strong"]),
        "partner_ids": st.sampled_from(["p", "q", "pq"]),
        "is_won": st.booleans(),
    }
)
# Long enough that some of the accounts nearly tie, which is where a rank could turn.
LISTS = st.lists(LISTED, min_size=8, max_size=16)

Rows = list[tuple[object, ...]]


@pytest.fixture(scope="module")
def compiled_sql(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The SQL of fct_account_priorities for October, as dbt gives it to the warehouse on a first run."""
    workspace = Workspace(tmp_path_factory.mktemp("targets"))
    done = workspace.dbt("compile", "--select", "fct_account_priorities")
    assert done.returncode == 0, done.stdout
    models = workspace.compiled / "models"
    return Path(models / "marts" / "targets" / "fct_account_priorities.sql").read_text(encoding="utf-8")


def lists(listed: list[dict[str, object]]) -> dict[str, Rows]:
    """The rows of every input: per account one record of ours and one of each of its partners."""
    tables: dict[str, Rows] = {
        name: []
        for name in (
            *("staging.stg_accounts", "marts.bridge_account_records", "marts.fct_account_icp_fit"),
            *("marts.fct_account_overlaps", "marts.fct_opportunities"),
        )
    }
    for number, account in enumerate(listed):
        key = f"a{number}"
        timing, competitor, deal = (
            account[name] for name in ("timing_signal", "competitor_strength", "expected_deal_size_usd")
        )
        tables["staging.stg_accounts"].append((f"us:{key}", "us", None, timing, competitor, deal))
        tables["marts.bridge_account_records"].append((f"us:{key}", key))
        tables["marts.fct_account_icp_fit"].append((key, "us", account["fit_level"]))
        if account["is_won"]:
            tables["marts.fct_opportunities"].append((key, key, "won", False, "2026-10-15"))
        for partner_id in str(account["partner_ids"]):
            strength = account["relationship_strength"]
            tables["staging.stg_accounts"].append((f"{partner_id}:{key}", partner_id, strength, None, None, None))
            tables["marts.bridge_account_records"].append((f"{partner_id}:{key}", key))
            tables["marts.fct_account_overlaps"].append(
                ("2026-10-01", key, partner_id, True, False, False, "2026-09-01")
            )
    return tables


def priorities(sql: str, listed: list[dict[str, object]], weights: list[int]) -> list[dict[str, object]]:
    """Run the SQL on our accounts and their partners' with one weight per component; rows by account and partner."""
    with duckdb.connect() as connection:
        connection.execute("attach ':memory:' as warehouse")
        connection.execute("use warehouse; create schema staging; create schema marts; create schema seeds")
        connection.execute(
            """
            create table marts.fct_account_overlaps (
                as_of_month date, account_key varchar, partner_id varchar, is_overlap boolean, is_excluded boolean,
                is_partner boolean, mapped_on date
            );
            create table marts.bridge_account_records (record_key varchar, account_key varchar);
            create table staging.stg_accounts (
                record_key varchar, party_id varchar, relationship_strength varchar, timing_signal varchar,
                competitor_strength varchar, expected_deal_size_usd decimal(18, 2)
            );
            create table staging.stg_contacts
                (party_id varchar, account_record_key varchar, relationship_strength varchar);
            create table marts.fct_account_icp_fit (account_key varchar, party_id varchar, fit_level varchar);
            create table marts.fct_opportunities
                (opportunity_key varchar, account_key varchar, outcome varchar, is_open boolean, closed_on date);
            create table marts.fct_opportunity_partners
                (opportunity_key varchar, partner_id varchar, attribution varchar);
            create table marts.fct_engagements (account_key varchar, partner_id varchar, engaged_on date);
            """
        )
        for seed in ("scoring_weights", "score_levels", "tier_rules"):
            (file,) = (HOME / "seeds").rglob(f"{seed}.csv")
            connection.execute(f"create table seeds.{seed} as from read_csv('{file}')")
        connection.executemany(
            "update seeds.scoring_weights set weight = ? where component = ?",
            list(zip(weights, COMPONENTS, strict=True)),
        )
        for table, rows in lists(listed).items():
            if rows:
                marks = ", ".join(f"({', '.join('?' for _ in row)})" for row in rows)
                connection.execute(f"insert into {table} values {marks}", [value for row in rows for value in row])
        cursor = connection.execute(f"select * from ({sql}) order by account_key, partner_id")
        columns = [column[0] for column in cursor.description]
        return [dict(zip(columns, row, strict=True)) for row in cursor.fetchall()]


@settings(max_examples=15, deadline=None)
@given(
    listed=LISTS,
    weights=st.lists(st.integers(0, 3), min_size=5, max_size=5),
    factor=st.integers(2, 9),
)
def test_weights_scaled_together_leave_every_rank_as_it_is(
    compiled_sql: str, listed: list[dict[str, object]], weights: list[int], factor: int
) -> None:
    before = priorities(compiled_sql, listed, weights)
    after = priorities(compiled_sql, listed, [weight * factor for weight in weights])
    assert [row.pop("priority_score") for row in after] == [row.pop("priority_score") * factor for row in before]  # type: ignore[operator]
    assert after == before  # ranks, tiers, the top and the focused list


@settings(max_examples=15, deadline=None)
@given(listed=LISTS, weights=st.lists(st.integers(1, 5), min_size=5, max_size=5))
def test_ranks_of_a_partners_targets_have_no_gap_and_follow_the_score(
    compiled_sql: str, listed: list[dict[str, object]], weights: list[int]
) -> None:
    rows = priorities(compiled_sql, listed, weights)
    assert len(rows) == sum(len(str(account["partner_ids"])) for account in listed)
    for partner_id in ("p", "q"):
        targets = [row for row in rows if row["partner_id"] == partner_id and row["target_state"] == "target"]
        ranked = sorted(targets, key=lambda row: int(str(row["priority_rank"])))
        assert [row["priority_rank"] for row in ranked] == list(range(1, len(ranked) + 1))
        scores = [int(str(row["priority_score"])) for row in ranked]
        assert scores == sorted(scores, reverse=True)
    focused = [row for row in rows if row["focus_rank"] is not None]
    assert sorted(int(str(row["focus_rank"])) for row in focused) == list(range(1, len(focused) + 1))
    assert len({row["account_key"] for row in focused}) == len(focused)  # an account is focused on once
