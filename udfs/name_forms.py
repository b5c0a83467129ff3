"""The forms of many names at once: what names.py does to one, over columns of words.

Belongs here: columns. Does not belong here: the rules, which names.py holds; a test keeps both alike.
"""

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from udfs.names import (
    GLUED_FORMS,
    OTHER_NAME,
    ROMAN,
    ROMAN_AT_END,
    Bools,
    Ints,
    NameForms,
    NameRules,
    clean_spellings,
    form_values,
    has_mixed_scripts,
    name_parts,
    name_rules,
    split_words,
    transliterate,
    without_last_forms,
)
from udfs.words import FlatWords, each_list, one_chunk, split_batch

FEWEST_PHONE_DIGITS = 7
NAME_FORMS_TYPE = pa.list_(
    pa.struct(
        [
            ("name", pa.string()),
            ("normalized_name", pa.string()),
            ("core_name", pa.string()),
            ("legal_form", pa.string()),
            ("legal_class", pa.string()),
            ("other_core_names", pa.list_(pa.string())),
            ("has_mixed_scripts", pa.bool_()),
        ]
    )
)


@lru_cache(maxsize=4)
def _cached_rules(fingerprint: tuple[tuple[str | None, ...], ...]) -> NameRules:
    return name_rules(dict(zip(("kind", "form", "value", "class"), row, strict=True)) for row in fingerprint)


def name_forms(names: pa.Array, rules: pa.Array) -> pa.Array:
    """Bring lists of names to the forms they are compared by.

    Args:
        names: list<varchar> per row; distinct names as delivered.
        rules: list<struct<kind, form, value, class>> per row: what the seeds say about words (see name_rules).

    Returns:
        list<struct> per row, one struct per name in the same order: the name; normalized_name (words in one spelling
        with the legal form's compare form behind them); core_name (without legal form); legal_form; legal_class
        (JSC, LLC, …); other_core_names (in brackets, behind d/b/a); has_mixed_scripts.
    """
    names, rules = one_chunk(names), one_chunk(rules)

    def forms_of(row: int) -> pa.Array:
        facts = rules[row].values
        fingerprint = tuple(
            zip(*(facts.field(name).to_pylist() for name in ("kind", "form", "value", "class")), strict=True)
        )
        return _forms_of(names[row].values.cast(pa.string()), _cached_rules(fingerprint))

    return each_list(names, forms_of, NAME_FORMS_TYPE)


