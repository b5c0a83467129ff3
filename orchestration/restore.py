"""An earlier month, published again: a copy of the warehouse that has never seen the later months.

Belongs here: making that copy. Does not belong here: building and publishing it, which the monthly job does on the copy
as it does on the warehouse itself.
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.defs.publish import quoted
from orchestration.faults import is_locked
from orchestration.ingestion.raw_schema import TABLES, PrunedMonthError, check_month_is_kept, create_raw_tables


class NoRestoreError(Exception):
    """The month cannot be published again; the message says why and what to do."""


def copy_until(warehouse: Path, copy: Path, month: date) -> None:
    """Copy a warehouse, without what was delivered after a month.

    Args:
        warehouse: the DuckDB file; opened for reading only.
        copy: the file to write; it must not exist.
        month: first day of the last month to keep.

    Raises:
        NoRestoreError: there is no warehouse, another process is writing it, no file was landed in the month, or lists
            of its time have been pruned.
        duckdb.Error: the warehouse cannot be read, or the copy cannot be written.
    """
    if not warehouse.is_file():
        raise NoRestoreError(f"{warehouse} is not there: nothing has been built yet (make run or make demo).")
    with duckdb.connect() as connection:
        try:
            connection.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        except duckdb.Error as refusal:
            if not is_locked(refusal):
                raise
            raise NoRestoreError(
                f"{warehouse} is held by another process, a run or an open shell: wait or close it, then ask again."
            ) from refusal
        try:
            check_month_is_kept(connection, month, "warehouse")
        except PrunedMonthError as refusal:
            raise NoRestoreError(str(refusal)) from refusal
        months = [
            row[0]
            for row in connection.execute(
                "select distinct export_month from warehouse.raw.files where status = 'landed' order by 1"
            ).fetchall()
        ]
        if month not in months:
            loaded = ", ".join(f"{loaded:%Y-%m}" for loaded in months)
            raise NoRestoreError(f"Nothing was landed for {month:%Y-%m}. Months with lists: {loaded or 'none'}.")
        connection.execute(f"attach {quoted(copy)} as restored")
        connection.execute("copy from database warehouse to restored")
        connection.execute("use restored")
        create_raw_tables(connection)  # those that an earlier release did not have
        for table in TABLES:
            connection.execute(f"delete from restored.raw.{table} where export_month > ?", [month])  # noqa: S608 (our own tables)
