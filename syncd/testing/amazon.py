"""A fake Amazon: Login with Amazon and the Selling Partner API of one seller, kept in memory.

    with FakeAmazon() as amazon:
        order = amazon.shop.add_order("ann")
        amazon.shop.ship(order, "00340434161094042557")
        ...  # point an account at amazon.url
        amazon.shop.sent

Orders 2026-01-01 (search, get), Orders v0 (shipmentConfirmation), Messaging v1, Solicitations v1,
External Fulfillment Returns 2024-09-11 and Uploads 2020-11-01. `quota` limits requests. With pairs
of Amazon's static sandbox in `sandbox` it answers by these alone.
"""

import hashlib
from base64 import b64encode
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import msgspec

from syncd import clock
from syncd.testing import amazon_sandbox
from syncd.testing.amazon_login import AmazonLogin
from syncd.testing.amazon_quota import AmazonQuota
from syncd.testing.amazon_shop import AmazonShop, Sent, iso
from syncd.testing.server import Answer, Request, route

ORDERS = "/orders/2026-01-01/orders"
RETURNS = "/externalFulfillment/2024-09-11/returns"
MESSAGING = "/messaging/v1/orders"
SOLICITATIONS = "/solicitations/v1/orders"
REVIEW = "productReviewAndSellerFeedback"
_LONGEST = {"confirmCustomizationDetails": 800, "digitalAccessKey": 400}
_OPEN = ("/auth/", "/apps/", "/storage/")


