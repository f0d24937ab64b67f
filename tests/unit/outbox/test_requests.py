"""What a platform is asked for beside messages: a review of what arrived, and to know what left."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.connector import Capability, OutcomeUnknown, Rejected
from syncd.model import (
    Case,
    CaseKind,
    CaseStatus,
    Milestone,
    NewNotice,
    OutboxState,
    Shipment,
    Verdict,
)

ORDER = "12-00001-00001"


@pytest.fixture
def asks(shop):
    shop.capabilities = shop.capabilities | {Capability.REQUEST_REVIEW}
    return shop


@pytest.fixture
def arrived(world, make):
    """A parcel delivered this morning, of whose trouble nobody ever heard, as there was none."""
    world.playbook("reviews", when=("arrived",), tell="platform", ask="review")
    world.bring(make.order(promise=3), make.shipment())
    world.bring(make.event(-2), make.event(-0.1, Milestone.DELIVERED))

    def judge():
        watch.run(world.runtime)
        return world.outbox()

    return judge


class TestReview:
    def test_the_buyer_of_what_arrived_is_asked_once(self, world, make, asks, arrived, send):
        (row,) = arrived()
        assert (row.purpose, row.order_id, row.state) == (
            "review_request", ORDER, OutboxState.PENDING,
        )  # fmt: skip
        send()
        world.bring(make.event(0, Milestone.DELIVERED))
        arrived()
        send()

        assert [draft.text for _, draft in asks.drafts] == [f"review {ORDER}"]
        assert [each.state for each in world.outbox()] == [OutboxState.SENT]

    @pytest.mark.parametrize("status", [CaseStatus.OPEN, CaseStatus.CLOSED])
    @pytest.mark.parametrize("kind", [CaseKind.RETURN, CaseKind.NOT_RECEIVED])
    def test_not_one_who_has_opened_a_case(self, world, make, asks, arrived, send, kind, status):
        arrived()
        world.bring(
            Case(
                source_id="c1", kind=kind, status=status, buyer=make.buyer, order_id=ORDER,
                opened_at=make.at(),
            )
        )  # fmt: skip
        send()
        (row,) = world.outbox()
        assert (row.state, asks.drafts) == (OutboxState.OBSOLETE, [])
        assert row.reason == f"the buyer has opened {kind.replace('_', ' ')} case c1"

    def test_nor_where_it_turns_out_not_to_be_there(self, world, make, asks, arrived, send):
        arrived()
        world.bring(make.event(0, Milestone.RETURNING))
        send()
        (row,) = world.outbox()
        assert (row.state, row.reason) == (
            OutboxState.OBSOLETE, "by now the parcel is returning again",
        )  # fmt: skip

    def test_not_where_the_platform_has_no_such_call(self, arrived):
        assert arrived() == []

    def test_the_platform_says_when(self, world, make, asks, arrived, send, time):
        opens = make.at(5)
        asks.verdicts.append(Verdict.later(opens, "5 days after delivery"))
        arrived()
        send()
        (row,) = world.outbox()
        assert (row.state, row.not_before, row.reason) == (
            OutboxState.PENDING, opens, "5 days after delivery",
        )  # fmt: skip

        time(timedelta(days=5))
        send()
        assert len(asks.drafts) == 1

    def test_a_platform_that_refuses_makes_no_work_for_a_person(self, world, asks, arrived, send):
        asks.verdicts.append(Verdict.never("this buyer was asked already"))
        arrived()
        send()
        (row,) = world.outbox()
        assert (row.state, row.reason) == (OutboxState.FAILED, "this buyer was asked already")

    def test_a_lost_answer_is_settled_by_asking(self, world, asks, arrived, send, time):
        arrived()
        asks.fail_send(OutcomeUnknown("the answer was lost"), arrives=True)
        send()
        time(timedelta(minutes=10))
        send()
        assert [each.state for each in world.outbox()] == [OutboxState.SENT]
        assert len(asks.drafts) == 1


class TestConfirmation:
    @pytest.fixture
    def left(self, world, make):
        """Queue the news that a parcel left."""
        shipment = Shipment(
            source_id="s1", order_id=ORDER, tracking_number="TN9", carrier="dhl",
            shipped_at=make.at(-1),
        )  # fmt: skip
        notice = NewNotice(
            key="ship:1", account_id=world.account("shop").id, purpose="confirmation",
            recipient=make.buyer, language="en", not_before=make.at(), order_id=ORDER,
            text="left", shipment=shipment,
        )  # fmt: skip
        world.store.outbox.queue(notice, make.at())
        return shipment

    def test_the_platform_is_told_what_left(self, world, shop, left, send):
        send()
        assert shop.confirmed == [left]
        assert [each.state for each in world.outbox()] == [OutboxState.SENT]

    def test_a_refusal_goes_to_a_person(self, world, shop, left, send):
        shop.fail_send(Rejected("the number is not one of DHL's"))
        send()
        (row,) = world.outbox()
        assert row.state == OutboxState.PERSON
        assert row.reason == (
            "the platform does not take the tracking number: the number is not one of DHL's"
        )
