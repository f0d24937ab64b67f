"""The USPS connector does what syncd relies on."""

from pathlib import Path

from syncd.testing.carrier import CLIENT_SECRET
from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.usps import FakeUsps
from syncd_usps import Usps


class TestConformance(CarrierConformance):
    connector_class = Usps
    fake_class = FakeUsps
    readme = Path(__file__).parents[3] / "connectors/usps/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    numbers = tuple(f"94001091042505329085{index:02d}" for index in range(4))
    correction = ("eventCode", "03")
