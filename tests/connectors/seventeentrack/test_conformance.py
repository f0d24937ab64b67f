"""The 17TRACK connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.seventeentrack import KEY, Fake17Track
from syncd_seventeentrack import SeventeenTrack

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"RR{index:09d}CN" for index in range(100)]  # more than two calls hold


class TestConformance(ConnectorConformance):
    connector_class = SeventeenTrack
    readme = Path(__file__).parents[3] / "connectors/seventeentrack/README.md"
    secrets = (KEY,)

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("SEVENTEENTRACK", KEY)
        with Fake17Track(lambda: NOW) as fake:
            for number in NUMBERS:
                fake.add_event(number, "Posted", at=NOW - timedelta(days=2))
                fake.add_event(number, "Left", at=NOW - timedelta(days=1), zone_told=False)
            yield fake

    def config(self, source):
        return {"api_key": {"env": "SEVENTEENTRACK"}, "base_url": source.base_url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "Arrived")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].events[0]["sub_status"] = "InTransit_PickedUp"
        return True
