"""The resource that assets ask for: the workspace.

Belongs here: how an asset reaches the warehouse and the folders, and what is tried again. Does not belong here: assets.
"""

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import duckdb

from orchestration.runs.lock import BusyError, one_run
from orchestration.settings import Settings, keep_to_ourselves
from orchestration.warehouse import faults

OWNER = "team:revenue-operations"
WAREHOUSE_POOL = "warehouse"
# Runs that a backfill starts together wait for each other; dozens of months are built in that time.
WAIT_FOR_OTHER_RUNS_SECONDS = 4 * 3600


class Workspace(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Absolute paths of the exports, seeds, warehouse, published marts and validation results."""

    exports: str
    seeds: str
    warehouse: str
    published: str
    validations: str

    @contextmanager
    def yield_for_execution(self, context: dg.InitResourceContext) -> Generator["Workspace", None, None]:
        """Hold the workspace's lock as long as a run goes; a sensor, which only looks, needs none.

        Yields:
            The workspace.

        Raises:
            dagster.Failure: another run was still going after hours.
        """
        if context.run is None or context.instance is None:
            yield self
            return
        keep_to_ourselves()
        what = f"Dagster's run of {context.run.tags.get('dagster/partition', 'some assets')}"
        try:
            with one_run(Path(self.warehouse).parent, what, WAIT_FOR_OTHER_RUNS_SECONDS) as turn:
                turn.begin(context.run.run_id, context.instance)
                yield self
        except BusyError as refusal:
            raise dg.Failure(str(refusal), allow_retries=False) from refusal

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
    """Turn a fault of the machine into a retry of the step where waiting helps, else into plain words.

    Raises:
        dagster.RetryRequested: a file opened in the block is held by another process.
        dagster.Failure: it still is after two minutes, or the fault is one that does not pass by itself.
    """
    try:
        yield
    except (duckdb.Error, OSError) as problem:
        retry_number = dg.OpExecutionContext.get().retry_number
        if faults.is_locked(problem) and retry_number < len(faults.WAIT_SECONDS):
            seconds = faults.jittered(faults.WAIT_SECONDS[retry_number])
            raise dg.RetryRequested(len(faults.WAIT_SECONDS), seconds) from problem
        if explained := faults.explain(problem, Settings.from_environment()):
            raise dg.Failure(explained, allow_retries=False) from problem
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
