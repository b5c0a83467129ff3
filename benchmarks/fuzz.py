"""Delivered files changed at random: python -m benchmarks.fuzz --count 10000.

Belongs here: changing files, landing them beside a good list, and what must hold of each. Does not belong here: files
that are kept because they once did harm (tests/hostile_files).

Of every changed file must hold: it is landed, or refused with a rule, a reason and a remedy; every row that was read is
accepted or refused; the good list beside it is landed as it is. Memory and processor time are bounded by the reader
(orchestration/ingestion/reader_process.py), whose end is a refusal. What breaks this is kept in var/fuzz.
"""

import io
import random
import shutil
import tempfile
import time
import zipfile
from collections import Counter
from datetime import UTC, date, datetime
from pathlib import Path

import click
import duckdb
from tabulate import tabulate

from orchestration.ingestion.landing import land_month
from orchestration.ingestion.snapshots import Limits
from orchestration.objects import OBJECTS
from orchestration.settings import HOME

SOURCES = (HOME / "tests" / "hostile_files", HOME / "tests" / "golden" / "lists", HOME / "demo" / "exports")
KEPT = HOME / "var" / "fuzz"
MONTH = date(2026, 10, 1)
FILES_OF_A_ROUND = 100
LARGEST_SOURCE = 200_000  # bytes: changes of a larger file are seldom where they matter
TOKENS = (
    *(b"\x00", b"\xff", b'"', b'""', b"\\", b";", b",", b"\t", b"\r", b"\n", b"\xef\xbb\xbf", b"\xff\xfe", b"sep=;\n"),
    *(
        b"=1+1",
        b"1E+17",
        b"-" * 70_000,
        b"9" * 400,
        b"Account Name",
        b"Total",
        b"\xe2\x80\xae",
        b"<f/>",
        b' r="XFD9999999"',
    ),
)


@click.command()
@click.option("--count", default=1_000, show_default=True, help="How many files.")
@click.option("--seed", default=1, show_default=True, help="Of the changes; the same seed makes the same files.")
def main(count: int, seed: int) -> None:
    """Land files that were changed at random, and say what came of them."""
    chance = random.Random(seed)  # noqa: S311 (no secret)
    sources = sorted(
        file
        for folder in SOURCES
        for file in folder.rglob("*")
        if file.suffix in (".csv", ".tsv", ".xlsx", ".parquet") and file.stat().st_size <= LARGEST_SOURCE
    )
    outcomes: Counter[str] = Counter()
    broken: list[str] = []
    began = time.monotonic()
    for first in range(0, count, FILES_OF_A_ROUND):
        some = min(FILES_OF_A_ROUND, count - first)
        files = {f"p{number:03}": _changed(chance.choice(sources), chance) for number in range(some)}
        with tempfile.TemporaryDirectory(prefix="account-mapping-fuzz-") as folder:
            problems = _land(Path(folder), files, outcomes)
        for party, problem in problems:
            KEPT.mkdir(parents=True, exist_ok=True)
            for name, content in {party: files[party]}.items() if party in files else files.items():
                (KEPT / f"{seed}-{first}-{name}-{content[0]}").write_bytes(content[1])
            broken.append(f"{seed}-{first}-{party}: {problem}")
        click.echo(f"{first + some:,} of {count:,} files, {len(broken)} broken", err=True)
    click.echo(tabulate(outcomes.most_common(), headers=["what came of it", "files"]))
    click.echo(f"{count:,} files in {time.monotonic() - began:,.0f} seconds; {len(broken)} broke what must hold")
    for line in broken:
        click.echo(line)
    if broken:
        raise SystemExit(1)


def _changed(source: Path, chance: random.Random) -> tuple[str, bytes]:
    """Change a file, or, in a workbook, one of its parts; give the name under which it is delivered, and its bytes."""
    content = source.read_bytes()
    name = next((name for name in OBJECTS if source.name.startswith(name) and name != "decisions"), "accounts")
    if source.suffix == ".xlsx" and chance.random() < 0.8:  # noqa: PLR2004 (a changed archive is seldom one)
        content = _with_changed_part(content, chance)
    else:
        content = _mutated(content, chance)
    return f"{name}{source.suffix}", content


