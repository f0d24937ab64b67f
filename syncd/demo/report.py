"""What a demo did, counted from the store and the world's own record of what reached buyers."""

from collections import Counter
from datetime import datetime, timedelta

import msgspec

from syncd.accounts import Runtime
from syncd.config import FORECAST, NEWS, Kind
from syncd.demo.pace import Pace
from syncd.model import OutboxRow, OutboxState
from syncd.testing.world import Tolerance, World

_EARLY = {Kind.SHIP_BY_NEAR, Kind.NUMBER_CHANGED, Kind.PROTECTION_ENDING}
_NOT_LATE = FORECAST | NEWS | _EARLY


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
    """Parcels with at least one finding that is neither a forecast nor an early warning."""
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
    items_stored_twice: int
    """What the store has and the world has not told."""
    for_a_person: int
    in_world: dict[str, int]
    """How much of everything there was to be stored, counted by the world and the mailbox."""
    examples: dict[str, str | int]
    """Something of each kind to look closer at; empty where there is none."""
    faults: tuple[str, ...]
    """Each fault of a notice in a sentence."""

    @property
    def counted_faults(self) -> dict[str, int]:
        """The figures that have to be 0, by what they count."""
        return {
            "sent twice": self.duplicate_notices,
            "without tracking number, site or latest event": self.notices_missing_facts,
            "in the wrong language": self.notices_in_wrong_language,
            "at night": self.notices_in_quiet_hours,
            "without need or to the wrong buyer": self.notices_needless,
            "never sent": self.buyers_not_told,
            "left for a person": self.for_a_person,
            "items lost": self.items_missing,
            "items stored twice": self.items_stored_twice,
        }


def report(
    runtime: Runtime,
    world: World,
    *,
    started: datetime,
    ended: datetime,
    pace: Pace,
    mails: int,
) -> Report:
    """Count; what happened within a few of the daemon's own steps is not held against it.

    `mails` is how many went through the mailbox, either way.
    """
    counts, look = runtime.store.look.counts(), runtime.store.look
    judged = world.judge(tolerance=Tolerance(facts=pace.oldest_facts, sending=pace.longest_way))
    in_world = _in_world(world, mails)
    surplus = {name: counts[name] - number for name, number in in_world.items()}
    return Report(
        world_days=round((ended - started) / timedelta(days=1), 1),
        messages=counts["messages"],
        conversations=counts["conversations"],
        customers=counts["customers"],
        orders=counts["orders"],
        shipments=counts["shipments"],
        tracking_events=counts["tracking_events"],
        quarantined=counts["quarantined"],
        late_found=look.parcels_found_late(besides=_NOT_LATE),
        findings=look.findings_by_kind(),
        notices_sent=judged.notices,
        notices_by_channel=dict(Counter(notice.channel for notice in world.received)),
        notices_by_language=_languages(world),
        duplicate_notices=judged.duplicates,
        notices_missing_facts=judged.missing_facts,
        notices_in_wrong_language=judged.wrong_language,
        notices_in_quiet_hours=judged.in_quiet_hours,
        notices_needless=judged.needless + judged.wrong_buyer,
        buyers_not_told=len(world.untold(ended - 2 * pace.poll)),
        items_missing=-sum(min(0, number) for number in surplus.values()),
        items_stored_twice=sum(max(0, number) for number in surplus.values()),
        for_a_person=runtime.store.outbox.depth().get("person", (0,))[0],
        in_world=in_world,
        examples=_examples(runtime),
        faults=judged.faults,
    )


def _in_world(world: World, mails: int) -> dict[str, int]:
    told = world.counts()
    return {
        "messages": told.messages + mails,
        "orders": told.orders,
        "shipments": told.shipments,
        "tracking_events": told.tracking,
        "quarantined": told.malformed,
    }


def _sent(runtime: Runtime) -> list[OutboxRow]:
    """The newest first."""
    return runtime.store.outbox.rows(states=[OutboxState.SENT], limit=10_000)


def _languages(world: World) -> dict[str, int]:
    """Those that the notices say they are in: not all of them are what the buyer would wish."""
    declared = (notice.language or "none" for notice in world.received)
    return dict(Counter(declared).most_common())


def _examples(runtime: Runtime) -> dict[str, str | int]:
    """One each: an order whose buyer was told, that message, who waits, what nobody could read."""
    look = runtime.store.look
    sent = next((row for row in _sent(runtime) if row.order_id), None)
    found: dict[str, str | int | None] = {}
    if sent is not None:
        parcels = look.subject(str(sent.order_id), "order")["parcels"]
        numbers = [one["tracking_number"] for one in parcels if one["tracking_number"]]
        found = {"order": sent.order_id, "outbox": sent.id, "parcel": next(iter(numbers), None)}
    for name, rows in (
        ("conversation", look.conversations(waiting=True, limit=1)),
        ("quarantine", look.quarantined(limit=1)),
    ):
        if rows:
            found[name] = rows[0]["id"]
    return {name: value for name, value in found.items() if value is not None}
