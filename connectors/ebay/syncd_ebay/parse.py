"""From eBay's answers to the model; pure."""

import re
from collections.abc import Iterable
from typing import TypeVar

import msgspec

from syncd.connector import describe_by, unescape
from syncd.model import (
    Address,
    Attachment,
    Direction,
    Message,
    MessageKind,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Shipment,
    Window,
)
from syncd_ebay import wire

T = TypeVar("T")

_REFUNDED = "FULLY_REFUNDED"
_SENT = {"FULFILLED": OrderStatus.SHIPPED, "IN_PROGRESS": OrderStatus.PARTLY_SHIPPED}
# eBay calls an order cancelled only where that was asked for, not where its seller just refunds it.
_UNSENT_BY_PAYMENT = {
    "PENDING": OrderStatus.PENDING,
    "FAILED": OrderStatus.PENDING,
    _REFUNDED: OrderStatus.CANCELLED,
}
_MEDIA_TYPES = {
    "IMAGE": "image/*",
    "PDF": "application/pdf",
    "DOC": "application/msword",
    "TXT": "text/plain",
}
_TAG = re.compile(r"<[^<>]*>")
_NOT_IN_TRACKING_NUMBERS = re.compile(r"[^0-9A-Za-z]")


class NotOurs(ValueError):
    """A message between two strangers: the configured user name is not the account's."""


def conversation(raw: bytes) -> wire.Conversation:
    """An entry of the list of conversations; raises msgspec.MsgspecError."""
    return msgspec.json.decode(raw, type=wire.Conversation)


def order_head(raw: bytes) -> wire.OrderHead:
    """What an order is listed by; raises msgspec.MsgspecError."""
    return msgspec.json.decode(raw, type=wire.OrderHead)


def member_message(raw: bytes, thread: wire.Conversation, own: frozenset[str]) -> Message:
    """A message between members; `own` are the account's names, in lower case.

    Since September 2025 a user name and an immutable id may stand for one buyer; a conversation has
    one other side whatever it is called. Raises msgspec.MsgspecError, and NotOurs where neither
    side is the account.
    """
    said = msgspec.json.decode(raw, type=wire.MemberMessage)
    sender, recipient = said.sender_username or "", said.recipient_username or ""
    ours = sender.casefold() in own
    if not ours and recipient and recipient.casefold() not in own:
        raise NotOurs(
            f"it is from {sender!r} to {recipient!r}, neither of which "
            "is this account: set `username`, or the immutable id as `user_id`"
        )
    return Message(
        source_id=said.message_id,
        sent_at=said.created_date,
        direction=Direction.OUTBOUND if ours else Direction.INBOUND,
        buyer=Party(id=(recipient if ours else sender) or None, thread_id=thread.conversation_id),
        text=said.message_body or "",
        subject=said.subject or thread.conversation_title,
        thread_id=thread.conversation_id,
        listing_ids=thread.listings,
        attachments=_attachments(said.message_media),
        raw=raw,
    )


def platform_message(raw: bytes, thread: wire.Conversation) -> Message:
    """A message of eBay itself, its HTML as text; raises msgspec.MsgspecError."""
    said = msgspec.json.decode(raw, type=wire.MemberMessage)
    return Message(
        source_id=said.message_id,
        sent_at=said.created_date,
        direction=Direction.PLATFORM,
        buyer=Party(),
        text=unescape(_TAG.sub(" ", said.message_body or "")).strip(),
        subject=said.subject or thread.conversation_title,
        thread_id=thread.conversation_id,
        kind=MessageKind.BULK,
        attachments=_attachments(said.message_media),
        raw=raw,
    )


def order(raw: bytes) -> Order:
    """An order; raises msgspec.MsgspecError."""
    sold = msgspec.json.decode(raw, type=wire.SellOrder)
    instruction = next(iter(sold.fulfillment_start_instructions), wire.StartInstruction())
    step = instruction.shipping_step
    contact = _buyer_contact(sold, instruction)
    total = sold.pricing_summary.total
    return Order(
        source_id=sold.order_id,
        placed_at=sold.creation_date,
        status=_status(sold),
        buyer=_party(sold.buyer.username, contact),
        lines=tuple(_line(line) for line in sold.line_items),
        ship_to=_destination(instruction),
        currency=total.currency if total else None,
        total=total.value if total else None,
        paid_at=_first(one.payment_date for one in sold.payment_summary.payments or ()),
        ship_by=_ship_by(sold),
        deliver_by=_deliver_by(sold, instruction),
        shipping_method=step.shipping_service_code if step else None,
        site=_first(x.purchase_marketplace_id or x.listing_marketplace_id for x in sold.line_items),
        note=sold.buyer_checkout_notes,
        raw=raw,
    )


def shipped(raw: bytes) -> bool:
    """Whether parcels of an order may exist."""
    return order_head(raw).order_fulfillment_status in {"IN_PROGRESS", "FULFILLED"}


