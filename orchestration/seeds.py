"""The seeds of a workspace that an older release made: which files and columns they lack, and adding them.

Belongs here: what a newer release added to the seeds' files, headers and descriptions. Does not belong here: what the
cells say (dbt tests it), nor rows that a newer release added to a seed which people may have changed.
"""

import csv
import shutil
from pathlib import Path

from orchestration.settings import HOME, PARTY_TABLES

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
