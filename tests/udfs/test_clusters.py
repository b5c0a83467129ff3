"""Clustering: whatever the order, no join that the evidence forbids, in Python and in the model that calls it.

Belongs here: which accepted pairs are joined. Does not belong here: which pairs are accepted (unit tests of
res_decided_pairs), nor the account keys that groups get (test_keys_and_decisions.py).
"""

import random
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.workspaces import Workspace
from udfs.clusters import Clusters, End, Pair, cluster_pairs, pair_joins
from udfs.plugin import register

RECORDS = st.integers(1, 8)
MOST_WEAK = 3
PARTIES = st.dictionaries(RECORDS, st.sampled_from(["us", "p", "q"]), min_size=8, max_size=8)
REGISTRATIONS = st.dictionaries(RECORDS, st.sampled_from(["1", "2"]), max_size=5)


def pair(
    one: int, other: int, bits: int, accepted: bool = True, certain: bool = False, forbidden: bool = False,
    weak: bool = False,
) -> Pair:  # fmt: skip
    left, right = sorted((one, other))
    return Pair(left, right, bits, accepted, certain, forbidden, weak)


def decided(judged: Pair) -> Pair:
    """As res_decided_pairs has it: a person's word leaves no doubt about what is accepted and how firmly."""
    if judged.is_certain:
        return judged._replace(is_accepted=True, is_forbidden=False, is_weak=False)
    return judged._replace(is_accepted=False, is_weak=False) if judged.is_forbidden else judged


def lists_of_pairs(
    certain: st.SearchStrategy[bool], records: st.SearchStrategy[int] = RECORDS, most: int = 15
) -> st.SearchStrategy[list[Pair]]:
    """Judged pairs of a few records."""
    built = st.builds(
        pair, records, records, st.integers(-9000, 9000), st.booleans(), certain, st.booleans(), st.booleans()
    )
    return st.lists(
        built.filter(lambda one: one.left < one.right).map(decided),
        max_size=most,
        unique_by=lambda one: (one.left, one.right),
    )


PAIRS = lists_of_pairs(st.just(False))


def clusters(
    pairs: list[Pair],
    registrations: dict[int, str] | None = None,
    most_weak: int = MOST_WEAK,
    parties: dict[int, str] | None = None,
    torn: frozenset[int] = frozenset(),
) -> Clusters:
    """Cluster; `torn` are the records whose ids are those of several of ours."""
    ids = {record: [("lei", number)] for record, number in (registrations or {}).items()}
    ends = {record: End(party, party == "us", record in torn) for record, party in (parties or {}).items()}
    return cluster_pairs(pairs, ids, most_weak, ends)


def together(pairs: list[Pair], one: int, other: int) -> bool:
    found = clusters(pairs).cluster_of
    return found[one] == found[other]


@settings(max_examples=300, deadline=None)
@given(lists_of_pairs(st.booleans()), REGISTRATIONS, st.integers(0, 1000))
def test_order_of_input_does_not_matter(pairs: list[Pair], registrations: dict[int, str], seed: int) -> None:
    shuffled = random.Random(seed).sample(pairs, len(pairs))  # noqa: S311 - an order, not a secret
    assert clusters(pairs, registrations) == clusters(shuffled, registrations)


def component_of(pairs: list[Pair]) -> dict[int, int]:
    """End → smallest end that accepted pairs lead to, guards or not."""
    found = {end: end for one in pairs for end in (one.left, one.right)}
    for _ in found:
        for one in pairs:
            if one.is_accepted:
                found[one.left] = found[one.right] = min(found[one.left], found[one.right])
    return found


@settings(max_examples=500, deadline=None)
@given(lists_of_pairs(st.booleans(), st.integers(1, 16), 40), REGISTRATIONS)
def test_each_component_by_itself_gives_what_all_pairs_at_once_do(
    pairs: list[Pair], registrations: dict[int, str]
) -> None:
    component = component_of(pairs)
    alone = [
        clusters([one for one in pairs if component[one.left] == component[one.right] == first], registrations)
        for first in set(component.values())
    ]
    whole = clusters(pairs, registrations)
    accepted = {end for one in pairs if one.is_accepted for end in (one.left, one.right)}
    joined = {end: group for part in alone for end, group in part.cluster_of.items()}
    assert {end: joined[end] for end in accepted} == {end: whole.cluster_of[end] for end in accepted}
    assert {ends: refusal for part in alone for ends, refusal in part.refusals.items()} == whole.refusals


