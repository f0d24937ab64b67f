"""From Allegro's messages, orders, parcels, ratings and offers to the model; pure."""

import hashlib
from datetime import datetime

import msgspec
from msgspec.structs import replace

from syncd.connector import describe_by
from syncd.connector.scans import moment
from syncd.model import (
    Address,
    Direction,
    Message,
    MessageKind,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Review,
    Shipment,
    StockLevel,
    Window,
)
from syncd_allegro import wire, wire_orders, wire_sales

ISSUE = "issue/"
"""What an issue's conversation is known by in front of its id, since it is no thread."""

_BY_ROLE = {"BUYER": Direction.INBOUND, "SELLER": Direction.OUTBOUND}
_BY_FULFILLMENT = {
    "CANCELLED": OrderStatus.CANCELLED,
    "SENT": OrderStatus.SHIPPED,
    "READY_FOR_PICKUP": OrderStatus.SHIPPED,
    "PICKED_UP": OrderStatus.DELIVERED,
    "RETURNED": OrderStatus.DELIVERED,
}
_BY_SENT = {"ALL": OrderStatus.SHIPPED, "SOME": OrderStatus.PARTLY_SHIPPED}
_ON_SALE = frozenset({"ACTIVE", "ACTIVATING"})


def instant(said: str | None) -> datetime | None:
    """A time of Allegro's, which may have no seconds; None where it is none, or has no zone."""
    found = moment(said)
    return found if found is not None and found.tzinfo is not None else None


def needed(said: str | None) -> datetime:
    """A time without which nothing can be told; raises ValueError where there is none."""
    found = instant(said)
    if found is None:
        raise ValueError(f"{said!r} is no time with a zone")
    return found


def mark(*parts: object) -> str:
    """A short text that is another one where a part is."""
    said = "\x1f".join(str(part) for part in parts)
    return hashlib.blake2b(said.encode(), digest_size=8).hexdigest()


describe = describe_by("id")
"""Tells what cannot be read by its id of Allegro's."""


def member(who: wire.IssueUser | wire_sales.RatingUser) -> Party:
    """A buyer by their login, as threads know them, and by their number."""
    return Party(id=who.login, other_ids=(who.id,) if who.id else ())


def center_message(said: wire.CenterMessage, thread: wire.Thread, raw: bytes) -> Message:
    """A message of a thread, without its files; raises ValueError.

    Its order is its own, since a thread goes over all of a buyer's.
    """
    inbound = said.author.is_interlocutor in {True, "true"}
    other = thread.interlocutor.login if thread.interlocutor else None
    about = said.relates_to or wire.Relation()
    return Message(
        source_id=said.id,
        sent_at=needed(said.created_at),
        direction=Direction.INBOUND if inbound else Direction.OUTBOUND,
        buyer=Party(id=other or (said.author.login if inbound else None)),
        text=said.text or "",
        subject=said.subject,
        thread_id=thread.id,
        order_ids=(about.order.id,) if about.order else (),
        listing_ids=(about.offer.id,) if about.offer else (),
        raw=raw,
    )


def bounced(message: Message) -> Message:
    """Allegro's word that it gave this message to nobody."""
    return replace(
        message, direction=Direction.PLATFORM, kind=MessageKind.BOUNCE, subject="BLOCKED"
    )


def chat_message(said: wire.ChatMessage, issue: wire.Issue, raw: bytes) -> Message:
    """A message of an issue, without its files; who is neither buyer nor seller is Allegro.

    Raises ValueError.
    """
    direction = _BY_ROLE.get(said.author.role or "", Direction.PLATFORM)
    return Message(
        source_id=said.id,
        sent_at=needed(said.created_at),
        direction=direction,
        buyer=member(issue.buyer),
        text=said.text or "",
        subject=issue.subject,
        thread_id=f"{ISSUE}{issue.id}",
        order_ids=(issue.checkout_form.id,) if issue.checkout_form else (),
        listing_ids=(issue.offer.id,) if issue.offer and issue.offer.id else (),
        kind=MessageKind.BULK if direction is Direction.PLATFORM else MessageKind.HUMAN,
        raw=raw,
    )


def form(raw: bytes) -> wire_orders.CheckoutForm:
    """An order as Allegro tells it; raises msgspec.MsgspecError."""
    return msgspec.json.decode(raw, type=wire_orders.CheckoutForm)


def form_mark(sold: wire_orders.CheckoutForm) -> str:
    """Another one after each change that Allegro lets one see."""
    done = sold.fulfillment
    return mark(
        sold.revision, sold.updated_at, sold.status,
        done.status, done.shipment_summary.line_items_sent,
    )  # fmt: skip


