"""Words of names, letter by letter.

Belongs here: cutting a name into words, and what two words have to do with each other. Does not belong here: how alike
whole names are spelled (spelling.py).
"""

from udfs.kernels import Bytes, Ints, Offsets, compiled
from udfs.similarity import MOST_WORDS
from udfs.words import LONGEST_LITTLE_WORD

BLANK, ZERO, NINE, A, Z, E = (ord(letter) for letter in " 09aze")
UMLAUTS = (ord("a"), ord("o"), ord("u"))


@compiled
def same(one: Bytes, one_start: int, one_end: int, two: Bytes, two_start: int, two_end: int) -> bool:
    """Whether two words are equal."""
    if one_end - one_start != two_end - two_start:
        return False
    for at in range(one_end - one_start):  # noqa: SIM110 (numba compiles loops, not generators)
        if one[one_start + at] != two[two_start + at]:
            return False
    return True


@compiled
def cut(data: Bytes, start: int, end: int, starts: Ints, ends: Ints) -> int:
    """Cut a name into words: where the first MOST_WORDS begin and end.

    Returns:
        How many words there are; 0 where the name is none that the loops here can take.
    """
    count, begin = 0, start
    for at in range(start, end + 1):
        if at == end or data[at] == BLANK:
            if at == begin:
                return 0
            if count < MOST_WORDS:
                starts[count] = begin
                ends[count] = at
            count += 1
            begin = at + 1
        elif not (A <= data[at] <= Z or ZERO <= data[at] <= NINE):
            return 0
    return count


@compiled
def is_letter_alone(data: Bytes, start: int, end: int) -> bool:
    """Whether the word that begins here is a single letter."""
    return data[start] >= A and (start + 1 == end or data[start + 1] == BLANK)


@compiled
def glue(data: Bytes, start: int, end: int, glued: Bytes) -> int:
    """Write a name without blanks; returns its length."""
    size = 0
    for at in range(start, end):
        if data[at] != BLANK:
            glued[size] = data[at]
            size += 1
    return size


@compiled
def is_alphabetic(data: Bytes, start: int, end: int) -> bool:
    """Whether a word has no figure."""
    for at in range(start, end):  # noqa: SIM110 (numba compiles loops, not generators)
        if data[at] < A:
            return False
    return True


@compiled
def is_umlaut(letter: int) -> bool:
    """Whether a letter may have an e behind it that another spelling leaves out."""
    return letter == UMLAUTS[0] or letter == UMLAUTS[1] or letter == UMLAUTS[2]


@compiled
def are_spellings(one: Bytes, one_start: int, one_end: int, two: Bytes, two_start: int, two_end: int) -> bool:
    """Whether two words are equal once every e behind a, o or u is dropped."""
    left, right = one_start, two_start
    while left < one_end and right < two_end:
        if one[left] != two[right]:
            return False
        umlaut = is_umlaut(one[left])
        left += 1
        right += 1
        if umlaut:
            if left < one_end and one[left] == E:
                left += 1
            if right < two_end and two[right] == E:
                right += 1
    return left == one_end and right == two_end


@compiled
def is_typo(
    one: Bytes, one_start: int, one_end: int, two: Bytes, two_start: int, two_end: int, most: int, rows: Offsets
) -> bool:
    """Whether the optimal string alignment distance of two words is at most `most`, 1 or 2; rows is scratch."""
    n, m = one_end - one_start, two_end - two_start
    while n > 0 and m > 0 and one[one_start] == two[two_start]:
        one_start += 1
        two_start += 1
        n -= 1
        m -= 1
    while n > 0 and m > 0 and one[one_start + n - 1] == two[two_start + m - 1]:
        n -= 1
        m -= 1
    if n == 0 or m == 0:
        return n + m <= most
    beyond = most + 1
    before, last, now = 0, 1, 2
    for j in range(m + 1):
        rows[last, j] = j
    for i in range(1, n + 1):
        rows[now, 0] = i
        smallest = i
        low, high = max(1, i - most), min(m, i + most)
        if low > 1:
            rows[now, low - 1] = beyond
        for j in range(low, high + 1):
            cost = 0 if one[one_start + i - 1] == two[two_start + j - 1] else 1
            distance = rows[last, j - 1] + cost
            if j < i + most:
                distance = min(distance, rows[last, j] + 1)
            distance = min(distance, rows[now, j - 1] + 1)
            if (
                i > 1
                and j > 1
                and one[one_start + i - 1] == two[two_start + j - 2]
                and one[one_start + i - 2] == two[two_start + j - 1]
            ):
                distance = min(distance, rows[before, j - 2] + 1)
            rows[now, j] = distance
            smallest = min(smallest, distance)
        if smallest > most:
            return False
        before, last, now = last, now, before
    return bool(rows[last, m] <= most)


@compiled
def spell_initials(word: Bytes, word_start: int, word_end: int, data: Bytes, start: int, end: int) -> bool:
    """Whether a word is the initials of a name: of all its words, or of those that are not little; numbers count.

    Single letters in a row are one word, as words.split_batch cuts them.
    """
    every, distinct = word_start, word_start
    is_every, is_distinct = True, True
    begin, letters, is_number, first = start, 0, True, data[start]
    for at in range(start, end + 1):
        if at < end and data[at] != BLANK:
            letters += 1
            is_number = is_number and data[at] <= NINE
            continue
        # a letter alone goes on where the next word is one too
        if letters > 0 and data[at - 1] >= A and at - begin == 1 and at < end and is_letter_alone(data, at + 1, end):
            begin = at + 1
            continue
        if every >= word_end or word[every] != first:
            is_every = False
        every += 1
        if letters > LONGEST_LITTLE_WORD or is_number:
            if distinct >= word_end or word[distinct] != first:
                is_distinct = False
            distinct += 1
        begin, letters, is_number = at + 1, 0, True
        first = data[min(at + 1, end - 1)]
    return (is_every and every == word_end) or (is_distinct and distinct == word_end)
