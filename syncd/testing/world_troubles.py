"""Which parcels of the sandbox world are in trouble, since when, and who must have been told."""

from collections.abc import Iterator
from datetime import datetime, time, timedelta
from enum import StrEnum
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING

from syncd.model import Cause, Milestone
from syncd.model.base import Value
from syncd.testing.world_parcels import Parcel, Scan
from syncd.testing.world_story import Sale, Story

if TYPE_CHECKING:
    from holidays import HolidayBase


class TroubleKind(StrEnum):
    """What can be wrong with a parcel."""

    NO_MOVEMENT = "no_movement"
    PROMISE_PASSED = "promise_passed"
    CUSTOMS_HOLD = "customs_hold"
    ATTEMPT_FAILED = "attempt_failed"
    AWAITING_PICKUP = "awaiting_pickup"
    EXCEPTION = "exception"

    @property
    def cause(self) -> Cause:
        """What it means to the buyer, who is told once per parcel and cause."""
        return _CAUSES.get(self, Cause.DELAY)


_CAUSES = {
    TroubleKind.CUSTOMS_HOLD: Cause.CUSTOMS,
    TroubleKind.ATTEMPT_FAILED: Cause.ATTEMPT_FAILED,
    TroubleKind.AWAITING_PICKUP: Cause.PICKUP,
    TroubleKind.EXCEPTION: Cause.EXCEPTION,
}
_BY_MILESTONE = {
    Milestone.CUSTOMS_HOLD: TroubleKind.CUSTOMS_HOLD,
    Milestone.ATTEMPT_FAILED: TroubleKind.ATTEMPT_FAILED,
    Milestone.READY_FOR_PICKUP: TroubleKind.AWAITING_PICKUP,
    Milestone.EXCEPTION: TroubleKind.EXCEPTION,
}
# A carrier that tells no zone makes a scan look up to half a day older or newer than it is, and
# half a day before a week-end can be three before the end of a silence.
_UNTOLD_ZONE = timedelta(hours=14)


class WatchSettings(Value, frozen=True, kw_only=True):
    """How long the daemon under test waits before it tells of each kind of trouble.

    The defaults are those of the demo's config.
    """

    no_movement: int = 5
    """In whole days on which people work in both countries."""
    promise_passed: timedelta = timedelta(days=1)
    customs_hold: timedelta = timedelta(0)
    attempt_failed: timedelta = timedelta(0)
    awaiting_pickup: timedelta = timedelta(days=2)
    exception: timedelta = timedelta(0)
    allowance: timedelta = timedelta(hours=36)
    """From due to told: polling, the outbox, and a night of the buyer's."""


class Trouble(Value, frozen=True, kw_only=True):
    """One kind of trouble of one parcel."""

    order_id: str
    tracking_number: str
    buyer_id: str
    kind: TroubleKind
    since: datetime
    """When it began."""
    due_at: datetime
    """The earliest time at which a daemon with these settings may tell."""
    until: datetime | None
    """When the parcel went on; None where it has not."""
    must_tell: bool
    """Whether it has lasted so long that the buyer must have been told by now."""

    @property
    def cause(self) -> Cause:
        """What it means to the buyer."""
        return self.kind.cause


def troubles(story: Story, by: datetime, settings: WatchSettings) -> list[Trouble]:
    """Every trouble that is due at `by`, the earliest due first."""
    found = [
        trouble
        for sale, parcel in story.parcels
        if parcel.scans[0].at <= by
        for trouble in _of_parcel(sale, parcel, by, settings)
        if trouble.due_at <= by
    ]
    return sorted(found, key=lambda trouble: trouble.due_at)


def _of_parcel(
    sale: Sale, parcel: Parcel, by: datetime, settings: WatchSettings
) -> Iterator[Trouble]:
    scans = [scan for scan in parcel.scans if scan.at <= by]
    spans = [
        *_gaps(parcel.country, scans, settings),
        *_stops(scans, settings),
        *_late(sale, scans, settings),
    ]
    for kind, since, due_at, known_at, until in spans:
        told_by = known_at + settings.allowance
        yield Trouble(
            order_id=sale.id,
            tracking_number=parcel.number,
            buyer_id=sale.buyer.id,
            kind=kind,
            since=since,
            due_at=due_at,
            until=until,
            must_tell=told_by <= by and (until is None or until >= told_by),
        )


_Span = tuple[TroubleKind, datetime, datetime, datetime, datetime | None]
"""What, since when, due from and until the latest, and over since."""


def _gaps(country: str, scans: list[Scan], settings: WatchSettings) -> Iterator[_Span]:
    ends = [*[scan.at for scan in scans[1:]], None]
    for scan, end in zip(scans, ends, strict=True):
        if scan.milestone.terminal:
            continue
        unsure = _UNTOLD_ZONE if scan.offset_minutes is None else timedelta(0)
        due_at, known_at = (
            _worked(scan.at + shift, settings.no_movement, country) for shift in (-unsure, unsure)
        )
        if end is None or due_at < end:
            yield TroubleKind.NO_MOVEMENT, scan.at, due_at, known_at, end


@cache
def _worked(begin: datetime, days: int, country: str) -> datetime:
    """When people have worked `days` days in China and in `country`."""
    calendars = [_calendar(each) for each in ("CN", country)]
    left, moment = timedelta(days=days), begin
    while left > timedelta(0):
        midnight = datetime.combine(moment.date() + timedelta(days=1), time(), moment.tzinfo)
        if all(calendar.is_working_day(moment.date()) for calendar in calendars):
            midnight = min(midnight, moment + left)
            left -= midnight - moment
        moment = midnight
    return moment


@cache
def _calendar(country: str) -> "HolidayBase":
    from holidays import country_holidays  # noqa: PLC0415  it takes long to load

    return country_holidays(country)


def _stops(scans: list[Scan], settings: WatchSettings) -> Iterator[_Span]:
    """Runs of scans that say the parcel is held up, however often it is said."""
    runs = [list(run) for _, run in groupby(scans, key=lambda scan: scan.milestone)]
    ends = [*[run[0].at for run in runs[1:]], None]
    for run, end in zip(runs, ends, strict=True):
        kind = _BY_MILESTONE.get(run[0].milestone)
        if kind is not None:
            wait: timedelta = getattr(settings, kind.value)
            due_at = max(run[0].seen_at, run[0].at + wait)
            yield kind, run[0].at, due_at, due_at, end


def _late(sale: Sale, scans: list[Scan], settings: WatchSettings) -> Iterator[_Span]:
    ends = [scan.at for scan in scans if scan.milestone.terminal]
    end = ends[0] if ends else None
    due_at = sale.promise + settings.promise_passed
    if end is None or end > due_at:
        yield TroubleKind.PROMISE_PASSED, sale.promise, due_at, due_at, end
