"""What every statement to DuckDB needs: names and values as SQL text, and transactions.

Belongs here: text that parameters cannot carry (attach, copy and comment take none). Does not belong here: any
statement.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import duckdb


def literal(value: object) -> str:
    """Write a value as an SQL string literal.

    Args:
        value: anything; its text is what counts.

    Returns:
        The text in single quotes, those inside doubled.
    """
    return "'" + str(value).replace("'", "''") + "'"


def identifier(name: str) -> str:
    """Write a name as an SQL identifier.

    Args:
        name: of a column or table, whatever it holds.

    Returns:
        The name in double quotes, those inside doubled.
    """
    return '"' + name.replace('"', '""') + '"'


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """Run a block as one transaction: committed at its end, rolled back when it raises.

    Args:
        connection: an open connection without a transaction.
    """
    connection.execute("begin transaction")
    try:
        yield
    except BaseException:
        connection.execute("rollback")
        raise
    connection.execute("commit")
