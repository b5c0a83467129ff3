"""What is to be known of a list although nothing of it was refused: columns not read, columns gone, fields absent.

Belongs here: finding it, and the words. Does not belong here: refusals (refusals.py), and writing (raw_tables.py).

Everybody reads remarks. Examples are shown of values that name nobody: figures, days, hosts, words of a vocabulary. Any
other text of a column that nobody has read may be a person's name; so may its header, and then its place is named.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, utils

from orchestration.ingestion.headers import is_like_data
from orchestration.ingestion.mapping import ALIKE, Header
from orchestration.objects import OBJECTS
from udfs.readers import boolean_of, date_of, host_of, is_missing_text

_EXAMPLES = 3
_VALUES_LOOKED_AT = 200  # different ones, of a column that is not read
_MOST = 0.8  # share of them that makes a column what they are

# What follows when a list has no column for a field at all.
LACKING: dict[str, dict[str, tuple[tuple[str, ...], str]]] = {
    "accounts": {
        "status": (
            ("lifecycle_status", "list_name"),
            "no account of it counts as customer, prospect or target: overlaps get no category by it, and no play",
        ),
        "id": (
            ("source_id",),
            "an account is known by its name, website and country, and is another record when one of them changes",
        ),
        "country": (
            ("country",),
            "companies of one name in different countries cannot be kept apart by it",
        ),
        "website": (
            ("website",),
            "accounts are found by their names alone",
        ),
    },
}


@dataclass(frozen=True)
class Remark:
    """One thing to know of a list."""

    kind: str  # unread column, missing column, lacking field, remark
    rule: str
    column_name: str | None
    reason: str
    remedy: str
    record_count: int | None = None
    row_number: int | None = None
    examples: str | None = None


def unread_columns(
    header: Header,
    columns: Mapping[int, pa.ChunkedArray],
    vocabularies: Mapping[str, frozenset[str]],
    field_of: Callable[[str], str | None],
) -> list[Remark]:
    """Describe the columns that fill no field.

    Args:
        header: of the list.
        columns: by its place, each such column's accepted cells as a string array of n (blank = null).
        vocabularies: known words by field, in the form of `mapping_key`.
        field_of: gives the field whose headers a header is like; null when it is like none.

    Returns:
        One remark for each that holds a value and is not known to hold nothing for us.
    """
    filled = {column.field for column in header.columns if column.field}
    remarks = []
    for column in sorted(header.columns, key=lambda column: column.index):
        if column.field is not None or column.is_known or column.index not in columns:
            continue
        cells = columns[column.index]
        values = first_values(cells, _VALUES_LOOKED_AT)
        if not values:
            continue
        likely, examples = _read_as(values, header.object, vocabularies)
        likely = likely or field_of(column.header)
        meaning = f" It may be {likely.replace('_', ' ')}." if likely and likely not in filled else ""
        row = f"{header.source_system},{header.object},{column.header if column.may_be_shown else '<its header>'}"
        remarks.append(
            Remark(
                "unread column",
                "column_not_read",
                column.header if column.may_be_shown else f"column {column.shown}",
                f"The column {column.shown} was kept and not read: no field has a header of this name.{meaning}",
                f"If it matters, add a row to seeds/reference/column_mappings.csv: {row},"
                f"{likely if likely and likely not in filled else '<field>'}; a row without a field says that it does "
                "not.",
                record_count=cells.length() - cells.null_count,
                examples=" | ".join(list(dict.fromkeys(examples))[:_EXAMPLES]) or None,
            )
        )
    return remarks


def several_values(header: Header, columns: Mapping[int, pa.ChunkedArray]) -> list[Remark]:
    """Describe the columns whose cells hold several values, of which one is read.

    Args:
        header: of the list.
        columns: by its place, each column's accepted cells as a string array of n (blank = null).

    Returns:
        One remark for each.
    """
    described = OBJECTS[header.object]
    remarks = []
    for column in sorted(header.columns, key=lambda column: column.index):
        field = column.field or ""
        several = field in ("account_source_id", *described.vocabularies, *described.kinds)
        if column.index not in columns or not several:
            continue
        kind = described.kinds.get(field)
        if kind not in (None, "website", "email"):
            continue
        separators = r"\S\s*[;,|]\s*\S" if kind == "website" else r"\S\s*;\s*\S"
        count = pc.sum(pc.match_substring_regex(columns[column.index], separators)).as_py() or 0
        if count:
            remarks.append(
                Remark(
                    "remark",
                    "one_of_several",
                    column.header,
                    f"{count:,} cells of the column '{column.header}' hold several values, of which one is read.",
                    "Nothing if the first (of statuses: by precedence) is meant; else deliver one value a cell.",
                    record_count=count,
                )
            )
    return remarks


def missing_columns(
    headers: Sequence[Header], read_before: Mapping[str, str], month: str, unread: Sequence[Remark]
) -> list[Remark]:
    """Describe the columns that were read in the month before and are gone.

    Args:
        headers: of all files and sheets of the list.
        read_before: what the list's columns filled then: field by header.
        month: that month, as YYYY-MM.
        unread: remarks on columns that are not read now; one of them may be the same under another name.

    Returns:
        One remark for each field that no column fills any more.
    """
    filled = {column.field for header in headers for column in header.columns if column.field}
    remarks = []
    for name, field in read_before.items():
        if field in filled:
            continue
        renamed = [
            remark.column_name
            for remark in unread
            if remark.column_name
            and (f"may be {field.replace('_', ' ')}." in remark.reason or _is_alike(name, remark.column_name))
        ]
        now = f" It may be '{renamed[0]}' now." if renamed else ""
        remarks.append(
            Remark(
                "missing column",
                "column_missing",
                name,
                f"The column '{name}' was read in {month} as {field.replace('_', ' ')} and is missing, so the field is "
                f"empty in every row.{now}",
                f"Deliver the column again, or add its new name to seeds/reference/column_mappings.csv "
                f"({headers[0].object}, {field}), then run the month again.",
            )
        )
    return remarks


def lacking_fields(headers: Sequence[Header]) -> list[Remark]:
    """Say what follows from fields that no file of a list has a column for.

    Args:
        headers: of all files and sheets of the list.

    Returns:
        One remark for each.
    """
    filled = {column.field for header in headers for column in header.columns if column.field}
    return [
        Remark(
            "lacking field",
            f"list_without_{what}",
            None,
            f"The list has no column for {what}, so {consequence}.",
            f"Ask for a list with a column for {what}; its headers are in seeds/reference/column_mappings.csv.",
        )
        for what, (fields, consequence) in LACKING.get(headers[0].object, {}).items()
        if not filled.intersection(fields)
    ]


def first_values(cells: pa.ChunkedArray, count: int) -> list[str]:
    """Give the first different values of a column; no more of it is looked through than they need.

    Args:
        cells: string array of n.
        count: how many at most.

    Returns:
        Texts in the order in which they come, without those that say that there is no value.
    """
    found: dict[str, None] = {}
    for start in range(0, len(cells), _AT_ONCE):
        some = pc.unique(cells.slice(start, _AT_ONCE)).to_pylist()
        found |= dict.fromkeys(text for text in some if text is not None and not is_missing_text(text))
        if len(found) >= count:
            break
    return list(found)[:count]


_AT_ONCE = 10_000  # cells


def mapping_key(text: str) -> str:
    """Give the form in which a delivered value meets a vocabulary, as the dbt macro of this name does.

    Args:
        text: as delivered.

    Returns:
        Without case, spaces, hyphens and underscores.
    """
    return text.lower().translate(_NOT_COMPARED)


_NOT_COMPARED = str.maketrans("", "", " _-\t\u00a0")


def share_of_words(
    values: Sequence[str], field: str, object_name: str, vocabularies: Mapping[str, frozenset[str]]
) -> float:
    """Measure how well values fit the vocabulary of a field.

    Args:
        values: different ones, at least one.
        field: of the object.
        object_name: the object.
        vocabularies: known words by the name of the vocabulary, in the form of `mapping_key`.

    Returns:
        Share of the values that are words of it, 0 to 1.
    """
    words = vocabularies.get(OBJECTS[object_name].vocabularies.get(field, ""), frozenset())
    return sum(mapping_key(text) in words for text in values) / len(values)


def _read_as(
    values: Sequence[str], object_name: str, vocabularies: Mapping[str, frozenset[str]]
) -> tuple[str | None, list[str]]:
    """Guess a column's field by its values, and give those that name nobody, none where most are of no such kind."""
    for field, vocabulary in OBJECTS[object_name].vocabularies.items():
        if share_of_words(values, field, object_name, vocabularies) >= _MOST:
            return field, [text for text in values if mapping_key(text) in vocabularies[vocabulary]]
    for kind, shown_as in _KINDS.items():
        shown = [shown_as(text) for text in values]
        if sum(text is not None for text in shown) >= _MOST * len(values):
            likely = "website" if kind == "website" and "website" in OBJECTS[object_name].field_names else None
            return likely, [text for text in shown if text]
    return None, []


def _host(text: str) -> str | None:
    """Of a web address the host: behind it a page may be a person's."""
    return host_of(text) if text == text.lower() else None


def _day(text: str) -> str | None:
    return text if date_of(text, "dmy") is not None or date_of(text, "mdy") is not None else None


def _figure(text: str) -> str | None:
    """A figure; of one that may be a telephone number only that it is one."""
    if not is_like_data(text) or "@" in text:
        return None
    return "" if _TELEPHONE.match(text) else text


_TELEPHONE = re.compile(r"\s*(?:[+(]|0\d|(?:\D*\d){9})")
# How a value of a kind is shown; null when it is none, nothing when it is not shown.
_KINDS: dict[str, Callable[[str], str | None]] = {
    "website": _host,
    "date": _day,
    "boolean": lambda text: text if boolean_of(text) is not None else None,
    "figure": _figure,
}


def _is_alike(one: str, other: str) -> bool:
    return fuzz.token_set_ratio(one, other, processor=utils.default_process) >= ALIKE
