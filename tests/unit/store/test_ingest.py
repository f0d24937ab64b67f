"""What a batch leaves in the store: everything once, with its cursor, or nothing at all."""

import hashlib
from datetime import datetime, timedelta

import pytest

from syncd.connector import AuthFailed, NotPermitted
from syncd.http.oauth import DeadGrant
from syncd.ingest.write import write
from syncd.model import Attachment, BadItem, Direction, MessageKind, OrderLine, Party, Window
from syncd.store import StaleClaim, Store


def test_items_and_cursor_are_stored_together(source, make, select, store):
    source.bring(make.message("m1"), make.message("m2", 1), cursor={"after": "m2"})

    assert store.look.counts()["messages"] == 2
    assert source.claim().cursor == {"after": "m2"}


def test_a_crash_inside_a_batch_undoes_items_and_cursor(source, make, store):
    source.bring(make.message("m1"), cursor={"after": "m1"})
    claim = source.claim()

    def crash():
        with store.ingest.batch(claim, make.at()) as tx:
            write(tx, "scripted", [make.message("m2", thread_id="t2"), make.order()])
            tx.save_cursor({"after": "m2"})
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        crash()
    counts = store.look.counts()
    assert (counts["messages"], counts["conversations"], counts["orders"]) == (1, 1, 0)
    assert source.claim().cursor == {"after": "m1"}


def test_the_same_items_again_store_nothing_and_count_as_repeated(source, make, store):
    items = [make.message(), make.order(), make.shipment(), make.event(1)]
    source.bring(*items)
    before = store.look.counts()

    counts = source.bring(*items)

    assert store.look.counts() == before
    kinds = ("message", "order", "shipment", "tracking_event")
    assert {kind: counts[kind, "repeated"] for kind in kinds} == dict.fromkeys(kinds, 1)
    assert not any(n for (_, result), n in counts.items() if result in {"new", "edited"})


def test_two_accounts_may_use_the_same_ids(source, source_of, make, store):
    other = source_of(store, "other")
    source.bring(make.message("1"), make.order("1"))
    other.bring(make.message("1"), make.order("1"))

    assert store.look.counts()["messages"] == 2
    assert store.look.counts()["orders"] == 2


def test_an_edit_becomes_the_next_version_and_the_old_text_is_kept(source, make, select, store):
    source.bring(make.message(text="It has arrived", raw=b"first"))
    counts = source.bring(make.message(text="It has not arrived", raw=b"second"))
    source.bring(make.message(text="Where is it?"))

    assert counts["message", "edited"] == 1
    assert select(store, "SELECT text, version FROM messages") == [
        {"text": "Where is it?", "version": 3}
    ]
    kept = select(store, "SELECT version, text, raw FROM message_versions ORDER BY version")
    assert [(row["version"], row["text"], bytes(row["raw"])) for row in kept] == [
        (1, "It has arrived", b"first"),
        (2, "It has not arrived", b"second"),
    ]


def test_two_copies_of_what_is_never_edited_are_one(source, make, select, store):
    copies = [make.message(text=text, fixed=True) for text in ("a\nb", "a\n\nb")]
    for _ in range(2):
        counts = source.bring(*copies)
        assert counts["message", "edited"] == 0
    assert counts["message", "repeated"] == 2
    assert select(store, "SELECT text, version FROM messages") == [{"text": "a\nb", "version": 1}]


def test_an_edit_inside_the_same_batch_is_a_version_too(source, make, select, store):
    counts = source.bring(make.message(text="a"), make.message(text="b"), make.message(text="b"))

    assert (counts["message", "new"], counts["message", "edited"]) == (1, 1)
    assert counts["message", "repeated"] == 1
    assert select(store, "SELECT text, version FROM messages") == [{"text": "b", "version": 2}]
    assert select(store, "SELECT text FROM message_versions") == [{"text": "a"}]


def test_an_edit_of_an_order_replaces_it_and_its_lines(source, make, select, store):
    lamp, cable = OrderLine(source_id="1", title="Lamp"), OrderLine(source_id="2", title="Cable")
    source.bring(make.order(lines=(lamp, cable), total="30.00"))
    source.bring(make.order(lines=(OrderLine(source_id="1", title="Blue lamp"),), total="20.00"))

    assert select(store, "SELECT total FROM orders") == [{"total": "20.00"}]
    assert select(store, "SELECT title FROM order_lines") == [{"title": "Blue lamp"}]


