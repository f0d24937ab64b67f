"""The ways of the sandbox world's parcels: from China to the buyer, most of them in time."""

import math
from collections.abc import Iterator
from datetime import datetime, timedelta
from enum import StrEnum
from random import Random
from zoneinfo import ZoneInfo

from syncd.model import Leg, Milestone, Reason
from syncd.model.base import Value
from syncd.testing.world_people import City, fill

ORIGIN = ZoneInfo("Asia/Shanghai")


class Fate(StrEnum):
    """What the story has in mind for a parcel."""

    IN_TIME = "in_time"
    STUCK = "stuck"
    """No scan any more."""
    RECOVERED = "recovered"
    """No scan for eleven days, then it goes on."""
    CUSTOMS = "customs"
    ATTEMPT = "attempt"
    EXCEPTION = "exception"
    SLOW = "slow"
    """Scanned all the time, and delivered after the promised date."""


TROUBLED = {
    Fate.STUCK: 6,
    Fate.RECOVERED: 3,
    Fate.CUSTOMS: 5,
    Fate.ATTEMPT: 5,
    Fate.EXCEPTION: 4,
    Fate.SLOW: 5,
}
"""How many parcels of 120 orders come to each bad fate."""


class Scan(Value, frozen=True, kw_only=True):
    """One tracking event as it happened and as the carrier tells it."""

    id: str
    at: datetime
    """When it happened, UTC."""
    seen_at: datetime
    """When the carrier publishes it, UTC; now and then hours later."""
    local: datetime
    """Naive, the wall clock where it happened."""
    offset_minutes: int | None
    """None where the carrier does not tell it."""
    milestone: Milestone
    text: str
    place: str
    country: str
    leg: Leg
    reason: Reason | None = None


class Parcel(Value, frozen=True, kw_only=True):
    """A parcel and its whole way, past and to come."""

    id: str
    order_id: str
    number: str
    carrier: str
    shipped_at: datetime
    country: str
    fate: Fate
    scans: tuple[Scan, ...]


class _Step(Value, frozen=True, kw_only=True):
    milestone: Milestone
    text: str
    hours: tuple[float, float]
    """Shortest and longest time since the step before."""
    leg: Leg = Leg.LAST
    reason: Reason | None = None


def _step(milestone: Milestone, text: str, low: float, high: float, leg: Leg = Leg.LAST) -> _Step:
    return _Step(milestone=milestone, text=text, hours=(low, high), leg=leg)


_WAY = (
    _step(Milestone.PRE_SHIPMENT, "Shipment information received", 0, 0, Leg.FIRST),
    _step(Milestone.ACCEPTED, "Accepted by carrier", 6, 20, Leg.FIRST),
    _step(Milestone.IN_TRANSIT, "Departed from sorting centre", 12, 24, Leg.FIRST),
    _step(Milestone.EXPORT_CUSTOMS, "Export customs clearance completed", 10, 20, Leg.FIRST),
    _step(Milestone.IN_TRANSIT, "Flight departed from origin airport", 12, 30, Leg.LINEHAUL),
    _step(Milestone.ARRIVED_DESTINATION, "Arrived at destination airport", 40, 80),
    _step(Milestone.IMPORT_CUSTOMS, "Released by import customs", 8, 24),
    _step(Milestone.AT_DELIVERY_DEPOT, "Arrived at delivery depot", 24, 48),
    _step(Milestone.OUT_FOR_DELIVERY, "Out for delivery", 14, 24),
    _step(Milestone.DELIVERED, "Delivered to the addressee", 2, 6),
)
_FLIGHT, _ARRIVAL, _CUSTOMS, _DEPOT, _OUT = 4, 5, 6, 7, 8

_HOLD = _Step(
    milestone=Milestone.CUSTOMS_HOLD,
    text="Held by import customs, documents required",
    hours=(8, 16),
    reason=Reason.DOCUMENTS,
)
_STILL_HELD = _step(Milestone.CUSTOMS_HOLD, "Still held by import customs", 90, 100)
_ATTEMPTS = (
    ("Delivery attempt failed, nobody at home", Reason.ABSENT),
    ("Delivery attempt failed, address incomplete", Reason.ADDRESS),
)
_EXCEPTIONS = (
    ("Parcel damaged on the way and under inspection", Reason.DAMAGED),
    ("Sent to the wrong depot", Reason.MISSORT),
    ("Stopped by severe weather", Reason.WEATHER),
)
_INVESTIGATION = _step(Milestone.EXCEPTION, "Investigation opened with the carrier", 90, 100)
_COLLECTED = (
    _step(Milestone.READY_FOR_PICKUP, "Waiting at the post office for collection", 60, 80),
    _step(Milestone.DELIVERED, "Collected by the addressee", 30, 90),
)
_SECOND_ATTEMPT = (
    _step(Milestone.OUT_FOR_DELIVERY, "Out for delivery again", 60, 80),
    _WAY[-1],
)

_Plan = list[tuple[float, _Step]]
"""The steps of a way, each with the hours since the one before."""


