"""The dashboards: what they ask for is there, and a real Superset shows it.

Belongs here: the specifications in `bi/` against the marts' contracts, in every `make test`; and with the marker `bi`
(`make test-bi`) a Superset that serves the demo, asked through its API and looked at in Chromium. Does not belong here:
what the figures are.
"""

import http.client
import json
import re
import socket
import stat
import subprocess
import time
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from click.testing import CliRunner

from bi.__main__ import HOST, Superset, keep_secret
from bi.__main__ import main as start
from bi.bundle import READ_ONLY, SpecificationError, bundle_files, marts_of, read_dashboards, read_datasets
from orchestration.publishing.published import publish_marts
from orchestration.settings import HOME
from tests.workspaces import Run

DASHBOARDS = read_dashboards()
CHARTS = {chart["name"]: chart for dashboard in DASHBOARDS.values() for chart in dashboard["charts"]}
START_SECONDS = 180


@pytest.fixture(scope="module")
def empty_marts(manifest: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Published marts without rows, made from the contracts alone."""
    folder = tmp_path_factory.mktemp("contracts")
    marts = {
        node["name"]: node["columns"].values()
        for node in manifest["nodes"].values()
        if node["resource_type"] == "model" and node["path"].startswith("marts")
        if not node["config"]["meta"].get("contains_persons")
    }
    with duckdb.connect(str(folder / "warehouse.duckdb")) as warehouse:
        warehouse.execute("create schema marts")
        for mart, columns in marts.items():
            typed = ", ".join(f'"{column["name"]}" {column["data_type"]}' for column in columns)
            warehouse.execute(f'create table marts."{mart}" ({typed})')
    publish_marts(folder / "warehouse.duckdb", folder, date(2026, 10, 1), "contracts", datetime.now(UTC), marts)
    return folder / "marts.duckdb"


def test_every_chart_asks_for_what_the_contracts_promise(empty_marts: Path) -> None:
    files = bundle_files(empty_marts)
    assert {file["slice_name"] for name, file in files.items() if name.startswith("charts/")} == set(CHARTS)
    assert {Path(name).stem for name in files if name.startswith("dashboards/")} == set(DASHBOARDS)


@pytest.mark.parametrize(
    ("mart", "column"),
    [
        ("mart_co_sell_list", "co_sell_rank"),
        ("mart_kpi_status", "attainment_ratio"),
        ("mart_executive_summary", "figure"),
        ("fct_account_activations", "is_converted"),
        ("mart_account_mapping_matrix", "partner_id"),
    ],
)
def test_a_renamed_column_is_reported(empty_marts: Path, tmp_path: Path, mart: str, column: str) -> None:
    changed = tmp_path / "marts.duckdb"
    changed.write_bytes(empty_marts.read_bytes())
    with duckdb.connect(str(changed)) as marts:
        marts.execute(f"alter table {mart} rename column {column} to another_name")
    with pytest.raises(SpecificationError, match=column):
        bundle_files(changed)


def test_a_missing_mart_is_reported(empty_marts: Path, tmp_path: Path) -> None:
    changed = tmp_path / "marts.duckdb"
    changed.write_bytes(empty_marts.read_bytes())
    with duckdb.connect(str(changed)) as marts:
        marts.execute("drop table mart_partner_coverage")
    with pytest.raises(SpecificationError, match="mart_partner_coverage"):
        bundle_files(changed)


def test_an_import_replaces_what_the_last_one_brought(empty_marts: Path) -> None:
    first, second = bundle_files(empty_marts), bundle_files(empty_marts)
    assert first == second
    ids = [file["uuid"] for name, file in first.items() if name != "metadata.yaml"]
    assert len(ids) == len(set(ids))


def test_every_dashboard_has_an_exposure_with_the_marts_it_reads(manifest: dict[str, Any]) -> None:
    exposed = {
        exposure["name"]: {node.rpartition(".")[2] for node in exposure["depends_on"]["nodes"]}
        for exposure in manifest["exposures"].values()
        if exposure["type"] == "dashboard"
    }
    datasets = read_datasets()
    read = {slug: marts_of(dashboard, datasets) - {"last_refreshed"} for slug, dashboard in DASHBOARDS.items()}
    assert exposed == {f"{slug}_dashboard": marts for slug, marts in read.items()}


def test_a_dataset_reads_the_marts_it_names() -> None:
    for name, dataset in read_datasets().items():
        assert set(re.findall(r"(?:from|join) (\w+)", dataset["sql"])) == set(dataset["reads"]), name


def test_the_connection_reads_its_file_and_nothing_else(empty_marts: Path, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.csv"
    stranger.write_text("secret\n1\n")
    with duckdb.connect(str(empty_marts), config=READ_ONLY) as marts:
        assert marts.execute("select count(*) from last_refreshed").fetchone() == (1,)
        for query in (
            f"from read_csv('{stranger}')",
            f"copy (select 1) to '{tmp_path / 'out.csv'}'",
            f"attach '{tmp_path / 'other.duckdb'}'",
            "drop table last_refreshed",
            "set enable_external_access = true",
        ):
            with pytest.raises(duckdb.Error):
                marts.execute(query)


def test_a_secret_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    keep_secret(file, "first")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        keep_secret(file, "second")
    assert file.read_text() == "first"


def test_no_secret_is_under_version_control() -> None:
    assigned = re.compile(r"""(?i)(password|secret|secret_key|api_key|token)["']?\s*[:=]\s*["'][^"'\s{}]{8,}["']""")
    assert assigned.search('SECRET_KEY = "correct-horse-battery"')
    tracked = subprocess.run(
        ["git", "ls-files", "*.py", "*.toml", "*.yml", "*.yaml", "Makefile", "*.json"],  # noqa: S607 (the git on PATH)
        cwd=HOME,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()
    found = {
        file: assigned.findall(text)
        for file in tracked
        if file != "tests/bi/test_bi.py"
        if assigned.search(text := (HOME / file).read_text(encoding="utf-8"))
    }
    assert not found


def test_without_published_marts_the_way_to_them_is_named(tmp_path: Path) -> None:
    superset = Superset(tmp_path / "bi", tmp_path / "published" / "marts.duckdb")
    with pytest.raises(Exception, match="make demo") as refusal:
        superset.prepare(has_viewer=False)
    assert str(superset.published) in str(refusal.value)


def test_a_taken_port_is_reported() -> None:
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = CliRunner().invoke(start, ["--port", str(port)])
    assert done.exit_code == 1
    assert f"Port {port} is taken" in done.output


def test_supersets_lock_holds_what_is_asked_for_with_hashes_and_no_address() -> None:
    text = (HOME / "bi" / "requirements.lock").read_text(encoding="utf-8")
    asked = tomllib.loads((HOME / "pyproject.toml").read_text(encoding="utf-8"))["dependency-groups"]["bi"]
    direct = {block.partition("==")[0] for block in re.split(r"\n(?=\S)", text) if "pyproject.toml:bi" in block}
    assert direct == {re.split(r"[<>=]", requirement)[0] for requirement in asked}
    assert all("--hash=sha256:" in block for block in re.split(r"\n(?=\S)", text))
    assert "://" not in text


@dataclass
class Client:
    """Somebody who is logged in and asks Superset's API."""

    port: int
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Ask once: status and what the answer says."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=120)
        headers = self.headers | ({"Content-Type": "application/json"} if body else {})
        connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        if cookie := answer.getheader("Set-Cookie"):
            self.headers["Cookie"] = cookie.partition(";")[0]
        connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def log_in(self, account: str, password: str) -> "Client":
        """Log in, also for requests that change something."""
        _, said = self.ask(
            "POST", "/api/v1/security/login", {"username": account, "password": password, "provider": "db"}
        )
        self.headers["Authorization"] = f"Bearer {said['access_token']}"
        _, said = self.ask("GET", "/api/v1/security/csrf_token/")
        self.headers["X-CSRFToken"] = said["result"]
        return self

    def charts(self) -> dict[str, int]:
        """Name → number of every chart this account may see."""
        status, said = self.ask("GET", "/api/v1/chart/?q=(page_size:100)")
        assert status == http.client.OK, said
        return {chart["slice_name"]: chart["id"] for chart in said["result"]}


@dataclass(frozen=True)
class Served:
    """A Superset that serves the demo's marts."""

    superset: Superset
    port: int
    demo: Run

    def client(self, account: str) -> Client:
        return Client(self.port).log_in(account, self.superset.password_file(account).read_text())


@pytest.fixture(scope="module")
def served(demo: Run, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Superset on a copy of the demo's published marts, as `make bi DEMO_USER=1` starts it."""
    folder = tmp_path_factory.mktemp("bi")
    published = folder / "published" / "marts.duckdb"
    published.parent.mkdir()
    published.write_bytes((demo.settings.published / "marts.duckdb").read_bytes())
    superset = Superset(folder / "bi", published)
    superset.prepare(has_viewer=True)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    with (
        (folder / "superset.log").open("w") as log,
        subprocess.Popen(
            superset.serving(port), env=superset.environment, cwd=folder, stdout=log, stderr=log
        ) as server,
    ):
        try:
            for _ in range(START_SECONDS):
                assert server.poll() is None, (folder / "superset.log").read_text()
                with socket.socket() as probe:
                    if probe.connect_ex((HOST, port)) == 0:
                        break
                time.sleep(1)
            yield Served(superset, port, demo)
        finally:
            server.terminate()


@pytest.mark.bi
def test_every_chart_answers_with_rows(served: Served) -> None:
    viewer = served.client("viewer")
    charts = viewer.charts()
    assert set(charts) == set(CHARTS)
    wrong = {}
    for name, number in charts.items():
        status, said = viewer.ask("GET", f"/api/v1/chart/{number}/data/")
        rows = said["result"][0]["rowcount"] if status == http.client.OK else said
        if not isinstance(rows, int) or (not rows and not CHARTS[name].get("may_be_empty")):
            wrong[name] = rows
    assert not wrong


@pytest.mark.bi
def test_every_dashboard_opens_in_a_browser_without_an_error(served: Served, tmp_path: Path) -> None:
    # As the admin: the browser of somebody who may change nothing logs that Superset did not let it store colours.
    slugs = {slug.replace("_", "-"): dashboard for slug, dashboard in DASHBOARDS.items()}
    done = subprocess.run(
        [
            str(served.superset.bin / "python"), str(HOME / "bi" / "look.py"), f"http://{HOST}:{served.port}", *slugs,
            "--password-file", str(served.superset.password_file("admin")), "--pictures", str(tmp_path),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    for slug, dashboard in slugs.items():
        assert set(seen[slug]["charts"]) == {chart["name"] for chart in dashboard["charts"]}
        assert not seen[slug]["errors"]
        assert not seen[slug]["log"]
        may_be_empty = {chart["name"] for chart in dashboard["charts"] if chart.get("may_be_empty")}
        assert set(seen[slug]["empty"]) <= may_be_empty
        assert (tmp_path / f"{slug}.png").stat().st_size > 0


@pytest.mark.bi
def test_a_swap_of_the_published_file_is_seen_at_once(served: Served) -> None:
    viewer = served.client("viewer")
    number = viewer.charts()["These figures are of"]

    def schema_and_time() -> set[str]:
        asked = [viewer.ask("GET", f"/api/v1/chart/{number}/data/")[1]["result"][0]["data"] for _ in range(12)]
        return {str(row["published_at"]) for rows in asked for row in rows}

    before = schema_and_time()
    with duckdb.connect(str(served.superset.published), read_only=True) as marts:
        names = [name for (name,) in marts.execute("select table_name from duckdb_tables()").fetchall()]
    publish_marts(
        served.demo.settings.warehouse,
        served.superset.published.parent,
        date(2026, 10, 1),
        "swapped",
        datetime(2030, 1, 1, tzinfo=UTC),
        [name for name in names if name != "last_refreshed"],
    )
    after = schema_and_time()
    assert len(before) == len(after) == 1
    assert before != after


@pytest.mark.bi
def test_not_even_the_admin_reads_another_file_through_the_marts(served: Served) -> None:
    admin = served.client("admin")
    _, said = admin.ask("GET", "/api/v1/database/")
    (marts,) = [database["id"] for database in said["result"] if database["database_name"] == "marts"]

    def run(sql: str) -> tuple[int, Any]:
        return admin.ask("POST", "/api/v1/sqllab/execute/", {"database_id": marts, "sql": sql, "runAsync": False})

    status, said = run("select count(*) as n from dim_partners")
    assert status == http.client.OK, said
    status, said = run(f"select * from read_text('{served.superset.folder / 'secret_key'}')")
    assert status != http.client.OK
    assert "file system operations are disabled" in json.dumps(said)


@pytest.mark.bi
def test_who_only_looks_changes_nothing(served: Served) -> None:
    viewer = served.client("viewer")
    number = viewer.charts()["Co-sell list"]
    assert viewer.ask("PUT", f"/api/v1/chart/{number}", {"slice_name": "Mine"})[0] == http.client.FORBIDDEN
    assert viewer.ask("POST", "/api/v1/dashboard/", {"dashboard_title": "Mine"})[0] == http.client.FORBIDDEN
    assert viewer.ask("GET", "/api/v1/security/users/")[0] == http.client.FORBIDDEN


@pytest.mark.bi
def test_nobody_who_is_not_logged_in_sees_anything(served: Served) -> None:
    number = served.client("viewer").charts()["Co-sell list"]
    assert Client(served.port).ask("GET", f"/api/v1/chart/{number}/data/")[0] in {
        http.client.UNAUTHORIZED, http.client.NOT_FOUND, http.client.FORBIDDEN,
    }  # fmt: skip


@pytest.mark.bi
def test_pages_load_nothing_from_elsewhere(served: Served) -> None:
    connection = http.client.HTTPConnection(HOST, served.port, timeout=60)
    connection.request("GET", "/login/")
    policy = connection.getresponse().getheader("Content-Security-Policy") or ""
    assert "default-src 'self'" in policy
    assert not re.findall(r"[a-z0-9-]+\.[a-z]{2,}", policy)
