"""The generic data test: each of its rules fails where it should, and nowhere else.

Belongs here: tests of the test. Does not belong here: which rules a table has (its YAML).
"""

from pathlib import Path

import duckdb
import jinja2
import pytest

from orchestration.settings import DBT_PROJECT_DIR

ROWS = """
    create table parents as select * from (values ('a'), ('b'), (null)) as parents(id);
    create table sales as
    select * from (values ('s1', 'a', 'open', 1), ('s2', 'b', 'won', 2), ('s3', null, null, 3))
        as sales(sale_key, parent_id, status, amount);
"""
RULES = {
    "never_null": ["sale_key", "amount"],
    "unique": ["sale_key", ["parent_id", "status"]],
    "one_of": [
        {"column": "status", "values": ["open", "won"]},
        {"column": "amount", "values": [2], "where": "status = 'won'"},
    ],
    "found_in": [{"column": "parent_id", "to": "parents", "field": "id"}],
    "always": ["amount > 0"],
}


@pytest.fixture
def sales() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    connection.execute(ROWS)
    return connection


def broken(sales: duckdb.DuckDBPyConnection, **rules: object) -> dict[str, int]:
    """Render the test as dbt does, and run it."""
    source = (DBT_PROJECT_DIR / "tests" / "generic" / "rules.sql").read_text(encoding="utf-8")
    source = source.replace("{% test rules(", "{% macro rules(").replace("{% endtest %}", "{% endmacro %}")
    environment = jinja2.Environment(extensions=["jinja2.ext.do"], autoescape=False)  # noqa: S701 (SQL, no page)
    macro = environment.from_string(source).module.rules  # type: ignore[attr-defined]
    return dict(sales.execute(macro("sales", **rules)).fetchall())


def test_rows_that_keep_every_rule_break_none(sales: duckdb.DuckDBPyConnection) -> None:
    assert broken(sales, **RULES) == {}
    assert broken(sales) == {}


@pytest.mark.parametrize(
    ("row", "rule"),
    [
        ("(null, 'a', 'won', 2)", "never null: sale_key"),
        ("('s1', 'b', 'open', 2)", "unique: sale_key"),
        ("('s4', 'a', 'open', 2)", "unique: parent_id, status"),
        ("('s4', null, null, 2)", "unique: parent_id, status"),
        ("('s4', 'a', 'lost', 2)", "one of: status"),
        ("('s4', 'a', 'won', 1)", "one of: amount and status = 'won'"),
        ("('s4', 'c', 'open', 2)", "found in id: parent_id"),
        ("('s4', 'a', 'won', -2)", "always: amount > 0"),
        ("('s4', 'a', null, null)", "always: amount > 0"),
    ],
)
def test_a_row_that_breaks_a_rule_is_named_with_it(sales: duckdb.DuckDBPyConnection, row: str, rule: str) -> None:
    sales.execute(f"insert into sales values {row}")
    assert broken(sales, **RULES).get(rule) == 1


def test_two_rows_that_break_a_rule_are_counted(sales: duckdb.DuckDBPyConnection) -> None:
    sales.execute("insert into sales values ('s4', 'c', 'open', 5), ('s5', 'd', 'open', 5)")
    assert broken(sales, found_in=RULES["found_in"]) == {"found in id: parent_id": 2}


def test_every_rule_is_asked_of_some_table() -> None:
    files = [*Path(DBT_PROJECT_DIR / "models").rglob("*.yml"), *(DBT_PROJECT_DIR.parent / "seeds").rglob("*.yml")]
    text = "".join(file.read_text(encoding="utf-8") for file in files)
    assert all(f" {rule}:" in text for rule in RULES)
