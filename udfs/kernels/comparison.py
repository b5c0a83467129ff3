"""Comparing names: what similarity.compare_names says of a pair, worked out on the bytes of both.

Belongs here: the loop over pairs, and its steps. Does not belong here: words and letters (words.py, spelling.py).
"""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from udfs.kernels import Bools, Bytes, Column, Ints, Marks, Offsets, compiled
from udfs.kernels.spelling import BLOCKS, IS_INSIDE, LONGEST, common_length, inside_of, mark, ratio, unmark
from udfs.kernels.words import BLANK, are_spellings, cut, glue, is_alphabetic, is_typo, same, spell_initials
from udfs.similarity import (
    CLASSES_OF_KINDS,
    FIRST_WORDS,
    INDISTINCT_KINDS,
    MOST_MISSPELT_WORDS,
    MOST_WORDS,
    NOTHING_LEFT,
    NUMERAL_KIND,
    NUMERALS,
    PREFIX_SHARE,
    REST_CLASSES,
    TYPO_SHARE,
)
from udfs.words import KINDS, PLACE_KINDS, SHORTEST_ACRONYM

KIND_BITS, KIND_MASK = KINDS.bit_length() - 1, KINDS - 1
PLACES = sum(1 << kind for kind in PLACE_KINDS)
INDISTINCT = sum(1 << kind for kind in INDISTINCT_KINDS)
NONE, OWN_PLACE, STRUCTURE = (REST_CLASSES.index(name) for name in ("none", "own place", "structure"))
# The last that has any of the kinds is the class.
LAST_CLASS = tuple((bits, REST_CLASSES.index(name)) for bits, name in reversed(CLASSES_OF_KINDS))
CONFLICT, ONE_SIDED, SAME_NUMERAL, NO_NUMERAL = (
    NUMERALS.index(name) for name in ("conflict", "one_sided", "same", "none")
)
SAME_WORD, UNEQUAL_WORD, DIFFERENT_WORD = (FIRST_WORDS.index(name) for name in ("same", "unequal", "different"))


class Texts(NamedTuple):
    """Texts one behind the other, and where each begins."""

    begin: Offsets
    data: Bytes


class Codes(NamedTuple):
    """Codes of the words of names, and where each name's begin."""

    begin: Offsets
    data: Offsets


class Side(NamedTuple):
    """One name of the pair at hand."""

    data: Bytes  # of all names
    codes: Offsets  # of all names
    starts: Ints  # of its words
    ends: Ints
    is_open: Bools  # which of them have no counterpart yet
    glued: Bytes  # without blanks


class Fields(NamedTuple):
    """What is found, a column for each field of compare_names."""

    shared: Column
    unequal: Column
    shortened: Column
    left_rest: Column
    right_rest: Column
    left_class: Column
    right_class: Column
    left_words: Column
    right_words: Column
    numerals: Column
    first_word: Column
    is_acronym: Column
    similarity: Column
    inside: Column


class Scratch(NamedTuple):
    """Room to work in."""

    likeness: Column  # of words of the left name and of the right one
    worth: Column
    rows: Offsets
    masks: Marks


@compiled
def pair_equal_words(left: Side, left_count: int, right: Side, right_count: int) -> None:
    """Mark the words that both names have as done."""
    for one in range(left_count):
        left.is_open[one] = True
    for two in range(right_count):
        right.is_open[two] = True
    for one in range(left_count):
        for two in range(right_count):
            if same(left.data, left.starts[one], left.ends[one], right.data, right.starts[two], right.ends[two]):
                left.is_open[one] = False
                right.is_open[two] = False


@compiled
def weigh(side: Side, first: int, count: int) -> tuple[int, int, bool]:
    """Distinctiveness of the words that are done, and of all; and whether any is open."""
    done, every, has_open = 0, 0, False
    for at in range(count):
        bits = side.codes[first + at] >> KIND_BITS
        every += bits
        if side.is_open[at]:
            has_open = True
        else:
            done += bits
    return done, every, has_open


