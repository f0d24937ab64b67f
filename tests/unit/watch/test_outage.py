"""Many parcels of one carrier and route late at once: one alarm, and buyers' messages wait."""

from datetime import timedelta

import pytest
import structlog

from syncd import clock, watch
from syncd.config import Outage
from syncd.model import Milestone, OutboxState, Verdict
from syncd.outbox import Sender
from syncd.store.lanes import Lanes

HOUR = timedelta(hours=1)


@pytest.fixture
def world(world_on_either):
    return world_on_either


@pytest.fixture
def guarded(world):
    outage = Outage(at_least=4, share=0.5, within=24 * HOUR)
    world.configure(guards=world.settings.guards.model_copy(update={"outage": outage}))
    world.playbook()
    return world


def bring(world, make, numbers, *, promise=-3, carrier="DHL"):
    for number in numbers:
        order = f"12-00000-{number:05}"
        world.bring(
            make.order(order, promise=promise),
            make.shipment(f"p{number}", f"TN{number}", order, carrier=carrier),
            make.event(-4, number=f"TN{number}"),
        )


def states(world, purpose):
    return [row.state for row in world.outbox() if row.purpose == purpose]


def test_it_is_one_task_and_the_messages_wait_for_approval(guarded, make):
    bring(guarded, make, range(5))
    watch.run(guarded.runtime)

    assert states(guarded, "notice") == [OutboxState.HELD] * 5
    (task,) = [row for row in guarded.outbox() if row.purpose == "task"]
    assert task.text.startswith("5 of 5 parcels of DHL from ? to DE fell silent or late")
    assert guarded.store.look.open_findings() == {"promise_passed": 5, "carrier_outage": 1}


def test_messages_that_have_not_left_are_held_too(guarded, make, time):
    bring(guarded, make, range(3))
    watch.run(guarded.runtime)
    assert states(guarded, "notice") == [OutboxState.PENDING] * 3

    time(HOUR)
    bring(guarded, make, range(3, 5))
    watch.run(guarded.runtime)
    assert states(guarded, "notice") == [OutboxState.HELD] * 5


def test_what_was_approved_before_it_is_written_anew_for_the_next_approval(guarded, make, time):
    bring(guarded, make, range(3))
    watch.run(guarded.runtime)
    for row in guarded.outbox():
        guarded.store.outbox.decide(
            row.id, OutboxState.PENDING, actor="ann", now=clock.now(), text="Late", subject="Late"
        )
    bring(guarded, make, range(3, 5))
    watch.run(guarded.runtime)
    assert states(guarded, "notice") == [OutboxState.HELD] * 5
    notices = [row for row in guarded.outbox() if row.purpose == "notice"]
    assert [(row.subject, row.text) for row in notices] == [(None, None)] * 5


def test_so_are_those_that_a_sender_has_taken(guarded, make, time):
    bring(guarded, make, range(3))
    watch.run(guarded.runtime)
    sender = Sender(guarded.runtime)
    shop = guarded.connectors["shop"]

    def meanwhile(draft):
        bring(guarded, make, range(3, 5))
        watch.run(guarded.runtime)
        return Verdict.later(clock.now() + HOUR, "not so many at once")

    shop.may_send = meanwhile
    sender.run()
    assert states(guarded, "notice") == [OutboxState.HELD] * 5
    assert shop.drafts == []


def test_what_is_found_within_a_minute_is_added_up(guarded, make, monkeypatch):
    counted, count, runtime = [], Lanes.newly_late, guarded.runtime
    monkeypatch.setattr(Lanes, "newly_late", lambda *a: counted.append(1) or count(*a))
    for number in range(4):
        bring(guarded, make, [number])
        watch.run(runtime)

    assert states(guarded, "notice") == [OutboxState.HELD] * 4
    assert len(counted) == 2  # at the first, and at the fourth, which makes it an outage


def test_what_has_ended_since_the_count_makes_no_outage(guarded, make):
    runtime = guarded.runtime
    bring(guarded, make, range(3))
    watch.run(runtime)
    guarded.bring(make.event(0, Milestone.DELIVERED, "TN0"))
    bring(guarded, make, [3])
    watch.run(runtime)

    assert guarded.store.look.open_findings() == {"promise_passed": 3}


def test_another_process_is_heard_of_after_a_minute(guarded, make, time):
    one, another = guarded.runtime, guarded.runtime
    for number, runtime in enumerate((one, another, one, another)):
        bring(guarded, make, [number])
        watch.run(runtime)
    assert states(guarded, "task") == []

    time(timedelta(minutes=1))
    bring(guarded, make, [4])
    watch.run(one)
    assert states(guarded, "notice") == [OutboxState.HELD] * 5


