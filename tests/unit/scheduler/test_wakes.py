"""Pushes are judged at once and polled soon; what somebody waits for is polled once per asking."""

from datetime import timedelta
from threading import Event

import pytest
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from syncd import clock, metrics
from syncd.connector import Capability, Push, Wake
from syncd.scheduler import Scheduler, wakes
from syncd.scheduler.wakes import REPLAY_WINDOW, Received, Wakes

PUSH = Push(headers={}, body=b"1")
PUSHED = frozenset({Capability.WEBHOOK, Capability.TRACK_PARCELS})


class Account:
    """The world's account called shop, which platforms push to."""

    def __init__(self, world):
        self.world = world
        self.connector = world.connectors["shop"]
        self.connector.capabilities = PUSHED
        self.connector.verify_push = lambda push: self.says
        self.says = Wake(streams=("orders",))
        self.polled = []
        self.wakes = Wakes(world.runtime, lambda account, s: self.polled.append((account.name, s)))

    def push(self, body=b"1", **says):
        self.says = Wake(**says)
        return self.wakes.receive("shop", Push(headers={}, body=body)).result

    def run(self):
        self.polled.clear()
        self.wakes.run()
        return sorted(self.polled)


@pytest.fixture
def account(world):
    return Account(world)


@pytest.fixture
def parcel(world, account, make):
    """A parcel that the account follows, and has looked at just now."""
    store, number = world.store, world.account().id
    store.follows.declare({number: None}, clock.now())
    world.bring(make.shipment())
    store.follows.route(lambda _: (number,), clock.now())
    with store.database.write() as connection:
        connection.exec_driver_sql("UPDATE follows SET look_at = look_at + 36000000000")
    return lambda: [ref.tracking_number for ref in store.follows.due(number, clock.now())]


def test_a_genuine_push_has_its_streams_polled_once(account):
    assert account.push(streams=("orders", "no-such-stream")) == "woke"
    assert account.polled == []  # the platform has its answer before anything is done
    assert account.run() == [("shop", "orders")]
    assert account.run() == []


def test_a_push_about_a_parcel_makes_it_due(world, account, parcel):
    world.add("other")
    with world.store.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO follows (tracking_number, account_id, look_at) "
            f"VALUES ('TN1', {world.account('other').id}, {2**60})"
        )
    assert parcel() == []
    assert account.push(tracking_numbers=("tn 1", "of-nobody")) == "woke"
    assert account.run() == [("shop", "tracking")]
    assert parcel() == ["TN1"]
    assert list(world.store.follows.asked()) == [world.account().id]


def test_what_was_pushed_while_the_store_was_away_is_polled_when_it_is_back(
    account, parcel, monkeypatch
):
    def gone(*_, **__):
        raise OperationalError("SELECT 1", {}, Exception("the server closed the connection"))

    account.push(streams=("orders",), tracking_numbers=("TN1",))
    monkeypatch.setattr(account.world.store.follows, "look_now", gone)
    with pytest.raises(OperationalError):
        account.run()
    monkeypatch.undo()
    account.push(b"2", streams=("messages",))
    assert account.run() == [("shop", "messages"), ("shop", "orders"), ("shop", "tracking")]
    assert parcel() == ["TN1"]


def test_what_was_pushed_right_before_a_stop_is_due_after_it(world, account, parcel, monkeypatch):
    scheduler, first = Scheduler(world.runtime, tick_seconds=60), Event()
    real = scheduler._wakes.run
    monkeypatch.setattr(scheduler._wakes, "run", lambda: (real(), first.set()))
    scheduler.start()
    assert first.wait(10)  # the next is in five minutes
    account.says = Wake(tracking_numbers=("TN1",))
    assert scheduler.receive("shop", PUSH).result == "woke"
    assert scheduler.stop(10)
    assert parcel() == ["TN1"]


def test_many_pushes_are_one_poll(account):
    for number in range(100):
        account.push(str(number).encode(), streams=("orders", "messages"))
    assert account.run() == [("shop", "messages"), ("shop", "orders")]


def test_the_same_push_again_wakes_nothing(account):
    assert [account.push(streams=("orders",)) for _ in range(2)] == ["woke", "repeated"]
    account.run()
    assert account.push(streams=("orders",)) == "repeated"
    assert account.run() == []


def test_by_the_platforms_own_id_where_it_gives_one(account):
    assert account.push(b"1", event_id="e1") == "woke"
    assert account.push(b"2", event_id="e1") == "repeated"
    assert account.push(b"1", event_id="e2") == "woke"


@pytest.mark.parametrize("side", [-1, 1])
def test_an_old_push_played_back_is_refused(account, time, side):
    moment = clock.now()
    assert account.push(b"1", sent_at=moment + side * REPLAY_WINDOW) == "woke"
    assert account.push(b"2", sent_at=moment + side * (REPLAY_WINDOW + timedelta(seconds=1))) == (
        "stale"
    )


def test_a_forged_one_wakes_nothing_and_blocks_nothing(account):
    account.connector.verify_push = lambda push: None
    assert account.wakes.receive("shop", PUSH) == Received("forged")
    assert account.run() == []
    account.connector.verify_push = lambda push: Wake(streams=("orders",))
    assert account.wakes.receive("shop", PUSH).result == "woke"


def test_a_bug_in_the_connector_is_told_without_what_was_sent(account):
    def fails(push):
        raise ValueError("the secret is 0815")

    account.connector.verify_push = fails
    with capture_logs() as logs:
        assert account.wakes.receive("shop", PUSH) == Received("failed")
    assert logs[0]["event"] == "push not understood"
    assert "0815" not in str(logs)


@pytest.mark.parametrize("name", ["nobody", "silent"])
def test_who_takes_no_pushes_is_unknown(world, account, name):
    world.add("silent")
    found = Wakes(world.runtime, lambda *_: None)
    before = counted("", "unknown")
    assert found.receive(name, PUSH) == Received("unknown")
    assert counted("", "unknown") == before + 1


def counted(account, result):
    value = metrics.REGISTRY.get_sample_value(
        "syncd_pushes_total", {"account": account, "result": result}
    )
    return value or 0


def test_what_it_remembers_is_bounded(account, monkeypatch):
    monkeypatch.setattr(wakes, "_REMEMBERED", 10)
    monkeypatch.setattr(wakes, "_MOST_NUMBERS", 5)
    for number in range(30):
        account.push(str(number).encode(), tracking_numbers=(f"TN{number}", f"TX{number}"))
    assert len(account.wakes._known) == 10
    assert account.push(b"29") == "repeated"
    assert len(account.wakes._pending["shop"].numbers) == 5


def test_a_look_that_somebody_waits_for_is_polled_once_for_each_asking(
    world, account, parcel, time
):
    assert account.run() == []
    world.store.follows.look_now(["TN1"], clock.now())
    assert account.run() == [("shop", "tracking")]
    assert account.run() == []  # its source may be down: the next poll comes at its turn

    with world.store.database.write() as connection:
        connection.exec_driver_sql("UPDATE follows SET asked_at = NULL")
    time(timedelta(minutes=1))
    world.store.follows.look_now(["TN1"], clock.now())
    assert account.run() == [("shop", "tracking")]


def test_nothing_runs_where_nobody_is_pushed_to_or_follows_parcels(world, account):
    assert account.wakes.needed
    account.connector.capabilities = frozenset({Capability.READ_MESSAGES})
    assert not account.wakes.needed
