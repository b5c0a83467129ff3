"""Rows that are no records: headers once more, totals, footers, notes, second tables, what a broken formula leaves.

Belongs here: finding them in a list's rows by their shape and words. Does not belong here: rows that are records and
say too little (readings.py).

Reports and spreadsheets print around a list what people read and no machine should. Such a row is refused as what it
is, so that it is no account and nothing is lost.
"""

import re
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from orchestration.ingestion.columns import Batch
from orchestration.ingestion.headers import is_like_data
from orchestration.ingestion.mapping import ColumnMappings, Header
from orchestration.ingestion.refusals import EXPLANATIONS
from orchestration.ingestion.snapshots import RefusedRow, row_as_text
from udfs.readers import host_of

_TAIL = 60  # rows at a list's end among which a footer is looked for
_GAPS = 1_000  # empty lines below which a second table is looked for
_HEADERS_OF_A_TABLE = 2
_CELLS_OF_A_RECORD = 3  # from so many filled cells a row on, a lone cell below an empty line is a note

# Languages: English, German, French, Spanish, Italian, Portuguese, Dutch, the Nordic ones, Polish, Japanese, Chinese.
_TOTAL = (
    r"(?i)^\W*(?:(?:grand|sub|report|overall)[\s-]?totals?|totals?|sum|gesamt(?:summe)?|zwischensumme|summe|insgesamt|"
    r"total (?:g[ée]n[ée]ral|geral|general|generale)|sous[\s-]total|subtotale|totale|totaal|subtotaal|totalt|delsumma|"
    r"i alt|yhteens[äa]|razem|suma|合計|小計|总计|小计|count|record count|anzahl|nombre|recuento|conteggio)"
    r"\s*(?:\(?\s*\d[\d.,\s]*\s*(?:records?|rows?|items?|datens[äa]tze|enregistrements?|registros?)?\s*\)?)?\W*$"
)
_FOOTER = (
    r"(?i)^\W*(?:copyright\b.*|(?:\(c\)|©)\s*\d{4}.*|confidential information\s*-\s*do not distribute.*|"
    r"(?:generated|exported|printed|created) (?:by|on|at|from)\b\s*:?.*|report (?:generated|run|as of)\b.*|as of \d.*|"
    r"filtered by\b.*|filters?(?: applied)?:.*|powered by\b.*|page \d+ of \d+.*|seite \d+ von \d+.*|"
    r"erstellt (?:am|von)\b.*|"
    r"g[ée]n[ée]r[ée] (?:par|le)\b.*|all rights reserved.*|end of (?:report|list|file).*|\*+\s*end\b.*)$"
)
SPREADSHEET_ERRORS = (
    r"(?i)^\s*(?:#(?:ref|name\?|value|null|num|error|spill|calc|field|blocked|connect|busy|getting_data|unknown|"
    r"wert|bezug|zahl|[üu]berlauf|nom\?|valeur|nombre|valor|¡ref|¡valor|¿nombre\?|rif|nome\?|verw|waarde|naam\?|getal|"
    r"arg|adr|liczba|nazwa\?|div/0|n/a|nv|n/d|nd|n/v)[!?]*|loading\s*(?:\.{3}|…))\s*$"
)


def leave_out(
    header: Header, head_cells: Sequence[str], batches: list[Batch], mappings: ColumnMappings, refused: list[RefusedRow]
) -> list[Batch]:
    """Take the rows that are no records out of a list.

    Args:
        header: of the list.
        head_cells: the header row as delivered.
        batches: its rows, none of them empty.
        mappings: known headers.
        refused: gets the rows, each with what it is.

    Returns:
        The other rows.
    """
    rules = [np.full(len(numbers), "", dtype=object) for numbers, _, _ in batches]
    for (_, columns, _), found in zip(batches, rules, strict=True):
        found[_repeats(columns, head_cells)] = "header_repeated"
        places = np.flatnonzero(_totals(columns, header) & (found == ""))
        found[places] = "row_of_totals"
    if batches and _names_columns(_row(batches[0], 0), header.object, mappings):
        rules[0][0] = "header_repeated"
    _mark_what_stands_below(header, batches, rules, mappings)
    kept = []
    for batch, found in zip(batches, rules, strict=True):
        places = np.flatnonzero(found != "")
        refused.extend(_refuse(batch, int(place), str(found[place])) for place in places)
        kept.append(_filter(batch, found == "") if len(places) else batch)
    return [batch for batch in kept if len(batch[0])]


def _repeats(columns: list[pa.Array], head_cells: Sequence[str]) -> npt.NDArray[np.bool_]:
    """Tell which rows are the header once more: every filled cell says what the header says, at least two of them."""
    length = len(columns[0])
    same_count = np.zeros(length, dtype=int)
    candidates = np.ones(length, dtype=bool)
    for column, cell in zip(columns, head_cells, strict=False):
        filled = column.is_valid().to_numpy(zero_copy_only=False)
        same = pc.fill_null(pc.equal(pc.utf8_trim_whitespace(column), cell.strip()), False)
        same = same.to_numpy(zero_copy_only=False)
        candidates &= same | ~filled
        if not candidates.any():
            break
        same_count += same
    least = min(2, sum(bool(cell.strip()) for cell in head_cells))
    return np.logical_and(candidates, same_count >= least)


