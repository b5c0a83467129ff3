"""A party taken out, then a person erased: that they are gone, that the rest stays, and that it lasts.

Belongs here: both commands, one after the other on one copy of the demo, and what they refuse. Does not belong here:
the search behind the proof (test_search.py), and what landing does with them
(tests/ingestion/test_forgotten.py).
"""

import json
import shutil
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.forgetting.erasure import erase
from orchestration.forgetting.proof import NotForgottenError
from orchestration.forgetting.search import Texts, search
from orchestration.forgetting.withdrawal import withdraw
from orchestration.ingestion.forgotten import ERASED, forgotten_folder, plain_name
from orchestration.settings import HOME, Settings
from orchestration.validation.rows import check_accepted_rows
from tests.deliveries import land_into
from tests.workspaces import MONTH, Run, edit_seed, own_copy_of, read, run_command, write_withdrawal

GONE = "heliograph"
Rows = list[tuple[Any, ...]]


def never(settings: Settings, month: date) -> None:
    raise AssertionError(f"nothing was to be built of {month} in {settings.var}")


@dataclass
class Before:
    """The workspace before anything is taken out, and what its tables said."""

    settings: Settings
    keys: Rows
    persons: Rows
    history: Rows
    reported: Rows
    theirs: list[str]


KEYS = f"select record_key, account_key from marts.bridge_account_records where party_id <> '{GONE}' order by 1"

PERSONS = f"select contact_key, person_key from marts.bridge_person_contacts where party_id <> '{GONE}' order by 1"

HISTORY = (
    "select * exclude (group_key) from marts.fct_account_overlaps "
    f"where as_of_month < '2026-10-01' and partner_id <> '{GONE}' order by all"
)

REPORTED = (
    "select mart, figure, partner_id, reported_value from marts.mart_closed_quarters "
    f"where partner_id <> '{GONE}' order by all"
)


@pytest.fixture(scope="module")
def before(demo: Run, tmp_path_factory: pytest.TempPathFactory) -> Before:
    settings = own_copy_of(demo, tmp_path_factory.mktemp("forgetting"))
    # Whatever a person has written from the marts, and a log that quotes a row.
    (settings.var / "crm").mkdir(exist_ok=True)
    (settings.var / "logs" / "old.log").write_text(f"{GONE}:21615477427 is odd")
    (settings.var / "crm" / "updates.csv").write_text(f"{GONE}:21615477427")
    return Before(
        settings,
        read(settings.warehouse, KEYS),
        read(settings.warehouse, PERSONS),
        read(settings.warehouse, HISTORY),
        read(settings.warehouse, REPORTED),
        [email for (email,) in read(settings.warehouse, "select distinct email from raw.contacts where party_id = ? "
        "and email not in (select email from raw.contacts where party_id <> ? and email is not null)", [GONE, GONE])],
    )  # fmt: skip


@pytest.fixture(scope="module")
def withdrawn(before: Before) -> Run:
    write_withdrawal(before.settings.seeds, GONE, "2026-11-20")
    edit_seed(
        before.settings.seeds / "company" / "match_decisions.csv",
        lambda row: row if not row["left_record_key"].startswith(f"{GONE}:") else None,
    )
    run = run_command(before.settings, "withdraw", "--exports", str(before.settings.exports), GONE)
    assert run.exit_code == 0, run.output
    return run


def test_a_withdrawal_is_refused_until_the_seeds_say_so(before: Before, demo: Run, tmp_path: Path) -> None:
    shutil.copytree(HOME / "seeds", tmp_path / "seeds")
    settings = replace(demo.settings, seeds=tmp_path / "seeds")
    with pytest.raises(
        NotForgottenError, match=r"does not say that 'heliograph' has withdrawn. Write the day into its"
    ):
        withdraw(settings, GONE, never)
    with pytest.raises(NotForgottenError, match=r"'acme' is not in .*partners.csv. Its parties: heliograph, kestrel"):
        withdraw(settings, "acme", never)
    write_withdrawal(settings.seeds, GONE, "2026-11-20")
    with pytest.raises(NotForgottenError, match=r"(?s)name records of 'heliograph'.*match_decisions.csv, line 3"):
        withdraw(settings, GONE, never)


