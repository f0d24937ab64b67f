"""Trouble of an account that is switched off, or could not be made, is told when it is back."""

from datetime import timedelta

from syncd import watch


def test_trouble_found_meanwhile_is_told_then(world, make, time):
    world.playbook()
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4))
    account = world.account()
    world.remove("shop")
    watch.run(world.runtime)
    assert world.outbox() == []

    world._accounts["shop"] = account
    time(timedelta(hours=1))
    watch.run(world.runtime)
    assert [row.cause for row in world.outbox()] == ["delay"]
