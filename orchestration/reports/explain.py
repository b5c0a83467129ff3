"""Why two records are, or are not, held to be one company: everything the pipeline knows of one pair, in plain words.

Belongs here: finding a pair's facts in the warehouse and laying them out for a person. Does not belong here: rules of
its own. The pair is compared by the SQL that dbt compiled for the last build, run in memory on the warehouse's tables,
with this pair and its rivals as the only candidates; so a pair that was never compared is judged like any other.
"""

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import duckdb
from rapidfuzz import fuzz, process
from tabulate import tabulate

from orchestration.reports import NoReportError
from orchestration.reports.pair_facts import (
    ADD_ASKED_PAIR,
    ASKED_PAIR,
    BETWEEN_ACCOUNTS,
    CANDIDATES,
    COMPANIONS,
    DECISIONS,
    EVIDENCE,
    GROUP_LINKS,
    KEPT_PAIR,
    KEYS,
    MISSING_LIST_PRIOR,
    NOT_KNOWN,
    NUMBERED_PAIR,
    PAIR,
    PROPOSED_PAIRS,
    RECOMPUTED,
    RECORD_NUMBER,
    RECORDS,
    SHARED_KEYS,
)
from orchestration.settings import Settings
from orchestration.warehouse.held import check_built
from orchestration.warehouse.sql import literal
from udfs.plugin import register

NEAR_RECORDS = 5
SHOWN_COMPANIONS = 20
# Rules of blocking whose keys two equal names cannot but share.
PARTS_OF_NAMES = frozenset(
    ("acronym", "beginning", "skeleton", "word", "word_beginning", "word_end", "word_pair", "word_skeleton")
)
COLUMN_WIDTH = 40
Row = dict[str, Any]


@dataclass(frozen=True)
class Explanation:
    """All that is known of a pair; a row maps columns to values."""

    records: list[Row]
    match: Row
    evidence: list[Row]
    companions: list[Row]
    not_known: list[str]
    decisions: list[Row]
    shared_keys: list[Row]
    between_accounts: Row
    group_links: list[Row]
    is_candidate: bool
    is_kept: bool


def explain(settings: Settings, record: str, other: str) -> Explanation:
    """Find out why two records are, or are not, held to be one company.

    Args:
        settings: the workspace; its warehouse is opened for reading only, its published files not at all.
        record: one record key, `<party_id>:<source_id>`.
        other: the other; the order does not matter.

    Returns:
        The pair as the last build judged it; one that was never compared, as it would have been.

    Raises:
        NothingBuiltError: nothing is built.
        NoReportError: a run holds the warehouse, or a record is not on a current list.
    """
    if record == other:
        raise NoReportError(f"{record} was given twice. Name two records.")
    pair = dict(zip(("left", "right"), sorted((record, other)), strict=True))
    with _copy_in_memory(settings) as connection:
        for side, key in pair.items():
            _demand_record(connection, key)
            connection.execute(f"set variable {side}_record = ?", [key])
            connection.execute(f"set variable {side}_number = ({RECORD_NUMBER})", [key])
        is_candidate = bool(_rows(connection, f"from stored.resolution.res_candidate_pairs where {NUMBERED_PAIR}", {}))
        is_kept = bool(_rows(connection, f"from stored.marts.fct_account_matches where {PAIR}", pair))
        _compare(connection, settings)
        records = _rows(connection, RECORDS, pair)
        one, two = (row["account_key"] for row in records)
        return Explanation(
            records=records,
            match=_rows(connection, f"from marts.fct_account_matches where {PAIR}", pair)[0],
            evidence=_rows(connection, EVIDENCE, pair),
            companions=_rows(connection, COMPANIONS, {**pair, "one": one, "two": two}),
            not_known=[row["comparison"] for row in _rows(connection, NOT_KNOWN, pair)],
            decisions=_rows(connection, DECISIONS, {}),
            shared_keys=_rows(connection, SHARED_KEYS.format(res_record_keys=compiled_sql(settings, KEYS)), {}),
            between_accounts=_rows(connection, BETWEEN_ACCOUNTS, {"one": one, "two": two})[0],
            group_links=_rows(connection, GROUP_LINKS, {"one": one, "two": two}),
            is_candidate=is_candidate,
            is_kept=is_kept,
        )


