"""What each delivered cell reads as: the columns that Great Expectations judges, and the words for what is wrong.

Belongs here: which fields hold typed values, what the files' conventions are (order of dates, decimal mark), and a
short code per cell: readable, or why not.
Does not belong here: the readers (udfs/values.py), and what follows from a code (validation/delivered.py).
"""

import re
import unicodedata
from collections.abc import Callable, Iterable

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.answers import ANSWER_CODES, answer_codes
from orchestration.ingestion.columns import ADDRESS
from orchestration.ingestion.ids import damage
from orchestration.ingestion.no_records import SPREADSHEET_ERRORS
from orchestration.ingestion.refusals import CONFLICT, Conventions
from orchestration.objects import OBJECTS
from orchestration.validation.delivered import READABLE
from udfs import bands, values
from udfs.readers import could_be_either_order

_EMAIL = re.compile(f"^{ADDRESS}$")
_IP = re.compile(
    r"^(?:[a-z]+://)?(?:\d{1,3}(?:\.\d{1,3}){3}|\[?[0-9a-f:]*:[0-9a-f:]+:[0-9a-f:.]*\]?)(?:[:/].*)?$", re.I
)
_LOOKS_LIKE_DATE = re.compile(
    r"^\d{4}([-/.])\d{1,2}\1\d{1,2}(?!\d)|^\d{8}$|^\d{1,2}([-/.])\d{1,2}\2(?:\d{4}|\d{2})(?!\d)"
)


def find_conventions(columns: dict[str, pa.ChunkedArray], object_name: str, declared: Conventions) -> Conventions:
    """Find out a file's order of dates and decimal mark: as declared for the party, else from its own values.

    Args:
        columns: the file's mapped columns by field, each a string array of n rows.
        object_name: the object.
        declared: what seeds/company/partners.csv says.

    Returns:
        The conventions. Evidence counts only when no value of the file contradicts it.
    """
    kinds = OBJECTS[object_name].kinds
    dates = [columns[field] for field, kind in kinds.items() if kind == "date" and field in columns]
    with_mark = ("amount", "amount band", "probability")
    figures = [columns[field] for field, kind in kinds.items() if kind in with_mark and field in columns]
    return Conventions(
        declared.date_order or _agreed(dates, values.date_orders_shown),
        declared.decimal_mark or _agreed(figures, values.decimal_marks_shown),
    )


def read_cells(
    columns: dict[str, pa.Array],
    object_name: str,
    conventions: Conventions,
    words: "NameWords",
    currencies: frozenset[str] = frozenset(),
) -> dict[str, pa.Array]:
    """Read every typed cell of a batch.

    Args:
        columns: mapped columns by field, each a string array of n rows (null = blank).
        object_name: the object.
        conventions: the file's.
        words: what a name must not consist of alone.
        currencies: words for currencies, in lower case, that a person has mapped to codes.

    Returns:
        By ``<field>__reading``: string array of n, ``readable`` or a rule's name, null where the cell is missing; and
        ``row__reading``: never null, ``readable`` or why the row cannot be used.
    """
    readings = {
        f"{field}__reading": _codes(columns[field], kind, conventions, currencies)
        for field, kind in OBJECTS[object_name].kinds.items()
        if field in columns
    }
    readings["row__reading"] = _row_codes(columns, object_name, words)
    return readings


def reading_rules(object_name: str) -> dict[str, tuple[str, ...]]:
    """Give, for every reading column of an object, the codes other than readable that may appear in it."""
    fields = OBJECTS[object_name].fields
    rules = {f"{field.name}__reading": (*CODES.get(field.kind, ()), CONFLICT) for field in fields}
    return rules | {"row__reading": ROW_CODES[object_name]}


