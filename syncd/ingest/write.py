"""One batch into the store: what is new is placed and joined, what changed is kept as a version."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from syncd import clock
from syncd.ingest.aftersales import write_cases, write_reviews, write_stock
from syncd.ingest.buyers import Buyers
from syncd.ingest.cancelled import taken_back
from syncd.ingest.known import Counts, rounds, split
from syncd.ingest.messages import plan_messages
from syncd.model import (
    BadItem,
    Case,
    Item,
    Message,
    Milestone,
    Order,
    ParcelState,
    Review,
    Shipment,
    StockLevel,
    TrackingEvent,
)
from syncd.rules import parcels
from syncd.store import IngestTransaction, content_hash


def write(
    tx: IngestTransaction, platform: str, items: Iterable[Item], *, ahead: bool = True
) -> Counts:
    """Write `items` in the order that lets each find what it refers to; begins the transaction.

    With `ahead`, messages are planned while other transactions may still write: that raises
    TryAgain where one of them changes what the plan stands on.
    """
    counts: Counts = Counter()
    by_kind: defaultdict[type, list[Any]] = defaultdict(list)
    for item in items:
        by_kind[type(item)].append(item)
    bad, talk = by_kind.pop(BadItem, []), list(rounds(by_kind.pop(Message, [])))
    planned = []
    if ahead and not by_kind:  # nothing that they refer to comes with them
        planned = [plan_messages(tx, platform, messages, counts) for messages in talk[:1]]
    tx.begin()
    _write_others(tx, platform, by_kind, counts)
    for write_messages in planned:
        write_messages()
    for messages in talk[len(planned) :]:
        plan_messages(tx, platform, messages, counts)()
    tx.listings.link()
    tx.mentions.link()
    tx.messages.link_told()
    if bad:
        counts["item", "quarantined"] += tx.quarantine(bad)
    several = [*by_kind.values(), *(messages.values() for messages in talk)]
    tx.release(item.source_id for one in several for item in one)
    return counts


def _write_others(
    tx: IngestTransaction, platform: str, by_kind: dict[type, list[Any]], counts: Counts
) -> None:
    if Order in by_kind or Shipment in by_kind:
        tx.parcels.alone_with_orders()
    tracked = [*by_kind.get(Shipment, ()), *by_kind.get(TrackingEvent, ())]
    if tracked:
        tx.parcels.alone_with({each.tracking_number for each in tracked if each.tracking_number})
    for kind, writer in _WRITERS:
        if kind in by_kind:
            writer(tx, platform, by_kind[kind], counts)


def _orders(tx: IngestTransaction, platform: str, items: list[Order], counts: Counts) -> None:
    for orders in rounds(items):
        new, edited = split("order", orders, tx.orders.known(orders), _order_digest, counts)
        changed = new + [(order, digest) for _, order, digest in edited]
        if changed:
            buyers = Buyers(tx, platform, [order.buyer for order, _ in changed])
            buyers.store()
            has_parcels = tx.orders.put(
                [
                    (order, buyers.stored(buyers.number(order.buyer)), digest)
                    for order, digest in changed
                ]
            )
            tx.listings.ordered(order.source_id for order, _ in changed if _names_listing(order))
            if has_parcels and new:
                _parcels_before(tx, {order.source_id for order, _ in new})


def _parcels_before(tx: IngestTransaction, orders: Collection[str]) -> None:
    """Read the parcels anew that came before these orders: now it is known which scans are theirs.

    One that seemed to have ended by the scans of its number's last owner is followed from here on.
    """
    numbers = tx.parcels.numbers_of(orders)
    if numbers:
        tx.parcels.alone_with(numbers)
        tx.follows.enlist(numbers)
        _judge_anew(tx, numbers)


def _names_listing(order: Order) -> bool:
    return any(line.listing_id is not None for line in order.lines)


def _order_digest(order: Order) -> bytes:
    return content_hash(*(getattr(order, name) for name in _ORDER_CONTENT))


_ORDER_CONTENT = tuple(name for name in Order.__struct_fields__ if name != "raw")
_EVENT_CONTENT = tuple(name for name in TrackingEvent.__struct_fields__ if name != "raw")
_SHIPMENT_CONTENT = tuple(name for name in Shipment.__struct_fields__ if name != "raw")


def _shipments(tx: IngestTransaction, _: str, items: list[Shipment], counts: Counts) -> None:
    for told in rounds(items):
        known = tx.parcels.known_shipments(told)
        shipments = {i: one for i, one in told.items() if i in known or not one.cancelled}
        new, edited = split("shipment", shipments, known, _shipment_digest, counts)
        changed = new + [(shipment, digest) for _, shipment, digest in edited]
        if changed:
            tx.parcels.put_shipments(changed)
            numbers = {s.tracking_number for s, _ in changed if s.tracking_number}
            tx.mentions.arrived(numbers)
            tx.follows.enlist(numbers)
            _judge_anew(tx, numbers)
            _events(tx, "", taken_back(tx, [one for one, _ in changed], clock.now()), counts)


def _shipment_digest(shipment: Shipment) -> bytes:
    return content_hash(*(getattr(shipment, name) for name in _SHIPMENT_CONTENT))


def _events(tx: IngestTransaction, _: str, items: list[TrackingEvent], counts: Counts) -> None:
    for events in rounds(items):
        known = tx.parcels.known_events(events)
        new, edited = split("tracking_event", events, known, _event_digest, counts)
        changed = new + [(event, digest) for _, event, digest in edited]
        if changed:
            now = clock.now()
            tx.parcels.put_events(
                (event, parcels.occurred_at(parcels.as_read(event, now)), digest)
                for event, digest in changed
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
    for event, seen_at in tx.parcels.events_of({number for number, _, _ in shipments.values()}):
        events.setdefault(event.tracking_number, []).append(parcels.as_read(event, seen_at))
    states: dict[int, ParcelState] = {}
    turned: set[int] = set()
    now, ordered = clock.now(), _ordered(shipments)
    for shipment_id, (number, before, since) in shipments.items():
        after = parcels.state_of(
            events.get(number, ()), since=since, ordered=ordered.get(number, ())
        )
        after = parcels.remembering(after, before, now)
        if after != before:
            states[shipment_id] = after
            if Milestone.CANCELLED in {before.milestone, after.milestone}:
                turned.add(shipment_id)
    tx.parcels.save_states(states, turned=turned)


def _ordered(
    shipments: Mapping[int, tuple[str, ParcelState, datetime | None]],
) -> Mapping[str, list[datetime]]:
    """When the parcels of those numbers that several have were ordered, as far as that is known."""
    found: defaultdict[str, list[datetime]] = defaultdict(list)
    for number, _, since in shipments.values():
        found[number] += [since] if since else []
    return {number: ordered for number, ordered in found.items() if len(ordered) > 1}


_WRITERS = (
    (Order, _orders),
    (Shipment, _shipments),
    (TrackingEvent, _events),
    (Case, write_cases),
    (Review, write_reviews),
    (StockLevel, write_stock),
)
