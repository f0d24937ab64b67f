"""Which package of an order a parcel is, and what TikTok calls its carrier; pure."""

from collections.abc import Iterable
from datetime import UTC, datetime

import msgspec

from syncd.connector import Rejected
from syncd.model import Receipt, Shipment
from syncd_tiktokshop import wire
from syncd_tiktokshop.parse import number


class Told(msgspec.Struct, frozen=True):
    """What TikTok wants to know of a parcel."""

    number: str
    carrier: str


class Package(msgspec.Struct, frozen=True):
    """What of an order is still to be sent."""

    id: str | None
    """None where the order has no package until one is told of."""
    lines: tuple[str, ...]
    delivery_option_id: str


def told(shipment: Shipment) -> Told:
    """The number and the carrier; raises Rejected where one is missing."""
    if not shipment.tracking_number or not shipment.carrier:
        raise Rejected("TikTok wants a tracking number and a carrier")
    return Told(shipment.tracking_number, shipment.carrier)


def package_of(sold: wire.Order | None, order_id: str) -> Package:
    """The one package of an order that waits to be sent; raises Rejected with the reason."""
    if sold is None:
        raise Rejected(f"TikTok knows no order {order_id} of this shop")
    if sold.shipping_type == "TIKTOK":
        raise Rejected(f"order {order_id} goes by TikTok's own shipping: arrange it there")
    if not sold.delivery_option_id:
        raise Rejected(f"TikTok does not tell how order {order_id} is to be delivered")
    waiting = [line for line in sold.line_items or () if _waits(line)]
    packages = {line.package_id or None for line in waiting}
    if len(packages) != 1:
        state = "is sent already" if not packages else "has several packages: say in TikTok which"
        raise Rejected(f"order {order_id} {state}")
    return Package(packages.pop(), tuple(line.id for line in waiting), sold.delivery_option_id)


def _waits(line: wire.Line) -> bool:
    return not line.tracking_number and line.package_status != "CANCELLED"


def provider_of(carrier: str, providers: Iterable[wire.Provider]) -> str:
    """TikTok's id of a carrier, by its whole name or the only name that begins with it.

    Raises Rejected, naming those that there are.
    """
    known = list(providers)
    wanted = number(carrier)
    same = [one for one in known if number(one.name) == wanted]
    alike = [one for one in known if number(one.name).startswith(wanted)]
    for fits in (same, alike):
        if wanted and len(fits) == 1:
            return fits[0].id
    names = ", ".join(sorted(one.name for one in known)) or "none"
    raise Rejected(f"TikTok has no carrier {carrier!r} for this delivery; it has: {names}")


def known(sold: wire.Order | None, shipment: Shipment, now: datetime) -> Receipt | None:
    """Proof that TikTok knows the parcel's number; None where it does not."""
    line = _line_with(sold, number(shipment.tracking_number or "")) if sold else None
    if line is None:
        return None
    when = datetime.fromtimestamp(line.rts_time, UTC) if line.rts_time else now
    return Receipt(source_id=line.package_id or shipment.order_id, accepted_at=when)


def _line_with(sold: wire.Order, wanted: str) -> wire.Line | None:
    """A line whose tracking number is the one wanted, which may be none."""
    lines = (line for line in sold.line_items or () if number(line.tracking_number or "") == wanted)
    return next(lines, None) if wanted else None
