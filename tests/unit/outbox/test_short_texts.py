"""Where a platform takes few characters, the buyer is told in fewer words."""

import pytest

from syncd import clock, watch
from syncd.model import OutboxState
from syncd.outbox import compose, where_is_it
from syncd.text.limits import rules

LONGEST = rules("mercadolibre").longest
EVENT = "The delivery could not be completed because nobody was there to sign for it " * 3


@pytest.fixture
def shop(shop, monkeypatch):
    monkeypatch.setattr(shop, "name", "mercadolibre")
    return shop


def test_the_buyer_is_told_in_the_short_form(world, shop, late, send):
    assert send() == 1

    ((_, draft),) = shop.drafts
    assert len(draft.text) <= LONGEST
    assert draft.language == "de"
    assert draft.text.startswith("Guten Tag, es tut uns leid: Das Paket zu Ihrer Bestellung")
    for fact in ("TN1", "Tracking: DHL", "Sorted in Leipzig"):
        assert fact in draft.text
    assert world.outbox()[0].state is OutboxState.SENT


def test_a_long_event_is_cut_and_the_number_and_the_site_are_not(world, shop, make, send):
    world.playbook()
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4, text=EVENT))
    watch.run(world.runtime)
    send()

    ((_, draft),) = shop.drafts
    assert len(draft.text) <= LONGEST
    assert "TN1" in draft.text
    assert "DHL" in draft.text
    assert ": The delivery could not be completed because nobody was" in draft.text
    assert "…\n" in draft.text


def test_what_a_person_is_shown_is_what_goes_out(world, shop, late, send):
    shown = compose(world.runtime, world.account("shop"), late, clock.now())
    send()

    assert shop.drafts[0][1].text == shown.text


def test_a_ready_reply_fits_as_well(world, shop, late):
    ready = where_is_it(world.runtime, late.shipment_id, "shop", clock.now())

    assert ready.problem is None
    assert len(ready.text) <= LONGEST
    assert "TN1" in ready.text


def test_what_is_too_long_even_so_is_for_a_person(world, shop, make, send):
    world.playbook()
    number = "9" * 300
    world.bring(make.order(promise=-3), make.shipment(number=number))
    world.bring(make.event(-4, number=number, text=EVENT))
    watch.run(world.runtime)
    send()

    (row,) = world.outbox()
    assert row.state is OutboxState.PERSON
    assert "350 are allowed" in row.reason
    assert shop.drafts == []
