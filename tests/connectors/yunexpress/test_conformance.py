"""The YunExpress connector does what syncd relies on."""

from syncd.testing.carrier_conformance import CarrierConformance
from syncd.testing.yunexpress import FakeYunExpress
from syncd_yunexpress import YunExpress


class TestConformance(CarrierConformance):
    connector_class = YunExpress
    fake_class = FakeYunExpress
    numbers = tuple(f"YT{index:016d}" for index in range(4))
    correction = ("track_node_code", "ORDER_CREATION")
