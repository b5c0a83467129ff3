"""The first month of a quarter against figures that were worked out by hand: every mart, from raw rows to its columns.

Belongs here: what the marts make of the case in golden/quarter, whose README shows the working of each figure. Does
not belong here: single rules (dbt unit tests) and how records become accounts, which the case is given.
"""

import datetime
import json
import shutil
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import cache
from pathlib import Path

import duckdb
import pytest
import yaml

from orchestration.runs.summary import FIGURES
from orchestration.settings import HOME
from tests.measures import Measures, every_measure
from tests.workspaces import SELECTION, Rows, Workspace, load_raw, read_golden

pytestmark = pytest.mark.usefixtures("dbt")

QUARTER = Path(__file__).parents[1] / "golden" / "quarter"
MONTHS = ("2026-09", "2026-10")

# What of a mart is compared, where that is not all of it; each line says why the rest is left out.
COMPARED = {
    # the rows of two lists; who stands on one list only has no rule of its own here
    "fct_account_overlaps": "is_overlap",
    # two accounts show every outcome
    "fct_account_icp_rules": "account_key in ('Q02', 'Q05')",
    # rows of nothing: whether they are there is seen from their counts alone
    "mart_pipeline_summary": "open_opportunity_count + won_count + lost_count > 0",
    "mart_pipeline_movement": "opportunity_count > 0",
    "mart_engagement_quality": "engagement_count > 0",
    "mart_icp_deals": "closed_count + customer_count + churned_count > 0",
    "mart_partner_backtest": "partner_count > 0",
    "mart_partner_icp_deals": "closed_count > 0",
    "mart_quarterly_goals": "target is not null and status <> 'not begun'",
    # the two answer rates stand there for comparison and have no actual figure
    "mart_mapping_roi": "status <> 'comparison'",
    "mart_mapping_roi.parts": "metric in ('our_account_overlap_rate', 'activation_rate', 'conversion_rate')",
    "mart_list_scorecards": "object = 'accounts'",
    # October's figures are compared where they stand, and a partner's follow as its coverage does
    "fct_figure_months": "as_of_month = '2026-09-01' and (partner_id = 'all' or figure = 'our_icp_coverage_rate')",
    # of those that hold on a day the return on mapping shows all kinds
    "mart_closed_quarters": "is_counted_anew or (mart = 'mart_mapping_roi' and partner_id = 'all')",
    "mart_what_changed.values": "change_type in ('category', 'score', 'tier', 'pipeline')",
    # a score moves with the euro too, for which there is no word
    "mart_what_changed.causes": "change_type <> 'score'",
}

SENTENCES = [
    (
        "select note from marts.mart_icp_alignment where partner_id = 'ash' and attribute = 'industry'",
        "Both: logistics, retail. Only we: manufacturing. Only they: software.",
    ),
    (
        "select note from marts.mart_icp_alignment where partner_id = 'elm' and attribute = 'technology'",
        "Only we define it.",
    ),
    (
        "select partner_definition from marts.mart_icp_alignment where (partner_id, attribute_number) = ('ash', 2)",
        "employees between 20..900",
    ),
    (
        "select note from marts.mart_partner_alignment where partner_id = 'elm'",
        "Aligned on: industry, geography.",
    ),
    (
        "select status from marts.mart_quarterly_goals where goal = 'revenue_generated_usd' and target = 50000",
        "not begun",
    ),
    (
        "select status from marts.mart_mapping_roi where scope = 'all' and metric = 'warm_introduction_answer_rate'",
        "comparison",
    ),
]

# Lists that figures are counted from, of us and of a partner, and the marts that hang on them by credit alone: the
# written rule gives it to whom a list or the log speaks for, so that without them there is none, which is known. So are
# the accounts of a list of contacts.
NEVER_DELIVERED: dict[tuple[str, str], set[str]] = {
    ("us", "opportunities"): set(),
    ("us", "engagements"): {"mart_pipeline_summary", "mart_joint_forecast", "mart_pipeline_movement"},
    ("us", "contacts"): set(),
    ("ash", "accounts"): {
        "mart_kpi_status",
        "mart_partner_production",
        "mart_partner_performance",
        "mart_list_scorecards",
        "fct_opportunity_partners",
    },
    ("ash", "contacts"): set(),
}


