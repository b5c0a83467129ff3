"""A table that remembers month by month, in a dbt project that has nothing else.

Belongs here: what macros/history.sql writes, keeps and adds. Does not belong here: history that an older release wrote
(test_migrations.py), and what the marts remember (tests/models).
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.settings import DBT_PROJECT_DIR

pytestmark = pytest.mark.usefixtures("dbt")

PROJECT = {"name": "months", "profile": "months", "model-paths": ["models"], "macro-paths": ["macros"]}
CONTRACT = """
models:
  - name: sales
    config: {contract: {enforced: true}}
    columns: [{name: as_of_month, data_type: date}, {name: amount, data_type: integer}]
"""
MODEL = "{{{{ history() }}}} select {{{{ as_of_month() }}}} as as_of_month, {columns}"
Month = Callable[[str, str], list[tuple[Any, ...]] | None]


@pytest.fixture
def build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Month:
    """Build a month of a table with the given columns: all that it remembers then, or nothing when dbt failed."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 (takes seconds)
    from dbt.cli.main import dbtRunner  # noqa: PLC0415 (takes seconds)

    shutil.copytree(DBT_PROJECT_DIR / "macros", tmp_path / "macros")
    (tmp_path / "models").mkdir()
    warehouse = tmp_path / "months.duckdb"
    output = {"type": "duckdb", "path": str(warehouse), "threads": 1}
    profiles = {"months": {"target": "here", "outputs": {"here": output}}}
    for name, content in (("dbt_project.yml", PROJECT), ("profiles.yml", profiles)):
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")

    def build_month(month: str, columns: str) -> list[tuple[Any, ...]] | None:
        monkeypatch.setenv("ACCOUNT_MAPPING_AS_OF_MONTH", f"{month}-01")
        (tmp_path / "models" / "sales.sql").write_text(MODEL.format(columns=columns), encoding="utf-8")
        folders = ["--project-dir", str(tmp_path), "--profiles-dir", str(tmp_path)]
        # A full refresh is asked for every time, and refused every time.
        done = dbtRunner().invoke(["--quiet", "run", *folders, "--full-refresh"])
        DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call] # has no types
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            rows = connection.execute("select month(as_of_month), * exclude as_of_month from sales order by all")
            return rows.fetchall() if done.success else None

    return build_month


def remembered(warehouse: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute("select month(as_of_month), amount from sales order by all").fetchall()


def test_a_month_replaces_itself_and_the_later_ones_and_nothing_else(build: Month) -> None:
    assert build("2026-08", "1 as amount") == [(8, 1)]
    assert build("2026-09", "2 as amount") == [(8, 1), (9, 2)]
    assert build("2026-10", "3 as amount") == [(8, 1), (9, 2), (10, 3)]
    assert build("2026-09", "unnest([4, 5]) as amount") == [(8, 1), (9, 4), (9, 5)]


def test_a_month_may_be_worked_out_from_the_earlier_ones(build: Month) -> None:
    earlier = "{% if is_incremental() %} (select sum(amount) + 1 from {{ this }}) {% else %} 1 {% endif %} as amount"
    for month in ("2026-08", "2026-09"):
        build(month, earlier)
    assert build("2026-09", earlier) == [(8, 1), (9, 2)]


def test_a_month_that_fails_leaves_every_month_as_it_was(build: Month, tmp_path: Path) -> None:
    build("2026-08", "1 as amount")
    build("2026-09", "2 as amount")
    assert build("2026-08", "error('no more') as amount") is None
    assert build("2026-08", "unnest([3, 4]) as amount, error('no more') as note") is None
    assert remembered(tmp_path / "months.duckdb") == [(8, 1), (9, 2)]


def test_a_new_column_is_empty_in_earlier_months_and_the_order_of_columns_does_not_matter(build: Month) -> None:
    build("2026-08", "1 as amount")
    assert build("2026-09", "'new' as note, 2 as amount") == [(8, 1, None), (9, 2, "new")]
    assert build("2026-10", "3 as amount, 'newer' as note") == [(8, 1, None), (9, 2, "new"), (10, 3, "newer")]


def test_a_month_that_breaks_the_contract_is_not_added(build: Month, tmp_path: Path) -> None:
    (tmp_path / "models" / "sales.yml").write_text(CONTRACT, encoding="utf-8")
    assert build("2026-08", "1 as amount") == [(8, 1)]
    assert build("2026-08", "cast(2 as bigint) as amount") is None
    assert remembered(tmp_path / "months.duckdb") == [(8, 1)]
