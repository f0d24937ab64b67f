"""The scheduler drives a real runtime: polls at their turn, ticks, stops in time."""

import threading
import time as real
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from syncd import clock, metrics, status, watch
from syncd.connector import AuthFailed, Capability, NotPermitted, Push, Unavailable, Wake
from syncd.model import OutboxState
from syncd.scheduler import Scheduler, jobs
from syncd.testing.scripted import batch

QUICK = {"intervals": {"messages": timedelta(seconds=0.05)}}


def until(condition, seconds=10.0):
    end = real.monotonic() + seconds
    while not condition():
        assert real.monotonic() < end, "it did not happen in time"
        real.sleep(0.005)


@pytest.fixture
def start(world):
    """Start a scheduler on the world's runtime; it is stopped after the test."""
    running = []

    def begin(**more):
        scheduler = Scheduler(world.runtime, tick_seconds=0.05, **more)
        running.append(scheduler)
        scheduler.start()
        return scheduler

    yield begin
    for scheduler in running:
        assert scheduler.stop(10)


@pytest.fixture
def quick(world):
    """An account whose messages are polled twenty times a second."""
    world.remove("shop")
    return world.add("quick", **QUICK)


def added(world, name):
    world.add(name)
    return world.account(name)


def polls(connector, stream="messages"):
    return sum(polled == stream for polled, _ in connector.polled)


class TestPolls:
    def test_every_stream_is_polled_at_the_start_and_then_at_its_turn(self, world, quick, start):
        start()
        until(lambda: polls(quick) >= 3)

        assert {stream for stream, _ in quick.polled} == {"messages", "orders", "tracking"}
        assert polls(quick, "orders") == 1

    def test_first_ones_are_spread_alike_at_each_start_and_later_ones_as_often_as_asked(
        self, world
    ):
        accounts = [world.account(), *(added(world, f"shop-{number}") for number in range(199))]
        first, second = (Scheduler(world.runtime) for _ in range(2))
        for each in accounts:
            assert first._phase(each, "orders", 3600) == second._phase(each, "orders", 3600)
        spread = {first._phase(each, "orders", 3600).total_seconds() for each in accounts}
        assert {int(seconds * 10) for seconds in spread} == set(range(10))

        first._add_account(world.account())
        trigger = first._scheduler.get_job("poll:shop:orders").trigger
        assert trigger.interval + timedelta(seconds=trigger.jitter / 2) == timedelta(hours=1)

    def test_what_they_bring_is_stored(self, world, quick, start, make):
        quick.feed("messages", batch(make.message("1"), page=1))
        start()
        until(lambda: ("messages", {"page": 1}) in quick.polled)

        assert world.store.look.counts()["messages"] == 1

    def test_a_source_in_trouble_is_left_alone_until_it_may_be_asked(self, quick, start, time):
        quick.feed("messages", Unavailable("HTTP 429", retry_after=600))
        start()
        until(lambda: polls(quick) == 1)
        real.sleep(0.3)
        assert polls(quick) == 1

        time(timedelta(seconds=601))
        until(lambda: polls(quick) >= 3)

    def test_a_refused_login_stops_the_account_and_no_other(self, world, quick, start):
        other = world.add("other", **QUICK)
        quick.feed("messages", AuthFailed("HTTP 401"))
        start()
        until(lambda: polls(other) >= 4)

        assert polls(quick) == 1
        reasons = {h.account: h.suspended_reason for h in world.store.accounts.health()}
        assert reasons == {"quick": "HTTP 401", "other": None}

    def test_what_is_not_permitted_stops_no_other_stream(self, world, quick, start, time):
        quick.feed("messages", NotPermitted("HTTP 403", "give the app the right"))
        quick.streams = dict.fromkeys(("messages", "orders"), timedelta(seconds=0.05))
        first = start()
        until(lambda: polls(quick, "orders") >= 4)
        assert polls(quick) == 1
        assert "accounts, not permitted: quick messages, " in status.line(world.runtime)
        time(timedelta(days=1, seconds=1))
        until(lambda: polls(quick) >= 3)

        quick.feed("messages", NotPermitted("HTTP 403", "give the app the right"))
        seen = polls(quick)
        until(lambda: polls(quick) > seen)
        first.stop(10)
        start()  # as a reload does
        until(lambda: polls(quick) > seen + 1)

    def test_a_stream_that_was_switched_off_is_missed_by_nobody(self, world, quick, start):
        quick.feed("orders", NotPermitted("HTTP 403", "give the app the right, or orders = false"))
        first = start()
        until(lambda: polls(quick, "orders") == 1)
        until(lambda: len(world.store.accounts.health()) == 3)
        first.stop(10)
        metrics.LAST_SUCCESS.labels("quick", "orders").set(1)
        quick.streams = {"messages": timedelta(seconds=0.05)}
        start()
        assert {health.stream for health in world.store.accounts.health()} == {"messages"}
        fresh = [line for line in metrics.exposition().decode().splitlines() if "_success_" in line]
        assert [
            line for line in fresh if 'account="quick"' in line and "messages" not in line
        ] == []

    def test_a_new_start_gives_it_a_new_try(self, world, quick, start):
        quick.feed("messages", AuthFailed("HTTP 401"))
        first, sends = start(), world.add("sends", **QUICK)
        until(lambda: polls(quick) == 1)
        first.stop(10)
        world.store.accounts.suspend(
            world.account("sends").id, "HTTP 401 to a message", clock.now()
        )
        start()
        until(lambda: polls(quick) >= 2 and polls(sends))

        assert {h.suspended_reason for h in world.store.accounts.health()} == {None}

    def test_a_slow_source_holds_up_no_other_and_is_not_polled_beside_itself(
        self, world, quick, start
    ):
        other, inside, go_on = world.add("other", **QUICK), threading.Event(), threading.Event()
        quick.feed("messages", inside.set, lambda: go_on.wait(20))
        start()
        until(inside.is_set)
        until(lambda: polls(other) >= 4)

        assert polls(quick) == 1
        go_on.set()
        until(lambda: polls(quick) >= 2)


