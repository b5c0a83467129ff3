"""The tables of schemas ``raw`` and ``seen``: their columns, how they are made and brought up to date, whose they are.

Belongs here: what raw.files and the two tables of refusals record, what is kept of published figures, and that a
warehouse holds the exports of one folder and is of no newer release. Does not belong here: the objects' fields
(objects.py), and what is written into the tables.
"""

import os
import tomllib
from datetime import date
from pathlib import Path

import duckdb

from orchestration.objects import OBJECTS
from orchestration.settings import HOME, RefusedError

# Raised by a release that writes what the one before it could not go on with.
WAREHOUSE_VERSION = 2

PROVENANCE: dict[str, str] = {
    "party_id": "varchar not null",
    "export_month": "date not null",
    "file_name": "varchar not null",
    "file_sha256": "varchar not null",
    "sheet_name": "varchar",
    "row_number": "bigint not null",
    "source_system": "varchar not null",
    "loaded_at": "timestamp not null",
    "run_id": "varchar not null",
}

_RECORD = {
    "source_id": "varchar not null",
    "identical_row_count": "integer not null",
    "date_order": "varchar",
    "decimal_mark": "varchar",
    "default_currency": "varchar",
    "extra": "varchar",
}

# Of these lists it is remembered which file of the month was the first to hold a record: overlaps are mapped by them.
MAPPED = "accounts"

FILES: dict[str, str] = {
    "party_id": "varchar not null",
    "object": "varchar",
    "export_month": "date not null",
    "file_name": "varchar not null",
    "file_sha256": "varchar",
    "size_bytes": "bigint",
    "status": "varchar not null",
    "rule": "varchar",
    "reason": "varchar",
    "remedy": "varchar",
    "encoding": "varchar",
    "delimiter": "varchar",
    "sheet_name": "varchar",
    "header_row_number": "bigint",
    "source_system": "varchar",
    "date_order": "varchar",
    "decimal_mark": "varchar",
    "column_map": "varchar",
    "unmapped_columns": "varchar",
    "rows_read": "bigint",
    "rows_accepted": "bigint",
    "rows_rejected": "bigint",
    "values_rejected": "bigint",
    "loaded_at": "timestamp not null",
    "run_id": "varchar not null",
}

REJECTED_ROWS: dict[str, str] = {
    **PROVENANCE,
    "object": "varchar not null",
    "row_text": "varchar not null",
    "shown": "varchar",
    "rule": "varchar not null",
    "column_name": "varchar",
    "reason": "varchar not null",
    "remedy": "varchar not null",
}

REJECTED_VALUES: dict[str, str] = {
    **PROVENANCE,
    "object": "varchar not null",
    "source_id": "varchar not null",
    "column_name": "varchar not null",
    "header": "varchar not null",
    "value": "varchar not null",
    "shown": "varchar",
    "rule": "varchar not null",
    "reason": "varchar not null",
    "remedy": "varchar not null",
}

REMARKS: dict[str, str] = {
    **PROVENANCE,
    "row_number": "bigint",
    "object": "varchar not null",
    "kind": "varchar not null",
    "rule": "varchar not null",
    "column_name": "varchar",
    "examples": "varchar",
    "record_count": "bigint",
    "reason": "varchar not null",
    "remedy": "varchar not null",
}

TABLES: dict[str, dict[str, str]] = {
    **{
        name: {
            **PROVENANCE,
            **_RECORD,
            **({"first_file_sha256": "varchar"} if name == MAPPED else {}),
            **dict.fromkeys(described.field_names, "varchar"),
        }
        for name, described in OBJECTS.items()
    },
    "files": FILES,
    "rejected_rows": REJECTED_ROWS,
    "rejected_values": REJECTED_VALUES,
    "remarks": REMARKS,
}


# What people have seen, for publishing/restatements.py. It does not follow from what was delivered.
SEEN_TABLES: dict[str, dict[str, str]] = {
    "months": {
        "as_of_month": "date not null",
        "published_run_id": "varchar not null",
        "reloaded_month": "date not null",
    },
    "overlaps": {
        "as_of_month": "date not null",
        "account_key": "varchar not null",
        "record_key": "varchar",
        "partner_id": "varchar not null",
        "our_status": "varchar not null",
        "partner_status": "varchar not null",
        "category": "varchar not null",
        "tier": "varchar",
        "priority_score": "integer",
        "our_open_pipeline_counted_once_usd": "decimal(38, 2)",
    },
    "restatements": {
        "as_of_month": "date not null",
        "restated_in_month": "date not null",
        "reloaded_month": "date not null",
        "restatement_number": "integer not null",
        "account_key": "varchar not null",
        "partner_id": "varchar not null",
        "change_type": "varchar not null",
        "from_value": "varchar",
        "to_value": "varchar",
    },
    # Of each quarter, what was last published of it before a month of a later one was: fct_figure_months and
    # fct_kpi_row_months, as they were then.
    "quarter_figures": {
        "as_of_month": "date not null",
        "mart": "varchar not null",
        "figure": "varchar not null",
        "partner_id": "varchar not null",
        "as_of_on": "date not null",
        "quarter_start": "date not null",
        "fiscal_quarter": "varchar not null",
        "period": "varchar not null",
        "unit": "varchar not null",
        "value": "decimal(38, 6)",
    },
    "quarter_rows": {
        "as_of_month": "date not null",
        "quarter_start": "date not null",
        "partner_id": "varchar not null",
        "kpi": "varchar not null",
        "counted_key": "varchar not null",
        "counted_on": "date not null",
        "amount_usd": "decimal(38, 2)",
    },
}


