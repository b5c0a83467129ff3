"""The dbt project as Dagster assets: seeds, staging, resolution and marts, with their data tests as asset checks.

Belongs here: how dbt's nodes look in the asset catalogue and how a month is built. Does not belong here: SQL.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import (
    DagsterDbtTranslator,
    DbtCliEventMessage,
    DbtCliInvocation,
    DbtCliResource,
    DbtProject,
    dbt_assets,
)

from orchestration.defs.partitions import MONTHS, ONE_BY_ONE, expected_every, month_of
from orchestration.defs.resources import OWNER, WAREHOUSE_POOL, Workspace, retry_while_locked
from orchestration.publishing.restatements import UnreadableMartsError, keep_published
from orchestration.runs import progress
from orchestration.settings import PARENT_PROCESS, Settings
from orchestration.warehouse import faults
from orchestration.warehouse.history import check_history
from orchestration.warehouse.schema import WarehouseRefusedError, check_release
from orchestration.warehouse.seeds import has_tested_seeds, record_tested_seeds, seeds_fingerprint

# What a model says of itself in its meta, and the catalogue shows as a tag, when its rows name persons.
CONTAINS_PERSONS = "contains_persons"
# The words of macros/tell_row_count.sql.
ROW_COUNT = re.compile(r"(?P<rows>\d+) rows in \S+")
# What dbt says of every node when it is done, skipped or failed, whatever kind of node it is.
NODE_DONE = re.compile(r"\d+ of (?P<total>\d+) (?!START )")


class Translator(DagsterDbtTranslator):
    """Names assets as the database does and gives each its group, owner and kinds."""

    def get_asset_spec(self, manifest: Mapping[str, Any], unique_id: str, project: DbtProject | None) -> dg.AssetSpec:
        """Describe one node of the manifest as an asset."""
        spec = super().get_asset_spec(manifest, unique_id, project)
        node = self.get_resource_props(manifest, unique_id)
        if node["resource_type"] == "source":
            return spec
        schema = node["schema"]
        return spec.replace_attributes(
            group_name=schema,
            owners=[OWNER],
            kinds={"dbt", "duckdb"},
            freshness_policy=expected_every(months=1) if schema == "marts" else None,
        ).merge_attributes(
            metadata={"dagster/table_name": f"{schema}.{node['name']}"},
            tags={CONTAINS_PERSONS: ""} if node["config"]["meta"].get(CONTAINS_PERSONS) else {},
        )


def months_to_build(workspace: Workspace, month: date) -> list[date]:
    """List the months whose results depend on a month's exports.

    A month depends on the raw months up to it, so loading one again replays it and every later loaded month, in order;
    the tables without a month then show the latest again. A month for which nobody delivered anything counts as loaded
    when its run looked; the lists of the month before stand for it.

    Args:
        workspace: the workspace whose warehouse tells which months have been loaded.
        month: first day of the month that was loaded.

    Returns:
        `month` and the later loaded months, ascending.
    """
    with workspace.read_warehouse() as warehouse:
        later = warehouse.execute(
            "select export_month from raw.loaded_months where export_month > $month union "
            "select export_month from raw.files where export_month > $month and status = 'landed' order by 1",
            {"month": month},
        ).fetchall()
    return [month, *(row[0] for row in later)]


def with_progress(invocation: DbtCliInvocation, stage: str) -> Iterator[DbtCliEventMessage]:
    """Pass on what dbt says while it works, and tell how many of its nodes are done.

    Args:
        invocation: the running command.
        stage: what is being done, in words.

    Yields:
        Its events.
    """
    done = 0
    for message in invocation.stream_raw_events():
        told = NODE_DONE.match(message.raw_event["info"]["msg"])
        if told:
            done += 1
            progress.tell(stage, done, int(told["total"]), "dbt nodes")
        yield message


def with_row_counts(invocation: DbtCliInvocation, stage: str) -> Iterator[Any]:
    """Turn what dbt says into Dagster events while it works, each table with the number of rows it was built with.

    Args:
        invocation: the running command. The macro `tell_row_count` says the numbers.
        stage: what is being done, in words.

    Yields:
        Outputs of models and seeds, results of data tests.
    """
    row_counts: dict[str, int] = {}
    for message in with_progress(invocation, stage):
        told = ROW_COUNT.fullmatch(message.raw_event["info"]["msg"])
        if told:
            row_counts[message.raw_event["data"]["node_info"]["unique_id"]] = int(told["rows"])
        for event in message.to_default_asset_events(
            manifest=invocation.manifest,
            dagster_dbt_translator=invocation.dagster_dbt_translator,
            context=invocation.context,
            target_path=invocation.target_path,
            project=invocation.project,
        ):
            if isinstance(event, dg.Output) and event.metadata["unique_id"].value in row_counts:
                rows = row_counts[event.metadata["unique_id"].value]
                yield event.with_metadata({**event.metadata, "dagster/row_count": rows})
            else:
                yield event


def dbt_models(project: DbtProject) -> dg.AssetsDefinition:
    """Make the assets of the dbt project.

    Args:
        project: the project with a parsed manifest.
    """

    @dbt_assets(
        manifest=project.manifest_path,
        project=project,
        partitions_def=MONTHS,
        dagster_dbt_translator=Translator(),
        pool=WAREHOUSE_POOL,
        backfill_policy=ONE_BY_ONE,
        name="dbt_models",
    )
    def build(context: dg.AssetExecutionContext, dbt: DbtCliResource, workspace: Workspace) -> Iterator[Any]:
        first = month_of(context.partition_key)
        prepare_warehouse(context, workspace, first, project.manifest_path)
        *earlier, last = months_to_build(workspace, first)
        seeds = Path(workspace.seeds)
        fingerprint = seeds_fingerprint(seeds)
        with workspace.read_warehouse() as warehouse:
            # Somebody who asks for single assets gets them, seeds too.
            with_seeds = context.is_subset or not has_tested_seeds(warehouse, seeds, fingerprint)
        if with_seeds:
            with retry_while_locked(), duckdb.connect(workspace.warehouse) as warehouse:
                record_tested_seeds(warehouse, None)
        else:
            context.log.info("The seeds have not changed since they were loaded and tested: they stay as they are.")
        with progress.heard_by(progress.Lines(context.log.info)):
            for month in earlier:
                context.log.info(f"Replaying {month:%Y-%m}: a later month has been loaded already.")
                # The last month loads them once more, for Dagster sees what that one builds.
                replayed = build_month(dbt, context, month, with_seeds=with_seeds and month == first)
                for _ in with_progress(replayed, f"building {month:%Y-%m} again"):
                    pass
                fail_unless_built(replayed, month)
            invocation = build_month(dbt, context, last, with_seeds=with_seeds)
            yield from with_row_counts(invocation, f"building {last:%Y-%m}")
        fail_unless_built(invocation, last)
        if with_seeds and not context.is_subset:
            with retry_while_locked(), duckdb.connect(workspace.warehouse) as warehouse:
                record_tested_seeds(warehouse, fingerprint)

    return build


def prepare_warehouse(
    context: dg.AssetExecutionContext, workspace: Workspace, month: date, manifest_path: Path
) -> None:
    """Make sure that dbt can go on with the warehouse, and keep what people have seen of the months to be built.

    Args:
        context: of the asset that asks.
        workspace: the workspace.
        month: first day of the earliest month to be built.
        manifest_path: dbt's manifest.

    Raises:
        dagster.Failure: another release wrote the warehouse, and this one cannot go on with it.
        dagster.RetryRequested: another process holds the warehouse.
    """
    warehouse = Path(workspace.warehouse)
    with retry_while_locked():
        faults.check_writable(warehouse)
        try:
            check_release(warehouse)
            for notice in check_history(warehouse, json.loads(manifest_path.read_bytes())):
                context.log.info(notice)
            keep_published(warehouse, Path(workspace.published), month)
        except WarehouseRefusedError as refusal:
            raise dg.Failure(str(refusal), allow_retries=False) from refusal
        except UnreadableMartsError as problem:
            context.log.warning(str(problem))


def build_month(
    dbt: DbtCliResource, context: dg.AssetExecutionContext, month: date, with_seeds: bool
) -> DbtCliInvocation:
    """Start dbt building and testing one month.

    The month goes through the environment: with `--vars`, dbt would parse the whole project again every month. Unit
    tests are left out: they prove the code, not the data, and `make test` runs them.

    Args:
        dbt: the command.
        context: of the asset that asks.
        month: first day of the month.
        with_seeds: whether seeds are loaded, and what concerns them alone is tested.

    Returns:
        The running command; it does not outlive this process.
    """
    os.environ["ACCOUNT_MAPPING_AS_OF_MONTH"] = month.isoformat()
    os.environ[PARENT_PROCESS] = str(os.getpid())
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if not with_seeds:
        arguments += ["--exclude", "resource_type:seed", "--indirect-selection", "cautious"]
    return dbt.cli(arguments, context=context, raise_on_error=False)


def fail_unless_built(invocation: DbtCliInvocation, month: date) -> None:
    """Fail when a month's build has failed.

    Args:
        invocation: the finished command.
        month: first day of the month.

    Raises:
        dagster.Failure: it has; when the machine failed and not a model or test, the message says what to do.
    """
    if invocation.is_successful():
        return
    problem = invocation.get_error()
    told = faults.explain(problem, Settings.from_environment()) or f"dbt build of {month:%Y-%m} failed: {problem}"
    raise dg.Failure(told, allow_retries=False)
