"""What a company sets: which values are taken, which rows are refused and in which words, and what dbt is given.

Belongs here: reading the seed. Does not belong here: what a setting changes (tests/models/test_quarter.py).
"""

from decimal import Decimal
from pathlib import Path

import pytest

from orchestration.settings import SHIPPED_SEEDS, RefusedError
from orchestration.warehouse import build
from orchestration.warehouse.company_settings import (
    COMPANY_SETTINGS,
    as_vars,
    default_of,
    read_company_settings,
    settings_in_force,
)
from orchestration.warehouse.seeds import numbered_rows
from tests.deliveries import LandingFolder

HEADER = "name,value,unit,meaning\n"


def write(folder: Path, rows: str, header: str = HEADER) -> Path:
    (folder / "settings.csv").write_text(header + rows, encoding="utf-8")
    return folder


def test_without_a_file_a_row_or_a_value_the_default_holds(tmp_path: Path) -> None:
    assert read_company_settings(tmp_path) == {}
    assert read_company_settings(write(tmp_path, "", header="")) == {}
    assert read_company_settings(write(tmp_path, "")) == {}
    assert read_company_settings(write(tmp_path, "acv_usd,,USD,a deal\n\nwon_days, ,,\n")) == {}
    assert all(setting.is_default for setting in settings_in_force(tmp_path))


def test_what_is_set_is_in_force_beside_the_defaults(tmp_path: Path) -> None:
    rows = "acv_usd, 70000 ,USD,ours\ncoverage_high_rate,0.60,,\nsales_cycle_from,creation,word,\n"
    company = write(tmp_path, rows, header="\ufeff" + HEADER)
    assert read_company_settings(company) == {
        "acv_usd": 70000, "coverage_high_rate": Decimal("0.6"), "sales_cycle_from": "creation",
    }  # fmt: skip
    changed = {setting.name: setting.default for setting in settings_in_force(company) if not setting.is_default}
    assert changed == {"acv_usd": 50000, "sales_cycle_from": "lead"}


def test_a_file_needs_no_more_than_names_and_values(tmp_path: Path) -> None:
    assert read_company_settings(write(tmp_path, "30,won_days\n", header="value,name\n")) == {"won_days": 30}


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ("acv_eur,70000,,", "line 2, column 'name': no setting is called 'acv_eur'; did you mean acv_usd?"),
        ("Coverage_High,0.7,,", "no setting is called 'Coverage_High'; did you mean coverage_high_rate?"),
        ("x,1,,", "line 2, column 'name': no setting is called 'x'; known are acv_usd, acv_tolerance_rate"),
        (",1,,", "line 2, column 'name': no setting is called ''"),
        ("auto_probability,0.5,,", "'auto_probability' is no company's setting"),
        ("acv_usd,about 70k,,", "line 2, column 'value': 'about 70k' is no value of acv_usd. Write a whole number"),
        ("acv_usd,70000.50,,", "'70000.50' is no value of acv_usd"),
        ("acv_usd,-1,,", "'-1' is no value of acv_usd"),
        ("acv_usd,0,,", "from 1 to 1000000000 (USD), or nothing for the default"),
        ("acv_usd,٧٠,,", "'٧٠' is no value of acv_usd"),
        ("acv_usd,1) or (1=1,,", "'1) or (1=1' is no value of acv_usd"),
        ("coverage_high_rate,60%,,", "'60%' is no value of coverage_high_rate. Write a number with a point"),
        ("coverage_high_rate,60,,", "'60' is no value of coverage_high_rate"),
        ('coverage_high_rate,"0,6",,', "'0,6' is no value of coverage_high_rate"),
        ("coverage_high_rate,1.01,,", "'1.01' is no value of coverage_high_rate"),
        ("coverage_high_rate,nan,,", "'nan' is no value of coverage_high_rate"),
        ("partner_full_overlap_rate,0,,", "'0' is no value of partner_full_overlap_rate"),
        ("sales_cycle_from,Lead,,", "'Lead' is no value of sales_cycle_from. Write lead or creation"),
        ("acv_usd,70000,EUR,", "line 2, column 'unit': acv_usd is said in USD, not in 'EUR'"),
        ("coverage_medium_rate,0.7,,", "coverage_medium_rate is 0.7 and coverage_high_rate 0.6"),
        ("coverage_high_rate,0.2,,", "coverage_medium_rate is 0.3 and coverage_high_rate 0.2"),
    ],
)  # fmt: skip
def test_a_row_that_cannot_be_used_is_refused_by_line_and_column_with_what_to_do(
    tmp_path: Path, row: str, what: str
) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_company_settings(write(tmp_path, row + "\n"))
    said = str(refusal.value)
    assert said.startswith(f"{tmp_path / 'settings.csv'}, line 2, column ")
    assert what in said
    assert said.endswith("Nothing was built.")


