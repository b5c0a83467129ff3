"""What is refused of a list that can be read: values, rows, and the list as a whole, each with its words.

Belongs here: dates, amounts, websites, names, deleted records, and how much is too much. Does not belong here: bytes
that make no row (test_delimited.py), and the readers of values (tests/udfs/test_values.py).
"""

import json
import re

import pytest

from orchestration.ingestion.snapshots import Limits
from orchestration.settings import HOME
from tests.deliveries import HEADER_LINE, LandingFolder


def test_a_header_without_rows_is_quarantined(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", HEADER_LINE)
    workspace.land()
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "no_rows")
    assert "no rows" in file["reason"]


def test_a_file_with_more_bad_rows_than_anybody_reads_is_quarantined(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,City\nPumps,Bonn\n" + "Fans\n" * 50)
    workspace.land(limits=Limits(max_refused_rows=20))
    file = workspace.file()
    assert (file["status"], file["rule"]) == ("quarantined", "too_many_refused_rows")
    assert file["reason"] == "More than 20 rows cannot be used. The first: Row 3: it has 1 cells; the header has 2."


def test_dates_of_three_formats_are_read_and_the_ambiguous_and_the_impossible_are_listed(
    workspace: LandingFolder,
) -> None:
    dates = ["2026-10-31", "31.10.2026", "10/31/2026", "03/04/2026", "2026-02-30", "n/a"]
    workspace.put("accounts.csv", HEADER_LINE + "".join(f"{n},Firm {n},,,,{day}\n" for n, day in enumerate(dates)))
    workspace.land()
    refused = workspace.rows(
        "select row_number, source_id, column_name, header, value, rule, reason from raw.rejected_values order by 1"
    )
    assert [(row["row_number"], row["rule"]) for row in refused] == [(5, "date_ambiguous"), (6, "date_impossible")]
    assert (refused[0]["source_id"], refused[0]["column_name"], refused[0]["header"]) == (
        "3",
        "modified_date",
        "Last Modified",
    )
    assert refused[1]["reason"] == "Row 6, column 'Last Modified': the date '2026-02-30' does not exist."
    assert workspace.rows("select count(*) as n from raw.accounts") == [{"n": 6}]
    assert workspace.file()["date_order"] is None


def test_an_order_of_dates_is_taken_from_the_party_or_from_the_file(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", HEADER_LINE + "1,Pumps,,,,03/04/2026\n2,Fans,,,,12/31/2026\n")
    workspace.put("accounts.csv", HEADER_LINE + "1,Pumps,,,,03.04.2026\n", party="german")
    workspace.land()
    assert workspace.file("acme/2026-10/accounts.csv")["date_order"] == "mdy"
    assert workspace.file("german/2026-10/accounts.csv")["date_order"] == "dmy"
    assert workspace.rows("select * from raw.rejected_values") == []


def test_amounts_in_four_notations_are_read_and_the_rest_is_listed(workspace: LandingFolder) -> None:
    amounts = ['"1,234.50"', '"1.234,50"', "$1.2M", "n/a", "abc", "-250000", '"(1,200)"', "1.234"]
    workspace.put("accounts.csv", HEADER_LINE + "".join(f"{n},Firm {n},,,{text},\n" for n, text in enumerate(amounts)))
    workspace.land()
    refused = workspace.rows("select value, rule, reason, remedy from raw.rejected_values order by row_number")
    assert [(row["value"], row["rule"]) for row in refused] == [
        ("abc", "amount_unreadable"),
        ("-250000", "negative_amount"),
        ("(1,200)", "negative_amount"),
        ("1.234", "amount_ambiguous"),
    ]
    assert refused[1]["reason"] == "Row 7, column 'Annual Revenue': '-250000' is a negative amount."
    assert "decimal_mark" in refused[3]["remedy"]
    assert [
        row["annual_revenue"] for row in workspace.rows("select annual_revenue from raw.accounts order by row_number")
    ][4] == "abc"


def test_a_band_is_a_value_and_one_that_is_damaged_or_upside_down_is_listed(workspace: LandingFolder) -> None:
    cells = ["51-200,$10M-$50M", "500+,> $1B", "10-Nov,Nov-50", "200-51,5M-1M", "-5,(5)-(3)", "a few,1.000-5.000"]
    workspace.put("accounts.csv", HEADER_LINE + "".join(f"{n},Firm {n},,{cell},\n" for n, cell in enumerate(cells)))
    workspace.land()
    refused = workspace.rows("select column_name, rule, reason, remedy from raw.rejected_values order by row_number, 1")
    assert [(row["column_name"], row["rule"]) for row in refused] == [
        *(("annual_revenue", "band_made_a_date"), ("employees", "band_made_a_date")),
        *(("annual_revenue", "band_upside_down"), ("employees", "band_upside_down")),
        *(("annual_revenue", "negative_amount"), ("employees", "negative_number")),
        *(("annual_revenue", "amount_ambiguous"), ("employees", "number_unreadable")),
    ]
    assert refused[1]["reason"] == (
        "Row 4, column 'Employees': '10-Nov' is a date, which a spreadsheet makes of a band such as 10-11 or 11-50."
    )
    assert "import the column as text" in refused[1]["remedy"]
    assert refused[3]["reason"] == "Row 5, column 'Employees': the band '200-51' begins above its end."
    kept = workspace.rows("select employees, annual_revenue from raw.accounts order by row_number")
    assert (kept[0]["employees"], kept[0]["annual_revenue"]) == ("51-200", "$10M-$50M")


def test_a_unit_in_the_header_counts_for_bands_too(workspace: LandingFolder) -> None:
    bands = ["10-50", "10+", "more than 5", "$3M", "10 Mio. - 50 Mio.", "5"]
    rows = "".join(f"{n},Firm {n},{band}\n" for n, band in enumerate(bands))
    workspace.put("accounts.csv", f"Account ID,Name,Umsatz (Mio. EUR)\n{rows}")
    workspace.land()
    kept = workspace.rows("select annual_revenue from raw.accounts order by row_number")
    assert [row["annual_revenue"] for row in kept] == [
        *("10-50 Mio. EUR", "10+ Mio. EUR", "more than 5 Mio. EUR", "$3M", "10 Mio. - 50 Mio.", "5 Mio. EUR")
    ]


def test_a_currency_nobody_knows_is_listed(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name,Currency\nPumps,EUR\nFans,€\nBelts,XBT\n")
    workspace.land()
    refused = workspace.rows("select row_number, rule, reason, remedy from raw.rejected_values")
    assert refused[0]["row_number"] == 4
    assert refused[0]["reason"] == "Row 4, column 'Currency': 'XBT' is not a currency that is known."
    assert "seeds/reference/value_mappings.csv" in refused[0]["remedy"]


def test_websites_that_are_none_are_listed(workspace: LandingFolder) -> None:
    sites = ["http://WWW.Foo.com:80/x?y", "foo", "sales@foo.com", "203.0.113.7", "none at all."]
    workspace.put("accounts.csv", HEADER_LINE + "".join(f"{n},Firm {n},{site},,,\n" for n, site in enumerate(sites)))
    workspace.land()
    refused = workspace.rows("select value, rule, reason from raw.rejected_values order by row_number")
    assert [row["rule"] for row in refused] == [
        "website_without_dot",
        "website_is_email",
        "website_is_ip_address",
        "website_unreadable",
    ]
    assert refused[0]["reason"] == "Row 3, column 'Website': 'foo' is not a website: it has no dot."


def test_names_that_name_nobody_are_refused_and_short_real_names_are_not(workspace: LandingFolder) -> None:
    bad = ["GmbH & Co. KG", "Inc.", "---", "?!", "", "n/a"]
    good = ["BT", "SAP SE", "3M", "SE Corporation", "株式会社マスト", "@dots", "+Plus"]
    workspace.put("accounts.csv", "Account ID,Name\n" + "".join(f"{n},{name}\n" for n, name in enumerate(bad + good)))
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == good
    refused = workspace.rows("select rule, reason, column_name from raw.rejected_rows order by row_number")
    assert [row["rule"] for row in refused] == [
        *("name_only_legal_form", "name_only_legal_form", "name_only_punctuation", "name_only_punctuation"),
        *("name_empty", "name_empty"),
    ]
    assert refused[0]["reason"] == "Row 2, column 'Name': the name 'GmbH & Co. KG' is nothing but a legal form."


def test_formulas_stay_text_and_do_not_run(workspace: LandingFolder) -> None:
    formula = '=HYPERLINK("http://evil.example","x")'
    quoted = '"' + formula.replace('"', '""') + '"'
    workspace.put("accounts.csv", f"Name,Owner,{quoted}\nPumps,{quoted},1\n{quoted},Ann,2\n")
    workspace.land()
    rows = workspace.rows("select name, owner, extra from raw.accounts order by row_number")
    assert (rows[0]["owner"], rows[1]["name"]) == (formula, formula)
    assert json.loads(rows[0]["extra"]) == {formula: "1"}


def test_rows_of_the_other_objects_need_their_account(workspace: LandingFolder) -> None:
    workspace.put("opportunities.csv", "ID,Account,Stage\n1,Pumps,won\n2,,won\n")
    workspace.put("engagements.csv", "ID,Account,Date\n1,Pumps,2026-10-01\n2,Pumps,\n")
    workspace.put("contacts.csv", "ID,Account,Full Name,Email\n1,Pumps,Ann,ann@x\n2,Pumps,,\n")
    workspace.land()
    refused = workspace.rows("select object, row_number, rule from raw.rejected_rows order by object")
    assert [(r["object"], r["row_number"], r["rule"]) for r in refused] == [
        ("contacts", 3, "person_missing"),
        ("engagements", 3, "date_missing"),
        ("opportunities", 3, "account_missing"),
    ]
    assert workspace.rows("select rule from raw.rejected_values") == [{"rule": "email_unreadable"}]


@pytest.mark.parametrize(
    ("name", "header", "rows"),
    [
        ("accounts.csv", "Id,IsDeleted,Name,ParentId", ("1,false,Pumps,", "2,true,Fans,", "3,,Belts,")),
        ("accounts.csv", "id,property_name,archived,property_domain", ("1,Pumps,0,", "2,Fans,TRUE,", "3,Belts,,")),
        ("opportunities.csv", "Id,AccountId,StageName,IsDeleted", ("1,A,Won,no", "2,A,Won,1", "3,A,Won,")),
        ("engagements.csv", "ID,Account,Date,Deleted", ("1,P,2026-10-01,", "2,P,2026-10-01,ja", "3,P,2026-10-02,")),
        ("contacts.csv", "Id,IsDeleted,AccountId,LastName", ("1,FALSE,A,Lee", "2,yes,A,Roe", "3,,A,Poe")),
    ],
)
def test_rows_that_the_source_system_has_deleted_are_refused(
    workspace: LandingFolder, name: str, header: str, rows: tuple[str, ...]
) -> None:
    workspace.put(name, "\n".join([header, *rows]))
    workspace.land()
    kept = workspace.rows(f"select source_id from raw.{name.removesuffix('.csv')} order by 1")
    assert [row["source_id"] for row in kept] == ["1", "3"]
    refused = workspace.rows("select row_number, rule, column_name, row_text, reason, remedy from raw.rejected_rows")
    assert [(row["row_number"], row["rule"], row["column_name"]) for row in refused] == [
        (3, "row_deleted", "is_deleted")
    ]
    assert json.loads(refused[0]["row_text"]) == rows[1].split(",")
    assert "the source system has marked the record as deleted" in refused[0]["reason"]
    assert "restore it" in refused[0]["remedy"]


def test_a_placeholder_is_known_whatever_stands_between_its_words(workspace: LandingFolder) -> None:
    placeholders = [
        "Unknown",
        "-unknown-",
        "\u2003UNKNOWN\u2003",
        "_ Unknown",
        "to be determined",
        "To-Be.Determined",
        "TBD",
    ]
    names = ["Unknown Worlds Entertainment", "To Be Determined Records and Publishing", "Pumps"]
    workspace.put("accounts.csv", "Name\n" + "".join(f"{name}\n" for name in [*placeholders, *names]))
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts order by row_number")] == names
    refused = workspace.rows("select distinct rule from raw.rejected_rows")
    assert refused == [{"rule": "name_is_placeholder"}]


def test_an_address_is_taken_out_of_what_stands_around_it_and_keeps_its_apostrophe(workspace: LandingFolder) -> None:
    cells = [
        "o'brien@acme.com",
        "'ada@acme.com'",
        "Ada <ada@acme.com>",
        "mailto:ada@acme.com",
        "a@b.com; c@d.com",
        "nowhere",
    ]
    workspace.put(
        "contacts.csv", "Account Name,Name,Email\n" + "".join(f"Pumps,P{n},{c}\n" for n, c in enumerate(cells))
    )
    workspace.land()
    read = [row["email"] for row in workspace.rows("select email from raw.contacts order by row_number")]
    assert read == ["o'brien@acme.com", "ada@acme.com", "ada@acme.com", "ada@acme.com", "a@b.com", "nowhere"]
    assert workspace.rows("select value, rule from raw.rejected_values") == [
        {"value": "nowhere", "rule": "email_unreadable"}
    ]


def test_a_flag_of_deletion_that_says_neither_yes_nor_no_is_listed_and_a_seed_row_can_switch_it_off(
    workspace: LandingFolder,
) -> None:
    workspace.put("accounts.csv", "Id,Name,IsDeleted\n1,Pumps,perhaps\n2,Fans,true\n")
    workspace.land()
    assert [row["name"] for row in workspace.rows("select name from raw.accounts")] == ["Pumps"]
    assert workspace.rows("select value, rule from raw.rejected_values") == [
        {"value": "perhaps", "rule": "deletion_unreadable"}
    ]
    header, *known = (HOME / "seeds" / "reference" / "column_mappings.csv").read_text(encoding="utf-8").splitlines()
    own = [re.sub(",is_deleted$", ",", row) for row in known if re.search("Is ?Deleted,is_deleted$", row)]
    (workspace.seeds / "reference").mkdir()
    (workspace.seeds / "reference" / "column_mappings.csv").write_text("\n".join([header, *own]), encoding="utf-8")
    workspace.land()
    assert len(workspace.rows("select name from raw.accounts")) == 2
    assert workspace.rows("select * from raw.rejected_rows") == []
