"""The landing folder: what lies there is opened, or named and left closed.

Belongs here: links, misplaced things, parties without an NDA, and the seed of accepted files. Does not belong here:
what an opened file holds (the other modules of this room).
"""

import os
from pathlib import Path

import pytest

from tests.deliveries import LandingFolder


def test_links_and_paths_out_of_the_folder_are_not_followed(workspace: LandingFolder, tmp_path: Path) -> None:
    secret = tmp_path / "secret.csv"
    secret.write_text("Name\nSecret\n")
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    folder = workspace.exports / "acme" / "2026-10"
    folder.mkdir(parents=True)
    (folder / "accounts.csv").symlink_to(secret)
    (folder / "contacts.csv").symlink_to("../../../secret.csv")
    (workspace.exports / "german").symlink_to(tmp_path)
    os.mkfifo(folder / "engagements.csv")
    workspace.land()
    files = workspace.rows("select file_name, status, rule, file_sha256 from raw.files order by file_name")
    assert [(f["file_name"], f["status"], f["rule"]) for f in files] == [
        ("acme/2026-10/accounts.csv", "not_opened", "symbolic_link"),
        ("acme/2026-10/contacts.csv", "not_opened", "symbolic_link"),
        ("acme/2026-10/engagements.csv", "not_opened", "not_a_file"),
        ("german", "not_opened", "symbolic_link"),
        ("us/2026-10/accounts.csv", "landed", None),
    ]
    assert workspace.rows("select name from raw.accounts") == [{"name": "Pumps"}]


def test_misplaced_things_are_recorded_and_skipped(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.put("accounts.csv", "Name\nFans\n", month="Oct-2026")
    workspace.put("accounts.csv", "Name\nBelts\n", party="stranger")
    workspace.put("kunden.csv", "Name\nNuts\n")
    workspace.put("contacts.doc", "x")
    workspace.put(".DS_Store", "x")
    (workspace.exports / "accounts.csv").write_text("Name\nCogs\n")
    workspace.land()
    files = workspace.rows("select file_name, rule, status, remedy from raw.files where status <> 'landed' order by 1")
    assert [(f["file_name"], f["rule"]) for f in files] == [
        ("accounts.csv", "misplaced_file"),
        ("acme/2026-10/contacts.doc", "unknown_extension"),
        ("acme/2026-10/kunden.csv", "unknown_object"),
        ("acme/Oct-2026/", "month_folder_misnamed"),
        ("stranger/2026-10/accounts.csv", "unknown_party"),
    ]
    assert {f["status"] for f in files} == {"not_opened"}
    assert files[3]["remedy"] == "Rename it to YYYY-MM, such as 2026-10."
    assert [row["name"] for row in workspace.rows("select name from raw.accounts")] == ["Pumps"]


@pytest.mark.parametrize("party", ["nonda", "late"])
def test_without_an_nda_in_force_a_file_is_not_opened(workspace: LandingFolder, party: str) -> None:
    workspace.put("accounts.csv", b"\xff\xfe not even readable", party=party)
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    workspace.land()
    file = workspace.file(f"{party}/2026-10/accounts.csv")
    assert (file["status"], file["rule"]) == ("not_opened", "no_nda")
    assert (file["file_sha256"], file["size_bytes"], file["encoding"]) == (None, None, None)
    assert "nda_signed_on" in file["remedy"]
    assert workspace.rows("select party_id from raw.accounts") == [{"party_id": "us"}]


@pytest.mark.parametrize(
    "row", ["abc,Dana,2026-11-02,why", f"{'a' * 64},,2026-11-02,why", f"{'a' * 64},Dana,2.11.,why"]
)
def test_an_acceptance_that_names_nobody_no_file_or_no_day_is_refused(workspace: LandingFolder, row: str) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    (workspace.seeds / "company" / "accepted_files.csv").write_text(
        f"file_sha256,accepted_by,accepted_on,reason\n{row}\n"
    )
    with pytest.raises(ValueError, match=r"accepted_files\.csv, line 2"):
        workspace.land()
