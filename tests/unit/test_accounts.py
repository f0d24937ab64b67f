"""An account whose connector object can be replaced by one that has another login."""

import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest

from syncd.accounts import Runtime
from syncd.config import AccountSettings, Settings
from syncd.connector import AccountConfig, Connector
from syncd.plugins import Plugins
from syncd.store import StoreUnavailable
from syncd.store.accounts import AccountStore


class Remembering(Connector):
    """Takes its token when it is made, and goes on with it as long as the platform takes it."""

    name = "remembering"
    config_type = AccountConfig
    streams = dict.fromkeys(("messages",), timedelta(minutes=1))

    def __init__(self, config, context):
        super().__init__(config, context)
        self.token = context.tokens.load("access_token")
        self.closed = False

    def close(self):
        self.closed = True


@pytest.fixture
def runtime(sqlite_url, time):
    settings = Settings.model_validate({"store": {"url": sqlite_url}})
    shop = AccountSettings(name="shop", connector="remembering", options=AccountConfig())
    settings = settings.model_copy(update={"accounts": {"shop": shop}})
    opened = Runtime.open(settings, Plugins(connectors={"remembering": Remembering}))
    yield opened
    opened.close()


def test_a_renewed_one_has_the_login_of_now_and_the_same_settings(runtime):
    account = runtime.accounts["shop"]
    before = account.connector
    before.context.tokens.save("access_token", "wider")
    account.renew()

    assert (before.token, account.connector.token) == (None, "wider")
    assert account.connector.config is before.config
    assert runtime.by_id(account.id) is account
    assert not before.closed


def test_all_that_served_it_are_closed_at_the_end(runtime):
    account = runtime.accounts["shop"]
    objects = [account.connector]
    for _ in range(2):
        account.renew()
        objects.append(account.connector)
    account.close()

    assert [each.closed for each in objects] == [True] * 3


class Choosy(Connector):
    """Takes none of its settings."""

    name = "choosy"
    config_type = AccountConfig
    streams = dict.fromkeys(("messages",), timedelta(minutes=1))

    def __init__(self, config, context):
        raise ZeroDivisionError("a bug of its author's")


def test_one_that_cannot_be_made_is_left_out_and_the_others_work(sqlite_url, time):
    settings = Settings.model_validate({"store": {"url": sqlite_url}})
    accounts = {
        name: AccountSettings(name=name, connector=connector, options=AccountConfig())
        for name, connector in (("bad", "choosy"), ("shop", "remembering"))
    }
    plugins = Plugins(connectors={"choosy": Choosy, "remembering": Remembering})
    with closing(Runtime.open(settings.model_copy(update={"accounts": accounts}), plugins)) as it:
        assert it.accounts.keys() == {"shop"}
        assert it.broken == {"bad": "ZeroDivisionError: a bug of its author's"}


def test_a_store_that_does_not_answer_costs_no_account(sqlite_url, time, monkeypatch):
    """Left out, they would be missing until the next reload."""
    made = []

    class Counted(Remembering):
        def __init__(self, config, context):
            super().__init__(config, context)
            made.append(self)

    def register(*_):
        if made:
            raise sqlite3.OperationalError("database is locked")
        return 1

    monkeypatch.setattr(AccountStore, "register", register)
    both = {
        name: AccountSettings(name=name, connector="remembering", options=AccountConfig())
        for name in ("first", "second")
    }
    settings = Settings.model_validate({"store": {"url": sqlite_url}})
    said = r"^the store sqlite:///.* does not answer: database is locked$"
    with pytest.raises(StoreUnavailable, match=said):
        Runtime.open(
            settings.model_copy(update={"accounts": both}),
            Plugins(connectors={"remembering": Counted}),
        )
    assert [each.closed for each in made] == [True]
