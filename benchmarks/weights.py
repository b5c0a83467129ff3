"""Fitting match weights on labelled pairs: levels, regression, shares of classes.

Belongs here: from comparison levels and labels to integer weights, and the guard rails around them. Does not belong
here: computing the levels (res_compared_pairs does, in the real pipeline) or running it (scenarios.py).

The model is a logistic regression over one-hot levels, so that every weight can be read. Scenarios count alike
whatever their size. How far a pair leads over each end's other choices is a comparison too; since a lead depends on the
weights, fitting and ranking alternate.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pandas as pd
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import OneHotEncoder

HOME = Path(__file__).resolve().parent.parent
WEIGHTS_FILE = HOME / "seeds" / "reference" / "match_weights.csv"
COLUMNS = ("comparison", "level", "weight_millibits", "version", "pair_count", "true_pair_count", "evidence")
# Comparisons no scenario has values for; their weights are set by hand and say so in the evidence column.
UNFITTED = ("registration", "phone")
LEADS = ("smaller_lead", "larger_lead")
# Each alternation moves fewer pairs; from the third on the figures stand still.
ALTERNATIONS = 3
# Summed weight of each scenario, in imagined pairs; with the regression's own regularisation it says how much a level
# must be seen to be believed.
SCENARIO_WEIGHT = 1000.0
# Kinds of evidence (res_pair_guards) of which our own list cannot say how many pairs chance makes: theirs may be full
# of companies of groups that we know the heads of. Beside the strong pairs no more of them are believed than so many
# times what any labelled list had. Who writes short names leaves 'Holdings' and the like out throughout: one list does
# so 14 times beside 134 strong pairs, where the next would have 4, so a list never seen may well have more.
BOUNDED_CLASSES = {
    "other legal form": 1,
    "structure left over": 3,
    "generic left over": 1,
    "distinctive left over": 1,
    "both left over": 1,
}
# Shares are no smaller than this: a list may have a kind of evidence that the labelled ones hardly had.
SMALLEST_CLASS_SHARE = 0.002
BELIEVABLE = 0.3
HAND_SET = (
    ("registration", "same", 20000, "by hand: two valid numbers do not agree by chance"),
    ("registration", "conflict", -8000, "by hand: one company has one number; leaves room for typing errors"),
    ("phone", "same", 5000, "by hand: like a domain, but groups share switchboards"),
    ("phone", "different", -300, "by hand: companies have many numbers"),
)
# A better level must not weigh less than a worse one.
ORDERED_LEVELS = (
    ("country", ("different", "same")),
    ("city", ("different", "same")),
    ("domain", ("different", "same")),
    ("legal_form", ("different", "same")),
    ("numeral", ("one_sided", "same")),
)


@dataclass(frozen=True)
class Labelled:
    """Labelled candidate pairs of one scenario."""

    scenario: str
    pairs: pd.DataFrame  # left_record_key, right_record_key, <comparison>_level …, label: 1 same, 0 not, -1 unsure
    true_pair_count: int


@dataclass
class Weights:
    """Fitted weights in 1/1000 bit."""

    millibits: dict[tuple[str, str], int]
    prior_millibits: int
    true_share_millibits: int
    pair_counts: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)
    class_shares: dict[str, int] = field(default_factory=dict)  # evidence class → log2 of its share in 1/1000

    def rows(self, version: str) -> list[tuple[str, str, int, str, str, str, str]]:
        """Rows of the seed, in reading order.

        Args:
            version: put into every row.

        Returns:
            One tuple per row, in the order of COLUMNS.
        """
        rows: list[tuple[str, str, int, str, str, str, str]] = [
            ("prior", "fitted", self.prior_millibits, version, "", "", "fitted"),
            ("prior", "true share", self.true_share_millibits, version, "", "", "fitted: log2 odds among candidates"),
        ]
        rows += [
            (
                *("class share", name, bits, version, "", ""),
                f"fitted: log2 of the most true pairs beside a strong one times {BOUNDED_CLASSES[name]}",
            )
            for name, bits in self.class_shares.items()
        ]
        rows += [(comparison, level, bits, version, "", "", why) for comparison, level, bits, why in HAND_SET]
        for key in sorted(self.millibits, key=lambda key: (key[0], -self.millibits[key], key[1])):
            pairs, true_pairs = self.pair_counts.get(key, (0, 0))
            rows.append((*key, self.millibits[key], version, str(pairs), str(true_pairs), "fitted"))
        if ("domain", "alias") not in self.millibits:
            same = self.millibits.get(("domain", "same"), 0)
            rows.append(
                ("domain", "alias", same, version, "", "", "by hand: as an equal domain, a person wrote it down")
            )
        return rows


def read_labelled(warehouse: Path, scenario: str, true: set[tuple[str, str]], unsure: set[tuple[str, str]]) -> Labelled:
    """Read the compared pairs between two parties and label them.

    Args:
        warehouse: a warehouse in which res_compared_pairs has been built.
        scenario: name of the scenario.
        true: pairs of record keys, (ours, theirs), that are one company.
        unsure: pairs that nobody knows about.

    Returns:
        The labelled pairs, ordered by key.
    """
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        pairs = connection.execute(
            "select ones.record_key as left_record_key, others.record_key as right_record_key, left_party_id, "
            "cast(columns('_level$') as varchar), cast(own_guard as varchar) as own_guard, "
            "cast(evidence_class as varchar) as evidence_class from resolution.res_pair_guards as pairs "
            "inner join resolution.res_account_records as ones on pairs.left_record_number = ones.record_number "
            "inner join resolution.res_account_records as others on pairs.right_record_number = others.record_number "
            "where left_party_id <> right_party_id order by 1, 2"
        ).df()
    keys = [
        (left, right) if party == "us" else (right, left)
        for left, right, party in zip(pairs.left_record_key, pairs.right_record_key, pairs.left_party_id, strict=True)
    ]
    pairs["label"] = [1 if key in true else -1 if key in unsure else 0 for key in keys]
    return Labelled(scenario, pairs, len(true))


def lead_levels(pairs: pd.DataFrame, millibits: npt.NDArray[np.float64]) -> pd.DataFrame:
    """How far each pair leads over the other choices of its two ends, as res_pair_evidence says it.

    Args:
        pairs: pairs between two parties, with left_record_key and right_record_key.
        millibits: their evidence without leads.

    Returns:
        Columns smaller_lead_level and larger_lead_level.
    """
    leads = []
    frame = pd.DataFrame({"left": pairs.left_record_key, "right": pairs.right_record_key, "bits": millibits})
    for side in ("left", "right"):
        ordered = frame.sort_values([side, "bits"], ascending=[True, False], kind="stable")
        choice = ordered.groupby(side).cumcount()
        best = ordered[choice == 0].set_index(side)["bits"]
        second = ordered[choice == 1].set_index(side)["bits"]
        is_best = pd.Series(choice == 0).reindex(frame.index)
        rival = frame[side].map(second).where(is_best, frame[side].map(best))
        leads.append((frame.bits - rival).to_numpy())
    smaller = np.fmin(*leads)
    larger = np.where(np.isnan(leads[0]) | np.isnan(leads[1]), np.nan, np.fmax(*leads))
    return pd.DataFrame(
        {"smaller_lead_level": lead_level(smaller), "larger_lead_level": lead_level(larger)}, index=pairs.index
    )


def lead_level(lead: npt.NDArray[np.float64]) -> npt.NDArray[np.object_]:
    """Levels of a lead in 1/1000 bit; NaN where there is no rival."""
    vars_of_dbt = yaml.safe_load((HOME / "dbt_project" / "dbt_project.yml").read_text(encoding="utf-8"))["vars"]
    cuts = vars_of_dbt["level_cuts"]
    conditions, levels = [np.isnan(lead), lead == 0], ["no rival", "tie"]
    for word, points, distance in (("ahead by", cuts["ahead"], lead), ("behind by", cuts["behind"], -lead - 1)):
        names = [f"under {points[0]}", *(f"{one} to {other}" for one, other in pairwise(points))]
        conditions += [(distance >= 0) & (distance < 1000 * point) for point in points]
        levels += [f"{word} {name}" for name in names]
    beyond = np.where(lead > 0, f"ahead by over {cuts['ahead'][-1]}", f"behind by over {cuts['behind'][-1]}")
    chosen: npt.NDArray[np.object_] = np.select(conditions, levels, beyond).astype(object)
    return chosen


def evidence(pairs: pd.DataFrame, weights: Weights, without: Iterable[str] = ()) -> npt.NDArray[np.float64]:
    """Sum up the weights of pairs.

    Args:
        pairs: with one <comparison>_level column per comparison.
        weights: what each level weighs.
        without: comparisons to leave out.

    Returns:
        1/1000 bits per pair, the prior included.
    """
    total = np.full(len(pairs), float(weights.prior_millibits))
    left_out = set(without)
    for column in pairs.columns:
        comparison = column.removesuffix("_level")
        if column.endswith("_level") and comparison not in left_out:
            table = {level: bits for (name, level), bits in weights.millibits.items() if name == comparison}
            total += pairs[column].map(table).fillna(0).to_numpy()
    return total


def _regress(labelled: Sequence[Labelled], comparisons: Sequence[str], regularisation: float) -> Weights:
    """One regression on the levels as they are; unknown is the level without a column."""
    # lists without websites say nothing about domains: such a comparison is left out
    comparisons = [
        name for name in comparisons if any((each.pairs[f"{name}_level"] != "unknown").any() for each in labelled)
    ]
    columns = [f"{comparison}_level" for comparison in comparisons]
    sure = [each.pairs[each.pairs.label >= 0] for each in labelled]
    pairs = pd.concat([frame[[*columns, "label"]] for frame in sure], ignore_index=True)
    w = np.concatenate(
        [
            np.full(len(frame), SCENARIO_WEIGHT / max(each.true_pair_count, 1))
            for frame, each in zip(sure, labelled, strict=True)
        ]
    )
    y = pairs.label.to_numpy()
    seen = [sorted(set(pairs[column]) - {"unknown"}) for column in columns]
    x = OneHotEncoder(categories=seen, handle_unknown="ignore").fit_transform(pairs[columns])
    places = [(comparison, level) for comparison, levels in zip(comparisons, seen, strict=True) for level in levels]
    model = LogisticRegression(C=regularisation, max_iter=1000).fit(x, y, sample_weight=w)
    share = float((w * y).sum() / w.sum())
    counted = np.asarray(x.sum(axis=0)).ravel().astype(int)
    true_counted = np.asarray(x[y == 1].sum(axis=0)).ravel().astype(int)
    to_millibits = 1000 / math.log(2)
    return Weights(
        millibits={key: round(float(model.coef_[0][n]) * to_millibits) for n, key in enumerate(places)},
        prior_millibits=round(float(model.intercept_[0]) * to_millibits),
        true_share_millibits=round(math.log(share / (1 - share)) * to_millibits),
        pair_counts={key: (int(counted[n]), int(true_counted[n])) for n, key in enumerate(places)},
    )


def fit(labelled: Sequence[Labelled], regularisation: float = 1.0) -> Weights:
    """Fit weights on labelled scenarios.

    Args:
        labelled: scenarios, each of the same summed weight.
        regularisation: scikit-learn's C; smaller trusts the data less.

    Returns:
        The weights.
    """
    comparisons = sorted(
        column.removesuffix("_level")
        for column in labelled[0].pairs.columns
        if column.endswith("_level") and column.removesuffix("_level") not in {*UNFITTED, *LEADS}
    )
    weights = _regress(labelled, comparisons, regularisation)
    for _ in range(ALTERNATIONS - 1):
        ranked = [
            Labelled(
                each.scenario,
                each.pairs.drop(columns=[f"{lead}_level" for lead in LEADS], errors="ignore").join(
                    lead_levels(each.pairs, evidence(each.pairs, weights, without=LEADS))
                ),
                each.true_pair_count,
            )
            for each in labelled
        ]
        weights = _regress(ranked, [*comparisons, *LEADS], regularisation)
    weights.class_shares = class_shares(ranked, weights)
    return weights


def class_shares(labelled: Sequence[Labelled], weights: Weights) -> dict[str, int]:
    """How many true pairs of each bounded kind of evidence are believed beside each strong one.

    Args:
        labelled: scenarios with leads.
        weights: fitted on them; true pairs that they do not find believable are not counted.

    Returns:
        Evidence class → 1000 · log2 of the largest share of any scenario, so many times as BOUNDED_CLASSES says.
    """
    shares: dict[str, float] = dict.fromkeys(BOUNDED_CLASSES, SMALLEST_CLASS_SHARE)
    for each in labelled:
        probability = 1 / (1 + np.exp2(-evidence(each.pairs, weights) / 1000))
        true = each.pairs[(each.pairs.label == 1) & each.pairs.own_guard.isna() & (probability >= BELIEVABLE)]
        counts = true.evidence_class.value_counts()
        strong = max(int(counts.get("strong", 0)), 1)
        for name in BOUNDED_CLASSES:
            shares[name] = max(shares[name], counts.get(name, 0) / strong)
    return {name: round(1000 * math.log2(times * shares[name])) for name, times in BOUNDED_CLASSES.items()}


def disordered(weights: Weights) -> list[str]:
    """Say where a better level weighs less than a worse one.

    Args:
        weights: fitted weights.

    Returns:
        One sentence per violation.
    """
    return [
        f"{comparison}: '{better}' weighs less than '{worse}'"
        for comparison, (worse, better) in ORDERED_LEVELS
        if weights.millibits.get((comparison, better), 0) < weights.millibits.get((comparison, worse), 0)
    ]


def write(weights: Weights, path: Path, version: str) -> None:
    """Write the seed.

    Args:
        weights: what to write.
        path: the CSV file.
        version: of the table; choose a new one whenever it changes.
    """
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows(weights.rows(version))
