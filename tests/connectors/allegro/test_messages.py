"""Threads and issues as they become messages."""

from datetime import timedelta

import pytest

from syncd.testing.allegro import CENTER_FILES, ISSUES, THREADS
from syncd.testing.server import Fault


def texts(items):
    return [item.text for item in items]


def asked(allegro, part):
    return [request for request in allegro.requests if part in request.path]


def test_one_thread_over_many_orders(shop, connector, now, read):
    orders = [shop.add_order("jan"), shop.add_order("jan")]
    shop.add_message("jan", "Gdzie lampa?", order=orders[0])
    shop.add_message("jan", "A druga?", order=orders[1], at=now.forward(minutes=1))
    shop.add_message("jan", "Wkrótce.", from_seller=True, at=now.forward(minutes=1))
    shop.add_message("ewa", "Ile kosztuje?", at=now.forward(minutes=1))
    items, _ = read(connector, "messages")
    assert [(m.text, m.order_ids, m.direction, m.buyer.id) for m in items] == [
        ("Gdzie lampa?", (orders[0],), "inbound", "jan"),
        ("A druga?", (orders[1],), "inbound", "jan"),
        ("Wkrótce.", (), "outbound", "jan"),
        ("Ile kosztuje?", (), "inbound", "ewa"),
    ]
    assert len({m.thread_id for m in items[:3]}) == 1
    assert items[3].listing_ids == ("7000000001",)
    assert items[3].thread_id != items[0].thread_id


def test_booleans_written_as_texts(shop, connector, read):
    shop.false = "false"
    shop.add_message("jan", "?")["author"]["isInterlocutor"] = "true"
    shop.add_message("jan", "!", from_seller=True)["author"]["isInterlocutor"] = "false"
    items, _ = read(connector, "messages")
    assert [(m.text, m.direction) for m in items] == [("?", "inbound"), ("!", "outbound")]


def test_a_buyer_whose_account_is_gone(shop, connector, read):
    shop.add_message("jan", "?")
    next(iter(shop.threads.values())).buyer = None
    (message,), _ = read(connector, "messages")
    assert (message.text, message.buyer.id) == ("?", "jan")


@pytest.mark.parametrize("state", ["VERIFYING", "INTERACTING"])
def test_what_is_not_let_through_yet_comes_when_it_is(shop, connector, now, read, state):
    held = shop.add_message("jan", "?", status=state)
    items, cursor = read(connector, "messages")
    assert items == []
    now.forward(hours=5)
    shop.add_message("ewa", "Dzień dobry")
    held["status"] = "DELIVERED"
    items, cursor = read(connector, "messages", cursor)
    assert texts(items) == ["?", "Dzień dobry"]
    assert read(connector, "messages", cursor)[0] == []


@pytest.mark.parametrize("state", ["BLOCKED", "DISMISSED"])
def test_what_never_reached_anybody_is_no_message(shop, connector, read, state):
    shop.add_message("jan", "?", status=state)
    items, cursor = read(connector, "messages")
    assert (items, read(connector, "messages", cursor)[0]) == ([], [])


def test_of_our_own_message_that_was_blocked_comes_word(shop, connector, now, read):
    mine = shop.add_message("jan", "Proszę dzwonić", from_seller=True, status="VERIFYING")
    _, cursor = read(connector, "messages")
    mine["status"] = "BLOCKED"
    (word,), cursor = read(connector, "messages", cursor)
    assert (word.direction, word.kind, word.subject) == ("platform", "bounce", "BLOCKED")
    assert (word.source_id, word.text, word.buyer.id) == (mine["id"], "Proszę dzwonić", "jan")
    assert read(connector, "messages", cursor)[0] == []


def test_a_message_that_is_shown_long_after_it_was_written(shop, connector, now, read):
    shop.add_message("ewa", "Dzień dobry")
    _, cursor = read(connector, "messages")
    shop.add_message("jan", "?", at=now() - timedelta(hours=5))
    assert texts(read(connector, "messages", cursor)[0]) == ["?"]


def test_one_that_is_shown_too_late_comes_with_the_threads_next(shop, connector, now, read):
    shop.add_message("jan", "first")
    _, cursor = read(connector, "messages")
    now.forward(days=3)
    shop.add_message("jan", "late", at=now() - timedelta(days=2))
    shop.add_message("ewa", "Dzień dobry")
    shop.add_message("jan", "next", at=now.forward(minutes=1))
    assert set(texts(read(connector, "messages", cursor)[0])) == {
        "first", "late", "next", "Dzień dobry",
    }  # fmt: skip


def test_only_threads_with_news_are_read(shop, allegro, connector, now, read):
    for n in range(45):
        shop.add_message(f"buyer-{n}", "?", at=now.forward(minutes=20))
    items, cursor = read(connector, "messages")
    assert len(items) == 45
    allegro.requests.clear()
    assert read(connector, "messages", cursor)[0] == []
    assert [request.path for request in allegro.requests] == [THREADS]
    shop.add_message("buyer-7", "!", at=now.forward(minutes=20))
    allegro.requests.clear()
    assert texts(read(connector, "messages", cursor)[0]) == ["?", "!"]
    assert len(asked(allegro, "/messages")) == 1


