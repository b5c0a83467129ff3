"""How alike two names are, word by word, over whole batches of pairs.

Belongs here: aligning the words of two names and saying what is shared and what is left over. Does not belong here:
how much a shared word is worth (the corpus decides, res_name_words) or what a similarity is evidence for
(match_weights).
"""

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from rapidfuzz import fuzz, process
from rapidfuzz.distance import OSA, Prefix

from udfs.compiling import compiled_kernels
from udfs.words import KINDS, PLACE_KINDS, SHORTEST_ACRONYM, initials_of, one_chunk, split_batch

# Words behind this one are ignored: real names have fewer, and the alignment is quadratic in it.
MOST_WORDS = 10
# Rounds of greedy alignment of unequal words; a name with more misspelt words is another name.
MOST_MISSPELT_WORDS = 3
NUMERAL_KIND = 8
# Words of structure, function words and domain endings: they say nothing about which company it is.
INDISTINCT_KINDS = (1, 6, 7)
# How much of a word's distinctiveness survives when the words are not equal but seem meant to be.
TYPO_SHARE = 0.85
PREFIX_SHARE = 0.5
# From this likeness of the shorter name and a piece of the longer one on, it stands nearly inside.
SMALLEST_PARTIAL_SIMILARITY = 0.9
# A piece that lacks a letter of 250 is 0.998 alike.
WHOLE_SIMILARITY = 0.999

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

# What is left over of a name, by the most distinctive kind of word in it; in the order of the alphabet.
REST_CLASSES = ("distinctive", "fund", "generic", "none", "numeral", "own place", "place", "structure")
# Bits of kinds → the class, the first that has any of them. Little words (64) left over are nothing left over.
CLASSES_OF_KINDS = ((513, "distinctive"), (256, "numeral"), (32, "fund"), (20, "generic"), (8, "place"))
NOTHING_LEFT = (0, 64)
NUMERALS = ("conflict", "one_sided", "same", "none")
FIRST_WORDS = ("same", "unequal", "different")
INSIDE = ("inside", "nearly inside", "not inside")

NAME_COMPARISON_TYPE = pa.struct(
    [
        ("shared_millibits", pa.int32()),
        ("unequal_millibits", pa.int32()),
        ("shortened_millibits", pa.int32()),
        ("left_rest_millibits", pa.int32()),
        ("right_rest_millibits", pa.int32()),
        ("left_rest_class", pa.dictionary(pa.uint8(), pa.string())),
        ("right_rest_class", pa.dictionary(pa.uint8(), pa.string())),
        ("left_rest_words", pa.int16()),
        ("right_rest_words", pa.int16()),
        ("numerals", pa.dictionary(pa.uint8(), pa.string())),
        ("first_word", pa.dictionary(pa.uint8(), pa.string())),
        ("is_acronym", pa.bool_()),
        ("glued_similarity", pa.float64()),
        ("inside", pa.dictionary(pa.uint8(), pa.string())),
    ]
)


def _padded(values: npt.NDArray[Any], offsets: Ints, fill: int) -> npt.NDArray[Any]:
    """Ragged lists as a matrix of MOST_WORDS columns."""
    counts = np.diff(offsets)
    rows = np.repeat(np.arange(len(counts)), counts)
    columns = np.arange(len(rows)) - np.repeat(offsets[:-1] - offsets[0], counts)
    keep = columns < MOST_WORDS
    padded = np.full((len(counts), MOST_WORDS), fill, dtype=np.int64)
    padded[rows[keep], columns[keep]] = values[keep]
    return padded


def _words(names: pa.Array) -> tuple[pa.Array, Ints]:
    lists = pc.split_pattern(names, " ")
    offsets: Ints = lists.offsets.to_numpy(zero_copy_only=False).astype(np.int64)
    return lists.flatten(), offsets


def _flat(lists: pa.Array) -> Ints:
    flat: Ints = lists.flatten().to_numpy(zero_copy_only=False).astype(np.int64)
    return flat


