"""When the machine fails, not the data: what DuckDB and the system say then, and what a person can do about it.

Belongs here: recognising such messages, in plain words, and how long a held warehouse is waited for. Does not belong
here: files and rows that cannot be used (ingestion), two runs at once (runs/lock.py).
"""

import random
import re
from pathlib import Path

import duckdb

from orchestration.settings import Settings

# Somebody who looks something up in the warehouse closes it again soon: two minutes in all, a little longer every time.
# Nothing else is tried again, since nothing else passes by itself.
WAIT_SECONDS = (2, 4, 8, 16, 30, 60)

LOCKED = re.compile(r'Could not set lock on file "(?P<file>[^"]+)"(?:.*? held in (?P<holder>.*?\(PID \d+\)))?')
# The last two are SQLite's, where Dagster keeps its records; on a disk that fills up meanwhile it has no better words.
FULL = re.compile(r"No space left on device|Disk quota exceeded|File too large|database or disk is full|disk I/O error")
BROKEN = re.compile(
    r'The file "(?P<file>[^"]+)" exists, but it is not a valid DuckDB|Could not read enough bytes from file '
    r'"(?P<read>[^"]+)"|Corrupt database file'
)
KILLED = re.compile(r"exit code `-9`|Out of Memory Error|Cannot allocate memory")


def is_locked(problem: object) -> bool:
    """Tell whether a message says that another process holds a DuckDB file."""
    return LOCKED.search(str(problem)) is not None


def jittered(seconds: float) -> float:
    """Shift a time to wait by up to a fifth, so that two who wait do not come back together."""
    return seconds * random.uniform(0.8, 1.2)  # noqa: S311 (nobody gains by guessing it)


def check_writable(warehouse: Path) -> None:
    """Open a warehouse for writing, and close it again.

    Args:
        warehouse: the DuckDB file; one that does not exist yet can be written.

    Raises:
        duckdb.Error: another process holds it, or it cannot be read.
    """
    if warehouse.exists():
        duckdb.connect(str(warehouse)).close()


def explain(problem: object, settings: Settings) -> str | None:
    """Say what is wrong with the machine and what to do about it.

    Args:
        problem: an exception, or the output of a command.
        settings: the workspace that was worked on.

    Returns:
        A few sentences; None when the message tells of no such thing.
    """
    text, warehouse = str(problem), settings.warehouse
    stayed = "What is published has stayed as it was."
    if found := LOCKED.search(text):
        holder = found["holder"] or "another process"
        return (
            f"{found['file']} is held open by {holder}: a DuckDB shell, a notebook or a BI tool? Close it there, and "
            f"run again; read the published marts instead, which are never locked. {stayed}"
        )
    if FULL.search(text):
        return (
            f"There is no space left to write below {warehouse.parent}, or a limit of the system is reached: "
            f"{_inside(text)} Make some room, and run again: the month begins anew. {stayed}"
        )
    if found := BROKEN.search(text):
        file = Path(found["file"] or found["read"] or warehouse)
        if file != warehouse:
            return f"{file} is damaged and cannot be read. Move it aside and run again: it is written anew. {stayed}"
        months = sorted({folder.name for folder in settings.exports.glob("*/[0-9][0-9][0-9][0-9]-[0-9][0-9]")})
        return (
            f"The warehouse {warehouse} is damaged and cannot be read: {_inside(text)} Put a copy from your backup in "
            f"its place, or move it aside (mv {warehouse} {warehouse}.damaged) and run every month again "
            f"({', '.join(months)}): all of it is made from the exports. {stayed}"
        )
    if KILLED.search(text):
        return (
            "The work was stopped from outside, by the system most likely because memory ran out. Close other programs "
            f"or use a larger machine, and run again: the month begins anew. {stayed}"
        )
    return None


def _inside(text: str) -> str:
    """The line of a message that tells the fault itself, with a full stop."""
    line = next(line.strip() for line in text.splitlines() if FULL.search(line) or BROKEN.search(line))
    return line if line.endswith((".", "!")) else f"{line}."
