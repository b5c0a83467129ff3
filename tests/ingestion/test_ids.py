"""Ids as spreadsheets and systems leave them: what is cleaned, what is damaged; cleaning twice is cleaning once.

Belongs here: one column of ids. Does not belong here: lists that have such ids (test_other_peoples_lists.py).
"""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.ingestion.ids import clean_ids, damage, unwrapped


def clean(text: str) -> str | None:
    found: str | None = clean_ids(unwrapped(pa.array([text], pa.string())))[0].as_py()
    return found


@pytest.mark.parametrize(
    ("delivered", "meant"),
    [
        ('="00012345"', "00012345"),
        ("'00012345", "00012345"),
        (" A-2\u200b ", "A-2"),
        ("A\u200d-\u20612", "A-2"),
        ("' 0012", "0012"),
        ("12345.0", "12345"),
        ("001Qx00000Kdpwa", "001Qx00000KdpwaIAB"),
        ("001Qx00000KdpwA", "001Qx00000KdpwAIAR"),
        ("001Qx00000KdpwaIAB", "001Qx00000KdpwaIAB"),
        ("123450000678901", "123450000678901"),  # digits alone are no id of Salesforce
        ("A.0", "A.0"),
        ("'", None),
    ],
)
def test_an_id_has_the_form_of_its_own_system(delivered: str, meant: str | None) -> None:
    assert clean(delivered) == meant


@pytest.mark.parametrize(
    ("delivered", "rule"),
    [
        ("1.23457E+17", "id_in_scientific_notation"),
        ("1,2e+17", "id_in_scientific_notation"),
        ("1234567890123450.0", "id_out_of_precision"),
        ("12345.0", None),
        ("12E4", None),  # a code
        ("1234567890123450", None),
    ],
)
def test_what_a_spreadsheet_has_damaged_is_known(delivered: str, rule: str | None) -> None:
    assert damage(pa.array([delivered], pa.string())).to_pylist() == [rule]


@given(st.text(max_size=20))
def test_a_clean_id_stays_as_it_is(text: str) -> None:
    once = clean(text)
    assert once is None or clean(once) == once
