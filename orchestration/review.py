"""The review sheet: the review queue as a workbook that a person fills and delivers again.

Belongs here: what the sheet looks like and how it is written. Does not belong here: what is asked (mart_review_queue),
and how the filled sheet is read (it comes back through the landing folder like every other list).
"""

from pathlib import Path

import duckdb
import pyarrow as pa
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.ingestion.readings import ANSWERS
from orchestration.ingestion.workbooks import safe_column

# Header, what stands below it, and the column's width. The first five are for the person to fill; the landing folder
# knows them and the last three by seeds/column_mappings.csv.
COLUMNS = (
    ("Answer", "null", 13),
    ("Comment", "null", 32),
    ("Decided by", "null", 16),
    ("Decided on", "null", 12),
    ("Expires on", "null", 12),
    ("Rank", "queue_rank", 6),
    ("Asked because", "queue_reason", 18),
    ("Left name", "left_name", 34),
    ("Right name", "right_name", 34),
    ("Left list", "left_party_name", 18),
    ("Right list", "right_party_name", 18),
    ("Left website", "left_website", 24),
    ("Right website", "right_website", 24),
    ("Left place", "left_place", 22),
    ("Right place", "right_place", 22),
    ("Probability", "round(match_probability, 3)", 11),
    ("Guard", "concat_ws('; ', guard, clustering_refusal)", 22),
    ("Speaks for it", "evidence_for", 46),
    ("Speaks against it", "evidence_against", 46),
    ("Our open pipeline, USD", "our_open_pipeline_usd", 14),
    ("Worth of the decision", "decision_value", 10),
    ("Said so far", "concat_ws(' · ', relation, decision, decided_by, decided_on, decision_reason)", 34),
    ("Said before", "concat_ws(' · ', other_relation, other_decision, other_decided_by, other_decided_on)", 34),
    ("Left record", "left_record_key", 26),
    ("Right record", "right_record_key", 26),
    ("Fingerprint", "pair_fingerprint", 12),
)
TO_FILL = 5


class NoReviewError(Exception):
    """The sheet cannot be written; the message says why and what to do."""


def write_review_sheet(published: Path, folder: Path) -> tuple[Path, int]:
    """Write the review queue of the published month as a workbook.

    Args:
        published: folder of the published marts.
        folder: where the workbook is written, named after the month; made when missing.

    Returns:
        The workbook and the number of pairs in it.

    Raises:
        NoReviewError: nothing is published yet, or the month's sheet is there already and may hold answers.
    """
    marts = published / "marts.duckdb"
    if not marts.is_file():
        raise NoReviewError(f"{marts} is not there: nothing has been published yet (make run or make demo).")
    selected = ", ".join(f'{expression} as "{header}"' for header, expression, _ in COLUMNS)
    with duckdb.connect(str(marts), read_only=True) as connection:
        month = connection.execute("select strftime(month, '%Y-%m') from dim_months where is_as_of_month").fetchall()[
            0
        ][0]
        queue: pa.Table = connection.sql(
            f"select {selected} from mart_review_queue order by queue_rank"  # noqa: S608 - our own column list
        ).to_arrow_table()
    sheet = folder / f"{month}.xlsx"
    if sheet.exists():
        raise NoReviewError(
            f"{sheet} is there already and may hold answers: deliver it, or move it away, then ask again."
        )
    folder.mkdir(parents=True, exist_ok=True)
    workbook = Workbook()
    worksheet = workbook.active
    assert isinstance(worksheet, Worksheet)  # noqa: S101 - a new workbook has one
    worksheet.title = "decisions"
    worksheet.append([header for header, *_ in COLUMNS])
    columns = [safe_column(column).to_pylist() for column in queue.columns]
    for row in zip(*columns, strict=True):
        worksheet.append(row)
    _lay_out(worksheet)
    workbook.save(sheet)
    return sheet, queue.num_rows


def _lay_out(worksheet: Worksheet) -> None:
    """Mark what is to be filled, offer the answers, and keep the header and the names in sight."""
    to_fill = PatternFill("solid", start_color="FFF2CC")
    for number, (_, _, width) in enumerate(COLUMNS, start=1):
        worksheet.column_dimensions[get_column_letter(number)].width = width
        for (cell,) in worksheet.iter_rows(min_col=number, max_col=number):
            cell.alignment = Alignment(wrap_text=True, vertical="top")
            if number <= TO_FILL:
                cell.fill = to_fill
    for cell in worksheet[1]:
        cell.font = Font(bold=True)
    last = max(worksheet.max_row, 2)
    answers = DataValidation(type="list", formula1=f'"{",".join(ANSWERS)}"', allow_blank=True, showErrorMessage=True)
    answers.errorTitle, answers.error = "Answer", f"One of: {', '.join(ANSWERS)}."
    worksheet.add_data_validation(answers)
    answers.add(f"A2:A{last}")
    for number in (4, 5):
        letter = get_column_letter(number)
        for (cell,) in worksheet.iter_rows(min_row=2, min_col=number, max_col=number):
            cell.number_format = "yyyy-mm-dd"
        worksheet.column_dimensions[letter].number_format = "yyyy-mm-dd"
    worksheet.freeze_panes = "B2"
    worksheet.auto_filter.ref = worksheet.dimensions
