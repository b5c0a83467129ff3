"""Company names: how they are written down for comparison.

Belongs here: cleaning, transliteration, legal forms taken off, words brought to one spelling, other names that
hide in brackets or behind "d/b/a". Does not belong here: facts about words (they are seeds, and arrive as an
argument), and how alike two names are (udfs/similarity.py).
"""

import contextlib
import re
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii

from udfs.words import FlatWords, one_chunk, split_batch

# A longer name is cut: no register knows one of this length, and the work per name stays bounded.
LONGEST_NAME = 250
# More other names than this are noise (a sentence in the name column), and each costs a comparison.
MOST_OTHER_NAMES = 3
LONGEST_LEGAL_FORM_WORDS = 7
# Legal forms long enough to be told at the end of a glued name, and how much of a name must stand before them.
_GLUED_FORMS = ("corporation", "incorporated", "limited")
SHORTEST_GLUED_NAME = 4
FEWEST_PHONE_DIGITS = 7

_OTHER_NAME = re.compile(
    r"\b(?:d/b/a|dba|d\.b\.a\.?|f/k/a|fka|f\.k\.a\.?|a/k/a|aka|a\.k\.a\.?|n/k/a|t/a|doing business as|trading as|"
    r"also known as|formerly known as|formerly|previously|former|ehemals|vormals|anciennement)\b[:\s]*"
)
_BRACKETS = re.compile(r"[(\[{<]([^()\[\]{}<>]*)[)\]}>]")
_SLASH = re.compile(r"\s/\s|(?<=\w{3})/(?=\w{3})")
_NOT_WORD = re.compile(r"[^a-z0-9]+")
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f]")
# letters that look like Latin ones: IPA, small capitals, Greek, Cyrillic, Armenian, Cherokee, Coptic, Lisu
_LOOKALIKE = re.compile(
    r"[\u0251\u0261\u0262\u026a\u0274\u0280\u028f\u0299\u029c\u029f\u1d00-\u1d22\u0370-\u058f\u13a0-\u13ff"
    r"\u1c80-\u1c8f\u1f00-\u1fff\u2c80-\u2cff\u2de0-\u2dff\ua4d0-\ua4ff\ua640-\ua69f\uab70-\uabbf]"
)
# © ® ™, unless they are the second half of a misread letter (see _MISREAD)
_TRADEMARK = "(^|[^\u00c2\u00c3])[\u00a9\u00ae\u2120\u2122]+"
_PICTURE = "[\u2190-\u2bff\ufe00-\ufe0f\U0001f000-\U0001faff]+"
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
_MISREAD = re.compile("[\u00c2\u00c3][\u0080-\u00bf\u0152-\u2122]")
_ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
    "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}  # fmt: skip
_ROMAN_AT_END = {**_ROMAN, "i": "1", "v": "5", "x": "10"}

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]

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


class NameRules(NamedTuple):
    """The seeds' facts about words, keyed the way names are split into words."""

    legal_forms: Mapping[str, tuple[str, str]]
    last_words: frozenset[str]
    leading_forms: frozenset[str]
    inner_forms: frozenset[str]
    wide_forms: re.Pattern[str] | None
    spellings: Mapping[str, str]
    generic_words: frozenset[str]
    annotation: str | None


class NameForms(NamedTuple):
    """One name, ready to be compared."""

    normalized_name: str
    core_name: str
    legal_form: str
    legal_class: str
    other_core_names: list[str]


def split_words(text: str) -> list[str]:
    """Split clean lower-case ASCII into words; runs of single letters become one word (s.p.a. → spa).

    Args:
        text: a name after transliteration.

    Returns:
        Its words, in order; empty when there is no letter or digit.
    """
    words = _NOT_WORD.sub(" ", text).split()
    if not any(len(word) == 1 for word in words):
        return words
    joined: list[str] = []
    run = ""
    for word in words:
        if len(word) == 1 and word.isalpha():
            run += word
            continue
        if run:
            joined.append(run)
            run = ""
        joined.append(word)
    if run:
        joined.append(run)
    return joined


