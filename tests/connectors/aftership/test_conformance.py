"""The AfterShip connector does what syncd relies on."""

from syncd.testing.aftership import FakeAftership
from syncd.testing.carrier_conformance import CarrierConformance
from syncd_aftership import Aftership


class TestConformance(CarrierConformance):
    connector_class = Aftership
    fake_class = FakeAftership
    numbers = tuple(f"RR{index:09d}CN" for index in range(60))
    correction = ("subtag", "InTransit_002")

    def send_off(self, fake, number):
        fake.followed[number] = {"id": f"id-{number}", "active": True}
        fake.size = 20  # of the 50 that are asked for at once
        super().send_off(fake, number)
