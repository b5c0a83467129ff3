"""One list delivered twice in a month: the later file counts.

Belongs here: finding that two files are one list, and which is the later. Does not belong here: files that together are
one list, whose ids differ.
"""

import itertools
import re
from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.lists import Part
from orchestration.ingestion.snapshots import FileRefusedError
from udfs import values

# From this share of the ids on, two files are one list: of the larger file's, or, where the names say so too, of the
# smaller's.
_SAME_IDS, _SAME_IDS_AND_NAME = 0.9, 0.5
_DAY = re.compile(r"[ _-]*\d{4}[-_.]?\d{2}[-_.]?\d{2}")
_COPY_NUMBER = re.compile(r"(?i)^(?P<stem>.*?)[ _-]*(?:\((?P<number>\d{1,3})\)|copy ?(?P<copy>\d{0,3})|kopie)$")


def without_older_copies(parts: Sequence[Part]) -> tuple[list[Part], list[tuple[Part, Part]]]:
    """Leave out files that another file of the same list replaces.

    The later is the one whose rows were changed later, else the one that a browser has numbered as the later download.

    Args:
        parts: files and sheets of one object of one party.

    Returns:
        The parts that count; and those that do not, each with the part that replaces it.

    Raises:
        FileRefusedError: two files are one list, and nothing shows which is the later.
    """
    files: dict[str, list[Part]] = {}
    for part in parts:
        files.setdefault(part.delivery.file_name, []).append(part)
    if len(files) == 1:
        return list(parts), []
    ids = {name: delivered_ids(of_file) for name, of_file in files.items()}
    uses = Counter(itertools.chain.from_iterable(ids.values()))
    # As a rule files share no id, and then none need be compared with every other.
    shared = {name: {one for one in of_file if uses[one] > 1} for name, of_file in ids.items()}
    replaced: dict[str, str] = {}
    names = sorted(name for name in files if shared[name])
    for index, one in enumerate(names):
        for other in names[index + 1 :]:
            if one in replaced or other in replaced:
                continue
            common = len(shared[one] & shared[other])
            if not common:
                continue
            sizes = sorted([len(ids[one]), len(ids[other])])
            is_named_alike = _numbered(one)[0] == _numbered(other)[0]
            is_same = common >= _SAME_IDS * sizes[1] or (is_named_alike and common > _SAME_IDS_AND_NAME * sizes[0])
            if not is_same or _are_equal(files[one], files[other]):
                continue
            later = _later(files[one], files[other])
            if later is None:
                raise FileRefusedError(
                    "delivered_twice",
                    f"{Path(one).name} and {Path(other).name} hold the same list ({common:,} ids are in both), and "
                    "neither the rows nor the names tell which is the later.",
                    "Leave the one that is right in the folder, then run again.",
                )
            replaced[one if later is files[other] else other] = other if later is files[other] else one
    kept = [part for part in parts if part.delivery.file_name not in replaced]
    return kept, [
        (part, files[replaced[part.delivery.file_name]][0]) for part in parts if part.delivery.file_name in replaced
    ]


def delivered_ids(parts: Sequence[Part]) -> set[str]:
    """Give the ids that files have delivered.

    Args:
        parts: of one object of one party.

    Returns:
        The ids; a list without ids has none, and its identical rows collapse anyway.
    """
    found: set[str] = set()
    for part in parts:
        if "f_source_id" in part.cells.column_names:
            found |= set(pc.unique(part.cells["f_source_id"]).to_pylist()) - {None}
    return found


def _are_equal(one: Sequence[Part], other: Sequence[Part]) -> bool:
    """Tell whether two files are the same bytes: their rows collapse, and both are accounted for."""
    return {part.snapshot.sha256 for part in one} == {part.snapshot.sha256 for part in other}


def _later(one: Sequence[Part], other: Sequence[Part]) -> Sequence[Part] | None:
    days = [_last_change(parts) for parts in (one, other)]
    if days[0] is not None and days[1] is not None and days[0] != days[1]:
        return one if days[0] > days[1] else other
    stems = [_numbered(parts[0].delivery.file_name) for parts in (one, other)]
    if stems[0][0] == stems[1][0] and stems[0][1] != stems[1][1]:
        return one if stems[0][1] > stems[1][1] else other
    return None


def _last_change(parts: Sequence[Part]) -> date | None:
    """The latest day on which a row of a file was changed; null when the file does not say."""
    latest: date | None = None
    for part in parts:
        if "f_modified_date" in part.cells.column_names:
            texts = part.cells["f_modified_date"].combine_chunks()
            order = pa.repeat(pa.scalar(part.conventions.date_order, pa.string()), len(texts))
            day = pc.max(values.read_date(texts, order)).as_py()
            latest = day if latest is None or (day is not None and day > latest) else latest
    return latest


def _numbered(file_name: str) -> tuple[str, int]:
    """A file's name without a day and the number of its copy, and that number; 0 for the first."""
    stem = _DAY.sub("", Path(file_name).stem)
    found = _COPY_NUMBER.match(stem)
    if not found:
        return stem.lower(), 0
    return found["stem"].lower(), int(found["number"] or found["copy"] or 1)