def transliterate(text: str) -> str:
    """Bring one name to lower-case ASCII; UTF-8 that was read as Windows-1252 is mended first.

    Args:
        text: a name in any script, NFKC.

    Returns:
        Lower-case ASCII; a letter without any transcription is lost.
    """
    if _MISREAD.search(text):
        with contextlib.suppress(UnicodeError):  # not misread after all: the name stays as it came
            text = text.encode("cp1252").decode("utf-8")
    return anyascii(text.casefold()).lower()


def has_mixed_scripts(text: str) -> bool:
    """Say whether one word mixes Latin letters with others that look like them, as a look-alike of a known name does.

    Args:
        text: a name as delivered.

    Returns:
        True when a single word holds both. Scripts that cannot be taken for Latin (LGエレクトロニクス) do not count.
    """
    return any(_LATIN.search(word) and _LOOKALIKE.search(word) for word in text.split())


def name_rules(rows: Iterable[Mapping[str, str | None]]) -> NameRules:
    """Turn the seeds' rows into look-up tables.

    Args:
        rows: structs with kind (legal_form | leading_legal_form | inner_legal_form | spelling | generic_word |
            annotation), form,
            value and class; for legal forms value is the compare form and class the generic one, for spellings value
            is the spelling kept.

    Returns:
        The tables, keyed like the words of a name.
    """
    legal: dict[str, tuple[str, str]] = {}
    leading: set[str] = set()
    inner: set[str] = set()
    wide: set[str] = set()
    spellings: dict[str, str] = {}
    generic: set[str] = set()
    annotations: set[str] = set()
    for row in rows:
        form = row["form"] or ""
        kind = row["kind"]
        if kind in {"legal_form", "leading_legal_form", "inner_legal_form"}:
            if _WIDE.search(form):
                wide.add(form)
            key = " ".join(_spelled_words(form))
            if key:
                legal.setdefault(key, (row["value"] or key, row["class"] or ""))
                if kind == "leading_legal_form":
                    leading.add(key)
                if kind == "inner_legal_form":
                    inner.add(key)
                    if " " in key:
                        leading.add(key)
        elif kind == "spelling":
            spellings["".join(_spelled_words(form))] = row["value"] or form
        elif kind == "generic_word":
            generic.add(form)
        elif kind == "annotation":
            annotations.add(form)
    longest_first = sorted(wide, key=lambda form: (-len(form), form))
    return NameRules(
        legal_forms=legal,
        last_words=frozenset(key.rsplit(" ", 1)[-1] for key in legal),
        leading_forms=frozenset(leading),
        inner_forms=frozenset(inner),
        wide_forms=re.compile("|".join(map(re.escape, longest_first))) if longest_first else None,
        spellings=spellings,
        generic_words=frozenset(generic),
        annotation=rf"[-(*\[] *(?:{'|'.join(sorted(annotations))}) *[-)*\]]* *$" if annotations else None,
    )


def _spelled_words(form: str) -> list[str]:
    """Words of a seed's form, by the same steps as a name's."""
    cleaned = _clean(pa.array([form], pa.string()))[0].as_py()
    return [word for word in split_words(cleaned) if word != "and"] or split_words(cleaned)


