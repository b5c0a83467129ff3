"""What a run says at its end of what it published.

Belongs here: what the summary says, or leaves out, by itself. Does not belong here: the demo's (tests/demo).
"""

import duckdb
import pytest

from orchestration.runs.summary import tiers_by_points


@pytest.mark.parametrize(("basis", "lines"), [("points", 1), ("fit and likelihood", 0)])
def test_the_summary_says_that_tiers_go_by_points_where_no_ideal_customer_is_written_down(
    basis: str, lines: int
) -> None:
    with duckdb.connect() as marts:
        marts.execute(f"create schema marts; create table marts.mart_co_sell_list as select '{basis}' as tier_basis")
        said = tiers_by_points(marts)
    assert len(said) == lines
    assert all("icp_definitions.csv" in line for line in said)