def add_conflicts(
    codes: dict[str, pa.Array], conflicts: dict[str, pa.Array], structure: pa.Array
) -> dict[str, pa.Array]:
    """Add to the readings what is wrong with a row's cells whatever they mean.

    Args:
        codes: readings by column, as read_cells gives them.
        conflicts: by field, a boolean array of n: columns of the same name disagree there.
        structure: string array of n: a row rule, or null.

    Returns:
        The readings; a row whose name or id is contradictory cannot be used.
    """
    row = codes["row__reading"]
    result = dict(codes)
    for field, differ in conflicts.items():
        if field in ("name", "source_id"):
            row = pc.if_else(differ, CONFLICT, row)
        if field != "source_id":
            known = codes.get(f"{field}__reading", pa.repeat(pa.scalar(READABLE), len(differ)))
            result[f"{field}__reading"] = pc.if_else(differ, CONFLICT, known)
    result["row__reading"] = pc.coalesce(structure, row)
    return result


_BLANKS = 4  # so many more than a placeholder has may a name hold


class NameWords:
    """Words that are no name by themselves: legal forms, and what people write where there is no name."""

    def __init__(self, forms: Iterable[str], placeholders: Iterable[str] = ()) -> None:
        """Take legal forms and placeholders in any spelling."""
        self.placeholders = pa.array(
            sorted({re.sub(r"[\s._\-]+", " ", word).strip().lower() for word in placeholders}), pa.string()
        )
        self.longest_placeholder = max((len(word) for word in self.placeholders.to_pylist()), default=0) + _BLANKS
        self.first_of_placeholders = pa.array(
            sorted({word.partition(" ")[0] for word in self.placeholders.to_pylist()}), pa.string()
        )
        known = list(forms)
        self._forms = {tokens for form in known if (tokens := _tokens(form))}
        # As written and without accents: names are compared before their accents are taken away.
        first_words = {form[0] for form in self._forms} | {_first_word(form) for form in known}
        self.first_words = pa.array(sorted(first_words), pa.string())

    def is_only_legal_form(self, name: str) -> bool:
        """Tell whether a name is one legal form and nothing else (``GmbH & Co. KG``).

        A row of two forms is taken for a name (SE Corporation, SAS AB), and so are the short forms that companies are
        called by (BT, UAB): a real company that is turned away costs more than a nameless row that comes in.
        """
        tokens = _tokens(name)
        letters = sum(map(len, tokens))
        return tokens in self._forms and (letters >= _SURE_FORM_LETTERS or tokens in _SURE_SHORT_FORMS)


_SURE_FORM_LETTERS = 4
_SURE_SHORT_FORMS = {
    (form,) for form in ("inc", "ltd", "llc", "llp", "plc", "srl", "ag", "kg", "bv", "nv", "sa", "gbr", "ohg")
}

CODES: dict[str, tuple[str, ...]] = {
    "website": ("website_is_email", "website_is_ip_address", "website_without_dot", "website_unreadable"),
    "integer band": ("band_made_a_date", "band_upside_down", "negative_number", "number_unreadable"),
    "amount band": (
        *("band_made_a_date", "band_upside_down"),
        *("negative_amount", "amount_ambiguous", "amount_unreadable"),
    ),
    "amount": ("negative_amount", "amount_ambiguous", "amount_unreadable"),
    "probability": ("probability_out_of_range", "probability_unreadable"),
    "currency": ("unknown_currency",),
    "boolean": ("boolean_unreadable",),
    "deletion": ("deletion_unreadable",),
    "date": ("date_ambiguous", "date_impossible", "date_unreadable"),
    "dates": ("date_ambiguous", "date_impossible", "date_unreadable"),
    "email": ("email_unreadable",),
}

_COMMON_ROW_CODES = (
    *("cell_too_long", "nul_byte", "stray_bytes", CONFLICT, "row_deleted"),
    *("id_in_scientific_notation", "id_out_of_precision", "unit_unknown"),
)
ROW_CODES: dict[str, tuple[str, ...]] = {
    "accounts": (
        *_COMMON_ROW_CODES,
        *("name_empty", "name_only_punctuation", "name_only_legal_form", "name_is_spreadsheet_error"),
        "name_is_placeholder",
    ),
    "opportunities": (*_COMMON_ROW_CODES, "account_missing"),
    "engagements": (*_COMMON_ROW_CODES, "account_missing", "date_missing"),
    "contacts": (*_COMMON_ROW_CODES, "account_missing", "person_missing"),
    **{name: (*_COMMON_ROW_CODES, *codes) for name, codes in ANSWER_CODES.items()},
}


