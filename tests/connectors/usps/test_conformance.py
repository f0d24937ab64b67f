"""The USPS connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.usps import FakeUsps
from syncd_usps import Usps


class TestConformance(CarrierConformance):
    connector_class = Usps
    fake_class = FakeUsps
    numbers = tuple(f"94001091042505329085{index:02d}" for index in range(4))
    correction = ("eventCode", "03")