@pytest.fixture(scope="module")
def quarter(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The case, built for September and then for October, which is checked by every data test."""
    seeds = {path.stem: read_golden(path.name, path.parent) for path in sorted((QUARTER / "seeds").glob("*.csv"))}
    dbt_vars = {row["var"]: int(row["value"]) for row in read_golden("vars.csv", QUARTER)}
    made = Workspace(tmp_path_factory.mktemp("quarter"), seeds, dbt_vars)
    load_raw(made.settings.warehouse, golden=QUARTER)
    left_out = {"2026-09": ["unit_test", "test"], "2026-10": ["unit_test"]}
    for month in MONTHS:
        tests = ["--exclude-resource-type", *left_out[month], "--indirect-selection", "cautious"]
        done = made.dbt("build", "--select", "resource_type:seed", *SELECTION, *tests, month=month)
        assert done.returncode == 0, done.stdout
    return made


def cell(value: object) -> str:
    """One value as the expected tables write it; 13000 and 13000.00 are one number."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime.date):
        return value.isoformat()[:10]
    try:
        return f"{Decimal(str(value)).normalize():f}"
    except InvalidOperation:
        return str(value)


def compared_rows(rows: Rows) -> list[tuple[str, ...]]:
    return sorted(tuple(cell(value) for value in row) for row in rows)


@pytest.mark.parametrize("name", sorted(path.name for path in QUARTER.glob("expected_*.csv")))
def test_mart_is_as_worked_out_by_hand(quarter: Workspace, name: str) -> None:
    table = name.removeprefix("expected_").removesuffix(".csv")
    rows = read_golden(name, QUARTER)
    columns = [column for column in rows[0] if column != "how"]
    found = quarter.query(
        f"select {', '.join(columns)} from marts.{table.split('.')[0]} where {COMPARED.get(table, 'true')}"
    )
    assert compared_rows(found) == compared_rows([tuple(row[column] or None for column in columns) for row in rows])


@pytest.mark.parametrize(("sql", "sentence"), SENTENCES)
def test_words_are_as_a_person_would_put_them(quarter: Workspace, sql: str, sentence: str) -> None:
    assert quarter.query(sql) == [(sentence,)]


def every_mart(workspace: Workspace) -> dict[str, Rows]:
    names = workspace.query("select table_name from duckdb_tables() where schema_name = 'marts' order by 1")
    return workspace.marts([str(name) for (name,) in names])


def test_a_month_built_twice_is_the_same_month(quarter: Workspace) -> None:
    first = every_mart(quarter)
    quarter.run("2026-10")
    assert every_mart(quarter) == first


def test_in_a_month_that_is_running_the_day_of_its_last_run_counts_as_today(quarter: Workspace, tmp_path: Path) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(quarter.settings.warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            "insert into raw.loaded_months values ('2026-09-01', '2026-09-30'), ('2026-10-01', '2026-10-15')"
        )
    other = quarter.beside(tmp_path)
    done = other.dbt("run", "--select", "fct_account_activations", "fct_kpi_rows", "fct_kpi_actuals", "mart_kpi_status")
    assert done.returncode == 0, done.stdout
    gone = "select distinct elapsed_rate from marts.mart_kpi_status"
    assert quarter.query(gone) == [(Decimal("0.336957"),)]
    assert other.query(gone) == [(Decimal("0.163043"),)]  # 15 of 92 days
    overdue = (
        "select account_key, partner_id, days_overdue from marts.fct_account_activations where is_overdue order by all"
    )
    assert other.query(overdue) == [
        ("Q07", "ash", 28)
    ]  # 17 September; the plans and Iron are due on the 15th and later


def test_what_the_company_sets_changes_the_figures_of_the_next_run(quarter: Workspace, tmp_path: Path) -> None:
    shutil.copy(quarter.settings.warehouse, tmp_path / "warehouse.duckdb")
    other = quarter.beside(tmp_path)
    other.vars = []  # as a run has none
    seed = other.settings.seeds_in_force / "company" / "settings.csv"
    # Ash has a customer in retail, Q05, and we have none there: deep from one customer on, not from two.
    for customers, is_white_space in ((1, True), (2, False)):
        seed.write_text(f"name,value\nwhite_space_customer_count,{customers}\n", encoding="utf-8")
        done = other.dbt("run", "--select", "mart_white_space")
        assert done.returncode == 0, done.stdout
        found = "select is_white_space from marts.mart_white_space where (partner_id, industry) = ('ash', 'retail')"
        assert other.query(found) == [(is_white_space,)]


RATES_SAID = """
    select rule, record_count, reason from marts.mart_refused_data
    where object = 'opportunities' and rule like '%exchange_rate%' order by all
"""


def test_an_amount_says_when_the_rate_of_its_month_is_old_or_missing(quarter: Workspace, tmp_path: Path) -> None:
    # Of the five in euro o5 alone, won in March, closed in a month without a rate: January's is used.
    of_close = "There is no rate for the month of the close, "
    assert quarter.query(RATES_SAID) == [
        ("old_exchange_rate_of_close", 1, f"{of_close}2026-03; that of 2026-01 is used")
    ]

    shutil.copy(quarter.settings.warehouse, tmp_path / "warehouse.duckdb")
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        connection.execute("delete from seeds.exchange_rates where month <> '2026-09-01'")
    other = quarter.beside(tmp_path)
    names = ("exchange_rates", "accounts", "opportunities", "unmapped_values")
    done = other.dbt("run", "--select", *(f"stg_{name}" for name in names), "mart_refused_data")
    assert done.returncode == 0, done.stdout
    # With September's rate alone that of o2, open, is a month old; the month in which o3 was won has none, that in
    # which o4 was lost has one, and before the month in which o5 was won there is none at all.
    assert other.query(RATES_SAID) == [
        ("no_exchange_rate_of_close", 1, f"{of_close}2026-03, or before, so the amount has no value in US dollars"),
        ("old_exchange_rate", 1, "The rate used, of 2026-09, is 1 month old"),
        ("old_exchange_rate_of_close", 1, f"{of_close}2026-10; that of 2026-09 is used"),
    ]
    amounts = "select source_id, amount_usd from staging.stg_opportunities where currency = 'EUR' order by 1"
    dollars = {"o2": Decimal(33000), "o3": Decimal(11000), "o4": Decimal(22000), "o5": None}
    assert other.query(amounts) == list(dollars.items())


def test_a_fiscal_year_from_february_gives_the_quarter_that_was_worked_out_by_hand(
    quarter: Workspace, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(quarter.settings.warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update seeds.kpi_targets set period_start = '2026-08-01' where period_start = '2026-10-01'")
    other = quarter.beside(tmp_path)
    other.vars = ["--vars", json.dumps({"fiscal_year_start_month": 2, "fiscal_year_named_by": "end"})]
    kpis = ("fct_kpi_rows", "fct_kpi_actuals", "mart_kpi_status")
    names = ("stg_kpi_targets", *kpis, "mart_quarterly_goals", "mart_executive_summary")
    done = other.dbt("run", "--select", *names)
    assert done.returncode == 0, done.stdout
    figures = "kpi, actual, target, elapsed_rate, status, fiscal_quarter"
    found = other.query(f"select {figures} from marts.mart_kpi_status where partner_id = 'all' order by kpi_number")
    assert compared_rows(found) == [
        ("accounts_mapped", "10", "2", "1", "on track", "FY2027-Q3"),
        ("deals_closed", "2", "", "1", "no target", "FY2027-Q3"),
        ("joint_meetings_held", "4", "10", "1", "behind", "FY2027-Q3"),
        ("pipeline_generated_usd", "111000", "200000", "1", "behind", "FY2027-Q3"),
        ("revenue_generated_usd", "13000", "30000", "1", "behind", "FY2027-Q3"),
    ]
    engaged = "select actual, status from marts.mart_quarterly_goals where goal = 'accounts_engaged'"
    assert compared_rows(other.query(f"{engaged} and quarter_start = date '2026-08-01'")) == [("4", "behind")]
    before = "select sum(previous_value) from marts.mart_executive_summary where period = 'quarter'"
    assert other.query(before) == [(0,)]


def test_rows_in_another_order_give_the_same_quarter(quarter: Workspace, tmp_path: Path) -> None:
    load_raw(tmp_path / "warehouse.duckdb", shuffle_seed=7, golden=QUARTER)
    other = quarter.beside(tmp_path)
    for month in MONTHS:
        other.run(month)
    assert every_mart(other) == every_mart(quarter)


def test_an_account_that_is_left_out_takes_its_own_pipeline_with_it_and_raises_none(
    quarter: Workspace, tmp_path: Path
) -> None:
    warehouse = tmp_path / "warehouse.duckdb"
    shutil.copy(quarter.settings.warehouse, warehouse)
    with duckdb.connect(str(warehouse)) as connection:
        of_file = "select split_part(record_key, ':', 2) from resolution.res_account_clusters where account_key = 'Q06'"
        for table, column in (("opportunities", "account_source_id"), ("accounts", "source_id")):
            connection.execute(f"delete from raw.{table} where {column} in ({of_file})")
    other = quarter.beside(tmp_path)
    other.run("2026-10")
    pipeline = "select dimension || dimension_value, open_pipeline_usd from marts.mart_pipeline_summary"
    before, after = (
        {str(name): Decimal(str(amount)) for name, amount in built.query(pipeline)} for built in (quarter, other)
    )
    assert before["allall"] - after["allall"] == 40_000  # o1, the only one of its deals with an amount
    assert all(amount <= before[name] for name, amount in after.items())


@pytest.fixture(scope="module")
def known(quarter: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Measures:
    """The measures of October alone, with every list.

    A build that remembers September would know what is then left out, so each left-out list takes a build of its own:
    of one month, without tests.
    """
    folder = tmp_path_factory.mktemp("october")
    load_raw(folder / "warehouse.duckdb", golden=QUARTER)
    october = quarter.beside(folder)
    october.run("2026-10")
    return every_measure(october)


@pytest.fixture(scope="module")
def without(quarter: Workspace, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, str], Workspace]:
    """The case's October without one list; each list is left out of one build, whoever asks for it."""

    @cache
    def build(party: str, table: str) -> Workspace:
        folder = tmp_path_factory.mktemp(f"without_{party}_{table}")
        load_raw(folder / "warehouse.duckdb", golden=QUARTER)
        with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
            connection.execute(f"delete from raw.{table} where party_id = '{party}'")
        other = quarter.beside(folder)
        other.run("2026-10")
        return other

    return build


@pytest.mark.parametrize(("party", "table"), NEVER_DELIVERED)
def test_what_was_never_delivered_is_unknown_and_not_zero(
    known: Measures, without: Callable[[str, str], Workspace], party: str, table: str
) -> None:
    other = without(party, table)
    assert all(now for _, now, _ in other.query(FIGURES))  # the closing table of a run says unknown
    wrong = []
    for measure, found in every_measure(other).items():
        by_credit = NEVER_DELIVERED[party, table]
        if measure[0] in {*by_credit, "mart_figures"}:  # which shows fct_figure_months
            continue
        before = known.get(measure, {})
        hangs_on_it = any(before.values()) and not any(found.values())
        # of a partner's lists hang its own figures; of all partners together the others' are still known
        zeros = [
            key
            for key, value in found.items()
            if value == 0
            and (before.get(key) or hangs_on_it)
            and (party == "us" or f"'{party}'" in key)
            and not any(f"'{mart}'" in key for mart in by_credit)  # kept by month
        ]
        wrong += [(*measure, key) for key in zeros[:1]]
    assert wrong == []


# What one partner's list changes of another's figures, and why it must; nothing else may.
SHARED = {
    "the money of a deal is the credit of one of its partners": {
        *("fct_opportunity_partners.credited_amount_usd", "fct_kpi_actuals.actual", "mart_kpi_status.actual"),
        *("mart_pipeline_summary.open_opportunity_count", "mart_pipeline_summary.open_pipeline_usd"),
        *("mart_pipeline_summary.weighted_pipeline_usd", "mart_pipeline_summary.average_deal_size_usd"),
        *("mart_pipeline_movement.opportunity_count", "mart_pipeline_movement.amount_usd"),
        *("fct_figure_months.value", "mart_figures.value"),
    },
    "the money of an account is counted on one of its rows": {
        *("fct_account_overlaps.our_open_pipeline_counted_once_usd", "mart_open_deals.counted_once_amount_usd"),
        "mart_wins.counted_once_amount_usd",
    },
    "it says how many partners are there": {
        *("mart_open_deals.partner_count", "mart_partner_only_accounts.partner_count"),
        *("mart_partner_additions.sole_account_count", "mart_partner_additions.sole_icp_account_count"),
        *("mart_partner_additions.sole_icp_account_rate", "mart_partner_additions.sole_open_opportunity_count"),
        *("mart_partner_additions.sole_open_pipeline_usd", "mart_partner_additions.sole_open_pipeline_rate"),
    },
    "what an account is, and who works there, is known from every list": {
        *("fct_account_icp_fit.fit_rate", "fct_account_icp_fit.known_rate", "mart_icp_alignment.known_account_count"),
        *("mart_partner_only_accounts.employees", "mart_partner_only_accounts.fit_rate"),
        *("mart_white_space.partner_customer_count", "mart_white_space.our_customer_count"),
        *("mart_white_space.our_account_count", "mart_white_space.partner_only_account_count"),
        "mart_complementary_coverage.partner_account_count",
        "mart_complementary_coverage.partner_customer_count",
    },
    "the focused list is as long as it was": {"fct_account_activations.days_overdue"},
}
# Of the figures kept by month those of credit alone.
OF_CREDIT = {
    *("pipeline_generated_usd", "open_opportunity_count"),
    *("open_pipeline_usd", "joint_pipeline_usd", "weighted_pipeline_usd"),
}


def test_a_partner_who_comes_changes_nobody_elses_figures(
    known: Measures, without: Callable[[str, str], Workspace]
) -> None:
    before = every_measure(without("ash", "accounts"))
    changed = {
        (f"{mart}.{column}", figure)
        for (mart, column, figure), found in known.items()
        for key, value in found.items()
        if ("'elm'" in key or "'oak'" in key) and before.get((mart, column, figure), {}).get(key) != value
    }
    assert {column for column, _ in changed} == set().union(*SHARED.values())
    assert {figure for column, figure in changed if column == "mart_kpi_status.actual"} < OF_CREDIT
    assert {figure for column, figure in changed if column.endswith("figures.value")} < OF_CREDIT


ACV_USD = yaml.safe_load((HOME / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]["acv_usd"]
OF_A_FIGURE = {
    *("value", "previous_value", "difference", "reported_value", "value_today"),
    *("actual", "target", "target_value", "numerator"),
}


def test_ten_times_the_money_is_ten_times_every_sum_and_changes_no_count_or_share(
    quarter: Workspace, known: Measures, tmp_path: Path
) -> None:
    # a build of its own: no other has other amounts
    load_raw(tmp_path / "warehouse.duckdb", golden=QUARTER)
    other = quarter.beside(tmp_path)
    with duckdb.connect(str(tmp_path / "warehouse.duckdb")) as connection:
        for table, column, where in (
            ("raw.opportunities", "amount", "true"),
            ("raw.accounts", "expected_deal_size", "true"),
            ("seeds.kpi_targets", "target", "kpi like '%_usd'"),
            ("seeds.icp_definitions", "value", "field = 'expected_deal_size_usd'"),
            ("seeds.partner_surveys", "enablement_cost_usd", "true"),
            ("seeds.size_bands", "least", "field = 'expected_deal_size_usd'"),
            ("seeds.size_bands", "most", "field = 'expected_deal_size_usd'"),
        ):
            connection.execute(f"update {table} set {column} = cast({column} as decimal(18, 2)) * 10 where {where}")
    dbt_vars = json.loads(quarter.vars[1]) | {"acv_usd": 10 * ACV_USD}
    other.vars = ["--vars", json.dumps(dbt_vars)]
    other.run("2026-10")
    wrong, scaled = [], 0
    for (mart, column, figure), found in every_measure(other).items():
        is_money = column.endswith("_usd") or (figure.endswith("_usd") and column in OF_A_FIGURE) or column == "amount"
        is_money = is_money and column != "annual_revenue_usd"  # whose amounts were left as they are
        for key, value in found.items():
            before = known[mart, column, figure].get(key)
            factor = 10 if is_money else 1
            scaled += is_money and bool(value)
            # an average of cents is rounded after it has grown
            is_right = (
                value is before
                if value is None or before is None
                else abs(Decimal(str(value)) - factor * Decimal(str(before))) <= Decimal("0.05")
            )
            if not is_right:
                wrong.append((mart, column, figure, key, before, value))
    assert wrong == []
    assert scaled > 100
