"""The metrics that MetricFlow works out are the figures that the marts show.

Belongs here: that asking by a metric's name and reading a mart give one answer, and what a wrong name is answered. Does
not belong here: whether the marts are right (dbt unit tests of marts/pipeline and marts/activation).
"""

import csv
from collections import defaultdict

import duckdb
import pytest

from orchestration.reports import NoReportError
from orchestration.reports.metrics import query
from tests.workspaces import Run, run_command

# Each metric, where the marts show it, and with how many decimals.
IN_THE_MARTS = {
    "joint_pipeline_usd": ("mart_pipeline_summary", "open_pipeline_usd", 2),
    "weighted_pipeline_usd": ("mart_pipeline_summary", "weighted_pipeline_usd", 2),
    "win_rate": ("mart_pipeline_summary", "win_rate", 6),
    "average_sales_cycle_days": ("mart_pipeline_summary", "average_sales_cycle_days", 2),
    "activation_rate": ("mart_mapping_roi", "actual", 6),
    "conversion_rate": ("mart_mapping_roi", "actual", 6),
}
KPIS = (
    "accounts_mapped",
    "accounts_engaged",
    "joint_meetings_held",
    "pipeline_generated_usd",
    "deals_closed",
    "revenue_generated_usd",
)


def in_the_mart(demo: Run, metric: str) -> dict[str, float]:
    """Read a metric from its mart: of all, and of each partner that has one."""
    mart, column, _ = IN_THE_MARTS[metric]
    if mart == "mart_pipeline_summary":
        key, where = "dimension_value", "dimension in ('all', 'partner')"
    else:
        key, where = "scope", f"metric = '{metric}'"
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        rows = warehouse.execute(f"select {key}, {column} from marts.{mart} where {where} and {column} <> 0").fetchall()
    return {scope: float(value) for scope, value in rows}


@pytest.fixture(scope="module")
def asked(demo: Run) -> dict[str, dict[str, float]]:
    """Every metric as MetricFlow gives it: of all, and, by the command, of each partner that has one."""
    whole = query(demo.settings, [], [])
    run = run_command(demo.settings, "metrics", "--csv", "--by", "partner")
    assert run.exit_code == 0, run.output
    rows = [dict(zip(whole.columns, row, strict=True)) for row in whole.rows] + [
        *csv.DictReader(run.output.splitlines())
    ]
    figures: dict[str, dict[str, float]] = defaultdict(dict)
    for row in rows:
        partner = row.pop("partner", "all")
        for metric, value in row.items():
            if value and float(value):
                figures[metric][partner] = float(value)
    return figures


@pytest.mark.parametrize("metric", IN_THE_MARTS)
def test_metrics_are_the_figures_of_the_marts(demo: Run, asked: dict[str, dict[str, float]], metric: str) -> None:
    shown = in_the_mart(demo, metric)
    assert shown.keys() > {"all"}  # a figure of nobody would prove nothing
    assert asked[metric] == pytest.approx(shown, rel=0, abs=0.51 * 10 ** -IN_THE_MARTS[metric][2])


@pytest.mark.parametrize("kpi", KPIS)
def test_kpis_of_each_quarter_are_those_of_the_mart(demo: Run, kpi: str) -> None:
    # of all partners an account is mapped once, on a day of its own: that count has no partner to be grouped by
    by_partner = "accounts_mapped_with_partner" if kpi == "accounts_mapped" else kpi
    quarter = "metric_time__quarter" if kpi == "accounts_mapped" else "kpi_row__quarter_start"
    of_all = query(demo.settings, [kpi], [quarter])
    of_each = query(demo.settings, [by_partner], ["kpi_row__quarter_start", "partner"])
    answered = {(day, "all"): float(value) for day, value in of_all.rows if day and value is not None}
    answered |= {(day, partner): float(value) for day, partner, value in of_each.rows if value is not None}
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        rows = warehouse.execute(
            "select quarter_start, partner_id, actual from marts.fct_kpi_actuals where kpi = ?", [kpi]
        ).fetchall()
    shown = {(day, partner): float(value) for day, partner, value in rows if value is not None}
    assert len(shown) > 2  # one figure of all and one of a partner would be little
    assert answered == pytest.approx(shown, rel=0, abs=0.005)


def test_sums_of_all_our_opportunities_are_those_of_the_totals_by_credit(demo: Run) -> None:
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        for metric in ("generated_usd", "won_usd"):
            answer = query(demo.settings, [metric], ["metric_time__quarter", "opportunity__attribution"])
            answered = {(day, credit): float(usd) for day, credit, usd in answer.rows if day and usd}
            rows = warehouse.execute(
                f"select quarter_starts_on, if(credit = 'unattributed', 'none', credit), {metric} "
                f"from marts.mart_attribution_totals where credit <> 'all' and {metric} <> 0"
            ).fetchall()
            assert answered == pytest.approx({(day, credit): float(usd) for day, credit, usd in rows}, rel=0, abs=0.005)
            assert len(rows) > 2


def test_every_figure_that_is_kept_has_a_name_of_its_own(demo: Run) -> None:
    with duckdb.connect(str(demo.settings.warehouse), read_only=True) as warehouse:
        kept = warehouse.execute(
            "select count(*), sum(value) from marts.fct_figure_months "
            "where mart <> 'mart_quarterly_goals' or figure = 'accounts_engaged'"
        ).fetchone()
        named = warehouse.execute("select count(*), sum(value) from marts.mart_figures where label <> ''").fetchone()
        unused = warehouse.execute(
            "select metric from seeds.figures where metric not in (select metric from marts.mart_figures)"
        ).fetchall()
    assert named == kept
    assert not unused


def test_a_metric_that_does_not_exist_is_answered_with_those_that_do(demo: Run) -> None:
    with pytest.raises(NoReportError, match=r"There is no metric revenue\. There are: .*joint_pipeline_usd"):
        query(demo.settings, ["revenue"], [])


def test_what_a_metric_has_not_got_does_not_group_it(demo: Run) -> None:
    with pytest.raises(NoReportError, match=r"activation_rate: account, .*partner"):
        query(demo.settings, ["activation_rate"], ["opportunity__stage"])
    by_stage = query(demo.settings, [], ["opportunity__stage"])
    assert {"joint_pipeline_usd", "win_rate"} < set(by_stage.columns)
    assert "activation_rate" not in by_stage.columns
