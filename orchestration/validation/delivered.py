"""The ingestion checks: lists as they are delivered, cell by cell and as a whole.

Belongs here: what is expected, and how bad it is when it is not so. Does not belong here: reading values, and what is
done with a refused row (ingestion).

Frames carry one reading per cell, computed by the same readers that staging uses; the suites decide on the readings.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from orchestration.validation.suite import Outcome, SuiteResult, described, examples_of, run_suite

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

# The reading of a cell or row that nothing speaks against.
READABLE = "readable"


# By column, the positions that its expectation refuses, ascending.
Positions = dict[str, npt.NDArray[np.int64]]


def judge_readings(
    object_name: str, parts: Sequence[tuple[str, pa.Table]], rules: Mapping[str, Sequence[str]]
) -> list[tuple[SuiteResult, Positions]]:
    """Run the suite of an object once over the readings of all parts of a list: a run costs more than its rows.

    Args:
        object_name: one of OBJECTS.
        parts: for each the file (and sheet), for the report; and n readings, as dictionaries: columns ``row__reading``
            and ``<field>__reading`` for the fields that the part has. No column where it has no rows.
        rules: by such a column, the codes that refuse a cell or row of it.

    Returns:
        For each part, in their order, its own result and the positions (0 to n-1) in each of its columns.
    """
    suite = f"{object_name}_as_delivered"
    # Dictionaries: the codes are few, and Great Expectations compares categories faster than texts.
    frame = pa.concat_tables([readings for _, readings in parts], promote_options="default")
    whole, refused = SuiteResult(suite, "", []), Positions()
    if len(frame):
        expectations = [_readable(column, codes) for column, codes in rules.items() if column in frame.column_names]
        whole, refused = run_suite(suite, parts[0][0], expectations, frame.unify_dictionaries().to_pandas())
    judged, start = [], 0
    for subject, readings in parts:
        own = {}
        for column in refused.keys() & set(readings.column_names):
            bounds = np.searchsorted(refused[column], [start, start + len(readings)])
            own[column] = refused[column][slice(*bounds)] - start
        judged.append((SuiteResult(suite, subject, _outcomes_of(whole.outcomes, readings, own)), own))
        start += len(readings)
    return judged


_LOOKED_AT = 20  # values that are refused, among which the examples are


def _outcomes_of(outcomes: Sequence[Outcome], readings: pa.Table, positions: Positions) -> list[Outcome]:
    """Say of one part what the expectations found in it."""
    own = []
    for outcome in outcomes:
        column = f"{outcome.column}__reading"
        if column in positions:
            codes = readings[column]
            own.append(
                replace(
                    outcome,
                    success=not len(positions[column]),
                    evaluated=len(codes) - codes.null_count,
                    unexpected=len(positions[column]),
                    examples=examples_of(codes[int(place)].as_py() for place in positions[column][:_LOOKED_AT]),
                )
            )
    return own


def judge_file(object_name: str, subject: str, facts: dict[str, Any]) -> SuiteResult:
    """Run the suite over the shape of a list.

    Args:
        object_name: the object.
        subject: the files, for the report.
        facts: rows_read and rows_usable (counts), share_of_last_month (this month's rows / last month's, null without),
            min_share_of_last_month.

    Returns:
        The result; an outcome without success is a reason to quarantine the list.
    """
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    expectations = [
        gxe.ExpectColumnValuesToBeBetween(
            column="rows_read",
            min_value=1,
            meta=described(
                "no_rows", "file", "The list has a header and no rows.", "Export the list again, with its rows."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="rows_usable",
            min_value=1,
            meta=described(
                "no_usable_rows", "file", "No row can be used.", "Correct the rows, and deliver the file again."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="share_of_last_month",
            min_value=facts["min_share_of_last_month"],
            meta=described(
                "row_count_dropped",
                "file",
                "The list has far fewer rows than last month's.",
                "Deliver the complete list, or ask for the file to be accepted.",
            ),
        ),
    ]
    return run_suite(f"{object_name}_as_a_file", subject, expectations, pd.DataFrame([facts]))[0]


def _readable(column: str, codes: Sequence[str]) -> "Expectation":
    """Expect every reading of a column to be readable."""
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    name = column.removesuffix("__reading")
    refused = f"are refused for: {', '.join(codes)}."
    meta = (
        described("row_usable", "row", f"Rows {refused}", "See raw.rejected_rows.")
        if name == "row"
        else described(f"{name}_readable", "value", f"Values {refused}", "See raw.rejected_values.")
    )
    return gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[READABLE], meta=meta)
