"""What a command costs: seconds from start to end, and the most memory it held.

Belongs here: running a command in a process of its own and measuring that process. Does not belong here: which command.

A process starts with its parent's peak memory on its account, and a benchmark that has just landed a list has held
gigabytes. So the command is started by this file, run as a small process between the two.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Cost:
    """What a finished command took."""

    seconds: float
    peak_gib: float


def cost_of(command: Sequence[str], folder: Path, environment: Mapping[str, str] = os.environ) -> Cost:
    """Run a command to its end.

    Args:
        command: program and arguments.
        folder: where it runs.
        environment: its variables.

    Returns:
        Wall time and peak memory of its process.

    Raises:
        RuntimeError: the command failed; its output is the message.
    """
    done = subprocess.run(  # noqa: S603 (commands of our own)
        [sys.executable, __file__, *command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return Cost(**json.loads(done.stdout.splitlines()[-1]))


if __name__ == "__main__":
    started = time.perf_counter()
    process = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ)
    _, status, usage = os.wait4(process, 0)
    cost = {"seconds": time.perf_counter() - started, "peak_gib": usage.ru_maxrss / 1024**2}
    print(json.dumps(cost))  # noqa: T201
    sys.exit(os.waitstatus_to_exitcode(status))
