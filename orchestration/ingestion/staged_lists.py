"""A whole list before it is written: ids where none was delivered, identical rows, rows that contradict each other.

Belongs here: what only shows when all files of a list are there. Does not belong here: judging the list, and writing it
(raw_tables.py).
"""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from orchestration.ingestion.lists import Part
from orchestration.ingestion.refusals import shown_row, some_of
from orchestration.ingestion.snapshots import RefusedRow, escape_controls, row_as_text
from orchestration.objects import OBJECTS
from orchestration.warehouse.sql import identifier, literal


@contextmanager
def staged(connection: duckdb.DuckDBPyConnection, object_name: str, parts: list[Part]) -> Iterator[int]:
    """Give ids to a list's rows and refuse those that contradict each other, before anybody judges the list.

    Args:
        connection: to the warehouse.
        object_name: the object.
        parts: its files and sheets, all of them; their refused rows get those of one id that differ.

    Yields:
        How many rows can be used. Inside the block the view `kept` has them, one for each that is not identical.
    """
    tables = _alike(object_name, parts)
    try:
        yield _stage(connection, object_name, parts, tables)
    finally:
        for view in ("kept", "incoming"):
            connection.execute(f"drop view if exists {view}")
        for table in ("repeated", "repeats"):
            connection.execute(f"drop table if exists {table}")
        for number in range(len(tables)):
            connection.unregister(f"alike_{number}")


def _alike(object_name: str, parts: list[Part]) -> dict[str, pa.Table]:
    """Put parts whose columns are read alike into one table: of a thousand files, a thousand would take minutes.

    Args:
        object_name: the object.
        parts: all of the list.

    Returns:
        By what is selected from each table, its rows with the place of their part.
    """
    names = OBJECTS[object_name].field_names
    alike: dict[str, list[pa.Table]] = defaultdict(list)
    for index, part in enumerate(parts):
        if part.cells.num_rows:
            places = pa.array(np.full(part.cells.num_rows, index, dtype=np.int32))
            alike[_incoming_columns(part, names)].append(part.cells.append_column("part", places))
    return {columns: pa.concat_tables(tables, promote_options="default") for columns, tables in alike.items()}


def _stage(
    connection: duckdb.DuckDBPyConnection, object_name: str, parts: list[Part], tables: Mapping[str, pa.Table]
) -> int:
    """Give ids, collapse identical rows, refuse contradictory ones; tell how many rows are left."""
    names = OBJECTS[object_name].field_names
    selects = []
    for number, (columns, table) in enumerate(tables.items()):
        connection.register(f"alike_{number}", table)
        selects.append(f"select {columns} from alike_{number}")  # noqa: S608 (our own names, and headers as literals)
    if not selects:
        return 0
    connection.execute(f"create or replace temp view incoming as {' union all by name '.join(selects)}")
    # Only ids that come more than once need a closer look, and their rows are few as a rule.
    connection.execute(
        """
        create or replace temp table repeated as
        select base_id, is_delivered from incoming group by all having count(*) > 1
        """
    )
    present = [name for name in names if any(f"f_{name}" in part.cells.column_names for part in parts)]
    content = ", ".join(f"coalesce({identifier(name)}, chr(30))" for name in [*present, "extra"])
    connection.execute(
        f"""
        create or replace temp table repeats as
        select
            part, row_number, base_id, is_delivered, md5(concat_ws(chr(31), {content})) as content,
            count(distinct content) over (partition by base_id, is_delivered) as variant_count,
            count(*) over (partition by base_id, is_delivered, content) as identical_row_count,
            row_number() over (partition by base_id, is_delivered, content order by part, row_number) as occurrence
        from incoming semi join repeated using (base_id, is_delivered)
        """  # noqa: S608 (our own table and column names)
    )
    conflicting = connection.execute(
        "select part, row_number, base_id from repeats where is_delivered and variant_count > 1 order by 1, 2"
    ).fetchall()
    _refuse_conflicting(parts, conflicting)
    connection.execute(
        """
        create or replace temp view kept as
        select
            incoming.* exclude (base_id, is_delivered),
            -- Rows without an id that share a name stay apart by the whole of their content.
            base_id || coalesce('-' || left(case when variant_count > 1 then content end, 8), '') as source_id,
            coalesce(identical_row_count, 1)::integer as identical_row_count
        from incoming left join repeats using (part, row_number, base_id, is_delivered)
        where coalesce(occurrence, 1) = 1 and not (is_delivered and coalesce(variant_count, 1) > 1)
        """
    )
    return sum(int(part.cells.num_rows) for part in parts) - len(conflicting)


def _refuse_conflicting(parts: list[Part], conflicting: list[tuple[int, int, str]]) -> None:
    """Refuse every row of an id that the list uses for differing rows."""
    by_part: dict[int, list[tuple[int, str]]] = defaultdict(list)
    places: dict[str, list[str]] = defaultdict(list)
    for index, number, source_id in conflicting:
        by_part[index].append((number, source_id))
        places[source_id].append(f"{Path(parts[index].delivery.file_name).name} row {number}")
    for index, rows in by_part.items():
        part = parts[index]
        width = len(part.header.columns)
        position_of = {number: place for place, number in enumerate(part.cells["row_number"].to_pylist())}
        columns = [part.cells[f"c{i}"] for i in range(width)]
        ids = part.header.sources_of("source_id")
        for number, source_id in rows:
            cells = [column[position_of[number]].as_py() for column in columns]
            others = places[source_id]
            part.refused_rows.append(
                RefusedRow(
                    number,
                    row_as_text(cells),
                    "source_id_not_unique",
                    f"Row {number}, column '{ids[0].header}': the id '{source_id[:80]}' is used for rows that "
                    f"differ ({some_of(others)}), so it is not known which is right.",
                    "Keep one row for the id, or give each its own, and deliver the file again.",
                    "source_id",
                    shown_row(part.header, cells),
                )
            )


def _incoming_columns(part: Part, names: Sequence[str]) -> str:
    """SQL for what is selected of a part: its place, all fields of the object, its extra columns and its id."""
    available = set(part.cells.column_names)
    fields = [
        f"f_{name} as {identifier(name)}" if f"f_{name}" in available else f"null::varchar as {identifier(name)}"
        for name in names
    ]
    used = {part.header.sources_of(c.field)[0].index for c in part.header.columns if c.field}
    spare = [column for column in part.header.columns if column.index not in used]
    pairs = [
        f"{literal(_json(column.header) + ': ')} || to_json(c{column.index})::varchar"
        for column in sorted(spare, key=lambda c: c.index)
    ]
    extra = f"nullif('{{' || concat_ws(', ', {', '.join(pairs)}) || '}}', '{{}}')" if pairs else "null::varchar"
    delivered = "f_source_id" if "f_source_id" in available else "null::varchar"
    return f"""
            part, row_number, {", ".join(fields)}, {extra} as extra,
            coalesce({delivered}, 'h-' || left(md5(id_key), 16)) as base_id, {delivered} is not null as is_delivered"""


def _json(text: str) -> str:
    return json.dumps(escape_controls(text), ensure_ascii=False)
