"""The fake TikTok Shop's state: conversations, orders with packages, returns and cancellations.

The shapes are those of TikTok's published reference of the versions 202309.
"""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import msgspec

SELLER = "7494560109732330001"


class Sent(msgspec.Struct, frozen=True):
    """A text of the seller as it reached a buyer."""

    buyer: str
    text: str
    at: datetime
    conversation_id: str
    message_id: str


class Conversation(msgspec.Struct):
    """What is said with one buyer."""

    id: str
    buyer: str
    created: int
    open: bool = True
    """Whether TikTok lets the shop write."""
    messages: list[dict[str, Any]] = []

    def shown(self) -> dict[str, Any]:
        """The entry of the list."""
        latest = max(self.messages, key=lambda one: int(one["index"]), default={})
        buyer = {"role": "BUYER", "user_id": self.buyer, "im_user_id": im_id(self.buyer)}
        shop = {"role": "SHOP", "user_id": SELLER, "im_user_id": im_id(SELLER)}
        return {
            "id": self.id,
            "can_send_message": self.open,
            "create_time": self.created,
            "latest_message": latest,
            "participant_count": 2,
            "participants": [
                {**shop, "nickname": "Lamp Shop"},
                {**buyer, "nickname": f"nick {self.buyer[-3:]}"},
            ],
            "unread_count": 0,
        }


def im_id(user_id: str) -> str:
    """Somebody's id in the chat: another one than orders know them by."""
    return f"70{user_id[2:][::-1]}"


class Shop:
    """One shop. `now` is its clock; `lock` is held while something changes."""

    def __init__(self, now: Callable[[], datetime], lock: threading.RLock) -> None:
        self.now, self.lock = now, lock
        self.conversations: dict[str, Conversation] = {}
        self.orders: dict[str, dict[str, Any]] = {}
        self.returns: dict[str, dict[str, Any]] = {}
        self.cancellations: dict[str, dict[str, Any]] = {}
        self.sent: list[Sent] = []
        self.sensitive: set[str] = set()
        """Words that TikTok does not let out."""
        self.providers = {"661": "DHL", "662": "DHL eCommerce", "663": "Royal Mail", "664": "Evri"}
        self._number = 5_760_000_000_000_000_000

    def add_message(
        self,
        buyer: str,
        text: str = "",
        *,
        role: str = "BUYER",
        kind: str = "TEXT",
        content: dict[str, Any] | str | None = None,
        at: datetime | None = None,
        visible: bool = True,
    ) -> str:
        """Something is said with a buyer; gives the message's id."""
        with self.lock:
            thread = self.thread_with(buyer, at)
            told = {"content": text} if content is None else content
            number = self._next()
            side = buyer if role == "BUYER" else SELLER
            thread.messages.append(
                {
                    "id": number,
                    "index": str(len(thread.messages) + 1),
                    "type": kind,
                    "content": told
                    if isinstance(told, str)
                    else msgspec.json.encode(told).decode(),
                    "create_time": self._seconds(at),
                    "is_visible": visible,
                    "sender": {"role": role, "im_user_id": im_id(side), "nickname": role.title()},
                }
            )
            return number

    def thread_with(self, buyer: str, at: datetime | None = None) -> Conversation:
        """The conversation with a buyer, made where there is none."""
        with self.lock:
            for thread in self.conversations.values():
                if thread.buyer == buyer:
                    return thread
            thread = Conversation(self._next(), buyer, self._seconds(at), messages=[])
            return self.conversations.setdefault(thread.id, thread)

    def write(self, thread: Conversation, text: str) -> str:
        """The seller writes; gives the message's id."""
        with self.lock:
            number = self.add_message(thread.buyer, text, role="SHOP")
            self.sent.append(Sent(thread.buyer, text, self.now(), thread.id, number))
            return number

    def add_order(
        self,
        buyer: str,
        *,
        at: datetime | None = None,
        status: str = "AWAITING_SHIPMENT",
        pieces: int = 1,
        packed: bool = True,
        **fields: Any,
    ) -> str:
        """A buyer orders lamps; gives the order's id. `packed`: it has a package already."""
        with self.lock:
            number, placed = self._next(), at or self.now()
            package = self._next() if packed else None
            lines = [self._line(package) for _ in range(pieces)]
            self.orders[number] = {
                **_sold(number, buyer, placed),
                "status": status,
                "line_items": lines,
                "packages": [{"id": package}] if package else [],
                **fields,
            }
            return number

    def ship(
        self, order: str, number: str, provider: str = "DHL", at: datetime | None = None
    ) -> None:
        """An order's lines leave in its package."""
        with self.lock:
            for line in self.orders[order]["line_items"]:
                self._mark(line, number, provider, at)
            self.change(order, at, status="AWAITING_COLLECTION")

    def change(self, order: str, at: datetime | None = None, **fields: Any) -> None:
        """Something about an order changes."""
        with self.lock:
            self.orders[order] |= {**fields, "update_time": self._seconds(at)}

    def add_return(self, order: str, *, at: datetime | None = None, **fields: Any) -> str:
        """A buyer wants to give something back; gives the return's id."""
        with self.lock:
            number, opened = self._next(), self._seconds(at)
            deadline = opened + 2 * 86_400
            self.returns[number] = {
                "return_id": number,
                "order_id": order,
                "create_time": opened,
                "update_time": opened,
                "role": "BUYER",
                "return_type": "RETURN_AND_REFUND",
                "return_status": "RETURN_OR_REFUND_REQUEST_PENDING",
                "return_reason": "ecom_order_delivered_refund_and_return_reason_damaged",
                "return_reason_text": "The lamp is damaged",
                "refund_amount": {"currency": "GBP", "refund_total": "19.99"},
                "seller_next_action_response": [
                    {"action": "SELLER_RESPOND_RETURN", "deadline": deadline}
                ],
                **fields,
            }
            return number

    def add_cancellation(self, order: str, *, at: datetime | None = None, **fields: Any) -> str:
        """A buyer wants no lamp any more; gives the cancellation's id."""
        with self.lock:
            number, opened = self._next(), self._seconds(at)
            self.cancellations[number] = {
                "cancel_id": number,
                "order_id": order,
                "create_time": opened,
                "update_time": opened,
                "role": "BUYER",
                "cancel_type": "BUYER_CANCEL",
                "cancel_status": "CANCELLATION_REQUEST_PENDING",
                "cancel_reason": "ecom_order_to_ship_canceled_reason_no_need",
                "cancel_reason_text": "No longer needed",
                "refund_amount": {"currency": "GBP", "refund_total": "19.99"},
                "seller_next_action_response": [
                    {"action": "SELLER_RESPOND_CANCEL", "deadline": opened + 86_400}
                ],
                **fields,
            }
            return number

    def told(self, lines: list[dict[str, Any]], number: str, provider_id: str) -> None:
        """The seller tells of a parcel."""
        with self.lock:
            for line in lines:
                self._mark(line, number, self.providers[provider_id], None)
            for order in self.orders.values():
                if order["line_items"][0] in lines:
                    self.change(order["id"], status="AWAITING_COLLECTION")

    def _mark(self, line: dict[str, Any], number: str, provider: str, at: datetime | None) -> None:
        line |= {
            "package_id": line["package_id"] or self._next(),
            "package_status": "PROCESSING",
            "tracking_number": number,
            "shipping_provider_name": provider,
            "rts_time": self._seconds(at),
        }

    def _line(self, package: str | None) -> dict[str, Any]:
        return {
            "id": self._next(),
            "product_id": "1729592969712207008",
            "product_name": "Blue lamp",
            "sku_id": "1729592969712207013",
            "sku_name": "Blue, E27",
            "seller_sku": "LAMP-BLUE",
            "sale_price": "19.99",
            "currency": "GBP",
            "display_status": "AWAITING_SHIPMENT",
            "package_id": package or "",
            "package_status": "TO_FULFILL" if package else "",
            "tracking_number": "",
        }

    def _next(self) -> str:
        self._number += 1
        return str(self._number)

    def _seconds(self, at: datetime | None) -> int:
        return int((at or self.now()).timestamp())


