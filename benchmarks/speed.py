"""How fast resolution is, and against whom: python -m benchmarks.speed [--bench-data DIR] [--rivals-python PATH].

Belongs here: two large lists with planted pairs through landing, staging and resolution, the last of them measured in a
process of its own; other tools on the same lists; and a second month in which little changed. Does not belong here: how
the other tools are set up (rivals.py), and whether what is joined is right: planted pairs say what is found, but a pair
of real firms of one name may be true without having been planted (matching.py measures precision, on labelled lists).
"""

import csv
import json
import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import click
import duckdb

from benchmarks import generate_lists
from benchmarks.cost import Cost, cost_of
from benchmarks.rivals import __file__ as rivals_file
from benchmarks.scenarios import CANDIDATES, MONTH, ScenarioRun
from benchmarks.speed_tables import CHANGED_SHARE, RefreshResult, RivalResult, Speed, SpeedResult, report

# Records in each of the two lists: of the comparison with other tools, and of what shows how the time grows.
SIZE = 250_000
SCALING_SIZES = (50_000, 100_000, 350_000)
# Without real names: the generated ones are made of few trades and forms; larger lists of them are like no real ones.
GENERATED_SIZE = 50_000
GENERATED_SCALING_SIZES = (20_000,)
MILLION = 1_000_000
PLANTED_SHARE = 0.08
NEXT_MONTH = MONTH.replace(month=MONTH.month + 1)
RIVALS = ("splink", "string-grouper")
SEED = 20261101

FOUND = f"""
    with candidates as ({CANDIDATES}),

    planted as (
        select least('us:' || left_id, 'partner:' || right_id) as left_record_key,
               greatest('us:' || left_id, 'partner:' || right_id) as right_record_key
        from read_csv($truth, all_varchar = true)
    ),

    decided as (
        select planted.*, decided_pairs.band
        from planted
        inner join resolution.res_explained_pairs as decided_pairs using (left_record_key, right_record_key)
    ),

    joined as (
        select least(ours.record_key, theirs.record_key) as left_record_key,
               greatest(ours.record_key, theirs.record_key) as right_record_key
        from marts.bridge_account_records as ours
        inner join marts.bridge_account_records as theirs using (account_key)
        where ours.party_id = 'us' and theirs.party_id <> 'us'
    )

    select
        (select count(*) from staging.stg_accounts) as record_count,
        (select count(*) from resolution.res_candidate_pairs) as candidate_count,
        (select count(*) from planted) as planted_count,
        (
            select count(*) from planted
            semi join candidates using (left_record_key, right_record_key)
        ) as proposed_count,
        (select count(*) from decided where band = 'auto') as auto_count,
        (select count(*) from decided where band in ('auto', 'review')) as kept_count,
        (select count(*) from planted semi join joined using (left_record_key, right_record_key)) as found_count,
        (select count(*) from joined) as joined_count
"""  # noqa: S608 (queries of our own)

RIVAL_FOUND = """
    with planted as (select left_id, right_id from read_csv($truth, all_varchar = true)),
    matches as (select left_id, right_id from read_csv($matches, all_varchar = true))
    select
        (select count(*) from planted) as planted_count,
        (select count(*) from planted semi join matches using (left_id, right_id)) as found_count,
        (select count(*) from matches) as joined_count
"""

# What a month's resolution says, without the numbers that records have inside one run.
RESULTS = {
    "decided_pairs": """
        select columns(lambda name: name not like '%record_number') from warehouse.resolution.res_explained_pairs
    """,
    "account_records": "from warehouse.marts.bridge_account_records",
}
# Rows of either side that the other has not.
DIFFERING = """
    select count(*) from (
        ((from {name}) except all ({rows}))
        union all
        (({rows}) except all (from {name}))
    )
"""


def make_lists(folder: Path, size: int, bench_data: Path | None) -> Path:
    """Write two lists with planted pairs.

    Args:
        folder: to be made.
        size: records in each list; from a million on of recombined names with new words, as so many real ones there are
            not.
        bench_data: folder with make_speed_data.py and company_names.csv.gz; None for generated names.

    Returns:
        The folder, with left.csv, right.csv and truth.csv.
    """
    if bench_data is None:
        return generate_lists.write(folder, size)
    names = bench_data / "company_names.csv.gz"
    with tempfile.TemporaryDirectory() as scratch:
        if size >= MILLION:
            # a few more than both lists need: the script takes names for one that differ by a sign or an accent only
            names = Path(scratch) / "recombined.csv.gz"
            generate_lists.recombine(bench_data / "company_names.csv.gz", names, round(2.05 * size))
        script = bench_data / "make_speed_data.py"
        planted = str(round(size * PLANTED_SHARE))
        command = [sys.executable, str(script), str(names), str(folder), str(size), "--planted", planted]
        subprocess.run([*command, "--seed", str(SEED)], check=True, capture_output=True)  # noqa: S603 (a script of ours)
    return folder


