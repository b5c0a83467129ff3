"""The typed value readers: what each text means, what is left unread, and what must hold for every text."""

import datetime as dt
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs import bands, readers, values
from udfs.plugin import register


def read(reader: str, texts: list[str | None], option: str | None = None) -> list[object]:
    """Call a reader with one option for all texts, if it takes one."""
    array = pa.array(texts, pa.string())
    if reader in ("read_amount", "read_integer", "read_date", "read_dates"):
        result = getattr(values, reader)(array, pa.array([option] * len(texts), pa.string()))
    else:
        result = getattr(values, reader)(array)
    listed: list[object] = result.to_pylist()
    return listed


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1,234.50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1 234,50", "1234.50"),
        ("1\u202f234,50", "1234.50"),
        ("1'234.50", "1234.50"),
        ("CHF 1’000.-", "1000.00"),
        ("12,34,567.00", "1234567.00"),
        ("$1.2M", "1200000.00"),
        ("€ 3,5 Mio", "3500000.00"),
        ("250k", "250000.00"),
        ("TEUR 500", "500000.00"),
        ("5 億", "500000000.00"),
        ("1.25E+07", "12500000.00"),
        ("5,000,000", "5000000.00"),
        ("-250000", "-250000.00"),
        ("(1,200.00)", "-1200.00"),
        ("−5", "-5.00"),
        ("0.125", "0.12"),
        (" 12 ", "12.00"),
    ],
)
def test_amounts_with_one_meaning_are_read_whatever_the_files_mark(text: str, expected: str) -> None:
    for mark in (None, ".", ","):
        assert read("read_amount", [text], mark) == [Decimal(expected)]


@pytest.mark.parametrize(("text", "point", "comma"), [("1.234", "1.23", "1234"), ("1,234", "1234", "1.23")])
def test_an_amount_with_two_meanings_follows_the_mark_and_is_not_guessed(text: str, point: str, comma: str) -> None:
    assert read("read_amount", [text], None) == [None]
    assert read("read_amount", [text], ".") == [Decimal(point)]
    assert read("read_amount", [text], ",") == [Decimal(comma)]
    assert read("read_amount", ["(1,200)"], ".") == [Decimal("-1200")]


@pytest.mark.parametrize("text", ["abc", "1.2.3", "12 34", "5 %", "$1 €2", "9" * 20, "1,234,5", "2026-10-31", "=1+1"])
def test_what_is_no_amount_is_not_read(text: str) -> None:
    assert read("read_amount", [text], ".") == [None]


@pytest.mark.parametrize("text", ["n/a", "-", "", "  ", "NULL", "#N/A", "k.A."])
def test_missing_markers_are_missing_and_read_as_nothing(text: str) -> None:
    assert values.is_missing(pa.array([text])).to_pylist() == [True]
    for reader in ("read_amount", "read_integer", "read_date", "read_currency", "read_website_host"):
        assert read(reader, [text], None) == [None]


def test_currencies_are_read_from_amounts_and_from_columns() -> None:
    assert read("read_amount_currency", ["$1.2M", "3.000,00 EUR", "R$ 5", "12", None]) == [
        "USD",
        "EUR",
        "BRL",
        None,
        None,
    ]
    assert read("read_currency", ["eur", "€", "US$", "XBT", "Taler"]) == ["EUR", "EUR", "USD", None, None]


@pytest.mark.parametrize(
    "text",
    [
        *("2026-10-31", "2026/10/31", "31.10.2026", "31/10/2026", "10/31/2026", "31-Oct-2026", "Oct 31, 2026"),
        *("20261031", "2026-10-31T23:59:59.123Z", "2026-10-31 3:15:52", "2026-10-31T09:14:00.000+0000"),
        *("10/31/2026 2:30 PM", "31. Oktober 2026", "31 octobre 2026", "31 de octubre de 2026", "2026年10月31日"),
    ],
)
def test_dates_with_one_meaning_are_read_whatever_the_files_order(text: str) -> None:
    for order in (None, "dmy", "mdy", "ymd"):
        assert read("read_date", [text], order) == [dt.date(2026, 10, 31)]


def test_a_date_with_two_meanings_follows_the_order_and_is_not_guessed() -> None:
    assert read("read_date", ["03/04/2026"], None) == [None]
    assert read("read_date", ["03/04/2026"], "ymd") == [None]
    assert read("read_date", ["03/04/2026"], "dmy") == [dt.date(2026, 4, 3)]
    assert read("read_date", ["03.04.2026"], "mdy") == [dt.date(2026, 3, 4)]
    assert read("read_date", ["04/04/2026"], None) == [dt.date(2026, 4, 4)]


def test_several_days_of_one_cell_keep_their_places_and_are_read_together_or_not_at_all() -> None:
    first, second = dt.date(2026, 10, 31), dt.date(2026, 4, 3)
    assert read("read_dates", ["2026-10-31"], None) == [[first]]
    assert read("read_dates", [" 31.10.2026 ;03/04/2026"], "dmy") == [[first, second]]
    assert read("read_dates", ["31.10.2026; 03/04/2026"], None) == [None]
    assert read("read_dates", ["2026-10-31;;2026-04-03"], None) == [[first, None, second]]
    assert read("read_dates", ["2026-10-31; soon", None], None) == [None, None]


@pytest.mark.parametrize("text", ["2026-02-30", "31.04.2026", "4596", "31-10-26", "soon", "0000-01-01", "2026-13-01"])
def test_what_is_no_date_is_not_read(text: str) -> None:
    assert read("read_date", [text], "dmy") == [None]


