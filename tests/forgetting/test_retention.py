"""Old months pruned: they are gone, the latest result stays as it was, and nothing that is kept rests on them.

Belongs here: the command on a copy of the demo, and which lists go. Does not belong here: parties and persons that are
taken out (test_withdrawal_and_erasure.py).
"""

import os
import subprocess
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.forgetting import retention
from orchestration.settings import DBT_EXECUTABLE, DBT_PROJECT_DIR, Settings
from orchestration.warehouse.held import CopyError
from orchestration.warehouse.restore import copy_until
from orchestration.warehouse.schema import PrunedMonthError, create_raw_tables
from tests.deliveries import land_into
from tests.workspaces import Run, own_copy_of, read, run_command

# What is read of earlier months goes with them: refusals, what records said before, and what they said to a decision.
STAGING = """
    select table_name from duckdb_tables()
    where
        schema_name = 'staging' and table_name not in ('stg_refusals', 'stg_earlier_accounts', 'stg_named_records')
    order by 1
"""


def staging(warehouse: Path) -> dict[str, list[tuple[Any, ...]]]:
    return {table: read(warehouse, f"from staging.{table} order by all") for (table,) in read(warehouse, STAGING)}


@pytest.fixture(scope="module")
def pruned(demo: Run, tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = own_copy_of(demo, tmp_path_factory.mktemp("pruned"))
    run = run_command(settings, "prune", "--exports", str(settings.exports), "--months", "2")
    assert run.exit_code == 0, run.output
    assert "Kept: 2026-09 and later" in run.output
    return settings


def test_pruned_months_are_gone_and_the_latest_result_stays_as_it_was(demo: Run, pruned: Settings) -> None:
    assert read(pruned.warehouse, "select min(export_month), count(distinct export_month) from raw.accounts") == [
        (date(2026, 9, 1), 2)
    ]
    history = "select count(*), min(as_of_month) from marts.fct_account_overlaps"
    assert read(pruned.warehouse, history) == read(demo.settings.warehouse, history)
    # No other layer reads raw (test_layers.py), so what staging says decides what the month's result is.
    done = subprocess.run(
        [str(DBT_EXECUTABLE), "run", "--select", "path:models/staging", "--profiles-dir", str(DBT_PROJECT_DIR),
         "--target-path", str(pruned.var / "target"), "--log-path", str(pruned.var / "logs")],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **demo.settings.as_environment(), "ACCOUNT_MAPPING_WAREHOUSE": str(pruned.warehouse),
             "ACCOUNT_MAPPING_AS_OF_MONTH": "2026-10-01"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert staging(pruned.warehouse) == staging(demo.settings.warehouse)


def test_a_pruned_month_is_neither_restored_nor_loaded(pruned: Settings) -> None:
    august = date(2026, 8, 1)
    with pytest.raises(CopyError, match=r"2026-08 cannot be built any more: lists before 2026-09 were pruned on"):
        copy_until(pruned.warehouse, pruned.var / "restored.duckdb", august)
    with pytest.raises(PrunedMonthError, match="Deliver a late list into the latest month's folder"):
        land_into(pruned, august)
    run = run_command(pruned, "run", "--exports", str(pruned.exports), "--month", "2026-08")
    assert run.exit_code == 1
    assert "2026-08 cannot be built any more" in run.output
    assert "Traceback" not in run.output


def test_of_each_list_the_last_before_the_kept_months_stays(tmp_path: Path) -> None:
    warehouse = tmp_path / "var" / "warehouse.duckdb"
    warehouse.parent.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        for party_id, month in [("us", 6), ("us", 7), ("us", 9), ("us", 10), ("slow", 6), ("slow", 7), ("new", 10)]:
            connection.execute(
                "insert into raw.files (party_id, object, export_month, file_name, status, loaded_at, run_id) "
                "values (?, 'accounts', make_date(2026, ?, 1), 'f', 'landed', now(), 'r')",
                [party_id, month],
            )
            connection.execute(
                "insert into raw.accounts (party_id, export_month, file_name, file_sha256, row_number, source_system, "
                "loaded_at, run_id, source_id, identical_row_count) "
                "values (?, make_date(2026, ?, 1), 'f', 'x', 2, 'plain', now(), 'r', '1', 1)",
                [party_id, month],
            )
    settings = Settings(tmp_path / "exports", tmp_path / "seeds", warehouse, tmp_path / "var" / "published")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert retention.prune(settings, 3, now).rows == {"raw.accounts": 2, "raw.files": 2}
    lists = "select party_id, month(export_month) from raw.{} order by all"
    # August is the first kept month: what counts then are the lists of July, and nothing rests on those of June.
    left = [("new", 10), ("slow", 7), ("us", 7), ("us", 9), ("us", 10)]
    assert read(warehouse, lists.format("accounts")) == read(warehouse, lists.format("files")) == left
    assert read(warehouse, "select party_id, month(first_seen_month) from raw.pruned_records order by 1") == [
        ("slow", 6),
        ("us", 6),
    ]
    assert retention.prune(settings, 3, now).rows == {}
    assert retention.prune(settings, 1, now).rows == {"raw.accounts": 2, "raw.files": 2}
    assert read(warehouse, "select month(min(first_seen_month)) from raw.pruned_records") == [(6,)]


def test_kept_months_come_from_the_environment_and_are_a_number() -> None:
    assert Settings.from_environment({}).kept_months is None
    assert Settings.from_environment({"ACCOUNT_MAPPING_KEPT_MONTHS": "24"}).kept_months == 24
    for text in ("0", "two years", "-1"):
        with pytest.raises(ValueError, match="not a number of months from 1 up"):
            Settings.from_environment({"ACCOUNT_MAPPING_KEPT_MONTHS": text})
