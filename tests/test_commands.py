"""The commands behind the Makefile, as a person meets them: what they make, what they refuse, and in which words."""

import csv
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import HOME, Settings
from orchestration.warehouse.schema import create_raw_tables, record_exports_folder
from tests.workspaces import Run, run_command, workspace_in


def test_a_workspace_of_your_own_has_every_seed_and_no_row_of_the_demo(tmp_path: Path) -> None:
    run = run_command(workspace_in(tmp_path), "init", str(tmp_path / "ours"))
    assert run.exit_code == 0, run.output
    seeds = tmp_path / "ours" / "seeds"
    shipped = {file.relative_to(HOME / "seeds") for file in (HOME / "seeds").rglob("*.csv")}
    assert {file.relative_to(seeds) for file in seeds.rglob("*.*")} == shipped
    for seed in seeds.rglob("*.csv"):
        with seed.open(newline="", encoding="utf-8") as stream:
            assert len(list(csv.reader(stream))) == 1, seed.name
    assert (tmp_path / "ours" / "exports" / "us").is_dir()


def test_a_workspace_is_not_made_over_another(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "partners.csv").write_text("mine")
    run = run_command(workspace_in(tmp_path), "init", str(tmp_path / "ours"))
    assert run.exit_code == 1
    assert "is not empty" in run.output
    assert (tmp_path / "ours" / "partners.csv").read_text() == "mine"


def test_exports_of_a_workspace_find_its_seeds_and_var_beside_them(tmp_path: Path) -> None:
    (tmp_path / "seeds" / "company").mkdir(parents=True)
    (tmp_path / "seeds" / "company" / "partners.csv").write_text("party_id\n")
    (tmp_path / "exports").mkdir()
    settings = Settings.for_exports(tmp_path / "exports", None, {})
    assert settings.seeds == tmp_path / "seeds"
    assert settings.warehouse == tmp_path / "var" / "warehouse.duckdb"
    assert settings.published == tmp_path / "var" / "published"


def test_exports_elsewhere_never_share_a_warehouse_with_the_demo(tmp_path: Path) -> None:
    settings = Settings.for_exports(tmp_path, None, {})
    assert settings.warehouse != Settings.from_environment({}).warehouse
    assert settings.published != Settings.from_environment({}).published


def test_seeds_that_are_named_win_over_those_that_are_found(tmp_path: Path) -> None:
    (tmp_path / "seeds" / "company").mkdir(parents=True)
    (tmp_path / "seeds" / "company" / "partners.csv").write_text("party_id\n")
    assert Settings.for_exports(tmp_path / "exports", tmp_path / "other", {}).seeds == tmp_path / "other"


@pytest.mark.parametrize("month", ["2026-13", "October", "../2026-10"])
def test_a_month_in_another_form_is_refused_before_anything_is_read(tmp_path: Path, month: str) -> None:
    run = run_command(workspace_in(tmp_path), "run", "--exports", str(HOME / "demo" / "exports"), "--month", month)
    assert run.exit_code == 2
    assert "does not match the format '%Y-%m'" in run.output
    assert not (tmp_path / "var").exists()


