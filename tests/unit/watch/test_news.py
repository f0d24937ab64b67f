"""Good news: the shipping notice, and the end of a trouble."""

from datetime import timedelta

import pytest

from syncd import watch
from syncd.model import Milestone, OutboxState
from syncd.outbox import Sender


@pytest.fixture
def round_(world):
    return lambda: watch.run(world.runtime)


def rows(world):
    return [(row.cause, row.template, row.state) for row in world.outbox()]


class TestShipped:
    def test_the_buyer_hears_that_the_carrier_has_it_once(self, world, make, round_, time):
        world.playbook(when=("shipped",))
        world.bring(make.order(promise=9), make.shipment(), make.event(-2, Milestone.PRE_SHIPMENT))
        round_()
        assert rows(world) == [], "announced only"

        world.bring(make.event(-0.1, Milestone.ACCEPTED))
        round_()
        world.bring(make.event(0))
        round_()
        assert rows(world) == [("shipped", "shipped", OutboxState.PENDING)]
        assert world.store.look.open_findings() == {}

        Sender(world.runtime).run()
        ((_, draft),) = world.connectors["shop"].drafts
        assert "TN1" in draft.text
        assert "Scan: in_transit" in draft.text

    def test_not_what_left_long_before_syncd_knew(self, world, make, round_):
        world.playbook(when=("shipped",))
        world.bring(make.order(promise=9), make.shipment(), make.event(-3), make.event(0))
        round_()
        assert rows(world) == []

    def test_only_where_a_playbook_wants_it(self, world, make, round_):
        world.playbook(when=("arrived",))
        world.bring(make.order(promise=9), make.shipment(), make.event(0))
        round_()
        assert rows(world) == []

    def test_an_order_that_comes_later_is_told_of_then(self, world, make, round_):
        world.playbook(when=("shipped",))
        world.bring(make.shipment(), make.event(0))
        round_()
        world.bring(make.order(promise=9))
        round_()
        assert [cause for cause, *_ in rows(world)] == ["shipped"]


class TestArrived:
    @pytest.fixture
    def late(self, world, make, round_):
        world.playbook()
        world.playbook("good-end", when=("arrived",))
        world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
        round_()

    def test_a_buyer_who_was_told_of_the_trouble_hears_of_its_end_once(
        self, world, make, late, round_, time
    ):
        Sender(world.runtime).run()
        for day in (0, 0.01):
            world.bring(make.event(day, Milestone.DELIVERED))
            round_()
        assert [(cause, state) for cause, _, state in rows(world)] == [
            ("arrived", OutboxState.PENDING), ("delay", OutboxState.SENT),
        ]  # fmt: skip
        time(timedelta(minutes=1))
        Sender(world.runtime).run()
        assert {state for *_, state in rows(world)} == {OutboxState.SENT}

    def test_one_who_was_not_does_not(self, world, make, late, round_):
        world.bring(make.event(0, Milestone.DELIVERED))
        round_()
        Sender(world.runtime).run()
        assert [(cause, state) for cause, _, state in rows(world)] == [
            ("delay", OutboxState.OBSOLETE)
        ]
