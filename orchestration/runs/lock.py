"""One run at a time in a workspace: who may write its warehouse and marts, and what a killed run has left claimed.

Belongs here: the lock, in which words a second run is refused, and freeing what a killed run holds in Dagster. Does not
belong here: a person's shell that holds the warehouse (warehouse/faults.py).

The lock is the kernel's, on `run.lock` beside the warehouse: it is gone when its holder is, however that ended. What
stands in the file names the holder; a file that names somebody although its lock is free tells of a killed run.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from orchestration.settings import RefusedError, make_folder

if TYPE_CHECKING:
    from dagster import DagsterInstance

POLL_SECONDS = 2.0


class BusyError(RefusedError):
    """Another run works in the workspace; the message says which, and what to do."""


@dataclass
class Holder:
    """Who holds, or held, the lock of a workspace."""

    what: str = ""
    process: int = 0
    since: str = ""
    run_id: str | None = None  # Dagster's, once it has one
    died: str | None = None  # Dagster's run that was killed and is not yet cleared away


class Turn:
    """The right to write a workspace, as long as the lock is held."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def read(self) -> Holder:
        """Tell who stands in the file; nobody when it cannot be read."""
        with suppress(OSError, ValueError, TypeError):
            return Holder(**json.loads(self._file.read_text(encoding="utf-8")))
        return Holder()

    def take(self, what: str) -> None:
        """Write down who holds the lock now, and keep in mind who died holding it."""
        before = self.read()
        since = f"{datetime.now(UTC):%Y-%m-%d %H:%M}"
        self._write(Holder(what, os.getpid(), since, died=before.run_id or before.died))

    def begin(self, run_id: str, instance: "DagsterInstance") -> None:
        """Write down which of Dagster's runs holds the lock now, and clear away the one that died holding it.

        Args:
            run_id: Dagster's id of it.
            instance: Dagster's records. The dead run is marked as failed, and the pools it had claimed are freed, for
                nobody else would: the next run would wait for them for ever.
        """
        holder = self.read()
        if holder.died:
            run = instance.get_run_by_id(holder.died)
            if run and not run.is_finished:
                instance.report_run_failed(run, "The process of this run was killed, or the machine stopped.")
            instance.event_log_storage.free_concurrency_slots_for_run(holder.died)
        self._write(replace(holder, run_id=run_id, died=None))

    def leave(self) -> None:
        """Empty the file: nobody died."""
        self._file.write_text("", encoding="utf-8")

    def _write(self, holder: Holder) -> None:
        self._file.write_text(json.dumps(asdict(holder)), encoding="utf-8")


@contextmanager
def one_run(var: Path, what: str, wait_seconds: float = 0) -> Iterator[Turn]:
    """Hold the lock of a workspace during a block; a process that holds it already may take it again.

    Args:
        var: folder of the warehouse; made when missing.
        what: the run in a few words, for whoever is refused meanwhile.
        wait_seconds: how long to wait for another run; by default it is refused at once.

    Yields:
        The turn, to write down Dagster's run with.

    Raises:
        BusyError: another run still holds the lock.
    """
    make_folder(var)
    file = var / "run.lock"
    lock = FileLock(file, is_singleton=True, thread_local=False)
    turn = Turn(file)
    is_ours = lock.is_locked
    try:
        lock.acquire(timeout=wait_seconds, poll_interval=POLL_SECONDS)
    except Timeout as refusal:
        holder = turn.read()
        who = f"{holder.what}, process {holder.process}, since {holder.since} UTC" if holder.what else "just begun"
        raise BusyError(
            f"Another run is going in {var} ({who}), and two would write over each other. Nothing was changed: wait "
            "until it has finished, then ask again."
        ) from refusal
    try:
        if not is_ours:
            turn.take(what)
        yield turn
        if not is_ours:
            turn.leave()
    finally:
        lock.release()