@compiled
def join_split_words(one: Side, one_first: int, one_count: int, two: Side, two_first: int, two_count: int) -> int:
    """Find one word on one side that is two neighbours on the other, and mark them done; returns what is gained."""
    gained = 0
    for second in range(1, two_count):
        first = second - 1
        if not (two.is_open[first] and two.is_open[second]):
            continue
        size = two.ends[first] - two.starts[first]
        both = size + two.ends[second] - two.starts[second]
        for at in range(one_count):
            start, end = one.starts[at], one.ends[at]
            if (
                one.is_open[at]
                and end - start == both
                and two.is_open[first]
                and two.is_open[second]
                and same(one.data, start, start + size, two.data, two.starts[first], two.ends[first])
                and same(one.data, start + size, end, two.data, two.starts[second], two.ends[second])
            ):
                one.is_open[at] = False
                two.is_open[first] = False
                two.is_open[second] = False
                bits = (two.codes[two_first + first] >> KIND_BITS) + (two.codes[two_first + second] >> KIND_BITS)
                gained += min(one.codes[one_first + at] >> KIND_BITS, bits)
    return gained


@compiled
def likeness_of(one: Bytes, start: int, end: int, two: Bytes, two_start: int, two_end: int, rows: Offsets) -> float:
    """Whether two unequal words seem meant to be the same (similarity.Vocabulary.likeness)."""
    if are_spellings(one, start, end, two, two_start, two_end):
        return 1.0
    if not (is_alphabetic(one, start, end) and is_alphabetic(two, two_start, two_end)):
        return 0.0
    shorter = min(end - start, two_end - two_start)
    allowed = 2 if shorter >= 8 else (1 if shorter >= 4 else 0)  # noqa: PLR2004 (as Vocabulary.likeness says)
    if (
        allowed > 0
        and abs((end - start) - (two_end - two_start)) <= allowed
        and is_typo(one, start, end, two, two_start, two_end, allowed, rows)
    ):
        return TYPO_SHARE
    if shorter >= 3 and same(one, start, start + shorter, two, two_start, two_start + shorter):  # noqa: PLR2004
        return PREFIX_SHARE
    return 0.0


@compiled
def pair_misspelt_words(
    left: Side, left_first: int, left_count: int, right: Side, right_first: int, right_count: int, scratch: Scratch
) -> tuple[float, float, float]:
    """Pair words that are not quite equal, best pairs first, and mark them done.

    Returns:
        All that is gained, the doubtful part of it, and of that the part from words cut short.
    """
    likeness, worth = scratch.likeness, scratch.worth
    any_alike = False
    for one in range(left_count):
        for two in range(right_count):
            if left.is_open[one] and right.is_open[two]:
                alike = likeness_of(
                    left.data, left.starts[one], left.ends[one],
                    right.data, right.starts[two], right.ends[two], scratch.rows,
                )  # fmt: skip
                left_code, right_code = left.codes[left_first + one], right.codes[right_first + two]
                if alike < 1 and (PLACES >> (left_code & KIND_MASK)) & (PLACES >> (right_code & KIND_MASK)) & 1:
                    alike = 0.0
                bits = min(left_code >> KIND_BITS, right_code >> KIND_BITS)
                likeness[one, two] = alike
                worth[one, two] = alike * (1 + bits)
                any_alike = any_alike or alike > 0
    gained, doubtful, cut_short = 0.0, 0.0, 0.0
    for _ in range(MOST_MISSPELT_WORDS if any_alike else 0):
        best, best_one, best_two = 0.0, -1, -1
        for one in range(left_count):
            for two in range(right_count):
                if left.is_open[one] and right.is_open[two] and worth[one, two] > best:
                    best, best_one, best_two = worth[one, two], one, two
        if best_one < 0:
            break
        gained += best
        if likeness[best_one, best_two] < 1:
            doubtful += best
        if likeness[best_one, best_two] == PREFIX_SHARE:
            cut_short += best
        left.is_open[best_one] = False
        right.is_open[best_two] = False
    return gained, doubtful, cut_short


@compiled
def align(
    left: Side, left_first: int, left_count: int, right: Side, right_first: int, right_count: int,
    is_glued_equal: bool, scratch: Scratch,
) -> tuple[float, float, float]:  # fmt: skip
    """Find the counterparts of all words; what is left over stays open.

    Returns:
        Distinctiveness of the shared words, the part of words not quite equal, and of that the part of words cut short.
    """
    pair_equal_words(left, left_count, right, right_count)
    left_done, left_all, left_has_open = weigh(left, left_first, left_count)
    right_done, right_all, right_has_open = weigh(right, right_first, right_count)
    shared = float(max(left_done, right_done))
    if is_glued_equal and (left_has_open or right_has_open):
        # spacing alone: everything is shared
        for at in range(left_count):
            left.is_open[at] = False
        for at in range(right_count):
            right.is_open[at] = False
        return float(min(left_all, right_all)), 0.0, 0.0
    if not (left_has_open and right_has_open):
        return shared, 0.0, 0.0
    shared += join_split_words(left, left_first, left_count, right, right_first, right_count)
    shared += join_split_words(right, right_first, right_count, left, left_first, left_count)
    gained, doubtful, cut_short = pair_misspelt_words(
        left, left_first, left_count, right, right_first, right_count, scratch
    )
    return shared + gained, doubtful, cut_short


