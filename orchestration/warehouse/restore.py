"""The warehouse, made anew from its own raw tables: as it was in an earlier month, or as this release builds it.

Belongs here: making such a copy. Does not belong here: building and publishing it, which the monthly job does on the
copy as it does on the warehouse itself.
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.warehouse.held import CopyError, held_warehouse, tables_of
from orchestration.warehouse.schema import (
    MEMORIES,
    SEEN_TABLES,
    TABLES,
    PrunedMonthError,
    check_month_is_kept,
    create_raw_tables,
)
from orchestration.warehouse.sql import literal


def copy_until(warehouse: Path, copy: Path, month: date) -> None:
    """Copy a warehouse, without what was delivered after a month.

    Args:
        warehouse: the DuckDB file; opened for reading only.
        copy: the file to write; it must not exist.
        month: first day of the last month to keep.

    Raises:
        CopyError: there is no warehouse, another process is writing it, no file was landed in the month, or lists
            of its time have been pruned.
        duckdb.Error: the warehouse cannot be read, or the copy cannot be written.
    """
    with held_warehouse(warehouse) as connection:
        months = _months_with_lists(connection)
        _refuse_pruned(connection, month)
        if month not in months:
            loaded = ", ".join(f"{loaded:%Y-%m}" for loaded in months)
            raise CopyError(f"Nothing was landed for {month:%Y-%m}. Months with lists: {loaded or 'none'}.")
        connection.execute(f"attach {literal(copy)} as copied")
        connection.execute("copy from database warehouse to copied")
        connection.execute("use copied")
        create_raw_tables(connection)
        for table in (*TABLES, "deliveries", "loaded_months"):
            connection.execute(f"delete from raw.{table} where export_month > ?", [month])  # noqa: S608 (our own tables)


def copy_landed(warehouse: Path, copy: Path) -> list[date]:
    """Copy what was delivered, and what people have seen of it, into a warehouse in which nothing has been built.

    Args:
        warehouse: the DuckDB file, perhaps of an older release; opened for reading only.
        copy: the file to write; it must not exist. Columns that this release does not know are left out.

    Returns:
        The months to build, ascending.

    Raises:
        CopyError: there is no warehouse, another process is writing it, nothing was landed, or the history goes
            back further than what was delivered does.
    """
    with held_warehouse(warehouse) as connection:
        months = _months_with_lists(connection)
        if not months:
            raise CopyError(f"{warehouse} holds no list, so there is nothing to build it from.")
        _refuse_pruned(connection, months[0])
        tables = tables_of(connection)
        if "marts.fct_account_overlaps" in tables:
            ((first,),) = connection.execute(
                "select min(as_of_month) from warehouse.marts.fct_account_overlaps"
            ).fetchall()
            if first is not None and first < months[0]:
                raise CopyError(
                    f"The history begins with {first:%Y-%m}, but what was delivered is kept from {months[0]:%Y-%m} on: "
                    "building it anew would lose the months before. Go on with the release that wrote the warehouse."
                )
        connection.execute(f"attach {literal(copy)} as copied")
        connection.execute("use copied")
        create_raw_tables(connection)
        connection.execute("create table raw.exports_folder (path_from_warehouse varchar not null)")
        ours = {
            **{f"raw.{table}": list(columns) for table, columns in {**TABLES, **MEMORIES}.items()},
            **{f"seen.{table}": list(columns) for table, columns in SEEN_TABLES.items()},
            "raw.exports_folder": ["path_from_warehouse"],
        }
        for table, columns in ours.items():
            if table in tables:
                names = ", ".join(f'"{column}"' for column in columns if column in tables[table])
                connection.execute(f"insert into {table} ({names}) select {names} from warehouse.{table}")  # noqa: S608 (our own tables)
        return months


def _months_with_lists(connection: duckdb.DuckDBPyConnection) -> list[date]:
    """Months of which the warehouse has lists, ascending."""
    months = connection.execute(
        "select distinct export_month from warehouse.raw.files where status = 'landed' order by 1"
    ).fetchall()
    return [row[0] for row in months]


def _refuse_pruned(connection: duckdb.DuckDBPyConnection, month: date) -> None:
    try:
        check_month_is_kept(connection, month, "warehouse")
    except PrunedMonthError as refusal:
        raise CopyError(str(refusal)) from refusal
