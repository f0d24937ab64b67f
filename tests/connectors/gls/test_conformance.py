"""The GLS connector does what syncd relies on."""

from pathlib import Path

from syncd.testing.carrier import CLIENT_SECRET
from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.gls import FakeGLS
from syncd_gls import GLS


class TestConformance(CarrierConformance):
    connector_class = GLS
    fake_class = FakeGLS
    readme = Path(__file__).parents[3] / "connectors/gls/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    numbers = tuple(f"{36301917000 + index}" for index in range(25))
    correction = ("code", "INTIAL.PREADVICE")
