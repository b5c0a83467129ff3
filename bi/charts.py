"""One chart of a dashboard, as Superset wants it.

Belongs here: from a chart's few words in TOML to Superset's parameters. Does not belong here: which charts there are.
"""

import json
import uuid
from typing import Any

# Ids are made from names, so that the next import replaces what this one brought.
NAMESPACE = uuid.UUID("5f0a3a52-7d0c-4d1c-8a5e-0b8a7f7c2b11")
VERSION = "1.0.0"


COLUMNS_OF_A_ROW = 12
HEIGHTS = {"number": 22, "table": 50, "bar": 50, "heatmap": 56, "scatter": 50}
VIZ_TYPES = {
    "table": "table",
    "bar": "echarts_timeseries_bar",
    "heatmap": "heatmap_v2",
    "scatter": "bubble_v2",
    "number": "big_number_total",
}
Chart = dict[str, Any]
Spec = dict[str, Any]


def columns_of(chart: Chart) -> set[str]:
    """Name every column a chart asks for, those of its filters included."""
    metrics = [chart[key] for key in ("value", "size") if key in chart] + list(chart.get("metrics", {}).values())
    plain = [chart[key] for key in ("x", "y", "by", "entity") if key in chart]
    if chart["type"] == "scatter":
        metrics += [chart["x"], chart["y"]]
        plain = [chart["entity"], chart["by"]]
    order = [chart["order"].lstrip("-")] if "order" in chart else []
    return {
        *plain,
        *order,
        *(metric.split()[1] for metric in metrics),
        *chart.get("columns", ()),
        *chart.get("where", {}),
        *(["partner_id"] if chart.get("by_partner") else ()),
    }


def words_of(column: str) -> str:
    """Turn a column's name into words for a person."""
    return column.removesuffix("_usd").replace("_", " ") + (", USD" if column.endswith("_usd") else "")


def _number_format(column: str) -> str:
    """How figures of a column are written, by the unit at the end of its name."""
    if column.endswith(("_rate", "_ratio")):
        return ".0%"
    return "$,.0f" if column.endswith("_usd") else "~g" if column.endswith(("_score", "_level")) else ",.2~f"


def _metric(label: str, metric: str) -> Spec:
    """Superset's form of a metric such as `sum account_count`."""
    aggregate, column = metric.split()
    return {
        "expressionType": "SIMPLE",
        "aggregate": aggregate.upper(),
        "column": {"column_name": column},
        "label": label,
        "hasCustomLabel": True,
        "optionName": f"metric_{aggregate}_{column}",
    }


def _value(chart: Chart, key: str = "value") -> Spec:
    return _metric(words_of(chart[key].split()[1]), chart[key])


def _where(chart: Chart) -> list[tuple[str, str, Any]]:
    """The filters of a chart: column, operator, value."""
    return [(column, "==", value) for column, value in chart.get("where", {}).items()]


def chart_of(slug: str, chart: Chart) -> Spec:
    """Describe one chart to Superset.

    Args:
        slug: of its dashboard.
        chart: as the TOML has it.

    Returns:
        What the bundle holds of it.
    """
    kind = chart["type"]
    look, query = {
        "table": _table,
        "bar": _bar,
        "heatmap": _heatmap,
        "scatter": _scatter,
        "number": _number,
    }[kind](chart)
    limit = chart.get("limit", 1000)
    return {
        "slice_name": chart["name"],
        "description": chart.get("note"),
        "viz_type": VIZ_TYPES[kind],
        "params": {
            **look,
            "viz_type": VIZ_TYPES[kind],
            "adhoc_filters": [
                {
                    "clause": "WHERE",
                    "expressionType": "SIMPLE",
                    "subject": column,
                    "operator": operator,
                    "comparator": value,
                }
                for column, operator, value in _where(chart)
            ],
            "row_limit": limit,
        },
        # What the chart asks for where no browser works it out: Superset's API, its e-mailed reports, our tests.
        "query_context": json.dumps(
            {
                "datasource": {"id": 0, "type": "table"},
                "queries": [
                    {
                        **query,
                        "filters": [{"col": column, "op": op, "val": value} for column, op, value in _where(chart)],
                        "row_limit": limit,
                    }
                ],
                "result_format": "json",
                "result_type": "full",
            }
        ),
        "dataset_uuid": uuid_of("dataset", chart["mart"]),
        "is_managed_externally": True,
        "uuid": uuid_of("chart", f"{slug}/{chart['name']}"),
        "version": VERSION,
    }


