"""Kept logins, as commands beside the daemon meet them."""

import base64
import os
import sys
from pathlib import Path
from subprocess import PIPE, STDOUT, Popen
from time import sleep

import pytest

from syncd.cli import exits
from syncd.testing.ebay import FakeEbay
from syncd.testing.server import Answer

RU_NAME = "Lamp_Shop-RuName"


@pytest.fixture
def ebay():
    with FakeEbay() as server:
        yield server


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "key"
    path.write_text(base64.b64encode(os.urandom(32)).decode())
    return path


@pytest.fixture
def shop(tmp_path, ebay, key, sqlite_url, command):
    """Runs verbs with an eBay account; `configure` writes its config anew."""
    (tmp_path / "secret").write_text(ebay.client_secret)
    (tmp_path / "token").write_text(ebay.refresh_token)
    path = tmp_path / "syncd.toml"

    def configure(*, key=key, token=True):
        lines = [
            "[store]",
            f'url = "{sqlite_url}"',
            f'key = {{ file = "{key}" }}' if key else "",
            "[accounts.lamps]",
            'connector = "ebay"',
            f'username = "{ebay.shop.seller}"',
            f'client_id = "{ebay.client_id}"',
            f'client_secret = {{ file = "{tmp_path}/secret" }}',
            f'ru_name = "{RU_NAME}"',
            f'base_url = "{ebay.url}"',
            f'refresh_token = {{ file = "{tmp_path}/token" }}' if token else "",
        ]
        path.write_text("\n".join(lines))

    configure()
    run = command(path)
    run.configure = configure
    return run


def test_a_token_changed_during_a_check_is_not_lost(shop, ebay):
    ebay.rotates = True
    assert shop("check-config", "--online").code == exits.OK
    ebay.expire_tokens()

    assert shop("poll", "lamps").code == exits.OK
    assert ebay.refresh_token == "v^1.1#refresh#2"


def test_a_check_makes_a_store_only_for_a_login_that_changes(shop, ebay, tmp_path):
    (tmp_path / "syncd.db").unlink()
    assert shop("check-config", "--online").code == exits.OK
    assert not (tmp_path / "syncd.db").exists()

    ebay.rotates = True
    assert shop("check-config", "--online").code == exits.OK
    ebay.expire_tokens()
    assert shop("poll", "lamps").code == exits.OK


class OnceEach(FakeEbay):
    """Takes each refresh token once; one that comes again ends the login. It answers slowly."""

    def __init__(self):
        super().__init__()
        self.rotates, self.shown, self.revoked = True, [], False

    def serve(self, request):
        answer = super().serve(request)
        if request.path.endswith("/token"):
            sleep(0.5)
        return answer

    def answer(self, request):
        if request.path.endswith("/token"):
            token = request.form()["refresh_token"]
            self.revoked = self.revoked or token in self.shown
            self.shown.append(token)
            if self.revoked:
                return Answer.json({"error": "invalid_grant"}, 400)
        return super().answer(request)


class TestBesideTheDaemon:
    @pytest.fixture
    def ebay(self):
        with OnceEach() as server:
            yield server

    def test_two_polls_at_the_same_instant_show_each_token_once(self, shop, ebay, tmp_path):
        poll = [sys.executable, "-m", "syncd", "--config", str(tmp_path / "syncd.toml"), "poll"]
        both = [
            Popen([*poll, "lamps", "--stream", stream], stdout=PIPE, stderr=STDOUT)
            for stream in ("messages", "orders")
        ]
        told = [process.communicate(timeout=60)[0] for process in both]
        assert [process.returncode for process in both] == [exits.OK, exits.OK], told
        assert ebay.shown == ["v^1.1#refresh"]
        assert not ebay.revoked


class TestTheKey:
    @pytest.fixture
    def kept(self, shop, ebay):
        """A login that the platform changed, so that the configured one is dead."""
        ebay.rotates = True
        assert shop("poll", "lamps").code == exits.OK

    @pytest.fixture(params=["poll", "check-config"])
    def verb(self, request):
        return {"poll": ["poll", "lamps"], "check-config": ["check-config", "--online"]}[
            request.param
        ]

    def test_another_key_is_a_mistake_in_the_config(self, kept, shop, verb, key):
        key.write_text(base64.b64encode(os.urandom(32)).decode())
        ended = shop(*verb)
        assert ended.code == exits.CONFIG
        assert "lamps: it was encrypted under another key" in ended.err
        assert "syncd connect lamps --forget" in ended.err

    def test_no_key_any_longer_is_one_too(self, kept, shop, verb):
        shop.configure(key=None)
        ended = shop(*verb)
        assert ended.code == exits.CONFIG
        assert "[store] key is not set" in ended.err

    def test_what_is_no_key_is_one_too(self, shop, verb, key):
        key.write_text("hunter2")
        ended = shop(*verb)
        assert ended.code == exits.CONFIG
        assert "openssl rand -base64 32" in ended.err
        assert "hunter2" not in ended.err

    def test_a_key_that_is_not_there_is_one_too(self, shop, verb, key):
        key.unlink()
        ended = shop(*verb)
        assert ended.code == exits.CONFIG
        assert str(key) in ended.err


def test_no_verb_shows_a_login(shop, ebay, sqlite_url):
    ebay.rotates = True
    ended = [shop("-v", "poll", "lamps"), shop("check-config", "--show", "--online", "--json")]
    said = "".join(each.out + each.err for each in ended)
    stored = Path(sqlite_url.removeprefix("sqlite:///")).read_bytes()
    for secret in ("v^1.1#refresh", "v^1.1#access", ebay.client_secret):
        assert secret not in said
        assert secret.encode() not in stored
