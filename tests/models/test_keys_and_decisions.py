"""Three months in one workspace: what becomes of account keys, and that no decision of a person is lost.

Belongs here: keys that merge, split, go and come back, and decisions that go on or are asked for again. Does not belong
here: which records are one company (test_clusters.py), nor which decision counts (dbt unit tests of res_decided_pairs).
"""

from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.deliveries import (
    ASKED,
    ASKED_AND_MOVED,
    AUGUST,
    CASINO,
    COMPANY_SEEDS,
    DECISION,
    HEADER,
    JUDGED,
    JUDGED_IN_AUGUST,
    JUDGED_LATER,
    KESTERMOOR_RENAMED,
    LASTING,
    MERGED,
    MERGED_AGAIN,
    MERGED_HEADER,
    OCTOBER,
    RENAMED,
    SEPTEMBER,
    US_ASKED,
    ZELWERK_ALONE,
    Lists,
    deliver,
    land,
)
from tests.workspaces import Rows, Workspace

pytestmark = pytest.mark.usefixtures("dbt")

Bands = dict[str, tuple[str, str | None, bool]]
Queue = dict[str, tuple[str, str, str | None, str]]


def deliver_month(given: Workspace, month: str, *parts: Lists) -> None:
    for party in ("us", "alpha"):
        rows = [(number, *says) for part in parts for number, says in part.get(party, {}).items()]
        deliver(given.settings.exports, party, month, "accounts.csv", [HEADER, *rows])


def decide(given: Workspace, month: str, left: str, right: str, answer: str) -> None:
    row = (left, right, answer, "asked them", "Ada", f"{month}-10", "")
    deliver(given.settings.exports, "us", month, f"decisions_{answer}.csv", [DECISION, row])


def build(given: Workspace, month: str, *more: str) -> None:
    is_first = not given.settings.warehouse.exists()
    land(given, month)
    kinds = ["--exclude-resource-type", "unit_test", *([] if is_first else ["seed"])]
    seeds = ["resource_type:seed"] if is_first else []
    tests = ["--indirect-selection", "cautious"]
    models = ["+dim_account_keys", "+bridge_account_records", *more]
    done = given.dbt("build", "--select", *seeds, *models, *kinds, *tests, month=month)
    assert done.returncode == 0, done.stdout


def keys(given: Workspace, month: str) -> dict[str, str]:
    rows = given.query(
        f"select record_key, account_key from resolution.res_account_registry where as_of_month = '{month}-01'"
    )
    return {str(record): str(key) for record, key in rows}


def decision(number: str, answer: str, author: str, day: str, fingerprint: str = "") -> tuple[str, ...]:
    return (f"us:{number}", f"alpha:{number}", answer, "asked them", author, day, fingerprint)


def bands(given: Workspace) -> Bands:
    """By the number of both records: the pair's band, the relation a person named, and whether they are one account."""
    return {
        str(number): (str(band), None if relation is None else str(relation), bool(is_one))
        for number, band, relation, is_one in given.query(
            """
            select split_part(pairs.left_record_key, ':', 2), pairs.band, pairs.relation,
                one.account_key = other.account_key
            from resolution.res_explained_pairs as pairs
            inner join marts.bridge_account_records as one on one.record_key = pairs.left_record_key
            inner join marts.bridge_account_records as other on other.record_key = pairs.right_record_key
            where split_part(pairs.left_record_key, ':', 2) = split_part(pairs.right_record_key, ':', 2)
            """
        )
        if number in US_ASKED
    }


def queue(given: Workspace) -> Queue:
    """By the number of both records: why the pair waits, who decided it, who says otherwise, its fingerprint."""
    return {
        str(number): (str(reason), str(by), None if other is None else str(other), str(fingerprint))
        for number, reason, by, other, fingerprint in given.query(
            """
            select split_part(left_record_key, ':', 2), queue_reason, decided_by, other_decided_by, pair_fingerprint
            from marts.mart_review_queue where decision is not null
            """
        )
    }


