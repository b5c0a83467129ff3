"""Definitions of the ideal customer: which rules can be read, and that two align the same from either side.

Belongs here: the compiled models on definitions made up here. Does not belong here: which accounts fit (unit tests).
"""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import HOME
from tests.workspaces import Workspace

pytestmark = pytest.mark.usefixtures("dbt")

Rule = tuple[str, str, str, str]  # attribute, field, operator, value
STAGING = "stg_icp_rules"
ALIGNMENT = "mart_icp_alignment"
CHECK = "assert_every_icp_rule_can_be_read"
COMPILED = (STAGING, ALIGNMENT, CHECK)
SEEDS = (
    *("alignment_levels", "countries", "icp_attributes", "icp_fields", "industries", "seniorities", "size_bands"),
    "value_mappings",
)


class Definitions:
    """The compiled models, and an empty warehouse in memory that they run on."""

    def __init__(self, workspace: Workspace) -> None:
        done = workspace.dbt("compile", "--select", *COMPILED)
        assert done.returncode == 0, done.stdout
        files = {name: next(workspace.compiled.rglob(f"{name}.sql")) for name in COMPILED}
        self.sql = {name: file.read_text(encoding="utf-8") for name, file in files.items()}
        self.connection = duckdb.connect()
        self.connection.execute("attach ':memory:' as warehouse; use warehouse")
        for schema in ("seeds", "staging", "marts"):
            self.connection.execute(f"create schema {schema}")
        for seed in SEEDS:
            self.connection.execute(
                f"create table seeds.{seed} as from read_csv('{HOME / 'seeds' / 'reference' / seed}.csv')"
            )
        self.connection.execute(
            """
            create table seeds.icp_definitions (
                party_id varchar, attribute varchar, field varchar, operator varchar, value varchar, weight integer,
                valid_from date, valid_until date, owner varchar, note varchar
            );
            create table staging.stg_partners as
                from (values ('p', true), ('without nda', false)) as partners(party_id, may_be_built);
            create table marts.dim_partners as select 'p' as partner_id, 'P' as name, 'current list' as list_status;
            create table marts.fct_account_overlaps (
                as_of_month date, account_key varchar, partner_id varchar, is_overlap boolean, is_excluded boolean,
                is_partner boolean
            );
            create table marts.fct_account_icp_rules (
                account_key varchar, party_id varchar, attribute varchar, outcome varchar
            );
            """
        )

    def write(self, **rules: list[Rule]) -> None:
        """Make these the definitions, by party; each rule has the weight 1."""
        self.connection.execute("delete from seeds.icp_definitions")
        insert = "insert into seeds.icp_definitions values (?, ?, ?, ?, ?, 1, null, null, null, null)"
        for party, of_party in rules.items():
            for rule in of_party:
                self.connection.execute(insert, [party, *rule])
        self.read()

    def read(self) -> None:
        self.connection.execute(f"create or replace table staging.stg_icp_rules as {self.sql[STAGING]}")

    def check(self) -> None:
        """Run the data test as dbt does."""
        assert self.connection.execute(f"select count(*) from ({self.sql[CHECK]}) as found").fetchall() == [(0,)]

    def alignment(self, ours: list[Rule], theirs: list[Rule]) -> dict[str, tuple[object, object, str, str, str]]:
        """By attribute: definition_rate, alignment_level, both definitions and the note."""
        self.write(us=ours, p=theirs)
        self.check()
        rows = self.connection.execute(
            f"""
            select attribute, definition_rate, alignment_level, our_definition, partner_definition, note
            from ({self.sql[ALIGNMENT]})
            """
        ).fetchall()
        return {attribute: tuple(row) for attribute, *row in rows}


@pytest.fixture(scope="module")
def definitions(tmp_path_factory: pytest.TempPathFactory) -> Definitions:
    return Definitions(Workspace(tmp_path_factory.mktemp("icp")))


def texts(attribute: str, field: str, *words: str) -> st.SearchStrategy[Rule]:
    chosen = st.lists(st.sampled_from(words), min_size=1, max_size=4)
    return chosen.map(lambda some: (attribute, field, "in", ";".join(some)))


def ranges(attribute: str, field: str, *marks: int) -> st.SearchStrategy[Rule]:
    mark = st.sampled_from(marks)
    one_end = st.tuples(st.sampled_from(["at_least", "at_most"]), mark.map(str))
    both_ends = st.tuples(mark, mark).map(lambda ends: ("between", f"{min(ends)}..{max(ends)}"))
    return st.one_of(one_end, both_ends).map(lambda rule: (attribute, field, *rule))


