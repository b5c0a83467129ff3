"""Weights follow a workspace's own decisions, as far as there are enough of them."""

import csv
import shutil
from pathlib import Path

import pandas as pd
import pytest

from benchmarks.refit_match_weights import moved_weights, rewrite

SEED = Path(__file__).resolve().parents[2] / "seeds" / "reference" / "match_weights.csv"
WEIGHTS = {("name", "misspelt"): 2000, ("name", "exact"): 6000, ("city", "same"): 500, ("prior", "fitted"): -3000}


def decided(count: int, is_same: bool, level: str = "misspelt") -> pd.DataFrame:
    """Pairs of one kind that are doubtful by the weights as they are, all decided alike."""
    return pd.DataFrame(
        {
            "match_millibits": [0] * count,
            "is_same": [is_same] * count,
            "name_level": [level] * count,
            "city_level": "unknown",
        }
    )


def test_a_weight_moves_towards_the_decisions_and_further_the_more_there_are() -> None:
    few, many = (moved_weights(WEIGHTS, decided(count, is_same=False)) for count in (3, 300))
    assert many["name", "misspelt"] < few["name", "misspelt"] < WEIGHTS["name", "misspelt"]
    assert moved_weights(WEIGHTS, decided(30, is_same=True))["name", "misspelt"] > WEIGHTS["name", "misspelt"]


def test_what_no_decision_shows_stays() -> None:
    assert moved_weights(WEIGHTS, decided(30, is_same=False)).keys() == {("name", "misspelt")}
    assert moved_weights(WEIGHTS, decided(0, is_same=True)) == {}


def test_decisions_that_say_what_the_weights_say_move_nothing_far() -> None:
    even = pd.concat([decided(50, is_same=True), decided(50, is_same=False)])
    assert moved_weights(WEIGHTS, even) == {}


def test_the_order_of_decisions_does_not_matter() -> None:
    mixed = pd.concat([decided(20, is_same=True, level="exact"), decided(9, is_same=False)], ignore_index=True)
    assert moved_weights(WEIGHTS, mixed) == moved_weights(WEIGHTS, mixed.iloc[::-1])


def test_the_seed_is_rewritten_with_a_new_version_and_says_why(tmp_path: Path) -> None:
    seed = tmp_path / "match_weights.csv"
    shutil.copy(SEED, seed)
    moved = rewrite(seed, decided(40, is_same=False), "2030-01-01")
    with seed.open(newline="", encoding="utf-8") as stream:
        rows = {(row["comparison"], row["level"]): row for row in csv.DictReader(stream)}
    assert {row["version"] for row in rows.values()} == {"2030-01-01"}
    before, after = moved["name", "misspelt"]
    assert after < before
    assert int(rows["name", "misspelt"]["weight_millibits"]) == after
    assert rows["name", "misspelt"]["evidence"] == "fitted; moved by 40 decisions of our own"
    with pytest.raises(ValueError, match="2030-01-01 already"):
        rewrite(seed, decided(40, is_same=False), "2030-01-01")
