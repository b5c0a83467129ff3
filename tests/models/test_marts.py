"""The marts against figures that were worked out by hand, from raw rows to published columns.

Belongs here: what staging and marts make of raw rows when it is given which records are one company. Does not belong
here: whether they are (test_scoring, test_clusters), and the rules that one dbt unit test can show by itself.
"""

import shutil
import sys
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.settings import HOME
from tests.workspaces import LEFT_OUT, SELECTION, Rows, Run, Workspace, load_raw, person_words, read_golden
from udfs.persons import person_name
from udfs.plugin import register

pytestmark = pytest.mark.usefixtures("dbt")

DBT = str(Path(sys.executable).with_name("dbt"))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The hand-made rows, built for October with every data test."""
    made = Workspace(tmp_path_factory.mktemp("marts"))
    load_raw(made.settings.warehouse)
    tests = ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    done = made.dbt("build", "--select", "resource_type:seed", *SELECTION, *tests)
    assert done.returncode == 0, done.stdout
    return made


def as_text(rows: Rows) -> list[tuple[str, ...]]:
    return sorted(tuple("" if value is None else str(value) for value in row) for row in rows)


def expected(name: str) -> tuple[str, list[tuple[str, ...]]]:
    """A hand-worked table: its columns as a select list, and its rows without the words that explain them."""
    rows = read_golden(name)
    columns = [column for column in rows[0] if column != "how"]
    return ", ".join(columns), sorted(tuple(row[column] for column in columns) for row in rows)


def test_overlaps_are_as_worked_out_by_hand(workspace: Workspace) -> None:
    columns, rows = expected("expected_overlaps.csv")
    assert as_text(workspace.query(f"select {columns} from marts.fct_account_overlaps")) == rows


def test_coverage_is_as_worked_out_by_hand(workspace: Workspace) -> None:
    columns, rows = expected("expected_coverage.csv")
    assert as_text(workspace.query(f"select {columns} from marts.mart_partner_coverage")) == rows


def test_matrix_is_as_worked_out_by_hand_and_has_no_holes(workspace: Workspace) -> None:
    columns, rows = expected("expected_matrix.csv")
    cells = workspace.query(f"select {columns} from marts.mart_account_mapping_matrix where account_count > 0")
    assert as_text(cells) == rows
    counts = workspace.query("select partner_id, count(*) from marts.mart_account_mapping_matrix group by 1 order by 1")
    assert counts == [("alpha", 48), ("beta", 48)]


def test_golden_records_are_as_worked_out_by_hand(workspace: Workspace) -> None:
    columns, rows = expected("expected_accounts.csv")
    accounts = {row[0]: row for row in as_text(workspace.query(f"select {columns} from marts.dim_accounts"))}
    assert [accounts[row[0]] for row in rows] == rows


def test_money_counts_once_however_many_partners_overlap(workspace: Workspace) -> None:
    # 100 + 220 + 50 + 70 + 40 + 30; o4 is won, o8 has no rate, o9 no account
    once = workspace.query("select sum(our_open_pipeline_counted_once_usd) from marts.fct_account_overlaps")
    flagged = workspace.query("select account_key from marts.fct_account_overlaps where is_pipeline_counted_here")
    accounts = workspace.query("select account_key from marts.dim_accounts")
    assert str(once[0][0]) == "510.00"
    assert sorted(flagged) == sorted(accounts)


def test_partner_without_nda_is_listed_but_not_built(workspace: Workspace) -> None:
    assert workspace.query("select partner_id, list_status from marts.dim_partners order by 1") == [
        ("alpha", "current list"),
        ("beta", "stale list"),
        ("gamma", "no nda"),
    ]
    assert workspace.query("select * from staging.stg_accounts where party_id = 'gamma'") == []
    assert workspace.query("select * from marts.dim_accounts where account_key = 'A13'") == []


def test_what_could_not_be_used_is_listed_with_its_place(workspace: Workspace) -> None:
    listed = workspace.query(
        "select refused, object, row_number, column_name, delivered from marts.mart_refused_data order by row_number"
    )
    assert listed == [
        ("unmapped value", "opportunities", 9, "amount", "XBT"),
        ("unlinked row", "opportunities", 10, "account_name", "Nobody"),
        ("unlinked row", "contacts", 24, "account_name", "Nobody"),
    ]


# A person's key says nothing to a reader; the first of the person's contacts does.
PERSON = "(select min(contact_key) from marts.bridge_person_contacts as own where own.person_key = {}.person_key)"


def test_persons_are_as_worked_out_by_hand(workspace: Workspace) -> None:
    _, rows = expected("expected_persons.csv")
    found = workspace.query(
        f"select contact_key, {PERSON.format('contacts')}, match_reason from marts.bridge_person_contacts as contacts"
    )
    assert as_text(found) == rows


def test_who_knows_whom_is_as_worked_out_by_hand(workspace: Workspace) -> None:
    _, rows = expected("expected_who_knows_whom.csv")
    possible = f"(select {PERSON.format('possible')} from marts.dim_persons as possible "
    found = workspace.query(
        f"""
        select
            partner_id, account_key, {PERSON.format("known")}, is_known_to_us::varchar, is_known_to_partner::varchar,
            our_relationship_strength, partner_relationship_strength, play,
            {possible} where possible.person_key = known.possible_person_key)
        from marts.mart_who_knows_whom as known
        """
    )
    assert as_text(found) == rows


WORDS = person_words()
NAMED = st.tuples(
    st.sampled_from(["us", "alpha", "beta"]),
    st.sampled_from(["A1", "A2"]),
    st.sampled_from(
        ["Bob Reed", "Robert Reed", "Rachel Reed", "R. Reed", "Reed, Rob", "Robret Reed", "Reed", "Otto Klein"]
    ),
    st.sampled_from([None, "director sales", "buyer"]),
    st.sampled_from([None, "sales", "it"]),
    st.sampled_from([None, "reed@a.example", "robert@a.example", "robert2@a.example", "info@a.example"]),
)


def persons_of(workspace: Workspace, contacts: Rows, keys: list[str]) -> dict[frozenset[str], str]:
    """Run the compiled models on contacts under given keys, check their persons, and give the answer of each pair."""
    compiled = workspace.compiled / "models" / "resolution" / "persons"
    with duckdb.connect() as connection:
        register(connection)
        connection.execute("attach ':memory:' as warehouse; create schema warehouse.resolution")
        connection.execute(
            """
            create table warehouse.resolution.res_contacts (
                contact_key varchar, party_id varchar, account_key varchar, full_name varchar, given_name varchar,
                given_names varchar, given_forms varchar[], family_name varchar, normalized_title varchar,
                function varchar, seniority varchar, local_part varchar, email_domain varchar,
                mailbox varchar, is_shared_mailbox boolean, has_own_domain boolean
            )
            """
        )
        for key, (party, account, name, title, function, email) in zip(keys, contacts, strict=True):
            forms = [form or None for form in person_name(str(name), WORDS)]
            local_part, domain = str(email).split("@") if email else (None, None)
            row = [key, party, account, *forms, title, function, None, local_part, domain, email]
            row += [local_part == "info", True if email else None]
            connection.execute(f"insert into warehouse.resolution.res_contacts values ({'?, ' * 15}?)", row)
        for model in ("res_contact_pairs", "res_contact_clusters"):
            sql = (compiled / f"{model}.sql").read_text(encoding="utf-8")
            connection.execute(f"create table warehouse.resolution.{model} as {sql}")
        clusters = connection.execute(
            "select contact_key, account_key, cluster_key from warehouse.resolution.res_contact_clusters"
        ).fetchall()
        assert sorted(key for key, *_ in clusters) == sorted(keys)  # each in one person, and nobody is lost
        assert all(dict(row[:2] for row in clusters)[cluster] == account for _, account, cluster in clusters)
        person_of = {key: cluster for key, _, cluster in clusters}
        answers = {}
        for left, right, answer in connection.execute(
            "select left_contact_key, right_contact_key, answer from warehouse.resolution.res_contact_pairs"
        ).fetchall():
            assert answer != "different" or person_of[left] != person_of[right]
            answers[frozenset((left, right))] = answer
        return answers


@settings(max_examples=40, deadline=None)
@given(contacts=st.lists(NAMED, min_size=2, max_size=8))
def test_whoever_comes_first_the_same_contacts_are_one_person(workspace: Workspace, contacts: Rows) -> None:
    keys = [f"c{number}" for number in range(len(contacts))]
    forward = persons_of(workspace, contacts, keys)
    backward = persons_of(workspace, contacts, keys[::-1])
    renamed = dict(zip(keys, keys[::-1], strict=True))
    assert forward == {frozenset(renamed[key] for key in pair): answer for pair, answer in backward.items()}


def test_the_highest_and_closest_person_is_asked_for_first(workspace: Workspace) -> None:
    asked = workspace.query(
        """
        select partner_id, play, person_name from marts.mart_who_knows_whom
        where account_key = 'A1' and introduction_rank is not null order by partner_id, play, introduction_rank
        """
    )
    assert asked == [
        ("alpha", "introduction", "Rachel Reed"),
        ("alpha", "introduction", "Maria Groß"),
        ("alpha", "reciprocal_introduction", "Otto Klein"),
        ("beta", "reciprocal_introduction", "Anna Weber"),
        ("beta", "reciprocal_introduction", "Otto Klein"),
    ]


def test_counts_of_persons_are_those_of_the_persons(workspace: Workspace) -> None:
    assert workspace.query(
        """
        select
            partner_id, account_key, our_person_count, partner_person_count, both_know_count, introduction_count,
            reciprocal_introduction_count, check_first_count, strongest_introduction, introducer_rank
        from marts.mart_contact_coverage order by all
        """
    ) == [
        ("alpha", "A1", 3, 4, 1, 2, 1, 2, "user", 1),
        ("alpha", "A2", 5, 5, 2, 2, 2, 2, None, 1),
        ("alpha", "A4", 0, 1, 0, 1, 0, 0, None, 1),
        ("beta", "A1", 3, 1, 1, 0, 2, 0, None, None),
        ("beta", "A3", 0, 0, 0, 0, 0, 0, None, None),
    ]


def test_neither_order_of_rows_nor_order_of_months_matters(workspace: Workspace, tmp_path: Path) -> None:
    first = workspace.marts()
    load_raw(tmp_path / "warehouse.duckdb", shuffle_seed=7)
    other = workspace.beside(tmp_path)
    other.run("2026-10")
    assert other.marts() == first  # in another order of rows
    other.run("2026-09")
    months = "select distinct as_of_month from marts.fct_account_overlaps order by 1"
    assert [str(row[0]) for row in other.query(months)] == ["2026-09-01"]  # what followed is run again, not kept
    other.run("2026-10")
    assert [str(row[0]) for row in other.query(months)] == ["2026-09-01", "2026-10-01"]
    of_october = "marts.fct_account_overlaps where as_of_month = '2026-10-01' order by all"
    assert {**other.marts(), "fct_account_overlaps": []} == {**first, "fct_account_overlaps": []}
    unmapped = f"select * exclude mapped_on from {of_october}"
    assert other.query(unmapped) == workspace.query(unmapped)
    # What September's lists have shown is mapped by them, once they are built.
    mapped = f"select partner_id, account_key, cast(mapped_on as varchar) from {of_october}"
    in_september = {("alpha", "A1"), ("alpha", "A2"), ("beta", "A1")}
    assert other.query(mapped) == [
        (partner, account, day and ("2026-09-30" if (partner, account) in in_september else "2026-10-31"))
        for partner, account, day in workspace.query(mapped)
    ]


def test_seeds_with_an_absolute_path_are_refused_and_keep_their_rows(workspace: Workspace) -> None:
    partners = workspace.settings.seeds_in_force / "company" / "partners.csv"
    before = partners.read_bytes()
    path = str(workspace.settings.seeds_in_force)
    done = workspace.dbt("seed", "--select", "partners", "--vars", "{}", ACCOUNT_MAPPING_SEED_PATH=path)
    assert done.returncode != 0
    assert "The seed path is absolute" in done.stdout
    assert partners.read_bytes() == before


def test_demo_overlaps_are_the_true_ones_once_the_accounts_are(demo: Run, tmp_path: Path) -> None:
    given = Workspace(tmp_path)
    warehouse = given.settings.warehouse
    shutil.copy(demo.settings.warehouse, warehouse)
    truth = HOME / "demo"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute(
            f"""
            create or replace table resolution.res_account_clusters as
            select
                record_key, company as account_key, 'given' as match_reason, null::double as match_probability,
                true as is_witnessed
            from '{truth / "truth_entities.csv"}';
            drop table marts.fct_account_overlaps;
            """
        )
    given.settings = replace(demo.settings, warehouse=warehouse)
    done = given.dbt("run", "--select", "path:models/marts", *LEFT_OUT)
    assert done.returncode == 0, done.stdout
    differences = given.query(
        f"""
        with built as (
            select partner_id, our_status, partner_status, count(*) as accounts,
                count(*) filter (where is_excluded) as excluded_accounts
            from marts.fct_account_overlaps group by all
        ),
        truth as (from '{truth / "truth_overlaps.csv"}')
        (from built except from truth) union all (from truth except from built)
        """
    )
    assert differences == []