def change_lists(lists: Path, folder: Path) -> Path:
    """Write the lists of the next month: of each, a hundredth of the records is renamed, new or gone.

    Args:
        lists: folder with left.csv and right.csv.
        folder: to be made.

    Returns:
        The folder, with left.csv and right.csv.
    """
    folder.mkdir(parents=True)
    for side in ("left", "right"):
        rng = random.Random(f"{SEED} {side}")  # noqa: S311 (repeatable, not secret)
        with (lists / f"{side}.csv").open(newline="", encoding="utf-8") as stream:
            rows = list(csv.DictReader(stream))
        chosen = rng.sample(range(len(rows)), max(round(CHANGED_SHARE * len(rows)), 3))
        renamed, new, gone = (set(chosen[start::3]) for start in range(3))
        with (folder / f"{side}.csv").open("w", newline="", encoding="utf-8") as stream:
            writer = csv.DictWriter(stream, rows[0], lineterminator="\n")
            writer.writeheader()
            for number, row in enumerate(rows):
                words, others = row["name"].split(), rng.choice(rows)["name"].split()
                other_name = " ".join([*others[:1], *words[1:], *others[1:2]])
                if number in renamed:
                    writer.writerow({**row, "name": other_name})
                elif number not in gone:
                    writer.writerow(row)
                if number in new:
                    writer.writerow({**row, "id": f"{row['id']}N", "name": other_name})
    return folder


def resolve(run: ScenarioRun, *options: str) -> Cost:
    """Build the resolution layer and the bridge of what is landed and staged, in a process of its own."""
    return cost_of(
        run.dbt_command("run", *options, "--select", "resolution", "bridge_account_records"),
        run.project,
        run.environment,
    )


def land_and_stage(run: ScenarioRun) -> None:
    """Bring a month's lists to where resolution begins."""
    run.land()
    run.dbt(
        "build", "--resource-type", "seed", "--resource-type", "model", "--select", "staging", "resource_type:seed"
    )  # fmt: skip


def measure(run: ScenarioRun, size: int, is_recombined: bool = False) -> SpeedResult:
    """Resolve what is staged and look for the planted pairs.

    Args:
        run: landed and staged.
        size: records in each list.
        is_recombined: whether the names are recombined.
    """
    cost = resolve(run)
    finished = json.loads((run.target / "run_results.json").read_text(encoding="utf-8"))["results"]
    times = [
        datetime.fromisoformat(timing[end])
        for result in finished
        for timing in result["timing"]
        for end in ("started_at", "completed_at")
    ]
    with duckdb.connect(str(run.warehouse), read_only=True) as connection:
        found = connection.execute(FOUND, {"truth": str(run.scenario / "truth.csv")}).df().iloc[0]
    planted = max(found.planted_count, 1)
    return SpeedResult(
        size=size,
        cost=cost,
        model_seconds={result["unique_id"].split(".")[-1]: result["execution_time"] for result in finished},
        outside_seconds=cost.seconds - (max(times) - min(times)).total_seconds(),
        candidates_per_record=2 * found.candidate_count / max(found.record_count, 1),
        proposed_share=found.proposed_count / planted,
        auto_share=found.auto_count / planted,
        auto_or_review_share=found.kept_count / planted,
        found_share=found.found_count / planted,
        joined_count=int(found.joined_count),
        is_recombined=is_recombined,
    )


def measure_refresh(run: ScenarioRun, size: int) -> RefreshResult:
    """Resolve a second month of which little changed, then the same month again from nothing, and compare the two.

    Args:
        run: its first month resolved.
        size: records in each list.
    """
    run.deliver(change_lists(run.scenario, run.folder / "next_month"), NEXT_MONTH)
    land_and_stage(run)
    cost = resolve(run)
    refreshed = run.folder / "refreshed.duckdb"
    with duckdb.connect(str(refreshed)) as connection:
        connection.execute(f"attach '{run.warehouse}' as warehouse (read_only)")
        for name, rows in RESULTS.items():
            connection.execute(f"create table {name} as {rows}")
    full_cost = resolve(run, "--full-refresh")
    row_count, differing = 0, 0
    with duckdb.connect(str(refreshed)) as connection:
        connection.execute(f"attach '{run.warehouse}' as warehouse (read_only)")
        for name, rows in RESULTS.items():
            ((different,),) = connection.execute(DIFFERING.format(name=name, rows=rows)).fetchall()
            row_count, differing = row_count + connection.table(name).shape[0], differing + different
    return RefreshResult(size, cost, full_cost, row_count, differing)


