"""Loading a month: from the landing folder to the raw tables, everything refused kept with its reason.

Belongs here: which lists are looked at, and that what fails costs its own list only. Does not belong here: reading a
file (lists.py), accepting it (judging.py) and writing it (raw_tables.py).
"""

import itertools
import logging
import shutil
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.ingestion.copies import without_older_copies
from orchestration.ingestion.delivery_days import as_of_day, day_of_loading, read_manifest
from orchestration.ingestion.first_files import days_of
from orchestration.ingestion.folder import MANIFEST, Delivery, find_deliveries
from orchestration.ingestion.judging import Shape, judge_parts, judge_shape, unreadable_file
from orchestration.ingestion.lists import Part, ReadPart, Rules, keep_part, read_file
from orchestration.ingestion.raw_tables import RawTables
from orchestration.ingestion.reader_process import READER
from orchestration.ingestion.refusals import some_of
from orchestration.ingestion.remarks import lacking_fields, missing_columns
from orchestration.ingestion.snapshots import FileRefusedError, Limits, RefusedRow, take_snapshot
from orchestration.ingestion.staged_lists import staged
from orchestration.objects import OBJECTS, PERSONAL
from orchestration.runs import progress
from orchestration.runs.progress import Seconds
from orchestration.validation.page import keep_results
from orchestration.validation.suite import SuiteResult, load_in_background
from orchestration.warehouse.company_settings import read_company_settings
from orchestration.warehouse.fiscal_calendar import check_quarters
from orchestration.warehouse.schema import (
    TABLES,
    check_exports_folder,
    check_month_is_kept,
    check_release,
    create_raw_tables,
    record_exports_folder,
)
from orchestration.warehouse.seeds import put_in_force
from orchestration.warehouse.sql import transaction

LOG = logging.getLogger(__name__)


