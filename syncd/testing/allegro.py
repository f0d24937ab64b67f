"""A fake Allegro: login and REST API of one seller, kept in memory.

    with FakeAllegro() as allegro:
        order = allegro.shop.add_order("jan")
        allegro.shop.add_message("jan", "Gdzie jest lampa?", order=order)
        allegro.shop.ship(order, "620000000000000000000001")
        ...  # point an account at allegro.url
        allegro.shop.sent

A call without Allegro's media type is refused, in Accept by 406 and in Content-Type by 415. Pages
are cut as Allegro cuts them: threads and issues newest first, returns oldest first.
"""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from syncd import clock
from syncd.testing.allegro_login import AllegroLogin
from syncd.testing.allegro_sales import Sales
from syncd.testing.allegro_shop import Json, Sent, Thread, iso
from syncd.testing.server import Answer, Request, route

PUBLIC = "application/vnd.allegro.public.v1+json"
BETA = "application/vnd.allegro.beta.v1+json"
FORMS, THREADS, ISSUES = "/order/checkout-forms", "/messaging/threads", "/sale/issues"
CENTER_FILES, ISSUE_FILES = "/messaging/message-attachments", "/sale/issues/attachments"
FILES = f"(?:{CENTER_FILES}|{ISSUE_FILES})"
CARRIERS = (
    {"id": "INPOST", "name": "InPost"},
    {"id": "DPD", "name": "DPD"},
    {"id": "OTHER", "name": "Other"},
)
_KEPT, _OFFERS_KEPT = timedelta(days=60), timedelta(days=1)
_KINDS = re.compile(r"image/(?:png|gif|bmp|tiff|jpeg)|application/pdf")


class Refusal(Exception):
    """An error answer in Allegro's shape."""

    def __init__(self, status: int, code: str, message: str, path: str | None = None) -> None:
        super().__init__(message)
        fields = {"code": code, "message": message, "details": None, "path": path}
        errors = {"errors": [fields | {"userMessage": message, "metadata": {}}]}
        self.answer = Answer.json(errors, status)