def as_text(found: Explanation) -> str:
    """Lay an explanation out for the terminal.

    Args:
        found: what `explain` gave.

    Returns:
        What was decided and why, the evidence as a table, and whatever else has a say.
    """
    match = found.match
    left, right = found.records
    rows = [(name.replace("_", " "), left[name], right[name]) for name in left]
    evidence = [
        (
            _comparison(row), row["left_value"], row["right_value"], row["level"],
            _bits(row["evidence_millibits"]),
        )
        for row in found.evidence
    ]  # fmt: skip
    total = sum(row["evidence_millibits"] for row in found.evidence)
    parts = [
        _table(rows, ["", "left", "right"]),
        _verdict(found),
        f"  {_shown(match['explanation'])}",
        *(f"  {line}" for line in _reasons(found)),
        f"Answer: {match['answer']}.",
        *(f"  {line}" for line in _groups(found)),
        "Evidence, in bits: each doubles the odds that the two are one company, a negative one halves them",
        _table(
            [*evidence, ("sum", "", "", f"probability {_probability(match)}", _bits(total))],
            ["comparison", "left", "right", "found", "bits"],
        ),
    ]
    if found.companions:
        shown = [tuple(row.values()) for row in found.companions[:SHOWN_COMPANIONS]]
        more = len(found.companions) - len(shown)
        parts += [
            f"Joined besides, in {'this account' if match['is_same_account'] else 'these accounts'}"
            + (f" (and {more} more, see bridge_account_records)" if more else ""),
            _table(shown, found.companions[0]),
        ]
    if found.not_known:
        parts.append(f"Not known on one side or both: {', '.join(found.not_known).replace('_', ' ')}.")
    if match["runner_up_record_key"]:
        lead = match["runner_up_lead_millibits"]
        parts.append(
            f"Runner-up: {_shown(match['runner_up_name'])} ({_shown(match['runner_up_record_key'])}), "
            f"{'lost by' if lead >= 0 else 'is ahead by'} {abs(lead) / 1000:.3f} bits."
        )
    if found.decisions:
        parts += [
            "Decisions of people on this pair",
            _table([tuple(d.values()) for d in found.decisions], found.decisions[0]),
        ]
    if found.shared_keys:
        keys = [
            (rule, key["blocking_key"], key["record_count"], "yes" if key["proposes_pairs"] else "no, too many")
            for rule, key in _keys_said_once(found.shared_keys)
        ]
        parts += ["Keys they share", _table(keys, ["rule", "key", "records with it", "proposes pairs"])]
    parts.append(f"Weights of version {match['rules_version']} (seeds/reference/match_weights.csv).")
    return "\n\n".join(parts).replace("\n\n  ", "\n  ")


def _comparison(row: Row) -> str:
    """Name a comparison, and those that only repeat it and are counted with it."""
    repeated = f" (with {row['repeated_by']})" if row["repeated_by"] else ""
    return f"{row['comparison']}{repeated}".replace("_", " ")


