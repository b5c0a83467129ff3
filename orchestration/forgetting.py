"""Taking a party, or one person, out of everything that was loaded and built, and proving that nothing is left.

Belongs here: which rows are a party's or a person's, what is looked for afterwards, and what only people can remove.
Does not belong here: the copy (copying.py), the search (leftovers.py), and refusing what is delivered again
(ingestion/folder.py, ingestion/forgotten.py).
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from orchestration.copying import Copy, discard, put_in_place
from orchestration.ingestion.folder import US, Party, read_parties
from orchestration.ingestion.forgotten import (
    Forgotten,
    account_reference,
    add_to_list,
    contact_reference,
    forgotten_folder,
    plain_address,
    plain_name,
)
from orchestration.leftovers import Search, Texts, only_theirs, search, seed_rows
from orchestration.settings import DBT_PROJECT_DIR, Settings
from orchestration.warehouse.held import held_warehouse, tables_of
from orchestration.warehouse.schema import OBJECTS, WarehouseRefusedError
from orchestration.warehouse.sql import literal

# Builds, tests and publishes one month in a workspace whose exports are landed already.
Rebuild = Callable[[Settings, date], None]

# What only a party itself could have told us. Other fields hold words that everybody uses.
TELLING_FIELDS = {
    "accounts": (
        *("source_id", "name", "website", "phone", "parent_source_id", "parent_name"),
        *("lei", "duns", "vat_number", "siret", "cik"),
    ),
    "opportunities": ("source_id", "account_source_id", "account_name", "name"),
    "engagements": ("source_id", "account_source_id", "account_name", "participants"),
    "contacts": (
        *("source_id", "account_source_id", "account_name", "name", "email", "phone"),
        "concat_ws(' ', first_name, last_name)",
    ),
}
# Built row by row from what a party delivered: how its values look once they are read.
READ_ROWS = (
    "staging.stg_accounts",
    "staging.stg_contacts",
    "resolution.res_account_records",
    "resolution.res_contacts",
)
_KEYS_OF_RECORDS = ("record_key", "contact_key", "member_key", "left_record_key", "right_record_key")


class NotForgottenError(Exception):
    """It cannot be done, or something is left; the message says what to do."""


@dataclass
class Report:
    """What was done, for the person who asked and, without any data, for the record."""

    what: str
    removed: dict[str, int] = field(default_factory=dict)  # table → rows
    proof: Search = field(default_factory=Search)
    texts_too_short: int = 0
    delivered: list[str] = field(default_factory=list)  # what of it still lies in the landing folder
    seed_rows: list[str] = field(default_factory=list)
    record: Path = Path()


@dataclass
class Person:
    """Everything the warehouse knows one person by."""

    contacts: set[tuple[str, str]] = field(default_factory=set)  # party id, source id
    addresses: set[str] = field(default_factory=set)
    names: set[str] = field(default_factory=set)  # as delivered, first name first
    shared_names: set[str] = field(default_factory=set)  # those of them, plainly written, that others bear too
    phones: set[str] = field(default_factory=set)
    accounts: set[str] = field(default_factory=set)  # as account_reference writes them
    delivered: set[str] = field(default_factory=set)  # file and row

    @property
    def keys(self) -> list[str]:
        """Keys of the contacts."""
        return sorted(f"{party_id}:{source_id}" for party_id, source_id in self.contacts)

    @property
    def own_names(self) -> set[str]:
        """Names that nobody else bears."""
        return {name for name in self.names if plain_name(name) not in self.shared_names}


def withdraw(settings: Settings, party_id: str, rebuild: Rebuild) -> Report:
    """Take a party out of a workspace.

    Args:
        settings: the workspace; seeds/partners.csv says that the party has withdrawn.
        party_id: the party.
        rebuild: runs the monthly job on a workspace.

    Returns:
        What was removed, searched and found, and what is left to do by hand.

    Raises:
        NotForgottenError: it cannot begin, or something of the party was found afterwards.
    """
    withdrawn_on = _withdrawn_on(settings, party_id)
    prefix = f"{party_id}:"
    _refuse_seed_rows(
        settings,
        re.compile(rf"^\s*{re.escape(prefix)}\S"),
        f"These rows name records of '{party_id}', and every run would write them into the marts again:",
    )

    def of_others(_: str, columns: Sequence[str]) -> list[str]:
        return [
            *(f"{name} is distinct from {literal(party_id)}" for name in ("party_id", "partner_id") if name in columns),
            *(
                f"not coalesce(starts_with(trim({name}), {literal(prefix)}), false)"
                for name in _KEYS_OF_RECORDS
                if name in columns
            ),
            # a sheet that was refused may quote any record of the queue
            *(
                [f"not (object = 'decisions' and contains(row_text, {literal(prefix)}))"]
                if "row_text" in columns
                else []
            ),
        ]

    report = Report(f"withdrawal of {party_id}, who withdrew on {withdrawn_on}")
    with _copying(settings) as (connection, copy):
        theirs = _texts_of(connection, party_id)
        report.removed = copy.fill(of_others)
        copy.remember_keys(of_others)
        about_theirs = " or ".join(f"starts_with(trim({key}), {literal(prefix)})" for key in _KEYS_OF_RECORDS[-2:])
        copy.refuse_instead("decisions", about_theirs, "withdrawn")
        texts = only_theirs(theirs, _said_by_others(connection, settings, f"party_id <> {literal(party_id)}"))
        _build_prove_replace(settings, copy, texts, report, rebuild, prefix)
    report.delivered = [str(file) for file in sorted((settings.exports / party_id).rglob("*")) if file.is_file()]
    report.delivered += [
        f"{file} (if it names records of '{party_id}')" for file in sorted((settings.exports / US).glob("*/decisions*"))
    ]
    report.seed_rows = seed_rows(settings.seeds, re.compile(rf"^\s*{re.escape(party_id)}\s*$"))
    _conclude(settings, "withdrawals", party_id, report)
    return report


def erase(
    settings: Settings,
    rebuild: Rebuild,
    *,
    email: str | None = None,
    contact: str | None = None,
    name: str | None = None,
    account: str | None = None,
) -> Report:
    """Take one person out of a workspace, and see to it that the next export does not bring it back.

    Args:
        settings: the workspace.
        rebuild: runs the monthly job on a workspace.
        email: the person's address; or
        contact: one of its contacts, `<party_id>:<source_id>`; or
        name: the person's name, with
        account: the key of the account where it works.

    Returns:
        What was removed, searched and found, and what is left to do by hand.

    Raises:
        NotForgottenError: it cannot begin, nobody or more than one is meant, or something was found afterwards.
    """

    def of_others(table: str, columns: Sequence[str]) -> list[str]:
        erased = "(select contact_key from erased_contacts)"
        conditions = [f"{key} not in {erased}" for key in ("contact_key", "member_key") if key in columns]
        if table == "raw.contacts":
            conditions.append(f"concat(party_id, ':', source_id) not in {erased}")
        if table == "raw.rejected_values":
            conditions.append(f"not (object = 'contacts' and concat(party_id, ':', source_id) in {erased})")
        return conditions

    report = Report("erasure of one person")
    with _copying(settings) as (connection, copy):
        person = _find_person(connection, email=email, contact=contact, name=name, account=account)
        named = "|".join(re.escape(text) for text in (*person.addresses, *person.own_names))
        if named:
            _refuse_seed_rows(
                settings,
                re.compile(named, re.IGNORECASE),
                "These rows name the person, and every run would write them into the marts again:",
            )
        folder = forgotten_folder(settings.seeds)
        try:
            add_to_list(folder, datetime.now(UTC).date(), _entries(person))
        except ValueError as problem:
            raise NotForgottenError(str(problem)) from problem
        report.delivered = sorted({*copy.redact(Forgotten.read(folder)), *person.delivered})
        connection.register("erased_contacts", pa.table({"contact_key": person.keys}))
        report.removed = copy.fill(of_others)
        copy.remember_keys(of_others)
        erased = "concat(party_id, ':', source_id) in (select contact_key from erased_contacts)"
        copy.refuse_instead("contacts", erased, "erased_person")
        # "Doe, Jane" may stand in "John Doe, Jane Roe" as well
        certain = Texts([*person.keys, *person.addresses, *(name for name in person.own_names if "," not in name)])
        likely = only_theirs(
            [*(source_id for _, source_id in person.contacts), *person.phones, *person.own_names],
            _said_by_others(connection, settings, f"not ({erased})"),
        )
        _build_prove_replace(settings, copy, certain | likely, report, rebuild)
    _conclude(settings, "erasures", "person", report)
    return report


# --- what is asked for ------------------------------------------------------------------------------------------------


def _withdrawn_on(settings: Settings, party_id: str) -> date:
    seed = settings.seeds / "partners.csv"
    try:
        parties: dict[str, Party] = read_parties(seed)
    except (ValueError, FileNotFoundError) as problem:
        raise NotForgottenError(str(problem)) from problem
    if party_id == US:
        raise NotForgottenError("We do not withdraw from our own workspace: remove the workspace instead.")
    if party_id not in parties:
        raise NotForgottenError(
            f"'{party_id}' is not in {seed}. Its parties: {', '.join(sorted(parties.keys() - {US})) or 'none'}."
        )
    withdrawn_on = parties[party_id].withdrawn_on
    if withdrawn_on is None:
        raise NotForgottenError(
            f"{seed} does not say that '{party_id}' has withdrawn. Write the day into its column withdrawn_on "
            "(YYYY-MM-DD; where the column is missing, `make upgrade SEEDS=…` adds it), then ask again."
        )
    return withdrawn_on


def _refuse_seed_rows(settings: Settings, pattern: re.Pattern[str], why: str) -> None:
    if rows := seed_rows(settings.seeds, pattern):
        raise NotForgottenError("\n  ".join([why, *rows]) + "\nTake them out, then ask again. Nothing was changed.")


@contextmanager
def _copying(settings: Settings) -> Iterator[tuple[duckdb.DuckDBPyConnection, Copy]]:
    """Hold the warehouse and begin a copy; whatever goes wrong, nothing of the copy is left."""
    try:
        with held_warehouse(settings.warehouse) as connection:
            copy = Copy(connection, settings)
            try:
                yield connection, copy
            except BaseException:
                discard(copy.settings)
                raise
    except WarehouseRefusedError as problem:
        raise NotForgottenError(str(problem)) from problem


# --- who, and what is known of them -----------------------------------------------------------------------------------


def _texts_of(connection: duckdb.DuckDBPyConnection, party_id: str) -> set[str]:
    """Every telling text that a party has delivered, hosts of websites too, and the keys of all its records."""
    texts: set[str | None] = set()
    for object_name, fields in TELLING_FIELDS.items():
        rows = connection.execute(
            f"select distinct unnest([{', '.join(fields)}, concat(party_id, ':', source_id)]) "  # noqa: S608 (our own names)
            f"from warehouse.raw.{object_name} where party_id = ?",
            [party_id],
        ).fetchall()
        texts |= {text for (text,) in rows}
    for table, columns in tables_of(connection).items():
        for key in {"record_key", "contact_key"}.intersection(columns):
            rows = connection.execute(
                f"select distinct {key} from warehouse.{table} where starts_with({key}, ?)",  # noqa: S608 (our own names)
                [f"{party_id}:"],
            ).fetchall()
            texts |= {text for (text,) in rows}
    told = {text for text in texts if text}
    return told | {
        re.sub(r"^(\w+://)?(www\.)?([^/?#]+).*$", r"\3", text) for text in told if "." in text and " " not in text
    }


def _find_person(
    connection: duckdb.DuckDBPyConnection,
    *,
    email: str | None,
    contact: str | None,
    name: str | None,
    account: str | None,
) -> Person:
    """Find every contact of the person who is meant, in every month and list."""
    tables = tables_of(connection)
    if email:
        where, given = "lower(trim(email)) = ?", [plain_address(email)]
        if {"resolution.res_contacts", "staging.stg_contacts"} <= tables.keys():
            shared = connection.execute(
                "select count(*) from warehouse.staging.stg_contacts semi join (select contact_key "
                "from warehouse.resolution.res_contacts where is_shared_mailbox) using (contact_key) where email = ?",
                given,
            ).fetchone()
            if shared != (0,):
                raise NotForgottenError(
                    "Several people read this mailbox: say who is meant, by CONTACT=<party>:<source id> "
                    "(bridge_person_contacts in published/contacts has them). Nothing was changed."
                )
    elif contact:
        where, given = "concat(party_id, ':', source_id) = ?", [contact]
    elif name and account:
        where = (
            "concat(party_id, ':', source_id) in (select contact_key from warehouse.marts.bridge_person_contacts "
            "where account_key = ? and lower(trim(name)) = lower(trim(?)))"
        )
        given = [account, name]
    else:
        raise NotForgottenError(
            "Say who: EMAIL=…, or NAME=… with ACCOUNT=<account key>, or CONTACT=<party>:<source id>."
        )
    meant = connection.execute(
        f"select distinct party_id, source_id from warehouse.raw.contacts where {where}",  # noqa: S608 (written above)
        given,
    ).fetchall()
    if not meant:
        raise NotForgottenError(
            "No list of contacts has this person, in any month. bridge_person_contacts in published/contacts shows how "
            "the lists write it. Nothing was changed."
        )
    person = Person(contacts=set(meant))
    if "resolution.res_person_registry" in tables:
        same = connection.execute(
            """
            with last_keys as (
                select contact_key, person_key from warehouse.resolution.res_person_registry
                qualify row_number() over (partition by contact_key order by as_of_month desc) = 1
            )

            select contact_key from last_keys
            where person_key in (select person_key from last_keys where contact_key in (select unnest(?)))
            """,
            [person.keys],
        ).fetchall()
        for (key,) in same:
            party_id, _, source_id = key.partition(":")
            person.contacts.add((party_id, source_id))
    _describe(connection, person)
    if email:
        person.addresses.add(plain_address(email))
    person.accounts = _accounts_of(connection, tables, person)
    return person


def _describe(connection: duckdb.DuckDBPyConnection, person: Person) -> None:
    """Note the names, addresses and numbers of the person's contacts, and which of these others have as well."""
    contacts = connection.execute(
        """
        select party_id, source_id, email, [name, concat_ws(' ', first_name, last_name)], phone, file_name, row_number
        from warehouse.raw.contacts
        """
    ).fetchall()
    whose_address: dict[str, set[bool]] = defaultdict(set)
    whose_name: dict[str, set[bool]] = defaultdict(set)
    for party_id, source_id, address, names, phone, file_name, row_number in contacts:
        is_theirs = (party_id, source_id) in person.contacts
        given = [text.strip() for text in names if text and text.strip()]
        for text in given:
            whose_name[plain_name(text)].add(is_theirs)
        if address:
            whose_address[plain_address(address)].add(is_theirs)
        if is_theirs:
            person.names.update(given)
            person.phones.update([phone] if phone else [])
            person.delivered.add(f"{file_name}, row {row_number}")
    person.addresses = {text for text, whose in whose_address.items() if whose == {True}}
    colleagues = connection.execute(
        "select owner from warehouse.raw.accounts union select owner from warehouse.raw.opportunities "
        "union select owner from warehouse.raw.engagements union select decided_by from warehouse.raw.decisions"
    ).fetchall()
    of_others = {text for text, whose in whose_name.items() if False in whose}
    of_others |= {plain_name(text) for (text,) in colleagues if text}
    person.shared_names = {plain_name(text) for text in person.names} & of_others


