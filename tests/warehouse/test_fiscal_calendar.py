"""Any fiscal year, and rows that name a quarter which it does not have.

Belongs here: the calendar, and what is refused before anything is built. Does not belong here: what is counted by
quarter (dbt unit tests, tests/models/test_quarter.py).
"""

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.settings import SHIPPED_SEEDS, RefusedError
from orchestration.warehouse.fiscal_calendar import FiscalCalendar, check_quarters, read_fiscal_calendar
from tests.deliveries import LandingFolder

TARGETS = "period_start,partner_id,kpi,target,fiscal_quarter\n"


def write(folder: Path, **files: str) -> Path:
    company = folder / "seeds" / "company"
    company.mkdir(parents=True, exist_ok=True)
    (company / "partners.csv").write_text("party_id,name,status\nus,We,us\nacme,Acme,signed\n", encoding="utf-8")
    for name, content in files.items():
        (company / f"{name}.csv").write_text(content, encoding="utf-8")
    return folder / "seeds"


@pytest.mark.parametrize(
    ("start_month", "is_named_by_end", "day", "start", "label"),
    [
        (1, True, date(2026, 10, 31), date(2026, 10, 1), "FY2026-Q4"),
        (2, True, date(2026, 10, 31), date(2026, 8, 1), "FY2027-Q3"),
        (2, False, date(2026, 10, 31), date(2026, 8, 1), "FY2026-Q3"),
        (2, True, date(2027, 1, 31), date(2026, 11, 1), "FY2027-Q4"),
        (2, True, date(2027, 2, 1), date(2027, 2, 1), "FY2028-Q1"),
        (4, True, date(2027, 3, 31), date(2027, 1, 1), "FY2027-Q4"),
        (10, True, date(2026, 9, 30), date(2026, 7, 1), "FY2026-Q4"),
        (12, False, date(2026, 2, 28), date(2025, 12, 1), "FY2025-Q1"),
    ],
)
def test_a_day_lies_in_the_quarter_that_people_would_name(
    start_month: int, is_named_by_end: bool, day: date, start: date, label: str
) -> None:
    calendar = FiscalCalendar(start_month, is_named_by_end)
    assert (calendar.quarter_start(day), calendar.label(day)) == (start, label)


@given(st.integers(1, 12), st.booleans(), st.dates(date(2000, 1, 1), date(2100, 1, 1)))
def test_quarters_follow_each_other_without_a_gap_and_each_has_a_name_of_its_own(
    start_month: int, is_named_by_end: bool, day: date
) -> None:
    calendar = FiscalCalendar(start_month, is_named_by_end)
    start = calendar.quarter_start(day)
    before = calendar.quarter_start(start - timedelta(days=1))
    assert before < start <= day
    assert (day - start).days <= 91 and (start - before).days in (89, 90, 91, 92)
    assert calendar.start_of(calendar.label(day)) == start
    assert calendar.label(before) != calendar.label(day)
    assert (start.month - start_month) % 3 == 0


def test_without_a_row_the_fiscal_year_is_the_calendar_year(tmp_path: Path) -> None:
    assert read_fiscal_calendar(tmp_path) == FiscalCalendar(1, True)
    seeds = write(tmp_path, fiscal_calendar="fiscal_year_start_month,fiscal_year_named_by\n")
    assert read_fiscal_calendar(seeds / "company") == FiscalCalendar(1, True)
    write(tmp_path, fiscal_calendar="fiscal_year_start_month,fiscal_year_named_by\n2,\n")
    assert read_fiscal_calendar(seeds / "company") == FiscalCalendar(2, True)


@pytest.mark.parametrize(
    ("rows", "where"),
    [
        ("13,end\n", "line 2, column 'fiscal_year_start_month': '13' is no month"),
        ("Feb,end\n", "column 'fiscal_year_start_month': 'Feb' is no month"),
        ("2,both\n", "line 2, column 'fiscal_year_named_by': 'both' is neither"),
        ("2,end\n3,end\n", "line 3: a company has one fiscal year"),
    ],
)
def test_a_fiscal_year_that_cannot_be_is_refused_by_line_and_column(tmp_path: Path, rows: str, where: str) -> None:
    seeds = write(tmp_path, fiscal_calendar="fiscal_year_start_month,fiscal_year_named_by\n" + rows)
    with pytest.raises(RefusedError, match=where):
        check_quarters(seeds)