class Vocabulary:
    """The distinct words of a batch, with what is asked of them again and again; one look at each word."""

    def __init__(self, words: pa.Array) -> None:
        """Describe distinct words.

        Args:
            words: varchar, distinct, none null.
        """
        self.array = words
        self.words: list[str] = words.to_pylist()
        self.lengths: Ints = pc.utf8_length(words).to_numpy(zero_copy_only=False).astype(np.int64)
        self.is_alphabetic: Bools = pc.utf8_is_alpha(words).to_numpy(zero_copy_only=False)
        self.first_letters: Ints = _codes(pc.utf8_slice_codeunits(words, 0, 1))
        # German ä ö ü are written with or without an e: two spellings of one word
        self.umlaut_spellings: Ints = _codes(pc.replace_substring_regex(words, "([aou])e", r"\1"))

    def likeness(self, left: Ints, right: Ints) -> Floats:
        """Say for pairs of unequal words whether they seem meant to be the same.

        Args:
            left: numbers of words.
            right: numbers of words, as many.

        Returns:
            1 for two spellings of one word (ue, ü); TYPO_SHARE for a typo (one edit in a word of 4 to 7
            letters, two in a longer one; none in a word with a figure); PREFIX_SHARE where one is the other's beginning
            of three letters or more; else 0. The distance is optimal string alignment, in which two letters that
            changed places are one edit.
        """
        shorter = np.minimum(self.lengths[left], self.lengths[right])
        gap = np.abs(self.lengths[left] - self.lengths[right])
        allowed = np.where(shorter >= 8, 2, np.where(shorter >= 4, 1, 0))  # noqa: PLR2004 (see Returns)
        plain = self.is_alphabetic[left] & self.is_alphabetic[right]
        found = np.zeros(len(left))
        may_begin = plain & (shorter >= 3) & (self.first_letters[left] == self.first_letters[right])  # noqa: PLR2004
        may_be_typo = plain & (gap <= allowed) & (allowed > 0)
        for asked, scorer, share in (
            (may_begin, Prefix.similarity, PREFIX_SHARE),
            (may_be_typo, OSA.distance, TYPO_SHARE),
        ):
            at = np.flatnonzero(asked)
            if not len(at):
                continue
            score = process.cpdist(
                [self.words[number] for number in left[at]],
                [self.words[number] for number in right[at]],
                scorer=scorer,
                dtype=np.int32,
                workers=1,
            )
            hit = score == shorter[at] if share == PREFIX_SHARE else score <= allowed[at]
            found[at[hit]] = share
        found[self.umlaut_spellings[left] == self.umlaut_spellings[right]] = 1.0
        return found


def _codes(values: pa.Array) -> Ints:
    """Equal values, equal numbers."""
    codes: Ints = values.dictionary_encode().indices.to_numpy(zero_copy_only=False).astype(np.int64)
    return codes


def compare_names(
    left_names: pa.Array,
    right_names: pa.Array,
    left_codes: pa.Array,
    right_codes: pa.Array,
    left_places: pa.Array,
    right_places: pa.Array,
) -> pa.Array:
    """Align the words of many pairs of names.

    Args:
        left_names: varchar, words separated by one blank (core names).
        right_names: the same for the other side.
        left_codes: integer[], of each word KINDS times its distinctiveness in 1/1000 bit plus its kind (0 distinctive,
            1 structure, 2 activity, 3 place, 4 common, 5 fund, 6 function, 7 domain ending, 8 numeral, 9 country).
        right_codes: the same for the other side.
        left_places: varchar, words separated by one blank: where the left record says it is; null when it does not.
        right_places: the same for the other side.

    Returns:
        struct per pair: distinctiveness of the shared words, of that the part of words not quite equal, of that the
        part of words cut short, and of the words left over on either side; the class of these (REST_CLASSES: words that
        only name where one of the two is are own places), and as bits, the first word's the lowest, those that are no
        words of structure, function words or domain endings; numerals (none, same, one_sided, conflict); first_word
        (same, unequal, different); is_acronym (one name is the initials of the other); glued_similarity
        (0–1) of the names without blanks, and whether the shorter of these stands inside the longer one. Swapping the
        sides swaps left and right and changes nothing else.
    """
    names = [_filled(one_chunk(side)) for side in (left_names, right_names)]
    codes = [one_chunk(side) for side in (left_codes, right_codes)]
    places = [_filled(one_chunk(side)) for side in (left_places, right_places)]
    columns = [*names, *codes, *places]
    kernels = compiled_kernels(len(names[0]))
    if kernels is None:
        fields = _compared(*columns)
    else:
        fields, is_left_over = kernels.compared(*columns)
        at = np.flatnonzero(is_left_over)
        if len(at):
            answers = _compared(*(column.take(pa.array(at)) for column in columns))
            for field, answer in zip(fields, answers, strict=True):
                field[at] = answer
        inside = fields[-1]
        at = np.flatnonzero(inside == len(INSIDE))
        if len(at):
            inside[at] = _inside(*(_glued(side.take(pa.array(at))).to_pylist() for side in names))
    words = (*(None,) * 5, REST_CLASSES, REST_CLASSES, None, None, NUMERALS, FIRST_WORDS, None, None, INSIDE)
    return pa.StructArray.from_arrays(
        [worded(field, among) if among else pa.array(field) for field, among in zip(fields, words, strict=True)],
        fields=list(NAME_COMPARISON_TYPE),
    )


