"""What a publication survives: a killed process and a full disk leave whole copies and no rubbish.

Belongs here: each fault made by real processes. Does not belong here: what is published (test_published.py).
"""

import hashlib
import json
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.published import publish_marts
from tests.processes import files_in, kill_at, without_space
from tests.workspaces import AT, MONTH, published_relations, warehouse_with, workspace_in


def publishing(warehouse: Path, published: Path, run_id: str) -> str:
    return f"""
from datetime import UTC, date, datetime
from pathlib import Path
from orchestration.publishing.published import publish_marts
publish_marts(Path({str(warehouse)!r}), Path({str(published)!r}), date(2026, 10, 1), {run_id!r},
              datetime(2026, 11, 3, tzinfo=UTC), ["fct_sales"])
"""


def parquet_amounts(published: Path) -> list[tuple[object, ...]]:
    """Read the Parquet copy as its manifest says, and check every file of it."""
    folder = published / "parquet"
    tables = json.loads((folder / "manifest.json").read_text())["tables"]
    for table in tables.values():
        assert hashlib.sha256((folder / table["path"]).read_bytes()).hexdigest() == table["sha256"]
    return duckdb.execute("from read_parquet(?)", [str(folder / tables["fct_sales"]["path"])]).fetchall()


@pytest.mark.parametrize(
    ("where", "when", "parquet_is_new"),
    [
        ("orchestration.publishing.published:_comment", "before", False),
        ("orchestration.publishing.published:_replace_with_text", "before", False),
        ("orchestration.publishing.published:_replace_with_text", "after", True),
    ],
)
def test_a_publication_killed_half_way_leaves_whole_copies_and_no_rubbish(
    tmp_path: Path, where: str, when: str, parquet_is_new: bool
) -> None:
    published = tmp_path / "published"
    publish_marts(warehouse_with(tmp_path / "old", [3]), published, MONTH, "old", AT, ["fct_sales"])
    new = warehouse_with(tmp_path / "new", [30, 40])
    kill_at(where, when, publishing(new, published, "killed"), tmp_path / "marker")
    assert published_relations(published) == {"fct_sales": [("s0", 3)]}
    assert parquet_amounts(published) == ([("s0", 30), ("s1", 40)] if parquet_is_new else [("s0", 3)])
    publish_marts(new, published, MONTH, "next", AT, ["fct_sales"])
    assert published_relations(published) == {"fct_sales": [("s0", 30), ("s1", 40)]}
    assert parquet_amounts(published) == [("s0", 30), ("s1", 40)]
    assert [file.name for file in published.rglob(".*")] == []


def test_a_publication_without_space_says_so_and_leaves_the_old_and_no_rubbish(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    publish_marts(warehouse_with(tmp_path / "old", [3]), settings.published, MONTH, "old", AT, ["fct_sales"])
    new = warehouse_with(tmp_path / "new", list(range(1000)))
    before = files_in(settings.published)
    said = without_space(publishing(new, settings.published, "full"), settings, 10_000)
    assert "EXPLAINED There is no space left to write below" in said
    assert files_in(settings.published) == before
    publish_marts(new, settings.published, MONTH, "next", AT, ["fct_sales"])
    assert len(published_relations(settings.published)["fct_sales"]) == 1000