def _accounts_of(
    connection: duckdb.DuckDBPyConnection, tables: Mapping[str, Sequence[str]], person: Person
) -> set[str]:
    """Every way in which a list names an account of the person: its contacts' words, and all records of the account."""
    rows = connection.execute(
        """
        select party_id, unnest([account_source_id, account_name]) from warehouse.raw.contacts
        where concat(party_id, ':', source_id) in (select unnest(?))
        """,
        [person.keys],
    ).fetchall()
    if {"marts.bridge_person_contacts", "marts.bridge_account_records"} <= tables.keys():
        rows += connection.execute(
            """
            select records.party_id, unnest([records.source_id, accounts.name])
            from warehouse.marts.bridge_person_contacts as contacts
            inner join warehouse.marts.bridge_account_records as records using (account_key)
            inner join warehouse.raw.accounts as accounts
                on records.party_id = accounts.party_id and records.source_id = accounts.source_id
            where contacts.contact_key in (select unnest(?))
            """,
            [person.keys],
        ).fetchall()
    return {account_reference(party_id, text) for party_id, text in rows if text}


def _entries(person: Person) -> Iterator[tuple[str, str]]:
    """What the list needs in order to know the person again; a name that others bear counts at its accounts alone."""
    yield from (("address", address) for address in person.addresses)
    yield from (("contact", contact_reference(*contact)) for contact in person.contacts)
    for plain in {plain_name(name) for name in person.names}:
        if plain in person.shared_names:
            yield from (("name at", f"{account}|{plain}") for account in person.accounts)
        elif " " in plain:
            yield "name", plain


