"""From rows to the columns of a list: its header's place, even rows, fields, and what an id is made of.

Belongs here: the shape of a list. Does not belong here: what a value means, and what becomes of a refused row.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.ids import ID_FIELDS, UNSEEN, clean_ids, unwrapped
from orchestration.ingestion.mapping import Header
from orchestration.ingestion.remarks import Remark, first_values, share_of_words
from orchestration.ingestion.snapshots import (
    Limits,
    escape_controls,
)
from orchestration.objects import OBJECTS
from udfs import values
from udfs.bands import is_without_unit
from udfs.readers import amount_of

# Row numbers (n), a string array of n per column as delivered, and the rule that each row's structure breaks, or null.
Batch = tuple[npt.NDArray[np.int64], list[pa.Array], pa.Array]


def as_columns(
    numbers: npt.NDArray[np.int64], rows: list[list[str]] | pa.RecordBatch, limits: Limits
) -> tuple[npt.NDArray[np.int64], list[pa.Array], pa.Array]:
    """Turn even rows into columns.

    Args:
        numbers: the rows' numbers.
        rows: rows of one length.
        limits: how long a cell may be.

    Returns:
        Without the rows that are empty throughout: numbers; one string array per column (blank = null); and a string
        array with what is wrong with a row's cells whatever they mean (null = nothing).
    """
    nothing = pa.scalar(None, pa.string())
    structure = pa.nulls(len(numbers), pa.string())
    columns: list[pa.Array] = []
    for cells in zip(*rows, strict=True) if isinstance(rows, list) else rows.columns:
        try:
            column = cells if isinstance(cells, pa.Array) else pa.array(cells, pa.string())
        except UnicodeEncodeError:  # bytes that the file's encoding does not know
            column = pa.array([escape_controls(cell) for cell in cells], pa.string())
            stray = pa.array([_has_stray_bytes(cell) for cell in cells])
            structure = pc.if_else(stray, "stray_bytes", structure)
        if pc.max(pc.binary_length(column)).as_py() > limits.max_cell_characters:
            too_long = pc.greater(pc.utf8_length(column), limits.max_cell_characters)
            structure = pc.if_else(too_long, "cell_too_long", structure)
        # Looked for in all texts at once, and perhaps in those of rows beside them: the cheaper questions.
        data = column.buffers()[-1]
        texts = b"" if data is None else data.to_pybytes()
        if b"\0" in texts:
            structure = pc.if_else(pc.fill_null(pc.match_substring(column, "\0"), False), "nul_byte", structure)
        if b'="' in texts:
            column = unwrapped(column)
        blank = pc.equal(pc.binary_length(pc.utf8_trim_whitespace(column)), 0)
        columns.append(pc.if_else(blank, nothing, column) if pc.any(blank).as_py() else column)
    empty = columns[0].is_null()
    for column in columns[1:]:
        if not pc.any(empty).as_py():
            break
        empty = pc.and_(empty, column.is_null())
    if pc.any(empty).as_py():
        keep = pc.invert(empty)
        columns = [column.filter(keep) for column in columns]
        structure = structure.filter(keep)
        numbers = numbers[keep.to_numpy(zero_copy_only=False)]
    return numbers, columns, structure


def _has_stray_bytes(cell: str) -> bool:
    return any("\udc80" <= c <= "\udcff" for c in cell)


def settle(
    header: Header, batches: Sequence[Batch], vocabularies: Mapping[str, frozenset[str]]
) -> tuple[Header, list[Remark]]:
    """Let the values decide what the header leaves open.

    A header such as Relationship names how close two companies are, or what they are to each other. And two columns of
    one name that differ nearly everywhere are two things, of which the first counts.

    Args:
        header: of the list.
        batches: its rows.
        vocabularies: known words by the name of the vocabulary, in the form of `mapping_key`.

    Returns:
        The header with every column's field settled, and what a person should know of it.
    """
    remarks: list[Remark] = []
    columns = {column.index: column for column in header.columns}
    for column in header.columns:
        if column.others and (values := _different(column.index, batches)):
            taken = {other.field for other in columns.values() if other.index != column.index}
            fields = [field for field in (column.field, *column.others) if field and field not in taken]
            best = max(
                fields, key=lambda field: share_of_words(values, field, header.object, vocabularies), default=None
            )
            columns[column.index] = replace(column, field=best)
        if OBJECTS[header.object].kinds.get(column.field or "") == "probability" and not column.unit:
            columns[column.index] = replace(column, unit=_unit_of_shares(column.index, header.source_system, batches))
    for field in {column.field for column in header.columns if column.field}:
        sources = [columns[column.index] for column in header.sources_of(field)]
        for other in sources[1:]:
            if other.key == sources[0].key and _differ_mostly(sources[0].index, other.index, batches):
                columns[other.index] = replace(other, field=None)
                remarks.append(
                    Remark(
                        "unread column",
                        "second_column_of_the_name",
                        other.header,
                        f"Two columns are named '{sources[0].header}' and hold different things: the first is read as "
                        f"{field.replace('_', ' ')}, this one is kept and not read.",
                        "If the second is meant, rename or remove the first, and deliver the file again.",
                    )
                )
    return replace(header, columns=tuple(columns[column.index] for column in header.columns)), remarks


def _unit_of_shares(index: int, source_system: str, batches: Sequence[Batch]) -> str | None:
    """Tell whether 1 is 1 % in a column of probabilities: it is in Salesforce's, and in one that goes beyond 1."""
    shares = [amount_of(text, ".") for text in _different(index, batches) if "%" not in text]
    return "%" if source_system == "salesforce" or any(share is not None and share > 1 for share in shares) else None


