"""Lists as CRMs and people really deliver them, each after a public report of something that was read wrongly.

Belongs here: the right value of every list in tests/golden/lists, from the file to the staging tables. Does not belong
here: files that are made to do harm (tests/hostile_files), and what resolution and the marts make of the values.
"""

import shutil
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.deliveries import land
from tests.workspaces import Workspace

LISTS = Path(__file__).parents[1] / "golden" / "lists"
PARTNERS = [
    {"party_id": party, "name": party.title(), "status": "signed", "nda_signed_on": "2025-01-01"}
    for party in sorted(folder.name for folder in LISTS.iterdir())
    if party != "us"
]
FOUR = ["Brackenhall Foods Ltd", "Calloway Turbines Inc", "Ruddleston Paper plc", "Zephyrholt Air Ltd"]
RATES = [{"month": "2026-10-01", "currency": "EUR", "usd_per_unit": "1.10"}]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory, dbt: None) -> Workspace:
    """All lists landed for September and October, and October staged; once, since a run of dbt is what takes long."""
    workspace = Workspace(
        tmp_path_factory.mktemp("lists"),
        {"partners": [*PARTNERS, {"party_id": "us", "name": "Us", "status": "us"}], "exchange_rates": RATES},
    )
    shutil.copytree(LISTS, workspace.settings.exports)
    for month in ("2026-09", "2026-10"):
        land(workspace, month)
    for arguments in (("seed",), ("run", "--select", "path:models/staging")):
        done = workspace.dbt(*arguments)
        assert done.returncode == 0, done.stdout
    return workspace


def rows(workspace: Workspace, sql: str) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in workspace.query(sql)]


def column(workspace: Workspace, sql: str) -> list[Any]:
    return [row[0] for row in workspace.query(sql)]


@pytest.mark.parametrize(
    ("party", "names"),
    [
        # a report with a title above and totals, a copyright and a name below
        ("p01", ["Bremerfold Logistik GmbH", "Pellworth Dynamics Inc", "Quarrystone Foods Ltd"]),
        ("p03", ["Ossington Chemicals", "Tarnholm Robotics LLC", "Veldtmark Packaging BV"]),
        # what broken formulas leave
        ("p12csv", ["Ruddleston Paper plc"]),
        # hidden sheets are not read
        ("p15", ["Calloway Turbines Inc", "Ruddleston Paper plc", "Zephyrholt Air Ltd"]),
        # the header again, and below it the names that an API has for the columns
        ("p16noid", ["Calloway Turbines Inc", "Ruddleston Paper plc"]),
        ("p17api", ["Calloway Turbines Inc", "Ruddleston Paper plc"]),
        # headers that nobody knew, where a word of the data was one that somebody knew
        ("h1english", FOUR),
        ("h5required", FOUR),
        ("h6crossbeam", FOUR),
        ("p22it", ["Calloway Turbines Inc", "Ruddleston Paper plc"]),
        ("p22pt", ["Calloway Turbines Inc", "Ruddleston Paper plc"]),
        # quotation marks that are not doubled
        ("p26", ["Calloway Turbines Inc", 'Ruddleston "Red" Paper plc', "Zephyrholt Air Ltd"]),
        # two columns named Name
        ("p32", ["Calloway Turbines Inc", "Ruddleston Paper plc"]),
        # deleted records, as connectors mark them
        ("p07airbyte", ["Calloway Turbines Inc"]),
        ("p07singer", ["Calloway Turbines Inc"]),
        # encodings
        ("p13gbk", ["长河精密机械有限公司"]),
        ("p13mac", ["Bäckerei Mühlgräber GmbH", "Façonnage Élégant SARL"]),
        ("p13pl", ["Spółka Żelazny Młyn Sp. z o.o.", "Łódzka Wytwórnia Śrub S.A."]),
        ("p13ru", ["Завод Красный Маяк", "ООО Сибирский Ветер"]),
        # blanks, line breaks and characters that nobody sees
        ("p38", ["Calloway Turbines Inc", "Ruddleston Paper plc", "Willoughby Nursery Ltd"]),
    ],
)  # fmt: skip
def test_the_accounts_of_a_list(staged: Workspace, party: str, names: list[str]) -> None:
    sql = f"select regexp_replace(name, ' +', ' ', 'g') from staging.stg_accounts where party_id = '{party}' order by 1"
    assert column(staged, sql) == names


@pytest.mark.parametrize(
    ("party", "ids"),
    [
        ("a1", ["00012345", "00012346"]),
        ("g1", ["1", "10", "11", "12"]),
        ("p06", ["001Qx00000KdpwAIAR", "001Qx00000KdpwaIAB", "001Qx00000KdxyzIAB"]),
        ("p14", ["00012345", "00012346"]),
        ("p20", ["10", "11", "12", "13", "14", "15", "9"]),
        ("p22dynamics", ["c0ffee00-0000-4000-8000-000000000001", "c0ffee00-0000-4000-8000-000000000002"]),
        ("p22hsfr", ["9001", "9002"]),
        ("p22pipedrive", ["1", "2"]),
        ("p32id", ["1", "2"]),
    ],
)
def test_the_ids_of_a_list(staged: Workspace, party: str, ids: list[str]) -> None:
    assert column(staged, f"select source_id from staging.stg_accounts where party_id = '{party}' order by 1") == ids


