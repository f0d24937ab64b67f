"""What a shop asks of AliExpress for an order: more time, and to know that it left; decisions only.

Sources: the descriptions of extendsbuyeracceptgoodstime (its error codes, and that the order must
wait for the buyer, without dispute and not frozen) and of sellershipmentfortop.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from syncd.connector import Rejected
from syncd.model import Shipment
from syncd_aliexpress import parse, wire

_DAY = timedelta(days=1)
# AliExpress counts days on the Pacific coast's clock, where two of each year have not 24 hours.
_SLACK = timedelta(hours=1)
OTHER = "Other"
"""The service of whoever is not in AliExpress's list; it goes with a tracking site's address."""
_REFUSED = {
    "100": "AliExpress knows no such order",
    "200": "AliExpress has no data for this order that fit",
    "201": "it is longer than AliExpress allows, or was extended as often as it allows",
    "210": "the order is in no state that can be extended",
    "601": "this login may not change the order",
}


def days_to(sold: wire.SoldOrder, until: datetime) -> int:
    """How many days an order needs to last until `until`; 0 where it does already.

    Raises Rejected where AliExpress would not extend it.
    """
    ends = parse.protection_ends(sold)
    if ends is None:
        raise Rejected(
            "AliExpress extends an order only while it waits for the buyer to accept the goods; "
            f"this one is {sold.order_status or 'of unknown status'}"
        )
    if lasts(ends, until):
        return 0
    if sold.issue_status == "IN_ISSUE" or sold.frozen_status == "IN_FROZEN":
        raise Rejected("AliExpress extends no order that is disputed or frozen")
    return -((ends - (until - _SLACK)) // _DAY)


def lasts(ends: datetime, until: datetime) -> bool:
    """Whether an order that ends then has been given until `until`."""
    return ends >= until - _SLACK


def extended(answer: wire.Extended) -> None:
    """Raises Rejected where AliExpress gave no more time."""
    if wire.is_true(answer.is_success):
        return
    code = str(answer.sub_error_code or "no code")
    why = ": ".join(part for part in (_REFUSED.get(code), answer.memo) if part)
    raise Rejected(f"AliExpress gives no more time ({code}): {why or 'no reason given'}")


def service(shipment: Shipment, services: Mapping[str, str]) -> str:
    """AliExpress's name for who carries a parcel; raises Rejected where one has to be set."""
    carrier = shipment.carrier or ""
    known = {_bare(name): code for name, code in services.items()}
    if code := known.get(_bare(carrier)):
        return code
    if shipment.tracking_url:
        return OTHER
    raise Rejected(
        f"AliExpress's logistics service for the carrier {carrier or 'of this parcel'!r} is not known: "
        "name it in `services` of the account"
    )


def shipped(answer: wire.Shipped) -> None:
    """Raises Rejected where AliExpress did not take it."""
    if not wire.is_true(answer.result_success):
        code, why = answer.result_error_code or "no code", answer.result_error_desc
        raise Rejected(f"AliExpress did not take the parcel ({code}): {why or 'no reason given'}")


def _bare(name: str) -> str:
    return "".join(filter(str.isalnum, name)).casefold()
