"""What stands in the raw tables after a load: ids, collapsed rows, whole lists, and that a month replaces itself alone.

Belongs here: rows and lists as they are written. Does not belong here: why a cell is refused (test_judging.py).
"""

import json
import shutil
from datetime import date

from tests.deliveries import HEADER_LINE, LandingFolder

OCTOBER = date(2026, 10, 1)
SEPTEMBER = date(2026, 9, 1)


def test_every_differing_row_of_a_source_id_is_refused_and_identical_ones_collapse(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", HEADER_LINE + "1,Pumps,,,,\n2,Fans,,,,\n2,Belts,,,,\n3,Nuts,,,,\n3,Nuts,,,,\n")
    workspace.put("accounts_more.csv", HEADER_LINE + "3,Nuts,,,,\n2,Fans,,,,\n")
    workspace.land()
    kept = workspace.rows("select source_id, identical_row_count, file_name from raw.accounts order by 1")
    assert [(row["source_id"], row["identical_row_count"]) for row in kept] == [("1", 1), ("3", 3)]
    refused = workspace.rows(
        "select file_name, row_number, row_text, rule, reason, remedy from raw.rejected_rows order by 1, 2"
    )
    assert [(row["file_name"], row["row_number"]) for row in refused] == [
        ("acme/2026-10/accounts.csv", 3),
        ("acme/2026-10/accounts.csv", 4),
        ("acme/2026-10/accounts_more.csv", 3),
    ]
    assert json.loads(refused[0]["row_text"]) == ["2", "Fans", "", "", "", ""]
    assert refused[0]["reason"] == (
        "Row 3, column 'Account ID': the id '2' is used for rows that differ (accounts.csv row 3, accounts.csv row 4, "
        "accounts_more.csv row 3), so it is not known which is right."
    )
    assert "Keep one row" in refused[0]["remedy"]


def test_rows_without_an_id_get_one_that_does_not_depend_on_their_order(workspace: LandingFolder) -> None:
    lines = ["Pumps GmbH,pumps.com,Bonn", "PUMPS  gmbh,https://www.pumps.com,Rome", "Fans,,Oslo", "Fans,,Oslo"]
    workspace.put("accounts.csv", "Name,Website,City\n" + "\n".join(lines))
    workspace.land()
    first = workspace.rows("select source_id, city, identical_row_count from raw.accounts order by all")
    assert len(first) == 3
    assert all(row["source_id"].startswith("h-") for row in first)
    workspace.put("accounts.csv", "Name,Website,City\n" + "\n".join(reversed(lines)))
    workspace.land()
    assert workspace.rows("select source_id, city, identical_row_count from raw.accounts order by all") == first


def test_two_parties_may_use_the_same_source_ids(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "ID,Name\n1,Pumps\n")
    workspace.put("accounts.csv", "ID,Name\n1,Fans\n", party="us")
    workspace.land()
    assert workspace.rows("select count(*) as n from raw.accounts") == [{"n": 2}]


def test_loading_a_month_again_replaces_exactly_that_month(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n", month="2026-09")
    workspace.put("accounts.csv", "Name,Employees\nPumps,many\n,1\n")
    workspace.put("contacts.csv", "Account Name,Full Name\nPumps,Ann\n")
    workspace.land(SEPTEMBER)
    workspace.land()
    before = workspace.rows("select * exclude (loaded_at) from raw.accounts order by all")
    workspace.land()
    assert workspace.rows("select * exclude (loaded_at) from raw.accounts order by all") == before
    assert workspace.rows("select count(*) as n from raw.files") == [{"n": 3}]
    assert workspace.rows("select count(*) as n from raw.rejected_rows") == [{"n": 1}]
    assert workspace.rows("select count(*) as n from raw.rejected_values") == [{"n": 1}]
    (workspace.exports / "acme" / "2026-10" / "contacts.csv").unlink()
    workspace.land()
    assert workspace.rows("select * from raw.contacts") == []
    shutil.rmtree(workspace.exports / "acme")
    workspace.land()
    assert workspace.rows("select * exclude (loaded_at) from raw.accounts order by all") == before


def test_one_bad_file_of_a_list_keeps_the_list_whole_and_the_others_go_on(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    workspace.put("accounts_b.csv", "Shoe size\n44\n")
    workspace.put("contacts.csv", "Account Name,Full Name\nPumps,Ann\n")
    workspace.land()
    files = workspace.rows("select file_name, status, rule from raw.files order by 1")
    assert [(f["status"], f["rule"]) for f in files] == [
        ("quarantined", "list_incomplete"),
        ("quarantined", "no_name_column"),
        ("landed", None),
    ]
    assert workspace.rows("select * from raw.accounts") == []


def test_every_raw_table_exists_when_nothing_was_delivered(workspace: LandingFolder) -> None:
    workspace.land()
    tables = {
        row["table_name"] for row in workspace.rows("select table_name from duckdb_tables() where schema_name = 'raw'")
    }
    assert tables == {
        *(
            "accounts",
            "opportunities",
            "engagements",
            "contacts",
            "files",
            "rejected_rows",
            "rejected_values",
            "remarks",
        ),
        *(
            "credits",
            "plans",
            "decisions",
            "exports_folder",
            "loaded_months",
            "written_by",
            "kept_keys",
            "pruned_months",
            "pruned_records",
        ),
        "deliveries",
    }


def test_fewer_than_half_of_last_months_rows_quarantine_the_list(workspace: LandingFolder) -> None:
    full = "".join(f"Firm {n}\n" for n in range(10))
    workspace.put("accounts.csv", "Name\n" + full, month="2026-09")
    workspace.put("accounts.csv", "Name\n" + full[: 7 * 4])
    workspace.put("accounts.csv", "Name\nPumps\n", party="us")
    workspace.land(SEPTEMBER)
    workspace.land(OCTOBER)
    file = workspace.rows("select * from raw.files where party_id = 'acme' and export_month = '2026-10-01'")[0]
    assert (file["status"], file["rule"]) == ("quarantined", "row_count_dropped")
    assert file["reason"] == (
        "The list has 4 usable rows, last month's had 10: less than 50% of it. Last month's data stays."
    )
    assert workspace.rows("select count(*) as n from raw.accounts where party_id = 'us'") == [{"n": 1}]