def _compared(
    left_names: pa.Array, right_names: pa.Array, left_codes: pa.Array, right_codes: pa.Array, left_places: pa.Array,
    right_places: pa.Array,
) -> list[npt.NDArray[Any]]:  # fmt: skip
    """The fields of compare_names in their order, enums as codes; nothing is null."""
    count = len(left_names)
    left_words, left_offsets = _words(left_names)
    right_words, right_offsets = _words(right_names)
    both = pa.concat_arrays([left_words, right_words])
    encoded = both.dictionary_encode()
    ids: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    vocabulary = Vocabulary(encoded.dictionary)
    left = _padded(ids[: len(left_words)], left_offsets, -1)
    right = _padded(ids[len(left_words) :], right_offsets, -2)
    left_bits, left_kind = np.divmod(_padded(_flat(left_codes), left_offsets, 0), KINDS)
    right_bits, right_kind = np.divmod(_padded(_flat(right_codes), right_offsets, 0), KINDS)

    left_done = np.zeros(left.shape, dtype=np.bool_)
    right_done = np.zeros(right.shape, dtype=np.bool_)
    for column in range(MOST_WORDS):
        left_done |= left == right[:, column, None]
        right_done |= right == left[:, column, None]
    shared = np.where(left_done, left_bits, 0).sum(axis=1)
    shared = np.maximum(shared, np.where(right_done, right_bits, 0).sum(axis=1)).astype(np.float64)
    unequal = np.zeros(count)
    shortened = np.zeros(count)
    left_open = (left >= 0) & ~left_done
    right_open = (right >= 0) & ~right_done

    glued_left, glued_right = _glued(left_names), _glued(right_names)
    is_glued_equal = pc.equal(glued_left, glued_right).to_numpy(zero_copy_only=False)
    # spacing alone: everything is shared
    spaced = is_glued_equal & (left_open.any(axis=1) | right_open.any(axis=1))
    shared[spaced] = np.minimum(left_bits.sum(axis=1), right_bits.sum(axis=1))[spaced]
    left_open[spaced] = False
    right_open[spaced] = False

    todo = np.flatnonzero(left_open.any(axis=1) & right_open.any(axis=1))
    if len(todo):
        gained = _join_split_words(todo, vocabulary, left, right, left_open, right_open, left_bits, right_bits)
        shared[todo] += gained
        gained, doubtful, cut_short = _pair_misspelt_words(
            todo, vocabulary, left, right, left_open, right_open, left_bits, right_bits,
            np.isin(left_kind, PLACE_KINDS), np.isin(right_kind, PLACE_KINDS),
        )  # fmt: skip
        shared[todo] += gained
        unequal[todo] += doubtful
        shortened[todo] += cut_short

    left_masks = _kind_mask(left_kind, left_open)
    right_masks = _kind_mask(right_kind, right_open)
    has_left_numeral = (left_masks >> NUMERAL_KIND) & 1 == 1
    has_right_numeral = (right_masks >> NUMERAL_KIND) & 1 == 1
    any_numeral = ((left_kind == NUMERAL_KIND) & (left >= 0)).any(axis=1)
    left_named = left_open & ~np.isin(left_kind, INDISTINCT_KINDS)
    right_named = right_open & ~np.isin(right_kind, INDISTINCT_KINDS)
    places = _words_of_places(vocabulary, left_places, right_places)
    spellings = glued_left.to_pylist(), glued_right.to_pylist()
    return [
        np.rint(shared).astype(np.int32),
        np.rint(unequal).astype(np.int32),
        np.rint(shortened).astype(np.int32),
        np.where(left_open, left_bits, 0).sum(axis=1).astype(np.int32),
        np.where(right_open, right_bits, 0).sum(axis=1).astype(np.int32),
        _rest_classes(left_masks, _are_places(vocabulary, left, left_named, places)).astype(np.uint8),
        _rest_classes(right_masks, _are_places(vocabulary, right, right_named, places)).astype(np.uint8),
        _as_bits(left_named),
        _as_bits(right_named),
        np.select(
            [has_left_numeral & has_right_numeral, has_left_numeral | has_right_numeral, any_numeral], [0, 1, 2], 3
        ).astype(np.uint8),
        np.select([left[:, 0] == right[:, 0], ~left_open[:, 0] & ~right_open[:, 0]], [0, 1], 2).astype(np.uint8),
        _is_acronym(left_names, right_names, left_offsets, right_offsets),
        _likeness(*spellings),
        _inside(*spellings),
    ]