@pytest.mark.parametrize(
    ("party", "links"),
    [
        ("a1", ["00012345", "00012346"]),
        # ids of 15 characters beside those of 18, whose letters' case is what tells them apart
        ("p06", ["001Qx00000KdpwaIAB", "001Qx00000KdpwAIAR", "001Qx00000KdxyzIAB"]),
        ("p14", ["00012345", "00012346"]),
        # a spreadsheet has eaten the zeros of the accounts' ids
        ("p19", ["4437", "7014"]),
        # a record that was merged is still called by its old id
        ("p27", ["9101", "9102", "9101"]),
        ("p38", ["A-1", "A-2"]),
    ],
)
def test_every_contact_finds_its_account(staged: Workspace, party: str, links: list[str]) -> None:
    sql = f"select account_record_key from staging.stg_contacts where party_id = '{party}' order by row_number"
    assert column(staged, sql) == [f"{party}:{source_id}" for source_id in links]


def test_what_stands_in_merged_cells_stands_in_each_of_their_rows(staged: Workspace) -> None:
    contacts = staged.query(
        "select account_name, count(*) from staging.stg_contacts where party_id = 'p04' group by all order by 1"
    )
    assert contacts == [("Tarnholm Robotics LLC", 3), ("Veldtmark Packaging BV", 2)]


def test_an_address_is_taken_out_of_what_stands_around_it(staged: Workspace) -> None:
    assert column(staged, "select email from staging.stg_contacts where party_id = 'p39' order by row_number") == [
        "ada@ruddleston.example", "cal@calloway-turbines.example", "kim@calloway-turbines.example",
        "eve@ruddleston.example",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("party", "hosts"),
    [
        ("p14", ["brackenhall.example", "calloway-turbines.example"]),
        (
            "p28",
            [
                "ruddleston.example", "www.calloway-turbines.example", "zephyrholt.example", "www.brackenhall.example",
                "harvenfield.example", "www.morlaix.example", "skarvdal.example", "orrivale.example",
                "www.lindqvarn.example", "dunmarrow.example",
            ],
        ),
        ("p38", ["ruddleston.example", "calloway-turbines.example", "willoughby.example"]),
        ("p22pipedrive", ["ruddleston.example", "calloway-turbines.example"]),
    ],
)  # fmt: skip
def test_a_website_is_read_as_people_write_it(staged: Workspace, party: str, hosts: list[str]) -> None:
    sql = f"select website_host from staging.stg_accounts where party_id = '{party}' order by row_number"
    assert column(staged, sql) == hosts


def test_units_in_a_header_count(staged: Workspace) -> None:
    assert staged.query(
        "select annual_revenue, annual_revenue_currency, employees from staging.stg_accounts "
        "where party_id = 'p21m' order by 3"
    ) == [(1_200_000, "EUR", 40), (3_400_000, "EUR", 90)]


def test_a_size_delivered_as_a_band_is_kept_as_one(staged: Workspace) -> None:
    assert staged.query(
        "select employees, employees_least, employees_most, annual_revenue, annual_revenue_least, annual_revenue_most, "
        "annual_revenue_currency from staging.stg_accounts where party_id = 'p29' order by row_number"
    ) == [
        (None, 51, 200, None, 10_000_000, 50_000_000, "USD"),
        (None, 1001, 5000, None, 1_000_000, 10_000_000, "USD"),
        (None, 10_001, None, None, Decimal("1000000000.01"), None, "USD"),
        (None, 11, 50, None, 1_000_000, 5_000_000, "EUR"),
        (None, None, None, None, None, None, None),
        (None, 500, None, None, 100_000_000, 500_000_000, None),
    ]
    # what is no size at all is still refused
    refused = "select value from raw.rejected_values where party_id = 'p29' order by 1"
    assert column(staged, refused) == ["Self-employed", "undisclosed"]


def test_yes_and_no_in_other_languages(staged: Workspace) -> None:
    sql = "select source_id, is_partner from staging.stg_accounts where party_id = 'p23' and is_partner is not null"
    read = dict(rows(staged, sql))
    # `Partner` and `Yes - Reseller` are no answer that is known, and `-` says nothing
    assert read == {
        **{f"t{number}": True for number in (*range(9), 11)},
        **{f"f{number}": False for number in (*range(9), 10, 11)},
    }


