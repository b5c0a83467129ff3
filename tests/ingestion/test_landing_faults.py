"""What a landing survives: a killed process, a full disk, and files that nobody may read, that change or are huge.

Belongs here: each fault made by real processes, and what is left in the raw tables. Does not belong here: lists that
are wrong (the other modules of this room). The mark `faults` is for what takes minutes.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.landing import LandingSummary, land_month
from orchestration.ingestion.snapshots import Limits
from orchestration.settings import HOME
from orchestration.warehouse.schema import TABLES
from tests.processes import kill_at, process_of, without_space
from tests.workspaces import MONTH, workspace_in


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
        code = READ_HERE + landing(folder / "before", exports) + become + landing(var, exports)
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


# The reader's own process would stay who it was, and its rows are for it alone.
READ_HERE = """
from orchestration.ingestion import formats, reader_process
reader_process.READER.read = formats.read_grids
"""


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
