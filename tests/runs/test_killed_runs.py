"""Whole runs that are killed, stopped or starved: readers keep what they had, and the next is as if nothing had been.

Belongs here: the monthly job in processes of its own, on a copy of the demo. Does not belong here: a single step that
fails (test_landing_faults.py, test_publishing_faults.py). The mark `faults` is for what takes minutes.
"""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.settings import HOME, Settings, contacts_folder
from tests.processes import environment_of, files_in, kill_at, process_of, wait_until
from tests.workspaces import RUN_OF_OCTOBER, Run, copy_of, published_relations, run_command

# Has the published file open for as long as it lives, and says of which run it is whenever it is asked.
READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as marts:
    print("open", flush=True)
    for line in sys.stdin:
        print(marts.execute("select run_id, (select count(*) from marts.dim_accounts) from marts.last_refreshed")
              .fetchone(), flush=True)
"""


def ask(reader: subprocess.Popen[str]) -> str:
    assert reader.stdin and reader.stdout
    reader.stdin.write("again\n")
    reader.stdin.flush()
    return reader.stdout.readline()


def relations_of(settings: Settings) -> dict[str, list[tuple[object, ...]]]:
    """Every published relation but the one that tells the run and its time."""
    contacts = contacts_folder(settings.published) / "contacts.duckdb"
    with duckdb.connect(str(contacts), read_only=True) as persons:
        tables = [row[0] for row in persons.execute("select table_name from duckdb_tables()").fetchall()]
        named = {t: persons.execute(f"from contacts.{t} order by all").fetchall() for t in tables if t[0] != "l"}
    return published_relations(settings.published) | named


def living() -> dict[int, tuple[int, str]]:
    """Every process that is alive, with its parent and its command."""
    command = ["ps", "-axww", "-o", "pid=,ppid=,stat=,command="]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    rows = [line.split(None, 3) for line in lines]
    return {int(row[0]): (int(row[1]), row[3]) for row in rows if row[2][0] != "Z"}


def kill_in_dbt(settings: Settings, **environment: str) -> None:
    """Kill a run while dbt builds a mart, and wait for the end of the dbt that it leaves."""
    log = settings.var / "logs" / "2026-10.log"
    log.unlink(missing_ok=True)
    command = [sys.executable, "-m", "orchestration", *RUN_OF_OCTOBER]
    with process_of(command, environment_of(settings, **environment)) as run:
        wait_until(lambda: log.exists() and "START sql table model marts.dim_accounts" in log.read_text(), run)
        (dbt,) = [
            child
            for child, (parent, text) in living().items()
            if parent == run.pid and "orchestration.warehouse.build" in text
        ]
        refused = run_command(settings, *RUN_OF_OCTOBER)
        assert refused.exit_code == 1
        assert f"the run of 2026-10, process {run.pid}" in refused.output
        run.kill()
        run.wait()
        wait_until(lambda: dbt not in living())


def states_of_runs(settings: Settings) -> list[str]:
    """The state of every run that Dagster knows, the latest first, after making sure that no pool is claimed."""
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        assert instance.event_log_storage.get_concurrency_info("warehouse").claimed_slots == []
        return [run.status.value for run in instance.get_runs()]


def check_published_anew(settings: Settings, old_runs: list[str], reader: subprocess.Popen[str], seen: str) -> None:
    """What must hold after the run that follows on faults: all is new to a new reader, and nothing lies about."""
    assert states_of_runs(settings) == ["SUCCESS", *old_runs]
    assert ask(reader) == seen
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as marts:
        assert str(marts.execute("select run_id from marts.last_refreshed").fetchone()) not in seen
    assert (settings.var / "run.lock").read_text() == ""
    assert not (settings.var / "landing").exists()
    assert [file.name for file in settings.published.rglob(".*")] == []


def test_after_a_killed_run_and_one_stopped_by_a_check_the_next_is_as_if_nothing_had_been(
    demo: Run, tmp_path: Path
) -> None:
    settings = copy_of(demo.settings, tmp_path / "var")
    expected, before = relations_of(demo.settings), files_in(settings.published)
    known = states_of_runs(settings)
    marts = settings.published / "marts.duckdb"
    with process_of([sys.executable, "-c", READER, str(marts)]) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        seen = ask(reader)
        kill_in_dbt(settings, TZ="Pacific/Auckland")
        assert files_in(settings.published) == before
        assert ask(reader) == seen

        # What is published has three times as many accounts as the lists have now.
        larger, kept = tmp_path / "larger.duckdb", tmp_path / "kept.duckdb"
        shutil.copy(marts, larger)
        shutil.copy(marts, kept)
        with duckdb.connect(str(larger)) as connection:
            connection.execute("insert into dim_accounts from dim_accounts union all from dim_accounts")
        larger.replace(marts)
        blocked = files_in(settings.published)
        run = run_command(settings, *RUN_OF_OCTOBER)
        assert run.exit_code == 1, run.output
        assert "2026-10 was not published" in run.output
        assert "marts/dim_accounts: marts_acceptance failed" in run.output
        assert "The number of accounts is out of proportion to what was published last" in run.output
        assert "Traceback" not in run.output
        assert files_in(settings.published) == blocked
        assert ask(reader) == seen
        kept.replace(marts)

        done = subprocess.run(
            [sys.executable, "-m", "orchestration", *RUN_OF_OCTOBER],
            cwd=HOME,
            env=environment_of(settings, TZ="Pacific/Honolulu"),
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        check_published_anew(settings, ["FAILURE", "FAILURE", *known], reader, seen)
    after = relations_of(settings)
    assert after.keys() == expected.keys()
    assert [name for name in expected if after[name] != expected[name]] == []


@pytest.mark.faults
def test_a_run_killed_at_every_stage_leaves_the_old_marts_and_the_next_is_as_if_nothing_had_been(
    demo: Run, tmp_path: Path
) -> None:
    settings = copy_of(demo.settings, tmp_path / "var")
    expected, before = relations_of(demo.settings), files_in(settings.published)
    known = states_of_runs(settings)
    files = [settings.published / "marts.duckdb", contacts_folder(settings.published) / "contacts.duckdb"]
    copies = [hashlib.sha256(file.read_bytes()).hexdigest() for file in files]
    with process_of([sys.executable, "-c", READER, str(files[0])]) as reader:
        assert reader.stdout
        assert reader.stdout.readline() == "open\n"
        seen = ask(reader)
        stages = (
            ("orchestration.ingestion.landing:take_snapshot", "before"),
            ("orchestration.ingestion.raw_tables:RawTables._insert_refusals", "before"),
            ("orchestration.defs.expectations:check_marts", "before"),
            ("orchestration.publishing.published:_replace_with_text", "before"),
            ("orchestration.publishing.published:_replace_with_text", "after"),
        )
        for where, when in stages:
            call = f"from orchestration.__main__ import main; main({list(RUN_OF_OCTOBER)!r})"
            kill_at(where, when, call, tmp_path / "marker", environment_of(settings))
            assert [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] == copies
            kept = {name: digest for name, digest in files_in(settings.published).items() if name in before}
            changed = {name for name in before if kept.get(name) != before[name]}
            # A manifest is the last of the Parquet files, and it may be new when the DuckDB file is still the old one.
            manifests = {"parquet/manifest.json", "contacts/parquet/manifest.json"}
            assert changed <= (manifests if when == "after" else set()), (where, when)
            assert ask(reader) == seen
        run = run_command(settings, *RUN_OF_OCTOBER)
        assert run.exit_code == 0, run.output
        check_published_anew(settings, [*["FAILURE"] * len(stages), *known], reader, seen)
    after = relations_of(settings)
    assert [name for name in expected if after[name] != expected[name]] == []


@pytest.mark.faults
def test_a_full_disk_is_reported_and_the_next_run_with_space_is_as_if_nothing_had_been(
    demo: Run, tmp_path: Path
) -> None:
    disk = tmp_path / "var"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=600m", "tmpfs", str(disk)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("making a small disk of its own takes root's rights")
    try:
        settings = copy_of(demo.settings, disk)
        before = files_in(settings.published)
        for free in (1_000_000, 14_000_000):  # it fills up at once, and while dbt builds
            filler = disk / "filler"
            filler.write_bytes(bytes(shutil.disk_usage(disk).free - free))
            run = run_command(settings, *RUN_OF_OCTOBER)
            assert run.exit_code == 1
            assert f"There is no space left to write below {disk}" in run.output, run.output
            assert "Traceback" not in run.output
            assert files_in(settings.published) == before
            assert not (disk / "landing").exists()
            filler.unlink()
        run = run_command(settings, *RUN_OF_OCTOBER)
        assert run.exit_code == 0, run.output
        after, expected = relations_of(settings), relations_of(demo.settings)
        assert [name for name in expected if after[name] != expected[name]] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607
