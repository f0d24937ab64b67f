"""The La Poste connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.laposte import KEY, FakeLaPoste
from syncd_laposte import LaPoste

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"6A{index:011d}" for index in range(25)]  # more than two calls hold


class TestConformance(ConnectorConformance):
    connector_class = LaPoste
    readme = Path(__file__).parents[3] / "connectors/laposte/README.md"
    secrets = (KEY,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("LAPOSTE", KEY)
        with FakeLaPoste() as fake:
            for number in NUMBERS:
                fake.add_event(number, "PC1", "Pris en charge", at=NOW - timedelta(days=2))
                fake.add_event(number, "ET1", "En cours", at=NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {"api_key": {"env": "LAPOSTE"}, "base_url": source.base_url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "DI1", "Distribué", at=NOW)

    def edit_item(self, source, stream):
        source.shipments[NUMBERS[0]]["event"][0]["code"] = "PB1"
        return True
