"""Names: what is the same company's name and what must never get lost on the way."""

import csv
import time
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.name_forms import clean_names, folded_text, name_forms, phone_digits
from udfs.names import LONGEST_NAME, NameForms, name_parts, name_rules, split_words
from udfs.words import name_initials, name_skeleton, name_words, split_batch

SEEDS = Path(__file__).resolve().parents[2] / "seeds" / "reference"
KINDS = {"either": "leading_legal_form", "anywhere": "inner_legal_form", "end": "legal_form"}
RULE_TYPE = pa.list_(pa.struct([(field, pa.string()) for field in ("kind", "form", "value", "class")]))


def seed(name: str) -> list[dict[str, str]]:
    with (SEEDS / f"{name}.csv").open(newline="", encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def rule(kind: str, form: str, value: str | None = None, generic: str | None = None) -> dict[str, str | None]:
    return {"kind": kind, "form": form, "value": value, "class": generic}


# zero-width space, joiners, byte order mark, soft hyphen, directions, isolates
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u200e\u200f\u202a\u202e\u202c\u2066\u2067\u2069"

RULES = [
    *(
        rule(KINDS[row["position"]], row["form"], row["compare_form"], row["generic_form"])
        for row in seed("legal_forms")
    ),
    *(rule("spelling", row["word"], row["canonical_word"]) for row in seed("name_abbreviations")),
    *(rule("spelling", row["word"], row["canonical_word"]) for row in seed("generic_translations")),
    *(rule("generic_word", row["word"]) for row in seed("generic_words")),
]
SEED_RULES = name_rules(RULES)


def forms(*names: str) -> list[dict[str, object]]:
    found: list[dict[str, object]] = name_forms(pa.array([list(names)]), pa.array([RULES], RULE_TYPE))[0].as_py()
    return found


def core(name: str) -> object:
    return forms(name)[0]["core_name"]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("SHIKIGAKU.Co.,Ltd.", "shikigaku"),
        ("SiemensAG", "siemens"),
        ("Icu Medical Inc/De", "icu medical"),
        ("Tessenhof AG /ADR/", "tessenhof"),
        ("A. O. Smith", "ao smith"),
        ("C & F Financial Corp", "cf financial"),
        ("UAB LITKREDITAS", "litkreditas"),
        ("株式会社トヨタ", "toyota"),
        ("Churchill Capital Corp VII", "churchill capital 7"),
        ("Novo Nordisk A/S", "novo nordisk"),
        ("Carnival Corporation & plc", "carnival"),
        ("Quarry S.A. de C.V.", "quarry"),
        ("BANK OF COMMUNICATIONS CO. LTD FRANKFURT BRANCH", "bank of communication frankfurt branch"),
        ("Meridian Intl Hldgs", "meridian international holding"),
        ("Skudenes & Aakra Sparebank", "skudenes aakra sparebank"),
        ("UniversitÃ¤t Bremen", "university bremen"),
        ("a\u200bcme\u0000 tools", "acme tool"),
        ("\u202eacme", "acme"),
        ("Acme™ Tools®", "acme tool"),
        ("CafÃ© Acme © 2020", "cafe acme 2020"),
        ("🚀 Acme 🇩🇪 Tools", "acme tool"),
        (" \u200b" * 500 + "Acme", "acme"),
        ("Acme Tools Public Company Limited", "acme tool"),
        ("유한회사 Acme", "acme"),
        ("Acme จำกัด (มหาชน)", "acme"),
    ],
)
def test_name_is_brought_to_its_core(name: str, expected: str) -> None:
    assert core(name) == expected


def test_legal_forms_of_one_kind_are_written_alike() -> None:
    written = forms("Zel GmbH", "Zel Gesellschaft mit beschränkter Haftung", "Zel g.m.b.h.")
    assert {row["legal_form"] for row in written} == {"gmbh"}
    assert {row["legal_class"] for row in written} == {"LLC"}


@pytest.mark.parametrize("name", ["GmbH", "The Co", "Inc.", "Limited", "& Co. KG", "S.A."])
def test_stripping_never_empties_a_name(name: str) -> None:
    assert core(name)


@pytest.mark.parametrize("name", ["", "...", "\u200b", "🙂", "🚀👨\u200d👩\u200d👧", "\u202e\u202c", "™", "\x00\x1b"])
def test_name_without_a_letter_has_an_empty_core(name: str) -> None:
    assert core(name) == ""


@given(st.data())
def test_what_cannot_be_seen_changes_nothing(data: st.DataObject) -> None:
    name = "Acme Tuberías & Söhne GmbH"
    marks = data.draw(st.lists(st.tuples(st.integers(0, len(name)), st.sampled_from(INVISIBLE)), max_size=8))
    marked = name
    for place, mark in marks:
        marked = marked[:place] + mark + marked[place:]
    found = {**forms(marked)[0], "name": name}
    assert found == forms(name)[0]


