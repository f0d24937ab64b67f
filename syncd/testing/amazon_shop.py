"""The state of the fake Amazon: one seller's orders, parcels and returns, in Amazon's own shape."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import utc_text

iso = utc_text
"""A time as Amazon writes it, to the millisecond."""

DE, FR, US = "A1PA6795UKMFR9", "A13V1IB3VIYZZH", "ATVPDKIKX0DER"
_NAMES = {DE: "Amazon.de", FR: "Amazon.fr", US: "Amazon.com"}
_OPENS, _CLOSES = timedelta(days=5), timedelta(days=30)
OFFERED = ("unexpectedProblem", "confirmOrderDetails", "confirmDeliveryDetails")


class Sent(msgspec.Struct, frozen=True):
    """A message that reached a buyer."""

    order: str
    action: str
    text: str
    files: tuple[str, ...] = ()


class AmazonShop:
    """One seller's state. Not locked: its server holds the lock; others hold it themselves."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self.now = now
        self.orders: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, dict[str, Any]] = {}
        self.offered: dict[str, list[str]] = {}
        """The messages offered, by order; `OFFERED` where nothing else was said."""
        self.locales: dict[str, str] = {}
        self.sent: list[Sent] = []
        self.asked: list[str] = []
        """The orders whose buyers were asked for a review."""
        self.hides_reviews = False
        """Whether the list of solicitations is empty for no reason, as it is at times."""
        self.files: dict[str, bytes] = {}
        """What was put, by its upload destination."""
        self._count = 0

    def add_order(
        self,
        buyer: str = "ann",
        *,
        at: datetime | None = None,
        store: str = DE,
        deliver_in: tuple[float, float] = (5, 9),
        by: str = "MERCHANT",
        updated: datetime | None = None,
    ) -> str:
        """An order of two lamps, to be delivered within these days; gives its id."""
        number, at = self._next(), at or self.now()
        order_id = f"302-{number:07d}-{number * 7 % 10_000_000:07d}"
        host = _NAMES[store].lower()
        self.orders[order_id] = {
            "orderId": order_id,
            "createdTime": iso(at),
            "lastUpdatedTime": iso(updated or at),
            "salesChannel": {
                "channelName": "AMAZON",
                "marketplaceId": store,
                "marketplaceName": _NAMES[store],
            },
            "buyer": {"buyerName": buyer.title()}
            | ({"buyerEmail": f"{buyer}x7k2@marketplace.{host}"} if by == "MERCHANT" else {}),
            "recipient": {"deliveryAddress": _address(buyer, store)},
            "proceeds": {"grandTotal": {"amount": "49.80", "currencyCode": "EUR"}},
            "fulfillment": {
                "fulfillmentStatus": "UNSHIPPED",
                "fulfilledBy": by,
                "fulfillmentServiceLevel": "STANDARD",
                "shipByWindow": _window(at, 0, 2),
                "deliverByWindow": _window(at, *deliver_in),
            },
            "orderItems": [_item(number)],
            "packages": [],
        }
        return order_id

    def ship(
        self,
        order_id: str,
        number: str | None,
        *,
        carrier: str = "DHL",
        reference: str | None = None,
        at: datetime | None = None,
    ) -> str:
        """A parcel with all of an order; gives its reference."""
        order, at = self.orders[order_id], at or self.now()
        reference = reference or str(len(order["packages"]) + 1)
        order["packages"].append(
            {
                "packageReferenceId": reference,
                "createdTime": iso(at),
                "packageStatus": {"status": "SHIPPED", "detailedStatus": "PICKED_UP"},
                "carrier": carrier,
                "shipTime": iso(at),
                "shipFromAddress": {"city": "Shenzhen", "countryCode": "CN"},
                "packageItems": [
                    {"orderItemId": order["orderItems"][0]["orderItemId"], "quantity": 2}
                ],
            }
            | ({"trackingNumber": number} if number else {})
        )
        for item in order["orderItems"]:
            item["fulfillment"] = {
                "quantityFulfilled": item["quantityOrdered"],
                "quantityUnfulfilled": 0,
            }
        self.change(order_id, "SHIPPED", at)
        return reference

    def deliver(self, order_id: str) -> None:
        """All parcels of an order arrive."""
        for package in self.orders[order_id]["packages"]:
            package["packageStatus"] = {"status": "DELIVERED", "detailedStatus": "DELIVERED"}
        self.change(order_id, "SHIPPED")

    def change(self, order_id: str, status: str, at: datetime | None = None) -> None:
        """Give an order another state."""
        order = self.orders[order_id]
        order["fulfillment"]["fulfillmentStatus"] = status
        order["lastUpdatedTime"] = iso(at or self.now())

    def add_return(self, order_id: str, *, at: datetime | None = None) -> str:
        """A buyer sends a position back; gives the return's id."""
        number, at = self._next(), at or self.now()
        return_id = f"ret-{number:08d}"
        self.returns[return_id] = {
            "id": return_id,
            "status": "CREATED",
            "returnType": "CUSTOMER",
            "returnSubType": "NORMAL",
            "merchantSku": f"LAMP-{number}",
            "numberOfUnits": 1,
            "fulfillmentLocationId": "warehouse-1",
            "creationDateTime": iso(at),
            "lastUpdatedDateTime": iso(at),
            "returnMetadata": {"returnReason": "DEFECTIVE", "rmaId": f"rma-{number}"},
            "returnShippingInfo": {
                "reverseTrackingInfo": {"carrierName": "DHL", "trackingId": f"R{number:08d}"}
            },
            "marketplaceChannelDetails": {"customerOrderId": order_id},
        }
        return return_id

    def move_return(self, return_id: str, status: str) -> None:
        """Give a return another state."""
        self.returns[return_id] |= {"status": status, "lastUpdatedDateTime": iso(self.now())}

    def offers(self, order_id: str) -> list[str]:
        """The messages that are offered for an order."""
        return self.offered.get(order_id, list(OFFERED))

    def review_refusal(self, order_id: str) -> str:
        """Why the buyer cannot be asked for a review now, in Amazon's words; empty: they can."""
        order = self.orders[order_id]["fulfillment"]
        due = order["deliverByWindow"]
        opens = datetime.fromisoformat(due["earliestDateTime"]) + _OPENS
        closes = datetime.fromisoformat(due["latestDateTime"]) + _CLOSES
        if not opens <= self.now() <= closes:
            return (
                "You can't use this feature to request a review outside the 5-30 day range after "
                "the order delivery date."
            )
        if order_id in self.asked or order["fulfillmentStatus"] != "SHIPPED":
            return "The requested solicitation is not available for this amazonOrderId."
        return ""

    def _next(self) -> int:
        self._count += 1
        return self._count


def _window(at: datetime, first: float, last: float) -> dict[str, str]:
    ends = at + timedelta(days=first), at + timedelta(days=last)
    return {"earliestDateTime": iso(ends[0]), "latestDateTime": iso(ends[1])}


def _address(buyer: str, store: str) -> dict[str, str]:
    return {
        "name": buyer.title(),
        "addressLine1": "Lampenweg 1",
        "addressLine2": "",
        "city": "Berlin",
        "postalCode": "10115",
        "countryCode": {DE: "DE", FR: "FR", US: "US"}[store],
        "phone": "+1 480-555-0100 ext. 12345",
        "addressType": "RESIDENTIAL",
    }


def _item(number: int) -> dict[str, Any]:
    return {
        "orderItemId": f"{60_000_000_000_000 + number}",
        "quantityOrdered": 2,
        "product": {
            "asin": f"B0{number:08d}",
            "title": "Desk lamp",
            "sellerSku": f"LAMP-{number}",
            "price": {"unitPrice": {"amount": "24.90", "currencyCode": "EUR"}},
        },
        "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2},
    }
