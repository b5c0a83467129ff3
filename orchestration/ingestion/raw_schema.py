"""The tables of schema ``raw``: their columns, and the statement that creates them.

Belongs here: which fields each object has and what raw.files and the two tables of refusals record.
Does not belong here: what is written into them, and how headers find their fields.
"""

import duckdb

FIELDS: dict[str, tuple[str, ...]] = {
    "accounts": (
        *("name", "website", "phone", "industry", "employees", "annual_revenue", "currency", "country", "state"),
        *("city", "owner", "priority", "lifecycle_status", "list_name", "is_partner", "products_owned"),
        *("competitor_product", "competitor_strength", "timing_signal", "expected_deal_size"),
        *("contract_renewal_date", "churn_date", "lifetime_value", "parent_source_id", "parent_name"),
        *("relationship_strength", "lei", "duns", "vat_number", "siret", "cik", "modified_date"),
    ),
    "opportunities": (
        *("account_source_id", "account_name", "name", "stage", "amount", "currency", "our_role", "partner_role"),
        *("lead_date", "created_date", "expected_close_date", "closed_date", "outcome", "probability"),
        *("sourced_by_partner", "influenced_by_partner", "partner_recorded_date", "owner"),
    ),
    "engagements": (
        *("account_source_id", "account_name", "engagement_date", "partner", "activity", "engagement_type"),
        *("participants", "outcome", "next_step", "owner"),
    ),
    "contacts": (
        *("account_source_id", "account_name", "name", "first_name", "last_name", "title", "seniority"),
        *("function", "email", "phone", "relationship_strength"),
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


def create_raw_tables(connection: duckdb.DuckDBPyConnection) -> None:
    """Create schema raw and every table of it that is not there yet.

    Args:
        connection: an open connection to the warehouse.
    """
    connection.execute("create schema if not exists raw")
    for table, columns in TABLES.items():
        described = ", ".join(f'"{column}" {kind}' for column, kind in columns.items())
        connection.execute(f"create table if not exists raw.{table} ({described})")