@settings(max_examples=300, deadline=None)
@given(lists_of_pairs(st.booleans()))
def test_no_cluster_holds_a_forbidden_pair(pairs: list[Pair]) -> None:
    found = clusters(pairs).cluster_of
    assert not any(one.is_forbidden and found[one.left] == found[one.right] for one in pairs)


@settings(max_examples=200, deadline=None)
@given(PAIRS, REGISTRATIONS)
def test_no_cluster_holds_two_numbers_of_one_scheme(pairs: list[Pair], registrations: dict[int, str]) -> None:
    held: dict[int, set[str]] = {}
    for record, group in clusters(pairs, registrations).cluster_of.items():
        if record in registrations:
            held.setdefault(group, set()).add(registrations[record])
    assert all(len(found) == 1 for found in held.values())


@settings(max_examples=300, deadline=None)
@given(lists_of_pairs(st.booleans()), REGISTRATIONS)
def test_every_accepted_pair_is_joined_or_says_why_not(pairs: list[Pair], registrations: dict[int, str]) -> None:
    found = clusters(pairs, registrations)
    apart = {
        (one.left, one.right)
        for one in pairs
        if one.is_accepted and found.cluster_of[one.left] != found.cluster_of[one.right]
    }
    assert found.refusals.keys() == apart


@settings(max_examples=300, deadline=None)
@given(lists_of_pairs(st.booleans()), st.integers(1, 4))
def test_weak_pairs_add_no_more_records_than_the_cap(pairs: list[Pair], most_weak: int) -> None:
    found = clusters(pairs, most_weak=most_weak).cluster_of
    firm = clusters([one._replace(is_accepted=one.is_accepted and not one.is_weak) for one in pairs]).cluster_of
    for group in set(found.values()):
        members = [record for record in found if found[record] == group]
        largest = max(sum(firm[record] == core for record in members) for core in {firm[record] for record in members})
        assert len(members) - largest <= most_weak


def test_a_chain_of_weak_pairs_ends_at_the_cap_and_a_firm_one_does_not() -> None:
    chain = [pair(n, n + 1, 9000 - n, weak=True) for n in range(1, 7)]
    found = clusters(chain)
    assert found.cluster_of == {1: 1, 2: 1, 3: 1, 4: 1, 5: 5, 6: 5, 7: 5}
    assert found.refusals == {(4, 5): "too many by weak pairs"}
    assert set(clusters([one._replace(is_weak=False) for one in chain]).cluster_of.values()) == {1}


def test_weak_pairs_do_not_merge_two_companies_that_firm_pairs_hold_together() -> None:
    firm = [pair(1, n, 9000) for n in (2, 3, 4, 5)] + [pair(11, n, 9000) for n in (12, 13, 14)]
    assert clusters([*firm, pair(5, 14, 9999, weak=True)]).refusals == {(5, 14): "too many by weak pairs"}
    assert together([*firm, pair(5, 14, 1, certain=True, weak=True)], 1, 11)


def test_one_weak_pair_never_merges_two_companies() -> None:
    pairs = [pair(1, 11, 9000), pair(2, 12, 9000), pair(1, 2, -4000, accepted=False), pair(11, 12, 500)]
    assert together(pairs, 1, 11)
    assert together(pairs, 2, 12)
    assert clusters(pairs).refusals == {(11, 12): "evidence outweighs it"}


def test_chain_of_accepted_pairs_is_one_company_when_nothing_speaks_against_it() -> None:
    assert together([pair(1, 11, 3000), pair(11, 21, 2000)], 1, 21)


def test_approval_needs_no_support() -> None:
    against = [pair(1, 11, -9000, certain=True), pair(1, 21, 9000), pair(11, 21, -20000, accepted=False)]
    assert together(against, 1, 11)


def test_approval_stands_above_registration_numbers() -> None:
    pairs = [pair(1, 2, -9000, certain=True), pair(2, 3, 9000)]
    found = clusters(pairs, {1: "one", 2: "other", 3: "one"})
    assert set(found.cluster_of.values()) == {1}


def test_approval_yields_to_a_no() -> None:
    forbidden = [
        pair(1, 11, 0, certain=True), pair(1, 21, 9000), pair(11, 21, 0, accepted=False, forbidden=True),
    ]  # fmt: skip
    assert clusters(forbidden).refusals == {(1, 21): "a person says otherwise"}


