"""The same two lists through other tools: python benchmarks/rivals.py TOOL LISTS MATCHES.csv.

Belongs here: how each tool is set up, as its makers advise for company names. Does not belong here: measuring it
(speed.py). The tools are no part of our set-up (dependency group `rivals`), so this file is run by their own Python
and imports nothing of ours.

LISTS is a folder with left.csv and right.csv; MATCHES.csv gets the pairs that the tool would join (left_id, right_id).
"""

import csv
import os
import sys
from collections.abc import Callable
from pathlib import Path

# The cosine of three-letter pieces from which string-grouper calls two names equal: its default.
STRING_GROUPER_SIMILARITY = 0.8
# The probability from which Splink's own examples take a pair for a match.
SPLINK_PROBABILITY = 0.95
# Pairs drawn at random to learn how often strangers agree; Splink's documentation asks for so many at least.
SPLINK_RANDOM_PAIRS = 1e7
LEGAL_FORMS = [
    "inc", "incorporated", "corp", "corporation", "co", "company", "ltd", "limited", "llc", "lp", "llp", "plc",
    "gmbh", "mbh", "ag", "kg", "ug", "sa", "sas", "sarl", "srl", "spa", "bv", "nv", "ab", "aktiebolag", "as",
    "aps", "oy", "oyj", "sl", "slu", "pty", "pvt", "private", "public", "kft", "doo", "sro", "lda", "ltda", "eood",
    "ood", "ooo",
]  # fmt: skip

# Names in lower case, without accents, signs and legal forms, as words with the share of all words that each has; the
# two rarest words of a name; and the name without blanks.
SPLINK_RECORDS = """
    create table records as
    with listed as (
        select 'left' as side, * from read_csv($left, all_varchar = true)
        union all by name
        select 'right' as side, * from read_csv($right, all_varchar = true)
    ),

    split as (
        select
            side,
            id,
            nullif(country, '') as country,
            nullif(city, '') as city,
            list_filter(
                string_split(
                    trim(regexp_replace(replace(lower(strip_accents(name)), '.', ''), '[^\\p{L}\\p{N}]+', ' ', 'g')),
                    ' '
                ),
                lambda word: not list_contains($legal_forms, word)
            ) as words
        from listed
    ),

    exploded as (
        select side, id, unnest(words) as word, generate_subscripts(words, 1) as position from split
    ),

    shares as (
        select word, count(*) / (select count(*) from exploded) as share from exploded group by word
    ),

    weighed as (
        select
            side,
            id,
            list({ 'word': word, 'share': share } order by position) as weighed_words,
            list(word order by share, word) as words_by_rarity
        from exploded
        inner join shares using (word)
        group by side, id
    )

    select
        split.side,
        split.id as unique_id,
        split.country,
        split.city,
        split.words,
        weighed.weighed_words,
        weighed.words_by_rarity[1] as rarest_word,
        weighed.words_by_rarity[2] as second_word,
        nullif(array_to_string(split.words, ''), '') as glued_name
    from split
    left join weighed using (side, id)
"""

# How often chance alone would have two names share the words that they share.
SPLINK_SHARED_WORDS = """
    list_reduce(
        list_prepend(
            1.0::double,
            list_transform(
                list_filter(weighed_words_l, lambda each: list_contains(words_r, each.word)),
                lambda each: each.share::double
            )
        ),
        lambda product, share: product * share
    )
"""


def link_with_string_grouper(lists: Path) -> list[tuple[str, str]]:
    """Join names by the cosine of their three-letter pieces, weighed by rarity.

    Args:
        lists: folder with left.csv and right.csv.

    Returns:
        Pairs of ids, left and right.
    """
    import pandas as pd  # noqa: PLC0415 (each tool is imported where it is run: one may be missing)
    from string_grouper import match_strings  # noqa: PLC0415

    left, right = (pd.read_csv(lists / f"{side}.csv", dtype=str, keep_default_na=False) for side in ("left", "right"))
    matches = match_strings(
        left["name"],
        right["name"],
        left["id"],
        right["id"],
        min_similarity=STRING_GROUPER_SIMILARITY,
        number_of_processes=os.cpu_count(),
    )
    return list(zip(matches["left_id"], matches["right_id"], strict=True))


