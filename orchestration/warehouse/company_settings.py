"""The settings of a company: which there are, what they may be, and which of them a workspace has changed.

Belongs here: type, unit and bounds of each setting, once; reading `seeds/company/settings.csv`, and refusing rows that
cannot be used before anything is built. Does not belong here: the defaults with their evidence (vars of
dbt_project.yml), rules that are tables (their seeds), where files are (orchestration/settings.py).
"""

import csv
import difflib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

import yaml

from orchestration.settings import DBT_PROJECT_DIR, SHIPPED_SEEDS, RefusedError
from orchestration.warehouse.seeds import numbered_rows

NAME = "settings.csv"
Value = int | Decimal | str


@dataclass(frozen=True)
class Kind:
    """What the values of a setting are: a number within bounds, or one of some words."""

    unit: str
    least: Decimal = Decimal(1)
    most: Decimal = Decimal(0)
    words: tuple[str, ...] = ()

    @property
    def is_whole(self) -> bool:
        """Whether only whole numbers are meant: of all but rates."""
        return self.unit != "rate"

    def read(self, text: str) -> Value | None:
        """Read a cell; null where it is no value of this kind.

        Args:
            text: without surrounding spaces.
        """
        if self.words:
            return text if text in self.words else None
        if not re.fullmatch(r"\d{1,12}" if self.is_whole else r"\d(\.\d{1,6})?", text, flags=re.ASCII):
            return None
        number = Decimal(text)
        if not self.least <= number <= self.most:
            return None
        return int(number) if self.is_whole else number

    @property
    def remedy(self) -> str:
        """Say what to write instead."""
        if self.words:
            return f"Write {' or '.join(self.words)}"
        number = "a whole number in digits" if self.is_whole else "a number with a point, such as 0.25,"
        return f"Write {number} from {self.least} to {self.most} ({self.unit})"


def _numbers(unit: str, least: str, most: str) -> Kind:
    return Kind(unit, Decimal(least), Decimal(most))


_RATE = _numbers("rate", "0", "1")
# What is divided by it has none at zero.
_SHARE = _numbers("rate", "0.01", "1")
_USD = _numbers("USD", "1", "1000000000")
_DAYS = _numbers("days", "1", "3650")
_ACCOUNTS = _numbers("accounts", "1", "10000")
_LEVEL = _numbers("level", "1", "5")
_POINTS = _numbers("points", "0", "100")

# By the name of the var that has the default. What each means stands in the shipped seed, where a person reads it.
COMPANY_SETTINGS = {
    "acv_usd": _USD,
    "acv_tolerance_rate": _RATE,
    "review_pipeline_usd_per_point": _USD,
    "coverage_high_rate": _RATE,
    "coverage_medium_rate": _RATE,
    "top_account_count": _ACCOUNTS,
    "focused_account_count": _ACCOUNTS,
    "first_touch_days": _DAYS,
    "contacted_days": _DAYS,
    "won_days": _DAYS,
    "stalled_days": _DAYS,
    "renewal_days": _DAYS,
    "sales_cycle_from": Kind("word", words=("lead", "creation")),
    "icp_least_known_rate": _RATE,
    "icp_strong_rate": _RATE,
    "icp_moderate_rate": _RATE,
    "strong_alignment_overlap_rate": _RATE,
    "matching_persona_level": _LEVEL,
    "aligned_attribute_level": _LEVEL,
    "white_space_customer_count": _numbers("customers", "1", "1000000"),
    "complementary_account_count": _ACCOUNTS,
    "partner_full_overlap_rate": _SHARE,
    "partner_full_pipeline_rate": _SHARE,
    "partner_full_seller_count": _numbers("sellers", "1", "100000"),
    "partner_recruit_score": _POINTS,
    "partner_nurture_score": _POINTS,
    "referral_overlap_score": _POINTS,
    "concentration_rate": _SHARE,
    "least_shared_count": _numbers("accounts", "2", "1000"),
}
# The first of each pair is never above the second, else a band would be empty.
_ASCENDING = (
    ("coverage_medium_rate", "coverage_high_rate"),
    ("icp_moderate_rate", "icp_strong_rate"),
    ("partner_nurture_score", "partner_recruit_score"),
)


@dataclass(frozen=True)
class SettingInForce:
    """A setting as a run has it."""

    name: str
    value: Value
    default: Value
    unit: str
    meaning: str

    @property
    def is_default(self) -> bool:
        """Whether the company has it as the release does."""
        return self.value == self.default


