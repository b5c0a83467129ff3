"""Everything Dagster knows of this project, on one page."""

import json

import dagster as dg

from orchestration.defs import automation, expectations, exports, publish, resources, transform
from orchestration.settings import Settings
from orchestration.warehouse import build
from orchestration.warehouse.seeds import put_in_force


@dg.definitions
def definitions() -> dg.Definitions:
    """Put the assets, checks, job, schedule and sensors of one workspace together."""
    settings = Settings.from_environment()
    lists = exports.lists_of_parties(put_in_force(settings.seeds, settings.var))
    settings.link_seeds()
    if not build.is_parsed(settings):
        build.parse(settings, anew=True)
    manifest = json.loads((settings.dbt_parsed / "manifest.json").read_bytes())
    models = transform.dbt_models(manifest)
    descriptions = publish.descriptions_of(manifest)
    marts = [key for key in models.keys if key.path[0] == "marts"]
    persons = [key for key in marts if transform.CONTAINS_PERSONS in models.specs_by_key[key].tags]
    impersonal = [key for key in marts if key not in persons]
    return dg.Definitions(
        assets=[
            *lists,
            exports.raw_exports(lists),
            models,
            publish.published_marts(impersonal, descriptions),
            publish.published_contacts(persons, descriptions),
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
