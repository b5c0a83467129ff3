"""All measurements, written to benchmarks/REPORT.md: make bench [BENCH_DATA=dir] [RIVALS=1] [MILLION=1] [PARTS=…].

Belongs here: the order of the measurements and the report. Does not belong here: a measurement.

A part that is not run keeps the section that the report has of it; every section says which run it is of.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from benchmarks import ablation, calibration, landing, marts, matching, speed, speed_tables
from orchestration.settings import HOME

REPORT = Path(__file__).with_name("REPORT.md")
CALIBRATION = Path(__file__).with_name("calibration.svg")
# Parts in the order of the report, and their headings.
HEADINGS = {
    "matching": "Matching",
    "ablation": "What each rule is worth",
    "speed": "Speed",
    "marts": "The marts of a month with many partners",
    "landing": "Landing one million accounts from one CSV",
    "demo": "The demo: three months, each landed, built, checked and published",
}


def demo_seconds() -> str:
    """Run the demo in a folder of its own and take the table of seconds that it ends with.

    Returns:
        The table, as text.

    Raises:
        RuntimeError: the demo failed.
    """
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, "-m", "orchestration", "demo"],
            cwd=HOME,
            env={
                **os.environ,
                "ACCOUNT_MAPPING_WAREHOUSE": f"{folder}/warehouse.duckdb",
                "ACCOUNT_MAPPING_PUBLISHED": f"{folder}/published",
            },
            capture_output=True,
            text=True,
            check=False,
        )
    found = re.search(r"^where the seconds went.*", done.stdout, flags=re.MULTILINE | re.DOTALL)
    if done.returncode or not found:
        raise RuntimeError(f"the demo failed:\n{done.stdout}{done.stderr}")
    return found.group().strip()


def as_table(figures: dict[str, Any]) -> str:
    """Lay named figures out as Markdown."""
    return tabulate(figures.items(), headers=["figure", "value"], tablefmt="github", disable_numparse=True)


def matching_section(bench_data: Path | None) -> str:
    """Quality on labelled lists, and whether the probability is right; the picture of it is written too."""
    results = matching.run(bench_data, bench_data is not None, matching.KEPT_SHARES)
    unseen = [result for result in results if result.weights == "never saw it" and result.kept_share == 1]
    tenths = calibration.tenths_of(unseen or results)
    CALIBRATION.write_text(calibration.picture(tenths), encoding="utf-8")
    parts = [
        "A decision is two records on one `account_key` in `bridge_account_records`; each runs through landing,"
        " staging and resolution. *never saw it*: decided with weights fitted on the other scenarios alone.",
        "Most lists share few companies: *true pairs kept* says how many of the true pairs were left in the lists.",
        matching.table(results),
        "### Is the probability right?",
        "All candidate pairs between two lists, by the probability they got"
        + (" with weights that never saw their scenario." if unseen else "."),
        calibration.table(tenths),
        f"![Reliability: mean probability against the share of true pairs]({CALIBRATION.name})",
    ]
    if bench_data is None:
        parts.append("Left out: real lists (no BENCH_DATA). Generated lists have only the differences we thought of.")
    return "\n\n".join(parts)


def ablation_section(bench_data: Path | None) -> str:
    """What leaving out each rule changes."""
    return (
        "Every scenario of the averages above, decided again without one rule: changes of the macro average, the most"
        " valuable rule of a kind first. The weights are the shipped ones, not fitted anew, so no other comparison"
        " takes over what a missing one did: the table says what would break, not what could be saved.\n\n"
        + ablation.report(bench_data)
    )


def stamp(bench_data: Path | None) -> str:
    """Which run a section is of."""
    gib = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1024**3
    return (
        f"*Measured on {datetime.now(UTC):%Y-%m-%d} {'with' if bench_data else 'without'} BENCH_DATA,"
        f" Python {platform.python_version()}, {os.cpu_count()} cores, {gib:.0f} GiB of memory.*"
    )


def sections_of(report: str) -> dict[str, str]:
    """Take a report apart.

    Args:
        report: as it was written.

    Returns:
        Part → what stands under its heading.
    """
    found = dict(re.findall(r"^## (.+)\n\n((?s:.*?))(?=\n\n## |\Z)", report.rstrip(), flags=re.MULTILINE))
    return {part: found[heading] for part, heading in HEADINGS.items() if heading in found}


def put_together(sections: dict[str, str]) -> str:
    """Make a report of its sections; a part without one is left out."""
    introduction = (
        "# Measurements\n\nMade by `make bench`, a measurement and never a test. Parts may be of different runs; each"
        " section says which it is of."
    )
    parts = [f"## {heading}\n\n{sections[part]}" for part, heading in HEADINGS.items() if part in sections]
    return "\n\n".join([introduction, *parts]) + "\n"


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rivals-python", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--million", is_flag=True, help="Also a million recombined names on each side.")
@click.option("--part", "parts", type=click.Choice(list(HEADINGS)), multiple=True, help="Only this; may be repeated.")
def main(bench_data: Path | None, rivals_python: Path | None, million: bool, parts: tuple[str, ...]) -> None:
    """Measure matching, single rules, speed, landing and the demo, and write the report."""
    measurements: dict[str, Callable[[], str]] = {
        "matching": lambda: matching_section(bench_data),
        "ablation": lambda: ablation_section(bench_data),
        "speed": lambda: speed_tables.report(speed.run(bench_data, rivals_python, with_million=million)),
        "marts": lambda: marts.report(marts.run()),
        "landing": lambda: as_table(landing.run()),
        "demo": lambda: f"```\n{demo_seconds()}\n```",
    }
    for part in parts or HEADINGS:
        section = f"{stamp(bench_data)}\n\n{measurements[part]()}"
        # written part by part, so that a later one that fails costs only itself
        kept = sections_of(REPORT.read_text(encoding="utf-8")) if REPORT.exists() else {}
        REPORT.write_text(put_together({**kept, part: section}), encoding="utf-8")
    click.echo(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