def test_of_several_words_of_a_picklist_the_first_in_order_counts(staged: Workspace) -> None:
    assert staged.query(
        "select lifecycle_status, is_partner, industry from staging.stg_accounts "
        "where party_id = 'p33' order by source_id"
    ) == [("customer", True, "retail"), ("prospect", None, "energy"), ("customer", None, "retail")]


@pytest.mark.parametrize(
    ("source_id", "values"),
    [
        ("006A00000000001AAA", ("won", "2026-10-12", "001Hs00000QraBcIAJ", 50_000)),
        ("006A00000000002AAA", ("lost", "2026-10-05", "001Hs00000QraBdIAJ", 30_000)),
        # a stage that nobody mapped, and the source system's own flags
        ("006A00000000003AAA", ("won", "2026-10-15", "001Hs00000QrxYzIAJ", 70_000)),
        ("8002", ("won", "2026-10-21", "001Hs00000QrxYzIAJ", 4_000)),
        # of two companies the one that the system calls the primary
        ("8001", ("open", None, "001Hs00000QraBdIAJ", 9_000)),
    ],
)
def test_a_closed_deal_closed_on_its_only_closing_date(
    staged: Workspace, source_id: str, values: tuple[object, ...]
) -> None:
    sql = (
        "select outcome, cast(closed_on as varchar), split_part(account_record_key, ':', 2), amount "
        f"from staging.stg_opportunities where source_id = '{source_id}'"
    )
    assert staged.query(sql) == [values]


def test_one_in_a_column_of_per_cent_is_one_per_cent(staged: Workspace) -> None:
    sql = "select cast(win_probability as varchar) from staging.stg_opportunities where source_id like '%005AAA'"
    assert column(staged, sql) == ["0.0100"]


@pytest.mark.parametrize(
    ("party", "rule", "word"),
    [
        ("p18", "no_usable_rows", "a spreadsheet has turned the id"),
        ("e1", "row_count_dropped", "Last month's data stays"),
    ],
)
def test_ids_that_a_spreadsheet_has_damaged_cost_the_list(staged: Workspace, party: str, rule: str, word: str) -> None:
    found = rows(
        staged,
        "select rule, reason from raw.files "
        f"where party_id = '{party}' and object = 'accounts' and status = 'quarantined' "
        "and export_month = date '2026-10-01'",
    )
    assert [row[0] for row in found] == [rule]
    assert word in found[0][1]
    kept = column(staged, f"select count(*) from staging.stg_accounts where party_id = '{party}'")
    assert kept == [10 if party == "e1" else 0]


def test_a_list_that_was_downloaded_twice_counts_once(staged: Workspace) -> None:
    assert staged.query(
        "select source_id, lifecycle_status, cast(modified_on as varchar) from staging.stg_accounts "
        "where party_id = 'p36' order by 1"
    ) == [("1", "customer", "2026-10-30"), ("2", "customer", "2026-09-01"), ("3", "customer", "2026-10-29")]
    assert column(staged, "select file_name from raw.files where rule = 'delivered_twice'") == [
        "p36/2026-10/accounts.csv"
    ]


def noted(staged: Workspace, party: str) -> set[tuple[str, str | None]]:
    sql = f"select rule, column_name from raw.remarks where party_id = '{party}' and export_month = date '2026-10-01'"
    return {(row[0], row[1]) for row in rows(staged, sql)}


def test_a_column_that_is_gone_or_not_read_is_reported_with_what_it_may_mean(staged: Workspace) -> None:
    assert noted(staged, "d4rename") == {
        ("column_missing", "Website"), ("column_missing", "Status"), ("column_not_read", "Web presence"),
        ("column_not_read", "Status (new)"), ("list_without_status", None), ("list_without_website", None),
        ("list_without_country", None),
    }  # fmt: skip
    reasons = rows(
        staged,
        "select reason, examples from raw.remarks "
        "where party_id = 'd4rename' and column_name in ('Website', 'Web presence') order by 1",
    )
    assert "It may be website." in reasons[0][0]
    assert reasons[0][1].startswith("ruddleston.example | ")
    assert "It may be 'Web presence' now." in reasons[1][0]


def test_hidden_rows_and_sheets_are_reported(staged: Workspace) -> None:
    assert ("rows_hidden", None) in noted(staged, "p15")
    assert column(staged, "select sheet_name from raw.files where rule = 'sheet_hidden' order by 1") == [
        "Accounts 2023 (old)",
        "lookup",
    ]


def test_every_row_is_accepted_or_refused(staged: Workspace) -> None:
    for table in ("accounts", "opportunities", "contacts"):
        unequal = staged.query(
            f"""
            select files.file_name from raw.files
            where object = '{table}' and status = 'landed' and rows_read <> rows_rejected + (
                select coalesce(sum(identical_row_count), 0) from raw.{table} as kept
                where kept.file_name = files.file_name and kept.sheet_name is not distinct from files.sheet_name
            )
            """
        )
        assert unequal == []
