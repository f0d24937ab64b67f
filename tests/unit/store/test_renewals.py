"""A login is renewed by one process at a time, whichever database they share and whoever dies."""

import base64
import multiprocessing
import os
import signal
import threading
import time as real_time
from datetime import timedelta
from pathlib import Path

import pytest

from syncd import clock
from syncd.connector import Consent, Unavailable
from syncd.http import OAuth2
from syncd.secret import Secret
from syncd.store import Store, Vault, renewals
from syncd.testing.server import Answer, FakeServer, Fault, route

SPAWN = multiprocessing.get_context("spawn")
SOON = 30


class Platform(FakeServer):
    """Takes each refresh token once; one that comes again ends the whole login, for good."""

    def __init__(self):
        super().__init__()
        self.current, self.given, self.revoked = "r0", 0, False
        self.slow = 0.0
        self.asked = threading.Event()

    def serve(self, request):
        self.asked.set()
        answer = super().serve(request)
        real_time.sleep(self.slow)  # the answer is under way while the other process asks
        return answer

    @route("POST", "/token")
    def token(self, request):
        form = request.form()
        shown = form.get("refresh_token") or form.get("code")
        if self.revoked or shown not in {self.current, "consent"}:
            self.revoked = True
            return Answer.json({"error": "invalid_grant"}, 400)
        self.given += 1
        self.current = f"r{self.given}"
        return Answer.json({"access_token": f"a{self.given}", "refresh_token": self.current})


@pytest.fixture
def platform():
    with Platform() as server:
        yield server


@pytest.fixture
def login(store, store_url, platform, tmp_path):
    """What a process needs to sign in."""
    key, token = tmp_path / "key", tmp_path / "token"
    key.write_text(base64.b64encode(os.urandom(32)).decode())
    token.write_text("r0")
    account_id = store.accounts.register("shop", "ebay", clock.now())
    return store_url, account_id, platform.url, key, token


def signed_in(store, login):
    _, account_id, url, key, token = login
    return OAuth2(
        f"{url}/token",
        client_id="app",
        client_secret=None,
        refresh_token=Secret(file=Path(token)),
        now=clock.now,
        tokens=store.tokens.keeper("shop", account_id, Vault(Secret(file=Path(key))), clock.now),
    )


def renew(login, ready, told):
    """One process: it signs in as soon as all are ready."""
    store = Store(login[0])
    auth = signed_in(store, login)
    ready.wait(SOON)
    try:
        told.put(auth.access_token())
    except Exception as error:  # noqa: BLE001  told to the test
        told.put(repr(error))
    finally:
        store.close()


@pytest.fixture
def start(login):
    """Processes that sign in at the same instant; gives them, and what they will tell."""
    began, barriers = [], []  # a barrier lives as long as this process knows it

    def run(count):
        ready, told = SPAWN.Barrier(count), SPAWN.Queue()
        barriers.append(ready)
        processes = [SPAWN.Process(target=renew, args=(login, ready, told)) for _ in range(count)]
        began.extend(processes)
        for process in processes:
            process.start()
        return processes, told

    yield run
    for process in began:
        process.join(SOON)
        assert process.exitcode is not None
        process.close()


def test_two_processes_at_the_same_instant_show_each_token_once(platform, start):
    platform.slow = 0.3
    _, told = start(2)
    assert [told.get(timeout=SOON), told.get(timeout=SOON)] == ["a1", "a1"]
    assert platform.given == 1
    assert not platform.revoked


def test_a_process_that_dies_in_its_turn_holds_up_nobody(platform, start, store, login):
    platform.fail(Fault.TIMEOUT, seconds=1)  # it has asked, and nothing was carried out
    [process], _ = start(1)
    assert platform.asked.wait(SOON)
    os.kill(process.pid, signal.SIGKILL)
    process.join(SOON)

    began = real_time.monotonic()
    assert signed_in(store, login).access_token() == "a1"
    assert real_time.monotonic() - began < renewals.PATIENCE_SECONDS
    assert not platform.revoked


class TestTurns:
    @pytest.fixture
    def turns(self, store, time, monkeypatch):
        """Turns of account 1, of processes not this machine's: nobody knows who is dead."""
        monkeypatch.setattr("syncd.process.name", lambda: "elsewhere:1:1")
        monkeypatch.setattr(clock, "sleep", lambda seconds: time(timedelta(seconds=seconds)))
        monkeypatch.setattr(clock, "monotonic", lambda: clock.now().timestamp())
        return lambda: store.tokens.renewals.turn(1, clock.now)

    def test_whoever_waits_in_vain_is_told_to_come_back(self, turns):
        with turns(), pytest.raises(Unavailable, match="another process") as told, turns():
            pass
        assert told.value.retry_after == renewals.PATIENCE_SECONDS
        with turns():  # it was given back
            pass

    def test_one_that_is_never_given_back_ends_by_itself(self, turns, time):
        lost = turns()
        lost.__enter__()
        with pytest.raises(Unavailable), turns():
            pass
        time(renewals.LEASE)
        with turns():
            pass

    def test_one_that_took_too_long_does_not_end_the_next(self, turns, time):
        late = turns()
        late.__enter__()
        time(renewals.LEASE)
        with turns():
            late.__exit__(None, None, None)
            with pytest.raises(Unavailable), turns():
                pass

    def test_no_transaction_is_open_meanwhile(self, turns, store, time):
        with turns():
            store.accounts.register("another", "ebay", clock.now())

    def test_accounts_do_not_wait_for_each_other(self, turns, store):
        with turns(), store.tokens.renewals.turn(2, clock.now):
            pass

    def test_a_store_that_does_not_answer_is_told(self, turns, store, select):
        with store.database.write() as connection:
            connection.exec_driver_sql("ALTER TABLE renewals RENAME TO gone")
        try:
            with pytest.raises(Unavailable, match="no turn"), turns():
                pass
        finally:
            with store.database.write() as connection:
                connection.exec_driver_sql("ALTER TABLE gone RENAME TO renewals")


def test_a_consent_waits_for_a_renewal_and_is_not_overwritten_by_it(platform, store, login):
    daemon, connect = signed_in(store, login), signed_in(store, login)
    platform.slow = 0.3
    renewing = threading.Thread(target=daemon.access_token)
    renewing.start()
    assert platform.asked.wait(SOON)
    consent = Consent(state="s", redirect="http://127.0.0.1/", verifier="v")
    connect.exchange("consent", redirect=consent.redirect)
    renewing.join(SOON)

    assert platform.given == 2
    later = signed_in(store, login)
    assert later.access_token() == "a2"
    assert later.renew(later.headers())
    assert not platform.revoked
