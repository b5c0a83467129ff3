"""Account keys over three months: merged, split, gone and come back, and every old key still leads somewhere.

Belongs here: what becomes of keys. Does not belong here: which records are one company (test_clusters.py).
"""

from pathlib import Path

import pytest

from tests.workspaces import (
    DECISION,
    HARTUNO,
    HEADER,
    MOLKERRY,
    ORBITEL,
    PELLWICK,
    QUANDARY,
    STRANGER,
    VESPRIL,
    ZELWERK,
    Lists,
    Workspace,
    deliver,
    land,
)

pytestmark = pytest.mark.usefixtures("dbt")

# Of each party, the number of a record and what it says.
ZELWERK_ALONE: Lists = {"us": {"1": ZELWERK}}
LASTING: Lists = {
    "us": {"2": ORBITEL, "3": QUANDARY, "33": QUANDARY, "4": PELLWICK, "5": HARTUNO},
    "alpha": {"2": ORBITEL, "3": QUANDARY, "33": QUANDARY, "4": PELLWICK},
}
AUGUST: Lists = {"us": {"6": VESPRIL, "7": MOLKERRY}, "alpha": {"5": STRANGER}}
SEPTEMBER: Lists = {"alpha": {"5": HARTUNO}}
OCTOBER: Lists = {"us": {"7": MOLKERRY}, "alpha": {"5": HARTUNO}}


def deliver_month(given: Workspace, month: str, *parts: Lists) -> None:
    for party in ("us", "alpha"):
        rows = [(number, *says) for part in parts for number, says in part.get(party, {}).items()]
        deliver(given.settings.exports, party, month, "accounts.csv", [HEADER, *rows])


def decide(given: Workspace, month: str, left: str, right: str, answer: str) -> None:
    row = (left, right, answer, "asked them", "Ada", f"{month}-10", "")
    deliver(given.settings.exports, "us", month, f"decisions_{answer}.csv", [DECISION, row])


def build(given: Workspace, month: str) -> None:
    is_first = not given.settings.warehouse.exists()
    land(given, month)
    kinds = ["--exclude-resource-type", "unit_test", *([] if is_first else ["seed"])]
    seeds = ["resource_type:seed"] if is_first else []
    tests = ["--indirect-selection", "cautious"]
    done = given.dbt("build", "--select", *seeds, "+dim_account_keys", "+bridge_account_records", *kinds, *tests,
                     month=month)  # fmt: skip
    assert done.returncode == 0, done.stdout


def keys(given: Workspace, month: str) -> dict[str, str]:
    rows = given.query(
        f"select record_key, account_key from resolution.res_account_registry where as_of_month = '{month}-01'"
    )
    return {str(record): str(key) for record, key in rows}


@pytest.fixture(scope="module")
def three_months(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """Keys of one company after the other lost to the next, one split, one record changed, accounts gone and back."""
    given = Workspace(Path(tmp_path_factory.mktemp("account_keys")))
    deliver_month(given, "2026-08", ZELWERK_ALONE, LASTING, AUGUST)
    build(given, "2026-08")
    deliver_month(given, "2026-09", ZELWERK_ALONE, LASTING, SEPTEMBER)
    decide(given, "2026-09", "us:1", "us:2", "same")
    decide(given, "2026-09", "us:4", "alpha:4", "different")
    build(given, "2026-09")
    deliver_month(given, "2026-10", ZELWERK_ALONE, LASTING, OCTOBER)
    decide(given, "2026-10", "us:2", "us:3", "same")
    build(given, "2026-10")
    return given


def changes(given: Workspace, from_key: str) -> list[tuple[object, ...]]:
    return given.query(
        f"""
        select strftime(as_of_month, '%Y-%m'), to_account_key, kind, cause, is_successor,
            moved_record_count, earlier_record_count, remaining_record_count
        from marts.fct_account_key_changes where from_account_key = '{from_key}' order by all
        """
    )


def leads_to(given: Workspace, key: str) -> tuple[object, ...]:
    (found,) = given.query(
        f"""
        select current_account_key, no_account_reason, change_count
        from marts.dim_account_keys where account_key = '{key}'
        """
    )
    return found


def test_a_chain_of_merges_is_followed_to_its_end(three_months: Workspace) -> None:
    august, september, october = (keys(three_months, f"2026-{month}") for month in ("08", "09", "10"))
    first, second, third = august["us:1"], august["us:2"], august["us:3"]
    assert (september["us:1"], october["us:1"]) == (second, third)
    assert changes(three_months, first) == [("2026-09", second, "merge", "decision", True, 1, 1, 0)]
    assert changes(three_months, second) == [("2026-10", third, "merge", "decision", True, 3, 3, 0)]
    assert leads_to(three_months, first) == (third, None, 2)
    assert leads_to(three_months, second) == (third, None, 1)
    assert leads_to(three_months, third) == (third, None, 0)


def test_a_split_account_keeps_its_key_and_tells_where_the_others_went(three_months: Workspace) -> None:
    august, september = keys(three_months, "2026-08"), keys(three_months, "2026-09")
    old = august["us:4"]
    assert sorted([september["us:4"], september["alpha:4"]]) == sorted([old, september["us:4"]])
    assert changes(three_months, old) == [("2026-09", september["us:4"], "split", "decision", False, 1, 2, 1)]
    assert leads_to(three_months, old) == (old, None, 0)


def test_a_changed_record_is_reported_as_the_cause(three_months: Workspace) -> None:
    august, september = keys(three_months, "2026-08"), keys(three_months, "2026-09")
    assert september["us:5"] == september["alpha:5"]
    (lost,) = {august["us:5"], august["alpha:5"]} - {september["us:5"]}
    ((_, _, kind, cause, *_),) = changes(three_months, lost)
    assert (kind, cause) == ("merge", "changed record")


def test_an_account_that_left_is_reported_so_until_it_comes_back(three_months: Workspace) -> None:
    key = keys(three_months, "2026-08")["us:7"]
    assert changes(three_months, key) == [
        ("2026-09", None, "retired", "record gone", False, 0, 1, 0),
        ("2026-10", key, "returned", "record came back", False, 1, 0, 1),
    ]
    assert leads_to(three_months, key) == (key, None, 0)


def test_a_key_without_an_account_says_why(three_months: Workspace) -> None:
    key = keys(three_months, "2026-08")["us:6"]
    assert changes(three_months, key) == [("2026-09", None, "retired", "record gone", False, 0, 1, 0)]
    assert leads_to(three_months, key) == (None, "its records left the lists", 0)


def test_loading_an_earlier_month_again_and_the_later_ones_gives_the_same_history(three_months: Workspace) -> None:
    history = "select * from marts.fct_account_key_changes order by all"
    resolved = "select * from marts.dim_account_keys order by all"
    before = three_months.query(history), three_months.query(resolved)
    for month in ("2026-09", "2026-10"):
        build(three_months, month)
    assert (three_months.query(history), three_months.query(resolved)) == before
