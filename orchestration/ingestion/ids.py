"""Ids as spreadsheets and systems leave them: cleaned where nothing is lost, refused where something is.

Belongs here: one column of ids. Does not belong here: whose ids they are, and that they are unique (staged_lists.py).
"""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

# Fields that hold ids of the party's own system.
ID_FIELDS = ("source_id", "account_source_id", "parent_source_id")
# What nobody sees in a cell: soft hyphens, zero widths, marks that turn the direction of a text.
UNSEEN = r"\x{ad}\x{200b}\x{200e}\x{200f}\x{2060}-\x{2064}\x{feff}\x{202a}-\x{202e}\x{2066}-\x{2069}"
_UNSEEN_IN_IDS = rf"[{UNSEEN}\x{{200c}}\x{{200d}}]"  # an id has no words in which a joiner means something
_BEFORE = r"^[\x{09}-\x{0d}\x{1c}-\x{20}\x{85}\p{Z}'’‘]+"  # blanks and apostrophes, in whatever order
_AS_TEXT = r'^\s*="(?s:(.*))"\s*$'  # ="0012": how a spreadsheet is made to keep a text
_SCIENTIFIC = r"(?i)^\d(?:[.,]\d+)?e\+\d{2,3}$"
_WHOLE = r"^(\d+)[.,]0+$"
_LONGEST_EXACT = 15  # digits of a number that a spreadsheet keeps
# Salesforce: object, pod, reserved, number. The long form of an id adds what the case of its letters is.
_SHORT_SALESFORCE = r"^[A-Za-z0-9]{5}0000[A-Za-z0-9]{6}$"
_SHORT_LENGTH = 15
_LETTER = r"[A-Za-z]"
_PLAIN = r"^[A-Za-z0-9:_-]+$"  # nothing to clean
_CASES = np.frombuffer(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345", dtype=np.uint8)


def unwrapped(cells: pa.Array) -> pa.Array:
    """Take texts out of the formula that keeps a spreadsheet from reading them as numbers.

    Args:
        cells: string array of n.

    Returns:
        String array of n; ``="0012"`` is ``0012``.
    """
    if not pc.any(pc.match_substring(cells, '="')).as_py():  # the cheaper question
        return cells
    wrapped = pc.fill_null(pc.match_substring_regex(cells, _AS_TEXT), False)
    inside = pc.replace_substring(pc.replace_substring_regex(cells, _AS_TEXT, r"\1"), '""', '"')
    return pc.if_else(wrapped, inside, cells)


def clean_ids(cells: pa.Array) -> pa.Array:
    """Bring ids to the form that they have in their own system.

    Args:
        cells: string array of n.

    Returns:
        String array of n: without invisible characters, surrounding blanks, a leading apostrophe and the fraction that
        a spreadsheet adds (``12.0``); Salesforce's short ids (15 characters) in their long form (18).
    """
    ids = cells
    if not pc.all(pc.match_substring_regex(cells, _PLAIN)).as_py():
        ids = pc.replace_substring_regex(cells, _UNSEEN_IN_IDS, "")
        ids = pc.utf8_trim_whitespace(pc.replace_substring_regex(ids, _BEFORE, ""))
        ids = pc.replace_substring_regex(ids, _WHOLE, r"\1")
        ids = pc.if_else(pc.equal(ids, ""), pa.scalar(None, pa.string()), ids)
    if not pc.any(pc.equal(pc.binary_length(ids), _SHORT_LENGTH)).as_py():
        return ids
    short = pc.and_(pc.match_substring_regex(ids, _SHORT_SALESFORCE), pc.match_substring_regex(ids, _LETTER))
    places = np.flatnonzero(pc.fill_null(short, False).to_numpy(zero_copy_only=False))
    if not len(places):
        return ids
    longer = np.full(len(ids), -1, dtype=np.int64)
    longer[places] = np.arange(len(places))
    spread = _long_salesforce(ids.take(pa.array(places))).take(pa.array(longer, mask=longer < 0))
    return pc.coalesce(spread, ids)


def _long_salesforce(ids: pa.Array) -> pa.Array:
    """Add the three characters that say which letters are capitals. Source: Salesforce, knowledge article 000385008."""
    characters = np.frombuffer("".join(ids.to_pylist()).encode(), dtype=np.uint8).reshape(len(ids), 15)
    capitals = (characters >= ord("A")) & (characters <= ord("Z"))
    sums = (capitals.reshape(len(ids), 3, 5) * (1 << np.arange(5))).sum(axis=2)
    whole = np.concatenate([characters, _CASES[sums]], axis=1)
    return pa.array([row.tobytes().decode() for row in whole], pa.string())


def damage(cells: pa.Array) -> pa.Array:
    """Tell which ids a spreadsheet has damaged beyond repair.

    Args:
        cells: string array of n, as delivered.

    Returns:
        String array of n: the rule that is broken, or null.
    """
    nothing = pa.nulls(len(cells), pa.string())
    if not any(pc.any(pc.match_substring(cells, sign)).as_py() for sign in ("+", ".0", ",0")):  # the cheaper question
        return nothing
    trimmed = pc.utf8_trim_whitespace(cells)
    scientific = pc.fill_null(pc.match_substring_regex(trimmed, _SCIENTIFIC), False)
    # a fraction shows that it was a number, and so many digits that the last ones are made up
    long_number = pc.fill_null(
        pc.and_(
            pc.match_substring_regex(trimmed, _WHOLE),
            pc.greater(pc.utf8_length(pc.replace_substring_regex(trimmed, r"[.,]0+$", "")), _LONGEST_EXACT),
        ),
        False,
    )
    found = pc.if_else(scientific, "id_in_scientific_notation", nothing)
    return pc.if_else(long_number, "id_out_of_precision", found)
