"""How long raw data is kept: what is older goes, as soon as nothing of the months that are kept rests on it.

Belongs here: which lists, refusals, results and logs are too old, and taking them out. Does not belong here: for how
long they are kept (a setting; without it everything is), and the copy of the warehouse (copy.py).

A party's list of an earlier month is carried forward until it sends a newer one. So of each list the last one that
counts in the first kept month stays, and with it every kept month can be built and restored as it was. What the marts
remember month by month names no persons and stays.
"""

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

import duckdb

from orchestration.forgetting.copy import Copy, discard, remove, replace_warehouse
from orchestration.objects import LISTS
from orchestration.settings import Settings
from orchestration.warehouse.held import held_warehouse

OF_LISTS = ("raw.files", "raw.rejected_rows", "raw.rejected_values", "raw.remarks")


@dataclass
class Pruned:
    """What was too old."""

    first_kept_month: date
    rows: dict[str, int] = field(default_factory=dict)  # table → rows
    files: int = 0
    runs: int = 0


def prune(settings: Settings, kept_months: int, now: datetime) -> Pruned:
    """Take what is older than the kept months out of the warehouse, and out of results, logs and Dagster's memory.

    Args:
        settings: the workspace.
        kept_months: how many months are kept, the latest landed one included; at least 1.
        now: UTC; files and runs are old by their own time.

    Returns:
        The first month that is kept, and what went.

    Raises:
        CopyError: there is nothing to prune, or another process writes the warehouse.
    """
    with held_warehouse(settings.warehouse) as connection:
        copy = Copy(connection, settings, is_built_anew=False)
        try:
            pruned = Pruned(months_before(copy.month, kept_months - 1))
            _find_kept_lists(connection, pruned.first_kept_month)

            def is_kept(table: str, columns: Sequence[str]) -> list[str]:
                del columns
                if table.removeprefix("raw.") in LISTS:
                    listed = f"select party_id, export_month from kept_lists where object = '{table.split('.')[1]}'"  # noqa: S608 (our own names)
                    return [f"(party_id, export_month) in ({listed})"]
                if table in OF_LISTS:
                    kept = "(party_id, object, export_month) in (select party_id, object, export_month from kept_lists)"
                    listed = ", ".join(f"'{name}'" for name in LISTS)
                    return [f"(export_month >= date '{pruned.first_kept_month}' or object not in ({listed}) or {kept})"]
                return ["false"] if table in ("raw.pruned_records", "raw.pruned_months") else []

            removed = copy.fill(is_kept)
            pruned.rows = {table: rows for table, rows in removed.items() if not table.startswith("raw.pruned_")}
            _remember(connection, pruned.first_kept_month, now)
            copy.close()
            if pruned.rows:
                replace_warehouse(settings, copy.settings)
        finally:
            discard(copy.settings)
    before = datetime.combine(months_before(now.date(), kept_months), datetime.min.time(), UTC)
    pruned.files = _remove_old_files(settings, before)
    pruned.runs = _remove_old_runs(settings, before)
    return pruned


def months_before(day: date, count: int) -> date:
    """Give the first day of the month that lies so many months before a day's.

    Args:
        day: any day.
        count: months, 0 or more.
    """
    months = day.year * 12 + day.month - 1 - count
    return date(months // 12, months % 12 + 1, 1)


def _find_kept_lists(connection: duckdb.DuckDBPyConnection, first_kept: date) -> None:
    """Note the lists of the kept months, and of each list the last one before that a kept month may rest on."""
    delivered = " union all ".join(
        f"select distinct '{name}' as object, party_id, export_month from warehouse.raw.{name}"  # noqa: S608 (our own names)
        for name in LISTS
    )
    connection.execute(
        f"""
        create or replace temp table kept_lists as
        with delivered as ({delivered})

        select party_id, object, export_month from delivered
        where
            export_month >= $first_kept
            or export_month = (
                select max(earlier.export_month) from delivered as earlier
                where
                    earlier.party_id = delivered.party_id
                    and earlier.object = delivered.object
                    and earlier.export_month <= $first_kept
            )
        """,  # noqa: S608 (our own names)
        {"first_kept": first_kept},
    )


def _remember(connection: duckdb.DuckDBPyConnection, first_kept: date, now: datetime) -> None:
    """Write down since when each old record has been on a list, and which months can be built no more."""
    earlier = connection.execute(
        "select count(*) from duckdb_tables() where database_name = 'warehouse' and table_name = 'pruned_records'"
    ).fetchone()
    pruned = "union all select party_id, source_id, first_seen_month from warehouse.raw.pruned_records"
    connection.execute(
        f"""
        insert into fresh.raw.pruned_records
        select party_id, source_id, min(export_month)
        from (
            select party_id, source_id, export_month from warehouse.raw.accounts
            {pruned if earlier == (1,) else ""}
        )
        group by all
        having min(export_month) < $first_kept
        """,  # noqa: S608 (our own names)
        {"first_kept": first_kept},
    )
    connection.execute("insert into fresh.raw.pruned_months values (?, ?)", [first_kept, now.replace(tzinfo=None)])


def _remove_old_files(settings: Settings, before: datetime) -> int:
    """Remove validation results, logs and pages of runs that were written before a time."""
    count = 0
    for path in (
        *settings.validations.glob("*"),
        *(settings.var / "logs").glob("*"),
        *(settings.var / "runs").glob("*"),
    ):
        if path.stat().st_mtime < before.timestamp():
            remove(path)
            count += 1
    return count


def _remove_old_runs(settings: Settings, before: datetime) -> int:
    """Remove Dagster's memory of runs that began before a time."""
    if not (settings.dagster_home / "dagster.yaml").is_file():
        return 0
    import dagster as dg  # noqa: PLC0415 - takes seconds

    count = 0
    with dg.DagsterInstance.from_config(str(settings.dagster_home)) as instance:
        for record in instance.get_run_records(dg.RunsFilter(created_before=before)):
            run_id = record.dagster_run.run_id
            instance.delete_run(run_id)
            remove(settings.dagster_home / "storage" / run_id)
            remove(settings.dagster_home / "history" / "runs" / f"{run_id}.db")
            count += 1
    for database in (settings.dagster_home / "history").rglob("*.db") if count else ():
        with closing(sqlite3.connect(database)) as history:
            history.execute("vacuum")  # deleted rows stay in the file until then
    return count
