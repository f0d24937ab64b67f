"""What eBay gives, in the store: conversations, cases and orders of one buyer find each other."""

import pytest

from syncd.connector import Capability
from syncd_ebay import EbayConnector

LISTING = "330000000001"


@pytest.fixture
def kept(sqlite_store, source_of, connector, read):
    """Polls a stream into the store; the cursor is the stream's own."""
    account, cursors = source_of(sqlite_store, "lamps", "ebay"), {}

    def poll(stream):
        items, cursors[stream] = read(connector, stream, cursors.get(stream))
        account.bring(*items, stream=stream)

    return poll


def orders_spoken_of(store):
    return sorted(talk["orders"] for talk in store.look.conversations())


@pytest.mark.parametrize("streams", [("messages", "orders"), ("orders", "messages")])
def test_a_question_finds_the_order(ebay, kept, sqlite_store, streams):
    order = ebay.add_order("u7f3a9c0", listing=LISTING)
    ebay.add_message("u7f3a9c0", "Where is it?", listing=LISTING)
    for stream in streams:
        kept(stream)
    assert orders_spoken_of(sqlite_store) == [[order]]


def test_a_question_about_a_listing_ordered_twice_is_about_both(ebay, kept, sqlite_store):
    first = ebay.add_order("u7f3a9c0", listing=LISTING)
    second = ebay.add_order("u7f3a9c0", listing=LISTING)
    ebay.add_order("somebody-else", listing=LISTING)
    ebay.add_message("u7f3a9c0", "Where are they?", listing=LISTING)
    kept("orders")
    kept("messages")
    assert orders_spoken_of(sqlite_store) == [[first, second]]


@pytest.mark.parametrize("history", ["kept", "renamed"])
def test_a_buyer_who_got_an_immutable_id_stays_one(ebay, kept, sqlite_store, now, history):
    """The orders before and after have one name each; the conversation goes on under the other."""
    before = ebay.add_order("ann-2001", listing=LISTING)
    ebay.add_message("ann-2001", "Where is it?", listing=LISTING)
    kept("orders")
    kept("messages")
    after = ebay.add_order("a7F3xQ9", listing=LISTING)
    thread = next(iter(ebay.shop.conversations.values()))
    if history == "renamed":
        thread.messages[0]["senderUsername"] = "a7F3xQ9"
    ebay.shop.write(thread, "a7F3xQ9", ebay.shop.seller, "And the other?", now.forward(days=1))
    kept("orders")
    kept("messages")
    assert orders_spoken_of(sqlite_store) == [[before, after]]
    assert sqlite_store.look.counts()["customers"] == 1


def test_an_inquiry_is_put_under_the_order(ebay, kept, sqlite_store, now):
    order = ebay.add_order("u7f3a9c0", listing=LISTING)
    now.forward(days=20)
    ebay.open_inquiry("u7f3a9c0", LISTING)
    kept("returns")
    kept("orders")
    told = [entry["kind"] for entry in sqlite_store.look.subject(order)["timeline"]]
    assert "case" in told


def test_what_it_cannot_do_has_a_reason():
    named = EbayConnector.capabilities | EbayConnector.lacks.keys()
    assert set(Capability) == named
    assert not EbayConnector.capabilities & EbayConnector.lacks.keys()
