"""What several test modules share: workspaces of their own, the demo's run, rows made by hand.

Belongs here: making and asking workspaces. Does not belong here: lists as parties deliver them
(deliveries.py), and anything that asserts what the product does.
"""

import csv
import json
import os
import random
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.objects import OBJECTS
from orchestration.settings import HOME, Settings
from orchestration.warehouse import build
from orchestration.warehouse.schema import create_raw_tables
from orchestration.warehouse.seeds import company_tables
from udfs.persons import PersonRules, person_rules

Rows = list[tuple[object, ...]]


def person_words() -> PersonRules:
    """The words of the shipped seed, ready to read persons' names."""
    with (HOME / "seeds" / "reference" / "person_words.csv").open(encoding="utf-8", newline="") as stream:
        return person_rules([dict(row) for row in csv.DictReader(stream)])


# --- the product as its user runs it ----------------------------------------------------------------------------------

RUN_OF_OCTOBER = ("run", "--exports", str(HOME / "demo" / "exports"), "--month", "2026-10")


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
        stdin=subprocess.DEVNULL,
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


def published_rows(run: Run) -> dict[str, Rows]:
    """Read every published table but the one that tells when it was published."""
    return published_relations(run.settings.published)


def copy_of(settings: Settings, var: Path) -> Settings:
    """Copy what a workspace has built; the exports and seeds stay where they are.

    Args:
        settings: the workspace.
        var: where to; an existing folder is filled.

    Returns:
        The same workspace with the copied warehouse and published marts.
    """
    shutil.copytree(settings.var, var, dirs_exist_ok=True)
    copied = replace(settings, warehouse=var / "warehouse.duckdb", published=var / "published")
    with duckdb.connect(str(copied.warehouse)) as connection:  # the warehouse knows the way to its exports
        way = os.path.relpath(settings.exports.resolve(), var.resolve())
        connection.execute("update raw.exports_folder set path_from_warehouse = ?", [way])
    return copied


def own_copy_of(demo: Run, folder: Path) -> Settings:
    """Copy the demo into a workspace of its own, seeds and exports included."""
    shutil.copytree(HOME / "seeds", folder / "seeds")
    shutil.copytree(demo.settings.exports, folder / "exports")
    copy_of(replace(demo.settings, exports=folder / "exports"), folder / "var")
    return Settings.for_exports(folder / "exports", None, {})


def read(file: Path, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    """Ask a DuckDB file."""
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql, parameters).fetchall()


# --- lists and what dbt makes of them ---------------------------------------------------------------------------------

GOLDEN = Path(__file__).parent / "golden" / "marts"

PARTNERS = [
    {"party_id": "alpha", "name": "Alpha", "status": "signed", "nda_signed_on": "2025-01-01"},
    {"party_id": "beta", "name": "Beta", "status": "candidate", "nda_signed_on": "2025-01-01"},
    {"party_id": "gamma", "name": "Gamma", "status": "candidate", "nda_signed_on": ""},
]
EXCLUSIONS = [
    {"exclusion_id": "X1", "account_name": "Gum", "reason": "asked not to be contacted"},
    {"exclusion_id": "X2", "record_key": "us:9", "partner_id": "beta", "reason": "rival"},
    {"exclusion_id": "X3", "account_name": "Fir", "reason": "ended", "until": "2026-08-31"},
]
EXCHANGE_RATES = [
    {"month": "2026-09-01", "currency": "EUR", "usd_per_unit": "1.05"},
    {"month": "2026-10-01", "currency": "EUR", "usd_per_unit": "1.10"},
]
SEEDS = {
    "partners": PARTNERS,
    "exclusions": [row | {"excluded_by": "Legal", "since": "2026-01-01"} for row in EXCLUSIONS],
    "exchange_rates": EXCHANGE_RATES,
}

