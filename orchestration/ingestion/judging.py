"""Judging a list: which rows and values are accepted, and whether the list as a whole is.

Belongs here: putting the readings before the suites, and turning their verdict into what is kept and what is refused.
Does not belong here: what is expected (validation/delivered.py), and the words (refusals.py).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa

from orchestration.ingestion import readings
from orchestration.ingestion.columns import Batch, id_keys
from orchestration.ingestion.mapping import Header
from orchestration.ingestion.refusals import Conventions, delivered_value, explain, refuse_row, shown_value
from orchestration.ingestion.snapshots import FileRefusedError, RefusedRow
from orchestration.validation import delivered
from orchestration.validation.delivered import Positions
from orchestration.validation.suite import Outcome, SuiteResult

# What speaks against a file as a whole, and what a person may overrule for that file.
ACCEPTABLE = frozenset({"file_too_large", "row_count_dropped", "too_many_refused_rows"})


@dataclass(frozen=True)
class Vocabulary:
    """Words of the seeds that a value or a name is read by."""

    names: readings.NameWords
    currencies: frozenset[str]
    words: dict[str, frozenset[str]] = field(default_factory=dict)  # by vocabulary, in the form of `mapping_key`


@dataclass
class ReadBatch:
    """One batch of a list, read and not yet judged."""

    rows: Batch
    fields: dict[str, pa.Array]
    codes: pa.Table  # what `readings.read_cells` says of the fields, with what is wrong whatever they mean


@dataclass
class Kept:
    """One batch of a list, judged."""

    cells: pa.Table  # of the accepted rows: row_number, c0 … cn (as delivered, blank = null), f_<field>, id_key
    refused_rows: list[RefusedRow]
    refused_values: list[dict[str, Any]]


def read_batch(
    header: Header,
    conventions: Conventions,
    vocabulary: Vocabulary,
    rows: Batch,
    mapped: tuple[dict[str, pa.Array], dict[str, pa.Array]],
) -> ReadBatch:
    """Read the values of one batch.

    Args:
        header: of the list.
        conventions: how the file writes dates and numbers.
        vocabulary: words of the seeds.
        rows: n row numbers, one string array of n per column, n rules that the rows' structure breaks, or null.
        mapped: fields as string arrays of n, and by field where columns of one name disagree; of `map_fields`.

    Returns:
        The batch with a reading of each value.
    """
    _, _, structure = rows
    fields, conflicts = mapped
    codes = readings.read_cells(fields, header.object, conventions, vocabulary.names, vocabulary.currencies)
    codes = readings.add_conflicts(codes, conflicts, structure)
    return ReadBatch(rows, fields, pa.table({name: code.dictionary_encode() for name, code in codes.items()}))


def judge_parts(
    object_name: str, parts: Sequence[tuple[str, Sequence[ReadBatch]]]
) -> list[tuple[SuiteResult, list[Positions]]]:
    """Let the suite decide on all files of a list at once.

    Args:
        object_name: the object.
        parts: for each the file (and sheet), for the report; and its batches.

    Returns:
        For each part its result, and of each of its batches what is refused.
    """
    tables = [
        (subject, pa.concat_tables([batch.codes for batch in batches] or [pa.table({})])) for subject, batches in parts
    ]
    judged = delivered.judge_readings(object_name, tables, readings.reading_rules(object_name))
    found = []
    for (_, batches), (result, positions) in zip(parts, judged, strict=True):
        of_batches, start = [], 0
        for batch in batches:
            stop = start + len(batch.codes)
            of_batches.append(
                {
                    column: places[slice(*np.searchsorted(places, [start, stop]))] - start
                    for column, places in positions.items()
                }
            )
            start = stop
        found.append((result, of_batches))
    return found


def keep_batch(
    header: Header,
    conventions: Conventions,
    batch: ReadBatch,
    positions: Positions,
    check_bound: Callable[[int], None],
) -> Kept:
    """Keep the rows of a batch that are accepted, and describe what is refused.

    Args:
        header: of the list.
        conventions: how the file writes dates and numbers.
        batch: n rows.
        positions: what the suite refuses of them.
        check_bound: is called with the number of refused rows before they are described; raises when they are too many.

    Returns:
        The accepted rows, and what was refused with its reason.

    Raises:
        FileRefusedError: what `check_bound` raises.
    """
    numbers, columns, _ = batch.rows
    fields, codes = batch.fields, batch.codes
    refused = positions["row__reading"]
    check_bound(len(refused))
    refused_rows = [
        refuse_row(
            int(numbers[position]),
            [column[position].as_py() for column in columns],
            codes["row__reading"][position].as_py(),
            header,
        )
        for position in refused.tolist()
    ]
    is_refused = np.zeros(len(numbers), dtype=bool)
    is_refused[refused] = True
    refused_values = [
        _refuse_value(field, position, batch, header, conventions)
        for field in (reading.removesuffix("__reading") for reading in codes.column_names)
        if field != "row"
        for position in positions[f"{field}__reading"].tolist()
        if not is_refused[position]
    ]
    cells = pa.table(
        {
            "row_number": pa.array(numbers),
            **{f"c{index}": column for index, column in enumerate(columns)},
            **{f"f_{name}": column for name, column in fields.items()},
            "id_key": id_keys(fields, header.object),
        }
    )
    if is_refused.any():
        cells = cells.filter(pa.array(~is_refused))
    return Kept(cells, refused_rows, refused_values)


def _refuse_value(
    field: str,
    position: int,
    batch: ReadBatch,
    header: Header,
    conventions: Conventions,
) -> dict[str, Any]:
    """Describe a value that cannot be used, in a row that can."""
    numbers, columns, _ = batch.rows
    code = batch.codes[f"{field}__reading"][position].as_py()
    sources = header.sources_of(field)
    value = delivered_value(
        code, [columns[source.index][position].as_py() for source in sources], batch.fields[field][position].as_py()
    )
    number, shown = int(numbers[position]), sources[0].header
    reason, remedy = explain(code, shown, value, number, conventions)
    return {
        "row_number": number,
        "column_name": field,
        "header": shown,
        "value": value,
        "shown": shown_value(header.object, field, value),
        "rule": code,
        "reason": reason,
        "remedy": remedy,
    }


@dataclass(frozen=True)
class Shape:
    """The figures of a list by which it is judged as a whole."""

    rows_read: int
    rows_usable: int
    rows_before: int | None  # of the last month that has the list
    min_share_of_last_month: float
    first_refusal: str  # in words; empty when no row was refused


def judge_shape(
    object_name: str, subject: str, shape: Shape, *, is_accepted: bool
) -> tuple[SuiteResult, FileRefusedError | None]:
    """Let the suite decide on a list as a whole.

    Args:
        object_name: the object.
        subject: its files, for the report.
        shape: its figures.
        is_accepted: whether a person has accepted its files although their shape speaks against them.

    Returns:
        The result, and why the list is not to be landed, if so.
    """
    facts = {
        "rows_read": shape.rows_read,
        "rows_usable": shape.rows_usable,
        "share_of_last_month": shape.rows_usable / shape.rows_before if shape.rows_before else None,
        "min_share_of_last_month": shape.min_share_of_last_month,
    }
    result = delivered.judge_file(object_name, subject, facts)
    for outcome in result.outcomes:
        if not outcome.success and not (is_accepted and outcome.rule in ACCEPTABLE):
            return result, FileRefusedError(outcome.rule, _reason(outcome, shape), outcome.remedy)
    return result, None


def _reason(outcome: Outcome, shape: Shape) -> str:
    """Say in figures why a list as a whole was not accepted."""
    if outcome.rule == "row_count_dropped":
        return (
            f"The list has {shape.rows_usable:,} usable rows, last month's had {shape.rows_before:,}: less than "
            f"{shape.min_share_of_last_month:.0%} of it. Last month's data stays."
        )
    if outcome.rule == "no_usable_rows":
        return f"None of the {shape.rows_read:,} rows can be used. The first: {shape.first_refusal}"
    return outcome.reason


def unreadable_file(object_name: str | None, file_name: str, problem: FileRefusedError) -> SuiteResult:
    """Show a file that could not be read on the page of results, beside those that were judged.

    Args:
        object_name: what it should hold, if that is known.
        file_name: the file.
        problem: why it could not be read.

    Returns:
        A result with one outcome, which is not met.
    """
    outcome = Outcome(problem.rule, "file", "", False, 1, 1, problem.reason, problem.remedy, examples=[file_name])
    return SuiteResult(f"{object_name}_as_a_file", file_name, [outcome])
