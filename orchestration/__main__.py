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
from contextlib import contextmanager, redirect_stdout
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import click
import duckdb

from orchestration import faults
from orchestration.ingestion.folder import read_acceptances, read_parties
from orchestration.ingestion.raw_schema import check_exports_folder
from orchestration.one_run import BusyError, one_run
from orchestration.settings import DBT_EXECUTABLE, DBT_PROJECT_DIR, HOME, PARTY_TABLES, Settings

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
    except (ValueError, FileNotFoundError) as refusal:
        raise CommandError(str(refusal)) from refusal
    except duckdb.Error as problem:
        if not faults.is_locked(problem):  # a run that holds it is named below, and the landing asks again
            raise CommandError(faults.explain(problem, settings) or str(problem)) from problem
    with alone(settings, f"the run of {month:%Y-%m}"):
        wait_for_warehouse(settings)
        refresh(settings, [f"{month:%Y-%m}"])


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
    from orchestration.restore import NoRestoreError, copy_until  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    copied = replace(settings, warehouse=settings.var / "restored.duckdb")
    with alone(settings, f"a restore of {month:%Y-%m}"):
        copied.warehouse.unlink(missing_ok=True)
        try:
            copy_until(settings.warehouse, copied.warehouse, month.date())
            refresh(copied, [f"{month:%Y-%m}"], is_landed=True)
        except NoRestoreError as problem:
            raise CommandError(str(problem)) from problem
        finally:
            copied.warehouse.unlink(missing_ok=True)


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
    """
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


def refresh(settings: Settings, months: list[str], *, is_landed: bool = False) -> None:
    """Run the job `monthly_refresh` for some months and say what came of it.

    Args:
        settings: the workspace.
        months: `YYYY-MM`, in the order to run.
        is_landed: whether the exports are in the warehouse already, so that the landing folder is not looked at.

    Raises:
        CommandError: a month was not published; the message says which step stopped it.
    """
    started = time.perf_counter()
    prepare(settings)
    with ThreadPoolExecutor() as pool:
        parsing = pool.submit(dbt, settings, "parse")
        # These imports take seconds, so they come after the quick refusals; the environment must be set before them.
        import dagster as dg  # noqa: PLC0415

        from orchestration import summary  # noqa: PLC0415
        from orchestration.definitions import definitions  # noqa: PLC0415
        from orchestration.months import MONTHS  # noqa: PLC0415

        parsing.result()
    defined = definitions()
    job = defined.resolve_job_def("monthly_refresh")
    landing = dg.AssetSelection.groups("raw").resolve(defined.resolve_asset_graph())
    selected = [key for key in job.asset_layer.selected_asset_keys if key not in landing] if is_landed else None
    instance = dg.DagsterInstance.get()
    seconds = {"imports and dbt parse": time.perf_counter() - started}
    for month in months:
        if not MONTHS.has_partition_key(month):
            raise CommandError(f"{month!r} cannot be loaded: it is before 2020 or has not begun.")
        click.echo(f"{datetime.now(UTC):%H:%M:%S}  {month}: landing, mapping, checking, publishing …")
        with (settings.var / "logs" / f"{month}.log").open("w", encoding="utf-8") as log, redirect_stdout(log):
            result = job.execute_in_process(
                partition_key=month,
                instance=instance,
                raise_on_error=False,
                asset_selection=selected,
                run_config={"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}},
            )
        seconds = summary.add_step_seconds(seconds, result)
        if not result.success:
            click.echo(summary.refused_files(settings, month))
            raise CommandError(f"{month} was not published.\n{summary.failure(result)}")
    click.echo(summary.of_published(settings, months[-1]))
    click.echo(summary.of_seconds(seconds))


if __name__ == "__main__":
    main()
