"""What came of a run: the page, what it tells, and what it keeps to itself; and when lists count as late.

Belongs here: runs of a small job whose events are like the monthly job's, and the page of the demo. Does not belong
here: sending (test_notify.py).
"""

import os
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb
import pytest

from orchestration.defs.automation import run_failure_sensor, run_success_sensor
from orchestration.defs.exports import arrivals, known_arrivals, list_key, lists_of_parties, report_arrivals
from orchestration.defs.partitions import due_at, expected_every
from orchestration.defs.resources import workspace_of
from orchestration.runs.figures import look_at
from orchestration.runs.page import KEPT_PAGES, keep_page, page_of_run, tell_of_run
from orchestration.runs.results import RunResults
from tests.workspaces import Run, workspace_in

HOSTILE = "<script src=//evil.example></script><img src=x onerror=alert(1)>.csv"
PERSON = "jane.roe@partner.example"

FileRow = dict[str, Any]


class Page(HTMLParser):
    """The words and tags of a page, and whatever in it could load something."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.loads: list[str] = []
        self.words: list[str] = []
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.loads += [
            f"{name}={value}" for name, value in attrs if name in ("src", "href", "action") or name[:2] == "on"
        ]

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def file_row(
    file_name: str, status: str = "landed", object_name: str = "accounts", reason: str = ""
) -> dict[str, object]:
    """One file as the landing tells of it."""
    rows = 0 if reason else 10
    return {
        "party_id": "acme", "file_name": file_name, "sheet_name": "", "object": object_name, "status": status,
        "rows_read": rows, "rows_accepted": rows - 1 if rows else 0, "rows_rejected": 1 if rows else 0,
        "values_rejected": 2 if rows else 0, "rule": "", "reason": reason,
        "remedy": "Export it again." if reason else "",
    }  # fmt: skip


def ended_run(folder: Path, files: Sequence[FileRow], problem: Exception | None = None) -> RunResults:
    """Run a job that lands some files and may fail then, and tell of it."""

    @dg.multi_asset(specs=[dg.AssetSpec(["raw", "files"]), dg.AssetSpec(["raw", "rejected_rows"])], name="raw_exports")
    def raw_exports() -> object:
        tables = {"files": dg.MetadataValue.table([dg.TableRecord(file) for file in files])} if files else {}
        yield dg.MaterializeResult(asset_key=["raw", "files"], metadata=tables)
        if problem:
            raise problem
        yield dg.MaterializeResult(asset_key=["raw", "rejected_rows"])

    settings = workspace_in(folder, folder / "exports")
    home = folder / "dagster"
    home.mkdir(exist_ok=True)
    with dg.instance_for_test(temp_dir=str(home)) as instance:
        job = dg.Definitions(assets=[raw_exports], jobs=[dg.define_asset_job("monthly_refresh")]).resolve_job_def(
            "monthly_refresh"
        )
        result = job.execute_in_process(instance=instance, raise_on_error=False, tags={"dagster/partition": "2026-10"})
        warnings: list[str] = []
        ended = tell_of_run(settings, instance, result.run_id, warnings.append)
        assert warnings == []
        said = [entry.dagster_event for entry in instance.all_logs(result.run_id) if entry.dagster_event]
        (event,) = [event for event in said if event.is_engine_event and ended.headline in (event.message or "")]
        assert event.engine_event_data.metadata["page"].value == str(ended.page)
    return ended


def test_a_run_that_failed_has_its_page_and_says_what_stays_and_what_to_do(tmp_path: Path) -> None:
    ended = ended_run(
        tmp_path,
        [file_row("acme/2026-10/accounts.csv"), file_row("acme/2026-10/b.csv", "quarantined", reason="It is empty.")],
        dg.Failure("The disk is full. Make room, and run again.", allow_retries=False),
    )
    assert ended.headline == "2026-10 was not published; nothing is published yet."
    assert not ended.is_success
    counted = ("files taken", "files refused", "rows accepted", "rows refused")
    assert {name: ended.figures[name] for name in counted} == {
        "files taken": 1, "files refused": 1, "rows accepted": 9, "rows refused": 1,
    }  # fmt: skip
    assert [to_do.what for to_do in ended.to_do][:2] == [
        "Mend what failed (1), then run the month again",
        "Correct the refused files (1), then run the month again",
    ]
    text = Page(ended.page).text
    for said in (
        "The disk is full. Make room",
        "acme/2026-10/b.csv",
        "It is empty.",
        "Export it again.",
        "MONTH=2026-10",
    ):
        assert said in text


def test_what_a_partner_wrote_does_nothing_on_the_page(tmp_path: Path) -> None:
    ended = ended_run(tmp_path, [file_row(f"acme/2026-10/{HOSTILE}", "quarantined", reason=f"'{HOSTILE}' is odd.")])
    page = Page(ended.page)
    assert HOSTILE in page.text
    assert page.loads == []
    assert not page.tags & {"script", "img", "link", "iframe", "form"}
    assert "default-src 'none'" in ended.page.read_text()


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        (
            [file_row("acme/2026-10/c.csv", "quarantined", "contacts", f"The first: Row 3: '{PERSON}' is no date.")],
            None,
        ),
        ([], ValueError(f"can't cast {PERSON}: don't cast '{PERSON}")),
        ([], ValueError(f"It isn't 'O'Neill\n{PERSON}' that counts")),
        ([], ValueError(f"Could not convert string '{PERSON}' to INT32")),
        ([], dg.Failure(f'dbt build failed: Conversion Error: "{PERSON}" is out of range')),
    ],
)
def test_no_person_stands_on_the_page_or_in_dagsters_words_of_it(
    tmp_path: Path, files: list[FileRow], problem: Exception | None
) -> None:
    ended = ended_run(tmp_path, files, problem)
    assert PERSON not in ended.page.read_text()
    assert "Stack Trace" not in ended.page.read_text()
    assert "…" in Page(ended.page).text


def test_a_run_that_was_killed_has_its_page_too(tmp_path: Path) -> None:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        settings = workspace_in(tmp_path)
        settings.published.mkdir(parents=True)
        (settings.published / "marts.duckdb").write_text("of another release")
        run = instance.add_run(dg.DagsterRun("monthly_refresh", tags={"dagster/partition": "2026-10"}))
        instance.report_run_failed(run, "The process of this run was killed.")
        ended = tell_of_run(settings, instance, run.run_id, print)
    assert ended.headline == "2026-10 was not published; what was published before stays."
    assert "The process of this run was killed." in Page(ended.page).text


def test_a_message_that_cannot_be_sent_fails_no_run_and_its_address_stands_in_no_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ACCOUNT_MAPPING_NOTIFY", "json://127.0.0.1:1/t0k3n")
    warnings: list[str] = []
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        run = instance.add_run(dg.DagsterRun("monthly_refresh", tags={"dagster/partition": "2026-10"}))
        instance.report_run_failed(run)
        ended = tell_of_run(workspace_in(tmp_path), instance, run.run_id, warnings.append)
    assert ended.page.is_file()
    assert len(warnings) == 1
    assert "address 1 of ACCOUNT_MAPPING_NOTIFY" in warnings[0]
    written = [file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()]
    assert written
    assert not [text for text in [*written, warnings[0].encode()] if b"t0k3n" in text]


def test_a_run_that_dagster_started_is_reported_by_the_sensors(tmp_path: Path) -> None:
    settings = workspace_in(tmp_path)
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        for sensor, report in (
            (run_success_sensor, dg.DagsterEventType.RUN_SUCCESS),
            (run_failure_sensor, dg.DagsterEventType.RUN_FAILURE),
        ):
            run = instance.add_run(dg.DagsterRun("monthly_refresh", tags={"dagster/partition": "2026-10"}))
            event = dg.DagsterEvent(report.value, run.job_name, message="ended")
            instance.report_dagster_event(event, run.run_id)
            with dg.build_run_status_sensor_context(
                sensor.name, event, instance, run, resources={"workspace": workspace_of(settings)}
            ) as context:
                sensor(context)
            assert page_of_run(settings.var, "2026-10", run.run_id).is_file()


def test_the_newest_pages_are_kept(tmp_path: Path) -> None:
    files = [page_of_run(tmp_path, "2026-10", f"run{number:02}") for number in range(KEPT_PAGES + 3)]
    for age, file in enumerate(files):
        keep_page(file, "page")
        os.utime(file, (age, age))
    keep_page(tmp_path / "runs" / "last.html", "page")
    kept = sorted(file.name for file in (tmp_path / "runs").iterdir())
    assert kept == sorted(["last.html", *(file.name for file in files[-KEPT_PAGES + 1 :])])


def test_what_nobody_can_read_is_reported_as_not_published(tmp_path: Path) -> None:
    assert look_at(tmp_path / "marts.duckdb") is None
    (tmp_path / "marts.duckdb").write_text("no database")
    assert look_at(tmp_path / "marts.duckdb") is None
    with duckdb.connect(str(tmp_path / "old.duckdb")) as old:
        old.execute("create table last_refreshed as select 1 as something")
    assert look_at(tmp_path / "old.duckdb") is None


PUBLISHED = """
    create table company_settings as from (values
        ('acv_usd', '70000', '50000', 'USD', false, 'A deal.'), ('won_days', '365', '365', 'days', true, 'A win.')
    ) as settings (name, value, default_value, unit, is_default, meaning);
    create table last_refreshed as
        select date '2026-10-01' as as_of_month, 'r1' as run_id, timestamp '2026-11-03' as published_at;
    create table fct_account_matches as from (values ('auto'), ('auto'), ('review')) as pairs (band);
    create table mart_review_queue as select 1 as pair;
    create table mart_refused_data as
        select 'acme' as party_id, 'accounts' as object, 'status' as column_name, value::varchar as delivered,
            3 as record_count, 2 as row_number, date '2026-10-01' as export_month, 'unmapped value' as refused,
            'value_not_mapped' as rule, 'Not known.' as reason
        from range(25) as values (value);
    insert into mart_refused_data by name
        select parties.*, 'opportunities' as object, 'amount' as column_name, 'EUR' as delivered,
            date '2026-10-01' as export_month, 'old rate' as refused, 'It is 2 months old' as reason
        from (values ('us', 2), ('acme', 3)) as parties (party_id, record_count);
    create table mart_list_scorecards as
        select 'Acme' as party_name, 'accounts' as object, date '2026-07-01' as list_month, true as is_late,
            'quarterly' as refresh_cadence, date '2026-10-01' as next_list_month, 40 as match_count,
            1.5 as chance_match_count;
    create table mart_closed_quarters as
        select date '2026-07-01' as quarter_start, 'FY2026-Q3' as fiscal_quarter, quarters.*
        from (values
            ('mart_kpi_status', 'pipeline_generated_usd', 'all', 'usd', 33000.4, 70000, 37000, 'engagement, mapping'),
            ('mart_kpi_status', 'deals_closed', 'all', 'count', 2, 1, -1, 'restatement'),
            ('mart_kpi_status', 'accounts_mapped', 'all', 'count', 9, 9, 0, null),
            ('mart_kpi_status', 'deals_closed', 'acme', 'count', 2, 1, -1, 'restatement'),
            ('mart_quarterly_goals', 'pipeline_generated_usd', 'all', 'usd', 33000.4, 70000, 37000, 'mapping')
        ) as quarters (mart, figure, partner_id, unit, reported_value, value_today, difference, causes);
    create table fct_account_priorities as from (values
        (date '2026-10-01', 'a1', 'acme', 'T2', 20), (date '2026-10-01', 'a2', 'acme', 'T1', 30),
        (date '2026-09-01', 'a3', 'acme', 'T1', 34)
    ) as priorities (as_of_month, account_key, partner_id, tier, priority_score);
    create table mart_what_changed as
        select date '2026-10-01' as as_of_month, date '2026-09-01' as previous_month, 'acme' as partner_id,
            'Acme' as partner_name, changes.*, changes.name as account_name, null::date as restated_in_month,
            null::date as reloaded_month
        from (values
            ('a1', 'First Ltd', 'new', null, 'prospect / customer', 'new record'),
            ('a2', 'Second Ltd', 'tier', 'T2', 'T1', 'changed record'),
            ('a2', 'Second Ltd', 'pipeline', '70.00', '40.00', 'exchange rate'),
            ('a3', 'Third Ltd', 'gone', 'customer / customer', null, 'record gone')
        ) as changes (account_key, name, change_type, from_value, to_value, cause);
    insert into mart_what_changed by name
        select date '2026-08-01' as as_of_month, 'a1' as account_key, 'new' as change_type,
            'restatement' as cause, date '2026-10-01' as restated_in_month, date '2026-08-01' as reloaded_month;
