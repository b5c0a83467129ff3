"""A warehouse that is read while nobody may write it.

Belongs here: holding it, and refusing in words when that cannot be done. Does not belong here: what is copied from it.
"""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from orchestration.warehouse.faults import is_locked
from orchestration.warehouse.schema import WarehouseRefusedError, check_release
from orchestration.warehouse.sql import literal


class CopyError(WarehouseRefusedError):
    """The warehouse cannot be copied; the message says why and what to do."""


class NothingBuiltError(CopyError):
    """There is no warehouse yet."""


def check_built(warehouse: Path) -> None:
    """Make sure that something has been built.

    Args:
        warehouse: the DuckDB file.

    Raises:
        NothingBuiltError: it is not there; the message says what to run.
    """
    if not warehouse.is_file():
        raise NothingBuiltError(f"{warehouse} is not there: nothing has been built yet (make run or make demo).")


@contextmanager
def held_warehouse(warehouse: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Attach a warehouse for reading, which keeps other processes from writing it meanwhile.

    Args:
        warehouse: the DuckDB file.

    Yields:
        A connection in memory, the warehouse attached to it as `warehouse`.

    Raises:
        CopyError: there is no warehouse, or another process writes it.
        NewerReleaseError: a newer release wrote it.
        duckdb.Error: it cannot be read.
    """
    check_built(warehouse)
    with duckdb.connect() as connection:
        try:
            check_release(warehouse)
            connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        except duckdb.Error as refusal:
            if not is_locked(refusal):
                raise
            raise CopyError(
                f"{warehouse} is held by another process, a run or an open shell: wait or close it, then ask again. "
                "Nothing was changed."
            ) from refusal
        yield connection


def tables_of(connection: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Columns of every table of the attached warehouse, by `schema.table`."""
    found: dict[str, list[str]] = defaultdict(list)
    for schema, table, column in connection.execute(
        "select schema_name, table_name, column_name from duckdb_columns() "
        "semi join duckdb_tables() using (database_name, schema_name, table_name) "
        "where database_name = 'warehouse' order by schema_name, table_name, column_index"
    ).fetchall():
        found[f"{schema}.{table}"].append(column)
    return dict(found)
