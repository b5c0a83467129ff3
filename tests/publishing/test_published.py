"""The published copy: complete, equal for equal marts, and swapped in under a reader's feet without disturbing him."""

import json
import subprocess
import sys
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.published import KEPT_RUNS, SCHEMA_VERSION, Description, publish_marts
from orchestration.settings import CONTACTS, contacts_folder
from orchestration.warehouse.company_settings import SettingInForce
from tests.workspaces import AT, MONTH, published_relations, warehouse_with

READER = """
import sys, duckdb
with duckdb.connect(sys.argv[1], read_only=True) as marts:
    print(marts.execute("select sum(amount_usd) from marts.fct_sales").fetchone()[0], flush=True)
    for line in sys.stdin:
        print(marts.execute("select sum(amount_usd), count(*) from marts.fct_sales").fetchone()[0], flush=True)
"""


def test_a_mart_that_was_not_named_is_not_published(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, [3])
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create table marts.dim_persons as select 'Ann Lee' as name")
    published = tmp_path / "published"
    publish_marts(warehouse, published, MONTH, "run1", AT, ["fct_sales"])
    contacts = contacts_folder(published)
    publish_marts(warehouse, contacts, MONTH, "run1", AT, ["dim_persons"], CONTACTS)
    assert list(published_relations(published)) == ["fct_sales"]
    assert {file.name for file in (published / "parquet" / "run1").iterdir()} == {
        "fct_sales.parquet",
        "last_refreshed.parquet",
    }
    with duckdb.connect(str(contacts / "contacts.duckdb"), read_only=True) as connection:
        assert connection.execute("from contacts.dim_persons").fetchall() == [("Ann Lee",)]
    assert set(json.loads((contacts / "parquet" / "manifest.json").read_text())["tables"]) == {
        "dim_persons",
        "last_refreshed",
    }


def test_every_mart_is_published_and_nothing_else(tmp_path: Path) -> None:
    rows = publish_marts(warehouse_with(tmp_path, [3, 4]), tmp_path / "published", MONTH, "run1", AT, ["fct_sales"])
    assert rows == {"fct_sales": 2, "last_refreshed": 1}
    assert list(published_relations(tmp_path / "published")) == ["fct_sales"]


def test_descriptions_reach_the_reader(tmp_path: Path) -> None:
    said = Description("One row per sale; it's the test's own.", {"amount_usd": "What was paid.", "fax": "Not built."})
    publish_marts(
        warehouse_with(tmp_path, [3]), tmp_path / "published", MONTH, "run1", AT, ["fct_sales"],
        descriptions={"fct_sales": said, "fct_others": said},
    )  # fmt: skip
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb"), read_only=True) as marts:
        table = marts.execute("select comment from duckdb_tables() where table_name = 'fct_sales'").fetchone()
        column = marts.execute("select comment from duckdb_columns() where column_name = 'amount_usd'").fetchone()
    assert table == ("One row per sale; it's the test's own.",)
    assert column == ("What was paid.",)


def test_settings_are_published_with_what_was_built_with_them(tmp_path: Path) -> None:
    ours = SettingInForce("acv_usd", 70000, 50000, "USD", "A deal.")
    others = SettingInForce("coverage_high_rate", Decimal("0.60"), Decimal("0.6"), "rate", "High.")
    warehouse, published = warehouse_with(tmp_path, [3]), tmp_path / "published"
    rows = publish_marts(warehouse, published, MONTH, "run1", AT, ["fct_sales"], company_settings=[ours, others])
    assert rows == {"fct_sales": 1, "last_refreshed": 1, "company_settings": 2}
    assert published_relations(published)["company_settings"] == [
        ("acv_usd", "70000", "50000", "USD", False, "A deal."),
        ("coverage_high_rate", "0.60", "0.6", "rate", True, "High."),
    ]
    manifest = json.loads((published / "parquet" / "manifest.json").read_text())
    assert manifest["changed_settings"] == {"acv_usd": {"value": "70000", "default": "50000", "unit": "USD"}}
    assert "company_settings" in manifest["tables"]


