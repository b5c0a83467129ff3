"""Aligning names word by word: symmetric, bounded, and honest about what is left over."""

import time
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.names import LONGEST_NAME
from udfs.similarity import INSIDE, MOST_WORDS, NUMERAL_KIND, _compared, compare_names
from udfs.words import KINDS

BITS = 10_000
WORDS = st.sampled_from(
    ["acme", "zenith", "blue", "harbor", "blueharbor", "mueller", "muller", "tech", "5", "7", "bank"]
)
NAMES = st.lists(WORDS, min_size=1, max_size=6).map(" ".join)


def codes(name: str) -> list[int]:
    return [KINDS * BITS + (NUMERAL_KIND if word.isdigit() else 0) for word in name.split(" ")]


def columns(pairs: Sequence[tuple[str, str]], places: Sequence[tuple[str, str]] = ()) -> list[pa.Array]:
    """What compare_names is called with, every word equally distinctive."""
    places = places or [("", "")] * len(pairs)
    integers = pa.list_(pa.int32())
    return [
        *(pa.array([pair[side] for pair in pairs], pa.string()) for side in (0, 1)),
        *(pa.array([codes(pair[side]) for pair in pairs], integers) for side in (0, 1)),
        *(pa.array([pair[side] for pair in places], pa.string()) for side in (0, 1)),
    ]


def compared(left: str, right: str, left_place: str = "", right_place: str = "") -> dict[str, Any]:
    result: dict[str, Any] = compare_names(*columns([(left, right)], [(left_place, right_place)]))[0].as_py()
    return result


def mirrored(result: dict[str, Any]) -> dict[str, Any]:
    swap = {"left": "right", "right": "left"}
    return {
        (f"{swap[key.split('_', 1)[0]]}_{key.split('_', 1)[1]}" if key.split("_", 1)[0] in swap else key): value
        for key, value in result.items()
    }


@settings(max_examples=300, deadline=None)
@given(NAMES, NAMES)
def test_swapping_the_sides_swaps_only_the_sides(left: str, right: str) -> None:
    one, other = compared(left, right), mirrored(compared(right, left))
    assert one.pop("glued_similarity") == pytest.approx(other.pop("glued_similarity"))
    assert one == other


@settings(max_examples=100, deadline=None)
@given(NAMES)
def test_name_equals_itself(name: str) -> None:
    result = compared(name, name)
    assert result["left_rest_millibits"] == result["right_rest_millibits"] == 0
    assert result["unequal_millibits"] == 0
    assert result["glued_similarity"] == 1


@pytest.mark.parametrize(
    ("left", "right", "shared", "left_rest", "right_rest"),
    [
        ("acme tool", "tool acme", 2, 0, 0),
        ("acme tool", "acme", 1, 1, 0),
        ("face book", "facebook", 1, 0, 0),
        ("blue harbor shipping", "blueharbor shipping line", 2, 0, 1),
        ("mueller brewery", "muller brewery", 2, 0, 0),
        ("acme", "zenith", 0, 1, 1),
    ],
)
def test_words_are_shared_or_left_over(left: str, right: str, shared: int, left_rest: int, right_rest: int) -> None:
    result = compared(left, right)
    assert result["shared_millibits"] == pytest.approx(shared * BITS, abs=2)
    assert result["left_rest_millibits"] == left_rest * BITS
    assert result["right_rest_millibits"] == right_rest * BITS


def test_typo_shares_less_than_the_word_itself() -> None:
    result = compared("pemberton dairy", "pembreton dairy")
    assert 0 < result["unequal_millibits"] < BITS
    assert result["left_rest_millibits"] == 0


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("crest fund 2", "crest fund 3", "conflict"),
        ("crest fund 2", "crest fund", "one_sided"),
        ("crest fund 2", "crest fund 2", "same"),
        ("crest fund", "crest fund", "none"),
    ],
)
def test_numerals_are_compared_as_numbers(left: str, right: str, expected: str) -> None:
    assert compared(left, right)["numerals"] == expected


