"""Readers of typed values: text as people and systems write it, in; dates, amounts, numbers, hosts, out.

Belongs here: what a delivered text means as a value, for every language and spelling we read, and nothing that
depends on a file or a table. A text with two possible meanings (``03.04.2026``, ``1.234``) is read only when the
caller says which order or mark its file uses; otherwise the reader gives null: nothing is guessed.
Does not belong here: which values are acceptable (a negative amount is a readable amount), company names, domains.

All functions take and return Arrow arrays of one length. Each distinct text is parsed once.
"""

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from udfs.bands import amount_band_of, band_currency_of, integer_band_of
from udfs.readers import (
    MISSING_MARKERS,
    amount_of,
    boolean_of,
    currency_of,
    date_of,
    host_of,
    integer_of,
)

AMOUNT_TYPE = pa.decimal128(18, 2)


_PLAIN_AMOUNT = r"^-?\d{1,15}(\.\d{1,2})?$"
# Grouped amounts that have one meaning only, and those that need the file's mark.
_POINT_AMOUNT, _POINT_MAYBE = r"^-?\d{1,3}(,\d{3}){1,4}\.\d{1,2}$|^-?\d{1,3}(,\d{3}){2,4}$", r"^-?[1-9]\d{0,2},\d{3}$"
_COMMA_AMOUNT, _COMMA_MAYBE = r"^-?\d{1,3}(\.\d{3}){1,4},\d{1,2}$|^-?\d{1,3}(\.\d{3}){2,4}$", r"^-?[1-9]\d{0,2}\.\d{3}$"
# A positive amount with one of the usual currencies before or after it; what the figure means does not depend on that.
_ONE_CURRENCY = r"^(?:[$€£]|(?:EUR|USD|GBP|CHF) )(\d[\d.,]{0,40})$|^(\d[\d.,]{0,40}) ?(?:€|EUR|USD|GBP|CHF)$"
_PLAIN_INTEGER = r"^-?\d{1,18}$"
_ORDER_PROOFS = {
    "ymd": r"^\s*\d{4}([-/.]\d{1,2}[-/.]\d{1,2}|\d{4}\s*$|年)",
    "dmy": r"^\s*(1[3-9]|2\d|3[01])(?:[-/.](0?[1-9]|1[0-2])[-/.]\d{4}|[/.](0?[1-9]|1[0-2])[/.]\d{2}(\D|$))",
    "mdy": r"^\s*(0?[1-9]|1[0-2])(?:[-/.](1[3-9]|2\d|3[01])[-/.]\d{4}|[/.](1[3-9]|2\d|3[01])[/.]\d{2}(\D|$))",
}
_MARK_PROOFS = {
    ".": r"^\d{1,3}(,\d{2,3})*,\d{3}\.\d+$|^\d{1,3}(,\d{3}){2,}$|^\d*\.(\d{1,2}|\d{4,})$|^(0|\d{4,})?\.\d{3}$",
    ",": r"^\d{1,3}(\.\d{3})*\.\d{3},\d+$|^\d{1,3}(\.\d{3}){2,}$|^\d*,(\d{1,2}|\d{4,})$|^(0|\d{4,})?,\d{3}$",
}
_BETWEEN_FIGURES = r"[-–—]|\s(?:to|bis|à|a)\s"
_ISO_WITH_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"

_PLAIN_HOST = r"^(?:https?://)?(?P<host>(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})/?$"


