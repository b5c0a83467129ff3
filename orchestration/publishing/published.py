"""The published files: copies of the marts of a run that passed every check, where BI tools read them.

Belongs here: how one set of files replaces another; persons apart from everything else. Does not belong here: what the
marts hold.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb

from orchestration.runs import progress
from orchestration.settings import CONTACTS, MARTS, RefusedError, contacts_folder, make_folder
from orchestration.warehouse.company_settings import SettingInForce
from orchestration.warehouse.sql import literal

# Version of what is published: a table or column taken away raises the first number, one added the second.
SCHEMA_VERSION = "1.3"
# Clients as old as DuckDB 1.2 can open the published file.
STORAGE_VERSION = "v1.2.0"
# Parquet folders of earlier runs stay, so that a reader which has just read the old manifest still finds its files.
KEPT_RUNS = 3
# Of folders and files: whoever reads the marts is put into the group of their folder.
PERMISSIONS = {MARTS: (0o750, 0o640), CONTACTS: (0o700, 0o600)}


@dataclass(frozen=True)
class Description:
    """What is said of a mart and of its columns, by name."""

    text: str
    columns: Mapping[str, str]


# Beside the marts: what a figure was made with belongs to the figure.
SETTINGS_TABLE = "company_settings"
_SETTINGS_DESCRIPTION = Description(
    "One row per setting of the company as the tables were built with it (seeds/company/settings.csv).",
    {
        "name": "Name of the setting.",
        "value": "As it was in force.",
        "default_value": "As the release has it.",
        "unit": "What both are said in.",
        "is_default": "Whether the two are the same.",
        "meaning": "What the setting means.",
    },
)


class NothingPublishedError(RefusedError):
    """Nothing has been published yet, so there is nothing to read."""


@contextmanager
def published_marts(published: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the published marts for reading.

    Args:
        published: folder of the published marts.

    Yields:
        A read-only connection, closed at the end.

    Raises:
        NothingPublishedError: they are not there; the message says what to run.
    """
    file = published / f"{MARTS}.duckdb"
    if not file.is_file():
        raise NothingPublishedError(f"{file} is not there: nothing has been published yet (make run or make demo).")
    with duckdb.connect(str(file), read_only=True) as marts:
        yield marts


def published_month(marts: duckdb.DuckDBPyConnection) -> str:
    """Say which month the published marts show.

    Args:
        marts: a connection to them.

    Returns:
        `YYYY-MM`.
    """
    ((month,),) = marts.execute("select strftime(month, '%Y-%m') from dim_months where is_as_of_month").fetchall()
    return str(month)


def publish_marts(
    warehouse: Path,
    published: Path,
    month: date,
    run_id: str,
    published_at: datetime,
    marts: Collection[str],
    file: str = MARTS,
    descriptions: Mapping[str, Description] | None = None,
    company_settings: Sequence[SettingInForce] = (),
) -> dict[str, int]:
    """Copy marts to a DuckDB file and to Parquet, each swapped in by one rename.

    The copies lie in the default schema of a file named marts, so that `marts.dim_accounts` is read there as in the
    warehouse (a schema of the file's own name would be ambiguous). A reader that holds the previous file open keeps
    reading it undisturbed and is never waited for: a rename replaces the name, not the file behind it. Rows are
    ordered by all columns, so equal marts give equal copies.

    Args:
        warehouse: the DuckDB file that dbt built; opened for reading only.
        published: folder to publish into; made when missing.
        month: the month the marts are of; a late file's month is an earlier one, and the later are built again.
        run_id: names the Parquet folder.
        published_at: UTC time to record in `last_refreshed`.
        marts: names of the marts to copy, and of no others: what nobody has named is not given away.
        file: name of the DuckDB file, without its ending.
        descriptions: what is said of the marts, and written to the copies as comments.
        company_settings: those that the marts were built with; published as a table of their own, and in the manifest
            where they are not the default.

    Returns:
        Mart name → number of rows.

    Raises:
        ValueError: there are no marts to publish, or the warehouse lacks one.
        duckdb.Error, OSError: there is no space to write; what was begun is removed, and the old copy stays.
    """
    if not marts:
        raise ValueError("There are no marts to publish.")
    folder_mode, file_mode = PERMISSIONS[file]
    new_file = published / f".{file}-{run_id}.duckdb"
    new_parquet = published / "parquet" / f".{run_id}"
    _remove_unfinished(published, file)
    try:
        for folder in (published, published / "parquet", new_parquet):
            make_folder(folder, folder_mode)
        stage = f"publishing {file}"
        rows = _copy_marts(
            warehouse, new_file, new_parquet, month, run_id, published_at, marts, stage, descriptions, company_settings
        )
        manifest = {
            "schema_version": SCHEMA_VERSION,
            "run_id": run_id,
            "as_of_month": month.isoformat(),
            "published_at": published_at.isoformat(),
            **({"changed_settings": _changed(company_settings)} if company_settings else {}),
            "tables": {
                mart: {
                    "path": f"{run_id}/{mart}.parquet",
                    "rows": count,
                    "sha256": _sha256(new_parquet / f"{mart}.parquet"),
                }
                for mart, count in rows.items()
            },
        }
        for written in (new_file, *new_parquet.iterdir()):
            written.chmod(file_mode)
        shutil.rmtree(published / "parquet" / run_id, ignore_errors=True)
        new_parquet.replace(published / "parquet" / run_id)
        _replace_with_text(published / "parquet" / "manifest.json", json.dumps(manifest, indent=2) + "\n", file_mode)
        new_file.replace(published / f"{file}.duckdb")
    except BaseException:
        _remove_unfinished(published, file)
        raise
    _remove_old_runs(published / "parquet", keep=run_id)
    progress.tell(stage, len(marts), len(marts), "tables")
    return rows