@dataclass
class LandingSummary:
    """What came of loading a month."""

    month: date
    run_id: str
    files: list[dict[str, Any]] = field(default_factory=list)
    row_counts: dict[str, int] = field(default_factory=dict)
    page: Path | None = None
    seconds: Seconds = field(default_factory=Seconds)


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
        seeds: the workspace's own seeds.
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
        RefusedError: the fiscal calendar, a row that names a quarter of it, or a setting cannot be used.
        ValueError: a seed, or the list of who is to be forgotten, cannot be used.
    """
    if not exports.is_dir():
        raise FileNotFoundError(f"The landing folder {exports} does not exist.")
    check_exports_folder(warehouse, exports)
    check_release(warehouse)
    # Both take seconds to start, in which the seeds are read and the files copied.
    READER.start()
    load_in_background()
    summary = LandingSummary(month, run_id)
    check_quarters(seeds)
    read_company_settings(seeds / "company")
    rules = Rules.read(seeds, put_in_force(seeds, warehouse.parent), limits or Limits())
    warehouse.parent.mkdir(parents=True, exist_ok=True)
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        check_month_is_kept(connection, month)
        record_exports_folder(connection, warehouse, exports)
        _record_month(connection, month, as_of_day(month, loaded_at.date()))
        raw = RawTables(
            connection, month, run_id, loaded_at.replace(tzinfo=None), rules.acceptances, rules.forgotten, summary.files
        )
        with _snapshots(warehouse.parent / "landing") as snapshots:
            results = _land_lists(raw, rules, exports, snapshots, summary.seconds)
        for table in TABLES:
            counted = connection.execute(f"select count(*) from raw.{table} where export_month = ?", [month])  # noqa: S608 (our own table and column names)
            summary.row_counts[table] = counted.fetchall()[0][0]
    with summary.seconds.of("write the page"):
        summary.page = keep_results(results_dir, run_id, results)
    return summary


def _record_month(connection: duckdb.DuckDBPyConnection, month: date, as_of_date: date) -> None:
    """Record that a month was loaded, and the day that counts as today in its figures; it never goes back."""
    connection.execute(
        "insert into raw.loaded_months (export_month) "
        "select $month where $month not in (select export_month from raw.loaded_months)",
        {"month": month},
    )
    connection.execute(
        "update raw.loaded_months set as_of_date = greatest(as_of_date, $day) where export_month = $month",
        {"month": month, "day": as_of_date},
    )


def _land_lists(raw: RawTables, rules: Rules, exports: Path, snapshots: Path, seconds: Seconds) -> list[SuiteResult]:
    """Load every list; what fails costs its own list only."""
    deliveries, with_folder = find_deliveries(exports, raw.month, rules.parties, rules.limits)
    with transaction(raw.connection):
        raw.forget_earlier_attempts()
        raw.record_not_opened([delivery for delivery in deliveries if delivery.refusal])
    results: list[SuiteResult] = []
    done = 0
    for party_id, of_party in itertools.groupby(deliveries, key=lambda delivery: delivery.party_id):
        found = list(of_party)
        own = [delivery for delivery in found if delivery.object != MANIFEST or delivery.refusal]
        progress.tell("landing", done, len(deliveries), "files")
        stated = _stated_days(raw, rules, [d for d in found if d.object == MANIFEST and not d.refusal], own, snapshots)
        parts, failures = _read_party([d for d in own if not d.refusal], snapshots, raw, rules, seconds)
        for object_name in OBJECTS:
            failed = [(delivery, problem) for delivery, problem in failures if delivery.object == object_name]
            of_object = [part for part in parts if part.header.object == object_name]
            if failed:
                results.extend(part.result for part in of_object)
                results.extend(unreadable_file(d.object, d.file_name, problem) for d, problem in failed)
                raw.record_quarantined(failed, of_object)
            elif of_object:
                results.extend(_land(raw, rules, party_id, object_name, of_object, stated, seconds))
            elif party_id in with_folder and not failures and not any(d.refusal for d in own):
                raw.take_back(party_id, object_name)
        done += len(found)
    progress.tell("landing", done, len(deliveries), "files")
    return results


def _stated_days(
    raw: RawTables, rules: Rules, manifests: Sequence[Delivery], files: Sequence[Delivery], snapshots: Path
) -> dict[str, date]:
    """Read on which days a party's manifest says that its files came; what it says wrongly costs its own row only."""
    days: dict[str, date] = {}
    names = [delivery.path.name for delivery in files]
    for delivery in manifests:  # where letters of either case are two names, there may be two
        failures: dict[Delivery, FileRefusedError] = {}
        with _costing_itself_only(delivery, failures):
            manifest = read_manifest(delivery.path, snapshots, raw.month, raw.loaded_at.date(), names, rules.limits)
            raw.record_manifest(delivery, manifest)
            days |= manifest.days
        raw.record_quarantined(list(failures.items()), [])
    return days


def _read_party(
    deliveries: Sequence[Delivery], snapshots: Path, raw: RawTables, rules: Rules, seconds: Seconds
) -> tuple[list[Part], list[tuple[Delivery, FileRefusedError]]]:
    """Read and judge all files of a party; those that cannot be used come with the reason."""
    read: list[ReadPart] = []
    failures: dict[Delivery, FileRefusedError] = {}
    for delivery in deliveries:
        with _costing_itself_only(delivery, failures):
            with seconds.of("copy and hash"):
                snapshot = take_snapshot(delivery.path, snapshots, rules.limits, rules.acceptances)
            unused_sheets: list[tuple[str, str]] = []
            try:
                read.extend(read_file(delivery, snapshot, rules, unused_sheets, seconds))
            finally:
                raw.record_unused_sheets(delivery, snapshot, unused_sheets)
    parts: list[Part] = []
    for object_name in OBJECTS:
        of_object = [part for part in read if part.header.object == object_name]
        if of_object:
            progress.tell_more(f"{some_of([part.delivery.file_name for part in of_object])}: judging")
            with seconds.of("validate"):
                judged = judge_parts(object_name, [(part.subject, part.batches) for part in of_object])
            for part, (result, positions) in zip(of_object, judged, strict=True):
                with _costing_itself_only(part.delivery, failures), seconds.of("keep and refuse"):
                    parts.append(keep_part(part, result, positions, rules))
    return [part for part in parts if part.delivery not in failures], [
        (delivery, rules.forgotten.refusal(problem)) for delivery, problem in failures.items()
    ]


