"""`explain` on the demo's warehouse: the same figures as the marts, and an answer for pairs the build never looked at.

Belongs here: what is said to a person about a pair. Does not belong here: whether it is right (test_found.py).
"""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from orchestration.reports import NoReportError
from orchestration.reports.explain import Explanation, as_text, compiled_sql, explain
from orchestration.reports.pair_facts import KEYS
from tests.workspaces import Run, run_command

APPROVED = ("tidewell:xb-3e9092859", "us:001Fh00000ulkhZIAQ")


@pytest.fixture
def published(demo: Run) -> Iterator[duckdb.DuckDBPyConnection]:
    """The published marts, held open as a BI tool does."""
    with duckdb.connect(str(demo.settings.published / "marts.duckdb"), read_only=True) as connection:
        yield connection


def a_pair(demo: Run, sql: str) -> tuple[str, str]:
    """Take the first pair of record keys that a query on the warehouse finds."""
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as connection:
        found = connection.execute(sql).fetchone()
    assert found, "the demo has no such pair"
    return found[0], found[1]


def published_match(published: duckdb.DuckDBPyConnection, pair: tuple[str, str]) -> dict[str, Any]:
    """Read a kept pair as it was published."""
    result = published.execute(
        "from marts.fct_account_matches where left_record_key = ? and right_record_key = ?", list(pair)
    )
    columns = [column[0] for column in result.description]
    return dict(zip(columns, result.fetchall()[0], strict=True))


@pytest.mark.parametrize("condition", ["band = 'auto'", "band = 'review'", "band = 'rejected'"])
def test_a_kept_pair_is_explained_with_the_published_figures(
    demo: Run, published: duckdb.DuckDBPyConnection, condition: str
) -> None:
    pair = a_pair(
        demo,
        f"select left_record_key, right_record_key from marts.fct_account_matches where {condition} order by all",
    )
    found = explain(demo.settings, pair[1], pair[0])
    assert found.match == published_match(published, pair)
    assert sum(row["evidence_millibits"] for row in found.evidence) == found.match["match_millibits"]
    assert found.is_kept


def test_a_decision_is_shown_with_its_author_and_the_guard_it_overrules(demo: Run) -> None:
    run = run_command(demo.settings, "explain", *APPROVED)
    assert run.exit_code == 0, run.output
    assert "ONE COMPANY" in run.output
    assert "Decided (approve, same company) by Dana Whitlock on 2026-08-11" in run.output
    assert "Guard: differing names" in run.output


def test_a_refused_join_is_shown_with_its_reason(demo: Run) -> None:
    found = explain(demo.settings, *APPROVED)
    found.match.update(clustering_refusal="evidence outweighs it", band="review", is_same_account=False)
    text = as_text(found)
    assert "kept apart when records were grouped into accounts" in text
    assert "Join refused: evidence outweighs it; that waits for a person." in text


def test_it_begins_with_the_answer_in_sentences(demo: Run) -> None:
    found = explain(demo.settings, *APPROVED)
    assert found.match["explanation"].startswith("For: ")
    assert found.match["explanation"] in as_text(found)


def an_account_of_four(demo: Run) -> tuple[str, str]:
    """Take a pair of equal names whose account holds more records than the two."""
    return a_pair(
        demo,
        """
        select left_record_key, right_record_key from marts.fct_account_matches
        inner join marts.fct_account_match_evidence using (left_record_key, right_record_key)
        where
            is_same_account and comparison = 'name' and level = 'exact'
            and left_account_key in (
                select account_key from marts.bridge_account_records group by account_key having count(*) = 4
            )
        order by all
        """,
    )


def test_the_other_records_of_the_account_are_named_with_the_pair_that_brought_them_in(demo: Run) -> None:
    pair = an_account_of_four(demo)
    found = explain(demo.settings, *pair)
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as connection:
        joined = connection.execute(
            """
            select record_key, match_reason || ' with ' || matched_record_key from resolution.res_account_clusters
            where account_key = ? and record_key not in (?, ?) order by record_key
            """,
            [found.records[0]["account_key"], *pair],
        ).fetchall()
    assert [(row["record"], row["joined by"]) for row in found.companions] == joined
    assert len(joined) == 2
    assert all(f" {row['name']} " in as_text(found) for row in found.companions)


def test_what_only_repeats_an_equal_name_is_shown_once_with_its_worth(demo: Run) -> None:
    pair = an_account_of_four(demo)
    found = explain(demo.settings, *pair)
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as connection:
        worth = connection.execute(
            """
            select sum(evidence_millibits) from marts.fct_account_match_evidence
            where
                left_record_key = ? and right_record_key = ?
                and comparison in ('name', 'rest', 'spelling', 'substring', 'first_word')
            """,
            list(pair),
        ).fetchone()
    shown = {row["comparison"]: row for row in found.evidence}
    assert shown.keys().isdisjoint({"rest", "spelling", "substring", "first_word"})
    assert (shown["name"]["evidence_millibits"],) == worth
    assert shown["name"]["repeated_by"] == "rest, spelling, substring, first_word"
    assert "\nname (with " in as_text(found)
    assert "\nword_beginning " not in as_text(found)


