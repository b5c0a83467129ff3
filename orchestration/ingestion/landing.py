"""Loading a month: from the landing folder to the raw tables, everything refused kept with its reason.

Belongs here: which files are looked at, in what order things happen to them, ids, identical rows, and the transaction.
Does not belong here: how a format is read (readers.py, workbooks.py), what a value means (readings.py), what is
expected (validation).
"""

import csv
import itertools
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from orchestration.ingestion import readings
from orchestration.ingestion.columns import (
    as_columns,
    first_rows,
    id_keys,
    keep_even_rows,
    map_fields,
    read_grids,
    rows_below,
)
from orchestration.ingestion.folder import (
    Acceptance,
    Delivery,
    Party,
    find_deliveries,
    read_acceptances,
    read_parties,
)
from orchestration.ingestion.forgotten import Forgotten, forgotten_folder
from orchestration.ingestion.mapping import ColumnMappings, Header, object_of_sheet
from orchestration.ingestion.readers import (
    FileRefusedError,
    Grid,
    Limits,
    RefusedRow,
    Snapshot,
    escape_controls,
    hash_file,
    row_as_text,
    take_snapshot,
)
from orchestration.objects import OBJECTS
from orchestration.runs import progress
from orchestration.validation import delivered
from orchestration.validation.page import keep_results
from orchestration.validation.suite import Outcome, SuiteResult
from orchestration.warehouse.schema import (
    FILES,
    TABLES,
    check_exports_folder,
    check_month_is_kept,
    check_release,
    create_raw_tables,
    record_exports_folder,
)
from orchestration.warehouse.sql import identifier, literal, transaction

# What speaks against a file as a whole, and what a person may overrule for that file.
ACCEPTABLE = frozenset({"file_too_large", "row_count_dropped", "too_many_refused_rows"})


@dataclass
class Part:
    """One understood sheet or file of a list: its accepted cells and what was refused of it."""

    delivery: Delivery
    snapshot: Snapshot
    grid: Grid
    header: Header
    conventions: readings.Conventions
    cells: pa.Table  # row_number, c0 … cn (as delivered, blank = null), f_<field>, id_key
    refused_rows: list[RefusedRow]
    refused_values: list[dict[str, Any]]
    result: SuiteResult
    rows_read: int


@dataclass
class LandingSummary:
    """What came of loading a month."""

    month: date
    run_id: str
    files: list[dict[str, Any]] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)
    page: Path | None = None
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))


def land_month(
    warehouse: Path,
    exports: Path,
    seeds: Path,
    month: date,
    run_id: str,
    loaded_at: datetime,
    results_dir: Path,
    limits: Limits | None = None,
) -> LandingSummary:
    """Load every party's exports of one month into schema raw.

    Args:
        warehouse: the DuckDB file; created when missing.
        exports: the landing folder, ``<party_id>/<YYYY-MM>/<object>*``.
        seeds: the folder with partners.csv, column_mappings.csv and legal_forms.csv.
        month: first day of the month to load.
        run_id: recorded with every row.
        loaded_at: UTC; recorded with every row.
        results_dir: validation results are kept in a folder of it, named like the run.
        limits: bounds of what a file may be.

    Returns:
        The files with what became of them, the rows of every raw table, and the page of validation results.

    Raises:
        FileNotFoundError: the landing folder does not exist.
        WarehouseRefusedError: the warehouse was built from another exports folder or by a newer release, cannot be
            brought up to date, or no longer holds what the month rests on.
        ValueError: a seed, or the list of who is to be forgotten, cannot be used.
    """
    if not exports.is_dir():
        raise FileNotFoundError(f"The landing folder {exports} does not exist.")
    check_exports_folder(warehouse, exports)
    check_release(warehouse)
    limits = limits or Limits()
    summary = LandingSummary(month, run_id)
    parties = read_parties(seeds / "partners.csv")
    landing = _Landing(
        month=month,
        run_id=run_id,
        loaded_at=loaded_at.replace(tzinfo=None),
        parties=parties,
        forgotten=Forgotten.read(forgotten_folder(seeds), [p.party_id for p in parties.values() if p.withdrawn_on]),
        mappings=ColumnMappings.read(seeds / "column_mappings.csv"),
        words=readings.NameWords(_column(seeds / "legal_forms.csv", "form")),
        currencies=_mapped_currencies(seeds / "value_mappings.csv"),
        limits=limits,
        acceptances=read_acceptances(seeds / "accepted_files.csv"),
        summary=summary,
    )
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        check_month_is_kept(connection, month)
        record_exports_folder(connection, warehouse, exports)
        connection.execute(
            "insert into raw.loaded_months select $month where $month not in (from raw.loaded_months)", {"month": month}
        )
        with _snapshots(warehouse.parent / "landing") as snapshots:
            results = landing.run(connection, exports, snapshots)
        for table in TABLES:
            counted = connection.execute(f"select count(*) from raw.{table} where export_month = ?", [month])  # noqa: S608 (our own table and column names)
            summary.row_counts[table] = counted.fetchall()[0][0]
    with landing.timed("write the page"):
        summary.page = keep_results(results_dir, run_id, results)
    return summary


