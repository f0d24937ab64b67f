"""The UPS connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.ups import FakeUps
from syncd_ups import Ups


class TestConformance(CarrierConformance):
    connector_class = Ups
    fake_class = FakeUps
    numbers = tuple(f"1Z023E2X02143234{index:02d}" for index in range(4))
    correction = ("status", {"type": "I", "statusCode": "038", "description": "Accepted"})
