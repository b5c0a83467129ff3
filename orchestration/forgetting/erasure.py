"""One person, taken out of everything that was loaded and built.

Belongs here: who is meant, and everything the warehouse knows the person by. Does not belong here: keeping the next
export from bringing it back (ingestion/forgotten.py), and the proof (proof.py).
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from orchestration.forgetting.proof import (
    NotForgottenError,
    Rebuild,
    Report,
    build_prove_replace,
    conclude,
    copying,
    refuse_seed_rows,
    said_by_others,
)
from orchestration.forgetting.search import Texts, only_theirs
from orchestration.ingestion.forgotten import (
    Forgotten,
    account_reference,
    add_to_list,
    contact_reference,
    forgotten_folder,
    plain_address,
    plain_name,
)
from orchestration.objects import OBJECTS, Persons
from orchestration.settings import Settings
from orchestration.warehouse.held import tables_of


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
    with copying(settings) as (connection, copy):
        person = _find_person(connection, email=email, contact=contact, name=name, account=account)
        named = "|".join(re.escape(text) for text in (*person.addresses, *person.own_names))
        if named:
            refuse_seed_rows(
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
            said_by_others(connection, settings, f"not ({erased})"),
        )
        build_prove_replace(settings, copy, certain | likely, report, rebuild)
    conclude(settings, "erasures", "person", report)
    return report


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
        " union ".join(
            f"select {field.name} from warehouse.raw.{name}"  # noqa: S608 (our own names)
            for name, described in OBJECTS.items()
            for field in described.fields
            if field.persons == Persons.COLLEAGUE
        )
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