def test_a_refused_pair_that_meets_after_all_is_not_refused() -> None:
    pairs = [
        pair(1, 11, 5000), pair(1, 12, -6000, accepted=False), pair(11, 12, 4000), pair(12, 13, 3000),
        pair(11, 13, 2500), pair(1, 13, 2400),
    ]  # fmt: skip
    found = clusters(pairs)
    assert set(found.cluster_of.values()) == {1}
    assert found.refusals == {}


def test_cluster_is_named_after_its_smallest_record() -> None:
    assert set(clusters([pair(9, 1, 1), pair(9, 5, 1)]).cluster_of.values()) == {1}


def test_arrow_form_answers_row_by_row() -> None:
    pairs = pa.array([[pair(1, 2, 5)._asdict(), pair(2, 3, 5, accepted=False)._asdict()], None])
    id_type = pa.list_(pa.struct([("number", pa.int64()), ("scheme", pa.string()), ("id", pa.string())]))
    ids = pa.array([[{"number": 1, "scheme": "lei", "id": "X"}], None], id_type)
    joined = {"left_number": 1, "right_number": 2, "left_cluster_number": 1, "right_cluster_number": 1, "refusal": None}
    end = {"number": pa.int64(), "party": pa.string(), "is_ours": pa.bool_(), "has_ids_of_several": pa.bool_()}
    ends = pa.array([None, []], pa.list_(pa.struct(end)))
    assert pair_joins(pairs, ends, ids, pa.array([3, 3])).to_pylist() == [[joined], []]


def reached(pairs: list[Pair], starts: int, members: set[int], parties: dict[int, str], party: str) -> set[int]:
    """Members that a person's approvals and accepted pairs inside the party lead to, from one of them."""
    found = {starts}
    for _ in members:
        for one in pairs:
            ends = {one.left, one.right}
            is_own = {parties[end] for end in ends} == {party}
            if ends <= members and ends & found and one.is_accepted and (one.is_certain or is_own):
                found |= ends
    return found


@settings(max_examples=500, deadline=None)
@given(lists_of_pairs(st.booleans(), most=25), REGISTRATIONS, PARTIES, st.frozensets(RECORDS, max_size=2))
def test_two_records_of_a_party_hang_together_by_that_party_or_a_person(
    pairs: list[Pair], registrations: dict[int, str], parties: dict[int, str], torn: frozenset[int]
) -> None:
    """A partner's records may lie in as many pieces as there are records of ours that people approved as one."""
    found = clusters(pairs, registrations, parties=parties, torn=torn).cluster_of
    for group in set(found.values()):
        members = {record for record in found if found[record] == group}
        approved_as_one = {
            end
            for one in pairs
            if one.is_certain and {one.left, one.right} <= members and parties[one.left] == parties[one.right] == "us"
            for end in (one.left, one.right)
        }
        for party in {parties[record] for record in members}:
            own = {record for record in members if parties[record] == party}
            pieces = {frozenset(own & reached(pairs, record, members, parties, party)) for record in own}
            assert len(pieces) <= (1 if party == "us" else max(1, len(approved_as_one)))


@settings(max_examples=300, deadline=None)
@given(lists_of_pairs(st.just(False), most=25), PARTIES, st.frozensets(RECORDS, min_size=1, max_size=2))
def test_a_record_with_ids_of_several_is_with_nobody_else_until_a_person_says(
    pairs: list[Pair], parties: dict[int, str], torn: frozenset[int]
) -> None:
    found = clusters(pairs, parties=parties, torn=torn).cluster_of
    for one in torn & found.keys():
        assert {parties[record] for record in found if found[record] == found[one]} == {parties[one]}


OURS_AND_THEIRS = {1: "us", 2: "us", 3: "us", 11: "p", 12: "p", 21: "q"}


def refusals(pairs: list[Pair], torn: frozenset[int] = frozenset()) -> dict[tuple[int, int], str]:
    return clusters(pairs, parties=OURS_AND_THEIRS, torn=torn).refusals


def test_a_partners_record_joins_no_two_of_ours() -> None:
    attack = [pair(1, 11, 9000), pair(2, 11, 8000)]
    assert refusals(attack) == {(2, 11): "two records of one party"}
    assert refusals([*attack, pair(1, 2, 1, accepted=False)]) == {(2, 11): "two records of one party"}
    assert refusals([*attack, pair(1, 2, 1)]) == {}
    assert refusals([*attack, pair(1, 3, 1), pair(2, 3, 1)]) == {}
    assert refusals([pair(1, 11, 1, certain=True), pair(2, 11, 9000)]) == {(2, 11): "two records of one party"}
    assert refusals([pair(1, 11, 1, certain=True), pair(2, 11, 1, certain=True)]) == {}


