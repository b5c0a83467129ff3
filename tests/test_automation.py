"""What starts a run: new files in the landing folder, month by month, and not before they have been written."""

import os
from pathlib import Path

import pytest

from orchestration.defs.automation import SETTLED_SECONDS, landing_fingerprints
from orchestration.months import month_of

NOW = 1_800_000_000.0


def deliver(exports: Path, name: str, text: str = "Name\nAcme\n", age: float = SETTLED_SECONDS + 1) -> Path:
    """Write an export that was last changed `age` seconds before NOW."""
    file = exports / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)
    os.utime(file, (NOW - age, NOW - age))
    return file


def test_a_month_with_a_new_file_changes_and_the_others_do_not(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-09/accounts.csv")
    deliver(tmp_path, "us/2026-10/accounts.csv")
    before = landing_fingerprints(tmp_path, NOW)
    deliver(tmp_path, "acme/2026-10/accounts.csv")
    after = landing_fingerprints(tmp_path, NOW)
    assert before.keys() == after.keys() == {"2026-09", "2026-10"}
    assert before["2026-09"] == after["2026-09"]
    assert before["2026-10"] != after["2026-10"]


def test_a_changed_file_changes_its_month(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-10/accounts.csv")
    before = landing_fingerprints(tmp_path, NOW)
    deliver(tmp_path, "us/2026-10/accounts.csv", text="Name\nBeta\nAcme\n")
    assert landing_fingerprints(tmp_path, NOW) != before


def test_a_file_that_is_being_written_waits(tmp_path: Path) -> None:
    deliver(tmp_path, "us/2026-10/accounts.csv", age=SETTLED_SECONDS - 1)
    assert landing_fingerprints(tmp_path, NOW) == {}


def test_folders_that_are_no_month_and_hidden_files_start_nothing(tmp_path: Path) -> None:
    deliver(tmp_path, "us/October 2026/accounts.csv")
    deliver(tmp_path, "us/2026-13/accounts.csv")
    deliver(tmp_path, "us/2026-10/.accounts.csv.part")
    assert landing_fingerprints(tmp_path, NOW) == {}


@pytest.mark.parametrize("text", ["2026-13", "2026-1", "10-2026", "October", ""])
def test_what_is_not_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        month_of(text)