def test_a_long_thread_is_read_wholly(shop, connector, now, read):
    written = [shop.add_message("jan", f"{n}", at=now.forward(seconds=1))["id"] for n in range(53)]
    items, cursor = read(connector, "messages")
    assert [item.source_id for item in items] == written
    assert len(str(cursor)) < 500


def test_resuming_from_any_batch_loses_nothing(shop, connect, now, read):
    written = set()
    for n in range(45):
        at = now.forward(minutes=17)
        shop.add_order(f"buyer-{n}", at=at)
        written.add(shop.add_message(f"buyer-{n}", "?", at=at)["id"])
    _loses_nothing(connect, read, "messages", written)


def _loses_nothing(connect, read, stream, written):
    before = set()
    batches = list(connect().poll(stream, {}))
    assert len(batches) > 3
    for batch in batches:
        before |= {item.source_id for item in batch.items}
        after, _ = read(connect(), stream, batch.cursor)
        assert before | {item.source_id for item in after} == written


class TestFiles:
    def test_a_safe_one_is_fetched_once(self, shop, allegro, connector, connect, now, read):
        shop.add_message("jan", "Zdjęcie", files=(shop.add_file(b"png-bytes"),))
        (message,), cursor = read(connector, "messages")
        (file,) = message.attachments
        assert (file.name, file.media_type, file.content, file.size) == (
            "foto.png", "image/png", b"png-bytes", 9,
        )  # fmt: skip
        shop.add_message("jan", "I co?", at=now.forward(hours=1))
        again, _ = read(connector, "messages", cursor)
        assert texts(again) == ["Zdjęcie", "I co?"]
        assert (again[0].attachments[0].content, again[0].attachments[0].size) == (None, 9)
        assert len(asked(allegro, CENTER_FILES)) == 1
        read(connect(), "messages", cursor)
        assert len(asked(allegro, CENTER_FILES)) == 2

    def test_one_that_was_not_stored_is_fetched_again(self, shop, connector, now, read):
        shop.add_message("jan", "Zdjęcie", files=(shop.add_file(b"one"),))
        _, stored = read(connector, "messages")
        for buyer in ("ewa", "ola"):
            at = now.forward(hours=1)
            shop.add_message(buyer, "Zdjęcie", files=(shop.add_file(b"two"),), at=at)
        read(connector, "messages", stored)  # and the store could not take it
        shop.add_message("jan", "I co?", at=now.forward(hours=1))
        items, _ = read(connector, "messages", stored)
        assert [f.content for item in items for f in item.attachments] == [None, b"two", b"two"]

    def test_a_new_one_is_named_and_fetched_when_it_is_safe(self, shop, connector, now, read):
        file_id = shop.add_file(b"png")
        written = shop.add_message("jan", "Zdjęcie", files=(file_id,))
        written["attachments"] = [{"fileName": "foto.png", "status": "NEW"}]
        (message,), cursor = read(connector, "messages")
        assert [(f.name, f.content) for f in message.attachments] == [("foto.png", None)]
        written["attachments"] = [shop.attachment(file_id)]
        (message,), cursor = read(connector, "messages", cursor)
        assert message.attachments[0].content == b"png"
        assert read(connector, "messages", cursor)[0] == []

    @pytest.mark.parametrize("state", ["UNSAFE", "EXPIRED"])
    def test_others_are_named_only(self, shop, allegro, connector, read, state):
        file_id = shop.add_file(b"virus")
        written = shop.add_message("jan", "?", files=(file_id,))
        written["attachments"] = [shop.attachment(file_id, state)]
        (message,), cursor = read(connector, "messages")
        assert [(f.name, f.content) for f in message.attachments] == [("foto.png", None)]
        assert read(connector, "messages", cursor)[0] == []
        assert asked(allegro, CENTER_FILES) == []

    def test_a_link_to_another_host_is_not_followed(self, shop, allegro, connector, read):
        written = shop.add_message("jan", "?", files=(shop.add_file(b""),))
        written["attachments"][0]["url"] = "http://10.0.0.1/message-center/message-attachments/1"
        (message,), _ = read(connector, "messages")
        assert message.attachments[0].content is None
        assert asked(allegro, CENTER_FILES) == []

    def test_one_that_is_gone_is_named(self, shop, connector, read):
        written = shop.add_message("jan", "?")
        written["attachments"] = [shop.attachment("00000000-0000-0000-0000-00000000dead")]
        (message,), cursor = read(connector, "messages")
        assert message.attachments[0].content is None
        assert read(connector, "messages", cursor)[0] == []

    def test_one_that_fails_holds_up_nothing_and_is_tried_again(
        self, shop, allegro, connector, read
    ):
        shop.add_message("jan", "?", files=(shop.add_file(b"png"),))
        allegro.fail(Fault.SERVER_ERROR, times=2, path=CENTER_FILES)
        (message,), cursor = read(connector, "messages")
        assert message.attachments[0].content is None
        (message,), _ = read(connector, "messages", cursor)
        assert message.attachments[0].content == b"png"

    def test_a_file_is_asked_for_with_any_media_type(self, shop, allegro, connector, read):
        shop.add_message("jan", "?", files=(shop.add_file(b"png"),))
        read(connector, "messages")
        assert asked(allegro, CENTER_FILES)[0].headers["accept"] == "*/*"


