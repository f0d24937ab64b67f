"""Two messages with one text to one buyer stay two, where the platform knows texts and no keys."""

from datetime import timedelta

import pytest

from syncd import clock
from syncd.connector import OutcomeUnknown, find_text
from syncd.model import Direction, Message, NewNotice, OutboxState


@pytest.fixture
def by_text(shop, monkeypatch):
    """The platform shows what was written, and nothing of keys."""

    def find_sent(draft, key):
        del key
        texts = {key: each.text for key, each in shop.drafts}
        return find_text(
            [
                Message(
                    source_id=receipt.source_id,
                    sent_at=receipt.accepted_at,
                    direction=Direction.OUTBOUND,
                    buyer=draft.buyer,
                    text=texts[key],
                )
                for key, receipts in shop.arrived.items()
                for receipt in receipts
            ],
            draft,
        )

    monkeypatch.setattr(shop, "find_sent", find_sent)


@pytest.mark.parametrize("arrives", [True, False], ids=["arrived", "lost"])
def test_one_that_went_out_is_not_taken_for_another(
    world, shop, reply, send, time, by_text, arrives
):
    reply("first")
    send()
    reply("second")
    shop.fail_send(OutcomeUnknown("cut off"), arrives=arrives)
    send()
    time(timedelta(minutes=10))
    send()

    assert {key: len(receipts) for key, receipts in shop.arrived.items()} == {
        "first": 1,
        "second": 1,
    }
    assert {row.state for row in world.outbox()} == {OutboxState.SENT}
    assert world.store.outbox.taken(world.outbox()[0], "It is here")


def test_two_that_were_cut_off_are_settled_by_one_message_each(
    world, shop, reply, send, time, by_text
):
    for key in ("first", "second"):
        reply(key)
        shop.fail_send(OutcomeUnknown("cut off"), arrives=True)
    send()
    time(timedelta(minutes=10))
    send()

    assert {row.state for row in world.outbox()} == {OutboxState.SENT}
    ids = {world.store.outbox.taken(row, "It is here") for row in world.outbox()}
    assert len(ids) == 2
    assert [len(receipts) for receipts in shop.arrived.values()] == [1, 1]


def test_what_another_account_sent_or_was_sent_long_before_is_taken_by_nobody(
    world, reply, send, time, make
):
    world.add("other")
    reply("long before")
    send()
    time(timedelta(hours=3))
    reply("elsewhere", account="other")
    send()
    new = NewNotice(
        key="new", account_id=world.account().id, recipient=make.buyer, language="en",
        not_before=clock.now(),
    )  # fmt: skip
    world.store.outbox.queue(new, clock.now())

    (row,) = world.outbox(states=[OutboxState.PENDING])
    assert world.store.outbox.taken(row, "It is here") == ()