def _with_changed_part(content: bytes, chance: random.Random) -> bytes:
    made = io.BytesIO()
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new:
            parts = {name: archive.read(name) for name in archive.namelist()}
            target = chance.choice(sorted(parts))
            for name, part in parts.items():
                new.writestr(name, _mutated(part, chance) if name == target else part)
    except (zipfile.BadZipFile, OSError, ValueError):
        return _mutated(content, chance)
    return made.getvalue()


def _mutated(content: bytes, chance: random.Random) -> bytes:
    """Make one to four changes: a byte, a token put in, a piece taken out, doubled or moved, the end cut off."""
    changed = bytearray(content)
    for _ in range(chance.randint(1, 4)):
        if not changed:
            break
        at, until = sorted(chance.randrange(len(changed)) for _ in range(2))
        match chance.randrange(6):
            case 0:
                changed[at] = chance.randrange(256)
            case 1:
                changed[at:at] = chance.choice(TOKENS)
            case 2:
                del changed[at : min(until, at + 200)]
            case 3:
                changed[at:at] = changed[at : min(until, at + 2_000)] * chance.randint(1, 20)
            case 4:
                piece = changed[at : min(until, at + 200)]
                del changed[at : at + len(piece)]
                place = chance.randrange(len(changed) + 1)
                changed[place:place] = piece
            case _:
                del changed[until:]
    return bytes(changed)


def _land(folder: Path, files: dict[str, tuple[str, bytes]], outcomes: Counter[str]) -> list[tuple[str, str]]:
    """Land a round of files, each of a party of its own, beside our list; give what does not hold, by party."""
    shutil.copytree(HOME / "seeds", folder / "seeds")
    rows = [f"{party},{party},signed,2026-01-01" for party in files]
    header = "party_id,name,status,nda_signed_on"
    (folder / "seeds" / "company" / "partners.csv").write_text(
        "\n".join([header, "us,We,us,", *rows]), encoding="utf-8"
    )
    for party, (name, content) in {**files, "us": ("accounts.csv", b"Account Name\nGood\n")}.items():
        place = folder / "exports" / party / f"{MONTH:%Y-%m}"
        place.mkdir(parents=True)
        (place / name).write_bytes(content)
    warehouse = folder / "var" / "warehouse.duckdb"
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    limits = Limits(quiet_seconds=0)
    try:
        land_month(warehouse, folder / "exports", folder / "seeds", MONTH, "fuzz", moment, folder / "results", limits)
    except Exception as problem:
        return [("all", f"the landing ended: {type(problem).__name__}: {problem}")]
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return _problems(connection, set(files), outcomes)


def _problems(
    connection: duckdb.DuckDBPyConnection, parties: set[str], outcomes: Counter[str]
) -> list[tuple[str, str]]:
    problems = []
    if connection.execute("select name from raw.accounts where party_id = 'us'").fetchall() != [("Good",)]:
        problems.append(("all", "the good list is not landed as it is"))
    said = connection.execute(
        """
        select party_id, status, rule, reason, remedy, rows_read, rows_accepted, rows_rejected,
            coalesce((
                select sum(identical_row_count) from (
                    select party_id, file_name, sheet_name, identical_row_count from raw.accounts
                    union all select party_id, file_name, sheet_name, identical_row_count from raw.opportunities
                    union all select party_id, file_name, sheet_name, identical_row_count from raw.engagements
                    union all select party_id, file_name, sheet_name, identical_row_count from raw.contacts
                ) as kept
                where kept.party_id = files.party_id and kept.sheet_name is not distinct from files.sheet_name
            ), 0)
        from raw.files where party_id <> 'us'
        """
    ).fetchall()
    for party, status, rule, reason, remedy, read, _, refused, kept in said:
        outcomes[status if status == "landed" else f"{status}: {rule}"] += 1
        if status != "landed" and not (rule and reason and remedy):
            problems.append((party, "refused without a word"))
        if status == "landed" and read != refused + kept:
            problems.append((party, f"{read} rows were read, {kept} accepted and {refused} refused"))
    problems += [(party, "nothing is said of it") for party in parties - {row[0] for row in said}]
    return problems


if __name__ == "__main__":
    main()
