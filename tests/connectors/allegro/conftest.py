"""A fake Allegro and an account that points at it, both on the test's clock."""

import pytest

from syncd.connector import Context
from syncd.testing.allegro import FakeAllegro
from syncd_allegro import AllegroConfig, AllegroConnector


@pytest.fixture(autouse=True)
def _at_once(no_waiting):
    pass


@pytest.fixture
def allegro(now):
    with FakeAllegro(now) as server:
        yield server


@pytest.fixture
def shop(allegro):
    return allegro.shop


@pytest.fixture
def connect(allegro, now, in_files, closing):
    """Makes connector objects; settings and what is lent may be overridden."""
    secrets = in_files(client_secret=allegro.client_secret, refresh_token=allegro.refresh_token)

    def make(lent=None, **settings):
        usual = {"client_id": allegro.client_id, "base_url": allegro.url}
        config = AllegroConfig(**{**usual, **secrets, **settings})
        return closing(AllegroConnector(config, lent or Context(account="lamps", now=now)))

    return make
