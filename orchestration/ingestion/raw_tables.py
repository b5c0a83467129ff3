"""The raw tables of one load: accepted rows with their ids, what was refused, and what became of every file.

Belongs here: writing; ids where none was delivered, identical rows, and rows that contradict each other, which only
show when a whole list is there. Does not belong here: reading and judging, and the tables' columns
(warehouse/schema.py).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.ingestion.delivery_days import Manifest
from orchestration.ingestion.first_files import Days, keep_days, keep_first_files, note_first_files
from orchestration.ingestion.folder import MANIFEST, NOT_TOUCHED, Acceptance, Delivery, Party
from orchestration.ingestion.forgotten import Forgotten
from orchestration.ingestion.judging import ACCEPTABLE
from orchestration.ingestion.lists import Part
from orchestration.ingestion.refusals import some_of
from orchestration.ingestion.snapshots import (
    FileRefusedError,
    Snapshot,
    escape_controls,
    hash_file,
)
from orchestration.warehouse.schema import FILES, MAPPED
from orchestration.warehouse.sql import transaction


@dataclass
class RawTables:
    """The raw tables, opened to load one month."""

    connection: duckdb.DuckDBPyConnection
    month: date
    run_id: str
    loaded_at: datetime  # UTC, without a zone
    acceptances: dict[str, Acceptance]
    forgotten: Forgotten
    files: list[dict[str, Any]] = field(default_factory=list)  # rows of raw.files that this load has written

    def forget_earlier_attempts(self) -> None:
        """Take out what an earlier load of the month said of files that it did not land."""
        self.connection.execute("delete from raw.files where export_month = ? and status <> 'landed'", [self.month])
        self.connection.execute(
            "delete from raw.rejected_rows where export_month = ? and object = ?", [self.month, MANIFEST]
        )

    def rows_before(self, party_id: str, object_name: str) -> int | None:
        """Count the rows of the last earlier month in which a party delivered a list; null when it never did."""
        previous = self.connection.execute(
            f"select sum(identical_row_count) from raw.{object_name} where party_id = ? and export_month < ? "  # noqa: S608 (our own table and column names)
            "group by export_month order by export_month desc limit 1",
            [party_id, self.month],
        ).fetchone()
        return previous[0] if previous else None

    def columns_before(self, party_id: str, object_name: str) -> tuple[str, dict[str, str]] | None:
        """Give the columns that a party's list had in the last earlier month in which it was delivered.

        Args:
            party_id: the party.
            object_name: the object.

        Returns:
            The month as YYYY-MM, and the field of each column that was read; null when there is no such month.
        """
        found = self.connection.execute(
            """
            select strftime(export_month, '%Y-%m'), column_map from raw.files
            where party_id = ? and object = ? and export_month < ? and status = 'landed'
            qualify export_month = max(export_month) over ()
            """,
            [party_id, object_name, self.month],
        ).fetchall()
        columns = {name: field for _, mapped in found for name, field in json.loads(mapped or "{}").items()}
        return (found[0][0], columns) if found else None

    def replace(
        self, party: Party, object_name: str, parts: list[Part], days: Days, replaced: Sequence[Part] = ()
    ) -> None:
        """Put a party's staged list of the month in the place of what an earlier load left of it.

        Args:
            party: whose list it is.
            object_name: the object.
            parts: its files and sheets, all of them.
            days: the day on which each file came, by hash.
            replaced: files of the month that do not count any more; a record counts as delivered from them on.
        """
        with transaction(self.connection):
            keep_days(self.connection, party.party_id, self.month, days)
            if object_name == MAPPED:
                note_first_files(self.connection, party.party_id, self.month, replaced)
            self._clear(party.party_id, object_name)
            self._insert(party, object_name, parts)
            if object_name == MAPPED:
                keep_first_files(self.connection, party.party_id, self.month)

    def record_manifest(self, delivery: Delivery, manifest: Manifest) -> None:
        """Record the rows of a manifest that cannot be used.

        Args:
            delivery: the file.
            manifest: what was read of it.
        """
        provenance = {
            "party_id": delivery.party_id,
            "export_month": self.month,
            "file_name": delivery.file_name,
            "file_sha256": manifest.sha256,
            "source_system": "plain",
            "loaded_at": self.loaded_at,
            "run_id": self.run_id,
            "object": MANIFEST,
        }
        for refused in manifest.refused:
            row = self.forgotten.refused_row(refused, MANIFEST) if self.forgotten else refused
            described = {name: getattr(row, name) for name in _REFUSED_ROW}
            names, marks = ", ".join(provenance | described), ", ".join("?" for _ in provenance | described)
            self.connection.execute(
                f"insert into raw.rejected_rows ({names}) values ({marks})",  # noqa: S608 (our own names)
                list((provenance | described).values()),
            )

    def take_back(self, party_id: str, object_name: str) -> None:
        """Take out what an earlier load of the month left of a list whose file has been taken out of the folder."""
        with transaction(self.connection):
            self._clear(party_id, object_name)

    def record_not_opened(self, deliveries: Sequence[Delivery]) -> None:
        """Record files that must not be opened.

        Args:
            deliveries: the files, each with its refusal.
        """
        self._write_files([self._not_opened(delivery) for delivery in deliveries])

    def record_unused_sheets(self, delivery: Delivery, snapshot: Snapshot, sheets: Sequence[tuple[str, str]]) -> None:
        """Record sheets of a workbook that hold no list.

        Args:
            delivery: the workbook.
            snapshot: its private copy.
            sheets: their names, each with the rule.
        """
        self._write_files(
            [
                {
                    **self._file_row(delivery, "not_opened"),
                    "file_sha256": snapshot.sha256,
                    "size_bytes": snapshot.size_bytes,
                    "sheet_name": sheet,
                    "rule": rule,
                    "reason": f"The sheet '{sheet}' {_UNUSED_SHEETS[rule][0]}",
                    "remedy": _UNUSED_SHEETS[rule][1],
                }
                for sheet, rule in sheets
            ]
        )

    def record_replaced(self, replaced: Sequence[tuple[Part, Part]]) -> None:
        """Record files that do not count because another file is a later delivery of the same list.

        Args:
            replaced: each with the part that replaces it.
        """
        self._write_files(
            [
                self._landed(part, 0, 0)
                | {
                    "status": "not_opened",
                    "rule": "delivered_twice",
                    "reason": f"The list came twice: {Path(later.delivery.file_name).name} is the later and counts.",
                    "remedy": "Nothing; if the other is meant, take the later one out of the folder.",
                }
                for part, later in replaced
            ]
        )

    def record_quarantined(self, failed: Sequence[tuple[Delivery, FileRefusedError]], parts: Sequence[Part]) -> None:
        """Record that a list was not loaded; what was loaded before stays.

        Args:
            failed: the files that cannot be used, and why.
            parts: of other files of the same list, which could have been.
        """
        rows: list[dict[str, Any]] = []
        for delivery, problem in dict(failed).items():
            row = self._file_row(delivery, "quarantined")
            row |= {"rule": problem.rule, "reason": problem.reason, "remedy": problem.remedy}
            row |= _fingerprint(delivery.path)
            if problem.rule in ACCEPTABLE and "file_sha256" in row:
                row["remedy"] = (
                    f"{problem.remedy} If it is right as it is, accept it once by a row in "
                    f"seeds/company/accepted_files.csv: {row['file_sha256']}, your name, the day, and why."
                )
            rows.append(row)
        names = some_of(sorted(Path(delivery.file_name).name for delivery, _ in failed))
        for part in parts:
            row = self._landed(part, 0, 0) | {"status": "quarantined", "rule": "list_incomplete"}
            row["reason"] = (
                f"Another file of the same list could not be used ({names}), so the list is not loaded in part."
            )
            row["remedy"] = "Correct the other file, then run again."
            rows.append(row)
        with transaction(self.connection):
            self._write_files(rows)

    def _clear(self, party_id: str, object_name: str) -> None:
        key = [party_id, self.month]
        self.connection.execute(f"delete from raw.{object_name} where party_id = ? and export_month = ?", key)  # noqa: S608 (our own table and column names)
        for table in ("files", "rejected_rows", "rejected_values", "remarks"):
            landed = " and status = 'landed'" if table == "files" else ""
            self.connection.execute(
                f"delete from raw.{table} where party_id = ? and export_month = ? and object = ?{landed}",  # noqa: S608 (our own table and column names)
                [*key, object_name],
            )

    def _insert(self, party: Party, object_name: str, parts: list[Part]) -> None:
        """Write all tables of a staged list."""
        self._register_parts(party, parts)
        self.connection.execute(
            f"""
            insert into raw.{object_name} by name
            select
                kept.* exclude (part), provenance.* exclude (part), $default_currency as default_currency
                {", provenance.file_sha256 as first_file_sha256" if object_name == MAPPED else ""}
            from kept inner join provenance on kept.part = provenance.part
            """,  # noqa: S608 (our own table and column names)
            {"default_currency": party.default_currency},
        )
        self._insert_refusals(object_name, parts)
        counts = dict(self.connection.execute("select part, count(*) from kept group by part").fetchall())
        valued = dict(
            self.connection.execute(
                "select part, count(*) from refused_values semi join kept using (part, row_number) group by part"
            ).fetchall()
        )
        self._write_files(
            [self._landed(part, counts.get(index, 0), valued.get(index, 0)) for index, part in enumerate(parts)],
        )
        for view in ("provenance", "refused_values", "refused_rows", "list_remarks"):
            self.connection.unregister(view)

    def _insert_refusals(self, object_name: str, parts: list[Part]) -> None:
        if self.forgotten:
            for part in parts:
                part.refused_rows = [self.forgotten.refused_row(row, object_name) for row in part.refused_rows]
                for value in part.refused_values:
                    value |= {
                        name: self.forgotten.redact(value[name]) for name in ("value", "shown", "reason") if value[name]
                    }
                part.remarks = [self.forgotten.remark(remark) for remark in part.remarks]
        rows = [
            {"part": index, **{name: getattr(row, name) for name in _REFUSED_ROW}}
            for index, part in enumerate(parts)
            for row in sorted(part.refused_rows, key=lambda r: r.row_number)
        ]
        values = [{"part": index, **value} for index, part in enumerate(parts) for value in part.refused_values]
        remarks = [
            {"part": index, **{name: getattr(remark, name) for name in _REMARK}}
            for index, part in enumerate(parts)
            for remark in part.remarks
        ]
        self._register("refused_rows", _REFUSED_ROW, rows)
        self._register("refused_values", _REFUSED_VALUE, values)
        self._register("list_remarks", _REMARK, remarks)
        self.connection.execute(
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
        self.connection.execute(
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
        self.connection.execute(
            """
            insert into raw.remarks by name
            select
                list_remarks.* exclude (part),
                provenance.* exclude (part, date_order, decimal_mark),
                $object as object
            from list_remarks inner join provenance using (part) order by part, kind, column_name
            """,
            {"object": object_name},
        )

    def _register(self, view: str, columns: tuple[str, ...], rows: list[dict[str, Any]]) -> None:
        """Show rows of the parts to the engine, typed even when there are none."""
        types = {"part": pa.int32(), "row_number": pa.int64(), "record_count": pa.int64()}
        schema = pa.schema([(name, types.get(name, pa.string())) for name in ("part", *columns)])
        self.connection.register(view, pa.Table.from_pylist(rows, schema))

    def _register_parts(self, party: Party, parts: list[Part]) -> None:
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
        self.connection.register("provenance", pa.Table.from_pylist(rows, schema))

    def _write_files(self, rows: list[dict[str, Any]]) -> None:
        if not rows:
            return
        complete = [{name: row.get(name) for name in FILES} for row in rows]
        for row in complete:
            if self.forgotten and row["reason"]:
                row["reason"] = self.forgotten.redact(row["reason"])
        types = {"varchar": pa.string(), "bigint": pa.int64(), "date": pa.date32(), "timestamp": pa.timestamp("us")}
        schema = pa.schema([(name, types[kind.removesuffix(" not null")]) for name, kind in FILES.items()])
        self.connection.register("files_seen", pa.Table.from_pylist(complete, schema))
        self.connection.execute("insert into raw.files by name from files_seen")
        self.connection.unregister("files_seen")
        self.files += complete

    def _not_opened(self, delivery: Delivery) -> dict[str, Any]:
        refusal = delivery.refusal
        row = self._file_row(delivery, "not_opened")
        if refusal is not None:
            row |= {"rule": refusal.rule, "reason": refusal.reason, "remedy": refusal.remedy}
            if refusal.rule in NOT_TOUCHED:
                return row
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


_UNUSED_SHEETS = {
    "sheet_not_used": (
        "holds no list that is known.",
        "Nothing if it is a note; else name its columns as in seeds/reference/column_mappings.csv.",
    ),
    "sheet_hidden": (
        "is hidden, so it was not read.",
        "Show the sheet if it is meant, and deliver the workbook again.",
    ),
}
_REFUSED_ROW = ("row_number", "row_text", "shown", "rule", "column_name", "reason", "remedy")
_REMARK = ("kind", "rule", "row_number", "column_name", "examples", "record_count", "reason", "remedy")
_REFUSED_VALUE = ("row_number", "column_name", "header", "value", "shown", "rule", "reason", "remedy")


def _fingerprint(path: Path) -> dict[str, Any]:
    """Hash and size of a file that is not used; nothing for what cannot be read."""
    try:
        sha256, size = hash_file(path)
    except FileRefusedError:
        return {}
    return {"file_sha256": sha256, "size_bytes": size}
