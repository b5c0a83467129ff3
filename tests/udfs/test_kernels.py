"""Compiled loops answer as the columns do that they stand in for, for any names and any cut into batches.

Belongs here: that both agree. Does not belong here: what is right (test_similarity.py).
"""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from udfs import compiling
from udfs.similarity import INSIDE, NAME_COMPARISON_TYPE, _compared, compare_names
from udfs.words import KINDS

kernels = pytest.importorskip("udfs.kernels.comparison", reason="numba is not installed")

# Few letters, so that words are often equal, nearly equal, or two of them one; and what no core name should hold.
WORDS = st.one_of(
    st.sampled_from("abe5"),
    st.text("abeo", min_size=1, max_size=9),
    st.text("abu5", min_size=1, max_size=4),
    st.sampled_from(["mueller", "muller", "harbor", "harbour", "blue", "5", "17", "iba", "ab", "a", "b"]),
)
NAMES = st.lists(WORDS, min_size=1, max_size=13).map(" ".join)
HOSTILE = st.text(st.characters(codec="utf-8"), max_size=40)
LONG = st.text("ab ", min_size=60, max_size=300)
ANY_NAME = st.one_of(NAMES, NAMES, HOSTILE, LONG)
CODES = st.lists(st.integers(0, KINDS * 20_000 + 8).filter(lambda code: code % KINDS < 9), max_size=13)
PAIRS = st.lists(st.tuples(ANY_NAME, ANY_NAME, CODES, CODES, NAMES, NAMES), min_size=1, max_size=12)


def columns(pairs: list[tuple[Any, ...]]) -> list[pa.Array]:
    """Arguments of compare_names; every word has a code, as it has in res_names."""

    def filled(name: str, given_codes: list[int]) -> list[int]:
        count = len(name.split(" "))
        return (given_codes + [KINDS * 9_000] * count)[:count]

    rows = [(left, right, filled(left, one), filled(right, two), *places) for left, right, one, two, *places in pairs]
    types = [pa.string(), pa.string(), pa.list_(pa.int32()), pa.list_(pa.int32()), pa.string(), pa.string()]
    return [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(types)]


@settings(max_examples=400, deadline=None)
@given(PAIRS)
@example([("face book", "facebook", [], [], "a", "b"), ("muller", "mueller", [], [], "", "")])
@example([("a" * 256, "a" * 255 + "b", [], [], "a", "a"), ("ab " * 80 + "a", "ba " * 80 + "b", [], [], "a", "a")])
def test_kernel_and_columns_agree_on_any_names(pairs: list[tuple[Any, ...]]) -> None:
    given_columns = columns(pairs)
    fields, is_left_over = kernels.compared(*given_columns)
    expected = _compared(*given_columns)
    # of long names rapidfuzz must be asked whether one stands inside the other
    fields[-1] = np.where(fields[-1] == len(INSIDE), expected[-1], fields[-1])
    for field, compiled, right in zip(NAME_COMPARISON_TYPE, fields, expected, strict=True):
        assert np.array_equal(compiled[~is_left_over], right[~is_left_over]), field.name


@settings(max_examples=100, deadline=None)
@given(PAIRS, st.integers(0, 12))
def test_a_batch_cut_in_two_gives_what_the_whole_gives(pairs: list[tuple[Any, ...]], cut: int) -> None:
    given_columns = columns(pairs)
    parts = [[column.slice(0, cut) for column in given_columns], [column.slice(cut) for column in given_columns]]
    whole = compare_names(*given_columns).to_pylist()
    assert [row for part in parts for row in compare_names(*part).to_pylist()] == whole


def test_kernels_are_taken_from_many_rows_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiling, "_rows_seen", 0)
    assert compiling.compiled_kernels(compiling.FEWEST_ROWS - 1) is None
    assert compiling.compiled_kernels(1) is kernels
    given_columns = columns([("acme tool", "acme", [], [], "", ""), ("a b", "zenith", [], [], "", "")] * 3)
    expected = _compared(*given_columns)
    found = compare_names(*given_columns)
    assert found.field("shared_millibits").to_pylist() == expected[0].tolist()
    assert found.field("inside").to_pylist() == [INSIDE[code] for code in expected[-1]]
