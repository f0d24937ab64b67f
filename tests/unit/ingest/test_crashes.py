"""A process that dies at any statement of a batch: no cursor stands ahead of what is stored."""

import shutil
from contextlib import closing, contextmanager, suppress
from itertools import count

import pytest
from msgspec.structs import replace
from sqlalchemy import Engine
from sqlalchemy.event import listen, remove
from sqlalchemy.exc import PendingRollbackError

from syncd.ingest.salvage import salvage
from syncd.store import Store

BEFORE, AFTER = "{}", '{"page":2}'


class Died(BaseException):
    """Nothing catches a kill -9. SQLAlchemy drops the connection; a ROLLBACK finds none."""


@contextmanager
def dying(at):
    """Die instead of executing the statement of this number."""
    numbers = count(1)

    def executing(*_):
        if next(numbers) == at:
            raise Died

    listen(Engine, "before_cursor_execute", executing)
    try:
        yield
    finally:
        remove(Engine, "before_cursor_execute", executing)


@pytest.fixture
def left_by(sqlite_template, tmp_path, source_of, select):
    """What a batch leaves in an empty store: ids that are stored or quarantined, and the cursor."""

    def run(items, at):
        path = tmp_path / f"{at}.db"
        shutil.copyfile(sqlite_template, path)
        with closing(Store(f"sqlite:///{path}")) as store:
            source = source_of(store)
            claim = source.claim()
            ended = False
            with suppress(Died, PendingRollbackError), dying(at):
                salvage(store, claim, source.platform, items, {"page": 2})
                ended = True
            kept = "SELECT source_id FROM messages UNION ALL SELECT source_id FROM quarantine"
            stored = sorted(row["source_id"] for row in select(store, kept))
            (cursor,) = (row["cursor"] for row in select(store, "SELECT cursor FROM cursors"))
        return ended, stored, cursor

    return run


def test_the_items_and_the_cursor_of_a_batch_are_there_together_or_not_at_all(left_by, make):
    items = [make.message(name, order_ids=("o1",)) for name in "abc"]
    for at in count(1):
        ended, stored, cursor = left_by(items, at)
        assert (stored, cursor) in [([], BEFORE), (["a", "b", "c"], AFTER)], at
        if ended:
            break
    assert cursor == AFTER
    assert at > 10


def test_where_one_cannot_be_stored_the_cursor_comes_last(left_by, make):
    without_zone = make.at().replace(tzinfo=None)
    items = [make.message("a"), replace(make.message("b"), sent_at=without_zone), make.message("c")]
    for at in count(1):
        ended, stored, cursor = left_by(items, at)
        assert len(stored) == len(set(stored))
        assert cursor == BEFORE or stored == ["a", "b", "c"], at
        if ended:
            break
    assert cursor == AFTER
    assert at > 20
