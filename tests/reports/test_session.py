"""What people take from the published marts: the workbook of a session, the files for CRM and partner portal.

Belongs here: that they hold what the marts say, nothing that runs as a formula, and nothing that must not be there.
Does not belong here: the figures themselves (test_marts.py, test_quarter.py).
"""

import csv
from pathlib import Path

import duckdb
import pytest
from openpyxl import load_workbook
from openpyxl.worksheet.worksheet import Worksheet

from orchestration.publishing.published import NothingPublishedError
from orchestration.reports import NoReportError
from orchestration.reports.crm import write_crm_updates, write_partner_decisions
from orchestration.reports.session import INTERNAL, write_session_sheets
from orchestration.settings import HOME
from tests.workspaces import Run, workspace_in

Rows = list[tuple[object, ...]]


def published(demo: Run, sql: str) -> Rows:
    with duckdb.connect(str(demo.settings.published / "marts.duckdb"), read_only=True) as marts:
        return marts.execute(sql).fetchall()


def rows_of(sheet: Worksheet) -> list[dict[str, object]]:
    header, *rows = sheet.iter_rows(min_row=3, values_only=True)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def test_the_session_has_its_sheets_in_order_and_says_it_is_internal(demo: Run, tmp_path: Path) -> None:
    (file,) = write_session_sheets(demo.settings.published, tmp_path, "tidewell")
    workbook = load_workbook(file)
    assert workbook.sheetnames == ["ICP", "Overlaps", "Top accounts", "Owners and next steps"]
    titles = [sheet["A1"].value for sheet in workbook.worksheets]
    assert all(str(title).startswith(INTERNAL) for title in titles)
    assert sum(int(str(title).split()[-2]) for title in titles) == 60
    overlaps, top = rows_of(workbook["Overlaps"]), rows_of(workbook["Top accounts"])
    ((live,),) = published(
        demo,
        """
        select count(*) from fct_account_overlaps
        where as_of_month = '2026-10-01' and partner_id = 'tidewell'
            and is_overlap and not is_excluded and not is_partner
        """,
    )
    assert len(overlaps) == live
    assert [row["Rank"] for row in top] == list(range(1, 16))
    assert [row["Account"] for row in rows_of(workbook["Owners and next steps"])] == [row["Account"] for row in top]


def test_no_cell_of_a_session_runs_as_a_formula(demo: Run, tmp_path: Path) -> None:
    seen = set()
    for file in write_session_sheets(demo.settings.published, tmp_path):
        for sheet in load_workbook(file).worksheets:
            texts = [str(value) for row in sheet.values for value in row if isinstance(value, str)]
            assert not [text for text in texts if text.startswith(("=", "+", "-", "@"))]
            seen |= {text for text in texts if text.startswith("'")}
    # an owner and a company of the demo are written like formulas
    assert any("HYPERLINK" in text for text in seen)
    assert any("Kubikon" in text for text in seen)


def test_a_sheet_with_notes_is_never_overwritten_and_a_stranger_has_none(demo: Run, tmp_path: Path) -> None:
    write_session_sheets(demo.settings.published, tmp_path, "tidewell")
    with pytest.raises(NoReportError, match="may hold notes"):
        write_session_sheets(demo.settings.published, tmp_path)
    with pytest.raises(NoReportError, match=r"quillon.*heliograph"):
        write_session_sheets(demo.settings.published, tmp_path, "quillon")
    with pytest.raises(NothingPublishedError, match="nothing has been published yet"):
        write_session_sheets(workspace_in(tmp_path).published, tmp_path)


def test_the_crm_file_is_keyed_by_our_ids_and_leaves_excluded_accounts_out(demo: Run, tmp_path: Path) -> None:
    file, count = write_crm_updates(demo.settings.published, tmp_path)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == count > 0
    keys = {(row["source_id"], row["partner_id"]) for row in rows}
    assert len(keys) == count
    expected = published(
        demo,
        """
        select records.source_id, shared.partner_id
        from fct_account_overlaps as shared
        inner join bridge_account_records as records using (account_key)
        where shared.as_of_month = '2026-10-01' and records.party_id = 'us'
            and shared.is_overlap and not shared.is_excluded and not shared.is_partner
        """,
    )
    assert keys == set(expected)
    assert not [value for row in rows for value in row.values() if value.startswith(("=", "+", "@"))]


def test_the_file_of_partner_decisions_has_every_partner_by_our_id_with_its_owner_and_sign_off(
    demo: Run, tmp_path: Path
) -> None:
    file, count = write_partner_decisions(demo.settings.published, tmp_path)
    with file.open(encoding="utf-8", newline="") as stream:
        rows = {row["partner_id"]: row for row in csv.DictReader(stream)}
    assert len(rows) == count
    assert {(partner_id,) for partner_id in rows} == set(published(demo, "select partner_id from dim_partners"))
    with (HOME / "seeds" / "company" / "partner_decisions.csv").open(encoding="utf-8", newline="") as stream:
        last = {row["partner_id"]: row for row in sorted(csv.DictReader(stream), key=lambda row: row["decided_on"])}
    assert last
    for partner_id, row in rows.items():
        signed = last.get(partner_id, {"decision": "", "signed_off_by": ""})
        assert (row["decision"], row["signed_off_by"]) == (signed["decision"], signed["signed_off_by"])
        assert (row["sign_off"] == "open") == (partner_id not in last)
    assert not [value for row in rows.values() for value in row.values() if value.startswith(("=", "+", "-", "@"))]