def _keys_said_once(keys: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Give each key with its rule; where a whole name proposes the pair, keys of its parts stand with it."""
    parts = [key for key in keys if key["rule"] in PARTS_OF_NAMES and key["proposes_pairs"]]
    names = [key for key in keys if key["rule"] == "name" and key["proposes_pairs"]]
    for key in keys:
        if not names or key not in parts:
            with_parts = (
                f" (with {', '.join(sorted({part['rule'] for part in parts}))})" if key in names and parts else ""
            )
            yield f"{key['rule']}{with_parts}".replace("_", " "), key


def _verdict(found: Explanation) -> str:
    """Say in one line what became of the pair."""
    match, probability = found.match, f"probability {_probability(found.match)}"
    reason = f", for: {match['match_reason']}" if match["match_reason"] else ""
    if not found.is_candidate:
        would = {"auto": "accepted", "review": "left to a person", "rejected": "not joined"}[match["band"]]
        return f"NEVER COMPARED. Had they been, they would have been {would}, {probability}{reason}."
    if not found.is_kept:
        return f"NOT JOINED, {probability}: too unlikely to be kept (var kept_probability)."
    if match["clustering_refusal"]:
        return f"ACCEPTED, {probability}{reason}; and yet kept apart when records were grouped into accounts."
    words = {"auto": "ONE COMPANY", "review": "WAITS FOR A PERSON", "rejected": "NOT JOINED"}[match["band"]]
    return f"{words}, {probability}{reason}."


def _reasons(found: Explanation) -> Iterator[str]:
    """Say what else had a say in it, a line each."""
    match, between = found.match, found.between_accounts
    if not found.is_candidate:
        crowded = [
            f"{key['rule']} '{_shown(key['blocking_key'])}' ({key['record_count']} records)"
            for key in found.shared_keys
            if not key["proposes_pairs"]
        ]
        if crowded:
            yield f"What they share stands on more records than may propose pairs: {', '.join(crowded)}."
        if len(crowded) < len(found.shared_keys):
            yield "They share parts of names (see below), but their names are not alike enough for the pre-filter."
        elif not found.shared_keys:
            yield "They share no key: no registration number, domain, telephone number, name or distinctive part of it."
    if match["decision"]:
        said = f"{match['decision']}, {match['relation']}" if match["relation"] else match["decision"]
        why = f": {_shown(match['decision_reason'])}" if match["decision_reason"] else ""
        of = f", of {match['decision_inherited_from']}" if match["decision_inherited_from"] else ""
        yield f"Decided ({said}) by {_shown(match['decided_by'])} on {match['decided_on']}{of}{why}"
    elif (exchanged := match["exchanged_record_key"]) is not None:
        yield f"{exchanged} is another company than was approved on {match['decided_on']}: it is asked about again."
    if match["guard"]:
        kept = "" if match["decision"] is None else "; the decision stands above it"
        yield f"Guard: {match['guard']}. It forbids an automatic match whatever the evidence says{kept}."
    if match["clustering_refusal"]:
        yield (
            f"Join refused: {match['clustering_refusal']}; that waits for a person. Between the two accounts stand "
            f"{between['pairs']} kept pairs with {between['bits']:.3f} bits together, "
            f"{between['forbidden_pairs']} that a person refused or holds, {between['conflicting_pairs']} with other "
            "registration numbers; it needs more than 0 bits, none of the others, and joins no two of another party."
        )
    if match["is_same_account"] and (match["band"] != "auto" or not found.is_candidate):
        yield "They stand in one account all the same, through other records (see the account's reason above)."


def _groups(found: Explanation) -> Iterator[str]:
    """Say what links the two accounts to one group, or keeps them out of it, a line each."""
    for link in found.group_links:
        refused = f"; refused: {link['refusal']}" if link["refusal"] else ""
        yield f"Group, {link['link_reason']}: {_shown(link['evidence'])}{refused}."
    if found.match["answer"] == "same group" and not any(link["refusal"] is None for link in found.group_links):
        yield "They are of one group through other accounts (fct_account_group_links)."


# "catalogue"."schema"."relation", as dbt writes it
CATALOGUE = re.compile(r'"[^"\n]+"\.(?="[^"\n]+"\."[^"\n]+")')


def _compare(connection: duckdb.DuckDBPyConnection, settings: Settings) -> None:
    """Run the compiled models on the pair and its rivals."""
    compiled = {
        relation: compiled_sql(settings, relation)
        for relation in (PROPOSED_PAIRS, "resolution.res_candidate_pairs", *RECOMPUTED)
    }
    connection.execute(
        ASKED_PAIR.format(
            res_proposed_pairs=compiled[PROPOSED_PAIRS],
            res_candidate_pairs=compiled["resolution.res_candidate_pairs"],
        )
    )
    for relation in ("resolution.res_candidate_pairs", "resolution.res_list_priors", *RECOMPUTED):
        connection.execute(f"drop view if exists {relation}")
    connection.execute(CANDIDATES)
    connection.execute(ADD_ASKED_PAIR)
    connection.execute(MISSING_LIST_PRIOR)
    for relation in RECOMPUTED:
        connection.execute(f"create table {relation} as {compiled[relation]}")
        if relation.endswith("res_scored_pairs"):
            connection.execute(KEPT_PAIR)


def compiled_sql(settings: Settings, relation: str) -> str:
    """Read the SQL of a model as dbt compiled it last; every run leaves a folder of its own.

    Args:
        settings: the workspace.
        relation: schema and name of the model, `resolution.res_decided_pairs`; the name alone finds it.

    Returns:
        A select on the warehouse's tables.

    Raises:
        NoReportError: dbt has compiled nothing there.
    """
    model = relation.rpartition(".")[2]
    # A unit test of a model is compiled under the model's name, in a folder that is named after its YAML file.
    found = [
        file
        for file in settings.dbt_target.glob(f"**/compiled/account_mapping/models/**/{model}.sql")
        if file.parent.suffix != ".yml"
    ]
    newest = max(found, key=lambda file: file.stat().st_mtime, default=None)
    if newest is None:
        raise NoReportError(f"{settings.dbt_target} holds no compiled models: build again (make run or make demo).")
    # The file that it was compiled for may have had another name: a rebuilt warehouse takes the old one's place.
    return CATALOGUE.sub("", newest.read_text(encoding="utf-8"))


@contextmanager
def _copy_in_memory(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the warehouse as `stored`, and a database in memory in which every relation of it is a view."""
    check_built(settings.warehouse)
    with duckdb.connect() as connection:
        register(connection)
        try:
            connection.execute(f"attach {literal(settings.warehouse)} as stored (read_only)")
        except duckdb.IOException as error:
            raise NoReportError(f"A run is writing the warehouse; ask again when it has ended. ({error})") from error
        relations = connection.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'stored'"
        ).fetchall()
        for schema in sorted({schema for schema, _ in relations}):
            connection.execute(f'create schema if not exists "{schema}"')
        for schema, table in relations:
            connection.execute(f'create view "{schema}"."{table}" as from stored."{schema}"."{table}"')
        if ("marts", "fct_account_group_links") not in relations:
            raise NoReportError(f"{settings.warehouse} holds no marts of this version: run make run or make demo.")
        yield connection


