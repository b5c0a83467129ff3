"""What a run tells the person who started it: what was found, what was refused, where the time went.

Belongs here: words and tables for the terminal, read from the published marts, from raw.files (which tells what was
refused even when nothing was published) and from the run's events. Does not belong here: figures of its own.
"""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import duckdb
from tabulate import tabulate

from orchestration.runs.figures import OLD_RATES, UNMAPPED
from orchestration.runs.results import exports_argument, problems_of
from orchestration.settings import Settings, contacts_folder

COVERAGE = """
    select
        coverage.partner_name as partner,
        strftime(coverage.list_month, '%Y-%m') || case when coverage.is_stale then ' (stale)' else '' end as "list of",
        coverage.partner_account_count as "their accounts",
        coverage.overlap_account_count as "shared with us",
        lists.chance_match_count as "by chance, about",
        coalesce(round(100 * coverage.our_icp_coverage_rate)::integer || ' %', 'unknown') as "of our ICP accounts",
        coverage.coverage_band as coverage
    from marts.mart_partner_coverage as coverage
    inner join marts.mart_list_scorecards as lists
        on coverage.partner_id = lists.party_id and lists.object = 'accounts'
    order by coverage.overlap_account_count desc, coverage.partner_name
"""

PLAYS = """
    select
        shared.category,
        shared.play as "what to do",
        count(*) as accounts,
        count(distinct shared.partner_id) as partners,
        coalesce(sum(shared.our_open_pipeline_counted_once_usd)::bigint::varchar, 'unknown') as "our open pipeline, USD"
    from marts.fct_account_overlaps as shared
    inner join marts.dim_months on shared.as_of_month = dim_months.month and dim_months.is_as_of_month
    where shared.is_overlap
    group by all
    order by accounts desc, 1, 2
"""

FIGURES = """
    select
        replace(figure, '_', ' ') as figure,
        case
            when value is null then 'unknown'
            when unit = 'usd' then format('{:,} USD', round(value)::bigint)
            when unit = 'rate' then round(100 * value, 1) || ' %'
            when unit = 'days' then round(value, 1) || ' days'
            else round(value)::bigint::varchar
        end as "now",
        case unit
            when 'usd' then format('{:,} USD', round(previous_value)::bigint)
            when 'count' then round(previous_value)::bigint::varchar
        end as "last quarter, by the same day"
    from marts.mart_executive_summary
    order by figure_number
"""

FIRST_ACCOUNTS = """
    select
        co_sell_rank as rank, account_name as account, partner_name as "with", strategy as how, tier,
        priority_score as priority, our_owner as "our owner"
    from marts.mart_co_sell_list
    where co_sell_rank <= 10
    order by co_sell_rank
"""

TIERS_BY_POINTS = """
    select count(*) > 0 from marts.mart_co_sell_list where tier_basis = 'points'
"""

# The best partner at each open deal, where nobody has talked to it since the deal began: what a seller can do today.
OPEN_DEALS = """
    select
        account_name as account,
        coalesce(owner, 'nobody') as "our owner",
        coalesce(format('{:,} USD', round(amount_usd)::bigint), 'unknown') as amount,
        coalesce(stage, 'unknown') as stage,
        partner_name as "there is",
        replace(partner_status, '_', ' ') as "with them",
        coalesce(relationship_level, 'unknown') as relationship,
        case when partner_count > 1 then partner_count - 1 end as "others there"
    from marts.mart_open_deals
    where is_best_partner and not is_partner_engaged
    order by amount_usd desc nulls last, opportunity_key
    limit 10
"""

REACH = """
    select
        case least_partner_count when 1 then 'a partner' else least_partner_count || ' partners' end as "at least",
        reached_icp_account_count as "ICP accounts",
        coalesce(round(100 * reached_icp_account_rate, 1) || ' %', 'unknown') as "of ours",
        reached_open_opportunity_count as "open deals",
        coalesce(format('{:,} USD', round(reached_open_pipeline_usd)::bigint), 'unknown') as "open pipeline",
        coalesce(round(100 * reached_open_pipeline_rate, 1) || ' %', 'unknown') as "of all"
    from marts.mart_partner_reach
    order by least_partner_count
"""

