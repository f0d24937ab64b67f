"""From Allegro's issues and returns to cases; pure.

Neither list tells when an entry changed, so both are read as they stand, and `changed` picks the
entries that were not there before as they are now.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import timedelta
from decimal import Decimal, InvalidOperation

import msgspec

from syncd.connector import parse_each
from syncd.model import Case, CaseKind, CaseStatus, Item, Party
from syncd_allegro import wire, wire_sales
from syncd_allegro.parse import ISSUE, describe, instant, mark, member, needed

Read = Callable[[bytes], Case]
AT_ONCE = 50
RETURNS_FOLLOWED = timedelta(days=90)

_NOT_RECEIVED = frozenset({
    "NO_PRODUCT_RECEIVED", "DID_NOT_RECEIVE_GOODS_AFTER_PAYMENT",
    # Disputes have no reason, but a subject in its words (description of PostPurchaseIssue).
    "I have not received the product", "I did not receive the goods after payment",
})  # fmt: skip
_OPEN_ISSUES = frozenset({"DISPUTE_ONGOING", "CLAIM_SUBMITTED"})
_CLOSED_ISSUES = frozenset(
    {"DISPUTE_CLOSED", "DISPUTE_UNRESOLVED", "CLAIM_ACCEPTED", "CLAIM_REJECTED"}
)
_RETURN_STATUS = {
    "CREATED": CaseStatus.WAITING_BUYER,
    "DISPATCHED": CaseStatus.OPEN,
    "IN_TRANSIT": CaseStatus.OPEN,
    "DELIVERED": CaseStatus.WAITING_SELLER,
    "WAREHOUSE_DELIVERED": CaseStatus.WAITING_PLATFORM,
    "WAREHOUSE_VERIFICATION": CaseStatus.WAITING_PLATFORM,
    "FINISHED": CaseStatus.CLOSED,
    "FINISHED_APT": CaseStatus.CLOSED,
    "REJECTED": CaseStatus.CLOSED,
    "COMMISSION_REFUND_CLAIMED": CaseStatus.CLOSED,
    "COMMISSION_REFUNDED": CaseStatus.CLOSED,
}


def issue_case(raw: bytes) -> Case:
    """A dispute or a claim; raises msgspec.MsgspecError or ValueError."""
    issue = msgspec.json.decode(raw, type=wire.Issue)
    wants = [one for one in issue.expectations or () if one.refund]
    refund = wants[0].refund if wants else None
    state, first, last = issue.current_state, issue.chat.initial_message, issue.chat.last_message
    return Case(
        source_id=issue.id,
        kind=_issue_kind(issue, refund),
        status=_issue_status(issue),
        opened_at=needed(issue.opened_date),
        buyer=member(issue.buyer),
        order_id=issue.checkout_form.id if issue.checkout_form else None,
        listing_id=issue.offer.id if issue.offer else None,
        reason=_reason(issue),
        text=issue.description or (first.text if first else None),
        respond_by=instant(state.status_due_date) or instant(issue.decision_due_date),
        outcome=state.status if state.status in _CLOSED_ISSUES else None,
        amount=refund.amount if refund else None,
        currency=refund.currency if refund else None,
        thread_id=f"{ISSUE}{issue.id}",
        updated_at=instant(last.created_at) if last else None,
        raw=raw,
    )


def return_case(raw: bytes) -> Case:
    """A return; raises msgspec.MsgspecError or ValueError."""
    back = msgspec.json.decode(raw, type=wire_sales.CustomerReturn)
    status = _RETURN_STATUS.get(back.status or "", CaseStatus.UNKNOWN)
    reasons = [item.reason for item in back.items if item.reason]
    amount, currency = _worth(back.items)
    return Case(
        source_id=back.id,
        kind=CaseKind.RETURN,
        status=status,
        opened_at=needed(back.created_at),
        buyer=Party(id=back.buyer.login, email=back.buyer.email),
        order_id=back.order_id,
        reason=next((one.type for one in reasons if one.type), None),
        text="\n".join(one.user_comment for one in reasons if one.user_comment) or None,
        outcome=_return_outcome(back, status),
        amount=amount,
        currency=currency,
        tracking_number=next((one.waybill for one in back.parcels or () if one.waybill), None),
        raw=raw,
    )


def changed(
    listed: Iterable[tuple[bytes, Read]], seen: Iterable[str]
) -> Iterator[tuple[list[Item], list[str]]]:
    """Cases that are not as they were, and the marks of all that have been handled by then."""
    there = {mark(raw): (raw, read) for raw, read in listed}
    done = {one: None for one in seen if one in there}
    fresh = [one for one in there if one not in done]
    for at in range(0, len(fresh), AT_ONCE):
        chunk = fresh[at : at + AT_ONCE]
        done |= dict.fromkeys(chunk)
        yield _cases(there[one] for one in chunk), list(done)


def _cases(several: Iterable[tuple[bytes, Read]]) -> list[Item]:
    items = [item for raw, read in several for item in parse_each([raw], read, describe)]
    return sorted(
        items, key=lambda item: item.opened_at.timestamp() if isinstance(item, Case) else 0
    )


def _reason(issue: wire.Issue) -> str | None:
    return (issue.reason.type if issue.reason else None) or issue.subject


def _issue_kind(issue: wire.Issue, refund: wire.Refund | None) -> CaseKind:
    if _reason(issue) in _NOT_RECEIVED:
        return CaseKind.NOT_RECEIVED
    if issue.type == "DISPUTE":
        return CaseKind.DISPUTE
    return CaseKind.REFUND if refund else CaseKind.OTHER


def _issue_status(issue: wire.Issue) -> CaseStatus:
    """Whose turn it is: in a dispute who did not speak last, in a claim the seller to decide."""
    status, last = issue.current_state.status, issue.chat.last_message
    if status in _CLOSED_ISSUES:
        return CaseStatus.CLOSED
    if status not in _OPEN_ISSUES:
        return CaseStatus.UNKNOWN
    answered = last is not None and last.status == "SELLER_REPLIED"
    return (
        CaseStatus.WAITING_BUYER
        if status == "DISPUTE_ONGOING" and answered
        else CaseStatus.WAITING_SELLER
    )


def _return_outcome(back: wire_sales.CustomerReturn, status: CaseStatus) -> str | None:
    if back.rejection and back.rejection.code:
        return back.rejection.code
    return back.status if status is CaseStatus.CLOSED else None


def _worth(items: Sequence[wire_sales.ReturnItem]) -> tuple[str | None, str | None]:
    """What the positions cost together, where all have a price in one currency."""
    prices = [item.price for item in items if item.price]
    currencies = {price.currency for price in prices}
    if len(prices) < len(items) or len(currencies) != 1:
        return None, None
    try:
        total = sum(
            Decimal(p.amount) * item.quantity for p, item in zip(prices, items, strict=True)
        )
    except InvalidOperation:
        return None, None
    return str(total), currencies.pop()
