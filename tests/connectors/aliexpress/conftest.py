"""A fake AliExpress and accounts that point at it, all on a clock that the test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd import clock
from syncd.connector import Context, MemoryTokens
from syncd.testing.aliexpress import FakeAliExpress
from syncd_aliexpress import AliExpress, AliExpressLegacy


class Clock:
    start = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)

    def __init__(self) -> None:
        self.moment = self.start

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **step: float) -> datetime:
        self.moment += timedelta(**step)
        return self.moment


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(clock, "sleep", lambda _: None)


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def aliexpress(now):
    with FakeAliExpress(now) as server:
        yield server


@pytest.fixture
def shop(aliexpress):
    return aliexpress.shop


@pytest.fixture
def tokens():
    return MemoryTokens()


@pytest.fixture
def connect(aliexpress, now, tokens, tmp_path):
    """Makes connector objects; settings may be overridden."""
    made = []
    (tmp_path / "secret").write_text(f"{aliexpress.app_secret}\n")
    (tmp_path / "token").write_text(f"{aliexpress.refresh_token}\n")

    def make(kind=AliExpress, **settings):
        written = {
            "app_key": aliexpress.app_key,
            "app_secret": {"file": tmp_path / "secret"},
            "refresh_token": {"file": tmp_path / "token"},
            "base_url": aliexpress.url,
        }
        config = kind.Config.model_validate(written | settings)
        made.append(kind(config, Context(account="lamps", now=now, tokens=tokens)))
        return made[-1]

    yield make
    for connector in made:
        connector.close()


@pytest.fixture
def connector(connect):
    return connect()


@pytest.fixture
def legacy(connect, shop):
    return connect(AliExpressLegacy, seller_login=shop.seller)


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


@pytest.fixture
def calls(aliexpress):
    """Gives the fields of the requests that a call has made so far."""

    def made(call):
        return [
            {name: values[0] for name, values in request.query.items()}
            for request in aliexpress.requests
            if request.path.endswith(call)
        ]

    return made