def _filled(texts: pa.Array) -> pa.Array:
    """Texts, empty where there is none."""
    return pc.fill_null(texts, "") if texts.null_count else texts


def _glued(names: pa.Array) -> pa.Array:
    """Names without blanks."""
    return pc.replace_substring(names, " ", "")


def _likeness(left: list[str], right: list[str]) -> Floats:
    """How alike names without blanks are."""
    return process.cpdist(left, right, scorer=fuzz.ratio, dtype=np.float64, workers=1) / 100


def _inside(left: list[str], right: list[str]) -> npt.NDArray[np.uint8]:
    """Whether the shorter of two names without blanks stands inside the longer, as places in INSIDE."""
    cutoff = 100 * SMALLEST_PARTIAL_SIMILARITY
    partial = process.cpdist(
        left, right, scorer=fuzz.partial_ratio, dtype=np.float64, workers=1, score_cutoff=cutoff
    ) / 100  # fmt: skip
    return np.select(
        [partial >= WHOLE_SIMILARITY, partial >= SMALLEST_PARTIAL_SIMILARITY], [0, 1], 2
    ).astype(np.uint8)  # fmt: skip


def worded(codes: npt.NDArray[Any], words: tuple[str, ...]) -> pa.Array:
    """Codes as the words they stand for, which DuckDB takes for an enum.

    Args:
        codes: places in the words, from 0.
        words: all of them, in the order of their codes.
    """
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.uint8)), pa.array(words))


def _as_bits(is_such: Bools) -> npt.NDArray[np.int16]:
    """Rows of booleans as one integer each, the first column its lowest bit."""
    bits: npt.NDArray[np.int16] = (is_such << np.arange(is_such.shape[1])).sum(axis=1).astype(np.int16)
    return bits


def _words_of_places(vocabulary: Vocabulary, *places: pa.Array) -> Ints:
    """Row and word of every word that names where a record of the pair is, as one number each (see _are_places)."""
    found = []
    for side in places:
        words, offsets = _words(side)
        numbers = pc.fill_null(pc.index_in(words, vocabulary.array), -1).to_numpy(zero_copy_only=False)
        rows = np.repeat(np.arange(len(side)), np.diff(offsets))
        found.append((rows * len(vocabulary.words) + numbers)[numbers >= 0])
    return np.concatenate(found)


def _are_places(vocabulary: Vocabulary, numbers: Ints, is_named: Bools, places: Ints) -> Bools:
    """Whether there are words left over and all of them name where one of the two records is."""
    rows, columns = np.nonzero(is_named)
    is_place = np.isin(rows * len(vocabulary.words) + numbers[rows, columns], places)
    answer: Bools = np.asarray(is_named.any(axis=1))
    answer[rows[~is_place]] = False
    return answer


def _rest_classes(masks: Ints, are_places: Bools) -> Ints:
    """The class of what is left over, as places in REST_CLASSES."""
    conditions = [np.isin(masks, NOTHING_LEFT), are_places, *((masks & bits) > 0 for bits, _ in CLASSES_OF_KINDS)]
    names = ["none", "own place", *(name for _, name in CLASSES_OF_KINDS)]
    classes: Ints = np.select(conditions, [REST_CLASSES.index(name) for name in names], REST_CLASSES.index("structure"))
    return classes


def _kind_mask(kinds: Ints, is_open: Bools) -> Ints:
    """Bit mask of the kinds of the words left over."""
    masks: Ints = np.bitwise_or.reduce(np.where(is_open, np.left_shift(1, kinds), 0), axis=1)
    return masks


