"""A fake Amazon and an account that points at it, both on a clock that the test moves."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from syncd import clock
from syncd.connector import Context, MemoryTokens
from syncd.testing.amazon import FakeAmazon
from syncd_amazon import AmazonConfig, AmazonConnector


class Clock:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __init__(self) -> None:
        self.moment = self.start

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> datetime:
        self.moment += timedelta(**step)
        return self.moment

    def monotonic(self) -> float:
        return (self.moment - self.start).total_seconds()


@pytest.fixture
def now(monkeypatch):
    """The budgets go by it too, and waiting for one's turn moves it."""
    time = Clock()
    monkeypatch.setattr(clock, "monotonic", time.monotonic)
    monkeypatch.setattr(clock, "sleep", lambda seconds: time.forward(seconds=seconds))
    return time


@pytest.fixture
def amazon(now):
    with FakeAmazon(now) as server:
        # The process keeps the budgets of a seller, and the clock of the next test begins anew.
        server.seller_id = f"A{uuid4().hex[:12].upper()}"
        yield server


@pytest.fixture
def tokens():
    return MemoryTokens()


@pytest.fixture
def connect(amazon, now, tokens, tmp_path):
    """Makes connector objects; settings may be overridden."""
    made = []
    (tmp_path / "secret").write_text(f"{amazon.client_secret}\n")
    (tmp_path / "token").write_text(f"{amazon.refresh_token}\n")

    def make(account="lamps", **settings):
        config = AmazonConfig.model_validate(
            {
                "seller_id": amazon.seller_id,
                "marketplaces": ["DE"],
                "client_id": amazon.client_id,
                "client_secret": {"file": tmp_path / "secret"},
                "refresh_token": {"file": tmp_path / "token"},
                "base_url": amazon.url,
            }
            | settings
        )
        made.append(AmazonConnector(config, Context(account=account, now=now, tokens=tokens)))
        return made[-1]

    yield make
    for connector in made:
        connector.close()


@pytest.fixture
def connector(connect):
    return connect()


@pytest.fixture
def read():
    """Gives all items of one poll, and the cursor behind them."""

    def poll(connector, stream="orders", cursor=None):
        items, cursor = [], cursor or {}
        for batch in connector.poll(stream, cursor):
            items += batch.items
            cursor = batch.cursor
        return items, cursor

    return poll
