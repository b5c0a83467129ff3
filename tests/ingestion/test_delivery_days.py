"""The days on which files came: recorded when they first land, kept, and set right by a manifest.

Belongs here: which day a record counts as delivered from, and manifests good and bad. Does not belong here: what
follows from it in the marts (dbt unit tests, tests/models/test_quarter.py).
"""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingestion.delivery_days import as_of_day, day_of_loading
from orchestration.ingestion.snapshots import Limits
from tests.deliveries import LandingFolder

OCTOBER = date(2026, 10, 1)


def october(day: int) -> date:
    return OCTOBER + timedelta(days=day - 1)


def listed(*ids: int) -> str:
    return "Account ID,Account Name\n" + "".join(f"{number},Firm {number}\n" for number in ids)


def days(workspace: LandingFolder) -> dict[str, date]:
    """The day from which each record counts as delivered."""
    rows = workspace.rows(
        """
        select accounts.source_id, deliveries.delivered_on from raw.accounts as accounts
        inner join raw.deliveries as deliveries
            on
                accounts.party_id = deliveries.party_id and accounts.export_month = deliveries.export_month
                and accounts.first_file_sha256 = deliveries.file_sha256
        """
    )
    return {row["source_id"]: row["delivered_on"] for row in rows}


@pytest.mark.parametrize(
    ("loaded_on", "delivered_on", "as_of"),
    [
        (date(2026, 9, 30), OCTOBER, OCTOBER),  # it has begun in Auckland
        (date(2026, 10, 7), date(2026, 10, 7), date(2026, 10, 7)),
        (date(2026, 11, 3), date(2026, 11, 3), date(2026, 10, 31)),
        (date(2026, 12, 1), date(2026, 12, 1), date(2026, 10, 31)),  # 31 days after the end
        (date(2026, 12, 2), date(2026, 10, 31), date(2026, 10, 31)),
    ],
)
def test_a_file_came_on_the_day_of_the_load_unless_that_is_long_after_the_month(
    loaded_on: date, delivered_on: date, as_of: date
) -> None:
    assert day_of_loading(OCTOBER, loaded_on, Limits()) == delivered_on
    assert as_of_day(OCTOBER, loaded_on) == as_of


def test_a_file_keeps_its_day_through_reloads_and_a_later_file_moves_no_record_that_the_first_has_shown(
    workspace: LandingFolder,
) -> None:
    first = workspace.put("accounts.csv", listed(1, 2))
    workspace.land(on=october(5))
    workspace.land(on=october(8))
    assert days(workspace) == {"1": october(5), "2": october(5)}
    first.write_text(listed(2, 3))
    workspace.land(on=october(9))
    workspace.land(on=october(20))
    assert days(workspace) == {"2": october(5), "3": october(9)}
    first.unlink()
    workspace.put("contacts.csv", "Contact ID,Account Name,Full Name\n1,Firm 1,Ann\n")
    workspace.land(on=october(21))
    assert days(workspace) == {}
    workspace.put("accounts.csv", listed(2, 3))
    workspace.land(on=october(22))
    assert days(workspace) == {"2": october(9), "3": october(9)}  # of this very file


def test_the_day_that_counts_as_today_moves_on_with_the_runs_of_a_month_and_never_back(
    workspace: LandingFolder,
) -> None:
    workspace.put("accounts.csv", listed(1))
    seen = []
    for day in (october(5), october(20), october(9), date(2026, 11, 9), october(5)):
        workspace.land(on=day)
        seen += [row["as_of_date"] for row in workspace.rows("select as_of_date from raw.loaded_months")]
    assert seen == [october(5), october(20), october(20), october(31), october(31)]


