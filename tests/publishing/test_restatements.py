"""Months loaded late and anew: the history is that of months loaded in order, and what people saw is recorded.

Belongs here: landing, what is kept of published marts, and dbt, one after the other, without Dagster. Does not belong
here: the rule that compares (dbt unit test of fct_restatements), and the same with every mart (test_any_order.py).
"""

import shutil
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.published import publish_marts
from orchestration.publishing.restatements import UnreadableMartsError, keep_published
from tests.deliveries import deliver, land
from tests.workspaces import Rows, Workspace

pytestmark = pytest.mark.usefixtures("dbt")

HEADER = ("Account ID", "Account Name", "Website", "Country", "Status")
ZELWERK = ("Zelwerk Maschinenbau GmbH", "zelwerk.de", "DE")
ORBITEL = ("Orbitel Networks Inc", "orbitel.com", "US")
QUANDARY = ("Quandary Foods Ltd", "quandaryfoods.co.uk", "GB")

Lists = dict[str, list[tuple[str, ...]]]

# In August the partner's record of Orbitel has an id that comes first in the order of keys, and names the account.
AUGUST: Lists = {
    "us": [("1", *ZELWERK, "prospect"), ("2", *ORBITEL, "prospect")],
    "alpha": [("1", *ZELWERK, "customer"), ("0", *ORBITEL, "customer")],
}
SEPTEMBER: Lists = {
    "us": [("1", *ZELWERK, "prospect"), ("2", *ORBITEL, "prospect"), ("3", *QUANDARY, "target")],
    "alpha": [("1", *ZELWERK, "customer"), ("2", *ORBITEL, "customer"), ("3", *QUANDARY, "target")],
}
CORRECTED: Lists = {
    "us": [("1", *ZELWERK, "target"), *SEPTEMBER["us"][1:]],
    "alpha": SEPTEMBER["alpha"][:2],
}
HISTORY = ["fct_account_overlaps", "fct_account_priorities", "fct_account_key_changes", "fct_restatements"]
RESTATED = """
    select
        strftime(as_of_month, '%Y-%m'), account_name, change_type, from_value, to_value,
        strftime(restated_in_month, '%Y-%m'), strftime(reloaded_month, '%Y-%m'), restatement_number
    from marts.mart_what_changed where cause = 'restatement' order by restatement_number, account_name, change_type
"""
REPORTED_IN_ORDER = """
    select * exclude (restated_in_month, reloaded_month, restatement_number)
    from marts.mart_what_changed where cause <> 'restatement' order by all
"""


def load(given: Workspace, month: str, lists: Lists, *later: str) -> None:
    """Load a month as the job does, and build it and the later ones."""
    for party, rows in lists.items():
        deliver(given.settings.exports, party, month, "accounts.csv", [HEADER, *rows])
    is_first = not given.settings.warehouse.exists()
    land(given, month)
    keep_published(given.settings.warehouse, given.settings.published, date.fromisoformat(f"{month}-01"))
    kinds = ["--exclude-resource-type", "test", "unit_test", *([] if is_first else ["seed"])]
    seeds = ["resource_type:seed"] if is_first else []
    for built in (month, *later):
        done = given.dbt("build", "--select", *seeds, "+mart_what_changed", *kinds, month=built)
        assert done.returncode == 0, done.stdout


def publish(given: Workspace, run_id: str) -> None:
    settings = given.settings
    at = datetime(2026, 12, 1, tzinfo=UTC)
    publish_marts(settings.warehouse, settings.published, date(2026, 9, 1), run_id, at, [*HISTORY, "mart_what_changed"])


def history(given: Workspace) -> dict[str, Rows]:
    tables = {name: given.query(f"select * from marts.{name} order by all") for name in HISTORY[:-1]}
    registry = "select * from resolution.res_account_registry order by all"
    return {**tables, "registry": given.query(registry), "changes": given.query(REPORTED_IN_ORDER)}


