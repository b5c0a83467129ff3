"""What each rule is worth: python -m benchmarks.ablation [--bench-data DIR].

Belongs here: deciding labelled scenarios again without one comparison, one guard, one blocking rule or one bound on how
many weak pairs are believed, and the table of what that changes. Does not belong here: running and scoring a scenario
(matching.py).

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
PRIORS = "model.account_mapping.res_list_priors"
WEIGHTS = "seed.account_mapping.match_weights"
# Kinds of rules, and where the rules of a kind are listed.
RULES = {
    "comparison": "select comparison as rule from seeds.match_weights where comparison not in ('prior', 'class share')",
    "guard": "select cast(own_guard as varchar) as rule from resolution.res_pair_guards where own_guard is not null",
    "blocking rule": "select rule from resolution.res_blocking_keys",
}


# Bounds on how many pairs of a weak kind are believed, and in SQL what each is and what is left without it.
BOUNDS = {
    "chance in our own list": ("believable_count - chance_count", "believable_count"),
    "mix of evidence": (
        "least(believable_count - chance_count, mixed_count)",
        "(believable_count - chance_count)",
    ),
}
# Few true pairs among many records are what bounds and guards are for: as most lists are, with a tenth of them.
KEPT_SHARES = {"all true pairs": (1.0, (*RULES, "bound")), "a tenth of the true pairs": (0.1, ("guard", "bound"))}


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

    kind: str  # comparison, guard, blocking rule or bound
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

    def rules(self, connection: duckdb.DuckDBPyConnection, kinds: Sequence[str]) -> list[Omission]:
        """Bounds, comparisons that have a weight, and guards and blocking rules that occur in this scenario."""
        return [Omission("bound", bound) for bound in BOUNDS if "bound" in kinds] + [
            Omission(kind, rule)
            for kind, query in RULES.items()
            if kind in kinds
            for (rule,) in connection.execute(f"select distinct rule from ({query}) order by rule").fetchall()  # noqa: S608 (our own queries)
        ]

    def leave_out(self, connection: duckdb.DuckDBPyConnection, omission: Omission) -> None:
        """Decide again without a rule.

        Raises:
            RuntimeError: a guard still guards; its condition is not one that `and false` ends. Or a bound is not there.
        """
        if omission.kind == "comparison":
            connection.execute(
                "update seeds.match_weights set weight_millibits = 0 where comparison = $1", [omission.rule]
            )
            changed = WEIGHTS
        elif omission.kind == "blocking rule":
            connection.execute("delete from resolution.res_blocking_keys where rule = $1", [omission.rule])
            changed = KEYS
        elif omission.kind == "bound":
            bound, without = BOUNDS[omission.rule]
            if bound not in (compiled := self.compiled(PRIORS)):
                raise RuntimeError(f"res_list_priors has no '{bound}'")
            self._rebuild(connection, PRIORS, compiled.replace(bound, without))
            changed = PRIORS
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

    def qualities(self, kinds: Sequence[str]) -> Iterator[tuple[Omission | None, Quality]]:
        """Score the scenario with all rules (None), then without each of these kinds; the warehouse stays as it was."""
        with duckdb.connect(str(self.run.warehouse)) as connection:
            register(connection)
            yield None, self.quality(connection)
            for omission in self.rules(connection, kinds):
                connection.execute("begin transaction")
                self.leave_out(connection, omission)
                yield omission, self.quality(connection)
                connection.execute("rollback")


def run(bench_data: Path | None, kept_share: float, kinds: Sequence[str]) -> dict[Omission | None, Quality]:
    """Decide every scenario but stress tests with all rules, and without each.

    Args:
        bench_data: folder of labelled lists; None for generated ones.
        kept_share: share of the true pairs that the lists keep.
        kinds: the kinds of rules that are left out, one rule at a time.

    Returns:
        The average over the scenarios, by what was left out; None is nothing. Where a rule does not occur in a
        scenario, the scenario counts as it is.
    """
    found: list[dict[Omission | None, Quality]] = []
    with scratch_folder() as folder:
        scenarios = scenarios_of(bench_data) if bench_data else [generate_lists.write(folder / "generated_lists")]
        for scenario in scenarios:
            if not is_stress_test(scenario):
                scenario_run = ScenarioRun(scenario, folder / "runs", kept_share)
                scenario_run.prepare()
                scenario_run.land()
                scenario_run.build()
                found.append(dict(BuiltScenario(scenario_run).qualities(kinds)))
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
    kinds = [*RULES, "bound"]
    for omission, quality in sorted(
        ((omission, quality) for omission, quality in qualities.items() if omission),
        key=lambda each: (kinds.index(each[0].kind), each[1].f1, each[0].rule),
    ):
        changes = (value - base for value, base in zip(astuple(quality), astuple(whole), strict=True))
        rows.append([omission.kind, omission.rule, *(f"{change:+.4f}" for change in changes)])
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def report(bench_data: Path | None) -> str:
    """Both tables, each under what its lists have in common.

    Args:
        bench_data: folder of labelled lists; None for generated ones.

    Returns:
        Markdown.
    """
    return "\n\n".join(
        f"### With {lists}\n\n{table(run(bench_data, share, kinds))}" for lists, (share, kinds) in KEPT_SHARES.items()
    )


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(bench_data: Path | None) -> None:
    """Measure what each rule is worth; without labelled lists on generated ones, which says less."""
    click.echo(report(bench_data))


if __name__ == "__main__":
    main()
