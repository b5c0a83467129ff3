"""From evidence to probability.

Belongs here: estimating how many of the pairs at hand are true ones. Does not belong here: the evidence of a
comparison (seed match_weights) or what is done with a probability (res_decided_pairs).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

MOST_ROUNDS = 500
# Rounds stop when the share moves by less than this; far below what a millibit can show.
SMALLEST_STEP = 1e-10
# The share is kept off 0 and 1, where odds are not defined.
SMALLEST_SHARE = 1e-7
# No kind of evidence is shifted further down, in 1/1000 bit.
LOWEST_SHIFT = -20000


def true_share(
    millibits: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], fitted_share: float, fitted_weight: float
) -> float:
    """Estimate the share of true pairs among candidates from their scores alone.

    The scores assume the share of true pairs in the lists the weights were fitted on. Expectation maximisation finds
    the share under which the probabilities it implies sum up to itself (Saerens, Latinne, Decaestecker 2002,
    "Adjusting the outputs of a classifier to new a priori probabilities").

    Args:
        millibits: distinct scores in 1/1000 bit.
        counts: how many pairs have each.
        fitted_share: the share of true pairs that the scores assume, 0–1.
        fitted_weight: how many imagined pairs of that share are added, so that a handful of pairs cannot swing it.

    Returns:
        The share, 0–1; the fitted one when there are no pairs.
    """
    total = counts.sum() + fitted_weight
    if total <= 0:
        return fitted_share
    fitted_odds = np.log(fitted_share / (1 - fitted_share))
    likelihood = millibits * (np.log(2) / 1000) - fitted_odds
    share = fitted_share
    for _ in range(MOST_ROUNDS):
        log_odds = np.clip(likelihood + np.log(share / (1 - share)), -60, 60)
        found = float((counts / (1 + np.exp(-log_odds))).sum())
        renewed = (found + fitted_weight * fitted_share) / total
        renewed = min(max(renewed, SMALLEST_SHARE), 1 - SMALLEST_SHARE)
        if abs(renewed - share) < SMALLEST_STEP:
            break
        share = renewed
    return share


def prior_shift_millibits(
    millibits: pa.Array, counts: pa.Array, fitted_share: pa.Array, fitted_weight: pa.Array
) -> pa.Array:
    """By how much scores must shift for the lists at hand.

    Args:
        millibits: list<bigint> per row: the distinct scores of one pair of lists.
        counts: list<bigint> per row: pairs of each score.
        fitted_share: double, see true_share.
        fitted_weight: double, see true_share.

    Returns:
        bigint per row: 1000 · log2 of the odds of the estimated share over those of the fitted one.
    """
    shifts: list[int] = []
    columns: list[Any] = [column.to_pylist() for column in (millibits, counts, fitted_share, fitted_weight)]
    for scores, numbers, fitted, weight in zip(*columns, strict=True):
        share = true_share(
            np.asarray(scores or [], dtype=np.int64), np.asarray(numbers or [], dtype=np.int64), fitted, weight
        )
        odds = (share / (1 - share)) / (fitted / (1 - fitted))
        shifts.append(round(1000 * float(np.log2(odds))))
    return pa.array(shifts, pa.int64())


def shift_to_sum(millibits: npt.NDArray[np.int64], counts: npt.NDArray[np.int64], believed: float) -> int:
    """Find the highest shift, 0 at most, under which probabilities sum up to no more than is believed.

    Args:
        millibits: distinct scores in 1/1000 bit.
        counts: how many pairs have each.
        believed: the sum allowed.

    Returns:
        1/1000 bits; LOWEST_SHIFT when even that does not suffice.
    """

    def expected(shift: int) -> float:
        return float((counts / (1 + np.exp2(-(millibits + shift) / 1000))).sum())

    if expected(0) <= believed:
        return 0
    low, high = LOWEST_SHIFT, 0
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if expected(middle) <= believed else (low, middle)
    return low


def class_shift_millibits(millibits: pa.Array, counts: pa.Array, believed: pa.Array) -> pa.Array:
    """By how much the scores of one kind of evidence must shift so that as many pairs are believed as can be true.

    Args:
        millibits: list<bigint> per row: the distinct scores.
        counts: list<bigint> per row: pairs of each score.
        believed: double per row: how many of them can be true.

    Returns:
        bigint per row, see shift_to_sum; 0 without scores.
    """
    columns: list[Any] = [column.to_pylist() for column in (millibits, counts, believed)]
    return pa.array(
        [
            shift_to_sum(np.asarray(scores, dtype=np.int64), np.asarray(numbers, dtype=np.int64), allowed)
            if scores
            else 0
            for scores, numbers, allowed in zip(*columns, strict=True)
        ],
        pa.int64(),
    )
