"""Telling eBay of a parcel, and finding it there again; pure.

Source: eBay's description of createShippingFulfillment. The number may only hold letters and
digits, and becomes the id of the parcel; number and carrier come together or not at all.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import msgspec

from syncd.connector import NOT_JSON, OutcomeUnknown, Rejected, utc_text
from syncd.model import Receipt, Shipment
from syncd_ebay import wire
from syncd_ebay.parse import tracking_number

# eBay's word for a carrier that is not in its list.
OTHER_CARRIER = "Other"


def confirmation(shipment: Shipment, sold: wire.SellOrder) -> dict[str, Any]:
    """What eBay is told: everything of the order that has not left yet is in this parcel.

    Raises Rejected where eBay would refuse it.
    """
    lines = [x for x in sold.line_items if x.line_item_fulfillment_status != "FULFILLED"]
    if not lines:
        raise Rejected(f"eBay knows every position of order {sold.order_id} as shipped already")
    body: dict[str, Any] = {
        "lineItems": [{"lineItemId": x.line_item_id, "quantity": x.quantity} for x in lines]
    }
    if shipment.shipped_at is not None:
        body["shippedDate"] = utc_text(shipment.shipped_at)
    return body | _tracking(shipment)


def _tracking(shipment: Shipment) -> dict[str, str]:
    if shipment.tracking_number is None:
        return {}
    number = tracking_number(shipment.tracking_number)
    if number is None:
        raise Rejected(
            f"the tracking number {shipment.tracking_number!r} has no letter or digit, "
            "and eBay takes nothing else"
        )
    return {"trackingNumber": number, "shippingCarrierCode": shipment.carrier or OTHER_CARRIER}


def receipt(shipment: Shipment, number: str | None, at: datetime) -> Receipt:
    """Proof of a parcel that eBay knows, by the id that the stream of orders gives it."""
    return Receipt(source_id=f"{shipment.order_id}/{number or '999'}", accepted_at=at)


def find(raws: Iterable[bytes], shipment: Shipment, now: datetime) -> Receipt | None:
    """The parcel among those that eBay knows of the order.

    Raises OutcomeUnknown where one of them cannot be understood.
    """
    wanted = tracking_number(shipment.tracking_number)
    for raw in raws:
        try:
            known = msgspec.json.decode(raw, type=wire.Fulfillment)
        except NOT_JSON as error:
            raise OutcomeUnknown(f"a parcel of the order cannot be understood: {error}") from None
        if tracking_number(known.shipment_tracking_number) == wanted:
            return receipt(shipment, known.fulfillment_id, known.shipped_date or now)
    return None
