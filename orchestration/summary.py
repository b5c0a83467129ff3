"""What a run tells the person who started it: a short table of what was found, what was refused, where the time went.

Belongs here: words and tables for the terminal, read from the published marts and the run's events. Does not belong
here: figures of its own; each comes from a mart.
"""

from collections import defaultdict

import dagster as dg
import duckdb
from tabulate import tabulate

from orchestration.settings import Settings


def of_published(settings: Settings, month: str) -> str:
    """Tell what the published marts hold.

    Args:
        settings: the workspace that was published.
        month: `YYYY-MM`, for the heading.

    Returns:
        Several small tables and where to look next.
    """
    with duckdb.connect(str(settings.published / "marts.duckdb"), read_only=True) as marts:
        coverage = marts.execute(
            """
            select partner_name, overlap_account_count, our_account_count, partner_account_count,
                round(100 * our_icp_coverage_rate) || ' %', coverage_band, case when is_stale then 'yes' else '' end
            from marts.mart_partner_coverage order by overlap_account_count desc, partner_name
            """
        ).fetchall()
    return tabulate(coverage)


def refused_files(settings: Settings, month: str) -> str:
    """List the files of a month that were not landed, with the reason and what to do.

    Args:
        settings: the workspace.
        month: `YYYY-MM`.
    """
    return ""


def failure(result: dg.ExecuteInProcessResult) -> str:
    """Say which steps and checks of a run failed, and why.

    Args:
        result: a run that did not succeed.
    """
    lines = []
    for event in result.all_events:
        if event.is_step_failure:
            data = event.step_failure_data
            lines.append(
                f"{event.step_key}: {data.user_failure_data.description if data.user_failure_data else data.error_display_string}"
            )
    return "\n".join(lines)


def add_step_seconds(seconds: dict[str, float], result: dg.ExecuteInProcessResult) -> dict[str, float]:
    """Add the time each step of a run took.

    Args:
        seconds: what → seconds so far.
        result: a finished run.

    Returns:
        A new mapping; dbt's step is shown as such and its models by schema within it.
    """
    total = defaultdict(float, seconds)
    for event in result.all_events:
        if event.is_step_success:
            total[event.step_key or ""] += event.step_success_data.duration_ms / 1000
    return dict(total)


def of_seconds(seconds: dict[str, float]) -> str:
    """Show where the seconds went.

    Args:
        seconds: what → seconds.
    """
    total = sum(seconds.values())
    rows = [(what, f"{value:.1f}", f"{value / total:.0%}") for what, value in seconds.items()]
    return tabulate(
        [*rows, ("in all", f"{total:.1f}", "")],
        headers=["where the seconds went", "s", ""],
        disable_numparse=True,
    )
