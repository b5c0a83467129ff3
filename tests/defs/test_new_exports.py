"""What the sensor and the schedule start, look after look, with Dagster's own records and no run.

Belongs here: which month is asked for, when, and how often. Does not belong here: what counts as changed in a folder
(test_automation.py), and what a run does.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import dagster as dg
import pytest

from orchestration.defs import automation
from orchestration.defs.automation import TRIES, monthly_refresh_schedule, new_exports_sensor
from orchestration.defs.partitions import months_from
from orchestration.defs.resources import Workspace


@dataclass
class Looks:
    """A landing folder and a sensor that looks at it again and again."""

    folder: Path
    instance: dg.DagsterInstance
    cursor: str | None = None
    said: str = ""
    runs: list[dg.DagsterRun] = field(default_factory=list)
    repository: dg.RepositoryDefinition | None = None

    def deliver(self, name: str, text: str = "Name\nAcme\n", age: float = 3600) -> Path:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        os.utime(file, (time.time() - age, time.time() - age))
        return file

    def look(self) -> list[str]:
        """Look once, as Dagster does, and begin the run that is asked for; give its month."""
        nowhere = str(self.folder.parent)
        workspace = Workspace(
            exports=str(self.folder), seeds=nowhere, warehouse=nowhere, published=nowhere, validations=nowhere
        )
        with dg.build_sensor_context(
            instance=self.instance,
            cursor=self.cursor,
            resources={"workspace": workspace},
            repository_def=self.repository,
        ) as context:
            answers = list(cast("Iterator[dg.RunRequest | dg.SkipReason]", new_exports_sensor(context)))
            self.cursor = context.cursor
        requests = [answer for answer in answers if isinstance(answer, dg.RunRequest)]
        self.said = " ".join(answer.skip_message or "" for answer in answers if isinstance(answer, dg.SkipReason))
        for request in requests:
            tags = {"dagster/sensor_name": "new_exports_sensor", "dagster/partition": request.partition_key or ""}
            known = {run.tags["dagster/run_key"] for run in self.instance.get_runs()}
            assert request.run_key and request.run_key not in known, "Dagster starts no run key twice"
            run = dg.DagsterRun(
                job_name="monthly_refresh",
                run_id=str(uuid.uuid4()),
                status=dg.DagsterRunStatus.STARTED,
                tags={**tags, "dagster/run_key": request.run_key},
            )
            self.runs.append(self.instance.add_run(run))
        return [request.partition_key or "" for request in requests]

    def end(self, *, well: bool = True) -> None:
        """End the run that was begun last."""
        if well:
            self.instance.report_dagster_event(
                dg.DagsterEvent(dg.DagsterEventType.RUN_SUCCESS.value, "monthly_refresh"), self.runs[-1].run_id
            )
        else:
            self.instance.report_run_failed(self.runs[-1])

    def settle(self) -> list[str]:
        """Look twice, which is what it takes to see that nothing grows; give what is started."""
        return self.look() + self.look()


@pytest.fixture
def looks(tmp_path: Path) -> Looks:
    (tmp_path / "exports").mkdir()
    return Looks(tmp_path / "exports", dg.DagsterInstance.ephemeral())


def offering(first: str) -> dg.RepositoryDefinition:
    """Definitions that were loaded when the lists began with a month."""

    @dg.asset(partitions_def=months_from(first))
    def landed() -> None:
        """Stands for all of them."""

    return dg.Definitions(assets=[landed], jobs=[automation.monthly_refresh]).get_repository_def()


def test_a_month_before_those_that_are_offered_is_not_asked_for_and_that_is_reported(looks: Looks) -> None:
    looks.repository = offering("2026-09")
    looks.deliver("us/2026-08/accounts.csv")
    looks.look()
    assert looks.look() == []
    assert "2026-08 lies before the months that were found" in looks.said
    looks.repository = offering("2026-08")
    assert looks.look() == ["2026-08"]


def test_the_schedule_waits_for_the_first_month_that_there_is_a_list_of() -> None:
    at = datetime(2026, 11, 3, 6, tzinfo=UTC)
    for first, is_started in (("2026-10", True), ("2026-11", False)):
        context = dg.build_schedule_context(scheduled_execution_time=at, repository_def=offering(first))
        assert isinstance(monthly_refresh_schedule(context), dg.RunRequest if is_started else dg.SkipReason)


def test_a_new_file_starts_its_month_once(looks: Looks) -> None:
    looks.deliver("us/2026-10/accounts.csv")
    assert looks.look() == []
    assert "may still be growing" in looks.said
    assert looks.look() == ["2026-10"]
    looks.end()
    assert looks.settle() == []
    assert looks.said == "No file in the landing folder has changed."


def test_a_changed_file_starts_its_month_again_and_so_does_the_first_one_come_back(looks: Looks) -> None:
    file = looks.deliver("us/2026-10/accounts.csv")
    before = file.stat().st_mtime_ns
    assert looks.settle() == ["2026-10"]
    looks.end()
    looks.deliver("us/2026-10/accounts.csv", "Name\nBeta\n")
    assert looks.settle() == ["2026-10"]
    looks.end()
    looks.deliver("us/2026-10/accounts.csv")
    os.utime(file, ns=(before, before))
    assert looks.settle() == ["2026-10"]


@pytest.mark.parametrize(
    "clock", [0, 3600, -3600], ids=["clocks agree", "server an hour behind", "server an hour ahead"]
)
def test_a_file_that_still_grows_starts_nothing_whatever_its_clock_says(looks: Looks, clock: float) -> None:
    for size in range(1, 6):
        looks.deliver("us/2026-10/accounts.csv", "Name\n" * size, age=clock)
        assert looks.look() == []
    looks.deliver("us/2026-10/accounts.csv", "Name\n" * 5, age=max(clock, 61) if clock >= 0 else clock)
    assert looks.settle() == ["2026-10"]


def test_several_months_are_started_one_after_the_other_the_earliest_first(looks: Looks) -> None:
    for month in ("2026-10", "2026-08", "2026-09"):
        looks.deliver(f"us/{month}/accounts.csv")
    started = []
    for _ in range(3):
        started += looks.settle()
        assert looks.settle() == []
        assert f"The run of {started[-1]} is still going." in looks.said
        looks.end()
    assert started == ["2026-08", "2026-09", "2026-10"]
    assert looks.settle() == []


def test_a_late_file_of_a_closed_month_starts_one_run(looks: Looks) -> None:
    for month in ("2026-08", "2026-09", "2026-10"):
        looks.deliver(f"us/{month}/accounts.csv")
        assert looks.settle() == [month]
        looks.end()
    looks.deliver("acme/2026-08/accounts.csv")
    assert looks.settle() == ["2026-08"]
    looks.end()
    assert looks.settle() == []


def test_what_comes_during_a_run_starts_one_more_when_it_has_ended(looks: Looks) -> None:
    looks.deliver("us/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]
    for party in ("acme", "beta", "gamma"):
        looks.deliver(f"{party}/2026-10/accounts.csv")
        assert looks.settle() == []
    looks.end()
    assert looks.settle() == ["2026-10"]
    looks.end()
    assert looks.settle() == []


def test_a_failed_run_is_tried_again_after_a_while_and_not_for_ever(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks.deliver("us/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]
    looks.end(well=False)
    assert looks.settle() == []  # it may be the same fault still
    monkeypatch.setattr(automation, "TRY_AGAIN_SECONDS", 0)
    for _ in range(TRIES - 1):
        assert looks.look() == ["2026-10"]
        looks.end(well=False)
    assert looks.settle() == []
    looks.deliver("us/2026-10/accounts.csv", "Name\nBeta\n")
    assert looks.settle() == ["2026-10"]


def test_a_failed_run_that_a_person_has_put_right_is_not_tried_again(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(automation, "TRY_AGAIN_SECONDS", 0)
    looks.deliver("us/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]
    looks.end(well=False)
    looks.instance.add_run(
        dg.DagsterRun(
            job_name="monthly_refresh",
            run_id=str(uuid.uuid4()),
            status=dg.DagsterRunStatus.SUCCESS,
            tags={"dagster/partition": "2026-10"},
        )
    )
    assert looks.settle() == []


def test_a_file_taken_away_starts_its_month_and_a_folder_taken_away_does_not(looks: Looks) -> None:
    file = looks.deliver("us/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]
    looks.end()
    file.unlink()
    assert looks.settle() == ["2026-10"]
    looks.end()
    file.parent.rmdir()
    (looks.folder / "us/2026-09").mkdir()  # nobody has delivered anything yet
    assert looks.settle() == []


def test_links_and_what_spreadsheets_leave_are_not_followed_and_start_nothing(looks: Looks, tmp_path: Path) -> None:
    (tmp_path / "elsewhere/2026-10").mkdir(parents=True)
    (tmp_path / "elsewhere/2026-10/accounts.csv").write_text("Name\n")
    (looks.folder / "acme").symlink_to(tmp_path / "elsewhere")
    (looks.folder / "us").mkdir()
    (looks.folder / "us/2026-10").symlink_to(tmp_path / "elsewhere/2026-10")
    (looks.folder / "us/2026-09").mkdir()
    (looks.folder / "us/2026-09/loop").symlink_to(looks.folder)
    os.utime(looks.folder / "us/2026-09/loop", (0, 0), follow_symlinks=False)
    looks.deliver("us/2026-08/~$accounts.xlsx")
    looks.deliver("us/2026-08/.accounts.csv.part")
    assert looks.settle() == ["2026-09"]  # the link in a month's folder is a delivery that the landing refuses


def test_a_folder_that_cannot_be_looked_into_starts_nothing_and_is_named(
    looks: Looks, monkeypatch: pytest.MonkeyPatch
) -> None:
    for party in ("us", "acme"):
        looks.deliver(f"{party}/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]
    looks.end()
    listed = automation._entries

    def refuse(closed: Path) -> None:
        def entries(folder: Path) -> list[os.DirEntry[str]]:
            if folder == closed:  # a mode would not keep root out
                raise PermissionError(13, "Permission denied", str(folder))
            return listed(folder)

        monkeypatch.setattr(automation, "_entries", entries)

    for closed in (looks.folder, looks.folder / "acme"):
        refuse(closed)
        assert looks.settle() == []
        assert str(closed) in looks.said
    refuse(looks.folder / "acme" / "2026-10")
    looks.deliver("us/2026-09/accounts.csv")
    assert looks.settle() == ["2026-09"]  # the month that is not known in full waits, others do not
    looks.end()
    monkeypatch.setattr(automation, "_entries", listed)
    assert looks.settle() == []  # all is as it was


def test_a_landing_folder_that_is_not_there_is_named(looks: Looks) -> None:
    looks.folder.rmdir()
    assert looks.settle() == []
    assert str(looks.folder) in looks.said


def test_a_hundred_thousand_files_are_seen_within_seconds(looks: Looks) -> None:
    folder = looks.folder / "us/2026-10"
    folder.mkdir(parents=True)
    for number in range(100_000):
        os.close(os.open(folder / f"accounts_{number}.csv", os.O_CREAT))
    began = time.perf_counter()
    assert looks.look() == []
    assert time.perf_counter() - began < 20  # Dagster gives a sensor a minute; 1 second was measured


def test_the_cursor_of_an_older_release_is_understood(looks: Looks) -> None:
    looks.deliver("us/2026-09/accounts.csv")
    assert looks.settle() == ["2026-09"]
    looks.end()
    looks.cursor = json.dumps(json.loads(looks.cursor or "")["started"])  # months and fingerprints, nothing else
    looks.deliver("us/2026-10/accounts.csv")
    assert looks.settle() == ["2026-10"]


@pytest.mark.parametrize("cursor", ["not a cursor", "[1]", "null", '{"started": 3}', '"2026-10"'])
def test_a_cursor_that_cannot_be_read_is_forgotten(looks: Looks, cursor: str) -> None:
    looks.deliver("us/2026-10/accounts.csv")
    looks.cursor = cursor
    assert looks.settle() == ["2026-10"]


@pytest.mark.parametrize(("day", "month"), [("2026-11-03", "2026-10"), ("2027-01-03", "2026-12")])
def test_the_schedule_starts_the_month_that_has_ended_everywhere(day: str, month: str) -> None:
    at = datetime.fromisoformat(f"{day}T06:00").replace(tzinfo=UTC)
    request = monthly_refresh_schedule(
        dg.build_schedule_context(scheduled_execution_time=at, repository_def=offering("2020-01"))
    )
    assert isinstance(request, dg.RunRequest)
    assert (request.partition_key, request.run_key) == (month, month)
    assert monthly_refresh_schedule.cron_schedule == "0 6 3 * *"
    assert monthly_refresh_schedule.execution_timezone == "UTC"