def make_scans(
    random: Random, fate: Fate, *, number: str, shipped_at: datetime, promise: datetime, city: City
) -> tuple[Scan, ...]:
    """All scans of a parcel of `fate`, oldest first; `promise` is its promised latest delivery."""
    plan = _plan(random, fate, (promise - shipped_at) / timedelta(hours=1))
    return tuple(_scans(random, plan, number, shipped_at, city))


def _plan(random: Random, fate: Fate, promised_hours: float) -> _Plan:
    if fate is Fate.STUCK:
        return _drawn(random, _WAY[: random.choice((3, _ARRIVAL, _CUSTOMS))])
    if fate is Fate.RECOVERED:
        return _paused(random)
    if fate is Fate.SLOW:
        return _slowed(random, promised_hours)
    return _drawn(random, _STEPS[fate](random))


def _drawn(random: Random, steps: tuple[_Step, ...]) -> _Plan:
    return [(random.uniform(*step.hours), step) for step in steps]


def _paused(random: Random) -> _Plan:
    plan = _drawn(random, _WAY)
    index = random.choice((_FLIGHT, _ARRIVAL))
    plan[index] = (random.uniform(255, 275), plan[index][1])
    return plan


def _slowed(random: Random, promised_hours: float) -> _Plan:
    plan = _drawn(random, _WAY)
    missing = promised_hours + random.uniform(72, 110) - sum(hours for hours, _ in plan)
    stops = math.ceil(missing / 60)
    hub = _step(Milestone.IN_TRANSIT, "Arrived at transfer hub", 0, 0, Leg.LINEHAUL)
    return [*plan[:_ARRIVAL], *[(missing / stops, hub)] * stops, *plan[_ARRIVAL:]]


def _customs(random: Random) -> tuple[_Step, ...]:
    before, after = _WAY[:_CUSTOMS], _WAY[_DEPOT:]
    if random.random() < 0.4:
        released = _step(Milestone.IMPORT_CUSTOMS, "Released by import customs", 70, 90)
        return (*before, _HOLD, released, *after)
    return (*before, _HOLD, *[_STILL_HELD] * 6)


def _attempt(random: Random) -> tuple[_Step, ...]:
    text, reason = random.choice(_ATTEMPTS)
    failed = _Step(milestone=Milestone.ATTEMPT_FAILED, text=text, hours=(2, 6), reason=reason)
    return (*_WAY[: _OUT + 1], failed, *random.choice((_COLLECTED, _SECOND_ATTEMPT)))


def _exception(random: Random) -> tuple[_Step, ...]:
    text, reason = random.choice(_EXCEPTIONS)
    trouble = _Step(milestone=Milestone.EXCEPTION, text=text, hours=(20, 40), reason=reason)
    if reason is Reason.DAMAGED:
        return (*_WAY[:_DEPOT], trouble, *[_INVESTIGATION] * 6)
    onward = _step(Milestone.IN_TRANSIT, "On the way to the right depot", 70, 90)
    return (*_WAY[:_DEPOT], trouble, onward, *_WAY[_DEPOT:])


_STEPS = {
    Fate.IN_TIME: lambda _: _WAY,
    Fate.CUSTOMS: _customs,
    Fate.ATTEMPT: _attempt,
    Fate.EXCEPTION: _exception,
}


def _scans(random: Random, plan: _Plan, number: str, at: datetime, city: City) -> Iterator[Scan]:
    tells_zone = random.random() < 0.75
    for index, (hours, step) in enumerate(plan):
        at += timedelta(minutes=round(hours * 60))
        abroad = step.leg is Leg.LAST
        local = at.astimezone(ZoneInfo(city.zone) if abroad else ORIGIN)
        offset = local.utcoffset()
        assert offset is not None
        told = not abroad or tells_zone
        yield Scan(
            id=f"{number}-{index:02d}",
            at=at,
            seen_at=at + _publishing(random),
            local=local.replace(tzinfo=None),
            offset_minutes=int(offset.total_seconds()) // 60 if told else None,
            milestone=step.milestone,
            reason=step.reason,
            text=step.text,
            place=city.name if abroad else "Guangzhou",
            country=city.country if abroad else "CN",
            leg=step.leg,
        )


def _publishing(random: Random) -> timedelta:
    late = random.random() < 0.04
    return timedelta(minutes=random.randint(300, 600) if late else random.randint(2, 60))


def make_number(random: Random) -> tuple[str, str]:
    """A tracking number and its carrier: two of three are S10 numbers with their check digit."""
    if random.random() < 0.34:
        return f"YT{fill(random, '#' * 16)}", "YunExpress"
    serial = fill(random, "########")
    return f"{random.choice(('LX', 'LZ', 'RB'))}{serial}{s10_check_digit(serial)}CN", "China Post"


def s10_check_digit(serial: str) -> int:
    """The ninth digit of an S10 number (UPU standard S10, weights 8 6 4 2 3 5 9 7)."""
    weights = (8, 6, 4, 2, 3, 5, 9, 7)
    total = sum(int(digit) * weight for digit, weight in zip(serial, weights, strict=True))
    return {10: 0, 11: 5}.get(11 - total % 11, 11 - total % 11)
