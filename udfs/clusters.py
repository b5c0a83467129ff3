"""From accepted pairs to groups: guarded clustering, of records into companies and of companies into groups.

Belongs here: joining along accepted pairs, strongest first, and refusing joins that the other evidence contradicts.
Does not belong here: which pairs are accepted (res_decided_pairs, res_group_links), nor account keys
(res_account_registry).
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, NamedTuple

import pyarrow as pa

from udfs.words import one_chunk

PAIR_JOINS_TYPE = pa.list_(
    pa.struct(
        [
            ("left_number", pa.int64()),
            ("right_number", pa.int64()),
            ("left_cluster_number", pa.int64()),
            ("right_cluster_number", pa.int64()),
            ("refusal", pa.string()),
        ]
    )
)

HELD_APART = "a person says otherwise"
CONFLICTING_IDS = "conflicting ids"
OUTWEIGHED = "evidence outweighs it"
TOO_MANY_WEAK = "too many by weak pairs"
TWO_OF_ONE_PARTY = "two records of one party"
IDS_OF_SEVERAL = "ids of several records"


class Pair(NamedTuple):
    """One judged pair; its ends are numbers, the left one smaller."""

    left: int
    right: int
    millibits: int
    is_accepted: bool
    is_certain: bool
    is_forbidden: bool
    is_weak: bool


class End(NamedTuple):
    """Whose record an end is."""

    party: str
    is_ours: bool
    has_ids_of_several: bool  # its own ids are those of several of our records, which nothing joins


class Clusters(NamedTuple):
    """What became of all pairs."""

    cluster_of: dict[int, int]  # end of a pair → smallest number of its group
    refusals: dict[tuple[int, int], str]  # ends of an accepted pair that stayed apart → why


class Group:
    """Ends joined so far."""

    __slots__ = ("firm_count", "has_ids_of_several", "ids", "members", "parties")

    def __init__(self, number: int, ids: Iterable[tuple[str, str]], end: End | None) -> None:
        """Start with one end.

        Args:
            number: the end.
            ids: its (scheme, id) pairs.
            end: whose it is; None where that does not matter.
        """
        self.members = [number]
        self.parties = {end.party} if end else set()
        self.has_ids_of_several = bool(end and end.has_ids_of_several)
        self.ids: dict[str, set[str]] = {}
        for scheme, identifier in ids:
            self.ids.setdefault(scheme, set()).add(identifier)
        # most members that hold together without a weak pair
        self.firm_count = 1

    def conflicts_with(self, other: "Group") -> bool:
        """Whether both carry ids of one scheme, and none in common."""
        return any(ids.isdisjoint(other.ids.get(scheme, ids)) for scheme, ids in self.ids.items())

    def take(self, other: "Group", is_weak: bool) -> None:
        """Add the members of another group."""
        self.members += other.members
        self.parties |= other.parties
        self.has_ids_of_several |= other.has_ids_of_several
        for scheme, ids in other.ids.items():
            self.ids.setdefault(scheme, set()).update(ids)
        self.firm_count = max(self.firm_count, other.firm_count) if is_weak else len(self.members)


def cluster_pairs(
    pairs: Iterable[Pair],
    ids: Mapping[int, Iterable[tuple[str, str]]],
    most_weak: int,
    ends: Mapping[int, End] | None = None,
) -> Clusters:
    """Join the ends of accepted pairs: certain, then firm, then weak ones, in whatever order given.

    Of each kind pairs inside one party go first, then those with us, then those between partners, the strongest first.
    Two groups are joined along an accepted pair only if no pair between them is forbidden, they carry no different
    ids of one scheme, and all judged pairs between them together speak for it: so one weak pair never merges two
    companies. A certain pair (a person's approval) needs no support; only another person's "no" stops it.
    A chain of weak pairs drifts, so beyond the most members that firm pairs hold together a group grows along weak
    pairs by a bounded number only.

    Nobody's record joins two records of another party: a party that has members in both groups must have an accepted
    pair of its own between them. Two of ours that a person approved stay apart for this: what partners know of the one
    and of the other comes together by that person's word. And an end whose ids are those of several of our records,
    which nothing joins, is joined to no other party until a person says which it is.

    Args:
        pairs: judged pairs; those neither accepted nor forbidden count as evidence for or against a join.
        ids: end → (scheme, id); ends without any may be missing.
        most_weak: members that weak pairs alone may add to a group.
        ends: end → whose it is; an end that is missing is nobody's, and the rules of parties do not hold for it.

    Returns:
        The group of every end that occurs in a pair, and why accepted pairs were refused. A refused pair whose ends
        met in one group after all has no refusal.
    """
    whose = ends or {}

    def distance(pair: Pair) -> int:
        left, right = whose.get(pair.left), whose.get(pair.right)
        if left is None or right is None or left.party == right.party:
            return 0
        return 1 if left.is_ours or right.is_ours else 2

    ordered = sorted(
        pairs,
        key=lambda pair: (
            not pair.is_certain, pair.is_weak, distance(pair), -pair.millibits, pair.left, pair.right
        ),
    )  # fmt: skip
    evidence: dict[int, list[Pair]] = {}
    for pair in ordered:
        evidence.setdefault(pair.left, []).append(pair)
        evidence.setdefault(pair.right, []).append(pair)
    groups = {end: Group(end, ids.get(end, ()), whose.get(end)) for end in evidence}
    # groups as they would be without people's word on two of ours
    parts = groups
    if any(_is_approval_of_ours(pair, whose) for pair in ordered):
        parts = {end: Group(end, (), whose.get(end)) for end in evidence}

    refused: dict[tuple[int, int], str] = {}
    for pair in ordered:
        if not pair.is_accepted or groups[pair.left] is groups[pair.right]:
            continue
        refusal = _refusal(pair, groups, parts, evidence, most_weak, whose)
        if refusal:
            refused[pair.left, pair.right] = refusal
            continue
        _join(pair, groups)
        if parts is not groups and not _is_approval_of_ours(pair, whose):
            _join(pair, parts)
    return Clusters(
        {end: smallest for group in set(groups.values()) for smallest in [min(group.members)] for end in group.members},
        {ends: refusal for ends, refusal in refused.items() if groups[ends[0]] is not groups[ends[1]]},
    )


def _is_approval_of_ours(pair: Pair, whose: Mapping[int, End]) -> bool:
    """Whether a person said of two records of ours that they are one company."""
    return pair.is_certain and all(end in whose and whose[end].is_ours for end in (pair.left, pair.right))


def _join(pair: Pair, groups: dict[int, Group]) -> None:
    """Put the groups of both ends together."""
    small, large = sorted((groups[pair.left], groups[pair.right]), key=lambda group: len(group.members))
    large.take(small, pair.is_weak and not pair.is_certain)
    groups.update(dict.fromkeys(small.members, large))


def _refusal(
    pair: Pair,
    groups: Mapping[int, Group],
    parts: Mapping[int, Group],
    evidence: Mapping[int, Iterable[Pair]],
    most_weak: int,
    whose: Mapping[int, End],
) -> str | None:
    """Why two groups must not be joined along a pair; None if they may."""
    total = 0
    small, large = sorted((groups[pair.left], groups[pair.right]), key=lambda group: len(group.members))
    one, other = parts[pair.left], parts[pair.right]
    parties_on_both_sides = one.parties & other.parties
    for end in small.members:
        for judged in evidence[end]:
            if groups[judged.right if judged.left == end else judged.left] is large:
                if judged.is_forbidden:
                    return HELD_APART
                total += judged.millibits
                if parties_on_both_sides and judged.is_accepted:
                    left, right = whose.get(judged.left), whose.get(judged.right)
                    is_between = {parts[judged.left], parts[judged.right]} == {one, other}
                    if is_between and left and right and left.party == right.party:
                        parties_on_both_sides.discard(left.party)
    if pair.is_certain:
        return None
    added = len(small.members) + len(large.members) - max(small.firm_count, large.firm_count)
    is_closed = small.has_ids_of_several or large.has_ids_of_several
    against = {
        CONFLICTING_IDS: small.conflicts_with(large),
        IDS_OF_SEVERAL: is_closed and len(small.parties | large.parties) > 1,
        TWO_OF_ONE_PARTY: bool(parties_on_both_sides),
        OUTWEIGHED: total <= 0,
        TOO_MANY_WEAK: pair.is_weak and added > most_weak,
    }
    return next((refusal for refusal, stands in against.items() if stands), None)


def pair_joins(
    pairs: pa.Array | pa.ChunkedArray,
    ends: pa.Array | pa.ChunkedArray,
    ids: pa.Array | pa.ChunkedArray,
    most_weak: pa.Array | pa.ChunkedArray,
) -> pa.Array:
    """Cluster the judged pairs of each row.

    Args:
        pairs: list<struct<left_number, right_number, millibits, is_accepted, is_certain, is_forbidden, is_weak>> per
            row.
        ends: list<struct<number, party, is_ours, has_ids_of_several>> per row; none where parties do not matter.
        ids: list<struct<number, scheme, id>> per row.
        most_weak: members that weak pairs alone may add to a group.

    Returns:
        list<struct<left_number, right_number, left_cluster_number, right_cluster_number, refusal>> per row: every
        accepted pair in order of its numbers, the group of both ends, and why they stayed apart; see cluster_pairs.
    """
    results: list[list[tuple[int, int, int, int, str | None]]] = []
    rows = zip(_rows(pairs), _rows(ends), _rows(ids), most_weak.to_pylist(), strict=True)
    for pair_rows, end_rows, id_rows, most in rows:
        judged = [Pair(*values) for values in pair_rows]
        whose = {number: End(*values) for number, *values in end_rows}
        known: dict[int, list[tuple[str, str]]] = {}
        for number, scheme, identifier in id_rows:
            known.setdefault(number, []).append((scheme, identifier))
        found = cluster_pairs(judged, known, most, whose)
        accepted = sorted({(pair.left, pair.right) for pair in judged if pair.is_accepted})
        results.append(
            [
                (left, right, found.cluster_of[left], found.cluster_of[right], found.refusals.get((left, right)))
                for left, right in accepted
            ]
        )
    return pa.array(results, PAIR_JOINS_TYPE)


def _rows(lists: pa.Array | pa.ChunkedArray) -> Iterator[list[tuple[Any, ...]]]:
    """The structs of each list as tuples, read column by column for all lists, which is much faster than one by one."""
    in_one = one_chunk(lists)
    structs = zip(*(column.to_pylist() for column in in_one.flatten().flatten()), strict=True)
    for length in in_one.value_lengths().to_pylist():
        yield list(islice(structs, length or 0))
