"""The landing folder: who may deliver, what lies there for a month, and what of it must not be opened.

Belongs here: what can be seen from seeds/company/partners.csv and from places and names alone.
Does not belong here: opening a file.
"""

import codecs
import csv
import os
import re
from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path

from orchestration.ingestion.mapping import object_of_name
from orchestration.ingestion.snapshots import FileRefusedError, Limits, escape_controls
from orchestration.objects import OBJECTS

US = "us"
EXTENSIONS = (".csv", ".tsv", ".txt", ".xlsx", ".parquet")
# What a party says of the files beside it; no list, so `object` of its delivery is this name.
MANIFEST = "manifest"
MANIFEST_NAME = "manifest.csv"
# Refusals upon which a file is not opened, hashed or measured: of it only the name is known.
NOT_TOUCHED = frozenset({"unknown_party", "withdrawn", "no_nda", "answers_of_a_partner", "too_many_files"})
_SHA256 = re.compile(r"^[0-9a-fA-F]{64}$")
_MONTH = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")


@dataclass(frozen=True)
class Party:
    """What seeds/company/partners.csv says about a party's files."""

    party_id: str
    nda_signed_on: date | None = None
    source_system: str | None = None
    date_order: str | None = None
    decimal_mark: str | None = None
    default_currency: str | None = None
    name: str | None = None
    refresh_cadence: str | None = None
    withdrawn_on: date | None = None
    encoding: str | None = None


@dataclass(frozen=True)
class Delivery:
    """One thing found in the landing folder; with a refusal when it is not to be opened."""

    party_id: str
    file_name: str
    path: Path
    object: str | None
    refusal: FileRefusedError | None = None


def read_parties(path: Path) -> dict[str, Party]:
    """Read the parties' own row of the seed; us always exists.

    Args:
        path: partners.csv.

    Returns:
        Parties by id. A date of the NDA that is no ISO date counts as none. Without a column withdrawn_on nobody has
        withdrawn.

    Raises:
        ValueError: a row has more or fewer cells than the header, its date_order or decimal_mark is none of the
            known ones, its encoding is not known, or its withdrawn_on is no date.
    """
    parties = {US: Party(US, name=US, refresh_cadence="monthly")}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            width, filled = len(reader.fieldnames or ()), sum(value is not None for value in row.values())
            if None in row or filled < width:
                count = width + len(row[None]) if None in row else filled
                raise ValueError(
                    f"{path}, line {reader.line_num}: the row has {count} cells and the header {width}. Give every "
                    f"column its cell, empty where there is nothing to say: {width - 1} commas in all."
                )
            cells = {key: (value or "").strip() or None for key, value in row.items() if isinstance(key, str)}
            party_id = cells.get("party_id")
            if party_id is None:
                continue
            for column, allowed in (("date_order", ("dmy", "mdy", "ymd")), ("decimal_mark", (".", ","))):
                if cells.get(column) not in (None, *allowed):
                    raise ValueError(f"partners.csv, {party_id}: {column} is {cells[column]!r}, not one of {allowed}.")
            try:
                signed = date.fromisoformat(cells.get("nda_signed_on") or "")
            except ValueError:
                signed = None
            try:
                day = cells.get("withdrawn_on")
                withdrawn = date.fromisoformat(day) if day else None
            except ValueError as problem:
                raise ValueError(
                    f"partners.csv, {party_id}: withdrawn_on is {day!r}, not a day written YYYY-MM-DD."
                ) from problem
            parties[party_id] = Party(
                party_id,
                signed,
                cells.get("source_system"),
                cells.get("date_order"),
                cells.get("decimal_mark"),
                cells.get("default_currency"),
                cells.get("name"),
                "monthly" if party_id == US else cells.get("refresh_cadence"),  # ours is due every month
                withdrawn,
                _encoding(cells.get("encoding"), f"{path}, {party_id}"),
            )
    return parties


