"""The seeds of a workspace: what those of an older release lack, and whether the warehouse holds them as they are.

Belongs here: what a newer release added to the seeds' files, headers and descriptions, and telling changed seeds from
those that were loaded. Does not belong here: what the cells say (dbt tests it), nor rows that a newer release added to
a seed which people may have changed.
"""

import csv
import hashlib
import shutil
from pathlib import Path

import duckdb

from orchestration.settings import DBT_PROJECT_DIR, HOME, PARTY_TABLES

SHIPPED = HOME / "seeds"


class OlderSeedsError(ValueError):
    """The seeds of a workspace lack files or columns; the message names them and the command that adds them."""


def check_seeds(seeds: Path) -> None:
    """Make sure that a seeds folder has every file and column that this release reads. Nothing is written.

    Args:
        seeds: the folder.

    Raises:
        OlderSeedsError: it has not.
    """
    gaps = _gaps(seeds)
    if gaps:
        lacking = ", ".join(f"{name} ({', '.join(columns)})" if columns else name for name, columns in gaps.items())
        raise OlderSeedsError(
            f"The seeds in {seeds} were made by another release. Files that are missing or not this release's, or lack "
            f"the columns named: {lacking}. Nothing was read or changed. `make upgrade SEEDS={seeds}` adds what is "
            "missing and leaves every cell as it is."
        )


def upgrade_seeds(seeds: Path) -> list[str]:
    """Add the files and columns that this release reads and a seeds folder lacks. Nothing that stands there is changed.

    Args:
        seeds: the folder.

    Returns:
        A sentence per file on what was added, and what is left to a person.
    """
    told = []
    for name, columns in _gaps(seeds).items():
        if name.endswith(".yml"):
            if (seeds / name).exists():
                (seeds / name).replace(seeds / f"{name}.old")
            shutil.copyfile(SHIPPED / name, seeds / name)
            told.append(
                f"{name}: what this release says of its seeds; the file before is {name}.old, if there was one."
            )
        elif columns:
            filled, empty = _add_columns(seeds / name, columns)
            told.append(f"{name}: {', '.join(columns)} added; {filled} rows filled as shipped, {empty} left empty.")
        else:
            text = (SHIPPED / name).read_text(encoding="utf-8")
            is_own = Path(name).stem in PARTY_TABLES
            (seeds / name).write_text(text.splitlines()[0] + "\n" if is_own else text, encoding="utf-8")
            told.append(f"{name}: added {'without rows; they are yours to write' if is_own else 'as shipped'}.")
    return told


def seeds_fingerprint(seeds: Path) -> str:
    """Describe the seeds and what is asked of them.

    Args:
        seeds: folder of CSV files, and of the YAML that describes and tests them.

    Returns:
        A hash of the names and contents of these files, of dbt_project.yml and of the generic tests.
    """
    tests = sorted((DBT_PROJECT_DIR / "tests" / "generic").glob("*.sql"))
    files = [*sorted(seeds.glob("*.csv")), *sorted(seeds.glob("*.yml")), DBT_PROJECT_DIR / "dbt_project.yml", *tests]
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def has_tested_seeds(connection: duckdb.DuckDBPyConnection, seeds: Path, fingerprint: str) -> bool:
    """Tell whether a warehouse holds the seeds as they are now, and they passed their tests.

    Args:
        connection: to the warehouse.
        seeds: their folder.
        fingerprint: of them, as they are now.
    """
    tables = set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
    expected = {("seeds", file.stem) for file in seeds.glob("*.csv")}  # a copy may have none of them
    if not expected | {("raw", "tested_seeds")} <= tables:
        return False
    return connection.execute("from raw.tested_seeds").fetchall() == [(fingerprint,)]


def record_tested_seeds(connection: duckdb.DuckDBPyConnection, fingerprint: str | None) -> None:
    """Write down which seeds a warehouse holds and that they passed their tests.

    Args:
        connection: to the warehouse.
        fingerprint: of the seeds; None before they are loaded, for a run may stop half-way.
    """
    connection.execute("create or replace table raw.tested_seeds (fingerprint varchar not null)")
    if fingerprint:
        connection.execute("insert into raw.tested_seeds values (?)", [fingerprint])


def _gaps(seeds: Path) -> dict[str, list[str]]:
    """By file, the columns that it lacks; none are named of one that is missing or, as a description, not ours."""
    gaps: dict[str, list[str]] = {}
    for shipped in sorted(SHIPPED.iterdir()):
        own = seeds / shipped.name
        if not own.is_file():
            gaps[shipped.name] = []
        elif shipped.suffix == ".csv":
            known = _header(own)
            if missing := [column for column in _header(shipped) if column not in known]:
                gaps[shipped.name] = missing
        elif own.read_bytes() != shipped.read_bytes():
            gaps[shipped.name] = []
    return gaps


def _header(seed: Path) -> list[str]:
    with seed.open(encoding="utf-8-sig", newline="") as stream:
        return next(csv.reader(stream), [])


def _add_columns(seed: Path, columns: list[str]) -> tuple[int, int]:
    """Add columns at the end, with the shipped values where a row is as shipped; count the rows filled and empty."""
    with seed.open(encoding="utf-8-sig", newline="") as stream:
        header, *rows = list(csv.reader(stream))
    with (SHIPPED / seed.name).open(encoding="utf-8", newline="") as stream:
        shipped = {tuple(row.get(column, "") for column in header): row for row in csv.DictReader(stream)}
    filled = 0
    with seed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow([*header, *columns])
        for row in rows:
            as_shipped = shipped.get(tuple(row))
            filled += as_shipped is not None
            writer.writerow([*row, *((as_shipped or {}).get(column, "") for column in columns)])
    return filled, len(rows) - filled
