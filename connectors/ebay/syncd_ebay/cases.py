"""From eBay's after-sales lists to cases; pure.

Four are of the Post-Order API 2, one of the Fulfillment API. All are asked for by the time at which
a case was opened; none says what has changed since.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import msgspec

from syncd.model import Case, CaseKind, CaseStatus, Party
from syncd_ebay import wire_cases as wire

Read = Callable[[bytes], Case]

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
    """One of eBay's after-sales lists."""

    name: str
    """Begins the ids of its cases, since each list counts by itself."""
    path: str
    entries: str
    """The field of an answer that holds the cases."""
    since: str
    """The parameter for cases opened from a time on."""
    until: str
    read: Read
    """Raises msgspec.MsgspecError."""
    params: Mapping[str, str] = {}


def return_(raw: bytes) -> Case:
    """A buyer sends something back."""
    said = msgspec.json.decode(raw, type=wire.Return)
    status = _return_status(said)
    made, due = said.creation_info, said.seller_response_due
    refund = said.seller_total_refund.actual_refund_amount
    refund = refund or said.seller_total_refund.estimated_refund_amount
    return Case(
        source_id=f"return/{said.return_id}",
        kind=CaseKind.RETURN,
        status=status,
        opened_at=made.creation_date.value,
        buyer=Party(id=said.buyer_login_name),
        order_id=said.order_id,
        reason=made.reason,
        text=made.comments.content if made.comments else None,
        # eBay leaves what was due in place where a return is closed unanswered.
        respond_by=due.by if due and status is not _CLOSED else None,
        outcome=said.status if status is _CLOSED else None,
        **_money(refund),
        raw=raw,
    )


def _return_status(said: wire.Return) -> CaseStatus:
    if "CLOSED" in {said.state, said.status}:
        return _CLOSED
    if said.status == "ESCALATED":
        return _PLATFORM
    if said.seller_response_due and said.seller_response_due.activity_due:
        return _SELLER
    return _BUYER if said.buyer_response_due else _OPEN


def inquiry(raw: bytes) -> Case:
    """A buyer asks after something that has not come; eBay names the listing and not the order."""
    said = msgspec.json.decode(raw, type=wire.Inquiry)
    word = said.inquiry_status_enum
    return Case(
        source_id=f"inquiry/{said.inquiry_id}",
        kind=CaseKind.NOT_RECEIVED,
        reason="ITEM_NOT_RECEIVED",
        **_claim(said, word, _INQUIRY.get(word or "", _UNKNOWN)),
        raw=raw,
    )


def case(raw: bytes) -> Case:
    """A return or an inquiry that eBay has been asked to decide."""
    said = msgspec.json.decode(raw, type=wire.EscalatedCase)
    word = said.case_status_enum
    return Case(
        source_id=f"case/{said.case_id}",
        kind=CaseKind.DISPUTE,
        **_claim(said, word, _CASE.get(word or "", _UNKNOWN)),
        raw=raw,
    )


def _claim(said: wire.Claim, word: str | None, status: CaseStatus) -> dict[str, Any]:
    """What inquiries and cases have in common; their one date is for whoever has to act next."""
    due = said.respond_by_date if status in {_SELLER, _OPEN} else None
    return {
        "status": status,
        "opened_at": said.creation_date.value,
        "buyer": Party(id=said.buyer),
        "listing_id": None if said.item_id is None else str(said.item_id),
        "respond_by": due.value if due else None,
        "outcome": word if status is _CLOSED else None,
        "updated_at": said.last_modified_date.value if said.last_modified_date else None,
        **_money(said.claim_amount),
    }


def cancellation(raw: bytes) -> Case:
    """Somebody wants an order cancelled."""
    said = msgspec.json.decode(raw, type=wire.Cancellation)
    status = _CANCELLATION.get(said.cancel_state or "", _UNKNOWN)
    due = said.seller_response_due_date
    return Case(
        source_id=f"cancellation/{said.cancel_id}",
        kind=CaseKind.CANCELLATION,
        status=status,
        opened_at=said.cancel_request_date.value,
        buyer=Party(id=said.buyer_login_name),
        order_id=_order_id(said.legacy_order_id),
        reason=said.cancel_reason,
        respond_by=due.value if due and status is not _CLOSED else None,
        outcome=said.cancel_status if status is _CLOSED else None,
        **_money(said.request_refund_amount),
        updated_at=said.cancel_close_date.value if said.cancel_close_date else None,
        raw=raw,
    )


def _order_id(legacy: str | None) -> str | None:
    """The id as the other APIs have it; an unpaid order's is made of listing and transaction."""
    return legacy if legacy and legacy.count("-") == 2 else None


def dispute(raw: bytes) -> Case:
    """A buyer takes a payment back through their bank."""
    said = msgspec.json.decode(raw, type=wire.Dispute)
    status = _DISPUTE.get(said.payment_dispute_status or "", _UNKNOWN)
    return Case(
        source_id=f"payment_dispute/{said.payment_dispute_id}",
        kind=CaseKind.DISPUTE,
        status=status,
        opened_at=said.open_date,
        buyer=Party(id=said.buyer_username),
        order_id=said.order_id,
        reason=said.reason,
        respond_by=said.respond_by_date if status is _SELLER else None,
        outcome=said.payment_dispute_status if status is _CLOSED else None,
        amount=said.amount.value if said.amount else None,
        currency=said.amount.currency if said.amount else None,
        updated_at=said.closed_date,
        raw=raw,
    )


def _money(amount: wire.Money | None) -> dict[str, Any]:
    if amount is None or amount.value is None:
        return {}
    return {"amount": str(amount.value), "currency": amount.currency}


_post_order = partial(
    Kind, entries="members", since="creation_date_range_from", until="creation_date_range_to"
)
RETURN = _post_order(name="return", path="/return/search", read=return_, params={"role": "SELLER"})
INQUIRY = _post_order(
    name="inquiry",
    path="/inquiry/search",
    since="inquiry_creation_date_range_from",
    until="inquiry_creation_date_range_to",
    read=inquiry,
)
CASE = _post_order(
    name="case",
    path="/casemanagement/search",
    since="case_creation_date_range_from",
    until="case_creation_date_range_to",
    read=case,
)
CANCELLATION = _post_order(
    name="cancellation",
    path="/cancellation/search",
    entries="cancellations",
    read=cancellation,
    params={"role": "SELLER"},
)
DISPUTE = Kind(
    name="payment_dispute",
    path="/payment_dispute_summary",
    entries="paymentDisputeSummaries",
    since="open_date_from",
    until="open_date_to",
    read=dispute,
)
POST_ORDER = (RETURN, INQUIRY, CASE, CANCELLATION)
