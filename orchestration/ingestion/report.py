"""The validation results of a run: JSON files, and one page that opens without a network.

Belongs here: keeping and showing results. Does not belong here: judging.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import jinja2

from orchestration.ingestion.suites import SuiteResult

_PAGE = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined).from_string(
    """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Validation results of run {{ run_id }}</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1c2430; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.05rem; margin: 2rem 0 .4rem; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .3rem .6rem; vertical-align: top; }
th { border-bottom: 2px solid #ccd3dc; } td { border-bottom: 1px solid #e6eaef; overflow-wrap: anywhere; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.met { color: #1a6b3c; } .unmet { color: #a5281b; font-weight: 600; }
</style>
</head>
<body>
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
</body>
</html>
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
    folder = results_dir / _safe(run_id)
    folder.mkdir(parents=True, exist_ok=True)
    for result in results:
        file = folder / f"{_safe(result.suite)}__{_safe(result.subject)}.json"
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


def _safe(name: str) -> str:
    """Turn any text into a file name: readable, short, and different for different texts."""
    readable = re.sub(r"[^A-Za-z0-9._-]+", "_", name).strip("._")[:80]
    unchanged = readable == name
    return readable if unchanged else f"{readable}-{hashlib.sha256(name.encode('utf-8', 'replace')).hexdigest()[:8]}"