def test_what_partners_know_of_two_of_ours_comes_together_when_a_person_approves_the_two() -> None:
    pairs = [pair(1, 11, 9000), pair(2, 12, 8000), pair(1, 2, 1, certain=True)]
    assert refusals(pairs) == {}
    assert refusals([*pairs[:2], pair(1, 2, 1)]) == {(2, 12): "two records of one party"}
    for of_partner in (pair(11, 12, 1), pair(11, 12, 1, certain=True)):
        assert refusals([*pairs[:2], of_partner]) == {(2, 12): "two records of one party"}


def test_a_partner_does_not_take_our_record_from_another() -> None:
    pairs = [pair(11, 21, 9999), pair(1, 11, 9000), pair(2, 21, 8000)]
    assert refusals(pairs) == {(11, 21): "two records of one party"}


def test_a_record_with_ids_of_several_waits_with_all_its_joins() -> None:
    attack = [pair(1, 11, 9000), pair(2, 11, 9000), pair(11, 21, 9000), pair(11, 12, 9000), pair(1, 21, 100)]
    found = clusters(attack, parties=OURS_AND_THEIRS, torn=frozenset({11}))
    assert found.refusals == dict.fromkeys([(1, 11), (2, 11), (11, 21)], "ids of several records")
    assert found.cluster_of == {1: 1, 2: 2, 11: 11, 12: 11, 21: 1}
    approved = pair(1, 11, 9000, certain=True)
    assert clusters([approved, *attack[1:]], parties=OURS_AND_THEIRS).refusals == {(2, 11): "two records of one party"}


@pytest.fixture(scope="module")
def model(dbt: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[duckdb.DuckDBPyConnection, str]]:
    """Empty tables under the names that the compiled model reads, and its SQL."""
    given_workspace = Workspace(tmp_path_factory.mktemp("clusters"))
    done = given_workspace.dbt(
        "compile", "--select", "res_pair_joins", "--vars", f"{{most_records_joined_by_weak_pairs: {MOST_WEAK}}}"
    )
    assert done.returncode == 0, done.stdout
    (compiled,) = given_workspace.compiled.rglob("res_pair_joins.sql")
    with duckdb.connect() as connection:
        register(connection)
        connection.execute(
            f"""
            attach ':memory:' as {given_workspace.settings.warehouse.stem};
            use {given_workspace.settings.warehouse.stem};
            create schema resolution;
            create table resolution.res_account_records (
                record_number integer, party_id varchar, lei varchar, duns varchar, vat_number varchar, siret varchar,
                cik varchar
            );
            create table resolution.res_decided_pairs (
                left_record_number integer, right_record_number integer, left_party_id varchar, right_party_id varchar,
                match_millibits integer, band varchar, decision varchar, match_reason varchar,
                registration_level varchar
            );
            """
        )
        yield connection, Path(compiled).read_text(encoding="utf-8")


@settings(max_examples=150, deadline=None)
@given(lists_of_pairs(st.booleans(), most=25), REGISTRATIONS, PARTIES)
def test_the_model_joins_what_clustering_all_pairs_would(
    model: tuple[duckdb.DuckDBPyConnection, str],
    pairs: list[Pair],
    registrations: dict[int, str],
    parties: dict[int, str],
) -> None:
    connection, compiled = model
    connection.execute("truncate resolution.res_account_records; truncate resolution.res_decided_pairs")
    for record in range(1, 9):
        connection.execute(
            "insert into resolution.res_account_records (record_number, party_id, lei) values (?, ?, ?)",
            [record, parties[record], registrations.get(record)],
        )
    for one in pairs:
        numbers = (registrations.get(one.left), registrations.get(one.right))
        level = "unknown" if None in numbers else "same" if numbers[0] == numbers[1] else "conflict"
        decision = "approve" if one.is_certain else "reject" if one.is_forbidden else None
        connection.execute(
            "insert into resolution.res_decided_pairs values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                one.left, one.right, parties[one.left], parties[one.right], one.millibits,
                "auto" if one.is_accepted else "rejected", decision,
                "human decision" if decision else "acronym" if one.is_weak else "domain", level,
            ],
        )  # fmt: skip
    # what is accepted speaks for a join, however low its score
    expected = clusters(
        [one._replace(millibits=max(one.millibits, 1)) if one.is_accepted else one for one in pairs],
        registrations,
        parties=parties,
    )
    found = connection.execute(compiled).fetchall()
    assert sorted(found) == sorted(
        (
            one.left, one.right, expected.cluster_of[one.left], expected.cluster_of[one.right],
            expected.refusals.get((one.left, one.right)),
            "review" if (one.left, one.right) in expected.refusals else "auto",
        )
        for one in pairs
        if one.is_accepted
    )  # fmt: skip


