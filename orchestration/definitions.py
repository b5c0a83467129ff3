"""Everything Dagster knows of this project, on one page."""

import json

import dagster as dg

from orchestration.defs import automation, expectations, exports, publish, resources, transform
from orchestration.defs.partitions import first_month, months_from
from orchestration.settings import Settings
from orchestration.warehouse import build
from orchestration.warehouse.seeds import put_in_force


@dg.definitions
def definitions() -> dg.Definitions:
    """Put everything together that Dagster offers of the workspace that the environment names."""
    settings = Settings.from_environment()
    return definitions_from(first_month(settings), settings)


def definitions_from(first: str, settings: Settings) -> dg.Definitions:
    """Put the assets, checks, job, schedule and sensors of one workspace together.

    Args:
        first: the first month that is offered, `YYYY-MM`.
        settings: the workspace, which the environment names too.
    """
    lists = exports.lists_of_parties(put_in_force(settings.seeds, settings.var))
    settings.link_seeds()
    if not build.is_parsed(settings):
        build.parse(settings, anew=True)
    manifest = json.loads((settings.dbt_parsed / "manifest.json").read_bytes())
    months = months_from(first)
    models = transform.dbt_models(manifest, months)
    descriptions = publish.descriptions_of(manifest)
    marts = [key for key in models.keys if key.path[0] == "marts"]
    persons = [key for key in marts if transform.CONTAINS_PERSONS in models.specs_by_key[key].tags]
    impersonal = [key for key in marts if key not in persons]
    return dg.Definitions(
        assets=[
            *lists,
            exports.raw_exports(lists, months),
            models,
            publish.published_marts(impersonal, descriptions, months),
            publish.published_contacts(persons, descriptions, months),
        ],
        asset_checks=[expectations.accepted_rows, expectations.accepted_marts(marts)],
        jobs=[automation.monthly_refresh],
        schedules=[automation.monthly_refresh_schedule],
        sensors=[
            automation.new_exports_sensor,
            automation.run_success_sensor,
            automation.run_failure_sensor,
            automation.retention_sensor,
        ],
        # One process per run, so that one lock holds from the first step to the last (Workspace.yield_for_execution).
        executor=dg.in_process_executor,
        resources={"workspace": resources.workspace_of(settings)},
    )
