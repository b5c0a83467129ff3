"""Shared by several test files: the demo, run once as its user runs it, in a folder of its own."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from orchestration.settings import HOME, Settings


@dataclass(frozen=True)
class Run:
    """A finished command and the workspace it worked on."""

    settings: Settings
    exit_code: int
    output: str


def run_command(settings: Settings, *arguments: str) -> Run:
    """Run `python -m orchestration` on a workspace.

    Args:
        settings: the workspace.
        arguments: the command and its options.
    """
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", *arguments],
        cwd=HOME,
        env={**os.environ, **settings.as_environment()},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return Run(settings, done.returncode, done.stdout)


def workspace_in(folder: Path, exports: Path | None = None, seeds: Path | None = None) -> Settings:
    """Place a workspace's warehouse and published marts in a folder.

    Args:
        folder: where to build.
        exports: landing folder; the demo's by default.
        seeds: seeds folder; this repository's by default.
    """
    return Settings(
        exports=exports or HOME / "demo" / "exports",
        seeds=seeds or HOME / "seeds",
        warehouse=folder / "var" / "warehouse.duckdb",
        published=folder / "var" / "published",
    )


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demo, run as `make demo` runs it: three months, from nothing, with all data tests."""
    run = run_command(workspace_in(tmp_path_factory.mktemp("demo")), "demo")
    assert run.exit_code == 0, run.output
    return run


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Dbt's manifest of this repository's project."""
    folder = tmp_path_factory.mktemp("manifest")
    settings = Settings(folder, HOME / "seeds", folder / "warehouse.duckdb", folder / "published")
    done = subprocess.run(
        [str(Path(sys.executable).with_name("dbt")), "--quiet", "parse", "--profiles-dir", "."],
        cwd=HOME / "dbt_project",
        env={
            **os.environ,
            **settings.as_environment(),
            "DBT_TARGET_PATH": str(folder / "target"),
            "DBT_LOG_PATH": str(folder / "logs"),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    parsed: dict[str, Any] = json.loads((folder / "target" / "manifest.json").read_text(encoding="utf-8"))
    return parsed
