"""How long the marts of a month take once records are resolved: python -m benchmarks.marts [--partners 50].

Belongs here: generated lists, opportunities and engagements of many partners, written where landing and resolution
would have left them, and the marts built on them. Does not belong here: landing (landing.py) and resolution (speed.py),
which are measured by themselves, and the marts that only show a pair's evidence, which come out of resolution.
"""

import csv
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import click
import duckdb
from tabulate import tabulate

from benchmarks.cost import Cost, cost_of
from benchmarks.scenarios import MONTH, ScenarioRun
from orchestration.warehouse.schema import create_raw_tables

PARTNERS = 50
ACCOUNTS_PER_LIST = 20_000
OPPORTUNITIES = 200_000
ENGAGEMENTS = 500_000
# Of a partner's accounts, this share stands on our list too.
SHARED_SHARE = 0.2
# Companies there are in all; the lists draw from them.
COMPANIES = 400_000
LAST_MONTH = MONTH.replace(month=MONTH.month - 1)
SHOWN_MODELS = 12
# What resolution hands on, and the marts that show resolution's own tables and nothing else.
GIVEN = """
    create schema if not exists resolution;
    create table resolution.res_account_clusters as
        select record_key, company as account_key, 'generated' as match_reason, null::double as match_probability,
            true as is_witnessed
        from generated;
    create table resolution.res_account_parents (record_key varchar, parent_account_key varchar, is_believed boolean);
    create table resolution.res_account_groups as
        select distinct
            company as account_key, company as group_key, 1::bigint as group_account_count,
            null::varchar as ultimate_parent_account_key
        from generated;
    create table resolution.res_account_records as
        select record_key, null::varchar as domain, lower(name) as core_name from generated;
    create table resolution.res_name_forms (name varchar, core_name varchar);
    create table resolution.res_host_domains (website_host varchar, domain varchar);
    create table resolution.res_named_records (named_record_key varchar, named_on date, record_key varchar);
    create schema if not exists marts;
    create table marts.fct_account_matches (
        left_record_key varchar, right_record_key varchar, left_account_key varchar, right_account_key varchar,
        left_name varchar, right_name varchar, match_millibits integer, is_open boolean
    );
    create table resolution.res_account_registry as
        select
            unnest([$last_month, $month]::date[]) as as_of_month, record_key, company as account_key,
            company as previous_account_key, '' as record_fingerprint, 'generated' as rules_version,
            'unchanged' as record_change
        from generated;
"""
OF_RESOLUTION = ("fct_account_matches", "fct_account_match_evidence", "mart_review_queue", "fct_account_group_links")
OF_PERSONS = ("res_contacts", "res_contact_pairs", "res_contact_clusters", "res_person_registry", "res_person_clusters")