@dataclass
class _Landing:
    """One load of one month; a class only so that its many settings are named once."""

    month: date
    run_id: str
    loaded_at: datetime
    parties: dict[str, Party]
    forgotten: Forgotten
    mappings: ColumnMappings
    words: readings.NameWords
    currencies: frozenset[str]
    limits: Limits
    acceptances: dict[str, Acceptance]
    summary: LandingSummary
    results: list[SuiteResult] = field(default_factory=list)
    _unused_sheets: list[dict[str, Any]] = field(default_factory=list)

    def run(self, connection: duckdb.DuckDBPyConnection, exports: Path, snapshots: Path) -> list[SuiteResult]:
        """Load every list; what fails costs its own list only."""
        deliveries, with_folder = find_deliveries(exports, self.month, self.parties)
        with transaction(connection):
            connection.execute("delete from raw.files where export_month = ? and status <> 'landed'", [self.month])
            self._write_files(connection, [self._not_opened(d) for d in deliveries if d.refusal])
        done = 0
        for party_id, of_party in itertools.groupby(deliveries, key=lambda d: d.party_id):
            own = list(of_party)
            progress.tell("landing", done, len(deliveries), "files")
            parts, failures = self._read_party([d for d in own if not d.refusal], snapshots)
            for object_name in OBJECTS:
                failed = [(d, problem) for d, problem in failures if d.object == object_name]
                of_object = [part for part in parts if part.header.object == object_name]
                if failed:
                    self._quarantine(connection, of_object, failed)
                elif of_object:
                    self._land(connection, self.parties[party_id], object_name, of_object)
                elif party_id in with_folder and not failures and not any(d.refusal for d in own):
                    self._withdraw(connection, party_id, object_name)
            done += len(own)
        progress.tell("landing", done, len(deliveries), "files")
        return self.results

    @contextmanager
    def timed(self, step: str) -> Iterator[None]:
        """Add the seconds of a block to the summary."""
        started = time.perf_counter()
        yield
        self.summary.seconds[step] += time.perf_counter() - started

    # --- reading ------------------------------------------------------------------------------------------------

    def _read_party(
        self, deliveries: Sequence[Delivery], snapshots: Path
    ) -> tuple[list[Part], list[tuple[Delivery, FileRefusedError]]]:
        parts: list[Part] = []
        failures: list[tuple[Delivery, FileRefusedError]] = []
        for delivery in deliveries:
            try:
                with self.timed("copy and hash"):
                    snapshot = take_snapshot(delivery.path, snapshots, self.limits, self.acceptances)
                parts.extend(self._read_file(delivery, snapshot))
            except FileRefusedError as problem:
                failures.append((delivery, problem))
        return parts, failures

    def _read_file(self, delivery: Delivery, snapshot: Snapshot) -> list[Part]:
        """Read the sheets of a file, each for the object that its name or its header says."""
        declared = self.parties[delivery.party_id].source_system
        with self.timed("read and split"):
            grids = read_grids(snapshot, delivery.path.suffix.lower(), self.mappings.known_headers, self.limits)
            heads = [(grid, first_rows(grid, self.limits.header_search_rows)) for grid in grids]
        filled = [(grid, head) for grid, head in heads if head]
        if not filled:
            if any(grid.refused for grid in grids):
                raise FileRefusedError(
                    "no_readable_row", grids[0].refused[0].reason, "Export the list again; no row could be read."
                )
            raise FileRefusedError("empty_file", "The file has no rows.", "Export the list again.")
        parts: list[Part] = []
        problem: FileRefusedError | None = None
        for grid, head in filled:
            object_name = delivery.object or ""
            if len(filled) > 1:
                named = object_of_sheet(grid.sheet_name or "")
                # decisions come in a file of that name, so that no partner slips them into a workbook of lists
                others = [delivery.object or "", *(o for o in OBJECTS if o not in (delivery.object, "decisions"))]
                guessed = named or self.mappings.best_object(head, others)
                if guessed is None:
                    self._note_unused_sheet(delivery, snapshot, grid)
                    continue
                object_name = guessed
            try:
                header = self._header(head, object_name, declared)
            except FileRefusedError as refusal:
                if object_name == delivery.object:
                    problem = problem or refusal
                else:
                    self._note_unused_sheet(delivery, snapshot, grid)
                continue
            parts.append(self._read_part(delivery, snapshot, grid, header))
        if problem or not parts:
            raise problem or FileRefusedError(
                "no_readable_sheet",
                f"No sheet of the workbook holds {delivery.object}.",
                "Put the list with its header into a sheet of its own.",
            )
        return parts

    def _header(self, head: list[tuple[int, list[str]]], object_name: str, declared: str | None) -> Header:
        if declared:
            try:
                return self.mappings.find_header(head, object_name, declared)
            except FileRefusedError:
                pass  # the party changed its system, or one list comes from elsewhere
        return self.mappings.find_header(head, object_name, None)

    def _note_unused_sheet(self, delivery: Delivery, snapshot: Snapshot, grid: Grid) -> None:
        self._unused_sheets.append(
            {
                **self._file_row(delivery, "not_opened"),
                "file_sha256": snapshot.sha256,
                "size_bytes": snapshot.size_bytes,
                "sheet_name": grid.sheet_name,
                "rule": "sheet_not_used",
                "reason": f"The sheet '{grid.sheet_name}' holds no list that is known.",
                "remedy": "Nothing if it is a note; else name its columns as in seeds/column_mappings.csv.",
            }
        )

    def _read_part(self, delivery: Delivery, snapshot: Snapshot, grid: Grid, header: Header) -> Part:
        """Read the rows below a header, judge them, and keep what is accepted."""
        width = len(header.columns)
        refused: list[RefusedRow] = []
        batches: list[tuple[npt.NDArray[np.int64], list[pa.Array], pa.Array]] = []
        rows_read = 0
        with self.timed("read and split"):
            for numbers, rows in rows_below(grid, header):
                kept_numbers, kept_rows = keep_even_rows(numbers, rows, width, refused)
                self._bound(len(refused) + len(grid.refused), refused or grid.refused, snapshot)
                if len(kept_numbers):
                    batch = as_columns(kept_numbers, kept_rows, self.limits)
                    if len(batch[0]):
                        batches.append(batch)
                        rows_read += len(batch[0])
                        progress.tell_more(f"{delivery.file_name}: {rows_read:,} rows read")
        if self.forgotten:
            with self.timed("leave out the forgotten"):
                kept = [self.forgotten.keep_others(delivery.party_id, header, batch) for batch in batches]
            batches = [batch for batch, _ in kept if len(batch[0])]
            refused.extend(row for _, rows in kept for row in rows)
        with self.timed("read values"):
            mapped = [map_fields(columns, header) for _, columns, _ in batches]
            party = self.parties[delivery.party_id]
            conventions = readings.find_conventions(
                {
                    name: pa.chunked_array([fields[name] for fields, _ in mapped])
                    for name in (mapped[0][0] if mapped else {})
                },
                header.object,
                readings.Conventions(party.date_order, party.decimal_mark),
            )
        subject = f"{delivery.file_name}{f' [{grid.sheet_name}]' if grid.sheet_name else ''}"
        part = Part(
            delivery,
            snapshot,
            grid,
            header,
            conventions,
            pa.table({"row_number": pa.array([], pa.int64())}),
            refused,
            [],
            SuiteResult(f"{header.object}_at_the_door", subject, []),
            0,
        )
        tables = [
            self._judge(part, numbers, columns, structure, fields, conflicts)
            for (numbers, columns, structure), (fields, conflicts) in zip(batches, mapped, strict=True)
        ]
        if tables:
            part.cells = pa.concat_tables(tables)
        refused.extend(grid.refused)
        part.rows_read = part.cells.num_rows + len(refused)
        return part

    def _judge(
        self,
        part: Part,
        numbers: npt.NDArray[np.int64],
        columns: list[pa.Array],
        structure: pa.Array,
        fields: dict[str, pa.Array],
        conflicts: dict[str, pa.Array],
    ) -> pa.Table:
        """Let the suite decide on one batch; give the accepted rows, keep the refused ones in the part."""
        object_name, header = part.header.object, part.header
        progress.tell_more(f"{part.delivery.file_name}: checking the rows up to {numbers[-1]:,}")
        with self.timed("read values"):
            codes = readings.read_cells(fields, object_name, part.conventions, self.words, self.currencies)
            codes = readings.add_conflicts(codes, conflicts, structure)
        with self.timed("validate"):
            # Categories: the codes are few, and Great Expectations compares them faster than texts.
            frame = pa.table({name: code.dictionary_encode() for name, code in codes.items()}).to_pandas()
            result, positions = delivered.judge_readings(
                object_name, part.result.subject, frame, readings.reading_rules(object_name)
            )
            part.result.add(result)
        with self.timed("keep what was refused"):
            refused_rows = positions["row__reading"]
            self._bound(len(refused_rows) + len(part.refused_rows), part.refused_rows, part.snapshot)
            for position in refused_rows.tolist():
                cells = [column[position].as_py() for column in columns]
                part.refused_rows.append(
                    readings.refuse_row(int(numbers[position]), cells, codes["row__reading"][position].as_py(), header)
                )
            is_refused = np.zeros(len(numbers), dtype=bool)
            is_refused[refused_rows] = True
            for reading, places in positions.items():
                name = reading.removesuffix("__reading")
                if name == "row":
                    continue
                shown = header.sources_of(name)[0].header
                for position in places[~is_refused[places]].tolist():
                    code = codes[reading][position].as_py()
                    value = readings.delivered_value(
                        code,
                        [columns[c.index][position].as_py() for c in header.sources_of(name)],
                        fields[name][position].as_py(),
                    )
                    number = int(numbers[position])
                    reason, remedy = readings.explain(code, shown, value, number, part.conventions)
                    part.refused_values.append(
                        {
                            "row_number": number,
                            "column_name": name,
                            "header": shown,
                            "value": value,
                            "rule": code,
                            "reason": reason,
                            "remedy": remedy,
                        }
                    )
        table = pa.table(
            {
                "row_number": pa.array(numbers),
                **{f"c{index}": column for index, column in enumerate(columns)},
                **{f"f_{name}": column for name, column in fields.items()},
                "id_key": id_keys(fields, object_name),
            }
        )
        return table.filter(pa.array(~is_refused)) if is_refused.any() else table

    def _bound(self, count: int, refused: list[RefusedRow], snapshot: Snapshot) -> None:
        """Refuse the file when more of its rows are refused than anybody would look through."""
        if count > self.limits.max_refused_rows and snapshot.sha256 not in self.acceptances:
            first = f" The first: {refused[0].reason}" if refused else ""
            raise FileRefusedError(
                "too_many_refused_rows",
                f"More than {self.limits.max_refused_rows:,} rows cannot be used.{first}",
                "Correct the export, and deliver the file again.",
            )

    # --- writing ------------------------------------------------------------------------------------------------

    def _land(self, connection: duckdb.DuckDBPyConnection, party: Party, object_name: str, parts: list[Part]) -> None:
        """Replace a party's list of the month, unless the list as a whole is not acceptable."""
        previous = connection.execute(
            f"select sum(identical_row_count) from raw.{object_name} where party_id = ? and export_month < ? "  # noqa: S608 (our own table and column names)
            "group by export_month order by export_month desc limit 1",
            [party.party_id, self.month],
        ).fetchall()
        if object_name == "decisions":  # they come as they are made, few in one month and many in another
            previous = []
        usable = sum(part.cells.num_rows for part in parts)
        facts = {
            "rows_read": sum(part.rows_read for part in parts),
            "rows_usable": usable,
            "share_of_last_month": usable / previous[0][0] if previous and previous[0][0] else None,
            "min_share_of_last_month": self.limits.min_share_of_last_month,
        }
        with self.timed("validate"):
            subject = ", ".join(dict.fromkeys(part.delivery.file_name for part in parts))
            shape = delivered.judge_file(object_name, subject, facts)
        self.results.extend([shape, *(part.result for part in parts)])
        is_accepted = all(part.snapshot.sha256 in self.acceptances for part in parts)
        for outcome in shape.outcomes:
            if not outcome.success and not (is_accepted and outcome.rule in ACCEPTABLE):
                reason = _shape_reason(outcome, facts, previous, parts)
                problem = FileRefusedError(outcome.rule, reason, outcome.remedy)
                self._quarantine(connection, [], [(part.delivery, problem) for part in parts], judged=True)
                return
        progress.tell_more(f"{subject}: writing {usable:,} rows")
        with self.timed("write to raw"), transaction(connection):
            self._clear(connection, party.party_id, object_name)
            self._insert(connection, party, object_name, parts)

    def _insert(self, connection: duckdb.DuckDBPyConnection, party: Party, object_name: str, parts: list[Part]) -> None:
        """Give ids, collapse identical rows, refuse contradictory ones, and write all tables of the list."""
        names = OBJECTS[object_name].field_names
        selects = []
        for index, part in enumerate(parts):
            connection.register(f"part_{index}", part.cells)
            if part.cells.num_rows:
                selects.append(_incoming_select(index, part, names))
        connection.execute(f"create or replace temp view incoming as {' union all by name '.join(selects)}")
        # Only ids that come more than once need a closer look, and their rows are few as a rule.
        connection.execute(
            """
            create or replace temp table repeated as
            select base_id, is_delivered from incoming group by all having count(*) > 1
            """
        )
        present = [name for name in names if any(f"f_{name}" in part.cells.column_names for part in parts)]
        content = ", ".join(f"coalesce({identifier(name)}, chr(30))" for name in [*present, "extra"])
        connection.execute(
            f"""
            create or replace temp table repeats as
            select
                part, row_number, base_id, is_delivered, md5(concat_ws(chr(31), {content})) as content,
                count(distinct content) over (partition by base_id, is_delivered) as variant_count,
                count(*) over (partition by base_id, is_delivered, content) as identical_row_count,
                row_number() over (partition by base_id, is_delivered, content order by part, row_number) as occurrence
            from incoming semi join repeated using (base_id, is_delivered)
            """  # noqa: S608 (our own table and column names)
        )
        conflicting = connection.execute(
            "select part, row_number, base_id from repeats where is_delivered and variant_count > 1 order by 1, 2"
        ).fetchall()
        self._refuse_conflicting(parts, conflicting)
        connection.execute(
            """
            create or replace temp view kept as
            select
                incoming.* exclude (base_id, is_delivered),
                -- Rows without an id that share a name stay apart by the whole of their content.
                base_id || coalesce('-' || left(case when variant_count > 1 then content end, 8), '') as source_id,
                coalesce(identical_row_count, 1)::integer as identical_row_count
            from incoming left join repeats using (part, row_number, base_id, is_delivered)
            where coalesce(occurrence, 1) = 1 and not (is_delivered and coalesce(variant_count, 1) > 1)
            """
        )
        self._register_parts(connection, party, parts)
        connection.execute(
            f"""
            insert into raw.{object_name} by name
            select kept.* exclude (part), provenance.* exclude (part), $default_currency as default_currency
            from kept inner join provenance on kept.part = provenance.part
            """,  # noqa: S608 (our own table and column names)
            {"default_currency": party.default_currency},
        )
        self._insert_refusals(connection, object_name, parts)
        counts = dict(connection.execute("select part, count(*) from kept group by part").fetchall())
        valued = dict(
            connection.execute(
                "select part, count(*) from refused_values semi join kept using (part, row_number) group by part"
            ).fetchall()
        )
        self._write_files(
            connection,
            [self._landed(part, counts.get(index, 0), valued.get(index, 0)) for index, part in enumerate(parts)],
        )
        for view in ("kept", "incoming"):
            connection.execute(f"drop view {view}")
        for table in ("repeated", "repeats"):
            connection.execute(f"drop table {table}")
        for view in (*(f"part_{index}" for index in range(len(parts))), "provenance", "refused_values", "refused_rows"):
            connection.unregister(view)

    def _refuse_conflicting(self, parts: list[Part], conflicting: list[tuple[int, int, str]]) -> None:
        """Refuse every row of an id that the list uses for differing rows."""
        by_part: dict[int, list[tuple[int, str]]] = defaultdict(list)
        places: dict[str, list[str]] = defaultdict(list)
        for index, number, source_id in conflicting:
            by_part[index].append((number, source_id))
            places[source_id].append(f"{Path(parts[index].delivery.file_name).name} row {number}")
        for index, rows in by_part.items():
            part = parts[index]
            width = len(part.header.columns)
            position_of = {number: place for place, number in enumerate(part.cells["row_number"].to_pylist())}
            columns = [part.cells[f"c{i}"] for i in range(width)]
            ids = part.header.sources_of("source_id")
            for number, source_id in rows:
                cells = [column[position_of[number]].as_py() for column in columns]
                others = places[source_id]
                listed = ", ".join(others[:5]) + (f" and {len(others) - 5} more" if len(others) > 5 else "")  # noqa: PLR2004 (enough to find them by)
                part.refused_rows.append(
                    RefusedRow(
                        number,
                        row_as_text(cells),
                        "source_id_not_unique",
                        f"Row {number}, column '{ids[0].header}': the id '{source_id[:80]}' is used for rows that "
                        f"differ ({listed}), so it is not known which is right.",
                        "Keep one row for the id, or give each its own, and deliver the file again.",
                        "source_id",
                    )
                )

    def _insert_refusals(self, connection: duckdb.DuckDBPyConnection, object_name: str, parts: list[Part]) -> None:
        if self.forgotten:
            for part in parts:
                part.refused_rows = [self.forgotten.refused_row(row, object_name) for row in part.refused_rows]
                for value in part.refused_values:
                    value |= {name: self.forgotten.redact(value[name]) for name in ("value", "reason")}
        rows = [
            {"part": index, **{name: getattr(row, name) for name in _REFUSED_ROW}}
            for index, part in enumerate(parts)
            for row in sorted(part.refused_rows, key=lambda r: r.row_number)
        ]
        refused = [{"part": index, **value} for index, part in enumerate(parts) for value in part.refused_values]
        row_types = {"part": pa.int32(), "row_number": pa.int64()} | {n: pa.string() for n in _REFUSED_ROW[1:]}
        value_types = {"part": pa.int32(), "row_number": pa.int64()} | {n: pa.string() for n in _REFUSED_VALUE[1:]}
        connection.register("refused_rows", pa.Table.from_pylist(rows, pa.schema(list(row_types.items()))))
        connection.register("refused_values", pa.Table.from_pylist(refused, pa.schema(list(value_types.items()))))
        connection.execute(
            """
            insert into raw.rejected_rows by name
            select
                refused_rows.* exclude (part),
                provenance.* exclude (part, date_order, decimal_mark),
                $object as object
            from refused_rows inner join provenance using (part) order by part, row_number
            """,
            {"object": object_name},
        )
        connection.execute(
            """
            insert into raw.rejected_values by name
            select
                refused_values.* exclude (part),
                provenance.* exclude (part, date_order, decimal_mark),
                $object as object,
                kept.source_id
            from refused_values
            inner join kept on refused_values.part = kept.part and refused_values.row_number = kept.row_number
            inner join provenance on refused_values.part = provenance.part
            order by refused_values.part, refused_values.row_number, refused_values.column_name
            """,
            {"object": object_name},
        )

    def _register_parts(self, connection: duckdb.DuckDBPyConnection, party: Party, parts: list[Part]) -> None:
        text = pa.string()
        schema = pa.schema(
            [
                *(("part", pa.int32()), ("party_id", text), ("export_month", pa.date32()), ("file_name", text)),
                *(("file_sha256", text), ("sheet_name", text), ("source_system", text)),
                *(("loaded_at", pa.timestamp("us")), ("run_id", text), ("date_order", text), ("decimal_mark", text)),
            ]
        )
        rows = [
            {
                "part": index,
                "party_id": party.party_id,
                "export_month": self.month,
                "file_name": part.delivery.file_name,
                "file_sha256": part.snapshot.sha256,
                "sheet_name": part.grid.sheet_name,
                "source_system": part.header.source_system,
                "loaded_at": self.loaded_at,
                "run_id": self.run_id,
                "date_order": part.conventions.date_order,
                "decimal_mark": part.conventions.decimal_mark,
            }
            for index, part in enumerate(parts)
        ]
        connection.register("provenance", pa.Table.from_pylist(rows, schema))

    def _quarantine(
        self,
        connection: duckdb.DuckDBPyConnection,
        parts: list[Part],
        failed: list[tuple[Delivery, FileRefusedError]],
        *,
        judged: bool = False,
    ) -> None:
        """Record that a list was not loaded; what was loaded before stays."""
        if not judged:
            self.results.extend(part.result for part in parts)
            for delivery, problem in failed:
                self.results.append(_refused_result(delivery, problem))
        rows: list[dict[str, Any]] = []
        for delivery, problem in dict(failed).items():
            row = self._file_row(delivery, "quarantined")
            row |= {"rule": problem.rule, "reason": problem.reason, "remedy": problem.remedy}
            row |= _fingerprint(delivery.path)
            if problem.rule in ACCEPTABLE and "file_sha256" in row:
                row["remedy"] = (
                    f"{problem.remedy} If it is right as it is, accept it once by a row in seeds/accepted_files.csv: "
                    f"{row['file_sha256']}, your name, the day, and why."
                )
            rows.append(row)
        names = ", ".join(sorted(Path(delivery.file_name).name for delivery, _ in failed))
        for part in parts:
            row = self._landed(part, 0, 0) | {"status": "quarantined", "rule": "list_incomplete"}
            row["reason"] = (
                f"Another file of the same list could not be used ({names}), so the list is not loaded in part."
            )
            row["remedy"] = "Correct the other file, then run again."
            rows.append(row)
        with transaction(connection):
            self._write_files(connection, rows)

    def _withdraw(self, connection: duckdb.DuckDBPyConnection, party_id: str, object_name: str) -> None:
        """Take back what an earlier load of this month left, when its file has been taken out of the month's folder."""
        with transaction(connection):
            self._clear(connection, party_id, object_name)

    def _clear(self, connection: duckdb.DuckDBPyConnection, party_id: str, object_name: str) -> None:
        key = [party_id, self.month]
        connection.execute(f"delete from raw.{object_name} where party_id = ? and export_month = ?", key)  # noqa: S608 (our own table and column names)
        for table in ("files", "rejected_rows", "rejected_values"):
            landed = " and status = 'landed'" if table == "files" else ""
            connection.execute(
                f"delete from raw.{table} where party_id = ? and export_month = ? and object = ?{landed}",  # noqa: S608 (our own table and column names)
                [*key, object_name],
            )

    def _write_files(self, connection: duckdb.DuckDBPyConnection, rows: list[dict[str, Any]]) -> None:
        rows = rows + self._unused_sheets
        self._unused_sheets.clear()
        names = ", ".join(identifier(name) for name in FILES)
        marks = ", ".join("?" for _ in FILES)
        for row in rows:
            complete = {name: row.get(name) for name in FILES}
            if self.forgotten and complete["reason"]:
                complete["reason"] = self.forgotten.redact(complete["reason"])
            connection.execute(f"insert into raw.files ({names}) values ({marks})", list(complete.values()))  # noqa: S608 (our own table and column names)
            self.summary.files.append(complete)

    def _not_opened(self, delivery: Delivery) -> dict[str, Any]:
        refusal = delivery.refusal
        row = self._file_row(delivery, "not_opened")
        if refusal is not None:
            row |= {"rule": refusal.rule, "reason": refusal.reason, "remedy": refusal.remedy}
        return row | _fingerprint(delivery.path)

    def _landed(self, part: Part, accepted: int, values_refused: int) -> dict[str, Any]:
        acceptance = self.acceptances.get(part.snapshot.sha256)
        mapped = {c.header: c.field for c in sorted(part.header.columns, key=lambda c: c.index) if c.field}
        unmapped = [c.header for c in sorted(part.header.columns, key=lambda c: c.index) if not c.field]
        return {
            **self._file_row(part.delivery, "landed"),
            "rule": "accepted_by_a_person" if acceptance else None,
            "reason": (
                f"Accepted by {acceptance.accepted_by} on {acceptance.accepted_on}: {acceptance.reason}"
                if acceptance
                else None
            ),
            "object": part.header.object,
            "file_sha256": part.snapshot.sha256,
            "size_bytes": part.snapshot.size_bytes,
            "encoding": part.grid.encoding,
            "delimiter": part.grid.delimiter,
            "sheet_name": part.grid.sheet_name,
            "header_row_number": part.header.row_number,
            "source_system": part.header.source_system,
            "date_order": part.conventions.date_order,
            "decimal_mark": part.conventions.decimal_mark,
            "column_map": escape_controls(json.dumps(mapped, ensure_ascii=False)),
            "unmapped_columns": escape_controls(json.dumps(unmapped, ensure_ascii=False)),
            "rows_read": part.rows_read,
            "rows_accepted": accepted,
            "rows_rejected": len(part.refused_rows),
            "values_rejected": values_refused,
        }

    def _file_row(self, delivery: Delivery, status: str) -> dict[str, Any]:
        return {
            "party_id": escape_controls(delivery.party_id),
            "object": delivery.object,
            "export_month": self.month,
            "file_name": escape_controls(delivery.file_name),
            "status": status,
            "loaded_at": self.loaded_at,
            "run_id": self.run_id,
        }


