"""The ready reply to a buyer who asks where a parcel is: from which account, by whose rules."""

from syncd import clock
from syncd.outbox import where_is_it


def written(world):
    return where_is_it(world.runtime, 1, "shop", clock.now())


def test_it_is_for_the_account_in_which_the_buyer_spoke_last(world, make):
    world.add("mail")
    world.bring(make.order(), make.shipment(), make.event(-1))
    assert written(world).account == "shop"
    world.bring(make.message(order_ids=("12-00001-00001",)), account="mail")
    assert written(world).account == "mail"


def test_a_text_that_the_platform_does_not_take_is_none(world, make):
    called = make.event(-1, text="Call +49 170 1234567")
    world.bring(make.order(), make.shipment(), called)
    assert (written(world).text, "contact data" in written(world).problem) == (None, True)
