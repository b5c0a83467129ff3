"""The demo's exports and truth: reproducible, consistent with each other, and with every scenario in place.

Belongs here: what can be said about the demo and its seeds alone.
Does not belong here: what the pipeline makes of them.
"""

import csv
import io
from collections import Counter, defaultdict
from itertools import combinations, product
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import stdnum.at.uid
import stdnum.de.vat
import stdnum.es.nif
import stdnum.fr.siret
import stdnum.fr.tva
import stdnum.gb.vat
import stdnum.it.iva
import stdnum.lei
from python_calamine import CalamineWorkbook
from stdnum import luhn

from demo.building import build_world
from demo.generate_exports import demo_files
from demo.world import World

DEMO = Path(__file__).parents[2] / "demo"
SEEDS = Path(__file__).parents[2] / "seeds" / "reference"
ADDITIONS = "heliograph/2026-10/accounts_additions.csv"
STATUSES = ("customer", "open_opportunity", "prospect", "target", "churned", "none")
PARTNERS = ("heliograph", "tidewell", "kestrelworks", "rheinblick")
ID_COLUMN = {
    "us": "Id",
    "heliograph": "Record ID",
    "tidewell": "Crossbeam Record ID",
    "kestrelworks": "Account ID",
    "rheinblick": "Kundennummer",
}
ROLES_WANTED = {
    "same_company": {
        "abbreviation",
        "accents_dropped",
        "acronym_with_domain",
        "acronym_with_full_name",
        "ampersand",
        "domain_alias",
        "domain_with_different_names",
        "duplicate_in_list",
        "former_name",
        "glued_words",
        "legal_form_differs",
        "legal_form_missing",
        "many_partners",
        "person_approve",
        "registration_id_cik",
        "registration_id_duns",
        "registration_id_lei",
        "registration_id_siret",
        "registration_id_vat",
        "renamed_between_months",
        "transliteration",
        "typo",
        "upper_case",
        "word_order",
    },
    "different_company": {
        "acronym_of_another_company",
        "agency_domain",
        "free_mail_domain",
        "numbered_siblings",
        "person_expired",
        "person_hold",
        "person_reject",
        "same_generic_words",
        "same_name_other_country",
        "shared_hosting_domain",
        "similar_name",
    },
    "same_group": {"subsidiary", "region", "region_with_shared_domain"},
    "excluded": {"excluded_all_partners", "excluded_one_partner", "excluded_by_name", "exclusion_expired"},
    "refused_row": {
        "ragged_row_short",
        "ragged_row_long",
        "empty_name",
        "name_is_only_a_legal_form",
        "name_is_only_punctuation",
        "duplicate_id_conflict",
        "unbalanced_quote",
    },
    "refused_value": {
        "unreadable_date",
        "amount_is_text",
        "negative_amount",
        "unknown_currency",
        "website_is_email",
        "website_is_ip_address",
        "website_without_dot",
        "employees_is_text",
        "opportunity_negative_amount",
        "opportunity_unknown_currency",
    },
    "unmapped_value": {"unmapped_status"},
    "stale_party": {"late_partner"},
    "not_opened": {"candidate_without_nda"},
    "identical_rows": {"identical_rows"},
}


@pytest.fixture(scope="module")
def world() -> World:
    return build_world()


def rows_of(name: str) -> list[dict[str, str]]:
    """The rows of a CSV file of the demo folder."""
    with (DEMO / name).open(encoding="utf-8", newline="") as handle:
        return list(csv.DictReader(handle))


def test_every_file_that_is_opened_has_its_day_in_the_month_so_the_clock_decides_nothing() -> None:
    folders = [folder for folder in (DEMO / "exports").glob("*/*") if folder.parent.name != "quillon"]
    assert len(folders) == 14
    for folder in folders:
        rows = rows_of(f"exports/{folder.parent.name}/{folder.name}/manifest.csv")
        assert {row["file_name"] for row in rows} == {file.name for file in folder.iterdir()} - {"manifest.csv"}
        assert {row["delivered_on"][:7] for row in rows} == {folder.name}


def delivered(name: str) -> list[dict[str, str]]:
    """The rows of a delimited export, whatever its encoding and delimiter."""
    encoding, delimiter = "utf-8-sig", ","
    if name.startswith("rheinblick"):
        encoding, delimiter = "cp1252", ";"
    elif name.endswith(".tsv"):
        encoding, delimiter = "utf-16", "\t"
    text = (DEMO / "exports" / name).read_bytes().decode(encoding)
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def additions() -> list[dict[str, str]]:
    """The rows of the file with bad rows, each line read alone, because a quote that never closes stands in one."""
    header, *lines = (DEMO / "exports" / ADDITIONS).read_text(encoding="utf-8").splitlines()
    cells = [next(csv.reader([line])) for line in lines]
    return [dict(zip(header.split(","), row, strict=False)) for row in cells]


