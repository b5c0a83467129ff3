"""What starts a run, and what follows one: the monthly schedule, the sensor for new files, those that tell of its end.

Belongs here: the job, its triggers and its end. Does not belong here: what a run does.
"""

import hashlib
import json
import os
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import dagster as dg

from orchestration.defs.partitions import DUE_DAY, MONTHS
from orchestration.defs.resources import Workspace, settings_of
from orchestration.forgetting import retention
from orchestration.runs.lock import BusyError, one_run
from orchestration.runs.page import tell_of_run
from orchestration.settings import Settings
from orchestration.warehouse.schema import WarehouseRefusedError

monthly_refresh = dg.define_asset_job(
    "monthly_refresh",
    selection=dg.AssetSelection.all(),
    description="Lands a month's exports, builds and tests every model, and publishes the marts if all checks passed.",
)

# A file counts as delivered when nothing in its month changed for this long, and two looks saw the same.
SETTLED_SECONDS = 60
# Whatever may pass by itself, such as a machine that died, has passed by then; what has not, a person must look at.
TRIES = 3
TRY_AGAIN_SECONDS = 3600


# By the third, lists exported on the first working day are there, and the month before has ended in every time zone; a
# later file starts a run of its own.
@dg.schedule(job=monthly_refresh, cron_schedule=f"0 6 {DUE_DAY} * *", execution_timezone="UTC")
def monthly_refresh_schedule(context: dg.ScheduleEvaluationContext) -> dg.RunRequest | dg.SkipReason:
    """Start the run of the month that has ended; a party that sent nothing is carried forward."""
    ended = f"{context.scheduled_execution_time.replace(day=1) - timedelta(days=1):%Y-%m}"
    if not _is_offered(ended, context.repository_def):
        return dg.SkipReason(f"{ended} lies before the first month that there is a list of.")
    return dg.RunRequest(partition_key=ended, run_key=ended)


def _is_offered(month: str, repository: dg.RepositoryDefinition | None) -> bool:
    """Tell whether the definitions that are loaded know a month; without any, whatever may be loaded at all."""
    months = repository.get_job(monthly_refresh.name).partitions_def if repository else MONTHS
    return months is not None and months.has_partition_key(month)


def landing_fingerprints(exports: Path, now: float) -> dict[str, str]:
    """Describe what lies in the landing folder, month by month, without opening a file or following a link.

    Args:
        exports: folder `<party_id>/<YYYY-MM>/<file>`.
        now: seconds since the epoch; a month with a file changed less than `SETTLED_SECONDS` before is left out.

    Returns:
        Month (`YYYY-MM`) → hash of the names, sizes and modification times of its files. A month with a folder that
        cannot be looked into is left out.

    Raises:
        OSError: the landing folder or a party's cannot be looked into, so no month is known in full.
    """
    files: dict[str, list[tuple[str, int, int]]] = {}
    unsettled = set()
    for party in _entries(exports):
        if not party.is_dir(follow_symlinks=False):
            continue
        for month in _entries(Path(party.path)):
            if not MONTHS.has_partition_key(month.name) or not month.is_dir(follow_symlinks=False):
                continue
            described = files.setdefault(month.name, [])
            try:
                for file in _entries(Path(month.path)):
                    status = file.stat(follow_symlinks=False)
                    described.append((f"{party.name}/{month.name}/{file.name}", status.st_size, status.st_mtime_ns))
                    # The clock of a file server may be ahead; then two looks alone tell whether a file grows.
                    if 0 <= now - status.st_mtime < SETTLED_SECONDS:
                        unsettled.add(month.name)
            except OSError:  # not readable, or gone since it was listed
                unsettled.add(month.name)
    return {
        month: hashlib.sha256(json.dumps(sorted(described)).encode()).hexdigest()
        for month, described in files.items()
        if month not in unsettled
    }


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    """What lies in a folder, without hidden files and the lock files that spreadsheets leave."""
    with os.scandir(folder) as entries:
        return [entry for entry in entries if not entry.name.startswith((".", "~$"))]


# What a month looks like that nobody delivered anything for, or whose files have all been taken back.
NO_FILES = hashlib.sha256(b"[]").hexdigest()


class Memory(NamedTuple):
    """What the sensor remembers from look to look: fingerprints by month."""

    started: dict[str, str]  # a run was asked for
    seen: dict[str, str]  # lay there at the last look

    @classmethod
    def read(cls, cursor: str | None) -> "Memory":
        """Read the cursor; an older release's held the started months alone, and what is no cursor is forgotten."""
        try:
            remembered = json.loads(cursor or "{}")
            if "started" in remembered:
                return cls(dict(remembered["started"]), dict(remembered["seen"]))
            return cls(dict(remembered), {})
        except (ValueError, TypeError, KeyError):
            return cls({}, {})

    def write(self) -> str:
        """Write the cursor."""
        return json.dumps(self._asdict())


