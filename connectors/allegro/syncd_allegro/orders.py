"""Allegro's orders with their parcels: the order log, and what it leaves out.

The log is a true cursor, but adding a parcel's number makes no entry (allegro-api issue 8793), and
entries have been lost (issues 8498, 8623). So the orders that were updated are listed too, which is
also how the first poll reads the past, and orders that have no parcel yet are asked for it again.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import msgspec

from syncd.connector import NOT_JSON, Cursor, Paging, Rejected, parse_each, reached
from syncd.model import BadItem, Item, Order
from syncd_allegro import parse, wire_orders
from syncd_allegro.client import EVENTS_PER_PAGE, FORMS_PER_PAGE, AllegroClient

# The list is asked for again from this far before the latest update: those that are shown late.
OVERLAP = timedelta(minutes=5)
MAX_SEEN = 200
# An order without a parcel is asked about for this long, some at each poll, the others next time.
AWAITED = timedelta(days=30)
MAX_AWAITED = 300
ASKED_AT_ONCE = 20

_PAID = "READY_FOR_PROCESSING"
_ENDED = frozenset({"CANCELLED", "PICKED_UP", "RETURNED"})


class Place(msgspec.Struct):
    """Where the orders stand; it moves as they are read."""

    since: datetime
    """The latest update that was listed."""
    event: str | None = None
    """The last entry of the log that was read; None: the log was empty."""
    skip: int = 0
    """How many of those updated at `since` were listed, while a list is being read."""
    seen: dict[str, str] = {}
    """The last orders that were handled, each with its mark."""
    awaited: dict[str, datetime] = {}
    """Paid orders without a parcel, with when they were updated."""

    @classmethod
    def load(cls, cursor: Cursor) -> "Place":
        """The place a cursor stands for."""
        fields = dict(cursor) | {"awaited": dict(cursor.get("awaited", ()))}
        return msgspec.convert(fields, cls)

    def dump(self) -> Mapping[str, Any]:
        """The place as a cursor; those awaited as a list, whose order a store keeps."""
        cursor: dict[str, Any] = msgspec.to_builtins(self)
        return cursor | {"awaited": [list(pair) for pair in cursor["awaited"].items()]}


class Orders:
    """One poll of the orders; `place` moves as it goes on."""

    def __init__(self, client: AllegroClient, place: Place, now: datetime) -> None:
        place.since = min(place.since, now)
        self.place = place
        self._client = client
        self._now = now

    def walk(self) -> Iterator[list[Item]]:
        """Orders and parcels that are new or not as they were."""
        yield from self._updated()
        yield from self._logged()
        yield from self._asked_again()

    def _updated(self) -> Iterator[list[Item]]:
        if self.place.skip == 0:
            self.place.since -= OVERLAP
        paging, more = Paging("Allegro's list of orders"), True
        while more:
            raws = self._client.forms(self.place.since, self.place.skip)
            more = len(raws) >= FORMS_PER_PAGE
            paging.turned(raws, more=more)
            items = [item for raw in raws for item in self._handled(raw)]
            self._move(raws, more=more)
            if items:
                yield items

    def _move(self, raws: list[bytes], *, more: bool) -> None:
        """Go on behind the latest update, or past those of one moment that fill pages.

        A page is never gone on from by its number alone: an order that is updated meanwhile goes to
        the end, and another would slip over the border unseen.
        """
        stamps = [at for raw in raws if (at := _updated_at(raw)) is not None]
        latest = reached(self.place.since, stamps, self._client.horizon(self._now))
        moved = latest > self.place.since
        self.place.skip = 0 if moved or not more else self.place.skip + FORMS_PER_PAGE
        self.place.since = latest

    def _logged(self) -> Iterator[list[Item]]:
        paging, more = Paging("Allegro's order log"), True
        while more:
            raws = self._client.events(self.place.event)
            events, items = _events(raws)
            last = max((event.id for event in events), key=_number, default=self.place.event)
            more = len(raws) >= EVENTS_PER_PAGE and bool(events)
            paging.turned(raws, more=more, to=last)
            items += [item for order_id in _about(events) for item in self._fetched(order_id)]
            self.place.event = last
            if raws:
                yield items

    def _asked_again(self) -> Iterator[list[Item]]:
        before = list(self.place.awaited)
        items = [item for order_id in before[:ASKED_AT_ONCE] for item in self._asked(order_id)]
        if items or list(self.place.awaited) != before:
            yield items

    def _asked(self, order_id: str) -> list[Item]:
        """Ask for an order's parcels, and put it behind the others that wait where it has none."""
        since = self.place.awaited.pop(order_id)
        try:
            parcels = self._client.waybills(order_id)
        except Rejected:
            return []  # it is no longer there: what changed it is in the log
        if parcels:
            return list(self._fetched(order_id, parcels))
        if self._now - since < AWAITED:
            self.place.awaited[order_id] = since
        return []

    def _fetched(self, order_id: str, waybills: list[bytes] | None = None) -> Iterable[Item]:
        try:
            raw = self._client.form(order_id)
        except Rejected as error:  # merged with another, or of another account (issue 11212)
            return [BadItem(source_id=order_id, reason=str(error))]
        return self._handled(raw, waybills)

    def _handled(self, raw: bytes, waybills: list[bytes] | None = None) -> list[Item]:
        """The order and its parcels, where `waybills` are new or it is not as last handled."""
        order_id, seen = _known_by(raw)
        if self.place.seen.pop(order_id, None) == seen and waybills is None:
            self.place.seen[order_id] = seen
            return []
        items = list(parse_each([raw], _order, parse.describe))
        if isinstance(items[0], Order):
            sold = parse.form(raw)
            items += self._parcels(sold, waybills)
            self._await(sold, parcels=items[1:])
        self.place.seen[order_id] = seen
        for old in list(self.place.seen)[: max(0, len(self.place.seen) - MAX_SEEN)]:
            del self.place.seen[old]
        return items

    def _parcels(self, sold: wire_orders.CheckoutForm, waybills: list[bytes] | None) -> list[Item]:
        none = sold.fulfillment.shipment_summary.line_items_sent == "NONE" or sold.status != _PAID
        if waybills is None and none:
            return []
        try:
            raws = self._client.waybills(sold.id) if waybills is None else waybills
        except Rejected as error:
            return [BadItem(source_id=f"{sold.id}/shipments", reason=str(error))]
        read: Callable[[bytes], Item] = partial(parse.shipment, sold=sold)
        return list(parse_each(raws, read, parse.describe))

    def _await(self, sold: wire_orders.CheckoutForm, *, parcels: list[Item]) -> None:
        self.place.awaited.pop(sold.id, None)
        since = min(parse.instant(sold.updated_at) or self._now, self._now)
        to_come = sold.status == _PAID and not parcels and sold.fulfillment.status not in _ENDED
        if to_come and sold.fulfillment.provider.id != "ALLEGRO" and self._now - since < AWAITED:
            self.place.awaited[sold.id] = since
        for old in list(self.place.awaited)[: max(0, len(self.place.awaited) - MAX_AWAITED)]:
            del self.place.awaited[old]


