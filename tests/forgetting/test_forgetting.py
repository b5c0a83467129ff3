"""A party taken out, a person erased, old lists pruned: that they are gone, that the rest stays, and that it lasts.

Belongs here: the commands on a copy of the demo, the search behind the proof, and what landing does with the forgotten.
Does not belong here: what a month's marts hold (test_demo.py).
"""

import csv
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.forgetting import retention
from orchestration.forgetting.erasure import erase
from orchestration.forgetting.proof import NotForgottenError
from orchestration.forgetting.search import Texts, only_theirs, search
from orchestration.forgetting.withdrawal import withdraw
from orchestration.ingestion.folder import read_parties
from orchestration.ingestion.forgotten import ERASED, Forgotten, add_to_list, forgotten_folder, plain_name
from orchestration.ingestion.landing import land_month
from orchestration.settings import DBT_EXECUTABLE, DBT_PROJECT_DIR, HOME, Settings
from orchestration.validation.rows import check_accepted_rows
from orchestration.warehouse.held import CopyError
from orchestration.warehouse.restore import copy_until
from orchestration.warehouse.schema import PrunedMonthError, create_raw_tables
from tests.workspaces import Run, copy_of, run_command

GONE = "heliograph"
OCTOBER = date(2026, 10, 1)
Rows = list[tuple[Any, ...]]


def read(file: Path, sql: str, parameters: Sequence[object] = ()) -> Rows:
    with duckdb.connect(str(file), read_only=True) as connection:
        return connection.execute(sql, parameters).fetchall()


def workspace_of(demo: Run, folder: Path) -> Settings:
    """Copy the demo into a workspace of its own, seeds and exports included."""
    shutil.copytree(HOME / "seeds", folder / "seeds")
    shutil.copytree(demo.settings.exports, folder / "exports")
    copy_of(replace(demo.settings, exports=folder / "exports"), folder / "var")
    return Settings.for_exports(folder / "exports", None, {})


def rewrite(seed: Path, edit: Callable[[dict[str, str]], dict[str, str] | None]) -> None:
    """Edit the rows of a seed; a row for which nothing is given goes."""
    with seed.open(encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    edited = [row for row in (edit(dict(zip(header, row, strict=True))) for row in rows) if row]
    with seed.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, header, lineterminator="\n")
        writer.writeheader()
        writer.writerows(edited)


def write_withdrawal(seeds: Path, party_id: str, day: str) -> None:
    rewrite(
        seeds / "company" / "partners.csv",
        lambda row: row | ({"withdrawn_on": day} if row["party_id"] == party_id else {}),
    )


def never(settings: Settings, month: date) -> None:
    raise AssertionError(f"nothing was to be built of {month} in {settings.var}")


# --- the search -------------------------------------------------------------------------------------------------------


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """A folder like var in which nothing is left."""
    folder = tmp_path / "var"
    (folder / "logs").mkdir(parents=True)
    (folder / "logs" / "2026-10.log").write_text("12 accounts of Helio Analytics\n")
    with duckdb.connect(str(folder / "warehouse.duckdb")) as connection:
        connection.execute(
            "create table accounts as select 'us:1' as record_key, 'Acme Pumps' as name, 17 as employees"
        )
        connection.execute("copy accounts to ? (format parquet)", [str(folder / "accounts.parquet")])
    return folder


def test_the_search_looks_at_every_cell_and_file(clean: Path) -> None:
    done = search(clean, Texts(["Brightwater Pumps", "helio:4711-0815"]), "helio:")
    assert done.found == {}
    assert (done.tables, done.cells, done.files) == (2, 4, 3)
    assert done.bytes == sum(file.stat().st_size for file in clean.rglob("*") if file.is_file())


