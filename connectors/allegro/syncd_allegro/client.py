"""Allegro's calls: one method each, HTTP out and raw answers back, errors told by recovery.

Every answer and body has Allegro's own media type, and another one where the description says beta.
Sources of limits: 9000 requests a minute for each client id (allegro-api issue 9991), one message a
second for each user (description of POST /messaging/messages).
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

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
from syncd.http import (
    Auth,
    Budget,
    Encoded,
    HttpClient,
    Outgoing,
    Params,
    Reply,
    segment,
    shared_budget,
)
from syncd.model import Attachment
from syncd_allegro import wire, wire_orders, wire_sales

PUBLIC = "application/vnd.allegro.public.v1+json"
BETA = "application/vnd.allegro.beta.v1+json"
THREADS_PER_PAGE = MESSAGES_PER_PAGE = 20
ISSUES_PER_PAGE = CHAT_PER_PAGE = FORMS_PER_PAGE = RATINGS_PER_PAGE = 100
EVENTS_PER_PAGE = 50
OFFERS_PER_PAGE = OFFER_EVENTS_PER_PAGE = RETURNS_PER_PAGE = 1000
# A minute may begin with the burst: 1000 + 60 * 120 stays below 9000.
REQUESTS_PER_SECOND, REQUESTS_AT_ONCE = 120, 1000
# Messages may be paged up to this offset, and ratings up to another (description of the calls).
LAST_MESSAGE, LAST_RATING = 15_000, 20_000
# Changes of these can change how many can be sold.
_OFFER_CHANGES = (
    "OFFER_ACTIVATED", "OFFER_CHANGED", "OFFER_ENDED", "OFFER_STOCK_CHANGED", "OFFER_ARCHIVED",
)  # fmt: skip
_BETA_PATHS = ("/sale/issues", "/order/customer-returns")
# By the beginning of a path, the right that Allegro's description of its calls names.
_RIGHTS = {
    "/messaging": "messaging",
    "/sale/issues": "disputes",
    "/order": "orders:read",
    "/sale/user-ratings": "ratings",
    "/sale/offer": "sale:offers:read",
}
_WITHOUT = {"disputes": ", or set disputes = false"}
_FILES = "/messaging/message-attachments", "/sale/issues/attachments"


class Denied(NotPermitted):
    """Allegro denies access: to all of a call, or to the one thing that was asked for."""


class AllegroClient:
    """The calls of one account. Thread-safe.

    `upload_url` is the other host that takes and names files.
    """

    def __init__(self, base_url: str, upload_url: str, auth: Auth, client_id: str) -> None:
        app = shared_budget(f"allegro:{client_id}", REQUESTS_PER_SECOND, REQUESTS_AT_ONCE)
        make = partial(
            HttpClient, auth=auth, judge=judge, media_type=PUBLIC, sign=dressed, budget=app
        )
        self._api, self._uploads = make(base_url), make(upload_url)
        self._upload_url = upload_url
        self._sending = Budget(1)
        self.hosts = frozenset(urlsplit(url).hostname for url in (base_url, upload_url))
        """Where links to attachments may point."""

    def threads(self, offset: int, limit: int | None = None) -> list[bytes]:
        """A page of the threads, that with the newest message first."""
        reply = self._page("/messaging/threads", offset, limit or THREADS_PER_PAGE)
        return _raws(reply.json(wire.ThreadPage).threads)

    def messages(self, thread_id: str) -> list[bytes]:
        """All messages of a thread, in Allegro's order."""

        def page(offset: int) -> list[msgspec.Raw]:
            path = f"/messaging/threads/{segment(thread_id)}/messages"
            return self._page(path, offset, MESSAGES_PER_PAGE).json(wire.MessagePage).messages

        return _whole(page, MESSAGES_PER_PAGE, LAST_MESSAGE)

    def issues(self, offset: int, limit: int | None = None) -> list[bytes]:
        """A page of the disputes and claims, that opened last first."""
        reply = self._page("/sale/issues", offset, limit or ISSUES_PER_PAGE)
        return _raws(reply.json(wire.IssuePage).issues)

    def chat(self, issue_id: str) -> list[bytes]:
        """All messages of an issue; Allegro's order has changed over time."""

        def page(offset: int) -> list[msgspec.Raw]:
            path = f"/sale/issues/{segment(issue_id)}/chat"
            return self._page(path, offset, CHAT_PER_PAGE).json(wire.ChatPage).chat

        return _whole(page, CHAT_PER_PAGE)

    def returns(self, since: datetime) -> list[bytes]:
        """All returns that were made since then."""

        def page(offset: int) -> list[msgspec.Raw]:
            asked = {"createdAt.gte": utc_text(since)}
            reply = self._page("/order/customer-returns", offset, RETURNS_PER_PAGE, asked)
            return reply.json(wire_sales.ReturnPage).customer_returns

        return _whole(page, RETURNS_PER_PAGE)

    def latest_event(self) -> str | None:
        """The id of the order log's last entry; None where the log is empty."""
        latest = self._get("/order/event-stats").json(wire_orders.LatestEvent).latest_event
        return latest.id if latest else None

    def events(self, after: str | None) -> list[bytes]:
        """The entries of the order log after one, oldest first; of the last 60 days at the most."""
        params: dict[str, str | int] = {"limit": EVENTS_PER_PAGE}
        if after is not None:
            params["from"] = after
        return _raws(self._get("/order/events", params).json(wire_orders.OrderEvents).events)

    def forms(self, since: datetime, offset: int, limit: int | None = None) -> list[bytes]:
        """A page of the orders that were updated since then, that updated first first."""
        asked = {"updatedAt.gte": utc_text(since), "sort": "updatedAt"}
        reply = self._page("/order/checkout-forms", offset, limit or FORMS_PER_PAGE, asked)
        return _raws(reply.json(wire_orders.FormPage).checkout_forms)

    def form(self, order_id: str) -> bytes:
        """One order."""
        reply = self._get(f"/order/checkout-forms/{segment(order_id)}")
        return bytes(reply.json(msgspec.Raw))

    def waybills(self, order_id: str) -> list[bytes]:
        """The parcels of an order."""
        reply = self._get(f"/order/checkout-forms/{segment(order_id)}/shipments")
        return list(dict.fromkeys(_raws(reply.json(wire_orders.WaybillList).shipments)))

    def add_waybill(self, order_id: str, body: dict[str, str]) -> wire_orders.Waybill:
        """Tell of a parcel that holds the whole order."""
        path = f"/order/checkout-forms/{segment(order_id)}/shipments"
        return self._api.post(path, body).json(wire_orders.Waybill)

    def carriers(self) -> list[wire_orders.Carrier]:
        """The carriers that Allegro knows."""
        return self._get("/order/carriers").json(wire_orders.CarrierList).carriers

    def ratings(
        self, start: datetime, end: datetime | None, offset: int, limit: int | None = None
    ) -> list[bytes]:
        """A page of the ratings that changed in the span, that changed last first."""
        asked = {"lastChangedAt.gte": utc_text(start)}
        if end is not None:
            asked["lastChangedAt.lte"] = utc_text(end)
        reply = self._page("/sale/user-ratings", offset, limit or RATINGS_PER_PAGE, asked)
        return _raws(reply.json(wire_sales.RatingPage).ratings)

    def offers(
        self, offset: int = 0, ids: Sequence[str] = (), limit: int | None = None
    ) -> list[bytes]:
        """A page of the offers that are or will be on sale, or of those with these ids."""
        on_sale = {"publication.status": ("ACTIVE", "ACTIVATING")}
        asked = {"offer.id": ids} if ids else on_sale
        reply = self._page("/sale/offers", offset, limit or OFFERS_PER_PAGE, asked)
        return _raws(reply.json(wire_sales.OfferPage).offers)

    def offer_events(self, after: str | None) -> list[wire_sales.OfferEvent]:
        """The entries of the offer log after one, oldest first; of the last day at the most."""
        params: dict[str, Any] = {"limit": OFFER_EVENTS_PER_PAGE, "type": _OFFER_CHANGES}
        if after is not None:
            params["from"] = after
        return self._get("/sale/offer-events", params).json(wire_sales.OfferEvents).offer_events

    def send(
        self, body: dict[str, Any], *, thread_id: str | None, issue_id: str | None
    ) -> wire.Sent:
        """Write into an issue or a thread, or to a buyer where neither is given."""
        path = "/messaging/messages"
        if issue_id is not None:
            path = f"/sale/issues/{segment(issue_id)}/message"
        elif thread_id is not None:
            path = f"/messaging/threads/{segment(thread_id)}/messages"
        return self._api.post(path, body, budget=self._sending).json(wire.Sent)

    def file(self, file_id: str, *, of_issue: bool) -> bytes:
        """The content of an attachment; raises Rejected where Allegro does not give it."""
        try:
            return self._api.get(f"{_FILES[of_issue]}/{segment(file_id)}").content
        except Denied as error:  # the login is good: its list of messages was just read
            raise Rejected(str(error)) from None

    def upload(self, file: Attachment, *, for_issue: bool) -> str:
        """Give Allegro a file to send; the id by which a message names it.

        Raises Unavailable, never OutcomeUnknown: without its message a file is nothing.
        """
        content = file.content or b""
        name = "fileName" if for_issue else "filename"
        try:
            reply = self._api.post(_FILES[for_issue], {name: file.name, "size": len(content)})
            file_id = reply.json(wire.Ref).id
            place = reply.headers.get("location") or f"{_FILES[for_issue]}/{segment(file_id)}"
            there = self._uploads if place.startswith(f"{self._upload_url}/") else self._api
            there.put(place, Encoded(content, file.media_type))
        except OutcomeUnknown as error:
            raise Unavailable(f"{file.name} could not be uploaded: {error}") from None
        return file_id

    def _get(self, path: str, params: Params | None = None) -> Reply:
        """Read; a refusal names the right that the call takes."""
        try:
            return self._api.get(path, params)
        except Denied as error:
            right = next(right for part, right in _RIGHTS.items() if path.startswith(part))
            raise Denied(
                error.said, _advice(f"allegro:api:{right}") + _WITHOUT.get(right, "")
            ) from None

    def _page(self, path: str, offset: int, limit: int, asked: Params | None = None) -> Reply:
        """A page of a list."""
        return self._get(path, {**(asked or {}), "limit": limit, "offset": offset})

    def horizon(self, now: datetime) -> datetime:
        """Until when Allegro can have answered, by its clock and ours."""
        return self._api.horizon(now)

    def close(self) -> None:
        """Close the kept connections."""
        self._api.close()
        self._uploads.close()


