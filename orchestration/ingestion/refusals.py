"""What is wrong with a row or a value, in words: for every code the reason and the remedy.

Belongs here: the words, and describing what is refused. Does not belong here: finding what is wrong (readings.py).
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

from orchestration.ingestion.headers import may_name_a_person
from orchestration.ingestion.mapping import Header
from orchestration.ingestion.snapshots import RefusedRow, escape_controls, row_as_text
from orchestration.objects import ANSWERS, CREDITS, OBJECTS, PERSONAL, Persons

CONFLICT = "columns_disagree"
_SHOWN = 80  # characters of a value in a message; the record holds it whole
_ROW_CODE_FIELDS = {
    "name_empty": "name",
    "name_only_punctuation": "name",
    "name_only_legal_form": "name",
    "name_is_spreadsheet_error": "name",
    "name_is_placeholder": "name",
    "id_in_scientific_notation": "source_id",
    "id_out_of_precision": "source_id",
    "account_missing": "account_name",
    "date_missing": "engagement_date",
    "person_missing": "name",
    "record_unreadable": "left_record_key",
    "answer_unknown": "answer",
    "author_missing": "decided_by",
    "plan_account_missing": "record_key",
    "plan_record_unreadable": "record_key",
    "opportunity_missing": "opportunity_source_id",
    "partner_missing": "partner",
    "credit_unknown": "credit",
    "reason_missing": "reason",
    "row_deleted": "is_deleted",
    "unit_unknown": "business_unit",
}


@dataclass(frozen=True)
class Conventions:
    """How a file writes what could be read in two ways; null where it is not known."""

    date_order: str | None
    decimal_mark: str | None


_NAMED = 5


def some_of(names: Sequence[str]) -> str:
    """Name so many of several that a sentence stays one.

    Args:
        names: at least one.

    Returns:
        The first five, and how many more there are.
    """
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


def explain(code: str, header: str, value: str, row_number: int, conventions: Conventions) -> tuple[str, str]:
    """Say in plain words what is wrong with a value, and what to do.

    Args:
        code: the rule.
        header: the column as the file names it.
        value: the value as delivered.
        row_number: the row.
        conventions: the file's.

    Returns:
        Reason and remedy.
    """
    reason, remedy = EXPLANATIONS[code]
    shown = value if len(value) <= _SHOWN else value[:_SHOWN] + "…"
    filled = reason.format(value=shown, mark=conventions.decimal_mark, order=conventions.date_order)
    return f"Row {row_number}, column '{header}': {filled}", remedy


def refuse_row(row_number: int, cells: list[str | None], code: str, header: Header) -> RefusedRow:
    """Describe a row that cannot be used.

    Args:
        row_number: the row.
        cells: its cells as delivered.
        code: the rule.
        header: the list's header.

    Returns:
        The row as it came, with reason and remedy.
    """
    field = _ROW_CODE_FIELDS.get(code)
    sources = header.sources_of(field) if field else []
    value = escape_controls(
        next((cells[source.index] for source in sources if cells[source.index] is not None), "") or ""
    )
    reason, remedy = EXPLANATIONS[code]
    if code == CONFLICT:
        reason = "columns of the same name that hold the account's name or id differ."
    place = f"Row {row_number}, column '{sources[0].header}'" if sources else f"Row {row_number}"
    shown = reason.format(value=value if len(value) <= _SHOWN else value[:_SHOWN] + "…")
    return RefusedRow(
        row_number,
        row_as_text(cells),
        code,
        f"{place}: {shown}",
        remedy,
        field if sources else None,
        shown_row(header, cells),
    )


def shown_row(header: Header, cells: Sequence[str | None]) -> str | None:
    """Give what of a row may be shown to everybody.

    Args:
        header: the list's header.
        cells: the row as delivered.

    Returns:
        JSON, cells by column, of the fields that name no person; null for lists of persons.
    """
    if header.object in PERSONAL:
        return None
    shown = {
        column.header: cell
        for column in sorted(header.columns, key=lambda column: column.index)
        if column.field and (cell := cells[column.index]) is not None and shown_value(header.object, column.field, cell)
    }
    return escape_controls(json.dumps(shown, ensure_ascii=False))


def shown_value(object_name: str, field: str, value: str) -> str | None:
    """Give a refused value if it may be shown to everybody; null where it may name a person.

    Args:
        object_name: the object.
        field: the field it was delivered for.
        value: as delivered.
    """
    if object_name in PERSONAL or "@" in value:
        return None
    if field == "source_id":
        return value
    known = next((known for known in OBJECTS[object_name].fields if known.name == field), None)
    if known is None or known.persons != Persons.NONE:
        return None
    # A cell for a figure, a day or an address may hold a note. A word of a vocabulary must be seen to be mapped.
    is_note = known.kind != "text" and known.vocabulary is None and may_name_a_person(value)
    return None if is_note else value


def delivered_value(code: str, cells: list[str | None], value: str | None) -> str:
    """Give a refused value as it came: all of them where several columns disagree."""
    if code != CONFLICT:
        return escape_controls(value or "")
    return escape_controls(" | ".join(dict.fromkeys(cell for cell in cells if cell is not None)))


EXPLANATIONS: dict[str, tuple[str, str]] = {
    "website_is_email": (
        "'{value}' is an e-mail address, not a website.",
        "Put the company's website here, or leave the cell empty.",
    ),
    "website_is_ip_address": (
        "'{value}' is an IP address, not a website's name.",
        "Put the company's website here, or leave the cell empty.",
    ),
    "website_without_dot": (
        "'{value}' is not a website: it has no dot.",
        "Write the full name, such as example.com, or leave the cell empty.",
    ),
    "website_unreadable": (
        "'{value}' is not a website.",
        "Write one website, such as example.com, or leave the cell empty.",
    ),
    "band_made_a_date": (
        "'{value}' is a date, which a spreadsheet makes of a band such as 10-11 or 11-50.",
        "Export the list again and do not open it in a spreadsheet, or import the column as text.",
    ),
    "band_upside_down": (
        "the band '{value}' begins above its end.",
        "Write the smaller figure first, or leave the cell empty.",
    ),
    "negative_number": (
        "'{value}' is negative.",
        "Correct the number, or leave the cell empty.",
    ),
    "number_unreadable": (
        "'{value}' is not a whole number.",
        "Write digits only, such as 1200, or a band, such as 51-200; or leave the cell empty.",
    ),
    "negative_amount": (
        "'{value}' is a negative amount.",
        "Correct the amount, or leave the cell empty.",
    ),
    "amount_ambiguous": (
        "'{value}' has two meanings: the file does not show which mark separates decimals.",
        "Set decimal_mark for this party in seeds/company/partners.csv, or write the amount without separators, "
        "and run again.",
    ),
    "amount_unreadable": (
        "'{value}' is not an amount.",
        "Write a figure such as 1234.50, or leave the cell empty.",
    ),
    "probability_out_of_range": (
        "'{value}' is not between 0 and 100.",
        "Write a percentage from 0 to 100, or leave the cell empty.",
    ),
    "probability_unreadable": (
        "'{value}' is not a percentage.",
        "Write a percentage from 0 to 100, or leave the cell empty.",
    ),
    "unknown_currency": (
        "'{value}' is not a currency that is known.",
        "Write the ISO code, such as EUR, or map the value in seeds/reference/value_mappings.csv (field currency).",
    ),
    "boolean_unreadable": (
        "'{value}' is neither yes nor no.",
        "Write true or false, or leave the cell empty.",
    ),
    "date_ambiguous": (
        "'{value}' has two meanings: the file does not show whether day or month comes first.",
        "Set date_order (dmy or mdy) for this party in seeds/company/partners.csv, or write dates as 2026-10-31; run "
        "again.",
    ),
    "date_impossible": (
        "the date '{value}' does not exist.",
        "Correct the date, or leave the cell empty.",
    ),
    "date_unreadable": (
        "'{value}' is not a date that can be read.",
        "Write the date as 2026-10-31, or leave the cell empty.",
    ),
    "email_unreadable": (
        "'{value}' is not an e-mail address.",
        "Correct the address, or leave the cell empty.",
    ),
    "columns_disagree": (
        "the column appears more than once, with different values: '{value}'.",
        "Keep one of the columns, or make them agree.",
    ),
    "cell_too_long": (
        "a cell is longer than a spreadsheet cell can be.",
        "Shorten the text, and deliver the file again.",
    ),
    "nul_byte": (
        "the row contains a NUL byte, so the file may be damaged.",
        "Export the list again.",
    ),
    "stray_bytes": (
        "the row contains bytes that are not UTF-8, unlike the rest of the file.",
        "Export the list again as CSV in UTF-8.",
    ),
    "name_empty": (
        "the account has no name.",
        "Fill in the company's name, or remove the row.",
    ),
    "name_only_punctuation": (
        "the name '{value}' has neither letters nor digits.",
        "Fill in the company's name, or remove the row.",
    ),
    "name_only_legal_form": (
        "the name '{value}' is nothing but a legal form.",
        "Fill in the company's name, or remove the row.",
    ),
    "account_missing": (
        "neither the account's id nor its name is given.",
        "Fill in the account, or remove the row.",
    ),
    "date_missing": (
        "the date is not given.",
        "Fill in the date, or remove the row.",
    ),
    "person_missing": (
        "neither a name nor an e-mail address is given.",
        "Fill in the person's name, or remove the row.",
    ),
    "row_deleted": (
        "the source system has marked the record as deleted ('{value}').",
        "Nothing, if it is to stay deleted; else restore it there, and export the list again.",
    ),
    "record_unreadable": (
        "the two records are not both written as <party_id>:<source_id>, or are one and the same.",
        "Take the row from the review sheet again, with its record keys as they are.",
    ),
    "answer_unknown": (
        "'{value}' is no answer that is known.",
        f"Answer with one of: {', '.join(ANSWERS)}; or leave the cell empty.",
    ),
    "author_missing": (
        "the answer has no author.",
        "Write who decided, and deliver the file again.",
    ),
    "unit_unknown": (
        "'{value}' is no business unit that is known, so whose ids the row has is not known either.",
        "Give the unit a row in seeds/company/business_units.csv, or write its name as it stands there.",
    ),
    "plan_account_missing": (
        "no account is named.",
        "Fill in its record key (such as us:1001) or our own id of it, or remove the row.",
    ),
    "plan_record_unreadable": (
        "'{value}' is not written as <party_id>:<source_id>.",
        "Take the key from the session sheet or bridge_account_records, or give our own id of the account alone.",
    ),
    "opportunity_missing": (
        "the opportunity's id is not given.",
        "Fill in the id that it has in our own system, or remove the row.",
    ),
    "partner_missing": (
        "no partner is given.",
        "Name the partner as seeds/company/partners.csv does, or remove the row.",
    ),
    "credit_unknown": (
        "'{value}' is no credit that is known.",
        f"Write one of: {', '.join(CREDITS)}; or remove the row.",
    ),
    "reason_missing": (
        "the reason is not given.",
        "Write why, and deliver the file again.",
    ),
    "header_repeated": (
        "this is the header once more, so it is no record.",
        "Nothing.",
    ),
    "row_of_totals": (
        "this is a row of totals, so it is no record.",
        "Nothing; if it is a company, give it an id or a website.",
    ),
    "report_footer": (
        "this stands below the list of a report, so it is no record.",
        "Nothing.",
    ),
    "note_below_the_list": (
        "this stands by itself below an empty row at the end of the list, so it is taken for a note.",
        "Nothing if it is one; else take the empty row out, and deliver the file again.",
    ),
    "second_table": (
        "a second table begins in this file below an empty row; only the first is read.",
        "Deliver each table as a file of its own.",
    ),
    "name_is_spreadsheet_error": (
        "'{value}' is what a spreadsheet writes when it cannot work out a formula.",
        "Mend the formula, or write the name itself, and deliver the file again.",
    ),
    "name_is_placeholder": (
        "'{value}' names no company.",
        "Fill in the company's name, or remove the row. The words are in seeds/reference/placeholders.csv.",
    ),
    "spreadsheet_error": (
        "'{value}' is what a spreadsheet writes when it cannot work out a formula.",
        "Mend the formula, or write the value itself.",
    ),
    "id_in_scientific_notation": (
        "a spreadsheet has turned the id into the number '{value}', so its last digits are lost.",
        "Export the list again and do not open it in a spreadsheet, or import the column as text.",
    ),
    "id_out_of_precision": (
        "a spreadsheet has turned the id into the number '{value}'; it keeps 15 digits, so the last ones may be lost.",
        "Export the list again and do not open it in a spreadsheet, or import the column as text.",
    ),
    "deletion_unreadable": (
        "'{value}' says neither whether nor when the record was deleted.",
        "Write true, false or a date, or leave the cell empty.",
    ),
    "ragged_row": (
        "it has {value} cells; the header has {mark}.",
        "Check the delimiters and quotation marks in this row.",
    ),
}
