"""An account whose login was refused is left alone until there is another one."""

import time as real
from datetime import timedelta

import pytest
from msgspec.structs import replace
from structlog.testing import capture_logs

from syncd.connector import AccountConfig, AuthFailed
from syncd.model import NewNotice, OutboxState
from syncd.scheduler import Scheduler, jobs
from syncd.secret import Secret

TOLD = "there is another login, the account is tried again"


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