def _codes(texts: pa.Array, kind: str, conventions: Conventions, currencies: frozenset[str]) -> pa.Array:
    """Give the code of every cell of one typed column."""
    present = pc.invert(values.is_missing(texts))
    mark = pa.repeat(pa.scalar(conventions.decimal_mark, pa.string()), len(texts))
    order = pa.repeat(pa.scalar(conventions.date_order, pa.string()), len(texts))
    refused_anyway: pa.Array | None = None
    if kind == "website":
        read = pc.if_else(values.has_website_host(texts), texts, pa.scalar(None, pa.string()))
    elif kind == "integer band":
        read = values.read_integer_band(texts, mark)
        refused_anyway = _reaches_below_zero(read)
    elif kind == "amount band":
        read = values.read_amount_band(texts, mark)
        refused_anyway = _reaches_below_zero(read)
    elif kind == "amount":
        read = values.read_amount(texts, mark)
        refused_anyway = pc.fill_null(pc.less(read, pa.scalar(0, values.AMOUNT_TYPE)), False)
    elif kind == "probability":
        read = values.read_amount(pc.replace_substring_regex(texts, r"\s*%\s*$", ""), mark)
        hundred, zero = pa.scalar(100, values.AMOUNT_TYPE), pa.scalar(0, values.AMOUNT_TYPE)
        refused_anyway = pc.fill_null(pc.or_(pc.less(read, zero), pc.greater(read, hundred)), False)
    elif kind == "currency":
        mapped = pc.is_in(
            pc.utf8_lower(pc.utf8_trim_whitespace(texts)), value_set=pa.array(sorted(currencies), pa.string())
        )
        read = pc.if_else(mapped, texts, values.read_currency(texts))
    elif kind == "boolean":
        read = values.read_boolean(texts)
    elif kind == "deletion":
        read = is_deleted(texts)
    elif kind in ("date", "dates"):
        read = values.read_date(texts, order) if kind == "date" else values.read_dates(texts, order)
    else:
        read = pa.array(
            [None if t is None or not _EMAIL.match(t.strip()) else t for t in texts.to_pylist()], pa.string()
        )
    good = pc.is_valid(read)
    if refused_anyway is not None:
        good = pc.and_(good, pc.invert(refused_anyway))
    codes = pc.if_else(present, pc.if_else(good, READABLE, pa.scalar(None, pa.string())), pa.scalar(None, pa.string()))
    failing = pc.and_(present, pc.invert(good))
    if not pc.any(failing).as_py():
        return codes
    places = np.flatnonzero(failing.to_numpy(zero_copy_only=False))
    encoded = texts.take(pa.array(places)).dictionary_encode()
    whys = pa.array([_why(text, kind) for text in encoded.dictionary.to_pylist()], pa.string()).take(encoded.indices)
    spread = np.full(len(texts), -1, dtype=np.int64)
    spread[places] = np.arange(len(places))
    return pc.coalesce(codes, whys.take(pa.array(spread, mask=spread < 0)))


def _reaches_below_zero(bands_read: pa.Array) -> pa.Array:
    """Tell which bands have an end below zero."""
    ends = (pc.struct_field(bands_read, end) for end in ("least", "most"))
    least, most = (pc.fill_null(pc.less(end, pa.scalar(0, end.type)), False) for end in ends)
    return pc.or_(least, most)


def _why(text: str, kind: str) -> str:
    """Tell why one text cannot be used as a value of its kind."""
    return _WHY[kind](text.strip())


def _why_website(text: str) -> str:
    if _EMAIL.match(text.removeprefix("mailto:")):
        return "website_is_email"
    if _IP.match(text):
        return "website_is_ip_address"
    return "website_unreadable" if "." in text else "website_without_dot"


def _why_amount(text: str) -> str:
    readable = [_read(values.read_amount, text, mark) is not None for mark in ".,"]
    if not any(readable):
        return "amount_unreadable"
    return "negative_amount" if _is_negative(text) else "amount_ambiguous"


def _why_integer_band(text: str) -> str:
    ends = {end for mark in ".," for end in bands.integer_band_of(text, mark) or () if end is not None}
    return _why_no_band(text) or ("negative_number" if any(end < 0 for end in ends) else "number_unreadable")


