"""Names as flat arrays of words, for whole batches at once.

Belongs here: cutting names into words, putting them together again, and what follows from their letters alone
(skeleton, initials), on the bytes of a batch without a loop over its names. Does not belong here: what a word means
(udfs/names.py) or what it is worth (res_name_words).
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

SHORTEST_ACRONYM = 3
LONGEST_LITTLE_WORD = 3
# Kinds of words are numbered under this (res_name_words), so that one integer holds a word's kind and distinctiveness.
KINDS = 16
# Distinctive words, and those of them by which a country is called.
DISTINCTIVE_KINDS = (0, 9)
# Words that are known to name a place: two of them are two places, however alike (Niger, Nigeria).
PLACE_KINDS = (3, 9)

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Bytes = npt.NDArray[np.uint8]

_IS_LETTER: Bools = np.isin(np.arange(256), np.frombuffer(b"abcdefghijklmnopqrstuvwxyz0123456789", np.uint8))
_IS_DIGIT: Bools = np.isin(np.arange(256), np.frombuffer(b"0123456789", np.uint8))
_IS_VOWEL: Bools = np.isin(np.arange(256), np.frombuffer(b"aeiouyh", np.uint8))
_IS_DOUBLED: Bools = np.isin(np.arange(256), np.frombuffer(b"bdfgklmnprstv", np.uint8))
_SOUND: Bytes = np.arange(256, dtype=np.uint8)
for _letter, _sound in (b"ck", b"qk", b"zs", b"wv", b"yi", b"xk"):
    _SOUND[_letter] = _sound

NAME_WORDS_TYPE = pa.struct(
    [
        ("word_numbers", pa.list_(pa.int32())),
        ("word_codes", pa.list_(pa.int32())),
        ("word_ranks", pa.list_(pa.int32())),
        ("distinctiveness_millibits", pa.int32()),
        ("has_distinctive_word", pa.bool_()),
        ("has_country_word", pa.bool_()),
        ("has_place_word", pa.bool_()),
        ("skeleton", pa.string()),
        ("initials", pa.list_(pa.string())),
    ]
)


class FlatWords(NamedTuple):
    """The words of many names, one after the other."""

    words: pa.Array  # varchar
    starts: Ints  # where each name's words begin, and the end: one more than there are names

    @property
    def counts(self) -> Ints:
        """How many words each name has."""
        return np.diff(self.starts)

    @property
    def rows(self) -> Ints:
        """The name each word belongs to."""
        return np.repeat(np.arange(len(self.starts) - 1), self.counts)

    @property
    def positions(self) -> Ints:
        """The place of each word in its name, from 0."""
        return np.arange(len(self.words)) - np.repeat(self.starts[:-1], self.counts)

    def has_any(self, is_such: Bools) -> Bools:
        """Which names have a word of a kind.

        Args:
            is_such: of which words that is true, one for each.
        """
        found = np.zeros(len(self.starts) - 1, dtype=np.bool_)
        found[self.rows[is_such]] = True
        return found

    def kept(self, is_kept: Bools) -> "FlatWords":
        """Leave words out.

        Args:
            is_kept: which words stay, one for each.

        Returns:
            The same names with fewer words.
        """
        return FlatWords(self.words.filter(pa.array(is_kept)), _offsets_after(is_kept, self.starts))

    def with_letters_joined(self) -> "FlatWords":
        """Make one word of single letters that follow each other in a name: s p a, j k rowling."""
        data, offsets = _bytes_of(self.words)
        is_letter = np.zeros(len(self.words), dtype=np.bool_)
        is_one = np.diff(offsets) == 1
        is_letter[is_one] = ~_IS_DIGIT[data[offsets[:-1][is_one]]]
        follows = np.zeros(len(self.words), dtype=np.bool_)
        follows[1:] = is_letter[1:] & is_letter[:-1]
        follows &= self.positions > 0
        word_offsets = np.concatenate([offsets[:-1][~follows], offsets[-1:]])
        return FlatWords(_strings_of(data, word_offsets), _offsets_after(~follows, self.starts))

    def as_lists(self) -> pa.Array:
        """The words as list<varchar>, one per name."""
        return pa.ListArray.from_arrays(pa.array(self.starts, pa.int32()), self.words)

    def joined(self) -> pa.Array:
        """The names again: words with one blank between them."""
        return pc.binary_join(self.as_lists(), " ")


def one_chunk(array: pa.Array | pa.ChunkedArray) -> pa.Array:
    """DuckDB hands over chunked arrays; most of pyarrow wants one piece.

    Args:
        array: of any type.

    Returns:
        The same values in one piece.
    """
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def each_list(lists: pa.Array, work: Callable[[int], pa.Array], kind: pa.ListType) -> pa.Array:
    """Work lists of names off side by side, on all cores: Arrow and numpy do most of it without the interpreter's lock.

    Args:
        lists: n lists, some perhaps null.
        work: from the place of a list to its results, as many as the list is long.
        kind: the type of a list of results.

    Returns:
        A list of results for each; null for null.
    """
    places = np.flatnonzero(lists.is_valid().to_numpy(zero_copy_only=False))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(work, places.tolist()))
    lengths = np.zeros(len(lists), dtype=np.int64)
    lengths[places] = [len(result) for result in results]
    begin = pa.array(np.concatenate([[0], np.cumsum(lengths)]), pa.int32())
    values = pa.concat_arrays(results) if results else pa.array([], kind.value_type)
    return pa.ListArray.from_arrays(begin, values, mask=lists.is_null() if lists.null_count else None)


def _offsets_after(is_kept: Bools, offsets: Ints) -> Ints:
    """Where groups begin once elements are left out."""
    kept_before = np.concatenate([[0], np.cumsum(is_kept)])
    shifted: Ints = kept_before[offsets]
    return shifted


def _bytes_of(texts: pa.Array) -> tuple[Bytes, Ints]:
    """The bytes of all texts in a row, and where each text begins; null is empty."""
    plain = pc.fill_null(texts, "").cast(pa.string())
    _, offset_buffer, data_buffer = plain.buffers()
    offsets = np.frombuffer(offset_buffer, np.int32)[plain.offset : plain.offset + len(plain) + 1].astype(np.int64)
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer is not None else np.zeros(0, np.uint8)
    return data[offsets[0] : offsets[-1]], offsets - offsets[0]


def _strings_of(data: Bytes, offsets: Ints) -> pa.Array:
    """Texts again, from their bytes and where each begins."""
    return pa.StringArray.from_buffers(
        len(offsets) - 1, pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(np.ascontiguousarray(data))
    )


def split_batch(texts: pa.Array) -> FlatWords:
    """Cut clean lower-case ASCII texts into words.

    Args:
        texts: varchar; null has no words.

    Returns:
        The runs of letters and digits of each; single letters in a row are one word (s.p.a. → spa).
    """
    data, offsets = _bytes_of(texts)
    is_letter = _IS_LETTER[data]
    follows = np.zeros(len(data), dtype=np.bool_)
    follows[1:] = is_letter[:-1]
    follows[offsets[:-1][offsets[:-1] < len(data)]] = False
    is_start = is_letter & ~follows
    letters_before = np.concatenate([[0], np.cumsum(is_letter)])
    word_offsets = np.concatenate([letters_before[:-1][is_start], letters_before[-1:]])
    words = FlatWords(_strings_of(data[is_letter], word_offsets), _offsets_after(is_start, offsets))
    return words.with_letters_joined()


def name_skeleton(names: pa.Array) -> pa.Array:
    """Reduce names to what survives a typo or another transcription: a key to propose pairs by.

    Args:
        names: varchar, core names.

    Returns:
        varchar: the name without blanks, sounds that are often interchanged written alike (ph f, ck c q k, x ks, z s,
        w v, y i), vowels dropped behind the first letter, doubled letters once; null stays null.
    """
    names = one_chunk(names)
    data, offsets = _bytes_of(names)
    data, offsets = _without(~_IS_LETTER[data], data, offsets)
    following = np.zeros(len(data), dtype=np.uint8)
    following[:-1] = data[1:]
    ends = offsets[1:] - 1
    following[ends[np.diff(offsets) > 0]] = 0
    is_ph = (data == ord("p")) & (following == ord("h"))
    is_ck = (data == ord("c")) & (following == ord("k"))
    is_x = data == ord("x")
    sounds = np.where(is_ph, np.uint8(ord("f")), _SOUND[data])
    dropped = is_ck
    dropped[1:] |= is_ph[:-1]
    # x is two sounds
    times = 1 + is_x.astype(np.int64)
    repeated = np.repeat(sounds, times)
    repeated[np.cumsum(times)[is_x] - 1] = ord("s")
    offsets = np.concatenate([[0], np.cumsum(times)])[offsets]
    data, offsets = _without(np.repeat(dropped, times), repeated, offsets)
    data, offsets = _without(_IS_VOWEL[data] & ~_is_first(offsets), data, offsets)
    is_double = np.zeros(len(data), dtype=np.bool_)
    is_double[1:] = data[1:] == data[:-1]
    data, offsets = _without(is_double & _IS_DOUBLED[data] & ~_is_first(offsets), data, offsets)
    return pc.if_else(pc.is_valid(names), _strings_of(data, offsets), pa.scalar(None, pa.string()))


def _is_first(offsets: Ints) -> Bools:
    """Which bytes begin a text."""
    first = np.zeros(offsets[-1], dtype=np.bool_)
    first[offsets[:-1][np.diff(offsets) > 0]] = True
    return first


def _without(dropped: Bools, data: Bytes, offsets: Ints) -> tuple[Bytes, Ints]:
    """Leave bytes out."""
    return data[~dropped], _offsets_after(~dropped, offsets)


def name_initials(names: pa.Array) -> pa.Array:
    """Initials of names of three words or more, with and without their little words.

    Args:
        names: varchar, core names.

    Returns:
        list<varchar>: distinct initials of three letters or more; empty for a shorter name.
    """
    words = split_batch(one_chunk(names))
    every, distinctive = initials_of(words)
    has_initials = words.counts >= SHORTEST_ACRONYM
    differs = pc.not_equal(every, distinctive).to_numpy(zero_copy_only=False)
    has_both = has_initials & differs & (_lengths(distinctive) >= SHORTEST_ACRONYM)
    both = (
        pc.if_else(pc.less(every, distinctive), every, distinctive),
        pc.if_else(pc.less(every, distinctive), distinctive, every),
    )
    slots = np.stack([has_initials, has_both], axis=1)
    first = pc.if_else(pa.array(has_both), both[0], every)
    order = np.arange(2 * len(every)).reshape(2, -1).T[slots]
    values = pa.concat_arrays([first, both[1]]).take(pa.array(order))
    lists = np.concatenate([[0], np.cumsum(slots.sum(axis=1))])
    return pa.ListArray.from_arrays(pa.array(lists, pa.int32()), values)


def initials_of(words: FlatWords) -> tuple[pa.Array, pa.Array]:
    """Initials of names.

    Args:
        words: the names' words.

    Returns:
        varchar: the initials of all words of each name, and those without little words (of, de, für …).
    """
    data, offsets = _bytes_of(words.words)
    first_letters = data[offsets[:-1]]
    is_number = np.minimum.reduceat(_IS_DIGIT[data], offsets[:-1]) if len(words.words) else np.zeros(0, np.bool_)
    is_distinctive = (np.diff(offsets) > LONGEST_LITTLE_WORD) | is_number
    return (
        _strings_of(first_letters, words.starts),
        _strings_of(first_letters[is_distinctive], _offsets_after(is_distinctive, words.starts)),
    )


def _lengths(texts: pa.Array) -> Ints:
    return _ints(pc.binary_length(texts))


def _ints(values: pa.Array) -> Ints:
    numbers: Ints = values.to_numpy(zero_copy_only=False).astype(np.int64)
    return numbers


def name_words(names: pa.Array, vocabularies: pa.Array) -> pa.Array:
    """Look up the words of lists of names.

    Args:
        names: list<varchar> per row; distinct core names.
        vocabularies: list<struct<word, number, millibits, kind, is_country_word>> per row: every word of those names,
            with a number, how distinctive it is in 1/1000 bit, the number of its kind, and whether a country is called
            by it.

    Returns:
        list<struct> per row, one struct per name in the same order: word_numbers, of its words in order; word_codes,
        KINDS times the distinctiveness of each plus the number of its kind; word_ranks, the place of each word when
        they are ordered by distinctiveness, from 1, and of equals by place in the name; distinctiveness_millibits of
        all words together; whether one of them is distinctive, one a country's, and one a place; the
        name's skeleton and initials, as name_skeleton and name_initials say them.

    Raises:
        ValueError: a word is not in the vocabulary.
    """
    names, vocabularies = one_chunk(names), one_chunk(vocabularies)
    return each_list(
        names, lambda row: _described_words(names[row].values, vocabularies[row].values), pa.list_(NAME_WORDS_TYPE)
    )


def _described_words(names: pa.Array, vocabulary: pa.Array) -> pa.Array:
    """Struct array of the words of names and what is known of each."""
    words = split_batch(names)
    numbers = pc.index_in(words.words, vocabulary.field("word"))
    if numbers.null_count:
        raise ValueError(f"word not in the vocabulary: {words.words.filter(pc.is_null(numbers))[0]}")
    bits, kinds = (_ints(vocabulary.field(name).take(numbers)) for name in ("millibits", "kind"))
    is_country_word = vocabulary.field("is_country_word").take(numbers).to_numpy(zero_copy_only=False)
    order = np.lexsort((words.positions, -bits, words.rows))
    ranks = np.empty(len(bits), dtype=np.int32)
    ranks[order] = words.positions + 1
    starts = pa.array(words.starts, pa.int32())
    total = np.concatenate([[0], np.cumsum(bits)])
    return pa.StructArray.from_arrays(
        [
            pa.ListArray.from_arrays(starts, vocabulary.field("number").take(numbers)),
            pa.ListArray.from_arrays(starts, pa.array(KINDS * bits + kinds, pa.int32())),
            pa.ListArray.from_arrays(starts, pa.array(ranks)),
            pa.array(total[words.starts[1:]] - total[words.starts[:-1]], pa.int32()),
            pa.array(words.has_any(np.isin(kinds, DISTINCTIVE_KINDS))),
            pa.array(words.has_any(is_country_word)),
            pa.array(words.has_any(np.isin(kinds, PLACE_KINDS))),
            name_skeleton(names),
            name_initials(names),
        ],
        fields=list(NAME_WORDS_TYPE),
    )
