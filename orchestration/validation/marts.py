"""The marts, before they are published: what no single dbt test sees.

Belongs here: expectations over whole marts. Does not belong here: rules of single models (dbt's data tests).
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import duckdb
import pandas as pd

from orchestration.validation.suite import SuiteResult, described, fact, run_suite


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
        return [fact("marts_acceptance", "marts", "marts_built", 1, "The marts exist.")]
    return _judge_marts(marts, pd.DataFrame(facts), bounds)


# Every other mart lists exceptions, or pairs and overlaps that honest lists need not have.
NEVER_EMPTY = frozenset(["dim_accounts", "dim_months", "bridge_account_records"])


def _judge_marts(marts: Sequence[str], facts: pd.DataFrame, bounds: tuple[float, float]) -> list[SuiteResult]:
    """Validate the facts of all marts at once, a row each; one after the other they took six seconds."""
    import great_expectations.expectations as gxe  # noqa: PLC0415 (takes seconds)

    expectations = [
        gxe.ExpectColumnValuesToBeInSet(
            column="is_filled",
            value_set=[True],
            meta=described(
                "mart_filled", "file", "The mart is empty although there are accounts.", "See the models it reads."
            ),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="values_outside_0_to_1",
            max_value=0,
            meta=described("rates_in_range", "value", "Rates lie between 0 and 1.", "See the model's formula."),
        ),
        gxe.ExpectColumnValuesToBeBetween(
            column="share_of_published",
            min_value=bounds[0],
            max_value=bounds[1],
            meta=described(
                "in_proportion_to_published",
                "file",
                "The number of accounts is out of proportion to what was published last.",
                "Look for a list that is missing or was delivered twice; remove the published folder if all is well.",
            ),
        ),
    ]
    judged, refused = run_suite("marts_acceptance", "marts", expectations, facts)
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
