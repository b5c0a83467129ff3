"""The Great Expectations suites: lists at the door, accepted rows in raw, and the marts before they are published.

Belongs here: what is expected, how bad it is when it is not so, and running it.
Does not belong here: reading values (readings.py), and what is done with a refused row (landing.py).

Great Expectations is imported when the first suite runs: the import takes seconds. Frames carry one reading per cell,
computed by the same readers that staging uses; the suites decide on the readings.
"""

import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from orchestration.ingestion.readings import READABLE, reading_rules
from orchestration.warehouse.schema import OBJECTS

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

    def add(self, other: "SuiteResult") -> None:
        """Add the outcomes of a further batch of the same subject."""
        known = {(outcome.rule, outcome.column): outcome for outcome in self.outcomes}
        for more in other.outcomes:
            outcome = known.get((more.rule, more.column))
            if outcome is None:
                self.outcomes.append(more)
                continue
            outcome.success &= more.success
            outcome.evaluated += more.evaluated
            outcome.unexpected += more.unexpected
            outcome.examples = (outcome.examples + more.examples)[:_EXAMPLES]


_EXAMPLES = 5


def judge_readings(
    object_name: str, subject: str, frame: pd.DataFrame
) -> tuple[SuiteResult, dict[str, npt.NDArray[np.int64]]]:
    """Run the suite of an object over the readings of one batch of a list.

    Args:
        object_name: accounts, opportunities, engagements or contacts.
        subject: the file, for the report.
        frame: n rows; columns ``row__reading`` and ``<field>__reading`` for the fields that the list has.

    Returns:
        The result, and for every column of the frame the positions (0 to n-1, ascending) that it refuses.
    """
    expectations = [e for e in door_expectations(object_name) if e.column in frame.columns]  # type: ignore[attr-defined]  # typed by its base class, which has no column
    return _run(f"{object_name}_at_the_door", subject, expectations, frame)


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
            meta=_meta(
                "no_rows", "file", "The list has a header and no rows.", "Export the list again, with its rows."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="rows_usable",
            min_value=1,
            meta=_meta(
                "no_usable_rows", "file", "No row can be used.", "Correct the rows, and deliver the file again."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="share_of_last_month",
            min_value=facts["min_share_of_last_month"],
            meta=_meta(
                "row_count_dropped",
                "file",
                "The list has far fewer rows than last month's.",
                "Deliver the complete list, or ask for the file to be accepted.",
            ),
        ),
    ]
    return _run(f"{object_name}_as_a_file", subject, expectations, pd.DataFrame([facts]))[0]


@lru_cache(maxsize=8)
def door_expectations(object_name: str) -> tuple["Expectation", ...]:
    """Give the suite that every list of an object meets at the door.

    Args:
        object_name: the object.

    Returns:
        One expectation per reading column; its meta has rule, severity, reason and remedy.
    """
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    suite: list[Expectation] = []
    for column, codes in reading_rules(object_name).items():
        name = column.removesuffix("__reading")
        meta = (
            _meta("row_usable", "row", f"Rows are refused for: {', '.join(codes)}.", "See raw.rejected_rows.")
            if name == "row"
            else _meta(
                f"{name}_readable", "value", f"Values are refused for: {', '.join(codes)}.", "See raw.rejected_values."
            )
        )
        suite.append(gxe.ExpectColumnValuesToBeInSet(column=column, value_set=[READABLE], meta=meta))
    return tuple(suite)


