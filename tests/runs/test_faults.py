"""What a month survives: killed processes, two runs at once, full disks, held and damaged files, time zones, big files.

Belongs here: each fault made by real processes, what is left afterwards, and what the person at the keyboard reads.
Does not belong here: lists that are wrong (test_ingestion.py). The mark `faults` is for what takes minutes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.defs import resources
from orchestration.defs.partitions import MONTHS
from orchestration.ingestion.landing import LandingSummary, land_month
from orchestration.ingestion.snapshots import Limits
from orchestration.monthly import wait_for_warehouse, write_dagster_config
from orchestration.publishing.published import publish_marts
from orchestration.runs.lock import BusyError, one_run
from orchestration.settings import HOME, Settings, contacts_folder
from orchestration.warehouse import faults
from orchestration.warehouse.schema import TABLES
from tests.workspaces import AT, MONTH, Run, copy_of, published_relations, run_command, warehouse_with, workspace_in

# Runs a call, and stops for good before or after a function that it comes by.
STOPPED = """
import importlib, sys, time
from pathlib import Path
where, when, marker, call = sys.argv[1:]
module, _, path = where.partition(":")
owner = importlib.import_module(module)
*outer, name = path.split(".")
for part in outer:
    owner = getattr(owner, part)
original = getattr(owner, name)

def stop(*arguments, **named):
    if when == "after":
        original(*arguments, **named)
    Path(marker).touch()
    time.sleep(3600)

