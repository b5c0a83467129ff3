"""An earlier month, published again from what the warehouse holds.

Belongs here: that it is that month as it was, and that nothing of the latest is lost by it. Does not belong here: what
a month's marts hold (test_found.py).
"""

import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from orchestration.warehouse.held import CopyError
from orchestration.warehouse.restore import copy_until
from tests.workspaces import Run, copy_of, read, run_command

HISTORY = "select * from {file}.fct_account_overlaps where as_of_month <= '2026-09-01' order by all"


def test_an_earlier_month_is_published_as_it_was_and_the_warehouse_stays(demo: Run, tmp_path: Path) -> None:
    var = tmp_path / "var"
    settings = copy_of(demo.settings, var)
    before = read(settings.warehouse, HISTORY.format(file="marts"))
    run = run_command(settings, "restore", "--month", "2026-09")
    assert run.exit_code == 0, run.output
    published = settings.published / "marts.duckdb"
    assert read(published, "select as_of_month from marts.last_refreshed") == [(date(2026, 9, 1),)]
    assert read(published, HISTORY.format(file="marts")) == before
    assert read(published, "select max(as_of_month) from marts.fct_account_overlaps") == [(date(2026, 9, 1),)]
    assert read(published, "select count(*) from marts.mart_refused_data where export_month > '2026-09-01'") == [(0,)]
    assert read(settings.warehouse, "select max(as_of_month) from marts.fct_account_overlaps") == [(date(2026, 10, 1),)]
    assert not (var / "restored.duckdb").exists()
    (pair, *_) = read(settings.warehouse, "select left_record_key, right_record_key from marts.fct_account_matches")
    explained = run_command(settings, "explain", "--", *map(str, pair))
    assert explained.exit_code == 0, explained.output


def test_a_month_without_lists_and_a_missing_or_busy_warehouse_say_what_to_do(demo: Run, tmp_path: Path) -> None:
    with pytest.raises(CopyError, match=r"Nothing was landed for 2026-07. Months with lists: 2026-08, 2026-09"):
        copy_until(demo.settings.warehouse, tmp_path / "copy.duckdb", date(2026, 7, 1))
    with pytest.raises(CopyError, match="nothing has been built yet"):
        copy_until(tmp_path / "none.duckdb", tmp_path / "copy.duckdb", date(2026, 9, 1))
    busy = tmp_path / "busy.duckdb"
    writer = f"import duckdb; held = duckdb.connect({str(busy)!r}); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", writer], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as shell:
        assert shell.stdin and shell.stdout
        assert shell.stdout.readline() == "held\n"
        with pytest.raises(CopyError, match="held by another process"):
            copy_until(busy, tmp_path / "copy.duckdb", date(2026, 9, 1))
        shell.stdin.close()
