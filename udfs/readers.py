"""What one text means as a value: the words and patterns of numbers, money, dates and hosts.

Belongs here: one text at a time. Does not belong here: columns (values.py), and which values are acceptable.
"""

import datetime as dt
import re
import unicodedata
from decimal import ROUND_HALF_EVEN, Decimal, InvalidOperation
from functools import lru_cache
from typing import NamedTuple

MISSING_MARKERS = frozenset(
    # What people and systems write where there is nothing to say, compared after trimming and in lower case.
    [
        *("", "-", "--", "---", "–", "—", "n/a", "#n/a", "n.a.", "na", "null", "none", "nan", "nil", "(blank)"),
        *("(none)", "k.a.", "k. a.", "n.v.", "s/o", "s.o.", "n.d."),
    ]
)
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
    # "n" and "ne" mean no in every language that uses them; a word that means yes here and no there is in neither list
    """true t yes y 1 1.0 x on wahr ja j oui o si sí s verdadero vrai sim vero verdadeiro waar sant tosi kyllä tak
    prawda ano pravda áno igen igaz da adevărat evet doğru да истина ναι はい 是 예 네 ✓ ✔ ☑ ✅""".split()  # noqa: SIM905 (a list of words)
)
_FALSE = frozenset(
    """false f no n 0 0.0 off falsch nein non faux falso não onwaar nee nej nei falskt usant epätosi ei nie fałsz ne
    nepravda nem hamis nu fals hayır yanlış нет ложь όχι いいえ 否 아니요 ✗ ✘ ☐ ❌""".split()  # noqa: SIM905 (a list of words)
)
_MONTH_NAMES = (
    # English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic languages, Polish
    *(
        tuple(names.split())
        for names in (
            "january jan januar jänner janvier janv enero ene gennaio gen janeiro januari stycznia styczeń sty "
            "tammikuuta",
            "february feb februar février févr fév febrero febbraio fevereiro fev februari lutego luty lut helmikuuta",
            "march mar märz mär mrz mars marzo março maart mrt marts marca marzec maaliskuuta",
            "april apr avril avr abril abr aprile kwietnia kwiecień kwi huhtikuuta",
            "may mai mayo maggio mag maio mei maj maja toukokuuta",
            "june jun juni juin junio giugno giu junho czerwca czerwiec cze kesäkuuta",
            "july jul juli juillet juil julio luglio lug julho lipca lipiec lip heinäkuuta",
            "august aug août agosto ago augustus augusti sierpnia sierpień sie elokuuta",
            "september sep sept septembre septiembre settembre set setembro września wrzesień wrz syyskuuta",
            "october oct oktober okt octobre octubre ottobre ott outubro out października październik paź lokakuuta",
            "november nov novembre noviembre novembro listopada listopad lis marraskuuta",
            "december dec dezember dez décembre déc diciembre dic dicembre dezembro grudnia grudzień gru joulukuuta",
        )
    ),
)
MONTHS = {name: number for number, names in enumerate(_MONTH_NAMES, start=1) for name in names}
_AMOUNT = re.compile(
    r"^(?P<before>[^\d.,]*(?:\b(?:fr|sfr|rs)\.\s*)?)"
    r"(?P<number>\d[\d.,' ]*|[.,]\d+)(?:[eE](?P<exponent>[+-]?\d{1,2})(?!\w))?(?P<after>\D*)$"
)
_UNIT = re.compile(r"[a-z]{0,2}\$|[€£¥₹₩₪₺₽円元万億]|(?:[^\W\d_]|(?<=[a-z])\.)+")
_GROUPED = {
    # 1,234,567 and the Indian 12,34,567; only one kind of separator inside a number
    ",": re.compile(r"^\d{1,3}(?:,\d{3})+$|^\d{1,2}(?:,\d{2})+,\d{3}$"),
    ".": re.compile(r"^\d{1,3}(?:\.\d{3})+$"),
}
_SPACED = re.compile(r"^\d{1,3}(?:([ '])\d{3})(?:\1\d{3})*(?:[.,]\d+)?$")
# What a multi-currency system writes behind an amount: USD 1,000.00 (EUR 900.00)
_CONVERTED = re.compile(r"(?<=\d)\s*\([A-Z]{3}\s*[\d.,' ]+\)$")
_RUPEES = frozenset(["rs", "rs."])  # of India, Pakistan, Sri Lanka …: the currency column says which
_SWISS_END = re.compile(r"\.[-–—]+$")  # 1'000.-
_TIME = (
    r"(?:[T ,]+\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d{1,9})?)?(?: ?[AaPp]\.?[Mm]\.?)?(?: ?(?:Z|UTC|GMT|[+-]\d{2}:?\d{2}))?)?"
)
_YEAR_FIRST = re.compile(r"^(\d{4})([-/.])(\d{1,2})\2(\d{1,2})" + _TIME + "$")
YEAR_LAST = re.compile(r"^(\d{1,2})([-/.])(\d{1,2})\2(\d{4})" + _TIME + "$")
_SHORT_YEAR = re.compile(r"^(\d{1,2})([/.])(\d{1,2})\2(\d{2})(" + _TIME + ")$")
_FIRST_YEAR_OF_1900 = 70  # 69 is 2069, 70 is 1970
_SERIAL = re.compile(r"^(\d{5})(?:\.\d+)?$")  # days since the end of 1899, as spreadsheets count
_SERIALS = range(20_000, 80_000)  # 1954 to 2119
_EPOCH = re.compile(r"^(\d{10})(\d{3})?$")  # seconds or milliseconds since 1970
_COMPACT = re.compile(r"^(\d{4})(\d{2})(\d{2})$")
_CJK = re.compile(r"^(\d{4})年(\d{1,2})月(\d{1,2})日" + _TIME + "$")
_DAY_NAME = re.compile(
    r"^(\d{1,2})(?:st|nd|rd|th|\.|er)?[- ]*(?:de )?([^\W\d_]{3,10})\.?,?[- ]*(?:de )?(\d{4})" + _TIME + "$"
)
_NAME_DAY = re.compile(r"^([^\W\d_]{3,10})\.?[- ]*(\d{1,2})(?:st|nd|rd|th)?,?[- ]+(\d{4})" + _TIME + "$")
_HOST = re.compile(r"^(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[^\W\d_]{2,63}|xn--[a-z0-9-]{1,59})$")
_SCHEME = re.compile(r"^(?:[a-z][a-z0-9+.-]*:)?//|^https?:(?!\d)")

