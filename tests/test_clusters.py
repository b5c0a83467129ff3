"""Clustering: whatever the order, no join that the evidence forbids."""

import random

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from udfs.clusters import Pair, cluster_pairs, record_clusters

RECORDS = st.sampled_from([f"us:{number}" for number in range(8)])


def pair(
    left: str, right: str, bits: int, accepted: bool = True, certain: bool = False, forbidden: bool = False
) -> Pair:
    one, other = sorted((left, right))
    return Pair(one, other, bits, accepted, certain, forbidden)


PAIRS = st.lists(
    st.builds(
        pair, RECORDS, RECORDS, st.integers(-9000, 9000), st.booleans(), st.just(False), st.booleans()
    ).filter(lambda one: one.left < one.right),
    max_size=15,
    unique_by=lambda one: (one.left, one.right),
)  # fmt: skip


def together(clusters: dict[str, str], one: str, other: str) -> bool:
    return clusters[one] == clusters[other]


@settings(max_examples=300, deadline=None)
@given(PAIRS, st.integers(0, 1000))
def test_order_of_input_does_not_matter(pairs: list[Pair], seed: int) -> None:
    shuffled = random.Random(seed).sample(pairs, len(pairs))  # noqa: S311 - an order, not a secret
    assert cluster_pairs(pairs, {}) == cluster_pairs(shuffled, {})


@settings(max_examples=300, deadline=None)
@given(PAIRS)
def test_no_cluster_holds_a_forbidden_pair(pairs: list[Pair]) -> None:
    clusters = cluster_pairs(pairs, {})
    assert not any(one.is_forbidden and together(clusters, one.left, one.right) for one in pairs)


@settings(max_examples=200, deadline=None)
@given(PAIRS, st.dictionaries(RECORDS, st.sampled_from(["1", "2"]), max_size=5))
def test_no_cluster_holds_two_numbers_of_one_scheme(pairs: list[Pair], numbers: dict[str, str]) -> None:
    clusters = cluster_pairs(pairs, {record: {"lei": number} for record, number in numbers.items()})
    held: dict[str, set[str]] = {}
    for record, group in clusters.items():
        if record in numbers:
            held.setdefault(group, set()).add(numbers[record])
    assert all(len(found) == 1 for found in held.values())


def test_one_weak_pair_never_merges_two_companies() -> None:
    pairs = [
        pair("us:1", "a:1", 9000), pair("us:2", "a:2", 9000),
        pair("us:1", "us:2", -4000, accepted=False), pair("a:1", "a:2", 500),
    ]  # fmt: skip
    clusters = cluster_pairs(pairs, {})
    assert together(clusters, "us:1", "a:1")
    assert together(clusters, "us:2", "a:2")
    assert not together(clusters, "us:1", "us:2")


def test_chain_of_accepted_pairs_is_one_company_when_nothing_speaks_against_it() -> None:
    clusters = cluster_pairs([pair("us:1", "a:1", 3000), pair("a:1", "b:1", 2000)], {})
    assert together(clusters, "us:1", "b:1")


def test_approval_needs_no_support() -> None:
    against = [
        pair("us:1", "a:1", -9000, certain=True), pair("us:1", "b:1", 9000),
        pair("a:1", "b:1", -20000, accepted=False),
    ]  # fmt: skip
    assert together(cluster_pairs(against, {}), "us:1", "a:1")


def test_approval_yields_to_a_no() -> None:
    forbidden = [
        pair("us:1", "a:1", 0, certain=True), pair("us:1", "b:1", 9000),
        pair("a:1", "b:1", 0, accepted=False, forbidden=True),
    ]  # fmt: skip
    assert not together(cluster_pairs(forbidden, {}), "a:1", "b:1")


def test_cluster_is_named_after_its_smallest_record() -> None:
    assert set(cluster_pairs([pair("b:9", "a:1", 1), pair("b:9", "c:5", 1)], {}).values()) == {"a:1"}


def test_arrow_form_answers_row_by_row() -> None:
    pairs = [{"left_record_key": "a:1", "right_record_key": "b:1", "millibits": 5, "is_accepted": True,
              "is_certain": False, "is_forbidden": False}]  # fmt: skip
    numbers = [{"record_key": "a:1", "scheme": "lei", "number": "X"}]
    number_type = pa.list_(pa.struct([("record_key", pa.string()), ("scheme", pa.string()), ("number", pa.string())]))
    found = record_clusters(pa.array([pairs, None]), pa.array([numbers, None], number_type)).to_pylist()
    assert found == [[{"record_key": "a:1", "cluster_key": "a:1"}, {"record_key": "b:1", "cluster_key": "a:1"}], []]
