"""How far a long step is, as a person or a log sees it."""

import io
import os
import pty
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from orchestration.runs import progress


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_log_gets_a_line_per_stage_and_one_every_ten_seconds_of_a_long_one() -> None:
    clock, lines = Clock(), list[str]()
    with progress.heard_by(progress.Lines(lines.append, clock)):
        for done in range(31):
            clock.now += 1
            progress.tell("building", done, 30, "dbt nodes")
        progress.tell("checking")
        progress.tell("landing", 0, 2, "files")
        progress.tell("landing", 1, 2, "files")
        progress.tell("landing", 2, 2, "files")
    assert lines == [
        "building: 10 of 30 dbt nodes",
        "building: 20 of 30 dbt nodes",
        "building: 30 of 30 dbt nodes",
        "checking",
        "landing: 2 of 2 files",
    ]


def test_a_large_file_is_heard_of_while_it_is_read() -> None:
    clock, lines = Clock(), list[str]()
    with progress.heard_by(progress.Lines(lines.append, clock)):
        progress.tell("landing", 0, 2, "files")
        for rows in range(100_000, 1_000_000, 100_000):
            clock.now += 4
            progress.tell_more(f"accounts.csv: {rows:,} rows read")
    assert lines == [
        "landing: 0 of 2 files (accounts.csv: 300,000 rows read)",
        "landing: 0 of 2 files (accounts.csv: 600,000 rows read)",
        "landing: 0 of 2 files (accounts.csv: 900,000 rows read)",
    ]


def test_nobody_hears_what_is_said_after_the_block() -> None:
    lines: list[str] = []
    with progress.heard_by(progress.Lines(lines.append)):
        progress.tell("checking")
    progress.tell("publishing")
    assert lines == ["checking"]


def test_what_is_no_terminal_gets_plain_lines_with_the_time() -> None:
    stream = io.StringIO()
    with progress.shown_on(stream, "2026-10: "):
        progress.tell("checking the marts")
    time, line = stream.getvalue().split("  ")
    assert datetime.strptime(time, "%H:%M:%S").replace(tzinfo=UTC)
    assert line == "2026-10: checking the marts\n"


@pytest.mark.parametrize("name", ["a\x1b[2Jb.csv", "a\rb.csv", "a\N{RIGHT-TO-LEFT OVERRIDE}b.csv", "a\nb.csv"])
def test_a_files_name_moves_no_cursor_and_turns_no_line_around(name: str) -> None:
    lines: list[str] = []
    with progress.heard_by(progress.Lines(lines.append)):
        progress.tell("landing", 1, 1, "files", name)
    assert len(lines) == 1
    assert lines[0].isprintable()


def test_a_terminal_shows_one_line_per_stage_and_writes_over_it() -> None:
    reader, writer = pty.openpty()
    shown = b""
    with os.fdopen(writer, "w", encoding="utf-8") as stream, progress.shown_on(stream, "2026-10: "):
        progress.tell("building", 1, 3, "dbt nodes")
        progress.tell("building", 3, 3, "dbt nodes")
        progress.tell("checking")
    with suppress(OSError):  # which is how Linux says that nothing more will come
        while part := os.read(reader, 4096):
            shown += part
    os.close(reader)
    first, second = shown.decode().replace("\r\n", "\n").rstrip("\n").split("\n")
    assert first.rsplit("\x1b[2K")[-1].endswith("2026-10: building: 3 of 3 dbt nodes")
    assert second.endswith("2026-10: checking")