EARLIEST_YEAR, LATEST_YEAR = 1900, 2199  # outside of it a "date" is a number or a typing error


def clean_text(text: str) -> str:
    """One form for digits, spaces, minus signs and apostrophes."""
    normal = unicodedata.normalize("NFKC", text).replace("\u2212", "-").replace("\u2019", "'")
    return " ".join(normal.split())


def is_missing_text(text: str) -> bool:
    """Tell whether a text says that there is nothing to say.

    Args:
        text: as delivered.

    Returns:
        True for an empty text and for n/a, none and the like.
    """
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
        if word in _RUPEES:
            continue
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


class Figure(NamedTuple):
    """A number as it is written, and what stands beside it."""

    number: Decimal
    power: int  # of ten: 6 for "Mio."; 0 where nothing multiplies
    currency: str | None

    @property
    def value(self) -> Decimal:
        """The number, multiplied."""
        return self.number.scaleb(self.power)


@lru_cache(maxsize=65_536)
def figure_of(text: str, mark: str | None) -> Figure | None:
    """Read a figure, whatever it counts.

    Args:
        text: as delivered.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        Null when the text is no figure, or could be read in two ways.
    """
    found = _AMOUNT.match(_SWISS_END.sub("", _CONVERTED.sub("", clean_text(text))))
    if not found:
        return None
    units = _units(found["before"], found["after"])
    number = _number(found["number"], mark)
    if units is None or number is None:
        return None
    power, currency, negative = units
    scaled = number.scaleb(int(found["exponent"] or 0))
    return Figure(-scaled if negative else scaled, power, currency)


