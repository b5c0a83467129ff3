"""The proof that nothing is left: searched on the copy before it takes the workspace's place, and after.

Belongs here: the order of copying, building, searching and replacing, the report and the record of it. Does not belong
here: whose data is taken out (withdrawal.py, erasure.py), the copy (copy.py), and how a text is found (search.py).
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

from orchestration.forgetting.copy import Copy, discard, put_in_place
from orchestration.forgetting.search import Search, Texts, search, seed_rows
from orchestration.objects import OBJECTS
from orchestration.settings import DBT_PROJECT_DIR, RefusedError, Settings
from orchestration.warehouse.held import held_warehouse, tables_of
from orchestration.warehouse.schema import WarehouseRefusedError
from orchestration.warehouse.seeds import put_in_force

# Builds, tests and publishes one month in a workspace whose exports are landed already.
Rebuild = Callable[[Settings, date], None]
# Built row by row from what a party delivered: how its values look once they are read.
READ_ROWS = (
    "staging.stg_accounts",
    "staging.stg_contacts",
    "resolution.res_account_records",
    "resolution.res_contacts",
)


class NotForgottenError(RefusedError):
    """It cannot be done, or something is left; the message says what to do."""


@dataclass
class Report:
    """What was done, for the person who asked and, without any data, for the record."""

    what: str
    removed: dict[str, int] = field(default_factory=dict)  # table → rows
    proof: Search = field(default_factory=Search)
    texts_too_short: int = 0
    delivered: list[str] = field(default_factory=list)  # what of it still lies in the landing folder
    seed_rows: list[str] = field(default_factory=list)
    record: Path = Path()

    def as_text(self, published: Path) -> str:
        """Say what was taken out, the proof, and what only a person can do.

        Args:
            published: folder of the published marts.

        Returns:
            Several lines.
        """
        proof = self.proof
        removed = ", ".join(f"{rows} of {table}" for table, rows in self.removed.items())
        left = [f"  {line}" for line in (*self.delivered, *self.seed_rows)]
        return "\n".join(
            [
                f"Done: {self.what}. {published / 'marts.duckdb'} is published without them.",
                f"  Rows taken out: {removed or 'none'}; everything else was built anew from the rest.",
                f"  Proof: {proof.looked_for} texts that only they had were looked for in {proof.cells} texts of "
                f"{proof.tables} tables and in {proof.bytes} bytes of {proof.files} files: none was found.",
                f"  Left out of the search as too short to mean anything: {self.texts_too_short}.",
                f"  The record, without any data: {self.record}",
                "Not touched, and yours to delete or decide:" if left else "Nothing is left for you to do.",
                *left,
            ]
        )


def refuse_seed_rows(settings: Settings, pattern: re.Pattern[str], why: str) -> None:
    """Refuse to begin while rows of seeds would bring back what is to be taken out.

    Args:
        settings: the workspace.
        pattern: what no cell may match.
        why: what such rows would do, in words.

    Raises:
        NotForgottenError: there are such rows; the message lists them.
    """
    if rows := seed_rows(settings.seeds, pattern):
        raise NotForgottenError("\n  ".join([why, *rows]) + "\nTake them out, then ask again. Nothing was changed.")


@contextmanager
def copying(settings: Settings) -> Iterator[tuple[duckdb.DuckDBPyConnection, Copy]]:
    """Hold the warehouse and begin a copy; whatever goes wrong, nothing of the copy is left.

    Args:
        settings: the workspace.

    Yields:
        A connection to the held warehouse, and the copy to fill.

    Raises:
        NotForgottenError: the warehouse cannot be held.
    """
    put_in_force(settings.seeds, settings.var)  # the words in them are nobody's own
    try:
        with held_warehouse(settings.warehouse) as connection:
            copy = Copy(connection, settings)
            try:
                yield connection, copy
            except BaseException:
                discard(copy.settings)
                raise
    except WarehouseRefusedError as problem:
        raise NotForgottenError(str(problem)) from problem


def said_by_others(connection: duckdb.DuckDBPyConnection, settings: Settings, others: str) -> Iterator[str]:
    """Everything that stays: what others delivered, how it is read, and the words of seeds and models.

    Args:
        connection: the warehouse, and the filled copy as `fresh`.
        settings: the workspace.
        others: SQL that holds for rows of others, given party_id and source_id.

    Yields:
        Texts of many values each.
    """
    tables = tables_of(connection)
    relations = {f"fresh.raw.{name}": tables[f"raw.{name}"] for name in OBJECTS}
    relations |= {f"warehouse.{name}": tables[name] for name in READ_ROWS if "source_id" in tables.get(name, ())}
    for relation, columns in relations.items():
        values = ", ".join(f'"{column}"::varchar' for column in columns)
        rows = connection.execute(f"select concat_ws(' ', {values}) from {relation} where {others}")  # noqa: S608 (our own names)
        while some := rows.fetchmany(20_000):
            yield "\n".join(text for (text,) in some)
    for file in files_of_words(settings.seeds_in_force, DBT_PROJECT_DIR):
        yield file.read_text(encoding="utf-8", errors="replace")


def files_of_words(seeds: Path, project: Path) -> Iterator[Path]:
    """Find the files whose words are nobody's.

    Args:
        seeds: the folder of seeds.
        project: the dbt project, in which dbt run by hand leaves `target` and `logs`: what it compiled and said.

    Yields:
        Seeds and what describes them; models, macros and tests.
    """
    yield from seeds.rglob("*.[cy]*")
    for folder in ("macros", "models", "tests"):
        for kind in ("sql", "yml"):
            yield from (project / folder).rglob(f"*.{kind}")


def build_prove_replace(
    settings: Settings, copy: Copy, texts: Texts, report: Report, rebuild: Rebuild, prefix: str | None = None
) -> None:
    """Build on the copy, search it, let it take the workspace's place, and search everything once more.

    Args:
        settings: the workspace.
        copy: filled without what is taken out.
        texts: what must not be found any more.
        report: gets the proof.
        rebuild: runs the monthly job on a workspace.
        prefix: of record keys that must not be found either.

    Raises:
        NotForgottenError: something would be left; the workspace stays as it was.
    """
    copy.close()
    report.texts_too_short = texts.too_short
    rebuild(copy.settings, copy.month)
    found = {
        place: count
        for folder in (copy.settings.var, copy.settings.published)
        for place, count in search(folder, texts, prefix).found.items()
    }
    if found:
        raise NotForgottenError(
            "\n  ".join(["Something would be left, so nothing was changed. It was found in:", *_places(found)])
            + "\nReport this as an error, with these places."
        )
    put_in_place(settings, copy.settings)
    report.proof = search(settings.var, texts, prefix)
    if not settings.published.is_relative_to(settings.var):
        report.proof += search(settings.published, texts, prefix)


def conclude(settings: Settings, folder: str, name: str, report: Report) -> None:
    """Write the record, which holds no data, and fail when something was found.

    Args:
        settings: the workspace.
        folder: of such records, below var.
        name: begins the file's name.
        report: what was done; gets the record's path.

    Raises:
        NotForgottenError: something is left; the message says where.
    """
    now = datetime.now(UTC)
    report.record = settings.var / folder / f"{name}-{now:%Y-%m-%d-%H%M%S}.json"
    report.record.parent.mkdir(exist_ok=True)
    record: dict[str, Any] = {
        "what": report.what,
        "done_at": now.isoformat(timespec="seconds"),
        "rows_removed": report.removed,
        "proof": vars(report.proof),
        "texts_too_short_to_look_for": report.texts_too_short,
        "left_in_the_landing_folder": len(report.delivered),
        "left_in_seeds": len(report.seed_rows),
    }
    report.record.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if report.proof.found:
        raise NotForgottenError(
            "\n  ".join(
                [f"The marts are clean, but something is left below {settings.var}:", *_places(report.proof.found)]
            )
            + f"\nDelete these files, or clean them. The record: {report.record}"
        )


def _places(found: Mapping[str, int]) -> list[str]:
    return [f"{place} ({count} different)" for place, count in found.items()]