@pytest.mark.parametrize(
    ("plant", "place"),
    [
        (lambda f: (f / "notes.txt").write_text("x" * (1 << 24) + "… BRIGHTWATER Pumps …"), "notes.txt"),
        (lambda f: (f / "event.json").write_text(json.dumps({"reason": "'Müller & Söhne' is odd"})), "event.json"),
        (lambda f: (f / "page.html").write_text("<td>Müller &amp; Söhne</td>"), "page.html"),
        (lambda f: (f / "logs" / "id.log").write_text("the id '20453831505' is used twice"), "logs/id.log"),
    ],
)  # fmt: skip
def test_a_planted_leftover_is_found_in_a_file(clean: Path, plant: Callable[[Path], object], place: str) -> None:
    plant(clean)
    texts = Texts(["Brightwater Pumps", "Müller & Söhne", "20453831505", "never seen"])
    assert search(clean, texts).found == {place: 1}


def test_a_planted_leftover_is_found_in_a_table_a_workbook_and_among_deleted_rows(clean: Path) -> None:
    with duckdb.connect(str(clean / "warehouse.duckdb")) as connection:
        connection.execute("create table kept as select {'by': 'someone', 'at': ['Brightwater Pumps']} as note")
        connection.execute("create table other as select 'seen helio:1' as reason")
        connection.execute("create table deleted as select 'helio:4711-0815' as record_key from range(5000)")
        connection.execute("checkpoint")
        connection.execute("delete from deleted")
    with zipfile.ZipFile(clean / "sheet.xlsx", "w", zipfile.ZIP_DEFLATED) as workbook:
        workbook.writestr("xl/sharedStrings.xml", "<t>Brightwater Pumps</t>")
    found = search(clean, Texts(["Brightwater Pumps", "helio:4711-0815"]), "helio:").found
    assert found == {
        "sheet.xlsx: xl/sharedStrings.xml": 1,
        "warehouse.duckdb": 1,
        "warehouse.duckdb: main.kept.note": 1,
        "warehouse.duckdb: main.other.reason": 1,
    }


def test_numbers_count_only_by_themselves_and_short_texts_not_at_all(clean: Path) -> None:
    texts = Texts(["20453831505", "12345678", "Acme", "  "])
    assert (texts.looked_for, texts.too_short) == ({"20453831505"}, 3)
    (clean / "hash.txt").write_text("a20453831505 204538315051")
    assert search(clean, texts).found == {}


def test_what_others_say_too_is_no_leftover() -> None:
    theirs = ["Brightwater Pumps", "brightwater.example", "Café-Rouge Trading", "Calder Vale Insurance"]
    kept = only_theirs(theirs, ["us brightwater pumps limited", "2 CAFE ROUGE TRADING"])
    assert kept.looked_for == {"brightwater.example", "Calder Vale Insurance"}


# --- who is to be forgotten, on landing ------------------------------------------------------------------------------


@pytest.fixture
def landed_in(tmp_path: Path) -> Settings:
    """A landing folder with seeds of one partner."""
    seeds = tmp_path / "seeds"
    (seeds / "company").mkdir(parents=True)
    (seeds / "company" / "partners.csv").write_text("party_id,name,nda_signed_on,withdrawn_on\nacme,Acme,2026-01-01,\n")
    (tmp_path / "exports").mkdir()
    return Settings(tmp_path / "exports", seeds, tmp_path / "var" / "warehouse.duckdb", tmp_path / "var" / "published")


def deliver(settings: Settings, name: str, text: str) -> None:
    file = settings.exports / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8")


def land(settings: Settings, month: date = OCTOBER) -> None:
    settings.var.mkdir(exist_ok=True)
    moment = datetime(2026, 11, 2, tzinfo=UTC)
    land_month(settings.warehouse, settings.exports, settings.seeds, month, "run-1", moment, settings.validations)