def _clean(names: pa.Array) -> pa.Array:
    """Batch cleaning of distinct names: one script, one case, marks that carry no meaning gone."""
    # blanks of any kind and control characters are one blank; single blanks, nearly all of them, are left alone
    names = pc.replace_substring_regex(names, r"\p{Cf}+", "")
    names = pc.replace_substring_regex(names, r"[\p{Cc}\p{Z}]{2,}|\p{Cc}|[^\PZ ]", " ")
    names = pc.utf8_slice_codeunits(names, 0, LONGEST_NAME)
    plain = pc.string_is_ascii(names)
    if not pc.all(plain, min_count=0).as_py():
        others = pc.replace_substring_regex(names.filter(pc.invert(plain)), _TRADEMARK, r"\1 ")
        others = pc.replace_substring_regex(pc.utf8_normalize(others, "NFKC"), _PICTURE, " ")
        names = pc.replace_with_mask(names, pc.invert(plain), others)
    # a legal form glued to the name (SiemensAG) is told by its capitals
    names = pc.replace_substring_regex(names, r"([a-z])(GmbH|AG|SE|LLC|KG|Inc|Ltd|Corp)\b", r"\1 \2")
    plain = pc.string_is_ascii(names)
    if not pc.all(plain, min_count=0).as_py():
        others = [transliterate(name) for name in names.filter(pc.invert(plain)).to_pylist()]
        names = pc.replace_with_mask(names, pc.invert(plain), pa.array(others, pa.string()))
    names = pc.ascii_lower(names)
    names = pc.replace_substring_regex(names, r"[’'`\"]", "")
    names = pc.replace_substring(names, "&", " and ")
    names = pc.replace_substring(names, "+", " plus ")
    # state of incorporation and share class behind a stroke: INC/DE, CORP /ADR/
    names = pc.replace_substring_regex(names, r"([a-z.]{2,}) ?/ ?(adr|adrs|new|[a-z]{2})/? *$", r"\1")
    # one letter of another script may become many: 齉, ﷺ
    return pc.utf8_slice_codeunits(names, 0, LONGEST_NAME)


