"""The Royal Mail connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.royalmail import FakeRoyalMail
from syncd_royalmail import RoyalMail


class TestConformance(CarrierConformance):
    connector_class = RoyalMail
    fake_class = FakeRoyalMail
    numbers = tuple(f"FQ{index:09d}GB" for index in range(4))
    correction = ("eventCode", "EVGMI")
