"""Company names: how they are written down for comparison.

Belongs here: cleaning, transliteration, legal forms taken off, words brought to one spelling, other names that
hide in brackets or behind "d/b/a". Does not belong here: facts about words (they are seeds, and arrive as an
argument), and how alike two names are (udfs/similarity.py).
"""

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from anyascii import anyascii

from udfs.japanese import is_japanese, romanized

# A longer name is cut: no register knows one of this length, and the work per name stays bounded.
LONGEST_NAME = 250
# More other names than this are noise (a sentence in the name column), and each costs a comparison.
MOST_OTHER_NAMES = 3
SHORTEST_OTHER_NAME = 3
LONGEST_LEGAL_FORM_WORDS = 7
# Legal forms long enough to be recognised at the end of a glued name, and how much of a name must stand before them.
GLUED_FORMS = ("corporation", "incorporated", "limited")
SHORTEST_GLUED_NAME = 4

OTHER_NAME = re.compile(
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
_UNASSIGNED = "\x81\x8d\x8f\x90\x9d"
_WIDE = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af]")
# UTF-8 that was read as Windows-1252 (SociÃ©tÃ©), and Windows-1250 that was (£¹ka, Spó³ka)
_MISREAD = "[\u00c2\u00c3\u00c4\u00c5][\u0080-\u00bf\u0152-\u2122]"
_MISREAD_POLISH = r"\p{L}[\x{b9}\x{b3}\x{bf}]\p{L}|(^|[^0-9A-Za-z])[\x{a3}\x{a5}\x{af}][a-z\x{b9}\x{b3}]"
_MISREAD_LETTER = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u2122]{1,3}")
_WHOLE = re.compile("^.*$", re.DOTALL)
# l.p., s.p.a.: letters with stops between them are one word, and no letter before them belongs to it (Fund V L.P.)
_STOPPED = (
    *(
        (
            r"(^|[^a-z0-9.])" + r"([a-z])\." * (count - 1) + r"([a-z])(\.|$|[^a-z0-9])",
            "".join(rf"\{group}" for group in range(1, count + 2)) + " ",
        )
        for count in (5, 4, 3, 2)
    ),
    (r"\b([dz])\.? oo\b", r"\1oo"),  # sp. z o.o., d. o.o.
)
ROMAN = {
    "ii": "2", "iii": "3", "iv": "4", "vi": "6", "vii": "7", "viii": "8", "ix": "9", "xi": "11", "xii": "12",
    "xiii": "13", "xiv": "14", "xv": "15", "xvi": "16", "xvii": "17", "xviii": "18", "xix": "19", "xx": "20",
}  # fmt: skip
ROMAN_AT_END = {**ROMAN, "i": "1", "v": "5", "x": "10"}

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class NameRules(NamedTuple):
    """The seeds' facts about words, keyed the way names are split into words."""

    legal_forms: Mapping[str, tuple[str, str]]
    last_words: frozenset[str]
    leading_forms: frozenset[str]
    leading_first_words: frozenset[str]
    inner_forms: frozenset[str]
    inner_first_words: frozenset[str]
    wide_forms: re.Pattern[str] | None
    spellings: Mapping[str, str]
    phrases: Mapping[str, str]
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
    if 1 not in map(len, words):
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
    """Bring one name to lower-case ASCII.

    Args:
        text: a name in any script.

    Returns:
        Lower-case ASCII; a letter without any transcription is lost.
    """
    return anyascii(text.casefold()).lower()


def mended(texts: pa.Array) -> pa.Array:
    """Mend what was read in another encoding than it was written in, where a name shows it.

    Args:
        texts: varchar as delivered.

    Returns:
        varchar: SociÃ©tÃ© as Société, £¹ka as Łąka; whatever does not mend stays as it came.
    """
    for pattern, part, written_in in ((_MISREAD, _MISREAD_LETTER, "utf-8"), (_MISREAD_POLISH, _WHOLE, "cp1250")):
        is_misread = pc.fill_null(pc.match_substring_regex(texts, pattern), False)
        if pc.any(is_misread, min_count=0).as_py():
            reread = partial(_reread, written_in)
            read = [part.sub(reread, text) for text in texts.filter(is_misread).to_pylist()]
            texts = pc.replace_with_mask(texts, is_misread, pa.array(read, texts.type))
    return texts


