"""A workspace's own seeds beside those that a release ships: which rows are in force, and when they are loaded again.

Belongs here: rows and files. Does not belong here: what the cells mean (dbt tests of the seeds).
"""

import csv
import shutil
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import HOME, RefusedError
from orchestration.warehouse.seeds import (
    OlderSeedsError,
    check_layout,
    company_tables,
    has_tested_seeds,
    keys_of_reference,
    make_empty,
    put_in_force,
    record_tested_seeds,
    seeds_fingerprint,
    upgrade_seeds,
)

SHIPPED = HOME / "seeds"


def read(seed: Path) -> list[dict[str, str]]:
    with seed.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def write(seed: Path, rows: list[dict[str, str]]) -> None:
    seed.parent.mkdir(parents=True, exist_ok=True)
    with seed.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


@pytest.fixture
def ours(tmp_path: Path) -> Path:
    """The seeds of a new workspace."""
    make_empty(tmp_path / "seeds")
    return tmp_path / "seeds"


def test_the_shipped_seeds_are_in_force_as_they_are(tmp_path: Path) -> None:
    assert put_in_force(SHIPPED, tmp_path) == SHIPPED
    assert list(tmp_path.iterdir()) == []


def test_a_new_workspace_has_the_releases_rows_and_none_of_the_demos(ours: Path, tmp_path: Path) -> None:
    in_force = put_in_force(ours, tmp_path / "var")
    for shipped in SHIPPED.rglob("*.csv"):
        rows = read(in_force / shipped.relative_to(SHIPPED))
        if shipped.name == "settings.csv":
            assert not any(row["value"] for row in rows)
        else:
            is_of_demo = shipped.stem in {*company_tables(), "exchange_rates"}
            assert rows == ([] if is_of_demo else read(shipped)), shipped.name
    assert {file.name for file in in_force.rglob("*.yml")} == {file.name for file in SHIPPED.rglob("*.yml")}


def test_a_row_of_ones_own_wins_over_the_releases_and_comes_first(ours: Path, tmp_path: Path) -> None:
    shipped = read(SHIPPED / "reference" / "plays.csv")
    moved = shipped[1] | {"what_to_do": "our own words"}
    write(ours / "reference" / "plays.csv", [moved])
    in_force = read(put_in_force(ours, tmp_path / "var") / "reference" / "plays.csv")
    assert in_force == [moved, shipped[0], *shipped[2:]]


def test_a_delivered_word_is_one_key_whatever_its_blanks_and_hyphens(ours: Path, tmp_path: Path) -> None:
    shipped = read(SHIPPED / "reference" / "value_mappings.csv")
    word = next(row for row in shipped if row["source_value"] == "open_opportunity")
    write(ours / "reference" / "value_mappings.csv", [word | {"source_value": "Open-Opportunity", "value": "target"}])
    in_force = read(put_in_force(ours, tmp_path / "var") / "reference" / "value_mappings.csv")
    same = [row["value"] for row in in_force if row["source_value"].lower().replace("-", "_") == word["source_value"]
            and (row["source_system"], row["field"]) == (word["source_system"], word["field"])]  # fmt: skip
    assert same == ["target"]


def test_a_column_that_an_own_row_lacks_is_filled_from_the_row_it_replaces(ours: Path, tmp_path: Path) -> None:
    shipped = read(SHIPPED / "reference" / "overlap_types.csv")
    first = {name: value for name, value in shipped[0].items() if name != "note"} | {"play": "expansion"}
    write(ours / "reference" / "overlap_types.csv", [first])
    in_force = read(put_in_force(ours, tmp_path / "var") / "reference" / "overlap_types.csv")
    assert in_force[0] == {**shipped[0], **first}


