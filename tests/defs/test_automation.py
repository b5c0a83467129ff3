"""What Dagster shows and what starts a run: names others rely on, and new files in the landing folder."""

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dagster as dg
import duckdb
import pytest

from orchestration.definitions import definitions
from orchestration.defs.automation import NO_FILES, SETTLED_SECONDS, landing_fingerprints
from orchestration.defs.partitions import first_month, month_of, months_from
from orchestration.objects import OBJECTS
from orchestration.settings import HOME, RefusedError, Settings
from orchestration.warehouse.schema import create_raw_tables
from orchestration.warehouse.seeds import has_tested_seeds, seeds_fingerprint
from tests.workspaces import Run, workspace_in

NOW = 1_800_000_000.0


def deliver(exports: Path, name: str, text: str = "Name\nAcme\n", age: float = SETTLED_SECONDS + 1) -> Path:
    """Write an export that was last changed `age` seconds before NOW."""
    file = exports / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (NOW - age, NOW - age))
    return file


def test_a_month_with_a_new_file_changes_and_the_others_do_not(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-09/accounts.csv")
    deliver(tmp_path, "us/2026-10/accounts.csv")
    before = landing_fingerprints(tmp_path, NOW)
    deliver(tmp_path, "acme/2026-10/accounts.csv")
    after = landing_fingerprints(tmp_path, NOW)
    assert before.keys() == after.keys() == {"2026-09", "2026-10"}
    assert before["2026-09"] == after["2026-09"]
    assert before["2026-10"] != after["2026-10"]


def test_a_changed_file_changes_its_month(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-10/accounts.csv")
    before = landing_fingerprints(tmp_path, NOW)
    deliver(tmp_path, "us/2026-10/accounts.csv", text="Name\nBeta\nAcme\n")
    assert landing_fingerprints(tmp_path, NOW) != before


def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-10/accounts.csv", age=SETTLED_SECONDS - 1)
    assert landing_fingerprints(tmp_path, NOW) == {}


def test_folders_that_are_no_month_and_hidden_files_start_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, "us/October 2026/accounts.csv")
    deliver(tmp_path, "us/2026-13/accounts.csv")
    deliver(tmp_path, "us/2026-10/.accounts.csv.part")
    assert landing_fingerprints(tmp_path, NOW) == {"2026-10": NO_FILES}


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "10-2026", "October", ""])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        month_of(text)


# Written out, so that a name that changes is seen in review: alerts, bookmarks and other code locations use them.
def test_a_backfill_offers_the_months_that_exist(tmp_path: Path) -> None:
    settings = replace(workspace_in(tmp_path), exports=tmp_path / "exports")
    assert first_month(settings) == f"{datetime.now(UTC):%Y-%m}"
    for folder in ("acme/2026-07", "us/2026-09", "us/1999-01", "us/2026-13", "us/archive"):
        (settings.exports / folder).mkdir(parents=True)
    assert first_month(settings) == "2026-07"
    settings.warehouse.parent.mkdir()
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        assert first_month(settings) == "2026-07"  # a run is writing it
        create_raw_tables(warehouse)
        warehouse.execute("insert into raw.loaded_months (export_month) values ('2026-05-01')")
    assert first_month(settings) == "2026-05"  # its folder was taken away since
    assert first_month(replace(settings, first_month="2026-01")) == "2026-01"
    assert months_from("2026-07").get_first_partition_key() == "2026-07"


@pytest.mark.parametrize("month", ["2026-13", "2026", "last"])
def test_a_first_month_that_is_none_is_refused(month: str) -> None:
    with pytest.raises(RefusedError, match="not a month written YYYY-MM"):
        Settings.from_environment({"ACCOUNT_MAPPING_FIRST_MONTH": month})