_VALUES_LOOKED_AT = 1_000
_MOSTLY = 0.5


def _different(index: int, batches: Sequence[Batch]) -> list[str]:
    """Some different values of a column."""
    return first_values(pa.chunked_array([columns[index] for _, columns, _ in batches], pa.string()), _VALUES_LOOKED_AT)


def _differ_mostly(one: int, other: int, batches: Sequence[Batch]) -> bool:
    """Tell whether two columns differ in most of the rows in which both say something."""
    compared = different = 0
    for _, columns, _ in batches:
        differ = pc.not_equal(columns[one], columns[other])
        compared += len(differ) - differ.null_count
        different += pc.sum(differ).as_py() or 0
    return compared > 0 and different > _MOSTLY * compared


def _with_unit(cells: pa.Array, unit: str, kind: str) -> pa.Array:
    """Write a header's unit behind the figures and bands below it that have none of their own."""
    bare = pc.fill_null(pc.match_substring_regex(cells, _BARE_FIGURE), False)
    if kind in ("integer band", "amount band"):
        others = pc.unique(cells.filter(pc.invert(bare))).to_pylist()
        bare_bands = [text for text in others if text is not None and is_without_unit(text)]
        bare = pc.or_(bare, pc.is_in(cells, value_set=pa.array(bare_bands, pa.string())))
    return pc.if_else(bare, pc.binary_join_element_wise(pc.utf8_trim_whitespace(cells), unit, " "), cells)


# An e-mail address; an apostrophe stands inside a name (o'brien@acme.com), never around it.
ADDRESS = r"[^@\s,;<>\"']+(?:'[^@\s,;<>\"']+)*@(?:[^@\s,;<>\"'.]+\.)+[^@\s,;<>\"'.]{2,}"


def _first_address(cells: pa.Array) -> pa.Array:
    """Take the address out of a cell that holds more: Ada Rudd <ada@acme.com>, mailto:ada@acme.com, several."""
    trimmed = pc.utf8_trim_whitespace(pc.replace_substring_regex(cells, r"(?i)^\s*mailto:", ""))
    more = pc.invert(pc.fill_null(pc.match_substring_regex(trimmed, f"^{ADDRESS}$"), True))
    if not pc.any(more).as_py():
        return trimmed
    found = pc.struct_field(pc.extract_regex(trimmed, f"(?P<address>{ADDRESS})"), "address")
    return pc.if_else(more, pc.coalesce(found, cells), trimmed)


