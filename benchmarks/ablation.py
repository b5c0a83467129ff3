"""What each rule is worth: python -m benchmarks.ablation [--bench-data DIR].

Belongs here: deciding labelled scenarios again without one comparison, one guard or one blocking rule, and the table of
what that changes. Does not belong here: running and scoring a scenario (matching.py).

A scenario is built once. For each rule, the SQL that dbt compiled for the models behind it is run again in a
transaction of that warehouse, which is then taken back; so the models themselves know nothing of rules left out.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from pathlib import Path

import click
import duckdb
from tabulate import tabulate

from benchmarks import generate_lists
from benchmarks.scenarios import CANDIDATES, ScenarioRun, is_stress_test, scenarios_of, scratch_folder
from udfs.plugin import register

LAST_MODEL = "model.account_mapping.bridge_account_records"
KEYS, GUARDS = "model.account_mapping.res_blocking_keys", "model.account_mapping.res_pair_guards"
WEIGHTS = "seed.account_mapping.match_weights"
# Kinds of rules, and where the rules of a kind are listed.
RULES = {
    "comparison": "select comparison as rule from seeds.match_weights where comparison not in ('prior', 'class share')",
    "guard": "select cast(own_guard as varchar) as rule from resolution.res_pair_guards where own_guard is not null",
    "blocking rule": "select rule from resolution.res_blocking_keys",
}


@dataclass(frozen=True)
class Quality:
    """How well one scenario, or the average of several, is decided."""

    precision: float
    recall: float
    f1: float
    pairs_completeness: float  # share of the true pairs among the candidates

    @classmethod
    def average(cls, qualities: Sequence["Quality"]) -> "Quality":
        """Every figure averaged, each scenario counting alike."""
        return cls(*(sum(column) / len(qualities) for column in zip(*map(astuple, qualities), strict=True)))


@dataclass(frozen=True)
class Omission:
    """A rule left out."""

    kind: str  # comparison, guard or blocking rule
    rule: str


class BuiltScenario:
    """A scenario that has been built, to be decided again without a rule."""

    def __init__(self, run: ScenarioRun) -> None:
        """Take a scenario that has been built up to the bridge of records and accounts."""
        self.run = run
        manifest = json.loads((run.target / "manifest.json").read_text(encoding="utf-8"))
        self.parents: dict[str, list[str]] = manifest["parent_map"]
        self.relations = {name: node["relation_name"] for name, node in manifest["nodes"].items()}
        self.kinds = {
            name: "view" if node["config"].get("materialized") == "view" else "table"
            for name, node in manifest["nodes"].items()
        }
        compiled = run.target / "compiled" / "account_mapping"
        self.files: dict[str, Path] = {
            name: compiled / node["original_file_path"] for name, node in manifest["nodes"].items()
        }

    def compiled(self, model: str) -> str:
        """SQL of a model as dbt ran it."""
        return self.files[model].read_text(encoding="utf-8")

    def models_behind(self, node: str) -> list[str]:
        """Models on the way from a node to the bridge of records and accounts, in an order they can be built in."""
        found: dict[str, bool] = {}

        def rests_on_it(name: str) -> bool:
            if name != node and name not in found:
                # every parent is asked, so that each model is noted, and after all it reads
                answers = [rests_on_it(parent) for parent in self.parents[name]]
                found[name] = any(answers)
            return name == node or found[name]

        rests_on_it(LAST_MODEL)
        return [name for name, is_behind in found.items() if is_behind]

    def rules(self, connection: duckdb.DuckDBPyConnection) -> list[Omission]:
        """Comparisons that have a weight, and guards and blocking rules that occur in this scenario."""
        return [
            Omission(kind, rule)
            for kind, query in RULES.items()
            for (rule,) in connection.execute(f"select distinct rule from ({query}) order by rule").fetchall()  # noqa: S608 (our own queries)
        ]

    def leave_out(self, connection: duckdb.DuckDBPyConnection, omission: Omission) -> None:
        """Decide again without a rule.

        Raises:
            RuntimeError: a guard still guards; its condition is not one that `and false` ends.
        """
        if omission.kind == "comparison":
            connection.execute(
                "update seeds.match_weights set weight_millibits = 0 where comparison = $1", [omission.rule]
            )
            changed = WEIGHTS
        elif omission.kind == "blocking rule":
            connection.execute("delete from resolution.res_blocking_keys where rule = $1", [omission.rule])
            changed = KEYS
        else:
            unguarded = self.compiled(GUARDS).replace(f"then '{omission.rule}'", f"and false then '{omission.rule}'")
            self._rebuild(connection, GUARDS, unguarded)
            if connection.execute(f"from ({RULES['guard']}) where rule = $1", [omission.rule]).fetchone():
                raise RuntimeError(f"the guard '{omission.rule}' still guards pairs after it was left out")
            changed = GUARDS
        for model in self.models_behind(changed):
            self._rebuild(connection, model, self.compiled(model))

    def _rebuild(self, connection: duckdb.DuckDBPyConnection, model: str, sql: str) -> None:
        kind = self.kinds[model]
        connection.execute(f"create or replace {kind} {self.relations[model]} as {sql}")

    def quality(self, connection: duckdb.DuckDBPyConnection) -> Quality:
        """Score what the warehouse says to this connection."""
        true = self.run.key_pairs("truth")
        candidates = connection.execute(CANDIDATES).fetchall()
        proposed = {pair if pair[0].startswith("us:") else (pair[1], pair[0]) for pair in candidates}
        scores = self.run.score(self.run.matches(connection), true, self.run.key_pairs("unsure"))
        return Quality(*scores, pairs_completeness=len(true & proposed) / max(len(true), 1))

    def qualities(self) -> Iterator[tuple[Omission | None, Quality]]:
        """Score the scenario with all rules (None), then without each; the warehouse stays as it was."""
        with duckdb.connect(str(self.run.warehouse)) as connection:
            register(connection)
            yield None, self.quality(connection)
            for omission in self.rules(connection):
                connection.execute("begin transaction")
                self.leave_out(connection, omission)
                yield omission, self.quality(connection)
                connection.execute("rollback")


def run(bench_data: Path | None) -> dict[Omission | None, Quality]:
    """Decide every scenario but stress tests with all rules, and without each.

    Args:
        bench_data: folder of labelled lists; None for generated ones.

    Returns:
        The average over the scenarios, by what was left out; None is nothing. Where a rule does not occur in a
        scenario, the scenario counts as it is.
    """
    found: list[dict[Omission | None, Quality]] = []
    with scratch_folder() as folder:
        scenarios = scenarios_of(bench_data) if bench_data else [generate_lists.write(folder / "generated_lists")]
        for scenario in scenarios:
            if not is_stress_test(scenario):
                scenario_run = ScenarioRun(scenario, folder / "runs")
                scenario_run.prepare()
                scenario_run.land()
                scenario_run.build()
                found.append(dict(BuiltScenario(scenario_run).qualities()))
    omissions = sorted({each for qualities in found for each in qualities if each}, key=lambda each: each.rule)
    return {
        omission: Quality.average([qualities.get(omission, qualities[None]) for qualities in found])
        for omission in (None, *omissions)
    }


def table(qualities: Mapping[Omission | None, Quality]) -> str:
    """What each rule changes, the most valuable first within its kind.

    Args:
        qualities: as run gives them.

    Returns:
        Markdown.
    """
    whole = qualities[None]
    headers = ["left out", "", *(measure.name.replace("_", " ") for measure in fields(Quality))]
    rows = [["nothing", "", *(f"{value:.4f}" for value in astuple(whole))]]
    kinds = list(RULES)
    for omission, quality in sorted(
        ((omission, quality) for omission, quality in qualities.items() if omission),
        key=lambda each: (kinds.index(each[0].kind), each[1].f1, each[0].rule),
    ):
        changes = (value - base for value, base in zip(astuple(quality), astuple(whole), strict=True))
        rows.append([omission.kind, omission.rule, *(f"{change:+.4f}" for change in changes)])
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(bench_data: Path | None) -> None:
    """Measure what each rule is worth; without labelled lists on generated ones, which says less."""
    click.echo(table(run(bench_data)))


if __name__ == "__main__":
    main()
