"""A poll never raises: however it ends, what came before is kept and the next begins right."""

import threading
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syncd import process
from syncd.connector import AuthFailed, NotPermitted, Rejected, SecretUnavailable, Unavailable
from syncd.ingest import poll
from syncd.ingest.batches import LARGEST_BYTES
from syncd.ingest.poll import LEASE
from syncd.ingest.write import write
from syncd.model import BadItem, Direction
from syncd.store import TryAgain
from syncd.testing.scripted import batch


@pytest.fixture
def shop(world):
    return world.connectors["shop"]


@pytest.fixture
def polled(world):
    """Poll the shop's messages; with capture of what is logged."""

    def run(stream="messages", stopping=None):
        with capture_logs() as logs:
            result = poll(world.account(), stream, world.store, stopping)
        return result, [(entry["log_level"], entry["event"]) for entry in logs]

    return run


def health(world):
    (one,) = world.store.accounts.health()
    return one


def messages(world):
    return world.store.look.counts()["messages"]


def test_batches_are_stored_and_the_next_poll_goes_on_behind_them(world, shop, polled, make):
    shop.feed("messages", batch(make.message("1"), page=1), batch(make.message("2", 1), page=2))

    result, log = polled()
    assert (result.outcome, result.error, result.retry_at) == ("ok", None, None)
    assert result.counts["message", "new"] == 2
    assert messages(world) == 2
    assert log == []
    polled()
    assert [cursor for _, cursor in shop.polled] == [{}, {"page": 2}]


def test_streams_have_cursors_of_their_own(shop, polled, make):
    shop.feed("messages", batch(make.message(), at="m"))
    shop.feed("orders", batch(make.order(), at="o"))
    for stream in ("messages", "orders", "messages", "orders"):
        polled(stream)

    assert shop.polled[2:] == [("messages", {"at": "m"}), ("orders", {"at": "o"})]