# Tables that hold no delivered data, but what must be remembered of it: the day a file of a month first landed, the day
# that counts as today in a month, and what is to be known of data that was taken out.
MEMORIES: dict[str, dict[str, str]] = {
    "kept_keys": {
        "as_of_month": "date not null",
        "kind": "varchar not null",
        "member_key": "varchar not null",
        "group_key": "varchar not null",
    },
    "deliveries": {
        "party_id": "varchar not null",
        "export_month": "date not null",
        "file_sha256": "varchar not null",
        "delivered_on": "date not null",
    },
    "loaded_months": {"export_month": "date not null", "as_of_date": "date"},
    "pruned_records": {
        "party_id": "varchar not null",
        "source_id": "varchar not null",
        "first_seen_month": "date not null",
    },
    "pruned_months": {"first_kept_month": "date not null", "pruned_at": "timestamp not null"},
}


class WarehouseRefusedError(RefusedError):
    """A warehouse cannot be gone on with as it is; the message says why and what to do."""


class OtherExportsError(WarehouseRefusedError):
    """A warehouse was built from another exports folder than the one that is to be landed in it."""


class NewerReleaseError(WarehouseRefusedError):
    """A warehouse was written by a newer release than this one."""


class OlderReleaseError(WarehouseRefusedError):
    """A warehouse was written by an older release and cannot be brought up to date as it stands."""


class PrunedMonthError(WarehouseRefusedError):
    """A month cannot be loaded or built any more: what it rests on is older than the workspace keeps."""


