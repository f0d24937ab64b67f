"""One parcel that a shop tells of several times: its buyer hears of each thing once."""

from datetime import timedelta

import pytest

from syncd.model import Milestone, Party


@pytest.fixture
def world(world_on_either):
    """Where buyers are told of news, too."""
    world_on_either.playbook()
    world_on_either.playbook("news", when=("shipped", "arrived"))
    return world_on_either


def test_two_lines_of_an_order_that_left_in_one_parcel(world, make, tell):
    """eBay makes a fulfillment of each line to which a seller gives the number by itself."""
    world.bring(make.order(promise=-3), make.shipment("f1"), make.shipment("f2"), make.event(-4))
    assert len(tell()) == 1


def test_two_orders_of_one_buyer_that_left_in_one_parcel(world, make, tell):
    for order, promise in (("o1", -3), ("o2", -2)):
        world.bring(make.order(order, promise=promise), make.shipment(order, order=order))
    world.bring(make.event(-4))
    assert len(tell()) == 1


def test_also_where_they_fall_late_one_after_the_other(world, make, time, tell):
    for order, promise in (("o1", -3), ("o2", 3)):
        world.bring(make.order(order, promise=promise), make.shipment(order, order=order))
    world.bring(make.event(-4))
    assert len(tell()) == 1
    time(timedelta(days=4))
    assert len(tell()) == 1


def test_its_arrival_is_told_once_too(world, make, tell):
    world.bring(make.order(promise=-3), make.shipment("f1"), make.shipment("f2"), make.event(-4))
    tell()
    world.bring(make.event(-0.1, Milestone.DELIVERED))
    assert len(tell()) == 2


def test_two_buyers_who_share_a_number_are_told_each(world, make, tell):
    for order, buyer in (("o1", make.buyer), ("o2", Party(id="buyer-2", name="Bob"))):
        world.bring(make.order(order, promise=-3, buyer=buyer), make.shipment(order, order=order))
    world.bring(make.event(-4))
    assert len(tell()) == 2


def test_two_parcels_of_one_order_are_told_of_each(world, make, tell):
    world.bring(make.order(promise=-3), make.shipment("f1"), make.shipment("f2", number="TN2"))
    world.bring(make.event(-4), make.event(-4, number="TN2"))
    assert len(tell()) == 2


def test_a_number_used_again_is_another_parcel(world, make, time, tell):
    world.bring(make.order("o1", promise=-3), make.shipment("f1", order="o1"), make.event(-4))
    assert len(tell()) == 1
    world.bring(make.event(-0.1, Milestone.DELIVERED))
    assert len(tell()) == 2
    time(timedelta(days=200))
    again = make.order("o2", placed_at=make.at(180), promise=195)
    world.bring(again, make.shipment("f2", order="o2", shipped_at=make.at(181)), make.event(182))
    assert len(tell()) == 3
