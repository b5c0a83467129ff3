"""What came of a run: what came in, what was refused, what changed, what failed and why, and what to do about it.

Belongs here: reading that from the run's events in Dagster and from what is published, in an order to act by. Does not
belong here: how it is shown (page.py, summary.py) or sent (message.py), and what a figure means (the marts).

Nobody is named: of contacts and engagements the rule that was broken is named, never the words; what an error quotes is
left out. The warehouse is not opened, since the next run may be writing it.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from orchestration.objects import PERSONAL
from orchestration.runs.figures import SHOWN_ROWS, Published, Table, look_at
from orchestration.settings import DEMO_EXPORTS, Settings

# What stands between quotation marks, not apostrophes, or looks like an address; an open mark hides the rest.
QUOTED = re.compile(r"""(?<!\w)(['"]).*?(?:\1(?!\w)|\Z)|\S+@\S+""", re.DOTALL)


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
    """Write what the make targets are given to know which workspace is meant.

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
    landing = _landing(events)
    file = settings.published / "marts.duckdb"
    there = look_at(file)
    published = there if there and there.run_id == run_id else None
    files = landing.get("files", [])
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
    tables = [_failures(problems), *_came(landing), *(published.tables if published else [])]
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


def _landing(events: Iterable[dg.DagsterEvent]) -> dict[str, list[dict[str, Any]]]:
    """What the landing says of its files, from the metadata of raw/files; nothing when it failed or was left out."""
    for event in events:
        if event.is_step_materialization and event.asset_key == dg.AssetKey(["raw", "files"]):
            metadata = event.step_materialization_data.materialization.metadata
            return {
                name: [dict(record.data) for record in value.records]
                for name, value in metadata.items()
                if isinstance(value, dg.TableMetadataValue)
            }
    return {}


def _came(landing: Mapping[str, list[dict[str, Any]]]) -> list[Table]:
    """What came, by party; what was refused, file by file; and what was refused inside of files, by reason."""
    parties: dict[str, Counter[str]] = {}
    for file in landing.get("files", []):
        counts = parties.setdefault(file["party_id"], Counter())
        counts["landed" if file["status"] == "landed" else "refused"] += 1
        for column in ("rows_accepted", "rows_rejected", "values_rejected"):
            counts[column] += int(file[column] or 0)
    carried: dict[str, list[str]] = {}
    for row in landing.get("carried_forward", []):
        carried.setdefault(row["party_id"], []).append(f"{row['object']} of {row['list_month']}")
    columns = ("landed", "refused", "rows_accepted", "rows_rejected", "values_rejected")
    came = [
        (party, *(parties.get(party, Counter())[column] for column in columns), ", ".join(carried.get(party, [])))
        for party in sorted({*parties, *carried})
    ]
    return [
        Table(
            "What to know of the lists",
            ["party", "list", "column", "what", "examples", "what to do"],
            [
                (row["party_id"], row["object"], row["column_name"], row["reason"], row["examples"], row["remedy"])
                for row in landing.get("noted", [])
            ],
            "Nothing of it was refused: what lists lack and what follows, then columns that are gone or not read.",
        ),
        Table(
            "What came",
            ["party", "files landed", "refused", "rows", "rows refused", "values refused", "carried forward"],
            came,
            "A list that did not come is carried forward from its latest month, if the NDA is in force.",
        ),
        Table(
            "Files refused",
            ["file", "why", "what to do"],
            [
                (file["file_name"], _reason(file), file["remedy"])
                for file in landing.get("files", [])
                if _is_refused(file)
            ],
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
                for row in landing.get("reasons", [])
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
            [
                "value_mappings.csv, countries.csv or exchange_rates.csv of seeds/reference",
                again,
            ],
        ),
        (
            "Load newer exchange rates: currencies at an older rate ({})",
            figures.get("currencies at an older rate", 0),
            [
                f"make rates{exports} RATES=eurofxref-hist.zip" if exports else "seeds/reference/exchange_rates.csv",
                again,
            ],
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