@pytest.mark.parametrize("order", ["as they stand", "from both ends", "shuffled"])
def test_the_model_follows_a_chain_to_its_end(model: tuple[duckdb.DuckDBPyConnection, str], order: str) -> None:
    """Two chains of 3,000 records, whatever numbers their records have, and a third pair between them that says no."""
    connection, compiled = model
    numbers = list(range(1, 6001))
    if order == "from both ends":
        numbers = [half for low in range(1, 3001) for half in (low, 6001 - low)]
    elif order == "shuffled":
        random.Random(1).shuffle(numbers)  # noqa: S311 - an order, not a secret
    chains = numbers[:3000], numbers[3000:]
    connection.execute("truncate resolution.res_account_records; truncate resolution.res_decided_pairs")
    connection.execute(
        "insert into resolution.res_account_records (record_number, party_id) select unnest($1), 'us'", [numbers]
    )
    connection.execute(
        """
        insert into resolution.res_decided_pairs
        select
            least(unnest($1), unnest($2)), greatest(unnest($1), unnest($2)), 'us', 'us', 9000,
            'auto', null, 'domain', 'unknown'
        """,
        [[one for chain in chains for one in chain[:-1]], [one for chain in chains for one in chain[1:]]],
    )
    connection.execute(
        """
        insert into resolution.res_decided_pairs
        values (?, ?, 'us', 'us', 0, 'rejected', 'reject', 'human decision', 'unknown')
        """,
        sorted((chains[0][0], chains[1][0])),
    )
    found = {
        end: cluster
        for left, right, left_cluster, right_cluster, *_ in connection.execute(compiled).fetchall()
        for end, cluster in ((left, left_cluster), (right, right_cluster))
    }
    assert found == {end: min(chain) for chain in chains for end in chain}


def test_the_model_finds_the_record_whose_ids_are_those_of_several_of_ours(
    model: tuple[duckdb.DuckDBPyConnection, str],
) -> None:
    """11 and 15 have numbers of two of ours, 12 those of two duplicates, 13 one that 5 and 6 share; 14 is approved."""
    connection, compiled = model
    connection.execute("truncate resolution.res_account_records; truncate resolution.res_decided_pairs")
    records = [
        (1, "us", "A", None), (2, "us", None, "B"), (11, "p", "A", "B"),
        (3, "us", "C", None), (4, "us", None, "D"), (12, "p", "C", "D"),
        (5, "us", "E", None), (6, "us", "E", "F"), (13, "p", "E", "F"),
        (7, "us", "G", None), (8, "us", None, "H"), (14, "p", "G", "H"),
        (9, "us", "I", None), (10, "us", None, "J"), (15, "p", "I", "J"),
    ]  # fmt: skip
    for record in records:
        connection.execute(
            "insert into resolution.res_account_records (record_number, party_id, lei, vat_number) values (?, ?, ?, ?)",
            record,
        )
    of_partner = [(1, 11), (2, 11), (3, 12), (4, 12), (5, 13), (6, 13), (7, 14), (8, 14), (9, 15), (10, 15)]
    for left, right in [*of_partner, (3, 4)]:
        party, level = ("us", "unknown") if right < 11 else ("p", "same")
        band = "review" if left == 10 else "auto"
        decision = "approve" if (left, right) == (7, 14) else None
        connection.execute(
            "insert into resolution.res_decided_pairs values (?, ?, 'us', ?, ?, ?, ?, 'registration id', ?)",
            [left, right, party, 9000 + left, band, decision, level],
        )
    refused = {(left, right): refusal for left, right, _, _, refusal, _ in connection.execute(compiled).fetchall()}
    assert {ends: refusal for ends, refusal in refused.items() if refusal} == {
        (1, 11): "ids of several records",
        (2, 11): "ids of several records",
        (5, 13): "two records of one party",
        (8, 14): "two records of one party",
        (9, 15): "ids of several records",
    }