def counted_figure_of(text: str, mark: str | None) -> Figure | None:
    """Read a figure of something that is counted in whole numbers.

    Args:
        text: as delivered.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        Null when the text is no figure, or one of money. A separator before three digits groups, unless it is the mark.
    """
    figure = figure_of(text, None)
    if figure is None:
        grouping = "." if "." in text else ","
        figure = None if mark == grouping else figure_of(text, "," if grouping == "." else ".")
    return None if figure is None or figure.currency is not None else figure


def as_amount(value: Decimal) -> Decimal | None:
    """Give a value its two decimals; null when it is too large for an amount."""
    try:
        amount = value.quantize(Decimal("0.01"), rounding=ROUND_HALF_EVEN)
    except InvalidOperation:
        return None
    return amount if abs(amount) < Decimal(10) ** 16 else None


def as_integer(value: Decimal) -> int | None:
    """Give a value as a whole number; null when it is none, or too large for one."""
    return int(value) if value == value.to_integral_value() and abs(value) < 2**63 else None


def amount_of(text: str | None, mark: str | None) -> Decimal | None:
    """Read an amount of money.

    Args:
        text: as delivered; null gives null.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        Two decimals; null when it cannot be read, or could be read in two ways.
    """
    if text is None or len(text) > 60 or is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = figure_of(text, mark)
    return as_amount(figure.value) if figure else None


def amount_currency_of(text: str | None) -> str | None:
    """Read the currency that stands beside an amount.

    Args:
        text: as delivered; null gives null.

    Returns:
        ISO code; null when there is none.
    """
    if text is None or len(text) > 60 or is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = figure_of(text, ".")
    return figure.currency if figure else None


def currency_of(text: str | None) -> str | None:
    """Read a currency.

    Args:
        text: as delivered; null gives null.

    Returns:
        ISO code; null when it is none that is known.
    """
    if text is None or is_missing_text(text):
        return None
    word = clean_text(text).lower()
    return CURRENCY_SYMBOLS.get(word) or (word.upper() if word.upper() in CURRENCY_CODES else None)


def integer_of(text: str | None, mark: str | None) -> int | None:
    """Read a whole number.

    Args:
        text: as delivered; null gives null.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        The number; null when it is none.
    """
    if text is None or len(text) > 60 or is_missing_text(text):  # noqa: PLR2004 (no figure is longer)
        return None
    figure = counted_figure_of(text, mark)
    return as_integer(figure.value) if figure else None


@lru_cache(maxsize=65_536)
def date_of(text: str | None, order: str | None) -> dt.date | None:  # noqa: PLR0911 (one return for each form)
    """Read a date.

    Args:
        text: as delivered; null gives null.
        order: dmy, mdy or ymd; null when nobody knows.

    Returns:
        The day; null when it does not exist, or could be read in two ways.
    """
    if text is None or len(text) > 60 or is_missing_text(text):  # noqa: PLR2004 (no date is longer)
        return None
    cleaned = _with_century(clean_text(text))
    if found := _YEAR_FIRST.match(cleaned):
        return _day(found[1], found[3], found[4])
    if (found := _SERIAL.match(cleaned)) and int(found[1]) in _SERIALS:
        return dt.date(1899, 12, 30) + dt.timedelta(days=int(found[1]))
    if found := _EPOCH.match(cleaned):
        return (dt.datetime(1970, 1, 1) + dt.timedelta(seconds=int(found[1]))).date()  # noqa: DTZ001 (a day in UTC)
    if found := YEAR_LAST.match(cleaned):
        first, second = int(found[1]), int(found[3])
        if could_be_either_order(text) and order not in ("dmy", "mdy"):
            return None
        day_first = first > 12 or (second <= 12 and order != "mdy")  # noqa: PLR2004 (twelve months)
        return _day(found[4], second, first) if day_first else _day(found[4], first, second)
    if found := _COMPACT.match(cleaned) or _CJK.match(cleaned):
        return _day(found[1], found[2], found[3])
    if found := _DAY_NAME.match(cleaned.lower()):
        return _day(found[3], MONTHS.get(found[2], 0), found[1])
    if found := _NAME_DAY.match(cleaned.lower()):
        return _day(found[3], MONTHS.get(found[1], 0), found[2])
    return None


