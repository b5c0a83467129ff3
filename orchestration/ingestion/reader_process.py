"""Reading delivered files in a process of their own: whatever a file does to its reader, it costs itself only.

Belongs here: the process, its bounds, and what it hands over. Does not belong here: how a format is read (formats.py
and what it calls), and what the rows mean.

The reader opens no database and has nothing to say but rows: it writes them as Arrow files into the folder of private
copies, and what it knows of each sheet as JSON. Nothing that it writes is executed or unpickled. One process reads file
after file; when it dies, or does not end in time, the file is refused and the next one gets a new process: another fork
of one that has imported everything, reads nothing itself, and waits.
"""

import json
import os
import resource
import select
import signal
import subprocess
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any

import pyarrow as pa

from orchestration.ingestion.formats import read_grids
from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.remarks import Remark
from orchestration.ingestion.snapshots import FileRefusedError, Limits, RefusedRow, Snapshot
from orchestration.settings import HOME

_SHARED = ("sheet_name", "encoding", "delimiter", "has_typed_header", "is_hidden")


class ReaderProcess:
    """A process that reads files, one at a time; started when it is needed, and again when a file has ended it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "subprocess.Popen[bytes]":
        """Start the process, unless one is waiting; its imports take a second, in which other things can be done."""
        # One that speaks without being asked has lost its fork meanwhile; its words would be taken for an answer.
        if self._process is None or select.select([_pipe(self._process.stdout)], [], [], 0)[0]:
            self.close()
            self._process = subprocess.Popen(
                [sys.executable, "-m", "orchestration.ingestion.reader_process"],
                cwd=HOME,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                env={**os.environ, **_ENVIRONMENT},
                start_new_session=True,  # so that the process and its fork can be ended as one
            )
        return self._process

    def read(
        self, snapshot: Snapshot, suffix: str, known_headers: frozenset[str], limits: Limits, encoding: str | None
    ) -> list[Grid]:
        """Read a file.

        Args:
            snapshot: the private copy; rows are written beside it.
            suffix: the delivered name's extension in lower case, with its dot.
            known_headers: every header that some field has, normalised.
            limits: bounds of what a file may be and cost.
            encoding: of the party's text files, if it is declared.

        Returns:
            One grid per sheet, as `read_grids` gives them.

        Raises:
            FileRefusedError: what `read_grids` refuses, and a file upon which the process ended.
        """
        process = self.start()
        order = {
            "path": str(snapshot.path),
            "size": snapshot.size_bytes,
            "suffix": suffix,
            "encoding": encoding,
            "limits": asdict(limits),
            "known_headers": list(known_headers),
        }
        # Processor time is bounded inside; the clock is for what waits without working.
        watch = threading.Timer(limits.read_seconds(snapshot.size_bytes) * _PATIENCE, self.end)
        watch.start()
        try:
            _pipe(process.stdin).write(json.dumps(order).encode() + b"\n")
            _pipe(process.stdin).flush()
            answer = _pipe(process.stdout).readline()
        except OSError:
            answer = b""
        finally:
            watch.cancel()
        try:
            said = json.loads(answer)
        except ValueError:  # nothing, or half an answer; what would follow belongs to no file
            self.end()
            said = {"ended": process.wait()}
        if "ended" in said:
            raise FileRefusedError(
                "reader_ended",
                f"Reading the file took more than it may ({limits.read_seconds(snapshot.size_bytes):,.0f} seconds of a "
                f"processor and {limits.read_bytes(snapshot.size_bytes) // 1024**2:,} MiB), or ended its reader "
                f"({_ending(said['ended'])}).",
                "Save the list as a new workbook with nothing but the list in it, or as CSV, and deliver it again.",
            )
        if "refused" in said:
            raise FileRefusedError(**said["refused"])
        return [_grid(sheet, snapshot.path, index) for index, sheet in enumerate(said["sheets"])]

    def end(self) -> None:
        """Kill the process and its fork, if there is one that was not waited for yet."""
        if self._process is not None and self._process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def close(self) -> None:
        """End the process, and let go of it."""
        if self._process is not None:
            self.end()
            self._process.wait()
            for pipe in (self._process.stdin, self._process.stdout):
                with suppress(OSError):  # what was not sent yet cannot be any more
                    _pipe(pipe).close()
            self._process = None


# One for the life of this process: it ends when nobody can ask it any more.
READER = ReaderProcess()
_ENVIRONMENT = {
    # Arrow's own allocator would claim more than it needs, and the claim counts.
    "ARROW_DEFAULT_MEMORY_POOL": "system",
    # No threads of libraries: what forks has one, or its fork may wait for what another has held.
    "JE_ARROW_MALLOC_CONF": "background_thread:false",
    "OPENBLAS_NUM_THREADS": "1",
}
_PATIENCE = 4  # seconds of the clock for one of a processor


def _pipe(pipe: "IO[bytes] | None") -> "IO[bytes]":
    if pipe is None:
        raise ValueError("The reader was started without a pipe.")
    return pipe


def _ending(code: int) -> str:
    return f"signal {-code}" if code < 0 else f"code {code}"


def _grid(sheet: Mapping[str, Any], path: Path, index: int) -> Grid:
    """Make a grid of what the reader wrote."""
    return Grid(
        _batches([_rows_file(path, index, batch) for batch in range(int(sheet["batches"]))]),
        **{name: sheet[name] for name in _SHARED},
        refused=[RefusedRow(**row) for row in sheet["refused"]],
        remarks=[Remark(**remark) for remark in sheet["remarks"]],
    )


def _rows_file(path: Path, sheet: int, batch: int) -> Path:
    """Where the rows of a private copy are written: beside it, for a folder costs more than a small file."""
    return path.with_name(f"{path.name}.{sheet}.{batch}.arrow")


def _batches(files: Sequence[Path]) -> Iterator[RowBatch]:
    for file in files:
        with pa.OSFile(str(file)) as source, pa.ipc.open_file(source) as stored:
            batch = stored.get_batch(0)
        numbers = batch["row_number"].to_numpy()
        if batch.schema.names == ["row_number", "cells"]:
            rows = batch["cells"].to_pylist()
            yield numbers, [[cell.decode("utf-8", "surrogateescape") for cell in row] for row in rows]
        else:
            yield numbers, pa.RecordBatch.from_arrays(batch.columns[1:], names=batch.schema.names[1:])


# --- the process itself -----------------------------------------------------------------------------------------------


def _write(grid: Grid, path: Path, sheet: int) -> dict[str, Any]:
    """Write a grid's rows, and give what is known of it beside them."""
    written = 0
    for numbers, rows in map(_without_empty_lines, grid.batches):
        if not len(numbers):
            continue
        columns: dict[str, Any] = {"row_number": pa.array(numbers, pa.int64())}
        even = _columns(rows) if isinstance(rows, list) else rows.columns
        if even is not None:
            columns |= {f"c{place}": column for place, column in enumerate(even)}
        else:
            cells = [[cell.encode("utf-8", "surrogateescape") for cell in row] for row in rows]
            columns["cells"] = pa.array(cells, pa.list_(pa.binary()))
        batch = pa.record_batch(columns)
        with (
            pa.OSFile(str(_rows_file(path, sheet, written)), "wb") as sink,
            pa.ipc.new_file(sink, batch.schema) as writer,
        ):
            writer.write_batch(batch)
        written += 1
    return {
        "batches": written,
        **{name: getattr(grid, name) for name in _SHARED},
        "refused": [asdict(row) for row in grid.refused],
        "remarks": [asdict(remark) for remark in grid.remarks],
    }