def shipment(raw: bytes, order_raw: bytes) -> Shipment:
    """One parcel of the order; raises msgspec.MsgspecError.

    Its id carries the order's, since eBay makes fulfillment ids that look like tracking numbers,
    and one parcel may hold two orders.
    """
    parcel = msgspec.json.decode(raw, type=wire.Fulfillment)
    sold = msgspec.json.decode(order_raw, type=wire.SellOrder)
    instruction = next(iter(sold.fulfillment_start_instructions), wire.StartInstruction())
    return Shipment(
        source_id=f"{sold.order_id}/{parcel.fulfillment_id}",
        order_id=sold.order_id,
        tracking_number=tracking_number(parcel.shipment_tracking_number),
        carrier=parcel.shipping_carrier_code,
        shipped_at=parcel.shipped_date,
        origin_country=_first(
            line.item_location.country_code for line in sold.line_items if line.item_location
        ),
        destination_country=_destination(instruction).country,
        raw=raw,
    )


def tracking_number(written: str | None) -> str | None:
    """A tracking number as eBay has it: letters and digits only; None where nothing is left."""
    return _NOT_IN_TRACKING_NUMBERS.sub("", written or "") or None


describe = describe_by("messageId", "orderId", "fulfillmentId", "conversationId")
"""Tells what cannot be read by its id of eBay's."""


def _attachments(media: Iterable[wire.Media] | None) -> tuple[Attachment, ...]:
    return tuple(
        Attachment(
            name=one.media_name or "file",
            media_type=_MEDIA_TYPES.get(one.media_type or "", "application/octet-stream"),
            url=one.media_url,
        )
        for one in media or ()
    )


def _status(sold: wire.SellOrder) -> OrderStatus:
    if sold.cancel_status.cancel_state == "CANCELED":
        return OrderStatus.CANCELLED
    sent = sold.order_fulfillment_status or ""
    if sent in _SENT:
        refunded = sold.order_payment_status == _REFUNDED
        return OrderStatus.REFUNDED if refunded else _SENT[sent]
    waits = OrderStatus.UNSHIPPED if sent == "NOT_STARTED" else OrderStatus.UNKNOWN
    return _UNSENT_BY_PAYMENT.get(sold.order_payment_status or "", waits)


def _buyer_contact(sold: wire.SellOrder, instruction: wire.StartInstruction) -> wire.Contact:
    """The buyer's own contact: what is sent by eBay's programmes goes to a hub, not to them."""
    step = instruction.shipping_step
    if step and step.ship_to and not instruction.ebay_supported_fulfillment:
        return step.ship_to
    return sold.buyer.buyer_registration_address or wire.Contact()


def _party(username: str | None, contact: wire.Contact) -> Party:
    phone = contact.primary_phone.phone_number if contact.primary_phone else None
    return Party(id=username, name=contact.full_name, email=contact.email, phone=phone)


def _destination(instruction: wire.StartInstruction) -> Address:
    step = instruction.shipping_step
    hub = step.ship_to.contact_address if step and step.ship_to else None
    place = instruction.final_destination_address or hub or wire.PostalAddress()
    return Address(
        country=place.country_code.upper() if place.country_code else None,
        postcode=place.postal_code,
        state=place.state_or_province,
        city=place.city,
        lines=tuple(line for line in (place.address_line1, place.address_line2) if line),
    )


def _line(line: wire.Line) -> OrderLine:
    aspects = ", ".join(f"{one.name}: {one.value}" for one in line.variation_aspects or ())
    return OrderLine(
        source_id=line.line_item_id,
        title=line.title,
        quantity=line.quantity,
        sku=line.sku,
        variant=aspects or None,
        price=line.line_item_cost.value if line.line_item_cost else None,
        listing_id=line.legacy_item_id,
    )


def _ship_by(sold: wire.SellOrder) -> Window | None:
    """Until the earliest of the positions' dates: the first duty that can be missed."""
    dates = [one.ship_by_date for one in _instructions(sold) if one.ship_by_date]
    return Window(latest=min(dates)) if dates else None


def _deliver_by(sold: wire.SellOrder, instruction: wire.StartInstruction) -> Window | None:
    """From the first position's arrival to the last one's."""
    told: list[wire.LineInstructions | wire.StartInstruction] = [
        x for x in _instructions(sold) if x.max_estimated_delivery_date
    ]
    told = told or [instruction]
    earliest = [x.min_estimated_delivery_date for x in told if x.min_estimated_delivery_date]
    latest = [x.max_estimated_delivery_date for x in told if x.max_estimated_delivery_date]
    if not earliest and not latest:
        return None
    return Window(earliest=min(earliest, default=None), latest=max(latest, default=None))


def _instructions(sold: wire.SellOrder) -> list[wire.LineInstructions]:
    lines = (line.line_item_fulfillment_instructions for line in sold.line_items)
    return [told for told in lines if told is not None]


def _first(values: Iterable[T | None]) -> T | None:
    return next((value for value in values if value), None)
