"""Two runs at once: the second is refused or waits, and a killed one holds nothing up.

Belongs here: the lock, made by real processes. Does not belong here: what a killed run leaves (test_killed_runs.py).
"""

import hashlib
import os
import sys
from pathlib import Path

import dagster as dg
import pytest

from orchestration.defs import resources
from orchestration.monthly import write_dagster_config
from orchestration.runs.lock import BusyError, one_run
from tests.processes import files_in, process_of
from tests.workspaces import RUN_OF_OCTOBER, run_command, workspace_in


@pytest.mark.parametrize("arguments", [RUN_OF_OCTOBER, ("demo",), ("restore", "--month", "2026-09")])
def test_a_second_run_is_refused_at_once_with_a_word_of_the_first(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    settings = workspace_in(tmp_path)
    settings.published.mkdir(parents=True)
    (settings.published / "marts.duckdb").write_bytes(b"what readers see")
    with one_run(settings.var, "the run of 2026-09"):
        run = run_command(settings, *arguments)
    assert run.exit_code == 1
    assert f"Another run is going in {settings.var} (the run of 2026-09, process {os.getpid()}, since " in run.output
    assert "wait until it has finished" in run.output
    assert "Traceback" not in run.output
    assert files_in(settings.published) == {"marts.duckdb": hashlib.sha256(b"what readers see").hexdigest()}


def test_the_lock_of_a_killed_run_is_free_and_its_claims_are_given_back(tmp_path: Path) -> None:
    write_dagster_config(tmp_path)
    with dg.DagsterInstance.from_config(str(tmp_path)) as instance:
        killed = instance.create_run_for_job(dg.GraphDefinition(name="job").to_job())
        instance.report_run_failed(instance.create_run_for_job(dg.GraphDefinition(name="other").to_job()))
        storage = instance.event_log_storage
        storage.initialize_concurrency_limit_to_default("warehouse")
        assert storage.claim_concurrency_slot("warehouse", killed.run_id, "raw_exports").is_claimed
        code = f"""
import dagster as dg, sys
from pathlib import Path
from orchestration.runs.lock import one_run
with one_run(Path({str(tmp_path)!r}), "the run of 2026-10") as turn:
    turn.begin({killed.run_id!r}, dg.DagsterInstance.from_config({str(tmp_path)!r}))
    print("held", flush=True)
    sys.stdin.read()
"""
        with process_of([sys.executable, "-c", code]) as run:
            assert run.stdout
            assert run.stdout.readline() == "held\n"
            with pytest.raises(BusyError, match=f"the run of 2026-10, process {run.pid}"), one_run(tmp_path, "mine"):
                pass
        with one_run(tmp_path, "mine") as turn:
            turn.begin("next", instance)
        ended = instance.get_run_by_id(killed.run_id)
        assert ended and ended.status == dg.DagsterRunStatus.FAILURE
        assert storage.claim_concurrency_slot("warehouse", "next", "raw_exports").is_claimed
    assert (tmp_path / "run.lock").read_text() == ""


def test_a_run_of_dagsters_waits_for_another_and_gives_up_in_the_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = workspace_in(tmp_path)
    monkeypatch.setattr(resources, "WAIT_FOR_OTHER_RUNS_SECONDS", 0.1)
    steps = []

    @dg.asset
    def step(workspace: resources.Workspace) -> None:
        steps.append(workspace.warehouse)

    def materialize() -> dg.ExecuteInProcessResult:
        workspace = resources.workspace_of(settings)
        return dg.materialize([step], resources={"workspace": workspace}, raise_on_error=False)

    code = f"""
from pathlib import Path
from orchestration.runs.lock import one_run
with one_run(Path({str(settings.var)!r}), "the run of 2026-10"):
    print("held", flush=True)
    input()
"""
    with process_of([sys.executable, "-c", code]) as run:
        assert run.stdout
        assert run.stdout.readline() == "held\n"
        refused = materialize()
        assert not refused.success
        assert "Another run is going" in str([event.event_specific_data for event in refused.all_events])
        assert steps == []
    assert materialize().success
    assert steps == [str(settings.warehouse)]
