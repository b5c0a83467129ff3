"""Readers of typed values: text as people and systems write it, in; dates, amounts, numbers, hosts, out.

Belongs here: what a delivered text means as a value, for every language and spelling we read, and nothing that
depends on a file or a table. A text with two possible meanings (``03.04.2026``, ``1.234``) is read only when the
caller says which order or mark its file uses; otherwise the reader gives null: nothing is guessed.
Does not belong here: which values are acceptable (a negative amount is a readable amount), company names, domains.

All functions take and return Arrow arrays of one length. Each distinct text is parsed once.
"""

import datetime as dt
import re
import unicodedata
from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

MISSING_MARKERS = frozenset(
    # What people and systems write where there is nothing to say, compared after trimming and in lower case.
    [
        *("", "-", "--", "---", "–", "—", "n/a", "#n/a", "n.a.", "na", "null", "none", "nan", "nil", "(blank)"),
        *("(none)", "k.a.", "k. a.", "n.v.", "s/o", "s.o.", "n.d."),
    ]
)

AMOUNT_TYPE = pa.decimal128(18, 2)

CURRENCY_CODES = frozenset(
    # ISO 4217, active codes of countries (funds, metals and test codes are left out).
    """AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP
    CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF
    IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD
    MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB
    RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD
    UYU UZS VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG BGN HRK""".split()  # noqa: SIM905 (a list of words)
)

CURRENCY_SYMBOLS = {
    "$": "USD", "us$": "USD", "a$": "AUD", "au$": "AUD", "c$": "CAD", "ca$": "CAD", "nz$": "NZD", "hk$": "HKD",
    "s$": "SGD", "nt$": "TWD", "mx$": "MXN", "r$": "BRL", "€": "EUR", "£": "GBP", "¥": "JPY", "円": "JPY",
    "元": "CNY", "₹": "INR", "₩": "KRW", "₪": "ILS", "₺": "TRY", "₽": "RUB", "zł": "PLN", "kč": "CZK",
    "euro": "EUR", "euros": "EUR", "fr.": "CHF", "sfr.": "CHF",
}  # fmt: skip

MULTIPLIERS = {
    "k": 3, "tsd": 3, "tsd.": 3, "thousand": 3, "tausend": 3,
    "m": 6, "mm": 6, "mn": 6, "mio": 6, "mio.": 6, "mill": 6, "mill.": 6, "mln": 6, "million": 6, "millions": 6,
    "millionen": 6, "millones": 6,
    "b": 9, "bn": 9, "mrd": 9, "mrd.": 9, "mia": 9, "mia.": 9, "billion": 9, "milliarden": 9, "milliards": 9,
    "万": 4, "億": 8,
}  # fmt: skip
# "T" alone is thousand in German and trillion in English, so it is read only in the accountants' TEUR, TCHF, TUSD.
_JOINED_UNITS = re.compile(r"^(t|k|m)(eur|usd|chf|gbp)$")
_JOINED_POWERS = {"t": 3, "k": 3, "m": 6}

_TRUE = frozenset(
    "true t yes y 1 x wahr ja j oui o si sí s verdadero vrai sim はい 是 ✓ ✔".split()  # noqa: SIM905 (a list of words)
)
_FALSE = frozenset(
    "false f no n 0 falsch nein non faux falso não いいえ 否 ✗".split()  # noqa: SIM905 (a list of words)
)

_MONTH_NAMES = (
    ("january", "jan", "januar", "jänner", "janvier", "janv", "enero", "ene", "gennaio"),
    ("february", "feb", "februar", "février", "févr", "fév", "febrero"),
    ("march", "mar", "märz", "mär", "mrz", "mars", "marzo"),
    ("april", "apr", "avril", "avr", "abril", "abr"),
    ("may", "mai", "mayo"),
    ("june", "jun", "juni", "juin", "junio"),
    ("july", "jul", "juli", "juillet", "juil", "julio"),
    ("august", "aug", "août", "agosto", "ago"),
    ("september", "sep", "sept", "septembre", "septiembre"),
    ("october", "oct", "oktober", "okt", "octobre", "octubre"),
    ("november", "nov", "novembre", "noviembre"),
    ("december", "dec", "dezember", "dez", "décembre", "déc", "diciembre", "dic"),
)
_MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199  # outside of it a "date" is a number or a typing error

