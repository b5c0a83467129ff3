"""Whether a row of our people's answers says what it must: of a pair of records, a partner's part in a deal, a plan.

Belongs here: what is wrong with a row of an answer, by its code. Does not belong here: the words for a code
(refusals.py), the lists (readings.py), and which answer counts (staging).
"""

from collections.abc import Callable

import pyarrow as pa
import pyarrow.compute as pc

from orchestration.objects import ANSWERS, CREDITS

_RECORD_KEY = r"^[^\s:]+:.*\S"
# By object, the codes that refuse a row of it, beside those of every row.
ANSWER_CODES = {
    "decisions": ("record_unreadable", "answer_unknown", "author_missing"),
    "credits": ("opportunity_missing", "partner_missing", "credit_unknown", "author_missing", "reason_missing"),
    "plans": ("plan_record_unreadable", "plan_account_missing", "partner_missing"),
}


def answer_codes(
    columns: dict[str, pa.Array], object_name: str, missing: Callable[..., pa.Array], readable: pa.Array
) -> pa.Array:
    """Say for every row of an answer whether it can be used.

    Args:
        columns: its mapped columns by field, each a string array of n rows (null = blank).
        object_name: one of ANSWER_CODES.
        missing: of fields, a boolean array of n: whether all of them are blank.
        readable: string array of n, the code of a row with which nothing is wrong.

    Returns:
        String array of n: that code, or the first of the object's own that applies.
    """
    codes_of = {"decisions": _decision_codes, "credits": _credit_codes, "plans": _plan_codes}
    return codes_of[object_name](columns, missing, readable)


def _decision_codes(columns: dict[str, pa.Array], missing: Callable[..., pa.Array], readable: pa.Array) -> pa.Array:
    answers = pc.utf8_lower(pc.utf8_trim_whitespace(columns["answer"]))
    given = pc.invert(missing("answer"))
    known = pc.is_in(answers, value_set=pa.array(ANSWERS))
    codes = pc.if_else(pc.and_(given, missing("decided_by")), "author_missing", readable)
    codes = pc.if_else(pc.and_(given, pc.invert(known)), "answer_unknown", codes)
    left, right = (pc.utf8_trim_whitespace(columns[f"{side}_record_key"]) for side in ("left", "right"))
    written = pc.and_(pc.match_substring_regex(left, _RECORD_KEY), pc.match_substring_regex(right, _RECORD_KEY))
    usable = pc.fill_null(pc.and_(written, pc.not_equal(left, right)), False)
    return pc.if_else(usable, codes, "record_unreadable")


def _credit_codes(columns: dict[str, pa.Array], missing: Callable[..., pa.Array], readable: pa.Array) -> pa.Array:
    known = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(columns["credit"])), value_set=pa.array(CREDITS))
    codes = pc.if_else(missing("reason"), "reason_missing", readable)
    codes = pc.if_else(missing("decided_by"), "author_missing", codes)
    codes = pc.if_else(known, codes, "credit_unknown")
    codes = pc.if_else(missing("partner"), "partner_missing", codes)
    return pc.if_else(missing("opportunity_source_id"), "opportunity_missing", codes)


def _plan_codes(columns: dict[str, pa.Array], missing: Callable[..., pa.Array], readable: pa.Array) -> pa.Array:
    codes = pc.if_else(missing("partner"), "partner_missing", readable)
    codes = pc.if_else(missing("record_key", "account_source_id"), "plan_account_missing", codes)
    written = pc.match_substring_regex(pc.utf8_trim_whitespace(columns["record_key"]), _RECORD_KEY)
    return pc.if_else(pc.or_(pc.fill_null(written, False), missing("record_key")), codes, "plan_record_unreadable")
