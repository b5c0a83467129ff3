"""A copy of a workspace that never had some of its data, and how it takes the workspace's place.

Belongs here: copying the raw tables and the tables that remember month by month without certain rows, mending what
these rows held together, and the order in which copy and original change places. Does not belong here: which rows
(withdrawal.py, erasure.py, retention.py), and building, which the monthly job does on the copy.

Deleting rows is not enough: a database keeps them in free blocks, and marts hold what was derived from them. So rows
that go are never written to the new file, and what is not copied is built from what is. The warehouse is held, not
written, until the copy takes its place by a rename.
"""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from orchestration.ingestion.forgotten import (
    ERASED,
    OF_AN_ACCOUNT,
    RULES,
    Forgotten,
    account_reference,
)
from orchestration.objects import OBJECTS
from orchestration.publishing.published import replace_published
from orchestration.settings import Settings
from orchestration.warehouse.held import CopyError, tables_of
from orchestration.warehouse.schema import create_raw_tables
from orchestration.warehouse.sql import literal

ACCOUNT_REGISTRY = "resolution.res_account_registry"
PERSON_REGISTRY = "resolution.res_person_registry"
KEY_CHANGES = "marts.fct_account_key_changes"
# What a person can have written from the published marts; thrown away, as it can be written again.
WRITTEN_FROM_MARTS = ("review", "sessions", "crm")
# That of the copy's own run; the workspace's is held meanwhile (runs/lock.py).
LOCK_FILE = "run.lock"
# Dagster's own memory of runs; its schedules and sensors keep theirs, or every month would be run again.
DAGSTER_RUNS = ("history", "storage")
# Columns of refusals, remarks and files that quote what was delivered.
QUOTING = (
    *("row_text", "value", "shown", "examples", "reason", "remedy"),
    *("header", "column_name", "column_map", "unmapped_columns"),
)

# SQL conditions for a table (`schema.table`) with these columns; a row that meets all of them stays.
Conditions = Callable[[str, Sequence[str]], list[str]]


