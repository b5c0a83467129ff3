"""Parquet: every column as text.

Belongs here: reading the format within bounds. Does not belong here: what a column or a value means.
"""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from orchestration.ingestion.grids import Grid, RowBatch
from orchestration.ingestion.snapshots import FileRefusedError, Limits


def read_parquet(path: Path, limits: Limits) -> Grid:
    """Read Parquet; every column as text, without loss.

    Args:
        path: the snapshot.
        limits: bounds.

    Returns:
        A grid whose first row holds the column names; row numbers count from 1 below it.

    Raises:
        FileRefusedError: not Parquet, or it would unpack to too much.
    """
    not_readable = "The file is not a readable Parquet file."
    remedy = "Write the file again; if it is a CSV or a workbook, give it its true extension."
    try:
        parquet = pq.ParquetFile(path)
        described = parquet.metadata
        unpacked = sum(described.row_group(i).total_byte_size for i in range(described.num_row_groups))
        names = list(parquet.schema_arrow.names)
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise FileRefusedError("not_parquet", not_readable, remedy) from problem
    too_many = described.num_rows * max(len(names), 1) > limits.max_sheet_cells
    if unpacked > limits.max_unpacked_bytes or too_many or len(names) > limits.max_columns:
        raise FileRefusedError(
            "unpacks_too_large",
            f"The file holds {described.num_rows:,} rows of {len(names):,} columns and unpacks to {unpacked:,} bytes, "
            "which is more than is read.",
            "Split the list into several files whose names begin with the same word, or raise the limit.",
        )

    def batches() -> Iterator[RowBatch]:
        yield np.array([0], dtype=np.int64), [names]
        first, unpacked_so_far = 1, 0
        try:
            for batch in parquet.iter_batches(batch_size=limits.batch_rows):
                unpacked_so_far += batch.nbytes
                if unpacked_so_far > limits.max_unpacked_bytes:
                    raise FileRefusedError("unpacks_too_large", "The file unpacks to more than is read.", remedy)
                columns = [pc.fill_null(_as_text(column), "") for column in batch.columns]
                rows = pa.RecordBatch.from_arrays(columns, names=[f"c{index}" for index in range(len(columns))])
                yield np.arange(first, first + batch.num_rows, dtype=np.int64), rows
                first += batch.num_rows
        except pa.ArrowMemoryError:
            raise
        except (pa.ArrowException, OSError) as problem:
            raise FileRefusedError("not_parquet", not_readable, remedy) from problem

    return Grid(batches(), encoding=None, has_typed_header=True)


def _as_text(column: pa.Array) -> pa.Array:
    """Any Arrow column as text: dates in ISO form, whole floats without a fraction, nested values as JSON."""
    kind = column.type
    if pa.types.is_dictionary(kind):
        return _as_text(column.dictionary_decode())
    if pa.types.is_string(kind):
        return column
    if pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_fixed_size_binary(kind):
        texts = [None if v is None else v.decode("utf-8", "backslashreplace") for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_floating(kind):
        texts = [None if v is None else (str(int(v)) if v.is_integer() else repr(v)) for v in column.to_pylist()]
        return pa.array(texts, pa.string())
    if pa.types.is_nested(kind):
        texts = [
            None if v is None else json.dumps(v, ensure_ascii=False, default=str, separators=(",", ":"))
            for v in column.to_pylist()
        ]
        return pa.array(texts, pa.string())
    return pc.cast(column, pa.string())
