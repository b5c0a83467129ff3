"""Files that end, stall or mislead their reader: each costs itself, and the lists beside it land.

Belongs here: every file of tests/hostile_files, and those that are too large to keep. Does not belong here: lists that
are only odd (test_other_peoples_lists.py).
"""

import os
import select
import signal
from pathlib import Path

import pytest

from orchestration.ingestion.reader_process import READER
from orchestration.ingestion.snapshots import Limits
from tests.deliveries import LandingFolder

CORPUS = Path(__file__).parents[1] / "hostile_files"
PUMPS, REFUSED = ["Pumps"], None

# What comes of each: the accounts as they are written, or REFUSED and the rule.
OUTCOMES: dict[str, tuple[list[str] | None, str | None]] = {
    "xlsx_single_quotes.xlsx": (REFUSED, "unpacks_too_large"),
    "xlsx_lowercase_ref.xlsx": (REFUSED, "unpacks_too_large"),
    "xlsx_huge_ref.xlsx": (REFUSED, "unpacks_too_large"),
    "fuzz_abort_322bb6095d.xlsx": (REFUSED, "unpacks_too_large"),
    "fuzz_abort_76a773002e.xlsx": (REFUSED, "unpacks_too_large"),
    "parquet_nested_ts.parquet": (REFUSED, "not_readable"),
    "parquet_invalid_utf8.parquet": (REFUSED, "not_readable"),
    "csv_10k_columns.csv": (REFUSED, "too_many_columns"),
    "xlsx_cols_20000.xlsx": (REFUSED, "too_many_columns"),
    "xlsx_10000_sheets.xlsx": (REFUSED, "too_many_sheets"),
    "parquet_dict_7000x1000000.parquet": (REFUSED, "unpacks_too_large"),
    "parquet_dict_1000000x50000.parquet": (REFUSED, "unpacks_too_large"),
    "enc_cyr_1251.csv": (["Росток Гидравлик"], None),
    "enc_latin2.csv": (["Łódź Przędza Sp. z o.o."], None),
    "enc_macroman.csv": (["Müller Söhne"], None),
    "small.csv": (PUMPS, None),
}


def land_beside_a_good_list(workspace: LandingFolder, limits: Limits | None = None) -> None:
    workspace.put("accounts.csv", "Account Name\nGood\n", party="german")
    workspace.put("accounts.csv", "Account Name\nOurs\n", party="us")
    workspace.land(limits=limits)
    assert workspace.rows("select name from raw.accounts where party_id in ('german', 'us') order by 1") == [
        {"name": "Good"},
        {"name": "Ours"},
    ]


@pytest.fixture(scope="module")
def all_landed(tmp_path_factory: pytest.TempPathFactory) -> LandingFolder:
    """One month in which every partner but one sends a hostile file."""
    workspace = LandingFolder(tmp_path_factory.mktemp("hostile"))
    with (workspace.seeds / "company" / "partners.csv").open("a", encoding="utf-8") as partners:
        partners.writelines(f"{party_of(name)},Hostile,signed,2026-01-01,2026-01-01,,,,\n" for name in OUTCOMES)
    for name in OUTCOMES:
        workspace.put(f"accounts{Path(name).suffix}", (CORPUS / name).read_bytes(), party=party_of(name))
    land_beside_a_good_list(workspace)
    return workspace


def party_of(name: str) -> str:
    return name.lower().replace(".", "_")


@pytest.mark.parametrize("name", sorted(OUTCOMES))
def test_a_hostile_file_costs_itself_only(all_landed: LandingFolder, name: str) -> None:
    names, rule = OUTCOMES[name]
    files = all_landed.rows(f"select status, rule, reason, remedy from raw.files where party_id = '{party_of(name)}'")
    landed = all_landed.rows(f"select distinct name from raw.accounts where party_id = '{party_of(name)}'")
    if names is None:
        assert {(file["status"], file["rule"]) for file in files} == {("quarantined", rule)}
        assert all(file["reason"] and file["remedy"] for file in files)
        assert landed == []
    else:
        assert [row["name"] for row in landed] == names


def test_every_file_of_the_corpus_is_landed_or_refused(workspace: LandingFolder) -> None:
    for number, file in enumerate(sorted(CORPUS.glob("*.*"))):
        if file.suffix != ".md" and file.name not in OUTCOMES:
            workspace.put(
                f"{'contacts' if 'cd6e' in file.name else 'accounts'}_{number}{file.suffix}", file.read_bytes()
            )
    land_beside_a_good_list(workspace)


