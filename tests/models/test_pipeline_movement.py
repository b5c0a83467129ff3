"""Three months of joint pipeline, from opening to closing, against figures that were worked out by hand.

Belongs here: the two marts and their data test on the months in golden/movement, where every kind of movement occurs.
Does not belong here: which months are kept, and from what (golden/quarter).
"""

import random
from pathlib import Path

import duckdb
import pytest

from tests.workspaces import Workspace, read_golden

pytestmark = pytest.mark.usefixtures("dbt")

MOVEMENT = Path(__file__).parents[1] / "golden" / "movement"
MARTS = ("fct_pipeline_movements", "mart_pipeline_movement")
# Rows of nothing: the data test asks whether they are there.
COMPARED = {"fct_pipeline_movements": "true", "mart_pipeline_movement": "opportunity_count > 0"}
CHECK = "assert_pipeline_movement_adds_up"


class Movement:
    """The compiled marts and their data test on a warehouse in memory."""

    def __init__(self, workspace: Workspace) -> None:
        done = workspace.dbt("compile", "--select", *MARTS, CHECK)
        assert done.returncode == 0, done.stdout
        files = {name: next(workspace.compiled.rglob(f"{name}.sql")) for name in (*MARTS, CHECK)}
        self.sql = {name: file.read_text(encoding="utf-8") for name, file in files.items()}

    def built_from(self, months: list[dict[str, str]]) -> duckdb.DuckDBPyConnection:
        """Build both marts of these months, and a pipeline summary that is right of the last of them."""
        connection = duckdb.connect()
        connection.execute(
            """
            attach ':memory:' as warehouse; use warehouse; create schema marts;
            create table marts.dim_partners as
                from (values ('ash', 'Ash'), ('elm', 'Elm')) as partners(partner_id, name);
            create table marts.mart_pipeline_summary as
                from (values ('all', 'all', 4, 20600.01), ('partner', 'ash', 3, 17600.01), ('partner', 'elm', 1, 3000))
                as summary(dimension, dimension_value, open_opportunity_count, open_pipeline_usd);
            create table marts.fct_opportunity_months (
                as_of_month date, as_of_on date, opportunity_key varchar, outcome varchar, amount decimal(38, 2),
                currency varchar, usd_per_unit decimal(18, 8), amount_usd decimal(38, 2), expected_close_on date,
                closed_on date, primary_partner_id varchar, recorded_claims varchar, is_excluded boolean,
                source_id varchar, account_key varchar, decided_credits varchar,
                created_on date, rule_valid_from date, credit_mapped_on date, credit_engaged_on date, is_open boolean
            )
            """
        )
        for row in months:
            known = {name: value for name, value in row.items() if value}
            marks = ", ".join("?" for _ in known)
            connection.execute(
                f"insert into marts.fct_opportunity_months ({', '.join(known)}) values ({marks})", list(known.values())
            )
        connection.execute(
            "update marts.fct_opportunity_months set source_id = opportunity_key, is_open = outcome = 'open'"
        )
        for mart in MARTS:
            connection.execute(f"create table marts.{mart} as {self.sql[mart]}")
        return connection

    def problems(self, connection: duckdb.DuckDBPyConnection) -> set[str]:
        """What the data test finds."""
        found = connection.execute(f"select distinct problem from ({self.sql[CHECK]})").fetchall()
        return {str(problem) for (problem,) in found}


@pytest.fixture(scope="module")
def movement(tmp_path_factory: pytest.TempPathFactory) -> Movement:
    return Movement(Workspace(tmp_path_factory.mktemp("movement")))


@pytest.fixture(scope="module")
def months() -> list[dict[str, str]]:
    return read_golden("opportunity_months.csv", MOVEMENT)


@pytest.mark.parametrize("mart", MARTS)
@pytest.mark.parametrize("shuffle_seed", [None, 7])
def test_movement_is_as_worked_out_by_hand(
    movement: Movement, months: list[dict[str, str]], mart: str, shuffle_seed: int | None
) -> None:
    in_order = list(months)
    if shuffle_seed is not None:
        random.Random(shuffle_seed).shuffle(in_order)  # noqa: S311
    columns = ", ".join(column for column in read_golden(f"expected_{mart}.csv", MOVEMENT)[0] if column != "how")
    built = movement.built_from(in_order)
    built.execute(f"create table expected as select {columns} from marts.{mart} limit 0")
    built.execute(
        f"insert into expected select {columns} from read_csv('{MOVEMENT}/expected_{mart}.csv', all_varchar = true)"
    )
    found = built.execute(f"select {columns} from marts.{mart} where {COMPARED[mart]} order by all").fetchall()
    assert found == built.execute("from expected order by all").fetchall()
    assert movement.problems(built) == set()


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        (
            "update marts.mart_pipeline_movement set amount_usd = amount_usd + 0.01 "
            "where movement = 'won' and partner_id = 'ash' and as_of_month = '2026-09-01'",
            {"opening and movements are not the closing", "the partners are not all"},
        ),
        (
            "delete from marts.mart_pipeline_movement where movement = 'opening' and partner_id = 'all'",
            {"opening and movements are not the closing"},
        ),
        (
            "update marts.mart_pipeline_movement set amount_usd = amount_usd + 0.01 "
            "where movement in ('opening', 'closing') and as_of_month = '2026-10-01'",
            {
                "the opening is not the closing before",
                "the partners are not all",
                "the closing is not the pipeline summary",
            },
        ),
        (
            "update marts.mart_pipeline_movement set open_opportunity_change = 0 where movement = 'gone'",
            {"opening and movements are not the closing"},
        ),
    ],
)
def test_a_cent_or_a_deal_too_many_is_found(
    movement: Movement, months: list[dict[str, str]], fault: str, problem: set[str]
) -> None:
    built = movement.built_from(months)
    built.execute(fault)
    assert movement.problems(built) == problem


@pytest.mark.parametrize(
    ("otherwise", "cause"),
    [
        ({}, "other evidence"),
        ({"credit_engaged_on": "2026-08-30"}, "other evidence"),  # seen in August already
        ({"credit_engaged_on": "2026-09-08"}, "engagement"),
        ({"credit_engaged_on": "2026-09-08", "credit_mapped_on": "2026-09-04"}, "mapping"),
        ({"credit_mapped_on": "2026-09-04", "rule_valid_from": "2026-05-01"}, "rule version"),
        ({"rule_valid_from": "2026-05-01", "recorded_claims": "ash"}, "changed record"),
        ({"recorded_claims": "ash", "is_excluded": "true"}, "decision"),
        ({"recorded_claims": "ash", "decided_credits": "ash sourced"}, "decision"),
    ],
)
def test_a_credit_moves_for_the_first_cause_that_applies(
    movement: Movement, months: list[dict[str, str]], otherwise: dict[str, str], cause: str
) -> None:
    of_september = ("2026-09-01", "d4")
    changed = [
        row | {"recorded_claims": "elm"} | otherwise
        if (row["as_of_month"], row["opportunity_key"]) == of_september
        else row
        for row in months
    ]
    causes = (
        "select distinct cause from marts.fct_pipeline_movements "
        "where opportunity_key = 'd4' and as_of_month = '2026-09-01' and movement = 're-attributed'"
    )
    assert movement.built_from(changed).execute(causes).fetchall() == [(cause,)]
