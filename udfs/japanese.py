"""Japanese names in Latin letters, the way their companies write them.

Belongs here: which names are Japanese, and how they are read. Does not belong here: other scripts, which are
transcribed letter by letter (names.py), and what a word means (seed name_abbreviations).

A letter of a Japanese name has no sound of its own: 日 is nichi, ni or hi. So words are looked up (MeCab with UniDic),
which also knows the foreign words behind the syllables: コーヒー is coffee.
"""

import re
import threading
from typing import TYPE_CHECKING

from anyascii import anyascii
from jaconv import kata2hira

if TYPE_CHECKING:
    from cutlet import Cutlet

# Syllables that no other language has, or a Japanese legal form. Names in Chinese letters alone are read as Chinese.
_JAPANESE = re.compile(r"[\u3041-\u3096\u30a1-\u30fa]|会社|法人|有限責任|匿名組合|任意組合")
_LEGAL_FORM = re.compile(r"\S*(?:会社|法人|組合)")
# Companies leave out that a vowel is long: Ryobi, Kogyo.
_LONG_VOWEL = re.compile(r"([aeiou])\1|(?<=o)u")
# Syllables for foreign words stand in letters of their own.
_SYLLABLES = re.compile(r"[\u30a1-\u30fa\u30fc]+")
_RUNS = re.compile(rf"{_SYLLABLES.pattern}|[^\u30a1-\u30fa\u30fc]+")
# Shorter words are found in any name by chance.
FEWEST_SYLLABLES = 3
_READERS = threading.local()


def is_japanese(name: str) -> bool:
    """Say whether a name shows that it is Japanese.

    Args:
        name: in any script, NFKC.

    Returns:
        True for a name with syllables of its own or a Japanese legal form; Chinese letters alone show nothing.
    """
    return bool(_JAPANESE.search(name))


def romanized(name: str) -> str:
    """Write a Japanese name in Latin letters.

    Args:
        name: NFKC, its legal form cut off by blanks.

    Returns:
        Lower-case words: foreign ones as they are spelled where they come from, others in Hepburn's romanisation
        without long vowels; a legal form letter by letter, as the seed's are.
    """
    return " ".join(
        anyascii(part).lower() if _LEGAL_FORM.fullmatch(part) or part.isascii() else _read(part)
        for part in name.split()
    )


def _read(part: str) -> str:
    """Words of a piece without blanks."""
    try:
        read = " ".join(
            _words_of_syllables(run) if _SYLLABLES.fullmatch(run) else _words(run) for run in _RUNS.findall(part)
        )
    except KeyError:  # the reader stops at letters that are none, such as unassigned ones
        read = part
    return anyascii(read).lower()


def _words(part: str) -> str:
    """A piece as the dictionary reads it."""
    reader = _reader()
    read = ""
    for token in reader.romaji_tokens(reader.tagger(part), capitalize=False):
        word = token.surface.lower()
        read += word if token.foreign else _LONG_VOWEL.sub(r"\1", word)
        read += " " if token.space else ""
    return read


def _words_of_syllables(part: str) -> str:
    """Foreign words where the piece is made of them, else one word as it sounds: トーソー is no toe and no saw."""
    reader = _reader()
    words = reader.tagger(part)
    tokens = reader.romaji_tokens(words, capitalize=False)
    if all(token.foreign for token in tokens) and len(part) >= FEWEST_SYLLABLES * len(tokens):
        return " ".join(token.surface.lower() for token in tokens)
    return _LONG_VOWEL.sub(r"\1", reader.map_kana(kata2hira(part)).lower())


def _reader() -> "Cutlet":
    """The dictionary, opened where it is first asked for; each thread has its own."""
    if not hasattr(_READERS, "reader"):
        from cutlet import Cutlet  # noqa: PLC0415 (a fifth of a second, and few lists have such names)

        _READERS.reader = Cutlet(ensure_ascii=False)
    reader: Cutlet = _READERS.reader
    return reader
