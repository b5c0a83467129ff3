"""The seeds of a workspace: which of them are in force, and whether the warehouse holds them as they are.

Belongs here: a company's own rows beside those that a release ships and renews, workspaces of an older release, and
distinguishing changed seeds from those that were loaded. Does not belong here: what the cells say (dbt tests it).

`seeds/company` holds what only the company itself can know: partners, decisions, plans, targets. `seeds/reference`
holds words and rules. A workspace has in it only the rows that it adds or wants otherwise; what is in force, its own
rows and the release's, is written to `var/seeds_in_force` before every run. So a new release's rows reach every
workspace; but for those that are invented for the demo.
"""

import csv
import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import yaml

from orchestration.settings import DBT_PROJECT_DIR, RefusedError
from orchestration.settings import SHIPPED_SEEDS as SHIPPED

# What a release before 0.2 had in one folder lies here once it has been sorted.
BEFORE = "before-upgrade"

Row = dict[str, str]


class OlderSeedsError(RefusedError):
    """The seeds of a workspace are laid out as an older release had them; the message names the remedy."""


def put_in_force(seeds: Path, var: Path) -> Path:
    """Write the seeds that are in force: a workspace's own rows and, where it has none of their key, the release's.

    Args:
        seeds: the workspace's own, or this repository's, which are in force as they are.
        var: the workspace's folder for what is built; the seeds in force are in `seeds_in_force` below
            it. A file is only written when it changes.

    Returns:
        The folder of the seeds in force.

    Raises:
        OlderSeedsError: the workspace has the layout of an older release.
        RefusedError: a file has columns that this release does not know.
    """
    if seeds == SHIPPED:
        return SHIPPED
    check_layout(seeds)
    for shipped in sorted(SHIPPED.rglob("*.*")):
        own, target = seeds / shipped.relative_to(SHIPPED), var / "seeds_in_force" / shipped.relative_to(SHIPPED)
        is_shared = shipped.parent.name == "reference" and not _is_of_demo(shipped)
        if shipped.suffix != ".csv" or (is_shared and not own.is_file()):
            _write(target, shipped.read_bytes())
            continue
        header, rows = _read(shipped)
        own_header, own_rows = _read(own) if own.is_file() else (header, [])
        if unknown := [column for column in own_header if column not in header]:
            raise RefusedError(
                f"{own} has columns that are not known: {', '.join(unknown)}. Known are {', '.join(header)}. Correct "
                "the header, then run again."
            )
        if not is_shared:
            merged = own_rows
        else:
            key = keys_of_reference()[shipped.stem]
            ours = {key.of(row) for row in own_rows}
            replaced = {key.of(row): row for row in rows if key.of(row) in ours}
            merged = [{**replaced.get(key.of(row), {}), **row} for row in own_rows]
            merged += [row for row in rows if key.of(row) not in ours]
        if own.is_file() and merged == own_rows and own_header == header:
            _write(target, own.read_bytes())  # cell by cell as it is, so that line numbers of messages hold
        else:
            _write(target, _as_csv(header, merged))
    return var / "seeds_in_force"


@dataclass(frozen=True)
class Key:
    """What names a row of a seed."""

    columns: tuple[str, ...]
    is_loose: bool = False  # spaces, hyphens and underscores do not matter either
    is_of_demo: bool = False  # the shipped rows are invented and count nowhere else

    def of(self, row: Row) -> tuple[str, ...]:
        """Give a row's key; case does not matter."""
        cells = (row.get(column, "").strip().casefold() for column in self.columns)
        return tuple((cell.translate(_NO_MATTER) or cell) if self.is_loose else cell for cell in cells)


@cache
def keys_of_reference() -> dict[str, Key]:
    """Read what names a row of each reference seed, from the descriptions beside them (`meta`)."""
    keys: dict[str, Key] = {}
    for file in sorted((SHIPPED / "reference").glob("*.yml")):
        for seed in yaml.safe_load(file.read_text(encoding="utf-8"))["seeds"]:
            meta = seed["config"]["meta"]
            keys[seed["name"]] = Key(tuple(meta["key"]), meta.get("is_loose", False), meta.get("is_of_demo", False))
    return keys


def _is_of_demo(shipped: Path) -> bool:
    """Whether the rows of a shipped reference seed are the demo's alone."""
    return shipped.suffix == ".csv" and keys_of_reference()[shipped.stem].is_of_demo


def company_tables() -> list[str]:
    """Name the seeds that hold the facts of one company and its partners."""
    return sorted(file.stem for file in (SHIPPED / "company").glob("*.csv"))


def make_empty(seeds: Path, ours: Row | None = None) -> None:
    """Make the seeds of a new workspace: every file with its header and no row.

    But for our own company's, and for the settings: each is listed without a value, with what it means.

    Args:
        seeds: the folder; it must not exist.
        ours: our company's row of partners.csv, which says what its amounts are in where they name no currency; None
            to leave it out.
    """
    for shipped in sorted(SHIPPED.rglob("*.csv")):
        header, rows = _read(shipped)
        kept = {"partners": [ours] if ours else [], "settings": [{**row, "value": ""} for row in rows]}
        _write(seeds / shipped.relative_to(SHIPPED), _as_csv(header, kept.get(shipped.stem, [])))


