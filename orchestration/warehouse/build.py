"""dbt, with its project parsed once and its commands started at once.

Belongs here: asking dbt for something on one workspace, in this process or in one that stands by. Does not belong here:
which months are built (defs/transform.py), and how it looks in Dagster.

A dbt command of its own takes five seconds before its first statement and after its last; with a manifest in hand,
none. A run has a dbt that stands by in a process of its own (`python -m orchestration.warehouse.build`): it parses
while other things are imported, works beside Dagster on the other core, and may be killed for want of memory without
taking the run with it. It ends when its standard input does, so it never outlives who started it, however that ended.
"""

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from queue import SimpleQueue
from typing import IO, TYPE_CHECKING, Any, NamedTuple

import duckdb
import yaml

from orchestration.settings import (
    DBT_PROJECT_DIR,
    HOME,
    SHIPPED_SEEDS,
    RefusedError,
    Settings,
    keep_to_ourselves,
    make_folder,
)
from orchestration.warehouse.company_settings import as_vars, read_company_settings
from orchestration.warehouse.fiscal_calendar import read_fiscal_calendar

if TYPE_CHECKING:
    from dbt.cli.main import dbtRunnerResult
    from dbt_common.events.base_types import EventMsg

# dbt's own class, which has other attributes for every kind of node.
Manifest = Any
AS_OF_MONTH = "ACCOUNT_MAPPING_AS_OF_MONTH"
# Events that say what came of a node.
RESULTS = frozenset(["LogModelResult", "LogSeedResult", "LogTestResult"])
# Rows of a failed test that are worth showing.
SHOWN_ROWS = 5


class DbtFailedError(RefusedError):
    """A dbt command has failed; the message is what dbt says of it."""


class Said(NamedTuple):
    """Something that dbt says while it works."""

    name: str
    text: str
    node: str | None  # unique id
    raw: dict[str, Any] | None  # the whole event, where it says what came of a node


@dataclass
class Outcome:
    """What came of a dbt command."""

    is_successful: bool
    problem: str = ""  # in dbt's words, and for data tests the rules that are broken
    statuses: dict[str, str] = field(default_factory=dict)  # by unique id


# --- in this process --------------------------------------------------------------------------------------------------

# By the name of the database, which stands in the names of all relations.
_parsed: dict[str, Manifest] = {}


def parse(settings: Settings, *, anew: bool = False) -> Manifest:
    """Parse the dbt project, once in the life of this process; the manifest is written to `settings.dbt_parsed`.

    Args:
        settings: the workspace.
        anew: whether files of the project may have changed since.

    Returns:
        The manifest, which must not be kept while commands run: they write into it.

    Raises:
        DbtFailedError: the project cannot be parsed.
    """
    database = settings.warehouse.stem
    if anew or database not in _parsed:
        outcome, parsed = _invoke(settings, ["parse"])
        if not outcome.is_successful:
            # What dbt remembers of the files of another release can contradict them: a model described elsewhere now.
            outcome, parsed = _invoke(settings, ["parse", "--no-partial-parse"])
        if not outcome.is_successful:
            raise DbtFailedError(f"dbt parse failed:\n{outcome.problem}")
        _parsed[database] = parsed
    return _parsed[database]


def run(
    settings: Settings,
    *arguments: str,
    month: date | None = None,
    environment: Mapping[str, str] | None = None,
    hear: Callable[[Said], None] | None = None,
) -> Outcome:
    """Run a dbt command on a workspace, one at a time.

    Args:
        settings: the workspace.
        arguments: the command and its options. With `--vars` the project is parsed for this command alone.
        month: first day of the month it is for.
        environment: further variables.
        hear: is called with what dbt says, from whichever thread.

    Returns:
        What came of it; nothing is raised when dbt fails.
    """
    manifest = None if "--vars" in arguments else _ready(parse(settings), settings)
    outcome, _ = _invoke(settings, [*arguments], month, environment, hear, manifest)
    return outcome


def is_parsed(settings: Settings) -> bool:
    """Tell whether a workspace has a manifest that is as new as the project's files.

    Args:
        settings: the workspace.

    Returns:
        False when it has none, or a file was written since.
    """
    manifest = settings.dbt_parsed / "manifest.json"
    if not manifest.is_file():
        return False
    written = manifest.stat().st_mtime
    folders = [*(DBT_PROJECT_DIR / name for name in ("models", "macros", "tests")), SHIPPED_SEEDS]
    files = [DBT_PROJECT_DIR / "dbt_project.yml", *(file for folder in folders for file in folder.rglob("*.*"))]
    return all(file.stat().st_mtime <= written for file in files)


def latest_month(warehouse: Path) -> date | None:
    """Tell which month a warehouse shows when nobody names one.

    Args:
        warehouse: the DuckDB file; may be missing.

    Returns:
        First day of the latest month that was loaded; null when nothing was, or another process holds the file.
    """
    if not warehouse.is_file():
        return None
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            loaded = connection.execute("select max(export_month) from raw.files where status = 'landed'").fetchone()
    except duckdb.Error:
        return None
    return loaded[0] if loaded else None


