"""From headers to fields: which source system a list comes from, and which column holds what.

Belongs here: finding the header row, the object and the source system, and the rules for headers that collide.
Does not belong here: the mappings themselves (seeds/reference/column_mappings.csv) and the values in the columns.
"""

import csv
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from orchestration.ingestion.snapshots import FileRefusedError
from orchestration.objects import OBJECTS


@dataclass(frozen=True)
class Column:
    """One column of a delivered list: its place, its header, and the field it fills (null: none)."""

    index: int
    header: str
    field: str | None
    key: str  # the header as it is compared


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

    def __init__(self, rows: Iterable[tuple[str, str, str, str]]) -> None:
        """Take the rows (source_system, object, source_column, field) in the order of the file."""
        self._fields: dict[tuple[str, str], dict[str, tuple[int, str | None]]] = {}
        self._systems: dict[tuple[str, str], set[str]] = {}
        for order, (system, object_name, source_column, field) in enumerate(rows):
            known = ("", "source_id", *OBJECTS[object_name].field_names) if object_name in OBJECTS else ()
            if field not in known:
                raise ValueError(f"column_mappings.csv: {object_name}.{field} is no field of orchestration/objects.py")
            key = normalize_header(source_column)
            # A header without a field tells the system all the same, and is kept as extra.
            self._fields.setdefault((system, object_name), {}).setdefault(key, (order, field or None))
            self._systems.setdefault((object_name, key), set()).add(system)
        self.known_headers = frozenset(key for _, key in self._systems)
        self.source_systems = tuple(dict.fromkeys(system for system, _ in self._fields))

    @classmethod
    def read(cls, path: Path) -> "ColumnMappings":
        """Read the seed.

        Args:
            path: column_mappings.csv.

        Returns:
            The mappings; an earlier row wins over a later one.

        Raises:
            ValueError: a row names a field that does not exist.
        """
        with path.open(encoding="utf-8-sig", newline="") as stream:
            return cls(
                (row["source_system"], row["object"], row["source_column"], row["field"])
                for row in csv.DictReader(stream)
            )

    def detect_source_system(self, object_name: str, cells: Sequence[str]) -> str:
        """Tell which system a header comes from.

        Every header counts for the systems that know it, the more the fewer of them do; plain wins a draw.

        Args:
            object_name: accounts, opportunities, engagements or contacts.
            cells: the header row.

        Returns:
            The source system.
        """
        scores = dict.fromkeys(("plain", *self.source_systems), 0.0)
        for key in {normalize_header(cell) for cell in cells}:
            systems = self._systems.get((object_name, key), set())
            for system in systems:
                scores[system] += 1 / len(systems)
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
            header = cell.strip().lstrip("\ufeff") or f"column {index + 1}"
            key = normalize_header(cell)
            order, field = own.get(key) or plain.get(key) or (0, None)
            rank = (0 if key in own else 1, order)
            seen[header] = seen.get(header, 0) + 1
            shown = header if seen[header] == 1 else f"{header} ({seen[header]})"
            found.append((rank, Column(index, shown, field, key)))
        ranked = sorted(found, key=lambda item: item[0])
        return tuple(column for _, column in ranked)

    def score(self, object_name: str, cells: Sequence[str]) -> int:
        """Count the cells of a row that are known headers of an object."""
        return sum((object_name, key) in self._systems for key in {normalize_header(cell) for cell in cells})

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
            known = self.score(object_name, cells)
            if not self.missing(object_name, columns) and (best is None or known > best[0]):
                best = known, Header(object_name, system, position, row_number, columns)
        if best is not None:
            return best[1]
        raise self._no_header(head, object_name, source_system)

    def _no_header(
        self, head: Sequence[tuple[int, list[str]]], object_name: str, source_system: str | None
    ) -> FileRefusedError:
        """Explain why no row can be the header."""
        known_rows = [(self.score(object_name, cells), -position) for position, (_, cells) in enumerate(head)]
        row_number, cells = head[-max(known_rows)[1]]
        system = source_system or self.detect_source_system(object_name, cells)
        absent = " and ".join(self.missing(object_name, self.map_columns(object_name, system, cells)))
        seen = ", ".join(f"'{cell.strip()[:60]}'" for cell in cells if cell.strip())[:600]
        return FileRefusedError(
            "no_name_column" if object_name == "accounts" else "no_required_column",
            f"No column is known to hold {absent}. The columns of row {row_number} are: {seen}.",
            f"Name the column as in seeds/reference/column_mappings.csv, or add its name there (object {object_name}).",
        )

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


_LONGEST_HEADER = 300  # characters; what is longer is no header, and not worth the work


def normalize_header(header: str) -> str:
    """Reduce a header to what is compared: letters and digits, without case, accents, spaces or punctuation.

    Args:
        header: a column's name as delivered.

    Returns:
        ``accountname`` for ``Account Name``, ``account_name`` and ``Ａｃｃｏｕｎｔ－Ｎａｍｅ``.
    """
    if len(header) > _LONGEST_HEADER:
        return ""
    decomposed = unicodedata.normalize("NFKD", header.strip().lstrip("\ufeff")).casefold()
    # Voiced marks of Japanese kana are combining marks too, and they are letters: compose them again.
    kept = "".join(c for c in decomposed if not unicodedata.combining(c) or c in "\u3099\u309a")
    return "".join(c for c in unicodedata.normalize("NFKC", kept) if c.isalnum())
