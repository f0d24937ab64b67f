"""A fake TikTok Shop and an account that points at it, both on a clock that the test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import Context, MemoryTokens
from syncd.testing.tiktokshop import FakeTikTokShop
from syncd_tiktokshop import TikTokShop, TikTokShopConfig


class Clock:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __init__(self) -> None:
        self.moment = self.start

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> datetime:
        self.moment += timedelta(**step)
        return self.moment


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def tiktok(now):
    with FakeTikTokShop(now) as server:
        yield server


@pytest.fixture
def shop(tiktok):
    return tiktok.shop


@pytest.fixture
def connect(tiktok, now, tmp_path):
    """Makes connector objects, as processes with the same kept tokens do; settings may be overridden."""
    made, tokens = [], MemoryTokens()
    (tmp_path / "secret").write_text(f"{tiktok.app_secret}\n")
    (tmp_path / "token").write_text(f"{tiktok.refresh_token}\n")

    def make(**settings):
        usual = {
            "app_key": tiktok.app_key,
            "app_secret": {"file": tmp_path / "secret"},
            "refresh_token": {"file": tmp_path / "token"},
            "service_id": tiktok.service_id,
            "base_url": tiktok.url,
        }
        config = TikTokShopConfig(**{**usual, **settings})
        context = Context(account="lamps", now=now, tokens=tokens)
        made.append(TikTokShop(config, context))
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

    def poll(connector, stream, cursor=None):
        items, cursor = [], cursor or {}
        for batch in connector.poll(stream, cursor):
            items += batch.items
            cursor = batch.cursor
        return items, cursor

    return poll
