"""The share of true pairs is found from the scores, not assumed."""

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.scoring import LOWEST_SHIFT, class_shift_millibits, prior_shift_millibits, shift_to_sum, true_share

FITTED = 0.1


def scores(share: float, count: int = 200_000) -> np.ndarray:
    """Scores that are right for a share of FITTED, drawn for another share."""
    rng = np.random.default_rng(7)
    true = rng.random(count) < share
    likelihood = np.where(true, rng.normal(4, np.sqrt(8), count), rng.normal(-4, np.sqrt(8), count))
    drawn: np.ndarray = np.rint(1000 * (likelihood + np.log(FITTED / (1 - FITTED))) / np.log(2)).astype(np.int64)
    return drawn


@pytest.mark.parametrize("share", [0.003, 0.03, 0.1, 0.4])
def test_share_is_recovered_from_scores(share: float) -> None:
    values, counts = np.unique(scores(share), return_counts=True)
    assert true_share(values, counts, FITTED, 0) == pytest.approx(share, rel=0.15)


def test_few_pairs_cannot_swing_the_share() -> None:
    found = true_share(np.array([9000]), np.array([3]), FITTED, 100)
    assert FITTED < found < 2 * FITTED


def test_no_pairs_leave_the_share_as_fitted() -> None:
    empty = np.array([], dtype=np.int64)
    assert true_share(empty, empty, FITTED, 100) == pytest.approx(FITTED)
    assert true_share(empty, empty, FITTED, 0) == FITTED


def test_rarer_true_pairs_shift_scores_down() -> None:
    columns = []
    for share in (0.02, 0.1, 0.4):
        values, counts = np.unique(scores(share), return_counts=True)
        columns.append((values.tolist(), counts.tolist()))
    shifts = prior_shift_millibits(
        pa.array([values for values, _ in columns]), pa.array([counts for _, counts in columns]),
        pa.array([FITTED] * 3), pa.array([100.0] * 3),
    ).to_pylist()  # fmt: skip
    assert shifts[0] < -1000 < shifts[1] < 1000 < shifts[2]


@given(
    scored=st.lists(st.tuples(st.integers(-5000, 20000), st.integers(1, 50)), min_size=1, max_size=30),
    most=st.floats(0.5, 200),
)
def test_no_more_pairs_are_believed_than_can_be_true(scored: list[tuple[int, int]], most: float) -> None:
    values, counts = (np.array(column) for column in zip(*scored, strict=True))
    shift = shift_to_sum(values, counts, most)
    assert LOWEST_SHIFT <= shift <= 0
    if shift > LOWEST_SHIFT:
        assert (counts / (1 + np.exp2(-(values + shift) / 1000))).sum() <= most
        if shift < 0:
            assert (counts / (1 + np.exp2(-(values + shift + 1) / 1000))).sum() > most


def test_shift_of_a_kind_of_evidence_without_pairs_is_none() -> None:
    shifts = class_shift_millibits(
        pa.array([[3000], None], pa.list_(pa.int64())), pa.array([[8], None], pa.list_(pa.int64())),
        pa.array([4.0, 1.0]),
    ).to_pylist()  # fmt: skip
    assert shifts == [-3000, 0]
