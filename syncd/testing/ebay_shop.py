"""The state behind the fake eBay: one seller's orders, parcels and conversations, in eBay's shapes.

The shapes are those of the published descriptions of the Message API 1.0 and the Fulfillment API 1.
"""

import re
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

from syncd.connector import utc_text
from syncd.testing.locking import locked

iso = utc_text
"""A time as eBay writes it, to the millisecond."""

FROM_MEMBERS = "FROM_MEMBERS"
FROM_EBAY = "FROM_EBAY"


class Sent(msgspec.Struct, frozen=True):
    """A message of the seller as it reached a buyer."""

    buyer: str
    text: str
    at: datetime
    conversation_id: str
    message_id: str
    listing_id: str | None = None


class Conversation(msgspec.Struct):
    """Messages with one buyer about one listing, or about none; or from eBay."""

    id: str
    kind: str
    other: str
    title: str
    listing: str | None
    created: datetime
    messages: list[dict[str, Any]]
    """Oldest first, as eBay shows them."""

    @property
    def latest(self) -> dict[str, Any]:
        """The message the list of conversations shows."""
        return max(self.messages, key=lambda message: str(message["createdDate"]))

    def detail(self) -> dict[str, Any]:
        """The conversation as the list shows it."""
        fields: dict[str, Any] = {
            "conversationId": self.id,
            "conversationStatus": "ACTIVE",
            "conversationTitle": self.title,
            "conversationType": self.kind,
            "createdDate": iso(self.created),
            "latestMessage": self.latest,
            "unreadCount": sum(not message["readStatus"] for message in self.messages),
        }
        if self.listing:
            fields |= {"referenceId": self.listing, "referenceType": "LISTING"}
        return fields


class Shop:
    """One seller on eBay. `now` is its clock; every id is a string that grows.

    `lock` is held while something changes, as whoever reads holds it.
    """

    def __init__(self, seller: str, now: Callable[[], datetime], lock: threading.RLock) -> None:
        self.seller = seller
        self.now = now
        self.lock = lock
        self.ended: set[str] = set()
        """Listings that eBay no longer finds."""
        self.orders: dict[str, dict[str, Any]] = {}
        self.fulfillments: dict[str, list[dict[str, Any]]] = {}
        self.conversations: dict[str, Conversation] = {}
        self.users: set[str] = set()
        self.sent: list[Sent] = []
        """What reached buyers, oldest first."""
        self._count = 0

    def next_id(self) -> int:
        """A number not given before."""
        self._count += 1
        return self._count

    @locked
    def add_order(
        self,
        buyer: str,
        *,
        at: datetime | None = None,
        order_id: str | None = None,
        listing: str | None = None,
        title: str = "Desk lamp",
        country: str = "DE",
        ship_by: datetime | None = None,
        earliest: datetime | None = None,
        latest: datetime | None = None,
        paid: bool = True,
    ) -> str:
        """A buyer orders one piece of one listing; gives the order's id.

        Unless told otherwise it has to leave within 3 days and arrives in 7 to 14 days.
        """
        placed, number = at or self.now(), self.next_id()
        order_id = order_id or f"12-{number:05d}-{number % 99991:05d}"
        self.users.add(buyer)
        promise = {
            "shipByDate": iso(ship_by or placed + timedelta(days=3)),
            "minEstimatedDeliveryDate": iso(earliest or placed + timedelta(days=7)),
            "maxEstimatedDeliveryDate": iso(latest or placed + timedelta(days=14)),
        }
        line = _line(number, listing or f"{330000000000 + number}", title, promise, country)
        self.orders[order_id] = _order(order_id, buyer, placed, line, paid=paid)
        self.fulfillments[order_id] = []
        return order_id

    @locked
    def fulfil(
        self,
        order_id: str,
        tracking: str,
        carrier: str | None = "DHL",
        at: datetime | None = None,
    ) -> str:
        """The seller reports a parcel, without a number if need be; gives the fulfillment's id."""
        shipped, order = at or self.now(), self.orders[order_id]
        number = re.sub(r"[^0-9A-Za-z]", "", tracking)
        lines = [{"lineItemId": x["lineItemId"], "quantity": 1} for x in order["lineItems"]]
        told = {"shipmentTrackingNumber": number, "shippingCarrierCode": carrier}
        number = number or "999"
        self.fulfillments[order_id].append(
            {"fulfillmentId": number, "lineItems": lines, "shippedDate": iso(shipped)}
            | {name: value for name, value in told.items() if value}
        )
        for line in order["lineItems"]:
            line["lineItemFulfillmentStatus"] = "FULFILLED"
        order["fulfillmentHrefs"].append(f"/order/{order_id}/shipping_fulfillment/{number}")
        order["orderFulfillmentStatus"] = "FULFILLED"
        order["lastModifiedDate"] = iso(shipped)
        return number

    @locked
    def cancel(self, order_id: str, at: datetime | None = None) -> None:
        """The order is cancelled."""
        cancelled = iso(at or self.now())
        status = {"cancelState": "CANCELED", "cancelledDate": cancelled, "cancelRequests": []}
        self.orders[order_id] |= {"cancelStatus": status, "lastModifiedDate": cancelled}

    @locked
    def add_message(
        self,
        to: str,
        text: str,
        *,
        at: datetime | None = None,
        from_seller: bool = False,
        listing: str | None = None,
        title: str = "Question about the lamp",
    ) -> str:
        """Somebody writes, into a conversation (by id) or with a buyer; gives the message's id."""
        thread = self.conversations.get(to) or self.thread_with(to, listing, title, at)
        sender, recipient = thread.other, self.seller
        if from_seller:
            sender, recipient = recipient, sender
        return str(self.write(thread, sender, recipient, text, at)["messageId"])

    @locked
    def add_platform_message(self, text: str, *, at: datetime | None = None) -> str:
        """EBay itself writes to the seller; gives the message's id."""
        thread = self._open(FROM_EBAY, "eBay", None, "A notice from eBay", at)
        return str(self.write(thread, "eBay", self.seller, text, at)["messageId"])

    def thread_with(
        self, buyer: str, listing: str | None, title: str = "", at: datetime | None = None
    ) -> Conversation:
        """The conversation with a buyer about a listing, opened where there is none."""
        for thread in self.conversations.values():
            if (thread.kind, thread.other, thread.listing) == (FROM_MEMBERS, buyer, listing):
                return thread
        self.users.add(buyer)
        return self._open(FROM_MEMBERS, buyer, listing, title, at)

    def write(
        self, thread: Conversation, sender: str, recipient: str, text: str, at: datetime | None
    ) -> dict[str, Any]:
        """Put a message into a conversation; gives it as eBay shows it."""
        message = {
            "messageId": f"{2_500_000_000_000 + self.next_id()}",
            "messageBody": text,
            "createdDate": iso(at or self.now()),
            "senderUsername": sender,
            "recipientUsername": recipient,
            "subject": thread.title,
            "readStatus": sender == self.seller,
            "messageMedia": [],
        }
        thread.messages.append(message)
        return message

    def _open(
        self, kind: str, other: str, listing: str | None, title: str, at: datetime | None
    ) -> Conversation:
        created = at or self.now()
        thread = Conversation(
            f"{800_000 + self.next_id()}", kind, other, title, listing, created, []
        )
        self.conversations[thread.id] = thread
        return thread