def _encoding(name: str | None, where: str) -> str | None:
    """Give Python's name of an encoding."""
    if name is None:
        return None
    try:
        return codecs.lookup(name).name
    except LookupError as problem:
        raise ValueError(
            f"{where}: encoding is {name!r}, which is none that is known, such as windows-1250."
        ) from problem


def read_cadences(path: Path) -> dict[str, int]:
    """Read how many months there are from one list to the next.

    Args:
        path: refresh_cadences.csv.

    Returns:
        Months by the cadence's name.
    """
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return {row["refresh_cadence"]: int(row["months"]) for row in csv.DictReader(stream)}


@dataclass(frozen=True)
class Acceptance:
    """A person's word that one file is right although its size or shape speaks against it."""

    accepted_by: str
    accepted_on: date
    reason: str


def read_acceptances(path: Path) -> dict[str, Acceptance]:
    """Read which files a person has accepted. A file is named by its hash, so a changed one is judged again.

    Args:
        path: accepted_files.csv; may be missing.

    Returns:
        Acceptances by the file's SHA-256, in lower case.

    Raises:
        ValueError: a row lacks the hash, the person, the day or the reason.
    """
    if not path.is_file():
        return {}
    accepted = {}
    with path.open(encoding="utf-8-sig", newline="") as stream:
        reader = csv.DictReader(stream)
        for row in reader:
            cells = {name: (row.get(name) or "").strip() for name in ("file_sha256", "accepted_by", "reason")}
            try:
                day = date.fromisoformat((row.get("accepted_on") or "").strip())
            except ValueError:
                day = None
            if day is None or not all(cells.values()) or not _SHA256.match(cells["file_sha256"]):
                raise ValueError(
                    f"{path}, line {reader.line_num}: a file is accepted by its SHA-256 (64 hexadecimal digits), a "
                    "person, a day (YYYY-MM-DD) and a reason; one of them is missing or cannot be read."
                )
            accepted[cells["file_sha256"].lower()] = Acceptance(cells["accepted_by"], day, cells["reason"])
    return accepted


def find_deliveries(
    exports: Path, month: date, parties: dict[str, Party], limits: Limits
) -> tuple[list[Delivery], set[str]]:
    """Look through the landing folder without opening anything and without following links.

    Args:
        exports: the landing folder.
        month: first day of the month.
        parties: the known parties by id.
        limits: how many files a list may have.

    Returns:
        Everything found for the month, in the order of names, with a refusal where it must not be opened; and the
        parties that have a folder for the month. Hidden files are passed over.
    """
    found: list[Delivery] = []
    with_folder: set[str] = set()
    for party_folder in _visible(exports):
        name = party_folder.name
        if refusal := _no_folder(party_folder):
            found.append(Delivery(name, name, party_folder, None, refusal))
            continue
        for month_folder in _visible(party_folder):
            relative = f"{name}/{month_folder.name}"
            if refusal := _no_folder(month_folder):
                found.append(Delivery(name, relative, month_folder, None, refusal))
            elif not _MONTH.match(month_folder.name):
                refusal = FileRefusedError(
                    "month_folder_misnamed",
                    f"The folder '{relative}' is not named like a month, so nothing in it was read.",
                    f"Rename it to YYYY-MM, such as {month:%Y-%m}.",
                )
                found.append(Delivery(name, f"{relative}/", month_folder, None, refusal))
            elif month_folder.name == f"{month:%Y-%m}":
                with_folder.add(name)
                for path in _visible(month_folder):
                    file_name = escape_controls(f"{relative}/{path.name}")  # names need not be text
                    found.append(_delivery(path, file_name, parties.get(name), name, month))
    return _within_bounds(found, limits.max_files), with_folder