def test_a_line_that_an_order_names_twice_is_stored_once(source, make, select, store):
    lines = OrderLine(source_id="1", title="Lamp"), OrderLine(source_id="1", title="Blue lamp")
    source.bring(make.order(lines=lines))

    assert select(store, "SELECT title FROM order_lines") == [{"title": "Blue lamp"}]
    assert store.look.counts()["quarantined"] == 0


def test_the_same_file_is_stored_once_however_often_it_comes(source, make, select, store):
    photo = Attachment(name="photo.jpg", media_type="image/jpeg", content=b"\xff\xd8photo")
    again = Attachment(name="again.jpg", media_type="image/jpeg", content=b"\xff\xd8photo")
    source.bring(make.message("m1", attachments=(photo, again)))
    source.bring(make.message("m2", 1, attachments=(photo,)))

    blobs = select(store, "SELECT sha256, content FROM blobs")
    assert [bytes(blob["content"]) for blob in blobs] == [b"\xff\xd8photo"]
    assert bytes(blobs[0]["sha256"]) == hashlib.sha256(b"\xff\xd8photo").digest()
    names = select(store, "SELECT name, size FROM attachments ORDER BY message_id, position")
    assert [(row["name"], row["size"]) for row in names] == [
        ("photo.jpg", 7), ("again.jpg", 7), ("photo.jpg", 7),
    ]  # fmt: skip


def test_a_file_over_the_limit_leaves_its_name_and_size(store_url, source_of, make, select):
    store = Store(store_url, max_attachment_bytes=10)
    files = (
        Attachment(name="fits", content=b"0123456789"),
        Attachment(name="too long", content=b"0123456789!"),
        Attachment(name="elsewhere", url="https://example.org/x", size=5_000_000),
    )
    source_of(store).bring(make.message(attachments=files))

    rows = select(store, "SELECT name, size, sha256, url FROM attachments ORDER BY position")
    store.close()
    assert [(r["name"], r["size"], r["sha256"] is not None) for r in rows] == [
        ("fits", 10, True), ("too long", 11, False), ("elsewhere", 5_000_000, False),
    ]  # fmt: skip
    assert rows[2]["url"] == "https://example.org/x"


def test_a_file_over_the_limit_that_an_edit_adds_is_not_kept_either(
    store_url, source_of, make, select
):
    store = Store(store_url, max_attachment_bytes=10)
    source_of(store).bring(make.message())
    large = Attachment(name="too long", content=b"0123456789!")
    source_of(store).bring(make.message(text="Hello again", attachments=(large,)))

    rows = select(store, "SELECT name, size, sha256 FROM attachments")
    store.close()
    assert rows == [{"name": "too long", "size": 11, "sha256": None}]


def test_files_that_an_edit_adds_are_stored(source, make, select, store):
    first = Attachment(name="a.txt", content=b"a")
    source.bring(make.message(attachments=(first,)))
    source.bring(make.message(attachments=(first, Attachment(name="b.txt", content=b"b"))))

    names = select(store, "SELECT name FROM attachments ORDER BY position")
    assert [row["name"] for row in names] == ["a.txt", "b.txt"]


def test_a_bad_item_is_quarantined_once_and_the_rest_goes_on(source, make, select, store):
    bad = BadItem(source_id="m1", reason="no date", raw=b"<payload>")
    first = source.bring(make.message("m0"), bad)
    second = source.bring(bad, make.message("m2", 1))

    assert first["item", "quarantined"] == 1
    assert second["item", "quarantined"] == 0
    assert store.look.counts()["messages"] == 2
    (row,) = select(store, "SELECT source_id, reason, raw, stream FROM quarantine")
    assert (row["source_id"], row["reason"], bytes(row["raw"]), row["stream"]) == (
        "m1", "no date", b"<payload>", "messages",
    )  # fmt: skip