def _table(chart: Chart) -> tuple[Spec, Spec]:
    columns, order = chart["columns"], chart["order"]
    ordered = [order.lstrip("-"), not order.startswith("-")]
    look = {
        "query_mode": "raw",
        "all_columns": columns,
        "order_by_cols": [json.dumps(ordered)],
        "table_timestamp_format": "%Y-%m-%d",
        "page_length": 15,
        "include_search": chart["width"] == COLUMNS_OF_A_ROW,
        "show_cell_bars": False,
        # What a partner sent is shown as text, never as a page.
        "allow_render_html": False,
        "column_config": {column: {"d3NumberFormat": _number_format(column)} for column in columns},
    }
    return look, {"columns": columns, "orderby": [ordered]}


def _bar(chart: Chart) -> tuple[Spec, Spec]:
    metrics = [_metric(label, metric) for label, metric in chart["metrics"].items()]
    series = [chart["by"]] if "by" in chart else []
    is_horizontal = chart.get("horizontal", False)
    by_size = is_horizontal and "order" not in chart
    look = {
        "x_axis": chart["x"],
        "time_grain_sqla": "P1M" if chart["x"].endswith("_month") else None,
        "xAxisForceCategorical": not chart["x"].endswith("_month"),
        # Across, in the order of the names; downwards, the largest at the top unless there is another order.
        "x_axis_sort": metrics[0]["label"] if by_size else chart["x"],
        "x_axis_sort_asc": not is_horizontal or by_size,
        "x_axis_sort_series": "sum" if by_size else "name",
        "x_axis_sort_series_ascending": True,
        "x_axis_time_format": "%b %Y",
        "metrics": metrics,
        "groupby": series,
        "orientation": "horizontal" if is_horizontal else "vertical",
        "stack": "Stack" if chart.get("stack") else None,
        "show_value": True,
        "only_total": True,
        "show_legend": len(metrics) > 1 or bool(series),
        "legendOrientation": "top",
        "legendType": "scroll",
        "rich_tooltip": True,
        "truncate_metric": True,
        "y_axis_format": _axis_format(next(iter(chart["metrics"].values()))),
        "color_scheme": "supersetColors",
    }
    return look, {"columns": [chart["x"], *series], "metrics": metrics, "orderby": [[chart["x"], True]]}


def _axis_format(metric: str) -> str:
    return "$.2~s" if metric.endswith("_usd") else _number_format(metric)


def _heatmap(chart: Chart) -> tuple[Spec, Spec]:
    metric = _value(chart)
    look = {
        "x_axis": chart["x"],
        "groupby": chart["y"],
        "metric": metric,
        "normalize_across": "heatmap",
        "sort_x_axis": "alpha_asc",
        "sort_y_axis": "alpha_desc",
        "show_values": True,
        "show_legend": False,
        "show_percentage": False,
        "legend_type": "continuous",
        "linear_color_scheme": "schemeBlues",
        "xscale_interval": 1,
        "yscale_interval": 1,
        "left_margin": 40,
        "bottom_margin": 20,
        "xAxisLabelRotation": 30,
        "value_bounds": [None, None],
        "y_axis_format": _axis_format(chart["value"]),
    }
    return look, {"columns": [chart["x"], chart["y"]], "metrics": [metric], "orderby": []}


def _scatter(chart: Chart) -> tuple[Spec, Spec]:
    x, y, size = _value(chart, "x"), _value(chart, "y"), _value(chart, "size")
    look = {
        "entity": chart["entity"],
        "series": chart["by"],
        "x": x,
        "y": y,
        "size": size,
        "max_bubble_size": "25",
        "truncateXAxis": False,
        "opacity": 0.7,
        "show_legend": True,
        "legendOrientation": "top",
        "x_axis_label": x["label"],
        "x_axis_title_margin": 30,
        "xAxisFormat": "~g",
        "y_axis_label": y["label"],
        "y_axis_title_margin": 50,
        "y_axis_format": _axis_format(chart["y"]),
        "tooltipSizeFormat": ",d",
        "color_scheme": "supersetColors",
    }
    return look, {"columns": [chart["entity"], chart["by"]], "metrics": [x, y, size], "orderby": []}


def _number(chart: Chart) -> tuple[Spec, Spec]:
    metric = _value(chart)
    look = {"metric": metric, "y_axis_format": chart["format"], "header_font_size": 0.4, "subheader_font_size": 0.15}
    return look, {"columns": [], "metrics": [metric], "orderby": []}


def uuid_of(kind: str, name: str) -> str:
    """Give a thing of a bundle the same id every time."""
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))
