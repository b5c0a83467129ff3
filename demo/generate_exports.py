"""Writes the demo: the exports of every party and month, and the truth about them.

Run as `python -m demo.generate_exports [FOLDER]` from the top of the repository; FOLDER is this one unless it is named.
The same bytes come out every time: nothing depends on the clock, on hash order or on a compressor.

Belongs here: which files there are and that they are written. Does not belong here: what is in them (world.py,
exports_of_parties.py, truth.py).
"""

import sys
from pathlib import Path

from demo.building import build_world
from demo.exports_of_parties import export_files, manifests
from demo.formats import blank, delimited
from demo.truth import TRUTH_COLUMNS, last_records, overlap_rows, person_rows, truth_rows
from demo.world import World


def demo_files(world: World) -> dict[str, bytes]:
    """Everything that is generated: path below the demo folder -> content."""
    exports = export_files(world)
    truth = [[row[column] for column in TRUTH_COLUMNS] for row in truth_rows(world, exports)]
    entities = [row[:3] for row in last_records(world)]
    overlaps = [[blank(cell) for cell in row] for row in overlap_rows(world)]
    overlap_header = ("partner_id", "our_status", "partner_status", "accounts", "excluded_accounts")
    return {f"exports/{name}": content for name, content in (exports | manifests(exports)).items()} | {
        "truth.csv": delimited(TRUTH_COLUMNS, truth).encode(),
        "truth_entities.csv": delimited(("record_key", "company", "company_group"), entities).encode(),
        "truth_overlaps.csv": delimited(overlap_header, overlaps).encode(),
        "truth_persons.csv": delimited(("contact_key", "company", "person"), person_rows(world)).encode(),
    }


def write_demo(folder: Path) -> int:
    """Write all generated files below a folder.

    Returns:
        The number of files.
    """
    files = demo_files(build_world())
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return len(files)


if __name__ == "__main__":
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent
    sys.stdout.write(f"{write_demo(target)} files written to {target}\n")
