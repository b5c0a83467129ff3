"""Running a Great Expectations suite over a frame, and what came of it.

Belongs here: the results, and how an expectation carries its words. Does not belong here: what is expected.

Great Expectations is imported when the first suite runs, or in the background before: the import takes seconds.
"""

import os
import threading
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

if TYPE_CHECKING:
    from great_expectations.core import ExpectationSuite
    from great_expectations.expectations.expectation import Expectation


Severity = Literal["file", "row", "value"]


@dataclass
class Outcome:
    """What came of one expectation."""

    rule: str
    severity: str
    column: str
    success: bool
    evaluated: int
    unexpected: int
    reason: str
    remedy: str
    examples: list[str] = field(default_factory=list)


@dataclass
class SuiteResult:
    """What came of one suite over one file, one table or the marts."""

    suite: str
    subject: str
    outcomes: list[Outcome]

    @property
    def success(self) -> bool:
        """Whether every expectation held."""
        return all(outcome.success for outcome in self.outcomes)

    def as_json(self) -> dict[str, Any]:
        """Give plain data for a JSON file."""
        return {**asdict(self), "success": self.success}


_EXAMPLES = 5


def examples_of(values: Iterable[object]) -> list[str]:
    """Give a few of the values that an expectation refuses, as they are shown."""
    return sorted({str(value)[:200] for value in values})[:_EXAMPLES]


def load_in_background() -> None:
    """Begin to import Great Expectations while other things are waited for; whoever needs it meanwhile waits for it."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    threading.Thread(target=import_module, args=["great_expectations.expectations"]).start()


def fact(suite: str, subject: str, rule: str, violations: int, reason: str) -> SuiteResult:
    """Turn a count made in SQL into a result: zero is expected.

    Args:
        suite: the name the result gets.
        subject: what was counted in.
        rule: the rule that is violated.
        violations: how often.
        reason: what the rule asks, in words.

    Returns:
        The result, with one outcome.
    """
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    expectation = gxe.ExpectColumnValuesToBeBetween(
        column=rule, max_value=0, meta=described(rule, "file", reason, "This is an error of the pipeline: report it.")
    )
    return run_suite(suite, subject, [expectation], pd.DataFrame({rule: [violations]}))[0]


def described(rule: str, severity: Severity, reason: str, remedy: str) -> dict[str, str]:
    """Give an expectation its words.

    Args:
        rule: its name, as refusals quote it.
        severity: what fails when it does not hold.
        reason: what is wrong then.
        remedy: what to do about it.

    Returns:
        The `meta` of the expectation.
    """
    return {"rule": rule, "severity": severity, "reason": reason, "remedy": remedy}


@lru_cache(maxsize=1)
def _batch_definition() -> Any:  # noqa: ANN401 (Great Expectations' own class is generic over its data)
    """One in-memory context for the life of the process; nothing of it is written to disk or sent anywhere."""
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415 (takes seconds)
    from great_expectations.data_context.types.base import ProgressBarsConfig  # noqa: PLC0415

    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = ProgressBarsConfig(globally=False)
    return (
        context.data_sources.add_pandas("frames")
        .add_dataframe_asset("frame")
        .add_batch_definition_whole_dataframe("frame")
    )


def run_suite(
    suite_name: str, subject: str, expectations: Sequence["Expectation"] | Iterable[Any], frame: pd.DataFrame
) -> tuple[SuiteResult, dict[str, npt.NDArray[np.int64]]]:
    """Validate a frame.

    Args:
        suite_name: the name the result gets.
        subject: what the frame holds, in words.
        expectations: one per column at most, each with the meta that `described` makes.
        frame: n rows.

    Returns:
        The result, and by column the positions (0 to n-1, ascending) that its expectation refuses.

    Raises:
        RuntimeError: an expectation could not be evaluated.
    """
    os.environ["GX_ANALYTICS_ENABLED"] = "false"
    import great_expectations as gx  # noqa: PLC0415 (takes seconds)

    suite: ExpectationSuite = gx.ExpectationSuite(name=suite_name, expectations=[e.copy() for e in expectations])
    batch = _batch_definition().get_batch({"dataframe": frame})
    validated = batch.validate(suite, result_format={"result_format": "COMPLETE"})
    outcomes, refused = [], {}
    for result in validated.results:
        info = result.exception_info or {}
        if info.get("raised_exception") or any(
            isinstance(part, dict) and part.get("raised_exception") for part in info.values()
        ):
            raise RuntimeError(f"{suite_name} could not be run on {subject}: {info}")
        config, found = result.expectation_config, result.result
        meta = config.meta
        column = config.kwargs["column"]
        positions = np.array(found.get("unexpected_index_list") or [], dtype=np.int64)
        refused[column] = np.sort(positions)
        outcomes.append(
            Outcome(
                rule=meta["rule"],
                severity=meta["severity"],
                column=column.removesuffix("__reading"),
                success=bool(result.success),
                evaluated=int(found["element_count"] - found.get("missing_count", 0)),
                unexpected=int(found["unexpected_count"]),
                reason=meta["reason"],
                remedy=meta["remedy"],
                examples=examples_of(found.get("partial_unexpected_list") or []),
            )
        )
    return SuiteResult(suite_name, subject, outcomes), refused