def sheet(month: str, name: str) -> list[dict[str, object]]:
    """The rows of one of kestrelworks' sheets."""
    book = CalamineWorkbook.from_path(DEMO / "exports" / "kestrelworks" / month / "accounts.xlsx")
    _, _, header, *rows = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    return [dict(zip(map(str, header), row, strict=True)) for row in rows]


def account_keys(month: str) -> set[str]:
    """The record keys that all parties delivered for a month, the additions with bad rows apart."""
    kept = {"us", "heliograph", "tidewell"}
    keys = {f"{party}:{row[ID_COLUMN[party]]}" for party in kept for row in delivered(f"{party}/{month}/accounts.csv")}
    keys |= {f"rheinblick:{row['Kundennummer']}" for row in delivered(f"rheinblick/{month}/accounts_kunden.csv")}
    if month != "2026-10":
        keys |= {f"kestrelworks:{row['Account ID']}" for row in sheet(month, "Accounts")}
    return keys


def current_keys() -> set[str]:
    """The record keys of the lists that count in the last month: kestrelworks' is carried forward."""
    late = {key for key in account_keys("2026-09") if key.startswith("kestrelworks:")}
    return account_keys("2026-10") | late


def accepted_additions() -> set[str]:
    """The record keys that the file with bad rows adds."""
    return {
        row["left_record_key"]
        for row in rows_of("truth.csv")
        if row["file_name"] == ADDITIONS and row["kind"] != "refused_row"
    }


def test_generating_again_gives_the_shipped_bytes(world: World) -> None:
    generated = demo_files(world)
    shipped = {f"exports/{p.relative_to(DEMO / 'exports').as_posix()}" for p in (DEMO / "exports").rglob("*.*")}
    shipped |= {path.name for path in DEMO.glob("truth*.csv")}
    assert set(generated) == shipped
    assert [name for name, content in generated.items() if (DEMO / name).read_bytes() != content] == []


def test_exports_stay_small_enough_to_ship() -> None:
    assert sum(path.stat().st_size for path in (DEMO / "exports").rglob("*.*")) <= 1_500_000


def test_entities_are_exactly_the_records_of_the_last_lists() -> None:
    entities = [row["record_key"] for row in rows_of("truth_entities.csv")]
    assert len(entities) == len(set(entities))
    assert set(entities) == current_keys() | accepted_additions()


def test_truth_refers_to_records_that_were_delivered() -> None:
    known = account_keys("2026-08") | account_keys("2026-09") | account_keys("2026-10")
    known |= {f"heliograph:{row['Record ID']}" for row in additions()}
    opportunities = pq.read_table(DEMO / "exports/us/2026-10/opportunities.parquet")["Id"].to_pylist()
    known |= {f"us:{source_id}" for source_id in opportunities}
    named = {row[side] for row in rows_of("truth.csv") for side in ("left_record_key", "right_record_key")} - {""}
    assert named - known == set()


def test_pairs_without_a_month_agree_with_the_entities() -> None:
    company = {row["record_key"]: row["company"] for row in rows_of("truth_entities.csv")}
    pairs = [row for row in rows_of("truth.csv") if row["right_record_key"] and row["month"] == ""]
    for row in pairs:
        is_same = company[row["left_record_key"]] == company[row["right_record_key"]]
        assert is_same == (row["kind"] in ("same_company", "status_pair")), row
    members = defaultdict(list)
    for key in sorted(company):
        members[company[key]].append(key)
    expected = {pair for keys in members.values() for pair in combinations(keys, 2)}
    stated = {(row["left_record_key"], row["right_record_key"]) for row in pairs if row["kind"] == "same_company"}
    assert stated == expected


def test_overlaps_follow_from_entities_and_delivered_statuses(world: World) -> None:
    """Counted once more from the delivered words, with a reading of them that is independent of the generator's."""
    meaning = {
        word: status
        for status, systems in world.words["statuses"].items()
        for words in systems.values()
        for word in words.split("/")
    } | {"Technology Partner": "none", "nurture_2019": "none"}
    words = {f"us:{row['Id']}": row["Type"] for row in delivered("us/2026-10/accounts.csv")}
    rows = [*delivered("heliograph/2026-10/accounts.csv"), *additions()]
    words |= {f"heliograph:{row['Record ID']}": row.get("Lifecycle Stage", "") for row in rows}
    rows = delivered("tidewell/2026-10/accounts.csv")
    words |= {f"tidewell:{row['Crossbeam Record ID']}": row["Population"] for row in rows}
    rows = delivered("rheinblick/2026-10/accounts_kunden.csv")
    words |= {f"rheinblick:{row['Kundennummer']}": row["Status"] for row in rows}
    words |= {f"kestrelworks:{row['Account ID']}": str(row["Status"]) for row in sheet("2026-09", "Accounts")}
    best: dict[str, dict[str, str]] = defaultdict(dict)
    for row in rows_of("truth_entities.csv"):
        key, company = row["record_key"], row["company"]
        party, status = key.split(":")[0], meaning[words[key]]
        best[company][party] = min(best[company].get(party, status), status, key=STATUSES.index)
    counted = Counter(
        (partner, sides.get("us", "none"), sides.get(partner, "none"))
        for sides in best.values()
        for partner in PARTNERS
        if "us" in sides or partner in sides
    )
    stated = {
        (row["partner_id"], row["our_status"], row["partner_status"]): int(row["accounts"])
        for row in rows_of("truth_overlaps.csv")
    }
    assert stated == counted


