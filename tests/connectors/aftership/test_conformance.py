"""The AfterShip connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.aftership import KEY, WEBHOOK_SECRET, FakeAftership
from syncd.testing.conformance import ConnectorConformance
from syncd_aftership import Aftership

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"RR{index:09d}CN" for index in range(60)]  # more than one call holds


class TestConformance(ConnectorConformance):
    connector_class = Aftership
    readme = Path(__file__).parents[3] / "connectors/aftership/README.md"
    secrets = (KEY, WEBHOOK_SECRET)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("AFTERSHIP", KEY)
        monkeypatch.setenv("WEBHOOK", WEBHOOK_SECRET)
        with FakeAftership() as fake:
            for number in NUMBERS:
                fake.followed[number] = {"id": f"id-{number}", "active": True}
                fake.add_checkpoint(number, "Posted", NOW - timedelta(days=2))
                fake.add_checkpoint(number, "Left", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {
            "api_key": {"env": "AFTERSHIP"},
            "webhook_secret": {"env": "WEBHOOK"},
            "base_url": source.base_url,
        }

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_checkpoint(NUMBERS[-1], "Arrived", NOW)

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["subtag"] = "InTransit_002"
        return True
