"""The DHL connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.dhl import KEY, FakeDhl
from syncd_dhl import Dhl

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"0034043429213510{index:04d}" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = Dhl
    readme = Path(__file__).parents[3] / "connectors/dhl/README.md"
    secrets = (KEY,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("DHL", KEY)
        with FakeDhl() as fake:
            for number in NUMBERS:
                fake.add_event(number, "Announced", NOW - timedelta(days=2), code="pre-transit")
                fake.add_event(number, "On its way", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {
            "api_key": {"env": "DHL"},
            "base_url": source.base_url,
            "requests_per_poll": 100,
        }

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "Arrived", NOW)

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["statusCode"] = "transit"
        return True
