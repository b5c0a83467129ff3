"""A party that has withdrawn, taken out of everything that was loaded and built.

Belongs here: which rows are a party's, and what only it can have delivered. Does not belong here: refusing what it
delivers again (ingestion/folder.py), and the proof (proof.py).
"""

import re
from collections.abc import Sequence
from datetime import date

import duckdb

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
from orchestration.forgetting.search import only_theirs, seed_rows
from orchestration.ingestion.folder import US, Party, read_parties
from orchestration.objects import OBJECTS
from orchestration.settings import Settings
from orchestration.warehouse.held import tables_of
from orchestration.warehouse.sql import literal

# A month of a deal is theirs while theirs is its credit.
_WHOSE = ("party_id", "partner_id", "primary_partner_id")
_KEYS_OF_RECORDS = ("record_key", "contact_key", "member_key", "left_record_key", "right_record_key")


def withdraw(settings: Settings, party_id: str, rebuild: Rebuild) -> Report:
    """Take a party out of a workspace.

    Args:
        settings: the workspace; seeds/company/partners.csv says that the party has withdrawn.
        party_id: the party.
        rebuild: runs the monthly job on a workspace.

    Returns:
        What was removed, searched and found, and what is left to do by hand.

    Raises:
        NotForgottenError: it cannot begin, or something of the party was found afterwards.
    """
    withdrawn_on = _withdrawn_on(settings, party_id)
    prefix = f"{party_id}:"
    refuse_seed_rows(
        settings,
        re.compile(rf"^\s*{re.escape(prefix)}\S"),
        f"These rows name records of '{party_id}', and every run would write them into the marts again:",
    )

    def of_others(_: str, columns: Sequence[str]) -> list[str]:
        return [
            *(f"{name} is distinct from {literal(party_id)}" for name in _WHOSE if name in columns),
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
    with copying(settings) as (connection, copy):
        theirs = _texts_of(connection, party_id)
        report.removed = copy.fill(of_others)
        copy.remember_keys(of_others)
        about_theirs = " or ".join(f"starts_with(trim({key}), {literal(prefix)})" for key in _KEYS_OF_RECORDS[-2:])
        copy.refuse_instead("decisions", about_theirs, "withdrawn")
        texts = only_theirs(theirs, said_by_others(connection, settings, f"party_id <> {literal(party_id)}"))
        build_prove_replace(settings, copy, texts, report, rebuild, prefix)
    report.delivered = [str(file) for file in sorted((settings.exports / party_id).rglob("*")) if file.is_file()]
    report.delivered += [
        f"{file} (if it names records of '{party_id}')" for file in sorted((settings.exports / US).glob("*/decisions*"))
    ]
    report.seed_rows = seed_rows(settings.seeds, re.compile(rf"^\s*{re.escape(party_id)}\s*$"))
    conclude(settings, "withdrawals", party_id, report)
    return report


def _withdrawn_on(settings: Settings, party_id: str) -> date:
    seed = settings.seeds / "company" / "partners.csv"
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


def _texts_of(connection: duckdb.DuckDBPyConnection, party_id: str) -> set[str]:
    """Every distinguishing text that a party has delivered, hosts of websites too, and the keys of all its records."""
    texts: set[str | None] = set()
    for object_name, described in OBJECTS.items():
        if not described.distinguishing:
            continue
        rows = connection.execute(
            f"select distinct unnest([{', '.join(described.distinguishing)}, concat(party_id, ':', source_id)]) "  # noqa: S608 (our own names)
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
    given = {text for text in texts if text}
    return given | {
        re.sub(r"^(\w+://)?(www\.)?([^/?#]+).*$", r"\3", text) for text in given if "." in text and " " not in text
    }
