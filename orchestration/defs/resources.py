"""The resources that assets ask for: the workspace and the dbt command.

Belongs here: how an asset reaches the warehouse and the folders. Does not belong here: assets.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from importlib.metadata import version
from pathlib import Path

import dagster as dg
import duckdb
from dagster_dbt import DbtCliResource, DbtProject
from packaging.version import Version

from orchestration.settings import DBT_EXECUTABLE, DBT_PROJECT_DIR, Settings

WAREHOUSE_POOL = "warehouse"


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Absolute paths of the exports, seeds, warehouse, published marts and validation results."""

    exports: str
    seeds: str
    warehouse: str
    published: str
    validations: str

    @contextmanager
    def read_warehouse(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open the warehouse for reading, and ask for a retry while another process writes it.

        Yields:
            A read-only connection, closed at the end.

        Raises:
            dagster.RetryRequested: another process holds the warehouse.
        """
        with retry_while_locked():
            connection = duckdb.connect(self.warehouse, read_only=True)
        try:
            yield connection
        finally:
            connection.close()


@contextmanager
def retry_while_locked() -> Iterator[None]:
    """Turn DuckDB's refusal of a file that another process holds into a retry of the step.

    Raises:
        dagster.RetryRequested: a file opened in the block is held by another process.
    """
    try:
        yield
    except duckdb.IOException as error:
        if "lock" in str(error).lower():
            raise dg.RetryRequested(max_retries=5, seconds_to_wait=20) from error
        raise


def workspace_of(settings: Settings) -> Workspace:
    """Make the workspace resource of some settings."""
    return Workspace(
        exports=str(settings.exports),
        seeds=str(settings.seeds),
        warehouse=str(settings.warehouse),
        published=str(settings.published),
        validations=str(settings.validations),
    )


def settings_of(workspace: Workspace) -> Settings:
    """Give the settings that a workspace resource was made of."""
    return Settings(
        exports=Path(workspace.exports),
        seeds=Path(workspace.seeds),
        warehouse=Path(workspace.warehouse),
        published=Path(workspace.published),
    )


def dbt_project_of(settings: Settings) -> DbtProject:
    """Describe the dbt project with the manifest of this workspace.

    Args:
        settings: the workspace; its manifest must have been parsed (`dbt parse`) into `settings.dbt_target`.
    """
    return DbtProject(project_dir=DBT_PROJECT_DIR, profiles_dir=DBT_PROJECT_DIR, target_path=Path(settings.dbt_target))


class DbtCommand(DbtCliResource):
    """The dbt command, started at once.

    Before every command the library asks `dbt --version` in a process of its own and connects this process to the
    warehouse as well, for metadata that nobody here asks for. Both together took ten of a month's seventy seconds.
    """

    @cached_property
    def _cli_version(self) -> Version:
        return Version(version("dbt-core"))

    def _initialize_dbt_core_adapter(self, args: Sequence[str]) -> None:  # type: ignore[override]  # none is made
        return None


def dbt_of() -> DbtCommand:
    """Make the resource that runs the dbt command."""
    folder = str(DBT_PROJECT_DIR)
    return DbtCommand(project_dir=folder, profiles_dir=folder, dbt_executable=str(DBT_EXECUTABLE))
