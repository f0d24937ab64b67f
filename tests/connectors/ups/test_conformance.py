"""The UPS connector does what syncd relies on."""

from pathlib import Path

from syncd.testing.carrier import CLIENT_SECRET
from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.ups import FakeUps
from syncd_ups import Ups


class TestConformance(CarrierConformance):
    connector_class = Ups
    fake_class = FakeUps
    readme = Path(__file__).parents[3] / "connectors/ups/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    numbers = tuple(f"1Z023E2X02143234{index:02d}" for index in range(4))
    correction = ("status", {"type": "I", "statusCode": "038", "description": "Accepted"})
