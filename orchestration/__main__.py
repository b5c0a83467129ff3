"""The command line behind the Makefile: demo, run, init, explain, review, metrics, dev and docs.

Belongs here: turning arguments into settings and results into words and an exit code. Does not belong here: the work.
"""

import csv
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, redirect_stdout, suppress
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click
import duckdb

from orchestration.ingestion.folder import read_acceptances, read_parties
from orchestration.runs.lock import BusyError, one_run
from orchestration.settings import DBT_EXECUTABLE, DBT_PROJECT_DIR, HOME, PARTY_TABLES, Settings
from orchestration.warehouse import faults
from orchestration.warehouse.schema import (
    WarehouseRefusedError,
    check_exports_folder,
    check_month_is_kept,
    check_release,
)
from orchestration.warehouse.seeds import check_seeds, upgrade_seeds

if TYPE_CHECKING:
    from orchestration.forgetting import Report

DEMO_MONTHS = ("2026-08", "2026-09", "2026-10")


class CommandError(click.ClickException):
    """Something the person at the keyboard can mend; printed without a traceback, exit code 1."""


@click.group()
def main() -> None:
    """Account mapping between a company and its partners."""


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month to load and build.")
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path))
def run(exports: Path, month: datetime, seeds: Path | None) -> None:
    """Run the monthly job on your own exports."""
    settings = Settings.for_exports(exports, seeds)
    try:
        read_parties(settings.seeds / "partners.csv")
        read_acceptances(settings.seeds / "accepted_files.csv")
        check_exports_folder(settings.warehouse, settings.exports)
        check_release(settings.warehouse)
        if settings.warehouse.exists():
            with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
                check_month_is_kept(warehouse, month.date())
    except (ValueError, FileNotFoundError) as refusal:
        raise CommandError(str(refusal)) from refusal
    except duckdb.Error as problem:
        if not faults.is_locked(problem):  # a run that holds it is named below, and the landing asks again
            raise CommandError(faults.explain(problem, settings) or str(problem)) from problem
    with alone(settings, f"the run of {month:%Y-%m}"):
        wait_for_warehouse(settings)
        refresh(settings, [f"{month:%Y-%m}"])
        if settings.kept_months:
            prune_to(settings, settings.kept_months)


@main.command()
def demo() -> None:
    """Run the monthly job on the shipped exports, from nothing, month after month."""
    settings = Settings.from_environment()
    with alone(settings, "the demo"):
        for built in (settings.warehouse, settings.published, settings.validations):
            shutil.rmtree(built) if built.is_dir() else built.unlink(missing_ok=True)
        refresh(settings, list(DEMO_MONTHS))


