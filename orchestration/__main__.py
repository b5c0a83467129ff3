"""The command line behind the Makefile: demo, run, init, rates, explain, review, metrics, dev and docs.

Belongs here: turning arguments into settings and results into words and an exit code. Does not belong here: the work.
"""

import shutil
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from orchestration import monthly
from orchestration.ingestion.folder import US
from orchestration.settings import SHIPPED_SEEDS, RefusedError, Settings, keep_to_ourselves, make_folder
from orchestration.warehouse import build
from orchestration.warehouse.exchange_rates import monthly_rates, write_rates
from orchestration.warehouse.held import check_built
from orchestration.warehouse.seeds import make_empty, upgrade_seeds
from udfs.readers import currency_of

DEMO_MONTHS = ("2026-08", "2026-09", "2026-10")


class Commands(click.Group):
    """Commands that end in plain words, without a traceback, where a person can mend what is wrong."""

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - whatever the command returns
        """Run the command; a refusal is its message and exit code 1."""
        try:
            return super().invoke(ctx)
        except RefusedError as refusal:
            raise click.ClickException(str(refusal)) from refusal


@click.group(cls=Commands)
def main() -> None:
    """Account mapping between a company and its partners."""
    keep_to_ourselves()


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month to load and build.")
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path))
def run(exports: Path, month: datetime, seeds: Path | None) -> None:
    """Run the monthly job on your own exports."""
    settings = Settings.for_exports(exports, seeds)
    monthly.check_can_run(settings, month.date())
    with monthly.alone(settings, f"the run of {month:%Y-%m}"):
        monthly.wait_for_warehouse(settings)
        monthly.refresh(settings, [f"{month:%Y-%m}"])
        if settings.kept_months:
            monthly.prune_to(settings, settings.kept_months)


@main.command()
def demo() -> None:
    """Run the monthly job on the shipped exports, from nothing, month after month."""
    settings = Settings.from_environment()
    with monthly.alone(settings, "the demo"):
        for built in (settings.warehouse, settings.published, settings.validations):
            shutil.rmtree(built) if built.is_dir() else built.unlink(missing_ok=True)
        monthly.refresh(settings, list(DEMO_MONTHS))


@main.command()
@click.option("--name", help="Of your company; asked for where nothing is said.")
@click.option("--currency", help="Of amounts that name none, as an ISO code; asked for where nothing is said.")
@click.option("--rates", type=click.Path(path_type=Path), help="The ECB's eurofxref-hist.csv, or the zip with it.")
@click.argument("directory", type=click.Path(path_type=Path))
def init(directory: Path, name: str | None, currency: str | None, rates: Path | None) -> None:
    """Make a workspace of your own: seeds with your company in them and no partner, an exports and a var folder."""
    if directory.exists() and any(directory.iterdir()):
        raise RefusedError(f"{directory} is not empty. Name a folder that does not exist yet.")
    if not (name and currency) and not sys.stdin.isatty():
        raise RefusedError(
            "Say who you are and what your amounts are in where they name no currency:\n"
            f'  make init DIR={directory} NAME="Our Company" CURRENCY=EUR'
        )
    is_asking = not (name and currency)
    name = name or click.prompt("Name of your company")
    currency = currency or click.prompt("Currency of amounts that name none (an ISO code, such as EUR)")
    code = currency_of(currency)
    if code is None:
        raise RefusedError(f"{currency!r} is no currency. Give its ISO code: CURRENCY=EUR.")
    if is_asking and rates is None:
        answer = click.prompt(
            "The ECB's exchange rates, eurofxref-hist.zip (blank for none yet)", default="", show_default=False
        )
        rates = Path(answer) if answer else None
    read = monthly_rates(rates) if rates else []
    make_folder(directory)
    make_empty(directory / "seeds", ours={"party_id": US, "name": name, "status": US, "default_currency": code})
    (directory / "exports" / US).mkdir(parents=True)
    make_folder(directory / "var")
    yours = "" if code == "USD" else f", yours in {code} among them,"
    click.echo(
        write_rates(directory / "seeds", read)
        if read
        else f"No exchange rates: only amounts in US dollars count. All others{yours} have no value in US dollars,\n"
        "are in no sum, and stand in mart_refused_data, until there are rates:\n"
        f"  make rates EXPORTS={directory}/exports RATES=eurofxref-hist.zip"
    )
    click.echo(
        f"""Made {directory}. Next:
  1. a row per partner in {directory}/seeds/company/partners.csv (without nda_signed_on its files are not opened; every
     column has its cell, empty where there is nothing to say)
  2. your list as        {directory}/exports/us/<YYYY-MM>/accounts.csv (or .xlsx, .parquet)
     each partner's as   {directory}/exports/<party_id>/<YYYY-MM>/accounts.csv
  3. make run EXPORTS={directory}/exports MONTH=<YYYY-MM>"""
    )


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
@click.argument("file", type=click.Path(path_type=Path))
def rates(exports: Path, file: Path) -> None:
    """Load the exchange rates that the ECB publishes into your own workspace."""
    seeds = Settings.for_exports(exports).seeds
    if seeds == SHIPPED_SEEDS:
        raise RefusedError(
            "These exports have no seeds of their own beside them, and the demo keeps its invented rates."
        )
    click.echo(f"{write_rates(seeds, monthly_rates(file))} They count from the next run on.")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", type=click.IntRange(1, 65535), default=3000, show_default=True)