@pytest.mark.parametrize(
    ("row", "what"),
    [
        (
            "2026-10-01,,deals_closed,1,",
            "line 3, column 'period_start': no quarter of the fiscal calendar begins on 2026-10-01; it lies in "
            "FY2027-Q3, which begins on 2026-08-01. Write that day.",
        ),
        ("2026-08-32,,deals_closed,1,", "line 3, column 'period_start': '2026-08-32' is no day"),
        ("8/1/2026,,deals_closed,1,", "line 3, column 'period_start': '8/1/2026' is no day"),
        (",,deals_closed,1,", "line 3, column 'period_start': the row names no quarter"),
        (",,deals_closed,1,Q3 2027", "line 3, column 'fiscal_quarter': no quarter is called 'Q3 2027'"),
        (",,deals_closed,1,FY2027-Q5", "line 3, column 'fiscal_quarter': no quarter is called 'FY2027-Q5'"),
        (",,deals_closed,1,FY0000-Q1", "line 3, column 'fiscal_quarter': no quarter is called 'FY0000-Q1'"),
        (
            "2026-08-01,,deals_closed,1,FY2026-Q3",
            "line 3, column 'fiscal_quarter': FY2026-Q3 begins on 2025-08-01, and period_start says 2026-08-01",
        ),
        ("2026-08-01,acne,deals_closed,1,", "line 3, column 'partner_id': no partner is called 'acne'; known are acme"),
        ("2026-08-01,us,deals_closed,1,", "line 3, column 'partner_id': no partner is called 'us'"),
        ("2026-08-01,,deals,1,", "line 3, column 'kpi': no figure is called 'deals'"),
        ("2026-08-01,,deals_closed,-1,", "line 3, column 'target': '-1' is no number from 0 up"),
        ("2026-08-01,,deals_closed,1e5,", "line 3, column 'target': '1e5' is no number"),
        ("2026-08-01,,deals_closed,,", "line 3, column 'target': '' is no number"),
        (
            ",,accounts_mapped,9,FY2027-Q3",
            "line 3, the target of accounts_mapped in FY2027-Q3 stands in line 2 already. Keep one of the two.",
        ),
    ],
)
def test_a_wrong_target_is_refused_by_line_and_column_with_what_to_do(tmp_path: Path, row: str, what: str) -> None:
    calendar = "fiscal_year_start_month,fiscal_year_named_by\n2,end\n"
    right = "2026-08-01,,accounts_mapped,5,\n"
    seeds = write(tmp_path, fiscal_calendar=calendar, kpi_targets=TARGETS + right)
    check_quarters(seeds)
    write(tmp_path, kpi_targets=TARGETS + right + row + "\n" + "2026-08-01,acme,accounts_mapped,0.50,FY2027-Q3\n")
    with pytest.raises(RefusedError) as refusal:
        check_quarters(seeds)
    assert what in str(refusal.value)
    assert str(refusal.value).count("line ") == 1 + ("line 2 already" in what)


def test_every_wrong_row_of_every_file_is_named_at_once_and_nothing_is_landed(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    for name, header in (
        ("kpi_targets", TARGETS),
        ("onboarding_capacity", "quarter_start,partner_count\n"),
        ("partner_surveys", "quarter_start,partner_id\n"),
    ):
        rows = "2026-11-01,\n2026-10-01,\n" if name != "kpi_targets" else "2026-11-01,,deals_closed,1\n" * 30
        (workspace.seeds / "company" / f"{name}.csv").write_text(header + rows, encoding="utf-8")
    with pytest.raises(RefusedError) as refusal:
        workspace.land()
    lines = str(refusal.value).splitlines()
    assert len(lines) == 22
    assert lines[-2:] == ["… and 12 more.", "Nothing was built."]
    assert not workspace.warehouse.exists()


def test_the_shipped_rows_name_quarters_of_the_shipped_calendar() -> None:
    check_quarters(SHIPPED_SEEDS)
