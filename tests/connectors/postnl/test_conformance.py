"""The PostNL connector does what syncd relies on."""

from pathlib import Path

from syncd.testing.carrier import KEY
from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.postnl import FakePostNL
from syncd_postnl import PostNL


class TestConformance(CarrierConformance):
    connector_class = PostNL
    fake_class = FakePostNL
    readme = Path(__file__).parents[3] / "connectors/postnl/README.md"
    secrets = (KEY,)
    numbers = tuple(f"3SDEVC{index:09d}" for index in range(4))
    correction = ("Code", "J33")
