"""The dbt project as Dagster assets: seeds, staging, resolution and marts, with their data tests as asset checks.

Belongs here: how dbt's nodes look in the asset catalogue and how a month is built. Does not belong here: SQL.
"""

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

import dagster as dg
import duckdb
from dagster_dbt import DagsterDbtTranslator, DbtProject, dbt_assets
from dagster_dbt.core.dbt_cli_event import DbtCoreCliEventMessage

from orchestration.defs.partitions import ONE_BY_ONE, expected_every, month_of
from orchestration.defs.resources import OWNER, WAREHOUSE_POOL, Workspace, retry_while_locked, settings_of
from orchestration.publishing.restatements import UnreadableMartsError, keep_published
from orchestration.runs import progress
from orchestration.settings import RefusedError, Settings
from orchestration.warehouse import build, faults
from orchestration.warehouse.company_settings import read_company_settings
from orchestration.warehouse.fiscal_calendar import check_quarters
from orchestration.warehouse.history import check_history
from orchestration.warehouse.schema import WarehouseRefusedError, check_release
from orchestration.warehouse.seeds import has_tested_seeds, put_in_force, record_tested_seeds, seeds_fingerprint

# What a model says of itself in its meta, and the catalogue shows as a tag, when its rows name persons.
CONTAINS_PERSONS = "contains_persons"
# The words of macros/table.sql.
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


TRANSLATOR = Translator()


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


def with_progress(events: Iterable[build.Said | build.Outcome], stage: str) -> Iterator[build.Said | build.Outcome]:
    """Pass on what dbt says while it works, print it, and tell how many of its nodes are done.

    Args:
        events: of a running command.
        stage: what is being done, in words.

    Yields:
        The events.
    """
    done = 0
    for event in events:
        if isinstance(event, build.Said):
            sys.stdout.write(f"{event.text}\n")
            if found := NODE_DONE.match(event.text):
                done += 1
                progress.tell(stage, done, int(found["total"]), "dbt nodes")
        yield event


def as_dagster_events(
    events: Iterable[build.Said | build.Outcome], context: dg.AssetExecutionContext, manifest: Mapping[str, Any]
) -> Iterator[Any]:
    """Turn what dbt says into Dagster events while it works, each table with the number of rows it was built with.

    Args:
        events: of a running command, its outcome last. The macros of macros/table.sql say the numbers.
        context: of the asset that asks.
        manifest: dbt's, as plain data.

    Yields:
        Outputs of models and seeds, results of data tests; and the outcome.
    """
    row_counts: dict[str, int] = {}
    for event in events:
        if isinstance(event, build.Outcome):
            yield event
            continue
        if event.node and (found := ROW_COUNT.fullmatch(event.text)):
            row_counts[event.node] = int(found["rows"])
        if event.raw is None:
            continue
        message = DbtCoreCliEventMessage(raw_event=event.raw, event_history_metadata={})
        for shown in message.to_default_asset_events(manifest, TRANSLATOR, context):
            if isinstance(shown, dg.Output) and shown.metadata["unique_id"].value in row_counts:
                rows = row_counts[shown.metadata["unique_id"].value]
                yield shown.with_metadata({**shown.metadata, "dagster/row_count": rows})
            else:
                yield shown


def dbt_models(manifest: Mapping[str, Any], months: dg.PartitionsDefinition[str]) -> dg.AssetsDefinition:
    """Make the assets of the dbt project.

    Args:
        manifest: dbt's, as plain data.
        months: the partitions.
    """

    @dbt_assets(
        manifest=manifest,
        partitions_def=months,
        dagster_dbt_translator=TRANSLATOR,
        pool=WAREHOUSE_POOL,
        backfill_policy=ONE_BY_ONE,
        name="dbt_models",
    )
    def models(context: dg.AssetExecutionContext, workspace: Workspace) -> Iterator[Any]:
        settings = settings_of(workspace)
        first = month_of(context.partition_key)
        prepare_warehouse(context, settings, first, manifest)
        *earlier, last = months_to_build(workspace, first)
        seeds = put_in_force(settings.seeds, settings.var)
        settings.link_seeds()
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
                arguments = build_arguments(context, with_seeds=with_seeds and month == first)
                replayed = build.stream(settings, *arguments, month=month)
                for event in with_progress(replayed, f"building {month:%Y-%m} again"):
                    fail_unless_built(event, month)
            built = build.stream(settings, *build_arguments(context, with_seeds=with_seeds), month=last)
            for event in as_dagster_events(with_progress(built, f"building {last:%Y-%m}"), context, manifest):
                if isinstance(event, build.Outcome):
                    fail_unless_built(event, last)
                else:
                    yield event
        if with_seeds and not context.is_subset:
            with retry_while_locked(), duckdb.connect(workspace.warehouse) as warehouse:
                record_tested_seeds(warehouse, fingerprint)

    return models


def prepare_warehouse(
    context: dg.AssetExecutionContext, settings: Settings, month: date, manifest: Mapping[str, Any]
) -> None:
    """Make sure that dbt can go on with the warehouse, and keep what people have seen of the months to be built.

    Args:
        context: of the asset that asks.
        settings: the workspace.
        month: first day of the earliest month to be built.
        manifest: dbt's, as plain data.

    Raises:
        dagster.Failure: another release wrote the warehouse, and this one cannot go on with it; a seed names a
            quarter that the fiscal calendar does not have, or a setting cannot be used.
        dagster.RetryRequested: another process holds the warehouse.
    """
    warehouse = settings.warehouse
    try:
        check_quarters(settings.seeds)
        read_company_settings(settings.seeds / "company")
    except RefusedError as refusal:
        raise dg.Failure(str(refusal), allow_retries=False) from refusal
    with retry_while_locked():
        faults.check_writable(warehouse)
        try:
            check_release(warehouse)
            for notice in check_history(warehouse, manifest):
                context.log.info(notice)
            keep_published(warehouse, settings.published, month)
        except WarehouseRefusedError as refusal:
            raise dg.Failure(str(refusal), allow_retries=False) from refusal
        except UnreadableMartsError as problem:
            context.log.warning(str(problem))


def build_arguments(context: dg.AssetExecutionContext, *, with_seeds: bool) -> list[str]:
    """Say in dbt's words what is to be built and tested.

    Unit tests are left out: they prove the code, not the data, and `make test` runs them.

    Args:
        context: of the asset that asks.
        with_seeds: whether seeds are loaded, and what concerns them alone is tested.

    Returns:
        The command and its options.
    """
    arguments = ["build", "--exclude-resource-type", "unit_test"]
    if context.is_subset:  # an asset has the name of its node, and a check that of its test
        names = sorted({key.path[-1] for key in context.selected_asset_keys})
        checks = sorted({key.name for key in context.selected_asset_check_keys})
        return [*arguments, "--select", *names, *checks, "--indirect-selection", "empty"]
    if not with_seeds:
        return [*arguments, "--exclude", "resource_type:seed", "--indirect-selection", "cautious"]
    return arguments


def fail_unless_built(event: object, month: date) -> None:
    """Fail when a month's build has failed.

    Args:
        event: of the command; what came of it is its last.
        month: first day of the month.

    Raises:
        dagster.Failure: it has; when the machine failed and not a model or test, the message says what to do.
    """
    if not isinstance(event, build.Outcome) or event.is_successful:
        return
    explained = faults.explain(event.problem, Settings.from_environment())
    raise dg.Failure(explained or f"dbt build of {month:%Y-%m} failed: {event.problem}", allow_retries=False)
