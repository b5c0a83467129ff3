"""Bands of figures: which ends a text states, what is no band, and what must hold for every text.

Belongs here: one text, and a column of them. Does not belong here: exact figures (test_values.py).
"""

from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs import values
from udfs.bands import (
    amount_band_of,
    band_currency_of,
    integer_band_of,
    is_made_a_date,
    is_upside_down,
    is_without_unit,
)
from udfs.readers import amount_of, integer_of

MARKS = (None, ".", ",")


@pytest.mark.parametrize(
    ("text", "ends"),
    [
        ("51-200", (51, 200)),
        ("50–249", (50, 249)),
        ("1001 - 5000 employees", (1001, 5000)),
        ("1'001 – 5'000", (1001, 5000)),
        ("51 bis 200", (51, 200)),
        ("von 51 bis 200 Mitarbeitern", (51, 200)),
        ("51 à 200 salariés", (51, 200)),
        ("entre 51 y 200", (51, 200)),
        ("between 51 and 200", (51, 200)),
        ("51人～200人", (51, 200)),
        ("1-5k", (1000, 5000)),
        # the figure itself belongs to the band, or does not
        ("10000+", (10_000, None)),
        ("500 or more", (500, None)),
        ("at least 500", (500, None)),
        ("≥ 500", (500, None)),
        ("more than 500", (501, None)),
        ("über 500", (501, None)),
        ("up to 10", (None, 10)),
        ("bis zu 10", (None, 10)),
        ("< 10", (None, 9)),
        ("moins de 10 salariés", (None, 9)),
        # an exact number is a band as well
        ("200", (200, 200)),
        ("200 employees", (200, 200)),
        ("10k", (10_000, 10_000)),
    ],
)
def test_a_band_of_numbers_is_read_as_least_and_most(text: str, ends: tuple[int | None, int | None]) -> None:
    for mark in MARKS:
        assert integer_band_of(text, mark) == ends


def test_a_mark_in_a_band_of_numbers_groups_unless_the_file_says_otherwise() -> None:
    assert integer_band_of("1,001 - 5,000 employees", None) == (1001, 5000)
    assert integer_band_of("1.001-5.000", None) == (1001, 5000)
    assert integer_band_of("1.001-5.000", ",") == (1001, 5000)
    assert integer_band_of("1.001-5.000", ".") is None


@pytest.mark.parametrize(
    ("text", "least", "most", "currency"),
    [
        ("$10M-$50M", "10000000", "50000000", "USD"),
        ("$1 - $10 million", "1000000", "10000000", "USD"),
        ("1M–5M EUR", "1000000", "5000000", "EUR"),
        ("100 million to 500 million", "100000000", "500000000", None),
        ("10-50 Mio. €", "10000000", "50000000", "EUR"),
        ("1,5 bis 5 Mrd. EUR", "1500000000", "5000000000", "EUR"),
        ("CHF 1'000.- bis 5'000.-", "1000", "5000", "CHF"),
        ("$0 - $1M", "0", "1000000", "USD"),
        ("> $1B", "1000000000.01", None, "USD"),
        ("1B+ USD", "1000000000", None, "USD"),
        ("10+ Mio. EUR", "10000000", None, "EUR"),
        ("Under $1M", None, "999999.99", "USD"),
        ("€ 3,5 Mio", "3500000", "3500000", "EUR"),
        # a multiplier behind one end alone is that of both, unless the band would be upside down or wider with it
        ("500000-1M", "500000", "1000000", None),
        ("10M-50", "10000000", "50000000", None),
        ("5M-10000000", "5000000", "10000000", None),
    ],
)
def test_a_band_of_amounts_shares_multiplier_and_currency(
    text: str, least: str | None, most: str | None, currency: str | None
) -> None:
    ends = tuple(None if end is None else Decimal(end) for end in (least, most))
    for mark in MARKS:
        assert amount_band_of(text, mark) == ends
    assert band_currency_of(text) == currency


def test_a_band_of_amounts_with_two_meanings_follows_the_mark_and_is_not_guessed() -> None:
    assert amount_band_of("$1,000-$5,000", None) is None
    assert amount_band_of("$1,000-$5,000", ".") == (Decimal(1000), Decimal(5000))
    assert amount_band_of("$1,000-$5,000", ",") == (Decimal(1), Decimal(5))
    assert values.decimal_marks_shown(pa.array(["$500,000 - $1,000,000"])) == {"."}