def test_nothing_of_a_party_that_withdrew_is_left(before: Before, withdrawn: Run) -> None:
    settings = before.settings
    assert "none was found" in withdrawn.output
    assert len(before.theirs) > 50
    # By another way than the command's own proof: what everything says as text.
    for file in (
        settings.warehouse,
        settings.published / "marts.duckdb",
        settings.published / "contacts/contacts.duckdb",
    ):
        with duckdb.connect(str(file), read_only=True) as connection:
            tables = connection.execute("select schema_name, table_name from duckdb_tables()").fetchall()
            for schema, table in tables:
                text = " ".join(str(row) for row in connection.execute(f'from "{schema}"."{table}"').fetchall())
                assert f"{GONE}:" not in text, (file, table)
                assert not [email for email in before.theirs if email in text], (file, table)
    for file in settings.var.rglob("*"):
        assert not file.is_file() or f"{GONE}:2".encode() not in file.read_bytes(), file
    assert len(list((settings.published / "parquet").glob("*/"))) == 1
    assert len(list((settings.published / "contacts" / "parquet").glob("*/"))) == 1
    assert not (settings.var / "forgetting").exists()
    status = "select list_status, record_count from marts.dim_partners where partner_id = ?"
    assert read(settings.published / "marts.duckdb", status, [GONE]) == [("withdrawn", 0)]
    (record,) = (settings.var / "withdrawals").glob("heliograph-*.json")
    written = json.loads(record.read_text())
    assert written["proof"]["found"] == {}
    assert written["proof"]["looked_for"] > 1000
    assert written["rows_removed"]["raw.accounts"] == 674


def test_everything_of_the_others_stays_as_it_was(before: Before, withdrawn: Run) -> None:
    settings = before.settings
    # Records that only a record of the other party held together are two accounts now, and one keeps the key.
    was: dict[str, str] = dict(before.keys)
    now: dict[str, str] = dict(read(settings.warehouse, KEYS))
    apart = {record for record, key in now.items() if was[record] != key}
    assert was.keys() == now.keys()
    assert len(apart) <= 3
    assert all(was[record] in {now[other] for other in now.keys() - apart} for record in apart)
    assert read(settings.warehouse, PERSONS) == before.persons
    assert read(settings.warehouse, HISTORY) == before.history
    assert read(settings.warehouse, REPORTED) == before.reported
    orphans = """
        select count(*) from marts.fct_account_overlaps as shared
        where not exists (
            select 1 from resolution.res_account_registry as registry where registry.account_key = shared.group_key
        )
    """
    assert read(settings.warehouse, orphans) == [(0,)]


def test_what_a_closed_quarter_reported_of_a_party_that_withdrew_is_its_share_of_all(
    before: Before, withdrawn: Run
) -> None:
    warehouse = before.settings.warehouse
    assert read(warehouse, "select count(*) from marts.mart_closed_quarters where partner_id = ?", [GONE]) == [(0,)]
    assert read(warehouse, "select count(*) from seen.quarter_rows where partner_id = ?", [GONE]) == [(0,)]
    lost = (
        "select reported_value + sum(value_change) = value_today, bool_or(cause = 'partner withdrew') "
        "from marts.mart_closed_quarters as quarters inner join marts.fct_closed_quarter_changes as changes "
        "on quarters.figure = changes.kpi and quarters.partner_id = changes.partner_id "
        "where quarters.partner_id = 'all' and mart = 'mart_kpi_status' and kpi = 'accounts_mapped' "
        "group by reported_value, value_today"
    )
    assert read(warehouse, lost) == [(True, True)]


def test_the_command_says_what_only_people_can_delete(before: Before, withdrawn: Run) -> None:
    for file in (before.settings.exports / GONE).rglob("*.csv"):
        assert str(file) in withdrawn.output
    assert f"{before.settings.seeds / 'company' / 'partners.csv'}, line 3" in withdrawn.output
    assert f"{before.settings.seeds / 'company' / 'icp_definitions.csv'}, line" in withdrawn.output


def test_every_table_that_remembers_months_is_copied_with_a_rule(manifest: dict[str, Any], demo: Run) -> None:
    remembering = {
        f"{node['schema']}.{node['name']}"
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["config"].get("full_refresh") is False
    }
    whose = {"partner_id", "primary_partner_id", "party_id", "record_key", "contact_key", "from_account_key"}
    for table in remembering:
        columns = {name for name, *_ in read(demo.settings.warehouse, f"describe {table}")}
        assert "as_of_month" in columns, f"{table}: Copy takes only tables with a month along"
        assert whose & columns, f"{table}: nothing says whose a row is"


PERSON = """
    select lower(email)
    from raw.contacts
    where
        email is not null and export_month = '2026-10-01' and party_id = 'us'
        and (
            select count(*) from raw.engagements
            where contains(participants, concat_ws(' ', contacts.first_name, contacts.last_name))
                or contains(participants, contacts.name)
        ) > 2
        and (
            select count(distinct lower(others.email)) from raw.contacts as others
            where coalesce(others.name, concat_ws(' ', others.first_name, others.last_name))
                = coalesce(contacts.name, concat_ws(' ', contacts.first_name, contacts.last_name))
        ) = 1
    order by 1
    limit 1
"""