def test_what_is_large_enough_is_written_before_more_is_asked_for(world, shop, polled, make):
    seen = []
    first, second, third = (
        batch(make.message(n, thread_id="t", raw=b"x" * (LARGEST_BYTES // 2)), page=n)
        for n in "123"
    )
    shop.feed("messages", first, second, lambda: seen.append(messages(world)), third)
    polled()

    assert seen == [2]
    assert messages(world) == 3


def test_a_batch_that_another_poll_got_in_the_way_of_is_written_again(
    world, shop, polled, make, monkeypatch
):
    planned_ahead = []

    def other_was_quicker(*args, ahead):
        planned_ahead.append(ahead)
        if ahead:
            raise TryAgain("could not serialize access")
        return write(*args, ahead=ahead)

    monkeypatch.setattr("syncd.ingest.salvage.write", other_was_quicker)
    shop.feed("messages", batch(make.message()))
    result, log = polled()
    assert (result.outcome, result.counts["message", "new"], log) == ("ok", 1, [])
    assert planned_ahead == [True, False]


class TestFailures:
    def test_a_refused_login_stops_the_account_and_says_so(self, world, shop, polled):
        shop.feed("messages", AuthFailed("HTTP 401: token expired"))

        result, log = polled()
        assert result.outcome == "auth_failed"
        assert health(world).suspended_reason == "HTTP 401: token expired"
        assert [level for level, _ in log] == ["error"]

    def test_it_is_told_once_where_several_streams_are_refused(self, world, shop, polled):
        told = []
        for stream in ("messages", "orders"):
            shop.feed(stream, AuthFailed("HTTP 401: token expired"))
            told += polled(stream)[1]
        assert [event for _, event in told] == [
            "login refused, account counts as stopped until it is mended"
        ]

    def test_so_does_a_secret_that_cannot_be_read(self, world, shop, polled):
        shop.feed("messages", SecretUnavailable("cannot read the secret in /x: no such file"))

        assert polled()[0].outcome == "auth_failed"
        assert "/x" in health(world).suspended_reason

    def test_an_unavailable_source_is_asked_again_when_it_says(self, world, shop, polled, make):
        shop.feed("messages", Unavailable("HTTP 429", retry_after=300))

        result, _ = polled()
        assert (result.outcome, result.retry_at) == (
            "unavailable",
            make.at() + timedelta(minutes=5),
        )
        assert health(world).retry_at == result.retry_at
        assert polled()[1] == [("info", "recovered")]

    @pytest.mark.parametrize("asked", [1e9, 1e300, float("inf")])
    def test_no_source_can_ask_for_ever(self, shop, polled, make, asked):
        shop.feed("messages", Unavailable("HTTP 429", retry_after=asked))

        assert polled()[0].retry_at == make.at(1)

    def test_without_a_wish_the_wait_doubles_up_to_half_an_hour(self, shop, polled, make):
        waits = []
        for _ in range(12):
            shop.feed("messages", Unavailable("HTTP 503"))
            waits.append((polled()[0].retry_at - make.at()).total_seconds())

        assert 15 <= waits[0] <= 25
        assert waits[3] > 2 * waits[1]
        assert all(1800 <= wait <= 1810 for wait in waits[-3:])

    def test_a_bug_backs_off_and_is_told_with_its_trace_once(self, world, shop, polled):
        shop.feed("messages", ZeroDivisionError("division by zero"))
        shop.feed("messages", ZeroDivisionError("division by zero"))

        result, log = polled()
        assert (result.outcome, result.error) == ("bug", "ZeroDivisionError: division by zero")
        assert log == [("error", "bug in the connector, backing off")]
        assert polled()[1] == []
        assert health(world).failures == 2

    def test_what_the_source_refuses_is_no_bug_and_backs_off(self, world, shop, polled, make):
        shop.feed("messages", Rejected("HTTP 404: no such conversation"))
        shop.feed("messages", Rejected("HTTP 404: no such conversation"))

        result, log = polled()
        assert (result.outcome, result.error) == (
            "rejected",
            "Rejected: HTTP 404: no such conversation",
        )
        assert log == [("error", "source refuses what it is asked, backing off")]
        assert result.retry_at > make.at()
        assert polled()[1] == []
        assert health(world).failures == 2

    def test_what_the_login_does_not_cover_stops_its_stream_for_a_day(
        self, world, shop, polled, make
    ):
        class ScopeMissing(NotPermitted):
            """As connectors have theirs."""

        for _ in range(2):
            shop.feed(
                "orders", ScopeMissing("HTTP 403: 1100", "consent with the scope sell.orders")
            )
        result, log = polled("orders")
        assert (result.outcome, result.retry_at) == ("not_permitted", make.at(1))
        assert log == [("error", "not permitted, this stream stops and is tried again in a day")]
        assert result.error == "ScopeMissing: HTTP 403: 1100: consent with the scope sell.orders"
        assert (health(world).suspended_reason, health(world).not_permitted) == (None, True)

        assert polled("orders")[1] == []
        assert polled("orders")[1] == [("info", "recovered")]
        assert health(world).not_permitted is False

    def test_it_is_told_where_an_outage_hid_it_and_where_one_comes_between(self, shop, polled):
        refused = NotPermitted("HTTP 403", "give the app the right")
        for error in (Unavailable("HTTP 503"), refused, refused, Unavailable("HTTP 503"), refused):
            shop.feed("orders", error)
        logs = [polled("orders")[1] for _ in range(6)]
        stopped = [("error", "not permitted, this stream stops and is tried again in a day")]
        down = [("warning", "source unavailable, backing off")]
        assert logs == [down, stopped, [], down, stopped, [("info", "recovered")]]

    def test_what_came_before_a_failure_is_kept(self, world, shop, polled, make):
        shop.feed(
            "messages", batch(make.message("1"), page=1), batch(make.message("2", 1), page=2),
            Unavailable("HTTP 502"),
        )  # fmt: skip
        result, _ = polled()

        assert (result.outcome, result.counts["message", "new"]) == ("unavailable", 2)
        polled()
        assert shop.polled[-1] == ("messages", {"page": 2})

    def test_failing_and_recovering_are_each_told_once(self, shop, polled):
        for _ in range(3):
            shop.feed("messages", Unavailable("HTTP 503"))
        logs = [polled()[1] for _ in range(5)]

        assert logs == [
            [("warning", "source unavailable, backing off")], [], [],
            [("info", "recovered")], [],
        ]  # fmt: skip

    def test_a_recovered_stream_starts_its_waits_anew(self, world, shop, polled, make):
        for _ in range(6):
            shop.feed("messages", Unavailable("HTTP 503"))
            polled()
        polled()
        assert (health(world).failures, health(world).error) == (0, None)

        shop.feed("messages", Unavailable("HTTP 503"))
        assert polled()[0].retry_at <= make.at() + timedelta(seconds=25)


class TestStopping:
    def test_it_stops_between_two_batches_and_keeps_the_first(self, world, shop, polled, make):
        stopping = threading.Event()
        shop.feed(
            "messages", stopping.set, batch(make.message("1"), page=1),
            batch(make.message("2", 1), page=2),
        )  # fmt: skip
        result, _ = polled(stopping=stopping)

        assert result.outcome == "cut_off"
        assert messages(world) == 1
        polled()
        assert shop.polled[-1] == ("messages", {"page": 1})

    def test_a_stream_that_another_process_polls_is_left_to_it(
        self, world, shop, polled, time, make
    ):
        claim = world.store.accounts.claim
        claim(world.account().id, "messages", owner="elsewhere:1:1", now=make.at(), lease=LEASE)

        result, log = polled()
        assert (result.outcome, shop.polled, log) == ("busy", [], [])
        time(LEASE)
        assert polled()[0].outcome == "ok"

    def test_one_that_died_in_the_middle_is_taken_over_at_once(self, world, polled, make):
        host, pid, ticks = process.name().rsplit(":", 2)
        dead = f"{host}:{pid}:{int(ticks) - 1}"
        claim = world.store.accounts.claim
        claim(world.account().id, "messages", owner=dead, now=make.at(), lease=LEASE)

        assert polled()[0].outcome == "ok"

    def test_an_overtaken_poll_stores_nothing_more(self, world, shop, polled, make):
        def overtake():
            poll(world.account(), "messages", world.store)

        shop.feed("messages", overtake, batch(make.message("1"), page=1))
        shop.feed("messages", batch(make.message("2"), page=2))
        result, log = polled()

        assert result.outcome == "cut_off"
        assert ("warning", "poll superseded") in log
        assert messages(world) == 1
        polled()
        assert shop.polled[-1] == ("messages", {"page": 2})


class TestItems:
    def test_order_ids_in_texts_are_found_where_the_source_names_none(
        self, world, shop, polled, make
    ):
        shop.feed("orders", batch(make.order("12-34567-89012")))
        polled("orders")
        shop.feed(
            "messages",
            batch(
                make.message("1", subject="Order 12-34567-89012", text="Where is it?"),
                make.message("2", 30, text="It is about 12-34567-89012, again.", subject="Lamp"),
                make.message("3", 60, thread_id="t", text="not 12-34567-89012", order_ids=("x",)),
            ),
        )
        polled()

        kinds = [entry["kind"] for entry in world.store.look.subject("12-34567-89012")["timeline"]]
        assert kinds.count("message") == 2

    @pytest.mark.parametrize(
        ("text", "about"),
        [
            ("Where is LX 1234 5678 5 CN? It has not come.", 2),
            ("Tracking number rr123456785de, please!", 1),
            ("Order 12-34567-89012: where is LX123456785CN?", 0),
            ("Where is LX123456771CN?", 0),
            ("", 0),
        ],
    )
    def test_parcels_numbers_in_texts_stand_for_their_orders(
        self, world, shop, polled, make, text, about
    ):
        shop.feed(
            "orders",
            batch(
                *(make.order(f"lamp-{n}") for n in range(3)),
                make.shipment("p0", "LX123456785CN", "lamp-0"),
                make.shipment("p1", "LX123456785CN", "lamp-1"),
                make.shipment("p2", "RR123456785DE", "lamp-2"),
            ),
        )
        polled("orders")
        shop.feed("messages", batch(make.message("1", subject="My lamp", text=text)))
        polled()

        look, named = world.store.look, [f"lamp-{n}" for n in range(3)]
        told = [[e["kind"] for e in look.subject(order)["timeline"]] for order in named]
        assert sum("message" in kinds for kinds in told) == about

    def test_of_what_the_shop_writes_numbers_stand_for_nothing(self, world, shop, polled, make):
        parcel = make.shipment("p0", "LX123456785CN", "lamp")
        shop.feed("orders", batch(make.order("lamp"), parcel))
        polled("orders")
        ours = make.message("1", text="It is LX123456785CN", direction=Direction.OUTBOUND)
        shop.feed("messages", batch(ours))
        polled()

        kinds = [entry["kind"] for entry in world.store.look.subject("lamp")["timeline"]]
        assert "message" not in kinds

    def test_a_bad_item_is_told_and_the_rest_is_stored(self, world, shop, polled, make):
        bad = BadItem(source_id="m2", reason="no date", raw=b"x")
        shop.feed("messages", batch(make.message("1"), bad, make.message("3", 1)))

        result, log = polled()
        assert result.outcome == "ok"
        assert (result.counts["message", "new"], result.counts["item", "quarantined"]) == (2, 1)
        assert log == [("warning", "quarantined")]

    @pytest.mark.parametrize(
        "poison",
        [{"sent_at": "yesterday"}, {"direction": "inbound"}, {"buyer": None}, {"kind": None}],
    )
    def test_an_item_that_cannot_be_stored_does_not_stop_its_stream(
        self, world, shop, polled, make, poison
    ):
        several = [make.message(str(n), n) for n in range(5)]
        broken = make.message("bad", thread_id="t", raw=b"evidence")
        fields = {name: getattr(broken, name) for name in broken.__struct_fields__}
        several.insert(2, type(broken)(**{**fields, **poison}))
        shop.feed("messages", batch(*several, page=1))

        result, _ = polled()
        assert result.outcome == "ok"
        assert messages(world) == 5
        assert world.store.look.counts()["quarantined"] == 1
        polled()
        assert shop.polled[-1] == ("messages", {"page": 1})

    def test_one_alone_does_not_either(self, world, shop, polled, make):
        shop.feed("messages", batch(make.message(direction="inbound"), page=1))

        assert polled()[0].outcome == "ok"
        assert world.store.look.counts()["quarantined"] == 1

    def test_where_none_of_many_can_be_they_are_not_to_blame(self, world, shop, polled, make):
        several = [make.message(str(n), direction="inbound") for n in range(10)]
        shop.feed("messages", batch(*several, page=1))

        assert polled()[0].outcome == "bug"
        assert world.store.look.counts()["quarantined"] == 0
        polled()
        assert shop.polled[-1] == ("messages", {})
