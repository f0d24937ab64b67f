"""From Amazon's answers to the model; pure."""

from datetime import UTC, datetime
from functools import partial

import msgspec

from syncd.connector import describe_by, parse_each
from syncd.connector.scans import country_code
from syncd.connector.sweep import Entry
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
from syncd_amazon import wire

_STATUSES = {
    "PENDING_AVAILABILITY": OrderStatus.PENDING,
    "PENDING": OrderStatus.PENDING,
    "UNSHIPPED": OrderStatus.UNSHIPPED,
    "PARTIALLY_SHIPPED": OrderStatus.PARTLY_SHIPPED,
    "SHIPPED": OrderStatus.SHIPPED,
    "CANCELLED": OrderStatus.CANCELLED,
}
_OVER = frozenset({"PROCESSED", "REJECTED", "CANCELLED", "CUSTOMER_CANCELLED_PICK_UP"})
_TURNS = (
    (_OVER, CaseStatus.CLOSED),
    (frozenset({"DELIVERED", "PARTIALLY_PROCESSED"}), CaseStatus.WAITING_SELLER),
    (frozenset({"CREATED", "CUSTOMER_RESCHEDULED_PICK_UP"}), CaseStatus.WAITING_BUYER),
    (
        frozenset(
            {
                "CARRIER_NOTIFIED_TO_PICK_UP_FROM_CUSTOMER",
                "CARRIER_OUT_FOR_PICK_UP_FROM_CUSTOMER",
                "PICKED_FROM_CUSTOMER",
                "CUSTOMER_DROPPED_OFF",
                "IN_TRANSIT",
                "OUT_FOR_DELIVERY",
                "REPLANNED",
            }
        ),
        CaseStatus.OPEN,
    ),
)


def sold(raw: bytes) -> wire.SoldOrder:
    """An order as Amazon has it; raises msgspec.MsgspecError."""
    return msgspec.json.decode(raw, type=wire.SoldOrder)


def package(raw: bytes) -> wire.Package:
    """A parcel as Amazon has it; raises msgspec.MsgspecError."""
    return msgspec.json.decode(raw, type=wire.Package)


def packages(found: wire.SoldOrder) -> list[wire.Package]:
    """The parcels of an order; raises msgspec.MsgspecError."""
    return [package(bytes(each)) for each in found.packages]


def order_items(raw: bytes) -> list[Item]:
    """An order and its parcels; raises msgspec.MsgspecError where the order cannot be read."""
    found = sold(raw)
    parcels = [bytes(each) for each in found.packages]
    return [order(found, raw), *parse_each(parcels, partial(shipment, found), describe)]


def order(found: wire.SoldOrder, raw: bytes) -> Order:
    """An order.

    The telephone number of the address is not taken for the buyer's: in several countries it is one
    that Amazon lends to many orders, and who shares a number counts as one customer.
    """
    total, fulfillment = found.proceeds.grand_total, found.fulfillment
    address = found.recipient.delivery_address or wire.CustomerAddress()
    return Order(
        source_id=found.order_id,
        placed_at=found.created_time,
        status=_status(found),
        buyer=Party(name=found.buyer.buyer_name, email=found.buyer.buyer_email or None),
        lines=tuple(_line(item) for item in found.order_items),
        ship_to=_address(address),
        currency=total.currency_code if total else None,
        total=total.amount if total else None,
        ship_by=_window(fulfillment.ship_by_window) if fulfillment else None,
        deliver_by=_window(fulfillment.deliver_by_window) if fulfillment else None,
        shipping_method=fulfillment.fulfillment_service_level if fulfillment else None,
        site=found.sales_channel.marketplace_name or found.sales_channel.marketplace_id,
        raw=raw,
    )