ASSETS = """
    lists/heliograph lists/kestrelworks lists/quillon lists/rheinblick lists/tidewell lists/us
    marts/bridge_account_exclusions marts/bridge_account_parties marts/bridge_account_records
    marts/bridge_partner_accounts marts/bridge_person_contacts marts/dim_account_keys marts/dim_accounts
    marts/dim_closed_quarters marts/dim_days marts/dim_months marts/dim_partners marts/dim_persons
    marts/fct_account_activations marts/fct_account_group_links marts/fct_account_icp_fit
    marts/fct_account_icp_rules marts/fct_account_key_changes marts/fct_account_mappings
    marts/fct_account_match_evidence marts/fct_account_matches marts/fct_account_overlaps
    marts/fct_account_pipeline_changes marts/fct_account_plans marts/fct_account_plays marts/fct_account_priorities
    marts/fct_account_sharing marts/fct_closed_quarter_changes marts/fct_engagements marts/fct_figure_months
    marts/fct_idle_entries marts/fct_kpi_actuals marts/fct_kpi_row_months marts/fct_kpi_rows marts/fct_opportunities
    marts/fct_opportunity_months marts/fct_opportunity_partners marts/fct_our_account_profiles
    marts/fct_our_accounts marts/fct_partner_sharing marts/fct_pipeline_movements marts/fct_restatements
    marts/mart_account_conflicts marts/mart_account_mapping_matrix marts/mart_account_occasions
    marts/mart_account_overlaps marts/mart_attribution_totals marts/mart_best_partners marts/mart_closed_quarters
    marts/mart_co_sell_list marts/mart_complementary_coverage marts/mart_contact_coverage marts/mart_crm_updates
    marts/mart_engagement_log marts/mart_engagement_quality marts/mart_executive_summary marts/mart_figures
    marts/mart_icp_alignment marts/mart_icp_deals marts/mart_icp_review marts/mart_joint_forecast
    marts/mart_joint_opportunities marts/mart_joint_targets marts/mart_kpi_status marts/mart_list_scorecards
    marts/mart_long_term_targets marts/mart_mapping_roi marts/mart_open_deals marts/mart_orphans
    marts/mart_overdue_first_touches marts/mart_partner_additions marts/mart_partner_alignment
    marts/mart_partner_backtest marts/mart_partner_coverage marts/mart_partner_decisions
    marts/mart_partner_icp_deals marts/mart_partner_only_accounts marts/mart_partner_pass_list
    marts/mart_partner_performance marts/mart_partner_plans marts/mart_partner_production marts/mart_partner_reach
    marts/mart_partner_scores marts/mart_pipeline_movement marts/mart_pipeline_review marts/mart_pipeline_summary
    marts/mart_plan_gaps marts/mart_priority_accounts marts/mart_priority_sensitivity marts/mart_producing_share
    marts/mart_quarterly_goals marts/mart_refused_data marts/mart_review_queue marts/mart_secondary_targets
    marts/mart_weight_review marts/mart_what_changed marts/mart_white_space marts/mart_who_knows_whom
    marts/mart_wins outbound/out_icp outbound/out_our_accounts outbound/out_overlap_counts outbound/out_overlaps
    outbound/out_plans published/contacts published/marts raw/accounts raw/contacts raw/credits raw/decisions
    raw/deliveries raw/engagements raw/files raw/kept_keys raw/opportunities raw/plans raw/pruned_records
    raw/rejected_rows raw/rejected_values raw/remarks resolution/res_account_clusters resolution/res_account_groups
    resolution/res_account_names resolution/res_account_parents resolution/res_account_records
    resolution/res_account_registry resolution/res_blocking_keys resolution/res_candidate_pairs
    resolution/res_compared_pairs resolution/res_contact_clusters resolution/res_contact_pairs
    resolution/res_contacts resolution/res_country_words resolution/res_decided_pairs resolution/res_earlier_records
    resolution/res_exchanged_pairs resolution/res_explained_pairs resolution/res_group_links
    resolution/res_host_domains resolution/res_level_weights resolution/res_list_priors resolution/res_name_forms
    resolution/res_name_words resolution/res_named_records resolution/res_names resolution/res_pair_decisions
    resolution/res_pair_evidence resolution/res_pair_guards resolution/res_pair_joins resolution/res_person_clusters
    resolution/res_person_registry resolution/res_proposed_pairs resolution/res_record_clusters
    resolution/res_scored_pairs resolution/res_withheld_values seeds/accepted_files seeds/account_shares
    seeds/activation_plan seeds/alignment_levels seeds/attribute_trust seeds/attribution_engagements
    seeds/attribution_rules seeds/business_units seeds/column_mappings seeds/countries seeds/domain_aliases
    seeds/email_rules seeds/entity_words seeds/exchange_rates seeds/exclusions seeds/figures seeds/fiscal_calendar
    seeds/generic_domains seeds/generic_translations seeds/generic_words seeds/icp_attributes seeds/icp_definitions
    seeds/icp_fields seeds/industries seeds/kpi_targets seeds/kpis seeds/legal_forms seeds/lifecycle_statuses
    seeds/match_decisions seeds/match_weights seeds/motion_fit seeds/name_abbreviations seeds/onboarding_capacity
    seeds/opportunity_stages seeds/overlap_types seeds/partner_decisions seeds/partner_impressions
    seeds/partner_plan_progress seeds/partner_plan_steps seeds/partner_score_weights seeds/partner_surveys
    seeds/partners seeds/person_words seeds/placeholders seeds/plays seeds/refresh_cadences
    seeds/relationship_strengths seeds/review_yields seeds/roi_benchmarks seeds/score_levels seeds/scoring_weights
    seeds/seniorities seeds/settings seeds/sharing_consents seeds/sharing_fields seeds/sharing_policies
    seeds/sharing_presets seeds/size_bands seeds/tier_rules seeds/value_mappings seen/months seen/overlaps
    seen/quarter_figures seen/quarter_rows seen/restatements staging/stg_account_ids staging/stg_accounts
    staging/stg_contacts staging/stg_credit_decisions staging/stg_current_exports staging/stg_earlier_accounts
    staging/stg_engagements staging/stg_exchange_rates staging/stg_exclusions staging/stg_icp_rules
    staging/stg_icp_values staging/stg_kept_keys staging/stg_kpi_targets staging/stg_mapped_values
    staging/stg_match_decisions staging/stg_merged_ids staging/stg_named_records staging/stg_opportunities
    staging/stg_opportunity_claims staging/stg_partner_hosts staging/stg_partners staging/stg_plans
    staging/stg_refusals staging/stg_seen_months staging/stg_seen_overlaps staging/stg_seen_quarter_figures
    staging/stg_seen_quarter_rows staging/stg_seen_restatements staging/stg_sharing_fields staging/stg_sharing_rules
    staging/stg_sharing_segments staging/stg_unmapped_values
"""