@pytest.mark.parametrize(
    "text",
    [
        *("10-20-30", "about 50", "Self-employed", "5+ years", "10.5-20", "-", "employees", "1M EUR - 5M USD", "%-%"),
        *("> 9223372036854775807", "9223372036854775807-9223372036854775808"),
    ],
)
def test_what_is_no_band_is_not_read(text: str) -> None:
    assert (integer_band_of(text, "."), is_upside_down(text), is_made_a_date(text)) == (None, False, False)


@pytest.mark.parametrize("text", ["200-51", "$50M - $10M", "500 bis 50", "2026-10"])
def test_a_band_upside_down_is_not_read_and_known_as_one(text: str) -> None:
    assert (integer_band_of(text, None), amount_band_of(text, None)) == (None, None)
    assert is_upside_down(text)


@pytest.mark.parametrize(
    "text", ["10-Nov", "Nov-50", "10. Nov", "Nov 50", "okt.-20", "10月11日", "1950-11-01 00:00:00", "10.11.2026"]
)
def test_a_band_that_a_spreadsheet_has_made_a_date_is_not_read_and_known_as_one(text: str) -> None:
    assert (integer_band_of(text, None), amount_band_of(text, None)) == (None, None)
    assert is_made_a_date(text)


@pytest.mark.parametrize("text", ["51-200", "200-51", "45000.5", "20261110", "Foo-10", "more than 500"])
def test_a_figure_or_band_is_no_date(text: str) -> None:
    assert not is_made_a_date(text)


def test_a_unit_in_the_header_is_for_bands_that_name_none() -> None:
    texts = ("10-50", "10+", "> 5", "10M-50M", "$10-50", "10", "50-", "abc")
    assert [text for text in texts if is_without_unit(text)] == ["10-50", "10+", "> 5"]


written = st.one_of(
    st.text(max_size=30),
    st.builds(
        "{}{}{}{}{}".format,
        st.sampled_from(["", "$", "> ", "<", "more than ", "bis ", "between ", "€", "-"]),
        st.sampled_from(["0", "5", "51", "1,001", "1.000", "10.5", "5M", "2 Mrd"]),
        st.sampled_from(["", "-", " - ", "–", " to ", " bis ", " and ", "+"]),
        st.sampled_from(["", "7", "200", "5,000", "1M", "Nov"]),
        st.sampled_from(["", "+", " Mio. EUR", "k", " employees", " or more"]),
    ),
)


@settings(deadline=None)  # a loaded machine is slower, not wrong
@given(written, st.sampled_from(MARKS))
def test_the_least_is_never_above_the_most_and_an_exact_figure_is_both(text: str, mark: str | None) -> None:
    for ends, figure in (
        (integer_band_of(text, mark), integer_of(text, mark)),
        (amount_band_of(text, mark), amount_of(text, mark)),
    ):
        known = [end for end in ends or () if end is not None]
        assert (ends is None) == (not known)
        assert known == sorted(known)
        assert figure is None or ends == (figure, figure)


@settings(deadline=None)  # as above
@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.sampled_from(["{:,}-{:,}", "{:,} to {:,}", "{:,} – {:,} employees"]),
)
def test_every_band_survives_every_way_of_writing_it(one: int, other: int, form: str) -> None:
    least, most = sorted((one, other))
    english = form.format(least, most)
    german = english.replace(",", ".")
    assert integer_band_of(english, ".") == integer_band_of(german, ",") == (least, most)
    assert is_upside_down(form.format(most, least)) == (least < most)


@settings(deadline=None)  # as above
@given(st.lists(st.one_of(st.none(), written)), st.sampled_from(MARKS))
def test_bands_read_by_column_are_those_read_one_by_one(texts: list[str | None], mark: str | None) -> None:
    texts = [None if text is None else text.encode("utf-8", "ignore").decode().strip() for text in texts]
    cells, marks = pa.array(texts, pa.string()), pa.array([mark] * len(texts), pa.string())
    for by_column, one_by_one in (
        (values.read_integer_band, integer_band_of),
        (values.read_amount_band, amount_band_of),
    ):
        read = [None if ends is None else tuple(ends.values()) for ends in by_column(cells, marks).to_pylist()]
        assert read == [one_by_one(text, mark) for text in texts]
    assert values.read_amount_currency(cells).to_pylist() == [band_currency_of(text) for text in texts]