def _demand_record(connection: duckdb.DuckDBPyConnection, record: str) -> None:
    """Refuse a record that is on no current list, and name those that it may have meant."""
    known = dict(connection.execute("select record_key, name from resolution.res_account_records").fetchall())
    if record in known:
        return
    near = process.extract(record, list(known), scorer=fuzz.WRatio, limit=NEAR_RECORDS)
    listed = "\n".join(f"  {_shown(key)}   {_shown(known[key])}" for key, *_ in near)
    raise NoReportError(
        f"{record} is on no current list. A record is written <party_id>:<source_id>; the nearest are\n{listed}"
    )


def _rows(connection: duckdb.DuckDBPyConnection, sql: str, parameters: dict[str, Any]) -> list[Row]:
    result = connection.execute(sql, parameters)
    columns = [column[0] for column in result.description or []]
    return [dict(zip(columns, row, strict=True)) for row in result.fetchall()]


def _table(rows: Sequence[Sequence[object]], headers: Sequence[str] | Row) -> str:
    shown = [[_shown(cell) for cell in row] for row in rows]
    return tabulate(shown, headers=list(headers), maxcolwidths=COLUMN_WIDTH, disable_numparse=True)


def _shown(value: object) -> str:
    """Text for the terminal; what a partner wrote must not steer it."""
    text = "" if value is None else str(value)
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def _bits(millibits: int) -> str:
    return f"{millibits / 1000:+.3f}"


def _probability(match: Row) -> str:
    return f"{match['match_probability']:.4g}"
