"""Registration numbers: cleaned, and kept only when their check digits agree.

Belongs here: LEI, DUNS, VAT, SIRET and CIK numbers as text. Does not belong here: what an equal or a different number
says about two records (resolution models).
"""

import re
from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc
from stdnum import lei, luhn
from stdnum.eu import vat as eu_vat
from stdnum.exceptions import ValidationError
from stdnum.fr import siret
from stdnum.gb import vat as gb_vat
from stdnum.util import get_cc_module

_NO_NUMBER = re.compile(r"^(.)\1*$")
_DUNS_DIGITS = 9
_CIK_DIGITS = 10


def _lei(text: str) -> str | None:
    return lei.compact(text) if lei.is_valid(text) else None


def _siret(text: str) -> str | None:
    return siret.compact(text) if siret.is_valid(text) and luhn.is_valid(siret.compact(text)) else None


def _duns(text: str) -> str | None:
    """Nine digits; Dun & Bradstreet gave up the check digit in 2006, so there is none to test."""
    digits = re.sub(r"[\s.-]", "", text)
    if not digits.isdigit() or len(digits) > _DUNS_DIGITS or len(digits) < _DUNS_DIGITS - 2:
        return None
    return digits.zfill(_DUNS_DIGITS)


def _cik(text: str) -> str | None:
    """Up to ten digits, written with or without leading zeros; the number has no check digit."""
    digits = re.sub(r"^(?:CIK)?[\s#:-]*", "", text.strip(), flags=re.IGNORECASE)
    return digits.zfill(_CIK_DIGITS) if digits.isdigit() and len(digits) <= _CIK_DIGITS else None


def _vat(text: str) -> str | None:
    """A number with its country prefix, checked by that country's rule."""
    compact = re.sub(r"[^0-9A-Za-z+*]", "", text).upper()
    country = compact[:2]
    if not country.isalpha():
        return None
    try:
        if country in {"GB", "XI"}:
            return country + gb_vat.validate(compact[2:])
        if country.lower() in eu_vat.MEMBER_STATES or country == "EL":
            return eu_vat.validate(compact)
        module = get_cc_module(country.lower(), "vat")
        if module is None:
            return None
        number: str = module.validate(compact)
    except ValidationError:
        return None
    return number if number.startswith(country) else country + number


_READERS: dict[str, Callable[[str], str | None]] = {
    "lei": _lei,
    "duns": _duns,
    "vat": _vat,
    "siret": _siret,
    "cik": _cik,
}


def registration_number(text: str, scheme: str) -> str | None:
    """Clean one registration number.

    Args:
        text: the number as delivered.
        scheme: lei, duns, vat, siret or cik.

    Returns:
        Its compact form; None when check digits or length do not agree, for an unknown scheme, and for a
        placeholder such as 000000000. Source of the rules: python-stdnum.
    """
    reader = _READERS.get(scheme)
    if reader is None or not text.isascii():
        return None
    number = reader(text)
    return None if number is None or _NO_NUMBER.match(number) else number


def valid_registration_number(numbers: pa.Array, schemes: pa.Array) -> pa.Array:
    """Clean many registration numbers; each distinct one is read once.

    Args:
        numbers: varchar, as delivered; null stays null.
        schemes: varchar, the scheme of each number.

    Returns:
        varchar: compact numbers, null where a number proves nothing.
    """
    if isinstance(numbers, pa.ChunkedArray):
        numbers = numbers.combine_chunks()
    if isinstance(schemes, pa.ChunkedArray):
        schemes = schemes.combine_chunks()
    if numbers.null_count == len(numbers):
        return pa.nulls(len(numbers), pa.string())
    encoded = pc.dictionary_encode(pc.binary_join_element_wise(schemes, numbers, "\x1f"))
    found = []
    for pair in encoded.dictionary.to_pylist():
        scheme, number = pair.split("\x1f", 1)
        found.append(registration_number(number, scheme))
    return pa.array(found, pa.string()).take(encoded.indices)
