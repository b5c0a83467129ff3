"""Business units of ours that keep ids of their own: two of them may give one id to two companies.

Belongs here: what a unit does to the ids of its rows. Does not belong here: that a company of two units is one account
(resolution), and that it keeps its key when units begin (dbt unit tests of res_account_registry).
"""

from pathlib import Path

import pytest

from orchestration.ingestion.units import Units
from tests.deliveries import LandingFolder

NORTH_AND_SOUTH = "business_unit,name,note\nnorth,Nordics & Baltics,\nsouth,,\n"


@pytest.fixture
def units(workspace: LandingFolder) -> LandingFolder:
    (workspace.seeds / "company" / "business_units.csv").write_text(NORTH_AND_SOUTH, encoding="utf-8")
    return workspace


def test_two_units_may_give_one_id_to_two_companies(units: LandingFolder) -> None:
    units.put("accounts_north.csv", "Account ID,Account Name\n1001,Pumps AB\n1002,Belts AB\n", party="us")
    units.put("accounts_south.csv", "Account ID,Account Name\n1001,Fans SpA\n", party="us")
    units.put(
        "opportunities.csv",
        "Opportunity ID,Account ID,Opportunity Name,Business Unit\n"
        "7,1001,Pilot,nordics & baltics\n7,1001,Rollout,South\n",
        party="us",
    )
    units.put("credits.csv", "Deal ID,Partner,Credit,Reason,Who,BU\n7,acme,sourced,they rang,Ada,south\n", party="us")
    units.land()
    assert units.rows("select source_id, business_unit, name from raw.accounts order by 1") == [
        {"source_id": "north/1001", "business_unit": "north", "name": "Pumps AB"},
        {"source_id": "north/1002", "business_unit": "north", "name": "Belts AB"},
        {"source_id": "south/1001", "business_unit": "south", "name": "Fans SpA"},
    ]
    assert units.rows("select source_id, account_source_id, name from raw.opportunities order by 1") == [
        {"source_id": "north/7", "account_source_id": "north/1001", "name": "Pilot"},
        {"source_id": "south/7", "account_source_id": "south/1001", "name": "Rollout"},
    ]
    assert units.rows("select opportunity_source_id from raw.credits") == [{"opportunity_source_id": "south/7"}]
    assert units.rows("select * from raw.rejected_rows") == []


def test_a_row_says_its_unit_before_the_file_does_and_an_unknown_one_is_refused(units: LandingFolder) -> None:
    units.put(
        "accounts_north.csv",
        "Account ID,Account Name,Business Unit,Merged IDs\n1,Pumps AB,,\n2,Fans SpA,south,8; 9\n3,Belts Ltd,East,\n",
        party="us",
    )
    units.land()
    assert units.rows("select source_id, merged_source_ids from raw.accounts order by 1") == [
        {"source_id": "north/1", "merged_source_ids": None},
        {"source_id": "south/2", "merged_source_ids": "south/8; south/9"},
    ]
    assert units.rows("select row_number, rule, reason, remedy from raw.rejected_rows") == [
        {
            "row_number": 4,
            "rule": "unit_unknown",
            "reason": "Row 4, column 'Business Unit': 'East' is no business unit that is known, so whose ids the row "
            "has is not known either.",
            "remedy": "Give the unit a row in seeds/company/business_units.csv, or write its name as it stands there.",
        }
    ]


def test_without_units_of_their_own_ids_a_column_of_units_changes_none(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Account ID,Account Name,Business Unit\n1,Pumps AB,North\n", party="us")
    workspace.land()
    assert workspace.rows("select source_id, business_unit from raw.accounts") == [
        {"source_id": "1", "business_unit": "North"}
    ]


def test_a_partners_units_are_its_own_affair(units: LandingFolder) -> None:
    units.put("accounts_north.csv", "Account ID,Account Name,Business Unit\n1,Pumps AB,East\n")
    units.land()
    assert units.rows("select source_id, business_unit from raw.accounts") == [
        {"source_id": "1", "business_unit": "East"}
    ]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("North Sea,,\n", r"line 2: the business unit 'North Sea' becomes a part of ids"),
        ("north,,\nsouth,North,\n", r"line 3: 'south' is called like 'north'"),
    ],
)
def test_a_unit_that_cannot_be_a_part_of_ids_is_refused_with_its_line(tmp_path: Path, rows: str, message: str) -> None:
    seed = tmp_path / "business_units.csv"
    seed.write_text(f"business_unit,name,note\n{rows}", encoding="utf-8")
    with pytest.raises(ValueError, match=message):
        Units.read(seed)
    assert Units.read(tmp_path / "nothing.csv").words == {}
