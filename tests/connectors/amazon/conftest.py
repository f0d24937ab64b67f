"""A fake Amazon and an account that points at it, both on the test's clock."""

from uuid import uuid4

import pytest

from syncd import clock
from syncd.connector import Context
from syncd.testing.amazon import FakeAmazon
from syncd_amazon import AmazonConfig, AmazonConnector


@pytest.fixture
def now(now, monkeypatch):
    """The budgets go by it too, and waiting for one's turn moves it."""
    monkeypatch.setattr(clock, "monotonic", now.monotonic)
    monkeypatch.setattr(clock, "sleep", lambda seconds: now.forward(seconds=seconds))
    return now


@pytest.fixture
def amazon(now):
    with FakeAmazon(now) as server:
        # The process keeps the budgets of a seller, and the clock of the next test begins anew.
        server.seller_id = f"A{uuid4().hex[:12].upper()}"
        yield server


@pytest.fixture
def connect(amazon, now, tokens, in_files, closing):
    """Makes connector objects; settings may be overridden."""
    secrets = in_files(client_secret=amazon.client_secret, refresh_token=amazon.refresh_token)

    def make(account="lamps", **settings):
        usual = {
            "seller_id": amazon.seller_id,
            "marketplaces": ["DE"],
            "client_id": amazon.client_id,
            "base_url": amazon.url,
        }
        config = AmazonConfig.model_validate(usual | secrets | settings)
        return closing(AmazonConnector(config, Context(account=account, now=now, tokens=tokens)))

    return make
