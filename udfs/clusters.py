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


class Pair(NamedTuple):
    """One judged pair; its ends are numbers, the left one smaller."""

    left: int
    right: int
    millibits: int
    is_accepted: bool
    is_certain: bool
    is_forbidden: bool
    is_weak: bool


class Clusters(NamedTuple):
    """What became of all pairs."""

    cluster_of: dict[int, int]  # end of a pair → smallest number of its group
    refusals: dict[tuple[int, int], str]  # ends of an accepted pair that stayed apart → why


class Group:
    """Ends joined so far."""

    __slots__ = ("firm_count", "ids", "members")

    def __init__(self, number: int, ids: Iterable[tuple[str, str]]) -> None:
        """Start with one end.

        Args:
            number: the end.
            ids: its (scheme, id) pairs.
        """
        self.members = [number]
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
        for scheme, ids in other.ids.items():
            self.ids.setdefault(scheme, set()).update(ids)
        self.firm_count = max(self.firm_count, other.firm_count) if is_weak else len(self.members)


def cluster_pairs(pairs: Iterable[Pair], ids: Mapping[int, Iterable[tuple[str, str]]], most_weak: int) -> Clusters:
    """Join the ends of accepted pairs: certain, then firm, then weak ones, strongest first, in whatever order given.

    Two groups are joined along an accepted pair only if no pair between them is forbidden, they carry no different
    ids of one scheme, and all judged pairs between them together speak for it: so one weak pair never merges two
    companies. A certain pair (a person's approval) needs no support; only another person's "no" stops it.
    A chain of weak pairs drifts, so beyond the most members that firm pairs hold together a group grows along weak
    pairs by a bounded number only.

    Args:
        pairs: judged pairs; those neither accepted nor forbidden count as evidence for or against a join.
        ids: end → (scheme, id); ends without any may be missing.
        most_weak: members that weak pairs alone may add to a group.

    Returns:
        The group of every end that occurs in a pair, and why accepted pairs were refused. A refused pair whose ends
        met in one group after all has no refusal.
    """
    ordered = sorted(
        pairs, key=lambda pair: (not pair.is_certain, pair.is_weak, -pair.millibits, pair.left, pair.right)
    )
    groups: dict[int, Group] = {}
    evidence: dict[int, list[Pair]] = {}
    for pair in ordered:
        for end in (pair.left, pair.right):
            if end not in groups:
                groups[end] = Group(end, ids.get(end, ()))
                evidence[end] = []
            evidence[end].append(pair)

    refused: dict[tuple[int, int], str] = {}
    for pair in ordered:
        one, other = groups[pair.left], groups[pair.right]
        if not pair.is_accepted or one is other:
            continue
        small, large = (one, other) if len(one.members) < len(other.members) else (other, one)
        refusal = _refusal(pair, small, large, groups, evidence, most_weak)
        if refusal:
            refused[pair.left, pair.right] = refusal
            continue
        large.take(small, pair.is_weak and not pair.is_certain)
        groups.update(dict.fromkeys(small.members, large))
    return Clusters(
        {end: smallest for group in set(groups.values()) for smallest in [min(group.members)] for end in group.members},
        {ends: refusal for ends, refusal in refused.items() if groups[ends[0]] is not groups[ends[1]]},
    )


def _refusal(
    pair: Pair,
    small: Group,
    large: Group,
    groups: Mapping[int, Group],
    evidence: Mapping[int, Iterable[Pair]],
    most_weak: int,
) -> str | None:
    """Why two groups must not be joined along a pair; None if they may."""
    total = 0
    for end in small.members:
        for judged in evidence[end]:
            if groups[judged.right if judged.left == end else judged.left] is large:
                if judged.is_forbidden:
                    return HELD_APART
                total += judged.millibits
    if pair.is_certain:
        return None
    if small.conflicts_with(large):
        return CONFLICTING_IDS
    if total <= 0:
        return OUTWEIGHED
    added = len(small.members) + len(large.members) - max(small.firm_count, large.firm_count)
    return TOO_MANY_WEAK if pair.is_weak and added > most_weak else None


def pair_joins(
    pairs: pa.Array | pa.ChunkedArray, ids: pa.Array | pa.ChunkedArray, most_weak: pa.Array | pa.ChunkedArray
) -> pa.Array:
    """Cluster the judged pairs of each row.

    Args:
        pairs: list<struct<left_number, right_number, millibits, is_accepted, is_certain, is_forbidden, is_weak>> per
            row.
        ids: list<struct<number, scheme, id>> per row.
        most_weak: members that weak pairs alone may add to a group.

    Returns:
        list<struct<left_number, right_number, left_cluster_number, right_cluster_number, refusal>> per row: every
        accepted pair in order of its numbers, the group of both ends, and why they stayed apart; see cluster_pairs.
    """
    results: list[list[tuple[int, int, int, int, str | None]]] = []
    for judged_rows, id_rows, most in zip(_rows(pairs), _rows(ids), most_weak.to_pylist(), strict=True):
        judged = [Pair(*values) for values in judged_rows]
        known: dict[int, list[tuple[str, str]]] = {}
        for number, scheme, identifier in id_rows:
            known.setdefault(number, []).append((scheme, identifier))
        found = cluster_pairs(judged, known, most)
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