def _why_amount_band(text: str) -> str:
    ends = {end for mark in ".," for end in bands.amount_band_of(text, mark) or () if end is not None}
    readable = "negative_amount" if any(end < 0 for end in ends) else "amount_ambiguous"
    return _why_no_band(text) or (readable if ends else "amount_unreadable")


def _why_no_band(text: str) -> str | None:
    if bands.is_made_a_date(text):
        return "band_made_a_date"
    return "band_upside_down" if bands.is_upside_down(text) else None


def _why_probability(text: str) -> str:
    figure = text.rstrip("% ")
    is_figure = any(_read(values.read_amount, figure, mark) is not None for mark in ".,")
    return "probability_out_of_range" if is_figure else "probability_unreadable"


def _why_date(text: str) -> str:
    if could_be_either_order(text) and _read(values.read_date, text, "dmy") is not None:
        return "date_ambiguous"
    return "date_impossible" if _LOOKS_LIKE_DATE.match(text) else "date_unreadable"


def _why_dates(text: str) -> str:
    days = (part.strip() for part in text.split(";"))
    unread = (
        day for day in days if day and all(_read(values.read_date, day, order) is None for order in ("dmy", "mdy"))
    )
    return next((_why_date(day) for day in unread), "date_ambiguous")


_WHY: dict[str, Callable[[str], str]] = {
    "website": _why_website,
    "integer band": _why_integer_band,
    "amount": _why_amount,
    "amount band": _why_amount_band,
    "probability": _why_probability,
    "currency": lambda _: "unknown_currency",
    "boolean": lambda _: "boolean_unreadable",
    "deletion": lambda _: "deletion_unreadable",
    "date": _why_date,
    "dates": _why_dates,
    "email": lambda _: "email_unreadable",
}


def _read(reader: Callable[..., pa.Array], text: str, option: str) -> object:
    return reader(pa.array([text]), pa.array([option]))[0].as_py()


def _is_negative(text: str) -> bool:
    return "-" in text or "−" in text or text.startswith("(")


def _row_codes(columns: dict[str, pa.Array], object_name: str, words: NameWords) -> pa.Array:
    """Tell for every row whether it can be used at all."""
    codes = _content_codes(columns, object_name, words)
    if "is_deleted" not in columns:
        return codes
    return pc.if_else(pc.fill_null(is_deleted(columns["is_deleted"]), False), "row_deleted", codes)


def is_deleted(texts: pa.Array) -> pa.Array:
    """Read whether a record was deleted, which connectors say by a flag or by the day it happened.

    Args:
        texts: string array of n.

    Returns:
        Boolean array of n; null where the text says neither.
    """
    dated = pc.is_valid(values.read_date(texts, pa.repeat(pa.scalar("dmy"), len(texts))))
    return pc.coalesce(values.read_boolean(texts), pc.if_else(dated, True, pa.scalar(None, pa.bool_())))


def _content_codes(columns: dict[str, pa.Array], object_name: str, words: NameWords) -> pa.Array:
    """Tell for every row whether it says what its object must say."""
    length = len(next(iter(columns.values())))
    readable = pa.repeat(pa.scalar(READABLE), length)

    def missing(*fields: str) -> pa.Array:
        absent = pa.repeat(pa.scalar(True), length)
        for field in fields:
            if field in columns:
                absent = pc.and_(absent, values.is_missing(columns[field]))
        return absent

    damaged = damage(columns["source_id"]) if "source_id" in columns else pa.nulls(length, pa.string())
    if object_name == "accounts":
        return pc.coalesce(damaged, _name_codes(columns["name"], columns.get("website"), words))
    if OBJECTS[object_name].is_answer:
        return answer_codes(columns, object_name, missing, readable)
    codes = pc.coalesce(
        damaged, pc.if_else(missing("account_source_id", "account_name"), "account_missing", pa.scalar(READABLE))
    )
    if object_name == "engagements":
        return pc.if_else(
            missing("engagement_date"), pc.if_else(pc.equal(codes, READABLE), "date_missing", codes), codes
        )
    if object_name == "contacts":
        nobody = missing("name", "first_name", "last_name", "email")
        return pc.if_else(nobody, pc.if_else(pc.equal(codes, READABLE), "person_missing", codes), codes)
    return codes


