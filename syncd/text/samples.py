"""Made-up facts: to prove templates with, and to hold them against a platform's rules."""

from collections.abc import Iterator
from datetime import date, datetime
from itertools import product

from syncd.text.facts import Facts, NoticeFacts, OrderNoticeFacts, kind_of, names, optional

SAMPLE = NoticeFacts(
    order_id="25-01234-56789",
    tracking_number="LX123456785CN",
    tracking_site="Sample Post",
    latest_event="Arrived at the sorting centre",
    latest_event_at=datetime.fromisoformat("2026-11-03T15:04"),
    shop_name="Sample Shop",
    buyer_name="Kim Sample",
    tracking_url="https://track.example/LX123456785CN",
    carrier="Sample Carrier",
    latest_event_place="Sampleton",
    promised_by=date(2026, 11, 20),
    expected_by=date(2026, 11, 20),
    days_silent=9,
    pickup_by=date(2026, 11, 12),
    arrived=True,
)
"""A notice with every optional fact present."""
ORDER_SAMPLE = OrderNoticeFacts(
    order_id=SAMPLE.order_id,
    shop_name=SAMPLE.shop_name,
    buyer_name=SAMPLE.buyer_name,
    items="Sample lamp, Sample shade",
    ship_by=date(2026, 11, 5),
    promised_by=SAMPLE.promised_by,
)
"""The same about an order that has no parcel yet."""
# Languages count 1, 2-4 and more days differently, and 0 is false in a test.
_OTHERSAMPLES: dict[str, tuple[object, ...]] = {"days_silent": (0, 1, 2, 5, 22)}


def sample_of(template: str) -> Facts:
    """Every fact that a template of this name can state."""
    return SAMPLE if kind_of(template) is NoticeFacts else ORDER_SAMPLE


def sample_facts(used: frozenset[str] | None = None, sample: Facts = SAMPLE) -> Iterator[Facts]:
    """Notices with every combination of the optional facts in `used` present and missing."""
    kind = type(sample)
    whole = {name: getattr(sample, name) for name in names(kind)}
    varying = [name for name in optional(kind) if used is None or name in used]
    for present in product((True, False), repeat=len(varying)):
        left_out = {name: None for name, kept in zip(varying, present, strict=True) if not kept}
        yield kind(**whole | left_out)
    bare = dict.fromkeys(varying)
    for name in varying:
        for value in _OTHERSAMPLES.get(name, ()):
            yield kind(**whole | {name: value})
            yield kind(**whole | bare | {name: value})
