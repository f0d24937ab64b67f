"""AliExpress's orders, parcels, disputes and reviews as items of the model; pure."""

import re
from collections.abc import Iterable
from datetime import datetime

import msgspec

from syncd.connector import NOT_JSON, describe_by
from syncd.model import (
    Address,
    Case,
    CaseKind,
    CaseStatus,
    Item,
    Order,
    OrderLine,
    OrderStatus,
    Party,
    Review,
    Shipment,
    Window,
)
from syncd_aliexpress import wire
from syncd_aliexpress.times import maybe, moment

WAITS_FOR_BUYER = "WAIT_BUYER_ACCEPT_GOODS"
_TO_BE_SENT = frozenset({"WAIT_SELLER_SEND_GOODS", "SELLER_PART_SEND_GOODS"})
_STATUS = {
    "PLACE_ORDER_SUCCESS": OrderStatus.PENDING,
    "RISK_CONTROL": OrderStatus.PENDING,  # paid, and held back for up to 24 hours
    "WAIT_SELLER_EXAMINE_MONEY": OrderStatus.PENDING,
    "WAIT_SELLER_SEND_GOODS": OrderStatus.UNSHIPPED,
    "SELLER_PART_SEND_GOODS": OrderStatus.PARTLY_SHIPPED,
    WAITS_FOR_BUYER: OrderStatus.SHIPPED,
}
# For statuses that say nothing of the parcels: a dispute, a wish to cancel, the end.
_BY_LOGISTICS = {
    "WAIT_SELLER_SEND_GOODS": OrderStatus.UNSHIPPED,
    "SELLER_SEND_PART_GOODS": OrderStatus.PARTLY_SHIPPED,
    "SELLER_SEND_GOODS": OrderStatus.SHIPPED,
    "BUYER_ACCEPT_GOODS": OrderStatus.DELIVERED,
}
# AliExpress's list of countries has these instead of ISO's.
_COUNTRIES = {"UK": "GB", "SRB": "RS", "MNE": "ME", "ZR": "CD"}
_COUNTRY = re.compile(r"[A-Z]{2}")
_KINDS = {"refund": CaseKind.REFUND, "return_and_refund": CaseKind.RETURN}
_TURNS = {
    "wait_seller_accept": CaseStatus.WAITING_SELLER,
    "wait_buyer_and_seller_accept": CaseStatus.WAITING_SELLER,
    "wait_buyer_accept": CaseStatus.WAITING_BUYER,
}


def order(raw: bytes) -> list[Item]:
    """An order and its parcels; raises msgspec.MsgspecError or ValueError."""
    sold = msgspec.json.decode(raw, type=wire.SoldOrder)
    lines, place = wire.entries(sold.child_order_list), _address(sold.receipt_address)
    total = sold.new_order_amount or sold.order_amount or wire.Money()
    told = Order(
        source_id=str(sold.id),
        placed_at=moment(sold.gmt_create),
        status=status(sold),
        buyer=_buyer(sold),
        lines=tuple(_line(line) for line in lines),
        ship_to=place,
        currency=total.currency_code,
        total=total.value,
        paid_at=maybe(sold.gmt_pay_success),
        ship_by=_ship_by(sold),
        protection_ends_at=protection_ends(sold),
        shipping_method=next((x.logistics_service_name for x in lines), None),
        note=sold.memo or None,
        raw=raw,
    )
    return [told, *_parcels(sold, place)]


def parcel_of(raw: bytes, tracking_number: str) -> Shipment | None:
    """The parcel of an order with this number, where AliExpress knows it; raises like `order`."""
    parcels = (item for item in order(raw) if isinstance(item, Shipment))
    wanted = tracking_number.replace(" ", "").casefold()
    return next((x for x in parcels if (x.tracking_number or "").casefold() == wanted), None)


def status(sold: wire.SoldOrder) -> OrderStatus:
    """How far an order is; one that ended and never left was cancelled."""
    if known := _STATUS.get(sold.order_status or ""):
        return known
    by_parcels = _BY_LOGISTICS.get(sold.logistics_status or "", OrderStatus.UNKNOWN)
    if sold.order_status == "FINISH" and by_parcels in {OrderStatus.UNSHIPPED, OrderStatus.UNKNOWN}:
        return OrderStatus.CANCELLED
    return by_parcels


def protection_ends(sold: wire.SoldOrder) -> datetime | None:
    """Until when the buyer may complain; told only while AliExpress waits for them to accept."""
    return maybe(sold.over_time_left) if sold.order_status == WAITS_FOR_BUYER else None


def case(raw: bytes, head: wire.IssueHead) -> Case:
    """A dispute; raises msgspec.MsgspecError or ValueError."""
    issue = msgspec.json.decode(raw, type=wire.Issue)
    steps = wire.entries(issue.process_dto_list)
    asked = next(iter(wire.entries(issue.buyer_solution_list)), wire.Solution())
    parent = head.parent_order_id or head.order_id
    return Case(
        source_id=str(head.issue_id),
        kind=_kind(asked, steps),
        status=_turn(head, issue),
        opened_at=moment(head.gmt_create),
        buyer=Party(id=head.buyer_login_id),
        order_id=str(parent) if parent else None,
        reason=issue.issue_reason or head.reason_english or head.reason_chinese,
        text=next(
            (x.content for x in steps if x.submit_member_type == "buyer" and x.content), None
        ),
        outcome=_outcome(head, issue),
        amount=None if asked.refund_money is None else str(asked.refund_money),
        currency=asked.refund_money_currency,
        tracking_number=issue.buyer_return_no or None,
        updated_at=maybe(head.gmt_modified),
        raw=raw,
    )


