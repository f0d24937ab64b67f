"""The after-sales side of the fake eBay: Post-Order API 2 and payment disputes, in eBay's shapes.

The shapes are those of the published type references of the Post-Order API 2 and of the description
of the Fulfillment API 1. Searches know no pages here: a list that is too long is cut off, as
whoever reads an offset wrongly would see it.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from syncd.testing.ebay_login import EbayLogin
from syncd.testing.ebay_shop import iso
from syncd.testing.server import Answer, Request, route

POST_ORDER = "/post-order/v2"
DISPUTES = "/sell/fulfillment/v1/payment_dispute_summary"
MOST = 200
_FARTHEST = timedelta(days=18 * 31)
_LONGEST = timedelta(days=90)


class EbayCases(EbayLogin):
    """What buyers want after a sale; `cases` holds it by the names of eBay's lists."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.cases: dict[str, list[tuple[datetime, dict[str, Any]]]] = {}
        """Each entry with the time at which it was opened."""
        self._case_number = 5_000_000_000

    def open_return(
        self, buyer: str, order_id: str, *, at: datetime | None = None, text: str = "It is broken."
    ) -> dict[str, Any]:
        """A buyer wants to send something back; gives the entry, to change as the case goes on."""
        opened = at or self._now()
        due = opened + timedelta(days=3)
        entry = {
            "returnId": str(self._next_case()),
            "orderId": order_id,
            "buyerLoginName": buyer,
            "currentType": "MONEY_BACK",
            "state": "RETURN_REQUESTED",
            "status": "RETURN_REQUESTED",
            "creationInfo": {
                "creationDate": _moment(opened),
                "reason": "DEFECTIVE_ITEM",
                "reasonType": "SNAD",
                "comments": {"content": text},
            },
            "sellerResponseDue": {
                "activityDue": "SELLER_APPROVE_REQUEST",
                "respondByDate": _moment(due),
            },
            "sellerTotalRefund": {"estimatedRefundAmount": {"value": 24.9, "currency": "EUR"}},
        }
        return self._opened("return", opened, entry)

    def open_inquiry(
        self, buyer: str, listing: str, *, at: datetime | None = None
    ) -> dict[str, Any]:
        """A buyer has not received something; eBay names no order."""
        return self._opened_claim("inquiry", buyer, listing, at, "inquiryStatusEnum")

    def open_case(self, buyer: str, listing: str, *, at: datetime | None = None) -> dict[str, Any]:
        """EBay is to decide."""
        return self._opened_claim("case", buyer, listing, at, "caseStatusEnum")

    def ask_cancellation(
        self, buyer: str, order_id: str, *, at: datetime | None = None
    ) -> dict[str, Any]:
        """A buyer wants an order cancelled."""
        opened = at or self._now()
        entry = {
            "cancelId": str(self._next_case()),
            "legacyOrderId": order_id,
            "buyerLoginName": buyer,
            "requestorType": "BUYER",
            "cancelReason": "ORDER_MISTAKE",
            "cancelState": "APPROVAL_PENDING",
            "cancelStatus": "CANCEL_REQUESTED",
            "cancelRequestDate": _moment(opened),
            "sellerResponseDueDate": _moment(opened + timedelta(days=3)),
            "requestRefundAmount": {"value": 24.9, "currency": "EUR"},
        }
        return self._opened("cancellation", opened, entry)

    def dispute_payment(
        self, buyer: str, order_id: str, *, at: datetime | None = None
    ) -> dict[str, Any]:
        """A buyer takes the payment back."""
        opened = at or self._now()
        entry = {
            "paymentDisputeId": str(self._next_case()),
            "orderId": order_id,
            "buyerUsername": buyer,
            "openDate": iso(opened),
            "paymentDisputeStatus": "ACTION_NEEDED",
            "reason": "ITEM_NOT_RECEIVED",
            "respondByDate": iso(opened + timedelta(days=5)),
            "amount": {"value": "24.90", "currency": "EUR"},
        }
        return self._opened("payment_dispute", opened, entry)

    @route("GET", f"{POST_ORDER}/return/search")
    def returns(self, request: Request) -> Answer:
        """The returns opened in a span."""
        shown, total = self._search(request, "return", "creation_date_range")
        return Answer.json({"members": shown, "paginationOutput": total, "total": 0})

    @route("GET", f"{POST_ORDER}/inquiry/search")
    def inquiries(self, request: Request) -> Answer:
        """The inquiries opened in a span."""
        shown, total = self._search(request, "inquiry", "inquiry_creation_date_range")
        return Answer.json({"members": shown, "paginationOutput": total})

    @route("GET", f"{POST_ORDER}/casemanagement/search")
    def escalated(self, request: Request) -> Answer:
        """The cases opened in a span."""
        shown, total = self._search(request, "case", "case_creation_date_range")
        return Answer.json({"members": shown, "paginationOutput": total})

    @route("GET", f"{POST_ORDER}/cancellation/search")
    def cancellations(self, request: Request) -> Answer:
        """The requests to cancel made in a span."""
        shown, total = self._search(request, "cancellation", "creation_date_range")
        return Answer.json({"cancellations": shown, "paginationOutput": total})

    @route("GET", DISPUTES)
    def disputes(self, request: Request) -> Answer:
        """The payment disputes opened in a span."""
        shown, total = self._search(request, "payment_dispute", "open_date")
        place = {"total": total["totalEntries"], "limit": MOST, "offset": 0}
        return Answer.json({"paymentDisputeSummaries": shown} | place)

    def _search(
        self, request: Request, name: str, span: str
    ) -> tuple[list[dict[str, Any]], dict[str, int]]:
        limit = min(int(request.one("limit", "25")), MOST)
        start, end = (
            datetime.fromisoformat(request.one(f"{span}_{side}")) for side in ("from", "to")
        )
        if self._now() - start > _FARTHEST or end - start > _LONGEST or end <= start:
            raise ValueError(f"eBay has no such span: {start} to {end}")
        low, high = iso(start), iso(end)
        fits = [entry for at, entry in self.cases.get(name, ()) if low <= iso(at) <= high]
        return self.page(fits[-limit:][::-1]), {"totalEntries": len(fits), "offset": 1}

    def _opened_claim(
        self, name: str, buyer: str, listing: str, at: datetime | None, status: str
    ) -> dict[str, Any]:
        opened = at or self._now()
        entry = {
            f"{name}Id": self._next_case(),
            "itemId": int(listing),
            "transactionId": 10_000_000_000_001,
            "buyer": buyer,
            "seller": "lamp-shop",
            status: "OPEN",
            "claimAmount": {"value": 24.9, "currency": "EUR"},
            "creationDate": _moment(opened),
            "lastModifiedDate": _moment(opened),
            "respondByDate": _moment(opened + timedelta(days=3)),
        }
        return self._opened(name, opened, entry)

    def _opened(self, name: str, at: datetime, entry: dict[str, Any]) -> dict[str, Any]:
        with self.lock:
            self.cases.setdefault(name, []).append((at, entry))
        return entry

    def _next_case(self) -> int:
        self._case_number += 1
        return self._case_number


def _moment(at: datetime) -> dict[str, str]:
    return {"value": iso(at)}