class Copy:
    """A workspace in the making, whose warehouse never had what is taken out."""

    def __init__(
        self, connection: duckdb.DuckDBPyConnection, settings: Settings, *, is_built_anew: bool = True
    ) -> None:
        """Make its folder and empty tables; what an interrupted attempt has left is removed.

        Args:
            connection: that of held_warehouse.
            settings: the workspace.
            is_built_anew: whether only raw tables and those that remember month by month are copied.

        Raises:
            CopyError: nothing was ever landed.
        """
        # The file keeps its name: dbt compiles it into the SQL that `make explain` runs.
        self.settings = replace(
            settings,
            warehouse=settings.var / "forgetting" / settings.warehouse.name,
            published=settings.published / ".forgetting",
        )
        self._connection = connection
        ((latest,),) = connection.execute(
            "select max(export_month) from warehouse.raw.files where status = 'landed'"
        ).fetchall()
        if latest is None:
            raise CopyError("No file was ever landed here: there is nothing to take out.")
        self.month: date = latest
        discard(self.settings)
        self.settings.var.mkdir(parents=True)
        connection.execute(f"attach {literal(self.settings.warehouse)} as fresh")
        connection.execute("copy from database warehouse to fresh (schema)")
        tables = tables_of(connection)
        self._tables = {
            name: columns
            for name, columns in tables.items()
            if not is_built_anew
            or name.startswith("raw.")
            or ("as_of_month" in columns and not name.startswith("staging."))
        }
        for name in tables.keys() - self._tables.keys():
            connection.execute(f"drop table fresh.{name}")
        if is_built_anew:
            views = "select schema_name, view_name from duckdb_views() where database_name = 'fresh' and not internal"
            for schema, view in connection.execute(views).fetchall():
                connection.execute(f"drop view fresh.{schema}.{view}")
        connection.execute("use fresh")
        create_raw_tables(connection)  # those that an earlier release did not have
        connection.execute("use memory")
        self._tables.pop("raw.written_by", None)  # says who wrote the file, which has just been done
        self._redacted: dict[str, pa.Table] = {}

    def redact(self, forgotten: Forgotten) -> list[str]:
        """Note the rows of raw tables that name somebody who is to be forgotten; they are copied without the name.

        Returns:
            File and row of each as it was delivered.
        """
        delivered = []
        for table, columns in self._tables.items():
            object_name = table.removeprefix("raw.")
            if object_name in OBJECTS:
                described = OBJECTS[object_name]
                texts = {
                    name: described.may_name_persons(None if name == "extra" else name)
                    for name in (*described.field_names, "extra")
                }
            elif object_name in ("rejected_rows", "rejected_values", "files", "remarks"):
                texts = {name: True for name in QUOTING if name in columns}
            else:
                continue
            rows = self._connection.execute(f"select rowid, * from warehouse.{table}")  # noqa: S608 (our own names)
            found = []
            while some := rows.fetchmany(20_000):
                for values in some:
                    row = dict(zip(["rowid", *columns], values, strict=True))
                    accounts = [
                        account_reference(row["party_id"], row[name]) for name in OF_AN_ACCOUNT if row.get(name)
                    ]
                    redacted = {
                        name: forgotten.redact(row[name], accounts, names=names)
                        for name, names in texts.items()
                        if row[name]
                    }
                    if any(text != row[name] for name, text in redacted.items()):
                        if object_name == "rejected_rows" and row["object"] == "contacts":
                            reason = f"Row {row['row_number']}: {RULES['erased_person'][0]}"
                            redacted = {"row_text": ERASED, "reason": reason}
                        found.append(row | redacted)
            if found:
                self._redacted[table] = pa.Table.from_pylist(found)
                delivered += [f"{row['file_name']}, row {row['row_number']}" for row in found if "row_number" in row]
        return delivered

    def fill(self, conditions_of: Conditions) -> dict[str, int]:
        """Copy the rows that stay, and mend what the others held together.

        Args:
            conditions_of: says which rows of a table stay.

        Returns:
            Table → number of rows that do not, where there are any.
        """
        connection = self._connection
        self._find_remaining_keys(conditions_of)
        removed = {}
        for table, columns in self._tables.items():
            where = " and ".join(conditions_of(table, columns)) or "true"
            source = f"warehouse.{table}"
            if table == KEY_CHANGES:
                where += "".join(
                    f" and ({name} is null or {name} in (from remaining_keys))"
                    for name in ("from_account_key", "to_account_key")
                )
            if table in self._redacted:
                connection.register("redacted", self._redacted[table])
                described = connection.execute(f"describe {source}").fetchall()
                listed = ", ".join(f'"{name}"::{kind} as "{name}"' for name, kind, *_ in described)
                source = (
                    f"(select * from {source} where rowid not in (select rowid from redacted) "  # noqa: S608 (our own names)
                    f"union all by name select {listed} from redacted)"
                )
            if {"as_of_month", "group_key", "account_key"} <= set(columns):
                # A group is named after an account; one that no record has any more gives the name to the next.
                source = (
                    "(select rows.* replace (coalesce(renamed.new_group_key, rows.group_key) as group_key) "  # noqa: S608 (our own names)
                    f"from {source} as rows left join ("
                    f"select as_of_month, group_key, min(account_key) as new_group_key from {source} "
                    f"where {where} and group_key not in (from remaining_keys) group by all"
                    ") as renamed on rows.as_of_month = renamed.as_of_month and rows.group_key = renamed.group_key)"
                )
            connection.execute(f"insert into fresh.{table} by name select * from {source} where {where}")  # noqa: S608 (our own names)
            ((before, after),) = connection.execute(
                f"select (select count(*) from warehouse.{table}), (select count(*) from fresh.{table})"  # noqa: S608 (our own names)
            ).fetchall()
            if before > after:
                removed[table] = before - after
        return removed

    def remember_keys(self, conditions_of: Conditions) -> None:
        """Keep the keys of all records and contacts that stay: they may be named after one that goes.

        Args:
            conditions_of: as for `fill`.
        """
        for kind, registry, member, key in (
            ("account", ACCOUNT_REGISTRY, "record_key", "account_key"),
            ("person", PERSON_REGISTRY, "contact_key", "person_key"),
        ):
            if registry not in self._tables:
                continue
            where = " and ".join(["as_of_month = $month", *conditions_of(registry, self._tables[registry])])
            for statement in (
                f"delete from fresh.raw.kept_keys where kind = '{kind}' and member_key in "  # noqa: S608 (our own names)
                f"(select {member} from warehouse.{registry} where {where})",
                f"insert into fresh.raw.kept_keys select as_of_month, '{kind}', {member}, {key} "  # noqa: S608 (our own names)
                f"from warehouse.{registry} where {where}",
            ):
                self._connection.execute(statement, {"month": self.month})
        self._retire_lost_keys()

    def refuse_instead(self, object_name: str, condition: str, rule: str) -> None:
        """Write rows that went down as refused, as landing would have, so that the rows of each file add up.

        Args:
            object_name: the object whose raw table had them.
            condition: SQL that holds for these rows.
            rule: one of RULES.
        """
        reason, remedy = RULES[rule]
        self._connection.execute(
            f"""
            insert into fresh.raw.rejected_rows by name
            select
                party_id, export_month, file_name, file_sha256, sheet_name, row_number, source_system, loaded_at,
                run_id, '{object_name}' as object, '{ERASED}' as row_text, '{rule}' as rule,
                concat('Row ', row_number, ': ', $reason) as reason, $remedy as remedy
            from warehouse.raw.{object_name}, range(identical_row_count)
            where {condition}
            """,  # noqa: S608 (our own names)
            {"reason": reason, "remedy": remedy},
        )
        self._connection.execute(
            f"""
            update fresh.raw.files as files
            set
                rows_accepted = files.rows_accepted - gone.accepted,
                rows_rejected = files.rows_rejected + gone.delivered,
                values_rejected = files.values_rejected - gone.refused_values
            from (
                select
                    party_id, export_month, file_name, sheet_name,
                    count(*) as accepted,
                    sum(identical_row_count) as delivered,
                    sum(coalesce(refused_values, 0)) as refused_values
                from warehouse.raw.{object_name}
                left join (
                    select party_id, export_month, source_id, count(*) as refused_values
                    from warehouse.raw.rejected_values where object = '{object_name}'
                    group by all
                ) using (party_id, export_month, source_id)
                where {condition}
                group by all
            ) as gone
            where
                files.status = 'landed' and files.object = '{object_name}'
                and files.party_id = gone.party_id and files.export_month = gone.export_month
                and files.file_name = gone.file_name and files.sheet_name is not distinct from gone.sheet_name
            """  # noqa: S608 (our own names)
        )

    def close(self) -> None:
        """Write everything to the file and let go of it, so that the job can build on it."""
        self._connection.execute("detach fresh")

    def _find_remaining_keys(self, conditions_of: Conditions) -> None:
        """Which account keys a record that stays has ever had."""
        keys = "select null::varchar as account_key where false"
        if ACCOUNT_REGISTRY in self._tables:
            where = " and ".join(conditions_of(ACCOUNT_REGISTRY, self._tables[ACCOUNT_REGISTRY])) or "true"
            keys = f"select distinct account_key from warehouse.{ACCOUNT_REGISTRY} where {where}"  # noqa: S608 (our own names)
        self._connection.execute(f"create or replace temp table remaining_keys as {keys}")

    def _retire_lost_keys(self) -> None:
        """Say of keys whose last records left in an earlier month that they did, where records that go hid it."""
        if not {KEY_CHANGES, ACCOUNT_REGISTRY} <= self._tables.keys():
            return
        self._connection.execute(
            f"""
            insert into fresh.{KEY_CHANGES} by name
            with months as (
                select distinct as_of_month from warehouse.{ACCOUNT_REGISTRY} where as_of_month < $month
            ),

            keys as (
                select account_key, as_of_month, count(*) as record_count from fresh.{ACCOUNT_REGISTRY}
                group by account_key, as_of_month
                qualify row_number() over (partition by account_key order by as_of_month desc) = 1
            )

            select
                (select min(months.as_of_month) from months where months.as_of_month > keys.as_of_month) as as_of_month,
                keys.account_key as from_account_key,
                'retired' as kind,
                false as is_successor,
                'record gone' as cause,
                0 as moved_record_count,
                keys.record_count as earlier_record_count,
                0 as remaining_record_count
            from keys
            where
                keys.as_of_month < (select max(as_of_month) from months)
                and not exists (
                    select 1 from fresh.{KEY_CHANGES} as changes
                    where
                        changes.from_account_key = keys.account_key
                        and changes.as_of_month > keys.as_of_month
                        and (changes.is_successor or changes.kind = 'retired')
                )
            """,  # noqa: S608 (our own names)
            {"month": self.month},
        )


