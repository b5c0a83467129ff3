"""The assets of the published files.

Belongs here: how they look in the asset catalogue. Does not belong here: copying (orchestration/publishing).
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.defs.partitions import ONE_BY_ONE, expected_every
from orchestration.defs.resources import OWNER, Workspace, retry_while_locked, settings_of
from orchestration.publishing.published import PERMISSIONS, SCHEMA_VERSION, Description, publish_marts
from orchestration.runs import progress
from orchestration.runs.figures import look_at
from orchestration.runs.page import page_of_run
from orchestration.settings import CONTACTS, MARTS, contacts_folder, make_folder
from orchestration.warehouse.company_settings import settings_in_force


def descriptions_of(manifest: Mapping[str, Any]) -> dict[str, Description]:
    """Read what dbt's manifest says of the models.

    Args:
        manifest: dbt's, as plain data.

    Returns:
        Descriptions by the model's name.
    """
    return {
        node["name"]: Description(
            node["description"], {name: column["description"] for name, column in node["columns"].items()}
        )
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model"
    }


def published_marts(
    marts: Sequence[dg.AssetKey], descriptions: Mapping[str, Description], months: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """Make the asset of the published copy of all that names no person.

    Args:
        marts: the assets it copies; a blocking check of any of them that fails keeps this asset from running.
        descriptions: of the marts, written to the copies as comments.
        months: the partitions.
    """
    return _published(
        marts,
        descriptions,
        months,
        MARTS,
        "The marts as BI tools read them: `marts.duckdb` and `parquet/` with its manifest, each replaced by one rename "
        "when every check has passed. They name no person.",
    )


def published_contacts(
    marts: Sequence[dg.AssetKey], descriptions: Mapping[str, Description], months: dg.PartitionsDefinition[str]
) -> dg.AssetsDefinition:
    """Make the asset of the published copy of the marts that name persons.

    Args:
        marts: the assets it copies, those whose model says `contains_persons`; checks as for published_marts.
        descriptions: as for published_marts.
        months: the partitions.
    """
    return _published(
        marts,
        descriptions,
        months,
        CONTACTS,
        "The marts that name persons, in a folder of their own: `contacts/contacts.duckdb` and `contacts/parquet/`, "
        "replaced like the others.",
    )


def _published(
    marts: Sequence[dg.AssetKey],
    descriptions: Mapping[str, Description],
    months: dg.PartitionsDefinition[str],
    file: str,
    description: str,
) -> dg.AssetsDefinition:
    """Make the asset that publishes one set of marts as one file."""

    @dg.asset(
        key=["published", file],
        deps=list(marts),
        partitions_def=months,
        group_name="published",
        owners=[OWNER],
        kinds={"duckdb", "parquet"},
        description=description,
        backfill_policy=ONE_BY_ONE,
        freshness_policy=expected_every(months=1),
    )
    def publish(context: dg.AssetExecutionContext, workspace: Workspace) -> dg.MaterializeResult[None]:
        published = Path(workspace.published)
        folder = published if file == MARTS else contacts_folder(published)
        make_folder(published, PERMISSIONS[MARTS][0])
        with workspace.read_warehouse() as warehouse:
            ((month,),) = warehouse.execute("select month from marts.dim_months where is_as_of_month").fetchall()
        company = settings_of(workspace).seeds_in_force / "company"
        with retry_while_locked(), progress.heard_by(progress.Lines(context.log.info)):
            rows = publish_marts(
                warehouse=Path(workspace.warehouse),
                published=folder,
                month=month,
                run_id=context.run_id,
                published_at=datetime.now(UTC),
                marts=[key.path[-1] for key in marts],
                file=file,
                descriptions=descriptions,
                company_settings=settings_in_force(company) if file == MARTS else (),
            )
        there = look_at(folder / f"{file}.duckdb") if file == MARTS else None
        page = page_of_run(Path(workspace.warehouse).parent, context.partition_key, context.run_id)
        return dg.MaterializeResult(
            metadata={
                **(there.figures if there else {}),
                "page": dg.MetadataValue.path(str(page)),
                "file": dg.MetadataValue.path(str(folder / f"{file}.duckdb")),
                "schema_version": SCHEMA_VERSION,
                "rows": dg.MetadataValue.json(rows),
                "dagster/row_count": sum(rows.values()),
            }
        )

    return publish