def _reread(encoding: str, found: re.Match[str]) -> str:
    """What the bytes of a piece of text say in another encoding than Windows-1252."""
    text = found[0]
    try:
        # five bytes are no letter in Windows-1252, and readers keep them as they are
        return b"".join(letter.encode("latin-1" if letter in _UNASSIGNED else "cp1252") for letter in text).decode(
            encoding
        )
    except UnicodeError:
        return text


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
    phrases: dict[str, str] = {}
    generic: set[str] = set()
    annotations: set[str] = set()
    rows = list(rows)
    spelled_words = _spelled_words(row["form"] or "" for row in rows)
    for row, spelled in zip(rows, spelled_words, strict=True):
        form = row["form"] or ""
        kind = row["kind"]
        if kind in {"legal_form", "leading_legal_form", "inner_legal_form"}:
            if _WIDE.search(form):
                wide.add(form)
            key = " ".join(spelled)
            if key:
                legal.setdefault(key, (row["value"] or key, row["class"] or ""))
                if kind == "leading_legal_form":
                    leading.add(key)
                if kind == "inner_legal_form":
                    inner.add(key)
                    if " " in key:
                        leading.add(key)
        elif kind == "spelling":
            if " " in form:
                phrases[" ".join(spelled)] = row["value"] or form
            else:
                spellings["".join(spelled)] = row["value"] or form
        elif kind == "generic_word":
            generic.add(form)
        elif kind == "annotation":
            annotations.add(form)
    longest_first = sorted(wide, key=lambda form: (-len(form), form))
    return NameRules(
        legal_forms=legal,
        last_words=frozenset(key.rsplit(" ", 1)[-1] for key in legal),
        leading_forms=frozenset(leading),
        leading_first_words=frozenset(form.split(" ", 1)[0] for form in leading),
        inner_forms=frozenset(inner),
        inner_first_words=frozenset(form.split(" ", 1)[0] for form in inner),
        wide_forms=re.compile("|".join(map(re.escape, longest_first))) if longest_first else None,
        spellings=spellings,
        phrases=dict(sorted(phrases.items(), key=lambda phrase: (-len(phrase[0]), phrase[0]))),
        generic_words=frozenset(generic),
        annotation=rf"[-(*\[] *(?:{'|'.join(sorted(annotations))}) *[-)*\]]* *$" if annotations else None,
    )


def _spelled_words(forms: Iterable[str]) -> list[list[str]]:
    """Words of each of the seeds' forms, by the same steps as a name's."""
    cleaned = clean_spellings(pa.array(list(forms), pa.string())).to_pylist()
    words = [split_words(form) for form in cleaned]
    return [[word for word in each if word != "and"] or each for each in words]


def clean_spellings(names: pa.Array) -> pa.Array:
    """Batch cleaning of distinct names: one script, one case, marks that carry no meaning gone."""
    # before all else: half of a misread letter may be a blank, a fraction or a sign
    names = mended(names)
    # blanks of any kind and control characters are one blank; single blanks, nearly all of them, are left alone
    names = pc.replace_substring_regex(names, r"\p{Cf}+", "")
    names = pc.replace_substring_regex(names, r"[\p{Cc}\p{Z}]{2,}|\p{Cc}|[^\PZ ]", " ")
    names = pc.utf8_slice_codeunits(names, 0, LONGEST_NAME)
    plain = pc.string_is_ascii(names)
    if not pc.all(plain, min_count=0).as_py():
        others = pc.replace_substring_regex(names.filter(pc.invert(plain)), _TRADEMARK, r"\1 ")
        others = pc.replace_substring_regex(pc.utf8_normalize(others, "NFKC"), _PICTURE, " ")
        names = pc.replace_with_mask(names, pc.invert(plain), others)
    # a legal form glued to the name (SiemensAG) is recognised by its capitals; OmniCorp is a name
    names = pc.replace_substring_regex(names, r"([a-z])(GmbH|AG|SE|LLC|KG|Ltd)\b", r"\1 \2")
    plain = pc.string_is_ascii(names)
    if not pc.all(plain, min_count=0).as_py():
        others = [
            romanized(name) if is_japanese(name) else transliterate(name)
            for name in names.filter(pc.invert(plain)).to_pylist()
        ]
        names = pc.replace_with_mask(names, pc.invert(plain), pa.array(others, pa.string()))
    names = pc.ascii_lower(names)
    names = pc.replace_substring_regex(names, r"[’'`\"]", "")
    names = pc.replace_substring(names, "&", " and ")
    names = pc.replace_substring(names, "+", " plus ")
    has_stops = pc.fill_null(pc.match_substring_regex(names, r"(^|[^a-z0-9])[a-z]\.[a-z]($|[^a-z0-9])"), False)
    if pc.any(has_stops, min_count=0).as_py():
        stopped = names.filter(has_stops)
        for pattern, letters in _STOPPED:
            stopped = pc.replace_substring_regex(stopped, pattern, letters)
        names = pc.replace_with_mask(names, has_stops, stopped)
    # state of incorporation and share class behind a stroke: INC/DE, CORP /ADR/
    names = pc.replace_substring_regex(names, r"([a-z.]{2,}) ?/ ?(adr|adrs|new|[a-z]{2})/? *$", r"\1")
    # one letter of another script may become many: 齉, ﷺ
    return pc.utf8_slice_codeunits(names, 0, LONGEST_NAME)


