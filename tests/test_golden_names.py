"""Hand-written pairs of names, by category, through the real pipeline.

The lists hold names alone: no website, no place. Floors are per category and only ever rise; a category that
resolution is not yet good at has a low one, and says so.
"""

import csv
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from benchmarks.matching import ScenarioRun

GOLDEN = Path(__file__).resolve().parent / "golden" / "name_pairs.csv"
# Share of right answers that each category must reach.
FLOORS = {
    "legal forms": 1.0,
    "abbreviations": 1.0,
    "acronyms": 0.85,  # 3M: a figure that stands for three words
    "ampersands": 1.0,
    "word order": 1.0,
    "typos": 1.0,
    "spacing": 1.0,
    "transliteration": 1.0,
    "numerals": 1.0,
    "funds and series": 0.85,
    "subsidiaries and regions": 0.75,  # towns that are in no list of places
    "banks with one differing town": 0.75,
    "same words in another industry": 1.0,
    "former names and trading names": 1.0,
    "holding companies": 1.0,
    "universities and departments": 0.25,  # departments are told apart by nothing yet
    "generic names": 1.0,
    "names that are a domain": 0.75,
    "substrings": 1.0,
    "short brand in a long legal name": 1.0,
    "annotations": 0.8,
    "near names": 1.0,
}
COLUMNS = ("id", "name", "website", "country", "state", "city", "industry", "employees")


def golden_pairs() -> list[dict[str, str]]:
    with GOLDEN.open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def right_and_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Counter[str], Counter[str], list[str]]]:
    """Right answers and all pairs by category, and the wrong answers in words."""
    folder = tmp_path_factory.mktemp("golden")
    scenario = folder / "lists" / "golden"
    scenario.mkdir(parents=True)
    pairs = golden_pairs()
    for side in ("left", "right"):
        with (scenario / f"{side}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(COLUMNS)
            writer.writerows([f"G{n}", pair[f"{side}_name"], *[""] * 6] for n, pair in enumerate(pairs))
    run = ScenarioRun(scenario, folder)
    run.prepare()
    run.land()
    run.build()
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        matches = run.matches(connection)
    right, every, wrong = Counter[str](), Counter[str](), []
    for n, pair in enumerate(pairs):
        is_same = (f"us:G{n}", f"partner:G{n}") in matches
        every[pair["category"]] += 1
        if is_same == (pair["is_same"] == "1"):
            right[pair["category"]] += 1
        else:
            wrong.append(f"{pair['category']}: {pair['left_name']} / {pair['right_name']} → {is_same}")
    yield right, every, wrong


def test_every_category_has_a_floor() -> None:
    assert {pair["category"] for pair in golden_pairs()} == FLOORS.keys()


@pytest.mark.parametrize("category", FLOORS)
def test_category_stays_above_its_floor(
    category: str, right_and_all: tuple[Counter[str], Counter[str], list[str]]
) -> None:
    right, every, wrong = right_and_all
    told = "\n".join(answer for answer in wrong if answer.startswith(f"{category}: "))
    assert right[category] / every[category] >= FLOORS[category], told


def test_names_alone_rarely_join_two_companies(
    right_and_all: tuple[Counter[str], Counter[str], list[str]],
) -> None:
    false_matches = [answer for answer in right_and_all[2] if answer.endswith("True")]
    different = sum(pair["is_same"] == "0" for pair in golden_pairs())
    assert len(false_matches) <= 0.15 * different, "\n".join(false_matches)
