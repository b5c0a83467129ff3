"""Fits seeds/reference/match_weights.csv on labelled pairs: python -m benchmarks.fit_match_weights --bench-data DIR.

Belongs here: the command. Does not belong here: the arithmetic (weights.py), and running the pipeline (scenarios.py).
"""

from pathlib import Path

import click

from benchmarks.matching import labelled_pairs
from benchmarks.scenarios import is_stress_test, scenarios_of, scratch_folder
from benchmarks.weights import WEIGHTS_FILE, disordered, fit, write
from benchmarks.weights_page import write_page


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), default=WEIGHTS_FILE)
@click.option("--version", required=True, help="Version of the new table, such as the day it was fitted.")
def main(bench_data: Path, output: Path, version: str) -> None:
    """Fit the weights on all scenarios of a folder of labelled lists and write the seed, and its page."""
    with scratch_folder() as folder:
        labelled = [
            labelled_pairs(scenario, folder) for scenario in scenarios_of(bench_data) if not is_stress_test(scenario)
        ]
    weights = fit(labelled)
    for sentence in disordered(weights):
        click.echo(f"warning: {sentence}")
    write(weights, output, version)
    if output == WEIGHTS_FILE:  # the page is about the shipped ones
        write_page()
    click.echo(f"{output}: {len(weights.millibits)} weights from {len(labelled)} scenarios")


if __name__ == "__main__":
    main()
