"""Which orders messages are about where their source does not say: by what their texts name."""

from collections.abc import Collection, Mapping, Sequence

import msgspec

from syncd.model import Direction, Message, MessageKind
from syncd.rules.recognise import find_in_text
from syncd.store import IngestTransaction
from syncd.text import order_ids

# Of a text, so many characters are looked through for tracking numbers: people name theirs early,
# and what follows is what they answer. A mail of nothing but digits takes 5 us for each.
_LOOKED_THROUGH = 4000

_HUMAN, _INBOUND = MessageKind.HUMAN, Direction.INBOUND

New = list[tuple[Message, bytes]]
"""Messages with their content hashes."""

Numbers = dict[str, tuple[str, ...]]
"""Tracking numbers by the source id of the message that they stand in."""


def with_orders(tx: IngestTransaction, new: New) -> tuple[New, Numbers]:
    """These with the orders that they mention, where their source names none.

    An order's id counts as it stands. A tracking number stands for the orders whose parcels have
    it, and counts in what buyers write where no order is named. Beside the messages, the numbers
    that no parcel has yet.
    """
    new = [pair if pair[0].order_ids else (_with_named(pair[0]), pair[1]) for pair in new]
    numbers = {
        message.source_id: found
        for message, _ in new
        if not message.order_ids and (found := _numbers(message))
    }
    if not numbers:
        return new, {}
    orders = tx.parcels.orders_of({number for found in numbers.values() for number in found})
    waiting = {
        source_id: unknown
        for source_id, found in numbers.items()
        if (unknown := tuple(number for number in found if number not in orders))
    }
    return [(_with_parcels(each, numbers, orders), digest) for each, digest in new], waiting


def _with_named(message: Message) -> Message:
    found = order_ids.find(_said(message))
    return msgspec.structs.replace(message, order_ids=found) if found else message


def _numbers(message: Message) -> tuple[str, ...]:
    if message.kind is not _HUMAN or message.direction is not _INBOUND:
        return ()
    found = find_in_text(_said(message)[:_LOOKED_THROUGH])
    return tuple(dict.fromkeys(each.number for each in found))


def _said(message: Message) -> str:
    return f"{message.subject or ''}\n{message.text}"


def _with_parcels(
    message: Message,
    numbers: Mapping[str, Sequence[str]],
    orders: Mapping[str, Collection[str]],
) -> Message:
    named = [orders.get(number, ()) for number in numbers.get(message.source_id, ())]
    found = tuple(dict.fromkeys(order for several in named for order in several))
    return msgspec.structs.replace(message, order_ids=found) if found else message
