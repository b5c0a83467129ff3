"""Processes that tests start, watch, stop half way and kill, and what they leave on the disk.

Belongs here: processes of any command. Does not belong here: anything that asserts what the product does.
"""

import hashlib
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from orchestration.settings import HOME, Settings

# A machine under load may take long to begin; nothing below is judged by how fast it is.
PATIENCE_SECONDS = 600


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    return {**os.environ, **settings.as_environment(), **more}


def wait_until(is_so: Callable[[], object], process: subprocess.Popen[str] | None = None) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert process is None or process.poll() is None, process.stdout.read() if process.stdout else "ended"
        assert time.monotonic() < end
        time.sleep(0.1)


@contextmanager
def process_of(command: list[str], environment: dict[str, str] | None = None) -> Iterator[subprocess.Popen[str]]:
    """Start a process, and end it with SIGKILL and nobody else, as the system does when memory runs out."""
    with subprocess.Popen(
        command,
        cwd=HOME,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


# Runs a call, and stops for good before or after a function that it comes by.
STOPPED = """
import importlib, sys, time
from pathlib import Path
where, when, marker, call = sys.argv[1:]
module, _, path = where.partition(":")
owner = importlib.import_module(module)
*outer, name = path.split(".")
for part in outer:
    owner = getattr(owner, part)
original = getattr(owner, name)

def stop(*arguments, **named):
    if when == "after":
        original(*arguments, **named)
    Path(marker).touch()
    time.sleep(3600)

setattr(owner, name, stop)
exec(call)
"""


def kill_at(where: str, when: str, call: str, marker: Path, environment: dict[str, str] | None = None) -> None:
    """Run a call in a process of its own, and kill that process before or after a function (`module:name`) of it."""
    marker.unlink(missing_ok=True)
    with process_of([sys.executable, "-c", STOPPED, where, when, str(marker), call], environment) as process:
        wait_until(marker.exists, process)


@contextmanager
def open_shell(file: Path) -> Iterator[subprocess.Popen[str]]:
    """A person's shell with a DuckDB file open; a line on its input closes it."""
    code = f"import duckdb; held = duckdb.connect({str(file)!r}); print('open', flush=True); input(); held.close()"
    with process_of([sys.executable, "-c", code]) as shell:
        assert shell.stdout
        assert shell.stdout.readline() == "open\n"
        yield shell


def files_in(folder: Path) -> dict[str, str]:
    """Every file below a folder with its hash."""
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def without_space(call: str, settings: Settings, most_bytes: int) -> str:
    """Run a call in a process whose files may grow only so far, and give what a person reads of its failure."""
    code = f"""
import resource
from orchestration.warehouse import faults
from orchestration.settings import Settings
resource.setrlimit(resource.RLIMIT_FSIZE, ({most_bytes}, {most_bytes}))
try:
    exec({call!r})
except Exception as problem:
    print("EXPLAINED", faults.explain(problem, Settings.from_environment()), flush=True)
"""
    done = subprocess.run(
        [sys.executable, "-c", code],
        cwd=HOME,
        env=environment_of(settings),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout
