"""What came of a run, on one page that opens offline, in Dagster, and sent to whoever asked for it.

Belongs here: the page, how long it is kept, and reporting a run once it has ended. Does not belong here: what is said
(results.py), how it is sent (message.py).
"""

from collections.abc import Callable
from pathlib import Path

import dagster as dg
from dagster._core.events import EngineEventData  # no public way to add to the log of a run that has ended

from orchestration.runs import message as notify
from orchestration.runs.html import page_of, safe_name
from orchestration.runs.results import RunResults, results_of
from orchestration.settings import Settings

# Two years of monthly runs, or a year in which each month was run again.
KEPT_PAGES = 24

_PAGE = page_of(
    """{% block title %}{{ results.headline }}{% endblock %}
{% block body %}
<h1>{{ results.headline }}</h1>
<p class="{{ 'met' if results.is_success else 'unmet' }}">Run {{ results.run_id }}
{{ 'succeeded' if results.is_success else 'failed' }}.</p>
<ul class="figures">
{% for name, figure in results.figures.items() %}<li><b>{{ '{:,}'.format(figure) }}</b>{{ name }}</li>
{% endfor %}</ul>
<h2>What to do</h2>
{% if results.to_do %}<ol>
{% for to_do in results.to_do %}<li>{{ to_do.what }}{% for line in to_do.how %}
<div class="how">{{ line }}</div>{% endfor %}</li>
{% endfor %}</ol>{% else %}<p>Nothing.</p>{% endif %}
{% for table in results.tables %}
<h2>{{ table.title }}</h2>
{% if table.note %}<p>{{ table.note }}</p>{% endif %}
<table>
<tr>
{% for header in table.headers %}
<th{% if table.rows[0][loop.index0] is number %} class="number"{% endif %}>{{ header }}</th>
{% endfor %}
</tr>
{% for row in table.rows %}
<tr>
{% for cell in row %}{% if cell is number %}<td class="number">{{ '{:,}'.format(cell) }}</td>
{% else %}<td>{{ '' if cell is none else cell }}</td>
{% endif %}{% endfor %}</tr>
{% endfor %}
</table>
{% endfor %}
{% endblock %}
"""
)


def page_of_run(var: Path, month: str, run_id: str) -> Path:
    """Name the page of a run.

    Args:
        var: the folder of what is built.
        month: `YYYY-MM`.
        run_id: Dagster's.
    """
    return var / "runs" / f"{safe_name(f'{month}-{run_id}' if month else run_id)}.html"


def render_page(results: RunResults) -> str:
    """Show what came of a run: the headline, figures, what to do, then the tables.

    Args:
        results: every text in them may be hostile and is escaped.

    Returns:
        The page.
    """
    return _PAGE.render(results=results)


def tell_of_run(
    settings: Settings, instance: dg.DagsterInstance, run_id: str, warn: Callable[[str], object]
) -> RunResults:
    """Write the page of a run that has ended, well or not, add it to the run in Dagster, and send the message.

    Args:
        settings: the workspace.
        instance: Dagster's.
        run_id: Dagster's id of the run.
        warn: hears in words that the page could not be written or the message not be sent; that fails no run.

    Returns:
        What came of the run, and where its page is.
    """
    run = instance.get_run_by_id(run_id)
    month = run.tags.get("dagster/partition", "") if run else ""
    results = results_of(settings, instance, run_id, page_of_run(settings.var, month, run_id))
    try:
        keep_page(results.page, render_page(results))
    except OSError as problem:
        warn(f"The page of the run could not be written: {problem}")
    to_do = "\n".join(f"1. {to_do.what}" for to_do in results.to_do)
    instance.report_engine_event(
        results.headline,
        run,
        EngineEventData(
            {
                "page": dg.MetadataValue.path(str(results.page)),
                "what to do": dg.MetadataValue.md(to_do or "Nothing."),
                **results.figures,
            }
        ),
    )
    for warning in notify.send(results):
        warn(warning)
    return results


def keep_page(file: Path, page: str) -> None:
    """Write a page so that nobody sees a part of it, and let the oldest go.

    Args:
        file: where to.
        page: the HTML.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text(page, encoding="utf-8")
    new.replace(file)
    pages = sorted(file.parent.glob("*.html"), key=lambda kept: kept.stat().st_mtime, reverse=True)
    for old in pages[KEPT_PAGES:]:
        old.unlink(missing_ok=True)
