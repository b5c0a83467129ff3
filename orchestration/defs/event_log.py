"""Where Dagster keeps what happened: its own SQLite files, opened once instead of for every event.

Belongs here: keeping them open. Does not belong here: what is written into them.

Dagster's storage makes an engine, compiles its statement and opens and closes the file for each of a run's thousand
events, which took 15 of a month's 40 seconds.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log import SqliteEventLogStorage  # what dagster.yaml names by default

BUSY_TIMEOUT_SECONDS = 60


class KeptOpenEventLog(SqliteEventLogStorage):
    """Dagster's event log with an engine per file that lives as long as the process.

    Args:
        base_dir: folder of its files.
        inst_data: what Dagster makes it of.
    """

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:  # noqa: ANN401 - Dagster's own
        self._engines: dict[str, db.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> "KeptOpenEventLog":  # noqa: ANN401
        """Make it from dagster.yaml."""
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        with self._db_lock:
            engine = self._engines.get(shard)
            if engine is None:
                engine = db.create_engine(
                    self.conn_string_for_shard(shard),
                    connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
                )
                db.event.listen(engine, "connect", _trust_the_journal)
                self._engines[shard] = engine
            if shard not in self._initialized_dbs:
                self._initdb(engine)
                self._initialized_dbs.add(shard)
            with engine.connect() as connection, connection.begin():
                yield connection


def _trust_the_journal(connection: Any, _: object) -> None:  # noqa: ANN401 - the driver's own
    """In WAL mode a power cut may lose the last events, and never more; the warehouse does not rest on them."""
    connection.execute("pragma synchronous = normal")