def check_layout(seeds: Path) -> None:
    """Make sure that a workspace's seeds are laid out as this release reads them. Nothing is written.

    Args:
        seeds: the folder.

    Raises:
        OlderSeedsError: they are not.
    """
    if not (seeds / "company").is_dir() and (seeds / "partners.csv").is_file():
        raise OlderSeedsError(
            f"The seeds in {seeds} are laid out as releases before 0.2 had them: what is yours and what a release "
            f"ships lie in one folder. Nothing was read or changed. `make upgrade SEEDS={seeds}` sorts them and keeps "
            "every row of yours."
        )


def upgrade_seeds(seeds: Path) -> list[str]:
    """Sort the seeds of an older release into what is the company's own and what a release ships.

    Args:
        seeds: the folder. What was in it is kept in `before-upgrade` below it.

    Returns:
        A sentence per file on what became of it; nothing when the seeds are sorted already.
    """
    try:
        check_layout(seeds)
    except OlderSeedsError:
        pass
    else:
        return []
    old = sorted(file for file in seeds.iterdir() if file.is_file())
    (seeds / BEFORE).mkdir(exist_ok=True)
    for file in old:
        file.replace(seeds / BEFORE / file.name)
    done = []
    for shipped in sorted(SHIPPED.rglob("*.csv")):
        header, rows = _read(shipped)
        target, before = seeds / shipped.relative_to(SHIPPED), seeds / BEFORE / shipped.name
        name = target.relative_to(seeds)
        own_header, own_rows = _read(before) if before.is_file() else (header, [])
        if shipped.parent.name == "company":
            added = [column for column in header if column not in own_header]
            _write(target, _as_csv([*own_header, *added], own_rows))
            columns = f"; {', '.join(added)} added, empty" if added else ""
            done.append(f"{name}: {len(own_rows)} rows{columns}.")
            continue
        shown = [column for column in own_header if column in header]
        as_shipped = {tuple(row[column] for column in shown) for row in rows}
        own = [row for row in own_rows if tuple(row[column] for column in shown) not in as_shipped]
        _write(target, _as_csv(header, own))
        key = keys_of_reference()[shipped.stem]
        known = {key.of(row) for row in own_rows}
        new = 0 if key.is_of_demo else sum(key.of(row) not in known for row in rows)
        done.append(f"{name}: {len(own)} rows of your own; {new} rows of this release that the file did not have.")
    return [*done, f"{seeds / BEFORE}: everything as it was; delete it when you have looked through."]


def numbered_rows(seed: Path) -> Iterator[tuple[int, Row]]:
    """Read the rows of a seed that a person edits, for messages that name the line.

    Args:
        seed: the file; may be missing.

    Yields:
        Each row with its line, cells without surrounding spaces; nothing of a file that is missing.
    """
    if not seed.is_file():
        return
    with seed.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, restval="")
        for row in reader:
            yield reader.line_num, {name: (cell or "").strip() for name, cell in row.items() if isinstance(name, str)}


def write_rows(seed: Path, header: Sequence[str], rows: Iterable[Row]) -> None:
    """Write a seed, unless it says that already.

    Args:
        seed: the file.
        header: its columns.
        rows: their cells; one that a row lacks is empty.
    """
    _write(seed, _as_csv(header, rows))


def seeds_fingerprint(seeds: Path) -> str:
    """Describe the seeds and what is asked of them.

    Args:
        seeds: folder of the seeds in force, CSV files and the YAML that describes and tests them.

    Returns:
        A hash of the names and contents of these files, of dbt_project.yml and of the generic tests.
    """
    tests = sorted((DBT_PROJECT_DIR / "tests" / "generic").glob("*.sql"))
    files = [*sorted(seeds.rglob("*.csv")), *sorted(seeds.rglob("*.yml")), DBT_PROJECT_DIR / "dbt_project.yml", *tests]
    digest = hashlib.sha256()
    for file in files:
        content = file.read_bytes()
        digest.update(f"{file.name} {len(content)} ".encode() + content)
    return digest.hexdigest()


def has_tested_seeds(connection: duckdb.DuckDBPyConnection, seeds: Path, fingerprint: str) -> bool:
    """Tell whether a warehouse holds the seeds as they are now, and they passed their tests.

    Args:
        connection: to the warehouse.
        seeds: folder of the seeds in force.
        fingerprint: of them, as they are now.

    Returns:
        False when one of them is not in the warehouse, or was not tested.
    """
    tables = set(connection.execute("select schema_name, table_name from duckdb_tables()").fetchall())
    expected = {("seeds", file.stem) for file in seeds.rglob("*.csv")}  # a copy may have none of them
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


_NO_MATTER = str.maketrans("", "", " -_")


def _read(seed: Path) -> tuple[list[str], list[Row]]:
    """Header and rows of a seed; a cell that a row lacks is empty."""
    with seed.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream, restval="")
        rows = []
        for row in reader:
            if None in row:
                raise RefusedError(
                    f"{seed}, line {reader.line_num}: the row has more cells than the header. Put quotation marks "
                    "round a cell with commas in it, then run again."
                )
            rows.append(row)
        return list(reader.fieldnames or ()), rows


def _as_csv(header: Sequence[str], rows: Iterable[Row]) -> bytes:
    lines: list[str] = []

    class Lines:
        write = staticmethod(lines.append)

    writer = csv.DictWriter(Lines, header, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return "".join(lines).encode("utf-8")


def _write(file: Path, content: bytes) -> None:
    """Write a file, unless it says that already: dbt reads anew what has been written."""
    if not file.is_file() or file.read_bytes() != content:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)
