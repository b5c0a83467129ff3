"""The metrics of joint selling, asked for by name: MetricFlow writes the SQL from what the marts say of themselves.

Belongs here: asking, and laying the answer out. Does not belong here: what a metric is (`metrics:` in the marts' YAML).
The SQL runs on the warehouse opened for reading, so that nobody is waited for. MetricFlow's own command line is passed
by: it asks a package index for its newest version whenever it starts, and finds dbt's files in one folder only.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, cast

import duckdb
from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.engine.models import Dimension
from metricflow.protocols.sql_client import SqlClient, SqlEngine
from metricflow.sql.render.duckdb_renderer import DuckDbSqlPlanRenderer
from metricflow_semantics.errors.error_classes import InformativeUserError
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup
from tabulate import tabulate

from orchestration.reports import NoReportError
from orchestration.settings import Settings
from orchestration.warehouse.held import check_built


@dataclass(frozen=True)
class Figures:
    """An answer: group columns first, then a column per metric, under the names they were asked for by."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Any, ...], ...]


class _DuckDbDialect:
    """All that MetricFlow wants to know of a database it only writes SQL for."""

    sql_engine_type = SqlEngine.DUCKDB
    sql_plan_renderer = DuckDbSqlPlanRenderer()


def query(settings: Settings, names: Sequence[str], groups: Sequence[str]) -> Figures:
    """Work metrics out on a workspace's warehouse.

    Args:
        settings: the workspace; dbt must have parsed the project for it.
        names: metrics; none for all that can be grouped so, those apart that only serve others.
        groups: what to group by, in MetricFlow's words: entities (`partner`), dimensions (`opportunity__stage`), time
            (`metric_time__month`).

    Returns:
        One row per group, ordered by the groups.

    Raises:
        NothingBuiltError: nothing is built.
        NoReportError: there is no such metric or group, or the warehouse lacks the marts.
    """
    manifest = (settings.dbt_parsed / "semantic_manifest.json").read_text(encoding="utf-8")
    engine = MetricFlowEngine(
        semantic_manifest_lookup=SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(manifest)),
        sql_client=cast("SqlClient", _DuckDbDialect()),
    )
    request = MetricFlowQueryRequest.create(
        metric_names=_choose(engine, names, groups), group_by_names=groups, order_by_names=groups
    )
    try:
        sql = engine.explain(request).sql_statement.sql
    except InformativeUserError as problem:
        raise NoReportError(str(problem)) from problem
    check_built(settings.warehouse)
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        try:
            answer = warehouse.execute(sql)
        except duckdb.CatalogException as problem:
            message = f"{settings.warehouse} lacks what the metrics read: run its months again."
            raise NoReportError(message) from problem
        columns = tuple(column[0] for column in answer.description or [])
        days = (tuple(v.date() if isinstance(v, datetime) else v for v in row) for row in answer.fetchall())
        return Figures(columns, tuple(days))


def _choose(engine: MetricFlowEngine, names: Sequence[str], groups: Sequence[str]) -> list[str]:
    """Check the metrics that were named, or find those that have the groups.

    Raises:
        NoReportError: a metric or a group of it does not exist; the message names those that do.
    """
    metrics = {metric.name: metric for metric in engine.list_metrics(include_dimensions=False)}
    ratios = [metric.type_params for metric in metrics.values()]
    parts = {part.name for ratio in ratios for part in (ratio.numerator, ratio.denominator) if part}
    listed = sorted(metrics.keys() - parts)
    for name in names:
        if name not in metrics:
            raise NoReportError(f"There is no metric {name}. There are: {', '.join(listed)}.")
    possible = {
        name: {
            (item.dunder_name if isinstance(item, Dimension) else item.name).removesuffix("__day")
            for item in engine.list_group_bys([name])
        }
        for name in names or listed
    }
    chosen = [
        name
        for name, known in possible.items()
        if all(group in known or group.rpartition("__")[0] in known for group in groups)
    ]
    if not chosen or (names and len(chosen) < len(names)):
        choices = "\n".join(f"  {name}: {', '.join(sorted(known))}" for name, known in possible.items())
        message = (
            f"Not all of this can be grouped by {', '.join(groups)}. What can be, a day followed by __month or so:"
        )
        raise NoReportError(f"{message}\n{choices}")
    return chosen


def as_csv(figures: Figures) -> str:
    """Write figures with every digit, for other programs.

    Args:
        figures: an answer.

    Returns:
        A header and a line per row; empty where a figure is not known.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(figures.columns)
    writer.writerows(figures.rows)
    return text.getvalue().rstrip("\n")


def as_text(figures: Figures) -> str:
    """Lay figures out for a person: money in cents, rates and averages with four decimals.

    Args:
        figures: an answer.

    Returns:
        A table; without groups one line per metric. A dash where there is nothing or it is not known.
    """

    def shown(value: Any) -> str:  # noqa: ANN401 - whatever the database gives
        if isinstance(value, Decimal):
            return f"{value:,.2f}"
        return f"{value:,.4f}" if isinstance(value, float) else "–" if value is None else str(value)

    rows = [[shown(value) for value in row] for row in figures.rows]
    if len(rows) == 1:
        return tabulate(zip(figures.columns, *rows, strict=True), disable_numparse=True, colalign=("left", "right"))
    return tabulate(rows, headers=figures.columns, disable_numparse=True)
