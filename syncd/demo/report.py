"""What a demo did, counted from the store and from the world's own record of what reached buyers."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from syncd.accounts import Runtime
from syncd.testing.world import Tolerance, World


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """The figures of a demo; none of them is the sender's own counter."""

    world_days: float
    messages: int
    conversations: int
    customers: int
    orders: int
    shipments: int
    tracking_events: int
    quarantined: int
    late_found: int
    """Parcels with at least one finding."""
    findings: dict[str, int]
    notices_sent: int
    """As the world received them, by marketplace and mail."""
    notices_by_channel: dict[str, int]
    notices_by_language: dict[str, int]
    duplicate_notices: int
    notices_missing_facts: int
    notices_in_wrong_language: int
    notices_in_quiet_hours: int
    notices_needless: int
    buyers_not_told: int
    """Troubles that had to be told by the end and were not."""
    items_missing: int
    """What the world has told and the store does not have."""
    for_a_person: int
    faults: tuple[str, ...]
    """Each fault of a notice in a sentence."""


class Pace(msgspec.Struct, frozen=True):
    """How much of the world's time passes while the daemon does a thing once."""

    poll: timedelta
    tick: timedelta


def report(
    runtime: Runtime, world: World, *, started: datetime, ended: datetime, pace: Pace
) -> Report:
    """Count; what happened within a few of the daemon's own steps is not held against it."""
    counts, look = runtime.store.look.counts(), runtime.store.look
    # News are a poll old when a notice is written, and a notice is a few ticks on its way.
    judged = world.judge(tolerance=Tolerance(facts=3 * pace.poll, sending=3 * pace.tick))
    return Report(
        world_days=round((ended - started) / timedelta(days=1), 1),
        messages=counts["messages"],
        conversations=counts["conversations"],
        customers=counts["customers"],
        orders=counts["orders"],
        shipments=counts["shipments"],
        tracking_events=counts["tracking_events"],
        quarantined=counts["quarantined"],
        late_found=look.parcels_found_late(),
        findings=look.findings_by_kind(),
        notices_sent=judged.notices,
        notices_by_channel=dict(Counter(notice.channel for notice in world.received)),
        notices_by_language=dict(Counter(str(notice.language) for notice in world.received)),
        duplicate_notices=judged.duplicates,
        notices_missing_facts=judged.missing_facts,
        notices_in_wrong_language=judged.wrong_language,
        notices_in_quiet_hours=judged.in_quiet_hours,
        notices_needless=judged.needless + judged.wrong_buyer,
        buyers_not_told=len(world.untold(ended - 2 * pace.poll)),
        items_missing=_missing(world, counts, runtime),
        for_a_person=runtime.store.outbox.depth().get("person", (0,))[0],
        faults=judged.faults,
    )


def _missing(world: World, counts: dict[str, int], runtime: Runtime) -> int:
    told = world.counts()
    in_shop = runtime.store.look.messages_per_account().get("shop", 0)
    return (
        max(0, told.messages - in_shop)
        + max(0, told.orders - counts["orders"])
        + max(0, told.shipments - counts["shipments"])
        + max(0, told.tracking - counts["tracking_events"])
    )
