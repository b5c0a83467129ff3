"""What one text means as a band of figures: its least and its most, either of which may be open.

Belongs here: how people and systems write a size that is known roughly (``51-200``, ``$10M-$50M``, ``500+``, ``< 10``).
An exact figure is the band whose least and most are that figure. Does not belong here: figures themselves (readers.py),
columns (values.py), and which bands are acceptable.
"""

import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import TypeVar

from udfs.readers import (
    MONTHS,
    Figure,
    as_amount,
    as_integer,
    clean_text,
    counted_figure_of,
    date_of,
    figure_of,
    is_missing_text,
)

Value = TypeVar("Value", int, Decimal)
Ends = tuple[Value | None, Value | None]  # least and most, both of the band; null where it is open
_Reader = Callable[[str, str | None], Figure | None]
_LONGEST = 60  # characters; what is longer is no band, and not worth the work


def _words(words: str, signs: str = "") -> str:
    """A pattern of some words, which no letter touches, and signs."""
    return rf"(?:{signs + '|' if signs else ''}(?<![^\W\d_])(?:{words})(?![^\W\d_]))"


# English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic languages, Polish; the longer words first.
_TWO_FIGURES = tuple(
    re.compile(rf"^{before}\s*(?P<least>.*\d.*?)\s*{between}\s*(?P<most>.*\d.*)$", re.IGNORECASE)
    for before, between in (
        (_words("between|zwischen|entre|tra|fra|tussen|mellem|mellom|mellan"), _words("and|und|et|y|e|en|og|och")),
        (_words("from|von|de|da|van|fra|från|od") + "?", _words("to|bis|à|a|al|até|tot|til|till|do")),
        ("", "[-‐–—~〜]"),
    )
)
# Which end a word beside the only figure makes of it, and whether the figure itself is left out.
_BEFORE_ONE = {
    ("least", False): _words(
        r"at least|from|min\.?|minimum|mindestens|ab|au moins|à partir de|desde|al menos|almeno|a partire da|"
        r"a partir de|minimaal|vanaf|minst",
        ">=|=>|≥",
    ),
    ("least", True): _words(
        "more than|greater than|over|above|mehr als|über|plus de|más de|più di|oltre|mais de|meer dan|mer än|mere end|"
        "mer enn|ponad|powyżej",
        ">",
    ),
    ("most", False): _words(
        r"up to|at most|max\.?|maximum|bis zu|bis|höchstens|maximal|jusqu'à|hasta|fino a|até|maximaal|tot|upp till|"
        r"op til|do",
        "<=|=<|≤",
    ),
    ("most", True): _words(
        "less than|fewer than|under|below|weniger als|unter|moins de|menos de|meno di|minder dan|mindre än|mindre end|"
        "mindre enn|poniżej",
        "<",
    ),
}
_AFTER_ONE = {
    ("least", False): _words(
        "(?:and|or) (?:more|above|over|up)|plus|(?:und|oder) mehr|(?:et|ou) plus|(?:y|o) más|(?:e|o) più|"
        "(?:e|ou) mais|(?:en|of) meer|以上",
        r"\+",
    ),
    ("least", True): _words("超"),
    ("most", False): _words(
        "(?:and|or) (?:less|fewer|below|under)|(?:und|oder) weniger|ou moins|o menos|o meno|ou menos|of minder|以下"
    ),
    ("most", True): _words("未満"),
}
_ONE_FIGURE = [
    *((re.compile(rf"^{word}\s*(?P<figure>.*\d.*)$", re.IGNORECASE), end) for end, word in _BEFORE_ONE.items()),
    *(
        (re.compile(rf"^(?P<figure>.*\d.*?)\s*{word}(?P<unit>\D*)$", re.IGNORECASE), end)
        for end, word in _AFTER_ONE.items()
    ),
]
# Who is counted, behind a number of employees.
_HEADS = re.compile(
    _words(
        "employees?|people|persons?|staff|headcount|ftes?|mitarbeiter(?:n|innen)?|mitarbeitende|beschäftigte|ma|employés|"
        "salariés|collaborateurs|personnes|empleados|trabajadores|personas|dipendenti|addetti|funcionários|"
        "colaboradores|medewerkers|werknemers|anställda|ansatte|pracowników"
    )
    + "|人|名|명",
    re.IGNORECASE,
)
# What spreadsheets make of 10-11 and 11-50: a day of a month, a month of a year.
_DAY_OF_MONTH = re.compile(r"^\d{1,2}\.?[-/ ]*(?P<month>[^\W\d_]{3,10})\.?$|^\d{1,2}月\d{1,2}日$")
_MONTH_OF_YEAR = re.compile(r"^(?P<month>[^\W\d_]{3,10})\.?[-/ ]*(?:\d{2}|\d{4})$")


def integer_band_of(text: str | None, mark: str | None) -> Ends[int] | None:
    """Read a whole number, or a band of whole numbers.

    Args:
        text: as delivered, such as ``1,001 - 5,000 employees`` or ``more than 500``; null gives null.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        Its ends; null when it cannot be read, or is upside down.
    """
    return _in_order(_integer_ends(text, mark))


