"""Which errors of PostgreSQL an item is to blame for, and which are the database's own."""

import random

import pytest
from msgspec.structs import replace
from psycopg.errors import UndefinedColumn
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from syncd import ingest
from syncd.store import Store

pytestmark = pytest.mark.postgres


@pytest.fixture
def own_store(postgres):
    name = postgres.create()
    store = Store(postgres.url(name))
    yield store
    store.close()
    postgres.drop(name)


LONG = "".join(random.Random(3).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=9000))


@pytest.mark.parametrize("bad", [{"message_id": LONG}, {"source_id": LONG}])
def test_an_id_that_fits_no_index_is_quarantined_and_the_rest_stored(
    own_store, source_of, make, bad
):
    good = make.message("good")
    source_of(own_store).bring(good, replace(make.message("bad"), **bad))
    counts = own_store.look.counts()
    assert (counts["messages"], counts["quarantined"]) == (1, 1)


def test_tables_that_another_syncd_has_changed_are_no_items_fault(own_store, source_of, make):
    with own_store.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE orders DROP COLUMN site")
    with pytest.raises(UndefinedColumn):
        source_of(own_store).bring(make.order(), stream="orders")
    assert own_store.look.counts()["quarantined"] == 0


def test_a_store_that_goes_away_in_a_poll_is_no_bug_of_the_connector(world, monkeypatch, make):
    gone = OperationalError("SELECT 1", {}, Exception("terminating connection"))
    world.connectors["shop"].feed("messages", gone)
    with capture_logs() as logs, pytest.raises(OperationalError):
        ingest.poll(world.account(), "messages", world.store)
    assert logs == []
    assert world.store.accounts.health()[0].failures == 0
