"""A closed quarter's reported figure stays, whatever is loaded, built and published later.

Belongs here: what is kept of published quarters, and what dbt's own statements make of it, over many orders of loading.
Does not belong here: the figures of one case (models/test_quarter.py), and other restatements (test_restatements.py).
"""

import shutil
from calendar import monthrange
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from orchestration.publishing.restatements import keep_published
from tests.workspaces import Workspace

pytestmark = pytest.mark.usefixtures("dbt")

# Two quarters and the first month of a third.
MONTHS = [date(2026, 7, 1), date(2026, 8, 1), date(2026, 9, 1), date(2026, 10, 1), date(2026, 12, 1), date(2027, 1, 1)]
COMPILED_FOR = "2026-10-01"
BUILT = ("fct_kpi_rows", "fct_kpi_actuals", "fct_kpi_row_months")
VIEWS = ("stg_seen_quarter_figures", "stg_seen_quarter_rows")
COMPARED = ("dim_closed_quarters", "fct_closed_quarter_changes", "mart_closed_quarters")
CHECK = "assert_closed_quarters_add_up"
WHO = ("all", "ash", "elm")
# What the models read that is not what this is about.
AROUND = """
    create schema staging; create schema marts; create schema seeds;
    create table seeds.kpis as
        from (values ('pipeline_generated_usd', 'usd', 'opportunities')) as kpis(kpi, unit, counted_from);
    create table staging.stg_partners as from (values ('ash', true), ('elm', true)) as p(party_id, may_be_built);
    create table marts.dim_partners as from (values ('ash', 'Ash', 'current list'), ('elm', 'Elm', 'current list'))
        as p(partner_id, name, list_status);
    create table staging.stg_current_exports (party_id varchar, object varchar, export_month date);
    create table marts.fct_account_mappings
        (account_key varchar, partner_id varchar, mapped_on date, first_mapped_on date);
    create table marts.fct_engagements
        (engagement_key varchar, account_key varchar, partner_id varchar, engaged_on date, activity varchar);
    create table marts.fct_opportunities (opportunity_key varchar, attribution varchar, primary_partner_id varchar,
        created_on date, closed_on date, outcome varchar, amount_usd decimal(38, 2));
    create table marts.mart_what_changed
        (as_of_month date, account_key varchar, partner_id varchar, change_type varchar, cause varchar);
    create table marts.fct_opportunity_months (as_of_month date, as_of_on date, opportunity_key varchar,
        outcome varchar, amount decimal(38, 2), currency varchar, created_on date, closed_on date,
        recorded_claims varchar, decided_credits varchar, rule_valid_from date, credit_mapped_on date,
        credit_engaged_on date, is_excluded boolean);
    create table marts.fct_kpi_row_months (as_of_month date, quarter_start date, partner_id varchar, kpi varchar,
        counted_key varchar, counted_on date, amount_usd decimal(38, 2));
    create table marts.fct_figure_months (as_of_month date, mart varchar, figure varchar, partner_id varchar,
        as_of_on date, quarter_start date, fiscal_quarter varchar, period varchar, unit varchar, value decimal(38, 6));
"""


class Deal(NamedTuple):
    """A deal as a month's list has it."""

    key: str
    partner: str | None
    created_on: date
    amount: int | None


class Step(NamedTuple):
    """A month is loaded, and published unless the run fails after building; or an earlier publication is restored."""

    month: date
    deals: tuple[Deal, ...]
    is_published: bool = True
    restored: int | None = None


Figures = Mapping[tuple[date, str], Decimal | None]


def end_of(month: date) -> date:
    return month.replace(day=monthrange(month.year, month.month)[1])


def quarter_of(day: date) -> date:
    return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)


def figure(deals: Sequence[Deal], quarter: date, until: date, who: str) -> Decimal | None:
    """The amount of a quarter's deals, added up by hand: unknown where none of the amounts is known."""
    counted = [
        deal
        for deal in deals
        if deal.partner in ({who} if who != "all" else {"ash", "elm"})
        and quarter_of(deal.created_on) == quarter
        and deal.created_on <= until
    ]
    known = [deal.amount for deal in counted if deal.amount is not None]
    return None if counted and not known else Decimal(sum(known))


