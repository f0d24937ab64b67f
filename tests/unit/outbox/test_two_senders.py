"""Two daemons on one store, and people beside them: whoever is overtaken changes nothing more."""

from datetime import timedelta

import pytest

from syncd import clock, process, watch
from syncd.connector import OutcomeUnknown
from syncd.model import Milestone, OutboxState, Verdict
from syncd.outbox import Sender


@pytest.fixture
def world(world_on_either):
    return world_on_either


@pytest.fixture
def other(world, monkeypatch):
    """The sender of another daemon."""
    with monkeypatch.context() as context:
        context.setattr(process, "name", lambda: "elsewhere:1:1")
        return Sender(world.runtime)


@pytest.fixture
def meanwhile(shop, monkeypatch):
    """Have something happen while the platform is asked whether it would take a message."""

    def happens(act, verdict=None):
        def may_send(draft):
            monkeypatch.undo()
            act()
            return verdict or Verdict.yes()

        monkeypatch.setattr(shop, "may_send", may_send)

    return happens


def states(world):
    return {row.key: row.state for row in world.outbox()}


def later():
    return Verdict.later(clock.now() + timedelta(minutes=1), "only one message each minute")


@pytest.mark.parametrize("verdict", [later, lambda: Verdict.never("no")], ids=["later", "never"])
def test_what_another_has_sent_meanwhile_is_not_given_back(
    world, shop, reply, other, meanwhile, time, verdict
):
    reply()

    def take_over():
        time(timedelta(minutes=3))  # longer than a lease
        assert other.run() == 1

    meanwhile(take_over, verdict())
    Sender(world.runtime).run()
    time(timedelta(hours=1))
    Sender(world.runtime).run()

    assert [len(receipts) for receipts in shop.arrived.values()] == [1]
    assert states(world) == {"reply-1": OutboxState.SENT}


def test_nor_what_another_is_sending(world, shop, reply, other, meanwhile, time, monkeypatch):
    reply()

    def take_over():
        time(timedelta(minutes=3))
        shop.fail_send(OutcomeUnknown("no answer yet"))
        other.run()
        assert states(world) == {"reply-1": OutboxState.IN_FLIGHT}

    meanwhile(take_over, later())
    Sender(world.runtime).run()
    assert states(world) == {"reply-1": OutboxState.IN_FLIGHT}


def test_what_a_person_cancelled_meanwhile_stays_cancelled(world, shop, reply, meanwhile, time):
    reply()
    (row,) = world.outbox()

    def cancel():
        assert world.store.outbox.decide(
            row.id, OutboxState.CANCELLED, actor="ann", now=clock.now()
        )

    meanwhile(cancel, later())
    Sender(world.runtime).run()
    time(timedelta(hours=1))
    Sender(world.runtime).run()

    assert (shop.drafts, states(world)) == ([], {"reply-1": OutboxState.CANCELLED})


class TestNewsBetweenClaimAndSend:
    def test_a_parcel_delivered_meanwhile_is_not_told(self, world, shop, late, make, meanwhile):
        def deliver():
            world.bring(make.event(-1, Milestone.DELIVERED))
            watch.run(world.runtime)

        meanwhile(deliver)
        Sender(world.runtime).run()
        Sender(world.runtime).run()
        assert (shop.drafts, [row.state for row in world.outbox()]) == ([], [OutboxState.OBSOLETE])

    def test_nor_one_whose_scan_nobody_has_judged_yet(self, world, shop, late, make, time):
        world.bring(make.event(-1, Milestone.DELIVERED))
        Sender(world.runtime).run()
        assert shop.drafts == []

        watch.run(world.runtime)
        time(timedelta(minutes=1))
        Sender(world.runtime).run()
        assert (shop.drafts, [row.state for row in world.outbox()]) == ([], [OutboxState.OBSOLETE])

    def test_judged_to_be_late_still_it_is_told_within_a_minute(
        self, world, shop, late, make, time
    ):
        world.bring(make.event(-1, Milestone.IN_TRANSIT))
        Sender(world.runtime).run()
        watch.run(world.runtime)
        time(timedelta(minutes=1))
        Sender(world.runtime).run()
        assert len(shop.drafts) == 1

    def test_each_of_many_is_judged_by_what_is_known_when_its_turn_comes(
        self, world, shop, make, monkeypatch
    ):
        world.playbook()
        for number in "12":
            order = f"12-00001-0000{number}"
            world.bring(
                make.order(order, promise=-3),
                make.shipment(f"p{number}", number=f"TN{number}", order=order),
                make.event(-4, number=f"TN{number}"),
            )
        watch.run(world.runtime)
        first_send = shop.send

        def send(draft, key):
            monkeypatch.undo()
            other = "TN2" if "TN1" in draft.text else "TN1"
            world.bring(make.event(-1, Milestone.DELIVERED, number=other))
            watch.run(world.runtime)
            return first_send(draft, key)

        monkeypatch.setattr(shop, "send", send)
        Sender(world.runtime).run()
        assert sorted(states(world).values()) == [OutboxState.OBSOLETE, OutboxState.SENT]
        assert len(shop.drafts) == 1
