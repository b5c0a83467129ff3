"""What people of the field try first, in an empty environment: it works without a variable, a file or a word of ours.

Belongs here: commands of dbt, Dagster, pip and make as they are typed by habit. Does not belong here: what the commands
find (the other tests).
"""

import json
import os
import shutil
import signal
import socket
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.settings import HOME
from tests.workspaces import Run, copy_of

BIN = Path(sys.executable).parent
PARTS = ("dbt_project", "orchestration", "udfs", "seeds", "demo", "pyproject.toml", "README.md", "LICENSE", "Makefile")
LEFT_OUT = shutil.ignore_patterns("__pycache__", ".seeds", "target", "logs", ".user.yml")
PATIENCE_SECONDS = 240
# A code server hears of its parent's end by silence: it listens for 45 seconds at a time, and then ends its own parts.
UNATTENDED_SECONDS = 120

pytestmark = pytest.mark.usefixtures("dbt")


@pytest.fixture(scope="module")
def house(demo: Run, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout in which the demo has been run: what dbt and Dagster write by habit goes there."""
    house = tmp_path_factory.mktemp("house")
    for name in PARTS:
        if (HOME / name).is_dir():
            shutil.copytree(HOME / name, house / name, ignore=LEFT_OUT)
        else:
            shutil.copyfile(HOME / name, house / name)
    copy_of(demo.settings, house / "var" / "demo")
    return house


def empty_environment(home: Path) -> dict[str, str]:
    """What a shell has after a login, with the set-up on its path."""
    return {"PATH": f"{BIN}:/usr/bin:/bin", "HOME": str(home), "DO_NOT_TRACK": "1"}


def type_in(folder: Path, *command: str, environment: Mapping[str, str] | None = None, is_refused: bool = False) -> str:
    """Run a command in a folder and an empty environment; it must succeed, or be refused."""
    done = subprocess.run(
        command,
        cwd=folder,
        env={**empty_environment(folder), **(environment or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )
    assert (done.returncode != 0) == is_refused, done.stdout
    return done.stdout


def test_dbt_by_hand_works_on_the_demos_warehouse_without_a_variable(house: Path) -> None:
    project = house / "dbt_project"
    # Each command takes seconds to begin: ls parses the project too, and build runs the tests of what it has built.
    assert "account_mapping.marts.accounts.dim_accounts" in type_in(project, "dbt", "ls", "--quiet")
    built = type_in(project, "dbt", "build", "--select", "mart_partner_coverage")
    assert "PASS mart_partner_coverage_rules" in built
    assert "ERROR=0" in built
    month = ("--inline", "select {{ as_of_month() }} as month")
    assert "2026-10-01" in type_in(project, "dbt", "show", "--quiet", *month)  # the latest one loaded
    assert "PASS freshness of raw.files" in type_in(project, "dbt", "source", "freshness")
    type_in(project, "dbt", "docs", "generate")
    assert (project / "target" / "catalog.json").is_file()


def test_dbt_by_hand_finds_another_workspace_by_one_variable_and_keeps_the_demos_seeds_out_of_it(house: Path) -> None:
    other = house / "other" / "warehouse.duckdb"
    other.parent.mkdir()
    shutil.copyfile(house / "var" / "demo" / "warehouse.duckdb", other)
    named = {"ACCOUNT_MAPPING_WAREHOUSE": str(other)}
    before = (house / "var" / "demo" / "warehouse.duckdb").read_bytes()
    command = ("dbt", "run", "--select", "mart_partner_coverage")
    assert "ERROR=0" in type_in(house / "dbt_project", *command, environment=named)
    assert (house / "var" / "demo" / "warehouse.duckdb").read_bytes() == before
    assert "the warehouse is another workspace's" in type_in(
        house / "dbt_project", "dbt", "seed", environment=named, is_refused=True
    )


def test_dagster_and_dg_find_the_definitions(house: Path) -> None:
    shutil.rmtree(house / "var" / "dbt", ignore_errors=True)  # the manifest is made when it is missing
    type_in(house, "dagster", "definitions", "validate")
    assert (house / "var" / "dbt" / "manifest.json").is_file()
    type_in(house, "dg", "check", "defs")
    assert "dim_accounts" in type_in(house, "dg", "list", "defs", "--json")


def hear_interrupts() -> None:
    """Be interrupted as at a terminal: what a shell starts in the background ignores it, and so do its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@contextmanager
def served(house: Path, port: int, *command: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command in a session of its own until the block ends, once its page answers."""
    log = house / "served.log"
    with log.open("a") as stream:
        process = subprocess.Popen(
            command,
            cwd=house,
            env=empty_environment(house),
            stdout=stream,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=hear_interrupts,  # noqa: PLW1509 (no thread runs here)
        )
    try:
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < until, log.read_text()
            try:
                urllib.request.urlopen(f"http://localhost:{port}/server_info", timeout=5).close()
                break
            except OSError:
                time.sleep(0.3)
        yield process
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(60)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # nobody is left unless something went wrong


def free_port() -> int:
    """A port that nobody listens on."""
    with closing(socket.socket()) as listening:
        listening.bind(("127.0.0.1", 0))
        port: int = listening.getsockname()[1]
        return port


LOCATIONS = """{ workspaceOrError { ... on Workspace { locationEntries { locationOrLoadError {
    __typename ... on RepositoryLocation { repositories { assetNodes { id } } } } } } } }"""

TICKS = """{ sensorsOrError(repositorySelector: {
    repositoryName: "__repository__", repositoryLocationName: "orchestration.definitions"
}) { ... on Sensors { results { name sensorState { ticks(afterTimestamp: 1) { status } } } } } }"""


def ask(port: int, query: str, **headers: str) -> dict[str, Any]:
    """Ask the page by GraphQL."""
    request = urllib.request.Request(
        f"http://localhost:{port}/graphql",
        json.dumps({"query": query}).encode(),
        {"content-type": "application/json", **headers},
    )
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 - our own address
        found: dict[str, Any] = json.load(answer)
        return found


def assert_every_asset_is_offered(port: int) -> None:
    """Ask the page until it has loaded its assets."""
    until = time.monotonic() + PATIENCE_SECONDS
    while "assetNodes" not in (answer := json.dumps(ask(port, LOCATIONS))):
        assert time.monotonic() < until, answer
        time.sleep(0.3)
    assert answer.count('"id"') > 100


@pytest.mark.parametrize(
    "command",
    [("dagster", "dev", "-h", "127.0.0.1", "-p"), ("dg", "dev", "--host", "127.0.0.1", "--port")],
    ids=lambda command: " ".join(command[:2]),
)
def test_the_page_opens_with_every_asset(house: Path, command: tuple[str, ...]) -> None:
    port = free_port()
    with served(house, port, *command, str(port)):
        assert_every_asset_is_offered(port)


def is_anybody_left(group: int) -> bool:
    """Say whether any process of a session still runs."""
    try:
        os.killpg(group, 0)
    except (ProcessLookupError, PermissionError):  # macOS answers so for one that has ended and is still listed
        return False
    return True


def dev(port: int) -> tuple[str, ...]:
    """The command behind `make dev`."""
    return sys.executable, "-m", "orchestration", "dev", "--port", str(port)


def test_make_dev_opens_its_guarded_page(house: Path) -> None:
    port = free_port()
    with served(house, port, *dev(port)):
        assert_every_asset_is_offered(port)
        with pytest.raises(urllib.error.HTTPError, match="403"):
            ask(port, LOCATIONS, Origin="https://evil.example")


@pytest.mark.faults  # its parts notice after 45 seconds, and no one waits for that in every `make test`
def test_make_dev_that_is_killed_takes_its_parts_along(house: Path) -> None:
    port = free_port()
    with served(house, port, *dev(port)) as killed:
        assert_every_asset_is_offered(port)
        killed.kill()
        killed.wait()
        until = time.monotonic() + UNATTENDED_SECONDS
        with served(house, port, *dev(port)):  # the port is free at once
            assert_every_asset_is_offered(port)
            while '"ticks": [{' not in (answer := json.dumps(ask(port, TICKS))):  # daemon and page name sensors alike
                assert time.monotonic() < until, answer
                time.sleep(1)
        while is_anybody_left(killed.pid):
            assert time.monotonic() < until, type_in(house, "ps", "-e", "-o", "pgid,pid,args")
            time.sleep(1)


RUNS = """{ runsOrError { ... on Runs { results {
    runId status assetMaterializations { assetKey { path } partition }
} } } }"""


def runs_of(port: int) -> list[dict[str, Any]]:
    """Ask the page for its runs."""
    runs: list[dict[str, Any]] = ask(port, RUNS)["data"]["runsOrError"]["results"]
    return runs


@pytest.mark.bi
def test_one_asset_pressed_in_a_browser_is_materialised_alone(house: Path, tmp_path: Path) -> None:
    port, picture = free_port(), tmp_path / "pressed.png"
    with served(house, port, *dev(port)):
        assert_every_asset_is_offered(port)
        before = {run["runId"] for run in runs_of(port)}
        assert before  # those of the demo
        done = subprocess.run(
            [
                str(HOME / ".venv-bi" / "bin" / "python"), "-m", "tests.press_materialize",
                f"http://localhost:{port}/assets/marts/mart_pipeline_review", "2026-10", str(picture),
            ],
            cwd=HOME, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        assert picture.stat().st_size > 0
        until = time.monotonic() + PATIENCE_SECONDS
        new: list[dict[str, Any]] = []
        while not new or new[0]["status"] not in {"SUCCESS", "FAILURE", "CANCELED"}:
            assert time.monotonic() < until, new
            time.sleep(1)
            new = [run for run in runs_of(port) if run["runId"] not in before]
    materialised = {"assetKey": {"path": ["marts", "mart_pipeline_review"]}, "partition": "2026-10"}
    assert [(run["status"], run["assetMaterializations"]) for run in new] == [("SUCCESS", [materialised])]


OURS = """Account Name,Website,Country,Industry,Employees,Annual Revenue,Status
Brightwater Pumps Ltd,https://www.brightwaterpumps.example,United Kingdom,Manufacturing,240,"£12,500,000",Customer
Kessler & Söhne Maschinenbau GmbH,kessler-maschinenbau.example,Germany,Manufacturing,1100,€ 210 Mio,Prospect
Nordlys Shipping AS,nordlys.example,Norway,Logistics,480,"1,000,000",Customer
Calder Vale Insurance plc,caldervale.example,United Kingdom,Insurance,3200,,Target
Oakhollow Dairy Cooperative,,United States,Food,150,,Prospect
Zephyr Analytics Inc.,zephyr-analytics.example,United States,Software,85,$9M,Prospect
Maison Thibault SA,maisonthibault.example,France,Retail,640,,Churned
Quarrystone Legal LLP,quarrystone.example,United Kingdom,Legal,70,,Target
Pinecrest Hospitals,,United States,Healthcare,5100,,Customer
Tallgrass Energy Partners LLC,tallgrass-energy.example,United States,Energy,900,,Prospect
"""
THEIRS = """Company;Web;Land;Branche;Mitarbeiter;Status
BRIGHTWATER PUMPS LIMITED;brightwaterpumps.example;UK;Industry;250;Prospect
Kessler und Soehne Maschinenbau;;DE;Maschinenbau;1.100;Kunde
Nordlys Shipping;www.nordlys.example;NO;Logistik;;Customer
Oakhollow Dairy Co-operative;;US;Food;;Customer
Veldhuis Bakkerij B.V.;veldhuis.example;NL;Food;60;Customer
Sierra Alta Mining;sierra-alta.example;Chile;Mining;2000;Customer
Harbourline Ferries;harbourline.example;Ireland;Transport;310;Prospect
Lumen & Frost Studio;lumenfrost.example;UK;Media;25;Customer
Zephyr Marine Surveyors;zephyr-marine.example;US;Marine;40;Customer
Ostrava Steelworks a.s.;ostrava-steel.example;Czechia;Steel;4100;Customer
"""


def test_a_new_user_of_the_installed_package_finds_the_overlaps_of_two_short_lists(house: Path, tmp_path: Path) -> None:
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(environment)], check=True)
    (site,) = (environment / "lib").glob("python*/site-packages")
    # What it depends on is there already: it is lent, not downloaded again.
    (site / "lent.pth").write_text(str(next((BIN.parent / "lib").glob("python*/site-packages"))))
    pip = (sys.executable, "-m", "pip", "--python", str(environment / "bin" / "python"), "install", "--quiet")
    type_in(house, *pip, "--no-deps", "--no-build-isolation", "--no-index", ".")
    assert {marker.parent.name for marker in site.glob("*/py.typed")} >= {"orchestration", "udfs"}

    program, ours = str(environment / "bin" / "account-mapping"), tmp_path / "ours"
    (tmp_path / "rates.csv").write_text("Date,USD,GBP,\n2026-10-30,1.2,0.9,\n", encoding="utf-8")
    type_in(tmp_path, program, "init", "--name", "Us", "--currency", "GBP", "--rates", "rates.csv", str(ours))
    header, *_ = (ours / "seeds" / "company" / "partners.csv").read_text(encoding="utf-8").splitlines()
    blanks = header.count(",") - 4
    with (ours / "seeds" / "company" / "partners.csv").open("a", encoding="utf-8") as partners:
        partners.write(f"acme,Acme Consulting,signed,2026-01-15,2026-01-10{',' * blanks}\n")
    for party, text in (("us", OURS), ("acme", THEIRS)):
        folder = ours / "exports" / party / "2026-10"
        folder.mkdir(parents=True)
        (folder / "accounts.csv").write_text(text, encoding="utf-8")
    said = type_in(tmp_path, program, "run", "--exports", str(ours / "exports"), "--month", "2026-10")

    with duckdb.connect(str(ours / "var" / "published" / "marts.duckdb"), read_only=True) as marts:
        overlaps = marts.execute(
            """
            select accounts.name, shared.our_status, shared.partner_status, shared.play
            from fct_account_overlaps as shared
            inner join dim_accounts as accounts using (account_key)
            where shared.is_overlap and shared.partner_id = 'acme'
            order by 1
            """
        ).fetchall()
        accounts = marts.execute("select count(*) from dim_accounts").fetchone()
        revenue = marts.execute("select annual_revenue_usd from dim_accounts where name like 'Nordlys%'").fetchone()
    assert overlaps == [
        ("Brightwater Pumps Ltd", "customer", "prospect", "reciprocal_introduction"),
        ("Kessler & Söhne Maschinenbau GmbH", "prospect", "customer", "introduction"),
        ("Nordlys Shipping AS", "customer", "customer", "expansion"),
        ("Oakhollow Dairy Cooperative", "prospect", "customer", "introduction"),
    ]
    assert accounts == (16,)
    # What names no currency is in ours, for a workspace is made with it; 1.2 / 0.9 dollars is a pound in October.
    assert revenue == (Decimal("1333333.33"),)
    assert f"make dev EXPORTS={ours / 'exports'}" in said
    # The group of the published folder reads what names no person. Nobody else reads anything that a run has written.
    permissions = {
        **{"": 0o710, "published": 0o750, "published/parquet": 0o750, "published/marts.duckdb": 0o640},
        **{"published/contacts": 0o700, "published/contacts/contacts.duckdb": 0o600, "warehouse.duckdb": 0o600},
    }
    var = ours / "var"
    assert {name: stat.S_IMODE((var / name).stat().st_mode) for name in permissions} == permissions
    of_group = [file for file in var.rglob("*") if file.is_file() and stat.S_IMODE(file.stat().st_mode) & 0o077]
    assert of_group
    assert {file.relative_to(var).parts[0] for file in of_group} == {"published"}
    assert not (tmp_path / "var").exists()
