"""The suite of accepted rows: it passes on a load and notices damage.

Belongs here: the checks of raw tables. Does not belong here: what is checked on landing (tests/ingestion).
"""

from datetime import date
from pathlib import Path

import duckdb

from orchestration.validation.rows import check_accepted_rows
from tests.deliveries import LandingFolder

OCTOBER = date(2026, 10, 1)


def test_the_checks_of_accepted_rows_pass_on_a_load_and_fail_on_damage(tmp_path: Path) -> None:
    workspace = LandingFolder(tmp_path)
    workspace.put("accounts.csv", "ID,Name\n1,Pumps\n2,Fans\n2,Belts\n3,Nuts\n3,Nuts\n")
    workspace.land()
    assert all(result.success for result in check_accepted_rows(workspace.warehouse, OCTOBER))
    with duckdb.connect(str(workspace.warehouse)) as connection:
        connection.execute("insert into raw.accounts select * from raw.accounts where source_id = '1'")
        connection.execute("update raw.accounts set file_sha256 = '' where source_id = '3'")
    failed = {o.rule for r in check_accepted_rows(workspace.warehouse, OCTOBER) for o in r.outcomes if not o.success}
    assert failed == {"source_id_unique", "file_known", "rows_reconcile"}
