"""What every test run needs: the demo built once, dbt's manifest, and which tests are quick.

Belongs here: fixtures and marks. Does not belong here: anything a test imports (workspaces.py, deliveries.py,
processes.py).

A test that needs dbt, directly or by a fixture, is marked so; `make test-fast` runs the others. Without the mark, dbt
refuses to run, so the mark cannot be forgotten.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import settings as hypothesis_settings

from orchestration.settings import HOME, Settings
from orchestration.warehouse import build
from tests.deliveries import LandingFolder
from tests.workspaces import Run, copy_of, run_command, workspace_in

# A loaded machine is slower, not wrong.
hypothesis_settings.register_profile("without a deadline", deadline=None)
hypothesis_settings.load_profile("without a deadline")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Let a demo that is built already be lent to the tests that only read or copy it."""
    parser.addoption("--demo", type=Path, help="folder of a built demo, such as var/demo; it is not built then")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs dbt by its fixtures, and put the slow files first.

    The demo is built by one worker for the first of its files, beside files that need dbt and not the demo; quick files
    come last, so that both workers end together (`make test` keeps xdist from sorting by the number of tests).
    """
    fixtures: dict[Path, set[str]] = {}
    for item in items:
        names = set(getattr(item, "fixturenames", ()))
        fixtures.setdefault(item.path, set()).update(names)
        if {"dbt", "demo", "manifest"} & names:
            item.add_marker(pytest.mark.dbt)
    builder = next((path for path, names in fixtures.items() if "demo" in names), None)

    def turn(item: pytest.Item) -> int:
        names = fixtures[item.path]
        return 0 if item.path == builder else 2 if "demo" in names else 1 if "dbt" in names else 3

    items.sort(key=turn)


@pytest.fixture(autouse=True)
def _dbt_is_asked_for(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Refuse dbt to tests that are said to be quick."""
    if request.node.get_closest_marker("dbt") is None:

        def refuse(*_: object, **__: object) -> None:
            raise AssertionError("This test runs dbt: say so with pytest.mark.usefixtures('dbt').")

        monkeypatch.setattr(build, "_invoke", refuse)


@pytest.fixture(scope="session")
def dbt() -> None:
    """Stands for dbt: a test that uses it takes seconds, and is left out of `make test-fast`."""


@pytest.fixture(scope="session")
def demo(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demo, run as `make demo` runs it: three months, from nothing, with all data tests; once for all workers."""
    lent: Path | None = request.config.getoption("--demo")
    base = tmp_path_factory.getbasetemp()
    if lent is not None:
        lent = lent.resolve()
        built = replace(workspace_in(lent), warehouse=lent / "warehouse.duckdb", published=lent / "published")
        return Run(copy_of(built, base / "demo" / "var"), 0, "")
    if not hasattr(request.config, "workerinput"):
        run = run_command(workspace_in(base / "demo"), "demo")
        assert run.exit_code == 0, run.output
        return run
    folder = base.parent / "demo"
    with FileLock(f"{folder}.lock"):
        output = folder / "output.txt"
        if not output.is_file():
            run = run_command(workspace_in(folder), "demo")
            assert run.exit_code == 0, run.output
            output.write_text(run.output, encoding="utf-8")
    # A copy for each worker: a reader keeps writers out, and some commands open the warehouse to write.
    return Run(copy_of(workspace_in(folder), base / "demo" / "var"), 0, output.read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Dbt's manifest of this repository's project."""
    folder = tmp_path_factory.mktemp("manifest")
    settings = Settings(folder, HOME / "seeds", folder / "var" / "warehouse.duckdb", folder / "published")
    build.parse(settings)
    parsed: dict[str, Any] = json.loads((settings.dbt_parsed / "manifest.json").read_text(encoding="utf-8"))
    return parsed


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[LandingFolder]:
    """An empty landing folder; in the end, every row that a test has delivered is accounted for."""
    made = LandingFolder(tmp_path)
    yield made
    if not made.warehouse.exists():
        return
    # Whatever a test delivered: every row that was read is accepted, collapsed or refused.
    for file in made.rows(
        """
        select party_id, object, export_month, sum(rows_read) as read, sum(rows_rejected) as rejected,
            sum(rows_accepted) as accepted
        from raw.files where status = 'landed' group by all
        """
    ):
        where = f"party_id = '{file['party_id']}' and export_month = '{file['export_month']}'"
        kept = made.rows(
            "select count(*) as n, coalesce(sum(identical_row_count), 0) as represented "
            f"from raw.{file['object']} where {where}"
        )[0]
        refused = made.rows(
            f"select count(*) as n from raw.rejected_rows where object = '{file['object']}' and {where}"
        )[0]["n"]
        assert file["read"] == kept["represented"] + refused
        assert (file["accepted"], file["rejected"]) == (kept["n"], refused)
