"""From a parcel in trouble to a message in the outbox: once per parcel and cause."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd import watch
from syncd.config import FOR_BUYERS, FOR_STAFF, NoMovement, Watches
from syncd.connector import Capability
from syncd.model import Milestone, OutboxState, Party, Reason, Window

DAY = timedelta(days=1)


@pytest.fixture
def world(world):
    """As patient with parcels from afar as with those within a country."""
    nearby = NoMovement(between_countries=timedelta(days=5))
    world.configure(watches=Watches(no_movement=nearby))
    return world


@pytest.fixture
def round_(world):
    return lambda: watch.run(world.runtime)


@pytest.fixture
def late(world, make):
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))


def findings(world):
    return world.store.look.open_findings()


def rows(world, **wanted):
    return [(row.cause, row.state) for row in world.outbox(**wanted)]


class TestFinding:
    def test_a_late_parcel_is_found_and_its_buyer_will_be_told(self, world, late, round_):
        world.playbook()
        assert round_() == 1

        assert findings(world) == {"promise_passed": 1}
        assert rows(world) == [("delay", OutboxState.PENDING)]

    def test_a_parcel_in_time_is_looked_at_again_when_it_could_be_late(
        self, world, round_, make, time
    ):
        world.bring(make.order(promise=1), make.shipment(), make.event(-1))
        world.playbook()
        assert (round_(), findings(world)) == (1, {})

        time(2 * DAY - timedelta(seconds=1))
        assert round_() == 0
        time(timedelta(seconds=1))
        assert round_() == 1
        assert findings(world) == {"promise_passed": 1}

    def test_without_a_playbook_it_is_found_and_nobody_told(self, world, late, round_):
        round_()
        assert (findings(world), rows(world)) == ({"promise_passed": 1}, [])

    def test_all_due_parcels_are_judged_however_many(self, world, make, round_, monkeypatch):
        monkeypatch.setattr(watch, "BATCH", 3)
        for number in range(8):
            order = f"12-00000-0000{number}"
            world.bring(
                make.order(order, promise=-3),
                make.shipment(f"p{number}", f"TN{number}", order),
            )
        judged = 0
        while batch := watch.judge_batch(world.runtime, limit=3):
            judged += batch

        assert judged == 8
        assert findings(world) == {"promise_passed": 8}


class TestOnce:
    def test_the_same_trouble_is_told_once(self, world, late, round_, make, time):
        world.playbook()
        for day in range(5):
            world.bring(make.event(-3.9 + day / 100))
            round_()
            time(timedelta(hours=1))

        assert rows(world) == [("delay", OutboxState.PENDING)]

    def test_two_reasons_for_one_delay_are_one_message(self, world, make, round_):
        world.playbook()
        world.bring(make.order(promise=-3), make.shipment(), make.event(-10))
        round_()

        assert findings(world) == {"promise_passed": 1, "no_movement": 1}
        assert rows(world) == [("delay", OutboxState.PENDING)]

    def test_another_cause_is_another_message(self, world, late, round_, make):
        world.playbook(when=("promise_passed", "customs_hold"))
        round_()
        world.bring(make.event(-1, Milestone.CUSTOMS_HOLD, reason=Reason.DOCUMENTS))
        round_()

        assert {cause for cause, _ in rows(world)} == {"delay", "customs"}

    def test_a_parcel_that_stops_again_is_not_told_again(self, world, make, round_, time):
        world.playbook()
        world.bring(make.order(), make.shipment(), make.event(-10))
        round_()
        world.bring(make.event(-1))
        round_()
        assert findings(world) == {}
        time(10 * DAY)
        round_()

        assert findings(world) == {"no_movement": 1}
        assert rows(world) == [("delay", OutboxState.PENDING)]


@pytest.mark.parametrize("year", [1, 9999])
def test_dates_that_mean_none_or_never_stop_no_round(world, make, round_, year):
    """.NET's 0001-01-01 and SQL's 9999-12-31 come as promises and as the end of protection."""
    never = datetime(year, 12 if year == 9999 else 1, 31 if year == 9999 else 1, tzinfo=UTC)
    window = Window(earliest=never, latest=never)
    world.playbook()
    world.bring(
        make.order(deliver_by=window, ship_by=window, protection_ends_at=never),
        make.shipment(),
        make.event(-10, eta=window, pickup_by=never),
    )

    assert round_() == 1
    assert "no_movement" in findings(world)


class TestOver:
    def test_arrival_closes_what_was_found(self, world, late, round_, make):
        round_()
        world.bring(make.event(-0.5, Milestone.DELIVERED))
        round_()

        assert findings(world) == {}

    def test_a_later_promise_closes_it_too_and_its_end_opens_it_again(
        self, world, late, round_, make, time
    ):
        round_()
        world.bring(make.order(promise=5))
        round_()
        assert findings(world) == {}
        time(6 * DAY)
        round_()

        assert findings(world) == {"promise_passed": 1, "no_movement": 1}

    def test_one_reason_over_and_the_other_not_keeps_the_message_due(self, world, make, round_):
        world.playbook()
        world.bring(make.order(promise=-3), make.shipment(), make.event(-10))
        round_()
        world.bring(make.event(-1))
        round_()

        assert findings(world) == {"promise_passed": 1}
        assert [row.finding_open for row in world.outbox()] == [True]


class TestAnswers:
    def test_staff_gets_a_task_and_the_buyer_a_message(self, world, late, round_):
        world.playbook("desk", tell="staff")
        world.playbook()
        round_()

        assert {(row.purpose, row.state) for row in world.outbox()} == {
            ("task", OutboxState.PERSON), ("notice", OutboxState.PENDING),
        }  # fmt: skip

    def test_approval_holds_the_message(self, world, late, round_):
        world.playbook(approval=True)
        round_()
        assert rows(world) == [("delay", OutboxState.HELD)]

    def test_a_parcel_whose_order_is_not_known_yet_is_told_when_that_comes(
        self, world, make, round_, time
    ):
        world.playbook()
        world.bring(make.shipment(), make.event(-10))
        round_()
        assert (findings(world), rows(world)) == ({}, [])

        world.bring(make.order())
        round_()
        assert (findings(world), rows(world)) == (
            {"no_movement": 1},
            [("delay", OutboxState.PENDING)],
        )


class TestVoice:
    order = "12-00001-00001"

    def tell(self, world, round_):
        world.playbook()
        round_()
        (row,) = world.outbox()
        return row.account, row.state

    def test_a_platform_that_only_answers_needs_a_conversation(self, world, late, round_):
        world.connectors["shop"].capabilities = frozenset({Capability.REPLY})

        assert self.tell(world, round_) == ("shop", OutboxState.PERSON)

    def test_with_one_it_can(self, world, late, round_, make):
        world.connectors["shop"].capabilities = frozenset({Capability.REPLY})
        world.bring(make.message(thread_id="t1", order_ids=(self.order,)))

        assert self.tell(world, round_) == ("shop", OutboxState.PENDING)

    def test_a_strangers_conversation_does_not_count(self, world, late, round_, make):
        world.connectors["shop"].capabilities = frozenset({Capability.REPLY})
        stranger = Party(id="somebody-else")
        world.bring(make.message(thread_id="t1", order_ids=(self.order,), buyer=stranger))

        assert self.tell(world, round_) == ("shop", OutboxState.PERSON)

    def test_mail_stands_in_for_a_platform_that_does_not_write(self, world, late, round_):
        world.remove("shop")
        world.add("mail").capabilities = frozenset(
            {Capability.START_CONVERSATION, Capability.REPLY}
        )
        world.add("shop", writes_mail_by="mail").capabilities = frozenset()

        assert self.tell(world, round_) == ("mail", OutboxState.PENDING)


def test_a_crash_in_a_round_leaves_all_of_it_for_the_next(world, late, round_, monkeypatch):
    world.playbook()
    with monkeypatch.context() as context:
        context.setattr(watch.parcels, "notices", lambda *_, **__: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            round_()
    assert (findings(world), rows(world)) == ({}, [])

    assert round_() == 1
    assert rows(world) == [("delay", OutboxState.PENDING)]


class TestWhoseBusiness:
    """What the sample config says: one playbook for buyers, one for staff."""

    @pytest.fixture(autouse=True)
    def playbooks(self, world):
        world.playbook(when=FOR_BUYERS)
        world.playbook("desk", when=tuple(FOR_STAFF), tell="staff")

    def test_a_replaced_number_is_told_once_a_carrier_knows_the_new_one(self, world, make, round_):
        world.bring(make.order(), make.shipment(number="TN1"), make.event(-2))
        round_()
        world.bring(make.shipment(number="TN2"))
        round_()
        assert rows(world) == []

        world.bring(make.event(-1, number="TN2"))
        round_()
        assert rows(world) == [("number_changed", OutboxState.PENDING)]

    def test_a_parcel_to_be_fetched_is_told_to_the_buyer_then_to_staff(
        self, world, make, round_, time
    ):
        waits = make.event(-2, Milestone.READY_FOR_PICKUP, pickup_by=make.at(5))
        world.bring(make.order(), make.shipment(), waits)
        round_()
        assert rows(world) == [("pickup", OutboxState.PENDING)]
        time(3 * DAY)
        round_()
        assert sorted(row.purpose for row in world.outbox()) == ["notice", "task"]

    def test_late_dispatch_is_a_task_and_no_message(self, world, make, round_, time):
        world.bring(
            make.order(ship_by=Window(latest=make.at(2))),
            make.shipment(number=None, shipped_at=None),
        )
        time(3 * DAY)
        round_()
        assert [(row.purpose, row.state) for row in world.outbox()] == [
            ("task", OutboxState.PERSON)
        ]
        world.bring(make.shipment(number="TN1"), make.event(1))
        round_()
        assert findings(world) == {}