def _join_split_words(
    todo: Ints, vocabulary: Vocabulary, left: Ints, right: Ints, left_open: Bools, right_open: Bools,
    left_bits: Ints, right_bits: Ints,
) -> Floats:  # fmt: skip
    """Find one word on one side that is two neighbours on the other (facebook, face book); marks them done."""
    gained = np.zeros(len(todo))
    for one, one_open, one_bits, two, two_open, two_bits in (
        (left, left_open, left_bits, right, right_open, right_bits),
        (right, right_open, right_bits, left, left_open, left_bits),
    ):
        pairs_open = two_open[todo, :-1] & two_open[todo, 1:]
        rows, columns = np.nonzero(pairs_open)
        if not len(rows):
            continue
        first, second = two[todo[rows], columns], two[todo[rows], columns + 1]
        together = pc.binary_join_element_wise(
            vocabulary.array.take(pa.array(first)), vocabulary.array.take(pa.array(second)), ""
        )
        joined = pc.fill_null(pc.index_in(together, vocabulary.array), -9).to_numpy(zero_copy_only=False)
        hit_rows, hit_words = np.nonzero((one[todo[rows]] == joined[:, None]) & one_open[todo[rows]])
        for hit, word in zip(hit_rows, hit_words, strict=True):
            row, column = int(todo[rows[hit]]), int(columns[hit])
            if one_open[row, word] and two_open[row, column] and two_open[row, column + 1]:
                one_open[row, word] = False
                two_open[row, column] = two_open[row, column + 1] = False
                bits = min(one_bits[row, word], two_bits[row, column] + two_bits[row, column + 1])
                gained[rows[hit]] += bits
    return gained


def _pair_misspelt_words(
    todo: Ints, vocabulary: Vocabulary, left: Ints, right: Ints, left_open: Bools, right_open: Bools,
    left_bits: Ints, right_bits: Ints, left_places: Bools, right_places: Bools,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Pair words that are not quite equal, best pairs first; marks them done. Two places are two, but for spelling.

    Returns:
        All that is gained, the doubtful part of it, and of that the part from words cut short.
    """
    gained, doubtful, cut_short = np.zeros((3, len(todo)))
    is_open = left_open[todo][:, :, None] & right_open[todo][:, None, :]
    rows, left_at, right_at = np.nonzero(is_open)
    left_ids, right_ids = left[todo[rows], left_at], right[todo[rows], right_at]
    pairs, where = np.unique(left_ids * len(vocabulary.words) + right_ids, return_inverse=True)
    likeness = vocabulary.likeness(*np.divmod(pairs, len(vocabulary.words)))[where]
    are_places = left_places[todo[rows], left_at] & right_places[todo[rows], right_at]
    likeness[are_places & (likeness < 1)] = 0
    found = likeness > 0
    if not found.any():
        return gained, doubtful, cut_short
    share = np.ones(is_open.shape)
    worth = np.zeros(is_open.shape)
    rows, left_at, right_at = rows[found], left_at[found], right_at[found]
    worth[rows, left_at, right_at] = likeness[found] * (
        1 + np.minimum(left_bits[todo[rows], left_at], right_bits[todo[rows], right_at])
    )
    share[rows, left_at, right_at] = likeness[found]
    for _ in range(MOST_MISSPELT_WORDS):
        flat = worth.reshape(len(todo), -1)
        best = flat.argmax(axis=1)
        value = flat[np.arange(len(todo)), best]
        hit = np.flatnonzero(value > 0)
        if not len(hit):
            break
        at_left, at_right = np.divmod(best[hit], MOST_WORDS)
        gained[hit] += value[hit]
        doubtful[hit] += np.where(share[hit, at_left, at_right] < 1, value[hit], 0)
        cut_short[hit] += np.where(share[hit, at_left, at_right] == PREFIX_SHARE, value[hit], 0)
        left_open[todo[hit], at_left] = False
        right_open[todo[hit], at_right] = False
        worth[hit, at_left, :] = 0
        worth[hit, :, at_right] = 0
    return gained, doubtful, cut_short


def _is_acronym(left: pa.Array, right: pa.Array, left_offsets: Ints, right_offsets: Ints) -> Bools:
    """One side is a single word, the initials of the other side's three or more words."""
    left_count, right_count = np.diff(left_offsets), np.diff(right_offsets)
    answer = np.zeros(len(left), dtype=np.bool_)
    for one, one_count, many, many_count in (
        (left, left_count, right, right_count),
        (right, right_count, left, left_count),
    ):
        asked = np.flatnonzero((one_count == 1) & (many_count >= SHORTEST_ACRONYM))
        acronyms = one.take(pa.array(asked))
        for initials in initials_of(split_batch(many.take(pa.array(asked)))):
            answer[asked] |= pc.equal(acronyms, initials).to_numpy(zero_copy_only=False)
    return answer
