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

from datetime import timedelta

from syncd.testing.allegro_gate import (
    BETA,
    CENTER_FILES,
    ISSUE_FILES,
    ISSUES,
    PUBLIC,
    RETURNS,
    Refusal,
)
from syncd.testing.allegro_shop import Json, iso
from syncd.testing.allegro_talk import THREADS, AllegroTalk
from syncd.testing.server import Answer, Request, route

__all__ = [
    "BETA",
    "CENTER_FILES",
    "FORMS",
    "ISSUES",
    "ISSUE_FILES",
    "PUBLIC",
    "RETURNS",
    "THREADS",
    "FakeAllegro",
]

FORMS = "/order/checkout-forms"
CARRIERS = (
    {"id": "INPOST", "name": "InPost"},
    {"id": "DPD", "name": "DPD"},
    {"id": "OTHER", "name": "Other"},
)
_KEPT, _OFFERS_KEPT = timedelta(days=60), timedelta(days=1)


class FakeAllegro(AllegroTalk):
    """One seller's Allegro on loopback; `shop` is its state. `now` is its clock."""

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

    @route("GET", RETURNS)
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

    def _order(self, request: Request) -> Json:
        order = self.shop.orders.get(request.groups[0])
        if order is None:
            raise Refusal(404, "NotFoundException", "Order not found")
        return order