def _within_bounds(found: list[Delivery], most: int) -> list[Delivery]:
    """Refuse all files of a list that has too many: a list is loaded whole or not at all, so none need be read."""
    counts = Counter((delivery.party_id, delivery.object) for delivery in found if not delivery.refusal)
    return [
        replace(
            delivery,
            refusal=FileRefusedError(
                "too_many_files",
                f"The list of {delivery.object} has {count:,} files; of one list at most {most:,} are read, so none "
                "of them was.",
                "Put the list into one file, or a few, and deliver it again.",
            ),
        )
        if not delivery.refusal and (count := counts[delivery.party_id, delivery.object]) > most
        else delivery
        for delivery in found
    ]


def _delivery(path: Path, file_name: str, party: Party | None, party_id: str, month: date) -> Delivery:
    """Judge one file by its place and name alone."""
    object_name = MANIFEST if path.name.lower() == MANIFEST_NAME else object_of_name(path.name)
    refusal: FileRefusedError | None = None
    if party is None:
        refusal = FileRefusedError(
            "unknown_party",
            f"'{party_id}' is not in seeds/company/partners.csv, so its files are not opened.",
            "Add the party to seeds/company/partners.csv, or correct the folder's name.",
        )
    elif party.withdrawn_on is not None:
        refusal = FileRefusedError(
            "withdrawn",
            f"'{party_id}' has withdrawn on {party.withdrawn_on}, so its files are not opened.",
            "Delete its files from the landing folder. If it is a partner again, take the day (withdrawn_on) out of "
            "seeds/company/partners.csv, then run again.",
        )
    elif party_id != US and object_name in OBJECTS and OBJECTS[object_name].is_answer:
        refusal = FileRefusedError(
            "answers_of_a_partner",
            f"What is decided in {object_name} is decided by us alone, so this file is not opened.",
            f"Put {object_name} into {US}/{month:%Y-%m}/.",
        )
    elif party_id != US and (party.nda_signed_on is None or party.nda_signed_on > last_day(month)):
        refusal = FileRefusedError(
            "no_nda",
            f"No NDA with '{party_id}' was in force by {last_day(month)}, so its files are not opened.",
            "Enter the date of the NDA (nda_signed_on) in seeds/company/partners.csv, then run again.",
        )
    elif path.is_symlink():
        refusal = FileRefusedError(
            "symbolic_link", "This is a symbolic link; links are not followed.", "Deliver the file itself."
        )
    elif not path.is_file():
        refusal = FileRefusedError(
            "not_a_file",
            "This is not a file; folders inside a month are not read.",
            "Put the files into the month's folder.",
        )
    elif object_name is None:
        refusal = FileRefusedError(
            "unknown_object",
            f"The file's name begins with none of {', '.join(OBJECTS)}, so it is not known what it holds.",
            "Let its name begin with what it holds, such as accounts.csv.",
        )
    elif path.suffix.lower() not in EXTENSIONS:
        refusal = FileRefusedError(
            "unknown_extension",
            f"Files named '{path.suffix}' cannot be read.",
            "Export the list as .csv, .xlsx or .parquet.",
        )
    return Delivery(party_id, file_name, path, object_name, refusal)


def last_day(month: date) -> date:
    """Give the last day of a month.

    Args:
        month: any day of it.

    Returns:
        Its last day.
    """
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1) - timedelta(days=1)


def _visible(folder: Path) -> list[Path]:
    """Entries in the order of names, without hidden files and the lock files that spreadsheets leave."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "~$")))


def _no_folder(path: Path) -> FileRefusedError | None:
    """Refuse what is not a real folder, or not one we may look into, where one is expected."""
    remedy = "Put files into <party_id>/<YYYY-MM>/."
    if path.is_symlink():
        return FileRefusedError("symbolic_link", "This is a symbolic link; links are not followed.", remedy)
    if not path.is_dir():
        return FileRefusedError("misplaced_file", "The file lies outside of a month's folder.", remedy)
    if not os.access(path, os.R_OK | os.X_OK):
        return FileRefusedError(
            "folder_not_readable",
            "The folder could not be opened, so nothing in it was read; what was loaded from it stays.",
            "Give the pipeline the right to read it, then run again.",
        )
    return None
