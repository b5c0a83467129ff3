"""`make bi`: Superset on this machine, with the published marts and the dashboards of this folder.

Belongs here: the workspace's `var/bi`, its secrets, and starting Superset from its own set-up. Does not belong here:
what the dashboards show (`bundle.py`), or Superset's settings (`superset_config.py`).
"""

import os
import secrets
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

import click

from bi.bundle import HERE, SpecificationError, write_bundle
from orchestration.settings import HOME, Settings

SUPERSET = HOME / ".venv-bi" / "bin"
HOST = "127.0.0.1"


@dataclass(frozen=True)
class Superset:
    """Superset of one workspace: its folder of secrets and its own database, and the marts it shows."""

    folder: Path
    published: Path
    bin: Path = SUPERSET

    @property
    def environment(self) -> dict[str, str]:
        """What Superset's processes are given: nothing of the caller's Python leaks in, nothing is reported home."""
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "FLASK", "SUPERSET"))
        }
        return kept | {
            "ACCOUNT_MAPPING_BI": str(self.folder),
            "SUPERSET_CONFIG_PATH": str(HERE / "superset_config.py"),
            "SUPERSET_HOME": str(self.folder),
            "FLASK_APP": "superset.app:create_app()",
            "SCARF_ANALYTICS": "false",
            "DO_NOT_TRACK": "1",
        }

    def password_file(self, account: str) -> Path:
        """File that holds an account's password."""
        return self.folder / f"{account}_password"

    @property
    def accounts(self) -> list[str]:
        """The accounts that have a password."""
        return [name for name in ("admin", "viewer") if self.password_file(name).exists()]

    def prepare(self, *, has_viewer: bool) -> None:
        """Make the secrets that are missing, and bring Superset's database and dashboards up to date.

        Args:
            has_viewer: whether there shall be an account that only looks.

        Raises:
            click.ClickException: nothing is published, a dashboard asks for what is not there, or Superset cannot be
                set up.
        """
        if not self.published.exists():
            raise click.ClickException(f"{self.published} does not exist yet: run `make demo` or `make run` first.")
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        wanted = ["admin", "viewer"] if has_viewer else ["admin"]
        for file in [self.folder / "secret_key", *map(self.password_file, wanted)]:
            if not file.exists():
                keep_secret(file, secrets.token_urlsafe(32))
        bundle = self.folder / "bundle.zip"
        try:
            write_bundle(self.published, bundle)
        except SpecificationError as problem:
            raise click.ClickException(
                f"{problem} Publish the marts anew with this version (`make demo`)."
            ) from problem
        passwords = [text for name in self.accounts for text in ("--password", name, str(self.password_file(name)))]
        with (self.folder / "set_up.log").open("w", encoding="utf-8") as log:
            done = subprocess.run(  # noqa: S603 - our own interpreter and file
                [str(self.bin / "python"), str(HERE / "set_up.py"), str(bundle), *passwords],
                env=self.environment, stdout=log, stderr=subprocess.STDOUT, cwd=self.folder, check=False, umask=0o077,
            )  # fmt: skip
        if done.returncode:
            raise click.ClickException(f"Superset could not be set up; {log.name} says why.")

    def serving(self, port: int) -> list[str]:
        """The command that serves the dashboards.

        One request at a time in each process: a DuckDB file that is open twice in one process is one and the same, so
        requests that overlap would pass the file from before a swap on to each other.
        """
        return [
            str(self.bin / "gunicorn"), "superset.app:create_app()", "--bind", f"{HOST}:{port}", "--preload",
            "--worker-class", "sync", "--workers", "3", "--timeout", "120", "--log-level", "warning",
            "--no-control-socket",
        ]  # fmt: skip


def keep_secret(file: Path, secret: str) -> None:
    """Write a secret so that nobody else can read it, at no moment."""
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as stream:
        stream.write(secret)


@click.command()
@click.option("--exports", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--port", type=int, default=8088, show_default=True)
@click.option("--demo-user", is_flag=True, help="Make an account that only looks, too.")
def main(exports: Path | None, port: int, demo_user: bool) -> None:
    """Show the published marts in Superset, on this machine only."""
    settings = Settings.for_exports(exports)
    superset = Superset(settings.var / "bi", settings.published / "marts.duckdb")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as problem:
            raise click.ClickException(f"Port {port} is taken. Say another: make bi PORT=8089") from problem
    click.echo("Bringing Superset and its dashboards up to date (half a minute) …")
    superset.prepare(has_viewer=demo_user)
    click.echo(f"http://{HOST}:{port}/dashboard/list/ shows {superset.published}. Ctrl-C ends it.")
    for account in superset.accounts:
        click.echo(f"Log in as {account}; the password stands in {superset.password_file(account)}")
    os.chdir(superset.folder)
    os.umask(0o077)
    command = superset.serving(port)
    os.execve(command[0], command, superset.environment)  # noqa: S606 - our own set-up's program


if __name__ == "__main__":
    main()
