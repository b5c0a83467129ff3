"""What starts a run: the monthly schedule and the sensor for new files in the landing folder.

Belongs here: the job and its triggers. Does not belong here: what a run does.
"""

import hashlib
import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg

from orchestration import retention
from orchestration.copying import CopyError
from orchestration.defs.resources import Workspace
from orchestration.months import MONTHS
from orchestration.settings import Settings

monthly_refresh = dg.define_asset_job(
    "monthly_refresh",
    selection=dg.AssetSelection.all(),
    description="Lands a month's exports, builds and tests every model, and publishes the marts if all checks passed.",
)

# By the third, lists exported on the first working day are there; a later file starts a run of its own.
monthly_refresh_schedule = dg.build_schedule_from_partitioned_job(
    monthly_refresh, name="monthly_refresh_schedule", day_of_month=3, hour_of_day=6
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
        pruned = retention.prune(settings, settings.kept_months, datetime.now(UTC))
    except CopyError as problem:
        return dg.SkipReason(f"Not pruned now, the next run will: {problem}")
    context.log.info(f"Pruned what is older than {pruned.first_kept_month:%Y-%m}: {pruned.rows}")
    return dg.SkipReason(f"Pruned what is older than {pruned.first_kept_month:%Y-%m}.")
