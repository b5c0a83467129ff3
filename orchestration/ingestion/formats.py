"""A delivered file of any kind, as grids of text.

Belongs here: which kind it is, by the name and by what the file begins with. Does not belong here: reading one kind
(delimited.py, workbooks.py, parquet.py), and where it is read (reader_process.py).
"""

from orchestration.ingestion.delimited import read_csv
from orchestration.ingestion.grids import Grid
from orchestration.ingestion.parquet import read_parquet
from orchestration.ingestion.snapshots import FileRefusedError, Limits, Snapshot
from orchestration.ingestion.workbooks import read_workbook


def read_grids(
    snapshot: Snapshot, suffix: str, known_headers: frozenset[str], limits: Limits, encoding: str | None = None
) -> list[Grid]:
    """Read a file of any known kind.

    Args:
        snapshot: the private copy.
        suffix: the delivered name's extension in lower case, with its dot.
        known_headers: every header that some field has, normalised; they help to tell the delimiter.
        limits: bounds.
        encoding: of the party's text files, if it is declared.

    Returns:
        One grid per sheet; one for CSV and Parquet.

    Raises:
        FileRefusedError: empty, not what its name says, or not readable.
    """
    if snapshot.size_bytes == 0:
        raise FileRefusedError("empty_file", "The file is empty (0 bytes).", "Export the list again.")
    with snapshot.path.open("rb") as source:
        start = source.read(8)
    if suffix == ".xlsx":
        return read_workbook(snapshot.path, limits)
    if suffix == ".parquet":
        return [read_parquet(snapshot.path, limits)]
    for magic, kind in ((b"PK\x03\x04", ".xlsx"), (b"PAR1", ".parquet"), (b"\xd0\xcf\x11\xe0", ".xlsx")):
        if start.startswith(magic):
            raise FileRefusedError(
                "content_differs_from_name",
                f"The file is named {suffix} but does not contain plain text.",
                f"Give it its true extension (probably {kind}), or export it as CSV.",
            )
    return [read_csv(snapshot.path, known_headers, limits, encoding)]
