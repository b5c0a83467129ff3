"""What starts a run, and what follows one: the monthly schedule, the sensor for new files, those that tell of its end.

Belongs here: the job, its triggers and its end. Does not belong here: what a run does.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from pathlib import Path

import dagster as dg

from orchestration.defs.resources import Workspace, settings_of
from orchestration.months import DUE_DAY, MONTHS
from orchestration.run_page import tell_of_run

monthly_refresh = dg.define_asset_job(
    "monthly_refresh",
    selection=dg.AssetSelection.all(),
    description="Lands a month's exports, builds and tests every model, and publishes the marts if all checks passed.",
)

# A file that comes later starts a run of its own. The hour is of the months' own zone (months.py): six in the morning, UTC.
monthly_refresh_schedule = dg.build_schedule_from_partitioned_job(
    monthly_refresh, name="monthly_refresh_schedule", day_of_month=DUE_DAY, hour_of_day=20
)

# A file counts as delivered when nothing in its month changed for this long.
SETTLED_SECONDS = 60


def landing_fingerprints(exports: Path, now: float) -> dict[str, str]:
    """Describe what lies in the landing folder, month by month, without opening a file.

    Args:
        exports: folder `<party_id>/<YYYY-MM>/<file>`.
        now: seconds since the epoch; a month with a file changed less than `SETTLED_SECONDS` before is left out.

    Returns:
        Month (`YYYY-MM`) → hash of the names, sizes and modification times of its files.
    """
    files: dict[str, list[tuple[str, int, int]]] = {}
    unsettled = set()
    for file in sorted(exports.glob("*/*/*")):
        month = file.parent.name
        if file.name.startswith(".") or not MONTHS.has_partition_key(month):
            continue
        status = file.lstat()
        files.setdefault(month, []).append((str(file.relative_to(exports)), status.st_size, status.st_mtime_ns))
        if now - status.st_mtime < SETTLED_SECONDS:
            unsettled.add(month)
    return {
        month: hashlib.sha256(json.dumps(entries).encode()).hexdigest()
        for month, entries in files.items()
        if month not in unsettled
    }


@dg.sensor(job=monthly_refresh, minimum_interval_seconds=60)
def new_exports_sensor(
    context: dg.SensorEvaluationContext, workspace: Workspace
) -> Iterator[dg.RunRequest | dg.SkipReason]:
    """Start a run for every month whose files have changed since the last look."""
    seen: dict[str, str] = json.loads(context.cursor or "{}")
    found = landing_fingerprints(Path(workspace.exports), time.time())
    changed = [month for month, fingerprint in sorted(found.items()) if seen.get(month) != fingerprint]
    if not changed:
        yield dg.SkipReason("No file in the landing folder has changed, or one is still being written.")
    for month in changed:
        yield dg.RunRequest(partition_key=month, run_key=f"{month}-{found[month]}")
    context.update_cursor(json.dumps({**seen, **found}))


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
