"""What a run on the demo must find, worked out from the invented world alone.

Belongs here: the rows of truth.csv, truth_entities.csv, truth_overlaps.csv and truth_persons.csv.
Does not belong here: anything read from the exports or from a warehouse; the truth must not follow the pipeline.
"""

from collections import defaultdict
from decimal import Decimal
from itertools import combinations, product

from demo.account_lists import identical_row_key
from demo.exports_of_parties import ADDITIONS, additions_file, bad_opportunities
from demo.world import LAST_DELIVERY, MONTHS, PARTNERS, STATUSES, Record, World

TRUTH_COLUMNS = (
    "kind",
    "month",
    "party_id",
    "file_name",
    "row_number",
    "column_name",
    "value",
    "left_record_key",
    "right_record_key",
    "role",
    "expected",
    "note",
)
SAME_GROUP_ROLES = frozenset({"subsidiary", "region", "region_with_shared_domain"})
EXCLUDED_FOR = {
    "excluded_all_partners": PARTNERS,
    "excluded_by_name": PARTNERS,
    "excluded_one_partner": ("heliograph",),
}
"""Role -> partners for which the account is excluded in the last month, as seeds/company/exclusions.csv says."""


def truth_rows(world: World, files: dict[str, bytes]) -> list[dict[str, str]]:
    """Everything that a run must find, one row each; see README.md for the kinds."""
    rows = [
        *pair_truth(world),
        *exclusion_truth(world),
        *refusal_truth(world),
        *month_truth(world, files),
        *status_pair_truth(world),
    ]
    return [dict.fromkeys(TRUTH_COLUMNS, "") | row for row in rows]


def ordered(left: Record, right: Record) -> dict[str, str]:
    """The two keys of a pair, the smaller one left."""
    first, second = sorted((left.key, right.key))
    return {"left_record_key": first, "right_record_key": second}


def pair_truth(world: World) -> list[dict[str, str]]:
    """Pairs of records that are, or are not, the same company; without a month they hold for the last month."""
    current = [record for record in world.records if record.stands_in_last_list]
    by_company: dict[str, list[Record]] = defaultdict(list)
    by_family: dict[str, list[Record]] = defaultdict(list)
    for record in current:
        by_company[record.company.company].append(record)
        if record.company.family:
            by_family[record.company.family].append(record)
    rows = []
    for company in sorted(by_company):
        for left, right in combinations(by_company[company], 2):
            spellings = {left.role, right.role} - {"as_listed"}
            role = spellings.pop() if len(spellings) == 1 else "several_spellings" if spellings else "as_listed"
            note = world.notes.get(left.company.family, "")
            rows.append(
                ordered(left, right) | {"kind": "same_company", "role": role, "expected": "same account", "note": note}
            )
    for family in sorted(by_family):
        role = world.roles[family]
        for left, right in combinations(by_family[family], 2):
            if left.company is right.company:
                continue
            kind = "same_group" if role in SAME_GROUP_ROLES else "different_company"
            pair = ordered(left, right) | {"role": role, "note": world.notes[family]}
            rows.append(pair | {"kind": kind, "expected": "different account"})
            if role == "person_expired":
                rows.append(pair | {"kind": "same_company", "month": "2026-08", "expected": "same account"})
    return rows


def exclusion_truth(world: World) -> list[dict[str, str]]:
    """Records of excluded accounts (expected: `all partners` or the one partner) and of one whose exclusion ended."""
    rows = []
    for record in world.records:
        row = {"left_record_key": record.key, "role": record.role, "note": record.note}
        if record.role in EXCLUDED_FOR:
            scope = EXCLUDED_FOR[record.role]
            rows.append(row | {"kind": "excluded", "expected": "all partners" if scope == PARTNERS else scope[0]})
        elif record.role == "exclusion_expired":
            rows.append(row | {"kind": "excluded", "month": "2026-08", "expected": "all partners"})
            rows.append(row | {"kind": "not_excluded", "month": "2026-10", "expected": "all partners"})
    return rows


def refusal_truth(world: World) -> list[dict[str, str]]:
    """Rows and values that must be refused, listed or read in a certain way."""
    file_name = "heliograph/2026-10/accounts_additions.csv"
    rows = []
    for addition, line in zip(ADDITIONS, additions_file(world)[1], strict=True):
        rows.append(
            {
                "kind": addition.kind,
                "month": "2026-10",
                "party_id": "heliograph",
                "file_name": file_name,
                "row_number": str(line),
                "column_name": addition.column,
                "value": next(iter(addition.cells.values()), ""),
                "left_record_key": f"heliograph:{addition.source_id}",
                "role": addition.case,
                "expected": addition.expected,
                "note": addition.note,
            }
        )
    amounts = {deal.source_id: deal.amount_cents for deal in world.opportunities}
    for deal, case in bad_opportunities(world).items():
        is_amount = case == "negative_amount"
        rows.append(
            {
                "kind": "refused_value",
                "month": "2026-10",
                "party_id": "us",
                "file_name": "us/2026-10/opportunities.parquet",
                "column_name": "amount" if is_amount else "currency",
                "value": str(Decimal(-amounts[deal]).scaleb(-2)) if is_amount else "ZZD",
                "left_record_key": f"us:{deal}",
                "role": f"opportunity_{case}",
                "expected": "value refused, row kept",
            }
        )
    return rows


