"""The warehouse, made anew from its own raw tables: as it was in an earlier month, or as this release builds it.

Belongs here: making such a copy. Does not belong here: building and publishing it, which the monthly job does on the
copy as it does on the warehouse itself.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import duckdb

from orchestration.defs.publish import quoted
from orchestration.faults import is_locked
from orchestration.ingestion.raw_schema import (
    MEMORIES,
    SEEN_TABLES,
    TABLES,
    PrunedMonthError,
    check_month_is_kept,
    check_release,
    create_raw_tables,
)


class NoRestoreError(Exception):
    """The warehouse cannot be copied; the message says why and what to do."""


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
    with _attached(warehouse, copy) as (connection, months):
        _refuse_pruned(connection, month)
        if month not in months:
            loaded = ", ".join(f"{loaded:%Y-%m}" for loaded in months)
            raise NoRestoreError(f"Nothing was landed for {month:%Y-%m}. Months with lists: {loaded or 'none'}.")
        connection.execute("copy from database warehouse to copied")
        connection.execute("use copied")
        create_raw_tables(connection)
        for table in (*TABLES, "loaded_months"):
            connection.execute(f"delete from raw.{table} where export_month > ?", [month])  # noqa: S608 (our own tables)


def copy_landed(warehouse: Path, copy: Path) -> list[date]:
    """Copy what was delivered, and what people have seen of it, into a warehouse in which nothing has been built.

    Args:
        warehouse: the DuckDB file, perhaps of an older release; opened for reading only.
        copy: the file to write; it must not exist. Columns that this release does not know are left out.

    Returns:
        The months to build, ascending.

    Raises:
        NoRestoreError: there is no warehouse, another process is writing it, nothing was landed, or the history goes
            back further than what was delivered does.
    """
    with _attached(warehouse, copy) as (connection, months):
        if not months:
            raise NoRestoreError(f"{warehouse} holds no list, so there is nothing to build it from.")
        _refuse_pruned(connection, months[0])
        tables = _tables(connection)
        if ("marts", "fct_account_overlaps") in tables:
            ((first,),) = connection.execute(
                "select min(as_of_month) from warehouse.marts.fct_account_overlaps"
            ).fetchall()
            if first is not None and first < months[0]:
                raise NoRestoreError(
                    f"The history begins with {first:%Y-%m}, but what was delivered is kept from {months[0]:%Y-%m} on: "
                    "building it anew would lose the months before. Go on with the release that wrote the warehouse."
                )
        connection.execute("use copied")
        create_raw_tables(connection)
        connection.execute("create table raw.exports_folder (path_from_warehouse varchar not null)")
        ours = {
            **{("raw", table): list(columns) for table, columns in {**TABLES, **MEMORIES}.items()},
            **{("seen", table): list(columns) for table, columns in SEEN_TABLES.items()},
            ("raw", "loaded_months"): ["export_month"],
            ("raw", "exports_folder"): ["path_from_warehouse"],
        }
        for (schema, table), columns in ours.items():
            if (schema, table) in tables:
                known = {row[0] for row in connection.execute(f"describe warehouse.{schema}.{table}").fetchall()}
                names = ", ".join(f'"{column}"' for column in columns if column in known)
                connection.execute(
                    f"insert into {schema}.{table} ({names}) select {names} from warehouse.{schema}.{table}"  # noqa: S608 (our own tables)
                )
        return months


def _refuse_pruned(connection: duckdb.DuckDBPyConnection, month: date) -> None:
    try:
        check_month_is_kept(connection, month, "warehouse")
    except PrunedMonthError as refusal:
        raise NoRestoreError(str(refusal)) from refusal


def _tables(connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
    """Schema and name of every table of the warehouse."""
    found = connection.execute("select schema_name, table_name from duckdb_tables() where database_name = 'warehouse'")
    return {(schema, table) for schema, table in found.fetchall()}


@contextmanager
def _attached(warehouse: Path, copy: Path) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[date]]]:
    """Open a warehouse for reading and a copy for writing.

    Yields:
        A connection with both attached, as `warehouse` and `copied`, and the months with lists, ascending.

    Raises:
        NewerReleaseError: the warehouse was written by a newer release.
        NoRestoreError: there is no warehouse, or another process is writing it.
        duckdb.Error: the warehouse cannot be read, or the copy cannot be written.
    """
    if not warehouse.is_file():
        raise NoRestoreError(f"{warehouse} is not there: nothing has been built yet (make run or make demo).")
    with duckdb.connect() as connection:
        try:
            check_release(warehouse)
            connection.execute(f"attach {quoted(warehouse)} as warehouse (read_only)")
        except duckdb.Error as refusal:
            if not is_locked(refusal):
                raise
            raise NoRestoreError(
                f"{warehouse} is held by another process, a run or an open shell: wait or close it, then ask again."
            ) from refusal
        months = connection.execute(
            "select distinct export_month from warehouse.raw.files where status = 'landed' order by 1"
        ).fetchall()
        connection.execute(f"attach {quoted(copy)} as copied")
        yield connection, [row[0] for row in months]
