"""An order that the buyer has taken up with the platform: no notice goes out by itself."""

from datetime import timedelta

import pytest

from syncd import clock, watch
from syncd.model import Case, CaseKind, CaseStatus, OrderStatus, OutboxState, Window
from syncd.outbox import Sender


@pytest.fixture
def world(world_on_either):
    return world_on_either


def case(make, kind=CaseKind.NOT_RECEIVED, status=CaseStatus.WAITING_SELLER, **fields):
    fields = {"order_id": "12-00001-00001", **fields}
    return Case(
        source_id="c1", kind=kind, status=status, buyer=make.buyer, opened_at=make.at(-1), **fields
    )


def only(world):
    (row,) = world.outbox()
    return row


@pytest.mark.parametrize(
    ("kind", "status", "outcome"),
    [
        (CaseKind.NOT_RECEIVED, CaseStatus.WAITING_SELLER, None),
        (CaseKind.REFUND, CaseStatus.CLOSED, "REFUNDED"),
        (CaseKind.CANCELLATION, CaseStatus.OPEN, None),
    ],
)
def test_a_person_decides(world, shop, late, make, kind, status, outcome):
    world.bring(case(make, kind, status, outcome=outcome))
    Sender(world.runtime).run()

    assert shop.drafts == []
    assert only(world).state is OutboxState.HELD
    assert f"{kind.replace('_', ' ')} case c1" in only(world).reason


def test_approved_it_goes_out(world, shop, late, make):
    world.bring(case(make))
    Sender(world.runtime).run()
    row = only(world)
    world.store.outbox.decide(
        row.id, OutboxState.PENDING, actor="ann", now=clock.now(), text="Late", subject="Late"
    )
    Sender(world.runtime).run()
    assert (only(world).state, len(shop.drafts)) == (OutboxState.SENT, 1)


def test_an_order_without_a_parcel_likewise(world, shop, make, time):
    world.playbook(when=("late_dispatch",))
    overdue = Window(latest=make.at(-1))
    world.bring(make.order(status=OrderStatus.UNSHIPPED, ship_by=overdue))
    world.bring(case(make, CaseKind.CANCELLATION))
    time(timedelta(hours=2))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    assert (only(world).state, shop.drafts) == (OutboxState.HELD, [])


@pytest.mark.parametrize("fields", [{"kind": CaseKind.RETURN}, {"order_id": "another"}])
def test_other_cases_keep_nothing_back(world, shop, late, make, fields):
    world.bring(case(make, **fields))
    Sender(world.runtime).run()
    assert len(shop.drafts) == 1


def test_nor_does_any_case_keep_good_news_back(world, shop, make):
    world.playbook(when=("shipped",))
    world.bring(make.order(), make.shipment(), make.event(-0.1), case(make))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    assert [row.cause for row in world.outbox(states=[OutboxState.SENT])] == ["shipped"]


def test_answers_are_not_kept_back(world, shop, reply, make):
    world.bring(make.order(), make.shipment(), case(make))
    reply(order_id="12-00001-00001")
    Sender(world.runtime).run()
    assert len(shop.drafts) == 1
