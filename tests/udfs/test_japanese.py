"""Japanese names in Latin letters: words are read, not letters, and whatever comes in something comes out."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from udfs.japanese import is_japanese, romanized


@pytest.mark.parametrize(
    ("name", "read"),
    [
        ("日清製粉グループ本社", "nisshin seifun group honsha"),
        ("東京エレクトロン", "tokyo electron"),
        ("キーコーヒー", "key coffee"),
        ("アサヒビール", "asahibiru"),  # a name of its own inside: nothing is taken for foreign
        ("リョービ", "ryobi"),
        ("ニッチツ", "nitchitsu"),
        ("トーソー", "toso"),  # no toe and no saw
        ("曙ブレーキ工業", "akebono brake kogyo"),
        ("日本ゼオン", "nippon zeon"),
        ("LGエレクトロニクス", "lg electronics"),
        ("株式会社 小森コーポレーション", "zhushihuishe komori corporation"),
    ],
)
def test_name_is_read_as_its_company_writes_it(name: str, read: str) -> None:
    assert " ".join(romanized(name).split()) == read


@pytest.mark.parametrize(
    ("name", "answer"),
    [
        ("ソニー", True),
        ("川上塗料 株式会社", True),
        ("东方电气", False),
        ("旷视", False),
        ("Sony", False),
        ("삼성", False),
    ],
)
def test_syllables_and_legal_forms_show_that_a_name_is_japanese(name: str, answer: bool) -> None:
    assert is_japanese(name) == answer


@given(st.text(alphabet=st.characters(min_codepoint=0x3000, max_codepoint=0x9FFF), max_size=20))
def test_whatever_comes_is_read_as_plain_letters(name: str) -> None:
    assert romanized(name).isascii()
    assert romanized(name) == romanized(name).lower()
