"""An interruption after any batch, or a list that moves while it is read, loses nothing."""

import json
from datetime import timedelta

import pytest

from syncd.model import Shipment
from syncd.testing.server import Fault
from syncd_ebay.client import EbayClient


def ids(items):
    return {item.source_id for item in items}


def fill(ebay, now, count, step=1.0):
    """Messages and shipped orders of as many buyers, and all their ids."""
    messages, orders = set(), set()
    for n in range(count):
        messages.add(ebay.add_message(f"buyer-{n}", f"Hello {n}"))
        number = ebay.add_order(f"buyer-{n}")
        orders |= {number, f"{number}/{ebay.fulfil(number, f'RB{n:09d}CN')}"}
        now.forward(seconds=step)
    return {"messages": messages, "orders": orders}


@pytest.mark.parametrize("stream", ["messages", "orders"])
@pytest.mark.parametrize("step", [0.0, 1.0, 3600.0])
def test_resuming_from_any_cursor_loses_nothing(ebay, connect, now, read, stream, step):
    expected = fill(ebay, now, 130, step)[stream]
    batches = list(connect().poll(stream, {}))
    assert len(batches) >= 3
    before = set()
    for batch in batches:
        before |= ids(batch.items)
        after, _ = read(connect(), stream, json.loads(json.dumps(batch.cursor)))
        assert before | ids(after) == expected


@pytest.mark.parametrize("stream", ["messages", "orders"])
def test_nothing_new_after_the_last_cursor(ebay, connector, now, read, stream):
    fill(ebay, now, 30)
    _, cursor = read(connector, stream)
    assert read(connector, stream, cursor)[0] == []
    assert len(json.dumps(cursor)) < 5000


@pytest.mark.parametrize("stream", ["messages", "orders"])
def test_only_what_is_new_comes_at_the_next_poll(ebay, connector, now, read, stream):
    fill(ebay, now, 30)
    _, cursor = read(connector, stream)
    now.forward(days=1)
    new = fill(ebay, now, 2)[stream]
    assert new == ids(read(connector, stream, cursor)[0]) & new
    assert len(ids(read(connector, stream, cursor)[0])) <= len(new) + 2  # whole conversations


def test_the_order_of_a_batch_is_oldest_first(ebay, connector, now, read):
    fill(ebay, now, 60)
    times = [item.sent_at for item in read(connector, "messages")[0]]
    assert times == sorted(times)


def test_messages_of_the_same_moment_as_the_last_one(ebay, connector, read):
    first = ebay.add_message("buyer-1", "one")
    items, cursor = read(connector, "messages")
    second = ebay.add_message("buyer-2", "two")
    assert (ids(items), ids(read(connector, "messages", cursor)[0])) == ({first}, {second})


def test_a_message_that_ebay_shows_late(ebay, connector, now, read):
    ebay.add_message("buyer-1", "one")
    _, cursor = read(connector, "messages")
    late = ebay.add_message("buyer-2", "two", at=now.start - timedelta(minutes=4))
    assert ids(read(connector, "messages", cursor)[0]) == {late}


def test_an_order_that_changes_comes_again(ebay, connector, now, read):
    number = ebay.add_order("buyer")
    _, cursor = read(connector, "orders")
    now.forward(days=40)
    ebay.fulfil(number, "RB123456785CN")
    items, _ = read(connector, "orders", cursor)
    assert [type(item) for item in items[1:]] == [Shipment]
    assert items[0].source_id == number


class Moving:
    """Calls something before the request for a page of a list, once."""

    def __init__(self, monkeypatch, method, page, happens):
        original, self.pages = getattr(EbayClient, method), 0

        def call(client, *args, **kwargs):
            if self.pages == page:
                happens()
            self.pages += 1
            return original(client, *args, **kwargs)

        monkeypatch.setattr(EbayClient, method, call)


@pytest.mark.parametrize("page", [1, 2])
def test_a_conversation_that_jumps_to_the_front_while_the_list_is_read(
    ebay, connector, now, read, monkeypatch, page
):
    expected = fill(ebay, now, 130, step=600)["messages"]
    oldest = next(iter(ebay.shop.conversations))
    Moving(
        monkeypatch,
        "conversations",
        page,
        lambda: expected.add(ebay.add_message(oldest, "And?", at=now.forward(hours=1))),
    )
    items, cursor = read(connector, "messages")
    more, _ = read(connector, "messages", cursor)
    assert ids(items) | ids(more) == expected


def test_conversations_deleted_while_the_list_is_read(ebay, connector, now, read, monkeypatch):
    """Everything behind them moves to an earlier page, between two requests."""
    expected = fill(ebay, now, 130, step=600)["messages"]
    newest = list(ebay.shop.conversations)[-10:]
    gone = {ebay.shop.conversations[thread].messages[0]["messageId"] for thread in newest}
    Moving(
        monkeypatch,
        "conversations",
        1,
        lambda: [ebay.shop.conversations.pop(thread) for thread in newest],
    )
    items, cursor = read(connector, "messages")
    more, _ = read(connector, "messages", cursor)
    assert (ids(items) | ids(more)) >= expected - gone


def test_a_list_that_never_stands_still_holds_the_cursor(ebay, connector, now, read, monkeypatch):
    expected = fill(ebay, now, 130, step=600)["messages"]
    pages = EbayClient.conversations

    def moving(client, *args, **kwargs):
        expected.add(ebay.add_message(f"new-{now().timestamp()}", "Hi"))
        now.forward(seconds=1)
        return pages(client, *args, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(EbayClient, "conversations", moving)
        batches = list(connector.poll("messages", {}))
    assert len({batch.cursor["FROM_MEMBERS"]["since"] for batch in batches}) == 1
    given = set().union(*(ids(batch.items) for batch in batches))
    more, cursor = read(connector, "messages", batches[-1].cursor)
    assert given | ids(more) == expected
    assert cursor["FROM_MEMBERS"]["since"] > batches[-1].cursor["FROM_MEMBERS"]["since"]


def test_long_lists_are_asked_for_in_shorter_spans(ebay, connector, now, read):
    numbers = {ebay.add_order("buyer", at=now.forward(hours=1)) for _ in range(1500)}
    batches = list(connector.poll("orders", {}))
    assert set().union(*(ids(batch.items) for batch in batches)) == numbers
    offsets = {int(request.one("offset")) for request in ebay.requests if "/order" in request.path}
    assert max(offsets) <= 800
    middle = batches[len(batches) // 2].cursor
    early = set().union(*(ids(batch.items) for batch in batches[: len(batches) // 2 + 1]))
    assert early | ids(read(connector, "orders", middle)[0]) == numbers


def test_a_cursor_older_than_two_years_is_moved_to_where_ebay_still_answers(
    ebay, connector, now, read
):
    ebay.add_order("buyer")
    _, cursor = read(connector, "orders")
    now.forward(days=1000)
    number = ebay.add_order("buyer")
    assert ids(read(connector, "orders", cursor)[0]) == {number}


@pytest.mark.parametrize("fault", [Fault.DUPLICATE_PAGE, Fault.REORDERED_PAGE])
@pytest.mark.parametrize("stream", ["messages", "orders"])
def test_pages_with_repeats_or_in_another_order(ebay, connector, now, read, stream, fault):
    expected = fill(ebay, now, 60)[stream]
    ebay.fail(fault, times=1000, method="GET")
    items, cursor = read(connector, stream)
    assert ids(items) == expected
    assert len(items) == len(expected)
    assert read(connector, stream, cursor)[0] == []
