"""Other clients than ours open what was published: as old a DuckDB as is promised, pandas, polars and SQLAlchemy.

Belongs here: that each of them, in a set-up of its own (`.venv-clients`), reads the same figures as we do, and sees the
next run. Does not belong here: Superset (test_bi.py), and how the files are written (test_publish.py).
"""

import json
import shutil
import subprocess
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from orchestration.publishing.published import publish_marts
from orchestration.settings import HOME
from tests.workspaces import Run

pytestmark = pytest.mark.bi

CLIENTS_PYTHON = HOME / ".venv-clients" / "bin" / "python"
MART = "fct_account_overlaps"
FIGURES = (
    f"select count(*), cast(sum(our_open_pipeline_counted_once_usd) as varchar), max(as_of_month) from marts.{MART}"
)
# How a client finds the Parquet file of a mart: by the manifest, never by a listing of folders.
FILE = f"""
import json, pathlib, sys
published = pathlib.Path(sys.argv[1])
parquet = published / "parquet"
file = parquet / json.loads((parquet / "manifest.json").read_text())["tables"]["{MART}"]["path"]
"""
SCRIPTS = {
    "DuckDB 1.2": f"""
import duckdb, pathlib, sys
assert duckdb.__version__.startswith("1.2."), duckdb.__version__
with duckdb.connect(str(pathlib.Path(sys.argv[1]) / "marts.duckdb"), read_only=True) as marts:
    print(*marts.execute("{FIGURES}").fetchone())
""",
    "DuckDB 1.2 on Parquet": f"""{FILE}
import duckdb
print(*duckdb.execute(f"{FIGURES.replace(f"marts.{MART}", "'{file}'")}").fetchone())
""",
    "pandas": f"""{FILE}
import pandas
frame = pandas.read_parquet(file)
money = frame["our_open_pipeline_counted_once_usd"].dropna()
print(len(frame), sum(money), frame["as_of_month"].max())
""",
    "polars": f"""{FILE}
import polars
frame = polars.read_parquet(file)
print(len(frame), frame["our_open_pipeline_counted_once_usd"].sum(), frame["as_of_month"].max())
""",
    "SQLAlchemy": f"""
import pathlib, sys
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.pool import NullPool
file = pathlib.Path(sys.argv[1]) / "marts.duckdb"
engine = create_engine(f"duckdb:///{{file}}", connect_args={{"read_only": True}}, poolclass=NullPool)
assert "{MART}" in inspect(engine).get_table_names()
with engine.connect() as connection:
    print(*connection.execute(text("{FIGURES}")).one())
""",
}


@pytest.mark.parametrize("client", SCRIPTS)
def test_a_client_reads_the_published_figures(demo: Run, client: str) -> None:
    with duckdb.connect(str(demo.settings.published / "marts.duckdb"), read_only=True) as marts:
        expected = marts.execute(FIGURES).fetchone()
    assert expected and expected[0] > 0
    script = [str(CLIENTS_PYTHON), "-c", SCRIPTS[client], str(demo.settings.published)]
    done = subprocess.run(script, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows, money, month = done.stdout.split(maxsplit=2)
    assert (int(rows), Decimal(money), month.strip()[:10]) == (expected[0], Decimal(expected[1]), str(expected[2]))


def test_an_old_client_that_connects_again_sees_the_next_publication(tmp_path: Path) -> None:
    """As a dashboard does that opens the file for each question, through SQLAlchemy without a pool."""
    warehouse, published = tmp_path / "warehouse.duckdb", tmp_path / "published"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create table marts.dim_accounts as select 'a-1' as account_key")

    def publish(run_id: str) -> None:
        publish_marts(warehouse, published, date(2026, 10, 1), run_id, datetime.now(UTC), ["dim_accounts"])

    publish("first")
    asking = """
import sys
from sqlalchemy import create_engine, text
from sqlalchemy.pool import NullPool
engine = create_engine(f"duckdb:///{sys.argv[1]}", connect_args={"read_only": True}, poolclass=NullPool)
for _ in sys.stdin:
    with engine.connect() as connection:
        print(connection.execute(text("select count(*) from marts.dim_accounts")).scalar(), flush=True)
"""
    command = [str(CLIENTS_PYTHON), "-c", asking, str(published / "marts.duckdb")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as client:
        assert client.stdin and client.stdout

        def ask() -> int:
            assert client.stdin and client.stdout
            client.stdin.write("\n")
            client.stdin.flush()
            return int(client.stdout.readline())

        assert ask() == 1
        with duckdb.connect(str(warehouse)) as connection:
            connection.execute("insert into marts.dim_accounts values ('a-2')")
        publish("second")
        assert ask() == 2
        client.stdin.close()


def test_the_parquet_files_need_no_other_file(demo: Run, tmp_path: Path) -> None:
    """A whole publication copied elsewhere, as to a warehouse that loads Parquet, is complete."""
    copy = tmp_path / "elsewhere"
    shutil.copytree(demo.settings.published / "parquet", copy)
    manifest = json.loads((copy / "manifest.json").read_text(encoding="utf-8"))
    counting = "import polars, sys; print(sum(polars.read_parquet(file).height for file in sys.argv[1:]))"
    files = [str(copy / table["path"]) for table in manifest["tables"].values()]
    done = subprocess.run([str(CLIENTS_PYTHON), "-c", counting, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == sum(table["rows"] for table in manifest["tables"].values())
