"""Moves a workspace's weights towards what its people decided: python -m benchmarks.refit_match_weights --version V.

Belongs here: from decisions in force to new weights of a workspace. Does not belong here: the first fit, on labelled
lists (fit_match_weights.py), and whether the new weights are better: run the month again and look.

The weights stay a logistic regression over levels. Each may move away from where it is, but a move costs as if it had
been drawn from a normal distribution around it, so a handful of decisions moves little and hundreds as far as they say.
People decide on doubtful pairs, which is no harm: which pairs they see depends on the levels alone. The prior and the
mix of evidence are properties of lists, not of decisions, and stay.
"""

import csv
import math
import shutil
from collections.abc import Mapping
from pathlib import Path

import click
import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd

from benchmarks.weights import COLUMNS
from orchestration.settings import Settings

# How far a weight is expected to be off, in 1/1000 bit: our own choice, a factor of two in the odds.
USUAL_MOVE = 1000.0
MOST_ROUNDS = 100
SMALLEST_STEP = 1e-9
BITS = math.log(2) / 1000

DECIDED = """
    select match_millibits, decision = 'approve' as is_same, columns('_level$')
    from resolution.res_explained_pairs
    where decision in ('approve', 'reject') and not is_disputed
    order by left_record_key, right_record_key
"""

Key = tuple[str, str]


def moved_weights(weights: Mapping[Key, int], decided: pd.DataFrame) -> dict[Key, int]:
    """Find the weights that explain people's decisions and are near the ones there are.

    Args:
        weights: comparison and level → 1/1000 bit.
        decided: a row per decided pair: match_millibits (all evidence by those weights), is_same, and one
            <comparison>_level column per comparison.

    Returns:
        The weights that move by a millibit or more. Source: maximum a posteriori estimate of a logistic regression
        with a normal prior, by Newton's method (Bishop 2006, "Pattern Recognition and Machine Learning", 4.3 and 4.5).
    """
    columns = {
        (comparison, level): (decided[f"{comparison}_level"] == level).to_numpy()
        for comparison, level in weights
        if f"{comparison}_level" in decided and level != "unknown"
    }
    seen = [key for key, column in columns.items() if column.any()]
    if not seen:
        return {}
    x: npt.NDArray[np.float64] = np.stack([columns[key] for key in seen], axis=1).astype(np.float64)
    offset = decided.match_millibits.to_numpy(dtype=np.float64) * BITS
    moves = _moves(x, offset, decided.is_same.to_numpy(dtype=np.float64), USUAL_MOVE * BITS) / BITS
    rounded = {key: round(float(move)) for key, move in zip(seen, moves, strict=True)}
    return {key: weights[key] + move for key, move in rounded.items() if move}


def _moves(
    x: npt.NDArray[np.float64], offset: npt.NDArray[np.float64], is_same: npt.NDArray[np.float64], deviation: float
) -> npt.NDArray[np.float64]:
    """By how much each coefficient moves, in natural logarithms of odds."""
    moves = np.zeros(x.shape[1])
    for _ in range(MOST_ROUNDS):
        probability = 1 / (1 + np.exp(-np.clip(offset + x @ moves, -60, 60)))
        slope = x.T @ (probability - is_same) + moves / deviation**2
        curvature = (x.T * (probability * (1 - probability))) @ x + np.eye(len(moves)) / deviation**2
        step = np.linalg.solve(curvature, slope)
        moves -= step
        if np.abs(step).max() < SMALLEST_STEP:
            break
    return moves


def rewrite(seed: Path, decided: pd.DataFrame, version: str) -> dict[Key, tuple[int, int]]:
    """Write moved weights into a seed.

    Args:
        seed: a match_weights.csv; its other rows stay, but for the version.
        decided: see moved_weights.
        version: of the new table.

    Returns:
        What moved: comparison and level → weight before and after, in 1/1000 bit.

    Raises:
        ValueError: the seed has this version already.
    """
    with seed.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    if version in {row["version"] for row in rows}:
        raise ValueError(f"{seed} has version {version} already. Choose a new one.")
    weights = {(row["comparison"], row["level"]): int(row["weight_millibits"]) for row in rows}
    moved = moved_weights(weights, decided)
    for row in rows:
        key = row["comparison"], row["level"]
        row["version"] = version
        if key in moved:
            row["weight_millibits"] = str(moved[key])
            row["evidence"] = f"{row['evidence'].split(';')[0]}; moved by {len(decided)} decisions of our own"
    with seed.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return {key: (weights[key], after) for key, after in moved.items()}


@click.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--version", required=True, help="Version of the new table, such as the day it was fitted.")
def main(exports: Path | None, version: str) -> None:
    """Move the weights of a workspace (the one the exports folder belongs to) towards its people's decisions."""
    settings = Settings.for_exports(exports)
    with duckdb.connect(str(settings.warehouse), read_only=True) as connection:
        decided = connection.execute(DECIDED).df()
    seed = settings.seeds / "reference" / "match_weights.csv"
    if settings.seeds_in_force != settings.seeds:  # a workspace has only the weights that it wants otherwise
        shutil.copyfile(settings.seeds_in_force / "reference" / "match_weights.csv", seed)
    try:
        moved = rewrite(seed, decided, version)
    except ValueError as problem:
        raise click.ClickException(str(problem)) from problem
    for (comparison, level), (before, after) in sorted(moved.items(), key=lambda item: -abs(item[1][1] - item[1][0])):
        click.echo(f"{comparison}: {level}: {before / 1000:+.3f} bits, now {after / 1000:+.3f}")
    click.echo(f"{seed}: {len(moved)} weights moved by {len(decided)} decisions. Run the month again and look.")


if __name__ == "__main__":
    main()