def test_few_of_many_are_no_outage(guarded, make):
    bring(guarded, make, range(5))
    bring(guarded, make, range(5, 12), promise=9)
    watch.run(guarded.runtime)

    assert states(guarded, "notice") == [OutboxState.PENDING] * 5
    assert states(guarded, "task") == []


def test_each_outage_has_its_task_whenever_it_comes_to_be_one(guarded, make, time):
    bring(guarded, make, range(5))
    bring(guarded, make, range(5, 12), promise=9)
    watch.run(guarded.runtime)
    assert states(guarded, "task") == []

    time(HOUR)
    guarded.bring(*(make.event(0, Milestone.DELIVERED, f"TN{n}") for n in range(5, 12)))
    bring(guarded, make, [20], carrier="GLS")  # has the outages of all carriers looked at
    watch.run(guarded.runtime)
    time(HOUR)
    bring(guarded, make, [21])
    watch.run(guarded.runtime)
    assert len(states(guarded, "task")) == guarded.store.look.open_findings()["carrier_outage"] == 1


def test_another_carrier_is_not_concerned(guarded, make):
    bring(guarded, make, range(5))
    bring(guarded, make, [9], carrier="GLS")
    watch.run(guarded.runtime)

    assert sorted(states(guarded, "notice")) == [OutboxState.HELD] * 5 + [OutboxState.PENDING]


def test_it_goes_on_while_half_is_still_late_and_is_told_once(guarded, make, time):
    bring(guarded, make, range(5))
    watch.run(guarded.runtime)
    time(HOUR)
    bring(guarded, make, [7])
    watch.run(guarded.runtime)

    assert len(states(guarded, "task")) == 1
    assert states(guarded, "notice") == [OutboxState.HELD] * 6


def test_it_ends_when_nothing_new_is_late_for_a_day(guarded, make, time):
    bring(guarded, make, range(5))
    watch.run(guarded.runtime)
    time(25 * HOUR)
    bring(guarded, make, [7])
    watch.run(guarded.runtime)

    assert "carrier_outage" not in guarded.store.look.open_findings()
    assert sorted(states(guarded, "notice")) == [OutboxState.HELD] * 5 + [OutboxState.PENDING]


def test_the_round_ends_it_though_none_of_its_parcels_is_judged(guarded, make, time):
    bring(guarded, make, range(5))
    runtime = guarded.runtime
    watch.run(runtime)
    with guarded.store.database.write() as connection:
        connection.exec_driver_sql("DELETE FROM shipment_dues")

    time(23 * HOUR)
    assert watch.run(runtime) == 0
    assert guarded.store.look.open_findings() == {"promise_passed": 5, "carrier_outage": 1}
    time(2 * HOUR)
    with structlog.testing.capture_logs() as logs:
        assert watch.run(runtime) == 0
    assert guarded.store.look.open_findings() == {"promise_passed": 5}
    assert [line["event"] for line in logs] == ["carrier outage is over"]


def test_it_is_over_when_the_carrier_moves_again(guarded, make, time):
    bring(guarded, make, range(5))
    runtime = guarded.runtime
    watch.run(runtime)
    time(HOUR)
    for number in range(4):
        guarded.bring(make.event(0.04, Milestone.DELIVERED, number=f"TN{number}"))
    watch.run(runtime)
    assert guarded.store.look.open_findings() == {"promise_passed": 1}


def test_switched_off_it_ends(guarded, make, time):
    bring(guarded, make, range(5))
    watch.run(guarded.runtime)
    off = guarded.settings.guards.outage.model_copy(update={"enabled": False})
    guarded.configure(guards=guarded.settings.guards.model_copy(update={"outage": off}))
    time(HOUR)
    watch.run(guarded.runtime)
    assert guarded.store.look.open_findings() == {"promise_passed": 5}


def test_a_seller_may_want_the_buyers_told(guarded, make):
    outage = guarded.settings.guards.outage.model_copy(update={"buyers": "tell"})
    guards = guarded.settings.guards.model_copy(update={"outage": outage})
    guarded.configure(guards=guards)
    bring(guarded, make, range(5))
    watch.run(guarded.runtime)

    assert states(guarded, "notice") == [OutboxState.PENDING] * 5
    assert states(guarded, "task") == [OutboxState.PERSON]


def test_what_the_carrier_says_of_single_parcels_is_none(guarded, make):
    guarded.playbook("failed", when=("attempt_failed",))
    bring(guarded, make, range(5), promise=9)
    for number in range(5):
        guarded.bring(make.event(-1, Milestone.ATTEMPT_FAILED, number=f"TN{number}"))
    watch.run(guarded.runtime)

    assert states(guarded, "notice") == [OutboxState.PENDING] * 5
    assert states(guarded, "task") == []
