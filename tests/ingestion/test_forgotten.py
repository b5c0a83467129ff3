"""Who is to be forgotten, on landing: they do not come in again, and the list of them tells nobody.

Belongs here: what landing does with persons on the list and with parties that withdrew. Does not belong here: taking
out what is loaded (tests/forgetting).
"""

from datetime import date
from pathlib import Path

import duckdb
import pytest

from orchestration.ingestion.folder import read_parties
from orchestration.ingestion.forgotten import ERASED, Forgotten, add_to_list, forgotten_folder, plain_name
from orchestration.settings import Settings
from orchestration.validation.rows import check_accepted_rows
from tests.deliveries import land_into
from tests.workspaces import MONTH, read, write_withdrawal


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
    land_into(landed_in)
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
    assert all(result.success for result in check_accepted_rows(landed_in.warehouse, MONTH))


def test_nothing_that_is_said_of_a_list_quotes_a_person_on_the_list(landed_in: Settings) -> None:
    folder = forgotten_folder(landed_in.seeds)
    add_to_list(folder, date(2026, 11, 22), [("name", "doe jane"), ("address", "jane@brightwater.example")])
    # A header that names somebody stands in remarks and as a key in `extra`; a footer says who exported.
    deliver(
        landed_in,
        "acme/2026-10/accounts.csv",
        "Account ID,Account Name,Notes of Jane Doe,jane@brightwater.example,Calls of Jane Doe\n"
        "1,Brightwater,asked,7,3\n2,Nordlys,,8,4\n\nExported by Jane Doe,,,,\n",
    )
    # Without a header, the cells of a row are quoted to say why; that goes to the page of results too.
    deliver(landed_in, "acme/2026-10/contacts.csv", "Jane Doe,CFO\nAnn Poe,Buyer\n")
    land_into(landed_in)
    assert read(landed_in.warehouse, "select column_name, examples from raw.remarks where kind = 'unread column'") == [
        ("column 3", None),
        ("column 4", "7 | 8"),
        ("column 5", "3 | 4"),
    ]
    assert read(landed_in.warehouse, "select rule, row_text from raw.rejected_rows") == [
        ("report_footer", f'["Exported by {ERASED}", "", "", "", ""]')
    ]
    with duckdb.connect(str(landed_in.warehouse), read_only=True) as connection:
        said = [
            str(row)
            for table in ("accounts", "files", "remarks", "rejected_rows", "rejected_values")
            for row in connection.execute(f"from raw.{table}").fetchall()
        ]
    said += [file.read_text() for file in landed_in.validations.rglob("*") if file.is_file()]
    assert any("no_required_column" in text for text in said)
    assert [text for text in said if "jane" in text.lower()] == []


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
        ("'adrian.janssen@x.example' or x", f"'{ERASED}' or x"),
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
        land_into(landed_in)


def test_files_of_a_party_that_withdrew_are_not_opened_and_come_in_again_when_it_returns(landed_in: Settings) -> None:
    deliver(landed_in, "acme/2026-10/accounts.csv", "Account ID,Account Name\n1,Brightwater\n")
    deliver(
        landed_in,
        "us/2026-10/decisions.csv",
        "Left record,Right record,Answer,Decided by\nacme:1,us:1,same,Bo\nzed:1,us:1,same,Bo\n",
    )
    write_withdrawal(landed_in.seeds, "acme", "2026-11-20")
    land_into(landed_in)
    assert read(landed_in.warehouse, "select status, rule, reason from raw.files where party_id = 'acme'") == [
        ("not_opened", "withdrawn", "'acme' has withdrawn on 2026-11-20, so its files are not opened.")
    ]
    assert read(landed_in.warehouse, "select left_record_key from raw.decisions") == [("zed:1",)]
    assert read(landed_in.warehouse, "select rule, row_text from raw.rejected_rows") == [("withdrawn", ERASED)]
    write_withdrawal(landed_in.seeds, "acme", "")
    land_into(landed_in)
    assert read(landed_in.warehouse, "select status from raw.files where party_id = 'acme'") == [("landed",)]
    assert read(landed_in.warehouse, "select name from raw.accounts") == [("Brightwater",)]


def test_partners_without_the_column_have_not_withdrawn_and_an_unreadable_day_is_pointed_at(tmp_path: Path) -> None:
    seed = tmp_path / "partners.csv"
    seed.write_text("party_id,name,nda_signed_on\nacme,Acme,2026-01-01\n")
    assert read_parties(seed)["acme"].withdrawn_on is None
    seed.write_text("party_id,name,withdrawn_on\nacme,Acme,yesterday\n")
    with pytest.raises(ValueError, match=r"acme: withdrawn_on is 'yesterday', not a day written YYYY-MM-DD"):
        read_parties(seed)
