"""From the dashboards' specifications to the bundle of files that Superset imports.

Belongs here: reading `dashboards/*.toml` and `datasets.toml`, and saying in Superset's words what stands there. Does
not belong here: starting Superset (`__main__.py`), or any figure that a mart could hold.

A dashboard has a title, the question it answers, and charts in reading order; each takes `width` of twelve columns. A
chart names a mart (or a dataset of `datasets.toml`), a type, and the columns of its type:

    table     columns, order (-column: largest first), limit
    bar       x, metrics, by (one series per value), stack, horizontal, order (x: first at the top)
    heatmap   x, y, value
    scatter   entity, by, x, y, size
    number    value, format

A metric is an aggregate and a column, as in "sum account_count". `where` keeps the rows with these values, `by_partner`
puts the chart under the dashboard's partner filter, `may_be_empty` says that no rows is no fault.
"""

import json
import tomllib
import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import duckdb

HERE = Path(__file__).resolve().parent
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
# The connection is opened anew for every query (Superset keeps no pool), so the next query after a swap reads the new
# file. It reads that file and nothing else: no other file, no network, no extension, and no query can lift this.
READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "access_mode": "READ_ONLY",
    "enable_external_access": False,
    "lock_configuration": True,
}

Chart = dict[str, Any]
Spec = dict[str, Any]


class SpecificationError(ValueError):
    """A dashboard asks for what the marts do not have."""


def read_dashboards(folder: Path = HERE / "dashboards") -> dict[str, Spec]:
    """Read the specifications: file name without ending → dashboard, in the order of the names."""
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.toml"))}


def read_datasets(file: Path = HERE / "datasets.toml") -> dict[str, Spec]:
    """Read the datasets that are queries over marts: name → `sql`, `note` and the marts it `reads`."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


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


def marts_of(dashboard: Spec, datasets: Mapping[str, Spec]) -> set[str]:
    """Name every mart a dashboard reads, also through a dataset."""
    named = {chart["mart"] for chart in dashboard["charts"]}
    return {mart for name in named for mart in (datasets[name]["reads"] if name in datasets else [name])}


def write_bundle(published: Path, bundle: Path) -> None:
    """Write everything Superset imports as one archive.

    Args:
        published: the DuckDB file with the published marts; columns, types and descriptions are read from it.
        bundle: the archive to write.

    Raises:
        SpecificationError: a chart asks for a mart or a column that the file lacks.
    """
    with ZipFile(bundle, "w", ZIP_DEFLATED) as archive:
        for name, content in bundle_files(published).items():
            archive.writestr(f"bundle/{name}", json.dumps(content, indent=2, ensure_ascii=False))


def bundle_files(published: Path) -> dict[str, Any]:
    """Make the files of the bundle: path → content. JSON is YAML, which is what Superset reads.

    Args:
        published: as for write_bundle.
    """
    dashboards, datasets = read_dashboards(), read_datasets()
    charts = [chart for dashboard in dashboards.values() for chart in dashboard["charts"]]
    with duckdb.connect(str(published), read_only=True) as marts:
        names = {chart["mart"] for chart in charts} | set(datasets)
        columns = {name: _columns(marts, name, datasets) for name in sorted(names)}
    for chart in charts:
        unknown = columns_of(chart) - {column for column, _, _ in columns[chart["mart"]]}
        if unknown:
            raise SpecificationError(f"{chart['name']!r} asks {chart['mart']} for {', '.join(sorted(unknown))}.")
    files: dict[str, Any] = {
        "metadata.yaml": {"version": VERSION, "type": "assets", "timestamp": "2026-01-01T00:00:00+00:00"},
        "databases/marts.yaml": _database(published),
    }
    files |= {f"datasets/marts/{name}.yaml": _dataset(name, columns[name], datasets.get(name)) for name in columns}
    for slug, dashboard in dashboards.items():
        files |= {f"charts/{slug}_{n}.yaml": _chart(slug, chart) for n, chart in enumerate(dashboard["charts"])}
        files[f"dashboards/{slug}.yaml"] = _dashboard(slug, dashboard)
    return files


def _columns(
    marts: duckdb.DuckDBPyConnection, name: str, datasets: Mapping[str, Spec]
) -> list[tuple[str, str, str | None]]:
    """Name, type and description of a dataset's columns."""
    query = datasets[name]["sql"] if name in datasets else f'select * from "{name}"'  # noqa: S608 - of our own files
    try:
        described = marts.execute(f"describe {query}").fetchall()
    except duckdb.Error as problem:
        raise SpecificationError(f"The published marts cannot answer {name}: {problem}") from problem
    comments = dict(
        marts.execute("select column_name, comment from duckdb_columns() where table_name = ?", [name]).fetchall()
    )
    return [(column, kind, comments.get(column)) for column, kind, *_ in described]


def _uuid(kind: str, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"{kind}/{name}"))