def _sold(number: str, buyer: str, placed: datetime) -> dict[str, Any]:
    def due(days: int) -> int:
        return int((placed + timedelta(days=days)).timestamp())

    return {
        "id": number,
        "user_id": buyer,
        "buyer_nickname": f"nick {buyer[-3:]}",
        "buyer_email": "v4bECUSG764MNA5YINJMPPJTTKO3Q@scs.tiktok.com",
        "buyer_message": "",
        "create_time": due(0),
        "paid_time": due(0),
        "update_time": due(0),
        "rts_sla_time": due(2),
        "tts_sla_time": due(3),
        "shipping_due_time": due(5),
        "collection_due_time": due(6),
        "delivery_sla_time": due(8),
        "delivery_option_required_delivery_time": due(9),
        "delivery_option_id": "7091146663229654785",
        "delivery_option_name": "Standard Shipping",
        "shipping_type": "SELLER",
        "fulfillment_type": "FULFILLMENT_BY_SELLER",
        "payment": {"currency": "GBP", "total_amount": "21.49"},
        "recipient_address": {
            "name": "Ann Example",
            "phone_number": "(+44)7700900123",
            "region_code": "GB",
            "postal_code": "EC1A 1BB",
            "post_town": "London",
            "address_line1": "1 Long Lane",
            "address_line2": "",
            "district_info": [
                {"address_level": "L0", "address_level_name": "Country", "address_name": "UK"},
                {"address_level": "L1", "address_level_name": "Nation", "address_name": "England"},
            ],
        },
    }