# Resolution is replaced by the answer, and the marts that only show resolution's own columns are left out.
LEFT_OUT = [
    *("--exclude", "fct_account_matches", "fct_account_match_evidence", "mart_review_queue"),
    *("fct_account_group_links", "assert_no_record_joins_two_of_another_party"),
]
# Who is one person follows from which records are one account, so persons are resolved as they always are.
PERSONS = ["res_contacts", "res_contact_pairs", "res_contact_clusters", "res_person_registry", "res_person_clusters"]
SELECTION = ["path:models/staging", *PERSONS, "path:models/marts", *LEFT_OUT]
MARTS = [
    "dim_accounts",
    "dim_partners",
    "bridge_account_records",
    "bridge_account_parties",
    "bridge_account_exclusions",
    "fct_account_overlaps",
    "mart_partner_coverage",
    "mart_account_mapping_matrix",
    "mart_refused_data",
    "bridge_person_contacts",
    "dim_persons",
    "mart_who_knows_whom",
    "mart_contact_coverage",
]


def read_golden(name: str, golden: Path = GOLDEN) -> list[dict[str, str]]:
    with (golden / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def rewrite_seed(path: Path, rows: Sequence[dict[str, str]]) -> None:
    with path.open(encoding="utf-8", newline="") as stream:
        columns = next(csv.reader(stream))
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, columns, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def edit_seed(seed: Path, edit: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """Edit the rows of a seed; a row for which nothing is given goes."""
    with seed.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    edited = [row for row in (edit(dict(zip(header, row, strict=True))) for row in rows) if row]
    with seed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(edited)


def write_withdrawal(seeds: Path, party_id: str, day: str) -> None:
    edit_seed(
        seeds / "company" / "partners.csv",
        lambda row: row | ({"withdrawn_on": day} if row["party_id"] == party_id else {}),
    )


def as_text(rows: Rows) -> list[tuple[str, ...]]:
    """Rows as a golden file writes them: sorted, null as nothing."""
    return sorted(tuple("" if value is None else str(value) for value in row) for row in rows)


def insert(connection: duckdb.DuckDBPyConnection, table: str, row: dict[str, object]) -> None:
    names = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" for _ in row)
    connection.execute(f"insert into raw.{table} ({names}) values ({marks})", list(row.values()))


def load_raw(warehouse: Path, shuffle_seed: int | None = None, golden: Path = GOLDEN) -> None:
    """Write the hand-made rows as ingestion would, and the resolution they are to be given.

    Args:
        warehouse: the DuckDB file to write.
        shuffle_seed: puts the rows in another order; None keeps that of the files.
        golden: folder of the rows; a row stands in each of the months that its export_month names.
    """
    accounts = read_golden("accounts.csv", golden)
    delivered_rows = {
        table: list(enumerate(read_golden(f"{table}.csv", golden), start=2))
        for table in ("accounts", "opportunities", "contacts", "engagements")
        if (golden / f"{table}.csv").exists()
    }
    if shuffle_seed is not None:
        for rows in delivered_rows.values():
            random.Random(shuffle_seed).shuffle(rows)  # noqa: S311
    deliveries = [
        (table, row_number, row, row.get("party_id", "us"), month)
        for table, rows in delivered_rows.items()
        for row_number, row in rows
        for month in row.get("export_month", "2026-10-01").split()
    ]
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        for table, row_number, row, party_id, month in deliveries:
            known = ("source_id", *OBJECTS[table].field_names)
            delivered = {name: value for name, value in row.items() if value and name in known}
            provenance: dict[str, object] = {
                "party_id": party_id,
                "export_month": month,
                "file_name": f"{party_id}/{month[:7]}/{table}.csv",
                "file_sha256": "by hand",
                "row_number": row_number,
                "loaded_at": "2026-11-01",
                "run_id": "by hand",
                "source_system": "plain",
                "identical_row_count": 1,
                "decimal_mark": ".",
                "date_order": "ymd",
            }
            if table == "accounts":
                provenance["first_file_sha256"] = provenance["file_sha256"]
            insert(connection, table, provenance | delivered)
        for day in read_golden("deliveries.csv", golden) if (golden / "deliveries.csv").exists() else []:
            delivery: dict[str, object] = {name: value for name, value in day.items() if name != "why"}
            insert(connection, "deliveries", delivery | {"file_sha256": "by hand"})
        connection.execute("create schema resolution")
        connection.execute(
            """
            create table resolution.res_account_clusters
                (record_key varchar, account_key varchar, match_reason varchar, match_probability double,
                    is_witnessed boolean);
            create table resolution.res_account_parents
                (record_key varchar, parent_account_key varchar, is_believed boolean);
            create table resolution.res_withheld_values (record_key varchar, account_key varchar, party_id varchar,
                attribute varchar, withheld_value varchar, withheld_because varchar);
            create table resolution.res_account_groups (
                account_key varchar, group_key varchar, group_account_count bigint, ultimate_parent_account_key varchar
            );
            create table resolution.res_account_records (record_key varchar, domain varchar, core_name varchar);
            create table resolution.res_name_forms (name varchar, core_name varchar);
            create table resolution.res_host_domains (website_host varchar, domain varchar);
            create table resolution.res_named_records (named_record_key varchar, named_on date, record_key varchar);
            create schema if not exists marts;
            create table marts.fct_account_matches (
                left_record_key varchar, right_record_key varchar, left_account_key varchar, right_account_key varchar,
                left_name varchar, right_name varchar, match_millibits integer, is_open boolean,
                is_same_account boolean,
                left_party_id varchar, right_party_id varchar, band varchar, decision varchar, match_probability double
            );
            """
        )
        for key, row in {f"{row['party_id']}:{row['source_id']}": row for row in accounts}.items():
            core_name = row["name"].lower().removesuffix(" ltd").removesuffix(" gmbh")
            connection.execute(
                "insert into resolution.res_account_clusters values (?, ?, 'given', null, true)",
                [key, row["account_key"]],
            )
            connection.execute("insert into resolution.res_account_records values (?, null, ?)", [key, core_name])
        # every exclusion of the cases holds since that day
        connection.execute(
            "insert into resolution.res_named_records select record_key, date '2026-01-01', record_key "
            "from resolution.res_account_clusters"
        )
        connection.execute(
            "insert into resolution.res_account_groups select distinct account_key, account_key, 1, null "
            "from resolution.res_account_clusters"
        )
        connection.execute("insert into resolution.res_name_forms values ('Gum', 'gum'), ('Fir', 'fir')")
        connection.execute(
            """
            create table resolution.res_account_registry as
            with months as (select distinct export_month as as_of_month from raw.accounts),
            lists as (
                select as_of_month, party_id, max(export_month) as export_month
                from months inner join raw.accounts on export_month <= as_of_month group by all
            ),
            members as (
                select distinct as_of_month, party_id || ':' || source_id as record_key
                from lists inner join raw.accounts using (party_id, export_month)
            )
            select
                as_of_month, record_key, account_key, lag(account_key) over times as previous_account_key,
                'given' as record_fingerprint, 'given' as rules_version,
                case when lag(as_of_month) over times is null then 'new' else 'unchanged' end as record_change
            from members inner join resolution.res_account_clusters using (record_key)
            window times as (partition by record_key order by as_of_month)
            """
        )


@dataclass(frozen=True)
class Done:
    """A finished dbt command."""

    returncode: int
    stdout: str


class Workspace:
    """A scratch warehouse with hand-made rows and seeds of its own, and dbt run on it in this process.

    Args:
        folder: where to build.
        seeds: rows of the company's seeds and of any other that is to be replaced; a company seed not named is empty.
        dbt_vars: vars that are not to be those of the project.
    """

    def __init__(
        self,
        folder: Path,
        seeds: Mapping[str, Sequence[dict[str, str]]] = SEEDS,
        dbt_vars: Mapping[str, int] | None = None,
    ) -> None:
        self.settings = Settings(
            folder / "exports", folder / "seeds", folder / "var" / "warehouse.duckdb", folder / "published"
        )
        self.settings.var.mkdir()
        # Replaced as a whole, which a workspace cannot do: its own rows stand beside the release's.
        shutil.copytree(HOME / "seeds", self.settings.seeds_in_force)
        for table in {*company_tables(), *seeds}:
            (seed,) = self.settings.seeds_in_force.rglob(f"{table}.csv")
            rewrite_seed(seed, seeds.get(table, []))
        shutil.copytree(self.settings.seeds_in_force / "company", self.settings.seeds / "company")
        self.settings.link_seeds()
        self.vars = ["--vars", json.dumps(dbt_vars)] if dbt_vars else []

    @property
    def compiled(self) -> Path:
        """Folder of what dbt has compiled."""
        return self.settings.dbt_target / "compiled" / "account_mapping"

    def beside(self, folder: Path) -> "Workspace":
        """The same seeds on another warehouse `folder/warehouse.duckdb`, which gets those that it lacks."""
        other = copy(self)
        other.settings = replace(self.settings, warehouse=folder / "warehouse.duckdb")
        shutil.copytree(self.settings.seeds_in_force, other.settings.seeds_in_force)
        other.settings.link_seeds()
        with duckdb.connect(str(other.settings.warehouse)) as connection:
            connection.execute(f"attach '{self.settings.warehouse}' as first (read_only)")
            connection.execute("create schema if not exists seeds")
            seeds = connection.execute(
                "select table_name from duckdb_tables() where database_name = 'first' and schema_name = 'seeds'"
            ).fetchall()
            for (seed,) in seeds:
                connection.execute(f"create table if not exists seeds.{seed} as from first.seeds.{seed}")
        return other

    def dbt(self, *arguments: str, month: str = "2026-10", **environment: str) -> Done:
        """Run one dbt command for a month; the output is what went wrong."""
        first_day = date.fromisoformat(f"{month}-01")
        outcome = build.run(self.settings, *arguments, *self.vars, month=first_day, environment=environment)
        return Done(0 if outcome.is_successful else 1, outcome.problem)

    def run(self, month: str) -> None:
        done = self.dbt("run", "--select", *SELECTION, month=month)
        assert done.returncode == 0, done.stdout

    def query(self, sql: str) -> Rows:
        with duckdb.connect(str(self.settings.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def marts(self, marts: Sequence[str] = MARTS) -> dict[str, Rows]:
        """Every mart, ordered by all of its columns: what "equal" means between two runs."""
        return {mart: self.query(f"select * from marts.{mart} order by all") for mart in marts}


# --- marts that are published -----------------------------------------------------------------------------------------

MONTH = date(2026, 10, 1)
AT = datetime(2026, 11, 3, 6, 0, tzinfo=UTC)


def warehouse_with(folder: Path, amounts: list[int]) -> Path:
    """Write a warehouse whose only mart holds one row per amount."""
    folder.mkdir(exist_ok=True)
    warehouse = folder / "warehouse.duckdb"
    warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema marts")
        connection.execute("create schema staging")
        connection.execute("create table staging.stg_secrets as select 1 as one")
        connection.execute("create table marts.fct_sales (sale_key varchar, amount_usd decimal(18, 2))")
        rows = [(f"s{number}", amount) for number, amount in enumerate(amounts)]
        connection.executemany("insert into marts.fct_sales values (?, ?)", rows)
    return warehouse


def published_relations(published: Path) -> dict[str, Rows]:
    """Read every published table but the one that tells when it was published."""
    with duckdb.connect(str(published / "marts.duckdb"), read_only=True) as marts:
        tables = marts.execute("select table_name from duckdb_tables() order by all").fetchall()
        return {
            table: marts.execute(f"from marts.{table}").fetchall() for (table,) in tables if table != "last_refreshed"
        }
