"""How good the matches are: python -m benchmarks.matching [--bench-data DIR] [--leave-one-out].

Belongs here: running labelled lists through the real pipeline (landing, dbt's staging, resolution and
bridge_account_records) and scoring what ends up on one account. Does not belong here: fitting weights
(fit_match_weights.py) or making lists (generate_lists.py).

A scenario is a folder with left.csv (ours), right.csv (a partner's), truth.csv and unsure.csv. A decision is two
records on one account_key in bridge_account_records.
"""

from collections.abc import Sequence
from pathlib import Path

import click
from tabulate import tabulate

from benchmarks import generate_lists
from benchmarks import weights as weighing
from benchmarks.scenarios import MatchingResult, ScenarioRun, is_stress_test, scenarios_of, scratch_folder

# In most lists few records have a counterpart: these shares of the true pairs are kept.
KEPT_SHARES = (0.5, 0.1, 0.03)


def labelled_pairs(scenario: Path, folder: Path) -> weighing.Labelled:
    """Run a scenario as far as its comparisons and label them.

    Args:
        scenario: the scenario's folder.
        folder: scratch folder; the workspace is made below it.

    Returns:
        The labelled pairs.
    """
    run = ScenarioRun(scenario, folder)
    run.prepare()
    run.land()
    run.build("res_pair_guards")
    return run.labelled()


def are_related(one: str, other: str) -> bool:
    """Whether two scenarios are made of the same source, so that weights fitted on one have seen the other."""
    return one.split("_", maxsplit=1)[0] == other.split("_", maxsplit=1)[0]


def run(
    bench_data: Path | None, leave_one_out: bool = False, kept_shares: Sequence[float] = ()
) -> list[MatchingResult]:
    """Run every scenario through the pipeline and score it.

    Args:
        bench_data: folder of labelled lists; None for generated ones.
        leave_one_out: also decide each scenario with weights fitted on the others alone.
        kept_shares: with leave_one_out, also decide each scenario with only these shares of its true pairs.

    Returns:
        One result per scenario, kind of weights and share of true pairs.
    """
    results: list[MatchingResult] = []
    with scratch_folder() as folder:
        scenarios = scenarios_of(bench_data) if bench_data else [generate_lists.write(folder / "generated_lists")]
        runs = [ScenarioRun(scenario, folder / "runs") for scenario in scenarios]
        for each in runs:
            each.prepare()
            each.land()
            each.build()
            results.append(each.measure("shipped"))
        if leave_one_out:
            fitted_on = [each.labelled() for each in runs if not is_stress_test(each.scenario)]
            for each in runs:
                others = [one for one in fitted_on if not are_related(one.scenario, each.scenario.name)]
                weights = weighing.fit(others)
                each.rebuild_with(weights, f"without {each.scenario.name}")
                results.append(each.measure("never saw it"))
                if is_stress_test(each.scenario):
                    continue
                for share in kept_shares:
                    thinned = ScenarioRun(each.scenario, folder / "runs", share)
                    thinned.prepare()
                    thinned.land()
                    thinned.write_weights(weights, f"without {each.scenario.name}")
                    thinned.build()
                    results.append(thinned.measure("never saw it"))
    return results


def table(results: Sequence[MatchingResult]) -> str:
    """Results as a table with their macro averages.

    Args:
        results: as run gives them.

    Returns:
        Markdown.
    """
    rows = []
    for weights, kept_share in dict.fromkeys((result.weights, result.kept_share) for result in _in_order(results)):
        chosen = [result for result in results if (result.weights, result.kept_share) == (weights, kept_share)]
        rows += [
            [
                result.scenario, weights, f"{kept_share:.0%}", f"{result.precision:.4f}", f"{result.recall:.4f}",
                f"{result.f1:.4f}", f"{result.pairs_completeness:.4f}", f"{result.candidates_per_record:.1f}",
                f"{result.review_record_share:.3f}", f"{result.calibration_error:.4f}",
            ]
            for result in chosen
        ]  # fmt: skip
        for folder in dict.fromkeys(result.folder for result in chosen):
            averaged = [
                result for result in chosen if result.folder == folder and not is_stress_test(Path(result.scenario))
            ]
            count = max(len(averaged), 1)
            macro = {
                figure: sum(getattr(result, figure) for result in averaged) / count
                for figure in (
                    "precision", "recall", "f1", "pairs_completeness", "review_record_share", "calibration_error"
                )
            }  # fmt: skip
            rows.append(
                [
                    f"**macro average of {folder}**", weights, f"{kept_share:.0%}", f"{macro['precision']:.4f}",
                    f"{macro['recall']:.4f}", f"{macro['f1']:.4f}", f"{macro['pairs_completeness']:.4f}", "",
                    f"{macro['review_record_share']:.3f}", f"{macro['calibration_error']:.4f}",
                ]
            )  # fmt: skip
    return tabulate(
        rows,
        headers=[
            "scenario", "weights", "true pairs kept", "precision", "recall", "F1", "pairs completeness",
            "candidates per record", "records in review", "calibration error",
        ],
        tablefmt="github",
        disable_numparse=True,
    )  # fmt: skip


def _in_order(results: Sequence[MatchingResult]) -> list[MatchingResult]:
    """Shipped weights first, then whole lists before thinned ones."""
    return sorted(results, key=lambda result: (result.weights != "shipped", -result.kept_share))


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--leave-one-out", is_flag=True, help="Also score each scenario with weights that never saw it.")
@click.option("--thin", is_flag=True, help="With --leave-one-out: also with only some of the true pairs left.")
def main(bench_data: Path | None, leave_one_out: bool, thin: bool) -> None:
    """Measure matching quality; without labelled lists on generated ones, which says less."""
    click.echo(table(run(bench_data, leave_one_out, KEPT_SHARES if thin else ())))
    if bench_data is None:
        click.echo("\nLeft out: real lists (no --bench-data). Generated lists have only the differences we thought of.")


if __name__ == "__main__":
    main()