_REFUSED_ROW = ("row_number", "row_text", "rule", "column_name", "reason", "remedy")
_REFUSED_VALUE = ("row_number", "column_name", "header", "value", "rule", "reason", "remedy")


def _incoming_select(index: int, part: Part, names: Sequence[str]) -> str:
    """SQL for one part's rows with all fields of the object, its extra columns and its id."""
    available = set(part.cells.column_names)
    fields = [
        f"f_{name} as {identifier(name)}" if f"f_{name}" in available else f"null::varchar as {identifier(name)}"
        for name in names
    ]
    used = {part.header.sources_of(c.field)[0].index for c in part.header.columns if c.field}
    spare = [column for column in part.header.columns if column.index not in used]
    pairs = [
        f"{literal(_json(column.header) + ': ')} || to_json(c{column.index})::varchar"
        for column in sorted(spare, key=lambda c: c.index)
    ]
    extra = f"nullif('{{' || concat_ws(', ', {', '.join(pairs)}) || '}}', '{{}}')" if pairs else "null::varchar"
    delivered = "f_source_id" if "f_source_id" in available else "null::varchar"
    return f"""
        select
            {index} as part, row_number, {", ".join(fields)}, {extra} as extra,
            coalesce({delivered}, 'h-' || left(md5(id_key), 16)) as base_id, {delivered} is not null as is_delivered
        from part_{index}"""  # noqa: S608 (our own table and column names)