@dataclass
class Published:
    """What a publication showed: of each month the deals it was built from."""

    months: dict[date, tuple[Deal, ...]]
    file: Path

    def report(self, quarter: date) -> date | None:
        """The last month of a quarter that it showed."""
        return max((month for month in self.months if quarter_of(month) == quarter), default=None)


@dataclass
class History:
    """A warehouse that is loaded and published step by step, and what people saw of it."""

    folder: Path
    sql: Mapping[str, str]
    loaded: dict[date, tuple[Deal, ...]] = field(default_factory=dict)
    publications: list[Published] = field(default_factory=list)

    def __post_init__(self) -> None:
        keep_published(self.warehouse, self.published)
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute(AROUND)

    @property
    def warehouse(self) -> Path:
        return self.folder / "warehouse.duckdb"

    @property
    def published(self) -> Path:
        return self.folder / "published"

    def take(self, step: Step) -> None:
        """Load and build, or restore."""
        if step.restored is not None:
            if self.publications:
                keep_published(self.warehouse, self.published)
                earlier = self.publications[step.restored % len(self.publications)]
                shutil.copy(earlier.file, self.published / "marts.duckdb")
            return
        keep_published(self.warehouse, self.published, step.month)
        self.loaded[step.month] = step.deals
        with duckdb.connect(str(self.warehouse)) as connection:
            for month in sorted(month for month in self.loaded if month >= step.month):
                self.build(connection, month)
        if step.is_published:
            self.publish()

    def build(self, connection: duckdb.DuckDBPyConnection, month: date) -> None:
        """Build a month: what counts by dbt's own statements, and the figures kept by month from what that gives."""
        deals = self.loaded[month]
        connection.execute("delete from marts.fct_opportunities; delete from staging.stg_current_exports")
        connection.execute("insert into staging.stg_current_exports values ('us', 'opportunities', ?)", [month])
        for name in ("fct_opportunity_months", "fct_kpi_row_months", "fct_figure_months"):
            connection.execute(f"delete from marts.{name} where as_of_month >= ?", [month])
        for key, partner, created_on, amount in deals:
            attribution = "sourced" if partner else "none"
            values = [key, attribution, partner, created_on, None, "open", amount]
            connection.execute("insert into marts.fct_opportunities values (?, ?, ?, ?, ?, ?, ?)", values)
            connection.execute(
                "insert into marts.fct_opportunity_months (as_of_month, as_of_on, opportunity_key, outcome, amount, "
                "currency, created_on, recorded_claims, is_excluded) "
                "values (?, ?, ?, 'open', ?, 'USD', ?, ?, false)",
                [month, end_of(month), key, amount, created_on, partner],
            )
        compiled = {name: text.replace(COMPILED_FOR, month.isoformat()) for name, text in self.sql.items()}
        for name in BUILT[:2]:
            connection.execute(f"create or replace table marts.{name} as {compiled[name]}")
        connection.execute(f"insert into marts.fct_kpi_row_months by name {compiled['fct_kpi_row_months']}")
        for who in WHO:
            connection.execute(
                """
                insert into marts.fct_figure_months
                select
                    $month, 'mart_kpi_status', 'pipeline_generated_usd', $who, $on, $quarter, 'any', 'quarter', 'usd',
                    case when count(*) = 0 then 0 else max(actual) end
                from marts.fct_kpi_actuals where quarter_start = $quarter and partner_id = $who
                """,
                {"month": month, "on": end_of(month), "quarter": quarter_of(month), "who": who},
            )
        for name in VIEWS:
            connection.execute(f"create or replace view staging.{name} as {compiled[name]}")
        for name in COMPARED:
            connection.execute(f"create or replace table marts.{name} as {compiled[name]}")

    def publish(self) -> None:
        """Show people the marts as they are."""
        self.published.mkdir(exist_ok=True)
        file = self.folder / f"publication {len(self.publications)}.duckdb"
        with duckdb.connect(str(file)) as connection:
            connection.execute(f"attach '{self.warehouse}' as warehouse (read_only)")
            for name in ("fct_figure_months", "fct_kpi_row_months"):
                connection.execute(f"create table {name} as from warehouse.marts.{name}")
        shutil.copy(file, self.published / "marts.duckdb")
        self.publications.append(Published(dict(self.loaded), file))

    def found(self, column: str) -> Figures:
        """A column of the mart, by quarter and partner."""
        rows = self.ask(f"select quarter_start, partner_id, {column} from marts.mart_closed_quarters")
        return {(quarter, who): value for quarter, who, value in rows}

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            return connection.execute(sql).fetchall()

    def problems(self) -> list[tuple[Any, ...]]:
        """What the data test finds."""
        return self.ask(self.sql[CHECK])

    def reported(self) -> Figures:
        """By hand: of each closed quarter what was published last before a later one was, else what shows it first."""
        latest = max(self.loaded)
        expected: dict[tuple[date, str], Decimal | None] = {}
        for quarter in sorted({quarter_of(month) for month in self.loaded} - {quarter_of(latest)}):
            before = []
            for publication in self.publications:
                if quarter_of(max(publication.months)) > quarter:
                    break
                before.append(publication)
            first = [publication for publication in self.publications if publication.report(quarter)]
            seen = [publication for publication in before if publication.report(quarter)][-1:] or first[:1]
            shown = seen[0].months if seen else self.loaded
            month = max(month for month in shown if quarter_of(month) == quarter)
            for who in WHO:
                expected[quarter, who] = figure(shown[month], quarter, end_of(month), who)
        return expected

    def today(self) -> Figures:
        """By hand: what the latest list makes of each closed quarter."""
        latest = max(self.loaded)
        quarters = {quarter_of(month) for month in self.loaded} - {quarter_of(latest)}
        return {
            (quarter, who): figure(self.loaded[latest], quarter, end_of(latest), who)
            for quarter in quarters
            for who in WHO
        }