class TestPushes:
    def test_a_genuine_push_brings_the_next_poll_forward(self, world, start, monkeypatch):
        shop = world.connectors["shop"]
        shop.capabilities = frozenset({Capability.WEBHOOK})
        monkeypatch.setattr(shop, "verify_push", lambda _: Wake(streams=("orders",)), raising=False)
        scheduler = start()
        until(lambda: polls(shop, "orders") == 1)

        assert scheduler.receive("shop", Push(headers={}, body=b"")).result == "woke"
        until(lambda: polls(shop, "orders") == 2)
        assert polls(shop, "messages") == 1

    def test_news_that_come_while_a_poll_is_on_its_way_out_are_not_lost(
        self, world, start, monkeypatch
    ):
        shop, gone, logged = world.connectors["shop"], threading.Event(), jobs._logged

        def slow_to_end(work, name):
            run = logged(work, name)
            return (lambda: run() or gone.wait(20)) if name == "poll:shop:orders" else run

        monkeypatch.setattr(jobs, "_logged", slow_to_end)
        scheduler = start()
        until(lambda: polls(shop, "orders") == 1)
        try:
            until(lambda: not scheduler._polling)
            scheduler.poll_soon(world.account(), "orders")
            until(lambda: polls(shop, "orders") == 2)
        finally:
            gone.set()


class TestTicks:
    def test_a_late_parcel_is_found_and_its_buyer_told(self, world, start, make):
        world.playbook()
        world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
        start()
        until(lambda: world.outbox(states=[OutboxState.SENT]))

        assert [len(r) for r in world.connectors["shop"].arrived.values()] == [1]

    def test_the_beat_goes_on(self, start):
        scheduler = start()
        first = scheduler.beat()
        until(lambda: scheduler.beat() > first + 0.5)

    def test_the_beat_goes_on_where_the_store_hangs(self, world, start, monkeypatch):
        """Else the watchdog would restart it, which helps no store."""
        world.connectors["shop"].capabilities = frozenset({Capability.TRACK_PARCELS})
        scheduler, hung, go_on = start(), set(), threading.Event()
        real_read, real_write = world.store.database.read, world.store.database.write

        def hanging(use):
            def wait(**more):
                hung.add(threading.current_thread())
                go_on.wait(20)
                return use(**more)

            return wait

        monkeypatch.setattr(world.store.database, "read", hanging(real_read))
        monkeypatch.setattr(world.store.database, "write", hanging(real_write))
        try:
            for name in ("watch", "outbox", "wakes", "housekeeping", "logins"):
                scheduler._scheduler.modify_job(name, next_run_time=clock.system())
            until(lambda: len(hung) >= 4)
            first = scheduler.beat()
            until(lambda: scheduler.beat() > first + 1.5)
        finally:
            go_on.set()

    def test_a_job_that_breaks_is_told_and_runs_again(self, world, start, monkeypatch):
        calls = []

        def broken(_):
            calls.append(1)
            if len(calls) <= 3:
                raise ZeroDivisionError

        monkeypatch.setattr(watch, "run", broken)
        with capture_logs() as logs:
            start()
            until(lambda: len(calls) >= 5)

        told = [entry["event"] for entry in logs if entry.get("job") == "watch"]
        assert told == ["job failed", "job recovered"]

    def test_a_store_that_fails_is_told_and_the_poll_comes_round_again(
        self, world, quick, start, monkeypatch
    ):
        real_claim, fails = world.store.accounts.claim, iter([True, True])

        def claim(*arguments, **more):
            if next(fails, False):
                raise OSError("disk I/O error")
            return real_claim(*arguments, **more)

        monkeypatch.setattr(world.store.accounts, "claim", claim)
        with capture_logs() as logs:
            start()
            until(lambda: polls(quick) >= 2)

        assert "job failed" in {entry["event"] for entry in logs}


