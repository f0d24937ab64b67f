"""The eBay connector keeps to what syncd relies on in every connector."""

from datetime import timedelta
from pathlib import Path

import pytest

from syncd import clock
from syncd.model import Draft, Party
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.ebay import FakeEbay
from syncd_ebay import EbayConnector


class TestConformance(ConnectorConformance):
    connector_class = EbayConnector
    readme = Path(__file__).parents[3] / "connectors" / "ebay" / "README.md"
    secrets = ("cert-id", "v^1.1#refresh", "v^1.1#access")
    send_path = "/send_message"

    @pytest.fixture
    def source(self, monkeypatch):
        with FakeEbay() as ebay:
            monkeypatch.setenv("EBAY_SECRET", ebay.client_secret)
            monkeypatch.setenv("EBAY_TOKEN", ebay.refresh_token)
            began = clock.now() - timedelta(days=30)
            for n in range(60):
                at = began + timedelta(hours=n)
                ebay.add_message(f"buyer-{n}", "Hello", at=at)
                order = ebay.add_order(f"buyer-{n}", at=at)
                ebay.fulfil(order, f"RB{n:09d}CN", at=at)
            yield ebay

    def config(self, source):
        return {
            "username": source.shop.seller,
            "client_id": source.client_id,
            "client_secret": {"env": "EBAY_SECRET"},
            "refresh_token": {"env": "EBAY_TOKEN"},
            "base_url": source.url,
        }

    def add_item(self, source, stream):
        if stream == "messages":
            source.add_message("buyer-1", "And now?")
        else:
            source.add_order("buyer-1")

    def edit_item(self, source, stream):
        if stream == "messages":
            return False  # messages cannot be edited on eBay
        source.cancel(next(iter(source.shop.orders)))
        return True

    def draft(self, source):
        buyer, order = Party(id="buyer-1"), list(source.shop.orders)[1]
        return Draft(text="It is late.", buyer=buyer, order_id=order, created_at=clock.now())

    def refused_draft(self, source):
        return Draft(text="Write to me@example.org", buyer=Party(id="buyer-1"))

    def arrived(self, source):
        return len(source.sent)
