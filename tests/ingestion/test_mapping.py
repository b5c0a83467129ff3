"""From the columns of a list to its fields: which header is found, which column holds what, and what is said twice.

Belongs here: header, fields and source system. Does not belong here: what the cells say (test_judging.py).
"""

import csv
import json

import pytest

from orchestration.ingestion.headers import split_unit
from orchestration.ingestion.mapping import ColumnMappings
from orchestration.settings import HOME
from tests.deliveries import LandingFolder


def test_a_list_without_a_name_column_says_which_columns_it_has(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Account ID,Shoe size\n1,44\n")
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "no_name_column")
    assert file["reason"] == (
        "No column is known to hold the account's name. The columns of row 1 are: 'Account ID', 'Shoe size'."
    )
    assert "seeds/reference/column_mappings.csv" in file["remedy"]


def test_a_header_that_may_be_a_name_is_called_by_its_place(workspace: LandingFolder) -> None:
    columns = f"Web presence,Jane Doe,Calls of Jane Doe,{MAIL},Foo"
    workspace.put("accounts.csv", f"Account ID,Account Name,{columns}\n1,Pumps,north,south,east,west,up\n")
    workspace.put("contacts.csv", "Jane Doe,CFO\nAnn Poe,Buyer\n")
    workspace.land()
    remarks = workspace.rows("select * from raw.remarks where kind = 'unread column' order by column_name")
    assert [row["column_name"] for row in remarks] == ["Foo", "Web presence", "column 4", "column 5", "column 6"]
    assert remarks[2]["reason"] == "The column 4 was kept and not read: no field has a header of this name."
    assert ",<its header>,<field>;" in remarks[2]["remedy"]
    assert workspace.file("contacts.csv")["reason"].endswith("The columns of row 1 are: column 1, 'CFO'.")
    # nothing of the list itself is lost
    assert list(json.loads(workspace.rows("select extra from raw.accounts")[0]["extra"])) == columns.split(",")


MAIL = "jane@brightwater.example"


