"""The benchmarks, on lists of a few hundred rows: they run, and what they say is of what they ran."""

import csv
import gzip
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import duckdb
import pytest

from benchmarks import ablation, calibration, generate_lists, speed, speed_tables
from benchmarks.__main__ import HEADINGS, put_together, sections_of
from benchmarks.cost import cost_of
from benchmarks.scenarios import MatchingResult, ScenarioRun
from orchestration.settings import HOME
from udfs.plugin import register

pytestmark = pytest.mark.usefixtures("dbt")

SIZE = 200
RIVALS_PYTHON = HOME / ".venv-rivals" / "bin" / "python"
Resolved = tuple[ScenarioRun, speed_tables.SpeedResult]


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def resolved() -> Iterator[Resolved]:
    with speed.landed(SIZE, None) as run:
        yield run, speed.measure(run, SIZE)


def test_memory_is_the_commands_own(tmp_path: Path) -> None:
    held = bytearray(b"x" * (400 << 20))
    small = cost_of([sys.executable, "-c", "pass"], tmp_path)
    large = cost_of([sys.executable, "-c", "held = b'x' * (200 << 20)"], tmp_path)
    assert small.peak_gib < 0.1, f"beside {len(held)} bytes held here"
    assert 0.19 < large.peak_gib < 0.35


def test_failed_command_says_why(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="no such luck"):
        cost_of([sys.executable, "-c", "raise SystemExit('no such luck')"], tmp_path)


def test_fresh_names_have_new_words_are_distinct_and_the_same_again(tmp_path: Path) -> None:
    source, one, other = tmp_path / "source.csv.gz", tmp_path / "one.csv.gz", tmp_path / "other.csv.gz"
    words = ["Alder", "Birch", "Cedar", "Dogwood", "Elm", "Fir"]
    companies = [f"{word} {trade} Inc" for word in words for trade in ("Works", "Trade")] + ["Quaking Works Inc"]
    with gzip.open(source, "wt", encoding="utf-8") as stream:
        stream.write("name,country\n" + "".join(f"{name},US\n" for name in companies))
    for target in (one, other):
        generate_lists.recombine(source, target, 20)
    written = gzip.decompress(one.read_bytes()).decode()
    assert written == gzip.decompress(other.read_bytes()).decode()
    names = [row["name"] for row in csv.DictReader(written.splitlines())]
    assert len(set(names)) == 20
    first_words = {name.split()[0] for name in names}
    assert set(words) <= first_words
    # the word of one name alone is another each time
    assert "Quaking" not in first_words
    assert len(first_words) > len(words)


def test_a_hundredth_of_the_next_month_is_another(tmp_path: Path) -> None:
    lists = generate_lists.write(tmp_path / "lists", 600)
    changed = speed.change_lists(lists, tmp_path / "changed")
    assert rows_of(speed.change_lists(lists, tmp_path / "again") / "left.csv") == rows_of(changed / "left.csv")
    before = {row["id"]: row["name"] for row in rows_of(lists / "left.csv")}
    after = {row["id"]: row["name"] for row in rows_of(changed / "left.csv")}
    renamed = [key for key in before.keys() & after.keys() if before[key] != after[key]]
    assert (len(after.keys() - before.keys()), len(before.keys() - after.keys()), len(renamed)) == (2, 2, 2)


def test_speed_is_of_every_model_of_the_layer_and_of_the_planted_pairs(resolved: Resolved) -> None:
    run, result = resolved
    files = (run.project / "models" / "resolution").rglob("*.sql")
    models = {file.stem for file in files if "materialized='ephemeral'" not in file.read_text()}
    assert set(result.model_seconds) == models | {"bridge_account_records"}
    assert 0 < result.outside_seconds < result.cost.seconds
    assert result.cost.peak_gib > 0.1
    assert 0.9 < result.found_share <= result.proposed_share <= 1
    assert result.auto_share <= result.auto_or_review_share <= 1
    assert result.joined_count >= result.found_share * len(rows_of(run.scenario / "truth.csv"))