def _totals(columns: list[pa.Array], header: Header) -> npt.NDArray[np.bool_]:
    """Tell which rows are totals: a word for it comes first, and no id, website or address speaks for a company."""
    first = columns[0]
    for column in columns[1:]:
        if not first.null_count:
            break
        first = pc.coalesce(first, column)
    found: npt.NDArray[np.bool_] = np.array(pc.fill_null(pc.match_substring_regex(first, _TOTAL), False))
    for field, proves in (
        ("source_id", bool),
        ("website", lambda text: host_of(text) is not None),
        ("email", lambda text: "@" in text),
    ):
        for source in header.sources_of(field):
            for place in np.flatnonzero(found):
                cell = columns[source.index][int(place)].as_py()
                # an id that is the very word that was found (the first column is the id) proves nothing
                if cell is not None and cell != first[int(place)].as_py() and proves(cell):
                    found[place] = False
    return found


def _names_columns(cells: Sequence[str | None], object_name: str, mappings: ColumnMappings) -> bool:
    """Tell whether the row right below the header is one too, such as the names that an API has for the columns."""
    filled = [cell for cell in cells if cell]
    return len(filled) >= _HEADERS_OF_A_TABLE and all(mappings.is_header(object_name, cell) for cell in filled)


def _mark_what_stands_below(
    header: Header, batches: list[Batch], rules: list[npt.NDArray[np.object_]], mappings: ColumnMappings
) -> None:
    """Mark second tables, footers and notes: they follow an empty line."""
    gaps = list(_below_empty_lines(batches))
    for batch_index, place in gaps[:_GAPS]:
        cells = [cell for cell in _row(batches[batch_index], place) if cell]
        known = sum(mappings.is_header(header.object, cell) for cell in cells)
        if known >= _HEADERS_OF_A_TABLE and known > sum(map(is_like_data, cells)) and 2 * known > len(cells):
            _mark_rest(rules, batch_index, place, "second_table")
            return
    usual = _usual_width(batches)
    for batch_index, place in gaps[-_TAIL:]:
        below = range(place, len(batches[batch_index][0]))
        if batch_index != len(batches) - 1 or len(below) > _TAIL:
            continue
        lone = [[cell for cell in _row(batches[batch_index], at) if cell] for at in below]
        if all(len(filled) == 1 for filled in lone):
            if any(re.match(_FOOTER, filled[0]) for filled in lone):
                _mark_rest(rules, batch_index, place, "report_footer")
                return
            if usual >= _CELLS_OF_A_RECORD:
                _mark_rest(rules, batch_index, place, "note_below_the_list")
                return
    if batches:
        last = len(batches) - 1
        for place in range(max(0, len(batches[last][0]) - _TAIL), len(batches[last][0])):
            filled = [cell for cell in _row(batches[last], place) if cell]
            if len(filled) == 1 and re.match(_FOOTER, filled[0]) and not rules[last][place]:
                rules[last][place] = "report_footer"


def _below_empty_lines(batches: list[Batch]) -> Iterator[tuple[int, int]]:
    """Give the rows before which a line is empty: its number is further away than the lines of the row before it."""
    before: tuple[int, Sequence[str | None]] | None = None
    for batch_index, batch in enumerate(batches):
        numbers = batch[0]
        places = [int(place) for place in np.flatnonzero(np.diff(numbers) > 1) + 1]
        if before is not None and numbers[0] - before[0] > 1:
            places.insert(0, 0)
        for place in places[:_GAPS]:
            number, cells = (int(numbers[place - 1]), _row(batch, int(place) - 1)) if place else before or (0, [])
            lines = 1 + sum(len(re.findall(r"\r\n|\r|\n", cell)) for cell in cells if cell)
            if numbers[place] - number > lines:
                yield batch_index, int(place)
        before = int(numbers[-1]), _row(batch, len(numbers) - 1)


def _usual_width(batches: list[Batch]) -> float:
    """The median number of filled cells of some rows."""
    if not batches:
        return 0
    rows = range(min(len(batches[0][0]), 200))
    return float(np.median([sum(cell is not None for cell in _row(batches[0], place)) for place in rows]))


def _mark_rest(rules: list[npt.NDArray[np.object_]], batch_index: int, place: int, rule: str) -> None:
    for index in range(batch_index, len(rules)):
        start = place if index == batch_index else 0
        rest = rules[index][start:]
        rest[rest == ""] = rule


def _row(batch: Batch, place: int) -> list[str | None]:
    return [column[place].as_py() for column in batch[1]]


def _filter(batch: Batch, keep: npt.NDArray[np.bool_]) -> Batch:
    numbers, columns, structure = batch
    mask = pa.array(keep)
    return numbers[keep], [column.filter(mask) for column in columns], structure.filter(mask)


def _refuse(batch: Batch, place: int, rule: str) -> RefusedRow:
    reason, remedy = EXPLANATIONS[rule]
    number = int(batch[0][place])
    return RefusedRow(number, row_as_text(_row(batch, place)), rule, f"Row {number}: {reason}", remedy)
