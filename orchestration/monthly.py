"""The monthly job without a server: on one workspace, by one process, for one month after the other.

Belongs here: making a workspace ready, keeping others out of it, running the job and what is done with copies of it.
Does not belong here: the job itself (definitions.py), and words and arguments of the commands (__main__.py).
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import click
import duckdb

from orchestration.ingestion.folder import read_acceptances, read_parties
from orchestration.runs.lock import one_run
from orchestration.settings import PACKAGE, RefusedError, Settings, make_folder
from orchestration.warehouse import build, faults
from orchestration.warehouse.company_settings import read_company_settings
from orchestration.warehouse.fiscal_calendar import check_quarters
from orchestration.warehouse.schema import check_exports_folder, check_month_is_kept, check_release
from orchestration.warehouse.seeds import check_layout, put_in_force


@contextmanager
def alone(settings: Settings, what: str) -> Iterator[None]:
    """Keep every other run out of a workspace during a block, and say in plain words when the machine fails in it.

    Args:
        settings: the workspace.
        what: the run in a few words, for whoever is refused meanwhile.

    Raises:
        BusyError: another run is going.
        RefusedError: the machine has failed in a way that is known.
    """
    try:
        with one_run(settings.var, what):
            yield
    except Exception as problem:
        explained = faults.explain(problem, settings)
        if explained is None or explained in str(problem):
            raise
        raise RefusedError(f"{problem}\n{explained}" if isinstance(problem, RefusedError) else explained) from problem


def check_can_run(settings: Settings, month: date) -> None:
    """Refuse at once what the job would refuse after half a minute. Nothing is written.

    Args:
        settings: the workspace.
        month: first day of the month that is asked for.

    Raises:
        RefusedError: a seed cannot be read, the warehouse is another folder's or release's, or the month was pruned.
    """
    try:
        check_layout(settings.seeds)
        read_parties(settings.seeds / "company" / "partners.csv")
        read_acceptances(settings.seeds / "company" / "accepted_files.csv")
        check_quarters(settings.seeds)
        read_company_settings(settings.seeds / "company")
        check_exports_folder(settings.warehouse, settings.exports)
        check_release(settings.warehouse)
        if settings.warehouse.exists():
            with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
                check_month_is_kept(warehouse, month)
    except (ValueError, FileNotFoundError) as refusal:
        raise RefusedError(str(refusal)) from refusal
    except duckdb.Error as problem:
        if not faults.is_locked(problem):  # a run that holds it is named later, and the landing asks again
            raise RefusedError(faults.explain(problem, settings) or str(problem)) from problem


def wait_for_warehouse(settings: Settings) -> None:
    """Wait for whoever looks something up in the warehouse, and say so at once; two minutes at most.

    Args:
        settings: the workspace.

    Raises:
        duckdb.Error: the warehouse is still held, or cannot be read.
    """
    for attempt, seconds in enumerate(faults.WAIT_SECONDS):
        try:
            faults.check_writable(settings.warehouse)
            return
        except duckdb.Error as problem:
            if not faults.is_locked(problem):
                raise
            if attempt == 0:
                click.echo(f"{faults.explain(problem, settings)} Waiting for up to two minutes …")
            time.sleep(faults.jittered(seconds))
    faults.check_writable(settings.warehouse)


def prepare(settings: Settings) -> None:
    """Make the folders of a workspace.

    Args:
        settings: the workspace. Its variables are put into the environment of this process, where dbt and Dagster look.

    Raises:
        RefusedError: its seeds cannot be used as they are.
    """
    make_folder(settings.var)
    put_in_force(settings.seeds, settings.var)
    os.environ.update(settings.as_environment())
    for folder in (settings.dagster_home, settings.var / "logs"):
        folder.mkdir(parents=True, exist_ok=True)
    write_dagster_config(settings.dagster_home)
    settings.link_seeds()


def write_dagster_config(home: Path) -> None:
    """Write Dagster's settings into its home.

    Args:
        home: DAGSTER_HOME; an existing folder.
    """
    text = (PACKAGE / "dagster.yaml").read_text(encoding="utf-8")
    (home / "dagster.yaml").write_text(
        text.replace("HOME/history/runs", json.dumps(str(home / "history" / "runs"))), encoding="utf-8"
    )


def refresh(settings: Settings, months: list[str], *, is_landed: bool = False, is_shown: bool = True) -> None:
    """Run the job `monthly_refresh` for some months and say what came of it.

    Args:
        settings: the workspace.
        months: `YYYY-MM`, in the order to run.
        is_landed: whether the exports are in the warehouse already, so that the landing folder is not looked at.
        is_shown: whether what was published is shown at the end.

    Raises:
        RefusedError: a month was not published; the message says which step stopped it.
    """
    started = time.perf_counter()
    prepare(settings)
    build.stand_by(settings)
    # These imports take seconds, so they come after the quick refusals; the environment must be set before them.
    import dagster as dg  # noqa: PLC0415

    from orchestration.definitions import definitions_from  # noqa: PLC0415
    from orchestration.defs.partitions import MONTHS, first_month  # noqa: PLC0415
    from orchestration.runs import page as run_page  # noqa: PLC0415
    from orchestration.runs import progress, summary  # noqa: PLC0415

    for month in months:
        if not MONTHS.has_partition_key(month):
            raise RefusedError(f"{month!r} cannot be loaded: it is before 2020 or has not begun.")
    build.await_parsed()
    defined = definitions_from(min([first_month(settings), *months]), settings)
    job = defined.resolve_job_def("monthly_refresh")
    landing = dg.AssetSelection.groups("raw").resolve(defined.resolve_asset_graph())
    selected = [key for key in job.asset_layer.selected_asset_keys if key not in landing] if is_landed else None
    instance = dg.DagsterInstance.get()
    warn = partial(click.echo, err=True)
    seconds = {"imports and dbt parse": time.perf_counter() - started}
    for month in months:
        with (
            progress.shown_on(sys.stdout, f"{month}: "),
            (settings.var / "logs" / f"{month}.log").open("w", encoding="utf-8") as log,
            redirect_stdout(log),
        ):
            progress.tell("starting")
            result = job.execute_in_process(
                partition_key=month,
                instance=instance,
                raise_on_error=False,
                asset_selection=selected,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        seconds = summary.add_step_seconds(seconds, result)
        ended = run_page.tell_of_run(settings, instance, result.run_id, warn)
        if not result.success:
            click.echo(summary.refused_files(settings, month))
            raise RefusedError(
                f"{month} was not published.\n{summary.failure(result)}\nWhat to do, on one page: {ended.page}"
            )
    if is_shown:
        click.echo(summary.of_published(settings, months[-1], ended.page))
        click.echo(summary.of_seconds(seconds))


def build_on_copy(settings: Settings, month: date) -> None:
    """Build, test and publish a month on a copy of a workspace; its summary would show nothing new.

    Args:
        settings: of the copy.
        month: first day of the month.

    Raises:
        RefusedError: the month was not published.
    """
    click.echo(f"Building {month:%Y-%m} on a copy without them …")
    refresh(settings, [f"{month:%Y-%m}"], is_landed=True, is_shown=False)


def restore(settings: Settings, month: date) -> None:
    """Publish an earlier month again, as it was; the warehouse stays, and the next run publishes the latest.

    Args:
        settings: the workspace.
        month: first day of the month.

    Raises:
        RefusedError: the month cannot be restored, or was not published.
    """
    from orchestration.publishing.restatements import UnreadableMartsError, keep_published  # noqa: PLC0415
    from orchestration.warehouse.restore import copy_until  # noqa: PLC0415 - takes a second

    copied = replace(settings, warehouse=settings.var / "restored.duckdb")
    with alone(settings, f"a restore of {month:%Y-%m}"), _removed_at_the_end(copied.warehouse):
        copy_until(settings.warehouse, copied.warehouse, month)
        with suppress(UnreadableMartsError):
            keep_published(settings.warehouse, settings.published)
        refresh(copied, [f"{month:%Y-%m}"], is_landed=True)


def rebuild(settings: Settings) -> list[date]:
    """Build a new warehouse from the raw tables of the old one, every month in order, and publish the latest.

    Args:
        settings: the workspace.

    Returns:
        The months that were built.

    Raises:
        RefusedError: there is nothing to build from, or a month was not published.
    """
    from orchestration.warehouse.restore import copy_landed  # noqa: PLC0415 - takes a second

    rebuilt = replace(settings, warehouse=settings.var / "rebuilt.duckdb")
    with alone(settings, "a rebuild"), _removed_at_the_end(rebuilt.warehouse):
        months = copy_landed(settings.warehouse, rebuilt.warehouse)
        refresh(rebuilt, [f"{months[0]:%Y-%m}"], is_landed=True)
        rebuilt.warehouse.replace(settings.warehouse)
    return months


@contextmanager
def _removed_at_the_end(warehouse: Path) -> Iterator[None]:
    """Begin and end a block without a file."""
    warehouse.unlink(missing_ok=True)
    try:
        yield
    finally:
        warehouse.unlink(missing_ok=True)


def prune_to(settings: Settings, kept_months: int) -> None:
    """Prune a workspace and say what went.

    Args:
        settings: the workspace.
        kept_months: how many months are kept, the latest included.

    Raises:
        WarehouseRefusedError: it cannot be pruned now.
    """
    from orchestration.forgetting import retention  # noqa: PLC0415 - takes a second

    pruned = retention.prune(settings, kept_months, datetime.now(UTC))
    rows = ", ".join(f"{count} of {table}" for table, count in pruned.rows.items())
    click.echo(
        f"Kept: {pruned.first_kept_month:%Y-%m} and later, and of each list the last one before. Rows pruned: "
        f"{rows or 'none'}; and {pruned.files} files of results and logs, {pruned.runs} of Dagster's runs."
    )
