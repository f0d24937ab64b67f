"""eBay's calls: one method each, HTTP out and raw answers back, errors told by recovery.

Sources of the rules: the error codes in eBay's descriptions of the Message API and the Fulfillment
API, and the common ones of its gateway (1001 invalid token, 1100 insufficient permissions, 2001
too many requests).
"""

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

import msgspec

from syncd.connector import (
    NOT_JSON,
    AuthFailed,
    ConnectorError,
    NotPermitted,
    OutcomeUnknown,
    Paging,
    Rejected,
    Unavailable,
    utc_text,
)
from syncd.http import Auth, Budget, HttpClient, Reply, Throttled, segment, shared_budget
from syncd_ebay.cases import DISPUTE, POST_ORDER, Kind
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
FULFILLMENT_SCOPE = "https://api.ebay.com/oauth/api_scope/sell.fulfillment"
DISPUTE_SCOPE = "https://api.ebay.com/oauth/api_scope/sell.payment.dispute"
FROM_MEMBERS = "FROM_MEMBERS"
FROM_EBAY = "FROM_EBAY"
CONVERSATIONS_PER_PAGE = 50
ORDERS_PER_PAGE = 200
CASES_AT_ONCE = 200
# "75 calls in 60 seconds" is what AddMemberMessageAAQToPartner allows, and then nothing for 100
# seconds (error 20957); the Message API tells no limit of its own. No minute has more than that.
SENDS_PER_SECOND, SENDS_AT_ONCE = 0.75, 30
BLOCKED_SECONDS = 100.0
# eBay's default for each resource of the Post-Order API, counted by app: 5,000 calls a day.
POST_ORDER_PER_SECOND, POST_ORDER_AT_ONCE = 5000 / 86400, 500

_FIXES = {
    355006: "eBay does not know the buyer's user name; write on eBay's site instead",
    355007: "the conversation is gone or is not this account's; start a new one",
    355010: "send fewer files",
    355013: "shorten the text to 2000 characters",
    355014: "give files as https addresses",
    355018: "give a conversation or the buyer's user name",
}
_TROUBLE_AT_EBAY = {335000, 30500}
_TOO_MANY, _TOO_FAST = 2001, 20957
# What eBay's gateway says where the consent lacks the scope of a call.
_NO_PERMISSION = 1100
_WITHOUT = {DISPUTE_SCOPE: ", or set payment_disputes = false"}


class ServerFault(Unavailable):
    """eBay failed while it worked on the request, which may have been carried out."""


class ListingGone(Rejected):
    """EBay does not find the listing that a message names."""


class ScopeMissing(NotPermitted):
    """The consent does not cover the call."""


class PostOrderLogin:
    """The same token under the scheme that the Post-Order API takes: it refuses ``Bearer``."""

    def __init__(self, auth: Auth) -> None:
        self._auth = auth

    def headers(self) -> Mapping[str, str]:
        """The header that carries the login."""
        return {name: _scheme(it, "Bearer", "IAF") for name, it in self._auth.headers().items()}

    def renew(self, refused: Mapping[str, str]) -> bool:
        """Renew the token, as `Auth.renew`."""
        return self._auth.renew({n: _scheme(it, "IAF", "Bearer") for n, it in refused.items()})


def _scheme(value: str, old: str, new: str) -> str:
    return f"{new} {value.removeprefix(f'{old} ')}"