def _line(
    number: int, listing: str, title: str, promise: dict[str, str], country: str
) -> dict[str, Any]:
    return {
        "lineItemId": f"{10_000_000_000_000 + number}",
        "legacyItemId": listing,
        "title": title,
        "sku": f"LAMP-{number}",
        "quantity": 1,
        "lineItemCost": {"value": "24.90", "currency": "EUR"},
        "lineItemFulfillmentStatus": "NOT_STARTED",
        "listingMarketplaceId": f"EBAY_{country}",
        "purchaseMarketplaceId": f"EBAY_{country}",
        "variationAspects": [{"name": "Colour", "value": "black"}],
        "itemLocation": {"countryCode": "CN", "location": "Shenzhen", "postalCode": "518000"},
        "lineItemFulfillmentInstructions": promise,
        "appliedPromotions": [],
        "taxes": [],
        "refunds": [],
    }


def _order(
    order_id: str, buyer: str, placed: datetime, line: dict[str, Any], *, paid: bool
) -> dict[str, Any]:
    total, at = line["lineItemCost"], iso(placed)
    payment = {"paymentStatus": "PAID" if paid else "PENDING", "amount": total}
    return {
        "orderId": order_id,
        "creationDate": at,
        "lastModifiedDate": at,
        "orderFulfillmentStatus": "NOT_STARTED",
        "orderPaymentStatus": "PAID" if paid else "PENDING",
        "buyer": {"username": buyer},
        "pricingSummary": {"priceSubtotal": total, "total": total},
        "cancelStatus": {"cancelState": "NONE_REQUESTED", "cancelRequests": []},
        "paymentSummary": {
            "totalDueSeller": total,
            "payments": [payment | ({"paymentDate": at} if paid else {})],
            "refunds": [],
        },
        "fulfillmentHrefs": [],
        "fulfillmentStartInstructions": [_instruction(line)],
        "lineItems": [line],
    }


def _instruction(line: dict[str, Any]) -> dict[str, Any]:
    promise = line["lineItemFulfillmentInstructions"]
    place = {
        "addressLine1": "Lampenweg 1",
        "city": "Berlin",
        "postalCode": "10115",
        "countryCode": line["purchaseMarketplaceId"].removeprefix("EBAY_"),
    }
    return {
        "fulfillmentInstructionsType": "SHIP_TO",
        "minEstimatedDeliveryDate": promise["minEstimatedDeliveryDate"],
        "maxEstimatedDeliveryDate": promise["maxEstimatedDeliveryDate"],
        "shippingStep": {
            "shippingCarrierCode": "DHL",
            "shippingServiceCode": "DE_DHLPaket",
            "shipTo": {"fullName": "Erika Muster", "contactAddress": place},
        },
    }