def month_truth(world: World, files: dict[str, bytes]) -> list[dict[str, str]]:
    """What changes from month to month, the late partner, the candidate's files and the row that is delivered twice."""
    rows = []
    for record in world.records:
        row = {"party_id": record.party, "left_record_key": record.key}
        last = LAST_DELIVERY[record.party]
        if record.first:
            rows.append(row | {"kind": "new_record", "month": MONTHS[record.first], "role": "new"})
        if record.last < last:
            rows.append(row | {"kind": "gone_record", "month": MONTHS[record.last + 1], "role": "gone"})
        for month in range(record.first + 1, record.last + 1):
            if record.names[month] != record.names[month - 1]:
                rows.append(
                    row
                    | {
                        "kind": "renamed",
                        "month": MONTHS[month],
                        "role": record.role,
                        "value": record.names[month - 1],
                        "expected": record.names[month],
                    }
                )
            if record.statuses[month] != record.statuses[month - 1]:
                rows.append(
                    row
                    | {
                        "kind": "status_changed",
                        "month": MONTHS[month],
                        "role": "status_changed",
                        "value": record.statuses[month - 1],
                        "expected": record.statuses[month],
                    }
                )
    rows.append(
        {
            "kind": "stale_party",
            "month": "2026-10",
            "party_id": "kestrelworks",
            "role": "late_partner",
            "expected": "2026-09",
            "note": "no folder for the month: the list of the expected month is carried forward and marked stale",
        }
    )
    rows.extend(
        {
            "kind": "not_opened",
            "month": name.split("/")[1],
            "party_id": "quillon",
            "file_name": name,
            "role": "candidate_without_nda",
            "expected": "file not opened; name, hash and reason recorded",
        }
        for name in sorted(files)
        if name.startswith("quillon/")
    )
    rows.append(
        {
            "kind": "identical_rows",
            "month": "2026-10",
            "party_id": "tidewell",
            "left_record_key": identical_row_key(world),
            "role": "identical_rows",
            "expected": "2",
            "note": "the row is delivered twice, word for word: one record with its count",
        }
    )
    return rows


def last_records(world: World) -> list[tuple[str, str, str, str]]:
    """Every record of the last lists: (record_key, company, group, status)."""
    rows = [
        (
            record.key,
            record.company.company,
            record.company.family if record.role in SAME_GROUP_ROLES else "",
            record.statuses[LAST_DELIVERY[record.party]],
        )
        for record in world.records
        if record.stands_in_last_list
    ]
    rows.extend(
        (
            f"heliograph:{addition.source_id}",
            f"addition-{addition.case.replace('_', '-')}",
            "",
            "none" if addition.kind == "unmapped_value" else "prospect",
        )
        for addition in ADDITIONS
        if addition.is_accepted
    )
    return sorted(rows)


def statuses_by_company(world: World) -> dict[str, dict[str, str]]:
    """Each company's status in each party's last list, after precedence: company -> party -> status."""
    result: dict[str, dict[str, str]] = defaultdict(dict)
    for key, company, _, status in last_records(world):
        party = key.split(":", maxsplit=1)[0]
        known = result[company].get(party, status)
        result[company][party] = min(known, status, key=STATUSES.index)
    return result


def overlap_rows(world: World) -> list[tuple[str, str, str, int, int]]:
    """Accounts of us or of the partner, by partner and pair of statuses, in the last month.

    Returns:
        (partner_id, our_status, partner_status, accounts, of which excluded for this partner), without pairs that do
        not occur. An account that stands in only one of the two lists has the status none in the other.
    """
    role_of = {record.company.company: record.role for record in world.records}
    counts: dict[tuple[str, str, str], tuple[int, int]] = defaultdict(lambda: (0, 0))
    for company, statuses in statuses_by_company(world).items():
        for partner in PARTNERS:
            if "us" not in statuses and partner not in statuses:
                continue
            key = (partner, statuses.get("us", "none"), statuses.get(partner, "none"))
            is_excluded = partner in EXCLUDED_FOR.get(role_of.get(company, ""), ())
            accounts, excluded = counts[key]
            counts[key] = (accounts + 1, excluded + is_excluded)
    order = {status: position for position, status in enumerate(STATUSES)}
    keys = sorted(counts, key=lambda key: (key[0], order[key[1]], order[key[2]]))
    return [(partner, ours, theirs, *counts[partner, ours, theirs]) for partner, ours, theirs in keys]


def person_rows(world: World) -> list[tuple[str, str, str]]:
    """Every contact of the last lists: (contact_key, company, person); a person is of one company."""
    return sorted(
        (
            f"{contact.record.party}:{contact.source_id}",
            contact.record.company.company,
            f"{contact.record.company.company}/{contact.record.company.people.index(contact.person) + 1}",
        )
        for contact in world.contacts
    )


def status_pair_truth(world: World) -> list[dict[str, str]]:
    """One example for every pair of statuses where both sides list the company."""
    first_key: dict[tuple[str, str], str] = {}
    for key, company, _, status in last_records(world):
        first_key.setdefault((company, f"{key.split(':')[0]}/{status}"), key)
    examples: dict[tuple[str, str], dict[str, str]] = {}
    for company, statuses in sorted(statuses_by_company(world).items()):
        for partner in PARTNERS:
            if "us" not in statuses or partner not in statuses:
                continue
            ours, theirs = statuses["us"], statuses[partner]
            examples.setdefault(
                (ours, theirs),
                {
                    "kind": "status_pair",
                    "party_id": partner,
                    "left_record_key": first_key[company, f"us/{ours}"],
                    "right_record_key": first_key[company, f"{partner}/{theirs}"],
                    "role": "status_pair",
                    "expected": f"{ours}/{theirs}",
                    "note": "left is our record, right the partner's",
                },
            )
    return [examples[pair] for pair in product(STATUSES, STATUSES) if pair in examples]