def judged(given: Workspace) -> Rows:
    """Of the companies of which people decided: band, decision, of whom it was said, who was exchanged, one account."""
    return given.query(
        """
        select left_record_key, right_record_key, band, decision, decision_inherited_from, exchanged_record_key,
            is_same_account
        from marts.fct_account_matches
        where regexp_matches(right_record_key, '^us:(6|001F)') and left_party_id <> right_party_id
        order by right_record_key, left_record_key
        """
    )


def renamed(given: Workspace) -> Rows:
    """Of the records that changed under their ids: the pair of one number, band, guard, and who became another."""
    return given.query(
        """
        select split_part(right_record_key, ':', 2) as number, band, match_reason, guard, exchanged_record_key,
            is_same_account
        from marts.fct_account_matches
        where
            regexp_matches(right_record_key, '^us:8') and left_party_id = 'alpha'
            and split_part(left_record_key, ':', 2) = split_part(right_record_key, ':', 2)
        order by number
        """
    )


def excluded(given: Workspace) -> Rows:
    return given.query(
        """
        select bridge_account_records.record_key, fct_account_overlaps.category, fct_account_overlaps.play,
            fct_account_overlaps.exclusion_reason
        from marts.fct_account_overlaps
        inner join marts.bridge_account_records using (account_key)
        where
            fct_account_overlaps.is_excluded
            and fct_account_overlaps.as_of_month = (select max(as_of_month) from marts.fct_account_overlaps)
        order by all
        """
    )


@dataclass(frozen=True)
class Month:
    """What a month said of the pairs that people were asked about, before the next one was loaded."""

    bands: Bands
    queue: Queue
    refused: Rows
    judged: Rows
    excluded: Rows
    first_asked: Rows
    renamed: Rows


@dataclass(frozen=True)
class Story:
    """Three months, and what each said in its time."""

    given: Workspace
    months: dict[str, Month]


FIRST_ASKED = "select left_record_key, right_record_key, queue_reason from marts.mart_review_queue where queue_rank = 1"
REFUSED = "select source_id, file_name from marts.mart_refused_data where refused = 'decision'"


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    """Keys of one company after the other lost to the next, one split, one record changed, accounts gone and back.

    Meanwhile people decide on pairs, contradict each other, and a record changes that was decided on.
    """
    given = Workspace(Path(tmp_path_factory.mktemp("three_months")), COMPANY_SEEDS)
    exports = given.settings.exports
    said = Story(given, {})

    def build_all(month: str) -> None:
        build(given, month, "+mart_review_queue", "+mart_refused_data")
        said.months[month] = Month(
            bands(given),
            queue(given),
            given.query(REFUSED),
            judged(given),
            excluded(given),
            given.query(FIRST_ASKED),
            renamed(given),
        )

    deliver_month(given, "2026-08", ZELWERK_ALONE, LASTING, AUGUST, ASKED, JUDGED, JUDGED_IN_AUGUST, RENAMED[0])
    companies = [
        *(decision(number, "different", "Ada", "2026-08-10") for number in ("61", "62", "64")),
        *(decision(number, "same", "Ada", "2026-08-10") for number in ("63", "66")),
    ]
    deliver(exports, "us", "2026-08", "decisions_of_companies.csv", [DECISION, *companies])
    august = [
        decision("51", "Different", "Ada", "2026-08-10"),
        decision("52", "same group", "Ada", "2026-08-10"),
        decision("53", "same", "Ada", "2026-08-10", "what Ada saw was another record"),
        decision("54", "", "", ""),
        decision("54", "n/a", "", ""),
        ("us:51", "alpha:none", "same", "", "Ada", "2026-08-10", ""),
    ]
    deliver(exports, "us", "2026-08", "decisions.csv", [DECISION, *august])
    build_all("2026-08")

    tiles: Lists = {"alpha": {"63": KESTERMOOR_RENAMED}}
    deliver_month(given, "2026-09", ZELWERK_ALONE, LASTING, SEPTEMBER, ASKED, JUDGED, JUDGED_LATER, tiles, RENAMED[1])
    deliver(exports, "us", "2026-09", "accounts_merged.csv", [MERGED_HEADER, *MERGED])
    decide(given, "2026-09", "us:1", "us:2", "same")
    decide(given, "2026-09", "us:4", "alpha:4", "different")
    september = [
        decision("53", "same", "Ada", "2026-09-10", said.months["2026-08"].queue["53"][3]),
        decision("54", "same", "Ada", "2026-09-10"),
        decision("54", "unsure", "Bo", "2026-09-10"),
    ]
    deliver(exports, "us", "2026-09", "decisions_of_september.csv", [DECISION, *september])
    build_all("2026-09")

    exchanged: Lists = {"alpha": {"63": CASINO}}
    deliver_month(
        given, "2026-10", ZELWERK_ALONE, LASTING, OCTOBER, ASKED_AND_MOVED, JUDGED, JUDGED_LATER, exchanged, RENAMED[2]
    )
    deliver(exports, "us", "2026-10", "accounts_merged.csv", [MERGED_HEADER, *MERGED_AGAIN])
    asked = ("us:62", "alpha:621", "same", "they moved", "Bo", "2026-10-10", "")
    deliver(exports, "us", "2026-10", "decisions_of_october.csv", [DECISION, asked])
    decide(given, "2026-10", "us:2", "us:3", "same")
    build_all("2026-10")
    return said


