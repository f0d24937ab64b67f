"""From eBay's after-sales lists to cases; pure.

Four are of the Post-Order API 2, one of the Fulfillment API. All are asked for by the time at which
a case was opened; none says what has changed since.
"""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from syncd.model import Case, CaseKind, CaseStatus, Party
from syncd_ebay import wire_cases as wire
from syncd_ebay.wire import Wire

_OPEN, _CLOSED = CaseStatus.OPEN, CaseStatus.CLOSED
_SELLER, _BUYER = CaseStatus.WAITING_SELLER, CaseStatus.WAITING_BUYER
_PLATFORM, _UNKNOWN = CaseStatus.WAITING_PLATFORM, CaseStatus.UNKNOWN

# InquiryStatusEnum: an OPEN one has just been brought to the seller's notice.
_INQUIRY = {
    "OPEN": _SELLER,
    "PENDING": _OPEN,
    "WAITING_SELLER_RESPONSE": _SELLER,
    "WAITING_BUYER_RESPONSE": _BUYER,
    "CLOSED": _CLOSED,
    "CS_CLOSED": _CLOSED,
    "CLOSED_WITH_ESCALATION": _CLOSED,
}
# CaseStatusEnum.
_CASE = {
    "OPEN": _OPEN,
    "ON_HOLD": _PLATFORM,
    "WAITING_CS": _PLATFORM,
    "WAITING_DELIVERY": _OPEN,
    "REFUND_AGREED_BUT_FAILED": _SELLER,
    "CLOSED": _CLOSED,
    "CS_CLOSED": _CLOSED,
}
# CancelStateEnum.
_CANCELLATION = {
    "INITIAL": _OPEN,
    "APPROVAL_PENDING": _SELLER,
    "CONFIRM_REFUND_PENDING": _BUYER,
    "REFUND_PENDING": _OPEN,
    "REFUND_INITIATED": _OPEN,
    "REFUND_FAILED_RETRY": _OPEN,
    "CLOSED": _CLOSED,
}
# DisputeStateEnum.
_DISPUTE = {"OPEN": _OPEN, "ACTION_NEEDED": _SELLER, "CLOSED": _CLOSED}


class Kind(msgspec.Struct, frozen=True, kw_only=True):
    """One of eBay's after-sales lists, and where its entries have what a case has."""

    name: str
    """Begins the ids of its cases, since each list counts by itself."""
    path: str
    entries: str = "members"
    """The field of an answer that holds the cases."""
    since: str = "creation_date_range_from"
    """The parameter for cases opened from a time on."""
    until: str = "creation_date_range_to"
    params: Mapping[str, str] = {}
    kind: CaseKind
    entry: type[Wire]
    status: Callable[[Any], CaseStatus]
    theirs: frozenset[CaseStatus] = frozenset()
    """While it stands so, what is due is not the seller's; eBay leaves it in place."""
    fields: Mapping[str, str]
    """The field of `entry`, or path of fields, for the case's id, its buyer's and other fields."""

    def read(self, raw: bytes) -> Case:
        """One case of the list; raises msgspec.MsgspecError."""
        said = msgspec.json.decode(raw, type=self.entry)
        status = self.status(said)
        void = {"respond_by"} if status in self.theirs else set()
        void |= {"outcome"} if status is not _CLOSED else set()
        found = {name: _at(said, path) for name, path in self.fields.items() if name not in void}
        amount = found.pop("amount")
        if amount is not None and amount.value is not None:
            found |= {"amount": str(amount.value), "currency": amount.currency}
        return Case(
            source_id=f"{self.name}/{found.pop('id')}",
            buyer=Party(id=found.pop("buyer")),
            kind=self.kind,
            status=status,
            **found,
            raw=raw,
        )


def _at(said: Any, path: str) -> Any:
    """What is at a path of fields, ids as text; None where the path ends before."""
    for name in path.split("."):
        said = said if said is None else getattr(said, name)
    if isinstance(said, wire.Moment):
        return said.value
    return str(said) if isinstance(said, int) else said


