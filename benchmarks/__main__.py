"""All measurements, written to benchmarks/REPORT.md: make bench [BENCH_DATA=dir].

Belongs here: the order of the measurements and the report. Does not belong here: a measurement.
"""

import os
import platform
import re
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from tabulate import tabulate

from benchmarks import landing, matching
from orchestration.settings import HOME

REPORT = Path(__file__).with_name("REPORT.md")


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


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
def main(bench_data: Path | None) -> None:
    """Measure matching, landing and the demo, and write the report."""
    lists = "labelled real lists" if bench_data else "generated lists"
    results = matching.run(bench_data, bench_data is not None, matching.KEPT_SHARES)
    unseen = [result for result in results if result.weights == "never saw it" and result.kept_share == 1]
    parts = [
        "# Measurements",
        f"Made by `make bench{' BENCH_DATA=…' if bench_data else ''}` on {datetime.now(UTC):%Y-%m-%d}, with "
        f"Python {platform.python_version()} on {os.cpu_count()} cores. A measurement, never a test.",
        f"## Matching, on {lists}",
        "A decision is two records on one `account_key` in `bridge_account_records`; each runs through landing,"
        " staging and resolution. *never saw it*: decided with weights fitted on the other scenarios alone.",
        "Most lists share few companies: *true pairs kept* says how many of the true pairs were left in the lists.",
        matching.table(results),
        "### Is the probability right?",
        "All candidate pairs between two lists, by the probability they got"
        + (" with weights that never saw their scenario." if unseen else "."),
        matching.calibration_table(unseen or results),
        ""
        if bench_data
        else "Left out: real lists (no BENCH_DATA). Generated lists have only the differences we thought of.",
        "## Landing one million accounts from one CSV",
        as_table(landing.run()),
        "## The demo: three months, each landed, built, checked and published",
        f"```\n{demo_seconds()}\n```",
    ]
    REPORT.write_text("\n\n".join(part for part in parts if part) + "\n", encoding="utf-8")
    click.echo(REPORT.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