def review(raw: bytes) -> Review:
    """A review; raises msgspec.MsgspecError or ValueError."""
    told = msgspec.json.decode(raw, type=wire.Evaluation)
    stars = float(told.buyer_evaluation) if told.buyer_evaluation else None
    return Review(
        source_id=str(told.order_id),
        written_at=moment(told.buyer_fb_date or told.shown_since),
        buyer=Party(id=told.buyer_login_id),
        rating=stars if stars and 1 <= stars <= 5 else None,
        text=told.buyer_feedback or "",
        order_id=str(told.parent_order_id) if told.parent_order_id else None,
        reply=told.seller_reply or None,
        raw=raw,
    )


describe = describe_by("issue_id", "channel_id", "order_id", "id")
"""Tells what cannot be read by its id of AliExpress's."""


def _ship_by(sold: wire.SoldOrder) -> Window | None:
    ends = maybe(sold.over_time_left) if sold.order_status in _TO_BE_SENT else None
    return Window(latest=ends) if ends else None


def _buyer(sold: wire.SoldOrder) -> Party:
    person, place = sold.buyer_info or wire.Person(), sold.receipt_address or wire.PostalAddress()
    names = f"{person.first_name or ''} {person.last_name or ''}".strip()
    return Party(
        id=sold.buyerloginid or person.login_id,
        name=sold.buyer_signer_fullname or names or None,
        phone=_phone(place),
    )


def _phone(place: wire.PostalAddress) -> str | None:
    """A number that can be dialled: AliExpress masks those of buyers, and masks are no identity."""
    digits = (place.mobile_no or "").replace(" ", "").replace("-", "")
    return f"{place.phone_country or ''}{digits}" if digits.isdigit() else None


def _address(place: wire.PostalAddress | None) -> Address:
    place = place or wire.PostalAddress()
    code = _COUNTRIES.get((place.country or "").upper(), (place.country or "").upper())
    lines = (place.detail_address, place.address, place.address2)
    return Address(
        country=code if _COUNTRY.fullmatch(code) else None,
        postcode=place.zip or None,
        state=place.province or None,
        city=place.city or None,
        lines=tuple(line for line in lines if line),
    )


def _line(line: wire.Line) -> OrderLine:
    return OrderLine(
        source_id=str(line.child_order_id or line.id),
        title=line.product_name or "",
        quantity=line.product_count or 1,
        sku=line.sku_code or None,
        variant=_variant(line.product_attributes),
        price=line.product_price.value if line.product_price else None,
        listing_id=str(line.product_id) if line.product_id else None,
    )


def _variant(attributes: str | None) -> str | None:
    """What was chosen, out of JSON in a text; an unreadable one is no reason to lose an order."""
    try:
        chosen = msgspec.json.decode(attributes or "{}", type=wire.Variants).sku
    except NOT_JSON:
        return None
    return ", ".join(f"{x.name}: {x.own_value or x.value}" for x in chosen) or None


def _parcels(sold: wire.SoldOrder, place: Address) -> Iterable[Shipment]:
    for raw in wire.entries(sold.logistic_info_list):
        parcel = msgspec.json.decode(raw, type=wire.Parcel)
        if parcel.logistics_no:
            yield Shipment(
                source_id=f"{parcel.ship_order_id or sold.id}/{parcel.logistics_no}",
                order_id=str(sold.id),
                tracking_number=parcel.logistics_no,
                carrier=parcel.logistics_service_name or parcel.logistics_type_code,
                shipped_at=maybe(parcel.gmt_send),
                destination_country=place.country,
                raw=bytes(raw),
            )


def _kind(asked: wire.Solution, steps: Iterable[wire.Step]) -> CaseKind:
    begun = next((step for step in steps if step.action_type == "initiate"), wire.Step())
    if begun.receive_goods is not None and not wire.is_true(begun.receive_goods):
        return CaseKind.NOT_RECEIVED
    return _KINDS.get(asked.solution_type or "", CaseKind.DISPUTE)


def _turn(head: wire.IssueHead, issue: wire.Issue) -> CaseStatus:
    if head.issue_status in {"finish", "canceled_issue"}:
        return CaseStatus.CLOSED
    if head.issue_status != "processing":
        return CaseStatus.UNKNOWN
    waits = [_TURNS.get(x.status or "") for x in _solutions(issue)]
    for turn in (CaseStatus.WAITING_SELLER, CaseStatus.WAITING_BUYER):
        if turn in waits:
            return turn
    return CaseStatus.OPEN


def _outcome(head: wire.IssueHead, issue: wire.Issue) -> str | None:
    if head.issue_status not in {"finish", "canceled_issue"}:
        return None
    return next((x.reached_type for x in _solutions(issue) if x.reached_type), head.issue_status)


def _solutions(issue: wire.Issue) -> list[wire.Solution]:
    lists = (issue.platform_solution_list, issue.buyer_solution_list, issue.seller_solution_list)
    return [solution for each in lists for solution in wire.entries(each)]
