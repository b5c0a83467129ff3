"""From headers to fields: which source system a list comes from, and which column holds what.

Belongs here: finding the header row, the object and the source system, and the rules for headers that collide.
Does not belong here: the mappings themselves (seeds/reference/column_mappings.csv) and the values in the columns.
"""

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rapidfuzz import fuzz, process, utils

from orchestration.ingestion.headers import (
    is_like_data,
    may_name_a_person,
    normalize_header,
    repeated_below,
    spellings,
    split_unit,
    words_of,
)
from orchestration.ingestion.snapshots import FileRefusedError, escape_controls
from orchestration.objects import OBJECTS

ALIKE = 80  # likeness of two headers, 0 to 100, from which one may mean the other


@dataclass(frozen=True)
class Column:
    """One column of a delivered list: its place, its header, and the field it fills (null: none)."""

    index: int
    header: str
    field: str | None
    key: str  # the header as it is compared
    unit: str | None = None  # what its header says of its figures: "Mio. EUR"
    others: tuple[str, ...] = ()  # further fields that a header of this name may fill; the values decide
    is_known: bool = False  # the seed knows the header, be it that it fills no field
    may_be_shown: bool = True  # to everybody: the header is not like a person's name

    @property
    def shown(self) -> str:
        """What the column is called where everybody reads it: its header, else its place."""
        return f"'{self.header}'" if self.may_be_shown else f"{self.index + 1}"


@dataclass(frozen=True)
class Header:
    """A header row that was understood."""

    object: str
    source_system: str
    position: int  # among the rows looked at, from 0
    row_number: int
    columns: tuple[Column, ...]

    def sources_of(self, field: str) -> list[Column]:
        """Give the columns that fill a field, the most trusted first."""
        return [column for column in self.columns if column.field == field]