class EbayClient:
    """The calls of one account. Thread-safe.

    `app` names what eBay counts calls by; `disputes_url` is the host of payment disputes.
    """

    def __init__(
        self, base_url: str, auth: Auth, *, app: str, disputes_url: str, marketplace: str
    ) -> None:
        self._sending = Budget(SENDS_PER_SECOND, SENDS_AT_ONCE)
        self._budgets = {
            kind.name: shared_budget(
                f"{app}:{kind.name}", POST_ORDER_PER_SECOND, POST_ORDER_AT_ONCE
            )
            for kind in POST_ORDER
        }
        self._messages = HttpClient(
            f"{base_url}/commerce/message/v1", auth=auth, judge=partial(judge, scope=MESSAGE_SCOPE)
        )
        self._orders = HttpClient(
            f"{base_url}/sell/fulfillment/v1",
            auth=auth,
            judge=partial(judge, scope=FULFILLMENT_SCOPE),
        )
        self._post_order = HttpClient(
            f"{base_url}/post-order/v2",
            auth=PostOrderLogin(auth),
            headers={"x-ebay-c-marketplace-id": marketplace},
            judge=partial(judge, scope=FULFILLMENT_SCOPE),
        )
        self._disputes = HttpClient(
            f"{disputes_url}/sell/fulfillment/v1",
            auth=auth,
            judge=partial(judge, scope=DISPUTE_SCOPE),
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
        """A page of conversations with messages in the span; `offset` is a multiple of `limit`."""
        params: dict[str, str | int] = {"conversation_type": kind, "limit": limit, "offset": offset}
        if start is not None:
            params["start_time"] = utc_text(start)
        if end is not None:
            params["end_time"] = utc_text(end)
        if other is not None:
            params["other_party_username"] = other
        return self._messages.get("/conversation", params).json(ConversationPage)

    def conversation(self, conversation_id: str, kind: str) -> list[bytes]:
        """All messages of a conversation, each as eBay wrote it, in eBay's order.

        Raises Unavailable also where its pages repeat themselves without end.
        """
        paging = Paging(f"eBay's messages of conversation {conversation_id}")
        raws: dict[bytes, None] = {}
        offset, more = 0, True
        while more:
            reply = self._messages.get(
                f"/conversation/{segment(conversation_id)}",
                {"conversation_type": kind, "limit": CONVERSATIONS_PER_PAGE, "offset": offset},
            )
            page = reply.json(MessagePage)
            found = [bytes(raw) for raw in page.messages]
            raws |= dict.fromkeys(found)
            offset += CONVERSATIONS_PER_PAGE
            more = bool(found) and (page.next is not None or offset < (page.total or 0))
            paging.turned(found, more=more)
        return list(raws)

    def send(self, body: dict[str, Any]) -> SentMessage:
        """Send a message; OutcomeUnknown also where eBay failed at it or its answer is unreadable.

        The listing it names is left out where eBay no longer finds it.
        """
        try:
            reply = self._messages.post("/send_message", body, budget=self._sending)
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
        span = f"lastmodifieddate:[{utc_text(start)}..{utc_text(end) if end else ''}]"
        reply = self._orders.get("/order", {"filter": span, "limit": limit, "offset": offset})
        return reply.json(OrderPage)

    def order(self, order_id: str) -> SellOrder:
        """One order."""
        return self._orders.get(f"/order/{segment(order_id)}").json(SellOrder)

    def fulfillments(self, order_id: str) -> list[bytes]:
        """The parcels of an order."""
        path = f"/order/{segment(order_id)}/shipping_fulfillment"
        raws = self._orders.get(path).json(FulfillmentList).fulfillments
        return list(dict.fromkeys(bytes(raw) for raw in raws))

    def confirm(self, order_id: str, body: dict[str, Any]) -> None:
        """Report a parcel; OutcomeUnknown also where eBay failed at it."""
        try:
            self._orders.post(f"/order/{segment(order_id)}/shipping_fulfillment", body)
        except ServerFault as fault:
            raise OutcomeUnknown(f"eBay failed while it took the parcel: {fault}") from None

    def cases(
        self, kind: Kind, start: datetime, end: datetime, limit: int = CASES_AT_ONCE
    ) -> tuple[list[bytes], bool]:
        """The cases opened in the span, and whether those are all."""
        span = {kind.since: utc_text(start), kind.until: utc_text(end)}
        params: dict[str, str | int] = {**kind.params, **span, "limit": limit}
        http = self._disputes if kind is DISPUTE else self._post_order
        reply = http.get(kind.path, params, budget=self._budgets.get(kind.name))
        if reply.status == 204:
            return [], True
        fields = reply.json(dict[str, msgspec.Raw])
        try:
            raws = msgspec.json.decode(fields.get(kind.entries, b"[]"), type=list[msgspec.Raw])
        except msgspec.MsgspecError as error:
            raise Unavailable(f"eBay's list {kind.entries} is none: {error}") from None
        return list(dict.fromkeys(map(bytes, raws))), len(raws) < limit

    def horizon(self, now: datetime) -> datetime:
        """Until when eBay can have answered, by its clock and ours."""
        return min(self._messages.horizon(now), self._orders.horizon(now))

    def close(self) -> None:
        """Close the kept connections."""
        for http in (self._messages, self._orders, self._post_order, self._disputes):
            http.close()


def judge(reply: Reply, scope: str) -> ConnectorError | None:
    """What an error answer of eBay means; None leaves it to the common rules."""
    if reply.status < 400:
        return None
    faults = _faults(reply.content)
    ids, said = {fault.error_id for fault in faults}, _said(faults)
    if reply.status >= 500 or ids & _TROUBLE_AT_EBAY:
        return ServerFault(f"eBay: HTTP {reply.status}: {said}", reply.retry_after)
    if reply.status == 429 or ids & {_TOO_MANY, _TOO_FAST}:
        wait = reply.retry_after or (BLOCKED_SECONDS if _TOO_FAST in ids else None)
        return Throttled(f"eBay's call limit is reached ({said})", wait)
    if _NO_PERMISSION in ids:
        return ScopeMissing(
            f"eBay denies access ({said})",
            f"consent again (`syncd connect`) with the scope {scope}, which the app has to be granted"
            f"{_WITHOUT.get(scope, '')}",
        )
    if reply.status in {401, 403} or 1001 in ids:
        return AuthFailed(
            f"eBay refuses the token ({said}): consent again (`syncd connect`), or set refresh_token "
            "anew"
        )
    refusal = ListingGone if 355020 in ids else Rejected
    return refusal(f"eBay refuses: {said}") if ids else None


def _said(faults: list[Fault]) -> str:
    texts = [f"{one.error_id} {one.long_message or one.message}" for one in faults]
    texts += [_FIXES[one.error_id] for one in faults if one.error_id in _FIXES]
    return "; ".join(texts) or "no reason given"


def _faults(content: bytes) -> list[Fault]:
    try:
        found = msgspec.json.decode(content, type=Faults)
    except NOT_JSON:
        return []
    return found.errors or found.error