_AMOUNT = re.compile(
    r"^(?P<before>[^\d.,]*(?:\b(?:fr|sfr)\.\s*)?)"
    r"(?P<number>\d[\d.,' ]*|[.,]\d+)(?:[eE](?P<exponent>[+-]?\d{1,2})(?!\w))?(?P<after>\D*)$"
)
_UNIT = re.compile(r"[a-z]{0,2}\$|[€£¥₹₩₪₺₽円元万億]|(?:[^\W\d_]|(?<=[a-z])\.)+")
_GROUPED = {
    # 1,234,567 and the Indian 12,34,567; only one kind of separator inside a number
    ",": re.compile(r"^\d{1,3}(?:,\d{3})+$|^\d{1,2}(?:,\d{2})+,\d{3}$"),
    ".": re.compile(r"^\d{1,3}(?:\.\d{3})+$"),
}
_SPACED = re.compile(r"^\d{1,3}(?:([ '])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$")
_SWISS_END = re.compile(r"\.[-–—]+$")  # 1'000.-
_PLAIN_AMOUNT = r"^-?\d{1,15}(\.\d{1,2})?$"
# Grouped amounts that have one meaning only, and those that need the file's mark.
_POINT_AMOUNT, _POINT_MAYBE = r"^-?\d{1,3}(,\d{3}){1,4}\.\d{1,2}$|^-?\d{1,3}(,\d{3}){2,4}$", r"^-?[1-9]\d{0,2},\d{3}$"
_COMMA_AMOUNT, _COMMA_MAYBE = r"^-?\d{1,3}(\.\d{3}){1,4},\d{1,2}$|^-?\d{1,3}(\.\d{3}){2,4}$", r"^-?[1-9]\d{0,2}\.\d{3}$"
# A positive amount with one of the usual currencies before or after it; what the figure means does not depend on that.
_ONE_CURRENCY = r"^(?:[$€£]|(?:EUR|USD|GBP|CHF) )(\d[\d.,]{0,40})$|^(\d[\d.,]{0,40}) ?(?:€|EUR|USD|GBP|CHF)$"
_PLAIN_INTEGER = r"^-?\d{1,18}$"
_ORDER_PROOFS = {
    "ymd": r"^\s*\d{4}([-/.]\d{1,2}[-/.]\d{1,2}|\d{4}\s*$|年)",
    "dmy": r"^\s*(1[3-9]|2\d|3[01])[-/.](0?[1-9]|1[0-2])[-/.]\d{4}",
    "mdy": r"^\s*(0?[1-9]|1[0-2])[-/.](1[3-9]|2\d|3[01])[-/.]\d{4}",
}
_MARK_PROOFS = {
    ".": r"^\d{1,3}(,\d{2,3})*,\d{3}\.\d+$|^\d{1,3}(,\d{3}){2,}$|^\d*\.(\d{1,2}|\d{4,})$|^(0|\d{4,})?\.\d{3}$",
    ",": r"^\d{1,3}(\.\d{3})*\.\d{3},\d+$|^\d{1,3}(\.\d{3}){2,}$|^\d*,(\d{1,2}|\d{4,})$|^(0|\d{4,})?,\d{3}$",
}
_ISO_WITH_TIME = r"^\d{4}-\d{2}-\d{2}[T ]\d{1,2}:\d{2}(:\d{2}([.,]\d{1,9})?)? ?(Z|UTC|GMT|[+-]\d{2}:?\d{2})?$"
_TIME = (
    r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
)
_YEAR_FIRST = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME + "$")
_YEAR_LAST = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _TIME + "$")
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_CJK = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日" + _TIME + "$")
_DAY_NAME = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|\.|er)?[- ]*(?:de )?([^\W\d_]{3,10})\.?,?[- ]*(?:de )?(\d{4})" + _TIME + "$"
)
_NAME_DAY = re.compile(r"^([^\W\d_]{3,10})\.?[- ]*(\d{1,2})(?:st|nd|rd|th)?,?[- ]+(\d{4})" + _TIME + "$")