def test_other_exports_are_not_run_into_a_warehouse_and_the_message_says_what_to_do(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    settings.warehouse.parent.mkdir()
    with duckdb.connect(str(settings.warehouse)) as warehouse:
        create_raw_tables(warehouse)
        record_exports_folder(warehouse, settings.warehouse, tmp_path / "theirs")
    run = run_command(settings, "run", "--exports", str(settings.exports), "--month", "2026-10")
    assert run.exit_code == 1
    for named in (settings.warehouse, tmp_path / "theirs", settings.exports, "make init"):
        assert str(named) in run.output
    assert "Traceback" not in run.output
    assert [file.name for file in (tmp_path / "var").iterdir()] == ["warehouse.duckdb"]


@pytest.mark.parametrize(("row", "cells"), [("acme,Acme,signed,,2026-01-10", 5), ("acme" + "," * 18, 19)])
def test_a_partner_row_with_too_few_or_too_many_cells_is_pointed_at_before_anything_is_built(
    tmp_path: Path, row: str, cells: int
) -> None:
    run_command(workspace_in(tmp_path), "init", str(tmp_path / "ours"))
    seed = tmp_path / "ours" / "seeds" / "company" / "partners.csv"
    seed.write_text(seed.read_text(encoding="utf-8") + row + "\n", encoding="utf-8")
    settings = Settings.for_exports(tmp_path / "ours" / "exports", None, {})
    run = run_command(settings, "run", "--exports", str(settings.exports), "--month", "2026-10")
    assert run.exit_code == 1
    assert f"{seed}, line 2: the row has {cells} cells and the header 18." in run.output
    assert "Traceback" not in run.output
    assert list(settings.var.iterdir()) == []


OURS = """Account Name,Website,Country,Industry,Employees,Annual Revenue,Status
Brightwater Pumps Ltd,https://www.brightwaterpumps.example,United Kingdom,Manufacturing,240,"£12,500,000",Customer
Kessler & Söhne Maschinenbau GmbH,kessler-maschinenbau.example,Germany,Manufacturing,1100,€ 210 Mio,Prospect
Nordlys Shipping AS,nordlys.example,Norway,Logistics,480,,Customer
Calder Vale Insurance plc,caldervale.example,United Kingdom,Insurance,3200,,Target
Oakhollow Dairy Cooperative,,United States,Food,150,,Prospect
Zephyr Analytics Inc.,zephyr-analytics.example,United States,Software,85,$9M,Prospect
Maison Thibault SA,maisonthibault.example,France,Retail,640,,Churned
Quarrystone Legal LLP,quarrystone.example,United Kingdom,Legal,70,,Target
Pinecrest Hospitals,,United States,Healthcare,5100,,Customer
Tallgrass Energy Partners LLC,tallgrass-energy.example,United States,Energy,900,,Prospect
"""
THEIRS = """Company;Web;Land;Branche;Mitarbeiter;Status
BRIGHTWATER PUMPS LIMITED;brightwaterpumps.example;UK;Industry;250;Prospect
Kessler und Soehne Maschinenbau;;DE;Maschinenbau;1.100;Kunde
Nordlys Shipping;www.nordlys.example;NO;Logistik;;Customer
Oakhollow Dairy Co-operative;;US;Food;;Customer
Veldhuis Bakkerij B.V.;veldhuis.example;NL;Food;60;Customer
Sierra Alta Mining;sierra-alta.example;Chile;Mining;2000;Customer
Harbourline Ferries;harbourline.example;Ireland;Transport;310;Prospect
Lumen & Frost Studio;lumenfrost.example;UK;Media;25;Customer
Zephyr Marine Surveyors;zephyr-marine.example;US;Marine;40;Customer
Ostrava Steelworks a.s.;ostrava-steel.example;Czechia;Steel;4100;Customer
"""


@pytest.mark.usefixtures("dbt")
def test_a_new_user_finds_the_overlaps_of_two_short_lists(tmp_path: Path) -> None:
    ours = tmp_path / "ours"
    made = run_command(workspace_in(tmp_path), "init", str(ours))
    assert made.exit_code == 0, made.output
    with (ours / "seeds" / "company" / "partners.csv").open("a", encoding="utf-8") as partners:
        partners.write("acme,Acme Consulting,signed,2026-01-15,2026-01-10,,,,,,,,,,,,,\n")
    for party, text in (("us", OURS), ("acme", THEIRS)):
        folder = ours / "exports" / party / "2026-10"
        folder.mkdir(parents=True)
        (folder / "accounts.csv").write_text(text, encoding="utf-8")

    settings = Settings.for_exports(ours / "exports", None, {})
    run = run_command(settings, "run", "--exports", str(ours / "exports"), "--month", "2026-10")

    assert run.exit_code == 0, run.output
    with duckdb.connect(str(ours / "var" / "published" / "marts.duckdb"), read_only=True) as marts:
        overlaps = marts.execute(
            """
            select accounts.name, shared.our_status, shared.partner_status, shared.play
            from fct_account_overlaps as shared
            inner join dim_accounts as accounts using (account_key)
            where shared.is_overlap and shared.partner_id = 'acme'
            order by 1
            """
        ).fetchall()
        accounts = marts.execute("select count(*) from dim_accounts").fetchone()
    assert overlaps == [
        ("Brightwater Pumps Ltd", "customer", "prospect", "reciprocal_introduction"),
        ("Kessler & Söhne Maschinenbau GmbH", "prospect", "customer", "introduction"),
        ("Nordlys Shipping AS", "customer", "customer", "expansion"),
        ("Oakhollow Dairy Cooperative", "prospect", "customer", "introduction"),
    ]
    assert accounts == (16,)
    assert f"make dev EXPORTS={ours / 'exports'}" in run.output


def test_the_documentation_is_one_page_that_opens_offline(demo: Run, tmp_path: Path) -> None:
    page = demo.settings.dbt_target / "static_index.html"
    page.unlink(missing_ok=True)
    run = run_command(demo.settings, "docs")
    assert run.exit_code == 0, run.output
    text = page.read_text(encoding="utf-8")
    assert "mart_co_sell_list" in text
    assert "pipeline_dashboard" in text  # who reads a mart stands beside it
    nothing = run_command(workspace_in(tmp_path), "docs")
    assert nothing.exit_code == 1
    assert "nothing has been built yet" in nothing.output
