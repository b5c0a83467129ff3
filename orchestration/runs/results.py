"""What came of a run: what came in, what was refused, what changed, what failed and why, and what to do about it.

Belongs here: reading that from the run's events in Dagster and from what is published, in an order to act by. Does not
belong here: how it is shown (page.py, summary.py) or sent (message.py), and what a figure means (the marts).

Nobody is named: of contacts and engagements the rule that was broken is told, never the words; what an error quotes is
left out. The warehouse is not opened, since the next run may be writing it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import dagster as dg
import duckdb

from orchestration.settings import DEMO_EXPORTS, Settings

SHOWN_ROWS = 10
# What stands between quotation marks, not apostrophes, or looks like an address; an open mark hides the rest.
QUOTED = re.compile(r"""(?<!\w)(['"]).*?(?:\1(?!\w)|\Z)|\S+@\S+""", re.DOTALL)
PERSONAL = frozenset(["contacts", "engagements"])

CHANGES = """
    select
        coalesce(partner_name, partner_id) as partner,
        count(*) filter (change_type = 'new') as "new overlaps",
        count(*) filter (change_type = 'gone') as "gone",
        count(*) filter (change_type = 'status') as "another status",
        count(*) filter (change_type = 'tier') as "another tier",
        count(*) filter (change_type = 'match') as "regrouped"
    from marts.mart_what_changed
    where as_of_month = ? and restated_in_month is null
    group by all
    order by partner
"""

# What has been told anew, since the latest month came, of months that people had seen already.
RESTATED = """
    select
        strftime(as_of_month, '%Y-%m') as month,
        strftime(reloaded_month, '%Y-%m') as "because this was loaded again",
        count(*) as changes
    from marts.mart_what_changed
    where restated_in_month = ?
    group by all
    order by all
"""

# A change counts as much as the account does now; one that is gone as much as it did before.
FIRST_CHANGES = f"""
    select
        coalesce(changes.account_name, changes.account_key) as account,
        coalesce(changes.partner_name, changes.partner_id) as "with",
        changes.change_type as change,
        coalesce(changes.from_value, '') as before,
        coalesce(changes.to_value, '') as "now",
        changes.cause
    from marts.mart_what_changed as changes
    left join marts.fct_account_priorities as priorities
        on
            changes.account_key = priorities.account_key
            and changes.partner_id = priorities.partner_id
            and priorities.as_of_month
            = case when changes.change_type = 'gone' then changes.previous_month else changes.as_of_month end
    where
        changes.as_of_month = ?
        and changes.restated_in_month is null
        and changes.change_type in ('new', 'gone', 'status', 'tier')
    order by priorities.tier nulls last, priorities.priority_score desc nulls last, 1, 2, 3
    limit {SHOWN_ROWS}
"""  # noqa: S608 (our own figure)

BANDS = "select band, count(*) as pairs from marts.fct_account_matches group by all order by pairs desc, band"

LATE = """
    select
        party_name as party,
        object as list,
        strftime(list_month, '%Y-%m') as "the latest is of",
        refresh_cadence as agreed,
        strftime(next_list_month, '%Y-%m') as "expected since"
    from marts.mart_list_scorecards
    where is_late
    order by list_month, party, list
"""

UNMAPPED = """
    select party_id as party, object as list, column_name as "column", delivered as value, record_count as "how many"
    from marts.mart_refused_data
    where export_month = ? and refused = 'unmapped value'
    order by 1, 2, 3, 5 desc, 4
    limit 20
"""


@dataclass(frozen=True)
class Table:
    """Some rows under a title."""

    title: str
    headers: Sequence[str]
    rows: Sequence[Sequence[Any]]
    note: str = ""


@dataclass(frozen=True)
class Problem:
    """A step or check that failed, in full and in brief: an error without the places in the code it came through."""

    where: str
    text: str
    is_blocking: bool
    check: str | None = None
    brief: str | None = None


@dataclass(frozen=True)
class ToDo:
    """Something for a person to do: in our own words and figures, and then the particulars."""

    what: str
    how: Sequence[str]


@dataclass(frozen=True)
class Published:
    """What BI tools read now."""

    as_of_month: date
    run_id: str
    published_at: datetime
    figures: Mapping[str, int]
    tables: Sequence[Table]


@dataclass(frozen=True)
class RunResults:
    """What came of one run."""

    month: str
    run_id: str
    headline: str
    is_success: bool
    figures: Mapping[str, int]
    to_do: Sequence[ToDo]
    tables: Sequence[Table]
    page: Path


def exports_argument(settings: Settings) -> str:
    """Write how the make targets are told which workspace is meant.

    Args:
        settings: the workspace.

    Returns:
        ` EXPORTS=…`, or nothing for the demo's.
    """
    return "" if settings.exports == DEMO_EXPORTS else f" EXPORTS={settings.exports}"


def results_of(settings: Settings, instance: dg.DagsterInstance, run_id: str, page: Path) -> RunResults:
    """Gather what came of a run that has ended.

    Args:
        settings: the workspace.
        instance: Dagster's, which holds the run's events.
        run_id: Dagster's id of the run.
        page: where the results will be shown.

    Returns:
        The results.

    Raises:
        ValueError: Dagster knows no such run.
    """
    run = instance.get_run_by_id(run_id)
    if run is None:
        raise ValueError(f"Dagster knows no run {run_id}.")
    month = run.tags.get("dagster/partition", "")
    events = [entry.dagster_event for entry in instance.all_logs(run_id) if entry.dagster_event]
    problems = problems_of(events)
    door = _door(events)
    file = settings.published / "marts.duckdb"
    there = look_at(file)
    published = there if there and there.run_id == run_id else None
    files = door.get("files", [])
    refused = [file for file in files if file["status"] != "landed"]
    figures = {
        "files taken": len({file["file_name"] for file in files} - {file["file_name"] for file in refused}),
        "files refused": len({file["file_name"] for file in refused}),
        **{
            name: sum(int(file[column] or 0) for file in files)
            for name, column in (
                ("rows accepted", "rows_accepted"),
                ("rows refused", "rows_rejected"),
                ("values refused", "values_rejected"),
            )
        },
        **(published.figures if published else {}),
    }
    tables = [_failures(problems), *_came(door), *(published.tables if published else [])]
    return RunResults(
        month=month,
        run_id=run_id,
        headline=_headline(month, run.is_success, published, there, file.is_file()),
        is_success=run.is_success,
        figures=figures,
        to_do=_to_do(settings, month, problems, refused, figures),
        tables=[table for table in tables if table.rows],
        page=page,
    )


def problems_of(events: Iterable[dg.DagsterEvent]) -> list[Problem]:
    """List the steps and checks of a run that failed.

    Args:
        events: the run's.

    Returns:
        Failed steps, or that the run was ended from outside; then failed checks, those that keep the marts from being
        published first.
    """
    steps: list[Problem] = []
    checks: list[Problem] = []
    ending = ""
    for event in events:
        if event.is_step_failure:
            data = event.step_failure_data
            described = data.user_failure_data.description if data.user_failure_data else None
            error = data.error
            while error and error.cause:
                error = error.cause
            brief = described or (error.message if error else None)
            steps.append(Problem(event.step_key or "", described or data.error_display_string, True, brief=brief))
        elif event.event_type == dg.DagsterEventType.RUN_FAILURE:
            ending = event.message or ""
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            evaluation = event.asset_check_evaluation_data
            if not evaluation.passed:
                is_error = evaluation.severity == dg.AssetCheckSeverity.ERROR
                rows = evaluation.metadata.get("dagster_dbt/failed_row_count")
                counted = f"{rows.value} rows do not hold." if rows else ""
                asset = evaluation.asset_key.to_user_string()
                checks.append(Problem(asset, evaluation.description or counted, is_error, evaluation.check_name))
    if ending and not steps and not any(check.is_blocking for check in checks):
        steps = [Problem("the run", ending, True)]
    return [*steps, *sorted(checks, key=lambda problem: not problem.is_blocking)]


def look_at(file: Path) -> Published | None:
    """Read what a run changed from what it has published.

    Args:
        file: the published marts.duckdb.

    Returns:
        Figures and tables; None when nothing has been published yet, or nothing that this release can read.
    """
    if not file.is_file():
        return None
    try:
        with duckdb.connect(str(file), read_only=True) as marts:
            ((month, run_id, published_at),) = marts.execute(
                "select as_of_month, run_id, published_at from marts.last_refreshed"
            ).fetchall()
            changes = _table(marts, "What changed, by partner", CHANGES, month)
            restated = _table(marts, "Published months that became another", RESTATED, month)
            late = _table(marts, "Lists that are late", LATE)
            unmapped = _table(marts, "Values nobody mapped (at most 20 are shown)", UNMAPPED, month)
            bands = _table(marts, "Pairs of records, by how sure the pipeline is", BANDS)
            first = _table(marts, f"The {SHOWN_ROWS} changes at the accounts that matter most", FIRST_CHANGES, month)
            ((unmapped_count,),) = marts.execute(
                "select count(*) from marts.mart_refused_data where export_month = ? and refused = 'unmapped value'",
                [month],
            ).fetchall()
            ((waiting,),) = marts.execute("select count(*) from marts.mart_review_queue").fetchall()
    except (duckdb.CatalogException, duckdb.BinderException, duckdb.IOException):
        return None
    columns = ("new overlaps", "gone", "another tier")
    figures = {
        **{name: sum(row[changes.headers.index(name)] for row in changes.rows) for name in columns},
        # Corrections of closed months are rare.
        **({"changes of earlier months": sum(row[-1] for row in restated.rows)} if restated.rows else {}),
        "lists late": len(late.rows),
        "values not mapped": unmapped_count,
        "pairs waiting for a person": waiting,
    }
    return Published(
        month, run_id, published_at.replace(tzinfo=UTC), figures, [changes, first, restated, late, unmapped, bands]
    )


def _table(marts: duckdb.DuckDBPyConnection, title: str, query: str, *parameters: object) -> Table:
    result = marts.execute(query, list(parameters))
    rows = result.fetchall()
    return Table(title, [column[0] for column in result.description or []], rows)


def _door(events: Iterable[dg.DagsterEvent]) -> dict[str, list[dict[str, Any]]]:
    """What the landing told of its files, from the metadata of raw/files; nothing when it failed or was left out."""
    for event in events:
        if event.is_step_materialization and event.asset_key == dg.AssetKey(["raw", "files"]):
            metadata = event.step_materialization_data.materialization.metadata
            return {
                name: [dict(record.data) for record in value.records]
                for name, value in metadata.items()
                if isinstance(value, dg.TableMetadataValue)
            }
    return {}


def _came(door: Mapping[str, list[dict[str, Any]]]) -> list[Table]:
    """What came, by party; what was refused, file by file; and what was refused inside of files, by reason."""
    parties: dict[str, Counter[str]] = {}
    for file in door.get("files", []):
        counts = parties.setdefault(file["party_id"], Counter())
        counts["landed" if file["status"] == "landed" else "refused"] += 1
        for column in ("rows_accepted", "rows_rejected", "values_rejected"):
            counts[column] += int(file[column] or 0)
    carried: dict[str, list[str]] = {}
    for row in door.get("carried_forward", []):
        carried.setdefault(row["party_id"], []).append(f"{row['object']} of {row['list_month']}")
    columns = ("landed", "refused", "rows_accepted", "rows_rejected", "values_rejected")
    came = [
        (party, *(parties.get(party, Counter())[column] for column in columns), ", ".join(carried.get(party, [])))
        for party in sorted({*parties, *carried})
    ]
    return [
        Table(
            "What came",
            ["party", "files landed", "refused", "rows", "rows refused", "values refused", "carried forward"],
            came,
            "A list that did not come is carried forward from its latest month, if the NDA is in force.",
        ),
        Table(
            "Files refused",
            ["file", "why", "what to do"],
            [(file["file_name"], _reason(file), file["remedy"]) for file in door.get("files", []) if _is_refused(file)],
        ),
        Table(
            "Why rows and values were refused",
            ["party", "list", "what", "rule", "column", "how many", "what to do"],
            [
                (
                    row["party_id"],
                    row["object"],
                    row["refused"],
                    str(row["rule"]).replace("_", " "),
                    row["column_name"],
                    row["count"],
                    row["remedy"],
                )
                for row in door.get("reasons", [])
            ],
            "Each with its file and row: raw.rejected_rows, raw.rejected_values, mart_refused_data.",
        ),
    ]


def _is_refused(file: Mapping[str, Any]) -> bool:
    return bool(file["status"] != "landed")


def _reason(file: Mapping[str, Any]) -> str:
    """Why a file was refused; without what it quotes where that may be a person."""
    return _unquoted(file["reason"]) if file["object"] in PERSONAL else str(file["reason"])


def _unquoted(text: str) -> str:
    return QUOTED.sub("'…'", text)


def _failures(problems: Sequence[Problem]) -> Table:
    return Table(
        "What failed",
        ["where", "check", "why", "blocking"],
        [
            (
                problem.where,
                problem.check or "",
                _unquoted(_first_lines(problem.brief or problem.text)),
                "yes" if problem.is_blocking else "no",
            )
            for problem in problems
        ],
        "What an error quotes is left out here; it stands in Dagster and in the run's log.",
    )


def _first_lines(text: str, most: int = 12) -> str:
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return "\n".join(lines[:most] + (["…"] if len(lines) > most else []))


def _headline(month: str, is_success: bool, new: Published | None, there: Published | None, has_file: bool) -> str:
    if new:
        later = f", and the marts as of {new.as_of_month:%Y-%m} with it" if f"{new.as_of_month:%Y-%m}" != month else ""
        whole = "" if is_success else ", but not all of the run succeeded"
        return f"{month} was published{later}{whole}."
    if there:
        stays = f"the marts of {there.as_of_month:%Y-%m} stay published"
    else:  # a file that cannot be read is of another release, or broken
        stays = "what was published before stays" if has_file else "nothing is published yet"
    return f"{month} was not published; {stays}."


def _to_do(
    settings: Settings,
    month: str,
    problems: Sequence[Problem],
    refused: Sequence[Mapping[str, Any]],
    figures: Mapping[str, int],
) -> list[ToDo]:
    """List what a person has to do, first what keeps the marts from being published, then what is lost meanwhile."""
    exports = exports_argument(settings)
    again = f"make run{exports} MONTH={month}" if exports else "make demo"
    blocking = [problem for problem in problems if problem.is_blocking]
    tested = [problem for problem in problems if not problem.is_blocking]
    remedies = [f"{file['file_name']}: {file['remedy']}" for file in refused[:SHOWN_ROWS]]
    found = [
        (
            "Mend what failed ({}), then run the month again",
            len(blocking),
            [again, f"the run's own words: {settings.var / 'logs'}"],
        ),
        ("Correct the refused files ({}), then run the month again", figures["files refused"], [*remedies, again]),
        (
            "Say what the unmapped values mean ({})",
            figures.get("values not mapped", 0),
            ["seeds/value_mappings.csv, seeds/countries.csv or seeds/exchange_rates.csv", again],
        ),
        (
            "Ask for the lists that are late ({})",
            figures.get("lists late", 0),
            [f"into {settings.exports}/<party_id>/<YYYY-MM>/"],
        ),
        (
            "Have the refused rows and values corrected in the next export ({})",
            figures["rows refused"] + figures["values refused"],
            ["mart_refused_data names file, row and remedy"],
        ),
        (
            "Answer the pairs that wait for a person ({})",
            figures.get("pairs waiting for a person", 0),
            [f"make review{exports}"],
        ),
        ("Look at the data tests that warn ({})", len(tested), [f"make dev{exports}, tab Checks of the asset"]),
    ]
    return [ToDo(what.format(f"{count:,}"), how) for what, count, how in found if count]