CONTACTS = """Contact ID,Account Name,First Name,Last Name,Title,Email,Note
1,Brightwater,Jane,Doe,CFO,Jane@Brightwater.example,
2,Brightwater,John,Roe,Assistant to Jane Doe,john@brightwater.example,asks jane@brightwater.example first
3,Nordlys,Jane,Doe,Buyer,doe@nordlys.example,
4,Nordlys,Ann,Poe,,,
5,Brightwater,Jane,Doe,CFO
"""
ENGAGEMENTS = """Account Name,Date,Activity,Participants,Next Step,Owner
Brightwater,2026-10-05,Meeting,"Doe, Jane; John Roe",Call Jane Doe-Roe,Jane Doe
Nordlys,2026-10-06,Call,Jane Doe,,Jane Doe
"""


def test_a_person_on_the_list_does_not_come_in_again_and_every_row_is_accounted_for(landed_in: Settings) -> None:
    folder = forgotten_folder(landed_in.seeds)
    add_to_list(
        folder,
        date(2026, 11, 22),
        [("address", "jane@brightwater.example"), ("contact", "acme:4"), ("name at", "acme|brightwater|doe jane"),
         ("name at", "us|brightwater|doe jane")],
    )  # fmt: skip
    deliver(landed_in, "acme/2026-10/contacts.csv", CONTACTS)
    deliver(landed_in, "us/2026-10/engagements.csv", ENGAGEMENTS)
    land(landed_in)
    assert read(landed_in.warehouse, "select source_id, first_name, title, extra from raw.contacts order by 1") == [
        ("2", "John", f"Assistant to {ERASED}", f'{{"Note": "asks {ERASED} first"}}'),
        ("3", "Jane", "Buyer", None),
    ]
    assert read(landed_in.warehouse, "select row_number, rule, row_text from raw.rejected_rows order by 1") == [
        (2, "erased_person", ERASED),
        (5, "erased_person", ERASED),
        (6, "ragged_row", '["5", "Brightwater", "Jane", "Doe", "CFO"]'),
    ]
    # A name that others bear too is theirs at their own account alone; a colleague's is never touched.
    assert read(
        landed_in.warehouse, "select account_name, participants, next_step, owner from raw.engagements order by 1"
    ) == [
        ("Brightwater", f"{ERASED}; John Roe", f"Call {ERASED}-Roe", "Jane Doe"),
        ("Nordlys", "Jane Doe", None, "Jane Doe"),
    ]
    assert all(result.success for result in check_accepted_rows(landed_in.warehouse, OCTOBER))


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Adrian Janssen", ERASED),
        ("ADRIAN  JANSSEN's desk", f"{ERASED}'s desk"),
        ("Janssen, Adrian; John Roe", f"{ERASED}; John Roe"),
        ('["7", "Adrian", "Janssen", "CFO"]', f'["7", "{ERASED}", "CFO"]'),
        ("Henrik Janssen; Adrian Roe", "Henrik Janssen; Adrian Roe"),
        ("Henrik Janssen, Adrian Roe", "Henrik Janssen, Adrian Roe"),
        ("Adrian\nJanssen & Co", f"{ERASED} & Co"),
        ("adrian.janssen@x.example or x", f"{ERASED} or x"),
        ("madrian.janssen@x.example", "madrian.janssen@x.example"),
    ],
)
def test_a_name_is_known_in_a_text_and_others_beside_it_are_left_alone(tmp_path: Path, text: str, left: str) -> None:
    names = [("name", plain_name("Janssen, Adrian")), ("address", "adrian.janssen@x.example")]
    add_to_list(tmp_path, date(2026, 11, 22), names)
    assert Forgotten.read(tmp_path).redact(text) == left


def test_the_list_tells_nobody_and_its_key_is_for_its_owner_alone(landed_in: Settings) -> None:
    folder = forgotten_folder(landed_in.seeds)
    add_to_list(folder, date(2026, 11, 22), [("address", "jane@brightwater.example"), ("name", "doe jane")])
    add_to_list(folder, date(2026, 11, 23), [("name", "doe jane"), ("name", "ann poe")])
    listed = (folder / "persons.csv").read_text()
    assert "jane" not in listed.lower()
    assert listed.count("2026-11-22") == 2
    assert listed.count("2026-11-23") == 1
    assert (folder / "key").stat().st_mode & 0o777 == 0o600
    assert (folder / ".gitignore").read_text() == "*\n"
    other = landed_in.seeds.parent / "elsewhere" / "forgotten"
    add_to_list(other, date(2026, 11, 22), [("address", "jane@brightwater.example")])
    assert not set(listed.split()) & set((other / "persons.csv").read_text().split()[1:])
    assert Forgotten.read(folder).redact("Jane Doe, DOE_Jane and Ann  Poe") == f"{ERASED}, DOE_Jane and {ERASED}"


