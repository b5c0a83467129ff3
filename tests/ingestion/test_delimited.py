"""Delimited text as it is delivered: quotes, encodings, stray bytes and huge cells cost their own row and no other.

Belongs here: from bytes to rows, and that none is lost. Does not belong here: which column a cell is of
(test_mapping.py).
"""

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.snapshots import Limits
from tests.deliveries import LandingFolder


def test_ragged_rows_are_refused_with_their_number_and_trailing_delimiters_are_not(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\nFans\nBelts,Oslo,extra\nNuts,Rome,,\n\n,\n")
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == [
        "Pumps",
        "Nuts",
    ]
    refused = workspace.rows("select row_number, row_text, reason, remedy from raw.rejected_rows order by row_number")
    assert [(row["row_number"], row["row_text"]) for row in refused] == [
        (3, '["Fans"]'),
        (4, '["Belts", "Oslo", "extra"]'),
    ]
    assert refused[0]["reason"] == "Row 3: it has 1 cells; the header has 2."
    assert refused[0]["remedy"] == "Check the delimiters and quotation marks in this row."


def test_an_unbalanced_quote_costs_only_the_line_that_opens_it(workspace: LandingFolder) -> None:
    lines = [
        "Name,City",
        '"Pumps, Ltd",Bonn',
        '"Fans,Oslo',
        "Belts,Rome",
        '"Nuts\nand bolts",Kyiv',
        '"Cogs,Graz',
        "Tail,Bern",
    ]
    workspace.put("accounts.csv", "\n".join(lines))
    workspace.land()
    names = [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")]
    assert names == ["Pumps, Ltd", "Belts", "Nuts and bolts", "Tail"]
    refused = workspace.rows("select row_number, row_text, rule, reason from raw.rejected_rows order by row_number")
    assert [(row["row_number"], row["row_text"]) for row in refused] == [(3, '"Fans,Oslo'), (7, '"Cogs,Graz')]
    assert refused[0]["reason"].startswith("Row 3: a quotation mark is opened and not closed")


def test_an_unbalanced_quote_that_meets_a_later_quoted_row_costs_no_other(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", 'Name,City\n"Fans,Oslo\nBelts,Rome\n"Nuts","Kyiv"\nCogs,Bern\n')
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == [
        "Belts",
        "Nuts",
        "Cogs",
    ]


def test_a_file_that_is_broken_quotes_throughout_is_quarantined_without_endless_work(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + '"Fans,Oslo\n' * 3_000)
    workspace.land(limits=Limits(max_reread_lines=2_000))
    assert workspace.file()["rule"] == "quotes_broken_throughout"


@pytest.mark.parametrize(
    ("encoding", "recorded"),
    [
        ("utf-8", "utf-8"),
        ("utf-8-sig", "utf-8-sig"),
        ("utf-16", "utf-16"),
        ("utf-16-le", "utf-16-le"),
        ("utf-16-be", "utf-16-be"),
        ("cp1252", "cp1252"),
    ],
)
def test_every_encoding_is_found_without_being_declared(workspace: LandingFolder, encoding: str, recorded: str) -> None:
    workspace.put("accounts.csv", "Name;Ort\nMüller & Söhne;Köln\n".encode(encoding))
    workspace.land()
    assert workspace.rows("select name, city from raw.accounts") == [{"name": "Müller & Söhne", "city": "Köln"}]
    assert (workspace.file()["encoding"], workspace.file()["delimiter"]) == (recorded, ";")


def test_a_byte_order_mark_that_lies_is_not_believed(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", b"\xef\xbb\xbf" + "Name;Ort\nMüller;Köln\n".encode("cp1252"))
    workspace.put("contacts.csv", b"\xff\xfeName,City\n\xd8")
    workspace.land()
    assert workspace.rows("select name, city from raw.accounts") == [{"name": "Müller", "city": "Köln"}]
    refused = workspace.file("contacts.csv")
    assert (refused["rule"], refused["status"]) == ("encoding_broken", "quarantined")
    assert "UTF-8" in refused["remedy"]


def test_stray_bytes_in_a_utf8_file_cost_their_row(workspace: LandingFolder) -> None:
    good = "".join(f"Müller {n},Köln\n" for n in range(20)).encode()
    workspace.put("accounts.csv", b"Name,City\n" + good + b"Fa\x81ns,Oslo\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, rule from raw.rejected_rows")
    assert refused == [{"row_number": 22, "row_text": '["Fa\\\\x81ns", "Oslo"]', "rule": "stray_bytes"}]
    assert workspace.file()["encoding"] == "utf-8 with stray bytes"


def test_nul_bytes_cost_their_row(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", b"Name,City\nPumps,Bonn\nFa\0ns,Oslo\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, reason from raw.rejected_rows")
    assert refused[0]["row_number"] == 3
    assert json.loads(refused[0]["row_text"]) == ["Fa\0ns", "Oslo"]
    assert "NUL byte" in refused[0]["reason"]


def test_a_cell_of_ten_megabytes_is_refused_and_kept_whole(workspace: LandingFolder) -> None:
    huge, tall = "x" * 10_000_000, "y\n" * 20_000
    workspace.put("accounts.csv", f'Name,Note\nPumps,ok\nFans,{huge}\nBelts,"{tall}"\nNuts,ok\n')
    workspace.land()
    assert workspace.rows("select name from raw.accounts order by row_number") == [{"name": "Pumps"}, {"name": "Nuts"}]
    refused = workspace.rows("select row_number, row_text, rule, remedy from raw.rejected_rows order by 1")
    assert [(row["row_number"], row["rule"]) for row in refused] == [(3, "cell_too_long"), (4, "cell_too_long")]
    assert json.loads(refused[0]["row_text"]) == ["Fans", huge]
    assert json.loads(refused[1]["row_text"]) == ["Belts", tall]
    assert "Shorten" in refused[0]["remedy"]


def test_fast_and_careful_reading_give_the_same_rows(workspace: LandingFolder) -> None:
    lines = [f'{n},"Firm, ""{n}""",{n % 7},plain text' for n in range(2_000)]
    workspace.put("accounts.csv", "ID,Name,Employees,Note\n" + "\n".join(lines))
    workspace.put("accounts.csv", "ID,Name,Employees,Note\n" + "\n".join(lines) + '\n9999,"open,1,x', party="us")
    workspace.land()
    same = "select source_id, name, employees, extra, row_number from raw.accounts where party_id = '{}' order by all"
    fast, careful = workspace.rows(same.format("acme")), workspace.rows(same.format("us"))
    assert len(fast) == 2_000
    assert fast == careful


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.text(st.characters(codec="utf-8"), max_size=12), min_size=1, max_size=4), max_size=12))
def test_no_rows_are_lost_whatever_stands_in_them(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]]
) -> None:
    made = LandingFolder(tmp_path_factory.mktemp("any"))
    body = "\n".join(",".join(row) for row in rows)
    made.put("accounts.csv", ("Name,City,Website\nPumps,Bonn,pumps.de\n" + body).encode("utf-8"))
    made.land()
    file = made.file()
    if file["status"] == "quarantined":
        return
    represented = made.rows("select coalesce(sum(identical_row_count), 0) as n from raw.accounts")[0]["n"]
    refused = made.rows("select count(*) as n from raw.rejected_rows")[0]["n"]
    assert file["rows_read"] == represented + refused
