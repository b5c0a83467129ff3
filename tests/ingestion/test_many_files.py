"""One list in many files: what it costs grows with the rows, and too many files are not read at all.

Belongs here: lists that are split, by days or by regions. Does not belong here: one list that comes twice
(test_other_peoples_lists.py).
"""

from datetime import date
from typing import Any

import pytest

from orchestration.ingestion.reader_process import READER
from orchestration.ingestion.snapshots import Limits
from orchestration.validation import delivered
from tests.deliveries import LandingFolder


def counted(monkeypatch: pytest.MonkeyPatch, owner: object, name: str) -> list[str]:
    """Note the calls of a function that is called by this name."""
    calls: list[str] = []
    original = getattr(owner, name)

    def noted(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 (whatever it is)
        calls.append(name)
        return original(*args, **kwargs)

    monkeypatch.setattr(owner, name, noted)
    return calls


def test_hundreds_of_files_are_judged_at_once_and_each_is_accounted_for(
    workspace: LandingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(200):
        website = "none at all" if number == 7 else f"firm{number}.example"
        name = "" if number == 8 else f"Firm {number}"
        workspace.put(f"accounts_{number:03}.csv", f"Account ID,Account Name,Website\n{number},{name},{website}\n")
    workspace.put("accounts_other.csv", "Name,Employees,Note\nPumps,12,call back\nFans,many,\n")
    runs = counted(monkeypatch, delivered, "run_suite")
    summary = workspace.land()
    assert len(runs) == 2, "one over all rows and one over the list as a whole"
    files = workspace.rows("select file_name, status, rows_read, rows_accepted, rows_rejected from raw.files")
    assert {file["status"] for file in files} == {"landed"}
    assert {(file["rows_read"], file["rows_accepted"]) for file in files} == {(1, 1), (1, 0), (2, 2)}
    assert len({file["file_name"] for file in files}) == len(summary.files) == 201
    assert summary.row_counts["accounts"] == 201
    assert workspace.rows(
        "select source_id, name, website, extra from raw.accounts where file_name like '%0_7.csv' order by file_name"
    ) == [
        {"source_id": str(number), "name": f"Firm {number}", "website": website, "extra": None}
        for number, website in [(7, "none at all"), *((n, f"firm{n}.example") for n in range(17, 100, 10))]
    ]
    assert workspace.rows(
        "select name, employees, extra from raw.accounts where file_name like '%other.csv' order by row_number"
    ) == [
        {"name": "Pumps", "employees": "12", "extra": '{"Note": "call back"}'},
        {"name": "Fans", "employees": "many", "extra": None},
    ]
    assert workspace.rows(
        "select file_name, row_number, rule from raw.rejected_rows union all "
        "select file_name, row_number, rule from raw.rejected_values order by 1"
    ) == [
        {"file_name": "acme/2026-10/accounts_007.csv", "row_number": 2, "rule": "website_without_dot"},
        {"file_name": "acme/2026-10/accounts_008.csv", "row_number": 2, "rule": "name_empty"},
        {"file_name": "acme/2026-10/accounts_other.csv", "row_number": 3, "rule": "number_unreadable"},
    ]
    # The page says of each file what was found in it, and of none what was found in another.
    assert summary.page is not None
    page = summary.page.read_text()
    assert page.startswith("<!doctype html>")
    assert "3 of 202 suites failed: 3 of" in page


def test_a_list_of_too_many_files_is_not_read_and_each_file_says_why(
    workspace: LandingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.land()
    for number in range(4):
        workspace.put(f"accounts_{number}.csv", f"Name\nFirm {number}\n")
    workspace.put("contacts.csv", "Account Name,Name\nPumps,Jane Doe\n")
    reads = counted(monkeypatch, READER, "read")
    workspace.land(limits=Limits(quiet_seconds=0, max_files=4))
    assert len(reads) == 1, "the contacts alone"
    refused = workspace.rows("select rule, reason, remedy, file_sha256 from raw.files where status <> 'landed'")
    assert refused == 5 * [
        {
            "rule": "too_many_files",
            "reason": "The list of accounts has 5 files; of one list at most 4 are read, so none of them was.",
            "remedy": "Put the list into one file, or a few, and deliver it again.",
            "file_sha256": None,
        }
    ]
    # What was loaded before stays, and the other list lands.
    assert workspace.rows("select name from raw.accounts union all select name from raw.contacts order by 1") == [
        {"name": "Jane Doe"},
        {"name": "Pumps"},
    ]
    (workspace.exports / "acme" / "2026-10" / "accounts.csv").unlink()
    workspace.land(date(2026, 10, 1), Limits(quiet_seconds=0, max_files=4))
    assert workspace.rows("select count(*) as n from raw.accounts") == [{"n": 4}]
