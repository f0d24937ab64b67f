"""The FedEx connector does what syncd relies on."""

from pathlib import Path

from syncd.testing.carrier import CLIENT_SECRET
from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.fedex import FakeFedex
from syncd_fedex import Fedex


class TestConformance(CarrierConformance):
    connector_class = Fedex
    fake_class = FakeFedex
    readme = Path(__file__).parents[3] / "connectors/fedex/README.md"
    secrets = (CLIENT_SECRET, "access-1")
    numbers = tuple(f"7760943376{index:02d}" for index in range(70))
    correction = ("eventType", "PU")
