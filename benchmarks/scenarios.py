"""A labelled scenario in a workspace of its own: landed, resolved, and measured against its labels.

Belongs here: building it and what came of it. Does not belong here: which scenarios, and the tables (matching.py).
"""

import csv
import hashlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cached_property
from pathlib import Path

import duckdb

from benchmarks import weights as weighing
from orchestration.ingestion.landing import land_month
from orchestration.settings import DBT_EXECUTABLE, HOME


@dataclass(frozen=True)
class MatchingResult:
    """What came of one scenario."""

    scenario: str
    folder: str  # that the scenario lies in, dev or dev2: lists of one character
    weights: str  # 'shipped' or 'never saw it'
    kept_share: float  # share of the true pairs left in the lists
    record_count: int
    true_pair_count: int
    precision: float
    recall: float
    f1: float
    pairs_completeness: float  # share of the true pairs among the candidates
    candidates_per_record: float
    review_record_share: float  # share of the records with a pair in review
    calibration: Mapping[int, tuple[int, float, int]]  # tenth of probability → pairs, summed probability, true ones

    @property
    def calibration_error(self) -> float:
        """Expected calibration error: how far probability and truth lie apart in a tenth, weighed by its pairs.

        Source: Naeini, Cooper, Hauskrecht 2015, "Obtaining well calibrated probabilities using Bayesian binning".
        """
        total = sum(count for count, _, _ in self.calibration.values())
        return sum(abs(expected - true) for _, expected, true in self.calibration.values()) / max(total, 1)


MONTH = date(2026, 10, 1)
# Every pair that was compared, by its records' keys.
CANDIDATES = """
    select ones.record_key as left_record_key, others.record_key as right_record_key
    from resolution.res_candidate_pairs
    inner join resolution.res_account_records as ones on left_record_number = ones.record_number
    inner join resolution.res_account_records as others on right_record_number = others.record_number
"""
PARTNER = "partner"
HEADERS = {
    "id": "Account ID",
    "name": "Account Name",
    "website": "Website",
    "country": "Country",
    "state": "State",
    "city": "City",
    "industry": "Industry",
    "employees": "Employees",
}


def scenarios_of(bench_data: Path) -> list[Path]:
    """Scenario folders below a folder of labelled lists, in the order of names.

    Args:
        bench_data: a folder of scenarios, or one that has them in `dev`, and of another character in `dev2`.

    Returns:
        Every folder that holds a truth.csv.
    """
    pattern = "dev*/*/truth.csv" if (bench_data / "dev").is_dir() else "*/truth.csv"
    return sorted(path.parent for path in bench_data.glob(pattern))


def is_stress_test(scenario: Path) -> bool:
    """Whether a scenario stays out of the averages: its labels are doubtful, or its names differ altogether."""
    return scenario.name.startswith("ietf") or scenario.name.endswith("stress")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for exports, warehouses and dbt's output that is gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="matching-") as name:
        yield Path(name)


def source_id(record_key: str) -> str:
    """The id behind the party in a record key."""
    return record_key.split(":", 1)[1]