class FakeAllegro(AllegroLogin):
    """One seller's Allegro on loopback; `shop` is its state. `now` is its clock."""

    def __init__(
        self, now: Callable[[], datetime] = clock.now, *, seller: str = "lamp-shop"
    ) -> None:
        super().__init__(now)
        self.shop = Sales(seller, now, self.lock)
        self.shop.url = self.url
        self.denied: set[str] = set()
        """Paths' beginnings for which the consent has no right."""
        self.moderated: str | None = None
        """The state that new messages get, in place of DELIVERED."""
        self.upload_url: str | None = None
        """Where files are to be put, in place of what the API itself has."""
        self._declared: dict[str, Json] = {}

    def answer(self, request: Request) -> Answer:
        """Check login and media types as Allegro does, then answer."""
        try:
            if request.path.startswith("/auth/"):
                return super().answer(request)
            self._authorize(request)
            media_type = _version(request)
            _agree(request, media_type)
            given = super().answer(request)
        except Refusal as refusal:
            return refusal.answer
        if given.content_type != "application/json":
            return given
        return Answer(given.status, given.body, media_type, given.headers)

    def _authorize(self, request: Request) -> None:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not self.is_good(token):
            raise Refusal(401, "unauthorized", "Full authentication is required")
        if request.path.startswith(tuple(self.denied)):
            raise Refusal(403, "AccessDenied", "Access is denied")

    @route("GET", THREADS)
    def threads(self, request: Request) -> Answer:
        """The threads, that with the newest message first."""
        shown = [thread.shown(self.shop.false) for thread in self.shop.threads.values()]
        shown.sort(key=lambda one: str(one["lastMessageDateTime"] or ""), reverse=True)
        return self._page(request, "threads", shown, most=20, usual=20, place=True)

    @route("GET", f"{THREADS}/([^/]+)/messages")
    def messages(self, request: Request) -> Answer:
        """The messages of a thread, newest first."""
        thread = self._conversation(request)
        shown = sorted(thread.messages, key=lambda one: str(one["createdAt"]), reverse=True)
        if int(request.one("offset", "0")) > 15_000:
            raise Refusal(422, "VALIDATION_ERROR", "offset is over 15000", "offset")
        return self._page(request, "messages", shown, most=20, usual=20, place=True)

    @route("POST", f"{THREADS}/([^/]+)/messages")
    def reply(self, request: Request) -> Answer:
        """A message into a thread."""
        return self._write(self._conversation(request).buyer or "", request.json(), None)

    @route("POST", "/messaging/messages")
    def write_first(self, request: Request) -> Answer:
        """A message to the buyer of an order."""
        body = request.json()
        order_id = (body.get("order") or {}).get("id")
        if order_id is None:
            raise Refusal(422, "VALIDATION_ERROR", "may not be null", "order")
        order, login = self.shop.orders.get(order_id), body["recipient"]["login"]
        if order is None or order["buyer"]["login"] != login:
            raise Refusal(
                422, "ORDER_NOT_RELATED", "The order is not of this recipient", "order.id"
            )
        return self._write(login, body, order_id)

    def _write(self, buyer: str, body: Json, order_id: str | None) -> Answer:
        files, text = self._attached(body), _text(body, most=2000)
        message = self.shop.add_message(
            buyer, text, order=order_id, from_seller=True,
            status=self.moderated or "DELIVERED", files=files,
        )  # fmt: skip
        self._arrived(buyer, text, message, files, order_id=order_id)
        return Answer.json(message, 201)

    @route("GET", ISSUES)
    def issues(self, request: Request) -> Answer:
        """Disputes and claims, that opened last first."""
        shown = [issue.shown() for issue in self.shop.issues.values()]
        shown.sort(key=lambda one: str(one["openedDate"]), reverse=True)
        return self._page(request, "issues", shown, most=100, usual=10)

    @route("GET", f"{ISSUES}/([^/]+)/chat")
    def chat(self, request: Request) -> Answer:
        """What was said in an issue."""
        return self._page(request, "chat", self._issue(request).messages, most=100, usual=10)

    @route("POST", f"{ISSUES}/([^/]+)/message")
    def say(self, request: Request) -> Answer:
        """A message into an issue."""
        issue, body = self._issue(request), request.json()
        if not issue.fields["currentState"]["chatActive"]:
            raise Refusal(409, "ISSUE_CLOSED", "The issue takes no more messages")
        if body.get("type") != "REGULAR":
            raise Refusal(422, "VALIDATION_ERROR", "type is missing", "type")
        files, text = self._attached(body), _text(body, most=20_000)
        message = self.shop.say(request.groups[0], text, role="SELLER")
        buyer = issue.fields["buyer"]["login"]
        self._arrived(buyer, text, message, files, issue_id=request.groups[0])
        return Answer.json(message, 201)

    @route("POST", FILES)
    def declare(self, request: Request) -> Answer:
        """The name and size of a file that is to be uploaded."""
        body, file_id = request.json(), self.shop.uuid()
        name = "fileName" if request.path == ISSUE_FILES else "filename"
        if not body.get(name) or not 0 < body.get("size", 0) <= 5_242_880:
            raise Refusal(422, "VALIDATION_ERROR", "name or size", name)
        self._declared[file_id] = body
        place = self.upload_url or f"{self.url}{request.path}"
        return Answer.json({"id": file_id}, 201, {"Location": f"{place}/{file_id}"})

    @route("PUT", f"{FILES}/([^/]+)")
    def upload(self, request: Request) -> Answer:
        """The content of a declared file."""
        file_id = request.groups[0]
        if file_id not in self._declared:
            raise Refusal(404, "NotFoundException", "Not found")
        if len(request.body) != self._declared[file_id]["size"]:
            raise Refusal(413, "TooLarge", "The size is not the declared one")
        self.shop.files[file_id] = request.body
        return Answer.json({"id": file_id})

    @route("GET", f"{FILES}/([^/]+)")
    def download(self, request: Request) -> Answer:
        """The content of a file."""
        content = self.shop.files.get(request.groups[0])
        if content is None:
            raise Refusal(404, "NotFoundException", "Not found")
        return Answer(200, content, "image/png")

    @route("GET", "/order/event-stats")
    def latest_event(self, request: Request) -> Answer:
        """Where the order log ends."""
        del request
        last = self.shop.events[-1:]
        return Answer.json(
            {"latestEvent": {key: last[0][key] for key in ("id", "occurredAt")}} if last else {}
        )

    @route("GET", "/order/events")
    def events(self, request: Request) -> Answer:
        """The order log of the last 60 days, oldest first."""
        kept = iso(self._now() - _KEPT)
        after = request.one("from")
        shown = [e for e in self.shop.events if e["occurredAt"] >= kept and e["id"] > after]
        return self._page(request, "events", shown, most=1000, usual=100)

    @route("GET", FORMS)
    def forms(self, request: Request) -> Answer:
        """The orders that were updated since a time."""
        since, ways = request.one("updatedAt.gte"), {"updatedAt": False, "-updatedAt": True}
        shown = [form for form in self.shop.orders.values() if form["updatedAt"] >= since]
        if request.one("sort") not in ways:
            raise Refusal(422, "VALIDATION_ERROR", "this fake sorts by updatedAt only", "sort")
        shown.sort(key=lambda form: str(form["updatedAt"]), reverse=ways[request.one("sort")])
        return self._page(request, "checkoutForms", shown, most=100, usual=100, count=True)

    @route("GET", f"{FORMS}/([^/]+)")
    def form(self, request: Request) -> Answer:
        """One order."""
        return Answer.json(self._order(request))

    @route("GET", f"{FORMS}/([^/]+)/shipments")
    def waybills(self, request: Request) -> Answer:
        """The parcels of an order."""
        parcels = self.shop.waybills[self._order(request)["id"]]
        return Answer.json({"shipments": self.page(parcels)})

    @route("POST", f"{FORMS}/([^/]+)/shipments")
    def add_waybill(self, request: Request) -> Answer:
        """A parcel's number for an order."""
        order, body = self._order(request), request.json()
        carrier, number = body.get("carrierId"), body.get("waybill", "")
        if carrier not in {one["id"] for one in CARRIERS} or not 0 < len(number) <= 64:
            raise Refusal(400, "VALIDATION_ERROR", "carrierId or waybill", "carrierId")
        name = body.get("carrierName") if carrier == "OTHER" else None
        return Answer.json(self.shop.ship(order["id"], number, carrier, name), 201)

    @route("GET", "/order/carriers")
    def carriers(self, request: Request) -> Answer:
        """The carriers that Allegro knows."""
        del request
        return Answer.json({"carriers": list(CARRIERS)})

    @route("GET", "/order/customer-returns")
    def returns(self, request: Request) -> Answer:
        """The returns, oldest first."""
        since = request.one("createdAt.gte")
        shown = [one for one in self.shop.returns.values() if one["createdAt"] >= since]
        page = self._cut(request, shown, most=1000, usual=100)
        return Answer.json({"count": len(shown), "customerReturns": self.page(page)})

    @route("GET", "/sale/user-ratings")
    def ratings(self, request: Request) -> Answer:
        """The ratings that changed in a span, that changed last first."""
        low, high = request.one("lastChangedAt.gte"), request.one("lastChangedAt.lte", "~")
        shown = [x for x in self.shop.ratings.values() if low <= x["lastChangedAt"] <= high]
        shown.sort(key=lambda rating: str(rating["lastChangedAt"]), reverse=True)
        return self._page(request, "ratings", shown, most=100, usual=20)

    @route("GET", "/sale/offers")
    def offers(self, request: Request) -> Answer:
        """The offers with some ids, or in some states."""
        ids, states = request.query.get("offer.id"), request.query.get("publication.status")
        shown = [
            offer
            for offer in self.shop.offers.values()
            if (not ids or offer["id"] in ids)
            and (not states or offer["publication"]["status"] in states)
        ]
        return self._page(request, "offers", shown, most=1000, usual=20, count=True)

    @route("GET", "/sale/offer-events")
    def offer_events(self, request: Request) -> Answer:
        """The offer log of the last day, oldest first."""
        kept, after = iso(self._now() - _OFFERS_KEPT), request.one("from")
        number = int(after.removeprefix("event-") or 0)
        shown = [
            event
            for event in self.shop.offer_events
            if event["occurredAt"] >= kept and int(event["id"].removeprefix("event-")) > number
        ]
        return self._page(request, "offerEvents", shown, most=1000, usual=100)

    def _conversation(self, request: Request) -> Thread:
        thread = self.shop.threads.get(request.groups[0])
        if thread is None:
            raise Refusal(404, "NotFoundException", "Thread not found")
        return thread

    def _issue(self, request: Request) -> Any:
        issue = self.shop.issues.get(request.groups[0])
        if issue is None:
            raise Refusal(404, "NotFoundException", "Issue not found")
        return issue

    def _order(self, request: Request) -> Json:
        order = self.shop.orders.get(request.groups[0])
        if order is None:
            raise Refusal(404, "NotFoundException", "Order not found")
        return order

    def _attached(self, body: Json) -> tuple[str, ...]:
        files = tuple(one["id"] for one in body.get("attachments") or ())
        if not set(files) <= self.shop.files.keys():
            raise Refusal(422, "ASSIGNING_ATTACHMENTS_TO_MESSAGE_FAILED", "not uploaded yet")
        return files

    def _arrived(
        self, buyer: str, text: str, message: Json, files: tuple[str, ...], **about: str | None
    ) -> None:
        at = datetime.fromisoformat(message["createdAt"])
        self.shop.sent.append(Sent(buyer, text, at, message["id"], files=files, **about))

    def _page(
        self, request: Request, name: str, entries: list[Json], *, most: int, usual: int,
        place: bool = False, count: bool = False,
    ) -> Answer:  # fmt: skip
        shown = self._cut(request, entries, most=most, usual=usual)
        body: Json = {name: self.page(shown)}
        if place:
            body |= {"offset": int(request.one("offset", "0")), "limit": len(shown)}
        if count:
            body |= {"count": len(shown), "totalCount": len(entries)}
        return Answer.json(body)

    def _cut(self, request: Request, entries: list[Json], *, most: int, usual: int) -> list[Json]:
        limit, offset = int(request.one("limit", str(usual))), int(request.one("offset", "0"))
        if not 0 < limit <= most or offset < 0:
            raise Refusal(422, "VALIDATION_ERROR", f"limit must not be over {most}", "limit")
        return entries[offset : offset + limit]


def _version(request: Request) -> str:
    beta = request.path.startswith((ISSUES, "/order/customer-returns"))
    return BETA if beta else PUBLIC


def _agree(request: Request, media_type: str) -> None:
    """Refuse a call that does not name its media type; files have their own."""
    file = re.fullmatch(f"{FILES}/[^/]+", request.path)
    accepted = "*/*" if file and request.method == "GET" else media_type
    if request.headers.get("accept") != accepted:
        raise Refusal(406, "NotAcceptableException", "Please check 'Accept' request header")
    sent = request.headers.get("content-type", "")
    good = _KINDS.fullmatch(sent) if file else sent == media_type
    if request.method in {"POST", "PUT"} and not good:
        raise Refusal(415, "UnsupportedMediaType", "Please check 'Content-Type' request header")


def _text(body: Json, *, most: int) -> str:
    text = body.get("text") or ""
    if not text or len(text) > most:
        raise Refusal(422, "VALIDATION_ERROR", f"size must be between 1 and {most}", "text")
    return str(text)
