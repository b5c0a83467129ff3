"""What was decided, as CSVs that our CRM and our partner portal import by ids of our own (D5).

Belongs here: writing the files. Does not belong here: what stands in them (mart_crm_updates, mart_partner_decisions),
and what a partner may be given: the files are internal.
"""

from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from orchestration.ingestion.workbooks import safe_column
from orchestration.publishing.published import published_marts, published_month

CRM_UPDATES = "from mart_crm_updates order by source_id, partner_id"
PARTNER_DECISIONS = "from mart_partner_decisions order by partner_id"


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
    return _write(published, folder, "account-updates", CRM_UPDATES)


def write_partner_decisions(published: Path, folder: Path) -> tuple[Path, int]:
    """Write what was decided about partners as a CSV that a partner portal imports by our own partner ids.

    Args:
        published: folder of the published marts.
        folder: where the file is written, named after the month; made when missing, the month's file replaced.

    Returns:
        The file and its number of rows.

    Raises:
        NothingPublishedError: nothing is published yet.
    """
    return _write(published, folder, "partner-decisions", PARTNER_DECISIONS)


def _write(published: Path, folder: Path, name: str, query: str) -> tuple[Path, int]:
    with published_marts(published) as marts:
        file = folder / f"{name}-{published_month(marts)}.csv"
        rows: pa.Table = marts.sql(query).to_arrow_table()
    folder.mkdir(parents=True, exist_ok=True)
    safe = pa.table([safe_column(column) for column in rows.columns], names=rows.column_names)
    pyarrow.csv.write_csv(safe, file)
    return file, rows.num_rows