def test_figures_are_never_typos_of_each_other() -> None:
    assert compared("series 2019", "series 2018")["right_rest_millibits"] == BITS


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("ibm", "international business machines", True),
        ("international business machines", "ibm", True),
        ("ibx", "international business machines", False),
        ("ab", "alpha beta", False),
    ],
)
def test_acronym_is_recognised(left: str, right: str, expected: bool) -> None:
    assert compared(left, right)["is_acronym"] is expected


def test_very_long_names_are_cut_not_refused() -> None:
    name = " ".join(f"word{number}" for number in range(5 * MOST_WORDS))
    assert compared(name, "word1")["shared_millibits"] == BITS


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("a" * LONGEST_NAME, "a" * (LONGEST_NAME - 1) + "b"),
        ("ab" * (LONGEST_NAME // 2), "ba" * (LONGEST_NAME // 2)),
        (" ".join("a" * (LONGEST_NAME // 2)), " ".join("b" * (LONGEST_NAME // 2))),
        ("a", "a" * LONGEST_NAME),
    ],
)
def test_longest_names_take_bounded_time(left: str, right: str) -> None:
    started = time.process_time()
    result = compared(left, right)
    assert time.process_time() - started < 2
    assert 0 <= result["glued_similarity"] <= 1
    assert result["inside"] in INSIDE


def test_batch_of_one_name_over_and_over_is_compared_once_per_word() -> None:
    count = 100_000
    started = time.process_time()
    found = _compared(*columns([("quixel brand", "quixel brend")] * count))
    assert time.process_time() - started < 10
    assert set(found[0]) == {compared("quixel brand", "quixel brend")["shared_millibits"]}


def test_missing_name_shares_nothing() -> None:
    integers = pa.list_(pa.int32())
    left, right = pa.array([None, "", "acme"]), pa.array(["acme", "acme", None])
    left_codes, right_codes = pa.array([[0], [0], codes("acme")], integers), pa.array([codes("acme")] * 3, integers)
    nowhere = pa.nulls(3, pa.string())
    found = compare_names(left, right, left_codes, right_codes, nowhere, nowhere)
    assert found.field("shared_millibits").to_pylist() == [0, 0, 0]
    assert found.field("glued_similarity").to_pylist() == [0, 0, 0]


@pytest.mark.parametrize(
    ("left", "right", "left_place", "right_place", "expected"),
    [
        ("acme", "acme kiel", "", "kiel", "own place"),
        ("acme", "acme kiel", "kiel", "", "own place"),
        ("acme", "acme kiel", "hamburg", "", "distinctive"),
        ("acme", "acme kiel hamburg", "kiel", "hamburg", "own place"),
        ("acme", "acme kiel ulm", "kiel", "hamburg", "distinctive"),
        ("acme", "acme 5", "", "", "numeral"),
        ("acme", "acme", "kiel", "kiel", "none"),
    ],
)
def test_words_left_over_that_only_say_where_one_is_are_its_own_place(
    left: str, right: str, left_place: str, right_place: str, expected: str
) -> None:
    assert compared(left, right, left_place, right_place)["right_rest_class"] == expected


def test_words_left_over_are_bits_in_their_order() -> None:
    found = compared("acme kiel tool", "tool blue")
    assert (found["left_rest_words"], found["right_rest_words"]) == (0b011, 0b10)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("stihl", "andreas stihl", "inside"),
        ("andreas stihl", "stihl", "inside"),
        ("pembertondairy", "the pembretondairy", "nearly inside"),
        ("acme", "zenith", "not inside"),
    ],
)
def test_a_name_may_stand_inside_another(left: str, right: str, expected: str) -> None:
    assert compared(left, right)["inside"] == expected


def test_batch_gives_what_single_pairs_give() -> None:
    pairs = [("acme tool", "acme"), ("face book", "facebook"), ("mueller", "muller"), ("crest 2", "crest 3")]
    assert compare_names(*columns(pairs)).to_pylist() == [compared(left, right) for left, right in pairs]


def test_empty_batch_is_answered() -> None:
    assert len(compare_names(*columns([]))) == 0
