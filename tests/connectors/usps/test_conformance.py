"""The USPS connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.carrier import CLIENT_ID, CLIENT_SECRET
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.usps import FakeUsps
from syncd_usps import Usps

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"94001091042505329085{index:02d}" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = Usps
    readme = Path(__file__).parents[3] / "connectors/usps/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("USPS", CLIENT_SECRET)
        with FakeUsps() as fake:
            for number in NUMBERS:
                fake.add_event(number, "Label Created", NOW - timedelta(days=2), code="GX")
                fake.add_event(number, "Arrived", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {"client_id": CLIENT_ID, "client_secret": {"env": "USPS"}, "base_url": source.url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "Delivered", NOW, code="01")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["eventCode"] = "03"
        return True
