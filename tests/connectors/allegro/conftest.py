"""A fake Allegro and an account that points at it, both on a clock that the test moves."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import Context
from syncd.testing.allegro import FakeAllegro
from syncd_allegro import AllegroConfig, AllegroConnector


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
def _no_waiting(monkeypatch):
    """Turns of a budget and second tries wait a little: not here."""
    monkeypatch.setattr("syncd.clock.sleep", lambda _: None)


@pytest.fixture
def now():
    return Clock()


@pytest.fixture
def allegro(now):
    with FakeAllegro(now) as server:
        yield server


@pytest.fixture
def shop(allegro):
    return allegro.shop


@pytest.fixture
def connect(allegro, now, tmp_path):
    """Makes connector objects; settings and what is lent may be overridden."""
    made = []
    (tmp_path / "secret").write_text(f"{allegro.client_secret}\n")
    (tmp_path / "token").write_text(f"{allegro.refresh_token}\n")

    def make(lent=None, **settings):
        config = AllegroConfig(
            client_id=allegro.client_id,
            client_secret={"file": tmp_path / "secret"},
            refresh_token={"file": tmp_path / "token"},
            base_url=allegro.url,
        )
        config = AllegroConfig(**{**config.model_dump(), **settings})
        made.append(AllegroConnector(config, lent or Context(account="lamps", now=now)))
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
