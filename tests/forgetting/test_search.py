"""The search behind the proof: a leftover is found in every cell and file, and what others say too is none.

Belongs here: what is looked at, and what counts as found. Does not belong here: what a command then does about it
(test_withdrawal_and_erasure.py).
"""

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from orchestration.forgetting.proof import files_of_words
from orchestration.forgetting.search import Texts, only_theirs, search


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A folder like var in which nothing is left."""
    folder = tmp_path / "var"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "2026-10.log").write_text("12 accounts of Helio Analytics\n")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table accounts as select 'us:1' as record_key, 'Acme Pumps' as name, 17 as employees"
        )
        connection.execute("copy accounts to ? (format parquet)", [str(folder / "accounts.parquet")])
    return folder


def test_the_search_looks_at_every_cell_and_file(clean: Path) -> None:
    done = search(clean, Texts(["Brightwater Pumps", "helio:4711-0815"]), "helio:")
    assert done.found == {}
    assert (done.tables, done.cells, done.files) == (2, 4, 3)
    assert done.bytes == sum(file.stat().st_size for file in clean.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (lambda f: (f / "notes.txt").write_text("x" * (1 << 24) + "… BRIGHTWATER Pumps …"), "notes.txt"),
        (lambda f: (f / "event.json").write_text(json.dumps({"reason": "'Müller & Söhne' is odd"})), "event.json"),
        (lambda f: (f / "page.html").write_text("<td>Müller &amp; Söhne</td>"), "page.html"),
        (lambda f: (f / "logs" / "id.log").write_text("the id '20453831505' is used twice"), "logs/id.log"),
    ],
)  # fmt: skip
def test_a_planted_leftover_is_found_in_a_file(clean: Path, plant: Callable[[Path], object], place: str) -> None:
    plant(clean)
    texts = Texts(["Brightwater Pumps", "Müller & Söhne", "20453831505", "never seen"])
    assert search(clean, texts).found == {place: 1}


def test_a_planted_leftover_is_found_in_a_table_a_workbook_and_among_deleted_rows(clean: Path) -> None:
    with duckdb.connect(str(clean / "warehouse.duckdb")) as connection:
        connection.execute("create table kept as select {'by': 'someone', 'at': ['Brightwater Pumps']} as note")
        connection.execute("create table other as select 'seen helio:1' as reason")
        connection.execute("create table deleted as select 'helio:4711-0815' as record_key from range(5000)")
        connection.execute("checkpoint")
        connection.execute("delete from deleted")
    with zipfile.ZipFile(clean / "sheet.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", "<t>Brightwater Pumps</t>")
    found = search(clean, Texts(["Brightwater Pumps", "helio:4711-0815"]), "helio:").found
    assert found == {
        "sheet.xlsx: xl/sharedStrings.xml": 1,
        "warehouse.duckdb": 1,
        "warehouse.duckdb: main.kept.note": 1,
        "warehouse.duckdb: main.other.reason": 1,
    }


def test_numbers_count_only_by_themselves_and_short_texts_not_at_all(clean: Path) -> None:
    texts = Texts(["20453831505", "12345678", "Acme", "  "])
    assert (texts.looked_for, texts.too_short) == ({"20453831505"}, 3)
    (clean / "hash.txt").write_text("a20453831505 204538315051")
    assert search(clean, texts).found == {}


def test_what_others_say_too_is_no_leftover() -> None:
    theirs = ["Brightwater Pumps", "brightwater.example", "Café-Rouge Trading", "Calder Vale Insurance"]
    kept = only_theirs(theirs, ["us brightwater pumps limited", "2 CAFE ROUGE TRADING"])
    assert kept.looked_for == {"brightwater.example", "Calder Vale Insurance"}


def test_what_dbt_run_by_hand_leaves_in_the_project_is_not_taken_for_its_words(tmp_path: Path) -> None:
    """A compiled text names the party that left: were it somebody's word, no leftover of that name would be found."""
    kept = [
        "seeds/company/partners.csv",
        "seeds/company/_company.yml",
        "project/models/one/sales.sql",
        "project/macros/m.sql",
    ]
    for name in (
        *kept,
        "project/target/compiled/models/one/sales.sql",
        "project/logs/dbt.yml",
        "project/models/one/a.md",
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("acme", encoding="utf-8")
    found = files_of_words(tmp_path / "seeds", tmp_path / "project")
    assert {file.relative_to(tmp_path).as_posix() for file in found} == set(kept)
