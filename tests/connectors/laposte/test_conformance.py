"""The La Poste connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.laposte import FakeLaPoste
from syncd_laposte import LaPoste


class TestConformance(CarrierConformance):
    connector_class = LaPoste
    fake_class = FakeLaPoste
    numbers = tuple(f"6A{index:011d}" for index in range(25))
    correction = ("code", "PB1")