def _name_codes(names: pa.Array, websites: pa.Array | None, words: NameWords) -> pa.Array:
    """Tell for every name whether it can name an account."""
    empty = values.is_missing(names)
    lettered = pc.fill_null(pc.match_substring_regex(names, r"[\p{L}\p{N}]"), False)
    codes = pc.if_else(lettered, READABLE, "name_only_punctuation")
    # A legal form is short and begins with one of few words; only such names are looked at one by one.
    short = pc.fill_null(pc.less_equal(pc.utf8_length(names), _LONGEST_FORM), False)
    words_of = pc.utf8_split_whitespace(pc.if_else(lettered, pc.utf8_trim_whitespace(names), "?"), max_splits=1)
    first = pc.replace_substring(pc.utf8_lower(pc.list_element(words_of, 0)), ".", "")
    first = pc.utf8_trim(first, characters=" ,;:-–&+()[]{}'\"/*")
    begins = pc.is_in(first, value_set=words.first_words)
    places = np.flatnonzero(pc.and_(pc.and_(short, begins), lettered).to_numpy(zero_copy_only=False))
    if len(places):
        candidates = names.take(pa.array(places)).to_pylist()
        only = places[[words.is_only_legal_form(name) for name in candidates]]
        flags = np.zeros(len(names), dtype=bool)
        flags[only] = True
        codes = pc.if_else(pa.array(flags), "name_only_legal_form", codes)
    # "---" is a missing marker too, but the more distinctive word is that it is only punctuation.
    blank = pc.or_(pc.is_null(names), pc.and_(empty, lettered))
    codes = pc.if_else(blank, "name_empty", codes)
    if any(pc.any(pc.match_substring(names, sign)).as_py() for sign in ("#", "oading", "OADING")):
        error = pc.fill_null(pc.match_substring_regex(names, SPREADSHEET_ERRORS), False)
        codes = pc.if_else(error, "name_is_spreadsheet_error", codes)
    # Placeholders are short and begin with few words; only such names are brought to the form that is compared.
    brief = pc.fill_null(pc.less_equal(pc.utf8_length(names), words.longest_placeholder), False)
    first = pc.struct_field(pc.extract_regex(names, r"^[\s._\-]*(?P<word>[^\s._\-]+)"), "word")
    begins = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(first)), value_set=words.first_of_placeholders)
    candidates = pc.if_else(pc.and_(brief, begins), names, "").dictionary_encode()
    folded = pc.replace_substring_regex(candidates.dictionary, r"[\s._\-]+", " ")
    folded = pc.utf8_lower(pc.utf8_trim_whitespace(folded))
    found = pc.is_in(folded, value_set=words.placeholders).take(candidates.indices)
    placeholder = pc.and_(found, pc.equal(codes, READABLE))
    if websites is not None and pc.any(placeholder).as_py():  # X is a company, if x.com is its website
        placeholder = pc.and_(placeholder, pc.is_null(values.read_website_host(websites)))
    return pc.if_else(pc.fill_null(placeholder, False), "name_is_placeholder", codes)


def _agreed(columns: list[pa.ChunkedArray], shown: Callable[[pa.ChunkedArray], set[str]]) -> str | None:
    """What all values of a file that prove something agree on; year-first dates say nothing about the others."""
    proofs = {proof for column in columns for proof in shown(column)}
    others = proofs - {"ymd"}
    if len(others) == 1:
        return others.pop()
    return "ymd" if proofs == {"ymd"} else None


_LONGEST_FORM = 100  # characters


def _first_word(text: str) -> str:
    return next(iter(re.findall(r"[^\W_]+", text.lower().replace(".", ""))), "")


def _tokens(text: str) -> tuple[str, ...]:
    """Words of a name without case, accents and dots (``G.m.b.H.`` is one word)."""
    folded = "".join(
        c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c) and c not in ".'’"
    )
    return tuple(re.findall(r"[^\W_]+", folded))