def check_accepted_rows(warehouse: Path, month: date) -> list[SuiteResult]:
    """Check what a month's load left in raw, before anything is built on it.

    Args:
        warehouse: the DuckDB file.
        month: first day of the month.

    Returns:
        One result per object, named ``<object>_accepted``, and one for the counts, ``files_reconcile``.
    """
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    results = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        for object_name in OBJECTS:
            name = _WHO.get(object_name, "coalesce(account_source_id, account_name)")
            subject = f"raw.{object_name} {month:%Y-%m}"
            frame = connection.execute(
                f"""
                select
                    source_id, {name} as who, length(file_sha256) as hash_length, row_number, identical_row_count,
                    count(*) over (partition by party_id, source_id) as source_id_uses
                from raw.{object_name} where export_month = ?
                """,  # noqa: S608 (our own table and column names)
                [month],
            ).df()
            if frame.empty:
                results.append(SuiteResult(f"{object_name}_accepted", subject, []))
                continue
            expectations = [
                gxe.ExpectColumnValueLengthsToBeBetween(
                    column="source_id", min_value=1, meta=_accepted("source_id_given", "Every record has a source id.")
                ),
                gxe.ExpectColumnValuesToNotBeNull(
                    column="who", meta=_accepted("name_given", "Every record names an account.")
                ),
                gxe.ExpectColumnValuesToBeInSet(
                    column="hash_length", value_set=[64], meta=_accepted("file_known", "Every record names its file.")
                ),
                gxe.ExpectColumnValuesToBeBetween(
                    column="row_number", min_value=1, meta=_accepted("row_known", "Every record names its row.")
                ),
                gxe.ExpectColumnValuesToBeBetween(
                    column="identical_row_count",
                    min_value=1,
                    meta=_accepted("rows_counted", "Every record counts the rows it stands for."),
                ),
                gxe.ExpectColumnValuesToBeInSet(
                    column="source_id_uses",
                    value_set=[1],
                    meta=_accepted("source_id_unique", "Source ids are unique per party and month."),
                ),
            ]
            results.append(_run(f"{object_name}_accepted", subject, expectations, frame)[0])
        results.append(_reconcile(connection, month))
    return results


def check_marts(warehouse: Path, published: Path, bounds: tuple[float, float] = (0.5, 2.0)) -> list[SuiteResult]:
    """Accept the marts for publishing: what no single dbt test sees.

    Args:
        warehouse: the DuckDB file that dbt built.
        published: the folder of published marts; what lies there is what readers see now.
        bounds: how small and how large dim_accounts may be compared with the published one.

    Returns:
        One result per mart, named ``marts_acceptance``: filled when there is data, rates between 0 and 1, and the
        number of accounts in proportion to what was published last.
    """
    facts: list[dict[str, object]] = []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        marts = [
            row[0]
            for row in connection.execute(
                "select table_name from duckdb_tables() where schema_name = 'marts' order by 1"
            ).fetchall()
        ]
        accepted = connection.execute("select count(*) from raw.accounts").fetchall()[0][0]
        previous = _published_count(published)
        for mart in marts:
            rates = [
                row[0]
                for row in connection.execute(
                    "select column_name from duckdb_columns() where schema_name = 'marts' and table_name = ? "
                    r"and regexp_matches(column_name, '(_rate|_share|_similarity|_probability)$') order by 1",
                    [mart],
                ).fetchall()
            ]
            outside = " + ".join([f'count(*) filter (where "{rate}" not between 0 and 1)' for rate in rates] or ["0"])
            rows, out_of_range = connection.execute(f'select count(*), {outside} from marts."{mart}"').fetchall()[0]  # noqa: S608 (our own table and column names)
            facts.append(
                {
                    "is_filled": rows > 0 or accepted == 0 or mart not in NEVER_EMPTY,
                    "values_outside_0_to_1": out_of_range,
                    "share_of_published": rows / previous if previous and mart == "dim_accounts" else None,
                }
            )
    if not marts:
        return [_fact("marts_acceptance", "marts", "marts_built", 1, "The marts exist.")]
    return _judge_marts(marts, pd.DataFrame(facts), bounds)


# Which account a record is about, where that is not the account's id or name.
_WHO = {"accounts": "name", "decisions": "left_record_key"}

# Every other mart lists exceptions, or pairs and overlaps that honest lists need not have.
NEVER_EMPTY = frozenset(["dim_accounts", "dim_months", "bridge_account_records"])


