"""Whether the probability is right: how often pairs of each tenth of probability were one company.

Belongs here: adding up the scenarios, the table, and the picture beside the report. Does not belong here: counting the
pairs of a scenario (matching.py).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from jinja2 import Environment, StrictUndefined
from tabulate import tabulate

from benchmarks.scenarios import MatchingResult, is_stress_test

TENTHS = 10
# A square with a point per tenth, and the number of its pairs beside it.
PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 520 470" font-family="sans-serif" font-size="12">
  <title>Mean probability of each tenth of pairs, and the share of them that are one company</title>
  <rect width="520" height="470" fill="white"/>
  {%- for n in range(0, 11, 2) %}
  <path d="M {{ x(n / 10) }} {{ y(0) }} V {{ y(1) }} M {{ x(0) }} {{ y(n / 10) }} H {{ x(1) }}" stroke="#e4e4e4"/>
  <text x="{{ x(n / 10) }}" y="{{ y(0) + 18 }}" text-anchor="middle" fill="#444">{{ n / 10 }}</text>
  <text x="{{ x(0) - 8 }}" y="{{ y(n / 10) + 4 }}" text-anchor="end" fill="#444">{{ n / 10 }}</text>
  {%- endfor %}
  <path d="M {{ x(0) }} {{ y(0) }} L {{ x(1) }} {{ y(1) }}" stroke="#999" stroke-dasharray="5 4"/>
  <polyline fill="none" stroke="#1f6fb2" stroke-width="2" points="
  {%- for tenth in tenths %} {{ x(tenth.mean_probability) }},{{ y(tenth.true_share) }}{% endfor %}"/>
  {%- for tenth in tenths %}
  <circle cx="{{ x(tenth.mean_probability) }}" cy="{{ y(tenth.true_share) }}" r="4" fill="#1f6fb2">
    <title>{{ tenth.pair_count }} pairs</title>
  </circle>
  <text x="{{ x(tenth.mean_probability) + 8 }}" y="{{ y(tenth.true_share) + 14 }}" font-size="10" fill="#666">
    {{- "{:,}".format(tenth.pair_count) }}</text>
  {%- endfor %}
  <text x="{{ x(0.5) }}" y="460" text-anchor="middle">
    mean probability, beside it the number of pairs (dashed: as it should be)
  </text>
  <text transform="translate(14 {{ y(0.5) }}) rotate(-90)" text-anchor="middle">share that is one company</text>
</svg>
"""


@dataclass(frozen=True)
class Tenth:
    """The pairs of one tenth of probability."""

    number: int  # 0 for probabilities under 0.1
    pair_count: int
    mean_probability: float
    true_share: float


def tenths_of(results: Sequence[MatchingResult]) -> list[Tenth]:
    """Add up the scenarios, stress tests left aside.

    Args:
        results: of one kind of weights.

    Returns:
        The tenths that have pairs, in order.
    """
    counted = [result.calibration for result in results if not is_stress_test(Path(result.scenario))]
    tenths = []
    for number in range(TENTHS):
        chosen = [each[number] for each in counted if number in each]
        count = sum(pairs for pairs, _, _ in chosen)
        if count:
            probability, true = sum(each[1] for each in chosen), sum(each[2] for each in chosen)
            tenths.append(Tenth(number, count, probability / count, true / count))
    return tenths


def table(tenths: Sequence[Tenth]) -> str:
    """The tenths as Markdown."""
    rows = [
        [
            f"{tenth.number / TENTHS:.1f}–{(tenth.number + 1) / TENTHS:.1f}",
            tenth.pair_count,
            f"{tenth.mean_probability:.3f}",
            f"{tenth.true_share:.3f}",
        ]
        for tenth in tenths
    ]
    headers = ["probability", "pairs", "mean probability", "share of true pairs"]
    return tabulate(rows, headers=headers, tablefmt="github", disable_numparse=True)


def picture(tenths: Sequence[Tenth]) -> str:
    """The tenths as a reliability diagram.

    Args:
        tenths: as tenths_of gives them.

    Returns:
        SVG.
    """
    template = Environment(undefined=StrictUndefined, autoescape=True).from_string(PICTURE)
    return template.render(
        tenths=tenths, x=lambda share: round(60 + 400 * share, 1), y=lambda share: round(415 - 400 * share, 1)
    )