"""


def test_what_changed_is_counted_and_the_accounts_that_matter_most_come_first(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "marts.duckdb")) as marts:
        marts.execute(PUBLISHED)
    published = look_at(tmp_path / "marts.duckdb")
    assert published is not None
    assert published.figures == {
        "new overlaps": 1, "gone": 1, "another tier": 1, "changes of earlier months": 1, "lists late": 1,
        "currencies at an older rate": 1,
        "values not mapped": 25, "pairs waiting for a person": 1,
    }  # fmt: skip
    tables = {table.title: table.rows for table in published.tables}
    assert [row[0] for row in tables["The 10 changes at the accounts that matter most"]] == [
        "Third Ltd", "Second Ltd", "First Ltd",
    ]  # fmt: skip
    assert tables["What changed, by partner"] == [("Acme", 1, 1, 0, 1, 1, 0)]
    assert tables["Published months that became another"] == [("2026-08", "2026-08", 1)]
    assert tables["Amounts at the rate of another month"] == [("EUR", "It is 2 months old", 5, "acme, us")]
    assert tables["Settings of your own"] == [("acv_usd", "70000", "50000", "USD", "A deal.")]
    assert tables["Closed quarters that would be another today"] == [
        ("FY2026-Q3", "deals closed", "2", "1", "restatement"),
        ("FY2026-Q3", "pipeline generated usd", "33,000 USD", "70,000 USD", "engagement, mapping"),
    ]
    assert tables["Lists that are late"] == [("Acme", "accounts", "2026-07", "quarterly", "2026-10")]
    assert tables["How many of the matches are to be expected to be chance, by list"] == [("Acme", 40, Decimal("1.5"))]
    assert tables["Pairs of records, by how sure the pipeline is"] == [("auto", 2), ("review", 1)]


def test_the_demos_page_tells_what_came_was_refused_changed_and_waits(demo: Run) -> None:
    pages = list((demo.settings.var / "runs").glob("2026-*.html"))
    assert {page.name[:7] for page in pages} == {"2026-08", "2026-09", "2026-10"}
    # A month that another test has run again has two; of a demo that was lent, the latest counts.
    named = [page for page in pages if page.name in demo.output] or [max(pages, key=lambda page: page.stat().st_mtime)]
    (shown,) = named
    page = Page(shown)
    assert page.loads == []
    for said in (
        "2026-10 was published.", "quillon/2026-10/accounts.csv", "seeds/company/partners.csv", "make review",
        "accounts of 2026-09", "nurture_2019", "Tidewell Systems", "Lists that are late",
    ):  # fmt: skip
        assert said in page.text, said
    with duckdb.connect(str(demo.settings.published / "marts.duckdb"), read_only=True) as marts:
        ((new, waiting),) = marts.execute(
            """
            select
                (select count(*) from marts.mart_what_changed where as_of_month = '2026-10-01' and change_type = 'new'),
                (select count(*) from marts.mart_review_queue)
            """
        ).fetchall()
    assert f"{new} new overlaps" in page.text
    assert f"Answer the pairs that wait for a person ({waiting})" in page.text
    with duckdb.connect(str(demo.settings.published / "contacts" / "contacts.duckdb"), read_only=True) as contacts:
        persons = contacts.execute("select unnest([name, email]) as known from contacts.dim_persons").fetchall()
    assert persons
    assert not [known for (known,) in persons if known and len(known) > 4 and known in page.text]


def landed(*hashes: str, party_id: str = "acme") -> list[FileRow]:
    return [
        {"party_id": party_id, "status": "landed", "file_sha256": file, "file_name": f"{party_id}/{file}.csv"}
        for file in hashes
    ]


def test_only_a_newer_list_arrives() -> None:
    known = {"acme": {"month": "2026-09", "hashes": ["a", "b"]}}
    assert set(arrivals(landed("a"), "2026-09", {})) == {"acme"}
    assert arrivals(landed("a", "b"), "2026-09", known) == {}, "the same files, run again"
    assert set(arrivals(landed("a", "c"), "2026-09", known)) == {"acme"}, "a corrected file"
    assert arrivals(landed("z"), "2026-08", known) == {}, "an earlier month, loaded late"
    assert set(arrivals(landed("a", "b"), "2026-10", known)) == {"acme"}, "a list that has not changed in a month"
    refused = [{**landed("c")[0], "status": "quarantined"}]
    assert arrivals(refused, "2026-10", known) == {}


def test_an_old_list_that_is_loaded_today_is_as_old_as_it_is(tmp_path: Path) -> None:
    with dg.instance_for_test(temp_dir=str(tmp_path)) as instance:
        run = dg.DagsterRun("monthly_refresh", "0" * 32)
        report_arrivals(instance, run, date(2026, 8, 1), arrivals(landed("a"), "2026-08", {}))
        event = instance.get_latest_materialization_event(list_key("acme"))
        assert event is not None
        assert datetime.fromtimestamp(event.timestamp, UTC) == datetime(2026, 9, 3, tzinfo=UTC)
        assert known_arrivals(instance, ["acme", "other"]) == {
            "acme": {"month": "2026-08", "files": ["acme/a.csv"], "hashes": ["a"]}
        }


def test_a_list_is_expected_by_the_cadence_that_was_agreed(tmp_path: Path) -> None:
    (tmp_path / "company").mkdir()
    (tmp_path / "reference").mkdir()
    (tmp_path / "company" / "partners.csv").write_text(
        "party_id,name,refresh_cadence\nacme,Acme,quarterly\nours/../x,Odd,monthly\nours_.._x,Odder,\n"
    )
    (tmp_path / "reference" / "refresh_cadences.csv").write_text("refresh_cadence,months\nmonthly,1\nquarterly,3\n")
    specs = {spec.key.path[-1]: spec for spec in lists_of_parties(tmp_path)}
    policies = {name: spec.freshness_policy for name, spec in specs.items()}
    assert policies["acme"] == expected_every(3)
    assert policies["us"] == expected_every(1)
    assert len(specs) == 4, "different parties, different keys"
    assert all(name.replace("_", "").isalnum() for name in specs)
    assert None in policies.values(), "without a cadence nothing is expected"


@pytest.mark.parametrize("seed", ["party_id,name\nacme\n", "party_id,name,date_order\nacme,Acme,odd\n"])
def test_a_broken_row_takes_no_catalogue_away(tmp_path: Path, seed: str) -> None:
    (tmp_path / "company").mkdir()
    (tmp_path / "company" / "partners.csv").write_text(seed)
    assert lists_of_parties(tmp_path) == []


def test_lists_are_due_on_the_third() -> None:
    assert due_at(date(2026, 12, 1)) == datetime(2027, 1, 3, tzinfo=UTC)