def settings_in_force(company: Path) -> list[SettingInForce]:
    """Tell every setting of a company as it is in force.

    Args:
        company: folder of the company's seeds.

    Returns:
        In the order in which a new workspace lists them.

    Raises:
        RefusedError: a row cannot be used.
    """
    chosen = read_company_settings(company)
    return [
        SettingInForce(name, chosen.get(name, default_of(name)), default_of(name), row["unit"], row["meaning"])
        for _, row in numbered_rows(SHIPPED_SEEDS / "company" / NAME)
        if (name := row["name"])
    ]


def read_company_settings(company: Path) -> dict[str, Value]:
    """Read what a company has set.

    Args:
        company: folder of the company's seeds.

    Returns:
        Values by name; not of those whose value is blank, nor of those that have no row: there the default holds.

    Raises:
        RefusedError: the file or a row of it cannot be used; each is named by line and column, with what to do.
    """
    file = company / NAME
    values: dict[str, Value] = {}
    lines: dict[str, int] = {}
    problems = []
    for line, row in _rows(file):
        name, text, unit = (row.get(column, "") for column in ("name", "value", "unit"))
        place = f"{file}, line {line}, column"
        if name not in COMPANY_SETTINGS:
            problems.append(f"{place} 'name': {_unknown(name)}")
            continue
        kind = COMPANY_SETTINGS[name]
        value = kind.read(text) if text else None
        if name in lines:
            problems.append(f"{place} 'name': {name} stands in line {lines[name]} already. Keep one of the two.")
        elif unit not in ("", kind.unit):
            problems.append(f"{place} 'unit': {name} is said in {kind.unit}, not in {unit!r}. Correct unit and value.")
        elif text and value is None:
            problems.append(
                f"{place} 'value': {text!r} is no value of {name}. {kind.remedy}, or nothing for the default."
            )
        elif value is not None:
            values[name] = value
        lines.setdefault(name, line)
    if not problems:
        problems = [f"{file}, {problem}" for problem in _out_of_order(values, lines)]
    if problems:
        raise RefusedError("\n".join([*problems, "Nothing was built."]))
    return values


def as_vars(values: Mapping[str, Value]) -> dict[str, int | str]:
    """Put settings as dbt takes vars.

    Args:
        values: by name.

    Returns:
        The same; a rate is the text of its digits, for a float would be written otherwise when it is small.
    """
    return {name: f"{value:f}" if isinstance(value, Decimal) else value for name, value in values.items()}


def default_of(name: str) -> Value:
    """Read the default of a setting from dbt_project.yml.

    Args:
        name: of the setting.
    """
    default = vars_of_project()[name]
    return default if isinstance(default, str) or COMPANY_SETTINGS[name].is_whole else Decimal(str(default))


@cache
def vars_of_project() -> dict[str, int | str]:
    """Read the vars of dbt_project.yml, by name."""
    project = yaml.safe_load((DBT_PROJECT_DIR / "dbt_project.yml").read_text(encoding="utf-8"))
    found: dict[str, int | str] = project["vars"]
    return found


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    """Rows of the file with their lines, those without any cell left out."""
    try:
        rows = [(line, row) for line, row in numbered_rows(file) if any(row.values())]
    except (UnicodeDecodeError, csv.Error) as problem:
        raise RefusedError(f"{file} is no CSV written in UTF-8. Save it as CSV UTF-8, then run again.") from problem
    for column in ("name", "value"):
        if rows and column not in rows[0][1]:
            raise RefusedError(
                f"{file}, line 1: there is no column {column!r}. Write name,value,unit,meaning as the first line, and "
                "separate cells by commas, then run again."
            )
    return rows


def _unknown(name: str) -> str:
    """Say that there is no such setting, and which one may be meant."""
    if name in vars_of_project():
        return (
            f"{name!r} is no company's setting: it says how companies are matched or figures are worked out, and "
            "stands with its evidence in dbt_project/dbt_project.yml. Take the row away."
        )
    near = difflib.get_close_matches(name.casefold(), COMPANY_SETTINGS, n=1, cutoff=0.5)
    meant = f"did you mean {near[0]}?" if near else f"known are {', '.join(COMPANY_SETTINGS)}."
    return f"no setting is called {name!r}; {meant} Correct the name, or take the row away."


def _out_of_order(values: Mapping[str, Value], lines: Mapping[str, int]) -> Iterator[str]:
    """Find bands whose lower mark lies above the upper one."""
    for low, high in _ASCENDING:
        marks = [values.get(name, default_of(name)) for name in (low, high)]
        if Decimal(marks[0]) > Decimal(marks[1]):
            yield (
                f"line {lines[low if low in values else high]}, column 'value': {low} is {marks[0]} and {high} "
                f"{marks[1]}, which leaves nothing between the two. Correct one of them."
            )
