"""When parcels and orders are to be judged: one narrow table for each, of those that are due.

It is written for every one that is judged or has news. In their own rows, wide and with five
indexes, that took PostgreSQL twice the CPU and forty times the WAL.
"""

from collections.abc import Mapping
from importlib import import_module

from sqlalchemy import Connection, Select, Table, delete, literal, select, text

from syncd.store import bulk


def claim(
    connection: Connection, dues: Table, since_us: int | None, now_us: int, limit: int
) -> list[tuple[int, int]]:
    """Up to `limit` that are due, longest first, with their times; none of before `since_us`.

    No other transaction gets them before this ends. What is known of them is to be read then: it
    has all news that was written before, and what writes later ones waits for this transaction and
    has them judged again.
    """
    (number,) = dues.primary_key
    due = (
        select(number, dues.c.due_at)
        .where(dues.c.due_at <= now_us)
        .order_by(dues.c.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    if since_us is not None:
        due = due.where(dues.c.due_at >= since_us)
    return [(row[0], row[1]) for row in connection.execute(due).all()]


def any_due(connection: Connection, dues: Table, now_us: int) -> bool:
    """Whether one is due; a round that finds none need not begin a transaction."""
    (number,) = dues.primary_key
    wanted = select(number).where(dues.c.due_at <= now_us).limit(1)
    return connection.execute(wanted).scalar() is not None


def plan(connection: Connection, dues: Table, due: Mapping[int, int | None]) -> None:
    """Have each judged at its time in microseconds; None: not before it has news."""
    (number,) = dues.primary_key
    rows = sorted((subject, at) for subject, at in due.items() if at is not None)
    bulk.upsert(connection, dues, (number.name, "due_at"), rows, key=(number.name,))
    never = [subject for subject, at in due.items() if at is None]
    if never:
        connection.execute(delete(dues).where(bulk.among(number, never)))


def at_once(connection: Connection, dues: Table, now_us: int, subjects: Select[tuple[int]]) -> int:
    """Have judged at once what `subjects`, a query with a condition, gives the numbers of.

    Returns how many that are.
    """
    (number,) = dues.primary_key
    # In one order wherever they are written, so that two transactions do not wait for each other.
    rows = subjects.add_columns(literal(now_us, dues.c.due_at.type)).order_by(text("1"))
    dialect = import_module(f"sqlalchemy.dialects.{connection.dialect.name}")
    insert = dialect.insert(dues).from_select([number, dues.c.due_at], rows)
    anew = insert.on_conflict_do_update(
        index_elements=[number], set_={"due_at": insert.excluded.due_at}
    )
    return connection.execute(anew.execution_options(preserve_rowcount=True)).rowcount