@main.command()
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path) -> None:
    """Make a workspace of your own: seeds with the party tables emptied, an exports folder and a var folder."""
    if directory.exists() and any(directory.iterdir()):
        raise CommandError(f"{directory} is not empty. Name a folder that does not exist yet.")
    shutil.copytree(HOME / "seeds", directory / "seeds")
    for table in PARTY_TABLES:
        seed = directory / "seeds" / f"{table}.csv"
        with seed.open(newline="", encoding="utf-8") as stream:
            header = next(csv.reader(stream))
        seed.write_text(",".join(header) + "\n", encoding="utf-8")
    (directory / "exports" / "us").mkdir(parents=True)
    (directory / "var").mkdir()
    click.echo(
        f"""Made {directory}. Next:
  1. a row per partner in {directory}/seeds/partners.csv (without nda_signed_on his files are not opened; every column
     has its cell, empty where there is nothing to say)
  2. your list as        {directory}/exports/us/<YYYY-MM>/accounts.csv (or .xlsx, .parquet)
     each partner's as   {directory}/exports/<party_id>/<YYYY-MM>/accounts.csv
  3. make run EXPORTS={directory}/exports MONTH=<YYYY-MM>"""
    )


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def dev(exports: Path | None, arguments: tuple[str, ...]) -> None:
    """Open Dagster's web UI on the demo's workspace or your own."""
    settings = Settings.for_exports(exports)
    prepare(settings)
    dbt(settings, "parse")
    command = [sys.executable, "-m", "dagster", "dev", "-m", "orchestration.definitions", *arguments]
    raise SystemExit(subprocess.call(command, cwd=HOME))  # noqa: S603 - our own interpreter and module


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def docs(exports: Path | None) -> None:
    """Write the documentation of every table and column as one page that opens offline."""
    settings = Settings.for_exports(exports)
    if not settings.warehouse.is_file():
        raise CommandError(f"{settings.warehouse} is not there: nothing has been built yet (make run or make demo).")
    with duckdb.connect(str(settings.warehouse), read_only=True) as warehouse:
        ((month,),) = warehouse.execute("select max(export_month) from raw.files where status = 'landed'").fetchall()
    os.environ["ACCOUNT_MAPPING_AS_OF_MONTH"] = f"{month}"
    prepare(settings)
    dbt(settings, "docs", "generate", "--static")
    click.echo(f"Open {settings.dbt_target / 'static_index.html'}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("left")
@click.argument("right")
def explain(exports: Path | None, left: str, right: str) -> None:
    """Say why two records (<party_id>:<source_id>) are, or are not, held to be one company."""
    from orchestration import explain as explaining  # noqa: PLC0415 - dbt's adapter behind the UDFs takes seconds

    settings = Settings.for_exports(exports)
    try:
        click.echo(explaining.as_text(explaining.explain(settings, left, right)))
    except explaining.NoExplanationError as problem:
        raise CommandError(str(problem)) from problem


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def review(exports: Path | None) -> None:
    """Write the pairs that wait for a person as a sheet to fill."""
    from orchestration.review import NoReviewError, write_review_sheet  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    try:
        sheet, pairs = write_review_sheet(settings.published, settings.review)
    except NoReviewError as problem:
        raise CommandError(str(problem)) from problem
    month = sheet.stem
    click.echo(f"""{sheet}: {pairs} pairs wait for a person.
  Answer with same, different, same group or unsure, write who decided, and leave empty what you do not know.
  Save it as {settings.exports / "us" / month / "decisions.xlsx"} and run {month} again,
  or put it into the folder of the month that is run next: a run reads the files of its own month.""")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month to publish again.")
def restore(exports: Path | None, month: datetime) -> None:
    """Publish an earlier month again, as it was; the warehouse stays, and the next run publishes the latest."""
    from orchestration.publishing.restatements import UnreadableMartsError, keep_published  # noqa: PLC0415 - takes a second
    from orchestration.warehouse.restore import copy_until  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    copied = replace(settings, warehouse=settings.var / "restored.duckdb")
    with alone(settings, f"a restore of {month:%Y-%m}"):
        copied.warehouse.unlink(missing_ok=True)
        try:
            copy_until(settings.warehouse, copied.warehouse, month.date())
            with suppress(UnreadableMartsError):
                keep_published(settings.warehouse, settings.published)
            refresh(copied, [f"{month:%Y-%m}"], is_landed=True)
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
        finally:
            copied.warehouse.unlink(missing_ok=True)


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("party")
def withdraw(exports: Path | None, party: str) -> None:
    """Take a party that has withdrawn out of everything, and prove it."""
    from orchestration import forgetting  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    with alone(settings, f"the withdrawal of {party}"):
        try:
            click.echo(of_forgetting(settings, forgetting.withdraw(settings, party, build_on_copy)))
        except forgetting.NotForgottenError as problem:
            raise CommandError(str(problem)) from problem


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--email", help="The person's address.")
@click.option("--contact", help="Or one of its contacts, <party>:<source id>.")
@click.option("--name", help="Or its name, with --account.")
@click.option("--account", help="Key of the account where it works.")
def erase(exports: Path | None, **who: str | None) -> None:
    """Take one person out of everything, prove it, and keep the next export from bringing it back."""
    from orchestration import forgetting  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    with alone(settings, "the erasure of a person"):
        try:
            click.echo(of_forgetting(settings, forgetting.erase(settings, build_on_copy, **who)))
        except forgetting.NotForgottenError as problem:
            raise CommandError(str(problem)) from problem


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--months", type=click.IntRange(1), help="How many are kept; ACCOUNT_MAPPING_KEPT_MONTHS by default.")
def prune(exports: Path | None, months: int | None) -> None:
    """Take lists, refusals, results and logs that are older than the kept months out of the workspace."""
    settings = Settings.for_exports(exports)
    kept_months = months or settings.kept_months
    if not kept_months:
        raise CommandError("Everything is kept until you say for how long: MONTHS=24, or ACCOUNT_MAPPING_KEPT_MONTHS.")
    with alone(settings, "the pruning of old months"):
        prune_to(settings, kept_months)


def prune_to(settings: Settings, kept_months: int) -> None:
    """Prune a workspace and say what went."""
    from orchestration import retention  # noqa: PLC0415 - takes a second

    try:
        pruned = retention.prune(settings, kept_months, datetime.now(UTC))
    except WarehouseRefusedError as problem:
        raise CommandError(str(problem)) from problem
    rows = ", ".join(f"{count} of {table}" for table, count in pruned.rows.items())
    click.echo(
        f"Kept: {pruned.first_kept_month:%Y-%m} and later, and of each list the last one before. Rows pruned: "
        f"{rows or 'none'}; and {pruned.files} files of results and logs, {pruned.runs} of Dagster's runs."
    )


def build_on_copy(settings: Settings, month: date) -> None:
    """Build, test and publish a month on a copy of a workspace; its summary would tell nothing new."""
    click.echo(f"Building {month:%Y-%m} on a copy without them …")
    refresh(settings, [f"{month:%Y-%m}"], is_landed=True, is_told=False)


def of_forgetting(settings: Settings, report: "Report") -> str:
    """Tell what was taken out, the proof, and what only a person can do."""
    proof = report.proof
    removed = ", ".join(f"{rows} of {table}" for table, rows in report.removed.items())
    left = [f"  {line}" for line in (*report.delivered, *report.seed_rows)]
    return "\n".join(
        [
            f"Done: {report.what}. {settings.published / 'marts.duckdb'} is published without them.",
            f"  Rows taken out: {removed or 'none'}; everything else was built anew from the rest.",
            f"  Proof: {proof.looked_for} texts that only they had were looked for in {proof.cells} texts of "
            f"{proof.tables} tables and in {proof.bytes} bytes of {proof.files} files: none was found.",
            f"  Left out of the search as too short to mean anything: {report.texts_too_short}.",
            f"  The record, without any data: {report.record}",
            "Not touched, and yours to delete or decide:" if left else "Nothing is left for you to do.",
            *left,
        ]
    )


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def rebuild(exports: Path | None) -> None:
    """Build a new warehouse from the raw tables of the old one, every month in order, and publish the latest."""
    from orchestration.warehouse.restore import copy_landed  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    rebuilt = replace(settings, warehouse=settings.var / "rebuilt.duckdb")
    with alone(settings, "a rebuild"):
        rebuilt.warehouse.unlink(missing_ok=True)
        try:
            months = copy_landed(settings.warehouse, rebuilt.warehouse)
            refresh(rebuilt, [f"{months[0]:%Y-%m}"], is_landed=True)
            rebuilt.warehouse.replace(settings.warehouse)
        except ValueError as problem:
            raise CommandError(str(problem)) from problem
        finally:
            rebuilt.warehouse.unlink(missing_ok=True)
    click.echo(f"{settings.warehouse} was built anew: {len(months)} months, from {months[0]:%Y-%m} on.")


@main.command()
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
def upgrade(seeds: Path) -> None:
    """Add the seed files and columns that this release reads and a workspace of an older one lacks."""
    click.echo("\n".join(upgrade_seeds(seeds)) or f"{seeds} lacks nothing.")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--partner", help="Only this one; each partner by default.")
def session(exports: Path | None, partner: str | None) -> None:
    """Write the workbook of the one-hour mapping session with a partner."""
    from orchestration.handoff import NoHandoffError, write_session_sheets  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    try:
        sheets = write_session_sheets(settings.published, settings.var / "sessions", partner)
    except NoHandoffError as problem:
        raise CommandError(str(problem)) from problem
    click.echo("\n".join(str(sheet) for sheet in sheets))


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def crm(exports: Path | None) -> None:
    """Write tiers, plays and ranks as a CSV that our CRM imports by its own record ids."""
    from orchestration.handoff import NoHandoffError, write_crm_updates  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    try:
        file, rows = write_crm_updates(settings.published, settings.var / "crm")
    except NoHandoffError as problem:
        raise CommandError(str(problem)) from problem
    click.echo(f"{file}: {rows} rows, one per record of ours and partner. Match on source_id when you import it.")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option(
    "--by", "groups", multiple=True, help="partner, metric_time__month, opportunity__stage …; may be repeated."
)
@click.option("--csv", "as_csv", is_flag=True, help="Every digit, separated by commas.")
@click.argument("names", nargs=-1)
def metrics(exports: Path | None, groups: tuple[str, ...], as_csv: bool, names: tuple[str, ...]) -> None:
    """Show metrics of joint selling by their names; without names, all of them that have the groups."""
    settings = Settings.for_exports(exports)
    prepare(settings)
    dbt(settings, "parse")
    from orchestration import metrics as querying  # noqa: PLC0415 - MetricFlow takes seconds

    try:
        figures = querying.query(settings, names, groups)
    except querying.NoMetricsError as problem:
        raise CommandError(str(problem)) from problem
    click.echo(querying.as_csv(figures) if as_csv else querying.as_text(figures))


@contextmanager
def alone(settings: Settings, what: str) -> Iterator[None]:
    """Keep every other run out of a workspace during a block, and say in plain words when the machine fails in it.

    Args:
        settings: the workspace.
        what: the run in a few words, for whoever is refused meanwhile.

    Raises:
        CommandError: another run is going, or the machine has failed in a way that is known.
    """
    try:
        with one_run(settings.var, what):
            yield
    except BusyError as refusal:
        raise CommandError(str(refusal)) from refusal
    except Exception as problem:
        told = faults.explain(problem, settings)
        if told is None or told in str(problem):
            raise
        raise CommandError(f"{problem}\n{told}" if isinstance(problem, CommandError) else told) from problem


def wait_for_warehouse(settings: Settings) -> None:
    """Wait for whoever looks something up in the warehouse, and say so at once; two minutes at most.

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
        CommandError: its seeds are of an older release.
    """
    try:
        check_seeds(settings.seeds)
    except ValueError as refusal:
        raise CommandError(str(refusal)) from refusal
    os.environ.update(settings.as_environment())
    settings.dagster_home.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(HOME / "orchestration" / "dagster.yaml", settings.dagster_home / "dagster.yaml")
    settings.link_seeds()


def dbt(settings: Settings, *arguments: str) -> None:
    """Run a dbt command on a workspace, quietly.

    Raises:
        CommandError: dbt failed; its output is the message.
    """
    command = [
        str(DBT_EXECUTABLE), "--quiet", *arguments,
        "--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR),
        "--log-path", str(settings.var / "logs"),
    ]  # fmt: skip
    done = subprocess.run(command, cwd=DBT_PROJECT_DIR, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise CommandError(f"dbt {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")


def refresh(settings: Settings, months: list[str], *, is_landed: bool = False, is_told: bool = True) -> None:
    """Run the job `monthly_refresh` for some months and say what came of it.

    Args:
        settings: the workspace.
        months: `YYYY-MM`, in the order to run.
        is_landed: whether the exports are in the warehouse already, so that the landing folder is not looked at.
        is_told: whether what was published is told at the end.

    Raises:
        CommandError: a month was not published; the message says which step stopped it.
    """
    started = time.perf_counter()
    prepare(settings)
    with ThreadPoolExecutor() as pool:
        parsing = pool.submit(dbt, settings, "parse")
        # These imports take seconds, so they come after the quick refusals; the environment must be set before them.
        import dagster as dg  # noqa: PLC0415

        from orchestration.definitions import definitions  # noqa: PLC0415
        from orchestration.months import MONTHS  # noqa: PLC0415
        from orchestration.runs import page as run_page  # noqa: PLC0415
        from orchestration.runs import progress, summary  # noqa: PLC0415

        parsing.result()
    defined = definitions()
    job = defined.resolve_job_def("monthly_refresh")
    landing = dg.AssetSelection.groups("raw").resolve(defined.resolve_asset_graph())
    selected = [key for key in job.asset_layer.selected_asset_keys if key not in landing] if is_landed else None
    instance = dg.DagsterInstance.get()
    warn = partial(click.echo, err=True)
    seconds = {"imports and dbt parse": time.perf_counter() - started}
    for month in months:
        if not MONTHS.has_partition_key(month):
            raise CommandError(f"{month!r} cannot be loaded: it is before 2020 or has not begun.")
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
        told = run_page.tell_of_run(settings, instance, result.run_id, warn)
        if not result.success:
            click.echo(summary.refused_files(settings, month))
            raise CommandError(
                f"{month} was not published.\n{summary.failure(result)}\nWhat to do, on one page: {told.page}"
            )
    if is_told:
        click.echo(summary.of_published(settings, months[-1], told.page))
        click.echo(summary.of_seconds(seconds))


if __name__ == "__main__":
    main()