def test_rule_left_out_has_no_say_and_comes_back(resolved: Resolved) -> None:
    built = ablation.BuiltScenario(resolved[0])
    no_say = {
        ablation.Omission("comparison", "name"): "from resolution.res_explained_pairs where name_millibits <> 0",
        ablation.Omission("guard", "differing names"): (
            "from resolution.res_decided_pairs where own_guard = 'differing names'"
        ),
        ablation.Omission("blocking rule", "word"): (
            "from resolution.res_explained_pairs where list_contains(rules, 'word')"
        ),
    }
    with duckdb.connect(str(resolved[0].warehouse)) as connection:
        register(connection)
        whole = built.quality(connection)
        rules = built.rules(connection, (*ablation.RULES, "bound"))
        bounds = [rule for rule in rules if rule.kind == "bound"]
        assert set(no_say) <= set(rules)
        for omission, query in no_say.items():
            connection.execute("begin transaction")
            built.leave_out(connection, omission)
            assert connection.execute(query).fetchone() is None, omission
            connection.execute("rollback")
            assert connection.execute(query).fetchone() is not None, omission
        for bound in bounds:  # a bound that the model no longer has is an error
            connection.execute("begin transaction")
            built.leave_out(connection, bound)
            connection.execute("rollback")
        assert {bound.rule for bound in bounds} == set(ablation.BOUNDS)
        assert built.quality(connection) == whole


def test_ablation_tells_the_most_valuable_rule_first() -> None:
    table = ablation.table(
        {
            None: ablation.Quality(1.0, 1.0, 1.0, 1.0),
            ablation.Omission("guard", "little"): ablation.Quality(1.0, 0.9, 0.95, 1.0),
            ablation.Omission("guard", "much"): ablation.Quality(0.5, 0.9, 0.7, 1.0),
        }
    )
    assert table.index("much") < table.index("little")
    assert "-0.5000" in table


def test_refresh_is_compared_with_the_month_from_nothing(resolved: Resolved) -> None:
    run, result = resolved
    refresh = speed.measure_refresh(run, SIZE)
    assert refresh.differing_row_count == 0
    assert refresh.row_count > 2 * SIZE
    report = speed_tables.report(speed_tables.Speed([result], refresh, [], ["splink: not here."]))
    assert f"0 of {refresh.row_count:,}" in report
    assert "Left out: splink: not here." in report


def test_tool_that_is_not_set_up_has_no_version() -> None:
    assert speed.version_of(Path(sys.executable), "no-such-tool") is None
    assert speed.version_of(Path(sys.executable), "duckdb")


@pytest.mark.skipif(not RIVALS_PYTHON.exists(), reason="the other tools are not set up (make bench RIVALS=1)")
@pytest.mark.parametrize("tool", speed.RIVALS)
def test_other_tools_find_planted_pairs(tool: str, tmp_path: Path) -> None:
    lists = generate_lists.write(tmp_path / "lists", 1000)
    result = speed.measure_rival(RIVALS_PYTHON, tool, "any", lists, tmp_path)
    assert result.found_share > 0.5


def test_calibration_adds_up_scenarios_and_draws_every_tenth() -> None:
    def result(scenario: str, calibration_: dict[int, tuple[int, float, int]]) -> MatchingResult:
        return MatchingResult(scenario, "dev", "shipped", 1, 1, 1, 1, 1, 1, 1, 1, 0, calibration_)

    tenths = calibration.tenths_of(
        [
            result("one", {0: (3, 0.1, 0), 9: (1, 0.9, 1)}),
            result("other", {9: (3, 2.9, 2)}),
            result("ietf, a stress test", {5: (1, 0.5, 1)}),
        ]
    )
    assert [tenth.number for tenth in tenths] == [0, 9]
    assert tenths[1].pair_count == 4
    assert tenths[1].mean_probability == pytest.approx(0.95)
    assert tenths[1].true_share == pytest.approx(0.75)
    drawn = ElementTree.fromstring(calibration.picture(tenths))  # noqa: S314 (our own picture)
    assert len(drawn.findall("{http://www.w3.org/2000/svg}circle")) == len(tenths)


def test_part_that_is_not_run_keeps_its_section() -> None:
    parts = {part: f"*Measured on some day.*\n\nfigures of {part}\n\n### Below\n\n| a |" for part in HEADINGS}
    assert sections_of(put_together(parts)) == parts
    assert sections_of(put_together({"demo": "only this"})) == {"demo": "only this"}
    assert list(sections_of((HOME / "benchmarks" / "REPORT.md").read_text(encoding="utf-8")))
