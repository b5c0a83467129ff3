"""The commands behind the Makefile, as a person meets them: what they make, what they refuse, and in which words."""

import csv
import os
import pty
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.settings import HOME, Settings
from orchestration.warehouse.company_settings import COMPANY_SETTINGS
from orchestration.warehouse.schema import create_raw_tables, record_exports_folder
from tests.workspaces import Run, run_command, workspace_in

OF_US = ("--name", "Us & Co", "--currency", "gbp")


def test_a_workspace_of_your_own_has_every_seed_and_no_row_of_the_demo(tmp_path: Path) -> None:
    run = run_command(workspace_in(tmp_path), "init", *OF_US, str(tmp_path / "ours"))
    assert run.exit_code == 0, run.output
    seeds = tmp_path / "ours" / "seeds"
    shipped = {file.relative_to(HOME / "seeds") for file in (HOME / "seeds").rglob("*.csv")}
    assert {file.relative_to(seeds) for file in seeds.rglob("*.*")} == shipped
    for seed in seeds.rglob("*.csv"):
        with seed.open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        if seed.name == "partners.csv":
            (ours,) = rows
            assert {name: cell for name, cell in ours.items() if cell} == {
                "party_id": "us",
                "name": "Us & Co",
                "status": "us",
                "default_currency": "GBP",
            }
        elif seed.name == "settings.csv":
            assert [row["name"] for row in rows] == list(COMPANY_SETTINGS)
            assert not any(row["value"] for row in rows) and all(row["unit"] and row["meaning"] for row in rows)
        else:
            assert rows == [], seed.name
    assert (tmp_path / "ours" / "exports" / "us").is_dir()


@pytest.mark.parametrize(
    ("says", "answer"),
    [
        ((), 'NAME="Our Company" CURRENCY=EUR'),
        (("--name", "Us"), 'NAME="Our Company" CURRENCY=EUR'),
        (("--name", "Us", "--currency", "ducats"), "'ducats' is no currency. Give its ISO code"),
    ],
)
def test_a_workspace_is_made_for_somebody_whose_currency_is_known(
    tmp_path: Path, says: tuple[str, ...], answer: str
) -> None:
    run = run_command(workspace_in(tmp_path), "init", *says, str(tmp_path / "ours"))
    assert run.exit_code == 1
    assert answer in run.output
    assert not (tmp_path / "ours").exists()


def test_rates_that_are_given_are_loaded_and_without_them_it_is_said_what_follows(tmp_path: Path) -> None:
    rates = tmp_path / "rates.csv"
    rates.write_text("Date,USD,GBP,\n2026-10-30,1.2,0.8,\n", encoding="utf-8")
    made = run_command(workspace_in(tmp_path), "init", *OF_US, "--rates", str(rates), str(tmp_path / "ours"))
    assert made.exit_code == 0, made.output
    assert "rates of EUR, GBP from 2026-10 to 2026-10" in made.output
    seed = tmp_path / "ours" / "seeds" / "reference" / "exchange_rates.csv"
    source = "ECB reference rates, mean of 1 day to 2026-10-30"
    lines = [
        "month,currency,usd_per_unit,source",
        *(f'2026-10-01,{rate},"{source}"' for rate in ("EUR,1.20000000", "GBP,1.50000000")),
    ]
    assert seed.read_text(encoding="utf-8").splitlines() == lines

    bare = run_command(workspace_in(tmp_path), "init", *OF_US, str(tmp_path / "bare"))
    assert "All others, yours in GBP among them, have no value in US dollars" in bare.output
    assert f"make rates EXPORTS={tmp_path / 'bare'}/exports RATES=" in bare.output
    later = run_command(workspace_in(tmp_path), "rates", "--exports", str(tmp_path / "bare" / "exports"), str(rates))
    assert later.exit_code == 1 and "the demo keeps its invented rates" in later.output
    settings = Settings.for_exports(tmp_path / "bare" / "exports", None, {})
    later = run_command(settings, "rates", "--exports", str(settings.exports), str(rates))
    assert later.exit_code == 0, later.output
    assert (settings.seeds / "reference" / "exchange_rates.csv").read_bytes() == seed.read_bytes()


def test_who_says_nothing_is_asked_for_name_currency_and_rates(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("Date,USD\n2026-10-30,1.2\n", encoding="utf-8")
    keyboard, terminal = pty.openpty()
    os.write(keyboard, f"Us\nEUR\n{tmp_path / 'rates.csv'}\n".encode())
    command = [sys.executable, "-m", "orchestration", "init", str(tmp_path / "ours")]
    done = subprocess.run(command, cwd=HOME, stdin=terminal, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "rates of EUR from 2026-10 to 2026-10" in done.stdout


def test_a_file_of_other_rates_is_refused_before_anything_is_made(tmp_path: Path) -> None:
    (tmp_path / "rates.csv").write_text("currency,rate\nEUR,1.1\n", encoding="utf-8")
    run = run_command(
        workspace_in(tmp_path), "init", *OF_US, "--rates", str(tmp_path / "rates.csv"), str(tmp_path / "ours")
    )
    assert run.exit_code == 1
    assert "row 1, column 1: the header is 'currency', not Date" in run.output
    assert "Traceback" not in run.output
    assert not (tmp_path / "ours").exists()


def test_a_workspace_is_not_made_over_another(tmp_path: Path) -> None:
    (tmp_path / "ours").mkdir()
    (tmp_path / "ours" / "partners.csv").write_text("mine")
    run = run_command(workspace_in(tmp_path), "init", *OF_US, str(tmp_path / "ours"))
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


@pytest.mark.parametrize("too_many", [-1, 1])
def test_a_partner_row_with_too_few_or_too_many_cells_is_pointed_at_before_anything_is_built(
    tmp_path: Path, too_many: int
) -> None:
    run_command(workspace_in(tmp_path), "init", *OF_US, str(tmp_path / "ours"))
    seed = tmp_path / "ours" / "seeds" / "company" / "partners.csv"
    text = seed.read_text(encoding="utf-8")
    width = text.splitlines()[0].count(",") + 1
    cells = width + too_many
    seed.write_text(text + "acme" + "," * (cells - 1) + "\n", encoding="utf-8")
    settings = Settings.for_exports(tmp_path / "ours" / "exports", None, {})
    run = run_command(settings, "run", "--exports", str(settings.exports), "--month", "2026-10")
    assert run.exit_code == 1
    assert f"{seed}, line 3: the row has {cells} cells and the header {width}." in run.output
    assert "Traceback" not in run.output
    assert list(settings.var.iterdir()) == []


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