def _judge_marts(marts: Sequence[str], facts: pd.DataFrame, bounds: tuple[float, float]) -> list[SuiteResult]:
    """Validate the facts of all marts at once, a row each; one after the other they took six seconds."""
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    expectations = [
        gxe.ExpectColumnValuesToBeInSet(
            column="is_filled",
            value_set=[True],
            meta=_meta(
                "mart_filled", "file", "The mart is empty although there are accounts.", "See the models it reads."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="values_outside_0_to_1",
            max_value=0,
            meta=_meta("rates_in_range", "value", "Rates lie between 0 and 1.", "See the model's formula."),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="share_of_published",
            min_value=bounds[0],
            max_value=bounds[1],
            meta=_meta(
                "in_proportion_to_published",
                "file",
                "The number of accounts is out of proportion to what was published last.",
                "Look for a list that is missing or was delivered twice; remove the published folder if all is well.",
            ),
        ),
    ]
    judged, refused = _run("marts_acceptance", "marts", expectations, facts)
    return [
        SuiteResult(
            judged.suite,
            f"marts.{mart}",
            [
                replace(
                    outcome,
                    success=position not in refused[outcome.column],
                    evaluated=int(facts[outcome.column].notna()[position]),
                    unexpected=int(position in refused[outcome.column]),
                    examples=[str(facts[outcome.column][position])] if position in refused[outcome.column] else [],
                )
                for outcome in judged.outcomes
            ],
        )
        for position, mart in enumerate(marts)
    ]


def _published_count(published: Path) -> int | None:
    file = published / "marts.duckdb"
    if not file.is_file():
        return None
    try:
        with duckdb.connect(str(file), read_only=True) as connection:
            return int(connection.execute("select count(*) from dim_accounts").fetchall()[0][0])
    except duckdb.Error:
        return None  # published by a version without that table


def _reconcile(connection: duckdb.DuckDBPyConnection, month: date) -> SuiteResult:
    """Rows read = accepted + collapsed + refused, for every landed file of the month."""
    per_file = " union all ".join(
        f"select party_id, '{name}' as object, sum(identical_row_count) as rows from raw.{name} "  # noqa: S608 (our own table and column names)
        "where export_month = $month group by all"
        for name in OBJECTS
    )
    unequal = connection.execute(
        f"""
        with kept as ({per_file}),
        refused as (
            select party_id, object, count(*) as rows from raw.rejected_rows where export_month = $month group by all
        ),
        read as (
            select party_id, object, sum(rows_read) as rows
            from raw.files where export_month = $month and status = 'landed' group by all
        )
        select count(*)
        from read
        left join kept using (party_id, object)
        left join refused using (party_id, object)
        where read.rows <> coalesce(kept.rows, 0) + coalesce(refused.rows, 0)
        """,  # noqa: S608 (our own table and column names)
        {"month": month},
    ).fetchall()[0][0]
    return _fact(
        "files_reconcile",
        f"raw.files {month:%Y-%m}",
        "rows_reconcile",
        unequal,
        "Rows read are accepted or refused, none lost.",
    )


def _fact(suite: str, subject: str, rule: str, violations: int, reason: str) -> SuiteResult:
    """Turn a count made in SQL into a result: zero is expected."""
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    expectation = gxe.ExpectColumnValuesToBeBetween(
        column=rule, max_value=0, meta=_meta(rule, "file", reason, "This is an error of the pipeline: report it.")
    )
    return _run(suite, subject, [expectation], pd.DataFrame({rule: [violations]}))[0]


def _accepted(rule: str, reason: str) -> dict[str, str]:
    return _meta(rule, "row", reason, "This is an error of the pipeline: report it.")


def _meta(rule: str, severity: Severity, reason: str, remedy: str) -> dict[str, str]:
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


def _run(
    suite_name: str, subject: str, expectations: Sequence["Expectation"] | Iterable[Any], frame: pd.DataFrame
) -> tuple[SuiteResult, dict[str, npt.NDArray[np.int64]]]:
    """Validate a frame; give the result, and the positions that each column's expectation refuses."""
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
                examples=sorted({str(value)[:200] for value in found.get("partial_unexpected_list") or []})[:_EXAMPLES],
            )
        )
    return SuiteResult(suite_name, subject, outcomes), refused