@pytest.fixture
def three_months(story: Story) -> Workspace:
    return story.given


def changes(given: Workspace, from_key: str) -> list[tuple[object, ...]]:
    return given.query(
        f"""
        select strftime(as_of_month, '%Y-%m'), to_account_key, kind, cause, is_successor,
            moved_record_count, earlier_record_count, remaining_record_count
        from marts.fct_account_key_changes where from_account_key = '{from_key}' order by all
        """
    )


def leads_to(given: Workspace, key: str) -> tuple[object, ...]:
    (found,) = given.query(
        f"""
        select current_account_key, no_account_reason, change_count
        from marts.dim_account_keys where account_key = '{key}'
        """
    )
    return found


def test_a_chain_of_merges_is_followed_to_its_end(three_months: Workspace) -> None:
    august, september, october = (keys(three_months, f"2026-{month}") for month in ("08", "09", "10"))
    first, second, third = august["us:1"], august["us:2"], august["us:3"]
    assert (september["us:1"], october["us:1"]) == (second, third)
    assert changes(three_months, first) == [("2026-09", second, "merge", "decision", True, 1, 1, 0)]
    assert changes(three_months, second) == [("2026-10", third, "merge", "decision", True, 3, 3, 0)]
    assert leads_to(three_months, first) == (third, None, 2)
    assert leads_to(three_months, second) == (third, None, 1)
    assert leads_to(three_months, third) == (third, None, 0)


def test_a_split_account_keeps_its_key_and_tells_where_the_others_went(three_months: Workspace) -> None:
    august, september = keys(three_months, "2026-08"), keys(three_months, "2026-09")
    old = august["us:4"]
    assert september["us:4"] == old != september["alpha:4"]
    assert changes(three_months, old) == [("2026-09", september["alpha:4"], "split", "decision", False, 1, 2, 1)]
    assert leads_to(three_months, old) == (old, None, 0)


def test_a_changed_record_is_reported_as_the_cause(three_months: Workspace) -> None:
    august, september = keys(three_months, "2026-08"), keys(three_months, "2026-09")
    assert september["us:5"] == september["alpha:5"]
    (lost,) = {august["us:5"], august["alpha:5"]} - {september["us:5"]}
    # the record that joins is another company by now, so its own key leads nowhere
    assert [(row[1], row[2], row[3]) for row in changes(three_months, lost)] == [
        (september["us:5"], "split", "changed record"),
        (None, "retired", "changed record"),
    ]
    assert leads_to(three_months, lost) == (None, "its records are of another company now", 0)


