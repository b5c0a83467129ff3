"""The monthly partitions that every asset shares.

Belongs here: which months there are, how one is written, and when it is overdue. Does not belong here: what was loaded
of a month (raw.files).
"""

import warnings
from datetime import UTC, date, datetime, timedelta

import dagster as dg
import duckdb

from orchestration.settings import Settings


def months_from(first: str) -> dg.MonthlyPartitionsDefinition:
    """Make the partitions from a month on.

    The month that is running counts too: its lists may be loaded and mapped before it ends. It has begun once it has
    begun anywhere: whoever loads it on the first in Auckland need not wait for Greenwich. (The sign of these zones is
    turned round: this one is 14 hours ahead, as Kiritimati is.)

    Args:
        first: `YYYY-MM`.
    """
    return dg.MonthlyPartitionsDefinition(start_date=first, fmt="%Y-%m", end_offset=1, timezone="Etc/GMT-14")


# Whatever may be loaded at all.
MONTHS = months_from("2020-01")


def first_month(settings: Settings) -> str:
    """Find the first month of a workspace, so that a backfill offers the months that exist.

    Args:
        settings: the workspace.

    Returns:
        The month that the setting names; else the earliest that has a folder or was loaded; else the one that is
        running.
    """
    if settings.first_month:
        return settings.first_month
    found = {folder.name for folder in settings.exports.glob("*/[0-9][0-9][0-9][0-9]-[0-9][0-9]")}
    if settings.warehouse.is_file():
        try:
            with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
                loaded = warehouse.execute("select strftime(export_month, '%Y-%m') from raw.loaded_months").fetchall()
                found |= {month for (month,) in loaded}
        except duckdb.Error:
            pass  # a run is writing it, or there is no such table yet: the folders tell enough
    return min((month for month in found if MONTHS.has_partition_key(month)), default=f"{datetime.now(UTC):%Y-%m}")


# Months build on one another. The parameter is in beta; the lock pins the version it is known to work with.
warnings.filterwarnings("ignore", message="Parameter `backfill_policy`", category=dg.BetaWarning)
ONE_BY_ONE = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)

# By the third, lists exported on the first working day are there.
DUE_DAY = 3
# A month has up to 31 days: two days of grace before the catalogue warns, and a week more before it says stale.
LONGEST_MONTH = timedelta(days=31)
GRACE = timedelta(days=2)
PATIENCE = timedelta(days=7)


def expected_every(months: int) -> dg.FreshnessPolicy:
    """Make the policy of what is to come anew every so many months.

    Args:
        months: at least 1.

    Returns:
        A policy that warns after that time and `GRACE`, and fails `PATIENCE` later.
    """
    warn = months * LONGEST_MONTH + GRACE
    return dg.FreshnessPolicy.time_window(warn_window=warn, fail_window=warn + PATIENCE)


def due_at(month: date) -> datetime:
    """Tell when the lists of a month are due.

    Args:
        month: its first day.

    Returns:
        The beginning of the third of the next month, in UTC.
    """
    next_month = (month.replace(day=1) + timedelta(days=32)).replace(day=DUE_DAY)
    return datetime(next_month.year, next_month.month, next_month.day, tzinfo=UTC)


def month_of(partition_key: str) -> date:
    """Turn a month as people and folders write it into its first day.

    Args:
        partition_key: `YYYY-MM`.

    Returns:
        The first day of the month.

    Raises:
        ValueError: it is not a month in that form.
    """
    month = datetime.strptime(partition_key, "%Y-%m").replace(tzinfo=UTC).date()
    if f"{month:%Y-%m}" != partition_key:
        raise ValueError(f"{partition_key!r} is not a month in the form YYYY-MM, such as 2026-10.")
    return month
