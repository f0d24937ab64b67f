"""TikTok Shop's orders, packages, returns and cancellations as items of the model; pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec
from msgspec.structs import replace

from syncd.connector import describe_by
from syncd.model import (
    Address,
    Case,
    CaseKind,
    CaseStatus,
    Item,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Shipment,
    Window,
)
from syncd_tiktokshop import wire

_STATUS = {
    "UNPAID": OrderStatus.PENDING,
    "ON_HOLD": OrderStatus.UNSHIPPED,
    "AWAITING_SHIPMENT": OrderStatus.UNSHIPPED,
    "PARTIALLY_SHIPPING": OrderStatus.PARTLY_SHIPPED,
    "AWAITING_COLLECTION": OrderStatus.UNSHIPPED,  # arranged, and still with the seller
    "IN_TRANSIT": OrderStatus.SHIPPED,
    "DELIVERED": OrderStatus.DELIVERED,
    "COMPLETED": OrderStatus.DELIVERED,
    "CANCELLED": OrderStatus.CANCELLED,
}
_KIND = {"REFUND": CaseKind.REFUND, "RETURN_AND_REFUND": CaseKind.RETURN}
# By how the words of `return_status` and `cancel_status` end; a rejected one may be argued about,
# and is open for as long as TikTok names a next step.
_CLOSED = ("_SUCCESS", "_COMPLETE", "_CANCEL", "_CANCELLED")
_REFUSED = ("_REJECT", "REJECT_RECEIVE_PACKAGE")
_COLLECTED = frozenset({"FULFILLING", "COMPLETED"})
_TOWNS = frozenset({"city", "town", "post town", "municipality"})


def order(raw: bytes) -> list[Item]:
    """An order and its packages with a number; raises msgspec.MsgspecError."""
    sold = msgspec.json.decode(raw, type=wire.Order)
    payment = sold.payment or wire.Payment()
    told = Order(
        source_id=sold.id,
        placed_at=_at(sold.create_time),
        status=_STATUS.get(sold.status, OrderStatus.UNKNOWN),
        buyer=_buyer(sold),
        lines=tuple(_line(line) for line in sold.line_items or ()),
        ship_to=_address(sold.recipient_address or wire.Recipient()),
        currency=payment.currency,
        total=payment.total_amount,
        paid_at=_maybe(sold.paid_time),
        ship_by=_ship_by(sold),
        deliver_by=_until(sold.delivery_sla_time, sold.delivery_option_required_delivery_time),
        shipping_method=sold.delivery_option_name,
        site=sold.commerce_platform,
        note=sold.buyer_message or None,
        raw=raw,
    )
    return [told, *_shipments(sold)]


def returned(raw: bytes) -> Case:
    """A return; raises msgspec.MsgspecError."""
    case = msgspec.json.decode(raw, type=wire.Return)
    arbitrated = case.arbitration_status == "IN_PROGRESS"
    told = _case(
        case,
        source_id=case.return_id,
        kind=_KIND.get(case.return_type, CaseKind.OTHER),
        status=CaseStatus.WAITING_PLATFORM
        if arbitrated
        else _case_status(case.return_status, case),
        said=case.return_status,
    )
    return replace(
        told,
        reason=case.return_reason_text or case.return_reason,
        tracking_number=case.return_tracking_number or None,
        raw=raw,
    )


def cancellation(raw: bytes) -> Case:
    """A cancellation; raises msgspec.MsgspecError."""
    case = msgspec.json.decode(raw, type=wire.Cancellation)
    told = _case(
        case,
        source_id=case.cancel_id,
        kind=CaseKind.CANCELLATION,
        status=_case_status(case.cancel_status, case),
        said=case.cancel_status,
    )
    return replace(told, reason=case.cancel_reason_text or case.cancel_reason, raw=raw)


describe = describe_by("id", "return_id", "cancel_id")
"""Tells what cannot be read by its id of TikTok's."""


def number(text: str) -> str:
    """A tracking number as it is compared: letters and digits only, in capitals."""
    return "".join(letter for letter in text if letter.isalnum()).upper()


def _at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _maybe(seconds: int | None) -> datetime | None:
    return _at(seconds) if seconds else None


def _until(*told: int | None) -> Window | None:
    times = [one for one in told if one]
    return Window(latest=_at(times[0])) if times else None


