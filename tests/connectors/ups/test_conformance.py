"""The UPS connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.carrier import CLIENT_ID, CLIENT_SECRET
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.ups import FakeUps
from syncd_ups import Ups

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"1Z023E2X02143234{index:02d}" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = Ups
    readme = Path(__file__).parents[3] / "connectors/ups/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("UPS", CLIENT_SECRET)
        with FakeUps() as fake:
            for number in NUMBERS:
                fake.add_activity(number, "Label", NOW - timedelta(days=2), status="003")
                fake.add_activity(number, "On the Way", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {"client_id": CLIENT_ID, "client_secret": {"env": "UPS"}, "base_url": source.url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_activity(NUMBERS[-1], "Delivered", NOW, status="011")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["status"]["statusCode"] = "038"
        return True