@dg.sensor(job=monthly_refresh, minimum_interval_seconds=60)
def new_exports_sensor(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Start a run for the earliest month whose files have changed; the later ones follow when it has ended.

    A late file starts the run of its own month alone: that builds the later ones again. A run that failed is tried
    again, `TRIES` times in all.
    """
    memory = Memory.read(context.cursor)
    try:
        found = landing_fingerprints(Path(workspace.exports), time.time())
    except OSError as problem:
        yield dg.SkipReason(f"The landing folder cannot be looked into, so nothing is started: {problem}")
        return
    changed = [month for month, files in sorted(found.items()) if memory.started.get(month, NO_FILES) != files]
    settled = [month for month in changed if memory.seen.get(month) == found[month]]
    memory = Memory(memory.started, found)
    going = context.instance.get_runs(dg.RunsFilter(tags=_OF_THIS_SENSOR, statuses=[*_UNFINISHED]), limit=1)
    unknown = [month for month in settled if not _is_offered(month, context.repository_def)]
    if unknown:
        # The lists of a month before all others have come. What Dagster has loaded begins later.
        yield dg.SkipReason(
            f"{unknown[0]} lies before the months that were found when the definitions were loaded. Reload them "
            "(Deployment, Reload), or start `make dev` again."
        )
    elif going:
        waiting = f" {', '.join(changed)} will follow." if changed else ""
        yield dg.SkipReason(f"The run of {going[0].tags.get('dagster/partition')} is still going.{waiting}")
    elif settled:
        month = settled[0]
        yield _request(context.instance, month, found[month])
        memory.started[month] = found[month]
    elif again := _failed_run(context.instance, memory.started):
        yield again
    elif changed:
        yield dg.SkipReason(f"Files of {', '.join(changed)} may still be growing.")
    else:
        yield dg.SkipReason("No file in the landing folder has changed.")
    context.update_cursor(memory.write())


_OF_THIS_SENSOR = {"dagster/sensor_name": "new_exports_sensor"}
_UNFINISHED = (
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
)


def _runs_of(instance: dg.DagsterInstance, month: str, files: str) -> list[dg.DagsterRun]:
    """List the runs that the sensor has asked for a month and its files, newest first."""
    runs = instance.get_runs(dg.RunsFilter(tags={**_OF_THIS_SENSOR, "dagster/partition": month}))
    return [run for run in runs if run.tags.get("dagster/run_key", "").startswith(f"{month}-{files}")]


def _request(instance: dg.DagsterInstance, month: str, files: str) -> dg.RunRequest:
    """Ask for a run; the same files may come again after others, and Dagster starts no run key twice."""
    earlier = len(_runs_of(instance, month, files))
    return dg.RunRequest(partition_key=month, run_key=f"{month}-{files}" + (f"-{earlier + 1}" if earlier else ""))


def _failed_run(instance: dg.DagsterInstance, started: dict[str, str]) -> dg.RunRequest | None:
    """Ask again for a month whose last run was the sensor's and failed a while ago.

    Args:
        instance: Dagster's records.
        started: by month, the files that a run was asked for; a failed run of other files is of no interest any more.

    Returns:
        The request; None when there is no such month, or it has been tried often enough.
    """
    failure = dg.DagsterRunStatus.FAILURE
    for record in instance.get_run_records(dg.RunsFilter(tags=_OF_THIS_SENSOR, statuses=[failure]), limit=20):
        month = record.dagster_run.tags.get("dagster/partition", "")
        failed = [run for run in _runs_of(instance, month, started.get(month, "")) if run.status == failure]
        (last,) = instance.get_runs(dg.RunsFilter(tags={"dagster/partition": month}), limit=1)
        if (
            record.dagster_run.run_id == last.run_id
            and last.run_id in {run.run_id for run in failed}
            and len(failed) < TRIES
            and time.time() - (record.end_time or 0) >= TRY_AGAIN_SECONDS
        ):
            return _request(instance, month, started[month])
    return None


def _tell(context: dg.RunStatusSensorContext, workspace: Workspace) -> None:
    """Write the page of a run that Dagster started. `make run` tells of its own runs, which no sensor is shown."""
    tell_of_run(settings_of(workspace), context.instance, context.dagster_run.run_id, context.log.warning)


# On from the start, unlike what starts runs: they only write down what came of a run that somebody asked for.
@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[monthly_refresh],
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_success_sensor(context: dg.RunStatusSensorContext, workspace: Workspace) -> None:
    """Tell what came of a run that succeeded: its page, its log, and the message."""
    _tell(context, workspace)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.FAILURE,
    monitored_jobs=[monthly_refresh],
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def run_failure_sensor(context: dg.RunStatusSensorContext, workspace: Workspace) -> None:
    """Tell why a run failed, and what to do: its page, its log, and the message."""
    _tell(context, workspace)


@dg.run_status_sensor(
    run_status=dg.DagsterRunStatus.SUCCESS,
    monitored_jobs=[monthly_refresh],
    default_status=dg.DefaultSensorStatus.RUNNING,
)
def retention_sensor(context: dg.RunStatusSensorContext) -> dg.SkipReason:
    """Prune what is older than the workspace keeps, after a run; without that setting, keep everything."""
    settings = Settings.from_environment()
    if settings.kept_months is None:
        return dg.SkipReason("Everything is kept: ACCOUNT_MAPPING_KEPT_MONTHS is not set.")
    try:
        with one_run(settings.var, "the pruning of old months"):
            pruned = retention.prune(settings, settings.kept_months, datetime.now(UTC))
    except (WarehouseRefusedError, BusyError) as problem:
        return dg.SkipReason(f"Not pruned now, the next run will: {problem}")
    context.log.info(f"Pruned what is older than {pruned.first_kept_month:%Y-%m}: {pruned.rows}")
    return dg.SkipReason(f"Pruned what is older than {pruned.first_kept_month:%Y-%m}.")
