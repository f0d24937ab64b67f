"""Two transactions at the same moment, and things that come in the wrong order, lose no trouble.

Both were found by `make kill`.
"""

from threading import Event, Thread

import pytest

from syncd import clock, watch
from syncd.ingest.write import write
from syncd.model import Milestone, Reason
from syncd.store import Store


@pytest.fixture
def pg_store(postgres_url):
    opened = Store(postgres_url)
    yield opened
    opened.close()


@pytest.mark.postgres
@pytest.mark.parametrize("shipment_first", [True, False])
def test_a_shipment_and_its_scan_stored_at_the_same_moment_find_each_other(
    pg_store, source_of, make, shipment_first
):
    items = [
        (source_of(pg_store), make.shipment()),
        (source_of(pg_store, "other"), make.event(-1, milestone=Milestone.CUSTOMS_HOLD)),
    ]
    (slow, slow_item), (quick, quick_item) = items if shipment_first else items[::-1]
    slow.bring(make.order())
    written, both_begun = Event(), Event()

    def store_slowly():
        claim = slow.claim("orders")
        with pg_store.ingest.batch(claim, clock.now()) as tx:
            write(tx, "scripted", [slow_item])
            written.set()
            both_begun.wait(0.5)  # the other one waits for this one, or has ended by then

    thread = Thread(target=store_slowly)
    thread.start()
    assert written.wait(10)
    quick.bring(quick_item, stream="tracking")
    both_begun.set()
    thread.join()

    with pg_store.database.read() as connection:
        states = connection.exec_driver_sql("SELECT milestone FROM shipments").scalars().all()
    assert states == ["customs_hold"]


def test_a_trouble_known_before_the_order_is_told_when_the_order_comes(world, make):
    world.playbook(when=("customs_hold",))
    held = make.event(-1, milestone=Milestone.CUSTOMS_HOLD, reason=Reason.DOCUMENTS)
    world.bring(make.shipment(), held)
    watch.run(world.runtime)
    assert world.outbox() == []

    world.bring(make.order())
    watch.run(world.runtime)
    assert [row.cause for row in world.outbox()] == ["customs"]
