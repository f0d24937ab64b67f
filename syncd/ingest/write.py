"""One batch into the store: what is new is placed and joined, what changed is kept as a version."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from syncd.model import (
    BadItem,
    Item,
    Message,
    Order,
    ParcelState,
    Party,
    Placed,
    Shipment,
    TrackingEvent,
)
from syncd.rules import parcels
from syncd.rules.identity import CustomerBook, identity_keys
from syncd.rules.threads import SAME_MATTER, ThreadBook, own_keys
from syncd.store import IngestTransaction, Stored, content_hash
from syncd.text import order_ids

Counts = Counter[tuple[str, str]]
"""How many items, by kind (``message`` …) and result (``new``, ``edited``, ``repeated`` …)."""

_Item = TypeVar("_Item", Message, Order, Shipment, TrackingEvent)


def write(tx: IngestTransaction, platform: str, items: Iterable[Item]) -> Counts:
    """Write `items` in the order that lets each find what it refers to."""
    counts: Counts = Counter()
    by_kind: dict[type, list[Any]] = {}
    for item in items:
        by_kind.setdefault(type(item), []).append(item)
    bad = by_kind.pop(BadItem, [])
    tracked = [*by_kind.get(Shipment, ()), *by_kind.get(TrackingEvent, ())]
    tx.parcels.alone_with({each.tracking_number for each in tracked if each.tracking_number})
    for kind, writer in _WRITERS:
        if kind in by_kind:
            writer(tx, platform, by_kind[kind], counts)
    if bad:
        counts["item", "quarantined"] += tx.quarantine(bad)
    tx.release([item.source_id for several in by_kind.values() for item in several])
    return counts


def _rounds(items: Iterable[_Item]) -> Iterator[dict[str, _Item]]:
    """Items by source id; one that comes twice in a batch, edited on the way, gets a later round."""
    waiting = list(items)
    while waiting:
        now: dict[str, _Item] = {}
        later = []
        for item in waiting:
            if item.source_id in now:
                later.append(item)
            else:
                now[item.source_id] = item
        yield now
        waiting = later


def _split(
    kind: str,
    items: dict[str, _Item],
    known: dict[str, Stored],
    digest: Callable[[_Item], bytes],
    counts: Counts,
) -> tuple[list[tuple[_Item, bytes]], list[tuple[Stored, _Item, bytes]]]:
    """What is new, and what changed; the rest is counted as repeated."""
    new: list[tuple[_Item, bytes]] = []
    edited: list[tuple[Stored, _Item, bytes]] = []
    for source_id, item in items.items():
        stored, found = known.get(source_id), digest(item)
        if stored is None:
            new.append((item, found))
        elif stored.content_hash != found:
            edited.append((stored, item, found))
    counts[kind, "new"] += len(new)
    counts[kind, "edited"] += len(edited)
    counts[kind, "repeated"] += len(items) - len(new) - len(edited)
    return new, edited


def _resolve(tx: IngestTransaction, platform: str, parties: Sequence[Party]) -> list[int | None]:
    """The customers of these parties, made and merged in the store where needed."""
    keys = {party: identity_keys(platform, party) for party in parties}
    known = tx.customers.known({key for several in keys.values() for key in several})
    book = CustomerBook(known)
    found = {party: book.resolve(k, party) for party, k in keys.items()}
    if book.new or book.learnt:
        real = tx.customers.add(book.new, book.learnt, book.merged, known=known)
        merged = {real.get(a, a): real.get(b, b) for a, b in book.merged.items()}
        for party, number in found.items():
            if number is not None:
                stored = real.get(number, number)
                found[party] = merged.get(stored, stored)
    return [found[party] for party in parties]


def _messages(tx: IngestTransaction, platform: str, items: list[Message], counts: Counts) -> None:
    for messages in _rounds(items):
        known = tx.messages.known(messages)
        new, edited = _split("message", messages, known, _message_digest, counts)
        tx.messages.edit(edited)
        if new:
            _place(tx, platform, [(_with_orders(message), digest) for message, digest in new])


def _message_digest(message: Message) -> bytes:
    files = message.attachments and [(file.name, file.size) for file in message.attachments]
    return content_hash(message.subject, message.text, files)


def _with_orders(message: Message) -> Message:
    """The message with the orders it mentions, where its source does not say which it is about."""
    if message.order_ids:
        return message
    found = order_ids.find(f"{message.subject or ''}\n{message.text}")
    if not found:
        return message
    return msgspec.structs.replace(message, order_ids=found)


def _place(tx: IngestTransaction, platform: str, new: list[tuple[Message, bytes]]) -> None:
    new.sort(key=lambda pair: pair[0].sent_at)
    customers = _resolve(tx, platform, [message.buyer for message, _ in new])
    book = _thread_book(tx, [message for message, _ in new], customers)
    placed = [
        Placed(message=message, conversation=book.place(message, customer), content_hash=digest)
        for (message, digest), customer in zip(new, customers, strict=True)
    ]
    tx.messages.add(placed, book.opened, book.learnt)


def _thread_book(
    tx: IngestTransaction, messages: list[Message], customers: list[int | None]
) -> ThreadBook:
    wanted = {key for message in messages for key in own_keys(message)}
    known = tx.messages.conversations_of(wanted)
    loose = [i for i, message in enumerate(messages) if message.thread_id is None]
    if not loose:  # a platform's own thread ids need no more facts
        return ThreadBook(known, {})
    since = messages[loose[0]].sent_at - SAME_MATTER
    who = {customer for i in loose if (customer := customers[i]) is not None}
    facts = tx.messages.conversation_facts(set(known.values()), who, since)
    return ThreadBook(known, facts)


def _orders(tx: IngestTransaction, platform: str, items: list[Order], counts: Counts) -> None:
    for orders in _rounds(items):
        new, edited = _split("order", orders, tx.orders.known(orders), _order_digest, counts)
        changed = new + [(order, digest) for _, order, digest in edited]
        if changed:
            customers = _resolve(tx, platform, [order.buyer for order, _ in changed])
            tx.orders.put(
                [
                    (order, customer, digest)
                    for (order, digest), customer in zip(changed, customers, strict=True)
                ]
            )


def _order_digest(order: Order) -> bytes:
    return content_hash(*(getattr(order, name) for name in _ORDER_CONTENT))


_ORDER_CONTENT = tuple(name for name in Order.__struct_fields__ if name != "raw")
_EVENT_CONTENT = tuple(name for name in TrackingEvent.__struct_fields__ if name != "raw")
_SHIPMENT_CONTENT = tuple(name for name in Shipment.__struct_fields__ if name != "raw")


def _shipments(tx: IngestTransaction, _: str, items: list[Shipment], counts: Counts) -> None:
    for shipments in _rounds(items):
        known = tx.parcels.known_shipments(shipments)
        new, edited = _split("shipment", shipments, known, _shipment_digest, counts)
        changed = new + [(shipment, digest) for _, shipment, digest in edited]
        if changed:
            tx.parcels.put_shipments(changed)
            numbers = {s.tracking_number for s, _ in changed if s.tracking_number}
            _judge_anew(tx, numbers)


def _shipment_digest(shipment: Shipment) -> bytes:
    return content_hash(*(getattr(shipment, name) for name in _SHIPMENT_CONTENT))


def _events(tx: IngestTransaction, _: str, items: list[TrackingEvent], counts: Counts) -> None:
    for events in _rounds(items):
        known = tx.parcels.known_events(events)
        new, edited = _split("tracking_event", events, known, _event_digest, counts)
        changed = new + [(event, digest) for _, event, digest in edited]
        if changed:
            tx.parcels.put_events(
                (event, parcels.occurred_at(event), digest) for event, digest in changed
            )
            _judge_anew(tx, {event.tracking_number for event, _ in changed})


def _event_digest(event: TrackingEvent) -> bytes:
    return content_hash(*(getattr(event, name) for name in _EVENT_CONTENT))


def _judge_anew(tx: IngestTransaction, numbers: Collection[str]) -> None:
    """Read the state of the parcels with these numbers from all their events.

    All, because late, corrected and forgotten scans change what the others mean.
    """
    shipments = tx.parcels.states(numbers)
    events: dict[str, list[TrackingEvent]] = {}
    for event in tx.parcels.events_of({number for number, _, _ in shipments.values()}):
        events.setdefault(event.tracking_number, []).append(event)
    states: dict[int, ParcelState] = {}
    for shipment_id, (number, before, since) in shipments.items():
        after = parcels.state_of(events.get(number, ()), since=since)
        if after != before:
            states[shipment_id] = after
    tx.parcels.save_states(states)


_WRITERS = (
    (Order, _orders),
    (Shipment, _shipments),
    (TrackingEvent, _events),
    (Message, _messages),
)
