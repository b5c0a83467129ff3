"""How fast one large list lands: 1,000,000 account rows in one CSV, read, validated and written to raw.

Belongs here: the generator of the list, and the measurement. Does not belong here: a verdict; the target is 30 s and
4 GiB on two cores.
"""

import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb

ROWS = 1_000_000
MONTH = date(2026, 10, 1)
SEEDS = Path(__file__).resolve().parent.parent / "seeds"
_SEED = 20261031


def write_list(path: Path, rows: int) -> None:
    """Write a list of made-up accounts: 12 columns, quoted names, grouped amounts, and one bad cell in a hundred rows.

    Args:
        path: the CSV to write.
        rows: number of account rows.
    """
    chance = random.Random(_SEED)  # noqa: S311 (a list, not a secret)
    words = [
        "".join(chance.choice("bcdfglmnprstvz") + chance.choice("aeiou") for _ in range(chance.randint(2, 4)))
        for _ in range(20_000)
    ]
    countries = ["United States", "Germany", "France", "Japan", "United Kingdom", "Spain", "Canada"]
    industries = ["Software", "Manufacturing", "Retail", "Energy", "Logistics", "Insurance"]
    forms = ["Inc.", "GmbH", "Ltd", "S.A.", "LLC", ""]
    header = "Account ID,Account Name,Website,Industry,Employees,Annual Revenue,Currency,Country,City,Status"
    header += ",Last Modified,Note"
    with path.open("w", encoding="utf-8") as stream:
        stream.write(header + "\n")
        for number in range(rows):
            first, second = chance.choice(words), chance.choice(words)
            name = f"{first.title()} {second.title()} {chance.choice(forms)}".strip()
            if number % 7 == 0:
                name = f'"{name}, Holding"'
            website = f"https://www.{first}{second}{number % 1000}.com" if number % 100 else "none at all"
            stream.write(
                f"A{number:07d},{name},{website},{chance.choice(industries)},{chance.randint(1, 90_000)},"
                f"{chance.randint(1, 9_000_000_000) / 100:.2f},EUR,{chance.choice(countries)},{second.title()},"
                f"{'Customer' if number % 3 else 'Prospect'},2026-{number % 12 + 1:02d}-{number % 28 + 1:02d},"
                f"{'call back' if number % 5 == 0 else ''}\n"
            )


def measure(exports: Path, workspace: Path) -> dict[str, Any]:
    """Land the list in this process.

    Args:
        exports: a landing folder with one list.
        workspace: where the warehouse and the results go.

    Returns:
        Seconds in all and per step, peak memory in GiB, and rows.
    """
    started = time.perf_counter()
    from orchestration.ingestion.landing import land_month  # noqa: PLC0415 (the import is a part of what is measured)

    imported = time.perf_counter()
    summary = land_month(
        warehouse=workspace / "warehouse.duckdb",
        exports=exports,
        seeds=SEEDS,
        month=MONTH,
        run_id="benchmark",
        loaded_at=datetime.now(UTC),
        results_dir=workspace / "validations",
    )
    seconds = time.perf_counter() - started
    with duckdb.connect(str(workspace / "warehouse.duckdb"), read_only=True) as connection:
        landed = connection.execute("select count(*) from raw.accounts").fetchall()[0][0]
    steps = {"import": imported - started, **summary.seconds}
    return {
        "rows_landed": landed,
        "rows_read": summary.files[0]["rows_read"],
        "values_refused": summary.files[0]["values_rejected"],
        "seconds": round(seconds, 1),
        "peak_gib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2, 2),
        "seconds_per_step": {step: round(spent, 1) for step, spent in steps.items()},
    }


def run(rows: int = ROWS) -> dict[str, Any]:
    """Write the list, land it in a process of its own, and measure that process.

    Args:
        rows: number of account rows.

    Returns:
        What measure returns, and the size of the file in MB.
    """
    with tempfile.TemporaryDirectory() as folder:
        workspace = Path(folder)
        list_file = workspace / "exports" / "us" / f"{MONTH:%Y-%m}" / "accounts.csv"
        list_file.parent.mkdir(parents=True)
        write_list(list_file, rows)
        command = [sys.executable, "-m", "benchmarks.landing", "--measure", folder]
        done = subprocess.run(  # noqa: S603 (our own interpreter and module)
            command, cwd=SEEDS.parent, capture_output=True, text=True, check=True
        )
        measured: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return {"file_mb": round(list_file.stat().st_size / 1e6, 1), **measured}


if __name__ == "__main__":
    if sys.argv[1:2] == ["--measure"]:
        folder = Path(sys.argv[2])
        print(json.dumps(measure(folder / "exports", folder)))  # noqa: T201
    else:
        for name, value in run().items():
            print(f"{name:>18}  {value}")  # noqa: T201