def _events(raws: list[bytes]) -> tuple[list[wire_orders.OrderEvent], list[Item]]:
    """The entries of the log that can be read, and the others."""
    events: list[wire_orders.OrderEvent] = []
    bad: list[Item] = []
    for raw in raws:
        try:
            events.append(msgspec.json.decode(raw, type=wire_orders.OrderEvent))
        except NOT_JSON as error:
            source_id, payload = parse.describe(raw)
            bad.append(BadItem(source_id=source_id, reason=str(error), raw=payload))
    return events, bad


def _about(events: Iterable[wire_orders.OrderEvent]) -> Iterable[str]:
    """The orders that entries of the log are about, each once."""
    forms = (event.order.checkout_form for event in events)
    return dict.fromkeys(form.id for form in forms if form)


def _order(raw: bytes) -> Order:
    return parse.order(parse.form(raw), raw)


def _known_by(raw: bytes) -> tuple[str, str]:
    try:
        sold = parse.form(raw)
    except NOT_JSON:
        source_id, _ = parse.describe(raw)
        return source_id, parse.mark(raw)
    return sold.id, parse.form_mark(sold)


def _updated_at(raw: bytes) -> datetime | None:
    try:
        return parse.instant(parse.form(raw).updated_at)
    except NOT_JSON:
        return None


def _number(event_id: str) -> tuple[int, str]:
    """Event ids are numbers that grow, written without leading zeros."""
    return len(event_id), event_id
