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
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import duckdb

from bi.charts import COLUMNS_OF_A_ROW, HEIGHTS, VERSION, Spec, chart_of, columns_of, uuid_of, words_of

HERE = Path(__file__).resolve().parent
# The connection is opened anew for every query (Superset keeps no pool), so the next query after a swap reads the new
# file. It reads that file and nothing else: no other file, no network, no extension, and no query can lift this.
READ_ONLY: dict[str, str | bool | int | float | list[str]] = {
    "access_mode": "READ_ONLY",
    "enable_external_access": False,
    "lock_configuration": True,
}


class SpecificationError(ValueError):
    """A dashboard asks for what the marts do not have."""


def read_dashboards(folder: Path = HERE / "dashboards") -> dict[str, Spec]:
    """Read the specifications: file name without ending → dashboard, in the order of the names."""
    return {file.stem: tomllib.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.toml"))}


def read_datasets(file: Path = HERE / "datasets.toml") -> dict[str, Spec]:
    """Read the datasets that are queries over marts: name → `sql`, `note` and the marts it `reads`."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


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
        files |= {f"charts/{slug}_{n}.yaml": chart_of(slug, chart) for n, chart in enumerate(dashboard["charts"])}
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
        "uuid": uuid_of("database", "marts"),
        "version": VERSION,
    }


def _dataset(name: str, columns: Iterable[tuple[str, str, str | None]], query: Spec | None) -> Spec:
    return {
        "table_name": name,
        "sql": query["sql"].strip() if query else None,
        "description": query["note"] if query else None,
        "database_uuid": uuid_of("database", "marts"),
        "columns": [
            {
                "column_name": column,
                "verbose_name": words_of(column),
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
        "uuid": uuid_of("dataset", name),
        "version": VERSION,
    }


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
                "uuid": uuid_of("chart", f"{slug}/{chart['name']}"),
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
        "uuid": uuid_of("dashboard", slug),
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
        "targets": [{"datasetUuid": uuid_of("dataset", "partners_to_choose"), "column": {"name": "partner_id"}}],
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
