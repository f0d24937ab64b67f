"""A late parcel whose buyer is to be told, and the platform that keeps what reached them."""

import pytest

from syncd import watch
from syncd.model import NewNotice
from syncd.outbox import Sender


@pytest.fixture
def shop(world):
    return world.connectors["shop"]


@pytest.fixture
def late(world, make):
    """A parcel whose promise has passed; its notice waits in the outbox."""
    world.playbook()
    world.bring(make.order(promise=-3), make.shipment(), make.event(-4, text="Sorted in Leipzig"))
    watch.run(world.runtime)
    (row,) = world.outbox()
    return row


@pytest.fixture
def reply(world, make):
    """Queue an answer that somebody has written."""

    def queue(key="reply-1", account="shop", **fields):
        fields = {
            "recipient": make.buyer, "language": "en", "purpose": "reply", "text": "It is here",
            "subject": "Your order", "not_before": make.at(), **fields,
        }  # fmt: skip
        account_id = world.account(account).id
        world.store.outbox.queue(NewNotice(key=key, account_id=account_id, **fields), make.at())

    return queue


@pytest.fixture
def send(world):
    """A fresh sender does what is due."""
    return lambda **more: Sender(world.runtime).run(**more)
