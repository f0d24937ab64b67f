"""A fake TikTok Shop and an account that points at it, both on the test's clock."""

import pytest

from syncd.connector import Context
from syncd.testing.tiktokshop import FakeTikTokShop
from syncd_tiktokshop import TikTokShop, TikTokShopConfig


@pytest.fixture
def tiktok(now):
    with FakeTikTokShop(now) as server:
        yield server


@pytest.fixture
def shop(tiktok):
    return tiktok.shop


@pytest.fixture
def connect(tiktok, now, tokens, in_files, closing):
    """Makes connector objects, as processes sharing kept tokens do; settings may be overridden."""
    secrets = in_files(app_secret=tiktok.app_secret, refresh_token=tiktok.refresh_token)

    def make(**settings):
        usual = {
            "app_key": tiktok.app_key,
            "service_id": tiktok.service_id,
            "base_url": tiktok.url,
        }
        config = TikTokShopConfig(**{**usual, **secrets, **settings})
        return closing(TikTokShop(config, Context(account="lamps", now=now, tokens=tokens)))

    return make
