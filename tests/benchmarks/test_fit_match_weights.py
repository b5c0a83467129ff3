"""Fitting weights: readable, repeatable, and the same leads in Python as in SQL."""

import csv
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks.weights import (
    COLUMNS,
    SMALLEST_CLASS_SHARE,
    Labelled,
    Weights,
    class_shares,
    disordered,
    evidence,
    fit,
    lead_levels,
    write,
)
from benchmarks.weights_page import BEGIN, END, PAGE, write_page, written

SEED = Path(__file__).resolve().parents[2] / "seeds" / "reference" / "match_weights.csv"


def labelled(scenario: str = "made up", seed: int = 1) -> Labelled:
    """Pairs in which equal names are mostly true, and nobody has a website."""
    rng = np.random.default_rng(seed)
    count = 400
    is_same = rng.random(count) < 0.3
    name = np.where(rng.random(count) < np.where(is_same, 0.9, 0.05), "exact", "nothing shared")
    pairs = pd.DataFrame(
        {
            "left_record_key": [f"partner:{n // 2}" for n in range(count)],
            "right_record_key": [f"us:{n}" for n in range(count)],
            "name_level": name,
            "domain_level": "unknown",
            "own_guard": None,
            "evidence_class": np.where(name == "exact", "strong", "both left over"),
            "label": np.where(is_same, 1, 0),
        }
    )
    return Labelled(scenario, pairs, int(is_same.sum()))


def test_better_level_weighs_more() -> None:
    weights = fit([labelled()])
    assert weights.millibits["name", "exact"] > 1000 > weights.millibits["name", "nothing shared"]


def test_mix_of_true_pairs_is_bounded_by_the_list_that_had_most() -> None:
    pairs = pd.DataFrame(
        {
            "name_level": ["exact"] * 8 + ["contained"] * 4,
            "evidence_class": ["strong"] * 8 + ["generic left over"] * 4,
            "own_guard": [None] * 11 + ["common name"],
            "label": [1] * 8 + [1, 1, 0, 1],
        }
    )
    weights = Weights({("name", "exact"): 5000, ("name", "contained"): 2000}, 0, 0)
    shares = class_shares([Labelled("one", pairs, 11), Labelled("other", pairs.head(9), 9)], weights)
    assert shares["generic left over"] == -2000  # two beside eight: log2 of a quarter
    assert shares["both left over"] == round(1000 * np.log2(SMALLEST_CLASS_SHARE))
    assert shares["structure left over"] == round(1000 * np.log2(3 * SMALLEST_CLASS_SHARE))  # believed three times


def test_comparison_nobody_has_values_for_gets_no_weight() -> None:
    assert not any(comparison == "domain" for comparison, _ in fit([labelled()]).millibits)


def test_fit_is_repeatable_whatever_the_order_of_scenarios() -> None:
    one, other = labelled("one", 1), labelled("other", 2)
    assert fit([one, other]).millibits.keys() == fit([other, one]).millibits.keys()
    assert fit([one, other]) == fit([one, other])


def test_lead_is_measured_against_the_best_other_choice_of_either_end() -> None:
    pairs = pd.DataFrame(
        {"left_record_key": ["a", "a", "b", "c"], "right_record_key": ["x", "y", "y", "z"]}, index=[7, 8, 9, 10]
    )
    levels = lead_levels(pairs, np.array([9000.0, 4000.0, 4000.0, 1.0]))
    assert levels.smaller_lead_level.tolist() == ["ahead by 4 to 8", "behind by 4 to 8", "tie", "no rival"]
    assert levels.larger_lead_level.tolist() == ["no rival", "tie", "no rival", "no rival"]


def test_unknown_adds_nothing() -> None:
    pairs = pd.DataFrame({"name_level": ["exact", "unknown"]})
    weights = Weights({("name", "exact"): 3000}, prior_millibits=-1000, true_share_millibits=0)
    assert evidence(pairs, weights).tolist() == [2000, -1000]


def test_disorder_is_reported() -> None:
    assert disordered(Weights({("country", "same"): -1, ("country", "different"): 5}, 0, 0)) != []


def test_seed_has_one_version_and_ordered_levels() -> None:
    with SEED.open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert {row["version"] for row in rows} and len({row["version"] for row in rows}) == 1
    keys = [(row["comparison"], row["level"]) for row in rows]
    assert len(keys) == len(set(keys))
    millibits = {key: int(row["weight_millibits"]) for key, row in zip(keys, rows, strict=True)}
    assert disordered(Weights(millibits, 0, 0)) == []


@pytest.mark.parametrize("version", ["2026-11-22"])
def test_written_seed_reads_back(tmp_path: Path, version: str) -> None:
    write(fit([labelled()]), tmp_path / "match_weights.csv", version)
    with (tmp_path / "match_weights.csv").open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    assert tuple(rows[0]) == COLUMNS
    assert {"prior", "registration", "name"} <= {row["comparison"] for row in rows}


def test_the_page_follows_the_seed_and_keeps_all_else(tmp_path: Path) -> None:
    seed, page = tmp_path / "match_weights.csv", tmp_path / "matching.md"
    text = PAGE.read_text(encoding="utf-8")
    page.write_text(text, encoding="utf-8")
    seed.write_text(
        "comparison,level,weight_millibits,evidence\n"
        "prior,fitted,-2574,fitted\n"
        "city,different,-1646,fitted\n"
        "city,same,2000,fitted\n"
        'name,"contained, rest place",1067,fitted\n'
        "phone,same,5000,by hand: like a domain\n",
        encoding="utf-8",
    )
    write_page(seed, page)
    after = page.read_text(encoding="utf-8")
    assert "| `city` | the cities | same +2.00; different −1.65 |" in after
    assert "| `name` | the two names, word by word | one in the other but for a place +1.07 |" in after
    assert "telephone numbers | same +5.00 (by hand) |" in after
    assert "fitted" not in after.partition(BEGIN)[2].partition(END)[0]
    assert (after.partition(BEGIN)[0], after.partition(END)[2]) == (text.partition(BEGIN)[0], text.partition(END)[2])


def test_a_comparison_without_words_and_a_page_without_marks_are_refused(tmp_path: Path) -> None:
    seed = tmp_path / "match_weights.csv"
    seed.write_text("comparison,level,weight_millibits,evidence\nshoe size,same,1,fitted\n", encoding="utf-8")
    with pytest.raises(KeyError, match="shoe size"):
        written(f"{BEGIN}\n{END}\n", seed)
    with pytest.raises(ValueError, match="each once"):
        written("no marks", SEED)