def test_a_quarantined_item_that_can_be_read_after_all_is_released(source, make, store):
    source.bring(BadItem(source_id="m1", reason="no date"))
    assert store.look.counts()["quarantined"] == 1

    source.bring(make.message("m1"))
    assert store.look.counts()["quarantined"] == 0

    counts = source.bring(BadItem(source_id="m1", reason="no text", raw=b"new"))
    assert counts["item", "quarantined"] == 1
    assert store.look.counts()["quarantined"] == 1


def test_a_stream_releases_only_its_own(source, source_of, make, store):
    for account, stream in ((source, "orders"), (source_of(store, "other"), "messages")):
        counts = account.bring(BadItem(source_id="1", reason="no date"), stream=stream)
        assert counts["item", "quarantined"] == 1
    source.bring(make.message("1"), stream="messages")

    assert store.look.counts()["quarantined"] == 2


def test_an_overtaken_poll_can_write_nothing(source, make, store):
    old = source.claim()
    new = source.claim()

    with pytest.raises(StaleClaim, match="messages"), store.ingest.batch(old, make.at()) as tx:
        write(tx, "scripted", [make.message()])
    with store.ingest.batch(new, make.at()) as tx:
        write(tx, "scripted", [make.message()])

    assert store.look.counts()["messages"] == 1


def test_hostile_text_is_stored_in_both_databases(source, make, store):
    """NUL ends no text in PostgreSQL, and lone surrogates are in no encoding: mails hold both."""
    texts = [
        "nul \x00 inside",
        "half \ud83d a pair",
        "right\u202eleft",
        "x" * 100_000,
        "' OR 1=1 --",
    ]
    messages = [make.message(f"m{i}", i, text=text, subject=text) for i, text in enumerate(texts)]
    source.bring(*messages, make.message("last", 9), make.order(note="a\x00b"))

    assert store.look.counts()["messages"] == 6


