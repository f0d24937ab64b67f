"""An account whose login was refused is left alone until there is another one."""

import time as real
from datetime import timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from syncd import clock
from syncd.connector import AccountConfig, AuthFailed, NotPermitted
from syncd.model import NewNotice, OutboxState
from syncd.scheduler import Scheduler, jobs
from syncd.secret import Secret
from syncd.testing.scripted import ScriptedConnector

TOLD = "there is another login, the account is tried again"
TOLD_OF_STREAMS = "there is another login, what was not permitted is tried again"


class Login(AccountConfig):
    password: Secret


@pytest.fixture
def secret(tmp_path):
    path = tmp_path / "password"
    path.write_text("swordfish")
    return path


@pytest.fixture
def shop(world, secret):
    """An account with a password in a file, polled once an hour."""
    account = world.account()
    options = Login(password=Secret(file=secret))
    world._accounts["shop"] = replace(
        account, settings=account.settings.model_copy(update={"options": options})
    )
    return world.connectors["shop"]


@pytest.fixture
def running(world, shop, monkeypatch):
    """A scheduler that looks for other logins all the time; its login is refused at first."""
    monkeypatch.setattr(jobs, "UPKEEP_SECONDS", 0.05)
    shop.feed("messages", AuthFailed("HTTP 401"))
    scheduler = Scheduler(world.runtime, tick_seconds=0.05)
    with capture_logs() as logs:
        scheduler.start()
        until(world.store.accounts.suspended)
        yield lambda: [entry["account"] for entry in logs if entry["event"] == TOLD]
    assert scheduler.stop(10)


def until(condition, seconds=10.0):
    end = real.monotonic() + seconds
    while not condition():
        assert real.monotonic() < end, "it did not happen in time"
        real.sleep(0.005)


def polls(connector):
    return sum(stream == "messages" for stream, _ in connector.polled)


def test_it_is_not_tried_again_just_so(shop, running):
    real.sleep(0.4)
    assert (polls(shop), running()) == (1, [])


def test_a_new_consent_has_it_tried_again_once(world, shop, running):
    world.store.accounts.resume(world.account().id)  # as `syncd connect` does
    until(lambda: polls(shop) == 2)

    real.sleep(0.2)
    assert (polls(shop), running()) == (2, ["shop"])
    assert world.store.accounts.health()[0].failing_since is None


def test_so_has_another_secret_in_its_file(world, shop, secret, running):
    secret.write_text("hunter2")
    until(lambda: polls(shop) == 2)

    assert running() == ["shop"]
    assert world.store.accounts.suspended() == set()


def test_a_wrong_one_stops_it_anew_until_the_next(shop, secret, running):
    shop.feed("messages", AuthFailed("HTTP 401"))
    secret.unlink()
    until(lambda: polls(shop) == 2)
    real.sleep(0.2)
    assert polls(shop) == 2

    secret.write_text("hunter2")
    until(lambda: polls(shop) == 3)
    assert running() == ["shop", "shop"]


def test_what_could_not_be_sent_goes_out_then(world, shop, secret, running, make, time):
    secret.write_text("hunter2")
    until(lambda: polls(shop) == 2)
    shop.fail_send(AuthFailed("HTTP 401"))
    letter = NewNotice(
        key="reply-1", account_id=world.account().id, recipient=make.buyer, language="en",
        purpose="reply", text="It is here", not_before=make.at(),
    )  # fmt: skip
    world.store.outbox.queue(letter, make.at())
    until(world.store.accounts.suspended)
    time(timedelta(hours=2))
    real.sleep(0.3)
    assert len(shop.drafts) == 1

    secret.write_text("hunter3")
    time(timedelta(seconds=31))
    until(lambda: world.outbox(states=[OutboxState.SENT]))
    assert len(shop.drafts) == 2


def test_a_refusal_elsewhere_is_forgotten_once_the_daemons_own_login_works(world, shop):
    """As where somebody polls by hand with a wrong secret, and the daemon goes on with its own."""
    scheduler = Scheduler(world.runtime, tick_seconds=0.05)
    scheduler.start()
    try:
        account, kept, now = world.account(), world.store.accounts, clock.now()
        until(lambda: polls(shop) == 1 and kept.health()[0].succeeded_at)
        by_hand = kept.claim(account.id, "messages", owner="x", now=now, lease=timedelta(minutes=1))
        kept.failed(by_hand, AuthFailed("HTTP 401"), now=now, retry_at=now)
        kept.suspend(account.id, "HTTP 401", now)

        scheduler.poll_soon(account, "messages")
        until(lambda: polls(shop) == 2 and not kept.suspended())
    finally:
        assert scheduler.stop(10)


class TestNotPermitted:
    """A login that lacks a right for one stream is tried there when there is another, too."""

    @pytest.fixture
    def made(self, world, shop):
        """Connector objects that were made since the start, which know the new login."""
        objects = []

        def make():
            objects.append(ScriptedConnector(shop.context))
            return objects[-1]

        account = world.account()
        account.make = make
        return objects

    @pytest.fixture
    def running(self, world, shop, made, monkeypatch):
        monkeypatch.setattr(jobs, "UPKEEP_SECONDS", 0.05)
        shop.feed("messages", NotPermitted("HTTP 403", "give the app the right"))
        scheduler = Scheduler(world.runtime, tick_seconds=0.05)
        with capture_logs() as logs:
            scheduler.start()
            until(world.store.accounts.not_permitted)
            yield lambda: [
                (entry["account"], entry["streams"])
                for entry in logs
                if entry["event"] == TOLD_OF_STREAMS
            ]
        assert scheduler.stop(10)

    def test_it_is_not_tried_again_just_so(self, shop, made, running):
        real.sleep(0.4)
        assert (polls(shop), made, running()) == (1, [], [])

    def test_a_new_consent_has_that_stream_tried_again_once(self, world, made, running):
        world.store.accounts.resume(world.account().id)  # as `syncd connect` does
        until(lambda: made and polls(made[0]) == 1)

        real.sleep(0.2)
        assert [stream for stream, _ in made[0].polled] == ["messages"]
        assert (len(made), running()) == (1, [("shop", ["messages"])])
        assert world.store.accounts.not_permitted() == set()

    def test_so_has_another_secret_and_a_wrong_one_leaves_it_until_the_next(
        self, world, secret, made, running
    ):
        made_first = world.account().make
        world.account().make = lambda: refused(made_first())
        secret.write_text("hunter2")
        until(lambda: made and polls(made[0]) == 1)
        real.sleep(0.2)
        assert (len(made), polls(made[0])) == (1, 1)

        world.account().make = made_first
        secret.write_text("hunter3")
        until(lambda: len(made) == 2 and polls(made[1]) == 1)
        assert len(running()) == 2

    def test_an_object_that_cannot_be_made_leaves_the_old_one_in_place(
        self, world, shop, secret, running
    ):
        world.account().make = lambda: 1 / 0
        secret.write_text("hunter2")
        until(lambda: polls(shop) == 2)

        assert world.account().connector is shop

    def test_what_was_replaced_is_closed_with_the_others(self, world, shop, made):
        world.account().renew()
        assert not shop.closed

        world.account().close()
        assert (made[0].closed, shop.closed) == (True, True)


def refused(connector):
    connector.feed("messages", NotPermitted("HTTP 403", "give the app the right"))
    return connector
