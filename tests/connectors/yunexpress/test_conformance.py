"""The YunExpress connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.yunexpress import APP_ID, APP_SECRET, FakeYunExpress
from syncd_yunexpress import YunExpress

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"YT{index:016d}" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = YunExpress
    readme = Path(__file__).parents[3] / "connectors/yunexpress/README.md"
    secrets = (APP_SECRET,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("YUNEXPRESS", APP_SECRET)
        with FakeYunExpress() as fake:
            for number in NUMBERS:
                fake.add_event(number, "PICKED_UP", "Picked up", NOW - timedelta(days=2))
                fake.add_event(number, "MAIN_LINE_DEPART", "Departed", NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        return {"app_id": APP_ID, "app_secret": {"env": "YUNEXPRESS"}, "base_url": source.url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "DELIVERED", "Delivered", NOW, status="D")

    def edit_item(self, source, stream):
        source.parcels[NUMBERS[0]].scans[0]["track_node_code"] = "ORDER_CREATION"
        return True
