"""From a delivered file to the parts of lists in it: sheets, headers, rows and their values.

Belongs here: which sheet holds which list, in what order things happen to a file, and that nothing of it is lost. Does
not belong here: how a format is read, what is accepted (judging.py), and where it is written (raw_tables.py).
"""

import csv
import dataclasses
import itertools
import os
from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import pyarrow as pa

from orchestration.ingestion import readings
from orchestration.ingestion.columns import Batch, as_columns, map_fields, settle
from orchestration.ingestion.folder import US, Acceptance, Delivery, Party, read_acceptances, read_parties
from orchestration.ingestion.forgotten import Forgotten, forgotten_folder
from orchestration.ingestion.grids import Grid, RowBatch, first_rows, keep_even_rows, rows_below
from orchestration.ingestion.judging import ReadBatch, Vocabulary, keep_batch, read_batch
from orchestration.ingestion.mapping import ColumnMappings, Header, object_of_sheet
from orchestration.ingestion.no_records import leave_out
from orchestration.ingestion.reader_process import READER
from orchestration.ingestion.refusals import Conventions
from orchestration.ingestion.remarks import Remark, mapping_key, several_values, unread_columns
from orchestration.ingestion.snapshots import FileRefusedError, Limits, RefusedRow, Snapshot
from orchestration.ingestion.units import Units
from orchestration.objects import LISTS
from orchestration.runs import progress
from orchestration.runs.progress import Seconds
from orchestration.validation.delivered import Positions
from orchestration.validation.suite import SuiteResult


@dataclass(frozen=True)
class Rules:
    """What a workspace says about how lists are read: its seeds, who is to be forgotten, and the bounds."""

    parties: dict[str, Party]
    acceptances: dict[str, Acceptance]
    mappings: ColumnMappings
    vocabulary: Vocabulary
    forgotten: Forgotten
    limits: Limits
    units: Units

    @classmethod
    def read(cls, seeds: Path, in_force: Path, limits: Limits) -> "Rules":
        """Read the seeds.

        Args:
            seeds: the workspace's own, which messages name; beside it lies the list of who is to be forgotten.
            in_force: the seeds in force.
            limits: bounds of what a file may be.

        Returns:
            The rules.

        Raises:
            ValueError: a seed, or the list of who is to be forgotten, cannot be used.
        """
        company, reference = seeds / "company", in_force / "reference"
        parties = read_parties(company / "partners.csv")
        value_rows = _rows(reference / "value_mappings.csv")
        return cls(
            parties=parties,
            acceptances=read_acceptances(company / "accepted_files.csv"),
            mappings=ColumnMappings.read(
                reference / "column_mappings.csv",
                [row["source_value"] for row in value_rows if row["field"] == "lifecycle_status"],
            ),
            vocabulary=Vocabulary(
                readings.NameWords(
                    (row["form"] for row in _rows(reference / "legal_forms.csv") if row.get("form")),
                    (row["value"] for row in _rows(reference / "placeholders.csv") if row["field"] == "name"),
                ),
                frozenset(row["source_value"].strip().lower() for row in value_rows if row["field"] == "currency"),
                _vocabularies(value_rows, reference),
            ),
            forgotten=Forgotten.read(forgotten_folder(seeds), [p.party_id for p in parties.values() if p.withdrawn_on]),
            limits=limits,
            units=Units.read(company / "business_units.csv"),
        )

    def check_bound(self, refused: Sequence[RefusedRow], more: int, snapshot: Snapshot) -> None:
        """Refuse a file when more of its rows are refused than anybody would look through.

        Args:
            refused: rows that have been refused so far.
            more: how many are about to be.
            snapshot: the file.

        Raises:
            FileRefusedError: they are too many, and nobody has accepted the file.
        """
        if len(refused) + more > self.limits.max_refused_rows and snapshot.sha256 not in self.acceptances:
            first = f" The first: {refused[0].reason}" if refused else ""
            raise FileRefusedError(
                "too_many_refused_rows",
                f"More than {self.limits.max_refused_rows:,} rows cannot be used.{first}",
                "Correct the export, and deliver the file again.",
            )


@dataclass
class ReadPart:
    """One understood sheet or file of a list, read and not yet judged."""

    delivery: Delivery
    snapshot: Snapshot
    grid: Grid
    header: Header
    conventions: Conventions
    batches: list[ReadBatch]
    refused_rows: list[RefusedRow]
    remarks: list[Remark]

    @property
    def subject(self) -> str:
        """The file, and its sheet if it has several, as results name it."""
        return f"{self.delivery.file_name}{f' [{self.grid.sheet_name}]' if self.grid.sheet_name else ''}"


@dataclass
class Part:
    """One understood sheet or file of a list: its accepted cells and what was refused of it."""

    delivery: Delivery
    snapshot: Snapshot
    grid: Grid
    header: Header
    conventions: Conventions
    cells: pa.Table  # row_number, c0 … cn (as delivered, blank = null), f_<field>, id_key
    refused_rows: list[RefusedRow]
    refused_values: list[dict[str, Any]]
    result: SuiteResult
    rows_read: int
    remarks: list[Remark] = dataclasses.field(default_factory=list)