OVERDUE = """
    select
        coalesce(owner, 'nobody') as owner,
        count(*) as "overdue",
        count(*) filter (where deadline = 'plan') as "of these planned",
        count(*) filter (where tier = 'T1') as "of tier T1",
        max(days_overdue) as "days, at most",
        max(owner_untouched_count) as "others untouched, without a deadline"
    from marts.mart_overdue_first_touches
    group by all
    order by 2 desc, 1
"""

# For each way a pair was recognised, the least similar pair of names: the one that a person would look up.
EXAMPLES = """
    select
        matches.left_name as "one list says",
        matches.right_name as "the other",
        matches.match_reason as "same account, for",
        round(matches.match_probability, 3) as probability
    from marts.fct_account_matches as matches
    where matches.is_same_account and matches.band = 'auto' and matches.left_party_id <> matches.right_party_id
    qualify row_number() over (
        partition by matches.match_reason
        order by jaro_winkler_similarity(matches.left_name, matches.right_name), matches.left_record_key
    ) <= 2
    order by matches.match_reason, probability desc, 1, 2
"""

# What follows from what lists lack comes first.
NOTED = """
    select party_id as party, object as list, coalesce(column_name, '') as column, reason as "what to know"
    from marts.mart_refused_data
    where refused in ('lacking field', 'missing column', 'unread column', 'remark') and export_month = ?
    order by case refused when 'lacking field' then 1 when 'missing column' then 2 else 3 end, refusal_number
    limit 20
"""

REFUSED_COUNTS = """
    select refused || ' refused', count(*) from marts.mart_refused_data
    where refused in ('row', 'value') group by all order by all
"""


def of_published(settings: Settings, month: str, run_page: Path) -> str:
    """Tell what the published marts hold.

    Args:
        settings: the workspace that was published.
        month: `YYYY-MM`, the month whose refused files are listed.
        run_page: the page of the run that published them.

    Returns:
        Several small tables and where to look next.
    """
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as marts:
        parts = [
            "\nWhat each partner shares with us",
            _table(marts.execute(COVERAGE)),
            "\nWhat kind of overlap, and what to do about it",
            _table(marts.execute(PLAYS)),
            "\nThe quarter so far, all partners together",
            _table(marts.execute(FIGURES)),
            "\nWhere to begin: the first ten, by tier and priority, whom nobody has contacted of late with the partner",
            _table(marts.execute(FIRST_ACCOUNTS)),
            *tiers_by_points(marts),
            "\nHow far all partners together reach",
            _table(marts.execute(REACH)),
            "\nOpen deals with a partner there whom nobody has talked to since they began (the ten largest)",
            _table(marts.execute(OPEN_DEALS)),
            "\nWhose first touch is overdue: accounts with a plan, by its day, and of the focused list",
            _table(marts.execute(OVERDUE)),
            "\nWhy the pipeline thinks so: the least alike names of each kind of evidence",
            _table(marts.execute(EXAMPLES)),
            f"\nWhat to know of the lists of {month} (at most 20 are shown)",
            _table(marts.execute(NOTED, [f"{month}-01"])),
            "\nAmounts at the rate of another month",
            _table(marts.execute(OLD_RATES)),
            f"\nFiles not taken in {month}",
            refused_files(settings, month) or "  none",
            f"\nValues nobody mapped in {month} (at most 20 are shown)",
            _table(marts.execute(UNMAPPED, [f"{month}-01"])),
        ]
        counts = ", ".join(f"{count} {what}" for what, count in marts.execute(REFUSED_COUNTS).fetchall())
        ((waiting,),) = marts.execute("select count(*) from marts.mart_review_queue").fetchall()
    exports = exports_argument(settings)
    page = max(settings.validations.glob("*/*.html"), key=lambda file: file.stat().st_mtime, default=None)
    return "\n".join(
        [
            *parts,
            f"\nWhere to look next ({counts or 'no row and no value refused'})",
            f"  {settings.published / 'marts.duckdb'}   every table; e.g. marts.fct_account_overlaps",
            f"  {contacts_folder(settings.published) / 'contacts.duckdb'}   who knows whom, by name",
            f"  {run_page}   what came of the run, and what to do, on one page",
            "  marts.mart_refused_data   every refused file, row and value, with its reason and what to do",
            *([f"  {page}   what Great Expectations found"] if page else []),
            f"  make session{exports}   a workbook per partner for the one-hour mapping session",
            f"  make crm{exports}   tiers, plays and ranks for our CRM, keyed by its own ids; decisions about partners",
            f"  make review{exports}   a sheet of the {waiting} pairs that wait for a person's word",
            f"  make dev{exports}   the Dagster page",
            f"  make docs{exports}   every table and column explained",
            "",
        ]
    )


