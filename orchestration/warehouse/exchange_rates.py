"""Exchange rates of a workspace from the file that the European Central Bank publishes.

Belongs here: reading that file and writing monthly rates into `seeds/reference/exchange_rates.csv`. Does not belong
here: fetching it (nothing is downloaded), and which rate counts for an amount (macros/values.sql).

The file is `eurofxref-hist.csv`, or the zip it comes in: a column per currency, a row per day, each cell what one euro
was worth in that currency, `N/A` where nobody quoted it. A month's rate is the mean of its days, as deals close on any
of them.
"""

import csv
import io
import re
import zipfile
import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path

from orchestration.settings import RefusedError
from orchestration.warehouse.company_settings import vars_of_project
from orchestration.warehouse.seeds import numbered_rows, write_rows

SEED = Path("reference") / "exchange_rates.csv"
_COLUMNS = ("month", "currency", "usd_per_unit", "source")
# What a row of the seed says of itself when it came from here; rows that say otherwise are the company's own.
SOURCE = "ECB reference rates"
# Twenty-five years of days are one megabyte; what unpacks to more is something else.
MOST_BYTES = 50_000_000
_RATE = re.compile(r"\d{1,9}(\.\d{1,8})?", flags=re.ASCII)
_NOT_QUOTED = ("N/A", "")
_FETCH = "Take eurofxref-hist.zip of the ECB's page of euro foreign exchange reference rates"


@dataclass(frozen=True)
class MonthlyRate:
    """What one unit of a currency was worth in US dollars, over the quoted days of a month."""

    month: date
    currency: str
    usd_per_unit: Decimal
    day_count: int
    last_day: date

    @property
    def source(self) -> str:
        """Say where the rate comes from."""
        days = "1 day" if self.day_count == 1 else f"{self.day_count} days"
        return f"{SOURCE}, mean of {days} to {self.last_day}"


def monthly_rates(file: Path) -> list[MonthlyRate]:
    """Read the ECB's file as monthly rates to the US dollar.

    Args:
        file: `eurofxref-hist.csv`, or a zip with it.

    Returns:
        One per month of the calendar and currency, the euro among them and the dollar not, by month, then currency.

    Raises:
        RefusedError: it is no such file, or has none of these months; the message says which row and column, and
            what to do.
    """
    first_month = date.fromisoformat(str(vars_of_project()["first_calendar_month"]))
    sums: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
    days: dict[tuple[date, str], list[date]] = defaultdict(list)
    for day, per_euro in _days(file):
        dollars = per_euro.pop("USD", None)
        if dollars is None or day < first_month:  # without dollars nothing of that day can be said in them
            continue
        for currency, units in {"EUR": Decimal(1), **per_euro}.items():
            sums[day.replace(day=1), currency] += dollars / units
            days[day.replace(day=1), currency].append(day)
    if not sums:
        raise RefusedError(f"{file} has no rate of {first_month:%Y-%m} or later. {_FETCH}.")
    return [
        MonthlyRate(month, currency, round(total / len(quoted), 8), len(quoted), max(quoted))
        for (month, currency), total in sorted(sums.items())
        if (quoted := days[month, currency])
    ]


def write_rates(seeds: Path, rates: Sequence[MonthlyRate]) -> str:
    """Put rates into the seed of a workspace, in place of those that were loaded before.

    Args:
        seeds: the workspace's own. Rows of its seed that came from elsewhere stay, and win.
        rates: of the ECB's file; at least one.

    Returns:
        A sentence on what the seed has now.
    """
    own = [row for _, row in numbered_rows(seeds / SEED) if not row.get("source", "").startswith(SOURCE)]
    taken = {(row.get("month"), row.get("currency", "").upper()) for row in own}
    loaded = [
        dict(zip(_COLUMNS, (rate.month.isoformat(), rate.currency, f"{rate.usd_per_unit:f}", rate.source), strict=True))
        for rate in rates
        if (rate.month.isoformat(), rate.currency) not in taken
    ]
    # A column that nobody knows is left for the next run to refuse by its name.
    columns = list(dict.fromkeys([*_COLUMNS, *(name for row in own for name in row)]))
    write_rows(seeds / SEED, columns, [*own, *loaded])
    kept = f" {len(own)} rows of your own stay, and win." if own else ""
    currencies = ", ".join(sorted({rate.currency for rate in rates}))
    return (
        f"{seeds / SEED}: rates of {currencies} from {rates[0].month:%Y-%m} to "
        f"{rates[-1].month:%Y-%m}, each the mean of its month's days; the last day is "
        f"{max(rate.last_day for rate in rates)}.{kept}"
    )


