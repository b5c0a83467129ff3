"""Three months run in order, run in another order, and built anew: every published relation is the same.

Belongs here: whole runs of the monthly job, which take minutes each. Does not belong here: single tables and what a
restatement tells (test_restatements.py).
"""

from pathlib import Path

import pytest

from orchestration.settings import HOME, Settings
from tests.deliveries import AUGUST, DECISION, HEADER, LASTING, OCTOBER, SEPTEMBER, ZELWERK_ALONE, Lists, deliver
from tests.workspaces import PARTNERS, Run, published_rows, rewrite_seed, run_command

pytestmark = pytest.mark.faults

# They tell what people saw, which hangs on the order.
SEEN_MEANWHILE = {"fct_restatements", "dim_closed_quarters", "fct_closed_quarter_changes", "mart_closed_quarters"}
MONTHS: dict[str, Lists] = {"2026-08": AUGUST, "2026-09": SEPTEMBER, "2026-10": OCTOBER}


def run_months(folder: Path, *months: str) -> Run:
    """Make a workspace with the lists of all three months, and run them one by one."""
    nowhere = Settings(
        folder / "exports", HOME / "seeds", folder / "var" / "warehouse.duckdb", folder / "var" / "published"
    )
    assert run_command(nowhere, "init", "--name", "Us", "--currency", "EUR", str(folder)).exit_code == 0
    settings = Settings(nowhere.exports, folder / "seeds", nowhere.warehouse, nowhere.published)
    rewrite_seed(settings.seeds / "company" / "partners.csv", PARTNERS[:1])
    for month, lists in MONTHS.items():
        for party in ("us", "alpha"):
            parts = (ZELWERK_ALONE, LASTING, lists)
            rows = [(number, *says) for part in parts for number, says in part.get(party, {}).items()]
            deliver(settings.exports, party, month, "accounts.csv", [HEADER, *rows])
    decision = ("us:4", "alpha:4", "different", "asked them", "Ada", "2026-09-10", "")
    deliver(settings.exports, "us", "2026-09", "decisions.csv", [DECISION, decision])
    for month in months:
        run = run_command(settings, "run", "--exports", str(settings.exports), "--month", month)
        assert run.exit_code == 0, run.output
    return run


def published(run: Run) -> dict[str, object]:
    """Every published relation, ordered, without what tells when it was published and what people saw meanwhile."""
    rows: dict[str, object] = {**published_rows(run)}
    rows["mart_what_changed"] = [row for row in published_rows(run)["mart_what_changed"] if "restatement" not in row]
    return {name: found for name, found in rows.items() if name not in SEEN_MEANWHILE}


@pytest.fixture(scope="module")
def in_order(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_months(tmp_path_factory.mktemp("in_order") / "ours", *MONTHS)


def test_a_rebuilt_warehouse_publishes_the_same_keys_and_figures(in_order: Run) -> None:
    before = published_rows(in_order)
    warehouse = in_order.settings.warehouse
    made = warehouse.stat().st_ino
    run = run_command(in_order.settings, "rebuild", "--exports", str(in_order.settings.exports))
    assert run.exit_code == 0, run.output
    assert published_rows(in_order) == before
    assert warehouse.stat().st_ino != made
    assert sorted(file.name for file in warehouse.parent.glob("*.duckdb*")) == ["warehouse.duckdb"]


def test_months_run_in_any_order_publish_the_same(in_order: Run, tmp_path: Path) -> None:
    other = run_months(tmp_path / "ours", "2026-10", "2026-08", "2026-09")
    assert published(other) == published(in_order)
    assert published_rows(in_order)["fct_restatements"] == []
    assert published_rows(other)["fct_restatements"] != []  # October was seen before September was known
