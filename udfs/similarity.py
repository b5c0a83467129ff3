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

from udfs.words import SHORTEST_ACRONYM, initials_of, one_chunk, split_batch

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
# Below this a partial similarity counts as 0: nothing asks for it, and looking for it is slow.
SMALLEST_PARTIAL_SIMILARITY = 0.9

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

NAME_COMPARISON_TYPE = pa.struct(
    [
        ("shared_millibits", pa.int32()),
        ("unequal_millibits", pa.int32()),
        ("shortened_millibits", pa.int32()),
        ("left_rest_millibits", pa.int32()),
        ("right_rest_millibits", pa.int32()),
        ("left_rest_kinds", pa.int32()),
        ("right_rest_kinds", pa.int32()),
        ("left_rest_words", pa.list_(pa.string())),
        ("right_rest_words", pa.list_(pa.string())),
        ("numerals", pa.string()),
        ("first_word", pa.string()),
        ("is_acronym", pa.bool_()),
        ("glued_similarity", pa.float64()),
        ("partial_similarity", pa.float64()),
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
    lists = pc.split_pattern(pc.fill_null(names, ""), " ")
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
    left_millibits: pa.Array,
    right_millibits: pa.Array,
    left_kinds: pa.Array,
    right_kinds: pa.Array,
) -> pa.Array:
    """Align the words of many pairs of names.

    Args:
        left_names: varchar, words separated by one blank (core names).
        right_names: the same for the other side.
        left_millibits: integer[], distinctiveness of each word in 1/1000 bit.
        right_millibits: the same for the other side.
        left_kinds: integer[], kind of each word (0 distinctive, 1 structure, 2 activity, 3 place, 4 common, 5 fund,
            6 function, 7 domain ending, 8 numeral).
        right_kinds: the same for the other side.

    Returns:
        struct per pair: distinctiveness of the shared words, of that the part of words not quite equal, of that the
        part of words cut short, of the words left over on either side with a bit mask of their kinds, and those of
        them that are no words of structure, function words or domain endings; numerals (none, same, one_sided,
        conflict); first_word (same, unequal, different); is_acronym (one name is the initials of the other);
        glued_similarity and partial_similarity (0–1, the latter 0 when under
        SMALLEST_PARTIAL_SIMILARITY) of the names without blanks. Swapping the sides swaps left and
        right and changes nothing else.
    """
    left_names, right_names = one_chunk(left_names), one_chunk(right_names)
    count = len(left_names)
    left_words, left_offsets = _words(left_names)
    right_words, right_offsets = _words(right_names)
    both = pa.concat_arrays([left_words, right_words])
    encoded = both.dictionary_encode()
    ids: Ints = encoded.indices.to_numpy(zero_copy_only=False).astype(np.int64)
    vocabulary = Vocabulary(encoded.dictionary)
    left = _padded(ids[: len(left_words)], left_offsets, -1)
    right = _padded(ids[len(left_words) :], right_offsets, -2)
    left_bits = _padded(_flat(one_chunk(left_millibits)), left_offsets, 0)
    right_bits = _padded(_flat(one_chunk(right_millibits)), right_offsets, 0)
    left_kind = _padded(_flat(one_chunk(left_kinds)), left_offsets, 0)
    right_kind = _padded(_flat(one_chunk(right_kinds)), right_offsets, 0)

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

    glued_left = pc.replace_substring(pc.fill_null(left_names, ""), " ", "")
    glued_right = pc.replace_substring(pc.fill_null(right_names, ""), " ", "")
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
            todo, vocabulary, left, right, left_open, right_open, left_bits, right_bits
        )
        shared[todo] += gained
        unequal[todo] += doubtful
        shortened[todo] += cut_short

    left_masks = _kind_mask(left_kind, left_open)
    right_masks = _kind_mask(right_kind, right_open)
    has_left_numeral = (left_masks >> NUMERAL_KIND) & 1 == 1
    has_right_numeral = (right_masks >> NUMERAL_KIND) & 1 == 1
    any_numeral = ((left_kind == NUMERAL_KIND) & (left >= 0)).any(axis=1)
    numerals = np.select(
        [has_left_numeral & has_right_numeral, has_left_numeral | has_right_numeral, any_numeral], [0, 1, 2], 3
    )
    first_word = np.select([left[:, 0] == right[:, 0], ~left_open[:, 0] & ~right_open[:, 0]], [0, 1], 2)
    spellings = glued_left.to_pylist(), glued_right.to_pylist()
    return pa.StructArray.from_arrays(
        [
            pa.array(np.rint(shared).astype(np.int32)),
            pa.array(np.rint(unequal).astype(np.int32)),
            pa.array(np.rint(shortened).astype(np.int32)),
            pa.array(np.where(left_open, left_bits, 0).sum(axis=1).astype(np.int32)),
            pa.array(np.where(right_open, right_bits, 0).sum(axis=1).astype(np.int32)),
            pa.array(left_masks.astype(np.int32)),
            pa.array(right_masks.astype(np.int32)),
            _open_words(vocabulary, left, left_open & ~np.isin(left_kind, INDISTINCT_KINDS)),
            _open_words(vocabulary, right, right_open & ~np.isin(right_kind, INDISTINCT_KINDS)),
            pa.array(["conflict", "one_sided", "same", "none"]).take(pa.array(numerals)),
            pa.array(["same", "unequal", "different"]).take(pa.array(first_word)),
            pa.array(_is_acronym(left_names, right_names, left_offsets, right_offsets), pa.bool_()),
            pa.array(process.cpdist(*spellings, scorer=fuzz.ratio, dtype=np.float64, workers=1) / 100),
            pa.array(
                process.cpdist(
                    *spellings,
                    scorer=fuzz.partial_ratio,
                    dtype=np.float64,
                    workers=1,
                    score_cutoff=100 * SMALLEST_PARTIAL_SIMILARITY,
                )
                / 100
            ),
        ],
        fields=list(NAME_COMPARISON_TYPE),
    )


def _open_words(vocabulary: Vocabulary, numbers: Ints, is_open: Bools) -> pa.Array:
    """The words left over, as lists."""
    offsets = np.concatenate([[0], np.cumsum(is_open.sum(axis=1))])
    chosen = pa.array(numbers[is_open], pa.int64())
    return pa.ListArray.from_arrays(pa.array(offsets, pa.int32()), vocabulary.array.take(chosen).cast(pa.string()))


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
    left_bits: Ints, right_bits: Ints,
) -> tuple[Floats, Floats, Floats]:  # fmt: skip
    """Pair words that are not quite equal, best pairs first; marks them done.

    Returns:
        All that is gained, the doubtful part of it, and of that the part from words cut short.
    """
    gained = np.zeros(len(todo))
    doubtful = np.zeros(len(todo))
    cut_short = np.zeros(len(todo))
    is_open = left_open[todo][:, :, None] & right_open[todo][:, None, :]
    rows, left_at, right_at = np.nonzero(is_open)
    left_ids, right_ids = left[todo[rows], left_at], right[todo[rows], right_at]
    pairs, where = np.unique(left_ids * len(vocabulary.words) + right_ids, return_inverse=True)
    likeness = vocabulary.likeness(*np.divmod(pairs, len(vocabulary.words)))[where]
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
