"""The suite of marts: filled, in range, and in proportion to what is published.

Belongs here: the checks before publishing. Does not belong here: what the marts hold (tests/models).
"""

from pathlib import Path

import duckdb

from orchestration.validation.marts import check_marts
from tests.deliveries import LandingFolder


def test_the_marts_are_accepted_only_when_filled_in_range_and_in_proportion(tmp_path: Path) -> None:
    workspace = LandingFolder(tmp_path)
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    published = tmp_path / "published"
    published.mkdir()
    with duckdb.connect(str(published / "marts.duckdb")) as connection:
        connection.execute("create table dim_accounts as select 1 as account_key")
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_accounts as select 1 as account_key")
        connection.execute("create table marts.mart_partner_coverage as select 0.4 as our_coverage_rate")
    assert all(result.success for result in check_marts(workspace.warehouse, published))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("create table marts.bridge_account_records (record_key varchar)")
        connection.execute("insert into marts.dim_accounts select range from range(10)")
        connection.execute("update marts.mart_partner_coverage set our_coverage_rate = 1.2")
    failed = {
        (result.subject, outcome.rule)
        for result in check_marts(workspace.warehouse, published)
        for outcome in result.outcomes
        if not outcome.success
    }
    assert failed == {
        ("marts.dim_accounts", "in_proportion_to_published"),
        ("marts.mart_partner_coverage", "rates_in_range"),
        ("marts.bridge_account_records", "mart_filled"),
    }