class ColumnMappings:
    """seeds/reference/column_mappings.csv, ready to be asked."""

    def __init__(self, rows: Sequence[tuple[str, str, str, str]], status_words: Iterable[str] = ()) -> None:
        """Take the rows (source_system, object, source_column, field) in the order of the file.

        Args:
            rows: as described.
            status_words: what lists say of an account's status. A header that is one of them (Customer) may as well be
                a value, so it makes no row the header by itself.
        """
        self._status_words = frozenset(normalize_header(word) for word in status_words)
        self._fields: dict[tuple[str, str], dict[str, tuple[int, list[str | None]]]] = {}
        self._systems: dict[tuple[str, str], set[str]] = {}
        known = {name: {"", "source_id", *described.field_names} for name, described in OBJECTS.items()}
        for order, (system, object_name, source_column, listed) in enumerate(rows):
            for field in listed.split(";"):
                if field not in known.get(object_name, ()):
                    raise ValueError(
                        f"column_mappings.csv: {object_name}.{field} is no field of orchestration/objects.py"
                    )
            key = normalize_header(source_column)
            # A header without a field tells the system all the same, and is kept as extra.
            fields: list[str | None] = [field or None for field in listed.split(";")]
            self._fields.setdefault((system, object_name), {}).setdefault(key, (order, fields))
            # what a connector adds to every system's lists shows none
            if listed or system != "plain":
                self._systems.setdefault((object_name, key), set()).add(system)
        self._headers = [(row[1], row[2], row[3].partition(";")[0]) for row in rows if row[3]]
        self.known_headers = frozenset(key for _, key in self._systems)
        self._words = frozenset(word for row in rows for word in words_of(row[2]))
        self.source_systems = tuple(dict.fromkeys(system for system, _ in self._fields))

    @classmethod
    def read(cls, path: Path, status_words: Iterable[str] = ()) -> "ColumnMappings":
        """Read the seed.

        Args:
            path: column_mappings.csv.
            status_words: what lists say of an account's status.

        Returns:
            The mappings; an earlier row wins over a later one.

        Raises:
            ValueError: a row names a field that does not exist.
        """
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return cls(
                [
                    (row["source_system"], row["object"], row["source_column"], row["field"])
                    for row in csv.DictReader(stream)
                ],
                status_words,
            )

    def detect_source_system(self, object_name: str, cells: Sequence[str]) -> str:
        """Tell which system a header comes from.

        Every header counts for the systems that know it, the more the fewer of them do; a system must have one that
        a plain sheet does not. Plain wins a draw.

        Args:
            object_name: accounts, opportunities, engagements or contacts.
            cells: the header row.

        Returns:
            The source system.
        """
        scores = dict.fromkeys(("plain", *self.source_systems), 0.0)
        own = {"plain"}
        for known in {cell: self._known(object_name, cell) for cell in cells}.values():
            systems = self._systems.get((object_name, known or ""), set())
            for system in systems:
                scores[system] += 1 / len(systems)
            own |= systems if "plain" not in systems else set()
        scores = {system: score for system, score in scores.items() if system in own}
        return max(scores, key=lambda system: (scores[system], system == "plain"))

    def map_columns(self, object_name: str, source_system: str, cells: Sequence[str]) -> tuple[Column, ...]:
        """Find the field of every column.

        The system's own headers come first, then those of a plain sheet. Where different headers name one field
        (Billing Country and Country), the one listed first in the seed fills it, the others fill its gaps.

        Args:
            object_name: the object.
            source_system: the system.
            cells: the header row.

        Returns:
            One column per cell; the columns of one field in the order of trust.
        """
        own = self._fields.get((source_system, object_name), {})
        plain = self._fields.get(("plain", object_name), {})
        found: list[tuple[tuple[int, int], Column]] = []
        seen: dict[str, int] = {}
        for index, cell in enumerate(cells):
            header = escape_controls(cell.strip().lstrip("\ufeff")) or f"column {index + 1}"
            keys = spellings(cell, object_name)
            key = next((key for key in keys if key in own or key in plain), keys[0] if keys else "")
            order, fields = own.get(key) or plain.get(key) or (0, [None])
            rank = (0 if key in own else 1, order)
            seen[header] = seen.get(header, 0) + 1
            shown = header if seen[header] == 1 else f"{header} ({seen[header]})"
            others = tuple(field for field in fields[1:] if field)
            is_known = key in own or key in plain
            may_be_shown = is_known or not may_name_a_person(header, self._words)
            unit = split_unit(header)[1]
            found.append((rank, Column(index, shown, fields[0], key, unit, others, is_known, may_be_shown)))
        ranked = sorted(found, key=lambda item: item[0])
        return tuple(column for _, column in ranked)

    def is_header(self, object_name: str, cell: str) -> bool:
        """Tell whether a cell is a known header of an object.

        Args:
            object_name: the object.
            cell: as delivered.
        """
        return self._known(object_name, cell) is not None

    def _known(self, object_name: str, cell: str) -> str | None:
        """Give the spelling of a header cell that is known; null when none is."""
        return next((key for key in spellings(cell, object_name) if (object_name, key) in self._systems), None)

    def score(self, object_name: str, head: Sequence[tuple[int, list[str]]], position: int) -> int:
        """Count the headers of an object that a row holds, if it can be a header.

        Args:
            object_name: the object.
            head: (row number, cells) of the first rows.
            position: of the row, among them.

        Returns:
            Known headers. 0 for a row that reads as one of data: its words are values further down, addresses and
            figures stand beside as few of them, or all it knows are words of a status and a row as wide stands above.
        """
        rows = [cells for _, cells in head]
        cells = rows[position]
        known = [(index, key) for index, cell in enumerate(cells) if (key := self._known(object_name, cell))]
        repeated = repeated_below(cells, rows[position + 1 :])
        headers = {key for index, key in known if index not in repeated}
        places = {index for index, _ in known}
        values = sum(is_like_data(cell) for index, cell in enumerate(cells) if index not in places)
        if len(headers) <= values:
            return 0
        is_first = all(_width(row) < _width(cells) for row in rows[:position])
        return len(headers) if is_first or headers - self._status_words else 0

    def missing(self, object_name: str, columns: Iterable[Column]) -> list[str]:
        """Say in words which required columns are not there."""
        fields = {column.field for column in columns}
        return [words for alternatives, words in OBJECTS[object_name].required if not fields.intersection(alternatives)]

    def find_header(self, head: Sequence[tuple[int, list[str]]], object_name: str, source_system: str | None) -> Header:
        """Find the header row among the first rows of a list.

        Args:
            head: (row number, cells) of the first rows that are not empty.
            object_name: the object that the list should hold.
            source_system: the partner's system, null to detect it.

        Returns:
            The row that has every required column and the most known headers.

        Raises:
            FileRefusedError: no such row.
        """
        best: tuple[int, Header] | None = None
        for position, (row_number, cells) in enumerate(head):
            system = source_system or self.detect_source_system(object_name, cells)
            columns = self.map_columns(object_name, system, cells)
            known = self.score(object_name, head, position)
            if known and not self.missing(object_name, columns) and (best is None or known > best[0]):
                best = known, Header(object_name, system, position, row_number, columns)
        if best is not None:
            return best[1]
        raise self._no_header(head, object_name, source_system)

    def _no_header(
        self, head: Sequence[tuple[int, list[str]]], object_name: str, source_system: str | None
    ) -> FileRefusedError:
        """Explain why no row can be the header."""
        known_rows = [(self.score(object_name, head, position), -position) for position in range(len(head))]
        row_number, cells = head[-max(known_rows)[1]]
        system = source_system or self.detect_source_system(object_name, cells)
        absent = " and ".join(self.missing(object_name, self.map_columns(object_name, system, cells)))
        named = [
            f"'{cell.strip()[:60]}'" if not may_name_a_person(cell, self._words) else f"column {place}"
            for place, cell in enumerate(cells, start=1)
            if cell.strip()
        ]
        seen = escape_controls(", ".join(named)[:600])
        return FileRefusedError(
            "no_name_column" if object_name == "accounts" else "no_required_column",
            f"No column is known to hold {absent}. The columns of row {row_number} are: {seen}.",
            f"Name the column as in seeds/reference/column_mappings.csv, or add its name there (object {object_name}).",
        )

    def field_like(self, object_name: str, header: str) -> str | None:
        """Give the field that has a header like this one.

        Args:
            object_name: the object.
            header: one that is not known.

        Returns:
            The field; null when no known header is alike.
        """
        of_object = [(known, field) for name, known, field in self._headers if name == object_name]
        found = process.extractOne(
            header,
            [known for known, _ in of_object],
            scorer=fuzz.token_sort_ratio,
            processor=utils.default_process,
            score_cutoff=ALIKE,
        )
        return of_object[found[2]][1] if found else None

    def best_object(self, head: Sequence[tuple[int, list[str]]], candidates: Iterable[str]) -> str | None:
        """Tell which object a list holds by its header alone.

        Args:
            head: (row number, cells) of the first rows.
            candidates: objects to choose from, the preferred first.

        Returns:
            The object whose header fits best, or null when none does.
        """
        scored: list[tuple[int, int, str]] = []
        for rank, object_name in enumerate(candidates):
            try:
                header = self.find_header(head, object_name, None)
            except FileRefusedError:
                continue
            scored.append((sum(column.field is not None for column in header.columns), -rank, object_name))
        return max(scored)[2] if scored else None


def _width(cells: Sequence[str]) -> int:
    return sum(bool(cell.strip()) for cell in cells)


def object_of_name(name: str) -> str | None:
    """Tell the object that a file's name begins with.

    Args:
        name: ``accounts_emea.csv``.

    Returns:
        ``accounts``; null when it begins with none of the objects.
    """
    lowered = name.lower()
    return next((object_name for object_name in OBJECTS if lowered.startswith(object_name)), None)


def object_of_sheet(name: str) -> str | None:
    """Tell the object that a sheet's name speaks of.

    Args:
        name: ``Contacts``, ``Deals 2026``.

    Returns:
        The object; null when its name speaks of none.
    """
    key = normalize_header(name)
    return next((name for name, described in OBJECTS.items() if key.startswith(described.sheet_words)), None)
