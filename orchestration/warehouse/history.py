"""The tables that remember month by month, as an older release left them.

Belongs here: whether dbt can go on with them as they are. Does not belong here: the raw tables (schema.py), and
tables that every run builds anew.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from orchestration.warehouse.schema import OlderReleaseError


def check_history(warehouse: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Compare the incremental models of a warehouse with what this release makes of them. Nothing is written.

    dbt adds a column that may be empty by itself (`on_schema_change: append_new_columns`). A column that must be
    filled, has another type or is known no more asks for the months to be built again.

    Args:
        warehouse: the DuckDB file; may be missing.
        manifest: dbt's, parsed.

    Returns:
        A sentence per table that gets a column of which earlier months know nothing.

    Raises:
        OlderReleaseError: a table cannot be gone on with; the message names the command that builds it anew.
        duckdb.IOException: another process holds the warehouse.
    """
    if not warehouse.exists():
        return []
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        rows = connection.execute(
            "select schema_name, table_name, column_name, data_type from duckdb_columns() where not internal"
        ).fetchall()
    found: dict[tuple[str, str], dict[str, str]] = {}
    for schema, table, column, kind in rows:
        found.setdefault((schema, table), {})[column] = kind
    filled = _filled_columns(manifest)
    notices: list[str] = []
    problems: list[str] = []
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] != "model" or node["config"]["materialized"] != "incremental":
            continue
        here = found.get((node["schema"], node["name"]))
        if here is None:
            continue
        name = f"{node['schema']}.{node['name']}"
        wanted = {column: described["data_type"] for column, described in node["columns"].items()}
        added = [column for column in wanted if column not in here]
        problems += [f"{name} has no {column}" for column in added if column in filled.get(unique_id, ())]
        problems += [f"{name} has {column}, which is known no more" for column in here if column not in wanted]
        problems += [
            f"{name}.{column} is {here[column].lower()}, not {kind}"
            for column, kind in wanted.items()
            if kind and column in here and _plain(here[column]) != _plain(kind)
        ]
        if added:
            notices.append(f"{name} is new in {', '.join(added)}: empty in earlier months until `make rebuild`.")
    if problems:
        raise OlderReleaseError(
            f"The history in {warehouse} was written by another release: {'; '.join(problems)}. It follows from what "
            "was delivered: `make rebuild EXPORTS=…` builds every month anew and publishes the latest; until then "
            "what is published stays."
        )
    return notices


def _filled_columns(manifest: Mapping[str, Any]) -> dict[str, set[str]]:
    """By model, the columns that its contract or a data test wants in every row."""
    filled: dict[str, set[str]] = {}
    for unique_id, node in manifest["nodes"].items():
        if node["resource_type"] == "model":
            constrained = {
                column
                for column, described in node["columns"].items()
                if any(constraint["type"] == "not_null" for constraint in described["constraints"])
            }
            filled.setdefault(unique_id, set()).update(constrained)
        elif node["resource_type"] == "test" and (node.get("test_metadata") or {}).get("name") == "rules":
            columns = node["test_metadata"]["kwargs"].get("never_null", [])
            filled.setdefault(node["attached_node"], set()).update(columns)
    return filled


def _plain(kind: str) -> str:
    """A type in one spelling."""
    return kind.lower().replace(" ", "")