def test_a_list_without_its_key_stops_the_landing(landed_in: Settings) -> None:
    add_to_list(forgotten_folder(landed_in.seeds), date(2026, 11, 22), [("name", "jane doe")])
    (forgotten_folder(landed_in.seeds) / "key").unlink()
    with pytest.raises(ValueError, match=r"its key, .*forgotten/key, is missing: they would come back"):
        land(landed_in)


def test_files_of_a_party_that_withdrew_are_not_opened_and_come_in_again_when_it_returns(landed_in: Settings) -> None:
    deliver(landed_in, "acme/2026-10/accounts.csv", "Account ID,Account Name\n1,Brightwater\n")
    deliver(
        landed_in,
        "us/2026-10/decisions.csv",
        "Left record,Right record,Answer,Decided by\nacme:1,us:1,same,Bo\nzed:1,us:1,same,Bo\n",
    )
    write_withdrawal(landed_in.seeds, "acme", "2026-11-20")
    land(landed_in)
    assert read(landed_in.warehouse, "select status, rule, reason from raw.files where party_id = 'acme'") == [
        ("not_opened", "withdrawn", "'acme' has withdrawn on 2026-11-20, so its files are not opened.")
    ]
    assert read(landed_in.warehouse, "select left_record_key from raw.decisions") == [("zed:1",)]
    assert read(landed_in.warehouse, "select rule, row_text from raw.rejected_rows") == [("withdrawn", ERASED)]
    write_withdrawal(landed_in.seeds, "acme", "")
    land(landed_in)
    assert read(landed_in.warehouse, "select status from raw.files where party_id = 'acme'") == [("landed",)]
    assert read(landed_in.warehouse, "select name from raw.accounts") == [("Brightwater",)]


def test_partners_without_the_column_have_not_withdrawn_and_an_unreadable_day_is_pointed_at(tmp_path: Path) -> None:
    seed = tmp_path / "partners.csv"
    seed.write_text("party_id,name,nda_signed_on\nacme,Acme,2026-01-01\n")
    assert read_parties(seed)["acme"].withdrawn_on is None
    seed.write_text("party_id,name,withdrawn_on\nacme,Acme,yesterday\n")
    with pytest.raises(ValueError, match=r"acme: withdrawn_on is 'yesterday', not a day written YYYY-MM-DD"):
        read_parties(seed)


# --- the commands, on a copy of the demo ------------------------------------------------------------------------------


@dataclass
class Before:
    """The workspace before anything is taken out, and what its tables said."""

    settings: Settings
    keys: Rows
    persons: Rows
    history: Rows
    theirs: list[str]


KEYS = f"select record_key, account_key from marts.bridge_account_records where party_id <> '{GONE}' order by 1"
PERSONS = f"select contact_key, person_key from marts.bridge_person_contacts where party_id <> '{GONE}' order by 1"
HISTORY = (
    "select * exclude (group_key) from marts.fct_account_overlaps "
    f"where as_of_month < '2026-10-01' and partner_id <> '{GONE}' order by all"
)


