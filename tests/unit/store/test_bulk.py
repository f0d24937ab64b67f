"""Many rows and many values in one statement: each database gets them as they are."""

import sqlite3

import psycopg
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select
from sqlalchemy.exc import SQLAlchemyError

from syncd.store import bulk
from syncd.store.tables import conversation_orders, identities

# What both databases keep: no NUL, no halves of surrogate pairs.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
HOSTILE = [
    "",
    "NULL",
    "null",
    '"',
    "\\",
    '\\"',
    "{a,b}",
    "a,b",
    " a ",
    "\n\t\r\b\x1f\x7f",
    "é你😀",
    "'",
    "$1",
]
NUMBERS = st.integers(-(2**63), 2**63 - 1)

anew = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@anew
@given(st.dictionaries(TEXTS, NUMBERS, max_size=20), st.lists(TEXTS, max_size=5))
@example(dict.fromkeys(HOSTILE, 1), [])
@example({}, HOSTILE)
@example(dict.fromkeys(['"', "\\", '\\"', "\\\\", "\\n", '{"a": "\\""}'], 1), [])
def test_any_texts_are_stored_and_found_among_others(store, kept, others):
    table, rows = identities.c, list(kept.items())
    with store.database.write() as connection:
        connection.execute(delete(identities))
        bulk.insert(connection, identities, ("key", "customer_id"), rows[::2])
        bulk.insert_missing(connection, identities, ("key", "customer_id"), rows)
        asked = set(kept) | set(others)
        wanted = select(table.key, table.customer_id).where(bulk.among(table.key, asked))
        assert dict(connection.execute(wanted).all()) == kept
        unknown = bulk.among(table.key, set(others) - set(kept))
        assert connection.execute(select(table.key).where(unknown)).all() == []


@anew
@given(st.sets(NUMBERS, max_size=20), st.sets(NUMBERS, max_size=5))
def test_so_are_any_numbers(store, kept, others):
    table = conversation_orders.c
    with store.database.write() as connection:
        connection.execute(delete(conversation_orders))
        columns = ("order_source_id", "conversation_id")
        bulk.insert(connection, conversation_orders, columns, [("o", each) for each in kept])
        wanted = select(table.conversation_id).where(bulk.given(table.conversation_id, "numbers"))
        found = connection.execute(wanted, {"numbers": kept | others}).scalars()
        assert set(found) == kept


@pytest.mark.parametrize("put", [bulk.insert, bulk.insert_missing])
def test_what_is_no_text_is_not_stored_as_one(store, put):
    """A connector's bug is told, not turned into a text that looks like one."""
    raised = (SQLAlchemyError, sqlite3.Error, psycopg.Error, TypeError, AttributeError)
    with pytest.raises(raised), store.database.write() as connection:
        put(connection, identities, ("key", "customer_id"), [({"id": 1}, 1)])
    with store.database.read() as connection:
        assert connection.execute(select(identities.c.key)).all() == []


@anew
@given(st.lists(st.tuples(TEXTS, NUMBERS), min_size=1, max_size=9, unique_by=lambda row: row[0]))
def test_rows_are_overwritten_by_their_key_and_changed_in_any_way(store, rows):
    table = identities.c
    with store.database.write() as connection:
        connection.execute(delete(identities))
        names = ("key", "customer_id")
        bulk.upsert(connection, identities, names, [(key, 0) for key, _ in rows], key=("key",))
        bulk.upsert(connection, identities, names, rows, key=("key",))
        turned = [(number, key) for key, number in rows]
        bulk.update(
            connection, identities, ("customer_id",), turned, key="key",
            changes="customer_id=CASE WHEN v.column1 < 0 THEN 0 ELSE customer_id END",
        )  # fmt: skip
        found = connection.execute(select(table.key, table.customer_id)).all()
    assert dict(found) == {key: max(number, 0) for key, number in rows}
