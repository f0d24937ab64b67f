"""The FedEx connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.carrier import CLIENT_ID, CLIENT_SECRET
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.fedex import FakeFedex
from syncd_fedex import Fedex

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"7760943376{index:02d}" for index in range(70)]  # more than two calls hold


class TestConformance(ConnectorConformance):
    connector_class = Fedex
    readme = Path(__file__).parents[3] / "connectors/fedex/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("FEDEX", CLIENT_SECRET)
        with FakeFedex() as fake:
            for number in NUMBERS:
                fake.add_scan(number, "Shipment information sent", NOW - timedelta(2), code="OC")
                fake.add_scan(number, "On the way", NOW - timedelta(1))
            yield fake

    def config(self, source):
        return {"client_id": CLIENT_ID, "client_secret": {"env": "FEDEX"}, "base_url": source.url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_scan(NUMBERS[-1], "Delivered", NOW, code="DL")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["eventType"] = "PU"
        return True
