"""Parquet files: every column becomes text without losing a digit.

Belongs here: types of columns. Does not belong here: files that are none (test_lists.py).
"""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from tests.deliveries import LandingFolder


def test_parquet_lands_without_losing_a_digit(workspace: LandingFolder, tmp_path: Path) -> None:
    table = pa.table(
        {
            "Id": ["1"],
            "Name": ["Deal"],
            "AccountId": ["A1"],
            "Amount": pa.array([Decimal("1234567890123456.78")], pa.decimal128(18, 2)),
            "CloseDate": pa.array([date(2026, 10, 31)]),
            "Forecast": [True],
            "Tags": [["a", "b"]],
            "Score": [0.1],
        }
    )
    pq.write_table(table, tmp_path / "x.parquet")
    workspace.put("opportunities.parquet", (tmp_path / "x.parquet").read_bytes())
    workspace.land()
    row = workspace.rows("select amount, expected_close_date, extra, row_number from raw.opportunities")[0]
    assert (row["amount"], row["expected_close_date"], row["row_number"]) == ("1234567890123456.78", "2026-10-31", 1)
    assert json.loads(row["extra"]) == {"Forecast": "true", "Tags": '["a","b"]', "Score": "0.1"}
