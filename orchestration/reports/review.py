"""The review sheet: the review queue as a workbook that a person fills and delivers again.

Belongs here: what the sheet looks like and how it is written. Does not belong here: what is asked (mart_review_queue),
and how the filled sheet is read (it comes back through the landing folder like every other list).
"""

from pathlib import Path

import pyarrow as pa
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.objects import ANSWERS
from orchestration.publishing.published import published_marts, published_month
from orchestration.reports.sheets import add_sheet, keep_what_people_wrote, new_workbook

# Header, what stands below it, and the column's width. The first five are for the person to fill; the landing folder
# knows them and the last three by seeds/reference/column_mappings.csv.
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
    ("In words", "explanation", 60),
    ("Speaks for it", "evidence_for", 46),
    ("Speaks against it", "evidence_against", 46),
    ("Our open pipeline, USD", "our_open_pipeline_usd", 14),
    ("Worth of the decision", "decision_value", 10),
    (
        "Said so far",
        "concat_ws(' · ', relation, decision, decided_by, decided_on, decision_reason, "
        "'inherited from ' || decision_inherited_from)",
        34,
    ),
    ("Said before", "concat_ws(' · ', other_relation, other_decision, other_decided_by, other_decided_on)", 34),
    ("Left record", "left_record_key", 26),
    ("Right record", "right_record_key", 26),
    ("Fingerprint", "pair_fingerprint", 12),
)
TO_FILL = 5
PASSED_OVER = """
    select count(*) from fct_account_matches
    where
        band = 'review'
        and decided_by is null
        and left_party_id = right_party_id
        and (left_record_key, right_record_key) not in (
            select (left_record_key, right_record_key) from mart_review_queue
        )
"""


def write_review_sheet(published: Path, folder: Path) -> tuple[Path, int]:
    """Write the review queue of the published month as a workbook.

    Args:
        published: folder of the published marts.
        folder: where the workbook is written, named after the month; made when missing.

    Returns:
        The workbook and the number of pairs in it.

    Raises:
        NothingPublishedError: nothing is published yet.
        NoReportError: the month's sheet is there already and may hold answers.
    """
    selected = ", ".join(f'{expression} as "{header}"' for header, expression, _ in COLUMNS)
    with published_marts(published) as marts:
        month = published_month(marts)
        queue: pa.Table = marts.sql(
            f"select {selected} from mart_review_queue order by queue_rank"  # noqa: S608 - our own column list
        ).to_arrow_table()
    sheet = folder / f"{month}.xlsx"
    keep_what_people_wrote(sheet, "answers: deliver it, or move it away")
    folder.mkdir(parents=True, exist_ok=True)
    workbook = new_workbook()
    worksheet = add_sheet(
        workbook,
        "decisions",
        queue,
        to_fill=[header for header, *_ in COLUMNS[:TO_FILL]],
        widths={header: width for header, _, width in COLUMNS},
    )
    _offer_answers(worksheet)
    workbook.save(sheet)
    return sheet, queue.num_rows


def passed_over_count(published: Path) -> int:
    """Count the undecided pairs inside one list that the sheet leaves out, for they change no overlap and no open deal.

    Args:
        published: folder of the published marts.

    Returns:
        How many there are; fct_account_matches has them all.

    Raises:
        NothingPublishedError: nothing is published yet.
    """
    with published_marts(published) as marts:
        ((count,),) = marts.execute(PASSED_OVER).fetchall()
    return int(count)


def _offer_answers(worksheet: Worksheet) -> None:
    """Offer the answers to choose from, show days as such, and let the queue be filtered."""
    answers = DataValidation(type="list", formula1=f'"{",".join(ANSWERS)}"', allow_blank=True, showErrorMessage=True)
    answers.errorTitle, answers.error = "Answer", f"One of: {', '.join(ANSWERS)}."
    worksheet.add_data_validation(answers)
    answers.add(f"A2:A{max(worksheet.max_row, 2)}")
    for number in (4, 5):
        letter = get_column_letter(number)
        for (cell,) in worksheet.iter_rows(min_row=2, min_col=number, max_col=number):
            cell.number_format = "yyyy-mm-dd"
        worksheet.column_dimensions[letter].number_format = "yyyy-mm-dd"
    worksheet.auto_filter.ref = worksheet.dimensions
