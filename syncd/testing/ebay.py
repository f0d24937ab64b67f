"""A fake eBay: logins, messages, orders, after-sales cases and pushes of one seller, in memory.

    with FakeEbay() as ebay:
        order = ebay.add_order("buyer-1")
        ebay.add_message("buyer-1", "Where is my lamp?")
        ebay.fulfil(order, "00340434161094042557")
        ...  # point an account at ebay.url
        ebay.sent

Lists are newest first, as eBay is thought to give them. For tests that kill processes it runs by
itself (``python -m syncd.testing.ebay --port-file F --record F``), is filled by
``POST /_fake/add_order`` and the like (the verbs of `Shop`, and ``fail``), and writes each message
it accepts as a JSON line, synced to disk, before it answers.
"""

import argparse
import os
import re
import signal
import sys
from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from syncd import clock
from syncd.testing.ebay_cases import POST_ORDER
from syncd.testing.ebay_push import KEYS, EbayPush
from syncd.testing.ebay_shop import FROM_EBAY, FROM_MEMBERS, Conversation, Sent, Shop, iso
from syncd.testing.server import Answer, Fault, Request, route

MESSAGES, ORDERS = "/commerce/message/v1", "/sell/fulfillment/v1"
_VERBS = {"add_order", "add_message", "add_platform_message", "fulfil", "cancel"}
_TIMES = {"at", "ship_by", "earliest", "latest"}
_MODIFIED = re.compile(r"lastmodifieddate:\[([^.\]]+\.?\d*Z)\.\.([^\]]*)\]")


class Refusal(Exception):
    """An error answer in eBay's shape."""

    def __init__(self, status: int, error_id: int, message: str, domain: str) -> None:
        super().__init__(message)
        error = {"errorId": error_id, "domain": domain, "category": "REQUEST", "message": message}
        self.answer = Answer.json({"errors": [error | {"longMessage": message}]}, status)