def test_a_manifest_says_when_files_came_also_after_they_have_landed(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", listed(1))
    workspace.put("accounts_more.csv", listed(2))
    workspace.land(on=date(2027, 3, 1))
    assert set(days(workspace).values()) == {october(31)}
    workspace.put("manifest.csv", "\ufeffDelivered_on,file_name\r\n2026-10-06,accounts.csv\r\n")
    workspace.land(on=date(2027, 3, 2))
    assert days(workspace) == {"1": october(6), "2": october(31)}
    assert workspace.rows("select * from raw.rejected_rows") == []
    assert workspace.rows("select distinct status from raw.files") == [{"status": "landed"}]


def test_a_row_of_a_manifest_that_cannot_be_true_is_refused_by_row_and_column_and_costs_itself_only(
    workspace: LandingFolder,
) -> None:
    for name in ("accounts.csv", "contacts.csv", "engagements.csv"):
        workspace.put(name, listed(1))
    workspace.put("opportunities.csv", "Opportunity ID,Account Name,Opportunity Name\n1,Firm 1,A deal\n")
    workspace.put(
        "manifest.csv",
        "file_name,delivered_on\naccounts.csv,2026-10-06\ncontacts.csv,2026-11-09\nopportunities.csv,2026-09-30\n"
        "engagements.csv,6.10.2026\n../us/accounts.csv,2026-10-06\nengagements.csv\n\naccounts.csv,2026-10-06\n",
    )
    workspace.land(on=date(2026, 11, 8))
    refused = workspace.rows(
        "select row_number, column_name, rule, reason, remedy, file_name from raw.rejected_rows "
        "where object = 'manifest' order by row_number"
    )
    assert [(row["row_number"], row["column_name"], row["rule"]) for row in refused] == [
        (2, "file_name", "manifest_file_twice"),
        (3, "delivered_on", "manifest_future_day"),
        (4, "delivered_on", "manifest_day_before_month"),
        (5, "delivered_on", "manifest_unreadable_day"),
        (6, "file_name", "manifest_unknown_file"),
        (7, None, "manifest_row_width"),
        (9, "file_name", "manifest_file_twice"),
    ]
    assert {row["file_name"] for row in refused} == {"acme/2026-10/manifest.csv"}
    assert refused[1]["reason"] == "Row 3, column 'delivered_on': 2026-11-09 is still to come: today is 2026-11-08."
    assert refused[1]["remedy"] == (
        "Write the day on which the file came, 2026-10-01 or later and not after today, then run again."
    )
    assert days(workspace) == {"1": date(2026, 11, 8)}
    workspace.put("manifest.csv", "file_name,delivered_on\naccounts.csv,2026-10-06\n")
    workspace.land(on=date(2026, 11, 9))
    assert days(workspace) == {"1": october(6)}
    assert workspace.rows("select * from raw.rejected_rows where object = 'manifest'") == []


@pytest.mark.parametrize(
    ("content", "rule"),
    [
        (b"", "manifest_columns"),
        (b"\xff\xfea\x00,\x00b\x00", "manifest_not_readable"),
        (b'file_name,delivered_on\n"accounts.csv', "manifest_not_readable"),
        (b"file_name,delivered_on,note\naccounts.csv,2026-10-06,late\n", "manifest_columns"),
        (b"file_name,delivered_on\n" + b"\n" * 1001, "manifest_too_long"),
        (b"file_name,delivered_on\n" + b"x" * 1024**2, "file_too_large"),
        (b"file_name,delivered_on\n\x00,\x1b[2J\n", None),
    ],
)
def test_a_strange_manifest_is_refused_and_its_files_land(
    workspace: LandingFolder, content: bytes, rule: str | None
) -> None:
    workspace.put("accounts.csv", listed(1))
    workspace.put("manifest.csv", content)
    workspace.land(on=october(7))
    files = workspace.rows("select rule, remedy from raw.files where file_name like '%manifest.csv'")
    assert [file["rule"] for file in files] == ([rule] if rule else [])
    assert all(file["remedy"] for file in files)
    assert len(workspace.rows("select * from raw.rejected_rows")) == (rule is None)
    assert days(workspace) == {"1": october(7)}


def test_a_manifest_that_is_a_link_or_of_a_party_without_an_nda_is_not_opened(workspace: LandingFolder) -> None:
    workspace.put("accounts.csv", listed(1))
    workspace.put("manifest.csv", "file_name,delivered_on\naccounts.csv,2026-10-06\n", party="nonda")
    (workspace.exports / "acme/2026-10/manifest.csv").symlink_to(workspace.exports / "nonda/2026-10/manifest.csv")
    workspace.land(on=october(7))
    assert [row["rule"] for row in workspace.rows("select rule from raw.files where rule is not null order by 1")] == [
        "no_nda",
        "symbolic_link",
    ]
    assert days(workspace) == {"1": october(7)}


FILES = st.dictionaries(
    st.sampled_from(["accounts.csv", "accounts_b.csv", "accounts_c.csv"]),
    st.tuples(st.sets(st.integers(1, 4), min_size=1), st.integers(1, 28)),
    min_size=1,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(files=FILES, order=st.permutations(["accounts.csv", "accounts_b.csv", "accounts_c.csv"]))
def test_a_record_counts_from_the_earliest_of_its_files_in_whatever_order_they_land(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, tuple[set[int], int]], order: list[str]
) -> None:
    workspace = LandingFolder(tmp_path_factory.mktemp("order"))
    expected: dict[str, date] = {}
    for name in order:
        if name not in files:
            continue
        ids, day = files[name]
        number = 100 * (ord(name[-5]) - ord("a") + 1)  # a row of its own, so that no file is another's copy
        workspace.put(name, listed(*sorted(ids), *range(number, number + 20)))
        for each in ids:
            expected[str(each)] = min(october(day), expected.get(str(each), october(day)))
        stated = "".join(f"{each},{october(files[each][1])}\n" for each in files if each in _put(workspace))
        workspace.put("manifest.csv", "file_name,delivered_on\n" + stated)
        workspace.land()
    assert {record: day for record, day in days(workspace).items() if int(record) < 100} == expected


def _put(workspace: LandingFolder) -> set[str]:
    return {path.name for path in (workspace.exports / "acme" / "2026-10").iterdir()}