def test_every_scenario_is_in_the_truth() -> None:
    roles = defaultdict(set)
    for row in rows_of("truth.csv"):
        roles[row["kind"]].add(row["role"])
    missing = {kind: wanted - roles[kind] for kind, wanted in ROLES_WANTED.items() if wanted - roles[kind]}
    assert missing == {}


def test_every_pair_of_statuses_has_an_example() -> None:
    examples = {row["expected"] for row in rows_of("truth.csv") if row["kind"] == "status_pair"}
    assert examples == {f"{ours}/{theirs}" for ours, theirs in product(STATUSES, STATUSES)}


def test_registration_ids_have_valid_check_digits() -> None:
    ours = delivered("us/2026-10/accounts.csv")
    checks = {"AT": stdnum.at.uid, "DE": stdnum.de.vat, "ES": stdnum.es.nif, "FR": stdnum.fr.tva, "GB": stdnum.gb.vat}
    checks["IT"] = stdnum.it.iva
    for column, is_valid in (
        ("LEI__c", stdnum.lei.is_valid),
        ("DunsNumber", lambda number: luhn.is_valid(number.replace("-", ""))),
        ("SIRET__c", stdnum.fr.siret.is_valid),
        ("VAT_Number__c", lambda number: checks[number[:2]].is_valid(number)),
    ):
        numbers = [row[column] for row in ours if row[column]]
        assert numbers, column
        assert [number for number in numbers if not is_valid(number)] == []


@pytest.mark.parametrize("month", ["2026-08", "2026-09", "2026-10"])
def test_details_point_to_accounts_of_the_same_list(month: str) -> None:
    keys = account_keys(month)
    pointers = {f"us:{row['AccountId']}" for row in delivered(f"us/{month}/contacts.csv")}
    pointers |= {f"us:{row['Account ID']}" for row in delivered(f"us/{month}/engagements.tsv")}
    deals = pq.read_table(DEMO / "exports/us" / month / "opportunities.parquet")["AccountId"].to_pylist()
    pointers |= {f"us:{account}" for account in deals}
    pointers |= {f"heliograph:{row['Associated Company IDs']}" for row in delivered(f"heliograph/{month}/contacts.csv")}
    rows = delivered(f"rheinblick/{month}/contacts_ansprechpartner.csv")
    pointers |= {f"rheinblick:{row['Kundennummer']}" for row in rows}
    if month != "2026-10":
        pointers |= {f"kestrelworks:{row['Account ID']}" for row in sheet(month, "Contacts")}
    assert pointers - keys == set()


def test_bad_rows_stand_on_the_lines_the_truth_names() -> None:
    lines = (DEMO / "exports" / ADDITIONS).read_text(encoding="utf-8").split("\n")
    stated = [row for row in rows_of("truth.csv") if row["file_name"] == ADDITIONS]
    assert len(stated) == len(lines) - 2  # the header, and nothing after the last line ending
    for row in stated:
        line = lines[int(row["row_number"]) - 1]
        assert line.startswith(row["left_record_key"].removeprefix("heliograph:") + ","), row
        assert row["value"].replace('"', '""') in line, row


def test_demo_seeds_name_delivered_records_and_every_partner() -> None:
    tables = {}
    for name in ("partners", "match_decisions", "exclusions"):
        with (SEEDS.parent / "company" / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
            tables[name] = list(csv.DictReader(handle))
    keys = current_keys()
    for row in tables["match_decisions"]:
        assert {row["left_record_key"], row["right_record_key"]} <= keys
        assert row["left_record_key"] < row["right_record_key"]
    assert {row["record_key"] for row in tables["exclusions"]} - {""} <= keys
    parties = {path.name for path in (DEMO / "exports").iterdir()}
    assert {row["party_id"] for row in tables["partners"]} == parties
    without_nda = {row["party_id"] for row in tables["partners"] if not row["nda_signed_on"]} - {"us"}
    assert without_nda == {row["party_id"] for row in rows_of("truth.csv") if row["kind"] == "not_opened"}