def version_of(python: Path, tool: str) -> str | None:
    """Version of a tool in another set-up; None where it has none."""
    code = f"from importlib.metadata import version; print(version('{tool}'))"
    done = subprocess.run([str(python), "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 (our own code)
    return done.stdout.strip() or None


def measure_rival(python: Path, tool: str, version: str, lists: Path, folder: Path) -> RivalResult:
    """Run another tool on the lists, in a process of its own, reading and writing CSV included.

    Args:
        python: interpreter of a set-up with the tool.
        tool: as rivals.py calls it.
        version: of the tool.
        lists: folder with left.csv, right.csv and truth.csv.
        folder: where its matches are written.
    """
    matches = folder / f"{tool}.csv"
    # absolute, as the tool runs elsewhere; not resolved, or it would be the Python behind the link, without the tools
    cost = cost_of([str(python.absolute()), rivals_file, tool, str(lists), str(matches)], folder)
    with duckdb.connect() as connection:
        ((planted, found, joined),) = connection.execute(
            RIVAL_FOUND, {"truth": str(lists / "truth.csv"), "matches": str(matches)}
        ).fetchall()
    return RivalResult(tool, version, cost, found / max(planted, 1), joined)


@contextmanager
def landed(size: int, bench_data: Path | None) -> Iterator[ScenarioRun]:
    """Two lists of a size, landed and staged in a workspace that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="speed-") as name:
        folder = Path(name)
        run = ScenarioRun(make_lists(folder / "lists", size, bench_data), folder / "runs")
        run.prepare()
        land_and_stage(run)
        yield run


def run(
    bench_data: Path | None,
    rivals_python: Path | None = None,
    size: int | None = None,
    scaling_sizes: Sequence[int] | None = None,
    with_million: bool = False,
) -> Speed:
    """Measure ours and the other tools on two lists, a second month of the same, and ours on other sizes.

    Args:
        bench_data: folder with make_speed_data.py and company_names.csv.gz; None for generated names.
        rivals_python: interpreter of a set-up with the other tools; None leaves them out.
        size: records in each list of the comparison; None for the usual one.
        scaling_sizes: of the other sizes; None for the usual ones.
        with_million: also a million recombined names on each side.
    """
    left_out = []
    if bench_data is None:
        left_out.append("real names (no BENCH_DATA): generated names are made of few words.")
    if size is None:
        size = SIZE if bench_data else GENERATED_SIZE
    if scaling_sizes is None:
        scaling_sizes = SCALING_SIZES if bench_data else GENERATED_SCALING_SIZES
    rivals = []
    with landed(size, bench_data) as first:
        results = [measure(first, size)]
        for tool in RIVALS:
            version = version_of(rivals_python, tool) if rivals_python else None
            if rivals_python and version:
                rivals.append(measure_rival(rivals_python, tool, version, first.scenario, first.folder))
            else:
                left_out.append(f"{tool}: `make bench RIVALS=1` sets it up in .venv-rivals and measures it.")
        refresh = measure_refresh(first, size)
    for other_size in scaling_sizes:
        with landed(other_size, bench_data) as other:
            results.append(measure(other, other_size))
    if with_million and bench_data:
        with landed(MILLION, bench_data) as million:
            results.append(measure(million, MILLION, is_recombined=True))
    else:
        left_out.append("a million records on each side: `make bench BENCH_DATA=… MILLION=1` (it takes long).")
    return Speed(results, refresh, rivals, left_out)


@click.command()
@click.option("--bench-data", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--rivals-python", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--size", type=int, help="Records in each list of the comparison.")
@click.option("--scaling-size", "scaling_sizes", type=int, multiple=True, help="Another size to measure ours on.")
@click.option("--million", is_flag=True, help="Also a million fresh names (recombined, new words) on each side.")
def main(
    bench_data: Path | None, rivals_python: Path | None, size: int | None, scaling_sizes: tuple[int, ...], million: bool
) -> None:
    """Measure how fast two large lists are resolved; without real names on generated ones, which says less."""
    click.echo(report(run(bench_data, rivals_python, size, scaling_sizes or None, million)))


if __name__ == "__main__":
    main()