def _days(file: Path) -> Iterator[tuple[date, dict[str, Decimal]]]:
    """Read each day of the file: what a euro was worth in each currency that was quoted."""
    try:
        rows = list(csv.reader(io.StringIO(_text(file), newline="")))
    except csv.Error as problem:
        raise RefusedError(f"{file} cannot be read as CSV ({problem}). {_FETCH}.") from problem
    header = [cell.strip() for cell in rows[0]] if rows else []
    currencies = _currencies(file, header)
    seen: dict[date, int] = {}
    for line, row in enumerate(rows[1:], start=2):
        if not any(cell.strip() for cell in row):
            continue
        where = f"{file}, row {line}, column"
        day = _day(row[0].strip())
        if day is None:
            raise RefusedError(f"{where} 'Date': {row[0][:40]!r} is no day written YYYY-MM-DD. {_FETCH}.")
        if day in seen:
            raise RefusedError(f"{where} 'Date': {day} stands in row {seen[day]} already. {_FETCH}.")
        seen[day] = line
        if any(cell.strip() for cell in row[len(header) :]):
            raise RefusedError(f"{where} {len(header) + 1}: the row has more cells than the header. {_FETCH}.")
        per_euro = {}
        for place, currency in currencies.items():
            text = row[place].strip() if place < len(row) else ""
            if text in _NOT_QUOTED:
                continue
            if not _RATE.fullmatch(text) or not Decimal(text):
                raise RefusedError(f"{where} {currency!r}: {text[:40]!r} is no rate above 0. {_FETCH}.")
            per_euro[currency] = Decimal(text)
        yield day, per_euro


def _currencies(file: Path, header: Sequence[str]) -> dict[int, str]:
    """Find the column of each currency; the last one of the ECB's file is empty."""
    if not header or header[0] != "Date":
        first = header[0][:40] if header else ""
        raise RefusedError(f"{file}, row 1, column 1: the header is {first!r}, not Date. {_FETCH}.")
    found = {place: name for place, name in enumerate(header) if place and name}
    for place, name in found.items():
        if not re.fullmatch("[A-Z]{3}", name):
            raise RefusedError(f"{file}, row 1, column {place + 1}: {name[:40]!r} is no code of a currency. {_FETCH}.")
        if (earlier := header.index(name)) != place:
            raise RefusedError(
                f"{file}, row 1, column {place + 1}: {name} stands in column {earlier + 1} already. {_FETCH}."
            )
    if "USD" not in header:
        raise RefusedError(f"{file}, row 1: there is no column USD, and amounts are counted in US dollars. {_FETCH}.")
    return found


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text, flags=re.ASCII) else None
    except ValueError:
        return None


def _text(file: Path) -> str:
    """The words of the file, or of the one CSV in the zip."""
    if not file.is_file():
        raise RefusedError(f"{file} is not there. {_FETCH}, and say where it lies.")
    try:
        if not zipfile.is_zipfile(file):
            with file.open("rb") as stream:
                content = stream.read(MOST_BYTES + 1)
        else:
            with zipfile.ZipFile(file) as archive:
                names = [name for name in archive.namelist() if name.lower().endswith(".csv")]
                if len(names) != 1:
                    raise RefusedError(f"{file} has {len(names)} CSV files in it, and one is expected. {_FETCH}.")
                with archive.open(names[0]) as stream:
                    content = stream.read(MOST_BYTES + 1)
        if len(content) > MOST_BYTES:
            raise RefusedError(
                f"{file} has more than {MOST_BYTES // 1_000_000} MB in it: these are no rates. {_FETCH}."
            )
        return content.decode("utf-8-sig")
    except (UnicodeDecodeError, zipfile.BadZipFile, zlib.error, RuntimeError, NotImplementedError) as problem:
        raise RefusedError(f"{file} cannot be read: it is no CSV and no zip with one. {_FETCH}.") from problem