def test_an_account_that_left_is_reported_so_until_it_comes_back(three_months: Workspace) -> None:
    key = keys(three_months, "2026-08")["us:7"]
    assert changes(three_months, key) == [
        ("2026-09", None, "retired", "record gone", False, 0, 1, 0),
        ("2026-10", key, "returned", "record came back", False, 1, 0, 1),
    ]
    assert leads_to(three_months, key) == (key, None, 0)


def test_a_key_without_an_account_says_why(three_months: Workspace) -> None:
    key = keys(three_months, "2026-08")["us:6"]
    assert changes(three_months, key) == [("2026-09", None, "retired", "record gone", False, 0, 1, 0)]
    assert leads_to(three_months, key) == (None, "its records left the lists", 0)


def test_no_decision_is_lost_over_three_months(story: Story) -> None:
    august, september, october = story.months.values()
    rejected, grouped = ("rejected", "unrelated", False), ("rejected", "same group", False)
    assert august.bands == {
        "51": rejected,
        "52": grouped,
        "53": ("auto", "same company", True),
        "54": ("auto", None, True),
    }
    assert {number: row[:3] for number, row in august.queue.items()} == {"53": ("inputs changed", "Ada", None)}
    assert august.refused == [("alpha:none", "us/2026-08/decisions.csv row 7")]
    expected = {
        "51": rejected,
        "52": grouped,
        "53": ("auto", "same company", True),
        "54": ("review", None, False),
    }
    assert september.bands == expected
    assert {number: row[:3] for number, row in september.queue.items()} == {"54": ("decisions disagree", "Bo", "Ada")}
    assert october.bands == expected
    assert {number: row[:3] for number, row in october.queue.items()} == {
        "53": ("inputs changed", "Ada", "Ada"),
        "54": ("decisions disagree", "Bo", "Ada"),
    }


def test_loading_an_earlier_month_again_and_the_later_ones_gives_the_same_history(three_months: Workspace) -> None:
    history = "select * from marts.fct_account_key_changes order by all"
    resolved = "select * from marts.dim_account_keys order by all"
    before = three_months.query(history), three_months.query(resolved)
    for month in ("2026-09", "2026-10"):
        build(three_months, month)
    assert (three_months.query(history), three_months.query(resolved)) == before


def reject(left: str, right: str, of: str | None = None) -> tuple[object, ...]:
    return (left, right, "rejected", "reject", of, None, False)


def test_a_rejection_holds_for_the_company_under_another_id_until_somebody_overrules_it(story: Story) -> None:
    """61 came back as 611; 62 has a twin, 621, approved in October; 622 is of another town and was never judged."""
    august, september, october = (
        [row for row in said.judged if row[1] in ("us:61", "us:62")] for said in story.months.values()
    )
    assert august == [reject("alpha:61", "us:61"), reject("alpha:62", "us:62")]
    came_back = reject("alpha:611", "us:61", "alpha:61 and us:61")
    never_judged = ("alpha:622", "us:62", "review", None, None, None, False)
    twin = reject("alpha:621", "us:62", "alpha:62 and us:62")
    assert september == [came_back, reject("alpha:62", "us:62"), twin, never_judged]
    approved = ("alpha:621", "us:62", "auto", "approve", None, None, True)
    assert october == [came_back, reject("alpha:62", "us:62"), approved, never_judged]


def test_an_approval_holds_as_long_as_the_record_is_recognisable(story: Story) -> None:
    """The approved record is renamed in September, and in October has another name, domain and country."""
    pairs = [row for said in story.months.values() for row in said.judged if row[1] == "us:63"]
    approved = ("alpha:63", "us:63", "auto", "approve", None, None, True)
    assert pairs == [approved, approved, ("alpha:63", "us:63", "review", None, None, "alpha:63", False)]
    asked = "select queue_reason, decided_by from marts.mart_review_queue where left_record_key = 'alpha:63'"
    assert story.given.query(asked) == [("record exchanged", "Ada")]


