"""How alike two names are spelled, sixty-four letters at a time.

Belongs here: common subsequences, and what rapidfuzz' ratio and partial_ratio make of them, to the last bit. Does not
belong here: words (words.py).
"""

import numpy as np

from udfs.kernels import Bytes, Marks, compiled
from udfs.kernels.words import same
from udfs.similarity import INSIDE, SMALLEST_PARTIAL_SIMILARITY

LONGEST = 256  # letters of a name; longer ones are left to similarity.py
BLOCK = 64  # letters whose places fit in one word of bits
BLOCKS = LONGEST // BLOCK
ONE = np.uint64(1)
ALL = np.uint64(0xFFFFFFFFFFFFFFFF)
IS_INSIDE, NEARLY_INSIDE, NOT_INSIDE = (INSIDE.index(name) for name in ("inside", "nearly inside", "not inside"))
UNKNOWN = len(INSIDE)  # of a short name of more than BLOCK letters, which rapidfuzz looks at in another way
# A piece of k letters shares at most k with a text of n, so it needs 2 k / (n + k) of the smallest partial similarity.
SHORTEST_PIECE = SMALLEST_PARTIAL_SIMILARITY / (2 - SMALLEST_PARTIAL_SIMILARITY)


@compiled
def mark(text: Bytes, size: int, masks: Marks) -> None:
    """Note in bits at which places of a text each letter stands."""
    for at in range(size):
        masks[text[at], at // BLOCK] |= ONE << np.uint64(at % BLOCK)


@compiled
def unmark(text: Bytes, size: int, masks: Marks) -> None:
    """Take the notes back."""
    for at in range(size):
        masks[text[at], at // BLOCK] = np.uint64(0)


@compiled
def count_bits(bits: np.uint64) -> int:
    """How many bits are set."""
    bits = bits - ((bits >> ONE) & np.uint64(0x5555555555555555))
    bits = (bits & np.uint64(0x3333333333333333)) + ((bits >> np.uint64(2)) & np.uint64(0x3333333333333333))
    bits = (bits + (bits >> np.uint64(4))) & np.uint64(0x0F0F0F0F0F0F0F0F)
    return int((bits * np.uint64(0x0101010101010101)) >> np.uint64(56))


@compiled
def common_length(masks: Marks, size: int, text: Bytes, start: int, end: int) -> int:
    """Length of the longest common subsequence of a marked text and a piece of another, BLOCK letters at a time.

    Source: Hyyrö 2004, "Bit-parallel LCS-length computation revisited".
    """
    blocks = (size + BLOCK - 1) // BLOCK
    if blocks == 1:
        state = ALL
        for at in range(start, end):
            hits = state & masks[text[at], 0]
            state = (state + hits) | (state - hits)
        state = ~state
        if size < BLOCK:
            state &= (ONE << np.uint64(size)) - ONE
        return count_bits(state)
    states = np.empty(BLOCKS, np.uint64)
    for block in range(blocks):
        states[block] = ALL
    for at in range(start, end):
        carry = np.uint64(0)
        for block in range(blocks):
            state = states[block]
            hits = state & masks[text[at], block]
            added = state + hits
            overflow = ONE if added < state else np.uint64(0)
            carried = added + carry
            if carried < added:
                overflow = ONE
            states[block] = carried | (state - hits)
            carry = overflow
    total = 0
    for block in range(blocks):
        state = ~states[block]
        rest = size - BLOCK * block
        if rest < BLOCK:
            state &= (ONE << np.uint64(rest)) - ONE
        total += count_bits(state)
    return total


@compiled
def ratio(common: int, one_size: int, two_size: int) -> float:
    """Likeness of two texts with a common subsequence of a length, to the last bit as rapidfuzz' fuzz.ratio says it."""
    total = one_size + two_size
    return (1.0 - (total - 2 * common) / total) * 100.0 / 100


@compiled
def has_alike_piece(masks: Marks, size: int, text: Bytes, text_size: int, common: int) -> bool:
    """Whether some piece of the longer text is as like the shorter, marked one as SMALLEST_PARTIAL_SIMILARITY.

    The pieces are those of rapidfuzz' fuzz.partial_ratio: beginnings, ends, and windows as long as the shorter text.
    """
    shortest = max(1, int(np.ceil(SHORTEST_PIECE * size - 1e-9)))
    for end in range(shortest, size):
        if ratio(common_length(masks, size, text, 0, end), size, end) >= SMALLEST_PARTIAL_SIMILARITY:
            return True
    if common >= SMALLEST_PARTIAL_SIMILARITY * size - 1e-9:
        for start in range(text_size - size + 1):
            if ratio(common_length(masks, size, text, start, start + size), size, size) >= SMALLEST_PARTIAL_SIMILARITY:
                return True
    for start in range(text_size - size + 1, text_size - shortest + 1):
        piece = text_size - start
        if ratio(common_length(masks, size, text, start, text_size), size, piece) >= SMALLEST_PARTIAL_SIMILARITY:
            return True
    return False


@compiled
def inside_of(masks: Marks, short: Bytes, size: int, long: Bytes, long_size: int, common: int) -> int:
    """Whether the shorter of two texts, marked, stands inside the longer one: a place in INSIDE, or UNKNOWN."""
    if common < SHORTEST_PIECE * size - 1e-9:
        return NOT_INSIDE
    if common == size:
        for start in range(long_size - size + 1):
            if same(short, 0, size, long, start, start + size):
                return IS_INSIDE
    if size > BLOCK:
        return UNKNOWN
    if has_alike_piece(masks, size, long, long_size, common):
        return NEARLY_INSIDE
    if size == long_size:
        unmark(short, size, masks)
        mark(long, long_size, masks)
        found = has_alike_piece(masks, long_size, short, size, common)
        unmark(long, long_size, masks)
        mark(short, size, masks)
        if found:
            return NEARLY_INSIDE
    return NOT_INSIDE
