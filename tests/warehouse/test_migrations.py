"""Workspaces of other releases: what opens by itself, what is refused, and which command the words name.

Belongs here: raw tables, history, seeds and the record of the release. The older warehouses are simulated by taking
tables and columns away from what this release makes; no older code runs here. Does not belong here: rebuilding a
warehouse with every mart (test_any_order.py).
"""

import shutil
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.defs.transform import prepare_warehouse
from orchestration.ingestion.landing import land_month
from orchestration.warehouse import schema
from orchestration.warehouse.held import CopyError
from orchestration.warehouse.history import check_history
from orchestration.warehouse.restore import copy_landed, copy_until
from orchestration.warehouse.schema import (
    TABLES,
    WAREHOUSE_VERSION,
    NewerReleaseError,
    OlderReleaseError,
    check_release,
    create_raw_tables,
    record_exports_folder,
)
from tests.workspaces import Run, published_rows, run_command, workspace_in


def a_file(month: str = "2026-10-01", loaded_at: str = "2026-11-01") -> str:
    columns = "party_id, object, export_month, file_name, status, loaded_at, run_id"
    return f"insert into raw.files ({columns}) values ('us', 'accounts', '{month}', 'a', 'landed', '{loaded_at}', 'r')"


def warehouse_in(folder: Path, *statements: str) -> Path:
    """Make a warehouse with one landed file, and change it as the statements say."""
    warehouse = folder / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        for statement in (a_file(), *statements):
            connection.execute(statement)
    return warehouse