@pytest.fixture(scope="module")
def before(demo: Run, tmp_path_factory: pytest.TempPathFactory) -> Before:
    settings = workspace_of(demo, tmp_path_factory.mktemp("forgetting"))
    # Whatever a person has written from the marts, and a log that quotes a row.
    (settings.var / "crm").mkdir(exist_ok=True)
    (settings.var / "logs" / "old.log").write_text(f"{GONE}:21615477427 is odd")
    (settings.var / "crm" / "updates.csv").write_text(f"{GONE}:21615477427")
    return Before(
        settings,
        read(settings.warehouse, KEYS),
        read(settings.warehouse, PERSONS),
        read(settings.warehouse, HISTORY),
        [email for (email,) in read(settings.warehouse, "select distinct email from raw.contacts where party_id = ? "
        "and email not in (select email from raw.contacts where party_id <> ? and email is not null)", [GONE, GONE])],
    )  # fmt: skip


@pytest.fixture(scope="module")
def withdrawn(before: Before) -> Run:
    write_withdrawal(before.settings.seeds, GONE, "2026-11-20")
    rewrite(
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
    orphans = """
        select count(*) from marts.fct_account_overlaps as shared
        where not exists (
            select 1 from resolution.res_account_registry as registry where registry.account_key = shared.group_key
        )
    """
    assert read(settings.warehouse, orphans) == [(0,)]


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
    whose = {"partner_id", "party_id", "record_key", "contact_key", "from_account_key"}
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
    land(settings)
    assert raw() == left
    assert all(result.success for result in check_accepted_rows(settings.warehouse, OCTOBER))


SHARED_MAILBOX = """
    select min(email) from staging.stg_contacts
    semi join (select contact_key from resolution.res_contacts where is_shared_mailbox) using (contact_key)
"""


def test_whoever_cannot_be_kept_apart_is_not_erased(demo: Run, tmp_path: Path) -> None:
    settings = workspace_of(demo, tmp_path)
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
    rewrite(settings.seeds / "company" / "activation_plan.csv", lambda row: row | {"note": f"ask {email}"})
    with pytest.raises(NotForgottenError, match=r"(?s)name the person.*activation_plan.csv, line 2"):
        erase(settings, never, contact=key)
    assert not forgotten_folder(settings.seeds).exists()
    assert not (settings.var / "forgetting").exists()


def test_a_failed_proof_leaves_everything_as_it_was(demo: Run, tmp_path: Path) -> None:
    settings = workspace_of(demo, tmp_path)
    ((key, email),) = read(
        settings.warehouse,
        "select contact_key, email from marts.bridge_person_contacts where email is not null limit 1",
    )

    before = settings.warehouse.read_bytes()

    def forgetful(copy: Settings, month: date) -> None:
        assert month == OCTOBER
        (copy.var / "notes.txt").write_text(f"mail to {email}")

    with pytest.raises(
        NotForgottenError, match=r"(?s)nothing was changed. It was found in:\n  notes.txt \(1 different\)"
    ):
        erase(settings, forgetful, contact=key)
    assert settings.warehouse.read_bytes() == before
    assert not (settings.var / "forgetting").exists()


# --- retention --------------------------------------------------------------------------------------------------------


STAGING = (
    "select table_name from duckdb_tables() where schema_name = 'staging' and table_name <> 'stg_refusals' order by 1"
)


def staging(warehouse: Path) -> dict[str, Rows]:
    return {table: read(warehouse, f"from staging.{table} order by all") for (table,) in read(warehouse, STAGING)}


@pytest.fixture
def pruned(demo: Run, tmp_path: Path) -> Settings:
    settings = workspace_of(demo, tmp_path)
    run = run_command(settings, "prune", "--exports", str(settings.exports), "--months", "2")
    assert run.exit_code == 0, run.output
    assert "Kept: 2026-09 and later" in run.output
    return settings


def test_pruned_months_are_gone_and_the_latest_result_stays_as_it_was(demo: Run, pruned: Settings) -> None:
    assert read(pruned.warehouse, "select min(export_month), count(distinct export_month) from raw.accounts") == [
        (date(2026, 9, 1), 2)
    ]
    history = "select count(*), min(as_of_month) from marts.fct_account_overlaps"
    assert read(pruned.warehouse, history) == read(demo.settings.warehouse, history)
    # No other layer reads raw (test_layers.py), so what staging says decides what the month's result is.
    done = subprocess.run(
        [str(DBT_EXECUTABLE), "run", "--select", "path:models/staging", "--profiles-dir", str(DBT_PROJECT_DIR),
         "--target-path", str(pruned.var / "target"), "--log-path", str(pruned.var / "logs")],
        cwd=DBT_PROJECT_DIR,
        env={**os.environ, **demo.settings.as_environment(), "ACCOUNT_MAPPING_WAREHOUSE": str(pruned.warehouse),
             "ACCOUNT_MAPPING_AS_OF_MONTH": "2026-10-01"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert staging(pruned.warehouse) == staging(demo.settings.warehouse)


def test_a_pruned_month_is_neither_restored_nor_loaded(pruned: Settings) -> None:
    august = date(2026, 8, 1)
    with pytest.raises(CopyError, match=r"2026-08 cannot be built any more: lists before 2026-09 were pruned on"):
        copy_until(pruned.warehouse, pruned.var / "restored.duckdb", august)
    with pytest.raises(PrunedMonthError, match="Deliver a late list into the latest month's folder"):
        land(pruned, august)
    run = run_command(pruned, "run", "--exports", str(pruned.exports), "--month", "2026-08")
    assert run.exit_code == 1
    assert "2026-08 cannot be built any more" in run.output
    assert "Traceback" not in run.output


def test_of_each_list_the_last_before_the_kept_months_stays(tmp_path: Path) -> None:
    warehouse = tmp_path / "var" / "warehouse.duckdb"
    warehouse.parent.mkdir()
    with duckdb.connect(str(warehouse)) as connection:
        create_raw_tables(connection)
        for party_id, month in [("us", 6), ("us", 7), ("us", 9), ("us", 10), ("slow", 6), ("slow", 7), ("new", 10)]:
            connection.execute(
                "insert into raw.files (party_id, object, export_month, file_name, status, loaded_at, run_id) "
                "values (?, 'accounts', make_date(2026, ?, 1), 'f', 'landed', now(), 'r')",
                [party_id, month],
            )
            connection.execute(
                "insert into raw.accounts (party_id, export_month, file_name, file_sha256, row_number, source_system, "
                "loaded_at, run_id, source_id, identical_row_count) "
                "values (?, make_date(2026, ?, 1), 'f', 'x', 2, 'plain', now(), 'r', '1', 1)",
                [party_id, month],
            )
    settings = Settings(tmp_path / "exports", tmp_path / "seeds", warehouse, tmp_path / "var" / "published")
    now = datetime(2026, 11, 22, tzinfo=UTC)
    assert retention.prune(settings, 3, now).rows == {"raw.accounts": 2, "raw.files": 2}
    lists = "select party_id, month(export_month) from raw.{} order by all"
    # August is the first kept month: what counts then are the lists of July, and nothing rests on those of June.
    left = [("new", 10), ("slow", 7), ("us", 7), ("us", 9), ("us", 10)]
    assert read(warehouse, lists.format("accounts")) == read(warehouse, lists.format("files")) == left
    assert read(warehouse, "select party_id, month(first_seen_month) from raw.pruned_records order by 1") == [
        ("slow", 6),
        ("us", 6),
    ]
    assert retention.prune(settings, 3, now).rows == {}
    assert retention.prune(settings, 1, now).rows == {"raw.accounts": 2, "raw.files": 2}
    assert read(warehouse, "select month(min(first_seen_month)) from raw.pruned_records") == [(6,)]


def test_kept_months_come_from_the_environment_and_are_a_number() -> None:
    assert Settings.from_environment({}).kept_months is None
    assert Settings.from_environment({"ACCOUNT_MAPPING_KEPT_MONTHS": "24"}).kept_months == 24
    for text in ("0", "two years", "-1"):
        with pytest.raises(ValueError, match="not a number of months from 1 up"):
            Settings.from_environment({"ACCOUNT_MAPPING_KEPT_MONTHS": text})