class TestStopping:
    def test_nothing_begins_after_it(self, quick, start):
        scheduler = start()
        until(lambda: polls(quick) >= 2)
        assert scheduler.stop(10) is True

        before = len(quick.polled)
        real.sleep(0.2)
        assert len(quick.polled) == before

    def test_it_waits_for_a_poll_which_ends_after_its_batch(self, world, quick, start, make):
        inside, go_on = threading.Event(), threading.Event()
        quick.feed(
            "messages", inside.set, lambda: go_on.wait(20), batch(make.message("1"), page=1),
            batch(make.message("2", 1), page=2),
        )  # fmt: skip
        scheduler = start()
        until(inside.is_set)
        threading.Timer(0.3, go_on.set).start()

        assert scheduler.stop(10) is True
        assert world.store.look.counts()["messages"] == 1

    def test_what_outlives_the_time_is_told(self, quick, start):
        inside, go_on = threading.Event(), threading.Event()
        quick.feed("messages", inside.set, lambda: go_on.wait(20))
        scheduler = start()
        until(inside.is_set)
        began = real.monotonic()

        assert scheduler.stop(0.2) is False
        assert real.monotonic() - began < 5
        go_on.set()
        until(lambda: not any(t.name == "scheduler-stop" for t in threading.enumerate()))

    def test_stopping_twice_or_before_the_start_is_harmless(self, world):
        scheduler = Scheduler(world.runtime)
        assert scheduler.stop(1) is True
        assert scheduler.stop(1) is True


def test_news_without_an_end_fill_no_stack(world, monkeypatch):
    scheduler, shop = Scheduler(world.runtime), world.runtime.accounts["shop"]
    polled = []

    def poll_once(account, stream):
        polled.append(stream)
        if len(polled) < 2000:
            scheduler.poll_soon(account, stream)

    monkeypatch.setattr(scheduler, "_poll_once", poll_once)
    scheduler._poll(shop, "messages")
    assert len(polled) == 2000


class TestPush:
    class News:
        """Lets a connector say that there is news when a test wants it."""

        def __init__(self, connector):
            self.waiting = threading.Semaphore(0)
            self.over = False
            connector.capabilities = frozenset({Capability.PUSH})
            connector.streams = {"messages": timedelta(hours=1)}
            connector.wait = self.wait

        def wait(self, stream, seconds):
            while not self.over and not self.waiting.acquire(timeout=0.02):
                pass
            return not self.over

    @pytest.fixture
    def shop(self, world):
        return world.connectors["shop"]

    @pytest.fixture
    def news(self, shop):
        source = self.News(shop)
        yield source
        source.over = True
        until(lambda: not any(t.name.startswith("push:") for t in threading.enumerate()))

    def test_news_wake_a_poll_long_before_its_turn(self, shop, news, start):
        scheduler = start()
        until(lambda: polls(shop) == 1)
        news.waiting.release()
        until(lambda: polls(shop) == 2)
        news.over = True
        scheduler.stop(10)

    def test_news_during_a_poll_are_polled_for_after_it(self, shop, news, start):
        inside, go_on = threading.Event(), threading.Event()
        shop.feed("messages", inside.set, lambda: go_on.wait(20))
        scheduler = start()
        until(inside.is_set)
        news.waiting.release()
        real.sleep(0.1)
        assert polls(shop) == 1

        go_on.set()
        until(lambda: polls(shop) == 2)
        news.over = True
        scheduler.stop(10)

    def test_a_wait_without_news_wakes_nothing(self, shop, news, start):
        waits = []
        shop.wait = lambda stream, seconds: waits.append(real.sleep(0.01)) and None
        scheduler = start()
        until(lambda: len(waits) >= 5)
        assert polls(shop) == 1
        scheduler.stop(10)

    def test_a_source_that_cannot_wait_is_polled_all_the_same(self, shop, news, start):
        tries = []

        def broken(stream, seconds):
            tries.append(stream)
            raise OSError("connection reset")

        shop.wait = broken
        shop.streams = {"messages": timedelta(seconds=0.05)}
        scheduler = start()
        until(lambda: polls(shop) >= 3)
        assert tries == ["messages"]  # and not again and again
        scheduler.stop(10)
