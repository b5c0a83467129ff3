"""Where a workspace's files are: exports, seeds, warehouse and published marts.

Belongs here: the settings, their defaults and the folders derived from them, the only place in Python that reads
them from the environment; and the refusal that every room shares. Does not belong here: anything a person would tune
about the results (a seed or a dbt var).
"""

import hashlib
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
# What is no Python: beside the packages in a checkout, inside this one where it was installed from a wheel.
INSTALLED = PACKAGE / "home"
HOME = INSTALLED if INSTALLED.is_dir() else PACKAGE.parent
# What is built of the demo, and of exports that are in no workspace.
BUILT = (HOME if HOME != INSTALLED else Path.cwd()) / "var"
DBT_PROJECT_DIR = HOME / "dbt_project"
SHIPPED_SEEDS = HOME / "seeds"
WAREHOUSE_NAME = "warehouse.duckdb"
DEMO_EXPORTS = HOME / "demo" / "exports"
# The dbt of the set-up that runs this code, whatever else is on PATH.
DBT_EXECUTABLE = Path(sys.executable).with_name("dbt")


class RefusedError(ValueError):
    """What cannot be done as it was asked: the message says why and what to do, so that no traceback need be read."""


# The two sets of published relations: whoever may read the one need not be able to open the other.
MARTS = "marts"
CONTACTS = "contacts"


def contacts_folder(published: Path) -> Path:
    """Give the folder that holds persons, so that access to it can be given and taken as a whole.

    Args:
        published: folder of the published marts.

    Returns:
        A folder below it.
    """
    return published / CONTACTS


PASSAGE = 0o710


def keep_to_ourselves() -> None:
    """Let what this process writes from now on be read by its own user alone, where nothing else is said."""
    os.umask(0o077)


def make_folder(folder: Path, mode: int = PASSAGE) -> None:
    """Make a folder, and those above it, unless it is there: then it keeps the permissions that somebody gave it.

    Args:
        folder: which one.
        mode: its permissions; through those above it its group may pass, to what is published, and see nothing else.
    """
    for missing in reversed([each for each in (folder, *folder.parents) if not each.exists()]):
        missing.mkdir(exist_ok=True)
        missing.chmod(mode if missing == folder else PASSAGE)