def test_names_are_shown_as_they_were_delivered(demo: Run) -> None:
    pair = a_pair(
        demo,
        """
        select left_record_key, right_record_key from resolution.res_explained_pairs
        where left_core_name = lower(left_name) and right_core_name = lower(right_name) and name_level <> 'exact'
        order by all
        """,
    )
    found = explain(demo.settings, *pair)
    (name,) = (row for row in found.evidence if row["comparison"] == "name")
    assert (name["left_value"], name["right_value"]) == tuple(record["name"] for record in found.records)


def test_two_companies_of_one_group_are_shown_so_and_why(demo: Run) -> None:
    pair = a_pair(
        demo,
        """
        select left_record_key, right_record_key from marts.fct_account_matches
        where answer = 'same group' and left_name like 'Brightmeres%'
        """,
    )
    text = as_text(explain(demo.settings, *pair))
    assert "Answer: same group." in text
    assert "Group, domain: brightmeres.com." in text


def never_compared(demo: Run, keys: str, condition: str = "") -> Explanation:
    """Explain a pair that is no candidate: the first with some, or with no, shared key."""
    record_keys = compiled_sql(demo.settings, KEYS)
    pair = a_pair(
        demo,
        f"""
        select one.record_key, other.record_key
        from resolution.res_account_records as one
        inner join resolution.res_account_records as other on one.record_key < other.record_key
        anti join resolution.res_candidate_pairs as pairs
            on pairs.left_record_number = one.record_number and pairs.right_record_number = other.record_number
        {keys} join (
            select
                mine.record_number as left_number, yours.record_number as right_number,
                (
                    select any_value(proposing.key_number) from resolution.res_proposed_pairs as proposing
                    where
                        proposing.left_record_number = mine.record_number
                        and proposing.right_record_number = yours.record_number
                        and proposing.key_number = mine.key_number
                ) as proposing_key
            from ({record_keys}) as mine
            inner join ({record_keys}) as yours using (key_number)
            where not (mine.is_part and yours.is_part)
        ) as shared on shared.left_number = one.record_number and shared.right_number = other.record_number {condition}
        order by all
        """,
    )
    found = explain(demo.settings, *pair)
    assert not found.is_candidate
    assert sum(row["evidence_millibits"] for row in found.evidence) == found.match["match_millibits"]
    assert "NEVER COMPARED" in as_text(found)
    return found


def test_a_pair_that_shares_only_a_crowded_key_is_shown_which_and_how_crowded(demo: Run) -> None:
    found = never_compared(demo, "semi", "and shared.proposing_key is null")
    key = next(key for key in found.shared_keys if not key["proposes_pairs"])
    assert f"{key['rule']} '{key['blocking_key']}' ({key['record_count']} records)" in as_text(found)


def test_a_pair_of_names_that_do_not_look_alike_is_shown_so(demo: Run) -> None:
    found = never_compared(demo, "semi", "and shared.proposing_key is not null")
    assert "are not alike enough for the pre-filter" in as_text(found)


def test_a_pair_without_a_shared_key_is_shown_so(demo: Run) -> None:
    found = never_compared(demo, "anti")
    assert found.shared_keys == []
    assert "They share no key" in as_text(found)


def test_an_unknown_record_is_refused_with_the_nearest_ones(demo: Run) -> None:
    run = run_command(demo.settings, "explain", "us:001Fh00000ulkhZIAX", APPROVED[0])
    assert run.exit_code == 1
    assert "us:001Fh00000ulkhZIAX is on no current list" in run.output
    assert f"{APPROVED[1]}   Zephyrinne Holdings SA" in run.output


def test_a_record_is_not_explained_with_itself(demo: Run) -> None:
    with pytest.raises(NoReportError, match="given twice"):
        explain(demo.settings, APPROVED[0], APPROVED[0])


def test_nothing_is_explained_before_anything_is_built(tmp_path_factory: pytest.TempPathFactory, demo: Run) -> None:
    elsewhere = run_command(
        type(demo.settings)(
            demo.settings.exports, demo.settings.seeds, tmp_path_factory.mktemp("empty") / "w.duckdb",
            demo.settings.published,
        ),
        "explain", *APPROVED,
    )  # fmt: skip
    assert elsewhere.exit_code == 1
    assert "nothing has been built yet" in elsewhere.output


def test_what_a_partner_wrote_cannot_steer_the_terminal(demo: Run) -> None:
    found = explain(demo.settings, *APPROVED)
    found.records[0]["name"] = "Acme\x1b[2J\rAG"
    assert "\x1b" not in as_text(found)
    assert "Acme\\x1b[2J\\rAG" in as_text(found)
