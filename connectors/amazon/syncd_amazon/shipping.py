"""Telling Amazon of parcels that left; pure."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from syncd.connector import Rejected, utc_text
from syncd.connector.scans import rows
from syncd.model import Shipment
from syncd_amazon import parse, wire


def confirmation(
    shipment: Shipment, found: wire.SoldOrder, store: str, now: datetime
) -> dict[str, Any]:
    """The body that tells of `shipment`, with all of the order that has not left yet.

    Raises Rejected where something is missing, or nothing is left to send.
    """
    number = shipment.tracking_number
    if not number or not shipment.carrier:
        raise Rejected("Amazon wants the carrier and the tracking number of a parcel")
    items = [each for each in map(_left_over, found.order_items) if each["quantity"] > 0]
    if not items:
        raise Rejected(f"nothing of order {found.order_id} is left to be shipped")
    return {
        "marketplaceId": store,
        "packageDetail": {
            "packageReferenceId": next_reference(found),
            **_carrier(shipment.carrier),
            "trackingNumber": number,
            "shipDate": utc_text(shipment.shipped_at or now),
            "orderItems": items,
        },
    }


def told_of(shipment: Shipment, found: wire.SoldOrder) -> wire.Package | None:
    """The parcel of an order with this tracking number, where Amazon knows it."""
    wanted = _bare(shipment.tracking_number)
    same = (each for each in parse.packages(found) if _bare(each.tracking_number) == wanted)
    return next(same, None) if wanted else None


def next_reference(found: wire.SoldOrder) -> str:
    """An id for another parcel: Amazon takes positive numbers only, as text (models issue 5094)."""
    ids = [each.package_reference_id for each in parse.packages(found)]
    return str(1 + max((int(one) for one in ids if one.isascii() and one.isdigit()), default=0))


def carrier_names() -> frozenset[str]:
    """Amazon's codes of carriers, and what else they are known by."""
    return frozenset(name for one in _table() for name in _names(one))


def _left_over(item: wire.OrderItem) -> dict[str, Any]:
    left = item.fulfillment.quantity_unfulfilled if item.fulfillment else None
    quantity = item.quantity_ordered if left is None else left
    return {"orderItemId": item.order_item_id, "quantity": quantity}


def _carrier(name: str) -> dict[str, str]:
    """Amazon's code where it has one; a carrier without is named beside the code Other."""
    code = _codes().get(_bare(name))
    return {"carrierCode": code} if code else {"carrierCode": "Other", "carrierName": name}


def _bare(said: str | None) -> str:
    return "".join(filter(str.isalnum, said or "")).casefold()


@cache
def _codes() -> dict[str, str]:
    return {_bare(name): row["code"] for row in _table() for name in _names(row)}


def _names(row: Mapping[str, str]) -> list[str]:
    return [row["code"], *row["also"].split()]


def _table() -> list[dict[str, str]]:
    return rows("syncd_amazon", "carriers.csv")