def put_in_place(settings: Settings, copy: Settings) -> None:
    """Let a built and published copy take the place of its workspace; what was written from the old data goes.

    The warehouse comes last: whatever interrupts this, asking again finds the data still there, and takes it out.

    Args:
        settings: the workspace.
        copy: the copy's, in folders of its own on the same disk; nothing is left of them.
    """
    replace_published(copy.published, settings.published)
    for name in (*WRITTEN_FROM_MARTS, "restored.duckdb", f"{settings.warehouse.name}.tmp"):
        remove(settings.var / name)
    for made in sorted(copy.var.iterdir()):
        if made == copy.dagster_home:
            settings.dagster_home.mkdir(exist_ok=True)
            for name in DAGSTER_RUNS:
                remove(settings.dagster_home / name)
                if (made / name).exists():
                    (made / name).rename(settings.dagster_home / name)
        elif made not in (copy.warehouse, copy.var / LOCK_FILE):
            remove(settings.var / made.name)
            made.rename(settings.var / made.name)
    replace_warehouse(settings, copy)


def replace_warehouse(settings: Settings, copy: Settings) -> None:
    """Let a copied warehouse take the place of the workspace's by one rename, and remove the rest of the copy."""
    remove(settings.warehouse.with_name(f"{settings.warehouse.name}.wal"))
    copy.warehouse.replace(settings.warehouse)
    discard(copy)


def discard(copy: Settings) -> None:
    """Remove a copy."""
    for folder in (copy.var, copy.published):
        remove(folder)


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
