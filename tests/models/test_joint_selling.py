"""Credit and first touches of the demo, worked out once more in plain Python from the lists and the mapped accounts.

Belongs here: that a whole demo of opportunities, engagements and three months of mapping comes out as the written rules
say. Does not belong here: the edges of each rule (dbt unit tests of marts/pipeline and marts/activation).
"""

from collections import defaultdict
from datetime import date, timedelta
from typing import Any

import duckdb
import pytest

from tests.workspaces import Run

TODAY = date(2026, 10, 31)
# seeds/reference/attribution_rules.csv and attribution_engagements.csv
SOURCED, INFLUENCED, ENGAGED = timedelta(days=90), timedelta(days=180), timedelta(days=30)
HELPFUL = {"executive_briefing", "solution_demo", "proposal_review", "negotiation"}
FIRST_TOUCH = timedelta(days=13)  # the last that is under var first_touch_days

Pair = tuple[str, str]


class Lists:
    """What the demo's lists and its mapping say, by account and partner."""

    def __init__(self, warehouse: duckdb.DuckDBPyConnection) -> None:
        accounts = dict(self.rows(warehouse, "select record_key, account_key from marts.bridge_account_records"))
        self.opportunities = [
            {**deal, "account": accounts.get(deal["account_record_key"])}
            for deal in self.named(warehouse, "from staging.stg_opportunities where party_id = 'us'")
        ]
        self.engaged: dict[Pair, list[date]] = defaultdict(list)
        self.helped: dict[Pair, list[date]] = defaultdict(list)
        for account, partner, day, kind in self.rows(
            warehouse,
            "select account_record_key, partner_id, engaged_on, engagement_type from staging.stg_engagements "
            "order by engaged_on",
        ):
            if account in accounts and partner and day <= TODAY:
                self.engaged[accounts[account], partner].append(day)
                if kind in HELPFUL:
                    self.helped[accounts[account], partner].append(day)
        self.claims = {
            (deal, partner): (claim, day)
            for deal, partner, claim, day in self.rows(
                warehouse, "select opportunity_key, partner_id, claim, recorded_on from staging.stg_opportunity_claims"
            )
        }
        self.decided = {
            (deal, partner): credit
            for deal, partner, credit in self.rows(
                warehouse,
                "select opportunity_key, partner_id, credit from staging.stg_credit_decisions where is_in_force",
            )
        }
        overlaps = "from marts.fct_account_overlaps where is_overlap group by all"
        self.mapped: dict[Pair, date] = {
            (account, partner): day
            for account, partner, day in self.rows(
                warehouse, f"select account_key, partner_id, min(mapped_on) {overlaps}"
            )
        }
        self.partners = [row[0] for row in self.rows(warehouse, "select party_id from staging.stg_partners")]
        self.excluded: set[Pair] = set()
        for account, partner in self.rows(
            warehouse, "select account_key, partner_id from marts.bridge_account_exclusions"
        ):
            self.excluded |= {(account, each) for each in ([partner] if partner else self.partners)}

    @staticmethod
    def rows(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[tuple[Any, ...]]:
        return warehouse.execute(sql).fetchall()

    @staticmethod
    def named(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
        answer = warehouse.execute(sql)
        columns = [column[0] for column in answer.description or []]
        return [dict(zip(columns, row, strict=True)) for row in answer.fetchall()]

    def credit(self, deal: dict[str, Any], partner: str) -> tuple[str, tuple[Any, ...]] | None:
        """Judge one partner's part in one deal.

        Args:
            deal: an opportunity.
            partner: a partner's id.

        Returns:
            Its credit, and what it is ordered by among others who have some; None when nothing speaks for it.
        """
        pair = (deal["account"], partner)
        created, until = deal["created_on"], deal["closed_on"] or TODAY
        claim, recorded = self.claims.get((deal["opportunity_key"], partner), (None, None))
        decided = self.decided.get((deal["opportunity_key"], partner))
        there = [day for day in self.engaged[pair] if created and created - INFLUENCED <= day <= until]
        helped = [day for day in self.helped[pair] if created and created - ENGAGED <= day <= until]
        if not claim and not there and not decided:
            return None
        first = recorded if claim else next(iter(helped), None)
        mapped = self.mapped.get(pair)
        attribution = "none"
        if pair in self.excluded:
            pass
        elif decided:
            attribution = decided
        elif created and mapped:
            is_in_time = recorded and created - INFLUENCED <= recorded <= until
            if claim == "sourced" and recorded and abs(recorded - created) <= SOURCED and mapped <= created:
                attribution = "sourced"
            elif (helped or is_in_time) and mapped <= until:
                attribution = "influenced"
        order = (attribution != "sourced", not decided, not claim, first or date.max, -len(helped), partner)
        return attribution, order


@pytest.fixture(scope="module")
def lists(demo: Run) -> Lists:
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        return Lists(warehouse)


def marts(demo: Run, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        return warehouse.execute(sql).fetchall()


def test_credit_is_what_the_written_rule_says(demo: Run, lists: Lists) -> None:
    judged = {}
    for deal in lists.opportunities:
        given = {partner: credit for partner in lists.partners if (credit := lists.credit(deal, partner))}
        some = {partner: order for partner, (attribution, order) in given.items() if attribution != "none"}
        primary = min(some, key=lambda partner: some[partner]) if some else None
        for partner, (attribution, _) in given.items():
            judged[deal["opportunity_key"], partner] = (attribution, partner == primary)
    built = marts(
        demo, "select opportunity_key, partner_id, attribution, is_primary_credit from marts.fct_opportunity_partners"
    )
    assert {(key, partner): (attribution, primary) for key, partner, attribution, primary in built} == judged
    assert {attribution for attribution, _ in judged.values()} == {"sourced", "influenced", "none"}


def test_first_touches_are_those_of_the_log(demo: Run, lists: Lists) -> None:
    built = marts(
        demo,
        "select account_key, partner_id, mapped_on, first_touch_on, is_overdue, is_untouched "
        "from marts.fct_account_activations",
    )
    focused = set(
        marts(
            demo,
            "select account_key, partner_id from marts.fct_account_priorities "
            "where is_focused and as_of_month = date '2026-10-01'",
        )
    )
    planned = {
        (account, partner): due
        for account, partner, due in marts(
            demo, "select account_key, partner_id, due_on from marts.fct_account_plans where status <> 'dropped'"
        )
    }
    touched = {}
    for account, partner, mapped, *_ in built:
        pair = (account, partner)
        days = [day for day in lists.engaged[pair] if day >= mapped]
        is_late = not days and planned.get(pair, mapped + FIRST_TOUCH) < TODAY
        is_owed = pair in focused or pair in planned
        touched[pair] = (min(days, default=None), is_late and is_owed, is_late and not is_owed)
    assert {(account, partner): tuple(found) for account, partner, _, *found in built} == touched
    assert {overdue for _, overdue, _ in touched.values()} == {True, False}
    assert not touched.keys() & lists.excluded
