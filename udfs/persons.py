"""Names of persons: how they are written down for comparison.

Belongs here: titles taken off, order and spelling of a name's words, typos. Does not belong here: facts
about words (they are a seed, and arrive as an argument), and when two contacts are one person (res_contact_pairs).
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import process
from rapidfuzz.distance import OSA

from udfs.names import transliterate

# A longer text in the name column is no name; the work per name stays bounded.
LONGEST_PERSON_NAME = 120
# A shorter name is too near to others: Jan and Jon, Kim and Tim.
SHORTEST_MISSPELT_NAME = 5

_BRACKETS = re.compile(r"[(\[{\"“„«][^()\[\]{}\"“”„«»]*[)\]}\"”“»]")
_JOINED = re.compile(r"(?<=[a-z])['’`´-]+(?=[a-z])")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
# German ä ö ü are written with or without an e: two spellings of one name
_UMLAUT = re.compile("([aou])e")

PERSON_NAME_FORMS_TYPE = pa.list_(
    pa.struct(
        [
            ("name", pa.string()),
            ("full_name", pa.string()),
            ("given_name", pa.string()),
            ("given_names", pa.string()),
            ("given_forms", pa.list_(pa.string())),
            ("family_name", pa.string()),
        ]
    )
)


class PersonRules(NamedTuple):
    """The seed's facts about words of persons' names, spelt the way names are."""

    titles: frozenset[str]
    suffixes: frozenset[str]
    particles: frozenset[str]
    placeholders: frozenset[str]
    nicknames: Mapping[str, frozenset[str]]


class PersonName(NamedTuple):
    """One name, ready to be compared; given and family are empty where a single word does not say which it is."""

    full_name: str
    given_name: str
    given_names: str
    given_forms: list[str]
    family_name: str


def person_rules(rows: Iterable[Mapping[str, str | None]]) -> PersonRules:
    """Turn the seed's rows into look-up tables.

    Args:
        rows: structs with kind (title | suffix | particle | placeholder | nickname), word and stands_for (of a
            nickname, the given name; a nickname of several names has several rows).

    Returns:
        The tables; rows of another kind are left out.
    """
    words: dict[str, set[str]] = {"title": set(), "suffix": set(), "particle": set()}
    placeholders: set[str] = set()
    nicknames: dict[str, set[str]] = {}
    for row in rows:
        spelt = _words(transliterate(row["word"] or ""))
        if row["kind"] == "placeholder":
            placeholders.add(" ".join(spelt))
        for word in spelt:
            if row["kind"] == "nickname":
                nicknames.setdefault(word, set()).update(_words(transliterate(row["stands_for"] or "")))
            elif row["kind"] in words:
                words[row["kind"]].add(word)
    return PersonRules(
        titles=frozenset(words["title"]),
        suffixes=frozenset(words["suffix"]),
        particles=frozenset(words["particle"]),
        placeholders=frozenset(placeholders),
        nicknames={nickname: frozenset(names) for nickname, names in nicknames.items()},
    )


def _words(text: str) -> list[str]:
    """Words of a name in lower-case ASCII; a hyphen or an apostrophe joins what stands around it."""
    return [_UMLAUT.sub(r"\1", word) for word in _NOT_WORD.sub(" ", _JOINED.sub("", text)).split()]


def _without_titles(words: list[str], rules: PersonRules) -> list[str]:
    """Take titles off the front and suffixes off the end; both stand on either side (Weber, Dr.; PhD Weber)."""
    left_out = rules.titles | rules.suffixes
    start, end = 0, len(words)
    while start < end and words[start] in left_out:
        start += 1
    while end > start and words[end - 1] in left_out:
        end -= 1
    return words[start:end]


def person_name(name: str, rules: PersonRules) -> PersonName:
    """Bring one person's name to the forms it is compared by.

    Args:
        name: as delivered, in any script: `Dr. Anna M. Weber`, `Weber, Anna`.
        rules: what the seed says about words.

    Returns:
        full_name (all words in alphabetical order, so that the order of given and family name does not count),
        given_name (the first), given_names (all of them without blanks), given_forms (the first and the names it is
        short for) and family_name (with its particles, without blanks). All are empty when the name is a placeholder
        or has no letter.
    """
    text = _BRACKETS.sub(" ", name[:LONGEST_PERSON_NAME])
    parts = [_words(transliterate(part)) for part in text.split(",")]
    # a title alone behind a comma (Weber, PhD) is no given name; stripping never empties a name
    kept_parts = [kept for part in parts if (kept := _without_titles(part, rules))] or [part for part in parts if part]
    words = [word for part in kept_parts for word in part]
    if " ".join(words) in rules.placeholders:
        return PersonName("", "", "", [], "")
    if len(words) <= 1:
        return PersonName(" ".join(words), "", "", [], "")
    if len(kept_parts) > 1:
        family, given = kept_parts[0], [word for part in kept_parts[1:] for word in part]
    else:
        start = len(words) - 1
        while start > 1 and words[start - 1] in rules.particles:
            start -= 1
        given, family = words[:start], words[start:]
    forms = {given[0]} | rules.nicknames.get(given[0], frozenset())
    return PersonName(" ".join(sorted(words)), given[0], "".join(given), sorted(forms), "".join(family))


def person_name_forms(names: pa.Array, rules: pa.Array) -> pa.Array:
    """Bring lists of persons' names to the forms they are compared by.

    Args:
        names: list<varchar> per row; distinct names as delivered.
        rules: list<struct<kind, word, stands_for>> per row: what the seed says about words (see person_rules).

    Returns:
        list<struct> per row, one struct per name in the same order: the name and the fields of person_name, null
        instead of empty.
    """
    results: list[list[dict[str, Any]] | None] = []
    for name_list, rule_list in zip(names.to_pylist(), rules.to_pylist(), strict=True):
        if name_list is None:
            results.append(None)
            continue
        known = person_rules(rule_list or [])
        results.append(
            [
                {"name": name, **{field: value or None for field, value in person_name(name, known)._asdict().items()}}
                for name in name_list
            ]
        )
    return pa.array(results, PERSON_NAME_FORMS_TYPE)


def is_misspelt_name(left: pa.Array, right: pa.Array) -> pa.Array:
    """Say for pairs of unequal names whether they seem meant to be the same: Micheal, Michael.

    Args:
        left: varchar, one lower-case word.
        right: varchar, as many.

    Returns:
        boolean: one edit apart, with the same first and last letter. Names that differ in their last letter are often
        two names (Maria, Mario; Martin, Martina), and those of fewer than five letters too. Two letters that changed
        places are one edit. Null when a side is.
    """
    ones, others = left.to_pylist(), right.to_pylist()
    distance = process.cpdist(
        [one or "" for one in ones], [other or "" for other in others], scorer=OSA.distance, dtype=np.int32, workers=1
    )
    length = pc.min_element_wise(pc.utf8_length(left), pc.utf8_length(right), skip_nulls=False)
    same_ends = pc.and_(
        pc.equal(pc.utf8_slice_codeunits(left, 0, 1), pc.utf8_slice_codeunits(right, 0, 1)),
        pc.equal(pc.utf8_slice_codeunits(left, -1), pc.utf8_slice_codeunits(right, -1)),
    )
    return pc.and_(
        pc.and_(pc.greater_equal(length, SHORTEST_MISSPELT_NAME), same_ends), pc.equal(pa.array(distance), 1)
    )