def _without_empty_lines(batch: RowBatch) -> RowBatch:
    """Leave out lines without a cell: the rows' numbers say where they were."""
    numbers, rows = batch
    if not isinstance(rows, list) or all(rows):
        return batch
    kept = [place for place, row in enumerate(rows) if row]
    return numbers[kept], [rows[place] for place in kept]


def _columns(rows: list[list[str]]) -> list[pa.Array] | None:
    """Turn rows into columns; null where they are ragged, or hold bytes that their encoding does not know."""
    if len(set(map(len, rows))) != 1 or not rows[0]:
        return None
    try:
        return [pa.array(cells, pa.string()) for cells in zip(*rows, strict=True)]
    except UnicodeEncodeError:
        return None


def _bound(limits: Limits, size: int) -> None:
    """Bound what the next file may cost: memory, and processor time beyond what the process has taken already."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds = int(used.ru_utime + used.ru_stime + limits.read_seconds(size)) + 1
    _, hard = resource.getrlimit(resource.RLIMIT_CPU)
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, hard))
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (limits.read_bytes(size), hard))


def main() -> None:
    """Have files read by a fork, and by another when a file has ended it, until nobody asks any more."""
    while reader := os.fork():
        _, status = os.waitpid(reader, 0)
        code = os.waitstatus_to_exitcode(status)
        if code == 0:
            return
        sys.stdout.buffer.write(json.dumps({"ended": code}).encode() + b"\n")
        sys.stdout.buffer.flush()
    read_orders(sys.stdin.buffer, sys.stdout.buffer)


def read_orders(orders: IO[bytes], answers: IO[bytes]) -> None:
    """Read files as they are asked for.

    Args:
        orders: a line of JSON for each.
        answers: gets a line of JSON for each.
    """
    while order := orders.readline():
        asked = json.loads(order)
        limits, known_headers = Limits(**asked["limits"]), frozenset(asked["known_headers"])
        snapshot = Snapshot(Path(asked["path"]), "", asked["size"])
        said: dict[str, Any]
        try:
            _bound(limits, snapshot.size_bytes)
            grids = read_grids(snapshot, asked["suffix"], known_headers, limits, asked["encoding"])
            said = {"sheets": [_write(grid, snapshot.path, index) for index, grid in enumerate(grids)]}
        except FileRefusedError as refusal:
            said = {"refused": {"rule": refusal.rule, "reason": refusal.reason, "remedy": refusal.remedy}}
        except (MemoryError, pa.ArrowMemoryError):
            said = {
                "refused": {
                    "rule": "unpacks_too_large",
                    "reason": "The file takes more memory to read than a file of its size may: "
                    f"{limits.read_bytes(snapshot.size_bytes) // 1024**2:,} MiB.",
                    "remedy": "Save the list anew with nothing but the list in it, or as CSV, and deliver it again.",
                }
            }
        except Exception as problem:
            traceback.print_tb(problem.__traceback__)  # without its words, which may quote the file
            said = {
                "refused": {
                    "rule": "not_readable",
                    "reason": f"The file cannot be read ({type(problem).__name__}).",
                    "remedy": "Export the list again, as CSV in UTF-8 if it can be.",
                }
            }
        answers.write(json.dumps(said).encode() + b"\n")
        answers.flush()


if __name__ == "__main__":
    main()
