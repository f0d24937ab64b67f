"""The guards: whether a finding may be told of yet.

A guard never changes what a watch says. It holds back what could be wrong for a reason that lies
with syncd's own knowledge, and says when to ask again.
"""

from collections.abc import Collection
from datetime import datetime, timedelta

import msgspec

from syncd.config import FORECAST, Flapping, FreshLook, Kind, StaleSource

RESTS_ON_SILENCE = frozenset(
    {Kind.NO_FIRST_SCAN, Kind.NO_MOVEMENT, Kind.PRESUMED_LOST, Kind.PROMISE_PASSED} | FORECAST
)
"""The kinds that are concluded from what nobody has said; a carrier states the others."""

OF_ORDERS = frozenset({Kind.SHIP_BY_NEAR, Kind.LATE_DISPATCH, Kind.OUT_OF_STOCK})
"""The same of orders: of those not asked about, the shop may long have told that they left."""

_SOONEST = timedelta(seconds=15)
_LATEST = timedelta(minutes=15)
_ANOTHER_TRY = timedelta(minutes=1)


class Source(msgspec.Struct, frozen=True):
    """An account that tells of parcels' ways, and how it is doing."""

    account: str
    succeeded_at: datetime | None = None
    failing_since: datetime | None = None
    """None where its last poll went well, or it was never polled."""

    def stale_since(self, settings: StaleSource, now: datetime) -> datetime | None:
        """Since when its silence says nothing; None where it has been heard of lately."""
        if not settings.enabled:
            return None
        if self.succeeded_at is None:
            return self.failing_since or now
        stale = self.succeeded_at + settings.after
        return stale if stale <= now else None


class Silence(msgspec.Struct, frozen=True):
    """That none of a parcel's sources has been heard of for too long."""

    since: datetime
    sources: tuple[tuple[Source, str | None], ...]
    """Each source, with its last error where it has one."""


def stale_since(
    sources: Collection[Source], settings: StaleSource, now: datetime
) -> datetime | None:
    """Since when no source of a parcel has been heard of; None where one has, or it has none."""
    since = [source.stale_since(settings, now) for source in sources]
    known = [each for each in since if each is not None]
    return max(known) if known and len(known) == len(since) else None


def ask_again(stale: datetime, now: datetime) -> datetime:
    """When to judge again what a stale source held back: later, the longer it has been stale."""
    return now + min(max((now - stale) / 4, _SOONEST), _LATEST)


def calm_at(closed_at: datetime | None, settings: Flapping, now: datetime) -> datetime | None:
    """When a trouble may open again of whose kind one was over at `closed_at`; None: at once."""
    if closed_at is None or closed_at + settings.calm <= now:
        return None
    return closed_at + settings.calm


def look_first(
    sources: Collection[Source], looked_at: datetime | None, settings: FreshLook, now: datetime
) -> datetime | None:
    """Until when a notice is put off for a look at its parcel; None where it may leave.

    `looked_at` is when the parcel was last looked at by any of its sources. Where all of them fail,
    a look cannot be had, and none is waited for.
    """
    if not settings.enabled or all(source.failing_since is not None for source in sources):
        return None
    if looked_at is not None and now - looked_at <= settings.within:
        return None
    return now + _ANOTHER_TRY