def read_file(
    delivery: Delivery, snapshot: Snapshot, rules: Rules, unused_sheets: list[tuple[str, str]], seconds: Seconds
) -> list[ReadPart]:
    """Read the sheets of a file, each for the object that its name or its header says.

    Args:
        delivery: the file in the landing folder.
        snapshot: the private copy.
        rules: of the workspace.
        unused_sheets: gets the names of sheets that are not read, also when the file is refused, and the rule.
        seconds: gets the time.

    Returns:
        The parts of lists in it.

    Raises:
        FileRefusedError: the file cannot be used as a whole.
    """
    with seconds.of("read and split"):
        encoding = rules.parties[delivery.party_id].encoding
        suffix = delivery.path.suffix.lower()
        grids = READER.read(snapshot, suffix, rules.mappings.known_headers, rules.limits, encoding)
        unused_sheets.extend((grid.sheet_name or "", "sheet_hidden") for grid in grids if grid.is_hidden)
        heads = [(grid, first_rows(grid, rules.limits.header_search_rows)) for grid in grids]
    filled = [(grid, head) for grid, head in heads if head]
    if not filled:
        if any(grid.refused for grid in grids):
            raise FileRefusedError(
                "no_readable_row", grids[0].refused[0].reason, "Export the list again; no row could be read."
            )
        raise FileRefusedError("empty_file", "The file has no rows.", "Export the list again.")
    parts: list[ReadPart] = []
    problem: FileRefusedError | None = None
    for grid, head in filled:
        object_name = _object_of(grid, head, delivery, rules.mappings) if len(filled) > 1 else delivery.object
        try:
            header = _header(head, object_name, rules.parties[delivery.party_id].source_system, rules.mappings)
        except FileRefusedError as refusal:
            if object_name == delivery.object:
                problem = problem or refusal
                continue
            header = None
        if header is None:
            unused_sheets.append((grid.sheet_name or "", "sheet_not_used"))
        else:
            parts.append(_read_part(delivery, snapshot, grid, head, header, rules, seconds))
    if problem or not parts:
        raise problem or FileRefusedError(
            "no_readable_sheet",
            f"No sheet of the workbook holds {delivery.object}.",
            "Put the list with its header into a sheet of its own.",
        )
    return parts


def _object_of(
    grid: Grid, head: list[tuple[int, list[str]]], delivery: Delivery, mappings: ColumnMappings
) -> str | None:
    """Tell which object one of several sheets holds, by its name or its header; null when it holds none."""
    # answers come in a file of that name, so that no partner slips them into a workbook of lists
    others = [delivery.object or "", *(name for name in LISTS if name != delivery.object)]
    return object_of_sheet(grid.sheet_name or "") or mappings.best_object(head, others)


def _header(
    head: list[tuple[int, list[str]]], object_name: str | None, declared: str | None, mappings: ColumnMappings
) -> Header | None:
    """Find the header of an object; none for a sheet that holds no object."""
    if object_name is None:
        return None
    if declared:
        try:
            return mappings.find_header(head, object_name, declared)
        except FileRefusedError:
            pass  # the party changed its system, or one list comes from elsewhere
    return mappings.find_header(head, object_name, None)


def _read_part(
    delivery: Delivery,
    snapshot: Snapshot,
    grid: Grid,
    head: list[tuple[int, list[str]]],
    header: Header,
    rules: Rules,
    seconds: Seconds,
) -> ReadPart:
    """Read the rows below a header, and their values."""
    refused: list[RefusedRow] = []
    head_cells = head[header.position][1]
    with seconds.of("read and split"):
        batches = _batches(delivery, snapshot, grid, header, rules, refused)
    with seconds.of("leave out what is no record"):
        batches = leave_out(header, head_cells, batches, rules.mappings, refused)
    if rules.forgotten:
        with seconds.of("leave out the forgotten"):
            header = rules.forgotten.header(header)
            kept = [rules.forgotten.keep_others(delivery.party_id, header, batch) for batch in batches]
        batches = [batch for batch, _ in kept if len(batch[0])]
        refused.extend(row for _, rows in kept for row in rows)
    with seconds.of("read values"):
        header, remarks = settle(header, batches, rules.vocabulary.words)
        mapped = list(_side_by_side(lambda batch: map_fields(batch[1], header), batches))
        party = rules.parties[delivery.party_id]
        names = mapped[0][0] if mapped else {}
        conventions = readings.find_conventions(
            {name: pa.chunked_array([fields[name] for fields, _ in mapped]) for name in names},
            header.object,
            Conventions(party.date_order, party.decimal_mark),
        )
        is_of_units = delivery.party_id == US and bool(rules.units.words)
        unit = rules.units.of_file(delivery.file_name, header.object)
        read: list[ReadBatch] = []
        for batch in _side_by_side(
            lambda both: read_batch(header, conventions, rules.vocabulary, *both), zip(batches, mapped, strict=True)
        ):
            read.append(rules.units.tell_apart(batch, unit) if is_of_units else batch)
            progress.tell_more(f"{delivery.file_name}: checking the rows up to {batch.rows[0][-1]:,}")
    return ReadPart(delivery, snapshot, grid, header, conventions, read, refused, remarks)


