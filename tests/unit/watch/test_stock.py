"""Open orders against the stock that the shop tells of."""

from datetime import timedelta

import pytest

from syncd import ingest, watch
from syncd.config import FreshLook, Guards, OutOfStock, StaleSource, Watches
from syncd.model import OrderLine, OrderStatus, OutboxState, StockLevel
from syncd.outbox import Sender

HOUR = timedelta(hours=1)


@pytest.fixture
def world(store, templates, time, world_of):
    """On either database; the stock is what lies on the shelf."""
    made = world_of(store)
    made.add()
    made.configure(watches=Watches(out_of_stock=OutOfStock(on_hand=("sh*",))))
    made.playbook("desk", when=("out_of_stock",), tell="staff")
    return made


@pytest.fixture
def order(make):
    """An order for some lamps, and for a shade of which no stock is told."""

    def made(number, lamps=1, status=OrderStatus.UNSHIPPED, **fields):
        lines = (
            OrderLine(source_id="1", title="Blue lamp", sku="LAMP", quantity=lamps),
            OrderLine(source_id="2", title="Shade", sku="SHADE"),
        )
        return make.order(
            f"o{number}", lines=lines, status=status, placed_at=make.at(number - 9), **fields
        )

    return made


def level(quantity, sku="LAMP", source_id="s1"):
    return StockLevel(source_id=source_id, quantity=quantity, sku=sku)


@pytest.fixture
def short(world, time):
    """Which orders lack goods, an hour later."""

    def judged():
        watch.run(world.runtime)
        time(HOUR)
        watch.run(world.runtime)
        found = {
            number: world.store.look.subject(f"o{number}", "order").get("open_findings")
            for number in range(1, 5)
        }
        return [number for number, findings in found.items() if findings]

    return judged


def test_a_stock_without_end_is_enough_for_every_order(world, order, short):
    """Platforms write their largest number for goods that never run out; two of it make no sum."""
    endless = 2**63 - 1
    world.bring(level(endless), level(endless, source_id="s2"), order(1, lamps=5))

    assert short() == []


def test_the_oldest_are_served_first(world, order, short):
    world.bring(*(order(number, lamps=2) for number in (3, 1, 2)), level(4))
    assert short() == [3]


def test_of_an_account_that_is_not_named_it_is_what_can_still_be_sold(world, order, short):
    world.add("other")
    world.bring(level(1), order(1), order(2), account="other")
    assert short() == []
    world.bring(level(-1), account="other")
    assert short() == [2]


def test_when_the_stock_changes_those_who_wait_for_it_are_judged(world, order, short):
    world.bring(order(1), order(2), level(2), level(0, "CORD", "s2"))
    assert short() == []
    world.bring(level(1))
    assert short() == [2]
    world.bring(level(9))
    assert short() == []


def test_when_one_is_cancelled_the_next_may_be_served(world, order, short):
    world.bring(order(1), order(2), level(1))
    assert short() == [2]
    world.bring(order(1, status=OrderStatus.CANCELLED))
    assert short() == []


def test_one_with_a_parcel_has_its_goods(world, order, make, short):
    world.bring(order(1), order(2), level(1))
    assert short() == [2]
    world.bring(make.shipment("p1", None, "o2", shipped_at=None))
    assert short() == []


def test_what_can_still_be_sold_may_be_nothing(world, order, short):
    world.configure(watches=Watches())
    world.bring(order(1), order(2), level(0))
    assert short() == []
    world.bring(level(-1))
    assert short() == [2]


def test_the_stock_of_another_shop_does_not_matter(world, order, short):
    world.add("other")
    world.bring(order(1))
    world.bring(level(0), account="other")
    assert short() == []


def test_a_sku_in_several_places_has_what_lies_in_all(world, order, short):
    world.bring(order(1), order(2), level(1), level(1, source_id="s2"))
    assert short() == []


def test_nothing_is_due_afterwards(world, order, short):
    world.bring(order(1), level(0))
    assert short() == [1]
    assert watch.run(world.runtime) == 0


def test_nothing_is_found_while_the_stock_cannot_be_read(world, order, short, time):
    guards = Guards(stale_source=StaleSource(), fresh_look=FreshLook(enabled=False))
    world.configure(guards=guards)
    shop = world.connectors["shop"]
    shop.streams = {**shop.streams, "stock": HOUR}
    world.bring(order(1), level(0))
    for stream in ("orders", "stock"):
        ingest.poll(world.account(), stream, world.store)
    time(25 * HOUR)
    ingest.poll(world.account(), "orders", world.store)
    assert short() == []
    ingest.poll(world.account(), "stock", world.store)
    assert short() == [1]


class TestTold:
    def test_staff_by_default_and_once(self, world, order, short):
        world.bring(order(1), level(0))
        short()
        world.bring(level(-1))
        short()
        ((task),) = world.outbox()
        assert (task.purpose, task.state) == ("task", OutboxState.PERSON)
        assert task.text == (
            "Blue lamp (LAMP): 1 ordered, 0 left for it; the stock is 0, older orders come first"
        )

    def test_the_buyer_where_a_playbook_wants_it(self, world, order, short):
        world.playbook("honest", when=("out_of_stock",))
        world.bring(order(1, language="en"), level(0))
        short()
        Sender(world.runtime).run()
        ((_, draft),) = world.connectors["shop"].drafts
        assert draft.subject == "Your order o1: not everything is in stock"
        assert "Missing: Blue lamp\n" in draft.text + "\n"
        assert "Shade" not in draft.text

    def test_not_where_it_is_there_again(self, world, order, short, time):
        world.playbook("honest", when=("out_of_stock",), wait=6 * HOUR)
        world.bring(order(1), level(0))
        short()
        world.bring(level(3))
        time(7 * HOUR)
        watch.run(world.runtime)
        Sender(world.runtime).run()
        states = {row.purpose: row.state for row in world.outbox()}
        assert states["notice"] is OutboxState.OBSOLETE
