"""The Royal Mail connector does what syncd relies on."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.royalmail import CLIENT_ID, CLIENT_SECRET, FakeRoyalMail
from syncd_royalmail import RoyalMail

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
NUMBERS = [f"FQ{index:09d}GB" for index in range(4)]


class TestConformance(ConnectorConformance):
    connector_class = RoyalMail
    readme = Path(__file__).parents[3] / "connectors/royalmail/README.md"
    secrets = (CLIENT_SECRET,)
    resends_last = True

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("ROYALMAIL", CLIENT_SECRET)
        with FakeRoyalMail() as fake:
            for number in NUMBERS:
                fake.add_event(number, "EVPPA", "Accepted", at=NOW - timedelta(days=2))
                fake.add_event(number, "EVDAC", "In transit", at=NOW - timedelta(days=1))
            yield fake

    def config(self, source):
        secret = {"env": "ROYALMAIL"}
        return {"client_id": CLIENT_ID, "client_secret": secret, "base_url": source.base_url}

    def context(self, source, account):
        parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source, stream):
        source.add_event(NUMBERS[-1], "EVKSP", "Delivered", at=NOW)

    def edit_item(self, source, stream):
        source.pieces[NUMBERS[0]]["events"][0]["eventCode"] = "EVGMI"
        return True
