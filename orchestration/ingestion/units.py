"""Business units of ours that keep ids of their own: which unit a row is of, and whose ids it has.

Belongs here: reading the seed, the unit of a row, and what becomes of its ids. Does not belong here: what an id may be
(ids.py), and how a unit's accounts meet (resolution: a company that two units list is one account).
"""

import csv
import re
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.judging import ReadBatch
from orchestration.ingestion.remarks import mapping_key
from orchestration.validation.delivered import READABLE

UNIT = "business_unit"
# Fields that hold an id of the unit's system; of merged ids there may be several in a cell.
_IDS = ("source_id", "account_source_id", "parent_source_id", "opportunity_source_id", "merged_source_ids")
_KEY = re.compile(r"[a-z0-9-]+")
_ONE_ID = r"([^;,\s]+)"


@dataclass(frozen=True)
class Units:
    """The units of our company that have ids of their own, by the words by which lists call them."""

    words: dict[str, str]

    @classmethod
    def read(cls, path: Path) -> "Units":
        """Read the seed.

        Args:
            path: business_units.csv; a workspace of an older release has none.

        Returns:
            The units.

        Raises:
            ValueError: a unit is not written in small letters, digits and hyphens, or two are called alike.
        """
        words: dict[str, str] = {}
        if not path.is_file():
            return cls(words)
        with path.open(encoding="utf-8-sig", newline="") as stream:
            reader = csv.DictReader(stream)
            for row in reader:
                unit = (row.get(UNIT) or "").strip()
                where = f"{path}, line {reader.line_num}"
                if not _KEY.fullmatch(unit):
                    raise ValueError(
                        f"{where}: the business unit '{unit}' becomes a part of ids: write it in small letters, digits "
                        "and hyphens."
                    )
                for word in {mapping_key(unit), mapping_key(row.get("name") or "")} - {""}:
                    if words.setdefault(word, unit) != unit:
                        raise ValueError(
                            f"{where}: '{unit}' is called like '{words[word]}': give each a name of its own."
                        )
        return cls(words)

    def of_file(self, file_name: str, object_name: str) -> str | None:
        """Tell the unit of a file from its name.

        Args:
            file_name: with or without folders.
            object_name: what the file holds, with which its name begins.

        Returns:
            The unit for ``accounts_north.csv``, if north is one; else none.
        """
        rest = Path(file_name).stem.removeprefix(object_name)
        return self.words.get(mapping_key(rest)) if rest else None

    def tell_apart(self, batch: ReadBatch, file_unit: str | None) -> ReadBatch:
        """Give the ids of a unit's rows their unit.

        Args:
            batch: n rows of a list of ours.
            file_unit: the unit of the file, for rows that name none.

        Returns:
            The batch: 1001 of north is north/1001, in every field that holds ids. A row that names a unit nobody knows
            cannot be used, since its ids may be another unit's.
        """
        length = len(batch.codes)
        stated = batch.fields.get(UNIT, pa.nulls(length, pa.string()))
        named = stated.dictionary_encode()
        found = pa.array([self.words.get(mapping_key(word)) for word in named.dictionary.to_pylist()], pa.string())
        unit = found.take(named.indices)
        unknown = pc.and_(pc.is_valid(stated), pc.is_null(unit))
        units = pc.coalesce(unit, pa.repeat(pa.scalar(file_unit, pa.string()), length))
        fields = {**batch.fields, UNIT: units}
        for name in _IDS:
            if name not in fields:
                continue
            ids = fields[name]
            if name == "merged_source_ids":
                marked = pc.replace_substring_regex(ids, _ONE_ID, "\x1f\\1")
                pieces = pc.split_pattern(marked, "\x1f")
                qualified = pc.binary_join(pieces, pc.binary_join_element_wise(units, "", "/"))
            else:
                qualified = pc.binary_join_element_wise(units, ids, "/")
            fields[name] = pc.if_else(pc.is_valid(units), qualified, ids)
        if not pc.any(unknown).as_py():
            return replace(batch, fields=fields)
        place = batch.codes.column_names.index("row__reading")
        codes = batch.codes.column(place).cast(pa.string()).combine_chunks()
        refused = pc.if_else(pc.and_(unknown, pc.equal(codes, READABLE)), "unit_unknown", codes)
        return replace(
            batch,
            fields=fields | {UNIT: pc.if_else(unknown, stated, units)},
            codes=batch.codes.set_column(place, "row__reading", refused.dictionary_encode()),
        )
