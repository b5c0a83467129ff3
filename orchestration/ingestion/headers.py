"""What a header cell says beside the field (unit, note, the object's own name), and whether a row is a header at all.

Belongs here: one cell or one row of a list's head by itself. Does not belong here: which headers a field has
(mapping.py, seeds/reference/column_mappings.csv).
"""

import re
import unicodedata
from collections.abc import Container, Sequence

from udfs.readers import CURRENCY_CODES, CURRENCY_SYMBOLS, MULTIPLIERS, amount_of, date_of, host_of

_LONGEST_HEADER = 300  # characters; what is longer is no header, and not worth the work
_BRACKETS = re.compile(r"^(?P<base>.*?)\s*[(\[](?P<inside>[^()\[\]]*)[)\]]\s*\*?\s*$")
_IN_UNIT = re.compile(r"^(?P<base>.+?)[\s,]+(?:in|en)\s+(?P<inside>\S+(?:\s+\S+)?)\s*$", re.IGNORECASE)
_JOINED = re.compile(r"^(?P<currency>[$€£¥])?(?P<power>k|t|m|mm|mn|bn|b)(?P<after>[$€£¥]|eur|usd|gbp|chf)?$")
# Notes in brackets that leave a header what it is.
_NOTES = frozenset(
    "required optional mandatory text only converted pflicht pflichtfeld obligatoire obligatorio".split()  # noqa: SIM905 (words)
)
_YEAR = re.compile(r"^(19|20)\d\d$")  # lists have a column a year
_THOUSANDS = frozenset(["000", "'000", "000s", "'000s", "thousands", "in thousands"])
# What a system writes before every header of an object: "Organization - Name", "Deal: Stage".
OWN_WORDS = {
    "accounts": "organization|organisation|company|account",
    "opportunities": "deal|opportunity",
    "engagements": "activity|engagement",
    "contacts": "person|contact",
}
_PREFIX = {
    name: re.compile(rf"^(?:{words})\s*[-:.]\s*(?P<base>\S.*)$", re.IGNORECASE) for name, words in OWN_WORDS.items()
}


def normalize_header(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, without case, accents, spaces or punctuation.

    Args:
        header: a column's name as delivered.

    Returns:
        ``accountname`` for ``Account Name``, ``account_name`` and ``Ａｃｃｏｕｎｔ－Ｎａｍｅ``.
    """
    if len(header) > _LONGEST_HEADER:
        return ""
    decomposed = unicodedata.normalize("NFKD", header.strip().lstrip("\ufeff")).casefold()
    # Voiced marks of Japanese kana are combining marks too, and they are letters: compose them again.
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) or c in "\u3099\u309a")
    return "".join(c for c in unicodedata.normalize("NFKC", kept) if c.isalnum())


def split_unit(header: str) -> tuple[str, str | None]:
    """Take the unit off a header.

    Args:
        header: ``Umsatz (Mio. EUR)``, ``Revenue in M EUR``, ``Probability (%)``, ``Name``.

    Returns:
        The header without it, and the unit as it may be written behind a figure (``Mio. EUR``, ``M EUR``, ``%``); null
        when there is none.
    """
    for pattern in (_BRACKETS, _IN_UNIT):
        found = pattern.match(header)
        if found and (unit := _unit(found["inside"])):
            return found["base"], unit
    return header, None


def _unit(text: str) -> str | None:
    """Write a unit as it stands behind a figure; null when a word of it is none."""
    stripped = text.strip().lower()
    if stripped in ("%", "percent", "per cent", "prozent"):
        return "%"
    if stripped in _THOUSANDS:
        return "k"
    words = []
    for word in text.split():
        lowered = word.lower()
        joined = _JOINED.match(lowered)
        if lowered in MULTIPLIERS or lowered in CURRENCY_SYMBOLS or lowered.upper() in CURRENCY_CODES:
            words.append(word)
        elif joined and (joined["currency"] or joined["after"]):
            power = "k" if joined["power"] == "t" else joined["power"]
            words += [power, joined["currency"] or joined["after"]]
        else:
            return None
    return " ".join(words) or None


def spellings(header: str, object_name: str) -> list[str]:
    """Give the forms in which a header may be known, the fullest first.

    Args:
        header: as delivered.
        object_name: the object of the list.

    Returns:
        Normalised headers: as it is, then without unit, note in brackets and the object's own name before it.
    """
    forms = [header]
    base, unit = split_unit(header)
    if unit:
        forms.append(base)
    noted = _BRACKETS.match(base)
    if noted and {normalize_header(word) for word in noted["inside"].split()} <= _NOTES:
        forms.append(noted["base"])
    for form in list(forms):
        if object_name in _PREFIX and (found := _PREFIX[object_name].match(form.strip())):
            forms.append(found["base"])
    return [key for key in dict.fromkeys(normalize_header(form) for form in forms) if key]


def words_of(text: str) -> set[str]:
    """Take a text apart into its words.

    Args:
        text: ``LastModified by``, ``first_name``.

    Returns:
        Runs of letters, in lower case: ``last``, ``modified``, ``by``.
    """
    return {word.casefold() for word in _WORDS.findall(_CAMEL.sub(" ", text))}


_WORDS = re.compile(r"[^\W\d_]+")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")


def may_name_a_person(text: str, known: Container[str] = ()) -> bool:
    """Tell whether a text that nobody has understood may name a person, and is not to be shown to everybody.

    Args:
        text: a header, or a value that cannot be read.
        known: words that are nobody's name there.

    Returns:
        True for an address, and for two or more words that are not known: a first and a last name are.
    """
    return "@" in text or sum(word not in known for word in words_of(text)) > 1


def is_like_data(cell: str) -> bool:
    """Tell whether a cell reads as a value rather than as a header.

    Args:
        cell: of a row that may be the header.

    Returns:
        True for figures that are no years, days, web and e-mail addresses.
    """
    text = cell.strip()
    if not text or _YEAR.match(text):
        return False
    is_address = "@" in text or (text == text.lower() and host_of(text) is not None)
    return is_address or amount_of(text, ".") is not None or date_of(text, "dmy") is not None


def repeated_below(cells: Sequence[str], below: Sequence[Sequence[str]]) -> set[int]:
    """Find the cells of a row that stand again further down in their column, as a header's do not.

    Args:
        cells: the row.
        below: rows below it. One that repeats the row as a whole is a header once more and says nothing.

    Returns:
        Positions.
    """
    others = [row for row in below if list(row[: len(cells)]) != list(cells)]
    return {
        index
        for index, cell in enumerate(cells)
        if cell.strip() and any(index < len(row) and row[index].strip() == cell.strip() for row in others)
    }
