"""The months that may be loaded.

Belongs here: when a month begins, wherever one is. Does not belong here: which month is started, and when
(test_new_exports.py).
"""

from datetime import UTC, datetime

import dagster as dg
import pytest

from orchestration.defs.partitions import MONTHS


@pytest.mark.parametrize(
    ("now", "has_begun"),
    [
        (datetime(2026, 11, 30, 9, 59, tzinfo=UTC), False),  # it is still November everywhere
        (datetime(2026, 11, 30, 10, 0, tzinfo=UTC), True),  # midnight on Kiritimati
        (datetime(2026, 12, 1, 11, 59, tzinfo=UTC), True),  # still November west of the date line
    ],
)
def test_a_month_may_be_loaded_once_it_has_begun_anywhere(now: datetime, has_begun: bool) -> None:
    with dg.partition_loading_context(effective_dt=now):
        assert MONTHS.has_partition_key("2026-12") == has_begun
        assert MONTHS.has_partition_key("2026-11")
        assert not MONTHS.has_partition_key("2027-01")
