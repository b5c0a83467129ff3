"""A dbt that a run has started ends with that run, also when the run is killed and can tell nobody.

Belongs here: that watch; dbt-duckdb loads it as an adapter plugin, before the warehouse is opened. Does not belong
here: ending dbt in good order, which Dagster does.

Without it dbt would go on writing the warehouse, and the next run would meet a writer that nobody knows of. The
kernel's own way (PR_SET_PDEATHSIG) is Linux's alone.
"""

import os
import threading
import time
from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from orchestration.settings import PARENT_PROCESS

LOOK_SECONDS = 0.5


def watch(parent: int) -> None:
    """End this process, at once and without a word, when its parent is another than it was.

    Args:
        parent: the process id to stay with.
    """
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os._exit(1)  # DuckDB takes back what was not committed, as after a power cut


class Plugin(BasePlugin):
    """Watches from the moment on at which dbt sets its connection up."""

    def initialize(self, plugin_config: dict[str, Any]) -> None:
        """Begin to watch, if a run has started this dbt."""
        parent = os.environ.get(PARENT_PROCESS)
        if parent and os.getppid() != int(parent):
            os._exit(1)
        if parent:
            threading.Thread(target=watch, args=[int(parent)], daemon=True).start()
