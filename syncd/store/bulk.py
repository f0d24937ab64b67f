"""The fast paths: many rows in one statement, below SQLAlchemy's own.

Measured for 1,000 rows of a message: SQLAlchemy's ORM row by row 1,300 us each, Core 26 us,
``executemany`` on the driver 15 us (SQLite), COPY 7 us (PostgreSQL); see benchmarks/sync.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import msgspec
import psycopg
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Column,
    ColumnElement,
    Connection,
    Table,
    Text,
    any_,
    bindparam,
    func,
    select,
    text,
)

Rows = Sequence[tuple[Any, ...]]


def insert(connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows) -> None:
    """Insert rows that are known to be new; a clash is an error."""
    if not rows:
        return
    if connection.dialect.name == "sqlite":
        connection.exec_driver_sql(_insert_sql(table.name, columns, "?"), list(rows))
        return
    copy_sql = f"COPY {table.name} ({', '.join(columns)}) FROM STDIN"
    with _psycopg(connection).cursor() as cursor, cursor.copy(copy_sql) as copy:
        for row in rows:
            copy.write_row(row)


def insert_missing(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows
) -> None:
    """Insert rows of which some may exist already; those stay as they are."""
    execute(connection, _insert_sql(table.name, columns, "?") + " ON CONFLICT DO NOTHING", rows)


def upsert(
    connection: Connection,
    table: Table,
    columns: tuple[str, ...],
    rows: Rows,
    *,
    key: tuple[str, ...],
) -> None:
    """Insert rows, or overwrite those that have the same `key`."""
    changes = ", ".join(f"{name}=excluded.{name}" for name in columns if name not in key)
    sql = f"{_insert_sql(table.name, columns, '?')} ON CONFLICT ({', '.join(key)}) DO UPDATE SET {changes}"
    execute(connection, sql, rows)


def update(
    connection: Connection, table: Table, columns: tuple[str, ...], rows: Rows, *, key: str = "id"
) -> None:
    """Update `columns` of the rows whose `key` is each tuple's last value."""
    changes = ", ".join(f"{name}=?" for name in columns)
    execute(connection, f"UPDATE {table.name} SET {changes} WHERE {key}=?", rows)  # noqa: S608  names are ours


def execute(connection: Connection, sql: str, rows: Rows) -> None:
    """Run one statement, written with ``?``, for each row."""
    if not rows:
        return
    if connection.dialect.name == "postgresql":
        sql = sql.replace("?", "%s")
    connection.exec_driver_sql(sql, list(rows))


def reserve_ids(connection: Connection, table: Table, count: int) -> range | list[int]:
    """`count` ids for rows about to be inserted in this transaction."""
    if connection.dialect.name == "sqlite":  # its only writer is this transaction
        highest = connection.exec_driver_sql(f"SELECT max(id) FROM {table.name}").scalar() or 0  # noqa: S608
        return range(highest + 1, highest + 1 + count)
    found = connection.execute(
        text("SELECT nextval(:sequence) FROM generate_series(1, :count)"),
        {"sequence": f"{table.name}_id_seq", "count": count},
    )
    return list(found.scalars())


def among(
    connection: Connection, column: Column[Any], values: Iterable[Any]
) -> ColumnElement[bool]:
    """``column IN values`` in a form whose SQL does not grow with the values."""
    wanted = list(values)
    if connection.dialect.name == "sqlite":
        each = func.json_each(msgspec.json.encode(wanted).decode()).table_valued("value")
        return column.in_(select(each.c.value))
    kind = BigInteger if isinstance(column.type, BigInteger) else Text
    return column == any_(bindparam(None, wanted, type_=ARRAY(kind), unique=True))


@cache
def _insert_sql(table: str, columns: tuple[str, ...], mark: str) -> str:
    marks = ", ".join(mark for _ in columns)
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"  # noqa: S608  names are ours


def _psycopg(connection: Connection) -> psycopg.Connection[Any]:
    raw = connection.connection.driver_connection
    assert isinstance(raw, psycopg.Connection)
    return raw