@dataclass(frozen=True)
class Settings:
    """Absolute paths of one workspace."""

    exports: Path
    seeds: Path
    warehouse: Path
    published: Path
    # How many months of raw data are kept, the latest included; None keeps everything.
    kept_months: int | None = None
    # The first month that is offered for a backfill, `YYYY-MM`; None: the first that has lists.
    first_month: str | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> "Settings":
        """Read the settings, each with its default: the demo workspace of this repository.

        Args:
            environment: variables `ACCOUNT_MAPPING_EXPORTS`, `_SEEDS`, `_WAREHOUSE` and `_PUBLISHED`; a relative path
                counts from the current folder. And `ACCOUNT_MAPPING_KEPT_MONTHS` and `_FIRST_MONTH`.

        Returns:
            The settings with absolute paths.

        Raises:
            RefusedError: the kept months are no number from 1 up, or the first month is none.
        """
        kept_months = environment.get("ACCOUNT_MAPPING_KEPT_MONTHS") or None
        if kept_months is not None and (not kept_months.isdigit() or int(kept_months) < 1):
            raise RefusedError(f"ACCOUNT_MAPPING_KEPT_MONTHS is {kept_months!r}, not a number of months from 1 up.")

        first_month = environment.get("ACCOUNT_MAPPING_FIRST_MONTH") or None
        if first_month is not None and not re.fullmatch(r"20\d\d-(0[1-9]|1[0-2])", first_month):
            raise RefusedError(f"ACCOUNT_MAPPING_FIRST_MONTH is {first_month!r}, not a month written YYYY-MM.")

        def path(name: str, default: Path) -> Path:
            return Path(environment.get(f"ACCOUNT_MAPPING_{name}") or default).resolve()

        return cls(
            exports=path("EXPORTS", DEMO_EXPORTS),
            seeds=path("SEEDS", SHIPPED_SEEDS),
            warehouse=path("WAREHOUSE", BUILT / "demo" / WAREHOUSE_NAME),
            published=path("PUBLISHED", BUILT / "demo" / "published"),
            kept_months=int(kept_months) if kept_months else None,
            first_month=first_month,
        )

    @classmethod
    def for_exports(
        cls, exports: Path | None, seeds: Path | None = None, environment: Mapping[str, str] = os.environ
    ) -> "Settings":
        """Settings of the workspace that an exports folder belongs to.

        In a workspace made by `make init` the seeds and the var folder lie beside the exports folder and are taken from
        there. Elsewhere the seeds of this repository and its own var folder are used.

        Args:
            exports: folder with one folder per party; None for the workspace that the environment names.
            seeds: folder of seeds to use instead; None to find it.
            environment: as for `from_environment`; what it names wins over what is found.

        Returns:
            The settings with absolute paths.
        """
        if exports is None:
            return cls.from_environment(environment)
        exports = exports.resolve()
        beside = exports.parent / "seeds"
        is_workspace = any((beside / name).is_file() for name in ("company/partners.csv", "partners.csv"))
        var = exports.parent / "var" if is_workspace else BUILT
        found = {
            "ACCOUNT_MAPPING_SEEDS": str(beside if is_workspace else SHIPPED_SEEDS),
            "ACCOUNT_MAPPING_WAREHOUSE": str(var / WAREHOUSE_NAME),
            "ACCOUNT_MAPPING_PUBLISHED": str(var / "published"),
        }
        given = {"ACCOUNT_MAPPING_EXPORTS": str(exports)} | ({"ACCOUNT_MAPPING_SEEDS": str(seeds)} if seeds else {})
        return cls.from_environment({**found, **{k: v for k, v in environment.items() if v}, **given})

    @property
    def var(self) -> Path:
        """Folder of everything that is built and can be thrown away."""
        return self.warehouse.parent

    @property
    def validations(self) -> Path:
        """Folder of the Great Expectations results, one folder per run."""
        return self.var / "validations"

    @property
    def review(self) -> Path:
        """Folder of the review sheets, one workbook per month."""
        return self.var / "review"

    @property
    def dbt_target(self) -> Path:
        """Folder of what dbt compiles for this workspace."""
        return self.var / "dbt"

    @property
    def dbt_parsed(self) -> Path:
        """Folder of dbt's manifest. A parsed project is the same for all workspaces, but for the database's name."""
        is_shared = self.warehouse.name == WAREHOUSE_NAME and HOME != INSTALLED and os.access(HOME, os.W_OK)
        return BUILT / "dbt" if is_shared else self.dbt_target

    @property
    def dagster_home(self) -> Path:
        """Folder of Dagster's run history."""
        return self.var / "dagster"

    @property
    def seeds_in_force(self) -> Path:
        """Folder of the seeds that a run reads: the workspace's own beside the release's (warehouse/seeds.py)."""
        return SHIPPED_SEEDS if self.seeds == SHIPPED_SEEDS else self.var / "seeds_in_force"

    @property
    def seed_path(self) -> str:
        """The seeds in force as dbt is given them: relative to the dbt project (dbt_project.yml says why)."""
        if self.seeds == SHIPPED_SEEDS:
            return "../seeds"
        return f".seeds/{hashlib.sha256(str(self.seeds_in_force).encode()).hexdigest()[:12]}"

    def link_seeds(self) -> None:
        """Link seeds in force that are not this repository's into the dbt project, where dbt can read them safely."""
        link = DBT_PROJECT_DIR / self.seed_path
        if self.seeds != SHIPPED_SEEDS and not link.is_symlink():
            try:
                link.parent.mkdir(exist_ok=True)
                link.symlink_to(self.seeds_in_force, target_is_directory=True)
            except PermissionError as problem:
                raise RefusedError(
                    f"{link.parent} cannot be written. Install account-mapping into an environment of your own "
                    "(python -m venv), or give this user the right to write there."
                ) from problem

    def as_environment(self) -> dict[str, str]:
        """Give the variables that a subprocess (dbt, Dagster's web server) needs to see the same workspace.

        Returns:
            Variable names and absolute paths as text.
        """
        return {
            "ACCOUNT_MAPPING_HOME": str(HOME),
            "ACCOUNT_MAPPING_EXPORTS": str(self.exports),
            "ACCOUNT_MAPPING_SEEDS": str(self.seeds),
            "ACCOUNT_MAPPING_WAREHOUSE": str(self.warehouse),
            "ACCOUNT_MAPPING_PUBLISHED": str(self.published),
            "ACCOUNT_MAPPING_KEPT_MONTHS": str(self.kept_months or ""),
            "ACCOUNT_MAPPING_FIRST_MONTH": self.first_month or "",
            "ACCOUNT_MAPPING_SEED_PATH": self.seed_path,
            "DBT_TARGET_PATH": str(self.dbt_target),
            "DAGSTER_HOME": str(self.dagster_home),
            "GX_ANALYTICS_ENABLED": "false",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }
