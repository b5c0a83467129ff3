"""What people take from the marts into a meeting or back into their CRM: session sheets and import files.

Belongs here: how a published mart becomes a workbook for the mapping session (D3), or a CSV that a CRM imports by our
own ids (D5). Does not belong here: what stands in the marts, and what a partner may be given: both files are internal.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.csv
from openpyxl import Workbook

from orchestration.publishing.published import published_marts, published_month
from orchestration.reports import NoReportError
from orchestration.reports.sheets import add_sheet, keep_what_people_wrote, new_workbook

INTERNAL = "Internal: not for the partner."
WIDTH_TO_FILL = 24


@dataclass(frozen=True)
class Part:
    """One sheet of the session's workbook: a step of the meeting and what lies on the table."""

    title: str
    minutes: int
    task: str
    query: str  # of the published marts, with $partner; its column names are the headers
    to_fill: Sequence[str] = ()  # headers of empty columns behind them


# The mapping session in its order: what both look for, what they share, the accounts to act on, who does what.
SESSION = (
    Part(
        "ICP",
        5,
        "Where do our ideal customers agree? 5 is the same definition, 1 another one; blank: one side has not said.",
        """
        select
            attribute as "Attribute", alignment_level as "Alignment 1–5", our_definition as "Ours",
            partner_definition as "Theirs", note as "In words",
            agreeing_account_count as "Shared accounts that fit both", known_account_count as "of those known"
        from mart_icp_alignment where partner_id = $partner order by attribute_number
        """,
    ),
    Part(
        "Overlaps",
        20,
        "Category by category: what kind of overlap it is, and what to do about it.",
        """
        select
            shared.category as "Category", shared.play as "What to do", accounts.name as "Account",
            shared.our_status as "Our status", shared.partner_status as "Their status",
            accounts.industry as "Industry", accounts.country_code as "Country", accounts.our_owner as "Our owner",
            shared.our_open_pipeline_usd as "Our open pipeline, USD", shared.mapped_on as "Mapped on"
        from fct_account_overlaps as shared
        inner join dim_months on shared.as_of_month = dim_months.month and dim_months.is_as_of_month
        inner join dim_accounts as accounts using (account_key)
        where shared.partner_id = $partner and shared.is_overlap and not shared.is_excluded
            and not shared.is_partner
        order by shared.category, shared.play, shared.our_open_pipeline_usd desc, accounts.name, account_key
        """,
    ),
    Part(
        "Top accounts",
        20,
        "Highest priority first. A component that nobody knows counts 1: ask the partner.",
        """
        select
            priorities.priority_rank as "Rank", accounts.name as "Account", priorities.priority_score as "Score",
            priorities.tier as "Tier", plays.play as "First play", plays.strategy as "How",
            priorities.relationship_strength_level as "Their relationship", priorities.icp_fit_level as "ICP fit",
            priorities.timing_level as "Timing", priorities.deal_size_level as "Deal size",
            priorities.competition_level as "Competitor", priorities.missing_components as "Not known",
            accounts.our_owner as "Our owner"
        from fct_account_priorities as priorities
        inner join dim_months on priorities.as_of_month = dim_months.month and dim_months.is_as_of_month
        inner join dim_accounts as accounts using (account_key)
        left join mart_co_sell_list as plays using (account_key, partner_id)
        where priorities.partner_id = $partner and priorities.is_top
        order by priorities.priority_rank
        """,
    ),
    Part(
        "Owners and next steps",
        15,
        "Write down who does what by when, and put the filled workbook into the landing folder: us/<month>/plans.xlsx.",
        """
        select
            accounts.name as "Account", priorities.tier as "Tier", accounts.our_owner as "Our owner",
            accounts.our_record_key as "Our record", priorities.partner_id as "Partner"
        from fct_account_priorities as priorities
        inner join dim_months on priorities.as_of_month = dim_months.month and dim_months.is_as_of_month
        inner join (
            select
                dim_accounts.account_key, dim_accounts.name, dim_accounts.our_owner,
                min(records.record_key) as our_record_key
            from dim_accounts
            inner join bridge_account_records as records using (account_key)
            where records.party_id = 'us'
            group by all
        ) as accounts using (account_key)
        where priorities.partner_id = $partner and priorities.is_top
        order by priorities.priority_rank
        """,
        ("Who begins", "What we ask for", "Owner", "Due on", "Agreed", "Next step", "Written by", "Written on"),
    ),
)
MAPPED_PARTNERS = (
    "select partner_id, name from dim_partners where list_status in ('current list', 'stale list') order by 1"
)


def write_session_sheets(published: Path, folder: Path, partner: str | None = None) -> list[Path]:
    """Write a workbook for the mapping session with one partner, or with each.

    Args:
        published: folder of the published marts.
        folder: where the workbooks are written, named after partner and month; made when missing.
        partner: the partner's id; None for every partner whose list is mapped.

    Returns:
        The workbooks.

    Raises:
        NothingPublishedError: nothing is published yet.
        NoReportError: the partner is not mapped, or a sheet is there already and may hold notes.
    """
    with published_marts(published) as marts:
        month = published_month(marts)
        mapped = dict(marts.execute(MAPPED_PARTNERS).fetchall())
        if partner and partner not in mapped:
            raise NoReportError(
                f"No list of '{partner}' is mapped. Partners with a list: {', '.join(mapped) or 'none'}."
            )
        chosen = [partner] if partner else list(mapped)
        sheets = [folder / f"{partner_id}-{month}.xlsx" for partner_id in chosen]
        for sheet in sheets:
            keep_what_people_wrote(sheet, "notes: move it away")
        folder.mkdir(parents=True, exist_ok=True)
        for partner_id, sheet in zip(chosen, sheets, strict=True):
            _session(marts, partner_id, f"{mapped[partner_id]}, {month}").save(sheet)
    return sheets


def _session(marts: duckdb.DuckDBPyConnection, partner: str, subject: str) -> Workbook:
    """Put the parts of a session into a workbook, a sheet each."""
    workbook = new_workbook()
    for part in SESSION:
        rows: pa.Table = marts.sql(part.query, params={"partner": partner}).to_arrow_table()
        for header in part.to_fill:
            rows = rows.append_column(header, pa.nulls(rows.num_rows, pa.string()))
        add_sheet(
            workbook,
            part.title,
            rows,
            above=[f"{INTERNAL} {subject}: {part.title}, {part.minutes} minutes", part.task],
            to_fill=part.to_fill,
            widths=dict.fromkeys(part.to_fill, WIDTH_TO_FILL),
        )
    return workbook