# --- building, proving, taking the place ------------------------------------------------------------------------------


def _said_by_others(connection: duckdb.DuckDBPyConnection, settings: Settings, others: str) -> Iterator[str]:
    """Everything that stays: what others delivered, how it is read, and the words of seeds and models.

    Args:
        connection: the warehouse, and the filled copy as `fresh`.
        settings: the workspace.
        others: SQL that holds for rows of others, given party_id and source_id.
    """
    tables = tables_of(connection)
    relations = {f"fresh.raw.{name}": tables[f"raw.{name}"] for name in OBJECTS}
    relations |= {f"warehouse.{name}": tables[name] for name in READ_ROWS if "source_id" in tables.get(name, ())}
    for relation, columns in relations.items():
        values = ", ".join(f'"{column}"::varchar' for column in columns)
        rows = connection.execute(f"select concat_ws(' ', {values}) from {relation} where {others}")  # noqa: S608 (our own names)
        while some := rows.fetchmany(20_000):
            yield "\n".join(text for (text,) in some)
    own_words = [
        settings.seeds.glob("*.[cy]*"),
        *(DBT_PROJECT_DIR.glob(f"[mt]*/**/*.{kind}") for kind in ("sql", "yml")),
    ]
    for files in own_words:
        yield from (file.read_text(encoding="utf-8", errors="replace") for file in files)