def query(warehouse: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.execute(sql).fetchall()


def test_raw_tables_get_the_columns_they_lack_and_keep_their_rows(tmp_path: Path) -> None:
    older = ["alter table raw.files drop column sheet_name", "drop table raw.decisions", "drop schema seen cascade"]
    warehouse = warehouse_in(tmp_path, *older, "drop table raw.written_by", "drop table raw.loaded_months")
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
    assert query(warehouse, "select party_id, sheet_name from raw.files") == [("us", None)]
    described = {row[0] for row in query(warehouse, "describe raw.files")}
    assert described == set(TABLES["files"])
    assert query(warehouse, "select count(*) from raw.decisions") == query(
        warehouse, "select count(*) from seen.months"
    )


def test_a_column_that_may_be_empty_by_now_may_be_so_in_an_old_warehouse_too(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        create_raw_tables(connection)
        column = "our_open_pipeline_counted_once_usd"
        connection.execute(f"alter table seen.overlaps alter column {column} set not null")
        create_raw_tables(connection)
        nullable = "select is_nullable from duckdb_columns() where schema_name = 'seen' and column_name = ?"
        assert connection.execute(nullable, [column]).fetchall() == [(True,)]


def test_rows_are_written_by_name_into_a_table_that_got_its_columns_later(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    settings.warehouse.parent.mkdir()
    shutil.move(warehouse_in(tmp_path, "alter table raw.files drop column encoding"), settings.warehouse)
    month, now = date(2026, 10, 1), datetime(2026, 11, 1, tzinfo=UTC)
    land_month(settings.warehouse, settings.exports, settings.seeds, month, "r2", now, settings.validations)
    encodings = query(settings.warehouse, "select distinct encoding from raw.files where run_id = 'r2' order by 1")
    assert ("utf-8",) in encodings


def test_a_column_that_was_taken_away_is_refused_with_its_values_and_dropped_without(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path, "alter table raw.files add column fax varchar default '555'")
    with duckdb.connect(str(warehouse)) as connection:
        with pytest.raises(OlderReleaseError, match=r"raw\.files .* 'fax' \(1 values\).*make rebuild"):
            create_raw_tables(connection)
        assert connection.execute("select fax from raw.files").fetchall() == [("555",)]
        connection.execute("update raw.files set fax = null")
        create_raw_tables(connection)
        assert "fax" not in {row[0] for row in connection.execute("describe raw.files").fetchall()}


def test_a_column_that_must_be_filled_needs_a_default_for_the_rows_that_lack_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warehouse = warehouse_in(tmp_path)
    monkeypatch.setitem(schema.TABLES, "files", {**TABLES["files"], "origin": "varchar not null"})
    with duckdb.connect(str(warehouse)) as connection:
        with pytest.raises(OlderReleaseError, match=r"1 rows of raw\.files .* lack origin"):
            create_raw_tables(connection)
        monkeypatch.setitem(schema.TABLES["files"], "origin", "varchar not null default 'folder'")
        create_raw_tables(connection)
        assert connection.execute("select origin from raw.files").fetchall() == [("folder",)]


def newer(folder: Path) -> Path:
    statement = f"update raw.written_by set warehouse_version = {WAREHOUSE_VERSION + 1}, release = '9.9'"
    return warehouse_in(folder, statement)


def test_a_warehouse_of_a_newer_release_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    settings.warehouse.parent.mkdir()
    shutil.move(newer(tmp_path), settings.warehouse)
    before = settings.warehouse.read_bytes()
    commands = (
        ["run", "--month", "2026-10", "--exports", str(settings.exports)],
        ["rebuild"],
        ["restore", "--month", "2026-10"],
        ["prune", "--months", "1"],
        ["erase", "--email", "jane@acme.example"],
    )
    for command in commands:
        run = run_command(settings, *command)
        assert run.exit_code == 1
        assert "was written by release 9.9" in run.output
        assert "Traceback" not in run.output
    assert settings.warehouse.read_bytes() == before
    assert not settings.published.exists()
    with pytest.raises(NewerReleaseError):
        month, now = date(2026, 10, 1), datetime(2026, 11, 1, tzinfo=UTC)
        land_month(settings.warehouse, settings.exports, settings.seeds, month, "r", now, settings.validations)


def test_a_warehouse_says_who_wrote_it_and_one_that_does_not_is_older(tmp_path: Path) -> None:
    warehouse = warehouse_in(tmp_path)
    assert query(warehouse, "select warehouse_version from raw.written_by") == [(WAREHOUSE_VERSION,)]
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("drop table raw.written_by")
    check_release(warehouse)
    check_release(tmp_path / "not there.duckdb")


MODEL = {
    "schema": "marts",
    "name": "fct_sales",
    "resource_type": "model",
    "config": {"materialized": "incremental"},
    "columns": {
        "as_of_month": {"data_type": "date", "constraints": [{"type": "not_null"}]},
        "amount_usd": {"data_type": "decimal(38, 2)", "constraints": []},
        "note": {"data_type": None, "constraints": []},
    },
}
RULES = {
    "resource_type": "test",
    "attached_node": "model.fct_sales",
    "test_metadata": {"name": "rules", "kwargs": {"never_null": ["amount_usd"]}},
}
MANIFEST = {"nodes": {"model.fct_sales": MODEL, "test.rules": RULES}}


@pytest.mark.parametrize(
    ("columns", "problem"),
    [
        ("as_of_month date, amount_usd decimal(38, 2), note varchar", None),
        ("note varchar, amount_usd decimal(38, 2)", "marts.fct_sales has no as_of_month"),
        ("note varchar, as_of_month date", "marts.fct_sales has no amount_usd"),
        ("as_of_month date, amount_usd double, note varchar", r"amount_usd is double, not decimal\(38, 2\)"),
        ("as_of_month date, amount_usd decimal(38, 2), note varchar, fax varchar", "has fax, which is known no more"),
    ],
)
def test_history_that_cannot_be_gone_on_with_is_refused_and_the_command_named(
    tmp_path: Path, columns: str, problem: str | None
) -> None:
    warehouse = warehouse_in(tmp_path, "create schema marts", f"create table marts.fct_sales ({columns})")
    if problem is None:
        assert check_history(warehouse, MANIFEST) == []
    else:
        with pytest.raises(OlderReleaseError, match=rf"{problem}.*make rebuild"):
            check_history(warehouse, MANIFEST)


def test_dbt_is_not_begun_on_a_warehouse_that_cannot_be_gone_on_with(tmp_path: Path) -> None:
    tables = "create schema marts; create table marts.fct_sales (note varchar)"
    for folder, words in (("newer", "release 9.9"), ("older", "make rebuild")):
        (tmp_path / folder).mkdir()
        warehouse = newer(tmp_path / folder) if folder == "newer" else warehouse_in(tmp_path / folder, tables)
        before = warehouse.read_bytes()
        settings = replace(workspace_in(tmp_path / folder), warehouse=warehouse)
        with pytest.raises(dg.Failure, match=words) as refusal:
            prepare_warehouse(dg.build_asset_context(), settings, date(2026, 10, 1), MANIFEST)
        assert not refusal.value.allow_retries
        assert warehouse.read_bytes() == before


def test_a_column_that_may_be_empty_is_reported_and_left_to_dbt(tmp_path: Path) -> None:
    table = "create table marts.fct_sales (as_of_month date, amount_usd decimal(38, 2))"
    warehouse = warehouse_in(tmp_path, "create schema marts", table)
    (notice,) = check_history(warehouse, MANIFEST)
    assert notice.startswith("marts.fct_sales is new in note")


def test_every_table_with_a_memory_takes_a_new_column_and_is_never_made_anew(manifest: dict[str, Any]) -> None:
    remembering = [
        node["config"]
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"]["materialized"] == "incremental"
    ]
    assert len(remembering) > 4
    assert {config["on_schema_change"] for config in remembering} == {"append_new_columns"}
    assert {config["full_refresh"] for config in remembering} == {False}


def test_no_snapshot_remembers_beside_the_months(manifest: dict[str, Any]) -> None:
    assert [node["name"] for node in manifest["nodes"].values() if node["resource_type"] == "snapshot"] == []


def test_a_warehouse_of_the_previous_release_opens_with_this_one(demo: Run, tmp_path: Path) -> None:
    settings = replace(workspace_in(tmp_path), exports=demo.settings.exports)
    settings.warehouse.parent.mkdir()
    shutil.copy(demo.settings.warehouse, settings.warehouse)
    shutil.copytree(demo.settings.published, settings.published)
    with duckdb.connect(str(settings.warehouse)) as connection:
        connection.execute("drop table marts.fct_restatements")
        connection.execute("alter table raw.accounts drop column first_file_sha256")
        for table in ("written_by", "loaded_months", "exports_folder", "tested_seeds", "deliveries"):
            connection.execute(f"drop table raw.{table}")
        for view in ("stg_seen_months", "stg_seen_overlaps", "stg_seen_restatements"):
            connection.execute(f"drop view staging.{view}")
        connection.execute("drop schema seen cascade")
        for table, column in {
            "raw.accounts": "cik",
            "raw.files": "sheet_name",
            "seeds.partners": "refresh_cadence",
            "resolution.res_account_registry": "previous_account_key",
            "marts.fct_account_overlaps": "group_key",
            "marts.mart_what_changed": "restatement_number",
        }.items():
            connection.execute(f"alter table {table} drop column {column}")
    run = run_command(settings, "run", "--exports", str(settings.exports), "--month", "2026-10")
    assert run.exit_code == 0, run.output
    before, after = published_rows(demo), published_rows(Run(settings, 0, ""))
    assert {name: len(rows) for name, rows in after.items()} == {name: len(rows) for name, rows in before.items()}
    grouped = "select as_of_month, count(group_key) > 0 from marts.fct_account_overlaps group by all order by 1"
    assert [known for _, known in query(settings.warehouse, grouped)] == [False, False, True]
    # A column that came later stands last; and when the lists of earlier months came, nobody wrote down.
    changed = {"fct_account_overlaps", "mart_what_changed", "bridge_account_parties"}
    assert {n: r for n, r in after.items() if n not in changed} == {n: r for n, r in before.items() if n not in changed}
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as connection:
        assert connection.execute("from raw.written_by").fetchall() == query(settings.warehouse, "from raw.written_by")


def test_a_rebuilt_warehouse_begins_with_what_was_delivered_and_what_people_have_seen(tmp_path: Path) -> None:
    warehouse = warehouse_in(
        tmp_path,
        "alter table raw.files add column fax varchar default '555'",
        a_file(month="2026-08-01"),
        "insert into raw.loaded_months (export_month) values ('2026-08-01'), ('2026-09-01'), ('2026-10-01')",
        "insert into seen.months values ('2026-08-01', 'run1', '2026-08-01')",
        "create schema marts",
        "create table marts.fct_account_overlaps as select date '2026-08-01' as as_of_month",
    )
    with duckdb.connect(str(warehouse)) as connection:
        record_exports_folder(connection, warehouse, tmp_path / "exports")
    months = copy_landed(warehouse, tmp_path / "rebuilt.duckdb")
    assert months == [date(2026, 8, 1), date(2026, 10, 1)]
    for table in ("raw.loaded_months", "raw.exports_folder", "seen.months"):
        assert query(tmp_path / "rebuilt.duckdb", f"from {table}") == query(warehouse, f"from {table}")
    files = "select * exclude fax from raw.files order by all"
    assert query(tmp_path / "rebuilt.duckdb", files.replace("exclude fax", "")) == query(warehouse, files)
    assert query(tmp_path / "rebuilt.duckdb", "select count(*) from duckdb_tables() where schema_name = 'marts'") == [
        (0,)
    ]


def test_a_history_that_goes_back_further_than_the_raw_tables_is_not_lost_by_rebuilding(tmp_path: Path) -> None:
    history = "create table marts.fct_account_overlaps as select date '2026-08-01' as as_of_month"
    warehouse = warehouse_in(tmp_path, "create schema marts", history)
    with pytest.raises(CopyError, match=r"begins with 2026-08, .* from 2026-10 on"):
        copy_landed(warehouse, tmp_path / "rebuilt.duckdb")


def test_an_earlier_month_of_an_older_warehouse_can_be_copied(tmp_path: Path) -> None:
    warehouse = warehouse_in(
        tmp_path, a_file(month="2026-08-01"), "drop table raw.loaded_months", "drop schema seen cascade"
    )
    copy_until(warehouse, tmp_path / "copy.duckdb", date(2026, 8, 1))
    assert query(tmp_path / "copy.duckdb", "select export_month from raw.files") == [(date(2026, 8, 1),)]