class FakeEbay(EbayPush):
    """One seller's eBay on loopback; `shop` is its state. `now` is its clock."""

    def __init__(
        self,
        now: Callable[[], datetime] = clock.now,
        *,
        seller: str = "lamp-shop",
        record: Path | None = None,
    ) -> None:
        super().__init__(now)
        self.shop = Shop(seller, now, self.lock)
        self.add_order, self.fulfil = self.shop.add_order, self.shop.fulfil
        self.cancel, self.add_message = self.shop.cancel, self.shop.add_message
        self.add_platform_message = self.shop.add_platform_message
        self.denied: set[str] = set()
        """Paths' beginnings that the consent does not cover, such as `MESSAGES`."""
        self._record = record

    @property
    def sent(self) -> list[Sent]:
        """What reached buyers, oldest first."""
        return self.shop.sent

    def answer(self, request: Request) -> Answer:
        """Check the login as eBay does, then answer."""
        try:
            if request.path.startswith((MESSAGES, ORDERS, POST_ORDER, KEYS)):
                self._authorize(request)
            return super().answer(request)
        except Refusal as refusal:
            return refusal.answer

    def _authorize(self, request: Request) -> None:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme != ("IAF" if request.path.startswith(POST_ORDER) else "Bearer"):
            raise Refusal(401, 1001, f"Bad scheme: {scheme}", "OAuth")
        if not self.is_good(token):
            raise Refusal(401, 1001, "Invalid access token", "OAuth")
        if request.path.startswith(tuple(self.denied)):
            raise Refusal(403, 1100, "Insufficient permissions to fulfill the request.", "ACCESS")

    @route("GET", f"{MESSAGES}/conversation")
    def conversations(self, request: Request) -> Answer:
        """The list of conversations."""
        kind, other = _kind(request), request.one("other_party_username")
        if other and other not in self.shop.users:
            raise _message_error(355006, "Invalid or unrecognized other_party_username value.")
        start, end = _time(request.one("start_time")), _time(request.one("end_time"))
        if start and end and start >= end:
            raise _message_error(355004, "The start_time must be an earlier date than end_time.")
        fits = [
            thread
            for thread in self.shop.conversations.values()
            if thread.kind == kind and other in {"", thread.other} and _within(thread, start, end)
        ]
        fits.sort(key=lambda thread: str(thread.latest["createdDate"]), reverse=True)
        return self._list(request, "conversations", [thread.detail() for thread in fits])

    @route("GET", f"{MESSAGES}/conversation/([^/]+)")
    def conversation(self, request: Request) -> Answer:
        """The messages of one conversation."""
        thread = self.shop.conversations.get(request.groups[0])
        if thread is None or thread.kind != _kind(request):
            raise _message_error(355007, "Invalid or unrecognized conversation_id value.")
        about = {
            "conversationStatus": "ACTIVE",
            "conversationTitle": thread.title,
            "conversationType": thread.kind,
        }
        return self._list(request, "messages", thread.messages[::-1], about)

    @route("POST", f"{MESSAGES}/send_message")
    def send_message(self, request: Request) -> Answer:
        """A message to a buyer, in a conversation or opening one."""
        body = request.json()
        thread = self._recipient(body)
        text = body.get("messageText", "")
        if not text and not body.get("messageMedia"):
            raise _message_error(355015, "Please pass message text or media attachments.")
        if len(text) > 2000:
            raise _message_error(355013, "The messageText string exceeds 2000 characters.")
        message = self.shop.write(thread, self.shop.seller, thread.other, text, None)
        self._keep(
            Sent(thread.other, text, self._now(), thread.id, message["messageId"], thread.listing)
        )
        shown = {name: message[name] for name in ("messageId", "messageBody", "createdDate")}
        names = {"senderUserName": self.shop.seller, "recipientUserName": thread.other}
        return Answer.json(shown | names | {"readStatus": False}, 201)

    @route("GET", f"{ORDERS}/order")
    def orders(self, request: Request) -> Answer:
        """The list of orders, by their last change."""
        start, end = self._span(request.one("filter"))
        fits = [
            order
            for order in self.shop.orders.values()
            if start <= order["lastModifiedDate"] <= end
        ]
        fits.sort(key=lambda order: str(order["creationDate"]), reverse=True)
        return self._list(request, "orders", fits)

    @route("GET", f"{ORDERS}/order/([^/]+)")
    def order(self, request: Request) -> Answer:
        """One order."""
        return Answer.json(self._order(request))

    @route("GET", f"{ORDERS}/order/([^/]+)/shipping_fulfillment")
    def fulfillments(self, request: Request) -> Answer:
        """The parcels of an order."""
        parcels = self.shop.fulfillments[self._order(request)["orderId"]]
        return Answer.json({"fulfillments": self.page(parcels), "total": len(parcels)})

    @route("POST", f"{ORDERS}/order/([^/]+)/shipping_fulfillment")
    def report_parcel(self, request: Request) -> Answer:
        """The seller tells of a parcel."""
        order, body = self._order(request), request.json()
        number, carrier = body.get("trackingNumber"), body.get("shippingCarrierCode")
        if bool(number) != bool(carrier) or re.search(r"[^0-9A-Za-z]", number or ""):
            raise _fulfillment_error(32300, "Invalid shipment tracking number or carrier")
        known = {line["lineItemId"] for line in order["lineItems"]}
        if {line["lineItemId"] for line in body["lineItems"]} - known:
            raise _fulfillment_error(32200, "Invalid line item id")
        at = _time(body.get("shippedDate", "")) or self._now()
        number = self.shop.fulfil(order["orderId"], number or "", carrier, at)
        place = f"{self.url}{request.path}/{number}"
        return Answer.json({}, 201, {"Location": place})

    @route("POST", "/_fake/([a-z_]+)")
    def control(self, request: Request) -> Answer:
        """Fill the shop, or order a fault, from another process."""
        verb, fields = request.groups[0], request.json()
        if verb == "fail":
            self.fail(Fault(fields.pop("fault")), **fields)
            return Answer.json({})
        if verb not in _VERBS:
            return Answer.json({"error": f"no verb {verb}; there are {sorted(_VERBS)}"}, 404)
        fields |= {name: datetime.fromisoformat(fields[name]) for name in _TIMES & fields.keys()}
        return Answer.json({"id": getattr(self.shop, verb)(**fields)})

    def _recipient(self, body: dict[str, Any]) -> Conversation:
        thread_id, other = body.get("conversationId"), body.get("otherPartyUsername")
        if thread_id:
            thread = self.shop.conversations.get(thread_id)
            if thread is None or thread.kind != FROM_MEMBERS:
                raise _message_error(355007, "Invalid or unrecognized conversation_id value.")
            return thread
        if not other:
            raise _message_error(
                355018, "conversationId and otherPartyUsername cannot both be empty."
            )
        if other not in self.shop.users:
            raise _message_error(355006, "Invalid or unrecognized otherPartyUsername value.")
        listing = body.get("reference", {}).get("referenceId")
        lines = (line for order in self.shop.orders.values() for line in order["lineItems"])
        known = {line["legacyItemId"] for line in lines} - self.shop.ended
        if listing and listing not in known:
            raise _message_error(355020, "No listing can be found by this referenceId.")
        return self.shop.thread_with(other, listing)

    def _keep(self, sent: Sent) -> None:
        self.shop.sent.append(sent)
        if self._record is not None:
            with self._record.open("ab") as file:
                file.write(msgspec.json.encode(sent) + b"\n")
                file.flush()
                os.fsync(file.fileno())

    def _order(self, request: Request) -> dict[str, Any]:
        order = self.shop.orders.get(request.groups[0])
        if order is None:
            raise Refusal(404, 32100, f"Invalid order ID: {request.groups[0]}", "API_FULFILLMENT")
        return order

    def _span(self, filters: str) -> tuple[str, str]:
        match = _MODIFIED.fullmatch(filters)
        start, end = (_time(match[1]), _time(match[2])) if match else (None, None)
        now = self._now()
        if start is None:
            raise Refusal(400, 30800, f"Invalid filter value {filters}", "API_FULFILLMENT")
        if max(start, end or start) > now:
            raise Refusal(
                400, 30850, "Start and end dates can't be in the future", "API_FULFILLMENT"
            )
        if (end or now) - start > timedelta(days=731):
            raise Refusal(400, 30830, "Time range must be within '2' years.", "API_FULFILLMENT")
        return iso(start), iso(end or now)

    def page_key(self, request: Request) -> Hashable:
        """Members' conversations and eBay's are two lists."""
        return request.path, request.one("conversation_type")

    def _list(
        self,
        request: Request,
        name: str,
        entries: list[dict[str, Any]],
        about: dict[str, str] | None = None,
    ) -> Answer:
        orders = name == "orders"
        limit, offset = _paging(request, most=200 if orders else 50, usual=50 if orders else 25)
        shown = self.page(entries[offset : offset + limit])
        place = {"total": len(entries), "limit": limit, "offset": offset}
        here = f"{self.url}{request.path}?limit={limit}&offset="
        links = {"href": f"{here}{offset}"}
        if offset + limit < len(entries):
            links["next"] = f"{here}{offset + limit}"
        return Answer.json({name: shown} | place | links | (about or {}))