@compiled
def stands_among(data: Bytes, start: int, end: int, places: Bytes, first: int, last: int) -> bool:
    """Whether a word is one of the words of a text."""
    begin = first
    for at in range(first, last + 1):
        if at == last or places[at] == BLANK:
            if same(data, start, end, places, begin, at):
                return True
            begin = at + 1
    return False


@compiled
def class_of(kinds: int, is_own_place: bool) -> int:
    """The class of what is left over (similarity._rest_classes)."""
    if kinds in NOTHING_LEFT:
        return NONE
    if is_own_place:
        return OWN_PLACE
    found = STRUCTURE
    for bits, name in LAST_CLASS:
        if kinds & bits:
            found = name
    return found


@compiled
def look_at_rest(
    side: Side, first: int, count: int, left_places: Texts, right_places: Texts, pair: int
) -> tuple[int, int, int, int]:
    """What is left over of a name: its distinctiveness, kinds and class, and which of its words are distinct."""
    millibits, kinds, words = 0, 0, 0
    are_places = True
    for at in range(count):
        if not side.is_open[at]:
            continue
        kind = side.codes[first + at] & KIND_MASK
        kinds |= 1 << kind
        millibits += side.codes[first + at] >> KIND_BITS
        if (INDISTINCT >> kind) & 1:
            continue
        words |= 1 << at
        start, end = side.starts[at], side.ends[at]
        are_places = are_places and (
            stands_among(side.data, start, end, left_places.data, left_places.begin[pair], left_places.begin[pair + 1])
            or stands_among(
                side.data, start, end, right_places.data, right_places.begin[pair], right_places.begin[pair + 1]
            )
        )
    return millibits, kinds, class_of(kinds, words != 0 and are_places), words


@compiled
def numerals_of(left_kinds: int, right_kinds: int, left: Side, first: int, count: int) -> int:
    """Whether numerals are left over, on one side or on both; the left name says whether there are any at all."""
    has_left, has_right = (left_kinds >> NUMERAL_KIND) & 1, (right_kinds >> NUMERAL_KIND) & 1
    if has_left and has_right:
        return CONFLICT
    if has_left or has_right:
        return ONE_SIDED
    for at in range(count):
        if (left.codes[first + at] & KIND_MASK) == NUMERAL_KIND:
            return SAME_NUMERAL
    return NO_NUMERAL


@compiled
def first_word_of(left: Side, right: Side) -> int:
    """Whether the first words are the same, have counterparts both, or have not."""
    if same(left.data, left.starts[0], left.ends[0], right.data, right.starts[0], right.ends[0]):
        return SAME_WORD
    return DIFFERENT_WORD if left.is_open[0] or right.is_open[0] else UNEQUAL_WORD


@compiled
def spell(left: Bytes, left_size: int, right: Bytes, right_size: int, masks: Marks) -> tuple[float, int]:
    """How alike two unequal names without blanks are, and whether the shorter stands inside the longer (inside_of)."""
    if left_size <= right_size:
        short, size, long, long_size = left, left_size, right, right_size
    else:
        short, size, long, long_size = right, right_size, left, left_size
    mark(short, size, masks)
    common = common_length(masks, size, long, 0, long_size)
    inside = inside_of(masks, short, size, long, long_size, common)
    unmark(short, size, masks)
    return ratio(common, left_size, right_size), inside


