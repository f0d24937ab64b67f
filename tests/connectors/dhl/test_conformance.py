"""The DHL connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.dhl import FakeDhl
from syncd_dhl import Dhl


class TestConformance(CarrierConformance):
    connector_class = Dhl
    fake_class = FakeDhl
    numbers = tuple(f"0034043429213510{index:04d}" for index in range(4))
    correction = ("statusCode", "pre-transit")