def test_a_file_that_ends_its_reader_costs_itself_and_no_new_start(
    workspace: LandingFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    READER.start()
    started: list[object] = []
    monkeypatch.setattr("orchestration.ingestion.reader_process.subprocess.Popen", started.append)
    monkeypatch.setattr("orchestration.ingestion.reader_process._PATIENCE", 1_000)  # the clock of a loaded machine
    rows = "".join(f'{number},"Firm ""{number}""\n"\n' for number in range(600_000))
    workspace.put("accounts.csv", f"Account ID,Account Name\n{rows}")
    land_beside_a_good_list(workspace, Limits(quiet_seconds=0, least_read_seconds=0.1, read_seconds_per_mib=0))
    (file,) = workspace.rows("select rule, reason from raw.files where party_id = 'acme'")
    assert file["rule"] == "reader_ended"
    assert file["reason"].endswith(f"or ended its reader (signal {signal.SIGXCPU}).")
    assert started == []


def test_what_a_reader_says_after_its_file_is_no_answer_for_the_next(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Account Name\nPumps\n")
    land_beside_a_good_list(workspace)
    process = READER.start()
    threads = Path(f"/proc/{process.pid}/task")
    children = threads / str(process.pid) / "children"
    if not children.exists():
        pytest.skip("this system does not list a process's children")
    assert len(list(threads.iterdir())) == 1, "a process of several threads cannot be forked safely"
    os.kill(int(children.read_text()), signal.SIGKILL)  # as the system does when memory runs out
    assert process.stdout is not None
    select.select([process.stdout], [], [])
    land_beside_a_good_list(workspace)
    assert workspace.rows("select name from raw.accounts where party_id = 'acme'") == [{"name": "Pumps"}]


def test_a_row_of_stray_bytes_costs_itself(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", (CORPUS / "enc_one_stray_ff.csv").read_bytes())
    land_beside_a_good_list(workspace)
    assert workspace.rows("select name from raw.accounts where party_id = 'acme'") == [{"name": "Société Générale"}]
    workspace.put("accounts.csv", (CORPUS / "enc_truncated_utf8.csv").read_bytes())
    workspace.land()
    names = [row["name"] for row in workspace.rows("select name from raw.accounts where party_id = 'acme'")]
    assert names[0] == "Müller 0 GmbH"
    assert len(names) >= 199


def test_millions_of_empty_lines_are_passed_over(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", b"Account Name\nPumps\n" + b"\n" * 5_000_000)
    land_beside_a_good_list(workspace)
    assert workspace.rows("select name from raw.accounts where party_id = 'acme'") == [{"name": "Pumps"}]


def test_a_line_that_is_no_row_is_not_held_in_memory(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", b"Account Name\n" + b"x" * 20_000_000)
    land_beside_a_good_list(workspace)
    assert workspace.rows("select rule from raw.files where party_id = 'acme'") == [{"rule": "line_too_long"}]


def test_a_file_name_need_not_be_text(workspace: LandingFolder) -> None:
    folder = workspace.put("accounts.csv", "x").parent
    (folder / "accounts.csv").unlink()
    try:
        with open(os.fsencode(folder) + b"/accounts_M\xfcnchen.csv", "wb") as file:  # noqa: PTH123 (a Path has text)
            file.write((CORPUS / "small.csv").read_bytes())
    except OSError:
        pytest.skip("this file system takes names that are text alone")
    land_beside_a_good_list(workspace)
    assert workspace.rows("select file_name, status from raw.files where party_id = 'acme'") == [
        {"file_name": "acme/2026-10/accounts_M\\xfcnchen.csv", "status": "landed"}
    ]


def test_nothing_of_a_party_without_an_nda_is_touched(workspace: LandingFolder) -> None:
    file = workspace.put("accounts.csv", "Account Name\nSecret\n", party="nonda")
    try:
        os.truncate(file, 1 << 40)
    except OSError:
        pytest.skip("this file system has no holes")
    land_beside_a_good_list(workspace)
    (refused,) = workspace.rows("select rule, file_sha256, size_bytes from raw.files where party_id = 'nonda'")
    assert refused == {"rule": "no_nda", "file_sha256": None, "size_bytes": None}
