"""The GLS connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.carrier import CLIENT_ID, CLIENT_SECRET
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.gls import FakeGLS
from syncd_gls import GLS

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"{36301917000 + index}" for index in range(25)]  # more than two calls hold


class TestConformance(ConnectorConformance):
    connector_class = GLS
    readme = Path(__file__).parents[3] / "connectors/gls/README.md"
    secrets = (CLIENT_SECRET,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("GLS", CLIENT_SECRET)
        with FakeGLS() as fake:
            for number in NUMBERS:
                fake.add_event(number, "INTIAL.NORMAL", "Handed over", NOW - timedelta(days=2))
                fake.add_event(number, "INBOUD.NORMAL", "At the center", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        secret = {"env": "GLS"}
        return {"client_id": CLIENT_ID, "client_secret": secret, "base_url": source.url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "DELIVD.NORMAL", "Delivered", NOW, status="DELIVERED")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["code"] = "INTIAL.PREADVICE"
        return True
