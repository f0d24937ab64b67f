"""The FedEx connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.fedex import FakeFedex
from syncd_fedex import Fedex


class TestConformance(CarrierConformance):
    connector_class = Fedex
    fake_class = FakeFedex
    numbers = tuple(f"7760943376{index:02d}" for index in range(70))
    correction = ("eventType", "PU")
