"""What a month's load left in raw, before anything is built on it.

Belongs here: what must hold of accepted rows and of the counts of files. Does not belong here: refusing rows.
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.objects import OBJECTS
from orchestration.validation.suite import SuiteResult, described, fact, run_suite


def check_accepted_rows(warehouse: Path, month: date) -> list[SuiteResult]:
    """Check what a month's load left in raw, before anything is built on it.

    Args:
        warehouse: the DuckDB file.
        month: first day of the month.

    Returns:
        One result per object, named ``<object>_accepted``, and one for the counts, ``files_reconcile``.
    """
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    results = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for object_name, an_object in OBJECTS.items():
            subject = f"raw.{object_name} {month:%Y-%m}"
            frame = connection.execute(
                f"""
                select
                    source_id, {an_object.who} as who, length(file_sha256) as hash_length, row_number,
                    identical_row_count,
                    count(*) over (partition by party_id, source_id) as source_id_uses
                from raw.{object_name} where export_month = ?
                """,  # noqa: S608 (our own table and column names)
                [month],
            ).df()
            if frame.empty:
                results.append(SuiteResult(f"{object_name}_accepted", subject, []))
                continue
            expectations = [
                gxe.ExpectColumnValueLengthsToBeBetween(
                    column="source_id", min_value=1, meta=_accepted("source_id_given", "Every record has a source id.")
                ),
                gxe.ExpectColumnValuesToNotBeNull(
                    column="who", meta=_accepted("name_given", "Every record names an account.")
                ),
                gxe.ExpectColumnValuesToBeInSet(
                    column="hash_length", value_set=[64], meta=_accepted("file_known", "Every record names its file.")
                ),
                gxe.ExpectColumnValuesToBeBetween(
                    column="row_number", min_value=1, meta=_accepted("row_known", "Every record names its row.")
                ),
                gxe.ExpectColumnValuesToBeBetween(
                    column="identical_row_count",
                    min_value=1,
                    meta=_accepted("rows_counted", "Every record counts the rows it stands for."),
                ),
                gxe.ExpectColumnValuesToBeInSet(
                    column="source_id_uses",
                    value_set=[1],
                    meta=_accepted("source_id_unique", "Source ids are unique per party and month."),
                ),
            ]
            results.append(run_suite(f"{object_name}_accepted", subject, expectations, frame)[0])
        results.append(_reconcile(connection, month))
    return results


def _reconcile(connection: duckdb.DuckDBPyConnection, month: date) -> SuiteResult:
    """Rows read = accepted + collapsed + refused, for every landed file of the month."""
    per_file = " union all ".join(
        f"select party_id, '{name}' as object, sum(identical_row_count) as rows from raw.{name} "  # noqa: S608 (our own table and column names)
        "where export_month = $month group by all"
        for name in OBJECTS
    )
    unequal = connection.execute(
        f"""
        with kept as ({per_file}),
        refused as (
            select party_id, object, count(*) as rows from raw.rejected_rows where export_month = $month group by all
        ),
        read as (
            select party_id, object, sum(rows_read) as rows
            from raw.files where export_month = $month and status = 'landed' group by all
        )
        select count(*)
        from read
        left join kept using (party_id, object)
        left join refused using (party_id, object)
        where read.rows <> coalesce(kept.rows, 0) + coalesce(refused.rows, 0)
        """,  # noqa: S608 (our own table and column names)
        {"month": month},
    ).fetchall()[0][0]
    return fact(
        "files_reconcile",
        f"raw.files {month:%Y-%m}",
        "rows_reconcile",
        unequal,
        "Rows read are accepted or refused, none lost.",
    )


def _accepted(rule: str, reason: str) -> dict[str, str]:
    return described(rule, "row", reason, "This is an error of the pipeline: report it.")
