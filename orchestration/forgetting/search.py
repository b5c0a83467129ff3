"""The proof that something is gone: a search for many texts through everything a workspace holds.

Belongs here: looking for texts in the cells of every table and in the bytes of every file, and which texts are worth
looking for. Does not belong here: taking anything out (copy.py).
"""

import csv
import html
import json
import re
import unicodedata
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import numpy as np

from orchestration.warehouse.sql import literal

# A text is found by its first eight bytes, so shorter ones are not looked for; numbers that short mean anything.
SHORTEST_TEXT = 8
SHORTEST_NUMBER = 9
_CHUNK = 1 << 24
_TABLE_BITS = 20
# Between cells that are searched together; no cell holds it, as control characters are escaped on landing.
_BETWEEN = "\x1f"
# Stored column by column, texts lie end to end, and two that happen to meet look like a third: in the bytes of these
# files, which hold what was deleted too, only keys and addresses are unmistakable.
_COLUMNAR = (".duckdb", ".parquet")
_UNMISTAKABLE = re.compile(r"[^\s@]+@[^\s@]+|[\w-]+:(?!//)\S+")


class Texts:
    """Many texts that are looked for at once, whatever their case."""

    def __init__(self, texts: Iterable[str]) -> None:
        """Take the texts; those too short to mean anything are left out and counted in `too_short`."""
        given = {text.strip() for text in texts}
        self.looked_for = {text for text in given if _is_distinctive(text)}
        self.too_short = len(given) - len(self.looked_for)
        self._by_start: dict[bytes, list[tuple[bytes, str]]] = {}
        self.unmistakable = {text for text in self.looked_for if _UNMISTAKABLE.fullmatch(text)}
        for text in self.looked_for:
            for written in _ways_to_write(text):
                self._by_start.setdefault(written[:SHORTEST_TEXT], []).append((written, text))
        self._starts = np.array(sorted(int.from_bytes(start, "little") for start in self._by_start), dtype=np.uint64)
        self._may_start = np.zeros(1 << _TABLE_BITS, dtype=bool)
        self._may_start[_hash(self._starts)] = True
        self.longest = max((len(written) for ways in self._by_start.values() for written, _ in ways), default=0)

    def __or__(self, other: "Texts") -> "Texts":
        """Look for both at once."""
        both = Texts(self.looked_for | other.looked_for)
        both.too_short = self.too_short + other.too_short
        return both

    def found_in(self, data: bytes) -> set[str]:
        """Look for all texts in some bytes; those of digits alone count where no letter or digit touches them.

        Args:
            data: UTF-8, or anything else.

        Returns:
            The texts that occur.
        """
        data = data.lower()
        found: set[str] = set()
        for offset in range(min(SHORTEST_TEXT, len(data) - SHORTEST_TEXT + 1)):
            windows = np.frombuffer(data, "<u8", (len(data) - offset) // SHORTEST_TEXT, offset)
            places = np.flatnonzero(self._may_start[_hash(windows)])
            if not places.size:
                continue
            for place in places[np.isin(windows[places], self._starts)].tolist():
                begin = offset + SHORTEST_TEXT * place
                for written, text in self._by_start[data[begin : begin + SHORTEST_TEXT]]:
                    if text in found or not data.startswith(written, begin):
                        continue
                    around = data[max(begin - 1, 0) : begin] + data[begin + len(written) : begin + len(written) + 1]
                    if not text.isdigit() or not any(chr(byte).isalnum() for byte in around):
                        found.add(text)
        return found


@dataclass
class Search:
    """What was looked through, and where something was found."""

    looked_for: int = 0
    tables: int = 0
    cells: int = 0
    files: int = 0
    bytes: int = 0
    found: dict[str, int] = field(default_factory=dict)  # place → number of different texts; no text is named

    def __add__(self, other: "Search") -> "Search":
        """Put two searches for the same texts together."""
        figures = {name: getattr(self, name) + getattr(other, name) for name in ("tables", "cells", "files", "bytes")}
        return Search(self.looked_for, **figures, found={**self.found, **other.found})


def search(folder: Path, texts: Texts, prefix: str | None = None) -> Search:
    """Look for texts in every table, workbook and file below a folder.

    Args:
        folder: a workspace's var folder; its DuckDB files are opened for reading.
        texts: what must not be there.
        prefix: also look, in the cells of tables, for whatever begins like this (`acme:` before a source id).

    Returns:
        What was looked through, and the places that hold any of them.
    """
    done = Search(looked_for=len(texts.looked_for))
    with duckdb.connect() as connection:
        for file in sorted(folder.rglob("*")):
            if not file.is_file() or file.is_symlink():
                continue
            name = str(file.relative_to(folder))
            done.files += 1
            for relation in _relations(connection, file):
                done.tables += 1
                for column, cells in _cells(connection, relation):
                    _note(done, f"{name}: {column}", _found_in_cells(done, cells, texts, prefix))
            if zipfile.is_zipfile(file):
                with zipfile.ZipFile(file) as archive:
                    for member in archive.namelist():
                        _note(done, f"{name}: {member}", texts.found_in(archive.read(member)))
            found: set[str] = set()
            for chunk in _chunks(file, texts.longest):
                done.bytes += len(chunk)
                found |= texts.found_in(chunk)
            _note(done, name, found & texts.unmistakable if file.suffix in _COLUMNAR else found)
    return done


def only_theirs(theirs: Iterable[str], others: Iterable[str]) -> Texts:
    """Keep the texts that nothing else says, as they are or written more plainly.

    Args:
        theirs: the texts in question.
        others: everything that stays, in any portions.

    Returns:
        Texts whose presence anywhere would be a leftover.
    """
    texts = Texts(theirs)
    plain = {text: _plainly(text) for text in texts.looked_for}
    plain_texts = Texts(plain.values())
    said: set[str] = set()
    said_plainly: set[str] = set()
    for portion in others:
        said |= texts.found_in(portion.encode())
        said_plainly |= plain_texts.found_in(_plainly(portion).encode())
    unsaid = {text for text in texts.looked_for - said if plain[text] not in said_plainly}
    left = {text for text in unsaid if _is_distinctive(plain[text])}
    kept = Texts(left)
    kept.too_short = texts.too_short
    return kept


def seed_rows(seeds: Path, pattern: re.Pattern[str]) -> list[str]:
    """Name the rows of seeds in which a cell matches.

    Args:
        seeds: the seeds folder.
        pattern: searched in every cell.

    Returns:
        `file, line n, m` in the order of names.
    """
    named = []
    for seed in sorted(seeds.rglob("*.csv")):
        with seed.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.reader(stream)
            lines = [str(reader.line_num) for row in reader if any(map(pattern.search, row))]
        if lines:
            named.append(f"{seed}, line {', '.join(lines)}")
    return named


def _is_distinctive(text: str) -> bool:
    return len(text.encode()) >= SHORTEST_TEXT and (not text.isdigit() or len(text) >= SHORTEST_NUMBER)


def _ways_to_write(text: str) -> set[bytes]:
    """Bytes of a text in a table, in JSON and in a page; bytes.lower() changes ASCII letters alone."""
    ways = {text, text.lower(), json.dumps(text)[1:-1], html.escape(text)}
    return {way.encode().lower() for way in ways}


def _plainly(text: str) -> str:
    """Write a text without accents, case and punctuation, as names are compared."""
    letters = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join(re.findall(r"[^\W_]+", letters.casefold()))


def _hash(windows: "np.typing.NDArray[np.uint64]") -> "np.typing.NDArray[np.uint64]":
    return (windows * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(64 - _TABLE_BITS)


def _note(done: Search, place: str, found: set[str]) -> None:
    if found:
        done.found[place] = len(found)


def _found_in_cells(done: Search, cells: Iterator[list[str]], texts: Texts, prefix: str | None) -> set[str]:
    found: set[str] = set()
    for some in cells:
        done.cells += len(some)
        together = _BETWEEN.join(some)
        found |= texts.found_in(together.lower().encode())
        if prefix and prefix in together:
            begins = re.compile(rf"(?<![\w.@-]){re.escape(prefix)}[^\s{_BETWEEN}]")
            found |= {"what begins so"} if begins.search(together) else set()
    return found


def _relations(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[str]:
    """Give the tables of a DuckDB or Parquet file, as a query names them; other files have none."""
    if file.suffix == ".parquet":
        yield f"read_parquet({literal(file)})"
    elif file.suffix == ".duckdb":
        connection.execute(f"attach {literal(file)} as searched (read_only)")
        names = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'searched' order by all"
        ).fetchall()
        for schema, table in names:
            yield f'searched."{schema}"."{table}"'
        connection.execute("detach searched")


def _cells(connection: duckdb.DuckDBPyConnection, relation: str) -> Iterator[tuple[str, Iterator[list[str]]]]:
    """Give the different texts of a table, column by column."""
    name = "" if relation.startswith("read_parquet") else relation.removeprefix("searched.").replace('"', "") + "."
    for column, kind, *_ in connection.execute(f"describe from {relation}").fetchall():
        if "VARCHAR" in kind or "JSON" in kind:
            texts = connection.execute(
                f'select distinct "{column}"::varchar from {relation} where "{column}" is not null'  # noqa: S608 (our own names)
            )
            yield f"{name}{column}", _portions(texts)


def _portions(values: duckdb.DuckDBPyConnection) -> Iterator[list[str]]:
    while some := values.fetchmany(50_000):
        yield [text for (text,) in some]


def _chunks(file: Path, overlap: int) -> Iterator[bytes]:
    """Read a file in portions that overlap, so that no text is cut in two."""
    with file.open("rb") as stream:
        rest = b""
        while more := stream.read(_CHUNK):
            yield rest + more
            rest = (rest + more)[-overlap:] if overlap else b""