def _with_century(text: str) -> str:
    """Write a year of two digits with four; where it stands last, as in 31.10.26."""
    found = _SHORT_YEAR.match(text)
    if not found:
        return text
    year = int(found[4]) + (1900 if int(found[4]) >= _FIRST_YEAR_OF_1900 else 2000)
    return f"{found[1]}{found[2]}{found[3]}{found[2]}{year}{found[5]}"


def _day(year: str | int, month: str | int, day: str | int) -> dt.date | None:
    if not EARLIEST_YEAR <= int(year) <= LATEST_YEAR:
        return None
    try:
        return dt.date(int(year), int(month), int(day))
    except ValueError:
        return None


def boolean_of(text: str | None) -> bool | None:
    """Read yes or no.

    Args:
        text: as delivered; null gives null.

    Returns:
        Null when it is neither.
    """
    word = "" if text is None else text.strip().lower().replace("\ufe0f", "").replace("i̇", "i")
    return True if word in _TRUE else False if word in _FALSE else None


@lru_cache(maxsize=65_536)
def host_of(text: str | None) -> str | None:
    """Read the host of a website.

    Args:
        text: as delivered; null gives null.

    Returns:
        In lower case, without scheme, port and path; of several the first; null when there is no host.
    """
    if text is None or len(text) > 2048 or is_missing_text(text):  # noqa: PLR2004 (no address is longer)
        return None
    return _host_of_one(text) or next((host for part in _addresses(text) if (host := _host_of_one(part))), None)


def _addresses(text: str) -> list[str]:
    """Addresses that a cell may hold: of a link, without a note behind, one of several, with a slip of the keyboard."""
    link = _LINK.search(text)
    if link:
        return [link["html"] or link["markdown"]]
    mended = _BROKEN_SCHEME.sub("", _NOTE.sub("", text.strip()))
    mended = re.sub(r"(?i)^www,", "www.", mended)
    return [part for part in re.split(r"[;,|\n]", mended) if part.strip() and "@" not in part]


_LINK = re.compile(r"""href\s*=\s*["'](?P<html>[^"']+)["']|\]\((?P<markdown>[^()\s]+)\)""", re.IGNORECASE)
_NOTE = re.compile(r"\s*\([^()]*\)\s*$")
_BROKEN_SCHEME = re.compile(r"(?i)^h?t{1,3}ps?[:;]/*\s*")


def _host_of_one(text: str) -> str | None:
    """Read the host of one address."""
    address = _SCHEME.sub("", text.strip().lower(), count=1)
    authority = re.split(r"[/?#\\]", address, maxsplit=1)[0]
    if "@" in authority:
        return None
    host = re.sub(r":\d{0,5}$", "", authority).rstrip(".")
    if len(host) > 253 or not _HOST.match(host):  # noqa: PLR2004 (RFC 1035)
        return None
    return host


def could_be_either_order(text: str) -> bool:
    """Tell whether a date's day and month could be exchanged.

    Args:
        text: one delivered date.

    Returns:
        True for ``03/04/2026``; false for ``31/10/2026``, ``04/04/2026`` (one meaning) and every other form.
    """
    found = YEAR_LAST.match(_with_century(clean_text(text)))
    if not found:
        return False
    first, second = int(found[1]), int(found[3])
    return first != second and 1 <= first <= 12 and 1 <= second <= 12  # noqa: PLR2004 (twelve months)