def is_missing(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Tell which texts say that there is no value.

    Args:
        value: string array of n texts.

    Returns:
        Boolean array of n, never null: true for null, blank and the words of MISSING_MARKERS.
    """
    array = _flat(value)
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(array))
    markers = pa.array(sorted(MISSING_MARKERS), pa.string())
    return pc.or_(pc.is_null(array), pc.fill_null(pc.is_in(folded, value_set=markers), False))


def read_amount(value: pa.Array | pa.ChunkedArray, decimal_mark: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read amounts of money or other decimal figures, whatever the separators, currency and unit.

    Args:
        value: string array of n texts such as ``1,234.50``, ``1.234,50``, ``(1,200)``, ``$1.2M``.
        decimal_mark: string array of n: ``.``, ``,`` or null. Used only for texts that could be either
            (``1.234``); null leaves them unread.

    Returns:
        decimal(18,2) array of n; null where missing, unreadable, ambiguous or too large.
    """
    texts = pc.utf8_trim_whitespace(_flat(value))
    marks = _flat(decimal_mark)
    nothing = pa.scalar(None, pa.string())
    plain = _matches(texts, _PLAIN_AMOUNT)
    if not pc.all(plain).as_py():
        texts = pc.replace_substring_regex(texts, _ONE_CURRENCY, r"\1\2")
        plain = _matches(texts, _PLAIN_AMOUNT)
    digits = pc.if_else(plain, texts, nothing)
    if not pc.all(plain).as_py():
        # The common grouped forms, without Python: 1 million distinct ones would take 14 s one by one.
        point = pc.or_(_matches(texts, _POINT_AMOUNT), pc.and_(_matches(texts, _POINT_MAYBE), _equals(marks, ".")))
        comma = pc.or_(_matches(texts, _COMMA_AMOUNT), pc.and_(_matches(texts, _COMMA_MAYBE), _equals(marks, ",")))
        digits = pc.if_else(point, pc.replace_substring(texts, ",", ""), digits)
        unpointed = pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", ".")
        digits = pc.if_else(comma, unpointed, digits)
    easy = pc.cast(digits, AMOUNT_TYPE)
    hard = pc.and_(pc.is_valid(texts), pc.is_null(digits))
    if not pc.any(hard).as_py():
        return easy
    return pc.coalesce(easy, _each_distinct(pc.if_else(hard, texts, nothing), marks, amount_of, AMOUNT_TYPE))


def read_amount_band(value: pa.Array | pa.ChunkedArray, decimal_mark: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read amounts of which some are known roughly.

    Args:
        value: string array of n texts such as ``$10M-$50M``, ``> 1 Mrd.``, ``1.234,50``.
        decimal_mark: as for `read_amount`.

    Returns:
        Struct array of n: ``least`` and ``most``, decimal(18,2), alike for an exact amount, null where the band is
        open; null where neither amount nor band can be read.
    """
    return _bands(value, decimal_mark, read_amount(value, decimal_mark), amount_band_of)


def read_amount_currency(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read the currency that an amount, or a band of amounts, names itself.

    Args:
        value: string array of n amounts such as ``$1.2M``, ``3.000 EUR`` or ``$10M-$50M``.

    Returns:
        String array of n ISO 4217 codes (a bare ``$`` is USD, ``¥`` JPY); null where none is named.
    """
    texts = pc.utf8_trim_whitespace(_flat(value))
    texts = pc.if_else(_matches(texts, r"^[-+\d.,]*$"), pa.scalar(None, pa.string()), texts)
    # Digits name no currency, so one shape stands for all amounts that are written alike; a list has few shapes.
    shapes = pc.replace_substring_regex(texts, r"[1-9]", "0")
    return _each_distinct(shapes, None, band_currency_of, pa.string())


def read_currency(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read a currency column: a code or a symbol.

    Args:
        value: string array of n texts such as ``eur``, ``€``, ``US$``.

    Returns:
        String array of n ISO 4217 codes; null where missing or not a currency.
    """
    return _each_distinct(pc.utf8_trim_whitespace(_flat(value)), None, currency_of, pa.string())


def read_integer(value: pa.Array | pa.ChunkedArray, decimal_mark: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read whole numbers such as a head count.

    Args:
        value: string array of n texts such as ``1200``, ``1.200``, ``1,200``, ``1200.0``, ``10k``.
        decimal_mark: string array of n: ``.``, ``,`` or null. A grouped number (``1.200``) can only be whole, so
            it is read without a mark; it is not read when the mark says that it is 1.2.

    Returns:
        int64 array of n; null where missing, unreadable, not whole or a range (``51-200``).
    """
    texts = pc.utf8_trim_whitespace(_flat(value))
    plain = _matches(texts, _PLAIN_INTEGER)
    nothing = pa.scalar(None, pa.string())
    easy = pc.cast(pc.if_else(plain, texts, nothing), pa.int64())
    if pc.all(plain).as_py():
        return easy
    rest = _each_distinct(pc.if_else(plain, nothing, texts), _flat(decimal_mark), integer_of, pa.int64())
    return pc.if_else(plain, easy, rest)


def read_integer_band(value: pa.Array | pa.ChunkedArray, decimal_mark: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read whole numbers of which some are known roughly.

    Args:
        value: string array of n texts such as ``51-200``, ``1,001 - 5,000 employees``, ``500+``, ``1200``.
        decimal_mark: as for `read_integer`.

    Returns:
        Struct array of n: ``least`` and ``most``, int64, alike for an exact number, null where the band is open; null
        where neither number nor band can be read.
    """
    return _bands(value, decimal_mark, read_integer(value, decimal_mark), integer_band_of)


def read_date(value: pa.Array | pa.ChunkedArray, date_order: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read calendar days, with or without a time of day.

    The day is the one that is written: a time zone is not converted. Years have four digits, or two where they stand
    last. An eight-digit number is year, month, day; one of five digits a spreadsheet's count of days (from 1900), one
    of ten or thirteen a computer's count of seconds or milliseconds, in UTC.

    Args:
        value: string array of n texts such as ``2026-10-31``, ``31.10.2026``, ``Oct 31, 2026``.
        date_order: string array of n: ``dmy``, ``mdy``, ``ymd`` or null. Used only for texts whose day and month
            could be exchanged (``03/04/2026``); null or ``ymd`` leaves those unread.

    Returns:
        date32 array of n; null where missing, unreadable, ambiguous or impossible.
    """
    texts = pc.utf8_trim_whitespace(_flat(value))
    # Times of day make every text distinct; their days are few.
    days = pc.if_else(_matches(texts, _ISO_WITH_TIME), pc.utf8_slice_codeunits(texts, 0, 10), texts)
    return _each_distinct(days, _flat(date_order), date_of, pa.date32())


def read_dates(value: pa.Array | pa.ChunkedArray, date_order: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read the days of a cell that holds one, or several with semicolons between them.

    Args:
        value: string array of n texts such as ``2026-10-31`` or ``31.10.2026; 2.11.2026``.
        date_order: as read_date takes it.

    Returns:
        Array of n lists of date32, one for each place between semicolons, null where nothing stands in it; null where
        the text is missing or one of its days is unreadable.
    """

    def days_of(text: str, order: str | None) -> list[date | None] | None:
        parts = [part.strip() for part in text.split(";")]
        days = [date_of(part, order) if part else None for part in parts]
        return None if any(part and day is None for part, day in zip(parts, days, strict=True)) else days

    return _each_distinct(pc.utf8_trim_whitespace(_flat(value)), _flat(date_order), days_of, pa.list_(pa.date32()))


def read_boolean(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read yes and no.

    Args:
        value: string array of n texts such as ``true``, ``Ja``, ``0``.

    Returns:
        Boolean array of n; null where missing or neither.
    """
    return _each_distinct(pc.utf8_trim_whitespace(_flat(value)), None, boolean_of, pa.bool_())


def read_website_host(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read the host name of a website.

    Args:
        value: string array of n texts such as ``http://WWW.Foo.com:80/x?y`` or ``foo.com``.

    Returns:
        String array of n host names in lower case (``www.foo.com``; international names as they are written); null
        for e-mail addresses, IP addresses, names without a dot and anything else that is no host.
    """
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(_flat(value)))
    easy = pc.struct_field(pc.extract_regex(texts, _PLAIN_HOST), "host")
    if not easy.null_count:
        return easy
    nothing = pa.scalar(None, pa.string())
    rest = _each_distinct(pc.if_else(pc.is_valid(easy), nothing, texts), None, host_of, pa.string())
    return pc.coalesce(easy, rest)


def has_website_host(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Tell which texts `read_website_host` reads; taking the host out of each costs five times as much.

    Args:
        value: string array of n texts.

    Returns:
        Boolean array of n, never null.
    """
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(_flat(value)))
    plain = _matches(texts, _PLAIN_HOST)
    rest = pc.if_else(plain, pa.scalar(None, pa.string()), texts)
    return pc.or_(plain, pc.is_valid(_each_distinct(rest, None, host_of, pa.string())))


def _bands(
    value: pa.Array | pa.ChunkedArray,
    decimal_mark: pa.Array | pa.ChunkedArray,
    exact: pa.Array,
    parse: Callable[..., tuple[Any, Any] | None],
) -> pa.Array:
    """Give the bands of exact figures, and parse what is no exact figure."""
    kind = pa.struct({"least": exact.type, "most": exact.type})
    result = pa.StructArray.from_arrays([exact, exact], fields=list(kind), mask=pc.is_null(exact))
    rest = pc.if_else(pc.is_null(exact), pc.utf8_trim_whitespace(_flat(value)), pa.scalar(None, pa.string()))
    if rest.null_count == len(rest):
        return result

    def ends(text: str | None, mark: str | None) -> dict[str, Any] | None:
        band = parse(text, mark)
        return None if band is None else dict(zip(("least", "most"), band, strict=True))

    return pc.coalesce(result, _each_distinct(rest, _flat(decimal_mark), ends, kind))


def date_orders_shown(value: pa.Array | pa.ChunkedArray) -> set[str]:
    """Tell which orders of day, month and year some dates prove.

    Args:
        value: string array of n dates.

    Returns:
        A subset of ``dmy`` (31.10.2026), ``mdy`` (10/31/2026), ``ymd`` (2026-10-31); 03/04/2026 proves none.
    """
    return _shown(pc.unique(value), _ORDER_PROOFS)


def decimal_marks_shown(value: pa.Array | pa.ChunkedArray) -> set[str]:
    """Tell which decimal marks some figures prove.

    Args:
        value: string array of n amounts, numbers, or bands of them.

    Returns:
        A subset of ``.`` (1,234.50 and 1,234,567 and 12.5) and ``,`` (1.234,50); 1.234 proves none.
    """
    # Figures without a grouping are most of a column, and different as a rule: one look at all of them is cheaper.
    ungrouped = _matches(value, r"^\d+(?:\.\d{1,2})?$")
    proven = {"."} if pc.any(pc.and_(ungrouped, pc.match_substring(value, "."))).as_py() else set()
    others = pc.unique(value.filter(pc.invert(ungrouped)))
    figures = pc.list_flatten(pc.split_pattern_regex(others, _BETWEEN_FIGURES))
    figures = figures.filter(_matches(figures, r"^\s*[^\d.,]{0,6}[\d.,' \x{a0}\x{202f}]+[^\d.,]{0,12}$"))
    return proven | _shown(pc.replace_substring_regex(figures, r"[^\d.,]", ""), _MARK_PROOFS)


def _shown(texts: pa.Array, proofs: dict[str, str]) -> set[str]:
    return {meaning for meaning, pattern in proofs.items() if pc.any(_matches(texts, pattern)).as_py()}


def _flat(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Give one plain string array, whatever DuckDB or Arrow handed over."""
    array = value.combine_chunks() if isinstance(value, pa.ChunkedArray) else value
    if isinstance(array, pa.ChunkedArray):  # several chunks that do not fit into one
        array = pa.concat_arrays(array.chunks)
    return array if array.type == pa.string() else pc.cast(array, pa.string())


def _matches(texts: pa.Array, pattern: str) -> pa.Array:
    return pc.fill_null(pc.match_substring_regex(texts, pattern), False)


def _equals(texts: pa.Array, text: str) -> pa.Array:
    return pc.fill_null(pc.equal(texts, text), False)


def _each_distinct(
    texts: pa.Array, options: pa.Array | None, parse: Callable[..., Any], returns: pa.DataType
) -> pa.Array:
    """Parse every distinct (text, option) once and spread the results over the rows."""
    if options is None:
        encoded = texts.dictionary_encode()
        parsed = pa.array([parse(text) for text in encoded.dictionary.to_pylist()], returns)
        return parsed.take(encoded.indices)
    choices = pc.unique(options).to_pylist()
    result = pa.nulls(len(texts), returns)
    for choice in choices:
        if len(choices) == 1:
            mask = None
            chosen = texts
        else:
            same = pc.is_null(options) if choice is None else _equals(options, choice)
            mask = np.flatnonzero(same.to_numpy(zero_copy_only=False))
            chosen = texts.take(pa.array(mask))
        encoded = chosen.dictionary_encode()
        parsed = pa.array([parse(text, choice) for text in encoded.dictionary.to_pylist()], returns)
        spread = parsed.take(encoded.indices)
        if mask is None:
            return spread
        places = np.full(len(texts), -1, dtype=np.int64)
        places[mask] = np.arange(len(mask))
        scattered = spread.take(pa.array(places, mask=places < 0))
        result = pc.coalesce(scattered, result)
    return result
