"""Writes what each level of a comparison is worth into docs/matching.md: python -m benchmarks.weights_page.

Belongs here: the table of the shipped weights, in the words of whoever decides about pairs. Does not belong here: the
weights themselves, which fit_match_weights.py writes to the seed; it calls this one.
"""

import csv
import re
from pathlib import Path

import click

from benchmarks.weights import WEIGHTS_FILE
from orchestration.settings import HOME

PAGE = HOME / "docs" / "matching.md"
BEGIN = "<!-- written by python -m benchmarks.weights_page -->"
END = "<!-- end of what is written -->"

# Of the seed, but no comparisons: what held before anything was compared, and the mix of true pairs.
NOT_COMPARED = frozenset(("prior", "class share"))

# In the order in which they are read: what is compared.
COMPARISONS = {
    "registration": "numbers of one register: LEI, D-U-N-S, VAT, SIRET, CIK",
    "domain": "the domains of the websites",
    "domain_label": "where one side alone has a website: what stands before its ending, and the other's name",
    "name": "the two names, word by word",
    "name_kind": "which names of the two records these are",
    "distinctiveness": "how rare the words are that both names have, in bits",
    "rest": "how rare the words are that are left over of the one name and of the other, in bits",
    "spelling": "how alike the names are without blanks, from 0 to 1",
    "substring": "whether the shorter name stands inside the longer",
    "first_word": "the first words",
    "numeral": "numbers in the names",
    "legal_form": "GmbH, Ltd., Inc., and their classes across countries",
    "namesake": "how many records go by one and the same name",
    "country": "the countries",
    "city": "the cities",
    "phone": "the last nine digits of the telephone numbers",
    "smaller_lead": "how far the pair leads over the next choice of the record that has the smaller lead, in bits",
    "larger_lead": "the same of the other record",
}

# Levels whose own word does not say it; every other level is shown by its word.
LEVELS = {
    ("registration", "conflict"): "two numbers of one register",
    ("domain", "alias"): "one known to be the other's",
    ("domain", "same label"): "the same but for the ending",
    ("name", "exact"): "the same",
    ("name", "order"): "the same words in another order",
    ("name", "spacing"): "the same but for blanks",
    ("name", "misspelt"): "every word alike",
    ("name", "partly misspelt"): "alike words beside equal ones",
    ("name", "cut short"): "a word cut short",
    ("name", "acronym"): "one is the initials of the other",
    ("name", "nothing shared"): "no word in common",
    ("name_kind", "own"): "the whole names",
    ("name_kind", "main part"): "a name without what stands in brackets",
    ("name_kind", "other"): "another or an earlier name",
    ("rest", "none"): "nothing left over",
    ("spelling", "equal"): "equal",
    ("first_word", "equal"): "of equal names",
    ("first_word", "unequal"): "alike but not equal",
    ("numeral", "none"): "in neither name",
    ("numeral", "same"): "the same",
    ("numeral", "conflict"): "different",
    ("numeral", "one_sided"): "in one name only",
    ("legal_form", "same class"): "of one class",
    ("legal_form", "vague"): "one that may be many",
    ("namesake", "none"): "these two alone",
    ("namesake", "few"): "one or two more",
    ("namesake", "many"): "more than two more",
    ("namesake", "not the same name"): "the names differ",
}

# What is left over of a name, by the word for it in the seed.
LEFT_OVER = {
    "distinctive": "a word of its own",
    "fund": "a word of funds",
    "generic": "a word that many names have",
    "numeral": "a number",
    "own place": "the place where it is",
    "place": "a place",
    "structure": "a word such as Holding",
}

# How much of the two names the words are that both have.
SHARED = {"whole": "all of both names", "contained": "all of one name", "part": "a part of both"}


def level_in_words(comparison: str, level: str) -> str:
    """Say a level as a partner manager would.

    Args:
        comparison: the comparison.
        level: its level, as the seed has it.

    Returns:
        The words.
    """
    if (rest := re.fullmatch(r"contained, rest (.+)", level)) is not None:
        return f"one in the other but for {LEFT_OVER[rest[1]]}"
    if (rests := re.fullmatch(r"rests (.+) and (.+)", level)) is not None:
        one, other = LEFT_OVER[rests[1]], LEFT_OVER[rests[2]]
        return f"left over on both sides {one}" if one == other else f"left over {one} and {other}"
    if comparison == "distinctiveness":
        share, _, bits = level.partition(" ")
        return f"{SHARED[share]}, {bits}"
    return LEVELS.get((comparison, level), level)


def table_of(seed: Path) -> str:
    """Lay the weights of a seed out as a table.

    Args:
        seed: the CSV file of weights.

    Returns:
        Markdown: a row per comparison, with all its levels, the best first.

    Raises:
        KeyError: the seed compares what COMPARISONS has no words for.
    """
    with seed.open(encoding="utf-8", newline="") as stream:
        rows = [row for row in csv.DictReader(stream) if row["comparison"] not in NOT_COMPARED]
    worth: dict[str, list[tuple[int, str]]] = {comparison: [] for comparison in COMPARISONS}
    for row in rows:
        by_hand = " (by hand)" if row["evidence"].startswith("by hand") else ""
        bits = f"{int(row['weight_millibits']) / 1000:+.2f}".replace("-", "−")
        words = level_in_words(row["comparison"], row["level"])
        worth[row["comparison"]].append((-int(row["weight_millibits"]), f"{words} {bits}{by_hand}"))
    lines = ["| comparison | what is compared | what it may be, and what that is worth in bits |", "|---|---|---|"]
    lines += [
        f"| `{comparison}` | {COMPARISONS[comparison]} | {'; '.join(level for _, level in sorted(levels))} |"
        for comparison, levels in worth.items()
    ]
    return "\n".join(lines)


def written(text: str, seed: Path) -> str:
    """Put the table of a seed into the text of a page.

    Args:
        text: the page, with the marks between which the table stands.
        seed: the CSV file of weights.

    Returns:
        The page; all but the table as it was.

    Raises:
        ValueError: the page has not each mark once, in order.
    """
    before, begin, rest = text.partition(f"{BEGIN}\n")
    _, end, after = rest.partition(END)
    if not (begin and end) or BEGIN in rest or END in after:
        raise ValueError(f"The page must have {BEGIN!r} and then {END!r}, each once.")
    return f"{before}{begin}{table_of(seed)}\n{END}{after}"


def write_page(seed: Path = WEIGHTS_FILE, page: Path = PAGE) -> None:
    """Write the table of a seed into a page.

    Args:
        seed: the CSV file of weights.
        page: the page, with its marks.
    """
    page.write_text(written(page.read_text(encoding="utf-8"), seed), encoding="utf-8")


@click.command()
def main() -> None:
    """Write the shipped weights into docs/matching.md."""
    write_page()


if __name__ == "__main__":
    main()
