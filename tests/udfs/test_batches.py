"""No function sees more than its rows: however a column is cut into batches, the answers are the same.

Belongs here: that one property, for every function that SQL calls. Does not belong here: what the answers are.
"""

from datetime import date
from typing import Any

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.plugin import UDFS, Udf

NAMES = [
    "Acme Tool GmbH",
    "Brightwater (Holding) Ltd",
    "S.p.A.",
    "株式会社アクメ",
    "Müller & Söhne KG",
    "a/k/a Zenith",
    "",
    "7",
]
TEXTS = [*NAMES, None, "x" * 300, "\u200b", "ＡＣＭＥ", "1,234.50", "12/10/2026", "yes"]
RULES = [
    {"kind": "legal_form", "form": "GmbH", "value": "gmbh", "class": "LLC"},
    {"kind": "inner_legal_form", "form": "Ltd", "value": "ltd", "class": "LLC"},
    {"kind": "spelling", "form": "Soehne", "value": "sons", "class": None},
]
PERSON_RULES = [
    {"kind": "title", "word": "dr", "stands_for": None},
    {"kind": "short name", "word": "bo", "stands_for": "robert"},
]
WORDS = [
    {"word": word, "number": number, "millibits": 1000 * number, "kind": number % 9, "is_country_word": number == 2}
    for number, word in enumerate(["acme", "tool", "japan", "7", "of"])
]
PAIR = {"left_number": 1, "right_number": 2, "millibits": 5, "is_accepted": True, "is_certain": False,
        "is_forbidden": False, "is_weak": False}  # fmt: skip
# Arguments that a function can be called with, by its name; every other function takes any texts.
ROWS: dict[str, list[tuple[Any, ...]]] = {
    "pair_joins": [
        ([PAIR], [], [], 3),
        ([PAIR, {**PAIR, "left_number": 2, "right_number": 3}], [], [{"number": 1, "scheme": "lei", "id": "a"}], 1),
        ([PAIR], [{"number": 1, "party": "us", "is_ours": True, "has_ids_of_several": False}], [], 1),
    ],
    "compare_names": [
        ("acme tool", "acme", [16000, 8002], [16000], "kiel", None),
        ("acme kiel", "acme", [16000, 8000], [16000], "kiel", "ulm"),
        ("face book", "facebook", [160, 160], [320], None, None),
        ("a b", "c", [16, 16], [16], None, None),
    ],
    "name_forms": [(NAMES[:4], RULES), (NAMES[4:], RULES), (None, RULES), ([], RULES)],
    "name_words": [(["acme tool", "tool of japan"], WORDS), (["7"], WORDS), ([], WORDS)],
    "person_name_forms": [(["Dr. Bo Ek", "Ek, Bo"], PERSON_RULES), (["", "Ann"], PERSON_RULES)],
    "class_shift_millibits": [([100, 2000], [3, 4], 1.5), ([], [], 1.0), ([-5], [10], 0.1)],
    "prior_shift_millibits": [([100, 2000], [3, 4], 0.2, 100.0), ([], [], 0.5, 1.0)],
    "read_amount": [(text, mark) for text in TEXTS for mark in (".", ",", None)],
    "read_amount_band": [(text, mark) for text in [*TEXTS, "10K - 50K", "> 5"] for mark in (".", None)],
    "read_integer_band": [(text, mark) for text in [*TEXTS, "51-200", "10000+"] for mark in (".", None)],
    "read_dates": [(text, order) for text in [*TEXTS, "2026-10-31; 3.4.2026"] for order in ("dmy", "mdy", None)],
    "read_date": [(text, order) for text in [*TEXTS, "2026-10-31", str(date.max)] for order in ("dmy", "mdy", None)],
    "valid_registration_number": [
        (text, scheme) for text in [*TEXTS, "529900T8BM49AURSDO55"] for scheme in ("lei", "duns", "cik")
    ],
    "is_misspelt_name": [(one, other) for one in ("bo ek", "ann", None) for other in ("bo ekk", "anne")],
}
# Functions over lists of names, of which each is answered for itself.
OF_LISTS = ("name_forms", "name_words", "person_name_forms")


def types_of(udf: Udf) -> list[pa.DataType]:
    """Arrow types of a function's arguments, as DuckDB hands them over."""
    with duckdb.connect() as connection:
        asked = ", ".join(f"cast(null as {kind}) as argument_{at}" for at, kind in enumerate(udf.parameters))
        return list(connection.sql(f"select {asked}").to_arrow_table().schema.types)


def answers(udf: Udf, types: list[pa.DataType], rows: list[tuple[Any, ...]]) -> list[Any]:
    columns = [pa.array([row[at] for row in rows], kind) for at, kind in enumerate(types)]
    found: list[Any] = udf.function(*columns).to_pylist()
    return found


@pytest.mark.parametrize("udf", UDFS, ids=lambda udf: udf.function.__name__)
def test_answers_are_of_the_row_alone(udf: Udf) -> None:
    name, types = udf.function.__name__, types_of(udf)
    rows = ROWS.get(name) or [(text,) for text in TEXTS]

    @settings(max_examples=25, deadline=None)
    @given(st.lists(st.sampled_from(range(len(rows))), min_size=1, max_size=30), st.integers(0, 30))
    def in_two_batches(chosen: list[int], cut: int) -> None:
        batch = [rows[at] for at in chosen]
        alone = {at: answers(udf, types, [rows[at]])[0] for at in set(chosen)}
        parts = [part for part in (batch[:cut], batch[cut:]) if part]
        assert [answer for part in parts for answer in answers(udf, types, part)] == [alone[at] for at in chosen]

    in_two_batches()


@pytest.mark.parametrize(
    "udf", [udf for udf in UDFS if udf.function.__name__ in OF_LISTS], ids=lambda udf: udf.function.__name__
)
def test_a_name_is_answered_for_itself_in_whatever_list_it_stands(udf: Udf) -> None:
    types, rows = types_of(udf), ROWS[udf.function.__name__]
    facts = rows[0][1]
    names = [name for row in rows for name in row[0] or []]
    whole = answers(udf, types, [(names, facts)])[0]
    assert whole == [answers(udf, types, [([name], facts)])[0][0] for name in names]


def test_every_function_of_more_than_a_text_has_rows_here() -> None:
    def wanting(udf: Udf) -> bool:
        return udf.parameters != ["varchar"] and udf.function.__name__ not in ROWS

    assert [udf.function.__name__ for udf in UDFS if wanting(udf)] == []
