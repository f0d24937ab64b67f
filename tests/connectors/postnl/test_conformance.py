"""The PostNL connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.postnl import FakePostNL
from syncd_postnl import PostNL


class TestConformance(CarrierConformance):
    connector_class = PostNL
    fake_class = FakePostNL
    numbers = tuple(f"3SDEVC{index:09d}" for index in range(4))
    correction = ("Code", "J33")
