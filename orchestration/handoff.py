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
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.ingestion.workbooks import safe_column

INTERNAL = "Internal: not for the partner."
WIDEST = 48
NARROWEST = 9


class NoHandoffError(Exception):
    """The file cannot be written; the message says why and what to do."""


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
        "Write down who does what by when; rows that are agreed go into seeds/activation_plan.csv.",
        """
        select
            accounts.name as "Account", priorities.tier as "Tier", accounts.our_owner as "Our owner",
            accounts.our_record_key as "Our record"
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
        ("Who begins", "What we ask for", "Owner", "Due on", "Next step"),
    ),
)
MAPPED_PARTNERS = (
    "select partner_id, name from dim_partners where list_status in ('current list', 'stale list') order by 1"
)
CRM_UPDATES = "from mart_crm_updates order by source_id, partner_id"


def write_session_sheets(published: Path, folder: Path, partner: str | None = None) -> list[Path]:
    """Write a workbook for the mapping session with one partner, or with each.

    Args:
        published: folder of the published marts.
        folder: where the workbooks are written, named after partner and month; made when missing.
        partner: the partner's id; None for every partner whose list is mapped.

    Returns:
        The workbooks.

    Raises:
        NoHandoffError: nothing is published, the partner is not mapped, or a sheet is there already and may hold notes.
    """
    with _open(published) as marts:
        month = _month(marts)
        mapped = dict(marts.execute(MAPPED_PARTNERS).fetchall())
        if partner and partner not in mapped:
            raise NoHandoffError(
                f"No list of '{partner}' is mapped. Partners with a list: {', '.join(mapped) or 'none'}."
            )
        chosen = [partner] if partner else list(mapped)
        sheets = [folder / f"{partner_id}-{month}.xlsx" for partner_id in chosen]
        for sheet in sheets:
            if sheet.exists():
                raise NoHandoffError(f"{sheet} is there already and may hold notes: move it away, then ask again.")
        folder.mkdir(parents=True, exist_ok=True)
        for partner_id, sheet in zip(chosen, sheets, strict=True):
            _session(marts, partner_id, f"{mapped[partner_id]}, {month}").save(sheet)
    return sheets


def write_crm_updates(published: Path, folder: Path) -> tuple[Path, int]:
    """Write what was decided about our accounts as a CSV that a CRM imports by our own record ids.

    Args:
        published: folder of the published marts.
        folder: where the file is written, named after the month; made when missing, the month's file replaced.

    Returns:
        The file and its number of rows.

    Raises:
        NoHandoffError: nothing is published yet.
    """
    with _open(published) as marts:
        file = folder / f"account-updates-{_month(marts)}.csv"
        updates: pa.Table = marts.sql(CRM_UPDATES).to_arrow_table()
    folder.mkdir(parents=True, exist_ok=True)
    safe = pa.table([safe_column(column) for column in updates.columns], names=updates.column_names)
    pyarrow.csv.write_csv(safe, file)
    return file, updates.num_rows


def _open(published: Path) -> duckdb.DuckDBPyConnection:
    marts = published / "marts.duckdb"
    if not marts.is_file():
        raise NoHandoffError(f"{marts} is not there: nothing has been published yet (make run or make demo).")
    return duckdb.connect(str(marts), read_only=True)


def _month(marts: duckdb.DuckDBPyConnection) -> str:
    ((month,),) = marts.execute("select strftime(month, '%Y-%m') from dim_months where is_as_of_month").fetchall()
    return str(month)


def _session(marts: duckdb.DuckDBPyConnection, partner: str, subject: str) -> Workbook:
    """Put the parts of a session into a workbook, a sheet each."""
    workbook = Workbook()
    workbook.remove(workbook.worksheets[0])
    for part in SESSION:
        rows: pa.Table = marts.sql(part.query, params={"partner": partner}).to_arrow_table()
        worksheet = workbook.create_sheet(part.title)
        worksheet.append([f"{INTERNAL} {subject}: {part.title}, {part.minutes} minutes"])
        worksheet.append([part.task])
        worksheet.append([*rows.column_names, *part.to_fill])
        columns = [safe_column(column).to_pylist() for column in rows.columns]
        for row in zip(*columns, strict=True):
            worksheet.append(row)
        _lay_out(worksheet, len(rows.column_names), len(part.to_fill))
    return workbook


def _lay_out(worksheet: Worksheet, shown: int, to_fill: int) -> None:
    """Make a sheet that can be read on a screen in a meeting: headers in sight, columns as wide as their words."""
    header = 3
    for title in (1, header):
        for (heading,) in worksheet.iter_cols(min_row=title, max_row=title):
            heading.font = Font(bold=True)
    yellow = PatternFill("solid", start_color="FFF2CC")
    for number in range(1, shown + to_fill + 1):
        cells = [row[0] for row in worksheet.iter_rows(min_row=header, min_col=number, max_col=number)]
        longest = max(len(str(cell.value or "")) for cell in cells)
        width = 24 if number > shown else min(max(longest + 2, NARROWEST), WIDEST)
        worksheet.column_dimensions[get_column_letter(number)].width = width
        for cell in cells:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number > shown:
                cell.fill = yellow
    worksheet.freeze_panes = f"B{header + 1}"