class Refusal(Exception):
    """An error answer in Amazon's shape."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.answer = Answer.json(
            {"errors": [{"code": code, "message": message, "details": ""}]}, status
        )


class FakeAmazon(AmazonLogin):
    """One seller's Amazon on loopback; `shop` is its state, `now` its clock.

    `lag` is how long a change takes until a search shows it.
    """

    def __init__(
        self, now: Callable[[], datetime] = clock.now, *, lag: timedelta = timedelta(minutes=2)
    ) -> None:
        super().__init__(now)
        self.shop = AmazonShop(now)
        self.quota = AmazonQuota(now)
        self.lag = lag
        self.sandbox: Sequence[amazon_sandbox.Pair] = ()
        self.forgets_tokens = False
        """Whether page tokens given before are refused, as happens to those kept for long."""
        self.storage_url: str | None = None
        """Where files are to be put, other than at this fake itself."""
        self._searches: dict[str, dict[str, Any]] = {}

    def answer(self, request: Request) -> Answer:
        """Check quota and login as Amazon does, then answer."""
        if request.path.startswith(_OPEN):
            return super().answer(request)
        refused = self.quota.refusal(request.path) or self.refusal(request)
        if refused is not None:
            return refused
        if self.sandbox:
            found = amazon_sandbox.answer_of(self.sandbox, request)
            return found or Refusal(400, "InvalidInput", "Could not match input").answer
        try:
            return self.quota.telling(super().answer(request))
        except Refusal as refusal:
            return refusal.answer

    @route("GET", ORDERS)
    def search(self, request: Request) -> Answer:
        """The orders that changed in a span of time, a page at a time, in no order."""
        search = self._search(request)
        stores, makers = search["marketplaceIds"].split(","), search["fulfilledBy"].split(",")
        fits = [
            order
            for order in self.shop.orders.values()
            if search["after"] <= order["lastUpdatedTime"] <= search["before"]
            and order["salesChannel"]["marketplaceId"] in stores
            and order["fulfillment"]["fulfilledBy"] in makers
        ]
        shown, token = self._page(fits, search, int(request.one("maxResultsPerPage", "100")))
        pagination = {"pagination": {"nextToken": token}} if token else {}
        data = request.one("includedData").split(",")
        return Answer.json(
            {"orders": [_with(data, order) for order in self.page(shown)]}
            | pagination
            | {"lastUpdatedBefore": search["before"]}
        )

    @route("GET", f"{ORDERS}/([^/]+)")
    def get_order(self, request: Request) -> Answer:
        """One order."""
        data = request.one("includedData").split(",")
        return Answer.json({"order": _with(data, self._order(request.groups[0]))})

    @route("POST", "/orders/v0/orders/([^/]+)/shipmentConfirmation")
    def confirm(self, request: Request) -> Answer:
        """A parcel left."""
        order, body = self._order(request.groups[0]), request.json()
        detail = body["packageDetail"]
        reference = detail["packageReferenceId"]
        if not isinstance(reference, str) or not reference.isdigit() or int(reference) < 1:
            raise _invalid("PackageReferenceId: is invalid, must be a positive numeric value.")
        if detail["carrierCode"] == "Other" and not detail.get("carrierName"):
            raise _invalid("carrierName is required when carrierCode is Other")
        left = {
            item["orderItemId"]: item["fulfillment"]["quantityUnfulfilled"]
            for item in order["orderItems"]
        }
        wanted = {item["orderItemId"]: item["quantity"] for item in detail["orderItems"]}
        if any(left.get(item, 0) < quantity for item, quantity in wanted.items()):
            raise _invalid("Failed to create package: order already fulfilled.")
        carrier = detail.get("carrierName") or detail["carrierCode"]
        self.shop.ship(
            order["orderId"],
            detail["trackingNumber"],
            carrier=carrier,
            reference=reference,
            at=datetime.fromisoformat(detail["shipDate"]),
        )
        self.shop.change(order["orderId"], "SHIPPED")
        return Answer(204)

    @route("GET", RETURNS)
    def list_returns(self, request: Request) -> Answer:
        """The returns that were created since a time, a page at a time."""
        token = request.one("nextToken")
        search = self._searches[token] if token else {"after": request.one("createdSince")}
        if token and self.forgets_tokens:
            raise _invalid("Invalid nextToken")
        fits = [x for x in self.shop.returns.values() if x["creationDateTime"] >= search["after"]]
        shown, following = self._page(fits, search, int(request.one("maxResults", "10")))
        more = {"nextToken": following} if following else {}
        return Answer.json({"returns": self.page(shown)} | more)

    @route("GET", f"{MESSAGING}/([^/]+)")
    def actions(self, request: Request) -> Answer:
        """What may be written about an order."""
        order = self._order_in_store(request)
        return _links(request, [f"messages/{each}" for each in self.shop.offers(order["orderId"])])

    @route("GET", f"{MESSAGING}/([^/]+)/attributes")
    def attributes(self, request: Request) -> Answer:
        """The buyer's language."""
        order_id = self._order_in_store(request)["orderId"]
        return _hal({"buyer": {"locale": self.shop.locales.get(order_id, "de-DE")}})

    @route("POST", f"{MESSAGING}/([^/]+)/messages/([^/]+)")
    def message(self, request: Request) -> Answer:
        """A message to a buyer."""
        order_id, action = self._order_in_store(request)["orderId"], request.groups[1]
        if action not in self.shop.offers(order_id):
            raise Refusal(403, "Unauthorized", "Invalid amazonOrderId and template combination.")
        body = request.json()
        text, files = body.get("text", ""), body.get("attachments", [])
        if len(text) > _LONGEST.get(action, 2000) or not (text or files) or len(files) > 5:
            raise _invalid("Invalid Input")
        if any(file["uploadDestinationId"] not in self.shop.files for file in files):
            raise _invalid("an attachment was not uploaded")
        names = tuple(file["fileName"] for file in files)
        self.shop.sent.append(Sent(order_id, action, text, names))
        return _hal({}, 201)

    @route("GET", f"{SOLICITATIONS}/([^/]+)")
    def solicitations(self, request: Request) -> Answer:
        """Whether the buyer may be asked for a review."""
        order_id = self._order_in_store(request)["orderId"]
        shown = not self.shop.hides_reviews and not self.shop.review_refusal(order_id)
        return _links(request, [f"solicitations/{REVIEW}"] if shown else [])

    @route("POST", f"{SOLICITATIONS}/([^/]+)/solicitations/{REVIEW}")
    def solicit(self, request: Request) -> Answer:
        """Ask the buyer for a review."""
        order_id = self._order_in_store(request)["orderId"]
        if refusal := self.shop.review_refusal(order_id):
            raise Refusal(403, "Unauthorized", refusal)
        self.shop.asked.append(order_id)
        return _hal({}, 201)

    @route("POST", "/uploads/2020-11-01/uploadDestinations/(.+)")
    def destination(self, request: Request) -> Answer:
        """Where to put a file."""
        digest = request.one("contentMD5")
        if not digest or len(request.query["marketplaceIds"]) != 1:
            raise _invalid("Invalid Input")
        number = f"dest-{len(self._searches)}-{len(self.shop.files)}"
        signature = quote(digest, safe="")
        place = {
            "uploadDestinationId": number,
            "url": f"{self.storage_url or self.url}/storage/{number}?X-Amz-Signature={signature}",
            "headers": {"x-amz-server-side-encryption": "aws:kms", "Content-MD5": digest},
        }
        return Answer.json({"payload": place}, 201)

    @route("PUT", "/storage/([^/]+)")
    def store(self, request: Request) -> Answer:
        """A file; the signed headers have to be there, and the digest has to be its own."""
        digest = b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()
        signed = request.headers.get("x-amz-server-side-encryption") == "aws:kms"
        if not signed or request.one("X-Amz-Signature") != request.headers.get("content-md5"):
            return Answer(403, b"<Code>SignatureDoesNotMatch</Code>", "application/xml")
        if request.headers.get("content-md5") != digest:
            return Answer(400, b"<Code>InvalidDigest</Code>", "application/xml")
        self.shop.files[request.groups[0]] = request.body
        return Answer(200, b"", "application/xml")

    def _search(self, request: Request) -> dict[str, Any]:
        token, after = request.one("paginationToken"), request.one("lastUpdatedAfter")
        if bool(after) == bool(request.one("createdAfter")):
            raise _invalid("exactly one of createdAfter and lastUpdatedAfter is needed")
        if not token:
            return {
                "after": iso(datetime.fromisoformat(after)),
                "before": iso(self._now() - self.lag),
                "marketplaceIds": request.one("marketplaceIds"),
                "fulfilledBy": request.one("fulfilledBy", "MERCHANT,AMAZON"),
            }
        search = self._searches.get(token)
        if search is None or self.forgets_tokens:
            raise _invalid("Invalid paginationToken")
        if iso(datetime.fromisoformat(after)) != search["after"]:
            raise _invalid("the parameters are not those that the token was given for")
        return search

    def _page(
        self, entries: list[dict[str, Any]], search: dict[str, Any], size: int
    ) -> tuple[list[dict[str, Any]], str | None]:
        """A page, and the token of the next; the last changed come first, as on no sorted list."""
        name = "lastUpdatedTime" if "before" in search else "lastUpdatedDateTime"
        entries = sorted(entries, key=lambda entry: str(entry[name]), reverse=True)
        start = search.get("offset", 0)
        if start + size >= len(entries):
            return entries[start:], None
        token = f"page{len(self._searches)}"
        self._searches[token] = search | {"offset": start + size}
        return entries[start : start + size], token

    def _order(self, order_id: str) -> dict[str, Any]:
        order = self.shop.orders.get(order_id)
        if order is None:
            raise Refusal(404, "NotFound", f"Order {order_id} was not found")
        return order

    def _order_in_store(self, request: Request) -> dict[str, Any]:
        order = self._order(request.groups[0])
        if request.query.get("marketplaceIds") != [order["salesChannel"]["marketplaceId"]]:
            raise _invalid("marketplaceIds: Missing or invalid request parameter: marketplaceId")
        return order


def _with(data: list[str], order: dict[str, Any]) -> dict[str, Any]:
    """The parts of an order that were asked for."""
    parts = {"buyer", "recipient", "proceeds", "fulfillment", "packages"}
    left_out = parts - {each.lower() for each in data}
    return {name: value for name, value in order.items() if name not in left_out}


def _links(request: Request, actions: list[str]) -> Answer:
    store = request.one("marketplaceIds")
    links = [
        {"href": f"{request.path}/{each}?marketplaceIds={store}", "name": each.rpartition("/")[2]}
        for each in actions
    ]
    own = {"href": f"{request.path}?marketplaceIds={store}"}
    return _hal({"_links": {"actions": links, "self": own}})


def _hal(value: Any, status: int = 200) -> Answer:
    return Answer(status, msgspec.json.encode(value), "application/hal+json")


def _invalid(message: str) -> Refusal:
    return Refusal(400, "InvalidInput", message)