@dataclass
class Erased:
    """A person that was erased, and what it was known by."""

    run: Run
    email: str
    name: str
    key: str


@pytest.fixture(scope="module")
def erased(before: Before, withdrawn: Run) -> Erased:
    settings = before.settings
    ((email,),) = read(settings.warehouse, PERSON)
    ((name, key),) = read(
        settings.warehouse,
        "select name, contact_key from marts.bridge_person_contacts where lower(email) = ? and party_id = 'us'",
        [email],
    )
    run = run_command(settings, "erase", "--exports", str(settings.exports), "--email", email.upper())
    assert run.exit_code == 0, run.output
    return Erased(run, email, name, key)


def test_nothing_of_an_erased_person_is_left(before: Before, erased: Erased) -> None:
    settings = before.settings
    texts = Texts([erased.email, erased.name, erased.key])
    assert len(texts.looked_for) == 3
    assert search(settings.var, texts).found == {}
    assert erased.email not in erased.run.output.replace(erased.email.upper(), "")
    marked = "select count(*) > 2 from raw.engagements where contains(participants, ?)"
    assert read(settings.warehouse, marked, [ERASED]) == [(True,)]
    remaining = [row for row in before.persons if row[0] != erased.key]
    assert [row for row in read(settings.warehouse, PERSONS) if row[0] != erased.key] == remaining
    (record,) = (settings.var / "erasures").glob("person-*.json")
    assert erased.email not in record.read_text()
    assert plain_name(erased.name) not in record.read_text().lower()
    assert "us/2026-10/contacts.csv, row" in erased.run.output
    assert "us/2026-10/engagements.tsv, row" in erased.run.output


RAW = {
    "contacts": "* exclude (loaded_at, run_id)",
    "engagements": "* exclude (loaded_at, run_id)",
    "rejected_rows": "* exclude (loaded_at, run_id)",
    "files": "party_id, object, file_name, status, rows_read, rows_accepted, rows_rejected, values_rejected",
}


def test_the_next_landing_of_the_same_files_changes_nothing(before: Before, erased: Erased) -> None:
    settings = before.settings

    def raw() -> dict[str, Rows]:
        where = f"export_month = '2026-10-01' and party_id <> '{GONE}'"
        return {
            table: read(settings.warehouse, f"select {columns} from raw.{table} where {where} order by all")
            for table, columns in RAW.items()
        }

    left = raw()
    land_into(settings)
    assert raw() == left
    assert all(result.success for result in check_accepted_rows(settings.warehouse, MONTH))


SHARED_MAILBOX = """
    select min(email) from staging.stg_contacts
    semi join (select contact_key from resolution.res_contacts where is_shared_mailbox) using (contact_key)
"""


def test_whoever_cannot_be_kept_apart_is_not_erased(demo: Run, tmp_path: Path) -> None:
    settings = own_copy_of(demo, tmp_path)
    with pytest.raises(NotForgottenError, match="No list of contacts has this person"):
        erase(settings, never, email="nobody@nowhere.example")
    with pytest.raises(NotForgottenError, match="Say who: EMAIL=…, or NAME=… with ACCOUNT="):
        erase(settings, never, name="Jane Doe")
    ((email,),) = read(settings.warehouse, SHARED_MAILBOX)
    with pytest.raises(NotForgottenError, match="Several people read this mailbox: say who is meant, by CONTACT="):
        erase(settings, never, email=email)
    ((key, email),) = read(
        settings.warehouse,
        "select contact_key, email from marts.bridge_person_contacts where email is not null limit 1",
    )
    edit_seed(settings.seeds / "company" / "activation_plan.csv", lambda row: row | {"note": f"ask {email}"})
    with pytest.raises(NotForgottenError, match=r"(?s)name the person.*activation_plan.csv, line 2"):
        erase(settings, never, contact=key)
    assert not forgotten_folder(settings.seeds).exists()
    assert not (settings.var / "forgetting").exists()


def test_a_failed_proof_leaves_everything_as_it_was(demo: Run, tmp_path: Path) -> None:
    settings = own_copy_of(demo, tmp_path)
    ((key, email),) = read(
        settings.warehouse,
        "select contact_key, email from marts.bridge_person_contacts where email is not null limit 1",
    )

    before = settings.warehouse.read_bytes()

    def forgetful(copy: Settings, month: date) -> None:
        assert month == MONTH
        (copy.var / "notes.txt").write_text(f"mail to {email}")

    with pytest.raises(
        NotForgottenError, match=r"(?s)nothing was changed. It was found in:\n  notes.txt \(1 different\)"
    ):
        erase(settings, forgetful, contact=key)
    assert settings.warehouse.read_bytes() == before
    assert not (settings.var / "forgetting").exists()