def link_with_splink(lists: Path) -> list[tuple[str, str]]:
    """Join names by a model of Fellegi and Sunter that is fitted on the lists themselves, without labels.

    It follows the example of matching businesses in Splink's documentation (rarest words to propose pairs, shared words
    weighed by their rarity), with the spelling of the whole name, country and city beside it.

    Args:
        lists: folder with left.csv and right.csv.

    Returns:
        Pairs of ids, left and right.
    """
    import duckdb  # noqa: PLC0415 (each tool is imported where it is run: one may be missing)
    from splink import DuckDBAPI, Linker, SettingsCreator, block_on  # noqa: PLC0415
    from splink import comparison_level_library as levels  # noqa: PLC0415
    from splink import comparison_library as comparisons  # noqa: PLC0415

    connection = duckdb.connect()
    connection.execute(
        SPLINK_RECORDS,
        {"left": str(lists / "left.csv"), "right": str(lists / "right.csv"), "legal_forms": LEGAL_FORMS},
    )
    shared_words = comparisons.CustomComparison(
        [
            levels.NullLevel("weighed_words"),
            # nearly all random pairs end here, and it is cheap
            levels.CustomLevel("not list_has_any(words_l, words_r)"),
            *(levels.CustomLevel(f"{SPLINK_SHARED_WORDS} < {share}") for share in (1e-12, 1e-10, 1e-8, 1e-6, 1e-4)),
            levels.ElseLevel(),
        ],
        output_column_name="shared_words",
    )
    settings = SettingsCreator(
        link_type="link_only",
        comparisons=[
            shared_words,
            comparisons.JaroWinklerAtThresholds("glued_name", [0.98, 0.95, 0.92, 0.88, 0.8]),
            comparisons.ExactMatch("country").configure(term_frequency_adjustments=True),
            comparisons.ExactMatch("city").configure(term_frequency_adjustments=True),
        ],
        blocking_rules_to_generate_predictions=[
            block_on("glued_name"),
            block_on("rarest_word"),
            "l.rarest_word = r.second_word",
            "l.second_word = r.rarest_word",
            block_on("second_word", "substr(glued_name, 1, 3)"),
            block_on("substr(glued_name, 1, 8)"),
        ],
        retain_matching_columns=False,
    )
    engine = DuckDBAPI(connection=connection)
    linker = Linker(
        [
            engine.register(
                connection.sql(f"select * exclude (side) from records where side = '{side}'"),  # noqa: S608 (our own words)
                dataset_display_name=f"{side}_list",
            )
            for side in ("left", "right")
        ],
        settings,
    )
    # Equal names are half of the matches: what a person would guess of two lists not seen before.
    linker.training.estimate_probability_two_random_records_match([block_on("glued_name")], recall=0.5)
    linker.training.estimate_u_using_random_sampling(max_pairs=SPLINK_RANDOM_PAIRS, seed=1)
    # Blocks in which many pairs are true; wider ones (a word, eight letters) taught it that kin are the same company.
    for block in (block_on("rarest_word", "second_word"), block_on("substr(glued_name, 1, 14)")):
        linker.training.estimate_parameters_using_expectation_maximisation(
            block, estimate_without_term_frequencies=True
        )
    predicted = linker.inference.predict(threshold_match_probability=SPLINK_PROBABILITY)
    pairs: list[tuple[str, str]] = connection.sql(
        f"select unique_id_l, unique_id_r from {predicted.physical_name}"  # noqa: S608 (a name Splink gave)
    ).fetchall()
    return pairs


TOOLS: dict[str, Callable[[Path], list[tuple[str, str]]]] = {
    "splink": link_with_splink,
    "string-grouper": link_with_string_grouper,
}


def main() -> None:
    """Run one tool and write what it would join."""
    tool, lists, matches = sys.argv[1:]
    pairs = TOOLS[tool](Path(lists))
    with Path(matches).open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(["left_id", "right_id"])
        writer.writerows(sorted(pairs))


if __name__ == "__main__":
    main()