# hash() of a row's number and a purpose stands in for chance: the same rows every time, whatever the threads do.
ACCOUNTS = """
    create temp table generated as
    with lists as (
        select 'us' as party_id, 0 as party_number, unnest(range($accounts)) as position
        union all
        select 'p' || number, number, unnest(range($accounts)) from range(1, $partners + 1) as parties(number)
    ),

    placed as (
        select
            *,
            case
                when party_id = 'us' then position
                when hash(party_number, position, 'shared') % 1000 < 1000 * $shared_share
                    then (position * 7 + party_number * 131) % $accounts
                else $accounts + (position * 19 + party_number * 7919) % ($companies - $accounts)
            end as company_number
        from lists
    )

    select
        party_id,
        party_id || '-' || position as source_id,
        party_id || ':' || party_id || '-' || position as record_key,
        'company' || company_number as company,
        'Company ' || company_number as name,
        position + 2 as row_number,
        ['manufacturing', 'retail', 'energy', 'software', 'media', 'logistics'][1 + company_number % 6] as industry,
        ['DE', 'US', 'GB', 'FR', 'JP'][1 + company_number % 5] as country,
        (10 + company_number * 37 % 20000)::varchar as employees,
        (1000000 + company_number * 7919 % 900000000)::varchar as annual_revenue,
        ['customer', 'prospect', 'target', 'churned', 'none', 'open opportunity'][
            1 + (hash(party_number, company_number, 'status') % 6)::integer
        ] as lifecycle_status,
        case when party_id = 'us' then ['active need', 'upcoming budget', 'long term'][1 + position % 3] end
            as timing_signal,
        case when party_id = 'us' and position % 2 = 0 then 'Quantrail' end as competitor_product,
        case when party_id = 'us' then ['none', 'weak', 'strong'][1 + position % 3] end as competitor_strength,
        case when party_id = 'us' then (5000 + position * 13 % 200000)::varchar end as expected_deal_size,
        case when party_id <> 'us' then ['champion', 'user', 'awareness'][1 + position % 3] end
            as relationship_strength
    from placed
    qualify row_number() over (partition by party_id, company_number order by position) = 1
"""
DELIVERED = """
    date '{month}' as export_month, 'generated' as file_name, '' as file_sha256,
    'plain' as source_system, timestamp '{month}' as loaded_at, 'generated' as run_id, 1 as identical_row_count,
    '.' as decimal_mark, 'ymd' as date_order, 'USD' as default_currency
"""
LISTED_ACCOUNTS = """
    insert into raw.accounts by name
    select {delivered}, * exclude (record_key, company)
    from generated
    where not ($is_last and row_number % 50 = 0)
"""
OUR_OPPORTUNITIES = """
    insert into raw.opportunities by name
    select
        'us' as party_id,
        {delivered},
        'o' || number as source_id,
        number + 2 as row_number,
        'us-' || (number % $accounts) as account_source_id,
        'Deal ' || number as name,
        ['closed won', 'closed lost', 'proposal', 'discovery', 'negotiation'][1 + number % 5] as stage,
        (1000 + number * 17 % 90000)::varchar as amount,
        (date '2024-06-01' + (number * 13 % 880)::integer)::varchar as created_date,
        (date '2026-11-15' + (number % 200)::integer)::varchar as expected_close_date,
        case
            when number % 5 < 2 then least(date '2024-06-01' + (number * 13 % 880 + 60)::integer, date '2026-10-31')
        end::varchar as closed_date,
        case when number % 3 = 0 then 'Partner ' || (1 + number % $partners) end as sourced_by_partner,
        case when number % 3 = 1 then 'Partner ' || (1 + number % $partners) end as influenced_by_partner,
        case when number % 3 < 2 then (date '2024-06-01' + (number * 13 % 880)::integer)::varchar end
            as partner_recorded_date,
        'Seller ' || (number % 40) as owner
    from range($opportunities) as numbers(number)
"""
OUR_ENGAGEMENTS = """
    insert into raw.engagements by name
    select
        'us' as party_id,
        {delivered},
        'e' || number as source_id,
        number + 2 as row_number,
        'us-' || (number * 7 % $accounts) as account_source_id,
        (date '2025-10-01' + (number * 11 % 395)::integer)::varchar as engagement_date,
        case when number % 5 < 3 then 'Partner ' || (1 + number % $partners) end as partner,
        ['meeting', 'call', 'demo'][1 + number % 3] as activity,
        ['discovery call', 'workshop', 'solution demo', 'negotiation'][1 + number % 4] as engagement_type,
        ['interested', 'no decision', 'follow up agreed'][1 + number % 3] as outcome,
        'Seller ' || (number % 40) as owner
    from range($engagements) as numbers(number)
"""


@dataclass(frozen=True)
class MartsResult:
    """What the marts of one month took."""

    sizes: Mapping[str, int]  # what was generated → how many
    cost: Cost
    model_seconds: Mapping[str, float]  # mart → seconds, the slowest first
    row_counts: Mapping[str, int]  # mart → rows


