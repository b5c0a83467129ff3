"""From accepted pairs to companies: guarded clustering.

Belongs here: joining records along accepted pairs, strongest first, and refusing joins that the other evidence
contradicts. Does not belong here: which pairs are accepted (res_decided_pairs), nor account keys
(res_account_registry).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import pyarrow as pa

RECORD_CLUSTERS_TYPE = pa.list_(pa.struct([("record_key", pa.string()), ("cluster_key", pa.string())]))


class Pair(NamedTuple):
    """One judged pair of records."""

    left: str
    right: str
    millibits: int
    is_accepted: bool
    is_certain: bool
    is_forbidden: bool


def cluster_pairs(pairs: Iterable[Pair], registrations: Mapping[str, Mapping[str, str]]) -> dict[str, str]:
    """Join records along accepted pairs, strongest first, whatever the order they come in.

    Two groups are joined along an accepted pair only if no pair between them is forbidden, they carry no two
    registration numbers of one scheme, and all judged pairs between them together speak for it: so one weak pair
    never merges two companies. A certain pair (a person's approval) needs no support; only
    another person's "no" stops it.

    Args:
        pairs: judged pairs; those neither accepted nor forbidden count as evidence for or against a join.
        registrations: record key → scheme → number; records without any may be missing.

    Returns:
        record key → smallest record key of its group, for every record that occurs in a pair.
    """
    ordered = sorted(set(pairs), key=lambda pair: (not pair.is_certain, -pair.millibits, pair.left, pair.right))
    group_of: dict[str, str] = {}
    members: dict[str, list[str]] = {}
    evidence: dict[str, dict[str, int]] = {}
    forbidden: dict[str, set[str]] = {}
    numbers: dict[str, dict[str, str]] = {}
    for pair in ordered:
        for record in (pair.left, pair.right):
            if record not in group_of:
                group_of[record] = record
                members[record] = [record]
                numbers[record] = dict(registrations.get(record, {}))
        evidence.setdefault(pair.left, {})[pair.right] = pair.millibits
        evidence.setdefault(pair.right, {})[pair.left] = pair.millibits
        if pair.is_forbidden:
            forbidden.setdefault(pair.left, set()).add(pair.right)
            forbidden.setdefault(pair.right, set()).add(pair.left)

    for pair in ordered:
        one, other = group_of[pair.left], group_of[pair.right]
        if not pair.is_accepted or one == other:
            continue
        small, large = sorted((one, other), key=lambda group: (len(members[group]), group))
        if _is_refused(pair, members[small], large, group_of, evidence, forbidden):
            continue
        if not pair.is_certain and _has_conflict(numbers[small], numbers[large]):
            continue
        for record in members[small]:
            group_of[record] = large
        members[large].extend(members.pop(small))
        numbers[large].update(numbers.pop(small))
    smallest = {group: min(records) for group, records in members.items()}
    return {record: smallest[group] for record, group in group_of.items()}


def _has_conflict(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two groups carry different registration numbers of one scheme."""
    return any(other.get(scheme, number) != number for scheme, number in one.items())


def _is_refused(
    pair: Pair,
    small: Sequence[str],
    large: str,
    group_of: Mapping[str, str],
    evidence: Mapping[str, Mapping[str, int]],
    forbidden: Mapping[str, set[str]],
) -> bool:
    """Whether the other pairs between two groups speak against joining them."""
    total = 0
    for record in small:
        if any(group_of[enemy] == large for enemy in forbidden.get(record, ())):
            return True
        if not pair.is_certain:
            total += sum(bits for other, bits in evidence.get(record, {}).items() if group_of[other] == large)
    return not pair.is_certain and total <= 0


def record_clusters(pairs: pa.Array, registrations: pa.Array) -> pa.Array:
    """Cluster the judged pairs of each row.

    Args:
        pairs: list<struct<left_record_key, right_record_key, millibits, is_accepted, is_certain, is_forbidden>> per
            row.
        registrations: list<struct<record_key, scheme, number>> per row.

    Returns:
        list<struct<record_key, cluster_key>> per row, ordered by record key; see cluster_pairs.
    """
    results: list[list[dict[str, Any]]] = []
    for pair_list, number_list in zip(pairs.to_pylist(), registrations.to_pylist(), strict=True):
        known: dict[str, dict[str, str]] = {}
        for number in number_list or []:
            known.setdefault(number["record_key"], {})[number["scheme"]] = number["number"]
        judged = [
            Pair(
                row["left_record_key"], row["right_record_key"], row["millibits"], row["is_accepted"],
                row["is_certain"], row["is_forbidden"],
            )
            for row in pair_list or []
        ]  # fmt: skip
        clusters = cluster_pairs(judged, known)
        results.append([{"record_key": key, "cluster_key": clusters[key]} for key in sorted(clusters)])
    return pa.array(results, RECORD_CLUSTERS_TYPE)
