"""The days on which files reached us: by the day of the load, or by what a manifest beside them says.

Belongs here: the days of a month that follow from when it is loaded, and reading a manifest, which is as strange a file
as any other. Does not belong here: how days are kept (raw_tables.py), and what follows from them (the marts).
"""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from orchestration.ingestion.folder import last_day
from orchestration.ingestion.snapshots import (
    FileRefusedError,
    Limits,
    RefusedRow,
    escape_controls,
    row_as_text,
    take_snapshot,
)

COLUMNS = ("file_name", "delivered_on")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SHOWN = 80  # characters of a cell in a message


@dataclass(frozen=True)
class Manifest:
    """What a manifest says of the files beside it."""

    sha256: str
    days: dict[str, date]  # by file name
    refused: list[RefusedRow]


def day_of_loading(month: date, loaded_on: date, limits: Limits) -> date:
    """Tell on which day a file of a month counts as delivered when it is first landed and no manifest names it.

    Args:
        month: first day of the month.
        loaded_on: the day of the load.
        limits: say how long after its end a month is still loaded as it comes.

    Returns:
        The day of the load, which may lie after the month; the month's last day when it is loaded later than that.
        The month's first day where it has begun elsewhere and not yet here.
    """
    if loaded_on > last_day(month) + timedelta(days=limits.backfilled_after_days):
        return last_day(month)
    return max(loaded_on, month)


def as_of_day(month: date, loaded_on: date) -> date:
    """Tell which day counts as today in a month's figures.

    Args:
        month: first day of the month.
        loaded_on: the day of the load.

    Returns:
        The month's last day; while it is running, the day of the load.
    """
    return max(min(loaded_on, last_day(month)), month)


def read_manifest(
    path: Path, folder: Path, month: date, loaded_on: date, file_names: Iterable[str], limits: Limits
) -> Manifest:
    """Read what a manifest says of the files beside it.

    Args:
        path: the manifest, a CSV file with the columns file_name and delivered_on.
        folder: for private copies; only we can read it.
        month: first day of the month.
        loaded_on: today.
        file_names: of the files beside it.
        limits: bounds of what a file may be.

    Returns:
        What it says; a file that a refused row names is as if no manifest named it.

    Raises:
        FileRefusedError: the manifest cannot be used as a whole.
    """
    bounds = replace(limits, max_file_bytes=limits.max_manifest_bytes)
    snapshot = take_snapshot(path, folder, bounds)
    text = snapshot.path.read_bytes()
    remedy = f"Write it as CSV in UTF-8 with the header {','.join(COLUMNS)} and one row per file, then run again."
    try:
        reader = csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), strict=True)
        header = next(reader, [])
        rows = [(reader.line_num, row) for row in reader]
    except UnicodeDecodeError as error:
        raise FileRefusedError("manifest_not_readable", "The manifest is not in UTF-8.", remedy) from error
    except csv.Error as error:
        raise FileRefusedError("manifest_not_readable", "The manifest cannot be read as CSV.", remedy) from error
    names = [cell.strip().lower() for cell in header]
    if sorted(names) != sorted(COLUMNS):
        shown = escape_controls(", ".join(header))[:_SHOWN]
        raise FileRefusedError(
            "manifest_columns", f"The columns of the manifest are '{shown}', not {' and '.join(COLUMNS)}.", remedy
        )
    if len(rows) > limits.max_files:
        raise FileRefusedError(
            "manifest_too_long",
            f"The manifest has {len(rows):,} rows; a folder has at most {limits.max_files:,} files of a list.",
            remedy,
        )
    known = set(file_names)
    listed = Counter(row[names.index("file_name")].strip() for _, row in rows if len(row) == len(COLUMNS))
    days: dict[str, date] = {}
    refused: list[RefusedRow] = []
    for number, row in rows:
        if not any(cell.strip() for cell in row):
            continue
        cells = dict(zip(names, (cell.strip() for cell in row), strict=False))
        name = cells["file_name"] if len(row) == len(COLUMNS) else ""
        if problem := _problem_of(row, cells, month, loaded_on, known, listed[name]):
            refused.append(_refused(number, row, *problem))
        else:
            days[name] = date.fromisoformat(cells["delivered_on"])
    return Manifest(snapshot.sha256, days, refused)


Problem = tuple[str, str | None, str, str]  # rule, column, reason, remedy


def _problem_of(
    row: Sequence[str], cells: dict[str, str], month: date, loaded_on: date, known: set[str], count: int
) -> Problem | None:
    """Say what is wrong with a row of a manifest."""
    if len(row) != len(COLUMNS):
        cut = "Give every row its two cells, then run again."
        return "manifest_row_width", None, f"the row has {len(row)} cells and the header {len(COLUMNS)}.", cut
    name, day = cells["file_name"], cells["delivered_on"]
    if name not in known:
        rename = "Write the name of the file as it lies in the folder, then run again."
        return "manifest_unknown_file", "file_name", f"no file '{_shown(name)}' lies beside the manifest.", rename
    if count > 1:
        keep = "Keep one row per file, then run again."
        return "manifest_file_twice", "file_name", f"'{_shown(name)}' has {count} rows.", keep
    if found := _problem_of_day(day, month, loaded_on):
        correct = f"Write the day on which the file came, {month} or later and not after today, then run again."
        return found[0], "delivered_on", found[1], correct
    return None


def _problem_of_day(day: str, month: date, loaded_on: date) -> tuple[str, str] | None:
    """Say why a file cannot have come on a day: the rule and the reason."""
    try:
        delivered_on = date.fromisoformat(day) if _DAY.fullmatch(day) else None
    except ValueError:
        delivered_on = None
    if delivered_on is None:
        return "manifest_unreadable_day", f"'{_shown(day)}' is no day written YYYY-MM-DD."
    if delivered_on > loaded_on:
        return "manifest_future_day", f"{day} is still to come: today is {loaded_on}."
    if delivered_on < month:
        return "manifest_day_before_month", f"{day} is before the month of the list, {month:%Y-%m}."
    return None


def _refused(number: int, row: Sequence[str], rule: str, column: str | None, reason: str, remedy: str) -> RefusedRow:
    place = f"Row {number}, column '{column}': " if column else f"Row {number}: "
    return RefusedRow(number, row_as_text(row), rule, place + reason, remedy, column, row_as_text(row))


def _shown(cell: str) -> str:
    return escape_controls(cell if len(cell) <= _SHOWN else cell[:_SHOWN] + "…")