def test_a_name_that_stands_twice_is_refused_and_every_wrong_row_is_named(tmp_path: Path) -> None:
    with pytest.raises(RefusedError) as refusal:
        read_company_settings(write(tmp_path, "acv_usd,,,\nwon_days,x,,\nacv_usd,5,,\n"))
    wrong, twice, last = str(refusal.value).splitlines()
    assert "line 3, column 'value': 'x'" in wrong
    assert "line 4, column 'name': acv_usd stands in line 2 already. Keep one of the two." in twice
    assert last == "Nothing was built."


@pytest.mark.parametrize(
    ("content", "what"),
    [
        (b"name;value;unit;meaning\nacv_usd;1;;\n", "line 1: there is no column 'name'"),
        (b"name,worth\nacv_usd,1\n", "line 1: there is no column 'value'"),
        (b"name,value\nacv_usd,1\nwon_days,\xff\n", "is no CSV written in UTF-8"),
    ],
)
def test_a_file_that_is_no_table_of_settings_is_refused(tmp_path: Path, content: bytes, what: str) -> None:
    (tmp_path / "settings.csv").write_bytes(content)
    with pytest.raises(RefusedError, match=what):
        read_company_settings(tmp_path)


def test_the_shipped_seed_lists_every_setting_with_its_unit_and_meaning_and_sets_none() -> None:
    rows = [row for _, row in numbered_rows(SHIPPED_SEEDS / "company" / "settings.csv")]
    units = {name: kind.unit for name, kind in COMPANY_SETTINGS.items()}
    assert {row["name"]: row["unit"] for row in rows} == units
    assert list(units) == [row["name"] for row in rows]
    assert all(row["meaning"] for row in rows)
    assert read_company_settings(SHIPPED_SEEDS / "company") == {}


@pytest.mark.parametrize("name", COMPANY_SETTINGS)
def test_every_default_could_be_written_into_the_seed(name: str) -> None:
    assert COMPANY_SETTINGS[name].read(str(default_of(name))) == default_of(name)


def test_dbt_is_given_digits_and_what_a_command_names_itself_wins() -> None:
    chosen = as_vars({"acv_usd": 70000, "acv_tolerance_rate": Decimal("0.000001"), "sales_cycle_from": "lead"})
    assert chosen == {"acv_usd": 70000, "acv_tolerance_rate": "0.000001", "sales_cycle_from": "lead"}
    assert build.with_vars(["build"], {}) == ["build"]
    assert build.with_vars(["build", "--select", "x"], {"acv_usd": 7}) == [
        "build", "--select", "x", "--vars", '{"acv_usd": 7}',
    ]  # fmt: skip
    named = build.with_vars(["run", "--vars", "{acv_usd: 1, other: a}", "-x"], {"acv_usd": 7, "won_days": 2})
    assert named == ["run", "--vars", '{"acv_usd": 1, "won_days": 2, "other": "a"}', "-x"]


def test_nothing_is_landed_with_a_setting_that_cannot_be_used(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", "Name\nPumps\n")
    write(workspace.seeds / "company", "acv_usd,much,,\n")
    with pytest.raises(RefusedError, match=r"settings.csv, line 2, column 'value'"):
        workspace.land()
    assert not workspace.warehouse.exists()