def amount_band_of(text: str | None, mark: str | None) -> Ends[Decimal] | None:
    """Read an amount of money, or a band of amounts.

    Args:
        text: as delivered, such as ``$1 - $10 million`` or ``> $1B``; null gives null.
        mark: which mark separates decimals in the file; null when nobody knows.

    Returns:
        Its ends, with two decimals; null when it cannot be read, could be read in two ways, or is upside down.
    """
    return _in_order(_amount_ends(text, mark))


def band_currency_of(text: str | None) -> str | None:
    """Read the currency that stands beside an amount or a band of amounts.

    Args:
        text: as delivered; null gives null.

    Returns:
        ISO code; null when there is none.
    """
    figures = _figures(text, ".", figure_of)
    return next((figure.currency for figure in figures[:2] if figure and figure.currency), None) if figures else None


def is_upside_down(text: str) -> bool:
    """Tell whether a text is a band whose least is above its most (``200-51``), whatever the file's mark."""
    return any(_is_upside_down(_integer_ends(text, mark)) or _is_upside_down(_amount_ends(text, mark)) for mark in ".,")


def is_without_unit(text: str) -> bool:
    """Tell whether a text is a band, and no exact figure, to which the unit in a header applies: it names no other."""
    figures = _figures(text, ".", figure_of)
    if figures is None or figure_of(text, ".") is not None:
        return False
    return not any(figure and (figure.power or figure.currency) for figure in figures[:2])


def is_made_a_date(text: str) -> bool:
    """Tell whether a text is a date, and no figure; spreadsheets make one of 10-11 (10-Nov) and of 11-50 (Nov-50)."""
    if len(text) > _LONGEST or figure_of(text, ".") is not None:
        return False
    cleaned = clean_text(text).lower()
    if found := _DAY_OF_MONTH.match(cleaned) or _MONTH_OF_YEAR.match(cleaned):
        return found["month"] is None or found["month"] in MONTHS
    return any(date_of(text, order) is not None for order in ("dmy", "mdy"))


def _integer_ends(text: str | None, mark: str | None) -> Ends[int] | None:
    counted = None if text is None or len(text) > _LONGEST else _HEADS.sub(" ", text)
    return _ends(counted, mark, counted_figure_of, as_integer, 1)


def _amount_ends(text: str | None, mark: str | None) -> Ends[Decimal] | None:
    return _ends(text, mark, figure_of, as_amount, Decimal("0.01"))


def _ends(
    text: str | None, mark: str | None, read: _Reader, convert: Callable[[Decimal], Value | None], step: Value
) -> Ends[Value] | None:
    """The ends of a band, in whatever order; `step` leads from a figure that is left out to the next one."""
    figures = _figures(text, mark, read)
    if figures is None:
        return None
    least_figure, most_figure, is_left_out = figures
    if least_figure is None or most_figure is None:
        figure = least_figure or most_figure
        away = (step if least_figure else -step) if is_left_out else 0
        end = convert(figure.value + away) if figure else None
        if end is None:
            return None
        return (end, None) if least_figure else (None, end)
    least, most = (convert(value) for value in _in_one_unit(least_figure, most_figure))
    return None if least is None or most is None else (least, most)


def _in_one_unit(least: Figure, most: Figure) -> tuple[Decimal, Decimal]:
    """The values of two figures of which one alone may have a multiplier.

    One behind the most is that of both (1-10 million), unless that turns the band upside down (500,000 - 1M). One
    behind the least is that of both only where the band is upside down otherwise (10M-50).
    """
    as_written = (least.value, most.value)
    power = max(least.power, most.power)
    shared = (least.number.scaleb(power), most.number.scaleb(power))
    if least.power and most.power:
        return as_written
    first, second = (shared, as_written) if most.power else (as_written, shared)
    return first if first[0] <= first[1] or second[0] > second[1] else second


def _figures(text: str | None, mark: str | None, read: _Reader) -> tuple[Figure | None, Figure | None, bool] | None:
    """The figures at the two ends, null where the band is open, and whether the only one is left out of it."""
    if text is None or len(text) > _LONGEST or is_missing_text(text):
        return None
    for least_text, most_text, is_left_out in _written_ends(clean_text(text)):
        least = None if least_text is None else read(least_text, mark)
        most = None if most_text is None else read(most_text, mark)
        is_read = (least is None) == (least_text is None) and (most is None) == (most_text is None)
        if is_read and len({figure.currency for figure in (least, most) if figure} - {None}) <= 1:
            return least, most, is_left_out
    return None


def _written_ends(text: str) -> Iterator[tuple[str | None, str | None, bool]]:
    """The ways in which a text may be a band: the texts of its ends, and whether the only one is left out of it."""
    yield text, text, False
    for pattern in _TWO_FIGURES:
        if found := pattern.match(text):
            yield found["least"], found["most"], False
    for pattern, (end, is_left_out) in _ONE_FIGURE:
        if found := pattern.match(text):
            figure = f"{found['figure']} {found.groupdict().get('unit') or ''}"
            yield (figure, None, is_left_out) if end == "least" else (None, figure, is_left_out)


def _in_order(ends: Ends[Value] | None) -> Ends[Value] | None:
    return None if _is_upside_down(ends) else ends


def _is_upside_down(ends: Ends[Value] | None) -> bool:
    return ends is not None and ends[0] is not None and ends[1] is not None and ends[0] > ends[1]