def clean_names(names: pa.Array, rules: NameRules) -> pa.Array:
    """Bring distinct names to one script and one case, without marks that carry no meaning.

    Args:
        names: varchar, as delivered.
        rules: what the seeds say about words.

    Returns:
        varchar: lower-case ASCII, ready for name_parts; null stays null.
    """
    spaced = names
    if rules.wide_forms is not None:
        # forms of scripts without spaces stand glued to the name; they are cut out before transliteration
        wide = pc.fill_null(pc.match_substring_regex(names, r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]"), False)
        if pc.any(wide, min_count=0).as_py():
            cut = [rules.wide_forms.sub(r" \g<0> ", name) for name in names.filter(wide).to_pylist()]
            spaced = pc.replace_with_mask(names, wide, pa.array(cut, pa.string()))
    cleaned_names = clean_spellings(spaced)
    for phrase, spelling in rules.phrases.items():
        cleaned_names = pc.replace_substring_regex(cleaned_names, rf"\b{phrase}\b", spelling)
    if rules.annotation is not None:
        cleaned_names = pc.replace_substring_regex(cleaned_names, rules.annotation, "")
    return cleaned_names


def _forms_of(names: pa.Array, rules: NameRules) -> pa.Array:
    """Struct array of the forms of distinct names."""
    parts = _parts_of(pc.fill_null(clean_names(names, rules), ""), rules)
    foreign = pc.fill_null(pc.invert(pc.string_is_ascii(names)), False).to_numpy(zero_copy_only=False)
    mixed = np.zeros(len(names), dtype=np.bool_)
    mixed[foreign] = [has_mixed_scripts(name) for name in names.filter(pa.array(foreign)).to_pylist()]
    return pa.StructArray.from_arrays([names, *parts, pa.array(mixed)], fields=list(NAME_FORMS_TYPE.value_type))


def _parts_of(cleaned: pa.Array, rules: NameRules) -> list[pa.Array]:
    """Take cleaned names apart: plain ones as a batch, the others one by one.

    Returns:
        An array for each field of NameForms, in its order.
    """
    plain, is_plain = _plain_parts(cleaned, rules)
    at = np.flatnonzero(~is_plain)
    others = [name_parts(text, rules) for text in cleaned.take(pa.array(at)).to_pylist()]
    mask = pa.array(~is_plain)
    texts = [
        pc.replace_with_mask(column, mask, pa.array([getattr(part, field) for part in others], pa.string()))
        for column, field in zip(plain, NameForms._fields, strict=False)
    ]
    counts = np.zeros(len(cleaned), dtype=np.int64)
    counts[at] = [len(part.other_core_names) for part in others]
    other_names = pa.ListArray.from_arrays(
        pa.array(np.concatenate([[0], np.cumsum(counts)]), pa.int32()),
        pa.array([name for part in others for name in part.other_core_names], pa.string()),
    )
    return [*texts, other_names]


def _plain_parts(cleaned: pa.Array, rules: NameRules) -> tuple[list[pa.Array], Bools]:
    """What name_parts says, for names it has nothing special to do for: most of them, and as one batch.

    Such a name has no brackets, strokes or other names, no legal form but at its end, and no numeral
    behind one.

    Returns:
        normalized_name, core_name, legal_form and legal_class; and which names are plain (what is said of the others
        means nothing).
    """
    is_plain = ~pc.match_substring_regex(cleaned, rf"[(/\[]|{OTHER_NAME.pattern}").to_numpy(zero_copy_only=False)
    words = split_batch(cleaned)
    words = words._replace(words=words.words.dictionary_encode())
    facts = _word_facts(words.words.dictionary, rules)
    words = words.kept(~facts.is_and[_ids(words)])

    # the legal forms at the end are found by the last words that occur in any
    is_other = ~facts.is_legal[_ids(words)]
    last_other = np.full(len(cleaned), -1)
    last_other[words.rows[is_other]] = words.positions[is_other]
    is_one_word = words.counts == 1
    is_plain &= (words.counts > 0) & ((last_other >= 0) | is_one_word)
    is_plain &= ~(is_one_word & words.has_any(facts.ends_with_form[_ids(words)]))
    tails = words.kept((words.positions > last_other[words.rows]) & ~is_one_word[words.rows])
    endings = tails._replace(words=tails.words.cast(pa.string())).joined().dictionary_encode()
    ending_ids = endings.indices.to_numpy(zero_copy_only=False)
    stripped = [without_last_forms(["", *ending.split()], rules) for ending in endings.dictionary.to_pylist()]
    kept_of_ending = np.array([len(kept) - 1 for kept, _ in stripped], dtype=np.int64)
    has_form = np.array([bool(forms) for _, forms in stripped], dtype=np.bool_)[ending_ids]
    values = [form_values(forms, rules) for _, forms in stripped]
    legal_forms = pa.array([form for form, _ in values], pa.string()).take(endings.indices)
    legal_classes = pa.array([generic for _, generic in values], pa.string()).take(endings.indices)

    kept_counts = words.counts - tails.counts + kept_of_ending[ending_ids]
    words = words.kept(words.positions < kept_counts[words.rows])
    is_first, is_last = words.positions == 0, words.positions == kept_counts[words.rows] - 1
    ids = _ids(words)
    pair_ids = ids * len(facts.is_and) + np.append(ids[1:], 0)
    is_inner_form = facts.is_inner_form[ids] | (np.isin(pair_ids, facts.inner_form_pairs) & ~is_last)
    is_plain &= ~words.has_any(is_inner_form & ~is_first & ~is_last)
    is_leading_form = facts.is_leading_form[ids] | np.isin(pair_ids, facts.leading_form_pairs)
    is_plain &= has_form | ~words.has_any(is_leading_form & is_first & ~is_last)
    has_series_number = words.has_any(facts.is_series_number[ids] & is_last)
    is_plain &= has_form | ~(has_series_number & words.has_any(facts.is_legal[ids] & ~is_first & ~is_last))

    # a numeral is none in the first place, and I, V and X are letters but in the last
    place = np.where(is_first, 0, np.where(is_last, 2, 1))
    words = words._replace(words=facts.spellings.take(pa.array(place * len(facts.is_and) + ids)))
    is_article = pc.is_in(words.words, pa.array(["and", "the"])).to_numpy(zero_copy_only=False)
    is_odd = pc.match_substring_regex(words.words, r"^[a-z] | [a-z]( |$)|[^a-z0-9 ]").to_numpy(zero_copy_only=False)
    is_alone = is_first & is_last
    odd_names = words.rows[is_odd | (is_article & is_alone)]
    words = words.kept(~is_article)
    is_plain &= words.counts > 0
    is_plain[odd_names] = False
    core_names = words.with_letters_joined().joined()
    normalized = pc.utf8_rtrim(pc.binary_join_element_wise(core_names, legal_forms, " "), " ")
    return [normalized, core_names, legal_forms, legal_classes], is_plain


class _WordFacts(NamedTuple):
    """What the rules say about each word of a vocabulary."""

    is_and: Bools
    is_legal: Bools
    ends_with_form: Bools
    is_inner_form: Bools
    inner_form_pairs: Ints  # the first two words of longer forms: the first one's number, times all, plus the second's
    is_leading_form: Bools
    leading_form_pairs: Ints
    is_series_number: Bools
    spellings: pa.Array  # of all words in the first place, then all in a middle place, then all in the last


def _word_facts(vocabulary: pa.Array, rules: NameRules) -> _WordFacts:
    """Ask the rules about every word once."""

    def among(words: Iterable[str]) -> Bools:
        found: Bools = pc.is_in(vocabulary, pa.array(list(words), pa.string())).to_numpy(zero_copy_only=False)
        return found

    def like(pattern: str) -> Bools:
        found: Bools = pc.match_substring_regex(vocabulary, pattern).to_numpy(zero_copy_only=False)
        return found

    def first_pairs(forms: Iterable[str]) -> Ints:
        pairs = [form.split()[:2] for form in forms if " " in form]
        one, two = (pc.index_in(pa.array([pair[at] for pair in pairs], pa.string()), vocabulary) for at in (0, 1))
        known = pc.add(pc.multiply(one.cast(pa.int64()), len(vocabulary)), two.cast(pa.int64())).drop_null()
        numbers: Ints = known.to_numpy(zero_copy_only=False)
        return numbers

    words = vocabulary.to_pylist()
    spelled = rules.spellings
    return _WordFacts(
        is_and=among(["and"]),
        is_legal=among({word for form in rules.legal_forms for word in form.split()}),
        ends_with_form=like(f"({'|'.join(GLUED_FORMS)})$"),
        is_inner_form=among(rules.inner_forms),
        inner_form_pairs=first_pairs(rules.inner_forms),
        is_leading_form=among(rules.leading_forms),
        leading_form_pairs=first_pairs(rules.leading_forms),
        is_series_number=like("^[0-9]+$") | among(ROMAN_AT_END),
        spellings=pa.array(
            [
                *(spelled.get(word, word) for word in words),
                *(spelled.get(numeral, numeral) for numeral in (ROMAN.get(word, word) for word in words)),
                *(spelled.get(numeral, numeral) for numeral in (ROMAN_AT_END.get(word, word) for word in words)),
            ],
            pa.string(),
        ),
    )


def _ids(words: FlatWords) -> Ints:
    """The number of each word in its vocabulary."""
    ids: Ints = words.words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return ids


def folded_text(values: pa.Array) -> pa.Array:
    """Bring cities and the like to plain lower-case words.

    Args:
        values: varchar in any script.

    Returns:
        varchar: lower-case ASCII words separated by one blank; null when nothing is left.
    """
    encoded = pc.dictionary_encode(one_chunk(values))
    folded = [" ".join(split_words(transliterate(value))) or None for value in encoded.dictionary.to_pylist()]
    return pa.array(folded, pa.string()).take(encoded.indices)


def phone_digits(phones: pa.Array) -> pa.Array:
    """Reduce telephone numbers to the digits that two spellings of one number share.

    Args:
        phones: varchar as delivered.

    Returns:
        varchar: the last nine digits (national number without trunk prefix or country code); null when there are fewer
        than seven or all are the same.
    """
    encoded = pc.dictionary_encode(one_chunk(phones))
    digits = pc.replace_substring_regex(encoded.dictionary.cast(pa.string()), r"[^0-9]+", "")
    kept = [
        number[-9:] if len(number) >= FEWEST_PHONE_DIGITS and len(set(number)) > 1 else None
        for number in digits.to_pylist()
    ]
    return pa.array(kept, pa.string()).take(encoded.indices)