class GeneratedMonth(ScenarioRun):
    """A month of many partners in a workspace of its own, resolved by construction."""

    def __init__(self, folder: Path, sizes: Mapping[str, int]) -> None:
        """Name a scratch folder and how much to generate.

        Args:
            folder: where the workspace is made.
            sizes: partners, accounts (of each list), opportunities, engagements.
        """
        super().__init__(Path("month"), folder)
        self.sizes = sizes

    def deliver(self, scenario: Path, month: date) -> None:
        """Nothing lies in the landing folder: `fill` writes what landing would have."""

    def _write_partners(self) -> None:
        self._write_seed(
            "partners",
            [
                {
                    "party_id": f"p{number}", "name": f"Partner {number}", "nda_signed_on": "2024-01-01",
                    "status": "candidate" if number % 4 == 0 else "signed",
                    "signed_on": "" if number % 4 == 0 else "2025-01-01", "motion": "co-sell",
                    "segments": "manufacturing;energy", "sellers": str(number), "refresh_cadence": "monthly",
                }
                for number in range(1, self.sizes["partners"] + 1)
            ],
        )  # fmt: skip
        rules = (
            ("industry", "industry", "in", "manufacturing;energy;logistics"),
            ("company_size", "employees", "between", "51..5000"),
            ("geography", "country_code", "in", "DE;US"),
            ("budget", "expected_deal_size_usd", "at_least", "20000"),
        )
        parties = ["us", *(f"p{number}" for number in range(1, self.sizes["partners"] + 1))]
        names = ("attribute", "field", "operator", "value")
        self._write_seed(
            "icp_definitions",
            [
                {"party_id": party, "weight": "1", **dict(zip(names, rule, strict=True))}
                for party in parties
                for rule in rules
            ],
        )

    def _write_seed(self, name: str, rows: list[dict[str, str]]) -> None:
        seed = self.folder / "seeds" / "company" / f"{name}.csv"
        columns = seed.read_text(encoding="utf-8").split("\n", 1)[0].split(",")
        with seed.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)

    def fill(self) -> None:
        """Write the raw tables of two months, the first with a few accounts less, and what resolution makes of them."""
        given = {name: self.sizes[name] for name in ("accounts", "partners")}
        with duckdb.connect(str(self.warehouse)) as connection:
            create_raw_tables(connection)
            connection.execute(ACCOUNTS, {**given, "companies": COMPANIES, "shared_share": SHARED_SHARE})
            for month in (LAST_MONTH, MONTH):
                delivered = DELIVERED.format(month=month)
                connection.execute(LISTED_ACCOUNTS.format(delivered=delivered), {"is_last": month == LAST_MONTH})
                for statement, name in ((OUR_OPPORTUNITIES, "opportunities"), (OUR_ENGAGEMENTS, "engagements")):
                    connection.execute(statement.format(delivered=delivered), {**given, name: self.sizes[name]})
            connection.execute(GIVEN.replace("$last_month", f"'{LAST_MONTH}'").replace("$month", f"'{MONTH}'"))

    def stage(self, month: date) -> None:
        """Build what stands before the marts.

        Args:
            month: first day of the month to build.
        """
        self.month = month
        self.dbt(
            "build", "--resource-type", "seed", "--resource-type", "model",
            "--select", "resource_type:seed", "path:models/staging", *OF_PERSONS,
        )  # fmt: skip


def run(partners: int = PARTNERS) -> MartsResult:
    """Build the marts of a generated month.

    Args:
        partners: how many there are; each sends a list as long as ours.
    """
    sizes = {
        "partners": partners,
        "accounts": ACCOUNTS_PER_LIST,
        "opportunities": OPPORTUNITIES,
        "engagements": ENGAGEMENTS,
    }
    with tempfile.TemporaryDirectory(prefix="marts-") as name:
        month = GeneratedMonth(Path(name), sizes)
        month.prepare()
        month.fill()
        command = month.dbt_command("run", "--select", "path:models/marts", "--exclude", *OF_RESOLUTION)
        month.stage(LAST_MONTH)
        cost_of(command, month.project, month.environment)
        month.stage(MONTH)
        cost = cost_of(command, month.project, month.environment)
        with duckdb.connect(str(month.warehouse), read_only=True) as connection:
            row_counts = dict(
                connection.execute(
                    "select table_name, estimated_size from duckdb_tables() where schema_name = 'marts' order by 1"
                ).fetchall()
            )
        finished = json.loads((month.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    seconds = {result["unique_id"].split(".")[-1]: float(result["execution_time"]) for result in finished}
    return MartsResult(sizes, cost, seconds, row_counts)


def report(result: MartsResult) -> str:
    """Write what was measured as Markdown.

    Args:
        result: of `run`.
    """
    sizes = result.sizes
    slowest = sorted(result.model_seconds.items(), key=lambda item: -item[1])[:SHOWN_MODELS]
    table = tabulate(
        [(model, f"{seconds:.1f}", result.row_counts.get(model, 0)) for model, seconds in slowest],
        headers=("mart", "seconds", "rows"),
        tablefmt="github",
    )
    return (
        f"Generated: {sizes['partners']} partners, {sizes['accounts']:,} accounts in each list and in ours,"
        f" {sizes['opportunities']:,} opportunities, {sizes['engagements']:,} engagements, no contacts. The month"
        " before is built first, and seeds, staging and resolution stand before the clock starts; marts that only show"
        " resolution's tables belong to Speed.\n\n"
        f"All {len(result.model_seconds)} marts of the month: {result.cost.seconds:.0f} s, dbt's start and parsing"
        f" included, {result.cost.peak_gib:.1f} GiB at most.\n\n{table}"
    )


@click.command()
@click.option("--partners", default=PARTNERS, show_default=True, help="Partners, each with a list as long as ours.")
def main(partners: int) -> None:
    """Measure the marts of a generated month."""
    click.echo(report(run(partners)))


if __name__ == "__main__":
    main()