def keep_part(part: ReadPart, result: SuiteResult, positions: Sequence[Positions], rules: Rules) -> Part:
    """Keep what is accepted of a part, and describe what is refused and what is to be known of it.

    Args:
        part: as it was read; nothing of it is needed afterwards.
        result: what the suite found in it.
        positions: what the suite refuses, by batch.
        rules: of the workspace.

    Returns:
        The part.

    Raises:
        FileRefusedError: more rows are refused than anybody would look through.
    """
    refused, header = part.refused_rows, part.header
    tables = [pa.table({"row_number": pa.array([], pa.int64())})]
    refused_values: list[dict[str, Any]] = []
    for batch, of_batch in zip(part.batches, positions, strict=True):
        kept = keep_batch(
            header, part.conventions, batch, of_batch, lambda more: rules.check_bound(refused, more, part.snapshot)
        )
        refused.extend(kept.refused_rows)
        refused_values.extend(kept.refused_values)
        tables.append(kept.cells)
    refused.extend(part.grid.refused)
    cells = pa.concat_tables(tables[1:] or tables)
    remarks = list(part.remarks)
    if len(tables) > 1:
        named = {remark.column_name for remark in remarks}
        columns = {column.index: cells[f"c{column.index}"] for column in header.columns}
        like = partial(rules.mappings.field_like, header.object)
        unread = unread_columns(header, columns, rules.vocabulary.words, like)
        remarks += [remark for remark in unread if remark.column_name not in named]
        remarks += several_values(header, columns)
    remarks += part.grid.remarks
    return Part(
        part.delivery,
        part.snapshot,
        part.grid,
        header,
        part.conventions,
        cells,
        refused,
        refused_values,
        result,
        cells.num_rows + len(refused),
        remarks,
    )


def _batches(
    delivery: Delivery, snapshot: Snapshot, grid: Grid, header: Header, rules: Rules, refused: list[RefusedRow]
) -> list[Batch]:
    """Read the even rows below a header as columns; the others are refused."""

    def even() -> Iterator[RowBatch]:
        for numbers, rows in rows_below(grid, header):
            kept_numbers, kept_rows = keep_even_rows(numbers, rows, len(header.columns), refused)
            rules.check_bound(refused or grid.refused, len(grid.refused) if refused else 0, snapshot)
            if len(kept_numbers):
                yield kept_numbers, kept_rows

    batches: list[Batch] = []
    rows_read = 0
    for batch in _side_by_side(lambda rows: as_columns(*rows, rules.limits), even()):
        if len(batch[0]):
            batches.append(batch)
            rows_read += len(batch[0])
            progress.tell_more(f"{delivery.file_name}: {rows_read:,} rows read")
    return batches


_AT_ONCE = min(os.cpu_count() or 1, 4)  # each batch more takes its memory

_Given = TypeVar("_Given")
_Made = TypeVar("_Made")


def _side_by_side(work: Callable[[_Given], _Made], items: Iterable[_Given]) -> Iterator[_Made]:
    """Work on several batches at once, which Arrow can; give what becomes of them in their order."""
    rest = iter(items)
    first = list(itertools.islice(rest, 2))
    if len(first) < 2 or _AT_ONCE == 1:  # noqa: PLR2004 (threads cost more than a small file)
        yield from map(work, itertools.chain(first, rest))
        return
    with ThreadPoolExecutor(_AT_ONCE) as threads:
        begun: deque[Future[_Made]] = deque()
        for item in itertools.chain(first, rest):
            begun.append(threads.submit(work, item))
            if len(begun) == _AT_ONCE:
                yield begun.popleft().result()
        while begun:
            yield begun.popleft().result()


def _vocabularies(value_rows: Sequence[Mapping[str, str]], reference: Path) -> dict[str, frozenset[str]]:
    """Words by vocabulary: those that are mapped, and the words of the vocabularies themselves."""
    words: dict[str, set[str]] = defaultdict(set)
    for row in value_rows:
        words[row["field"]] |= {mapping_key(row["source_value"]), mapping_key(row["value"])}
    for row in _rows(reference / "countries.csv"):
        words["country"] |= {mapping_key(row["alias"]), mapping_key(row["country_code"])}
    words["industry"] |= {mapping_key(row["industry"]) for row in _rows(reference / "industries.csv")}
    return {vocabulary: frozenset(found - {""}) for vocabulary, found in words.items()}


def _rows(path: Path) -> list[dict[str, str]]:
    """Rows of a seed."""
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))