def key_of(given: Workspace, record: str, month: str = "2026-09") -> object:
    of_record = f"as_of_month = '{month}-01' and record_key = '{record}'"
    ((key,),) = given.query(f"select account_key from resolution.res_account_registry where {of_record}")
    return key


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What was recorded after each: September, August loaded late, September again as it was, September corrected."""
    late = Workspace(tmp_path_factory.mktemp("late"))
    found: dict[str, object] = {}
    load(late, "2026-09", SEPTEMBER)
    publish(late, "first")
    found["first"] = late.query(RESTATED)
    found["old key"], found["partner's key"] = key_of(late, "us:2"), key_of(late, "alpha:3")
    load(late, "2026-08", AUGUST, "2026-09")
    publish(late, "late")
    found["late"], found["new key"], found["history"] = late.query(RESTATED), key_of(late, "us:2"), history(late)
    load(late, "2026-09", SEPTEMBER)
    publish(late, "again")
    found["again"], found["history again"] = late.query(RESTATED), history(late)
    load(late, "2026-09", CORRECTED)
    found["corrected"] = late.query(RESTATED)
    return found


def test_a_month_that_nobody_saw_is_no_restatement(seen: dict[str, object]) -> None:
    assert seen["first"] == []


def test_a_month_loaded_late_restates_the_later_ones_and_an_old_key_leads_to_the_new(
    seen: dict[str, object],
) -> None:
    assert seen["old key"] != seen["new key"]
    assert seen["late"] == [
        ("2026-09", ORBITEL[0], "match", seen["old key"], seen["new key"], "2026-09", "2026-08", 1)
    ]  # fmt: skip


def test_the_same_files_again_change_nothing_and_what_was_reported_stays(seen: dict[str, object]) -> None:
    assert seen["again"] == seen["late"]
    assert seen["history again"] == seen["history"]


def test_a_corrected_month_is_reported_as_what_it_was_and_what_it_is(seen: dict[str, object]) -> None:
    corrected = seen["corrected"]
    assert isinstance(corrected, list)
    assert corrected[:1] == seen["late"]
    rows = {(name, kind): (before, now) for _, name, kind, before, now, *_ in corrected[1:]}
    # Quandary's key was that of the partner's record, which has left the list; what is left is ours alone.
    assert rows.pop((QUANDARY[0], "match"))[0] == seen["partner's key"]
    assert rows == {
        (QUANDARY[0], "gone"): ("target / target", None),
        (ZELWERK[0], "status"): ("prospect / customer", "target / customer"),
        (ZELWERK[0], "category"): ("overlap", "partner"),
    }
    assert {row[-3:] for row in corrected[1:]} == {("2026-09", "2026-09", 2)}


def test_months_in_any_order_give_the_history_of_months_in_order(seen: dict[str, object], tmp_path: Path) -> None:
    in_order = Workspace(tmp_path)
    load(in_order, "2026-08", AUGUST)
    load(in_order, "2026-09", SEPTEMBER)
    assert in_order.query(RESTATED) == []
    assert history(in_order) == seen["history"]


def published_file(folder: Path, run_id: str, *numbers: int) -> None:
    """Write published marts that hold one overlap and the restatements of some numbers."""
    folder.mkdir(exist_ok=True)
    (folder / "marts.duckdb").unlink(missing_ok=True)
    with duckdb.connect(str(folder / "marts.duckdb")) as connection:
        connection.execute(
            f"""
            create table last_refreshed as select '{run_id}' as run_id;
            create table fct_account_overlaps as select
                date '2026-09-01' as as_of_month, 'a-1' as account_key, 'alpha' as partner_id, true as is_overlap,
                'target' as our_status, 'target' as partner_status, 'greenfield' as category,
                cast(0 as decimal(38, 2)) as our_open_pipeline_counted_once_usd;
            create table fct_account_priorities as select as_of_month, account_key, partner_id, 'T3' as tier,
                11 as priority_score from fct_account_overlaps;
            create table fct_restatements as select
                date '2026-08-01' as as_of_month, date '2026-09-01' as restated_in_month,
                date '2026-08-01' as reloaded_month, unnest({list(numbers)}::integer[]) as restatement_number,
                'a-1' as account_key, 'alpha' as partner_id, 'gone' as change_type, 'x' as from_value,
                null::varchar as to_value
            """
        )


def test_what_was_reported_is_kept_once_whatever_is_published_after_it(tmp_path: Path) -> None:
    warehouse, published = tmp_path / "warehouse.duckdb", tmp_path / "published"

    def kept(month: date | None) -> tuple[list[int], list[tuple[str, date]]]:
        keep_published(warehouse, published, month)
        with duckdb.connect(str(warehouse)) as connection:
            numbers = connection.execute("select restatement_number from seen.restatements order by 1").fetchall()
            months = connection.execute("select published_run_id, reloaded_month from seen.months").fetchall()
        return [number for (number,) in numbers], months

    published_file(published, "first", 1, 2)
    assert kept(None) == ([1, 2], [])
    published_file(published, "restored", 1)  # an earlier month again, which knows less
    assert kept(date(2026, 9, 1)) == ([1, 2], [("restored", date(2026, 9, 1))])
    assert kept(date(2026, 8, 1)) == ([1, 2], [("restored", date(2026, 8, 1))])  # the run before did not publish
    published_file(published, "third", 1, 2, 3)
    assert kept(date(2026, 10, 1)) == ([1, 2, 3], [])  # nothing published is built again


def test_published_marts_that_cannot_be_read_are_named_and_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "published").mkdir()
    (tmp_path / "published" / "marts.duckdb").write_bytes(b"half a file" * 1000)
    warehouse = tmp_path / "warehouse.duckdb"
    with pytest.raises(UnreadableMartsError, match="cannot be read, so no restatement"):
        keep_published(warehouse, tmp_path / "published", date(2026, 9, 1))
    with duckdb.connect(str(warehouse)) as connection:
        assert connection.execute("select count(*) from seen.months").fetchall() == [(0,)]
    shutil.rmtree(tmp_path / "published")
    keep_published(warehouse, tmp_path / "published", date(2026, 9, 1))  # nothing has been published yet