def _without_legal_form(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
    """Take legal forms off the end, then one off the start; the last word of a name always stays."""
    if len(words) == 1:
        return _without_glued_form(words[0])
    kept, forms = _without_last_forms(words, rules)
    # a form inside the name belongs to it no more than one at its end: COMMUNICATIONS CO. LTD FRANKFURT BRANCH
    if len(kept) > 2:  # noqa: PLR2004
        kept, inner_forms = _without_inner_form(kept, rules)
        forms = forms or inner_forms
    # the number of a series stands behind the form: Acquisition Corp. V
    if not forms and len(kept) > 2 and (kept[-1].isdigit() or kept[-1] in _ROMAN_AT_END):  # noqa: PLR2004
        inner, inner_forms = _without_legal_form(kept[:-1], rules)
        if inner_forms:
            return [*inner, kept[-1]], inner_forms
    if not forms and len(kept) > 1:
        for count in range(min(LONGEST_LEGAL_FORM_WORDS, len(kept) - 1), 0, -1):
            key = " ".join(kept[:count])
            if key in rules.leading_forms:
                return kept[count:], [key]
    return kept, forms


def _without_last_forms(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
    """Take legal forms off the end, the longest first; the first word always stays."""
    kept = words
    forms: list[str] = []
    while len(kept) > 1 and kept[-1] in rules.last_words:
        for count in range(min(LONGEST_LEGAL_FORM_WORDS, len(kept) - 1), 0, -1):
            key = " ".join(kept[-count:])
            if key in rules.legal_forms:
                forms.append(key)
                kept = kept[:-count]
                break
        else:
            break
    return kept, forms


def _without_glued_form(word: str) -> tuple[list[str], list[str]]:
    """Take a long legal form off the end of a name typed without blanks: LEOPALACE21CORPORATION."""
    for form in _GLUED_FORMS:
        if word.endswith(form) and len(word) >= len(form) + SHORTEST_GLUED_NAME:
            return [word.removesuffix(form)], [form]
    return [word], []


def _without_inner_form(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
    """Take out one unmistakable legal form between the first and the last word."""
    for start in range(1, len(words) - 1):
        for count in range(min(LONGEST_LEGAL_FORM_WORDS, len(words) - 1 - start), 0, -1):
            key = " ".join(words[start : start + count])
            if key in rules.inner_forms:
                return words[:start] + words[start + count :], [key]
    return words, []


def _core_words(words: list[str], rules: NameRules) -> list[str]:
    """Words in one spelling: numerals in figures, abbreviations written out, articles and "and" dropped."""
    if len(words) > 1:
        words = [words[0], *(_ROMAN.get(word, word) for word in words[1:-1]), _ROMAN_AT_END.get(words[-1], words[-1])]
    spellings = rules.spellings
    words = [spellings.get(word, word) for word in words]
    if len(words) > 1:
        kept = [word for word in words if word not in {"and", "the"}]
        words = kept or words
    return split_words(" ".join(words)) if any(len(word) == 1 for word in words) else words


def name_parts(cleaned: str, rules: NameRules) -> NameForms:
    """Take one cleaned name apart.

    Args:
        cleaned: lower-case ASCII.
        rules: what the seeds say about words.

    Returns:
        The name's forms; all empty when it has neither letter nor digit.
    """
    if "(" in cleaned or "/" in cleaned or "[" in cleaned or _OTHER_NAME.search(cleaned):
        others = _other_names(cleaned, rules)
    else:
        others = []
    words = split_words(_OTHER_NAME.sub(" ", cleaned))
    if len(words) > 1:
        words = [word for word in words if word != "and"] or words
    if not words:
        return NameForms("", "", "", "", [])
    kept, forms = _without_legal_form(words, rules)
    if kept == ["the"]:
        kept, forms = words, []
    core = " ".join(_core_words(kept, rules))
    legal_form, legal_class = _form_values(forms, rules)
    other_cores: list[str] = []
    for other in others:
        other_words = [word for word in split_words(other) if word != "and"]
        if other_words:
            other_core = " ".join(_core_words(_without_legal_form(other_words, rules)[0], rules))
            if other_core != core and other_core not in other_cores and len(other_core) > 1:
                other_cores.append(other_core)
    return NameForms(
        normalized_name=f"{core} {legal_form}".strip(),
        core_name=core,
        legal_form=legal_form,
        legal_class=legal_class,
        other_core_names=other_cores[:MOST_OTHER_NAMES],
    )


def _other_names(cleaned: str, rules: NameRules) -> list[str]:
    """The name's main part, then what stands in brackets, behind "formerly" or beside a stroke."""
    others: list[str] = []
    main = cleaned
    for inside in _BRACKETS.findall(main):
        words = split_words(_OTHER_NAME.sub(" ", inside))
        spelled = [rules.spellings.get(word, word) for word in words]
        is_plain_word = " ".join(words) in rules.legal_forms or all(
            word in rules.generic_words or word.isdigit() or len(word) == 1 for word in spelled
        )
        if words and not is_plain_word:
            others.append(_OTHER_NAME.sub(" ", inside))
            without = main.replace(inside, " ", 1)
            if split_words(without):
                main = without
    parts = [part for part in _OTHER_NAME.split(main) if split_words(part)]
    if len(parts) > 1:
        main, others = parts[0], [*parts[1:], *others]
    parts = [part for part in _SLASH.split(main) if split_words(part)]
    if len(parts) > 1:
        others = [*parts, *others]
    return [main, *others]


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
    names = one_chunk(names)
    rules = one_chunk(rules)
    results: list[pa.Array] = []
    lengths: list[int | None] = []
    for row in range(len(names)):
        if not names[row].is_valid:
            lengths.append(None)
            continue
        rule_structs = rules[row].values
        fingerprint = tuple(
            zip(*(rule_structs.field(name).to_pylist() for name in ("kind", "form", "value", "class")), strict=True)
        )
        results.append(_forms_of(names[row].values.cast(pa.string()), _cached_rules(fingerprint)))
        lengths.append(len(results[-1]))
    values = pa.concat_arrays(results) if results else pa.array([], NAME_FORMS_TYPE.value_type)
    offsets = [0]
    for length in lengths:
        offsets.append(offsets[-1] + (length or 0))
    marked = pa.array([None if length is None else start for start, length in zip(offsets, lengths, strict=False)]
                      + [offsets[-1]], pa.int32())  # fmt: skip
    return pa.ListArray.from_arrays(marked, values)


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
    cleaned_names = _clean(spaced)
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
    is_plain = ~pc.match_substring_regex(cleaned, rf"[(/\[]|{_OTHER_NAME.pattern}").to_numpy(zero_copy_only=False)
    words = split_batch(cleaned)
    words = words._replace(words=words.words.dictionary_encode())
    facts = _word_facts(words.words.dictionary, rules)
    words = words.kept(~facts.is_and[_ids(words)])

    # the legal forms at the end are told by the last words that occur in any
    is_other = ~facts.is_legal[_ids(words)]
    last_other = np.full(len(cleaned), -1)
    last_other[words.rows[is_other]] = words.positions[is_other]
    is_one_word = words.counts == 1
    is_plain &= (words.counts > 0) & ((last_other >= 0) | is_one_word)
    is_plain &= ~(is_one_word & _names_with(words, facts.ends_with_form[_ids(words)]))
    tails = words.kept((words.positions > last_other[words.rows]) & ~is_one_word[words.rows])
    endings = tails._replace(words=tails.words.cast(pa.string())).joined().dictionary_encode()
    ending_ids = endings.indices.to_numpy(zero_copy_only=False)
    stripped = [_without_last_forms(["", *ending.split()], rules) for ending in endings.dictionary.to_pylist()]
    kept_of_ending = np.array([len(kept) - 1 for kept, _ in stripped], dtype=np.int64)
    has_form = np.array([bool(forms) for _, forms in stripped], dtype=np.bool_)[ending_ids]
    told = [_form_values(forms, rules) for _, forms in stripped]
    legal_forms = pa.array([form for form, _ in told], pa.string()).take(endings.indices)
    legal_classes = pa.array([generic for _, generic in told], pa.string()).take(endings.indices)

    kept_counts = words.counts - tails.counts + kept_of_ending[ending_ids]
    words = words.kept(words.positions < kept_counts[words.rows])
    is_first, is_last = words.positions == 0, words.positions == kept_counts[words.rows] - 1
    ids = _ids(words)
    pair_ids = ids * len(facts.is_and) + np.append(ids[1:], 0)
    is_inner_form = facts.is_inner_form[ids] | (np.isin(pair_ids, facts.inner_form_pairs) & ~is_last)
    is_plain &= ~_names_with(words, is_inner_form & ~is_first & ~is_last)
    is_leading_form = facts.is_leading_form[ids] | np.isin(pair_ids, facts.leading_form_pairs)
    is_plain &= has_form | ~_names_with(words, is_leading_form & is_first & ~is_last)
    has_series_number = _names_with(words, facts.is_series_number[ids] & is_last)
    is_plain &= has_form | ~(has_series_number & _names_with(words, facts.is_legal[ids] & ~is_first & ~is_last))

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
        ends_with_form=like(f"({'|'.join(_GLUED_FORMS)})$"),
        is_inner_form=among(rules.inner_forms),
        inner_form_pairs=first_pairs(rules.inner_forms),
        is_leading_form=among(rules.leading_forms),
        leading_form_pairs=first_pairs(rules.leading_forms),
        is_series_number=like("^[0-9]+$") | among(_ROMAN_AT_END),
        spellings=pa.array(
            [
                *(spelled.get(word, word) for word in words),
                *(spelled.get(numeral, numeral) for numeral in (_ROMAN.get(word, word) for word in words)),
                *(spelled.get(numeral, numeral) for numeral in (_ROMAN_AT_END.get(word, word) for word in words)),
            ],
            pa.string(),
        ),
    )


def _ids(words: FlatWords) -> Ints:
    """The number of each word in its vocabulary."""
    ids: Ints = words.words.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return ids


def _names_with(words: FlatWords, is_such: Bools) -> Bools:
    """Which names have a word of a kind."""
    found = np.zeros(len(words.starts) - 1, dtype=np.bool_)
    found[words.rows[is_such]] = True
    return found


def _form_values(forms: list[str], rules: NameRules) -> tuple[str, str]:
    """The compare form and the class of the legal forms taken off a name, last one first."""
    values = [rules.legal_forms[form] for form in forms]
    return " ".join(value for value, _ in reversed(values)), next((generic for _, generic in values if generic), "")


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
