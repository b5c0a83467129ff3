"""What people have seen of months that are about to be built again, kept so that dbt can tell what became of it.

Belongs here: copying it from the published marts into schema seen, and what a quarter reported, which stays when it has
closed. Does not belong here: the comparison (fct_restatements, fct_closed_quarter_changes).
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.settings import MARTS
from orchestration.warehouse.schema import SEEN_TABLES, create_raw_tables
from orchestration.warehouse.sql import literal

# Without these a published file is too old, or too new, to be compared with.
COMPARED = {"fct_account_overlaps", "fct_account_priorities", "last_refreshed"}
# What is kept of quarters, and where it is published.
QUARTERS = {"quarter_figures": "fct_figure_months", "quarter_rows": "fct_kpi_row_months"}


class UnreadableMartsError(Exception):
    """The published marts cannot be read, so nothing can be compared with them."""


def keep_published(warehouse: Path, published: Path, month: date | None = None) -> None:
    """Keep the restatements and the quarters that have been published, and the overlaps of a month and the later ones.

    Nothing is kept twice of one publication. So a run that comes after a failed one, which has rebuilt the warehouse
    already, still compares with what people have seen.

    Args:
        warehouse: the DuckDB file; made when missing.
        published: folder of the published marts; may be missing.
        month: first day of the earliest month that is about to be built; None when what is published is about to be
            replaced by something that was not built in this warehouse.

    Raises:
        OlderReleaseError: a table of the warehouse cannot be brought up to date.
        UnreadableMartsError: the published file is broken; nothing was kept.
        duckdb.IOException: another process holds the warehouse.
    """
    file = published / f"{MARTS}.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        if not file.is_file():
            return
        try:
            connection.execute(f"attach {literal(file)} as published (read_only)")
            connection.execute("begin transaction")
            _keep(connection, month)
            connection.execute("commit")
        except (duckdb.IOException, duckdb.SerializationException, duckdb.InvalidInputException) as problem:
            raise UnreadableMartsError(f"{file} cannot be read, so no restatement is recorded: {problem}") from problem


def _keep(connection: duckdb.DuckDBPyConnection, month: date | None) -> None:
    """Copy what the comparison needs, unless the published marts are of a release that had nothing to compare."""
    relations = connection.execute("select database_name = 'published', table_name from duckdb_tables()").fetchall()
    if set(relations) >= {(True, name) for name in QUARTERS.values()}:
        _keep_quarters(connection)
    if not set(relations) >= {(True, name) for name in COMPARED}:
        return
    if (True, "fct_restatements") in relations:
        connection.execute(
            """
            insert into seen.restatements by name
            select * from published.fct_restatements
            where restatement_number > (select coalesce(max(restatement_number), 0) from seen.restatements)
            """
        )
    if month is None:
        return
    is_other = "published_run_id <> (select run_id from published.last_refreshed)"
    connection.execute(f"delete from seen.overlaps where exists (from seen.months where {is_other})")  # noqa: S608 (our own tables)
    connection.execute(f"delete from seen.months where {is_other}")  # noqa: S608 (our own tables)
    _keep_overlaps(connection, month, (False, "res_account_registry") in relations)


def _keep_quarters(connection: duckdb.DuckDBPyConnection) -> None:
    """Copy what each published quarter reported, by the last of its months, unless the quarter has closed since.

    The latest quarter of all is still running and is kept anew by every publication that does not go back to an earlier
    month; from the first publication of a later one on it stays as it is.
    """
    connection.execute(
        """
        create temp table reports as
        with published_reports as (
            select quarter_start, max(as_of_month) as as_of_month from published.fct_figure_months
            group by quarter_start
        ),

        kept_reports as (
            select quarter_start, max(as_of_month) as as_of_month from seen.quarter_figures group by quarter_start
        )

        select quarter_start, as_of_month from published_reports
        where
            quarter_start not in (select quarter_start from kept_reports)
            or (
                as_of_month = (select max(as_of_month) from published_reports)
                and as_of_month >= (select max(as_of_month) from kept_reports)
            )
        """
    )
    for kept, published in QUARTERS.items():
        columns = ", ".join(SEEN_TABLES[kept])
        connection.execute(f"delete from seen.{kept} where quarter_start in (select quarter_start from reports)")  # noqa: S608 (our own tables)
        connection.execute(
            f"insert into seen.{kept} by name select {columns} from published.{published} "  # noqa: S608 (our own tables)
            "semi join reports using (quarter_start, as_of_month)"
        )
    connection.execute("drop table reports")


def _keep_overlaps(connection: duckdb.DuckDBPyConnection, month: date, has_registry: bool) -> None:
    """Copy the overlaps of the months that are not kept yet.

    Args:
        connection: to the warehouse, with the published marts attached.
        month: first day of the earliest month.
        has_registry: whether the warehouse remembers which records an account had.
    """
    connection.execute(
        """
        create temp table new_months as
        select distinct as_of_month from published.fct_account_overlaps
        where as_of_month >= $month and as_of_month not in (select as_of_month from seen.months)
        """,
        {"month": month},
    )
    # An account may have another key when its month has been built again; then it is found by our record of it, which
    # an overlap always has.
    connection.execute(
        """
        create temp table our_records as
        select as_of_month, account_key, min(record_key) as record_key
        from resolution.res_account_registry semi join new_months using (as_of_month)
        where record_key like 'us:%'
        group by all
        """
        if has_registry
        else "create temp table our_records (as_of_month date, account_key varchar, record_key varchar)"
    )
    connection.execute(
        """
        insert into seen.overlaps by name
        select
            as_of_month, account_key, our_records.record_key, partner_id, shown.our_status,
            shown.partner_status, shown.category, priorities.tier, priorities.priority_score,
            shown.our_open_pipeline_counted_once_usd
        from published.fct_account_overlaps as shown
        semi join new_months using (as_of_month)
        left join published.fct_account_priorities as priorities using (as_of_month, account_key, partner_id)
        left join our_records using (as_of_month, account_key)
        where shown.is_overlap
        """
    )
    connection.execute(
        "insert into seen.months select new_months.as_of_month, run_id, $month "
        "from new_months cross join published.last_refreshed",
        {"month": month},
    )
    connection.execute(
        "update seen.months set reloaded_month = least(reloaded_month, $month) where as_of_month >= $month",
        {"month": month},
    )
    connection.execute("drop table new_months; drop table our_records")
