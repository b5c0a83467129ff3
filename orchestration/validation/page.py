"""The validation results of a run: JSON files, and one page that opens without a network.

Belongs here: keeping and showing results. Does not belong here: judging.
"""

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from orchestration.runs.html import page_of, safe_name
from orchestration.validation.suite import SuiteResult

_PAGE = page_of(
    """{% block title %}Validation results of run {{ run_id }}{% endblock %}
{% block body %}
<h1>Validation results</h1>
<p class="{{ 'unmet' if failed else 'met' }}">{{ headline }}</p>
<p>Run {{ run_id }}. What is not met comes first.
Refused rows and values, with file, row and remedy, are in <code>raw.rejected_rows</code> and
<code>raw.rejected_values</code>; refused files in <code>raw.files</code>.</p>
{% for result in results %}
<h2>{{ result.subject }} <small>({{ result.suite }})</small></h2>
<table>
<tr><th>Expected</th><th>What it concerns</th><th class="number">Looked at</th><th class="number">Refused</th>
<th>Examples</th><th>What to do</th></tr>
{% for outcome in result.outcomes %}
<tr>
<td class="{{ 'met' if outcome.success else 'unmet' }}">{{ outcome.rule }} {{ '✓' if outcome.success else '✗' }}</td>
<td>{{ outcome.severity }}: {{ outcome.reason }}</td>
<td class="number">{{ outcome.evaluated }}</td><td class="number">{{ outcome.unexpected }}</td>
<td>{{ outcome.examples | join(', ') }}</td>
<td>{{ '' if outcome.success else outcome.remedy }}</td>
</tr>
{% endfor %}
</table>
{% endfor %}
{% endblock %}
"""
)


def keep_results(results_dir: Path, run_id: str, results: Sequence[SuiteResult]) -> Path:
    """Keep the results of some suites of a run, and write the run's page anew.

    Args:
        results_dir: the folder of all runs.
        run_id: names the run's folder.
        results: what came of the suites; a later result of the same suite and subject replaces an earlier one.

    Returns:
        The page.
    """
    folder = results_dir / safe_name(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        file = folder / f"{safe_name(result.suite)}__{safe_name(result.subject)}.json"
        file.write_text(json.dumps(result.as_json(), ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    kept = [json.loads(file.read_text(encoding="utf-8")) for file in sorted(folder.glob("*.json"))]
    page = folder / "index.html"
    page.write_text(render_page(run_id, kept), encoding="utf-8")
    return page


def render_page(run_id: str, results: Iterable[dict[str, Any]]) -> str:
    """Render results as one HTML page without scripts, images or addresses: a headline, what failed, then the rest.

    Args:
        run_id: the run.
        results: results as JSON data; every text in them may be hostile and is escaped.

    Returns:
        The page.
    """
    # Sorting keeps the order among what failed and among what held.
    shown = [{**result, "outcomes": sorted(result["outcomes"], key=_is_met)} for result in sorted(results, key=_is_met)]
    failed = sum(not _is_met(result) for result in shown)
    outcomes = [outcome for result in shown for outcome in result["outcomes"]]
    unmet = sum(not _is_met(outcome) for outcome in outcomes)
    headline = (
        f"{failed} of {len(shown)} suites failed: {unmet} of {len(outcomes)} expectations are not met."
        if failed
        else f"All {len(shown)} suites passed, with {len(outcomes)} expectations."
    )
    return _PAGE.render(run_id=run_id, results=shown, failed=failed, headline=headline)


def _is_met(result: dict[str, Any]) -> bool:
    return bool(result["success"])
