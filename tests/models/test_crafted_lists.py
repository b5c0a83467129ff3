"""Lists that a partner has made up to get something out of ours, in one month of one workspace.

Each partner makes one attempt; an honest one stands beside them. Nothing they send joins what is two companies, takes
over a record of ours, or hides what the honest one has in common with us; what could be meant honestly waits for a
person. Belongs here: crafted lists. Does not belong here: lists that are merely odd or huge (test_hostile_lists.py),
and people's decisions (test_keys_and_decisions.py).
"""

from dataclasses import dataclass

import pytest

from tests.deliveries import deliver, land
from tests.workspaces import Workspace

pytestmark = pytest.mark.usefixtures("dbt")

MONTH = "2026-10"
HEADER = ("Account ID", "Account Name", "Website", "Country", "City", "Phone", "LEI", "VAT Number", "DUNS", "Employees")
# Valid by their check digits, and nobody's: the numbers of this test.
LEIS = ("529900T8BM49AURSDO55", "5493001KJTIIGC8Y1R12", "F3JS33DEI6XQ4ZBPTN86")
VATS = ("DE136695976", "GB980780684", "ATU13585627")

OURS: dict[str, tuple[str, ...]] = {
    "1": ("Zelwerk Maschinenbau GmbH", "zelwerk.de", "DE", "Ulm", "", LEIS[0]),
    "2": ("Orbitel Networks Inc", "orbitel.com", "US", "Austin", "", LEIS[1]),
    "3": ("Quandary Foods Ltd", "quandaryfoods.co.uk", "GB", "Leeds", "", "", VATS[1]),
    "4": ("Pellwick Paper AB", "pellwick.se", "SE", "Lund"),
    "5": ("Hartuno Textiles SpA", "hartuno.it", "IT", "Prato"),
    "6": ("Vespril Marine BV", "vespril.nl", "NL", "Breda"),
    "7": ("Global Services", "", "US", "Dallas"),
    "8": ("Unknown", "kielhafen-lager.de", "DE", "Kiel"),
    "9": ("Self-employed", "notavailable.com", "DE", "Bonn"),
    "10": ("Tarrowby Spices Ltd", "", "GB", "York", "", "", "", "123456789"),
    "11": ("Emma Daniels", "", "US", "Reno"),
    "12": ("Electricity Corporation of Niger", ""),
    "13": ("Stillwater Brewing Co", "", "US", "Fargo"),
    "14": ("Molkerry Dairy DAC", "molkerry.ie", "IE", "Cork", "", "", VATS[2]),
}
# 300 rows of one partner hide nothing of another's: they crowd the domain, and every key of the name.
CROWD: dict[str, tuple[str, ...]] = {
    str(number): (f"Stillwater {word} Brewing {number}", "pellwick.se", "SE", "Lund")
    for number, word in enumerate(["Paper", "Dakota", "Fargo"] * 100)
}
PARTNERS: dict[str, dict[str, tuple[str, ...]]] = {
    "honest": {
        # the website and the town say that it is ours
        "4": ("Nordpapper Holding", "pellwick.se", "SE", "Lund", "", "", "", "", "140"),
        "13": ("Stillwater Brewing Company of Dakota", "", "US", "Fargo"),
    },
    "thief": {
        # number and domain under another name, website and country
        "1": ("Casino Royal Bet", "royalbet.example.com.mt", "MT", "Sliema", "", LEIS[0]),
        "2": ("Fastloan Credits", "", "", "", "", LEIS[1]),
        "3": ("Quickbet Lottery", "quickbet.com.cy", "GB", "London", "", "", VATS[1]),
        "5": ("Goldrush Trading", "hartuno.it", "BZ", "Belmopan"),
    },
    # the number of one account of ours, the VAT number of another
    "bridge": {"1": ("Zelwerk Maschinenbau", "", "DE", "Ulm", "", LEIS[0], VATS[2])},
    # the website alone does
    "filler": {"6": ("Quickmarine Trading", "vespril.nl", "NL", "", "", "", "", "", "99999")},
    # surely ours, but nobody has so many people
    "boaster": {"4": ("Pellwick Paper", "pellwick.se", "SE", "Lund", "", "", "", "", "90000000")},
    "crowd": CROWD,
    "vague": {
        "7": ("Global Services", "", "US", "Dallas"),
        "8": ("Unknown", "unknown.net", "DE", "Kiel"),
        "9": ("Self-employed", "not-available.de", "DE", "Bonn"),
        "10": ("Umbrovia Logistics SA", "", "ES", "Vigo", "", "", "", "12-345-6789"),
        "11": ("EMMA LLC", "", "US", "Reno"),
        "12": ("Electricity Corporation of Nigeria", ""),
    },
}


@dataclass(frozen=True)
class Resolved:
    """What became of all records."""

    accounts: dict[str, str]  # record key → account key
    groups: dict[str, str]  # record key → group key
    bands: dict[tuple[str, str], tuple[str, str | None]]  # two record keys → band, guard
    answers: dict[tuple[str, str], tuple[str, str]]  # two record keys → answer, explanation
    employees: dict[str, int | None]  # account key → head count
    withheld: set[tuple[str, str, str, str]]  # record key, attribute, value, why it fills no gap of ours

    def are_one(self, left: str, right: str) -> bool:
        return self.accounts[left] == self.accounts[right]

    def asked(self, left: str, right: str) -> tuple[str, str | None] | None:
        return self.bands.get((left, right)) or self.bands.get((right, left))