class ScenarioRun:
    """One scenario in a workspace of its own."""

    def __init__(self, scenario: Path, folder: Path, kept_share: float = 1.0) -> None:
        """Name a scenario and where to run it.

        Args:
            scenario: folder of the labelled lists.
            folder: scratch folder; the workspace is made below it.
            kept_share: share of the true pairs to keep; of the others the right record is left out of its list.
        """
        self.scenario = scenario
        self.kept_share = kept_share
        self.month = MONTH
        self.folder = folder / f"{scenario.name}-{kept_share:g}"
        self.project = self.folder / "dbt_project"
        self.target = self.folder / "target"
        self.warehouse = self.folder / "warehouse.duckdb"

    def prepare(self) -> None:
        """Make the workspace: exports, seeds with empty party tables, and the dbt project beside them.

        dbt writes what it compiled under the path of the seed; so project and seeds are copied side by side and the
        path between them stays relative.
        """
        self.folder.mkdir(parents=True)
        shutil.copytree(HOME / "seeds", self.folder / "seeds")
        shutil.copytree(HOME / "dbt_project", self.project, ignore=shutil.ignore_patterns("target", "logs", ".*"))
        for seed in (self.folder / "seeds" / "company").glob("*.csv"):
            header = seed.read_text(encoding="utf-8").split("\n", 1)[0]
            seed.write_text(header + "\n", encoding="utf-8")
        self._write_partners()
        self.deliver(self.scenario, self.month)

    def deliver(self, scenario: Path, month: date) -> None:
        """Put the lists of a month into the landing folder; what is run next is run for that month.

        Args:
            scenario: folder of the lists.
            month: its first day.
        """
        self.scenario, self.month = scenario, month
        for side, party in (("left", "us"), ("right", PARTNER)):
            self._write_export(side, party)

    def _write_partners(self) -> None:
        seed = self.folder / "seeds" / "company" / "partners.csv"
        header = seed.read_text(encoding="utf-8").strip().split(",")
        known = {"party_id": PARTNER, "name": "Partner", "status": "signed", "nda_signed_on": "2026-01-01"}
        with seed.open("a", newline="", encoding="utf-8") as stream:
            csv.writer(stream, lineterminator="\n").writerow([known.get(column, "") for column in header])

    def _write_export(self, side: str, party: str) -> None:
        target = self.folder / "exports" / party / f"{self.month:%Y-%m}" / "accounts.csv"
        target.parent.mkdir(parents=True)
        with (
            (self.scenario / f"{side}.csv").open(newline="", encoding="utf-8") as source,
            target.open("w", newline="", encoding="utf-8") as stream,
        ):
            writer = csv.writer(stream, lineterminator="\n")
            writer.writerow(HEADERS.values())
            writer.writerows(
                [row.get(column, "") for column in HEADERS]
                for row in csv.DictReader(source)
                if side == "left" or row["id"] not in self.left_out
            )

    @cached_property
    def left_out(self) -> frozenset[str]:
        """Ids of the right list that are left out, so that only kept_share of the true pairs remain."""
        right_ids = {source_id(right) for _, right in self._pairs_of_file("truth")}
        ordered = sorted(right_ids, key=lambda right_id: hashlib.sha256(right_id.encode()).digest())
        return frozenset(ordered[round(self.kept_share * len(ordered)) :])

    def land(self) -> None:
        """Load both lists into the raw schema."""
        land_month(
            warehouse=self.warehouse,
            exports=self.folder / "exports",
            seeds=self.folder / "seeds",
            month=self.month,
            run_id="matching",
            loaded_at=datetime(self.month.year, self.month.month, 1, tzinfo=UTC),
            results_dir=self.folder / "validations",
        )

    def dbt_command(self, *arguments: str) -> list[str]:
        """The dbt command for the workspace, to be run in `project` with `environment`.

        Args:
            arguments: command and options.
        """
        return [
            str(DBT_EXECUTABLE), "--quiet", "--log-level-file", "none", *arguments, "--profiles-dir", str(self.project),
        ]  # fmt: skip

    @property
    def environment(self) -> dict[str, str]:
        """The variables that dbt needs to see the workspace."""
        return {
            **os.environ,
            "ACCOUNT_MAPPING_HOME": str(HOME),
            "ACCOUNT_MAPPING_WAREHOUSE": str(self.warehouse),
            "ACCOUNT_MAPPING_SEED_PATH": "../seeds",  # the copy beside this project
            "ACCOUNT_MAPPING_AS_OF_MONTH": self.month.isoformat(),
            "DBT_TARGET_PATH": str(self.target),
            "DBT_LOG_PATH": str(self.folder / "logs"),
            "PYTHONDONTWRITEBYTECODE": "1",
            "DBT_SEND_ANONYMOUS_USAGE_STATS": "false",
        }

    def dbt(self, *arguments: str) -> None:
        """Run dbt on the workspace.

        Args:
            arguments: command and options.

        Raises:
            RuntimeError: dbt failed; its output is the message.
        """
        done = subprocess.run(  # noqa: S603 (our own command)
            self.dbt_command(*arguments),
            cwd=self.project,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"dbt {' '.join(arguments)} failed on {self.scenario.name}:\n{done.stdout}{done.stderr}")

    def build(self, last_model: str = "bridge_account_records") -> None:
        """Build seeds and models up to a model; their tests belong to `make test`."""
        self.dbt(
            "build", "--resource-type", "seed", "--resource-type", "model",
            "--select", f"+{last_model}", "resource_type:seed",
        )  # fmt: skip

    def write_weights(self, weights: weighing.Weights, version: str) -> None:
        """Put weights into the workspace's seeds."""
        weighing.write(weights, self.folder / "seeds" / "reference" / "match_weights.csv", version)

    def rebuild_with(self, weights: weighing.Weights, version: str) -> None:
        """Decide again with other weights; the candidates stay as they are."""
        self.write_weights(weights, version)
        self.dbt("seed", "--select", "match_weights")
        self.dbt("run", "--select", "res_level_weights+,+bridge_account_records")

    def key_pairs(self, name: str) -> set[tuple[str, str]]:
        """Pairs of truth.csv or unsure.csv as record keys, without those of records left out."""
        return {pair for pair in self._pairs_of_file(name) if source_id(pair[1]) not in self.left_out}

    def _pairs_of_file(self, name: str) -> set[tuple[str, str]]:
        path = self.scenario / f"{name}.csv"
        if not path.exists():
            return set()
        with path.open(newline="", encoding="utf-8") as stream:
            return {(f"us:{row['left_id']}", f"{PARTNER}:{row['right_id']}") for row in csv.DictReader(stream)}

    def labelled(self) -> weighing.Labelled:
        """The scenario's compared pairs with their labels."""
        return weighing.read_labelled(
            self.warehouse, self.scenario.name, self.key_pairs("truth"), self.key_pairs("unsure")
        )

    def matches(self, connection: duckdb.DuckDBPyConnection) -> set[tuple[str, str]]:
        """Pairs of record keys, ours and the partner's, on one account."""
        return set(
            connection.execute(
                """
                select ours.record_key, theirs.record_key
                from marts.bridge_account_records as ours
                inner join marts.bridge_account_records as theirs using (account_key)
                where ours.party_id = 'us' and theirs.party_id <> 'us'
                """
            ).fetchall()
        )

    def measure(self, weights: str) -> MatchingResult:
        """Score what the warehouse says now.

        Args:
            weights: a word for where the weights come from.
        """
        true, unsure = self.key_pairs("truth"), self.key_pairs("unsure")
        with duckdb.connect(str(self.warehouse), read_only=True) as connection:
            matches = self.matches(connection)
            candidates = connection.execute(CANDIDATES).fetchall()
            scored = connection.execute(
                """
                select ones.record_key, others.record_key, scored_pairs.match_probability
                from resolution.res_scored_pairs as scored_pairs
                inner join resolution.res_account_records as ones on left_record_number = ones.record_number
                inner join resolution.res_account_records as others on right_record_number = others.record_number
                where left_party_id <> right_party_id
                """
            ).fetchall()
            (record_count,) = connection.execute("select count(*) from staging.stg_accounts").fetchone() or (0,)
            (review_count,) = connection.execute(
                """
                select count(distinct record_number) from (
                    select unnest([left_record_number, right_record_number]) as record_number
                    from resolution.res_decided_pairs where band = 'review'
                )
                """
            ).fetchone() or (0,)
        proposed = {pair if pair[0].startswith("us:") else (pair[1], pair[0]) for pair in candidates}
        calibration: dict[int, tuple[int, float, int]] = {}
        for left, right, probability in scored:
            pair = (left, right) if left.startswith("us:") else (right, left)
            if pair in true or pair not in unsure:
                tenth = min(int(probability * 10), 9)
                count, expected, found = calibration.get(tenth, (0, 0.0, 0))
                calibration[tenth] = (count + 1, expected + probability, found + (pair in true))
        precision, recall, f1 = self.score(matches, true, unsure)
        return MatchingResult(
            scenario=self.scenario.name,
            folder=self.scenario.parent.name,
            weights=weights,
            kept_share=self.kept_share,
            record_count=record_count,
            true_pair_count=len(true),
            precision=precision,
            recall=recall,
            f1=f1,
            pairs_completeness=len(true & proposed) / max(len(true), 1),
            candidates_per_record=2 * len(candidates) / max(record_count, 1),
            review_record_share=review_count / max(record_count, 1),
            calibration=calibration,
        )

    def score(
        self, matches: set[tuple[str, str]], true: set[tuple[str, str]], unsure: set[tuple[str, str]]
    ) -> tuple[float, float, float]:
        """Precision, recall and F1, by the labelled folder's own evaluate.py where it has one."""
        evaluator = next(
            (parent / "evaluate.py" for parent in self.scenario.parents[:2] if (parent / "evaluate.py").exists()), None
        )
        if evaluator is None:
            counted = matches - (unsure - true)
            hits = len(counted & true)
            precision, recall = hits / max(len(counted), 1), hits / max(len(true), 1)
            return precision, recall, 2 * precision * recall / max(precision + recall, 1e-12)
        path = self.folder / "matches.csv"
        with path.open("w", newline="", encoding="utf-8") as stream:
            writer = csv.writer(stream)
            writer.writerow(["left_id", "right_id"])
            writer.writerows(sorted((source_id(ours), source_id(theirs)) for ours, theirs in matches))
        specification = importlib.util.spec_from_file_location("evaluate", evaluator)
        if specification is None or specification.loader is None:
            raise RuntimeError(f"{evaluator} cannot be read")
        module = importlib.util.module_from_spec(specification)
        specification.loader.exec_module(module)
        judged = self.scenario
        if self.left_out:
            judged = self.folder / "judged"
            judged.mkdir(exist_ok=True)
            for name in ("truth", "unsure"):
                with (judged / f"{name}.csv").open("w", newline="", encoding="utf-8") as stream:
                    writer = csv.writer(stream)
                    writer.writerow(["left_id", "right_id"])
                    writer.writerows(
                        sorted((source_id(ours), source_id(theirs)) for ours, theirs in self.key_pairs(name))
                    )
        figures = module.evaluate(str(judged), str(path))
        return figures["precision"], figures["recall"], figures["f1"]