def shipment(found: wire.SoldOrder, raw: bytes) -> Shipment:
    """One parcel of an order; raises msgspec.MsgspecError."""
    parcel, address = package(raw), found.recipient.delivery_address
    status = parcel.package_status
    return Shipment(
        source_id=f"{found.order_id}/{parcel.package_reference_id}",
        order_id=found.order_id,
        tracking_number=(parcel.tracking_number or "").strip() or None,
        carrier=parcel.carrier,
        shipped_at=parcel.ship_time,
        origin_country=_country(parcel.ship_from_address),
        destination_country=_country(address),
        cancelled=status is not None and status.status == "CANCELLED",
        raw=raw,
    )


def case(raw: bytes) -> Case:
    """A return; raises msgspec.MsgspecError.

    Amazon's word for why is short ("Missed"); what the buyer wrote is not told, nor by when the
    seller has to act.
    """
    found = msgspec.json.decode(raw, type=wire.ReturnItem)
    back = found.return_shipping_info.reverse_tracking_info
    return Case(
        source_id=found.id,
        # A rejected parcel never reached the buyer: nobody asked for a return.
        kind=CaseKind.RETURN if found.return_type == "CUSTOMER" else CaseKind.OTHER,
        status=_case_status(found.status),
        opened_at=found.creation_date_time or found.last_updated_date_time,
        buyer=Party(),
        order_id=found.marketplace_channel_details.customer_order_id,
        reason=found.return_metadata.return_reason,
        outcome=found.status if found.status in _OVER else None,
        tracking_number=back.tracking_id if back else None,
        updated_at=found.last_updated_date_time,
        raw=raw,
    )


def order_entry(raw: bytes) -> Entry:
    """What an order is walked by; raises msgspec.MsgspecError."""
    head = msgspec.json.decode(raw, type=wire.OrderHead)
    return _entry(head.order_id, head.last_updated_time, raw)


def return_entry(raw: bytes) -> Entry:
    """What a return is walked by; raises msgspec.MsgspecError."""
    head = msgspec.json.decode(raw, type=wire.ReturnHead)
    return _entry(head.id, head.last_updated_date_time, raw)


describe = describe_by("orderId", "id")
"""Tells what cannot be read by its id of Amazon's."""


def _entry(source_id: str, changed: datetime, raw: bytes) -> Entry:
    return Entry(source_id, changed, f"{source_id}@{changed.astimezone(UTC).isoformat()}", raw)


def _status(found: wire.SoldOrder) -> OrderStatus:
    said = found.fulfillment.fulfillment_status if found.fulfillment else ""
    status = _STATUSES.get(said, OrderStatus.UNKNOWN)
    if status is OrderStatus.SHIPPED and _all_delivered(found):
        return OrderStatus.DELIVERED
    return status


def _all_delivered(found: wire.SoldOrder) -> bool:
    statuses = {each.package_status and each.package_status.status for each in packages(found)}
    return statuses - {"CANCELLED"} == {"DELIVERED"}


def _line(item: wire.OrderItem) -> OrderLine:
    product = item.product
    price = product.price.unit_price if product.price else None
    return OrderLine(
        source_id=item.order_item_id,
        title=product.title or product.seller_sku or product.asin or "",
        quantity=item.quantity_ordered,
        sku=product.seller_sku,
        price=price.amount if price else None,
        listing_id=product.asin,
    )


def _address(address: wire.CustomerAddress) -> Address:
    lines = (address.company_name, address.address_line1, address.address_line2)
    return Address(
        country=_country(address),
        postcode=address.postal_code or None,
        state=address.state_or_region or None,
        city=address.city or None,
        lines=tuple(line for line in (*lines, address.address_line3) if line),
    )


def _country(address: wire.CustomerAddress | None) -> str | None:
    return country_code(address.country_code) if address else None


def _window(said: wire.Range | None) -> Window | None:
    if said is None or not (said.earliest_date_time or said.latest_date_time):
        return None
    return Window(earliest=said.earliest_date_time, latest=said.latest_date_time)


def _case_status(said: str) -> CaseStatus:
    for words, status in _TURNS:
        if said in words:
            return status
    return CaseStatus.UNKNOWN
