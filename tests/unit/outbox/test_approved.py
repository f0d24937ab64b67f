"""A text that a person approved in the evening, and what the night may bring before it leaves."""

from datetime import timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from syncd import clock, watch
from syncd.connector import OutcomeUnknown, Rejected
from syncd.model import Case, CaseKind, CaseStatus, Milestone, OrderStatus, OutboxState, Window
from syncd.outbox import Sender, compose, stated
from syncd.outbox.deliver import SLOWEST_SEND

NIGHT = timedelta(hours=11)


@pytest.fixture
def world(world_on_either):
    return world_on_either


def only(world):
    (row,) = world.outbox()
    return row


def approved(world):
    """A person approves what is held, as `syncd outbox approve` does."""
    row = only(world)
    account = world.runtime.by_id(row.account_id)
    draft = compose(world.runtime, account, row, clock.now())
    assert world.store.outbox.decide(
        row.id, OutboxState.PENDING, actor="ann", now=clock.now(), subject=draft.subject,
        text=draft.text, detail=stated(world.runtime, account, row, clock.now()),
    )  # fmt: skip
    return only(world)


@pytest.fixture
def evening(world, make, time):
    """A late parcel, last scanned in Leipzig, whose notice a person approves at 23:00 in Berlin."""
    world.playbook(approval=True)
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4, text="Sorted in Leipzig"))
    time(timedelta(hours=10))
    watch.run(world.runtime)
    row = approved(world)
    assert (row.state, "Sorted in Leipzig" in row.text) == (OutboxState.PENDING, True)
    return row


def test_an_approved_text_is_in_the_language_that_it_was_written_in(world, evening):
    """There are no texts in Dutch, whose readers get English."""
    dutch = replace(evening, language="nl")
    account = world.runtime.by_id(evening.account_id)
    assert compose(world.runtime, account, dutch, clock.now()).language == "en"
    by_hand = replace(dutch, template=None)
    assert compose(world.runtime, account, by_hand, clock.now()).language == "nl"


def test_what_is_kept_of_it_for_good_names_nobody(world, make, evening):
    assert make.buyer.name in evening.text
    assert make.buyer.name not in world.store.outbox.approval(evening)


@pytest.fixture
def in_the_morning(world, time):
    def send(*items):
        time(NIGHT)
        world.bring(*items)
        watch.run(world.runtime)
        Sender(world.runtime).run()
        return only(world)

    return send


def test_it_goes_out_word_for_word_although_a_day_more_has_passed(
    world, shop, evening, in_the_morning
):
    assert in_the_morning().state is OutboxState.SENT
    ((_, draft),) = shop.drafts
    assert (draft.subject, draft.text) == (evening.subject, evening.text)


def test_where_the_parcel_is_elsewhere_by_now_it_is_to_be_approved_again(
    world, shop, make, evening, in_the_morning, time
):
    with capture_logs() as logs:
        row = in_the_morning(make.event(0.6, text="Sorted in Hamburg"))
    assert (row.state, row.text, row.subject, shop.drafts) == (OutboxState.HELD, None, None, [])
    assert row.reason == (
        "changed since it was approved: latest event, latest event at; approve it again if it fits"
    )
    assert [entry["key"] for entry in logs if entry["event"] == "waits for approval"] == [row.key]

    assert "Sorted in Hamburg" in approved(world).text
    Sender(world.runtime).run()
    assert only(world).state is OutboxState.SENT
    assert "Sorted in Hamburg" in shop.drafts[0][1].text


def test_where_it_was_delivered_it_is_withdrawn(world, shop, make, evening, in_the_morning):
    row = in_the_morning(make.event(0.6, Milestone.DELIVERED))
    assert (row.state, shop.drafts) == (OutboxState.OBSOLETE, [])


def test_where_the_buyer_opened_a_case_it_is_to_be_approved_again(
    world, shop, make, evening, in_the_morning
):
    case = Case(
        source_id="c1", kind=CaseKind.NOT_RECEIVED, status=CaseStatus.WAITING_SELLER,
        buyer=make.buyer, opened_at=make.at(0.5), order_id="12-00001-00001",
    )  # fmt: skip
    row = in_the_morning(case)
    assert (row.state, shop.drafts) == (OutboxState.HELD, [])
    assert row.reason.startswith("changed since it was approved: case;")

    approved(world)
    Sender(world.runtime).run()
    assert only(world).state is OutboxState.SENT


def test_where_nothing_can_be_stated_any_more_it_is_to_be_approved_again(
    world, shop, make, evening, in_the_morning
):
    row = in_the_morning(make.shipment(number="TN2"))
    assert (row.state, shop.drafts) == (OutboxState.HELD, [])
    assert row.reason.startswith("since it was approved: no tracking number")


def test_another_account_sends_what_was_approved_for_the_first(
    world, shop, make, evening, in_the_morning
):
    world.add("mail")
    world.remove("shop")
    other = world.connectors["mail"]
    world.add("shop", writes_mail_by="mail").fail_send(Rejected("HTTP 400"), arrives=False)
    assert in_the_morning().account == "mail"
    Sender(world.runtime).run()
    assert [draft.text for _, draft in other.drafts] == [evening.text]


def test_what_did_not_arrive_is_sent_again_as_approved_or_held_again(
    world, shop, make, evening, in_the_morning, time
):
    shop.fail_send(OutcomeUnknown("read timed out"), arrives=False)
    assert in_the_morning().state is OutboxState.IN_FLIGHT
    time(SLOWEST_SEND)
    world.bring(make.event(0.96, text="Sorted in Hamburg"))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    assert (only(world).state, len(shop.drafts)) == (OutboxState.HELD, 1)


def test_what_a_person_retries_is_written_anew_and_needs_no_approval(
    world, shop, make, evening, in_the_morning, time
):
    shop.fail_send(Rejected("HTTP 400"), arrives=False)
    assert in_the_morning().state is OutboxState.FAILED
    world.bring(make.event(0.95, text="Sorted in Hamburg"))
    watch.run(world.runtime)
    again = {"subject": None, "text": None}
    world.store.outbox.decide(
        evening.id, OutboxState.PENDING, actor="ann", now=clock.now(), **again
    )
    Sender(world.runtime).run()
    assert "Sorted in Hamburg" in shop.drafts[-1][1].text


def test_of_an_order_likewise(world, shop, make, time):
    world.playbook(when=("late_dispatch",), approval=True)
    order = {"status": OrderStatus.UNSHIPPED, "ship_by": Window(latest=make.at(-1))}
    world.bring(make.order(**order))
    time(timedelta(hours=10))
    watch.run(world.runtime)
    approved(world)
    time(NIGHT)
    world.bring(make.order(promise=12, **order))
    watch.run(world.runtime)
    Sender(world.runtime).run()
    assert (only(world).state, shop.drafts) == (OutboxState.HELD, [])
    assert "changed since it was approved: promised by;" in only(world).reason