def test_other_names_are_found() -> None:
    assert "datawire" in forms("Ambassador Labs (f/k/a Datawire)")[0]["other_core_names"]  # type: ignore[operator]
    assert "chatgpt" in forms("OpenAI (ChatGPT)")[0]["other_core_names"]  # type: ignore[operator]
    assert {"lbry", "odysee"} <= set(forms("LBRY / Odysee")[0]["other_core_names"])  # type: ignore[call-overload]


def test_place_in_brackets_is_part_of_the_name() -> None:
    assert forms("Deutsche Bank (Schweiz) AG")[0]["other_core_names"] == []
    assert core("Deutsche Bank (Schweiz) AG") != core("Deutsche Bank AG")


@pytest.mark.parametrize("note", ["Private", "in liquidation", "มหาชน", "OPC", "Pty", "publ"])
def test_form_or_state_in_brackets_is_no_other_name(note: str) -> None:
    assert forms(f"Lakhani Textiles ({note}) Limited")[0]["other_core_names"] == []


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("\u0410pple Inc", True),  # Cyrillic
        ("\u0391pple Inc", True),  # Greek
        ("G\u0585\u0585gle", True),  # Armenian
        ("\u13aapple", True),  # Cherokee
        ("\ua4e2hell", True),  # Lisu
        ("\u1d00pple", True),  # small capital
        ("App\u200b\u0435l", True),  # behind a zero-width space
        ("Apple Inc", False),
        ("\u041c\u043e\u0441\u043a\u0432\u0430", False),
        ("\u0413\u0430\u0437\u043f\u0440\u043e\u043c Media", False),
        ("LGエレクトロニクス", False),
        ("Azərbaycan Neft", False),
        ("Łódź Çelik Þór", False),
    ],
)
def test_lookalike_letters_are_recognised(name: str, expected: bool) -> None:
    assert forms(name)[0]["has_mixed_scripts"] is expected


@settings(max_examples=150, deadline=None)
@given(st.lists(st.text(max_size=60), min_size=1, max_size=5))
def test_normalising_is_idempotent_and_keeps_order(names: list[str]) -> None:
    once = forms(*names)
    assert [row["name"] for row in once] == names
    for row in once:
        name = str(row["core_name"])
        assert name == " ".join(name.split()), "words are separated by one blank"
        assert name.isascii()


@settings(max_examples=150, deadline=None)
@given(st.text(alphabet=st.characters(categories=["Lu", "Ll", "Zs"], max_codepoint=0x17F), min_size=1, max_size=40))
def test_name_with_a_letter_never_becomes_empty(name: str) -> None:
    if split_words(str(forms(name)[0]["core_name"])) == []:
        assert not any(character.isascii() and character.isalnum() for character in name)


@given(st.text(alphabet="abcdefghij .-&", max_size=30))
@settings(max_examples=100, deadline=None)
def test_case_makes_no_difference(name: str) -> None:
    assert core(name.upper()) == core(name.lower())


def test_null_list_stays_null() -> None:
    rules = pa.array([RULES, RULES], RULE_TYPE)
    assert name_forms(pa.array([None, ["Acme"]], pa.list_(pa.string())), rules).to_pylist()[0] is None


@pytest.mark.parametrize(
    "name",
    [
        "a" * 10_000, "(" * 10_000, "a/" * 5_000, "ltd " * 2_500, "\u0301" * 10_000, "d/b/a " * 1_000, "&" * 10_000,
        "(a)" * 3_000, "a. " * 3_000, "ii " * 3_000, "🙂" * 10_000, "齉" * 10_000, "\ufdfa" * 10_000, "\n" * 100_000,
        "\u200b" * 100_000, "a\u202e" * 5_000, "株式会社" * 2_500,
    ],
)  # fmt: skip
def test_hostile_name_takes_bounded_time(name: str) -> None:
    started = time.process_time()
    assert len(str(core(name))) <= 4 * LONGEST_NAME
    assert time.process_time() - started < 2


def test_rules_are_keyed_like_names() -> None:
    rules = name_rules([rule("legal_form", "S.p.A.", "spa", "JSC"), rule("spelling", "Int'l", "international")])
    assert rules.legal_forms == {"spa": ("spa", "JSC")}
    assert rules.spellings == {"intl": "international"}


