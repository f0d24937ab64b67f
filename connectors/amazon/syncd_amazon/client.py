"""Amazon's calls: one method each, HTTP out and raw answers back, within Amazon's rates.

The rates are those of the models' usage plans. Amazon counts each operation by application and
seller, so all accounts of the same two share its budget. A rate that an answer tells replaces that
of the plan.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from typing import Any, TypeVar

from syncd.connector import OutcomeUnknown
from syncd.http import Auth, Budget, HttpClient, Params, Reply, segment, shared_budget
from syncd_amazon.faults import QuotaExceeded, RoleMissing, expired, judge, told_rate
from syncd_amazon.wire import (
    Actions,
    Attributes,
    Destination,
    GetOrder,
    OrderPage,
    ReturnPage,
    UploadDestination,
)

T = TypeVar("T")

ORDERS = "/orders/2026-01-01/orders"
RETURNS = "/externalFulfillment/2024-09-11/returns"
ORDERS_V0 = "/orders/v0/orders"
MESSAGING = "/messaging/v1/orders"
SOLICITATIONS = "/solicitations/v1/orders"
UPLOADS = "/uploads/2020-11-01/uploadDestinations"
REVIEW = "productReviewAndSellerFeedback"
ORDERS_PER_PAGE = RETURNS_PER_PAGE = 100
DATA = "BUYER,RECIPIENT,PROCEEDS,FULFILLMENT,PACKAGES"

# Turns are counted at both ends of a line of varying delay: at the very rate some are refused.
SLACK = 0.98
# Requests a second, and how many at once. The returns' model names none; a usual plan is taken.
PLANS: Mapping[str, tuple[float, float]] = {
    "searchOrders": (0.0056, 20),
    "getOrder": (0.5, 30),
    "listReturns": (0.5, 10),
    "confirmShipment": (2, 10),
    "getMessagingActionsForOrder": (1, 5),
    "GetAttributes": (1, 5),
    "sendMessage": (1, 5),
    "getSolicitationActionsForOrder": (1, 5),
    "createProductReviewAndSellerFeedbackSolicitation": (1, 5),
    "createUploadDestinationForResource": (10, 10),
}
_ORDER_ROLES = "Inventory and Order Tracking, or for buyers' addresses Direct-to-Consumer Shipping"
_TALK_ROLE = "Buyer Communication"
ROLES: Mapping[str, str] = {
    "searchOrders": _ORDER_ROLES,
    "getOrder": _ORDER_ROLES,
    "confirmShipment": _ORDER_ROLES,
    "listReturns": "for External Fulfillment: add it, or set returns = false",
    "getMessagingActionsForOrder": _TALK_ROLE,
    "GetAttributes": _TALK_ROLE,
    "sendMessage": _TALK_ROLE,
    "createUploadDestinationForResource": _TALK_ROLE,
    "getSolicitationActionsForOrder": "Buyer Solicitation",
    "createProductReviewAndSellerFeedbackSolicitation": "Buyer Solicitation",
}
_NEW_CONSENT = (
    "a role that is added, and a consent that was withdrawn, take a new consent of the seller "
    "(`syncd connect`)"
)


class AmazonClient:
    """The calls of one account. Thread-safe.

    `counted_by` names what Amazon counts by: the API's host, the application and the seller.
    """

    def __init__(self, base_url: str, auth: Auth, counted_by: str) -> None:
        self._http = HttpClient(base_url, auth=auth, judge=judge, expired=expired)
        # Messages and solicitations answer in this form (models, `produces`).
        self._hal = HttpClient(
            base_url,
            auth=auth,
            judge=partial(judge, offers=True),
            expired=expired,
            headers={"accept": "application/hal+json"},
        )
        self._budgets = {
            name: shared_budget(f"amazon:{counted_by}:{name}", rate=rate * SLACK, burst=burst)
            for name, (rate, burst) in PLANS.items()
        }

    def search(self, params: Mapping[str, str | int]) -> OrderPage:
        """A page of orders; `params` say of when, or hold the token of a page."""
        asked = {"includedData": DATA, "maxResultsPerPage": ORDERS_PER_PAGE, **params}
        return self._get("searchOrders", ORDERS, asked).json(OrderPage)

    def order(self, order_id: str, data: str = DATA) -> bytes:
        """One order, with these parts of it."""
        path = f"{ORDERS}/{segment(order_id)}"
        reply = self._get("getOrder", path, {"includedData": data})
        return bytes(reply.json(GetOrder).order)

    def returns(self, params: Mapping[str, str | int]) -> ReturnPage:
        """A page of returns; `params` say of when, or hold the token of a page."""
        asked = {"maxResults": RETURNS_PER_PAGE, **params}
        return self._get("listReturns", RETURNS, asked).json(ReturnPage)

    def actions(self, order_id: str, store: str) -> frozenset[str]:
        """The messages that Amazon offers for an order, now."""
        path = f"{MESSAGING}/{segment(order_id)}"
        return self._offered("getMessagingActionsForOrder", path, store)

    def locale(self, order_id: str, store: str) -> str | None:
        """The buyer's language as a tag such as ``en-US``, where Amazon tells it."""
        path = f"{MESSAGING}/{segment(order_id)}/attributes"
        told = self._get("GetAttributes", path, {"marketplaceIds": store}, hal=True)
        buyer = told.json(Attributes).buyer
        return buyer.locale if buyer else None

    def message(self, order_id: str, store: str, action: str, body: Any) -> None:
        """Send one of the messages offered; Amazon tells nothing of it but that it took it."""
        path = f"{MESSAGING}/{segment(order_id)}/messages/{action}"
        self._created("sendMessage", path, store, body)

    def review_offered(self, order_id: str, store: str) -> bool:
        """Whether Amazon would ask the buyer for a review, now."""
        path = f"{SOLICITATIONS}/{segment(order_id)}"
        return REVIEW in self._offered("getSolicitationActionsForOrder", path, store)

    def ask_for_review(self, order_id: str, store: str) -> None:
        """Have Amazon ask the buyer for a review."""
        path = f"{SOLICITATIONS}/{segment(order_id)}/solicitations/{REVIEW}"
        self._created("createProductReviewAndSellerFeedbackSolicitation", path, store, None)

    def confirm(self, order_id: str, body: Any) -> None:
        """Tell of a parcel that left."""
        path = f"{ORDERS_V0}/{segment(order_id)}/shipmentConfirmation"
        reply = self._call("confirmShipment", lambda plan: self._http.post(path, body, budget=plan))
        _taken(reply, 204)

    def upload_destination(self, resource: str, store: str, digest: str) -> Destination:
        """Where to put a file that goes with `resource`, whose content has this MD5 digest.

        A destination that is never used changes nothing.
        """
        asked = {"marketplaceIds": store, "contentMD5": digest}
        reply = self._call(
            "createUploadDestinationForResource",
            lambda plan: self._http.query(f"{UPLOADS}{resource}", None, asked, budget=plan),
        )
        return reply.json(UploadDestination).payload

    def horizon(self, now: datetime) -> datetime:
        """Until when Amazon can have answered, by its clock and ours."""
        return self._http.horizon(now)

    def close(self) -> None:
        """Close the kept connections."""
        self._http.close()
        self._hal.close()

    def _offered(self, operation: str, path: str, store: str) -> frozenset[str]:
        reply = self._get(operation, path, {"marketplaceIds": store}, hal=True)
        return frozenset(link.name for link in reply.json(Actions).links.actions if link.name)

    def _created(self, operation: str, path: str, store: str, body: Any) -> None:
        asked = {"marketplaceIds": store}
        reply = self._call(operation, lambda plan: self._hal.post(path, body, asked, budget=plan))
        _taken(reply, 201)

    def _get(self, operation: str, path: str, params: Params, *, hal: bool = False) -> Reply:
        http = self._hal if hal else self._http
        return self._call(operation, lambda plan: http.get(path, params, budget=plan))

    def _call(self, operation: str, ask: Callable[[Budget], Reply]) -> Reply:
        budget = self._budgets[operation]
        try:
            reply = ask(budget)
        except QuotaExceeded as error:
            budget.learn((error.rate or 0) * SLACK)
            raise
        except RoleMissing as error:
            fix = f"the application lacks the role {ROLES[operation]}; {_NEW_CONSENT}"
            raise RoleMissing(error.said, fix) from None
        budget.learn((told_rate(reply) or 0) * SLACK)
        return reply


def _taken(reply: Reply, status: int) -> None:
    """Whether it was carried out is told by the status alone."""
    if reply.status != status:
        raise OutcomeUnknown(
            f"Amazon answers {reply.status}, and not {status}, which alone means that it took it"
        )