@pytest.fixture(scope="module")
def resolved(tmp_path_factory: pytest.TempPathFactory) -> Resolved:
    """All lists in one build, as they meet in life."""
    partners = [
        {"party_id": party, "name": party.title(), "status": "signed", "nda_signed_on": "2026-01-01"}
        for party in PARTNERS
    ]
    given = Workspace(tmp_path_factory.mktemp("crafted"), {"partners": partners})
    for party, records in {"us": OURS, **PARTNERS}.items():
        rows = [(number, *says, *[""] * (len(HEADER) - 1 - len(says))) for number, says in records.items()]
        deliver(given.settings.exports, party, MONTH, "accounts.csv", [HEADER, *rows])
    land(given, MONTH)
    done = given.dbt(
        "build", "--select", "resource_type:seed", "+bridge_account_records", "+dim_accounts", "+fct_account_matches",
        "--exclude-resource-type", "unit_test", "--indirect-selection", "cautious", month=MONTH,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    accounts = given.query("select record_key, account_key, group_key from marts.bridge_account_records")
    pairs = given.query("select left_record_key, right_record_key, band, guard from resolution.res_explained_pairs")
    answers = given.query(
        "select left_record_key, right_record_key, answer, explanation from marts.fct_account_matches"
    )
    joins = given.query(
        """
        select left_record_key, right_record_key, clustering_refusal from marts.fct_account_matches
        where clustering_refusal is not null
        """
    )
    bands = {
        (str(left), str(right)): (str(band), None if guard is None else str(guard))
        for left, right, band, guard in pairs
    } | {(str(left), str(right)): ("review", str(refusal)) for left, right, refusal in joins}
    return Resolved(
        {str(record): str(account) for record, account, _ in accounts},
        {str(record): str(group) for record, _, group in accounts},
        bands,
        {(str(left), str(right)): (str(answer), str(explanation)) for left, right, answer, explanation in answers},
        {
            str(account): None if employees is None else int(str(employees))
            for account, employees in given.query("select account_key, employees from marts.dim_accounts")
        },
        {
            (str(record), str(attribute), str(value), str(because))
            for record, attribute, value, because in given.query(
                "select record_key, attribute, withheld_value, withheld_because from resolution.res_withheld_values"
            )
        },
    )


@pytest.mark.parametrize("number", ["1", "2", "3", "5"])
def test_stolen_number_or_domain_is_a_question(resolved: Resolved, number: str) -> None:
    assert not resolved.are_one(f"us:{number}", f"thief:{number}")


@pytest.mark.parametrize("number", ["1", "2", "3"])
def test_stolen_number_is_asked(resolved: Resolved, number: str) -> None:
    assert resolved.asked(f"us:{number}", f"thief:{number}") == ("review", "contradicted identifier")


def test_row_of_two_companies_joins_neither_to_the_other(resolved: Resolved) -> None:
    assert not resolved.are_one("us:1", "us:14")


def test_crowd_hides_nothing_of_another_partner(resolved: Resolved) -> None:
    assert resolved.are_one("us:4", "honest:4")
    assert resolved.are_one("us:13", "honest:13")


def test_crowd_is_not_taken_for_the_company(resolved: Resolved) -> None:
    account = resolved.accounts["us:4"]
    assert sum(resolved.accounts[f"crowd:{number}"] == account for number in CROWD) <= 1


@pytest.mark.parametrize("number", ["8", "9", "10"])
def test_placeholders_are_no_evidence(resolved: Resolved, number: str) -> None:
    assert not resolved.are_one(f"us:{number}", f"vague:{number}")
    assert resolved.asked(f"us:{number}", f"vague:{number}") is None


def test_common_name_stays_a_question_whatever_place_agrees(resolved: Resolved) -> None:
    assert not resolved.are_one("us:7", "vague:7")
    assert resolved.asked("us:7", "vague:7") == ("review", "common name")


def test_one_word_of_a_longer_name_joins_nothing(resolved: Resolved) -> None:
    assert not resolved.are_one("us:11", "vague:11")


def test_countries_of_alike_names_are_two_and_no_group(resolved: Resolved) -> None:
    assert not resolved.are_one("us:12", "vague:12")
    assert resolved.groups["us:12"] != resolved.groups["vague:12"]


def test_partner_says_something_of_an_account_of_ours_only_with_a_second_witness(resolved: Resolved) -> None:
    assert resolved.are_one("us:6", "filler:6")
    assert resolved.employees[resolved.accounts["us:6"]] is None
    assert resolved.employees[resolved.accounts["us:4"]] == 140
    assert ("filler:6", "employees", "99999", "one witness") in resolved.withheld


def test_size_that_no_company_has_fills_no_gap_and_hides_no_other_partners(resolved: Resolved) -> None:
    assert resolved.are_one("us:4", "boaster:4")
    assert ("boaster:4", "employees", "90000000", "out of bounds") in resolved.withheld
    assert resolved.employees[resolved.accounts["us:4"]] == 140


def test_no_record_of_a_partner_joins_two_of_ours(resolved: Resolved) -> None:
    ours = [account for record, account in resolved.accounts.items() if record.startswith("us:")]
    assert len(set(ours)) == len(OURS)


@pytest.mark.parametrize(
    ("number", "partner", "answer", "explanation"),
    [
        (
            "11",
            "vague",
            "undecided",
            'For: all of "EMMA" stands in the other name, both say Reno. Left over: "Daniels" of Emma Daniels. '
            "Nothing to check by: website. One word of a longer name is not enough.",
        ),
        (
            "7",
            "vague",
            "undecided",
            "For: the same name, no other company of the two lists bears this name, both say Dallas. "
            "Nothing to check by: website. Too many companies bear such a name.",
        ),
    ],
)
def test_question_is_put_in_sentences(
    resolved: Resolved, number: str, partner: str, answer: str, explanation: str
) -> None:
    assert resolved.answers[f"us:{number}", f"{partner}:{number}"] == (answer, explanation)