def _copy_marts(
    warehouse: Path,
    new_file: Path,
    new_parquet: Path,
    month: date,
    run_id: str,
    published_at: datetime,
    marts: Collection[str],
    stage: str,
    descriptions: Mapping[str, Description] | None,
    company_settings: Sequence[SettingInForce],
) -> dict[str, int]:
    """Write the new DuckDB file and the new Parquet files, under names that no reader looks for."""
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(warehouse)} as warehouse (read_only)")
        connection.execute(f"attach {literal(new_file)} as published (storage_version '{STORAGE_VERSION}')")
        built = connection.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = 'marts'"
        ).fetchall()
        missing = sorted(set(marts) - {row[0] for row in built})
        if missing:
            raise ValueError(f"{warehouse} lacks {', '.join(missing)}: nothing to publish.")
        for done, mart in enumerate(sorted(marts)):
            progress.tell(stage, done, len(marts), "tables")
            connection.execute(f'create table published."{mart}" as from warehouse.marts."{mart}" order by all')
            _comment(connection, mart, (descriptions or {}).get(mart))
        connection.execute(
            """
            create table published.last_refreshed as
            select ?::date as as_of_month, ?::timestamp as published_at, ? as run_id, ? as schema_version
            """,
            [month, published_at.replace(tzinfo=None), run_id, SCHEMA_VERSION],
        )
        beside = ["last_refreshed"]
        if company_settings:
            _write_settings(connection, company_settings)
            beside.append(SETTINGS_TABLE)
        rows = {}
        for mart in [*sorted(marts), *beside]:
            target = literal(new_parquet / f"{mart}.parquet")
            connection.execute(f'copy published."{mart}" to {target} (format parquet)')
            rows[mart] = connection.table(f'published."{mart}"').shape[0]
        connection.execute("detach published")
    return rows


def replace_published(new: Path, published: Path) -> None:
    """Put what was published into one folder in the place of what another holds, and remove all earlier runs there.

    Args:
        new: folder that publish_marts has written, on the same disk; nothing is left in it.
        published: the folder that readers know; each DuckDB file and manifest in it is replaced by one rename.
    """
    for name, old, fresh in (
        (MARTS, published, new),
        (CONTACTS, contacts_folder(published), contacts_folder(new)),
    ):
        for folder in (old, old / "parquet"):
            make_folder(folder, PERMISSIONS[name][0])
        earlier = [run for run in (old / "parquet").iterdir() if run.is_dir()]
        for run in (fresh / "parquet").iterdir():
            if run.is_dir():
                run.rename(old / "parquet" / run.name)
        (fresh / "parquet" / "manifest.json").replace(old / "parquet" / "manifest.json")
        (fresh / f"{name}.duckdb").replace(old / f"{name}.duckdb")
        for run in earlier:
            shutil.rmtree(run)
        for leftover in old.glob(f".{name}-*.duckdb*"):
            leftover.unlink()
    shutil.rmtree(new)


def _write_settings(connection: duckdb.DuckDBPyConnection, company_settings: Sequence[SettingInForce]) -> None:
    """Write the settings as a table of the published file."""
    connection.execute(
        f"""
        create table published.{SETTINGS_TABLE} (
            name varchar, value varchar, default_value varchar, unit varchar, is_default boolean, meaning varchar
        )
        """
    )
    connection.executemany(
        f"insert into published.{SETTINGS_TABLE} values (?, ?, ?, ?, ?, ?)",  # noqa: S608 (our own name)
        [
            (each.name, str(each.value), str(each.default), each.unit, each.is_default, each.meaning)
            for each in sorted(company_settings, key=lambda each: each.name)
        ],
    )
    _comment(connection, SETTINGS_TABLE, _SETTINGS_DESCRIPTION)


def _changed(company_settings: Sequence[SettingInForce]) -> dict[str, dict[str, str]]:
    """The settings that are not the release's, as a manifest names them."""
    return {
        each.name: {"value": str(each.value), "default": str(each.default), "unit": each.unit}
        for each in company_settings
        if not each.is_default
    }


def _comment(connection: duckdb.DuckDBPyConnection, mart: str, description: Description | None) -> None:
    """Write the description of a mart and of its columns where BI tools and shells show it."""
    if description is None:
        return
    statements = [f'comment on table published."{mart}" is {literal(description.text)}']
    known = {row[0] for row in connection.execute(f'describe published."{mart}"').fetchall()}
    statements += [
        f'comment on column published."{mart}"."{column}" is {literal(text)}'
        for column, text in description.columns.items()
        if text and column in known
    ]
    connection.execute("; ".join(statements))


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _replace_with_text(file: Path, text: str, mode: int) -> None:
    """Write a file so that a reader sees either the old text or the new, never a part."""
    new = file.with_name(f".{file.name}.new")
    with new.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    new.chmod(mode)
    new.replace(file)


def _remove_unfinished(published: Path, file: str) -> None:
    """Remove what a publication that did not end has left, whichever run's it was; no other is at work meanwhile."""
    for leftover in published.glob(f".{file}-*.duckdb*"):
        leftover.unlink(missing_ok=True)
    for leftover in published.glob("parquet/.*"):
        shutil.rmtree(leftover) if leftover.is_dir() else leftover.unlink(missing_ok=True)


def _remove_old_runs(parquet: Path, keep: str) -> None:
    """Remove the Parquet folders of all but the newest runs."""
    runs = sorted((run for run in parquet.iterdir() if run.is_dir() and run.name != keep), key=_modified, reverse=True)
    for run in runs[KEPT_RUNS - 1 :]:
        shutil.rmtree(run)


def _modified(folder: Path) -> float:
    return folder.stat().st_mtime