A_DEFINITION = st.fixed_dictionaries(
    {},
    optional={
        "industry": texts("industry", "industry", "retail", "Retail", "media", "energy"),
        "employees": ranges("company_size", "employees", 0, 10, 11, 50, 200, 201, 5000, 5001),
        "annual_revenue_usd": ranges("company_size", "annual_revenue_usd", 0, 1_000_000, 9_999_999, 10_000_000),
        "country_code": texts("geography", "country_code", "DE", "de", "FR", "NA"),
        "challenge": texts("challenges", "challenge", "slow close", "Slow Close", "audit"),
        "function": texts("buying_centre", "function", "finance", "it"),
        "seniority": texts("buying_centre", "seniority", "vp", "c_level", "director"),
        "expected_deal_size_usd": ranges("budget", "expected_deal_size_usd", 9_999, 10_000, 250_000),
    },
).map(lambda rules: list(rules.values()))


@settings(max_examples=25, deadline=None)
@given(ours=A_DEFINITION, theirs=A_DEFINITION)
def test_alignment_is_the_same_from_either_side(definitions: Definitions, ours: list[Rule], theirs: list[Rule]) -> None:
    seen_by_us = definitions.alignment(ours, theirs)
    seen_by_them = definitions.alignment(theirs, ours)
    common = {rule[0] for rule in ours if rule[1] in {other[1] for other in theirs}}
    assert len(seen_by_us) == len(seen_by_them) == 7
    for attribute, (rate, level, *definition, note) in seen_by_us.items():
        other_rate, other_level, *other_definition, other_note = seen_by_them[attribute]
        assert (rate, level, definition) == (other_rate, other_level, other_definition[::-1])
        swapped = (
            other_note.replace("Only we", "Only us").replace("Only they", "Only we").replace("Only us", "Only they")
        )
        assert sorted(note.rstrip(".").split(". ")) == sorted(swapped.rstrip(".").split(". "))
        assert (rate is not None) == (level is not None) == (attribute in common)


@settings(max_examples=20, deadline=None)
@given(ours=A_DEFINITION)
def test_a_definition_aligns_with_itself_in_everything_it_names(definitions: Definitions, ours: list[Rule]) -> None:
    named = {rule[0] for rule in ours}
    for attribute, (rate, level, *_, note) in definitions.alignment(ours, ours).items():
        assert (rate, level) == ((1, 5) if attribute in named else (None, None))
        assert "Only" not in note


SIZE = ("company_size", "employees")


@pytest.mark.parametrize(
    ("rules", "remedy"),
    [
        ([(*SIZE, "about", "50")], "operator is not known: write in for words; between, at_least or at_most"),
        ([("geography", "employees", "at_least", "50")], "field is of attribute company_size: correct one of the two"),
        ([("sizes", "employees", "at_least", "50")], "attribute is not in icp_attributes.csv"),
        ([("company_size", "headcount", "at_least", "50")], "field is not in icp_fields.csv"),
        ([(*SIZE, "between", "200..51")], "the low end of between is above the high end: exchange them"),
        ([(*SIZE, "between", "51-200")], "write two numbers of digits only with two dots in between"),
        ([(*SIZE, "between", "51..100..200")], "write two numbers of digits only with two dots in between"),
        ([(*SIZE, "at_least", "fifty")], "value is no number: write digits only"),
        ([(*SIZE, "at_most", "10,000")], "value is no number: write digits only"),
        ([(*SIZE, "in", "50;60")], "the field holds numbers: write between, at_least or at_most"),
        ([("industry", "industry", "at_least", "retail")], "write the operator in, and the words separated by"),
        ([("industry", "industry", "in", "retail;shops")], "shops is not in the vocabulary of the field"),
        ([("industry", "industry", "in", " ; ")], "value holds no word"),
        ([("industry", "industry", "in", "")], "value is empty: write it, or take the row out"),
        (
            [(*SIZE, "at_least", "50"), (*SIZE, "at_most", "200")],
            "rule on this field from the same day on: make one of",
        ),
    ],
)
def test_a_rule_that_cannot_be_read_stops_the_build_with_the_remedy(
    definitions: Definitions, rules: list[Rule], remedy: str
) -> None:
    definitions.write(us=[("challenges", "challenge", "in", "slow close"), *rules], p=[])
    with pytest.raises(duckdb.Error, match=rf"icp_definitions.csv: party us, field {rules[0][1]}, .*{remedy}"):
        definitions.check()


@pytest.mark.parametrize(
    ("change", "remedy"),
    [
        ("party_id = 'who'", "party_id is neither us nor a partner of partners.csv"),
        ("weight = 0", "weight is missing or below 1"),
        ("weight = null", "weight is missing or below 1"),
    ],
)
def test_an_unknown_party_or_weight_stops_the_build(definitions: Definitions, change: str, remedy: str) -> None:
    definitions.write(us=[(*SIZE, "at_least", "50")])
    definitions.connection.execute(f"update seeds.icp_definitions set {change}")
    definitions.read()
    with pytest.raises(duckdb.Error, match=remedy):
        definitions.check()


def test_nothing_is_built_on_the_rules_of_a_partner_without_an_nda(definitions: Definitions) -> None:
    definitions.write(**{"p": [(*SIZE, "at_least", "50")], "without nda": [(*SIZE, "at_least", "50")]})
    assert definitions.connection.execute("select party_id from staging.stg_icp_rules").fetchall() == [("p",)]