# The joiners of Persian and Indian words and of emojis are seen by what they join.
_UNSEEN = f"[{UNSEEN}]"
_BREAKS = r"[\x01-\x1f\x7f-\x{a0}\x{2028}\x{2029}]+"


def _as_one_line(cells: pa.Array) -> pa.Array:
    """Take out what nobody sees, and make line breaks, tabs and control characters blanks."""
    if pc.all(pc.ascii_is_printable(cells)).as_py():  # the cheaper question
        return cells
    odd = pc.fill_null(pc.match_substring_regex(cells, f"{_UNSEEN}|{_BREAKS}"), False)
    if not pc.any(odd).as_py():
        return cells
    plain = pc.replace_substring_regex(pc.replace_substring_regex(cells, _UNSEEN, ""), _BREAKS, " ")
    plain = pc.utf8_trim_whitespace(plain)
    return pc.if_else(odd, pc.if_else(pc.equal(plain, ""), pa.scalar(None, pa.string()), plain), cells)


_BARE_FIGURE = r"^[\s(+-]*[\d.,'][\d.,'\s\x{a0}\x{202f}]*\)?\s*$"


def map_fields(columns: list[pa.Array], header: Header) -> tuple[dict[str, pa.Array], dict[str, pa.Array]]:
    """Fill every field from its columns; tell where columns of one name disagree.

    The first column of a field is the most trusted, the others fill its gaps. Columns with the same name have no such
    order: where they differ, the field stays empty.

    Args:
        columns: one string array of n per column.
        header: which column fills which field.

    Returns:
        Fields as string arrays of n; and for fields whose columns of one name disagree, a boolean array of n.
    """
    fields: dict[str, pa.Array] = {}
    conflicts: dict[str, pa.Array] = {}
    names = dict.fromkeys(column.field for column in header.columns if column.field)
    kinds = OBJECTS[header.object].kinds
    for name in names:
        sources = header.sources_of(name)
        read = {
            source.index: _with_unit(columns[source.index], source.unit, kinds[name])
            if source.unit and kinds.get(name) in ("amount", "amount band", "integer band", "probability")
            else columns[source.index]
            for source in sources
        }
        if kinds.get(name) == "email":
            read = {index: _first_address(cells) for index, cells in read.items()}
        value = read[sources[0].index]
        for other in sources[1:]:
            more = read[other.index]
            if other.key == sources[0].key:
                differ = pc.fill_null(pc.not_equal(value, more), False)
                if pc.any(differ).as_py():
                    conflicts[name] = pc.or_(conflicts[name], differ) if name in conflicts else differ
            value = pc.coalesce(value, more)
        if name in conflicts:
            value = pc.if_else(conflicts[name], pa.scalar(None, pa.string()), value)
        value = _as_one_line(value)
        fields[name] = clean_ids(value) if name in ID_FIELDS else value
    return fields, conflicts


def id_keys(fields: dict[str, pa.Array], object_name: str) -> pa.Array:
    """Give what a missing source id is made of.

    Args:
        fields: fields as string arrays of n.
        object_name: the object.

    Returns:
        String array of n: the natural key without case, spaces and punctuation; null where an id was delivered.
    """
    length = len(next(iter(fields.values())))
    ids = fields.get("source_id", pa.nulls(length, pa.string()))
    absent = pc.is_null(ids)
    if not pc.any(absent).as_py():
        return pa.nulls(length, pa.string())
    parts = []
    for name in OBJECTS[object_name].natural_key:
        text = fields.get(name, pa.nulls(length, pa.string()))
        if name == "website":
            text = pc.replace_substring_regex(values.read_website_host(text), r"^www\.", "")
        else:
            text = pc.utf8_lower(pc.utf8_normalize(pc.fill_null(text, ""), form="NFKC"))
            text = pc.replace_substring_regex(text, r"[^\p{L}\p{N}]+", "")
        parts.append(pc.fill_null(text, ""))
    return pc.if_else(absent, pc.binary_join_element_wise(*parts, "\x1f"), pa.scalar(None, pa.string()))
