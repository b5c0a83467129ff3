"""Loops that numba compiles, over Arrow's buffers and with the interpreter's lock released; the same answers, sooner.

Belongs here: what columns of numpy and pyarrow say elsewhere, letter by letter. Does not belong here: what it means.
The functions that these loops stand in for say it, and answer the rows that are left to them; a test holds both alike.
"""

import os
from pathlib import Path
from typing import Any

# Compiled once for every workspace of an installation; numba reads this when it is imported.
os.environ.setdefault(
    "NUMBA_CACHE_DIR",
    str(Path(os.environ.get("ACCOUNT_MAPPING_HOME", Path(__file__).resolve().parents[2])) / "var" / "compiled"),
)

import numba
import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Offsets = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]
Marks = npt.NDArray[np.uint64]  # letters × blocks of places
Column = npt.NDArray[Any]

compiled = numba.njit(nogil=True, cache=True, boundscheck=False)