def dev(exports: Path | None, port: int) -> None:
    """Serve Dagster's web UI on the demo's workspace or your own, to this machine alone."""
    from orchestration.defs.web import serve  # noqa: PLC0415 - takes seconds

    settings = Settings.for_exports(exports)
    monthly.prepare(settings)
    serve(port)


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def docs(exports: Path | None) -> None:
    """Write the documentation of every table and column as one page that opens offline."""
    settings = Settings.for_exports(exports)
    check_built(settings.warehouse)
    monthly.prepare(settings)
    outcome = build.run(settings, "docs", "generate", "--static", month=build.latest_month(settings.warehouse))
    if not outcome.is_successful:
        raise RefusedError(outcome.problem)
    click.echo(f"Open {settings.dbt_target / 'static_index.html'}")


@main.command(context_settings={"ignore_unknown_options": True})
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("left")
@click.argument("right")
def explain(exports: Path | None, left: str, right: str) -> None:
    """Say why two records (<party_id>:<source_id>) are, or are not, held to be one company."""
    from orchestration.reports import explain as explaining  # noqa: PLC0415 - dbt's adapter behind the UDFs takes seconds

    settings = Settings.for_exports(exports)
    click.echo(explaining.as_text(explaining.explain(settings, left, right)))


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def review(exports: Path | None) -> None:
    """Write the pairs that wait for a person as a sheet to fill."""
    from orchestration.reports.review import passed_over_count, write_review_sheet  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    sheet, pairs = write_review_sheet(settings.published, settings.review)
    passed_over = passed_over_count(settings.published)
    month = sheet.stem
    click.echo(f"""{sheet}: {pairs} pairs wait for a person.
  Not in it: {passed_over} pairs inside one list that change no overlap and no open deal (in fct_account_matches).
  Answer with same, different, same group or unsure, write who decided, and leave empty what you do not know.
  Save it as {settings.exports / "us" / month / "decisions.xlsx"} and run {month} again,
  or put it into the folder of the month that is run next: a run reads the files of its own month.""")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--month", type=click.DateTime(["%Y-%m"]), required=True, help="The month to publish again.")
def restore(exports: Path | None, month: datetime) -> None:
    """Publish an earlier month again, as it was; the warehouse stays, and the next run publishes the latest."""
    monthly.restore(Settings.for_exports(exports), month.date())


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.argument("party")
def withdraw(exports: Path | None, party: str) -> None:
    """Take a party that has withdrawn out of everything, and prove it."""
    from orchestration.forgetting.withdrawal import withdraw as take_out  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    with monthly.alone(settings, f"the withdrawal of {party}"):
        click.echo(take_out(settings, party, monthly.build_on_copy).as_text(settings.published))


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--email", help="The person's address.")
@click.option("--contact", help="Or one of its contacts, <party>:<source id>.")
@click.option("--name", help="Or its name, with --account.")
@click.option("--account", help="Key of the account where it works.")
def erase(exports: Path | None, **who: str | None) -> None:
    """Take one person out of everything, prove it, and keep the next export from bringing it back."""
    from orchestration.forgetting.erasure import erase as take_out  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    with monthly.alone(settings, "the erasure of a person"):
        click.echo(take_out(settings, monthly.build_on_copy, **who).as_text(settings.published))


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--months", type=click.IntRange(1), help="How many are kept; ACCOUNT_MAPPING_KEPT_MONTHS by default.")
def prune(exports: Path | None, months: int | None) -> None:
    """Take lists, refusals, results and logs that are older than the kept months out of the workspace."""
    settings = Settings.for_exports(exports)
    kept_months = months or settings.kept_months
    if not kept_months:
        raise RefusedError("Everything is kept until you say for how long: MONTHS=24, or ACCOUNT_MAPPING_KEPT_MONTHS.")
    with monthly.alone(settings, "the pruning of old months"):
        monthly.prune_to(settings, kept_months)


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def rebuild(exports: Path | None) -> None:
    """Build a new warehouse from the raw tables of the old one, every month in order, and publish the latest."""
    settings = Settings.for_exports(exports)
    months = monthly.rebuild(settings)
    click.echo(f"{settings.warehouse} was built anew: {len(months)} months, from {months[0]:%Y-%m} on.")


@main.command()
@click.option("--seeds", type=click.Path(exists=True, file_okay=False, path_type=Path), required=True)
def upgrade(seeds: Path) -> None:
    """Sort the seeds of an older release into what is yours and what a release ships and renews."""
    click.echo("\n".join(upgrade_seeds(seeds)) or f"{seeds} is laid out as this release reads it.")


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--partner", help="Only this one; each partner by default.")
def session(exports: Path | None, partner: str | None) -> None:
    """Write the workbook of the one-hour mapping session with a partner."""
    from orchestration.reports.session import write_session_sheets  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    sheets = write_session_sheets(settings.published, settings.var / "sessions", partner)
    click.echo("\n".join(str(sheet) for sheet in sheets))


@main.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
def crm(exports: Path | None) -> None:
    """Write tiers, plays and ranks as a CSV that our CRM imports by its own ids, and decisions on partners as one."""
    from orchestration.reports.crm import write_crm_updates, write_partner_decisions  # noqa: PLC0415 - takes a second

    settings = Settings.for_exports(exports)
    file, rows = write_crm_updates(settings.published, settings.var / "crm")
    click.echo(f"{file}: {rows} rows, one per record of ours and partner. Match on source_id when you import it.")
    file, rows = write_partner_decisions(settings.published, settings.var / "crm")
    click.echo(f"{file}: {rows} rows, one per partner. Match on partner_id when you import it.")


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
    monthly.prepare(settings)
    build.parse(settings)
    from orchestration.reports import metrics as querying  # noqa: PLC0415 - MetricFlow takes seconds

    figures = querying.query(settings, names, groups)
    click.echo(querying.as_csv(figures) if as_csv else querying.as_text(figures))


if __name__ == "__main__":
    main()