def tiers_by_points(marts: duckdb.DuckDBPyConnection) -> list[str]:
    """Say that tiers go by points, where they do.

    Args:
        marts: the published marts.

    Returns:
        The line below the co-sell list, or none.
    """
    ((by_points,),) = marts.execute(TIERS_BY_POINTS).fetchall()
    if not by_points:
        return []
    return ["  Tiers go by points: seeds/company/icp_definitions.csv does not say who our ideal customer is."]


def refused_files(settings: Settings, month: str) -> str:
    """List the files of a month that were not landed, with the reason and what to do.

    Args:
        settings: the workspace; its warehouse may not exist yet.
        month: `YYYY-MM`.

    Returns:
        Two lines per file, or nothing; nothing either when the warehouse cannot be opened, which the run has reported.
    """
    if not settings.warehouse.exists():
        return ""
    try:
        connection = duckdb.connect(str(settings.warehouse), read_only=True)
    except duckdb.Error:
        return ""
    with connection as warehouse:
        tables = warehouse.execute("select count(*) from duckdb_tables() where schema_name = 'raw'").fetchone()
        if tables == (0,):
            return ""
        refused = warehouse.execute(
            "select file_name, reason, remedy from raw.files where export_month = ? and status <> 'landed' order by 1",
            [f"{month}-01"],
        ).fetchall()
    return "\n".join(f"  {file}: {reason}\n    {remedy}" for file, reason, remedy in refused)


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Say which steps and checks of a run failed, and why.

    Args:
        result: a run that did not succeed.

    Returns:
        A line per failed check, and the error of each failed step.
    """
    return "\n".join(
        f"{problem.where}: {f'{problem.check} failed. ' if problem.check else ''}{problem.text}"
        for problem in problems_of(result.all_events)
        if problem.is_blocking
    )


def add_step_seconds(seconds: Mapping[str, float], result: dg.ExecuteInProcessResult) -> dict[str, float]:
    """Add the time each step of a run took.

    Args:
        seconds: what → seconds so far.
        result: a finished run.

    Returns:
        A new mapping.
    """
    total = defaultdict(float, seconds)
    for event in result.all_events:
        if event.is_step_success:
            total[event.step_key or ""] += event.step_success_data.duration_ms / 1000
    return dict(total)


def of_seconds(seconds: Mapping[str, float]) -> str:
    """Show where the seconds went.

    Args:
        seconds: what → seconds.

    Returns:
        A table with a last row for the whole.
    """
    total = sum(seconds.values())
    rows = [(what, f"{value:.1f}", f"{value / total:.0%}") for what, value in seconds.items()]
    headers = ["where the seconds went", "s", ""]
    return tabulate([*rows, ("in all", f"{total:.1f}", "")], headers=headers, disable_numparse=True)


def _table(result: duckdb.DuckDBPyConnection) -> str:
    """Lay a query's result out as text."""
    rows = result.fetchall()
    headers = [column[0] for column in result.description or []]
    return tabulate(rows, headers=headers, maxcolwidths=48) if rows else "  none"
