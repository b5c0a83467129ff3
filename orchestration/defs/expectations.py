"""Great Expectations as blocking asset checks: the accepted rows in raw, and the marts before they are published.

Belongs here: how the suites' results look in the asset catalogue. Does not belong here: what is expected
(orchestration/validation/delivered.py). The suites over files as they came are no checks: they quarantine a file, and a
blocking check would stop every other party.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg

from orchestration.defs.partitions import month_of
from orchestration.defs.resources import WAREHOUSE_POOL, Workspace, retry_while_locked
from orchestration.objects import OBJECTS
from orchestration.runs import progress
from orchestration.validation.marts import check_marts
from orchestration.validation.page import keep_results
from orchestration.validation.rows import check_accepted_rows
from orchestration.validation.suite import SuiteResult

ACCEPTED = "accepted_rows"
RECONCILED = "files_reconcile"
ACCEPTANCE = "marts_acceptance"


@dg.multi_asset_check(
    name="accepted_rows",
    specs=[
        *(
            dg.AssetCheckSpec(
                name=ACCEPTED,
                asset=["raw", table],
                blocking=True,
                description="Great Expectations: every accepted row of the month has its id, name, file and row.",
            )
            for table in OBJECTS
        ),
        dg.AssetCheckSpec(
            name=RECONCILED,
            asset=["raw", "files"],
            blocking=True,
            description="Rows read are accepted, collapsed or refused: none is lost.",
        ),
    ],
    pool=WAREHOUSE_POOL,
    can_subset=True,
)
def accepted_rows(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> Iterator[dg.AssetCheckResult]:
    """Check what the month's load left in raw."""
    month = month_of(context.partition_key)
    progress.tell("checking the accepted rows")
    with retry_while_locked():
        results = check_accepted_rows(Path(workspace.warehouse), month)
    keep_results(Path(workspace.validations), context.run.run_id, results)
    for result in results:
        table = result.suite.removesuffix("_accepted")
        is_object = table in OBJECTS
        name, key = ACCEPTED if is_object else RECONCILED, dg.AssetKey(["raw", table if is_object else "files"])
        if dg.AssetCheckKey(key, name) in context.selected_asset_check_keys:
            yield _as_check(result, name, key)


def accepted_marts(marts: Sequence[dg.AssetKey]) -> dg.AssetChecksDefinition:
    """Make the check that accepts the marts for publishing.

    Args:
        marts: the assets it looks at; when one of them fails, nothing is published.

    Returns:
        One blocking check per mart.
    """

    @dg.multi_asset_check(
        name="accepted_marts",
        specs=[
            dg.AssetCheckSpec(
                name=ACCEPTANCE,
                asset=key,
                blocking=True,
                description="Great Expectations: filled, rates between 0 and 1, in proportion to what was published.",
            )
            for key in marts
        ],
        pool=WAREHOUSE_POOL,
        can_subset=True,
    )
    def check(context: dg.AssetCheckExecutionContext, workspace: Workspace) -> Iterator[dg.AssetCheckResult]:
        progress.tell("checking the marts")
        with retry_while_locked():
            results = check_marts(Path(workspace.warehouse), Path(workspace.published))
        keep_results(Path(workspace.validations), context.run.run_id, results)
        by_mart = {result.subject: result for result in results}
        for key in marts:
            if dg.AssetCheckKey(key, ACCEPTANCE) not in context.selected_asset_check_keys:
                continue
            result = by_mart.get(f"marts.{key.path[-1]}")
            if result is None:
                yield dg.AssetCheckResult(
                    passed=False, check_name=ACCEPTANCE, asset_key=key, description="The mart has not been built."
                )
            else:
                yield _as_check(result, ACCEPTANCE, key)

    return check


def _as_check(result: SuiteResult, name: str, key: dg.AssetKey) -> dg.AssetCheckResult:
    """Show a suite's result as a check's, with every expectation in a table."""
    failed = [outcome for outcome in result.outcomes if not outcome.success]
    expectations = [
        dg.TableRecord({"rule": o.rule, "met": o.success, "looked_at": o.evaluated, "refused": o.unexpected})
        for o in result.outcomes
    ]
    return dg.AssetCheckResult(
        passed=result.success,
        check_name=name,
        asset_key=key,
        description=" ".join(f"{o.reason} ({o.unexpected} of {o.evaluated})" for o in failed) or None,
        # Dagster shows no table without rows, as for an object that nobody delivered.
        metadata={"expectations": dg.MetadataValue.table(expectations)} if expectations else {},
    )