def test_unknown_columns_are_kept_as_extra(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", 'Account Name,Shoe "size",Note\nPumps,44,it\'s\nFans,,\n')
    workspace.land()
    rows = workspace.rows("select name, extra from raw.accounts order by row_number")
    assert json.loads(rows[0]["extra"]) == {'Shoe "size"': "44", "Note": "it's"}
    assert rows[1]["extra"] is None
    assert json.loads(workspace.file()["unmapped_columns"]) == ['Shoe "size"', "Note"]


def test_renamed_columns_are_found_whatever_their_spelling(workspace: LandingFolder) -> None:
    workspace.put(
        "accounts.csv", "\ufeffKUNDEN-NR;firma ;Währung;PAÍS;ホームページ\n007;Pumpen GmbH;EUR;DE;pumpen.de\n"
    )
    workspace.land()
    row = workspace.rows("select source_id, name, currency, country, website, source_system from raw.accounts")[0]
    assert list(row.values()) == ["007", "Pumpen GmbH", "EUR", "DE", "pumpen.de", "plain"]
    mapped = json.loads(workspace.file()["column_map"])
    assert mapped["KUNDEN-NR"] == "source_id"


def test_columns_of_one_name_fill_each_other_and_a_contradiction_is_refused(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Account Name,City,city\nPumps,Bonn,Bonn\nFans,,Rome\nBelts,Oslo,Kyiv\n")
    workspace.land()
    rows = workspace.rows("select name, city from raw.accounts order by row_number")
    assert [row["city"] for row in rows] == ["Bonn", "Rome", None]
    refused = workspace.rows("select row_number, column_name, value, rule, reason from raw.rejected_values")
    assert refused == [
        {
            "row_number": 4,
            "column_name": "city",
            "value": "Oslo | Kyiv",
            "rule": "columns_disagree",
            "reason": "Row 4, column 'City': the column appears more than once, with different values: 'Oslo | Kyiv'.",
        }
    ]


def test_a_row_whose_names_contradict_each_other_is_refused(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,name\nPumps,Pumps\nFans,Belts\n")
    workspace.land()
    refused = workspace.rows("select row_number, row_text, rule from raw.rejected_rows")
    assert refused == [{"row_number": 3, "row_text": '["Fans", "Belts"]', "rule": "columns_disagree"}]


def test_different_columns_of_one_field_go_by_trust_and_lose_nothing(workspace: LandingFolder) -> None:
    workspace.put(
        "accounts.csv",
        "Record ID,Company name,Company Domain Name,Website URL,Lifecycle Stage\n"
        "1,Pumps,pumps.com,www.pumps.com,lead\n",
    )
    workspace.land()
    row = workspace.rows("select website, extra, source_system from raw.accounts")[0]
    assert row["website"] == "pumps.com"
    assert json.loads(row["extra"]) == {"Website URL": "www.pumps.com"}
    assert row["source_system"] == "hubspot"
    assert workspace.rows("select * from raw.rejected_values") == []


def test_a_title_above_the_header_of_a_csv_is_passed_over(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Accounts of Acme;;\n;;\nName;City;Website\nPumps;Bonn;pumps.de\n")
    workspace.land()
    assert workspace.rows("select name, row_number from raw.accounts") == [{"name": "Pumps", "row_number": 4}]


@pytest.mark.parametrize(
    ("object_name", "header", "system"),
    [
        ("accounts", "id,name,website,country,state,city,industry,employees", "plain"),
        (
            "accounts",
            "Id,IsDeleted,MasterRecordId,Name,Type,ParentId,BillingStreet,BillingCity,BillingCountry",
            "salesforce",
        ),
        (
            "accounts",
            "_fivetran_synced,annual_revenue,billing_city,billing_country,id,name,number_of_employees",
            "salesforce",
        ),
        ("accounts", "Account ID,Account Name,Billing State/Province,Account Owner,Last Modified Date", "salesforce"),
        ("accounts", "id,is_deleted,property_name,property_createdate,property_industry,property_country", "hubspot"),
        ("accounts", "Record ID,Company name,Company Domain Name,Lifecycle Stage,Company owner", "hubspot"),
        ("accounts", "Record ID,Account Name,Account Website,Population,Account Owner Name", "crossbeam"),
        ("contacts", "Id,IsDeleted,AccountId,LastName,FirstName,Salutation,Name,Email", "salesforce"),
        (
            "opportunities",
            "deal_id,is_deleted,property_dealname,property_amount,property_closedate,company_id",
            "hubspot",
        ),
    ],
)
def test_the_source_system_is_detected_from_the_header(object_name: str, header: str, system: str) -> None:
    mappings = ColumnMappings.read(HOME / "seeds" / "reference" / "column_mappings.csv")
    found = mappings.find_header([(1, header.split(","))], object_name, None)
    assert found.source_system == system
    if system == "plain":
        assert [column.field for column in sorted(found.columns, key=lambda c: c.index)] == [
            *("source_id", "name", "website", "country", "state", "city", "industry", "employees")
        ]


def test_every_source_system_has_a_header_for_what_a_list_of_accounts_must_have() -> None:
    seed = HOME / "seeds" / "reference" / "column_mappings.csv"
    with seed.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if (row["object"], row["field"]) == ("accounts", "name")]
    # a system that is misspelt in a row has none
    assert set(ColumnMappings.read(seed).source_systems) == {row["source_system"] for row in rows}


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["Client", "Prospect", "Lost", "Client"], "lifecycle_status"),
        (["Champion", "User", "Known", "User"], "relationship_strength"),
    ],
)
def test_the_values_choose_between_the_fields_of_a_header(
    workspace: LandingFolder, words: list[str], field: str
) -> None:
    rows = "".join(f"{number},Pumps {number} Ltd,{word}\n" for number, word in enumerate(words))
    workspace.put("accounts.csv", "Account ID,Account Name,Relationship\n" + rows)
    workspace.land()
    assert json.loads(workspace.file()["column_map"])["Relationship"] == field


@pytest.mark.parametrize(
    ("header", "base", "unit"),
    [
        ("Umsatz (Mio. EUR)", "Umsatz", "Mio. EUR"),
        ("Revenue in M EUR", "Revenue", "M EUR"),
        ("Annual Revenue [k€]", "Annual Revenue", "k €"),
        ("Revenue ('000)", "Revenue", "k"),
        ("Probability (%)", "Probability", "%"),
        ("Billing State/Province (text only)", "Billing State/Province (text only)", None),
        ("Made in Germany", "Made in Germany", None),
    ],
)
def test_the_unit_of_a_header(header: str, base: str, unit: str | None) -> None:
    assert split_unit(header) == (base, unit)
