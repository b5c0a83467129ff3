"""When compiled loops take over from columns.

Belongs here: that decision. Does not belong here: the loops (kernels).
"""

import importlib
import threading
from functools import cache
from types import ModuleType

# Importing and loading what was compiled takes as long as comparing about as many pairs without it does.
FEWEST_ROWS = 10_000

_lock = threading.Lock()
_rows_seen = 0


def compiled_kernels(row_count: int) -> ModuleType | None:
    """Take the compiled kernels once it pays: from many rows in one process on.

    Args:
        row_count: rows about to be answered; DuckDB hands over some two thousand at a time.

    Returns:
        The module comparison; null before, and where numba is not installed. The answers are the same.
    """
    global _rows_seen  # noqa: PLW0603 (a count of the process)
    with _lock:
        _rows_seen += row_count
        return _kernels() if _rows_seen >= FEWEST_ROWS else None


@cache
def _kernels() -> ModuleType | None:
    try:
        return importlib.import_module("udfs.kernels.comparison")
    except ImportError:
        return None
