"""A fake eBay and an account that points at it, both on the test's clock."""

import pytest

from syncd.connector import Context
from syncd.testing.ebay import FakeEbay
from syncd_ebay import EbayConfig, EbayConnector


@pytest.fixture
def ebay(now):
    with FakeEbay(now) as server:
        yield server


@pytest.fixture
def connect(ebay, now, in_files, closing):
    """Makes connector objects; settings may be overridden."""
    secrets = in_files(client_secret=ebay.client_secret, refresh_token=ebay.refresh_token)

    def make(**settings):
        usual = {
            "username": ebay.shop.seller,
            "client_id": ebay.client_id,
            "base_url": ebay.url,
        }
        config = EbayConfig(**{**usual, **secrets, **settings})
        return closing(EbayConnector(config, Context(account="lamps", now=now)))

    return make
