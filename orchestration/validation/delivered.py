"""The ingestion checks: lists as they are delivered, cell by cell and as a whole.

Belongs here: what is expected, and how bad it is when it is not so. Does not belong here: reading values, and what is
done with a refused row (ingestion).

Frames carry one reading per cell, computed by the same readers that staging uses; the suites decide on the readings.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.validation.suite import SuiteResult, described, run_suite

if TYPE_CHECKING:
    from great_expectations.expectations.expectation import Expectation

# The reading of a cell or row that nothing speaks against.
READABLE = "readable"


def judge_readings(
    object_name: str, subject: str, frame: pd.DataFrame, rules: Mapping[str, Sequence[str]]
) -> tuple[SuiteResult, dict[str, npt.NDArray[np.int64]]]:
    """Run the suite of an object over the readings of one batch of a list.

    Args:
        object_name: accounts, opportunities, engagements or contacts.
        subject: the file, for the report.
        frame: n rows; columns ``row__reading`` and ``<field>__reading`` for the fields that the list has.
        rules: by such a column, the codes that refuse a cell or row of it.

    Returns:
        The result, and for every column of the frame the positions (0 to n-1, ascending) that it refuses.
    """
    expectations = [_readable(column, codes) for column, codes in rules.items() if column in frame.columns]
    return run_suite(f"{object_name}_as_delivered", subject, expectations, frame)


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
