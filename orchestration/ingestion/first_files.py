"""When files of a month first landed, and which of them was the first to hold a record.

Belongs here: raw.deliveries, and first_file_sha256 of the accounts, which outlive lists that others take the place of.
Does not belong here: which day a file counts from when nothing is known of it (delivery_days.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date

import duckdb
import pyarrow as pa

from orchestration.ingestion.copies import delivered_ids
from orchestration.ingestion.lists import Part
from orchestration.warehouse.schema import MAPPED

Days = dict[str, date]  # by a file's hash


def days_of(
    connection: duckdb.DuckDBPyConnection,
    party_id: str,
    month: date,
    parts: Sequence[Part],
    stated: Mapping[str, date],
    otherwise: date,
) -> Days:
    """Tell on which day files came: what a manifest says, else when they first landed.

    Args:
        connection: to the warehouse.
        party_id: whose they are.
        month: first day of the month they were delivered for.
        parts: the files.
        stated: day by file name, as a manifest says.
        otherwise: the day of files that have not landed yet in this month and that no manifest names.

    Returns:
        Day by hash.
    """
    known = "select file_sha256, delivered_on from raw.deliveries where party_id = ? and export_month = ?"
    recorded: Days = dict(connection.execute(known, [party_id, month]).fetchall())
    days: Days = {}
    for part in parts:
        sha256 = part.snapshot.sha256
        day = stated.get(part.delivery.path.name) or recorded.get(sha256, otherwise)
        days[sha256] = min(day, days.get(sha256, day))
    return days


def keep_days(connection: duckdb.DuckDBPyConnection, party_id: str, month: date, days: Days) -> None:
    """Write down when files came; what a manifest says now holds from now on.

    Args:
        connection: to the warehouse.
        party_id: whose they are.
        month: first day of the month they were delivered for.
        days: as `days_of` gives them.
    """
    rows = [{"file_sha256": sha256, "delivered_on": day} for sha256, day in days.items()]
    schema = pa.schema([("file_sha256", pa.string()), ("delivered_on", pa.date32())])
    connection.register("days", pa.Table.from_pylist(rows, schema))
    connection.execute(
        "delete from raw.deliveries where party_id = ? and export_month = ? and file_sha256 in "
        "(select file_sha256 from days)",
        [party_id, month],
    )
    connection.execute("insert into raw.deliveries select ?, ?, file_sha256, delivered_on from days", [party_id, month])
    connection.unregister("days")


def note_first_files(
    connection: duckdb.DuckDBPyConnection, party_id: str, month: date, replaced: Sequence[Part]
) -> None:
    """Note which file of a month was the first to hold each record, before the list is replaced.

    Args:
        connection: to the warehouse.
        party_id: whose list it is.
        month: first day of the month.
        replaced: files that are not landed because a later one counts.
    """
    held = [
        {"source_id": source_id, "file_sha256": part.snapshot.sha256}
        for part in replaced
        for source_id in sorted(delivered_ids([part]))
    ]
    schema = pa.schema([("source_id", pa.string()), ("file_sha256", pa.string())])
    connection.register("held", pa.Table.from_pylist(held, schema))
    connection.execute(
        f"""
        create or replace temp table first_files as
        select
            before.source_id,
            arg_min(before.file_sha256, (deliveries.delivered_on, before.file_sha256)) as file_sha256,
            min(deliveries.delivered_on) as delivered_on
        from (
            select source_id, file_sha256 from held
            union all
            select source_id, first_file_sha256 from raw.{MAPPED}
            where party_id = $party_id and export_month = $month
        ) as before
        inner join raw.deliveries as deliveries on before.file_sha256 = deliveries.file_sha256
        where deliveries.party_id = $party_id and deliveries.export_month = $month
        group by before.source_id
        """,  # noqa: S608 (our own names)
        {"party_id": party_id, "month": month},
    )
    connection.unregister("held")


def keep_first_files(connection: duckdb.DuckDBPyConnection, party_id: str, month: date) -> None:
    """Let the records of a new list count from the first file that held them, as it was noted.

    Args:
        connection: to the warehouse.
        party_id: whose list it is.
        month: first day of the month.
    """
    connection.execute(
        f"""
        update raw.{MAPPED} as listed
        set first_file_sha256 = first_files.file_sha256
        from first_files, raw.deliveries as deliveries
        where
            listed.party_id = $party_id and listed.export_month = $month
            and listed.source_id = first_files.source_id
            and deliveries.party_id = $party_id and deliveries.export_month = $month
            and deliveries.file_sha256 = listed.file_sha256
            and first_files.delivered_on < deliveries.delivered_on
        """,  # noqa: S608 (our own names)
        {"party_id": party_id, "month": month},
    )
    connection.execute("drop table first_files")
