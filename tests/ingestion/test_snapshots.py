"""The private copy of a delivered file: only of one that is whole, quiet and not too large.

Belongs here: files that are empty, grow or pause. Does not belong here: real processes that write meanwhile
(test_landing_faults.py).
"""

import hashlib
import os
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from orchestration.ingestion import snapshots
from orchestration.ingestion.snapshots import FileRefusedError, Limits, hash_file, take_snapshot
from tests.deliveries import HEADER_LINE, LandingFolder


def test_a_file_without_a_byte_is_quarantined_and_last_load_stays(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", HEADER_LINE + "1,Acme Pumps,,,,\n")
    workspace.land()
    workspace.put("accounts.csv", b"")
    workspace.land()
    files = workspace.rows("select status, rule, reason, remedy from raw.files order by status")
    assert [file["status"] for file in files] == ["landed", "quarantined"]
    assert files[1]["rule"] == "empty_file"
    assert files[1]["reason"] == "The file is empty (0 bytes)."
    assert workspace.rows("select name from raw.accounts") == [{"name": "Acme Pumps"}]


def test_a_file_that_grows_while_it_is_read_is_quarantined(
    workspace: LandingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.put("accounts.csv", "Name\nPumps\n")

    class GrowingHash:
        """Appends to the delivered file as soon as the first bytes of it are hashed."""

        def __init__(self) -> None:
            self.digest = hashlib.sha256()

        def update(self, block: bytes) -> None:
            with path.open("a") as stream:
                stream.write("Fans\n")
            self.digest.update(block)

        def hexdigest(self) -> str:
            return self.digest.hexdigest()

    monkeypatch.setattr(snapshots, "hashlib", SimpleNamespace(sha256=GrowingHash))
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "still_being_written")
    assert file["remedy"] == "Wait until the export has finished, then run again."
    assert workspace.rows("select * from raw.accounts") == []


@pytest.mark.parametrize(
    ("changed_seconds_ago", "waited"),
    [(0.5, [1.5]), (1.9, [0.1]), (2, []), (-3600, [2])],  # the last: the clock of the file server is an hour ahead
)
def test_a_file_is_left_alone_until_it_has_been_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed_seconds_ago: float, waited: list[float]
) -> None:
    path, now = tmp_path / "accounts.csv", 1_700_000_000.0
    slept: list[float] = []
    path.write_text("Name\nPumps\n")
    os.utime(path, (now - changed_seconds_ago, now - changed_seconds_ago))
    monkeypatch.setattr(snapshots, "time", SimpleNamespace(time=lambda: now, sleep=slept.append))
    (tmp_path / "copies").mkdir()
    snapshot = take_snapshot(path, tmp_path / "copies", Limits(quiet_seconds=2))
    assert snapshot.path.read_text() == "Name\nPumps\n"
    assert slept == pytest.approx(waited)


def test_an_export_that_pauses_is_not_taken_for_a_whole_file(
    workspace: LandingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = workspace.put("accounts.csv", "Name\nPumps\nFa")  # half a list, and nobody writes while it is copied

    def go_on(_seconds: float) -> None:
        with path.open("a") as stream:
            stream.write("ns\n")

    monkeypatch.setattr(snapshots, "time", SimpleNamespace(time=time.time, sleep=go_on))
    workspace.land(limits=Limits())
    assert (workspace.file()["status"], workspace.file()["rule"]) == ("quarantined", "still_being_written")
    assert workspace.rows("select * from raw.accounts") == []


def test_a_file_that_is_too_large_is_taken_when_its_very_bytes_are_accepted(workspace: LandingFolder) -> None:
    file, small = workspace.put("accounts.csv", "Name\nPumps\n"), Limits(max_file_bytes=5)
    copies = workspace.folder / "copies"
    copies.mkdir()
    with pytest.raises(FileRefusedError, match="at most 5 are read"):
        take_snapshot(file, copies, small, {"a" * 64})
    assert take_snapshot(file, copies, small, {hash_file(file)[0]}).path.read_text() == "Name\nPumps\n"