def _by(field: str, statuses: Mapping[str, CaseStatus]) -> Callable[[Any], CaseStatus]:
    return lambda said: statuses.get(getattr(said, field) or "", _UNKNOWN)


def _of_return(said: wire.Return) -> CaseStatus:
    if "CLOSED" in {said.state, said.status}:
        return _CLOSED
    if said.status == "ESCALATED":
        return _PLATFORM
    if said.seller_response_due and said.seller_response_due.activity_due:
        return _SELLER
    return _BUYER if said.buyer_response_due else _OPEN


# An inquiry or a case has one date, which is for whoever has to act next.
_NOT_SELLERS = frozenset(CaseStatus) - {_SELLER, _OPEN}
_CLAIM = {
    "opened_at": "creation_date", "buyer": "buyer", "listing_id": "item_id",
    "respond_by": "respond_by_date", "amount": "claim_amount", "updated_at": "last_modified_date",
}  # fmt: skip
RETURN = Kind(
    name="return", path="/return/search", params={"role": "SELLER"},
    kind=CaseKind.RETURN, entry=wire.Return, status=_of_return, theirs=frozenset({_CLOSED}),
    fields={
        "id": "return_id", "opened_at": "creation_info.creation_date", "buyer": "buyer_login_name",
        "order_id": "order_id", "reason": "creation_info.reason",
        "text": "creation_info.comments.content", "amount": "seller_total_refund.amount",
        "respond_by": "seller_response_due.respond_by_date", "outcome": "status",
    },
)  # fmt: skip
# EBay names the listing of an inquiry, and not the order.
INQUIRY = Kind(
    name="inquiry", path="/inquiry/search",
    since="inquiry_creation_date_range_from", until="inquiry_creation_date_range_to",
    kind=CaseKind.NOT_RECEIVED, entry=wire.Inquiry, theirs=_NOT_SELLERS,
    status=_by("inquiry_status_enum", _INQUIRY),
    fields=_CLAIM | {"id": "inquiry_id", "reason": "reason", "outcome": "inquiry_status_enum"},
)  # fmt: skip
# A return or an inquiry that eBay has been asked to decide.
CASE = Kind(
    name="case", path="/casemanagement/search",
    since="case_creation_date_range_from", until="case_creation_date_range_to",
    kind=CaseKind.DISPUTE, entry=wire.EscalatedCase, theirs=_NOT_SELLERS,
    status=_by("case_status_enum", _CASE),
    fields=_CLAIM | {"id": "case_id", "outcome": "case_status_enum"},
)  # fmt: skip
CANCELLATION = Kind(
    name="cancellation", path="/cancellation/search", entries="cancellations",
    params={"role": "SELLER"}, kind=CaseKind.CANCELLATION, entry=wire.Cancellation,
    status=_by("cancel_state", _CANCELLATION), theirs=frozenset({_CLOSED}),
    fields={
        "id": "cancel_id", "opened_at": "cancel_request_date", "buyer": "buyer_login_name",
        "order_id": "order_id", "reason": "cancel_reason", "respond_by": "seller_response_due_date",
        "outcome": "cancel_status", "amount": "request_refund_amount",
        "updated_at": "cancel_close_date",
    },
)  # fmt: skip
# A buyer takes a payment back through their bank.
DISPUTE = Kind(
    name="payment_dispute", path="/payment_dispute_summary", entries="paymentDisputeSummaries",
    since="open_date_from", until="open_date_to", kind=CaseKind.DISPUTE, entry=wire.Dispute,
    status=_by("payment_dispute_status", _DISPUTE), theirs=frozenset(CaseStatus) - {_SELLER},
    fields={
        "id": "payment_dispute_id", "opened_at": "open_date", "buyer": "buyer_username",
        "order_id": "order_id", "reason": "reason", "respond_by": "respond_by_date",
        "outcome": "payment_dispute_status", "amount": "amount", "updated_at": "closed_date",
    },
)  # fmt: skip
POST_ORDER = (RETURN, INQUIRY, CASE, CANCELLATION)
