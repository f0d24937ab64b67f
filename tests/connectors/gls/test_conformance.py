"""The GLS connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.gls import FakeGLS
from syncd_gls import GLS


class TestConformance(CarrierConformance):
    connector_class = GLS
    fake_class = FakeGLS
    numbers = tuple(f"{36301917000 + index}" for index in range(25))
    correction = ("code", "INTIAL.PREADVICE")
