"""What TikTok Shop gives, in the store: a conversation that a notice opened is about its order."""

import pytest

from syncd.model import Draft, NewNotice, Party

ANN = "7494560109732338401"


@pytest.fixture
def account(sqlite_store, source_of):
    return source_of(sqlite_store, "lamps", "tiktokshop")


@pytest.fixture
def kept(account, connector, read):
    """Polls a stream into the store; the cursor is the stream's own."""
    cursors = {}

    def poll(stream):
        items, cursors[stream] = read(connector, stream, cursors.get(stream))
        account.bring(*items, stream=stream)

    return poll


@pytest.fixture
def told(account, connector, sqlite_store, now):
    """Have the buyer of an order told by a first message; returns the outbox's row."""

    def send(order):
        notice = NewNotice(
            key="k", account_id=account.id, recipient=Party(id=ANN), language="en",
            not_before=now(), order_id=order, text="It is late",
        )  # fmt: skip
        sqlite_store.outbox.queue(notice, now())
        (row,) = sqlite_store.outbox.rows()
        draft = Draft(text="It is late", buyer=row.recipient, order_id=order, created_at=now())
        sqlite_store.outbox.sent(row, connector.send(draft, row.key), draft)
        return row

    return send


def test_the_conversation_that_a_notice_opened_and_the_reply_in_it_belong_to_the_order(
    tiktok, shop, kept, told, account, sqlite_store, now
):
    order = shop.add_order(ANN)
    kept("orders")
    row = told(order)
    kept("messages")
    now.forward(hours=1)
    shop.add_message(ANN, "When will it come?")
    kept("messages")

    found = sqlite_store.look.subject(order)
    said = [(e["kind"], e["text"]) for e in found["timeline"] if e["kind"] in {"sent", "message"}]
    assert said == [("sent", "It is late"), ("message", "When will it come?")]
    (talk,) = found["conversations"]
    assert (talk["orders"], talk["waiting"]) == ([order], True)
    thread = sqlite_store.stories.thread(account.id, row)
    assert thread.thread_id == tiktok.sent[0].conversation_id