@pytest.mark.parametrize("written", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_an_order_is_stored_whose_none_is_a_day_that_utc_does_not_have(
    source, make, store, written
):
    never = datetime.fromisoformat(written)
    order = make.order(paid_at=never, deliver_by=Window(earliest=never, latest=never))
    source.bring(order)
    assert source.bring(order)["order", "repeated"] == 1
    assert source.bring(make.order(paid_at=make.at()))["order", "edited"] == 1

    assert (store.look.counts()["orders"], store.look.counts()["quarantined"]) == (1, 0)


def test_an_empty_batch_moves_the_cursor(source, store):
    source.bring(cursor={"page": 7})

    assert source.claim().cursor == {"page": 7}


class TestCustomers:
    def test_one_identity_in_common_makes_one_customer(self, source, make, store):
        source.bring(make.message("m1", buyer=Party(id="u1", email="Ann@Example.org")))
        source.bring(make.message("m2", 1, buyer=Party(email="ann@example.org ")))
        source.bring(make.message("m3", 2, buyer=Party(id="u1")))

        assert store.look.counts()["customers"] == 1

    def test_a_platforms_ids_are_its_own(self, source, source_of, make, store):
        source.bring(make.message("m1", buyer=Party(id="u1")))
        source_of(store, "elsewhere", "otherplatform").bring(make.message(buyer=Party(id="u1")))

        assert store.look.counts()["customers"] == 2

    def test_a_merge_moves_conversations_orders_and_identities(self, source, make, select, store):
        source.bring(make.message("m1", buyer=Party(id="u1"), thread_id="t1"))
        source.bring(
            make.order("o2", buyer=Party(email="ann@example.org", phone="+49 1520 123456"))
        )
        source.bring(make.message("m3", 1, buyer=Party(id="u1", email="ann@example.org")))

        assert store.look.counts()["customers"] == 1
        (oldest,) = select(store, "SELECT id FROM customers WHERE merged_into IS NULL")
        for table in ("conversations", "orders", "identities"):
            owners = select(store, f"SELECT DISTINCT customer_id FROM {table}")
            assert owners == [{"customer_id": oldest["id"]}], table
        source.bring(make.message("m4", 2, buyer=Party(phone="+49 (1520) 12 34 56")))
        assert store.look.counts()["customers"] == 1

    def test_a_chain_of_merges_in_one_batch_ends_at_one_customer(self, source, make, select, store):
        a, b, c = (Party(email=f"{x}@example.org") for x in "abc")
        source.bring(*(make.message(f"{p.email}", i, buyer=p) for i, p in enumerate((a, b, c))))
        bc = Party(email=b.email, id="u-bc", phone=None)
        cb = Party(email=c.email, id="u-bc")
        ab = Party(email=a.email, id="u-ab")
        ba = Party(email=b.email, id="u-ab")
        joins = [make.message(f"j{i}", 3 + i, buyer=p, thread_id=f"t{i}") for i, p in
                 enumerate((bc, cb, ab, ba))]  # fmt: skip
        source.bring(*joins)

        assert store.look.counts()["customers"] == 1
        (oldest,) = select(store, "SELECT id FROM customers WHERE merged_into IS NULL")
        owners = select(store, "SELECT DISTINCT customer_id FROM conversations")
        assert owners == [{"customer_id": oldest["id"]}]


class TestConversations:
    def test_mails_of_a_thread_share_one_over_several_batches(self, source, make, store):
        source.bring(make.message("1", message_id="a@x", subject="Lamp"))
        source.bring(make.message("2", 30, message_id="b@x", references=("a@x",), subject="Hm"))
        source.bring(make.message("3", 60, references=("a@x", "b@x"), subject="Other"))

        (talk,) = store.look.conversations()
        assert talk["messages"] == 3
        assert talk["last_at"] == make.at(60)

    def test_a_late_old_message_does_not_turn_the_clock_back(self, source, make, store):
        source.bring(make.message("2", 5, thread_id="t"))
        source.bring(make.message("1", 1, thread_id="t", direction=Direction.OUTBOUND))

        (talk,) = store.look.conversations()
        assert talk["last_at"] == make.at(5)
        assert talk["waiting"] is True

    def test_an_answer_ends_the_wait(self, source, make, store):
        source.bring(make.message("1", 1, thread_id="t"))
        source.bring(make.message("2", 2, thread_id="t", direction=Direction.OUTBOUND))

        assert [talk["waiting"] for talk in store.look.conversations()] == [False]

    def test_an_out_of_office_note_waits_for_nothing(self, source, make, store):
        auto = make.message("1", 1, thread_id="t", kind=MessageKind.AUTO_REPLY)
        platform = make.message("2", 1, thread_id="u", direction=Direction.PLATFORM)
        source.bring(auto, platform)

        assert [talk["waiting"] for talk in store.look.conversations()] == [False, False]

    def test_who_writes_after_their_out_of_office_note_waits_since_then(self, source, make, store):
        note = make.message("1", 1, thread_id="t", kind=MessageKind.AUTO_REPLY)
        source.bring(note, make.message("2", 2, thread_id="t"))

        (talk,) = store.look.conversations()
        assert talk["waits_since"] == make.at(2)


class TestClaims:
    lease = timedelta(minutes=10)

    def take(self, source, owner, after=timedelta(0), base=None):
        return source.store.accounts.claim(
            source.id, "messages", owner=owner, now=base + after, lease=self.lease
        )

    def test_a_claimed_stream_is_busy_for_others_until_the_lease_ends(self, source, make):
        now = make.at()
        first = self.take(source, "a", base=now)

        assert self.take(source, "b", self.lease - timedelta(seconds=1), now) is None
        taken = self.take(source, "b", self.lease, now)
        assert taken.fence == first.fence + 1

    def test_a_finished_poll_gives_its_stream_back(self, source, make):
        claim = self.take(source, "a", base=make.at())
        source.store.accounts.succeeded(claim, make.at())

        assert self.take(source, "b", base=make.at()) is not None

    def test_the_same_owner_takes_over_at_once(self, source, make):
        first = self.take(source, "a", base=make.at())

        assert self.take(source, "a", base=make.at()).fence == first.fence + 1

    def test_an_overtaken_poll_cannot_settle_either(self, source, make):
        old = self.take(source, "a", base=make.at())
        self.take(source, "b", self.lease, make.at())

        source.store.accounts.failed(old, OSError("gone"), now=make.at(), retry_at=make.at(1))

        (health,) = source.store.accounts.health()
        assert (health.failures, health.error) == (0, None)
        assert self.take(source, "c", self.lease, make.at()) is None

    def test_failures_are_counted_until_one_goes_through(self, source, make):
        for day in (0, 1):
            claim = source.claim()
            error = ConnectionError("HTTP 503")
            source.store.accounts.failed(claim, error, now=make.at(day), retry_at=make.at(day + 1))
        (health,) = source.store.accounts.health()
        assert (health.failures, health.failing_since, health.retry_at) == (
            2,
            make.at(),
            make.at(2),
        )
        assert (health.error_class, health.error) == ("ConnectionError", "HTTP 503")

        claim = source.claim()
        assert claim.failures == 2
        source.store.accounts.succeeded(claim, make.at(2))
        (health,) = source.store.accounts.health()
        assert (health.failures, health.failing_since, health.error) == (0, None, None)
        assert health.succeeded_at == make.at(2)

    def test_a_stopped_account_says_why_until_it_gets_a_new_try(self, source, make):
        source.store.accounts.succeeded(source.claim(), make.at())
        source.store.accounts.suspend(source.id, "HTTP 401", make.at())
        assert [h.suspended_reason for h in source.store.accounts.health()] == ["HTTP 401"]

        source.store.accounts.resume(source.id + 1)
        assert source.store.accounts.suspended() == {source.id}
        source.store.accounts.resume()
        assert [h.suspended_reason for h in source.store.accounts.health()] == [None]

    def test_a_poll_of_the_stream_that_was_refused_proves_the_new_login(self, source, make):
        kept = source.store.accounts
        kept.failed(source.claim("orders"), DeadGrant("401"), now=make.at(), retry_at=make.at(1))
        kept.suspend(source.id, "401", make.at())

        kept.succeeded(source.claim("messages"), make.at())
        assert kept.suspended() == {source.id}  # it was not this one's login that was refused
        kept.succeeded(source.claim("orders"), make.at())
        assert kept.suspended() == set()

    def test_a_poll_that_began_before_the_account_was_stopped_proves_nothing(self, source, make):
        kept = source.store.accounts
        for stream in ("orders", "messages"):
            error = AuthFailed("401")
            kept.failed(source.claim(stream), error, now=make.at(), retry_at=make.at(1))
        claim = source.claim("orders")
        kept.suspend(source.id, "401", make.at(1))
        kept.succeeded(claim, make.at(2))
        assert kept.suspended() == {source.id}

    def test_what_was_not_permitted_waits_until_its_account_is_resumed(self, source, make):
        kept = source.store.accounts
        error = NotPermitted("HTTP 403", "give the app the right")
        kept.failed(source.claim("orders"), error, now=make.at(), retry_at=make.at(1))
        kept.failed(source.claim("messages"), OSError("x"), now=make.at(), retry_at=make.at(1))

        kept.resume(source.id + 1)
        assert kept.not_permitted() == {(source.id, "orders")}
        kept.resume(source.id)
        assert kept.not_permitted() == set()
        assert {h.stream: h.retry_at for h in kept.health()} == {
            "messages": make.at(1),
            "orders": None,
        }

    def test_a_stream_that_its_account_no_longer_has_is_forgotten_and_goes_on_later(
        self, source, make
    ):
        kept = source.store.accounts
        source.bring(make.message(), stream="reviews", cursor={"page": 7})
        kept.succeeded(source.claim("messages"), make.at())
        error = NotPermitted("HTTP 403", "give the app the right")
        kept.failed(source.claim("reviews"), error, now=make.at(), retry_at=make.at(1))
        assert {h.stream: h.not_permitted for h in kept.health()} == {
            "messages": False,
            "reviews": True,
        }

        kept.keep_only({source.id: {"messages"}, source.id + 1: {"orders"}})
        assert [h.stream for h in kept.health()] == ["messages"]
        claim = source.claim("reviews")
        assert (claim.failures, claim.was_permitted, claim.cursor) == (0, True, {"page": 7})

    def test_registering_again_keeps_the_id(self, source, store, make):
        assert store.accounts.register("shop", "scripted", make.at(5)) == source.id
