"""The exports asset: one month of every party's lists, from the landing folder to schema raw.

Belongs here: how the raw tables look in the asset catalogue. Does not belong here: the loading itself
(orchestration/ingestion).
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.defs.resources import WAREHOUSE_POOL, Workspace, retry_while_locked
from orchestration.defs.transform import OWNER
from orchestration.ingestion.landing import LandingSummary, land_month
from orchestration.ingestion.raw_schema import OtherExportsError, PrunedMonthError
from orchestration.months import MONTHS, ONE_BY_ONE, month_of

DESCRIPTIONS = {
    "accounts": "One row per accepted account row of a party and month, as delivered, with its file and row number.",
    "opportunities": "One row per accepted opportunity row of a party and month, as delivered.",
    "engagements": "One row per accepted engagement row of a party and month, as delivered.",
    "contacts": "One row per accepted contact row of a party and month, as delivered.",
    "decisions": "One row per accepted row of a filled review sheet, as delivered.",
    "files": "One row per delivered file and sheet: landed, quarantined or not opened, and why.",
    "rejected_rows": "One row per delivered row that cannot be used, as it came, with the reason and what to do.",
    "rejected_values": "One row per delivered value that cannot be used; its row was accepted without it.",
}


@dg.multi_asset(
    name="raw_exports",
    specs=[
        dg.AssetSpec(
            key=["raw", table],
            description=description,
            group_name="raw",
            owners=[OWNER],
            kinds={"python", "duckdb", "greatexpectations"},
            metadata={"dagster/table_name": f"raw.{table}"},
        )
        for table, description in DESCRIPTIONS.items()
    ],
    partitions_def=MONTHS,
    pool=WAREHOUSE_POOL,
    backfill_policy=ONE_BY_ONE,
)
def raw_exports(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[dg.MaterializeResult[Any]]:
    """Load the month's exports of every party."""
    try:
        with retry_while_locked():
            summary = land_month(
                warehouse=Path(workspace.warehouse),
                exports=Path(workspace.exports),
                seeds=Path(workspace.seeds),
                month=month_of(context.partition_key),
                run_id=context.run_id,
                loaded_at=datetime.now(UTC),
                results_dir=Path(workspace.validations),
            )
    except (OtherExportsError, PrunedMonthError) as refusal:
        raise dg.Failure(str(refusal), allow_retries=False) from refusal
    for file in summary.files:
        if file["status"] != "landed":
            context.log.warning(f"{file['file_name']}: {file['reason']} {file['remedy']}")
    for table in DESCRIPTIONS:
        extra = _file_metadata(summary) if table == "files" else {}
        yield dg.MaterializeResult(
            asset_key=["raw", table],
            metadata={"dagster/partition_row_count": summary.row_counts[table], **extra},
        )


def _file_metadata(summary: LandingSummary) -> dict[str, Any]:
    """What became of every file, the page of validation results, and where the seconds went."""
    shown = ("file_name", "sheet_name", "object", "status", "rows_read", "rows_accepted", "rows_rejected")
    records = [
        dg.TableRecord({name: _cell(file[name]) for name in (*shown, "values_rejected", "reason", "remedy")})
        for file in summary.files
    ]
    metadata: dict[str, Any] = {
        "seconds": dg.MetadataValue.json({step: round(spent, 2) for step, spent in summary.seconds.items()}),
    }
    if records:
        metadata["files"] = dg.MetadataValue.table(records)
    if summary.page is not None:
        metadata["validation_results"] = dg.MetadataValue.path(str(summary.page))
    return metadata


def _cell(value: object) -> str | int:
    return value if isinstance(value, int) else "" if value is None else str(value)
