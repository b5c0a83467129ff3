"""The exports asset: one month of every party's lists, from the landing folder to schema raw; and the lists themselves.

Belongs here: how the raw tables and the parties' lists look in the asset catalogue. Does not belong here: the loading
itself (orchestration/ingestion).
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster._core.events import StepMaterializationData  # no public way to report an event of another time

from orchestration.defs.partitions import ONE_BY_ONE, due_at, expected_every, month_of
from orchestration.defs.resources import OWNER, WAREHOUSE_POOL, Workspace, retry_while_locked
from orchestration.ingestion.folder import read_cadences, read_parties
from orchestration.ingestion.landing import LandingSummary, land_month
from orchestration.objects import LISTS, OBJECTS
from orchestration.runs import progress
from orchestration.settings import RefusedError
from orchestration.warehouse.schema import TABLES

DESCRIPTIONS = {
    **{name: described.description for name, described in OBJECTS.items()},
    "files": "One row per delivered file and sheet: landed, quarantined or not opened, and why.",
    "rejected_rows": "One row per delivered row that cannot be used, as it came, with the reason and what to do.",
    "remarks": "One row per thing to know of a landed list although nothing of it was refused.",
    "rejected_values": "One row per delivered value that cannot be used; its row was accepted without it.",
}
# The kinds of reason of a month's refusals that are shown, the commonest first: a page is to be read to its end.
SHOWN_REASONS = 20

# What a rule refused, by party and column; never what was delivered, which may name persons.
REASONS = f"""
    select party_id, object, refused, rule, coalesce(column_name, '') as column_name, count(*) as "count",
        coalesce(min(remedy), '') as remedy
    from (
        select 'row' as refused, party_id, object, export_month, rule, column_name, remedy from raw.rejected_rows
        union all
        select 'value', party_id, object, export_month, rule, column_name, remedy from raw.rejected_values
    )
    where export_month = ?
    group by all order by "count" desc, 1, 2, 3, 4, 5 limit {SHOWN_REASONS}
"""  # noqa: S608 (our own figure)

# What a month's lists lack comes first: a whole column weighs more than a value.
NOTED = """
    select kind, party_id, object, coalesce(column_name, '') as column_name, file_name, rule, reason, remedy,
        coalesce(examples, '') as examples
    from raw.remarks where export_month = ?
    order by case kind when 'lacking field' then 1 when 'missing column' then 2 when 'unread column' then 3 else 4 end,
        party_id, object, file_name, column_name, rule
"""

# The lists that a run of the month works with although they came earlier.
CARRIED = """
    select party_id, object, strftime(max(export_month), '%Y-%m') as list_month from raw.files
    where status = 'landed' and list_contains($lists, object) and export_month <= $month
    group by all having max(export_month) < $month order by all
"""


def list_key(party_id: str) -> dg.AssetKey:
    """Name the asset of a party's lists.

    Args:
        party_id: as seeds/company/partners.csv has it; any text.

    Returns:
        `lists/<party_id>`, of letters, digits and underscores, and different for different parties.
    """
    readable = re.sub(r"\W+", "_", party_id, flags=re.ASCII)[:80]
    if readable != party_id:
        readable += "_" + hashlib.sha256(party_id.encode("utf-8", "replace")).hexdigest()[:8]
    return dg.AssetKey(["lists", readable])


def lists_of_parties(seeds: Path) -> list[dg.AssetSpec]:
    """Describe each party's lists as an asset that others make, to be made anew by the agreed cadence.

    Args:
        seeds: the folder of the seeds in force.

    Returns:
        An asset per party; none when a seed cannot be read: the landing says why, and a broken row must not take the
        whole catalogue away.
    """
    try:
        parties = read_parties(seeds / "company" / "partners.csv")
        cadences = read_cadences(seeds / "reference" / "refresh_cadences.csv")
    except (ValueError, OSError, KeyError):
        return []
    specs = []
    for party in parties.values():
        if party.withdrawn_on:
            continue
        months = cadences.get(party.refresh_cadence or "")
        agreed = f"expected {party.refresh_cadence}" if months else "no cadence agreed"
        specs.append(
            dg.AssetSpec(
                key=list_key(party.party_id),
                description=f"Lists of {party.name or party.party_id}: {agreed} (seeds/company/partners.csv).",
                group_name="lists",
                owners=[OWNER],
                kinds={"file"},
                freshness_policy=expected_every(months) if months else None,
            )
        )
    return specs


def arrivals(
    files: Sequence[Mapping[str, Any]], month: str, known: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Tell whose lists a run has landed that are newer than what was landed before.

    Args:
        files: what became of each file of the month, as in raw.files.
        month: `YYYY-MM`.
        known: party → the metadata, as given here, of the arrival that was last reported.

    Returns:
        Party → month, file names and hashes of its lists. Not those of a month before the known one, nor the very same
        files again: running a month once more makes nothing fresh.
    """
    landed: dict[str, dict[str, str]] = defaultdict(dict)
    for file in files:
        if file["status"] == "landed":
            landed[file["party_id"]][file["file_sha256"]] = file["file_name"]
    arrived = {}
    for party_id, names in landed.items():
        before = known.get(party_id, {"month": "", "hashes": []})
        is_new = month > before["month"] or (month == before["month"] and not set(names) <= set(before["hashes"]))
        if is_new:
            arrived[party_id] = {"month": month, "files": sorted(set(names.values())), "hashes": sorted(names)}
    return arrived