@pytest.fixture(scope="module")
def sql(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The statements that dbt would run, for one month."""
    workspace = Workspace(tmp_path_factory.mktemp("compiled"))
    names = (*BUILT, *VIEWS, *COMPARED, CHECK)
    done = workspace.dbt("compile", "--select", *names, month=COMPILED_FOR[:7])
    assert done.returncode == 0, done.stdout
    return {name: next(workspace.compiled.rglob(f"{name}.sql")).read_text(encoding="utf-8") for name in names}


DAYS = [date(2026, 7, 3), date(2026, 9, 30), date(2026, 10, 1)]


def deals_of(month: date) -> st.SearchStrategy[tuple[Deal, ...]]:
    days = st.sampled_from([day for day in DAYS if day <= end_of(month)])
    partners = st.sampled_from(["ash", "elm", None])
    one = st.builds(Deal, st.sampled_from("abc"), partners, days, st.sampled_from([10, 70, None]))
    return st.lists(one, max_size=3, unique_by=lambda deal: deal.key).map(tuple)


LOADS = st.sampled_from(MONTHS).flatmap(lambda month: st.builds(Step, st.just(month), deals_of(month), st.booleans()))
RESTORES = st.builds(Step, st.just(MONTHS[0]), st.just(()), st.just(False), st.integers(0, 5))

A_IN_JULY = Deal("a", "ash", date(2026, 7, 3), 10)
AT_SEVENTY = A_IN_JULY._replace(amount=70)
AUGUST, SEPTEMBER, OCTOBER = MONTHS[1:4]
ORDINARY = [Step(SEPTEMBER, (A_IN_JULY,)), Step(OCTOBER, (A_IN_JULY,))]


@settings(max_examples=25)
@given(st.lists(st.one_of(LOADS, LOADS, LOADS, RESTORES), min_size=2, max_size=7))
@example([*ORDINARY, Step(SEPTEMBER, (AT_SEVENTY,)), Step(OCTOBER, ())])
@example([Step(SEPTEMBER, (A_IN_JULY,)), Step(OCTOBER, (), is_published=False), Step(SEPTEMBER, (AT_SEVENTY,))])
@example([Step(AUGUST, ()), Step(SEPTEMBER, (A_IN_JULY,)), Step(AUGUST, (), False, restored=0), Step(OCTOBER, ())])
@example([Step(OCTOBER, (A_IN_JULY,)), Step(AUGUST, (A_IN_JULY,)), Step(SEPTEMBER, (AT_SEVENTY,))])
def test_a_closed_quarters_reported_figure_stays_whatever_is_loaded_later(
    sql: dict[str, str], tmp_path_factory: pytest.TempPathFactory, steps: list[Step]
) -> None:
    history = History(tmp_path_factory.mktemp("history"), sql)
    for step in steps:
        history.take(step)
        if not history.loaded or step.restored is not None:
            continue
        assert history.found("reported_value") == history.reported()
        assert history.found("value_today") == history.today()
        assert history.problems() == []


def changes(history: History) -> list[tuple[Any, ...]]:
    return history.ask(
        "select counted_key, change_type, cause, value_change from marts.fct_closed_quarter_changes "
        "where partner_id = 'all' order by all"
    )


@pytest.mark.parametrize(
    ("month_again", "list_today", "expected"),
    [
        ((AT_SEVENTY,), (A_IN_JULY,), [("a", "changed", "changed record", -60), ("a", "changed", "restatement", 60)]),
        ((AT_SEVENTY,), (AT_SEVENTY,), [("a", "changed", "restatement", 60)]),
        ((), (), [("a", "removed", "restatement", -10)]),
        ((A_IN_JULY,), (), [("a", "removed", "record gone", -10)]),
        ((A_IN_JULY,), (A_IN_JULY._replace(partner=None),), [("a", "removed", "changed record", -10)]),
        (
            (A_IN_JULY,),
            (A_IN_JULY, Deal("b", "elm", date(2026, 9, 30), 70)),
            [("b", "added", "new record", 70)],
        ),
    ],
)
def test_what_it_would_be_today_is_told_with_its_cause(
    sql: dict[str, str],
    tmp_path: Path,
    month_again: tuple[Deal, ...],
    list_today: tuple[Deal, ...],
    expected: list[tuple[Any, ...]],
) -> None:
    history = History(tmp_path, sql)
    for step in [*ORDINARY, Step(OCTOBER, list_today), Step(SEPTEMBER, month_again)]:
        history.take(step)
    assert changes(history) == expected
    assert history.found("reported_value")[MONTHS[0], "all"] == 10


def test_what_a_quarter_counted_after_its_report_is_no_correction(sql: dict[str, str], tmp_path: Path) -> None:
    history = History(tmp_path, sql)
    for step in [Step(AUGUST, (A_IN_JULY,)), Step(OCTOBER, (A_IN_JULY, Deal("b", "elm", date(2026, 9, 30), 70)))]:
        history.take(step)
    assert changes(history) == [("b", "added", "after the report", 70)]
    assert history.ask("select distinct is_reported_to_its_end from marts.mart_closed_quarters") == [(False,)]


def test_a_partner_who_withdrew_has_no_figures_and_is_the_cause_among_all(sql: dict[str, str], tmp_path: Path) -> None:
    history = History(tmp_path, sql)
    for step in ORDINARY:
        history.take(step)
    with duckdb.connect(str(history.warehouse)) as connection:
        connection.execute("update staging.stg_partners set may_be_built = false where party_id = 'ash'")
    history.take(Step(OCTOBER, (A_IN_JULY._replace(partner=None),)))
    assert changes(history) == [("a", "removed", "partner withdrew", -10)]
    assert history.found("reported_value") == {(MONTHS[0], "all"): 10, (MONTHS[0], "elm"): 0}
    assert history.problems() == []


@pytest.mark.parametrize(
    "fault",
    [
        "update marts.mart_closed_quarters set value_today = value_today + 0.01 where partner_id = 'ash'",
        "delete from marts.fct_closed_quarter_changes where partner_id = 'all'",
    ],
)
def test_a_cent_or_a_deal_that_is_missing_is_found(sql: dict[str, str], tmp_path: Path, fault: str) -> None:
    history = History(tmp_path, sql)
    for step in [*ORDINARY, Step(OCTOBER, (AT_SEVENTY,))]:
        history.take(step)
    assert history.problems() == []
    with duckdb.connect(str(history.warehouse)) as connection:
        connection.execute(fault)
    assert len(history.problems()) == 1
