"""eBay's calls: one method each, HTTP out and raw answers back, errors told by recovery.

Sources of the rules: the error codes in eBay's descriptions of the Message API and the Fulfillment
API, and the common ones of its gateway (1001 invalid token, 1100 insufficient permissions, 2001
too many requests).
"""

from datetime import UTC, datetime
from functools import partial
from typing import Any
from urllib.parse import quote

import msgspec

from syncd.connector import AuthFailed, ConnectorError, OutcomeUnknown, Rejected, Unavailable
from syncd.http import Auth, HttpClient, Reply
from syncd_ebay.wire import (
    ConversationPage,
    Fault,
    Faults,
    FulfillmentList,
    MessagePage,
    OrderPage,
    SellOrder,
    SentMessage,
)

MESSAGE_SCOPE = "https://api.ebay.com/oauth/api_scope/commerce.message"
FULFILLMENT_SCOPE = "https://api.ebay.com/oauth/api_scope/sell.fulfillment.readonly"
FROM_MEMBERS = "FROM_MEMBERS"
FROM_EBAY = "FROM_EBAY"
CONVERSATIONS_PER_PAGE = 50
ORDERS_PER_PAGE = 200

_FIXES = {
    355006: "eBay does not know the buyer's user name; write on eBay's site instead",
    355007: "the conversation is gone or is not this account's; start a new one",
    355010: "send fewer files",
    355013: "shorten the text to 2000 characters",
    355014: "give files as https addresses",
    355018: "give a conversation or the buyer's user name",
}
_TROUBLE_AT_EBAY = {335000, 30500}


class ServerFault(Unavailable):
    """eBay failed while it worked on the request, which may have been carried out."""


class ListingGone(Rejected):
    """EBay does not find the listing that a message names."""


class EbayClient:
    """The calls of one account. Thread-safe."""

    def __init__(self, base_url: str, auth: Auth) -> None:
        self._messages = HttpClient(
            f"{base_url}/commerce/message/v1", auth=auth, judge=partial(judge, scope=MESSAGE_SCOPE)
        )
        self._orders = HttpClient(
            f"{base_url}/sell/fulfillment/v1",
            auth=auth,
            judge=partial(judge, scope=FULFILLMENT_SCOPE),
        )

    def conversations(
        self,
        kind: str,
        *,
        start: datetime | None = None,
        end: datetime | None = None,
        other: str | None = None,
        offset: int = 0,
        limit: int = CONVERSATIONS_PER_PAGE,
    ) -> ConversationPage:
        """A page of the conversations with messages in the span; `offset` is a multiple of `limit`."""
        params: dict[str, str | int] = {"conversation_type": kind, "limit": limit, "offset": offset}
        if start is not None:
            params["start_time"] = utc(start)
        if end is not None:
            params["end_time"] = utc(end)
        if other is not None:
            params["other_party_username"] = other
        return self._messages.get("/conversation", params).json(ConversationPage)

    def conversation(self, conversation_id: str, kind: str) -> list[bytes]:
        """All messages of a conversation, each as eBay wrote it, in eBay's order."""
        raws: dict[bytes, None] = {}
        offset, more = 0, True
        while more:
            reply = self._messages.get(
                f"/conversation/{quote(conversation_id, safe='')}",
                {"conversation_type": kind, "limit": CONVERSATIONS_PER_PAGE, "offset": offset},
            )
            page = reply.json(MessagePage)
            raws.update((bytes(raw), None) for raw in page.messages)
            offset += CONVERSATIONS_PER_PAGE
            more = bool(page.messages) and (page.next is not None or offset < (page.total or 0))
        return list(raws)

    def send(self, body: dict[str, Any]) -> SentMessage:
        """Send a message; OutcomeUnknown also where eBay failed at it or its answer is unreadable.

        The listing it names is left out where eBay no longer finds it.
        """
        try:
            reply = self._messages.post("/send_message", body)
        except ListingGone:
            if "reference" not in body:
                raise
            return self.send({name: body[name] for name in body if name != "reference"})
        except ServerFault as fault:
            raise OutcomeUnknown(f"eBay failed while it took the message: {fault}") from None
        try:
            return reply.json(SentMessage)
        except Unavailable as error:
            raise OutcomeUnknown(f"the message went out, and {error}") from None

    def orders(
        self, start: datetime, end: datetime | None, offset: int, limit: int = ORDERS_PER_PAGE
    ) -> OrderPage:
        """A page of the orders last modified in the span."""
        span = f"lastmodifieddate:[{utc(start)}..{utc(end) if end else ''}]"
        reply = self._orders.get("/order", {"filter": span, "limit": limit, "offset": offset})
        return reply.json(OrderPage)

    def order(self, order_id: str) -> SellOrder:
        """One order."""
        return self._orders.get(f"/order/{quote(order_id, safe='')}").json(SellOrder)

    def fulfillments(self, order_id: str) -> list[bytes]:
        """The parcels of an order."""
        path = f"/order/{quote(order_id, safe='')}/shipping_fulfillment"
        raws = self._orders.get(path).json(FulfillmentList).fulfillments
        return list(dict.fromkeys(bytes(raw) for raw in raws))

    def close(self) -> None:
        """Close the kept connections."""
        self._messages.close()
        self._orders.close()


def utc(moment: datetime) -> str:
    """A time as eBay's filters want it."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def judge(reply: Reply, scope: str) -> ConnectorError | None:
    """What an error answer of eBay means; None leaves it to the common rules."""
    if reply.status < 400:
        return None
    faults = _faults(reply.content)
    ids, said = {fault.error_id for fault in faults}, _said(faults)
    if reply.status >= 500 or ids & _TROUBLE_AT_EBAY:
        return ServerFault(f"eBay: HTTP {reply.status}: {said}", reply.retry_after)
    if reply.status == 429 or 2001 in ids:
        return Unavailable(f"eBay's call limit is reached ({said})", reply.retry_after)
    if reply.status == 401 or 1001 in ids:
        return AuthFailed(
            f"eBay refuses the token ({said}): consent again (`syncd connect`), or set refresh_token anew"
        )
    if reply.status == 403:
        return AuthFailed(f"eBay denies access ({said}): consent again with the scope {scope}")
    refusal = ListingGone if 355020 in ids else Rejected
    return refusal(f"eBay refuses: {said}") if ids else None


def _said(faults: list[Fault]) -> str:
    texts = [f"{one.error_id} {one.long_message or one.message}" for one in faults]
    texts += [_FIXES[one.error_id] for one in faults if one.error_id in _FIXES]
    return "; ".join(texts) or "no reason given"


def _faults(content: bytes) -> list[Fault]:
    try:
        return msgspec.json.decode(content, type=Faults).errors
    except msgspec.MsgspecError:
        return []