@settings(max_examples=25)
@given(data=st.data())
def test_every_key_is_in_force_once(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("seeds")
    make_empty(folder / "seeds")
    shared = [seed for seed, key in keys_of_reference().items() if not key.is_of_demo]
    name = data.draw(st.sampled_from(sorted(shared)))
    shipped = read(SHIPPED / "reference" / f"{name}.csv")
    key = keys_of_reference()[name]
    own = data.draw(st.lists(st.sampled_from(shipped), max_size=5, unique_by=key.of))
    if own:
        write(folder / "seeds" / "reference" / f"{name}.csv", own)
    in_force = read(put_in_force(folder / "seeds", folder / "var") / "reference" / f"{name}.csv")
    assert {key.of(row) for row in in_force} == {key.of(row) for row in shipped}
    assert in_force[: len(own)] == own
    shutil.rmtree(folder)


def test_a_seed_of_the_company_keeps_its_lines_and_a_missing_column_is_empty(ours: Path, tmp_path: Path) -> None:
    partners = ours / "company" / "partners.csv"
    header = partners.read_text().strip()
    text = f"{header}\r\nacme,Acme{',' * (header.count(',') - 1)}\r\n"
    partners.write_bytes(text.encode())
    in_force = put_in_force(ours, tmp_path / "var") / "company" / "partners.csv"
    assert in_force.read_bytes() == text.encode()
    partners.write_text("party_id,name\nacme,Acme\n")
    put_in_force(ours, tmp_path / "var")
    assert read(in_force)[0] == {**dict.fromkeys(header.split(","), ""), "party_id": "acme", "name": "Acme"}


def test_a_column_that_is_not_known_is_refused_by_name(ours: Path, tmp_path: Path) -> None:
    (ours / "company" / "partners.csv").write_text("party_id,name,nda_singed_on\nacme,Acme,2026-01-01\n")
    with pytest.raises(
        RefusedError, match=r"partners.csv has columns that are not known: nda_singed_on. Known are party"
    ):
        put_in_force(ours, tmp_path / "var")


def test_a_row_with_too_many_cells_is_refused_by_its_line(ours: Path, tmp_path: Path) -> None:
    (ours / "reference" / "industries.csv").write_text("industry,description\nspace,rockets, satellites\n")
    with pytest.raises(RefusedError, match=r"industries.csv, line 2: the row has more cells than the header"):
        put_in_force(ours, tmp_path / "var")


def test_seeds_in_force_are_written_only_when_they_change(ours: Path, tmp_path: Path) -> None:
    in_force = put_in_force(ours, tmp_path / "var")
    before = {file: file.stat().st_mtime_ns for file in in_force.rglob("*.*")}
    put_in_force(ours, tmp_path / "var")
    assert {file: file.stat().st_mtime_ns for file in in_force.rglob("*.*")} == before


def test_every_reference_seed_names_columns_of_its_own_as_its_key() -> None:
    for file in (SHIPPED / "reference").glob("*.csv"):
        rows = read(file)
        key = keys_of_reference()[file.stem]
        exact = {tuple(row[column] for column in key.columns) for row in rows}
        assert len(exact) == len(rows), file.name


# --- a workspace of an older release ----------------------------------------------------------------------------------


@pytest.fixture
def flat(tmp_path: Path) -> Path:
    """Seeds as releases before 0.2 made them: everything in one folder, with two rows of the company's own."""
    seeds = tmp_path / "seeds"
    seeds.mkdir()
    for shipped in SHIPPED.rglob("*.*"):
        shutil.copy(shipped, seeds)
    (seeds / "partners.csv").write_text("party_id,name,status\nacme,Acme,signed\n")
    (seeds / "tier_rules.csv").unlink()
    rates = [
        {name: cell for name, cell in row.items() if name != "source"} for row in read(seeds / "exchange_rates.csv")
    ]
    write(seeds / "exchange_rates.csv", [*rates, {"month": "2026-10-01", "currency": "NOK", "usd_per_unit": "0.09"}])
    industries = read(seeds / "industries.csv")
    own = industries[0] | {"description": "our own words"}
    write(seeds / "industries.csv", [own, *industries[1:], own | {"industry": "space"}])
    return seeds


def test_seeds_of_an_older_release_are_refused_and_the_command_named(flat: Path, tmp_path: Path) -> None:
    with pytest.raises(OlderSeedsError, match=f"make upgrade SEEDS={flat}"):
        put_in_force(flat, tmp_path / "var")
    assert not (tmp_path / "var").exists()


def test_sorted_seeds_keep_every_own_row_and_take_the_releases_from_the_release(flat: Path, tmp_path: Path) -> None:
    before = {file.name: file.read_bytes() for file in flat.iterdir()}
    done = "\n".join(upgrade_seeds(flat))
    check_layout(flat)
    assert upgrade_seeds(flat) == []
    assert [row["party_id"] for row in read(flat / "company" / "partners.csv")] == ["acme"]
    assert [row["industry"] for row in read(flat / "reference" / "industries.csv")] == [
        read(SHIPPED / "reference" / "industries.csv")[0]["industry"],
        "space",
    ]
    assert read(flat / "reference" / "countries.csv") == []
    assert "industries.csv: 2 rows of your own; 0 rows of this release" in done
    rules = len(read(SHIPPED / "reference" / "tier_rules.csv"))
    assert f"tier_rules.csv: 0 rows of your own; {rules} rows of this release that the file did not have." in done
    assert "exchange_rates.csv: 1 rows of your own; 0 rows of this release" in done
    assert {file.name: file.read_bytes() for file in (flat / "before-upgrade").iterdir()} == before
    in_force = put_in_force(flat, tmp_path / "var")
    assert [row["currency"] for row in read(in_force / "reference" / "exchange_rates.csv")] == ["NOK"]
    assert read(in_force / "reference" / "tier_rules.csv") == read(SHIPPED / "reference" / "tier_rules.csv")


# --- what a warehouse holds -------------------------------------------------------------------------------------------


def test_seeds_are_loaded_again_only_when_they_or_their_tests_have_changed(tmp_path: Path) -> None:
    seeds = tmp_path / "seeds"
    shutil.copytree(SHIPPED, seeds)
    with duckdb.connect() as warehouse:
        warehouse.execute("create schema raw; create schema seeds")
        for file in seeds.rglob("*.csv"):
            warehouse.execute(f"create table seeds.{file.stem} (cell varchar)")
        assert not has_tested_seeds(warehouse, seeds, seeds_fingerprint(seeds))
        record_tested_seeds(warehouse, None)
        assert not has_tested_seeds(warehouse, seeds, seeds_fingerprint(seeds))
        record_tested_seeds(warehouse, seeds_fingerprint(seeds))
        assert has_tested_seeds(warehouse, seeds, seeds_fingerprint(seeds))
        for name in ("reference/plays.csv", "company/_company.yml"):
            before = seeds_fingerprint(seeds)
            record_tested_seeds(warehouse, before)
            with (seeds / name).open("a", encoding="utf-8") as stream:
                stream.write("\n")
            assert seeds_fingerprint(seeds) != before
            assert not has_tested_seeds(warehouse, seeds, seeds_fingerprint(seeds))
        record_tested_seeds(warehouse, seeds_fingerprint(seeds))
        warehouse.execute("drop table seeds.plays")
        assert not has_tested_seeds(warehouse, seeds, seeds_fingerprint(seeds))