@contextmanager
def _costing_itself_only(delivery: Delivery, failures: dict[Delivery, FileRefusedError]) -> Iterator[None]:
    """Note why a file cannot be used; what nobody foresaw of a file is that file's refusal too, and the others land."""
    try:
        yield
    except FileRefusedError as problem:
        failures.setdefault(delivery, problem)
    except (ValueError, TypeError, LookupError, ArithmeticError, pa.ArrowException) as problem:
        # without the error's words, which may quote the file
        places = "".join(traceback.format_tb(problem.__traceback__))
        LOG.error("%s cannot be judged: %s\n%s", delivery.file_name, type(problem).__name__, places)
        failures.setdefault(delivery, _not_judged(problem))


def _not_judged(problem: Exception) -> FileRefusedError:
    return FileRefusedError(
        "not_readable",
        f"The rows of the file cannot be judged ({type(problem).__name__}).",
        "Export the list again, as CSV in UTF-8 if it can be; if it stays so, report it: the log has the error.",
    )


def _land(
    raw: RawTables,
    rules: Rules,
    party_id: str,
    object_name: str,
    parts: list[Part],
    stated: Mapping[str, date],
    seconds: Seconds,
) -> list[SuiteResult]:
    """Replace a party's list of the month, unless the list as a whole is not acceptable."""
    otherwise = day_of_loading(raw.month, raw.loaded_at.date(), rules.limits)
    days = days_of(raw.connection, party_id, raw.month, parts, stated, otherwise)
    # Of rows that stand in several files alike, the one that came first is kept.
    parts = sorted(parts, key=lambda part: days[part.snapshot.sha256])
    try:
        parts, replaced = without_older_copies(parts)
    except FileRefusedError as twice:
        raw.record_quarantined([(part.delivery, twice) for part in parts], [])
        return [part.result for part in parts]
    raw.record_replaced(replaced)
    subject = some_of(list(dict.fromkeys(part.delivery.file_name for part in parts)))
    _remark_on_columns(raw, party_id, object_name, parts)
    with staged(raw.connection, object_name, parts) as rows_usable:
        refused = [row for part in parts for row in part.refused_rows]
        shape = Shape(
            rows_read=sum(part.rows_read for part in parts),
            rows_usable=rows_usable,
            rows_before=None if OBJECTS[object_name].is_answer else raw.rows_before(party_id, object_name),
            min_share_of_last_month=rules.limits.min_share_of_last_month,
            first_refusal=_in_words(min(refused, key=lambda row: row.row_number), object_name) if refused else "",
        )
        with seconds.of("validate"):
            is_accepted = all(part.snapshot.sha256 in rules.acceptances for part in parts)
            result, problem = judge_shape(object_name, subject, shape, is_accepted=is_accepted)
        if problem:
            raw.record_quarantined([(part.delivery, problem) for part in parts], [])
        else:
            progress.tell_more(f"{subject}: writing {shape.rows_usable:,} rows")
            with seconds.of("write to raw"):
                raw.replace(rules.parties[party_id], object_name, parts, days, [part for part, _ in replaced])
    return [result, *(part.result for part in parts)]


def _in_words(refused: RefusedRow, object_name: str) -> str:
    """Say why a row was refused; without what it quotes where that may be a person, since a file's reason is shown."""
    return f"row {refused.row_number}, {refused.rule.replace('_', ' ')}." if object_name in PERSONAL else refused.reason


def _remark_on_columns(raw: RawTables, party_id: str, object_name: str, parts: list[Part]) -> None:
    """Say which columns of last month's list are gone, and what follows from fields that no file has."""
    before = raw.columns_before(party_id, object_name)
    unread = [remark for part in parts for remark in part.remarks if remark.kind == "unread column"]
    headers = [part.header for part in parts]
    parts[0].remarks += lacking_fields(headers)
    if before:
        parts[0].remarks += missing_columns(headers, before[1], before[0], unread)


@contextmanager
def _snapshots(folder: Path) -> Iterator[Path]:
    """Make the folder of private copies, and remove it at the end; a load that was killed left its own."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    try:
        yield folder
    finally:
        shutil.rmtree(folder)