class TestIssues:
    def test_each_is_a_conversation_of_its_own(self, shop, connector, now, read):
        order = shop.add_order("jan")
        shop.add_message("jan", "Gdzie?", order=order)
        issue = shop.add_issue(order, "Nie ma paczki", at=now.forward(minutes=1))
        for role in ("SELLER", "SYSTEM", "ADMIN", "FULFILLMENT"):
            shop.say(issue, role, role=role, at=now.forward(minutes=1))
        (*items, case), cursor = read(connector, "disputes")
        assert [(m.text, m.direction, m.kind) for m in items] == [
            ("Nie ma paczki", "inbound", "human"),
            ("SELLER", "outbound", "human"),
            ("SYSTEM", "platform", "bulk"),
            ("ADMIN", "platform", "bulk"),
            ("FULFILLMENT", "platform", "bulk"),
        ]
        assert {m.thread_id for m in items} == {f"issue/{issue}"} == {case.thread_id}
        assert {(m.buyer.id, m.order_ids) for m in items} == {("jan", (order,))}
        assert texts(read(connector, "messages")[0]) == ["Gdzie?"]
        assert read(connector, "disputes", cursor)[0] == []

    def test_what_is_said_in_an_old_one_is_read(self, shop, connector, now, read, monkeypatch):
        monkeypatch.setattr("syncd_allegro.client.ISSUES_PER_PAGE", 1)
        monkeypatch.setattr("syncd_allegro.conversations.ISSUES_PER_PAGE", 1)
        monkeypatch.setattr("syncd_allegro.conversations.Issues.limit", 1)
        old = shop.add_issue(shop.add_order("jan"), "Stara")
        for _ in range(6):
            now.forward(days=10)
            shop.add_issue(shop.add_order("ewa"), "Nowa")
        _, cursor = read(connector, "disputes")
        shop.say(old, "I co?", at=now.forward(hours=1))
        (*items, case), _ = read(connector, "disputes", cursor)
        assert (texts(items), case.source_id) == (["Stara", "I co?"], old)

    def test_a_photo_in_it_is_fetched_once(self, shop, allegro, connector, now, read):
        issue = shop.add_issue(shop.add_order("jan"), "Rozbita")
        url = f"{allegro.url}{ISSUES}/attachments/{shop.add_file(b'jpeg')}"
        shop.issues[issue].messages[0]["attachments"] = [{"fileName": "a.jpg", "url": url}]
        (message, _), cursor = read(connector, "disputes")
        assert [(f.name, f.content) for f in message.attachments] == [("a.jpg", b"jpeg")]
        shop.say(issue, "I co?", at=now.forward(hours=1))
        (message, *_), _ = read(connector, "disputes", cursor)
        assert [(f.content, f.size) for f in message.attachments] == [(None, 4)]

    def test_resuming_from_any_batch_loses_nothing(self, shop, connect, now, read):
        written, orders = set(), [shop.add_order(f"buyer-{n}", at=now()) for n in range(23)]
        for order in orders:
            issue = shop.add_issue(order, "Nie ma", at=now.forward(minutes=17))
            written |= {issue, shop.issues[issue].messages[0]["id"]}
        _loses_nothing(connect, read, "disputes", written)


class TestBadThings:
    def test_an_unreadable_message_stops_no_other(self, shop, connector, read):
        shop.add_message("jan", "?")["text"] = 7
        shop.add_message("jan", "!")
        items, _ = read(connector, "messages")
        assert sorted(type(item).__name__ for item in items) == ["BadItem", "Message"]

    def test_a_thread_that_is_denied_is_no_refused_login(self, shop, allegro, connector, read):
        shop.add_message("jan", "?")
        thread = next(iter(shop.threads))
        shop.add_message("ewa", "!")
        allegro.denied.add(f"{THREADS}/{thread}/")
        items, _ = read(connector, "messages")
        assert [type(item).__name__ for item in items] == ["BadItem", "Message"]
        assert "denies access" in items[0].reason

    def test_a_thread_without_messages_is_passed_over(self, shop, connector, read):
        shop.thread_with("jan")
        shop.add_message("ewa", "!")
        assert texts(read(connector, "messages")[0]) == ["!"]

    def test_a_thread_that_cannot_be_read(self, shop, connector, read):
        shop.add_message("jan", "?")
        thread = next(iter(shop.threads.values()))
        thread.id = 7
        shop.add_message("ewa", "!")
        items, cursor = read(connector, "messages")
        assert sorted(type(item).__name__ for item in items) == ["BadItem", "Message"]
        assert read(connector, "messages", cursor)[0] == []