def test_decisions_and_exclusions_follow_merged_records_and_ids_written_otherwise(story: Story) -> None:
    """64 went into 65 and 65 into 650; 66 into 67 and 670, 68 into 69 and 690; 75 came back as 751.

    A decision names 0072 and a short id.
    """
    otherwise = reject("alpha:72", "us:001Fh00000ulkhZIAQ", "alpha:0072 and us:001Fh00000ulkhZ")
    assert [said.judged[0] for said in story.months.values()] == [otherwise] * 3
    for month, (rejected, approved, excluded) in {
        "2026-09": ("us:65", "us:67", "us:69"),
        "2026-10": ("us:650", "us:670", "us:690"),
    }.items():
        said = story.months[month]
        assert said.judged[-2:] == [
            reject("alpha:64", rejected, "alpha:64 and us:64"),
            ("alpha:66", approved, "auto", "approve", "alpha:66 and us:66", None, True),
        ]
        records = [str(row[0]) for row in said.excluded if row[0] != "alpha:71"]
        assert records == [excluded, "us:71", "us:751"]
    august = story.months["2026-08"]
    assert [row[0] for row in august.excluded if row[0] != "alpha:71"] == ["us:68", "us:71", "us:75"]


def test_key_of_a_merged_record_leads_over_all_mergers_to_the_account_of_today(story: Story) -> None:
    august, september, october = (keys(story.given, f"2026-{month}") for month in ("08", "09", "10"))
    for first, second, third in (("us:64", "us:65", "us:650"), ("us:68", "us:69", "us:690")):
        assert changes(story.given, august[first]) == [
            ("2026-09", september[second], "merge", "merged record", True, 1, 1, 0)
        ]
        assert leads_to(story.given, august[first]) == (october[third], None, 2)


def test_what_may_be_an_excluded_account_is_held_back_and_asked_about_first(story: Story) -> None:
    reason = "May be Thornmere Analytics, which is excluded: decide first whether alpha:71 and us:71 are one company"
    for said in story.months.values():
        assert said.excluded[0] == ("alpha:71", "excluded", "none", reason)
        assert said.first_asked == [("alpha:71", "us:71", "may be excluded")]


def test_a_record_that_changes_keeps_its_account_as_long_as_something_stays(story: Story) -> None:
    """Ours gets another name, then domain (81), or both at once (82); a partner's name (83), domain (84), both (85).

    Our record of 83 has no website that would still be the same; of 85 only what the partner's once said is ours.
    """
    by_month = [{row[0]: row[1:] for row in said.renamed} for said in story.months.values()]
    assert [[month[number][-1] for month in by_month] for number in ("81", "82", "83", "84", "85")] == [
        [True, True, True],
        [True, True, False],
        [True, False, False],
        [True, True, True],
        [True, True, False],
    ]
    october = by_month[2]
    assert october["81"] == ("auto", "exact name", None, None, True)
    assert october["84"] == ("auto", "domain alias", None, None, True)
    assert october["83"][:4] == ("review", "exact name", "earlier name or domain", None)
    assert (october["82"][0], october["82"][3]) == ("review", "us:82")
    assert (october["85"][0], october["85"][3]) == ("review", "alpha:85")
    asked = """
        select split_part(left_record_key, ':', 2) as number, queue_reason from marts.mart_review_queue
        where regexp_matches(left_record_key, '^alpha:8') order by number
    """
    reasons = [("82", "record exchanged"), ("83", "undecided"), ("85", "record exchanged")]
    assert story.given.query(asked) == reasons


def test_an_exchanged_record_leaves_the_key_with_the_company_it_was(story: Story) -> None:
    """alpha:63 and alpha:85 have become casinos; us:82 has another name and domain, and may be another company."""
    august, october = keys(story.given, "2026-08"), keys(story.given, "2026-10")
    for stayed, exchanged in (("us:63", "alpha:63"), ("us:85", "alpha:85"), ("alpha:82", "us:82")):
        assert august[stayed] == august[exchanged] == october[stayed]
        assert changes(story.given, august[stayed]) == [
            ("2026-10", october[exchanged], "split", "changed record", False, 1, 2, 1)
        ]
        assert leads_to(story.given, august[stayed]) == (august[stayed], None, 0)