def _without_legal_form(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
    """Take legal forms off the end, then one off the start; the last word of a name always stays."""
    if len(words) == 1:
        return _without_glued_form(words[0])
    kept, forms = without_last_forms(words, rules)
    # a form inside the name belongs to it no more than one at its end: COMMUNICATIONS CO. LTD FRANKFURT BRANCH
    if len(kept) > 2:  # noqa: PLR2004
        kept, inner_forms = _without_inner_form(kept, rules)
        forms = forms or inner_forms
    # the number of a series stands behind the form: Acquisition Corp. V
    if not forms and len(kept) > 2 and (kept[-1].isdigit() or kept[-1] in ROMAN_AT_END):  # noqa: PLR2004
        inner, inner_forms = _without_legal_form(kept[:-1], rules)
        if inner_forms:
            return [*inner, kept[-1]], inner_forms
    if not forms and len(kept) > 1 and kept[0] in rules.leading_first_words:
        for count in range(min(LONGEST_LEGAL_FORM_WORDS, len(kept) - 1), 0, -1):
            key = " ".join(kept[:count])
            if key in rules.leading_forms:
                return kept[count:], [key]
    return kept, forms


def without_last_forms(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
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
    for form in GLUED_FORMS:
        if word.endswith(form) and len(word) >= len(form) + SHORTEST_GLUED_NAME:
            return [word.removesuffix(form)], [form]
    return [word], []


def _without_inner_form(words: list[str], rules: NameRules) -> tuple[list[str], list[str]]:
    """Take out one unmistakable legal form between the first and the last word."""
    for start in range(1, len(words) - 1):
        if words[start] not in rules.inner_first_words:
            continue
        for count in range(min(LONGEST_LEGAL_FORM_WORDS, len(words) - 1 - start), 0, -1):
            key = " ".join(words[start : start + count])
            if key in rules.inner_forms:
                return words[:start] + words[start + count :], [key]
    return words, []


def _core_words(words: list[str], rules: NameRules) -> list[str]:
    """Words in one spelling: numerals in figures, abbreviations written out, articles and "and" dropped."""
    if len(words) > 1:
        words = [words[0], *(ROMAN.get(word, word) for word in words[1:-1]), ROMAN_AT_END.get(words[-1], words[-1])]
    spellings = rules.spellings
    words = [spellings.get(word, word) for word in words]
    if len(words) > 1:
        kept = [word for word in words if word not in {"and", "the"}]
        words = kept or words
    return split_words(" ".join(words)) if 1 in map(len, words) else words


def name_parts(cleaned: str, rules: NameRules) -> NameForms:
    """Take one cleaned name apart.

    Args:
        cleaned: lower-case ASCII.
        rules: what the seeds say about words.

    Returns:
        The name's forms; all empty when it has neither letter nor digit.
    """
    if "(" in cleaned or "/" in cleaned or "[" in cleaned or OTHER_NAME.search(cleaned):
        others = _other_names(cleaned, rules)
    else:
        others = []
    words = split_words(OTHER_NAME.sub(" ", cleaned))
    if len(words) > 1:
        words = [word for word in words if word != "and"] or words
    if not words:
        return NameForms("", "", "", "", [])
    kept, forms = _without_legal_form(words, rules)
    if kept == ["the"]:
        kept, forms = words, []
    core = " ".join(_core_words(kept, rules))
    legal_form, legal_class = form_values(forms, rules)
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
        words = split_words(OTHER_NAME.sub(" ", inside))
        spelled = [rules.spellings.get(word, word) for word in words]
        is_plain_word = " ".join(words) in rules.legal_forms or all(
            word in rules.generic_words or word.isdigit() or len(word) == 1 for word in spelled
        )
        if words and not is_plain_word:
            # two letters are a note, such as a code, and no name
            if len("".join(words)) >= SHORTEST_OTHER_NAME:
                others.append(OTHER_NAME.sub(" ", inside))
            without = main.replace(inside, " ", 1)
            if split_words(without):
                main = without
    parts = [part for part in OTHER_NAME.split(main) if split_words(part)]
    if len(parts) > 1:
        main, others = parts[0], [*parts[1:], *others]
    parts = [part for part in _SLASH.split(main) if split_words(part)]
    if len(parts) > 1:
        others = [*parts, *others]
    return [main, *others]


def form_values(forms: list[str], rules: NameRules) -> tuple[str, str]:
    """The compare form and the class of the legal forms taken off a name, last one first."""
    values = [rules.legal_forms[form] for form in forms]
    return " ".join(value for value, _ in reversed(values)), next((generic for _, generic in values if generic), "")
