"""The company's fiscal calendar, and the rows of its seeds that name quarters of it.

Belongs here: reading the calendar, and refusing rows of targets, capacity and surveys that it does not have, before
anything is built. Does not belong here: what is counted by quarter (macros/quarters.sql).
"""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path

from orchestration.settings import SHIPPED_SEEDS, RefusedError
from orchestration.warehouse.seeds import numbered_rows

NAME = "fiscal_calendar.csv"
_LABEL = re.compile(r"FY(\d{4})-Q([1-4])")
# Rows that are named in one refusal; whoever has more has one mistake, not many.
_SHOWN = 20


@dataclass(frozen=True)
class FiscalCalendar:
    """When a fiscal year begins, and whether it is called after the calendar year in which it ends."""

    start_month: int = 1
    is_named_by_end: bool = True

    def quarter_start(self, day: date) -> date:
        """Give the first day of the quarter that a day lies in.

        Args:
            day: any day.
        """
        months = day.year * 12 + day.month - 1
        first = months - (months - (self.start_month - 1)) % 3
        return date(first // 12, first % 12 + 1, 1)

    def label(self, day: date) -> str:
        """Give what people call the quarter that a day lies in.

        Args:
            day: any day.

        Returns:
            `FY2027-Q3`.
        """
        months = day.year * 12 + day.month - self.start_month
        return f"FY{months // 12 + self._years_ahead}-Q{months % 12 // 3 + 1}"

    def start_of(self, label: str) -> date | None:
        """Give the first day of the quarter that is called so; null where none is.

        Args:
            label: as `label` gives it.
        """
        if not (found := _LABEL.fullmatch(label)):
            return None
        year, quarter = int(found[1]), int(found[2])
        months = (year - self._years_ahead) * 12 + self.start_month - 1 + 3 * (quarter - 1)
        return date(months // 12, months % 12 + 1, 1) if months >= 12 else None  # noqa: PLR2004 (there is no year 0)

    @property
    def _years_ahead(self) -> int:
        return int(self.is_named_by_end and self.start_month > 1)

    def as_environment(self) -> dict[str, str]:
        """Give the variables by which dbt gets the calendar (macros/quarters.sql)."""
        return {
            "ACCOUNT_MAPPING_FISCAL_YEAR_START_MONTH": str(self.start_month),
            "ACCOUNT_MAPPING_FISCAL_YEAR_NAMED_BY": "end" if self.is_named_by_end else "start",
        }


def read_fiscal_calendar(company: Path) -> FiscalCalendar:
    """Read the fiscal calendar of a company.

    Args:
        company: folder of the company's seeds.

    Returns:
        The calendar; the calendar year where nobody has said otherwise.

    Raises:
        RefusedError: the row cannot be used, or there are several.
    """
    file = company / NAME
    rows = list(numbered_rows(file)) if file.is_file() else []
    if not rows:
        return FiscalCalendar()
    if len(rows) > 1:
        raise RefusedError(f"{file}, line {rows[1][0]}: a company has one fiscal year. Keep one row, then run again.")
    ((line, row),) = rows
    month, named_by = row.get("fiscal_year_start_month", ""), row.get("fiscal_year_named_by", "")
    if not re.fullmatch(r"0?[1-9]|1[0-2]", month):
        raise RefusedError(
            f"{file}, line {line}, column 'fiscal_year_start_month': {month!r} is no month. Write the number of the "
            "month in which the fiscal year begins, 1 to 12, then run again."
        )
    if named_by not in ("", "start", "end"):
        raise RefusedError(
            f"{file}, line {line}, column 'fiscal_year_named_by': {named_by!r} is neither start nor end. Write whether "
            "the fiscal year is called after the calendar year in which it begins or ends, then run again."
        )
    return FiscalCalendar(int(month), named_by != "start")


def check_quarters(seeds: Path) -> None:
    """Make sure that every row of a company's seeds that names a quarter names one of its fiscal calendar.

    Args:
        seeds: the workspace's own.

    Raises:
        RefusedError: a row does not, or a target cannot be used otherwise; each is named by line and column, with what
            to do.
    """
    company = seeds / "company"
    calendar = read_fiscal_calendar(company)
    problems = [
        f"{company / name}, line {line}, {problem}"
        for name, found in (
            ("kpi_targets.csv", _wrong_targets(seeds, calendar)),
            ("onboarding_capacity.csv", _wrong_quarters(company / "onboarding_capacity.csv", calendar)),
            ("partner_surveys.csv", _wrong_quarters(company / "partner_surveys.csv", calendar)),
        )
        for line, problem in found
    ]
    if problems:
        more = [f"… and {len(problems) - _SHOWN} more."] if len(problems) > _SHOWN else []
        raise RefusedError("\n".join([*problems[:_SHOWN], *more, "Nothing was built."]))


Problem = tuple[int, str]  # line, and from the column on what is wrong and what to do


def _wrong_quarters(file: Path, calendar: FiscalCalendar) -> Iterator[Problem]:
    """Find the rows whose quarter_start is no first day of a quarter."""
    for line, row in numbered_rows(file):
        if problem := _problem_of_day("quarter_start", row.get("quarter_start", ""), calendar):
            yield line, problem


def _wrong_targets(seeds: Path, calendar: FiscalCalendar) -> Iterator[Problem]:
    """Find the targets that cannot be used, each with the first thing that is wrong with it."""
    parties = numbered_rows(seeds / "company" / "partners.csv")
    partners = {row.get("party_id", "") for _, row in parties if row.get("status") != "us"}
    kpis = {
        row["kpi"] for folder in (SHIPPED_SEEDS, seeds) for _, row in numbered_rows(folder / "reference" / "kpis.csv")
    }
    lines: dict[tuple[date | None, str, str], list[int]] = defaultdict(list)
    for line, row in numbered_rows(seeds / "company" / "kpi_targets.csv"):
        partner, kpi, target = (row.get(name, "") for name in ("partner_id", "kpi", "target"))
        if problem := _problem_of_quarter(row, calendar):
            yield line, problem
        elif partner and partner not in partners:
            known = ", ".join(sorted(partners)) or "none"
            remedy = f"known are {known}. Correct it, or leave it blank for all partners together."
            yield line, f"column 'partner_id': no partner is called {partner!r}; {remedy}"
        elif kpi not in kpis:
            yield line, f"column 'kpi': no figure is called {kpi!r}; known are {', '.join(sorted(kpis))}. Correct it."
        elif not _is_amount(target):
            yield line, f"column 'target': {target!r} is no number from 0 up. Write one in digits, such as 150000.50."
        else:
            day = row.get("period_start", "")
            start = date.fromisoformat(day) if day else calendar.start_of(row["fiscal_quarter"])
            before = lines[start, partner, kpi]
            before.append(line)
            if len(before) > 1:
                quarter = calendar.label(start) if start else ""
                yield line, f"the target of {kpi} in {quarter} stands in line {before[0]} already. Keep one of the two."


def _problem_of_quarter(row: dict[str, str], calendar: FiscalCalendar) -> str | None:
    """Say what is wrong with the quarter of a target, which is named by its first day or by what people call it."""
    day, label = row.get("period_start", ""), row.get("fiscal_quarter", "")
    if not day and not label:
        return "column 'period_start': the row names no quarter. Write its first day, or its name into fiscal_quarter."
    if day and (problem := _problem_of_day("period_start", day, calendar)):
        return problem
    start = calendar.start_of(label)
    if label and start is None:
        return (
            f"column 'fiscal_quarter': no quarter is called {label!r}. Write FY, the year, and the quarter from Q1 to "
            "Q4, such as FY2027-Q3."
        )
    if day and label and start != date.fromisoformat(day):
        begins = f"{label} begins on {start}, and period_start says {day}"
        return f"column 'fiscal_quarter': {begins}. Correct one of the two, or leave it blank."
    return None


def _problem_of_day(column: str, day: str, calendar: FiscalCalendar) -> str | None:
    try:
        read = date.fromisoformat(day) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", day) else None
    except ValueError:
        read = None
    if read is None:
        return f"column '{column}': {day!r} is no day written YYYY-MM-DD. Write the first day of the quarter."
    if read != calendar.quarter_start(read):
        start = calendar.quarter_start(read)
        begins = f"no quarter of the fiscal calendar begins on {day}"
        return (
            f"column '{column}': {begins}; it lies in {calendar.label(read)}, which begins on {start}. Write that day."
        )
    return None


def _is_amount(text: str) -> bool:
    try:
        amount = Decimal(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else None
    except InvalidOperation:
        return False
    return amount is not None and amount >= 0
