"""The PostNL connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.postnl import KEY, FakePostNL
from syncd_postnl import PostNL

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"3SDEVC{index:09d}" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = PostNL
    readme = Path(__file__).parents[3] / "connectors/postnl/README.md"
    secrets = (KEY,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("POSTNL", KEY)
        with FakePostNL() as fake:
            for number in NUMBERS:
                fake.add_event(number, "B01", "Ontvangen", at=NOW - timedelta(days=2))
                fake.add_event(number, "J01", "Gesorteerd", at=NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {"api_key": {"env": "POSTNL"}, "base_url": source.base_url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "I01", "Bezorgd", at=NOW)

    def edit_item(self, source, stream):
        source.shipments[NUMBERS[0]]["Event"][0]["Code"] = "J33"
        return True