def _shape_reason(outcome: Outcome, facts: dict[str, Any], previous: list[tuple[Any, ...]], parts: list[Part]) -> str:
    """Say in figures why a list as a whole was not accepted."""
    if outcome.rule == "row_count_dropped":
        return (
            f"The list has {facts['rows_usable']:,} usable rows, last month's had {previous[0][0]:,}: less than "
            f"{facts['min_share_of_last_month']:.0%} of it. Last month's data stays."
        )
    if outcome.rule == "no_usable_rows":
        first = min((row for part in parts for row in part.refused_rows), key=lambda r: r.row_number)
        return f"None of the {facts['rows_read']:,} rows can be used. The first: {first.reason}"
    return outcome.reason


def _refused_result(delivery: Delivery, problem: FileRefusedError) -> SuiteResult:
    """Show a file that could not be read on the page of results, beside those that were judged."""
    outcome = Outcome(
        problem.rule, "file", "", False, 1, 1, problem.reason, problem.remedy, examples=[delivery.file_name]
    )
    return SuiteResult(f"{delivery.object}_as_a_file", delivery.file_name, [outcome])


def _fingerprint(path: Path) -> dict[str, Any]:
    """Hash and size of a file that is not used; nothing for what cannot be read."""
    try:
        sha256, size = hash_file(path)
    except FileRefusedError:
        return {}
    return {"file_sha256": sha256, "size_bytes": size}


def _column(path: Path, name: str) -> list[str]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return [row[name] for row in csv.DictReader(stream) if row.get(name)]


def _mapped_currencies(path: Path) -> frozenset[str]:
    """Words for currencies that a person has mapped; empty without the seed."""
    if not path.is_file():
        return frozenset()
    with path.open(encoding="utf-8-sig", newline="") as stream:
        rows = csv.DictReader(stream)
        return frozenset(row["source_value"].strip().lower() for row in rows if row.get("field") == "currency")


@contextmanager
def _snapshots(folder: Path) -> Iterator[Path]:
    """Make the folder of private copies, and remove it at the end; a load that was killed left its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _json(text: str) -> str:
    return json.dumps(escape_controls(text), ensure_ascii=False)