setattr(owner, name, stop)
exec(call)
"""
COMMAND = "from orchestration.__main__ import main; main({arguments!r})"
OCTOBER = ("run", "--exports", str(HOME / "demo" / "exports"), "--month", "2026-10")
# A machine under load may take long to begin; nothing below is judged by how fast it is.
PATIENCE_SECONDS = 600


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    return {**os.environ, **settings.as_environment(), **more}


def wait_until(is_so: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert process is None or process.poll() is None, process.stdout.read() if process.stdout else "ended"
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def process_of(command: list[str], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and end it with SIGKILL and nobody else, as the system does when memory runs out."""
    with subprocess.Popen(
        command,
        cwd=HOME,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def kill_at(where: str, when: str, call: str, marker: Path, environment: dict[str, str] | None = None) -> None:
    """Run a call in a process of its own, and kill that process before or after a function (`module:name`) of it."""
    marker.unlink(missing_ok=True)
    with process_of([sys.executable, "-c", STOPPED, where, when, str(marker), call], environment) as process:
        wait_until(marker.exists, process)


@contextmanager
def open_shell(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A person's shell with a DuckDB file open; a line on its input closes it."""
    code = f"import duckdb; held = duckdb.connect({str(file)!r}); print('open', flush=True); input(); held.close()"
    with process_of([sys.executable, "-c", code]) as shell:
        assert shell.stdout
        assert shell.stdout.readline() == "open\n"
        yield shell


def files_in(folder: Path) -> dict[str, str]:
    """Every file below a folder with its hash."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


# --- two at once ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [OCTOBER, ("demo",), ("restore", "--month", "2026-09")])
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


# --- a shell that holds the warehouse -------------------------------------------------------------------------------


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


# --- a damaged warehouse --------------------------------------------------------------------------------------------


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
    said = run_command(settings, *OCTOBER).output
    assert "Traceback" not in said
    assert f"The warehouse {settings.warehouse} is damaged" in said
    assert f"mv {settings.warehouse} {settings.warehouse}.damaged" in said
    assert "run every month again (2026-08, 2026-09, 2026-10)" in said
    assert files_in(settings.var) == before


# --- killed while landing and while publishing ----------------------------------------------------------------------


def landing(folder: Path, exports: Path = HOME / "demo" / "exports") -> str:
    """A call that lands the demo's September into a warehouse of a folder."""
    return f"""
from datetime import UTC, date, datetime
from pathlib import Path
from orchestration.ingestion import landing
folder = Path({str(folder)!r})
landing.land_month(folder / "warehouse.duckdb", Path({str(exports)!r}), Path({str(HOME / "seeds")!r}),
                   date(2026, 9, 1), "run", datetime(2026, 10, 3, tzinfo=UTC), folder / "validations")
"""


def land_september(folder: Path) -> None:
    """The same, in this process."""
    at = datetime(2026, 10, 3, tzinfo=UTC)
    warehouse, results = folder / "warehouse.duckdb", folder / "validations"
    land_month(warehouse, HOME / "demo" / "exports", HOME / "seeds", date(2026, 9, 1), "run", at, results)


def landed(folder: Path) -> dict[str, list[tuple[object, ...]]]:
    """Every table of lists and refusals with its rows, in one order."""
    with duckdb.connect(str(folder / "warehouse.duckdb"), read_only=True) as warehouse:
        return {table: warehouse.execute(f"from raw.{table} order by all").fetchall() for table in TABLES}


def test_a_landing_killed_at_any_stage_leaves_whole_lists_and_the_next_gives_all(tmp_path: Path) -> None:
    land_september(tmp_path / "undisturbed")
    expected = landed(tmp_path / "undisturbed")
    lists = {(row[0], row[3]) for row in expected["accounts"]}
    assert len(lists) > 2
    disturbed = tmp_path / "disturbed"
    for function in ("landing:take_snapshot", "raw_tables:RawTables._insert_refusals"):
        where = f"orchestration.ingestion.{function}"
        kill_at(where, "before", landing(disturbed), tmp_path / "marker")
        for table, rows in landed(disturbed).items():
            if table == "files":
                continue
            for key in {(row[0], row[3]) for row in rows}:
                whole = [row for row in expected[table] if (row[0], row[3]) == key]
                assert [row for row in rows if (row[0], row[3]) == key] == whole, (where, table, key)
    land_september(disturbed)
    assert landed(disturbed) == expected
    assert not (disturbed / "landing").exists(), "private copies of the lists are left behind"


def publishing(warehouse: Path, published: Path, run_id: str) -> str:
    return f"""
from datetime import UTC, date, datetime
from pathlib import Path
from orchestration.publishing.published import publish_marts
publish_marts(Path({str(warehouse)!r}), Path({str(published)!r}), date(2026, 10, 1), {run_id!r},
              datetime(2026, 11, 3, tzinfo=UTC), ["fct_sales"])
"""


def parquet_amounts(published: Path) -> list[tuple[object, ...]]:
    """Read the Parquet copy as its manifest says, and check every file of it."""
    folder = published / "parquet"
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    for table in tables.values():
        assert hashlib.sha256((folder / table["path"]).read_bytes()).hexdigest() == table["sha256"]
    return duckdb.execute("from read_parquet(?)", [str(folder / tables["fct_sales"]["path"])]).fetchall()


@pytest.mark.parametrize(
    ("where", "when", "parquet_is_new"),
    [
        ("orchestration.publishing.published:_comment", "before", False),
        ("orchestration.publishing.published:_replace_with_text", "before", False),
        ("orchestration.publishing.published:_replace_with_text", "after", True),
    ],
)
def test_a_publication_killed_half_way_leaves_whole_copies_and_no_rubbish(
    tmp_path: Path, where: str, when: str, parquet_is_new: bool
) -> None:
    published = tmp_path / "published"
    publish_marts(warehouse_with(tmp_path / "old", [3]), published, MONTH, "old", AT, ["fct_sales"])
    new = warehouse_with(tmp_path / "new", [30, 40])
    kill_at(where, when, publishing(new, published, "killed"), tmp_path / "marker")
    assert published_relations(published) == {"fct_sales": [("s0", 3)]}
    assert parquet_amounts(published) == ([("s0", 30), ("s1", 40)] if parquet_is_new else [("s0", 3)])
    publish_marts(new, published, MONTH, "next", AT, ["fct_sales"])
    assert published_relations(published) == {"fct_sales": [("s0", 30), ("s1", 40)]}
    assert parquet_amounts(published) == [("s0", 30), ("s1", 40)]
    assert [file.name for file in published.rglob(".*")] == []


# --- no space -------------------------------------------------------------------------------------------------------


def without_space(call: str, settings: Settings, most_bytes: int) -> str:
    """Run a call in a process whose files may grow only so far, and give what a person reads of its failure."""
    code = f"""
import resource
from orchestration.warehouse import faults
from orchestration.settings import Settings
resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))
try:
    exec({call!r})
except Exception as problem:
    print("EXPLAINED", faults.explain(problem, Settings.from_environment()), flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HOME,
        env=environment_of(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout


def test_a_landing_without_space_says_so_and_changes_nothing(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    settings.var.mkdir()
    land_month(
        settings.warehouse,
        settings.exports,
        settings.seeds,
        date(2026, 8, 1),
        "run",
        datetime(2026, 9, 3, tzinfo=UTC),
        settings.validations,
    )
    before = landed(settings.var)
    said = without_space(landing(settings.var), settings, 40_000)  # less than the first list has
    assert "EXPLAINED There is no space left to write below" in said
    assert "Make some room, and run again" in said
    assert not (settings.var / "landing").exists()
    after = landed(settings.var)
    assert {table: rows for table, rows in after.items() if table != "files"} == {
        table: rows for table, rows in before.items() if table != "files"
    }
    land_september(settings.var)
    assert len(landed(settings.var)["accounts"]) > len(before["accounts"])


def test_a_publication_without_space_says_so_and_leaves_the_old_and_no_rubbish(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    publish_marts(warehouse_with(tmp_path / "old", [3]), settings.published, MONTH, "old", AT, ["fct_sales"])
    new = warehouse_with(tmp_path / "new", list(range(1000)))
    before = files_in(settings.published)
    said = without_space(publishing(new, settings.published, "full"), settings, 10_000)
    assert "EXPLAINED There is no space left to write below" in said
    assert files_in(settings.published) == before
    publish_marts(new, settings.published, MONTH, "next", AT, ["fct_sales"])
    assert len(published_relations(settings.published)["fct_sales"]) == 1000


# --- the landing folder ---------------------------------------------------------------------------------------------


def test_a_read_only_landing_folder_works_and_what_cannot_be_read_is_named() -> None:
    # A folder that other users may enter, unlike pytest's own; tests that run as root read as somebody else.
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        folder.chmod(0o755)
        exports, var = folder / "exports", folder / "var"
        shutil.copytree(HOME / "demo" / "exports", exports, ignore=shutil.ignore_patterns("2026-08", "2026-10"))
        for path in exports.rglob("*"):
            path.chmod(0o555 if path.is_dir() else 0o444)
        exports.chmod(0o555)
        (exports / "tidewell" / "2026-09" / "accounts.csv").chmod(0)
        (exports / "heliograph" / "2026-09").chmod(0)
        var.mkdir()
        is_root = os.getuid() == 0
        if is_root:
            os.chown(var, 65534, 65534)
        become = "import os; os.setgid(65534); os.setuid(65534)" if is_root else ""
        # Once before, for whoever else it becomes may not be able to import what is imported late.
        code = landing(folder / "before", exports) + become + landing(var, exports)
        done = subprocess.run([sys.executable, "-c", code], cwd=HOME, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        with duckdb.connect(str(var / "warehouse.duckdb"), read_only=True) as warehouse:
            refused = warehouse.execute(
                "select file_name, status, rule from raw.files where rule like '%not_readable' order by 1"
            ).fetchall()
            parties = warehouse.execute("select distinct party_id from raw.accounts order by 1").fetchall()
        exports.chmod(0o755)
        for path in exports.rglob("*"):
            path.chmod(0o755)
    assert refused == [
        ("heliograph/2026-09", "not_opened", "folder_not_readable"),
        ("tidewell/2026-09/accounts.csv", "quarantined", "file_not_readable"),
    ]
    assert ("us",) in parties
    assert ("tidewell",) not in parties


def land_list(folder: Path, exports: Path, limits: Limits) -> LandingSummary:
    seeds = HOME / "seeds"
    at = datetime(2026, 11, 3, tzinfo=UTC)
    return land_month(folder / "warehouse.duckdb", exports, seeds, MONTH, "run", at, folder / "validations", limits)


REPLACING = """
import os, sys, time
from pathlib import Path
file, how = Path(sys.argv[1]), sys.argv[2]
versions = [Path(sys.argv[3]).read_bytes(), Path(sys.argv[4]).read_bytes()]
print("begun", flush=True)
for number in range(1_000_000):
    version = versions[number % 2]
    if how == "renamed over":
        other = file.with_name(".other")
        other.write_bytes(version)
        os.replace(other, file)
        time.sleep(0.02)
    else:
        with file.open("wb") as stream:
            for begin in range(0, len(version), 100_000):
                stream.write(version[begin : begin + 100_000])
                stream.flush()
                time.sleep(0.001)
"""


@pytest.mark.parametrize("how", ["renamed over", "written in place"])
def test_of_a_file_replaced_while_it_is_read_one_version_lands_or_none(tmp_path: Path, how: str) -> None:
    month = tmp_path / "exports" / "us" / "2026-10"
    month.mkdir(parents=True)
    for version in ("old", "new"):
        rows = "".join(f"{number},Company {version} {number}\n" for number in range(40_000))
        (tmp_path / version).write_text(f"Account ID,Account Name\n{rows}", encoding="utf-8")
    shutil.copy(tmp_path / "old", month / "accounts.csv")
    statuses = []
    # A version that is renamed over another is whole at once; waiting until nobody does so would leave nothing to land.
    limits = Limits(quiet_seconds=0) if how == "renamed over" else Limits()
    command = [sys.executable, "-c", REPLACING, str(month / "accounts.csv"), how]
    with process_of([*command, str(tmp_path / "old"), str(tmp_path / "new")]) as writer:
        assert writer.stdout
        assert writer.stdout.readline() == "begun\n"
        for _ in range(4):
            summary = land_list(tmp_path, tmp_path / "exports", limits)
            statuses += [(file["status"], file["rule"]) for file in summary.files]
            with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
                versions = warehouse.execute(
                    "select regexp_extract(name, 'old|new'), count(*) from raw.accounts group by all"
                ).fetchall()
            assert len(versions) <= 1, versions
    assert set(statuses) <= {
        ("landed", None),
        ("quarantined", "still_being_written"),
        ("quarantined", "empty_file"),
        ("quarantined", "file_not_readable"),
    }
    assert how == "renamed over" or ("quarantined", "still_being_written") in statuses


# --- time zones -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "has_begun"),
    [
        (datetime(2026, 11, 30, 9, 59, tzinfo=UTC), False),  # it is still November everywhere
        (datetime(2026, 11, 30, 10, 0, tzinfo=UTC), True),  # midnight on Kiritimati
        (datetime(2026, 12, 1, 11, 59, tzinfo=UTC), True),  # still November west of the date line
    ],
)
def test_a_month_may_be_loaded_once_it_has_begun_anywhere(now: datetime, has_begun: bool) -> None:
    with dg.partition_loading_context(effective_dt=now):
        assert MONTHS.has_partition_key("2026-12") == has_begun
        assert MONTHS.has_partition_key("2026-11")
        assert not MONTHS.has_partition_key("2027-01")


# --- whole runs -----------------------------------------------------------------------------------------------------

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
    command = [sys.executable, "-m", "orchestration", *OCTOBER]
    with process_of(command, environment_of(settings, **environment)) as run:
        wait_until(lambda: log.exists() and "START sql table model marts.dim_accounts" in log.read_text(), run)
        (dbt,) = [
            child
            for child, (parent, text) in living().items()
            if parent == run.pid and "orchestration.warehouse.build" in text
        ]
        refused = run_command(settings, *OCTOBER)
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
        run = run_command(settings, *OCTOBER)
        assert run.exit_code == 1, run.output
        assert "2026-10 was not published" in run.output
        assert "marts/dim_accounts: marts_acceptance failed" in run.output
        assert "The number of accounts is out of proportion to what was published last" in run.output
        assert "Traceback" not in run.output
        assert files_in(settings.published) == blocked
        assert ask(reader) == seen
        kept.replace(marts)

        done = subprocess.run(
            [sys.executable, "-m", "orchestration", *OCTOBER],
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
            call = f"from orchestration.__main__ import main; main({list(OCTOBER)!r})"
            kill_at(where, when, call, tmp_path / "marker", environment_of(settings))
            assert [hashlib.sha256(file.read_bytes()).hexdigest() for file in files] == copies
            kept = {name: digest for name, digest in files_in(settings.published).items() if name in before}
            changed = {name for name in before if kept.get(name) != before[name]}
            # A manifest is the last of the Parquet files, and it may be new when the DuckDB file is still the old one.
            manifests = {"parquet/manifest.json", "contacts/parquet/manifest.json"}
            assert changed <= (manifests if when == "after" else set()), (where, when)
            assert ask(reader) == seen
        run = run_command(settings, *OCTOBER)
        assert run.exit_code == 0, run.output
        check_published_anew(settings, [*["FAILURE"] * len(stages), *known], reader, seen)
    after = relations_of(settings)
    assert [name for name in expected if after[name] != expected[name]] == []


@pytest.mark.faults
def test_a_full_disk_is_reported_and_the_next_run_with_space_is_as_if_nothing_had_happened(
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
            run = run_command(settings, *OCTOBER)
            assert run.exit_code == 1
            assert f"There is no space left to write below {disk}" in run.output, run.output
            assert "Traceback" not in run.output
            assert files_in(settings.published) == before
            assert not (disk / "landing").exists()
            filler.unlink()
        run = run_command(settings, *OCTOBER)
        assert run.exit_code == 0, run.output
        after, expected = relations_of(settings), relations_of(demo.settings)
        assert [name for name in expected if after[name] != expected[name]] == []
    finally:
        subprocess.run(["umount", str(disk)], check=True)  # noqa: S607


# --- huge files -----------------------------------------------------------------------------------------------------

MEASURED = """
import json, resource, sys, time
begun = time.perf_counter()
{call}
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
print(json.dumps([time.perf_counter() - begun, peak]))
"""


def measured(call: str) -> tuple[float, int]:
    """Run a call in a process of its own: how many seconds it took, and how many bytes of memory at most."""
    code = MEASURED.format(call=call)
    done = subprocess.run([sys.executable, "-c", code], cwd=HOME, stdout=subprocess.PIPE, text=True, check=True)
    seconds, peak = json.loads(done.stdout.splitlines()[-1])
    return seconds, peak


@pytest.mark.faults
def test_a_file_of_two_gigabytes_is_refused_soon_and_taken_when_a_person_accepts_it(tmp_path: Path) -> None:
    exports, seeds = tmp_path / "exports", tmp_path / "seeds"
    shutil.copytree(HOME / "seeds", seeds)
    file = exports / "us" / "2026-09" / "accounts.csv"
    file.parent.mkdir(parents=True)
    with file.open("wb") as stream:
        stream.truncate(2 * 1024**3)  # of which the disk holds nothing
    call = landing(tmp_path, exports).replace(str(HOME / "seeds"), str(seeds))
    seconds, peak = measured(call)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        said = warehouse.execute("select status, rule, reason, file_sha256, remedy from raw.files").fetchall()
    assert [row[:2] for row in said] == [("quarantined", "file_too_large")]
    assert said[0][2] == "The file has 2,147,483,648 bytes; at most 1,073,741,824 are read."
    assert f"accept it once by a row in seeds/company/accepted_files.csv: {said[0][3]}" in said[0][4]
    assert seconds < 120
    assert peak < 1024**3

    # A list that is just over the limit, of long rows as exports with notes have them.
    digest = hashlib.sha256()
    with file.open("wb") as stream:
        header = b"Account ID,Account Name,Country,Notes\n"
        digest.update(header)
        stream.write(header)
        notes = b"Lorem ipsum dolor sit amet, consetetur sadipscing elitr. ".replace(b",", b";") * 36
        for first in range(0, 520_000, 1_000):
            rows = b"".join(b"a%d,Company number %d,DE,%s\n" % (n, n, notes) for n in range(first, first + 1_000))
            digest.update(rows)
            stream.write(rows)
    assert file.stat().st_size > 1024**3
    with (seeds / "company" / "accepted_files.csv").open("a", encoding="utf-8") as accepted:
        accepted.write(f"{digest.hexdigest()},Dana Whitlock,2026-10-02,The whole CRM with its notes\n")
    seconds, peak = measured(call)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb"), read_only=True) as warehouse:
        said = warehouse.execute("select status, rule, rows_accepted from raw.files").fetchall()
    assert said == [("landed", "accepted_by_a_person", 520_000)]
    # Measured: 3.8 times the file, for a list is judged as a whole before any of it is written.
    assert peak < 6 * file.stat().st_size, f"{peak:,} bytes in {seconds:.0f} seconds"