def _ready(manifest: Manifest, settings: Settings) -> Manifest:
    """Make a manifest fit for one more command: not compiled, and with the seeds of this workspace."""
    for node in manifest.nodes.values():
        if getattr(node, "compiled", False):
            node.compiled, node.compiled_code = False, None
            node.extra_ctes, node.extra_ctes_injected = [], False
        if node.resource_type == "seed":
            node.original_file_path = f"{settings.seed_path}/{node.path}"
    return manifest


def _invoke(
    settings: Settings,
    arguments: list[str],
    month: date | None = None,
    environment: Mapping[str, str] | None = None,
    hear: Callable[[Said], None] | None = None,
    manifest: Manifest | None = None,
) -> tuple[Outcome, Any]:
    """Invoke dbt with the variables of a workspace, and let go of the warehouse afterwards."""
    from dbt.adapters.duckdb.connections import DuckDBConnectionManager  # noqa: PLC0415 - takes seconds
    from dbt.cli.main import dbtRunner  # noqa: PLC0415
    from dbt_common.events.functions import msg_to_dict  # noqa: PLC0415

    def pass_on(event: "EventMsg") -> None:
        if hear and event.info.level != "debug":
            node = getattr(getattr(event.data, "node_info", None), "unique_id", None)
            raw = msg_to_dict(event) if event.info.name in RESULTS else None
            hear(Said(event.info.name, event.info.msg, node, raw))  # type: ignore[attr-defined]  # made at run time

    is_parsing = manifest is None and "--vars" not in arguments
    company = settings.seeds_in_force / "company"
    chosen = {} if is_parsing else as_vars(read_company_settings(company))
    command = [
        *("--log-level", "none", "--log-level-file", "none", "--no-use-colors", "--no-send-anonymous-usage-stats"),
        *(["--no-write-json"] if manifest and arguments[0] != "docs" else []),
        *with_vars(arguments, chosen),
        *("--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)),
    ]
    given = {
        **settings.as_environment(),
        # Parsed for one workspace, parsed for all: nothing of a workspace is in what dbt reads while it parses.
        "ACCOUNT_MAPPING_WAREHOUSE": settings.warehouse.name,
        "ACCOUNT_MAPPING_SEED_PATH": settings.seed_path if "--vars" in arguments else "../seeds",
        "DBT_TARGET_PATH": str(settings.dbt_parsed if is_parsing else settings.dbt_target),
        **({} if is_parsing else read_fiscal_calendar(company).as_environment()),
        **(environment or {}),
    }
    if month:
        given[AS_OF_MONTH] = month.isoformat()
    make_folder(settings.var)
    with _variables(given), contextlib.chdir(settings.var):
        try:
            done = dbtRunner(manifest=manifest, callbacks=[pass_on]).invoke(command)
        finally:
            DuckDBConnectionManager.close_all_connections()  # type: ignore[no-untyped-call]
    results = getattr(done.result, "results", None) or []
    outcome = Outcome(done.success, statuses={result.node.unique_id: str(result.status) for result in results})
    if not done.success:
        outcome.problem = _problem_of(done, settings.warehouse)
    return outcome, done.result


def with_vars(arguments: list[str], chosen: Mapping[str, int | str]) -> list[str]:
    """Add vars to a command. Nothing is parsed anew for them: models are compiled by every command.

    Args:
        arguments: the command and its options; vars that it names itself win.
        chosen: vars by name.

    Returns:
        The command with both.
    """
    if not chosen:
        return arguments
    if "--vars" not in arguments:
        return [*arguments, "--vars", json.dumps(chosen)]
    place = arguments.index("--vars") + 1
    named = yaml.safe_load(arguments[place])
    return [*arguments[:place], json.dumps({**chosen, **named}), *arguments[place + 1 :]]


def _problem_of(done: "dbtRunnerResult", warehouse: Path) -> str:
    """Say in dbt's words what failed, and of data tests which rules are broken and by what."""
    if done.exception is not None:
        return str(done.exception)
    problems = []
    for result in getattr(done.result, "results", None) or []:
        if result.status not in ("error", "fail", "runtime error"):
            continue
        sql = getattr(result.node, "compiled_code", None)
        shown = _broken_rules(sql, warehouse) if result.status == "fail" and sql else ""
        problems.append(f"{result.node.name}: {result.message}{shown}")
    return "\n".join(problems)


def _broken_rules(sql: str, warehouse: Path) -> str:
    """The first rows that a data test found, as text."""
    try:
        with duckdb.connect(str(warehouse), read_only=True) as connection:
            found = connection.execute(sql)
            names = [column[0] for column in found.description or []]
            rows = found.fetchmany(SHOWN_ROWS)
    except duckdb.Error:  # a test of a table that could not be built
        return ""
    return "".join(f"\n  {', '.join(f'{n}: {v}' for n, v in zip(names, row, strict=True))}" for row in rows)


@contextlib.contextmanager
def _variables(given: Mapping[str, str]) -> Iterator[None]:
    """Put variables into the environment for a block."""
    before = {name: os.environ.get(name) for name in given}
    os.environ.update(given)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


# --- in a process that stands by --------------------------------------------------------------------------------------

# What distinguishes a workspace from others.
PATHS = ("exports", "seeds", "warehouse", "published")
_standing_by: list[subprocess.Popen[str]] = []


def stand_by(settings: Settings) -> None:
    """Start the process that stands by, if there is none, and let it parse the project for a workspace meanwhile.

    Args:
        settings: the workspace.
    """
    if _standing_by and _standing_by[0].poll() is None:
        return
    command = [sys.executable, "-m", "orchestration.warehouse.build"]
    process = subprocess.Popen(command, cwd=HOME, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
    _standing_by[:] = [process]
    _ask(process, settings, ["parse"], None)


def await_parsed() -> None:
    """Wait until the process that stands by has parsed the project.

    Raises:
        DbtFailedError: the project cannot be parsed.
    """
    *_, outcome = _answers(_standing_by[0])
    if isinstance(outcome, Outcome) and not outcome.is_successful:
        raise DbtFailedError(f"dbt parse failed:\n{outcome.problem}")


def stream(settings: Settings, *arguments: str, month: date | None = None) -> Iterator[Said | Outcome]:
    """Run a dbt command on a workspace in the process that stands by, and pass on what it says while it works.

    Args:
        settings: the workspace.
        arguments: the command and its options.
        month: first day of the month it is for.

    Yields:
        What dbt says, and at last what came of the command.
    """
    if not _standing_by or _standing_by[0].poll() is not None:
        stand_by(settings)
        await_parsed()
    process = _standing_by[0]
    _ask(process, settings, arguments, month)
    is_finished = False
    try:
        for answer in _answers(process):
            is_finished = isinstance(answer, Outcome)
            yield answer
    finally:
        if not is_finished:  # nobody listens any more
            process.kill()
            process.wait()


def _ask(process: subprocess.Popen[str], settings: Settings, arguments: Sequence[str], month: date | None) -> None:
    """Send a command; a process that is gone answers by its exit code."""
    assert process.stdin is not None  # noqa: S101 - it was started with one
    question = {
        **{name: str(getattr(settings, name)) for name in PATHS},
        "arguments": [*arguments],
        "month": month.isoformat() if month else None,
    }
    with contextlib.suppress(BrokenPipeError):
        process.stdin.write(json.dumps(question) + "\n")
        process.stdin.flush()


def _answers(process: subprocess.Popen[str]) -> Iterator[Said | Outcome]:
    """Hear everything that is said of one command."""
    assert process.stdout is not None  # noqa: S101 - it was started with one
    for line in process.stdout:
        answer = json.loads(line)
        if isinstance(answer, dict):
            yield Outcome(**answer)
            return
        yield Said(*answer)
    yield Outcome(False, f"dbt has ended with exit code `{process.wait()}`.")


def serve(questions: IO[str], answers: IO[str]) -> None:
    """Answer dbt commands, a line each, until there are no more.

    Args:
        questions: JSON objects with the paths of a workspace, arguments and month.
        answers: for each a JSON array of everything that dbt says, and at last an object, what came of it.
    """
    lock = threading.Lock()

    def answer(value: object) -> None:
        with lock:
            answers.write(json.dumps(value, default=str) + "\n")
            answers.flush()

    waiting: SimpleQueue[str] = SimpleQueue()
    is_idle = threading.Event()

    def read() -> None:
        for line in questions:
            waiting.put(line)
        if not is_idle.is_set():
            os._exit(1)  # who asked is gone; DuckDB takes back what was not committed, as after a power cut
        waiting.put("")

    threading.Thread(target=read, daemon=True).start()
    while True:
        is_idle.set()
        line = waiting.get()
        is_idle.clear()
        if not line:
            return
        question = json.loads(line)
        exports, seeds, warehouse, published = (Path(question[name]) for name in PATHS)
        settings = Settings(exports, seeds, warehouse, published)
        month = date.fromisoformat(question["month"]) if question["month"] else None
        try:
            if question["arguments"] == ["parse"]:
                parse(settings)
                outcome = Outcome(True)
            else:
                outcome = run(settings, *question["arguments"], month=month, hear=answer)
        except RefusedError as problem:
            outcome = Outcome(False, str(problem))
        answer(asdict(outcome))


if __name__ == "__main__":
    keep_to_ourselves()
    to_parent = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # whatever else prints must not be taken for an answer
    serve(sys.stdin, to_parent)