def _build_prove_replace(
    settings: Settings, copy: Copy, texts: Texts, report: Report, rebuild: Rebuild, prefix: str | None = None
) -> None:
    """Build on the copy, search it, let it take the workspace's place, and search everything once more."""
    copy.close()
    report.texts_too_short = texts.too_short
    rebuild(copy.settings, copy.month)
    found = {
        place: count
        for folder in (copy.settings.var, copy.settings.published)
        for place, count in search(folder, texts, prefix).found.items()
    }
    if found:
        raise NotForgottenError(
            "\n  ".join(["Something would be left, so nothing was changed. It was found in:", *_places(found)])
            + "\nReport this as an error, with these places."
        )
    put_in_place(settings, copy.settings)
    report.proof = search(settings.var, texts, prefix)
    if not settings.published.is_relative_to(settings.var):
        report.proof += search(settings.published, texts, prefix)


def _conclude(settings: Settings, folder: str, name: str, report: Report) -> None:
    """Write the record, which holds no data, and fail when something was found."""
    now = datetime.now(UTC)
    report.record = settings.var / folder / f"{name}-{now:%Y-%m-%d-%H%M%S}.json"
    report.record.parent.mkdir(exist_ok=True)
    record: dict[str, Any] = {
        "what": report.what,
        "done_at": now.isoformat(timespec="seconds"),
        "rows_removed": report.removed,
        "proof": vars(report.proof),
        "texts_too_short_to_look_for": report.texts_too_short,
        "left_in_the_landing_folder": len(report.delivered),
        "left_in_seeds": len(report.seed_rows),
    }
    report.record.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    if report.proof.found:
        raise NotForgottenError(
            "\n  ".join(
                [f"The marts are clean, but something is left below {settings.var}:", *_places(report.proof.found)]
            )
            + f"\nDelete these files, or clean them. The record: {report.record}"
        )


def _places(found: Mapping[str, int]) -> list[str]:
    return [f"{place} ({count} different)" for place, count in found.items()]
