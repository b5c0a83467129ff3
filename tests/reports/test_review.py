"""People's decisions from the queue to the sheet, and back through the landing folder.

Belongs here: that no decision is guessed or taken from a stranger, and that a sheet comes back as it was filled. Does
not belong here: what becomes of decisions over the months (test_keys_and_decisions.py), nor which pairs the scores
leave to a person (test_found.py).
"""

from datetime import date
from pathlib import Path

import duckdb
import pytest
from openpyxl import Workbook, load_workbook

from orchestration.reports import NoReportError
from orchestration.reports.review import passed_over_count, write_review_sheet
from tests.deliveries import DECISION, deliver, land
from tests.workspaces import Run, Workspace, run_command


def decision(number: str, answer: str, author: str, day: str, fingerprint: str = "") -> tuple[str, ...]:
    return (f"us:{number}", f"alpha:{number}", answer, "asked them", author, day, fingerprint)


def test_what_is_no_decision_is_refused_with_its_reason(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    rows = [
        decision("1", "perhaps", "Ada", "2026-08-10"),
        decision("2", "same", "", "2026-08-10"),
        ("Zelwerk", "alpha:1", "same", "", "Ada", "2026-08-10", ""),
        ("us:1", "us:1", "same", "", "Ada", "2026-08-10", ""),
        decision("3", " UNSURE ", "Ada", ""),
    ]
    deliver(given.settings.exports, "us", "2026-08", "decisions.csv", [DECISION, *rows])
    deliver(given.settings.exports, "alpha", "2026-08", "decisions.csv", [DECISION, *rows])
    land(given, "2026-08")
    assert given.query("select row_number, rule from raw.rejected_rows order by 1") == [
        (2, "answer_unknown"),
        (3, "author_missing"),
        (4, "record_unreadable"),
        (5, "record_unreadable"),
    ]
    reasons = given.query("select reason, remedy from raw.rejected_rows order by row_number limit 1")
    assert reasons == [
        (
            "Row 2, column 'Answer': 'perhaps' is no answer that is known.",
            "Answer with one of: same, different, same group, unsure; or leave the cell empty.",
        )
    ]
    assert given.query("select party_id, left_record_key from raw.decisions") == [("us", "us:3")]
    partners = "select status, rule from raw.files where party_id = 'alpha'"
    assert given.query(partners) == [("not_opened", "answers_of_a_partner")]


def test_what_says_nothing_of_a_partners_part_in_a_deal_is_refused_with_its_reason(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    rows: list[tuple[str, ...]] = [
        ("Deal ID", "Partner", "Credit", "Reason", "Who", "When"),
        ("o1", "Alpha", "half", "they rang", "Ada", "2026-08-10"),
        ("o1", "Alpha", "sourced", "they rang", "", "2026-08-10"),
        ("o1", "Alpha", "sourced", "", "Ada", "2026-08-10"),
        ("o1", "", "sourced", "they rang", "Ada", "2026-08-10"),
        ("", "Alpha", "sourced", "they rang", "Ada", "2026-08-10"),
        ("o2", "Alpha", " Influenced ", "they rang", "Ada", ""),
    ]
    deliver(given.settings.exports, "us", "2026-08", "credits.csv", rows)
    deliver(given.settings.exports, "alpha", "2026-08", "credits.csv", rows)
    land(given, "2026-08")
    assert given.query("select row_number, rule from raw.rejected_rows order by 1") == [
        (2, "credit_unknown"),
        (3, "author_missing"),
        (4, "reason_missing"),
        (5, "partner_missing"),
        (6, "opportunity_missing"),
    ]
    assert given.query("select reason, remedy from raw.rejected_rows order by row_number limit 1") == [
        (
            "Row 2, column 'Credit': 'half' is no credit that is known.",
            "Write one of: sourced, influenced, none; or remove the row.",
        )
    ]
    assert given.query("select party_id, opportunity_source_id from raw.credits") == [("us", "o2")]
    assert given.query("select status, rule from raw.files where party_id = 'alpha'") == [
        ("not_opened", "answers_of_a_partner")
    ]


def test_what_plans_nothing_that_can_be_worked_on_is_refused_with_its_reason(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    rows: list[tuple[str, ...]] = [
        ("Our record", "Our ID", "Partner", "Who begins", "Owner", "Due on", "Agreed", "Written on"),
        ("1", "", "Alpha", "we", "Ada", "2026-09-10", "yes", "2026-08-10"),
        ("", "", "Alpha", "we", "Ada", "2026-09-10", "yes", "2026-08-10"),
        ("us:1", "", "", "we", "Ada", "2026-09-10", "yes", "2026-08-10"),
        ("us:1", "", "Alpha", "we", "Ada", "soon", "perhaps", "2026-08-10"),
        ("", "2", "Alpha", "we", "Ada", "2026-09-10", "no", ""),
    ]
    deliver(given.settings.exports, "us", "2026-08", "plans.csv", rows)
    deliver(given.settings.exports, "alpha", "2026-08", "plans.csv", rows)
    land(given, "2026-08")
    assert given.query("select row_number, rule, remedy from raw.rejected_rows order by 1") == [
        (
            2,
            "plan_record_unreadable",
            "Take the key from the session sheet or bridge_account_records, or give our own id of the account alone.",
        ),
        (3, "plan_account_missing", "Fill in its record key (such as us:1001) or our own id of it, or remove the row."),
        (4, "partner_missing", "Name the partner as seeds/company/partners.csv does, or remove the row."),
    ]
    # what cannot be read of a plan is kept apart; the plan itself counts
    refused = "select row_number, column_name from raw.rejected_values order by all"
    assert given.query(refused) == [(5, "agreed"), (5, "due_on")]
    assert given.query("select record_key, account_source_id from raw.plans order by all") == [
        ("us:1", None),
        (None, "2"),
    ]
    assert given.query("select status, rule from raw.files where party_id = 'alpha'") == [
        ("not_opened", "answers_of_a_partner")
    ]


def test_a_partner_cannot_slip_decisions_into_a_workbook_of_lists(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    workbook = Workbook()
    for title, rows in (
        ("Accounts", [("Account Name",), ("Zelwerk",)]),
        ("Decisions", [DECISION, decision("1", "same", "Mallory", "2026-08-10")]),
    ):
        sheet = workbook.create_sheet(title)
        for row in rows:
            sheet.append(row)
    folder = given.settings.exports / "alpha" / "2026-08"
    folder.mkdir(parents=True)
    workbook.save(folder / "accounts.xlsx")
    land(given, "2026-08")
    assert given.query("select count(*) from raw.accounts") == [(1,)]
    assert given.query("select count(*) from raw.decisions") == [(0,)]
    assert given.query("select rule from raw.files where status <> 'landed'") == [("sheet_not_used",)]


def test_few_decisions_after_many_are_not_taken_for_a_broken_list(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    many = [decision(str(number), "same", "Ada", "2026-08-10") for number in range(20)]
    deliver(given.settings.exports, "us", "2026-08", "decisions.csv", [DECISION, *many])
    deliver(given.settings.exports, "us", "2026-09", "decisions.csv", [DECISION, decision("1", "same", "Bo", "")])
    for month in ("2026-08", "2026-09"):
        land(given, month)
    assert given.query("select count(*) from raw.decisions group by export_month order by export_month") == [
        (20,),
        (1,),
    ]


def queue_of(published: Path, **values: str) -> None:
    """Publish a review queue of one pair; every column is text but the rank."""
    columns = (
        *("left_record_key", "right_record_key", "queue_reason", "left_party_name", "right_party_name", "left_name"),
        *("right_name", "left_website", "right_website", "left_place", "right_place", "guard", "clustering_refusal"),
        *("explanation", "evidence_for", "evidence_against", "relation", "decision", "decided_by", "decided_on"),
        *("decision_inherited_from", "other_relation", "other_decision", "other_decided_by", "other_decided_on"),
        *("decision_reason", "pair_fingerprint"),
    )
    published.mkdir(parents=True)
    with duckdb.connect(str(published / "marts.duckdb")) as connection:
        connection.execute("create table dim_months as select date '2026-08-01' as month, true as is_as_of_month")
        described = ", ".join(f"? as {column}" for column in columns)
        connection.execute(
            f"""
            create table mart_review_queue as
            select {described}, 1 as queue_rank, 0.5 as match_probability, 1.0 as decision_value,
                10.00 as our_open_pipeline_usd
            """,
            [values.get(column, "text") for column in columns],
        )


def test_a_filled_sheet_comes_back_as_it_was_filled(tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    settings = given.settings
    queue_of(
        settings.published, left_record_key="alpha:1", right_record_key="us:1", pair_fingerprint="f00d",
        left_name='=HYPERLINK("http://evil.example","Acme")', right_name="Acme\x07 AG",
    )  # fmt: skip
    sheet, pairs = write_review_sheet(settings.published, settings.review)
    assert (sheet.name, pairs) == ("2026-08.xlsx", 1)
    workbook = load_workbook(sheet)
    worksheet = workbook["decisions"]
    (offered,) = worksheet.data_validations.dataValidation
    assert offered.formula1 == '"same,different,same group,unsure"'
    assert str(offered.sqref) == "A2"
    names = {str(cell.value): number for number, cell in enumerate(worksheet[1], start=1)}
    left_name = worksheet.cell(2, names["Left name"])
    assert (left_name.data_type, str(left_name.value)[:2]) == ("s", "'=")
    for header, value in (("Answer", "same group"), ("Decided by", "Ada"), ("Decided on", date(2026, 8, 10))):
        worksheet.cell(2, names[header], value)
    (settings.exports / "us" / "2026-08").mkdir(parents=True)
    workbook.save(settings.exports / "us" / "2026-08" / "decisions_august.xlsx")
    land(given, "2026-08")
    assert given.query(
        "select left_record_key, right_record_key, answer, decided_by, decided_on, pair_fingerprint from raw.decisions"
    ) == [("alpha:1", "us:1", "same group", "Ada", "2026-08-10", "f00d")]


def test_a_sheet_that_may_hold_answers_is_never_written_over(tmp_path: Path) -> None:
    queue_of(tmp_path / "published")
    sheet, _ = write_review_sheet(tmp_path / "published", tmp_path / "review")
    before = sheet.read_bytes()
    with pytest.raises(NoReportError, match="may hold answers"):
        write_review_sheet(tmp_path / "published", tmp_path / "review")
    assert sheet.read_bytes() == before


def test_pairs_inside_one_list_that_the_sheet_leaves_out_are_counted(tmp_path: Path) -> None:
    queue_of(tmp_path / "published", left_record_key="us:1", right_record_key="us:2")
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb")) as connection:
        connection.execute(
            """
            create table fct_account_matches as
            select 'us:1' as left_record_key, 'us:' || n as right_record_key, 'us' as left_party_id,
                p as right_party_id, b as band, d as decided_by
            from (values
                (2, 'us', 'review', null), (3, 'us', 'review', null), (4, 'us', 'review', 'Ada'),
                (5, 'us', 'auto', null), (6, 'alpha', 'review', null), (7, 'us', 'review', null)
            ) as t(n, p, b, d)
            """
        )
    assert passed_over_count(tmp_path / "published") == 2


def test_the_sheet_holds_the_published_queue_and_says_where_it_goes(demo: Run) -> None:
    run = run_command(demo.settings, "review")
    assert run.exit_code == 0, run.output
    assert f"{demo.settings.exports}/us/2026-10/decisions.xlsx" in run.output
    with duckdb.connect(str(demo.settings.published / "marts.duckdb"), read_only=True) as marts:
        asked = marts.execute("select left_record_key from mart_review_queue order by queue_rank").fetchall()
    worksheet = load_workbook(demo.settings.review / "2026-10.xlsx", read_only=True)["decisions"]
    header, *rows = worksheet.iter_rows(values_only=True)
    assert f"Not in it: {passed_over_count(demo.settings.published)} pairs" in run.output
    assert asked
    assert [row[header.index("Left record")] for row in rows] == [record for (record,) in asked]
