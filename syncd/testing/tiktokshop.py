"""A fake TikTok Shop: one shop's login, chat, orders, packages, returns, cancellations, in memory.

    with FakeTikTokShop() as tiktok:
        order = tiktok.shop.add_order("7494560109732338459")
        tiktok.shop.add_message("7494560109732338459", "Where is my lamp?")
        ...  # point an account at tiktok.url
        tiktok.shop.sent

It refuses what is not signed, too old, without the shop's cipher or beyond the page sizes, as the
gateway does. Pages go by offset, so that what changes while a list is read slips past who does not
look out.
"""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from syncd import clock
from syncd.testing.server import Answer, Request, route
from syncd.testing.tiktokshop_login import Refusal, TikTokLogin, envelope
from syncd.testing.tiktokshop_shop import Conversation, Sent, Shop

CHAT, ORDERS = "/customer_service/202309/conversations", "/order/202309/orders"
FULFILLMENT, CASES = "/fulfillment/202309", "/return_refund/202309"
_WRONG = "Invalid parameters. {}"


class FakeTikTokShop(TikTokLogin):
    """One shop on loopback; `shop` is its state. `now` is its clock."""

    def __init__(self, now: Callable[[], datetime] = clock.now) -> None:
        super().__init__(now)
        self.shop = Shop(now, self.lock)
        self.latest_first = True
        """How conversations are listed; that TikTok does it so is not published."""

    @property
    def sent(self) -> list[Sent]:
        """What reached buyers, oldest first."""
        return self.shop.sent

    @route("GET", CHAT)
    def conversations(self, request: Request) -> Answer:
        """All conversations."""
        shown = [thread.shown() for thread in self.shop.conversations.values()]
        shown.sort(key=_latest, reverse=self.latest_first)
        return self._page(request, "conversations", shown, most=20)

    @route("GET", f"{CHAT}/([^/]+)/messages")
    def messages(self, request: Request) -> Answer:
        """What is said in a conversation."""
        field = request.one("sort_field", "create_time")
        if field not in {"create_time", "index"}:
            raise Refusal(45101002, _WRONG.format("sort_field"))
        messages = sorted(
            self._asked(request).messages,
            key=lambda one: int(one[field]),
            reverse=request.one("sort_order", "DESC") == "DESC",
        )
        return self._page(request, "messages", messages, most=10)

    @route("POST", f"{CHAT}/([^/]+)/messages")
    def send(self, request: Request) -> Answer:
        """The seller writes."""
        thread, body = self._asked(request), request.json()
        if body.get("type") != "TEXT" or not isinstance(body.get("content"), str):
            raise Refusal(45101002, _WRONG.format("content is a JSON serialized string"))
        text = msgspec.json.decode(body["content"], type=dict[str, str]).get("content", "")
        if not 0 < len(text) <= 2000:
            raise Refusal(45101002, _WRONG.format("Max 2000 characters"))
        if any(word in text for word in self.shop.sensitive):
            raise Refusal(45101006, "Message hits sensitive words")
        if not thread.open:
            raise Refusal(45109001, "Cannot send message in this conversation")
        return envelope({"message_id": self.shop.write(thread, text)})

    @route("POST", CHAT)
    def open_conversation(self, request: Request) -> Answer:
        """A conversation is made, or opened again."""
        buyer = request.json().get("buyer_user_id")
        bought = {order["user_id"] for order in self.shop.orders.values()}
        known = bought | {thread.buyer for thread in self.shop.conversations.values()}
        if buyer not in known:
            raise Refusal(45109003, "The criteria for creating a conversation are not met")
        thread = self.shop.thread_with(buyer)
        thread.open = True
        return envelope({"conversation_id": thread.id})

    @route("POST", f"{ORDERS}/search")
    def search_orders(self, request: Request) -> Answer:
        """Orders by their last change."""
        return self._search(request, "orders", self.shop.orders, most=100)

    @route("GET", ORDERS)
    def orders_by_id(self, request: Request) -> Answer:
        """Orders by their ids."""
        ids = request.one("ids").split(",")
        found = [self.shop.orders[one] for one in ids if one in self.shop.orders]
        return envelope({"orders": found})

    @route("POST", f"{CASES}/returns/search")
    def search_returns(self, request: Request) -> Answer:
        """Returns by their last change."""
        return self._search(request, "return_orders", self.shop.returns, most=50, least=10)

    @route("POST", f"{CASES}/cancellations/search")
    def search_cancellations(self, request: Request) -> Answer:
        """Cancellations by their last change."""
        return self._search(request, "cancellations", self.shop.cancellations, most=50)

    @route("GET", "/logistics/202309/delivery_options/([^/]+)/shipping_providers")
    def shipping_providers(self, request: Request) -> Answer:
        """The carriers of a way of delivery."""
        del request
        known = [{"id": one, "name": name} for one, name in self.shop.providers.items()]
        return envelope({"shipping_providers": known})

    @route("POST", f"{FULFILLMENT}/packages/([^/]+)/ship")
    def ship_package(self, request: Request) -> Answer:
        """The seller tells that a package left."""
        told = request.json().get("self_shipment", {})
        lines = [one for one in self._lines() if one["package_id"] == request.groups[0]]
        if not lines:
            raise Refusal(21011001, "Package not found")
        self._tell(lines, told)
        return envelope({})

    @route("POST", f"{FULFILLMENT}/orders/([^/]+)/packages")
    def mark_as_shipped(self, request: Request) -> Answer:
        """The seller tells that lines left, in a package that is made by it."""
        told = request.json()
        wanted = set(told.get("order_line_item_ids", ()))
        lines = [one for one in self._lines() if one["id"] in wanted]
        if not lines or request.groups[0] not in self.shop.orders:
            raise Refusal(21001001, _WRONG.format("order_line_item_ids"))
        self._tell(lines, told)
        return envelope({"order_id": request.groups[0], "package_id": lines[0]["package_id"]})

    def _tell(self, lines: list[dict[str, Any]], told: dict[str, str]) -> None:
        if any(line["tracking_number"] for line in lines):
            raise Refusal(21011006, "The package has been shipped")
        if told.get("shipping_provider_id") not in self.shop.providers:
            raise Refusal(21001001, _WRONG.format("shipping_provider_id"))
        self.shop.told(lines, told["tracking_number"], told["shipping_provider_id"])

    def _lines(self) -> list[dict[str, Any]]:
        return [line for order in self.shop.orders.values() for line in order["line_items"]]

    def _asked(self, request: Request) -> Conversation:
        thread = self.shop.conversations.get(request.groups[0])
        if thread is None:
            raise Refusal(45101003, "Record not found")
        return thread

    def _search(
        self,
        request: Request,
        name: str,
        entries: dict[str, dict[str, Any]],
        *,
        most: int,
        least: int = 1,
    ) -> Answer:
        span = request.json()
        start, end = span.get("update_time_ge", 0), span.get("update_time_lt", 1 << 40)
        fits = [one for one in entries.values() if start <= one["update_time"] < end]
        field = request.one("sort_field", "create_time")
        descending = request.one("sort_order", "DESC") == "DESC"
        fits.sort(key=lambda one: int(one[field]), reverse=descending)
        return self._page(request, name, fits, most=most, least=least, total=len(fits))

    def _page(
        self,
        request: Request,
        name: str,
        entries: list[dict[str, Any]],
        *,
        most: int,
        least: int = 1,
        total: int | None = None,
    ) -> Answer:
        size = int(request.one("page_size") or 0)
        if not least <= size <= most:
            raise Refusal(36009004, _WRONG.format(f"page_size has to be {least} to {most}"), 400)
        token = request.one("page_token")
        offset = int(base64.b64decode(token)) if token else 0
        after = offset + size
        following = base64.b64encode(str(after).encode()).decode() if after < len(entries) else ""
        data = {name: self.page(entries[offset:after]), "next_page_token": following}
        return envelope(data if total is None else {**data, "total_count": total})


def _latest(shown: dict[str, Any]) -> int:
    return int(shown["latest_message"].get("create_time", shown["create_time"]))