def test_whole_numbers_are_read_and_ranges_are_not() -> None:
    texts: list[str | None] = ["1200", "1 200", "1200.0", "10k", "-5", "51-200", "10,000+", "many", "5.5"]
    assert read("read_integer", texts) == [1200, 1200, 1200, 10_000, -5, None, None, None, None]
    assert read("read_integer", ["1.200", "10,000"], None) == [1200, 10_000]
    assert read("read_integer", ["1.200", "10,000"], ",") == [1200, None]


@pytest.mark.parametrize(
    ("text", "host"),
    [
        ("http://WWW.Foo.com:80/x?y", "www.foo.com"),
        ("foo.com", "foo.com"),
        ("//foo.co.uk/", "foo.co.uk"),
        ("www.münchen.de", "www.münchen.de"),
        ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
        ("foo.com.", "foo.com"),
        ("foo", None),
        ("sales@foo.com", None),
        ("mailto:sales@foo.com", None),
        ("http://user:secret@foo.com/", None),
        ("203.0.113.7", None),
        ("http://[::1]/", None),
        ("foo.com; bar.com", "foo.com"),
        ('=HYPERLINK("http://foo.com")', None),
    ],
)
def test_websites_give_their_host(text: str, host: str | None) -> None:
    assert read("read_website_host", [text]) == [host]
    assert read("has_website_host", [text, None]) == [host is not None, False]


def test_yes_and_no_are_read_in_several_languages() -> None:
    assert read("read_boolean", ["TRUE", "ja", "0", "Non", "perhaps", None]) == [True, True, False, False, None, None]


def test_marks_and_orders_are_found_only_where_a_value_proves_them() -> None:
    assert values.decimal_marks_shown(pa.array(["1.234", "12"])) == set()
    assert values.decimal_marks_shown(pa.array(["1.234,50", "7"])) == {","}
    assert values.decimal_marks_shown(pa.array(["$1,234,567", "1,5"])) == {".", ","}
    assert values.date_orders_shown(pa.array(["03/04/2026"])) == set()
    assert values.date_orders_shown(pa.array(["31.10.2026", "10/31/2026", "2026-10-31"])) == {"dmy", "mdy", "ymd"}


def test_the_readers_give_the_same_in_sql() -> None:
    with duckdb.connect() as connection:
        register(connection)
        found = connection.execute(
            "select read_date('03/04/2026', null), read_date('03/04/2026', 'dmy'), read_amount('1.234,50', null), "
            "read_website_host('http://A.com/x'), read_boolean('ja'), read_integer_band('51-200', null), "
            "read_amount_band('> $1M', null), read_amount_currency('$3'), read_currency('€')"
        ).fetchall()
    read_in_sql = (None, dt.date(2026, 4, 3), Decimal("1234.50"), "a.com", True)
    band, open_band = {"least": 51, "most": 200}, {"least": Decimal("1000000.01"), "most": None}
    assert found == [(*read_in_sql, band, open_band, "USD", "EUR")]


@given(st.dates(min_value=dt.date(1900, 1, 1), max_value=dt.date(2199, 12, 31)))
def test_every_day_survives_every_way_of_writing_it(day: dt.date) -> None:
    texts: list[str | None] = [
        f"{day:%Y-%m-%d}",
        f"{day:%d.%m.%Y}",
        f"{day:%Y%m%d}",
        f"{day:%d-%b-%Y}",
        f"{day:%B %d, %Y}",
    ]
    assert read("read_date", texts, "dmy") == [day] * len(texts)
    assert read("read_date", [f"{day:%m/%d/%Y}"], "mdy") == [day]


@given(st.integers(min_value=-(10**13), max_value=10**13))
def test_every_amount_survives_both_ways_of_grouping_it(cents: int) -> None:
    amount = Decimal(cents) / 100
    english = f"{amount:,.2f}"
    german = english.translate(str.maketrans(",.", ".,"))
    for mark in (None, ".", ","):
        assert read("read_amount", [english, german, str(amount)], mark)[:2] == [amount, amount]


amounts_as_written = st.lists(
    st.one_of(
        st.none(),
        st.builds(
            "".join,
            st.tuples(
                st.sampled_from(["", "", "$", "€", "£", "EUR ", "USD", "US$ ", "CHF ", "(", "-", "+", "¥", " "]),
                st.from_regex(r"\A[0-9]{1,4}([.,' ]?[0-9]{1,3}){0,4}\Z"),
                st.sampled_from(
                    ["", "", "€", " EUR", " $", "USD", "k", " Mio €", ")", ".-", "e+03", " Taler", " GBP "]
                ),
            ),
        ),
        st.text("0123456789.,-+ $€EURUSDkM()", max_size=14),
    ),
    min_size=1,
)


@settings(deadline=None)  # a loaded machine is slower, not wrong
@given(amounts_as_written, st.sampled_from([None, ".", ","]))
def test_amounts_read_by_column_are_those_read_one_by_one(texts: list[str | None], mark: str | None) -> None:
    stripped = [None if text is None else text.strip() for text in texts]
    assert read("read_amount_currency", texts) == [bands.band_currency_of(text) for text in stripped]
    assert read("read_amount", texts, mark) == [readers.amount_of(text, mark) for text in stripped]


@settings(deadline=None)  # as above
@given(st.lists(st.one_of(st.none(), st.text(max_size=30))), st.sampled_from([None, ".", ","]))
def test_no_text_breaks_a_reader_and_each_text_reads_the_same_alone(texts: list[str | None], mark: str | None) -> None:
    texts = [None if text is None else text.encode("utf-8", "ignore").decode() for text in texts]
    order = {None: None, ".": "mdy", ",": "dmy"}[mark]
    for reader, option in (("read_amount", mark), ("read_integer", mark), ("read_date", order), ("read_boolean", None)):
        together = read(reader, texts, option)
        assert together == [read(reader, [text], option)[0] for text in texts]
    assert len(read("read_website_host", texts)) == len(texts)
