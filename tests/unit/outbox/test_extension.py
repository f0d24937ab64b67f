"""More time for an order whose parcel is still under way: asked for once, else a task."""

from datetime import timedelta

import pytest

from syncd import clock, status, watch
from syncd.connector import Capability, OutcomeUnknown, Rejected, Unavailable
from syncd.model import Milestone, OutboxState

ORDER = "12-00001-00001"


@pytest.fixture
def extends(shop):
    shop.capabilities = shop.capabilities | {Capability.EXTEND_PROMISE}
    return shop


@pytest.fixture
def ending(world, make):
    """A late parcel whose protection ends in two days, answered by asking the platform."""
    world.playbook("more-time", tell="platform", extend_by=timedelta(days=10))
    order = make.order(promise=-3, protection_ends_at=make.at(2))
    world.bring(order, make.shipment(), make.event(-4))

    def judge():
        watch.run(world.runtime)
        (row,) = world.outbox()
        return row

    return judge


@pytest.mark.parametrize(("ends", "until"), [(2, 12), (-1, 10)])
def test_the_platform_is_asked_for_the_days_that_the_playbook_names(
    world, make, extends, ending, send, ends, until
):
    world.bring(make.order(promise=-3, protection_ends_at=make.at(ends)))
    row = ending()
    assert (row.purpose, row.state, row.until) == ("extension", OutboxState.PENDING, make.at(until))
    send()

    assert extends.extended == [(ORDER, make.at(until))]
    assert [each.state for each in world.outbox()] == [OutboxState.SENT]
    send()
    assert len(extends.drafts) == 1


def test_with_approval_a_person_is_asked_first(world, make, extends, send):
    asks = {"extend_by": timedelta(days=10), "wait": timedelta(hours=5), "approval": True}
    world.playbook("more-time", tell="platform", **asks)
    order = make.order(promise=-3, protection_ends_at=make.at(2))
    world.bring(order, make.shipment(), make.event(-4))
    watch.run(world.runtime)
    send()
    (row,) = world.outbox()
    assert (row.purpose, row.state, extends.extended) == ("extension", OutboxState.HELD, [])
    assert status.line(world.runtime).endswith(", outbox 1")
    assert row.not_before == make.at() + timedelta(hours=5)

    world.store.outbox.decide(row.id, OutboxState.PENDING, actor="ann", now=clock.now())
    send()
    assert extends.extended == [(ORDER, make.at(12))]


def test_it_is_asked_once_for_each_end(world, make, extends, ending, send, time):
    ending()
    send()
    world.bring(make.event(-3.9))
    watch.run(world.runtime)
    assert len(world.outbox()) == 1

    time(timedelta(days=11))  # the end was moved to the 12th day, and it is still under way
    world.bring(make.order(promise=-2, protection_ends_at=make.at(12)))
    watch.run(world.runtime)
    assert [row.until for row in world.outbox()] == [make.at(22), make.at(12)]


def test_a_platform_without_it_leaves_a_task(world, ending):
    row = ending()
    assert (row.purpose, row.state) == ("task", OutboxState.PERSON)


def test_a_refusal_goes_to_a_person_not_to_the_buyer_by_mail(world, extends, ending, send):
    world.add("mail")
    world.remove("shop")
    world.add("shop", writes_mail_by="mail").capabilities = frozenset({Capability.EXTEND_PROMISE})
    ending()
    world.connectors["shop"].fail_send(Rejected("no more than 60 days"))
    send()

    (row,) = world.outbox()
    assert (row.account, row.state) == ("shop", OutboxState.PERSON)
    assert row.reason == "the platform gives no more time: no more than 60 days"
    assert world.connectors["mail"].drafts == []


@pytest.mark.parametrize("arrives", [True, False])
def test_a_lost_answer_is_settled_by_asking(world, extends, ending, send, time, arrives):
    ending()
    extends.fail_send(OutcomeUnknown("the answer was lost"), arrives=arrives)
    send()
    for _ in range(3):
        time(timedelta(minutes=1))
        send()

    (row,) = world.outbox()
    assert row.state is OutboxState.SENT
    assert [len(receipts) for receipts in extends.arrived.values()] == [1]


def test_an_outage_of_the_platform_is_waited_for(world, extends, ending, send, time):
    ending()
    extends.fail_send(Unavailable("down"))
    send()
    assert [row.state for row in world.outbox()] == [OutboxState.PENDING]
    time(timedelta(minutes=1))
    send()
    assert [row.state for row in world.outbox()] == [OutboxState.SENT]


def test_what_has_arrived_needs_no_more_time(world, make, extends, ending, send):
    ending()
    world.bring(make.event(-0.1, Milestone.DELIVERED))
    watch.run(world.runtime)
    send()

    assert [row.state for row in world.outbox()] == [OutboxState.OBSOLETE]
    assert extends.extended == []
