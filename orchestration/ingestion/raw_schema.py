"""The tables of schema ``raw``: their columns, the statement that creates them, and whose exports they hold.

Belongs here: which fields each object has, what raw.files and the two tables of refusals record, and that a warehouse
holds the exports of one folder. Does not belong here: what is written into them, and how headers find their fields.
"""

import os
from datetime import date
from pathlib import Path

import duckdb

FIELDS: dict[str, tuple[str, ...]] = {
    "accounts": (
        *("name", "website", "phone", "industry", "employees", "annual_revenue", "currency", "country", "state"),
        *("city", "owner", "priority", "lifecycle_status", "list_name", "is_partner", "products_owned"),
        *("competitor_product", "competitor_strength", "timing_signal", "expected_deal_size"),
        *("contract_renewal_date", "churn_date", "lifetime_value", "parent_source_id", "parent_name"),
        *("relationship_strength", "lei", "duns", "vat_number", "siret", "cik", "modified_date"),
        "is_deleted",
    ),
    "opportunities": (
        *("account_source_id", "account_name", "name", "stage", "amount", "currency", "our_role", "partner_role"),
        *("lead_date", "created_date", "expected_close_date", "closed_date", "outcome", "probability"),
        *("sourced_by_partner", "influenced_by_partner", "partner_recorded_date", "owner", "is_deleted"),
    ),
    "engagements": (
        *("account_source_id", "account_name", "engagement_date", "partner", "activity", "engagement_type"),
        *("participants", "outcome", "next_step", "owner", "is_deleted"),
    ),
    "contacts": (
        *("account_source_id", "account_name", "name", "first_name", "last_name", "title", "seniority"),
        *("function", "email", "phone", "relationship_strength", "is_deleted"),
    ),
    "decisions": (
        *("left_record_key", "right_record_key", "answer", "comment", "decided_by", "decided_on", "expires_on"),
        "pair_fingerprint",
    ),
}
OBJECTS = tuple(FIELDS)

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
    "rule": "varchar not null",
    "reason": "varchar not null",
    "remedy": "varchar not null",
}

TABLES: dict[str, dict[str, str]] = {
    **{name: {**PROVENANCE, **_RECORD, **dict.fromkeys(fields, "varchar")} for name, fields in FIELDS.items()},
    "files": FILES,
    "rejected_rows": REJECTED_ROWS,
    "rejected_values": REJECTED_VALUES,
}


# Tables that hold no delivered data, but what must be remembered of data that was taken out.
MEMORIES: dict[str, dict[str, str]] = {
    "kept_keys": {
        "as_of_month": "date not null",
        "kind": "varchar not null",
        "member_key": "varchar not null",
        "group_key": "varchar not null",
    },
    "pruned_records": {
        "party_id": "varchar not null",
        "source_id": "varchar not null",
        "first_seen_month": "date not null",
    },
    "pruned_months": {"first_kept_month": "date not null", "pruned_at": "timestamp not null"},
}


class OtherExportsError(ValueError):
    """A warehouse was built from another exports folder than the one that is to be landed in it."""


class PrunedMonthError(ValueError):
    """A month cannot be loaded or built any more: what it rests on is older than the workspace keeps."""


def create_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create schema raw and every table of it that is not there yet.

    Args:
        connection: an open connection to the warehouse.
    """
    connection.execute("create schema if not exists raw")
    for table, columns in {**TABLES, **MEMORIES}.items():
        described = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"create table if not exists raw.{table} ({described})")


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
        duckdb.IOException: another process holds the warehouse.
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