def order(sold: wire_orders.CheckoutForm, raw: bytes) -> Order:
    """An order; raises ValueError where nothing tells when it was placed."""
    delivery = sold.delivery or wire_orders.Delivery()
    bought = [at for line in sold.line_items if (at := instant(line.bought_at))]
    total = sold.summary.total_to_pay
    buyer = sold.buyer
    return Order(
        source_id=sold.id,
        placed_at=min(bought) if bought else needed(sold.updated_at),
        status=_status(sold),
        buyer=_party(buyer, delivery.address),
        lines=tuple(_line(line) for line in sold.line_items),
        ship_to=_address(delivery.address),
        currency=total.currency if total else None,
        total=total.amount if total else None,
        paid_at=instant(sold.payment.finished_at) if sold.payment else None,
        ship_by=_window(delivery.time.dispatch) if delivery.time else None,
        deliver_by=_window(delivery.time),
        shipping_method=delivery.method.name if delivery.method else None,
        site=sold.marketplace.id if sold.marketplace else None,
        language=buyer.preferences.language if buyer.preferences else None,
        note=sold.message_to_seller,
        raw=raw,
    )


def shipment(raw: bytes, sold: wire_orders.CheckoutForm) -> Shipment:
    """One parcel of the order; raises msgspec.MsgspecError.

    When it left is not told: `createdAt` is when its number was entered.
    """
    parcel = msgspec.json.decode(raw, type=wire_orders.Waybill)
    place = _address(sold.delivery.address if sold.delivery else None)
    other = parcel.carrier_id in {None, "OTHER"}
    return Shipment(
        source_id=f"{sold.id}/{parcel.id}",
        order_id=sold.id,
        tracking_number=parcel.waybill or None,
        carrier=parcel.carrier_name if other else parcel.carrier_id,
        destination_country=place.country,
        raw=raw,
    )


def review(raw: bytes) -> Review:
    """A rating; raises msgspec.MsgspecError or ValueError.

    Its mark is the mean of those that the buyer gave, else 5 or 1 for recommended or not.
    """
    said = msgspec.json.decode(raw, type=wire_sales.Rating)
    given = said.rates or wire_sales.Rates()
    marks = [given.delivery, given.delivery_cost, given.description, given.service]
    rates = [one for one in marks if one]
    return Review(
        source_id=said.id,
        written_at=needed(said.created_at),
        buyer=member(said.buyer),
        rating=sum(rates) / len(rates) if rates else 5.0 if said.recommended else 1.0,
        text=said.comment or "",
        order_id=said.order.id if said.order else None,
        reply=said.answer.message if said.answer else None,
        raw=raw,
    )


def stock_level(raw: bytes) -> StockLevel:
    """How many of an offer can be sold, none if it is not on sale; raises msgspec.MsgspecError."""
    offer = msgspec.json.decode(raw, type=wire_sales.Offer)
    available = (offer.stock.available if offer.stock else None) or 0
    return StockLevel(
        source_id=offer.id,
        quantity=available if offer.publication.status in _ON_SALE else 0,
        sku=offer.external.id if offer.external else None,
        title=offer.name,
        listing_id=offer.id,
        raw=raw,
    )


def _status(sold: wire_orders.CheckoutForm) -> OrderStatus:
    done = sold.fulfillment
    if sold.status == "CANCELLED":
        return OrderStatus.CANCELLED
    if sold.status in {"BOUGHT", "FILLED_IN"}:
        return OrderStatus.PENDING
    if sold.status != "READY_FOR_PROCESSING":
        return OrderStatus.UNKNOWN
    sent = _BY_SENT.get(done.shipment_summary.line_items_sent or "", OrderStatus.UNSHIPPED)
    return _BY_FULFILLMENT.get(done.status or "", sent)


def _party(buyer: wire_orders.Buyer, place: wire_orders.DeliveryAddress | None) -> Party:
    """The buyer by their login, as messages know them; a guest's name is with the address."""
    there = place or wire_orders.DeliveryAddress()
    names = (buyer.first_name or there.first_name, buyer.last_name or there.last_name)
    return Party(
        id=buyer.login,
        other_ids=(buyer.id,) if buyer.id else (),
        name=" ".join(name for name in names if name) or None,
        email=buyer.email,
        phone=buyer.phone_number or there.phone_number,
    )


def _address(place: wire_orders.DeliveryAddress | None) -> Address:
    if place is None:
        return Address()
    return Address(
        country=place.country_code.upper() if place.country_code else None,
        postcode=place.zip_code,
        city=place.city,
        lines=(place.street,) if place.street else (),
    )


def _line(line: wire_orders.Line) -> OrderLine:
    return OrderLine(
        source_id=line.id,
        title=line.offer.name,
        quantity=int(line.quantity),
        sku=line.offer.external.id if line.offer.external else None,
        price=line.price.amount if line.price else None,
        listing_id=line.offer.id,
    )


def _window(span: wire_orders.DeliveryTime | wire_orders.Dispatch | None) -> Window | None:
    if span is None:
        return None
    window = Window(earliest=instant(span.from_), latest=instant(span.to))
    return window if window.earliest or window.latest else None
