"""A warehouse that somebody holds, or that is damaged: it is waited for or named, and left as it is.

Belongs here: faults of the machine as a step meets them, and what the person at the keyboard reads. Does not belong
here: faults while landing (test_landing_faults.py) or publishing (test_publishing_faults.py).
"""

import os
import time
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.defs import resources
from orchestration.monthly import wait_for_warehouse
from orchestration.warehouse import faults
from tests.processes import files_in, open_shell
from tests.workspaces import RUN_OF_OCTOBER, run_command, workspace_in


def test_a_held_warehouse_is_waited_for_and_the_person_learns_who_holds_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = workspace_in(tmp_path)
    settings.var.mkdir()
    duckdb.connect(str(settings.warehouse)).close()
    pauses: list[float] = []
    with open_shell(settings.warehouse) as shell:

        def close_after_two(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                shell.communicate("close\n")

        monkeypatch.setattr(time, "sleep", close_after_two)
        wait_for_warehouse(settings)
    said = capsys.readouterr().out
    assert f"{settings.warehouse} is held open by" in said
    assert f"(PID {shell.pid})" in said
    assert "Close it there" in said
    assert "two minutes" in said
    assert len(pauses) == 2


def step_that(work: Callable[[], None]) -> tuple[dg.ExecuteInProcessResult, list[str]]:
    """Run one step that opens the warehouse, as the monthly job does."""

    @dg.op
    def step() -> None:
        with resources.retry_while_locked():
            work()

    @dg.job
    def month() -> None:
        step()

    result = month.execute_in_process(raise_on_error=False)
    failures = [e.step_failure_data.user_failure_data for e in result.all_events if e.is_step_failure]
    return result, [failure.description or "" for failure in failures if failure]


def test_a_step_waits_longer_and_longer_for_a_held_warehouse_and_not_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert sorted(faults.WAIT_SECONDS) == list(faults.WAIT_SECONDS)
    assert sum(faults.WAIT_SECONDS) == 120
    pauses = {faults.jittered(10) for _ in range(20)}
    assert len(pauses) > 1
    assert min(pauses) >= 8
    assert max(pauses) <= 12
    monkeypatch.setattr(faults, "WAIT_SECONDS", (0.05, 0.1, 0.2))
    file = tmp_path / "warehouse.duckdb"
    duckdb.connect(str(file)).close()
    with open_shell(file) as shell:
        result, said = step_that(lambda: faults.check_writable(file))
        assert not result.success
        assert sum(event.is_step_up_for_retry for event in result.all_events) == 3
        assert [f"(PID {shell.pid})" in sentence and str(file) in sentence for sentence in said] == [True]
    assert step_that(lambda: faults.check_writable(file))[0].success


@pytest.mark.parametrize("problem", [OSError(28, "No space left on device"), ValueError("a seed cannot be used")])
def test_what_does_not_pass_by_itself_is_not_tried_again(problem: Exception) -> None:
    tries = []

    def work() -> None:
        tries.append(1)
        raise problem

    result, said = step_that(work)
    assert not result.success
    assert len(tries) == 1
    assert [sentence[:30] for sentence in said] == (["There is no space left to writ"] if said else [])
    assert bool(said) == isinstance(problem, OSError)


@pytest.mark.parametrize("damage", ["random bytes", "cut off", "emptied", "overwritten at its head"])
def test_a_damaged_warehouse_is_named_and_neither_it_nor_the_marts_are_touched(tmp_path: Path, damage: str) -> None:
    settings = workspace_in(tmp_path)
    settings.var.mkdir()
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        warehouse.execute("create table t as select i, md5(i::varchar) as text from range(300000) r(i)")
    whole = settings.warehouse.read_bytes()
    noise = os.urandom(8192)
    settings.warehouse.write_bytes(
        {
            "random bytes": noise * 10,
            "cut off": whole[: len(whole) // 2],
            "emptied": b"",
            "overwritten at its head": whole[:4096] + noise + whole[4096 + len(noise) :],
        }[damage]
    )
    settings.published.mkdir()
    (settings.published / "marts.duckdb").write_bytes(b"what readers see")
    before = files_in(settings.var)
    said = run_command(settings, *RUN_OF_OCTOBER).output
    assert "Traceback" not in said
    assert f"The warehouse {settings.warehouse} is damaged" in said
    assert f"mv {settings.warehouse} {settings.warehouse}.damaged" in said
    assert "run every month again (2026-08, 2026-09, 2026-10)" in said
    assert files_in(settings.var) == before