def create_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create the missing tables of schemas raw and seen, and bring old ones up to date.

    Args:
        connection: an open connection to the warehouse.

    Raises:
        OlderReleaseError: a table has values in a column that is no longer known, or rows that lack a column which must
            have a value. Nothing was changed.
    """
    connection.execute("begin transaction")
    try:
        for schema, tables in (("raw", {**TABLES, **MEMORIES}), ("seen", SEEN_TABLES)):
            connection.execute(f"create schema if not exists {schema}")
            for table, columns in tables.items():
                described = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
                connection.execute(f"create table if not exists {schema}.{table} ({described})")
                _update_columns(connection, f"{schema}.{table}", columns)
        connection.execute("create or replace table raw.written_by (warehouse_version integer, release varchar)")
        connection.execute("insert into raw.written_by values (?, ?)", [WAREHOUSE_VERSION, _release()])
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")


def _update_columns(connection: duckdb.DuckDBPyConnection, table: str, columns: dict[str, str]) -> None:
    """Add the columns that an older release did not know, and take away those without a value that this one does not.

    A column that needed a value in an older release and may be empty in this one, may be empty from now on.

    Args:
        connection: an open connection to the warehouse.
        table: schema and name.
        columns: name → type, with `not null` where a value must be there. A column that a later release adds like that
            needs a `default` too, which earlier rows get.
    """
    described = connection.execute(f"describe {table}").fetchall()
    found = [str(row[0]) for row in described]
    for column in [str(row[0]) for row in described if row[2] == "NO"]:
        if column in columns and "not null" not in columns[column]:
            connection.execute(f'alter table {table} alter column "{column}" drop not null')
    gone = [column for column in found if column not in columns]
    missing = [column for column in columns if column not in found]
    if not gone and not missing:
        return
    counts = ", ".join(["count(*)", *(f'count("{column}")' for column in gone)])
    row_count, *value_counts = connection.execute(f"select {counts} from {table}").fetchall()[0]  # noqa: S608 (our own tables)
    lost = [f"'{column}' ({count} values)" for column, count in zip(gone, value_counts, strict=True) if count]
    if lost:
        raise OlderReleaseError(
            f"The warehouse holds values of {table} that this release has no column for: {', '.join(lost)}. Nothing "
            "was changed. `make rebuild EXPORTS=…` builds the warehouse anew without them."
        )
    unknown = [name for name in missing if "not null" in columns[name] and "default" not in columns[name]]
    if unknown and row_count:
        raise OlderReleaseError(
            f"The {row_count} rows of {table} in the warehouse were loaded by an older release and lack "
            f"{', '.join(unknown)}, which cannot be known of them. Nothing was changed. Remove the warehouse and run "
            "its months again from the landing folder (`make run EXPORTS=… MONTH=…`)."
        )
    for column in gone:
        connection.execute(f'alter table {table} drop column "{column}"')
    for column in missing:
        connection.execute(f'alter table {table} add column "{column}" {columns[column]}')


def check_release(warehouse: Path) -> None:
    """Make sure that a warehouse, if it exists, was not written by a newer release. Nothing is written.

    Args:
        warehouse: the DuckDB file.

    Raises:
        NewerReleaseError: it was; the message names both releases.
        duckdb.IOException: another process holds the warehouse.
    """
    if not warehouse.exists():
        return
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        known = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'written_by'"
        ).fetchone()
        recorded = connection.execute("from raw.written_by").fetchone() if known == (1,) else None
    if recorded is not None and recorded[0] > WAREHOUSE_VERSION:
        raise NewerReleaseError(
            f"The warehouse {warehouse} was written by release {recorded[1]} (warehouse version {recorded[0]}), and "
            f"this is release {_release()} (warehouse version {WAREHOUSE_VERSION}). Nothing was read or changed. Go on "
            "with the newer release, or give this one a workspace of its own (`make init DIR=…`)."
        )


def _release() -> str:
    """Version of this release, as pyproject.toml says it."""
    with (HOME / "pyproject.toml").open("rb") as stream:
        return str(tomllib.load(stream)["project"]["version"])


def record_exports_folder(connection: duckdb.DuckDBPyConnection, warehouse: Path, exports: Path) -> None:
    """Write down, once, which exports folder a warehouse is built from.

    Args:
        connection: an open connection to the warehouse; the raw tables exist.
        warehouse: the DuckDB file.
        exports: the landing folder. It is kept as seen from the warehouse, so that both can be moved together.
    """
    connection.execute("create table if not exists raw.exports_folder (path_from_warehouse varchar not null)")
    connection.execute(
        "insert into raw.exports_folder select ? where not exists (from raw.exports_folder)",
        [os.path.relpath(exports.resolve(), warehouse.resolve().parent)],
    )


def check_exports_folder(warehouse: Path, exports: Path) -> None:
    """Make sure that a warehouse, if it exists, was built from an exports folder. Nothing is written.

    Args:
        warehouse: the DuckDB file.
        exports: the landing folder.

    Raises:
        OtherExportsError: it was built from another folder; the message says what to do.
        duckdb.Error: another process holds the warehouse, or it is damaged.
    """
    if not warehouse.exists():
        return
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        known = connection.execute(
            "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'exports_folder'"
        ).fetchone()
        recorded = connection.execute("from raw.exports_folder").fetchone() if known == (1,) else None
    if recorded is None:
        return
    built_from = (warehouse.resolve().parent / recorded[0]).resolve()
    if built_from != exports.resolve():
        raise OtherExportsError(
            f"The warehouse {warehouse} was built from the exports in {built_from}, and now those in "
            f"{exports.resolve()} were asked for. Nothing was read or changed: lists of two folders are not mixed. "
            "Give these exports a workspace of their own (`make init DIR=…`, then put them into its exports folder), "
            "or remove the warehouse to build it anew from them."
        )


def check_month_is_kept(connection: duckdb.DuckDBPyConnection, month: date, database: str | None = None) -> None:
    """Make sure that everything a month rests on is still in the warehouse.

    Args:
        connection: an open connection.
        month: first day of the month to load, build or restore.
        database: name of the warehouse in the connection, where that is not the database it opened.

    Raises:
        PrunedMonthError: lists of that time have been pruned; the message says what can still be done.
    """
    name = f"{database}." if database else ""
    known = connection.execute(
        "select count(*) from duckdb_tables() where schema_name = 'raw' and table_name = 'pruned_months' "
        "and database_name = coalesce(?, current_database())",
        [database],
    ).fetchone()
    pruned = connection.execute(f"from {name}raw.pruned_months").fetchone() if known == (1,) else None
    if pruned and month < pruned[0]:
        raise PrunedMonthError(
            f"{month:%Y-%m} cannot be built any more: lists before {pruned[0]:%Y-%m} were pruned on "
            f"{pruned[1]:%Y-%m-%d} (ACCOUNT_MAPPING_KEPT_MONTHS). What the marts remember of it is in "
            "fct_account_overlaps and the other tables by month. Deliver a late list into the latest month's folder, "
            "or build a new workspace from the delivered files."
        )