_HOST = re.compile(r"^(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59})$")
_PLAIN_HOST = r"^(?:https?://)?((?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63})/?$"
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//|^https?:(?!\d)")


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
    return pc.coalesce(easy, _each_distinct(pc.if_else(hard, texts, nothing), marks, _amount, AMOUNT_TYPE))


def read_amount_currency(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read the currency that an amount names itself.

    Args:
        value: string array of n amounts such as ``$1.2M`` or ``3.000 EUR``.

    Returns:
        String array of n ISO 4217 codes (a bare ``$`` is USD, ``¥`` JPY); null where none is named.
    """
    texts = pc.utf8_trim_whitespace(_flat(value))
    texts = pc.if_else(_matches(texts, r"^[-+\d.,]*$"), pa.scalar(None, pa.string()), texts)
    # Digits name no currency, so one shape stands for all amounts that are written alike; a list has few shapes.
    shapes = pc.replace_substring_regex(texts, r"[1-9]", "0")
    return _each_distinct(shapes, None, _amount_currency, pa.string())


def read_currency(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read a currency column: a code or a symbol.

    Args:
        value: string array of n texts such as ``eur``, ``€``, ``US$``.

    Returns:
        String array of n ISO 4217 codes; null where missing or not a currency.
    """
    return _each_distinct(pc.utf8_trim_whitespace(_flat(value)), None, _currency, pa.string())


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
    rest = _each_distinct(pc.if_else(plain, nothing, texts), _flat(decimal_mark), _integer, pa.int64())
    return pc.if_else(plain, easy, rest)


def read_date(value: pa.Array | pa.ChunkedArray, date_order: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read calendar days, with or without a time of day.

    The day is the one that is written: a time zone is not converted. Years have four digits; an eight-digit number
    is year, month, day; other bare numbers are no dates (spreadsheet serials are turned to text by the reader of
    the spreadsheet, which knows its calendar).

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
    return _each_distinct(days, _flat(date_order), _date, pa.date32())


def read_boolean(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read yes and no.

    Args:
        value: string array of n texts such as ``true``, ``Ja``, ``0``.

    Returns:
        Boolean array of n; null where missing or neither.
    """
    return _each_distinct(pc.utf8_trim_whitespace(_flat(value)), None, _boolean, pa.bool_())


def read_website_host(value: pa.Array | pa.ChunkedArray) -> pa.Array:
    """Read the host name of a website.

    Args:
        value: string array of n texts such as ``http://WWW.Foo.com:80/x?y`` or ``foo.com``.

    Returns:
        String array of n host names in lower case (``www.foo.com``; international names as they are written); null
        for e-mail addresses, IP addresses, names without a dot and anything else that is no host.
    """
    texts = pc.utf8_lower(pc.utf8_trim_whitespace(_flat(value)))
    plain = _matches(texts, _PLAIN_HOST)
    nothing = pa.scalar(None, pa.string())
    easy = pc.struct_field(
        pc.extract_regex(
            pc.if_else(plain, texts, nothing), _PLAIN_HOST.replace("((?:[a-z0-9](", "(?P<host>(?:[a-z0-9](")
        ),
        "host",
    )
    if pc.all(plain).as_py():
        return easy
    rest = _each_distinct(pc.if_else(plain, nothing, texts), None, _host, pa.string())
    return pc.if_else(plain, easy, rest)


def could_be_either_order(text: str) -> bool:
    """Tell whether a date's day and month could be exchanged.

    Args:
        text: one delivered date.

    Returns:
        True for ``03/04/2026``; false for ``31/10/2026``, ``04/04/2026`` (one meaning) and every other form.
    """
    found = _YEAR_LAST.match(_clean(text))
    if not found:
        return False
    first, second = int(found[1]), int(found[3])
    return first != second and 1 <= first <= 12 and 1 <= second <= 12  # noqa: PLR2004 (twelve months)


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
        value: string array of n amounts or numbers.

    Returns:
        A subset of ``.`` (1,234.50 and 1,234,567 and 12.5) and ``,`` (1.234,50); 1.234 proves none.
    """
    figures = pc.unique(value)
    figures = figures.filter(_matches(figures, r"^\s*[^\d.,]{0,6}[\d.,' \x{a0}\x{202f}]+[^\d.,]{0,12}$"))
    return _shown(pc.replace_substring_regex(figures, r"[^\d.,]", ""), _MARK_PROOFS)


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


def _clean(text: str) -> str:
    """One form for digits, spaces, minus signs and apostrophes."""
    normal = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'")
    return " ".join(normal.split())


def _is_missing_text(text: str) -> bool:
    return text.strip().lower() in MISSING_MARKERS


def _number(text: str, mark: str | None) -> Decimal | None:  # noqa: PLR0911 (one return for each way to write it)
    """Read digits and separators; null when malformed, or ambiguous without a mark."""
    text = text.strip(" '")
    if _SPACED.match(text):
        return Decimal(re.sub("[ ']", "", text).replace(",", "."))
    if " " in text or "'" in text:
        return None
    dots, commas = text.count("."), text.count(",")
    if not dots and not commas:
        return Decimal(text)
    if dots and commas:
        decimal, grouping = (".", ",") if text.rindex(".") > text.rindex(",") else (",", ".")
        whole, _, fraction = text.rpartition(decimal)
        if decimal in whole or not _GROUPED[grouping].match(whole):
            return None
        return Decimal(whole.replace(grouping, "") + "." + (fraction or "0"))
    separator = "." if dots else ","
    if dots + commas > 1:
        return Decimal(text.replace(separator, "")) if _GROUPED[separator].match(text) else None
    left, _, right = text.partition(separator)
    if _GROUPED[separator].match(text) and not left.startswith("0"):
        if mark is None:
            return None
        return Decimal(f"{left}.{right}") if mark == separator else Decimal(left + right)
    return Decimal(f"{left or '0'}.{right or '0'}")


def _units(before: str, after: str) -> tuple[int, str | None, bool] | None:
    """Power of ten, currency and sign that stand around a number; null when a word is not known."""
    negative = False
    surroundings = f"{before.strip()} | {after.strip()}".lower()
    if before.strip().startswith("(") and after.strip().endswith(")"):
        negative = True
        surroundings = surroundings.replace("(", " ", 1)[::-1].replace(")", " ", 1)[::-1]
    if surroundings.count("-") == 1:
        negative = not negative
        surroundings = surroundings.replace("-", " ")
    if before.strip().startswith("+"):
        surroundings = surroundings.replace("+", " ", 1)
    surroundings = surroundings.replace("|", " ")
    power, currency, multiplied = 0, None, False
    for word in _UNIT.findall(surroundings):
        joined = _JOINED_UNITS.match(word)
        code = CURRENCY_SYMBOLS.get(word) or (word.upper() if word.upper() in CURRENCY_CODES else None)
        if joined and not multiplied and currency is None:
            power, currency, multiplied = _JOINED_POWERS[joined[1]], joined[2].upper(), True
        elif word in MULTIPLIERS and not multiplied:
            power, multiplied = MULTIPLIERS[word], True
        elif code and currency in (None, code):
            currency = code
        else:
            return None
    if _UNIT.sub("", surroundings).strip():
        return None
    return power, currency, negative


@lru_cache(maxsize=65_536)
def _figure(text: str, mark: str | None) -> tuple[Decimal, str | None] | None:
    """A figure and its currency, or null when the text is not one."""
    found = _AMOUNT.match(_SWISS_END.sub("", _clean(text)))
    if not found:
        return None
    units = _units(found["before"], found["after"])
    number = _number(found["number"], mark)
    if units is None or number is None:
        return None
    power, currency, negative = units
    scaled = number.scaleb(power + int(found["exponent"] or 0))
    return (-scaled if negative else scaled), currency


def _amount(text: str | None, mark: str | None) -> Decimal | None:
    if text is None or len(text) > 60 or _is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = _figure(text, mark)
    if figure is None:
        return None
    try:
        amount = figure[0].quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    except InvalidOperation:
        return None
    return amount if abs(amount) < Decimal(10) ** 16 else None


def _amount_currency(text: str | None) -> str | None:
    if text is None or len(text) > 60 or _is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = _figure(text, ".")
    return figure[1] if figure else None


def _currency(text: str | None) -> str | None:
    if text is None or _is_missing_text(text):
        return None
    word = _clean(text).lower()
    return CURRENCY_SYMBOLS.get(word) or (word.upper() if word.upper() in CURRENCY_CODES else None)


def _integer(text: str | None, mark: str | None) -> int | None:
    if text is None or len(text) > 60 or _is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = _figure(text, None)
    if figure is None:
        # One separator before three digits: in a column of whole numbers it groups, unless the file's mark is that.
        grouping = "." if "." in text else ","
        figure = None if mark == grouping else _figure(text, "," if grouping == "." else ".")
    if figure is None or figure[1] is not None:
        return None
    number = figure[0]
    return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else None


@lru_cache(maxsize=65_536)
def _date(text: str | None, order: str | None) -> dt.date | None:  # noqa: PLR0911 (one return for each form)
    if text is None or len(text) > 60 or _is_missing_text(text):  # noqa: PLR2004 (no date is longer)
        return None
    cleaned = _clean(text)
    if found := _YEAR_FIRST.match(cleaned):
        return _day(found[1], found[3], found[4])
    if found := _YEAR_LAST.match(cleaned):
        first, second = int(found[1]), int(found[3])
        if could_be_either_order(text) and order not in ("dmy", "mdy"):
            return None
        day_first = first > 12 or (second <= 12 and order != "mdy")  # noqa: PLR2004 (twelve months)
        return _day(found[4], second, first) if day_first else _day(found[4], first, second)
    if found := _COMPACT.match(cleaned) or _CJK.match(cleaned):
        return _day(found[1], found[2], found[3])
    if found := _DAY_NAME.match(cleaned.lower()):
        return _day(found[3], _MONTHS.get(found[2], 0), found[1])
    if found := _NAME_DAY.match(cleaned.lower()):
        return _day(found[3], _MONTHS.get(found[1], 0), found[2])
    return None


def _day(year: str | int, month: str | int, day: str | int) -> dt.date | None:
    if not EARLIEST_YEAR <= int(year) <= LATEST_YEAR:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def _boolean(text: str | None) -> bool | None:
    word = "" if text is None else text.strip().lower()
    return True if word in _TRUE else False if word in _FALSE else None


@lru_cache(maxsize=65_536)
def _host(text: str | None) -> str | None:
    if text is None or len(text) > 2048 or _is_missing_text(text):  # noqa: PLR2004 (no address is longer)
        return None
    address = _SCHEME.sub("", text.strip().lower(), count=1)
    authority = re.split(r"[/?#\\]", address, maxsplit=1)[0]
    if "@" in authority:
        return None
    host = re.sub(r":\d{0,5}$", "", authority).rstrip(".")
    if len(host) > 253 or not _HOST.match(host):  # noqa: PLR2004 (RFC 1035)
        return None
    return host