@compiled
def compare_all(
    lefts: Texts, rights: Texts, left_codes: Codes, right_codes: Codes, left_places: Texts, right_places: Texts,
    left: Side, right: Side, scratch: Scratch, found: Fields, is_left_over: Bools,
) -> None:  # fmt: skip
    """Compare n pairs; which of them similarity.py must answer is noted in the last argument."""
    for pair in range(len(is_left_over)):
        left_start, left_end = lefts.begin[pair], lefts.begin[pair + 1]
        right_start, right_end = rights.begin[pair], rights.begin[pair + 1]
        left_words = cut(left.data, left_start, left_end, left.starts, left.ends)
        right_words = cut(right.data, right_start, right_end, right.starts, right.ends)
        left_count, right_count = min(left_words, MOST_WORDS), min(right_words, MOST_WORDS)
        left_first, right_first = left_codes.begin[pair], right_codes.begin[pair]
        is_left_over[pair] = (
            left_words == 0
            or right_words == 0
            or max(left_end - left_start, right_end - right_start) > LONGEST
            or left_codes.begin[pair + 1] - left_first < left_count
            or right_codes.begin[pair + 1] - right_first < right_count
        )
        if is_left_over[pair]:
            continue
        left_size = glue(left.data, left_start, left_end, left.glued)
        right_size = glue(right.data, right_start, right_end, right.glued)
        is_glued_equal = same(left.glued, 0, left_size, right.glued, 0, right_size)

        shared, unequal, shortened = align(
            left, left_first, left_count, right, right_first, right_count, is_glued_equal, scratch
        )
        found.shared[pair] = np.rint(shared)
        found.unequal[pair] = np.rint(unequal)
        found.shortened[pair] = np.rint(shortened)
        found.left_rest[pair], left_kinds, found.left_class[pair], found.left_words[pair] = look_at_rest(
            left, left_first, left_count, left_places, right_places, pair
        )
        found.right_rest[pair], right_kinds, found.right_class[pair], found.right_words[pair] = look_at_rest(
            right, right_first, right_count, left_places, right_places, pair
        )
        found.numerals[pair] = numerals_of(left_kinds, right_kinds, left, left_first, left_count)
        found.first_word[pair] = first_word_of(left, right)
        if left_words == 1 and right_words >= SHORTEST_ACRONYM:
            found.is_acronym[pair] = spell_initials(left.data, left_start, left_end, right.data, right_start, right_end)
        elif right_words == 1 and left_words >= SHORTEST_ACRONYM:
            found.is_acronym[pair] = spell_initials(right.data, right_start, right_end, left.data, left_start, left_end)
        if is_glued_equal:
            found.similarity[pair], found.inside[pair] = 1.0, IS_INSIDE
        else:
            found.similarity[pair], found.inside[pair] = spell(
                left.glued, left_size, right.glued, right_size, scratch.masks
            )


def _texts(texts: pa.Array) -> Texts:
    _, begin, data = texts.buffers()
    offsets = np.frombuffer(begin, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return Texts(offsets, np.zeros(0, np.uint8) if data is None else np.frombuffer(data, np.uint8))


def _codes(lists: pa.Array) -> Codes:
    offsets = np.frombuffer(lists.buffers()[1], np.int32)[lists.offset : lists.offset + len(lists) + 1]
    return Codes(offsets, lists.values.to_numpy(zero_copy_only=False))


def _side(texts: Texts, codes: Codes) -> Side:
    starts, ends = np.empty(MOST_WORDS, np.int64), np.empty(MOST_WORDS, np.int64)
    return Side(texts.data, codes.data, starts, ends, np.empty(MOST_WORDS, np.bool_), np.empty(LONGEST, np.uint8))


def compared(*columns: pa.Array) -> tuple[list[npt.NDArray[Any]], Bools]:
    """Compare pairs of names as similarity.compare_names does.

    Args:
        columns: the arguments of compare_names in their order, each in one piece and without null.

    Returns:
        The fields of compare_names in their order, enums as codes; and which pairs compare_names must answer itself.
    """
    count = len(columns[0])
    lefts, rights, left_places, right_places = (_texts(columns[at]) for at in (0, 1, 4, 5))
    left_codes, right_codes = (_codes(columns[at]) for at in (2, 3))
    types = [
        *([np.int32] * 5), *([np.uint8] * 2), *([np.int16] * 2), *([np.uint8] * 2), np.bool_, np.float64, np.uint8,
    ]  # fmt: skip
    found = Fields(*(np.zeros(count, kind) for kind in types))
    is_left_over = np.zeros(count, np.bool_)
    scratch = Scratch(
        np.empty((MOST_WORDS, MOST_WORDS)),
        np.empty((MOST_WORDS, MOST_WORDS)),
        np.empty((3, LONGEST), np.int32),
        np.zeros((LONGEST, BLOCKS), np.uint64),
    )
    compare_all(
        lefts, rights, left_codes, right_codes, left_places, right_places, _side(lefts, left_codes),
        _side(rights, right_codes), scratch, found, is_left_over,
    )  # fmt: skip
    return list(found), is_left_over
