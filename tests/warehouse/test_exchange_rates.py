"""The ECB's file of exchange rates: which monthly rates it gives, and which files are refused and in which words.

Belongs here: reading it and writing the seed. Does not belong here: which rate counts for an amount (dbt unit tests).
"""

import zipfile
from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.settings import RefusedError
from orchestration.warehouse.exchange_rates import SEED, monthly_rates, write_rates
from orchestration.warehouse.seeds import make_empty, numbered_rows, put_in_force

# As the ECB writes it: the newest day first, a comma at the end of each line, currencies that are gone as N/A.
PUBLISHED = """Date,USD,JPY,GBP,CYP,
2026-10-02,1.00,N/A,1.0000,N/A,
2026-10-01,1.20,150,0.8,N/A,
2026-09-30,1.10,160.00,0.88,N/A,
2019-12-31,1.1234,121.94,0.8508,N/A,
"""


def write(folder: Path, content: str = PUBLISHED) -> Path:
    file = folder / "eurofxref-hist.csv"
    file.write_text(content, encoding="utf-8")
    return file


def test_a_month_is_the_mean_of_its_days_in_dollars_for_one_unit(tmp_path: Path) -> None:
    found = [
        (f"{rate.month:%Y-%m}", rate.currency, rate.usd_per_unit, rate.source)
        for rate in monthly_rates(write(tmp_path))
    ]
    assert found == [
        ("2026-09", "EUR", Decimal("1.1"), "ECB reference rates, mean of 1 day to 2026-09-30"),
        ("2026-09", "GBP", Decimal("1.25"), "ECB reference rates, mean of 1 day to 2026-09-30"),
        ("2026-09", "JPY", Decimal("0.006875"), "ECB reference rates, mean of 1 day to 2026-09-30"),
        ("2026-10", "EUR", Decimal("1.1"), "ECB reference rates, mean of 2 days to 2026-10-02"),
        # 1.20 / 0.8 = 1.5 and 1.00 / 1 = 1, of which the mean is 1.25; not 1.1 / 0.9
        ("2026-10", "GBP", Decimal("1.25"), "ECB reference rates, mean of 2 days to 2026-10-02"),
        ("2026-10", "JPY", Decimal("0.008"), "ECB reference rates, mean of 1 day to 2026-10-01"),
    ]  # fmt: skip


def test_the_order_of_days_and_the_zip_change_nothing(tmp_path: Path) -> None:
    file = write(tmp_path)
    header, *days = PUBLISHED.splitlines()
    (tmp_path / "other").mkdir()
    other = write(tmp_path / "other", "\ufeff" + "\r\n".join([header, *reversed(days), "", ""]))
    packed = tmp_path / "eurofxref-hist.zip"
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.write(file, "eurofxref-hist.csv")
    assert monthly_rates(file) == monthly_rates(other) == monthly_rates(packed)


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("", "row 1, column 1: the header is '', not Date"),
        ("month,currency,usd_per_unit\n2026-10-01,EUR,1.1\n", "row 1, column 1: the header is 'month', not Date"),
        ("Date,JPY,GBP\n2026-10-01,1,1\n", "row 1: there is no column USD"),
        ("Date,USD,Pound\n2026-10-01,1,1\n", "row 1, column 3: 'Pound' is no code of a currency"),
        ("Date,USD,GBP,USD\n2026-10-01,1,1,1\n", "row 1, column 4: USD stands in column 2 already"),
        ("Date, USD, JPY, \n30 October 2026, 1.1, 160, \n", "row 2, column 'Date': '30 October 2026' is no day"),
        ("Date,USD\n2026-02-30,1.1\n", "row 2, column 'Date': '2026-02-30' is no day"),
        ("Date,USD\n2026-10-01,1.1\n\n2026-10-01,1.2\n", "row 4, column 'Date': 2026-10-01 stands in row 2 already"),
        ("Date,USD,GBP\n2026-10-01,1.1,=cmd|'/c x'!A\n", "row 2, column 'GBP': \"=cmd|'/c x'!A\" is no rate above 0"),
        ("Date,USD,GBP\n2026-10-01,1.1,0\n", "row 2, column 'GBP': '0' is no rate above 0"),
        ("Date,USD,GBP\n2026-10-01,1.1,-0.8\n", "row 2, column 'GBP': '-0.8' is no rate"),
        ("Date,USD,GBP\n2026-10-01,1.1,1e9\n", "row 2, column 'GBP': '1e9' is no rate"),
        ("Date,USD,GBP\n2026-10-01,1.1,0.8,9\n", "row 2, column 4: the row has more cells than the header"),
        ("Date,USD\n2019-12-31,1.1\n", "has no rate of 2020-01 or later"),
        ("Date,USD\n2026-10-01,N/A\n", "has no rate of 2020-01 or later"),
    ],
)  # fmt: skip
def test_a_file_that_is_none_of_the_ecbs_is_refused_by_row_and_column(tmp_path: Path, content: str, what: str) -> None:
    file = write(tmp_path, content)
    with pytest.raises(RefusedError) as refusal:
        monthly_rates(file)
    assert str(refusal.value).startswith(str(file))
    assert what in str(refusal.value)
    assert "Take eurofxref-hist.zip" in str(refusal.value)


def test_what_is_no_text_or_no_zip_with_one_file_is_refused(tmp_path: Path) -> None:
    binary = tmp_path / "rates.csv"
    binary.write_bytes(b"\x00\xff\xfe\x80")
    with zipfile.ZipFile(tmp_path / "none.zip", "w") as archive:
        archive.writestr("readme.txt", "nothing")
    whole = tmp_path / "broken.zip"
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("eurofxref-hist.csv", PUBLISHED)
    bytes_of = bytearray(whole.read_bytes())
    bytes_of[50:60] = b"\x00" * 10
    whole.write_bytes(bytes_of)
    for file, what in (
        (binary, "cannot be read: it is no CSV"),
        (tmp_path / "none.zip", "has 0 CSV files in it"),
        (whole, "cannot be read: it is no CSV"),
        (tmp_path / "gone.csv", "is not there"),
    ):
        with pytest.raises(RefusedError, match=what):
            monthly_rates(file)


def test_a_workspace_has_the_loaded_rates_and_its_own_and_never_the_demos(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    make_empty(seeds)
    assert list(numbered_rows(put_in_force(seeds, tmp_path / "var") / SEED)) == []
    (seeds / SEED).write_text(
        "month,currency,usd_per_unit\n2026-10-01,gbp,1.30\n2026-10-01,NOK,0.09\n", encoding="utf-8"
    )
    rates = monthly_rates(write(tmp_path))
    said = write_rates(seeds, rates)
    assert "rates of EUR, GBP, JPY from 2026-09 to 2026-10" in said and "2 rows of your own stay, and win." in said
    rows = [row for _, row in numbered_rows(put_in_force(seeds, tmp_path / "var") / SEED)]
    october = {row["currency"]: row["usd_per_unit"] for row in rows if row["month"] == "2026-10-01"}
    assert october == {"gbp": "1.30", "NOK": "0.09", "EUR": "1.10000000", "JPY": "0.00800000"}
    # Loaded once more, of a later file, they are renewed, and one's own stay.
    write_rates(seeds, [rate for rate in rates if rate.currency == "EUR"])
    rows = [row for _, row in numbered_rows(seeds / SEED)]
    assert [(row["currency"], row["month"]) for row in rows] == [
        ("gbp", "2026-10-01"), ("NOK", "2026-10-01"), ("EUR", "2026-09-01"), ("EUR", "2026-10-01"),
    ]  # fmt: skip
