"""Tiers, plays and ranks as a CSV that our CRM imports by its own record ids (D5).

Belongs here: writing the file. Does not belong here: what stands in it (mart_crm_updates), and what a partner may be
given: the file is internal.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from orchestration.ingestion.workbooks import safe_column
from orchestration.publishing.published import published_marts, published_month

CRM_UPDATES = "from mart_crm_updates order by source_id, partner_id"


def write_crm_updates(published: Path, folder: Path) -> tuple[Path, int]:
    """Write what was decided about our accounts as a CSV that a CRM imports by our own record ids.

    Args:
        published: folder of the published marts.
        folder: where the file is written, named after the month; made when missing, the month's file replaced.

    Returns:
        The file and its number of rows.

    Raises:
        NothingPublishedError: nothing is published yet.
    """
    with published_marts(published) as marts:
        file = folder / f"account-updates-{published_month(marts)}.csv"
        updates: pa.Table = marts.sql(CRM_UPDATES).to_arrow_table()
    folder.mkdir(parents=True, exist_ok=True)
    safe = pa.table([safe_column(column) for column in updates.columns], names=updates.column_names)
    pyarrow.csv.write_csv(safe, file)
    return file, updates.num_rows
