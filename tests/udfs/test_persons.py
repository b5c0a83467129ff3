"""Names of persons: two ways to write one name meet, two persons' names do not."""

import csv
from itertools import product

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import HOME
from tests.workspaces import person_words
from udfs.persons import is_misspelt_name, person_name, person_name_forms
from udfs.plugin import register

NAMES = st.text(st.sampled_from("annA éüß.,-' Dr\u00a0王"), max_size=20)


def seed_rows() -> list[dict[str, str]]:
    with (HOME / "seeds" / "reference" / "person_words.csv").open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


RULES = person_words()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Anna Weber", "Weber, Anna"),
        ("Anna Weber", "WEBER ANNA"),
        ("Anna Weber", "Frau Dr. Anna Weber"),
        ("Anna Weber", "Weber, Dr. Anna"),
        ("Anna Weber", "Anna Weber, PhD"),
        ("Anna Weber", "Anna (Annie) Weber"),
        ("Tomás Núñez", "Tomas Nunez"),
        ("Jürgen Müller", "Juergen Mueller"),
        ("Hans-Peter Groß", "Hanspeter Gross"),
        ("Siobhán O’Brien", "Siobhan OBrien"),
        ("John Smith Jr.", "John Smith"),
        ("Dipl.-Ing. Karl Roth", "Karl Roth"),
    ],
)
def test_ways_to_write_one_name_give_one_full_name(one: str, other: str) -> None:
    assert person_name(one, RULES).full_name == person_name(other, RULES).full_name


def test_given_and_family_name_are_kept_apart_with_and_without_a_comma() -> None:
    for name in ("Ludwig M. van der Berg", "van der Berg, Ludwig M."):
        found = person_name(name, RULES)
        assert (found.given_name, found.given_names, found.family_name) == ("ludwig", "ludwigm", "vanderberg")


def test_a_nickname_stands_for_every_name_it_is_short_for() -> None:
    assert set(person_name("Alex Reed", RULES).given_forms) >= {"alex", "alexander", "alexandra"}
    bob, rob, robert, rachel = (
        set(person_name(f"{given} Reed", RULES).given_forms) for given in ("Bob", "Rob", "Robert", "Rachel")
    )
    assert bob & rob and bob & robert and not bob & rachel


def test_one_word_does_not_say_whether_it_is_the_given_or_the_family_name() -> None:
    assert person_name("Dr. Weber", RULES)[:3] == ("weber", "", "")


def test_a_name_of_titles_alone_is_kept() -> None:
    assert person_name("Prof. Dr.", RULES).full_name == "dr prof"


@pytest.mark.parametrize("name", ["N/A", "Unknown", "unknown, Unknown", "tbd", "???"])
def test_what_stands_where_a_name_is_missing_is_no_name(name: str) -> None:
    assert person_name(name, RULES).full_name == ""


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_stripping_never_empties_a_name(name: str) -> None:
    rules = RULES._replace(placeholders=frozenset())
    assert person_name(name, rules).full_name or not any(letter.isalpha() for letter in name)


@settings(max_examples=300, deadline=None)
@given(NAMES)
def test_forms_need_no_second_pass_and_are_plain(name: str) -> None:
    found = person_name(name, RULES)
    assert all(text.isascii() and text == text.lower() for text in found if isinstance(text, str))
    assert not found.given_name or found.given_name in found.given_forms


SLIPS = [("michael", "micheal", True), ("thornbury", "thornburry", True), ("karin", "karen", True)]
TWO_NAMES = [("maria", "mario"), ("martin", "martina"), ("jan", "jon"), ("robert", "rachel"), ("weber", "weber")]


@pytest.mark.parametrize(("one", "other", "expected"), [*SLIPS, *((*pair, False) for pair in TWO_NAMES)])
def test_a_typo_is_distinguished_from_another_name(one: str, other: str, expected: bool) -> None:
    assert is_misspelt_name(pa.array([one, other]), pa.array([other, one])).to_pylist() == [expected, expected]


WORDS = st.lists(st.text("abcé", max_size=8), min_size=1, max_size=6)


@settings(max_examples=300, deadline=None)
@given(WORDS, WORDS)
def test_a_slip_is_one_from_either_side_and_in_any_batch(left: list[str], right: list[str]) -> None:
    pairs = list(product(left, right))
    ones, others = (pa.array(side, pa.string()) for side in zip(*pairs, strict=True))
    forward = is_misspelt_name(ones, others).to_pylist()
    assert forward == is_misspelt_name(others, ones).to_pylist()
    assert forward == [is_misspelt_name(pa.array([a]), pa.array([b]))[0].as_py() for a, b in pairs]


def test_nothing_known_is_not_a_slip() -> None:
    nobody = pa.array([None], pa.string())
    assert is_misspelt_name(nobody, pa.array(["weber"])).to_pylist() == [None]


def test_the_functions_are_known_in_sql() -> None:
    with duckdb.connect() as connection:
        register(connection)
        rows = [{name: row[name] for name in ("kind", "word", "stands_for")} for row in seed_rows()]
        names = ["Bob Reed", None, "Weber, Dr. Anna"]
        found = connection.execute(
            "select unnest(person_name_forms($names::varchar[], "
            "$rules::struct(kind varchar, word varchar, stands_for varchar)[]), recursive := true)",
            {"names": [name for name in names if name], "rules": rows},
        ).fetchall()
        assert found == [
            ("Bob Reed", "bob reed", "bob", "bob", ["bob", "robert"], "reed"),
            ("Weber, Dr. Anna", "anna weber", "anna", "anna", ["anna"], "weber"),
        ]
        assert connection.execute("select is_misspelt_name('michael', 'micheal')").fetchone() == (True,)


def test_a_row_without_names_stays_one() -> None:
    empty = person_name_forms(pa.array([None, []], pa.list_(pa.string())), pa.array([[], []]))
    assert empty.to_pylist() == [None, []]
