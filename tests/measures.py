"""The numbers of every mart of a build, to hold two builds against each other.

Belongs here: which columns are figures, and what names a row. Does not belong here: what may differ between two builds,
which each test says itself.
"""

import re

import yaml

from orchestration.settings import HOME
from tests.workspaces import Workspace

Measures = dict[tuple[str, str, str], dict[str, object]]
NUMBER = re.compile("DECIMAL|BIGINT|INTEGER|HUGEINT|DOUBLE")
# Numbers that count nothing, or records of a list, of which none is known too, or that only say on which of its rows an
# account's amount counts, which hangs on the other rows; and columns that name a row's figure.
NO_MEASURES = (
    *("_number", "_rank", "_order", "_weight", "record_count"),
    "joint_opportunity_amount_counted_once_usd",
)
FIGURE_COLUMNS = ("kpi", "metric", "figure", "goal", "attribute", "component", "dimension", "comparison")


def every_measure(workspace: Workspace) -> Measures:
    """The numbers of every mart, by mart, column and, where each row has a figure of its own, figure; each by row."""
    measures: Measures = {}
    for page in sorted((HOME / "dbt_project/models/marts").glob("*/_*.yml")):
        for model in yaml.safe_load(page.read_text(encoding="utf-8")).get("models", []):
            mart, rules = model["name"], [test["rules"] for test in model.get("data_tests", []) if "rules" in test]
            unique = [key for rule in rules for key in rule["arguments"].get("unique", [])]
            key = [unique[0]] if unique and isinstance(unique[0], str) else [*unique[0]] if unique else []
            typed = workspace.query(
                "select column_name, data_type from duckdb_columns() "
                f"where schema_name = 'marts' and table_name = '{mart}'"
            )
            numbers = [
                str(column)
                for column, kind in typed
                if NUMBER.match(str(kind)) and column not in key and not str(column).endswith(NO_MEASURES)
            ]
            if not numbers:
                continue
            figure = next((column for column in FIGURE_COLUMNS if column in key), "''")
            texts = ", ".join(f"{column}::varchar" for column in key)
            rows = workspace.query(f"select {figure}, [{texts}], {', '.join(numbers)} from marts.{mart}")
            for name, row_key, *values in rows:
                for column, value in zip(numbers, values, strict=True):
                    measures.setdefault((mart, column, str(name)), {})[str(row_key)] = value
    return measures