def test_last_refreshed_tells_month_run_and_schema_version(tmp_path: Path) -> None:
    publish_marts(warehouse_with(tmp_path, [3]), tmp_path / "published", MONTH, "run1", AT, ["fct_sales"])
    with duckdb.connect(str(tmp_path / "published" / "marts.duckdb"), read_only=True) as marts:
        assert marts.execute("from marts.last_refreshed").fetchall() == [
            (MONTH, AT.replace(tzinfo=None), "run1", SCHEMA_VERSION)
        ]


def test_manifest_names_every_parquet_file_with_its_rows(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_marts(warehouse_with(tmp_path, [3, 4]), published, MONTH, "run1", AT, ["fct_sales"])
    manifest = json.loads((published / "parquet" / "manifest.json").read_text())
    assert set(manifest["tables"]) == {"fct_sales", "last_refreshed"}
    for table in manifest["tables"].values():
        file = published / "parquet" / table["path"]
        assert duckdb.execute("select count(*) from read_parquet(?)", [str(file)]).fetchone() == (table["rows"],)


def test_row_order_of_the_warehouse_does_not_show(tmp_path: Path) -> None:
    one = warehouse_with(tmp_path / "one", [3, 4, 5])
    other = warehouse_with(tmp_path / "other", [3, 4, 5])
    with duckdb.connect(str(other)) as connection:
        connection.execute("create table marts.shuffled as from marts.fct_sales order by sale_key desc")
        connection.execute("drop table marts.fct_sales")
        connection.execute("alter table marts.shuffled rename to fct_sales")
    for warehouse in (one, other):
        publish_marts(warehouse, warehouse.parent / "published", MONTH, "run1", AT, ["fct_sales"])
    assert published_relations(one.parent / "published") == published_relations(other.parent / "published")


def test_a_warehouse_without_marts_leaves_what_is_published(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_marts(warehouse_with(tmp_path, [3]), published, MONTH, "run1", AT, ["fct_sales"])
    before = published_relations(published)
    empty = tmp_path / "empty.duckdb"
    duckdb.connect(str(empty)).close()
    with pytest.raises(ValueError, match="lacks fct_sales"):
        publish_marts(empty, published, MONTH, "run2", AT, ["fct_sales"])
    assert published_relations(published) == before


def test_an_interrupted_publication_is_cleared_away_by_the_next(tmp_path: Path) -> None:
    published = tmp_path / "published"
    (published / "parquet" / "run1").mkdir(parents=True)
    (published / "parquet" / "run1" / "half.parquet").write_bytes(b"PAR1")
    (published / ".marts-run1.duckdb").write_bytes(b"half a file")
    publish_marts(warehouse_with(tmp_path, [3]), published, MONTH, "run1", AT, ["fct_sales"])
    assert published_relations(published) == {"fct_sales": [("s0", 3)]}
    assert not (published / "parquet" / "run1" / "half.parquet").exists()


def test_only_the_newest_parquet_folders_are_kept(tmp_path: Path) -> None:
    warehouse = warehouse_with(tmp_path, [3])
    for number in range(KEPT_RUNS + 2):
        publish_marts(warehouse, tmp_path / "published", MONTH, f"run{number}", AT, ["fct_sales"])
    runs = {folder.name for folder in (tmp_path / "published" / "parquet").iterdir() if folder.is_dir()}
    assert runs == {f"run{number}" for number in range(2, KEPT_RUNS + 2)}


def test_a_reader_is_never_disturbed_and_never_disturbs(tmp_path: Path) -> None:
    published = tmp_path / "published"
    publish_marts(warehouse_with(tmp_path, [3, 4]), published, MONTH, "run1", AT, ["fct_sales"])
    command = [sys.executable, "-c", READER, str(published / "marts.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as reader:
        assert reader.stdin and reader.stdout
        assert reader.stdout.readline() == "7.00\n"
        # While the other process holds the file, a writer holds the warehouse and a new run is published.
        warehouse = warehouse_with(tmp_path, [30, 40])
        publish_marts(warehouse, published, MONTH, "run2", AT, ["fct_sales"])
        with duckdb.connect(str(warehouse)):
            reader.stdin.write("again\n")
            reader.stdin.flush()
            assert reader.stdout.readline() == "7.00\n"
        reader.stdin.close()
        assert reader.wait(timeout=30) == 0
    assert published_relations(published) == {"fct_sales": [("s0", 30), ("s1", 40)]}
