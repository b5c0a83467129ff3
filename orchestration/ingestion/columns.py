"""From rows to the columns of a list: its header's place, even rows, fields, and what an id is made of.

Belongs here: the shape of a list. Does not belong here: what a value means, and what becomes of a refused row.
"""

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.mapping import Header
from orchestration.ingestion.snapshots import (
    Limits,
    escape_controls,
)
from orchestration.objects import OBJECTS
from udfs import values

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
        has_nul = pc.match_substring(column, "\0")
        if pc.any(has_nul).as_py():
            structure = pc.if_else(has_nul, "nul_byte", structure)
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
    for name in names:
        sources = header.sources_of(name)
        value = columns[sources[0].index]
        for other in sources[1:]:
            more = columns[other.index]
            if other.key == sources[0].key:
                differ = pc.fill_null(pc.not_equal(value, more), False)
                if pc.any(differ).as_py():
                    conflicts[name] = pc.or_(conflicts[name], differ) if name in conflicts else differ
            value = pc.coalesce(value, more)
        if name in conflicts:
            value = pc.if_else(conflicts[name], pa.scalar(None, pa.string()), value)
        fields[name] = pc.utf8_trim_whitespace(value) if name in ("source_id", "account_source_id") else value
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
