"""What the published marts say of a month, for those who look at a run: figures, changes, what is late or unmapped.

Belongs here: looking at the published file. Does not belong here: what came of the run itself (results.py).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

UNMAPPED = """
    select
        party_id as party,
        object as list,
        column_name as "column",
        coalesce(
            delivered,
            case when object in ('contacts', 'engagements') then '(in row ' || row_number || ')' else '(no word)' end
        ) as value,
        record_count as "how many",
        replace(rule, '_', ' ') as problem
    from marts.mart_refused_data
    where export_month = ? and refused = 'unmapped value'
    order by 1, 2, 3, 5 desc, 4
    limit 20
"""


SHOWN_ROWS = 10
OLD_RATES = """
    select
        delivered as currency,
        reason as "what to know",
        sum(record_count)::bigint as amounts,
        string_agg(distinct party_id, ', ' order by party_id) as "in lists of"
    from marts.mart_refused_data
    where refused = 'old rate'
    group by all
    order by currency, "what to know"
"""
CHANGED_SETTINGS = """
    select name as setting, value as "is", default_value as "by default", unit, meaning
    from marts.company_settings
    where not is_default
    order by name
"""
CHANGES = """
    select
        coalesce(partner_name, partner_id) as partner,
        count(*) filter (change_type = 'new') as "new overlaps",
        count(*) filter (change_type = 'gone') as "gone",
        count(*) filter (change_type = 'status') as "another status",
        count(*) filter (change_type = 'tier') as "another tier",
        count(*) filter (change_type = 'pipeline') as "another open pipeline",
        count(*) filter (change_type = 'match') as "regrouped"
    from marts.mart_what_changed
    where as_of_month = ? and restated_in_month is null
    group by all
    order by partner
"""
# What has been reported anew, since the latest month came, of months that people had seen already.
RESTATED = """
    select
        strftime(as_of_month, '%Y-%m') as month,
        strftime(reloaded_month, '%Y-%m') as "because this was loaded again",
        count(*) as changes
    from marts.mart_what_changed
    where restated_in_month = ?
    group by all
    order by all
"""
# What was reported stays; only what differs is worth a line.
CLOSED_QUARTERS = f"""
    select
        fiscal_quarter as quarter,
        replace(figure, '_', ' ') as figure,
        case when unit = 'usd' then format('{{:,}} USD', round(reported_value)::bigint)
            else round(reported_value)::bigint::varchar end as "was reported",
        case when unit = 'usd' then format('{{:,}} USD', round(value_today)::bigint)
            else round(value_today)::bigint::varchar end as "would be today",
        causes as because
    from marts.mart_closed_quarters
    where mart = 'mart_kpi_status' and partner_id = 'all' and difference <> 0
    order by quarter_start desc, figure
    limit {SHOWN_ROWS}
"""  # noqa: S608 (our own figure)
# A change counts as much as the account does now; one that is gone as much as it did before.
FIRST_CHANGES = f"""
    select
        coalesce(changes.account_name, changes.account_key) as account,
        coalesce(changes.partner_name, changes.partner_id) as "with",
        changes.change_type as change,
        coalesce(changes.from_value, '') as before,
        coalesce(changes.to_value, '') as "now",
        changes.cause
    from marts.mart_what_changed as changes
    left join marts.fct_account_priorities as priorities
        on
            changes.account_key = priorities.account_key
            and changes.partner_id = priorities.partner_id
            and priorities.as_of_month
            = case when changes.change_type = 'gone' then changes.previous_month else changes.as_of_month end
    where
        changes.as_of_month = ?
        and changes.restated_in_month is null
        and changes.change_type in ('new', 'gone', 'status', 'tier')
    order by priorities.tier nulls last, priorities.priority_score desc nulls last, 1, 2, 3
    limit {SHOWN_ROWS}
"""  # noqa: S608 (our own figure)
JOINED = """
    select
        party_name as "list of",
        match_count as "pairs joined without anybody's word",
        chance_match_count as "of these by chance, about"
    from marts.mart_list_scorecards
    where match_count > 0
    order by chance_match_count desc, party_name
"""
BANDS = "select band, count(*) as pairs from marts.fct_account_matches group by all order by pairs desc, band"
LATE = """
    select
        party_name as party,
        object as list,
        strftime(list_month, '%Y-%m') as "the latest is of",
        refresh_cadence as agreed,
        strftime(next_list_month, '%Y-%m') as "expected since"
    from marts.mart_list_scorecards
    where is_late
    order by list_month, party, list
"""


@dataclass(frozen=True)
class Table:
    """Some rows under a title."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""


@dataclass(frozen=True)
class Published:
    """What BI tools read now."""

    as_of_month: date
    run_id: str
    published_at: datetime
    figures: Mapping[str, int]
    tables: Sequence[Table]


def look_at(file: Path) -> Published | None:
    """Read what a run changed from what it has published.

    Args:
        file: the published marts.duckdb.

    Returns:
        Figures and tables; None when nothing has been published yet, or nothing that this release can read.
    """
    if not file.is_file():
        return None
    try:
        with duckdb.connect(str(file), read_only=True) as marts:
            ((month, run_id, published_at),) = marts.execute(
                "select as_of_month, run_id, published_at from marts.last_refreshed"
            ).fetchall()
            changes = _table(marts, "What changed, by partner", CHANGES, month)
            restated = _table(marts, "Published months that became another", RESTATED, month)
            closed = _table(marts, "Closed quarters that would be another today", CLOSED_QUARTERS)
            late = _table(marts, "Lists that are late", LATE)
            unmapped = _table(marts, "Values nobody mapped (at most 20 are shown)", UNMAPPED, month)
            bands = _table(marts, "Pairs of records, by how sure the pipeline is", BANDS)
            joined = _table(marts, "How many of the matches are to be expected to be chance, by list", JOINED)
            old_rates = _table(marts, "Amounts at the rate of another month", OLD_RATES)
            changed = _table(marts, "Settings of your own", CHANGED_SETTINGS)
            first = _table(marts, f"The {SHOWN_ROWS} changes at the accounts that matter most", FIRST_CHANGES, month)
            ((unmapped_count,),) = marts.execute(
                "select count(*) from marts.mart_refused_data where export_month = ? and refused = 'unmapped value'",
                [month],
            ).fetchall()
            ((waiting,),) = marts.execute("select count(*) from marts.mart_review_queue").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException):
        return None
    columns = ("new overlaps", "gone", "another tier")
    figures = {
        **{name: sum(row[changes.headers.index(name)] for row in changes.rows) for name in columns},
        # Corrections of closed months are rare.
        **({"changes of earlier months": sum(row[-1] for row in restated.rows)} if restated.rows else {}),
        "lists late": len(late.rows),
        **({"currencies at an older rate": len({row[0] for row in old_rates.rows})} if old_rates.rows else {}),
        "values not mapped": unmapped_count,
        "pairs waiting for a person": waiting,
    }
    return Published(
        month,
        run_id,
        published_at.replace(tzinfo=UTC),
        figures,
        [changes, first, restated, closed, late, unmapped, old_rates, joined, bands, changed],
    )


def _table(marts: duckdb.DuckDBPyConnection, title: str, query: str, *parameters: object) -> Table:
    result = marts.execute(query, list(parameters))
    rows = result.fetchall()
    return Table(title, [column[0] for column in result.description or []], rows)
