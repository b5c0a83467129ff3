"""How far a long step is: said in one place, heard on the terminal and in Dagster's log.

Belongs here: how a step says it, how often it is passed on, in which words, and how long it took. Does not belong here:
the steps.
"""

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TextIO

# So often a step that goes on and on is heard of: a log of an hour's run stays short enough to be read.
SECONDS_BETWEEN_LINES = 10.0
# A terminal's line is written over so often; more would only flicker.
SECONDS_BETWEEN_GLANCES = 0.2


@dataclass(frozen=True)
class Progress:
    """How far one stage of a run is."""

    stage: str
    done: int
    total: int
    unit: str
    detail: str

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do; a stage that counts nothing is only announced."""
        return self.done >= self.total

    def __str__(self) -> str:
        counted = f": {self.done:,} of {self.total:,} {self.unit}" if self.total else ""
        # A partner's file may be named to move the cursor, or to read backwards.
        harmless = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in self.detail)
        detail = f" ({harmless})" if harmless else ""
        return f"{self.stage}{counted}{detail}"


_listeners: list[Callable[[Progress], None]] = []
_latest: list[Progress] = []


def tell(stage: str, done: int = 0, total: int = 0, unit: str = "", detail: str = "") -> None:
    """Say how far a stage is, to whoever listens; cheap enough to be called for every batch of rows.

    Args:
        stage: what is being done, such as `landing`.
        done: how many of them are done.
        total: how many there are; 0 where nothing is counted.
        unit: of what, such as `files`.
        detail: what is going on inside the one that is not done yet.
    """
    _pass_on(Progress(stage, done, total, unit, detail))


def tell_more(detail: str) -> None:
    """Say what goes on inside the one of a stage that is not done yet, such as the rows of a large file.

    Args:
        detail: in words.
    """
    if _latest:
        _pass_on(replace(_latest[-1], detail=detail))


def _pass_on(progress: Progress) -> None:
    _latest[:] = [progress]
    for listener in _listeners:
        listener(progress)


@contextmanager
def heard_by(listener: Callable[[Progress], None]) -> Iterator[None]:
    """Pass on what is said in a block.

    Args:
        listener: is called with each progress.
    """
    _listeners.append(listener)
    try:
        yield
    finally:
        _listeners.remove(listener)


class Lines:
    """Writes a line when a stage is announced or finished, and every ten seconds of a long one."""

    def __init__(self, write: Callable[[str], object], clock: Callable[[], float] = time.monotonic) -> None:
        self._write = write
        self._clock = clock
        self._stage = ""
        self._written_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Hear of a step's progress."""
        now = self._clock()
        if progress.stage != self._stage:
            self._stage, self._written_at = progress.stage, now
        if progress.is_finished or now - self._written_at >= SECONDS_BETWEEN_LINES:
            self._written_at = now
            self._write(str(progress))


class Terminal:
    """Writes over one line while a stage goes on, and leaves it standing when the next begins."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = time.monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._stage = ""
        self._written_at = 0.0

    def __call__(self, progress: Progress) -> None:
        """Hear of a step's progress."""
        now = self._clock()
        is_new = progress.stage != self._stage
        if not (is_new or progress.is_finished or now - self._written_at >= SECONDS_BETWEEN_GLANCES):
            return
        width = shutil.get_terminal_size().columns
        before = "\n" if is_new and self._stage else "\r\x1b[2K"
        self._stream.write(before + _timed(str(progress))[: width - 1])
        self._stream.flush()
        self._stage, self._written_at = progress.stage, now


@contextmanager
def shown_on(stream: TextIO, before: str = "") -> Iterator[None]:
    """Show what is said in a block on a terminal, or as plain lines where there is none.

    Args:
        stream: where to.
        before: stands before each stage, such as the month.
    """

    def plain(line: str) -> None:
        stream.write(_timed(line) + "\n")
        stream.flush()

    listener = Terminal(stream) if stream.isatty() else Lines(plain)

    def named(progress: Progress) -> None:
        listener(replace(progress, stage=before + progress.stage))

    with heard_by(named):
        try:
            yield
        finally:
            if isinstance(listener, Terminal):
                stream.write("\n")


def _timed(line: str) -> str:
    return f"{datetime.now(UTC):%H:%M:%S}  {line}"


class Seconds(defaultdict[str, float]):
    """How long each kind of work took, added up over a run."""

    def __init__(self) -> None:
        super().__init__(float)

    @contextmanager
    def of(self, work: str) -> Iterator[None]:
        """Add the seconds of a block.

        Args:
            work: what is done in it.
        """
        started = time.perf_counter()
        yield
        self[work] += time.perf_counter() - started
