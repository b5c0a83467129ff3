"""A delivered file on its way to lists: what it is, whatever its name says, and what a person may accept of it.

Belongs here: the file as a whole. Does not belong here: the copy that is read (test_snapshots.py).
"""

from datetime import date

import pytest

from orchestration.ingestion.snapshots import Limits, hash_file
from tests.deliveries import LandingFolder, archive

OCTOBER = date(2026, 10, 1)
SEPTEMBER = date(2026, 9, 1)


@pytest.mark.parametrize(
    ("name", "content", "rule"),
    [
        ("accounts.xlsx", b"Name\nPumps\n", "not_a_workbook"),
        ("accounts.xlsx", archive({"a.txt": b"x"}), "not_a_workbook"),
        ("accounts.parquet", b"Name\nPumps\n", "not_parquet"),
        ("accounts.csv", archive({"a.txt": b"x"}), "content_differs_from_name"),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_quarantined(
    workspace: LandingFolder, name: str, content: bytes, rule: str
) -> None:
    workspace.put(name, content)
    workspace.land()
    assert workspace.file(name)["rule"] == rule


def test_a_refused_file_is_taken_once_when_a_person_accepts_it(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\n" + "".join(f"Firm {n}\n" for n in range(10)), month="2026-09")
    workspace.put("accounts.csv", "Name\nFirm 1\nFirm 2\n")
    workspace.land(SEPTEMBER)
    workspace.land(OCTOBER)
    refused = workspace.rows("select * from raw.files where status = 'quarantined'")[0]
    assert f"seeds/company/accepted_files.csv: {refused['file_sha256']}" in refused["remedy"]
    acceptance = f"{refused['file_sha256'].upper()},Dana Whitlock,2026-11-02,They sold a division\n"
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        "file_sha256,accepted_by,accepted_on,reason\n" + acceptance
    )
    workspace.land(OCTOBER)
    landed = workspace.rows("select * from raw.files where export_month = '2026-10-01'")
    assert [(file["status"], file["rule"]) for file in landed] == [("landed", "accepted_by_a_person")]
    assert landed[0]["reason"] == "Accepted by Dana Whitlock on 2026-11-02: They sold a division"
    assert workspace.rows("select count(*) as n from raw.accounts where export_month = '2026-10-01'") == [{"n": 2}]
    workspace.put("accounts.csv", "Name\nFirm 1\nFirm 3\n")  # another file, of the same size
    workspace.land(OCTOBER)
    statuses = workspace.rows("select status from raw.files where export_month = '2026-10-01' order by 1")
    assert [row["status"] for row in statuses] == ["landed", "quarantined"]  # what was accepted before stays


def test_acceptance_overrules_the_bound_of_refused_rows_and_no_missing_name(workspace: LandingFolder) -> None:
    bad = workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + "Fans\n" * 50)
    nameless = workspace.put("accounts.csv", "City\nBonn\n", party="us")
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        "file_sha256,accepted_by,accepted_on,reason\n"
        + "".join(f"{hash_file(path)[0]},Dana,2026-11-02,why not\n" for path in (bad, nameless))
    )
    workspace.land(limits=Limits(max_refused_rows=20))
    statuses = workspace.rows("select party_id, status, rule from raw.files order by 1")
    assert [tuple(row.values()) for row in statuses] == [
        ("acme", "landed", "accepted_by_a_person"),
        ("us", "quarantined", "no_name_column"),
    ]