def test_no_generic_word_or_spelling_is_unreachable() -> None:
    spellings = {row["word"]: row["canonical_word"] for row in seed("name_abbreviations")}
    translations = {row["word"]: row["canonical_word"] for row in seed("generic_translations")}
    looked_up = [row["word"] for name in ("generic_words", "entity_words") for row in seed(name)]
    unreachable = [word for word in looked_up if (spellings | translations).get(word, word) != word]
    assert unreachable == [], "a word is looked up in its canonical spelling"
    assert spellings.keys() & translations.keys() == set(), "an abbreviation comes before a translation"
    read_once = {
        word: read for word, read in translations.items() if (spellings | translations).get(read, read) != read
    }
    assert read_once == {}, "a word is read once"


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("Universität Graz", "Graz University"),
        ("Banque Audi", "Audi Bank"),
        ("Ministerstwo Zdrowia", "Health Ministry"),
        ("Universidade de Aveiro", "University de Aveiro"),
        ("Güven Sigorta", "Güven Insurance"),
    ],
)
def test_generic_words_of_other_languages_are_read_in_english(name: str, other: str) -> None:
    assert sorted(str(core(name)).split()) == sorted(str(core(other)).split())


@pytest.mark.parametrize("name", ["Kraft Foods", "New Haven Savings", "Dana", "Mount Sinai", "Raiffeisenbank Wels Süd"])
def test_a_word_that_is_also_a_name_is_not_translated(name: str) -> None:
    translated = {row["word"] for row in seed("generic_translations")}
    assert translated.isdisjoint(str(core(name)).split())


PIECES = [
    "acme", "Zeta-Werke", "Müller", "A", "b", "S.p.A.", "GmbH", "AG", "& Co. KG", "Co., Ltd.", "Inc", "Corp", "V", "i",
    "Corporation", "and", "The", "&", "of", "II", "3", "930 164", "Fund", "Holding", "Intl", "Bank", "UAB", "PT",
    "(publ)", "(Acme)", "/ADR/", "d/b/a", "formerly", "LEOPALACE21CORPORATION", "Société anonyme", "S.A. de C.V.",
    "trust", "state", "株式会社",
]  # fmt: skip


@settings(deadline=None, max_examples=50)
@given(st.lists(st.lists(st.sampled_from(PIECES), max_size=6).map(" ".join), min_size=1, max_size=12))
def test_a_batch_of_names_is_taken_apart_as_each_alone(names: list[str]) -> None:
    batch = forms(*names)
    alone = [name_parts(text, SEED_RULES)._asdict() for text in clean_names(pa.array(names), SEED_RULES).to_pylist()]
    assert [{field: row[field] for field in NameForms._fields} for row in batch] == alone


@given(st.lists(st.text("abc1 .-", max_size=12), max_size=8))
def test_a_batch_is_cut_into_words_as_each_text_alone(texts: list[str]) -> None:
    assert split_batch(pa.array(texts, pa.string())).as_lists().to_pylist() == [split_words(text) for text in texts]


def test_words_are_looked_up_and_ranked() -> None:
    vocabulary = [
        {"word": "acme", "number": 1, "millibits": 15000, "kind": 0, "is_country_word": False},
        {"word": "tool", "number": 2, "millibits": 7000, "kind": 2, "is_country_word": True},
        {"word": "zeta", "number": 3, "millibits": 15000, "kind": 0, "is_country_word": False},
    ]
    integers = dict.fromkeys(("number", "millibits", "kind"), pa.int32())
    word_type = pa.list_(pa.struct({"word": pa.string(), **integers, "is_country_word": pa.bool_()}.items()))
    (found,) = name_words(pa.array([["tool zeta acme"]]), pa.array([vocabulary], word_type)).to_pylist()
    assert found == [
        {
            "word_numbers": [2, 3, 1],
            "word_codes": [16 * 7000 + 2, 16 * 15000, 16 * 15000],
            "word_ranks": [3, 1, 2],
            "distinctiveness_millibits": 37000,
            "has_distinctive_word": True,
            "has_country_word": True,
            "has_place_word": False,
            "skeleton": "tlstkm",
            "initials": ["tza"],
        }
    ]
    with pytest.raises(ValueError, match="word not in the vocabulary: kiel"):
        name_words(pa.array([["acme kiel"]]), pa.array([vocabulary], word_type))


def test_skeleton_survives_slips_and_spellings() -> None:
    keys = name_skeleton(pa.array(["philipp rossi", "filip rosi", "kowalski", None])).to_pylist()
    assert keys[0] == keys[1]
    assert keys[3] is None


def test_initials_of_long_names_only() -> None:
    found = name_initials(pa.array(["international business machines", "acme tool", None])).to_pylist()
    assert found == [["ibm"], [], []]


def test_text_is_folded() -> None:
    assert folded_text(pa.array(["Zürich", "São Paulo", "--", None])).to_pylist() == ["zurich", "sao paulo", None, None]


def test_phone_numbers_are_compared_without_country_code() -> None:
    found = phone_digits(pa.array(["+49 (0)30 1234567", "030/1234567", "12", "0000000000", None])).to_pylist()
    assert found[0] == found[1][-9:] or found[0].endswith("1234567")
    assert found[2:] == [None, None, None]