def report_arrivals(instance: dg.DagsterInstance, run: dg.DagsterRun, month: date, arrived: Mapping[str, Any]) -> None:
    """Show in the catalogue that lists have come.

    A list counts as of the day it was due, when it is loaded later: an old list does not become fresh by being loaded.

    Args:
        instance: Dagster's.
        run: the run that landed them.
        month: the first day of their month.
        arrived: as `arrivals` gives it.
    """
    counts_from = min(datetime.now(UTC), due_at(month))
    for party_id, metadata in arrived.items():
        materialization = dg.AssetMaterialization(
            list_key(party_id), metadata={"arrival": dg.MetadataValue.json(metadata)}
        )
        instance.report_dagster_event(
            dg.DagsterEvent(
                dg.DagsterEventType.ASSET_MATERIALIZATION.value,
                run.job_name,
                message=f"Lists of {month:%Y-%m} have come.",
                event_specific_data=StepMaterializationData(materialization),
            ),
            run.run_id,
            timestamp=counts_from.timestamp(),
        )


def known_arrivals(instance: dg.DagsterInstance, parties: Sequence[str]) -> dict[str, Mapping[str, Any]]:
    """Look up which lists the catalogue knows as the latest.

    Args:
        instance: Dagster's.
        parties: their ids.

    Returns:
        Party → the metadata that was reported with its latest list.
    """
    known: dict[str, Any] = {}
    for party_id in parties:
        event = instance.get_latest_materialization_event(list_key(party_id))
        if event and event.asset_materialization:
            known[party_id] = event.asset_materialization.metadata["arrival"].value
    return known


def columns_of(table: str) -> dg.TableSchema:
    """Describe a raw table column by column, as objects.py describes its fields.

    Args:
        table: its name.

    Returns:
        Its columns in order, for the asset catalogue.
    """
    fields = {field.name: field.description for field in OBJECTS[table].fields} if table in OBJECTS else {}
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name,
                column_type.removesuffix(" not null"),
                fields.get(name),
                dg.TableColumnConstraints(nullable=not column_type.endswith(" not null")),
            )
            for name, column_type in TABLES[table].items()
        ]
    )


def raw_exports(lists: Sequence[dg.AssetSpec], months: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Make the assets of the raw tables.

    Args:
        lists: the parties' lists, which they are made from.
        months: the partitions.
    """

    @dg.multi_asset(
        name="raw_exports",
        specs=[
            dg.AssetSpec(
                key=["raw", table],
                deps=lists,
                description=description,
                group_name="raw",
                owners=[OWNER],
                kinds={"python", "duckdb", "greatexpectations"},
                metadata={"dagster/table_name": f"raw.{table}", "dagster/column_schema": columns_of(table)},
            )
            for table, description in DESCRIPTIONS.items()
        ],
        partitions_def=months,
        can_subset=True,  # all are made whenever one is asked for
        pool=WAREHOUSE_POOL,
        backfill_policy=ONE_BY_ONE,
    )
    def land(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[dg.MaterializeResult[Any]]:
        """Load the month's exports of every party."""
        month = month_of(context.partition_key)
        try:
            with retry_while_locked(), progress.heard_by(progress.Lines(context.log.info)):
                summary = land_month(
                    warehouse=Path(workspace.warehouse),
                    exports=Path(workspace.exports),
                    seeds=Path(workspace.seeds),
                    month=month,
                    run_id=context.run_id,
                    loaded_at=datetime.now(UTC),
                    results_dir=Path(workspace.validations),
                )
        except RefusedError as refusal:
            raise dg.Failure(str(refusal), allow_retries=False) from refusal
        for file in summary.files:
            if file["status"] != "landed":
                context.log.warning(f"{file['file_name']}: {file['reason']} {file['remedy']}")
        known = known_arrivals(context.instance, sorted({file["party_id"] for file in summary.files}))
        report_arrivals(context.instance, context.run, month, arrivals(summary.files, context.partition_key, known))
        for table in DESCRIPTIONS:
            if dg.AssetKey(["raw", table]) not in context.selected_asset_keys:
                continue
            extra = _file_metadata(summary, workspace) if table == "files" else {}
            yield dg.MaterializeResult(
                asset_key=["raw", table],
                metadata={"dagster/partition_row_count": summary.row_counts[table], **extra},
            )

    return land


def _file_metadata(summary: LandingSummary, workspace: Workspace) -> dict[str, Any]:
    """What became of every file, why rows and values were refused, the page of validation results, the seconds."""
    shown = ("party_id", "file_name", "sheet_name", "object", "status", "rows_read", "rows_accepted", "rows_rejected")
    files = [
        {name: file[name] for name in (*shown, "values_rejected", "rule", "reason", "remedy")} for file in summary.files
    ]
    with duckdb.connect(workspace.warehouse, read_only=True) as warehouse:
        tables = {
            "files": files,
            "noted": _rows(warehouse.execute(NOTED, [summary.month])),
            "reasons": _rows(warehouse.execute(REASONS, [summary.month])),
            "carried_forward": _rows(warehouse.execute(CARRIED, {"month": summary.month, "lists": list(LISTS)})),
        }
    metadata: dict[str, Any] = {
        "seconds": dg.MetadataValue.json({step: round(spent, 2) for step, spent in summary.seconds.items()}),
    }
    for name, rows in tables.items():
        if rows:  # Dagster shows no table without rows
            records = [dg.TableRecord({column: _cell(value) for column, value in row.items()}) for row in rows]
            metadata[name] = dg.MetadataValue.table(records)
    if summary.page is not None:
        metadata["validation_results"] = dg.MetadataValue.path(str(summary.page))
    return metadata


def _rows(result: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    names = [column[0] for column in result.description or []]
    return [dict(zip(names, row, strict=True)) for row in result.fetchall()]


def _cell(value: object) -> str | int:
    return value if isinstance(value, int) else "" if value is None else str(value)
