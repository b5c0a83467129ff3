"""What was measured of speed, and how it is laid out in the report.

Belongs here: results and their tables. Does not belong here: measuring (speed.py).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from tabulate import tabulate

from benchmarks.cost import Cost
from benchmarks.rivals import LEGAL_FORMS, SPLINK_PROBABILITY, STRING_GROUPER_SIMILARITY

CHANGED_SHARE = 0.01
SHOWN_MODELS = 12


@dataclass(frozen=True)
class SpeedResult:
    """What resolution took on two lists, and what became of their planted pairs."""

    size: int  # records in each list
    cost: Cost
    model_seconds: Mapping[str, float]
    outside_seconds: float  # before dbt's first model and after its last
    candidates_per_record: float
    proposed_share: float  # of the planted pairs, here and below
    auto_share: float
    auto_or_review_share: float
    found_share: float
    joined_count: int  # pairs of records, ours and theirs, on one account
    is_recombined: bool = False


@dataclass(frozen=True)
class RivalResult:
    """What another tool took on the same lists."""

    tool: str
    version: str
    cost: Cost
    found_share: float
    joined_count: int


@dataclass(frozen=True)
class RefreshResult:
    """What a second month took of which little had changed, beside building the same month from nothing."""

    size: int
    cost: Cost
    full_cost: Cost
    row_count: int
    differing_row_count: int  # rows of either result that the other has not


@dataclass(frozen=True)
class Speed:
    """All that was measured."""

    results: Sequence[SpeedResult]  # the first is the one that rivals and refresh are of
    refresh: RefreshResult
    rivals: Sequence[RivalResult]
    left_out: Sequence[str] = field(default_factory=list)  # what was not measured and how to have it, in sentences


def report(speed: Speed) -> str:
    """What was measured, as Markdown with headings of the third level."""
    first = speed.results[0]
    return "\n\n".join(
        [
            f"Two lists of {first.size:,} company names each, with altered copies of left names planted among the"
            " right ones. Seconds are wall time, memory is the peak of one process. Planted pairs are *proposed* when"
            " they are compared at all, *found* when the tool's own decision joins them. They do not tell precision:"
            " beside them, *joined* says how many pairs in all were taken.",
            comparison_table(speed),
            "Ours: the resolution layer, dbt's start included, on lists landed and staged before (name, country, city)."
            " The other tools: from CSV to CSV (benchmarks/rivals.py). string-grouper: names alone, cosine from"
            f" {STRING_GROUPER_SIMILARITY}. Splink: names without {len(LEGAL_FORMS)} legal forms, country and city,"
            f" fitted on these lists without labels, probability from {SPLINK_PROBABILITY}.",
            "### How the time grows",
            scaling_table(speed.results),
            f"### Where the time goes, at {first.size:,}",
            model_table(first),
            "### A month in which little changed",
            f"A second month of the same lists, {CHANGED_SHARE:.0%} of the records renamed, new or gone; and the same"
            " month again with `--full-refresh`. Aim: at most 10 % of its seconds, and equal results.",
            refresh_table(speed.refresh),
            *(f"Left out: {sentence}" for sentence in speed.left_out),
        ]
    )


def comparison_table(speed: Speed) -> str:
    """Ours beside the other tools, on the same lists."""
    first = speed.results[0]
    rows = [
        ["account-mapping", f"{first.cost.seconds:.1f}", f"{first.cost.peak_gib:.2f}", f"{first.proposed_share:.4f}",
         f"{first.found_share:.4f}", f"{first.auto_or_review_share:.4f}", first.joined_count]
    ]  # fmt: skip
    rows += [
        [f"{rival.tool} {rival.version}", f"{rival.cost.seconds:.1f}", f"{rival.cost.peak_gib:.2f}", "",
         f"{rival.found_share:.4f}", "", rival.joined_count]
        for rival in speed.rivals
    ]  # fmt: skip
    headers = ["tool", "seconds", "GiB", "proposed", "found", "found or left to a person", "joined"]
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def scaling_table(results: Sequence[SpeedResult]) -> str:
    """Ours at each size, smallest first."""
    rows = []
    for result in sorted(results, key=lambda each: each.size):
        records = 2 * result.size
        rows.append(
            [
                f"{result.size:,}" + (" (fresh names)" if result.is_recombined else ""),
                f"{result.cost.seconds:.1f}",
                f"{1e6 * result.cost.seconds / (records * math.log2(records)):.2f}",
                f"{result.cost.peak_gib:.2f}",
                f"{result.candidates_per_record:.2f}",
                f"{result.proposed_share:.4f}",
                f"{result.auto_share:.4f}",
                f"{result.auto_or_review_share:.4f}",
                f"{result.found_share:.4f}",
            ]
        )
    headers = [
        "records in each list", "seconds", "µs per n·log₂ n", "GiB", "candidates per record", "planted pairs proposed",
        "accepted", "accepted or left to a person", "on one account",
    ]  # fmt: skip
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def model_table(result: SpeedResult) -> str:
    """The models that take longest; two may run at once, so shares are of their sum."""
    total = sum(result.model_seconds.values())
    ordered = sorted(result.model_seconds.items(), key=lambda item: -item[1])
    rows = [[model, f"{seconds:.1f}", f"{seconds / total:.0%}"] for model, seconds in ordered[:SHOWN_MODELS]]
    others = sum(seconds for _, seconds in ordered[SHOWN_MODELS:])
    rows.append([f"{len(ordered[SHOWN_MODELS:])} others", f"{others:.1f}", f"{others / total:.0%}"])
    rows.append(["dbt before the first and after the last", f"{result.outside_seconds:.1f}", ""])
    return tabulate(rows, headers=["model", "seconds", "share"], tablefmt="github", disable_numparse=True)


def refresh_table(refresh: RefreshResult) -> str:
    """The second month beside the same month from nothing."""
    rows = [
        ["refresh", f"{refresh.cost.seconds:.1f}", f"{refresh.cost.peak_gib:.2f}"],
        ["from nothing", f"{refresh.full_cost.seconds:.1f}", f"{refresh.full_cost.peak_gib:.2f}"],
        ["the refresh's share", f"{refresh.cost.seconds / refresh.full_cost.seconds:.0%}", ""],
        ["rows that differ", f"{refresh.differing_row_count:,} of {refresh.row_count:,}", ""],
    ]
    headers = [f"{refresh.size:,} records in each list", "seconds", "GiB"]
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)