@pytest.mark.usefixtures("dbt")
def test_assets_jobs_schedules_and_sensors_keep_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = workspace_in(tmp_path)
    for name, value in {**settings.as_environment(), "DBT_LOG_PATH": str(tmp_path / "logs")}.items():
        monkeypatch.setenv(name, value)
    repository = definitions().get_repository_def()
    assert sorted(key.to_user_string() for key in repository.asset_graph.get_all_asset_keys()) == ASSETS.split()
    assert [job.name for job in repository.get_all_jobs() if not job.name.startswith("__")] == ["monthly_refresh"]
    assert [schedule.name for schedule in repository.schedule_defs] == ["monthly_refresh_schedule"]
    assert sorted(sensor.name for sensor in repository.sensor_defs) == [
        "new_exports_sensor",
        "retention_sensor",
        "run_failure_sensor",
        "run_success_sensor",
    ]
    # Each of them can be materialised alone, with its checks, as Dagster's page asks for it.
    everything = repository.get_implicit_global_asset_job_def()
    for key in repository.asset_graph.executable_asset_keys:
        assert key in everything.get_subset(asset_selection={key}).asset_layer.selected_asset_keys
    shown = repository.asset_graph.get(dg.AssetKey(["raw", "contacts"])).metadata["dagster/column_schema"]
    described = {column.name: column.description for column in shown.columns}
    assert {field.name: field.description for field in OBJECTS["contacts"].fields}.items() <= described.items()
    checks = {key.to_user_string() for key in repository.asset_graph.asset_check_keys}
    assert {
        *("raw/accounts:accepted_rows", "raw/files:files_reconcile"),
        *("marts/dim_accounts:marts_acceptance", "marts/fct_account_overlaps:marts_acceptance"),
    } <= checks


def test_a_run_that_finds_the_seeds_unchanged_leaves_them_and_tests_everything_else(demo: Run) -> None:
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        assert has_tested_seeds(warehouse, demo.settings.seeds, seeds_fingerprint(demo.settings.seeds))
    done = re.compile(r"\d+ of \d+ (?:OK \w+ (?:sql \w+ model|seed file) \w+\.|PASS )(\w+)")
    first, last = (
        set(done.findall((demo.settings.var / "logs" / f"{month}.log").read_text())) for month in ("2026-08", "2026-10")
    )
    seeds = {file.stem for file in (HOME / "seeds").rglob("*.csv")}
    nodes = json.loads((demo.settings.dbt_parsed / "manifest.json").read_bytes())["nodes"].values()
    of_seeds = {
        node["name"]
        for node in nodes
        if node["resource_type"] == "test" and all(parent.startswith("seed.") for parent in node["depends_on"]["nodes"])
    }
    assert first - last == seeds | of_seeds
    assert last - first == set()