def dressed(request: Outgoing) -> Outgoing:
    """The request with the media type that its call wants, in both headers.

    A file is given only to who accepts anything; with a media type of Allegro's its answer is 406.
    """
    beta = request.path.startswith(_BETA_PATHS)
    version = BETA if beta else PUBLIC
    fetches = request.method == "GET" and request.path.startswith(tuple(f"{p}/" for p in _FILES))
    headers = {**request.headers, "accept": "*/*" if fetches else version}
    headers["accept-language"] = "en-US"  # of the words for what went wrong and why
    if request.media_type == PUBLIC:
        headers["content-type"] = version
    return replace(request, headers=headers)


def judge(reply: Reply) -> ConnectorError | None:
    """What an error answer of Allegro means; None leaves it to the common rules."""
    if reply.status not in {401, 403} and (reply.status < 400 or reply.status in {408, 425, 429}):
        return None
    said = _said(reply.content)
    if reply.status == 401:
        return AuthFailed(f"Allegro refuses the token ({said}): consent again (`syncd connect`)")
    if reply.status == 403:
        return Denied(f"Allegro denies access ({said})", _advice("of those in the README"))
    return Rejected(f"Allegro refuses: {said}") if reply.status < 500 else None


def _advice(right: str) -> str:
    return (
        f"give the app the right {right}, at apps.developer.allegro.pl, and consent again "
        "(`syncd connect`)"
    )


def _said(content: bytes) -> str:
    try:
        faults = msgspec.json.decode(content, type=wire.Faults).errors
    except NOT_JSON:
        return content[:200].decode("utf-8", "replace") or "no reason given"
    return "; ".join(map(_fault, faults)) or "no reason given"


def _fault(fault: wire.Fault) -> str:
    texts = dict.fromkeys(text for text in (fault.message, fault.user_message) if text)
    where = f" at {fault.path}" if fault.path else ""
    return f"{fault.code}{where}: {' / '.join(texts)}"


def _whole(
    page: Callable[[int], list[msgspec.Raw]], size: int, last: int | None = None
) -> list[bytes]:
    """Everything on all pages, each once; raises Unavailable for pages that repeat themselves."""
    found: dict[bytes, None] = {}
    paging, offset, more = Paging("Allegro's list"), 0, True
    while more:
        raws = _raws(page(offset))
        found.update(dict.fromkeys(raws))
        offset += size
        more = len(raws) >= size and (last is None or offset <= last)
        paging.turned(raws, more=more)
    return list(found)


def _raws(raws: Iterable[msgspec.Raw]) -> list[bytes]:
    return [bytes(raw) for raw in raws]
