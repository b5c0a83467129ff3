"""Whose a warehouse is: it belongs to one exports folder, and moves with it.

Belongs here: another folder, and a moved workspace. Does not belong here: other releases (test_migrations.py).
"""

import shutil
from pathlib import Path

import pytest

from orchestration.warehouse.schema import OtherExportsError
from tests.deliveries import LandingFolder


def test_a_warehouse_built_from_another_exports_folder_is_refused_and_stays_as_it_is(
    workspace: LandingFolder, tmp_path: Path
) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    before = workspace.warehouse.read_bytes()
    workspace.exports = tmp_path / "others"
    workspace.put("accounts.csv", "Name\nFans\n")
    with pytest.raises(OtherExportsError) as refusal:
        workspace.land()
    for named in (workspace.warehouse, tmp_path / "exports", tmp_path / "others", "make init"):
        assert str(named) in str(refusal.value)
    assert workspace.warehouse.read_bytes() == before
    workspace.exports = tmp_path / "exports"
    workspace.land()


def test_a_workspace_that_is_moved_as_a_whole_keeps_its_warehouse(workspace: LandingFolder, tmp_path: Path) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    moved = tmp_path / "moved"
    moved.mkdir()
    for part in ("exports", "seeds", "warehouse.duckdb"):
        shutil.move(tmp_path / part, moved)
    workspace.exports, workspace.seeds = moved / "exports", moved / "seeds"
    workspace.warehouse = moved / "warehouse.duckdb"
    workspace.land()
    assert workspace.rows("select name from raw.accounts") == [{"name": "Pumps"}]