def _ship_by(sold: wire.Order) -> Window | None:
    """Until it has to be arranged; once it is, until the carrier has to have it."""
    if sold.status == "AWAITING_COLLECTION":
        return _until(sold.tts_sla_time, sold.collection_due_time, sold.rts_sla_time)
    return _until(sold.rts_sla_time, sold.shipping_due_time, sold.tts_sla_time)


def _buyer(sold: wire.Order) -> Party:
    """The buyer; no hidden name or number, which strangers share, and no alias to write to."""
    to = sold.recipient_address or wire.Recipient()
    return Party(
        id=sold.user_id or None,
        name=_open(to.name) or sold.buyer_nickname or None,
        phone=_open(to.phone_number),
    )


def _open(text: str | None) -> str | None:
    return text if text and "*" not in text else None


def _line(line: wire.Line) -> OrderLine:
    return OrderLine(
        source_id=line.id,
        title=line.product_name,
        sku=line.seller_sku or None,
        variant=line.sku_name or None,
        price=line.sale_price,
        listing_id=line.product_id,
    )


def _address(to: wire.Recipient) -> Address:
    districts = to.district_info or []
    states = [one.address_name for one in districts if one.address_level == "L1"]
    towns = [one.address_name for one in districts if one.address_level_name.lower() in _TOWNS]
    lines = (to.address_line1, to.address_line2, to.address_line3, to.address_line4)
    return Address(
        country=to.region_code.upper() if to.region_code else None,
        postcode=to.postal_code or None,
        state=next(iter(states), None),
        city=to.post_town or next(iter(towns), None),
        lines=tuple(line for line in lines if line and line.strip('" ')),
    )


def _shipments(sold: wire.Order) -> Iterable[Shipment]:
    packages: dict[str, list[wire.Line]] = {}
    for line in sold.line_items or ():
        if line.tracking_number:
            packages.setdefault(line.package_id or line.tracking_number, []).append(line)
    to = sold.recipient_address or wire.Recipient()
    for package, lines in packages.items():
        going = [line for line in lines if line.package_status != "CANCELLED"]
        first = (going or lines)[0]
        # With the order in its id: a package may hold several orders.
        yield Shipment(
            source_id=f"{sold.id}/{package}",
            order_id=sold.id,
            tracking_number=first.tracking_number,
            carrier=first.shipping_provider_name or None,
            shipped_at=_left_at(sold, first),
            destination_country=to.region_code.upper() if to.region_code else None,
            cancelled=not going,
        )


def _left_at(sold: wire.Order, line: wire.Line) -> datetime | None:
    """When the carrier took it; of the seller's own shipping, when the seller said that it left.

    With TikTok's own shipping ``rts_time`` says only that a label was made.
    """
    if line.package_status in _COLLECTED:
        return _maybe(sold.collection_time) or _maybe(line.rts_time)
    return None if sold.shipping_type == "TIKTOK" else _maybe(line.rts_time)


def _case_status(said: str, case: wire.AfterSale) -> CaseStatus:
    if said.endswith(_CLOSED):
        return CaseStatus.CLOSED
    if case.seller_next_action_response:
        return CaseStatus.WAITING_SELLER
    if said.endswith(_REFUSED):
        return CaseStatus.CLOSED
    return CaseStatus.WAITING_BUYER if said.startswith("AWAITING_BUYER") else CaseStatus.OPEN


def _case(
    case: wire.AfterSale, *, source_id: str, kind: CaseKind, status: CaseStatus, said: str
) -> Case:
    """What both kinds tell. Neither names the buyer: the order does."""
    refund, steps = case.refund_amount or wire.Refund(), case.seller_next_action_response or ()
    deadlines = [step.deadline for step in steps if step.deadline]
    waiting = status is CaseStatus.WAITING_SELLER
    return Case(
        source_id=source_id,
        kind=kind,
        status=status,
        opened_at=_at(case.create_time),
        buyer=Party(),
        order_id=case.order_id,
        respond_by=_at(min(deadlines)) if waiting and deadlines else None,
        outcome=said if status is CaseStatus.CLOSED else None,
        amount=refund.refund_total,
        currency=refund.currency,
        updated_at=_maybe(case.update_time),
    )