def _database(published: Path) -> Spec:
    return {
        "database_name": "marts",
        "sqlalchemy_uri": f"duckdb:///{published}",
        "expose_in_sqllab": True,
        "allow_file_upload": False,
        "allow_ctas": False,
        "allow_cvas": False,
        "allow_dml": False,
        "extra": {"engine_params": {"connect_args": {"config": READ_ONLY}}},
        "is_managed_externally": True,
        "uuid": _uuid("database", "marts"),
        "version": VERSION,
    }


def _dataset(name: str, columns: Iterable[tuple[str, str, str | None]], query: Spec | None) -> Spec:
    return {
        "table_name": name,
        "sql": query["sql"].strip() if query else None,
        "description": query["note"] if query else None,
        "database_uuid": _uuid("database", "marts"),
        "columns": [
            {
                "column_name": column,
                "verbose_name": _words(column),
                "description": description,
                "type": kind,
                "is_dttm": kind == "DATE" or kind.startswith("TIMESTAMP"),
                "groupby": True,
                "filterable": True,
            }
            for column, kind, description in columns
        ],
        "metrics": [],
        "is_managed_externally": True,
        "uuid": _uuid("dataset", name),
        "version": VERSION,
    }


def _words(column: str) -> str:
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
    return _metric(_words(chart[key].split()[1]), chart[key])


def _where(chart: Chart) -> list[tuple[str, str, Any]]:
    """The filters of a chart: column, operator, value."""
    return [(column, "==", value) for column, value in chart.get("where", {}).items()]


def _chart(slug: str, chart: Chart) -> Spec:
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
        "dataset_uuid": _uuid("dataset", chart["mart"]),
        "is_managed_externally": True,
        "uuid": _uuid("chart", f"{slug}/{chart['name']}"),
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


def _dashboard(slug: str, dashboard: Spec) -> Spec:
    charts = dashboard["charts"]
    position: dict[str, Any] = {
        "DASHBOARD_VERSION_KEY": "v2",
        "ROOT_ID": {"id": "ROOT_ID", "type": "ROOT", "children": ["GRID_ID"]},
        "GRID_ID": {"id": "GRID_ID", "type": "GRID", "children": [], "parents": ["ROOT_ID"]},
        "HEADER_ID": {"id": "HEADER_ID", "type": "HEADER", "meta": {"text": dashboard["title"]}},
    }
    taken = COLUMNS_OF_A_ROW
    for number, chart in enumerate(charts):
        if taken + chart["width"] > COLUMNS_OF_A_ROW:
            taken = 0
            row = f"ROW-{number}"
            position[row] = {
                "id": row,
                "type": "ROW",
                "children": [],
                "parents": ["ROOT_ID", "GRID_ID"],
                "meta": {"background": "BACKGROUND_TRANSPARENT"},
            }
            position["GRID_ID"]["children"].append(row)
        taken += chart["width"]
        position[row]["children"].append(f"CHART-{number}")
        position[f"CHART-{number}"] = {
            "id": f"CHART-{number}",
            "type": "CHART",
            "children": [],
            "parents": ["ROOT_ID", "GRID_ID", row],
            "meta": {
                # Superset puts its own number in place of this one, also where the filter names it.
                "chartId": number,
                "uuid": _uuid("chart", f"{slug}/{chart['name']}"),
                "sliceName": chart["name"],
                "width": chart["width"],
                "height": chart.get("height", HEIGHTS[chart["type"]]),
            },
        }
    filtered = [chart for chart in charts if chart.get("by_partner")]
    others = [number for number, chart in enumerate(charts) if chart not in filtered]
    return {
        "dashboard_title": dashboard["title"],
        "description": dashboard["question"],
        "slug": slug.replace("_", "-"),
        "published": True,
        "position": position,
        "metadata": {
            "native_filter_configuration": [_partner_filter(slug, others)] if filtered else [],
            "cross_filters_enabled": False,
            "refresh_frequency": 0,
        },
        "is_managed_externally": True,
        "uuid": _uuid("dashboard", slug),
        "version": VERSION,
    }


def _partner_filter(slug: str, others: list[int]) -> Spec:
    """One partner at a time, the first to begin with; the charts numbered in `others` do not listen."""
    return {
        "id": f"NATIVE_FILTER-{slug}",
        "type": "NATIVE_FILTER",
        "filterType": "filter_select",
        "name": "Partner",
        "description": "For the charts that show one partner at a time.",
        "targets": [{"datasetUuid": _uuid("dataset", "partners_to_choose"), "column": {"name": "partner_id"}}],
        "controlValues": {
            "multiSelect": False,
            "enableEmptyFilter": True,
            "defaultToFirstItem": True,
            "inverseSelection": False,
            "searchAllOptions": False,
        },
        "requiredFirst": True,
        "defaultDataMask": {"extraFormData": {}, "filterState": {}, "ownState": {}},
        "cascadeParentIds": [],
        "scope": {"rootPath": ["ROOT_ID"], "excluded": others},
    }