def _paging(request: Request, *, most: int, usual: int) -> tuple[int, int]:
    said_limit, said_offset = request.one("limit", str(usual)), request.one("offset", "0")
    limit = int(said_limit) if said_limit.isdigit() else 0
    if not 0 < limit <= most:
        raise _message_error(355009, f"Invalid limit. It must not exceed {most}.")
    offset = int(said_offset) if said_offset.isdigit() else -1
    if offset < 0 or (most == 50 and offset % limit):
        raise _message_error(355008, "Invalid offset. It must be synchronized up with the limit.")
    return limit, offset


def _kind(request: Request) -> str:
    kind = request.one("conversation_type")
    if kind not in {FROM_MEMBERS, FROM_EBAY}:
        raise _message_error(355017, "The required conversation_type is missing or invalid.")
    return kind


def _time(said: str) -> datetime | None:
    if not said:
        return None
    try:
        return datetime.fromisoformat(said)
    except ValueError:
        raise _message_error(355005, "Invalid date format used.") from None


def _within(thread: Conversation, start: datetime | None, end: datetime | None) -> bool:
    """Whether a message was sent after `start` and before `end`; eBay's own ignore the times."""
    if thread.kind == FROM_EBAY:
        return True
    low, high = iso(start) if start else "", iso(end) if end else "~"
    return any(low < message["createdDate"] < high for message in thread.messages)


def _fulfillment_error(error_id: int, message: str) -> Refusal:
    return Refusal(400, error_id, message, "API_FULFILLMENT")


def _message_error(error_id: int, message: str) -> Refusal:
    return Refusal(400, error_id, message, "API_MESSAGE")


def main(arguments: list[str]) -> None:
    """Run until SIGTERM; the port is written to a file once it listens."""
    parser = argparse.ArgumentParser(prog="syncd.testing.ebay", description=__doc__)
    parser.add_argument("--port-file", type=Path, required=True)
    parser.add_argument("--record", type=Path, required=True)
    parser.add_argument("--seller", default="lamp-shop")
    chosen = parser.parse_args(arguments)
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT})
    with FakeEbay(seller=chosen.seller, record=chosen.record) as ebay:
        waiting = chosen.port_file.with_suffix(".new")
        waiting.write_text(f"{ebay.port}\n")
        waiting.rename(chosen.port_file)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})


if __name__ == "__main__":
    main(sys.argv[1:])
