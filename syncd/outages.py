"""One alarm for a carrier's outage: found as parcels are judged, before their buyers are told."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

import msgspec

from syncd import log
from syncd.accounts import Runtime
from syncd.model import Cause, Finding, NewNotice, OutboxState, ParcelFacts
from syncd.rules.guards import RESTS_ON_SILENCE
from syncd.rules.outages import KIND, Lane, outage, struck, task
from syncd.store import WatchTransaction

_log = log.get("watch")

# Counting all parcels takes a third of a second for a million, and hardly changes in an hour.
_COUNT_AGAIN = timedelta(minutes=10)
# How often a round asks whether an outage is over of which nothing was heard, and how long it adds
# up what it finds itself: counted after each batch, 200,000 parcels took half as long again to
# judge.
_ASK_AGAIN = timedelta(minutes=1)


def end(runtime: Runtime, now: datetime) -> None:
    """Close the outages that are over, though none of their parcels was judged; once a minute."""
    asked_at = runtime.outages_asked_at
    if asked_at is not None and timedelta(0) <= now - asked_at < _ASK_AGAIN:
        return
    runtime.outages_asked_at = now
    if runtime.store.watch.has_open(KIND):
        with runtime.store.watch.batch(now, limit=0) as tx:
            update(runtime, tx, (), now)


def update(
    runtime: Runtime,
    tx: WatchTransaction,
    new: Collection[tuple[ParcelFacts, Finding]],
    now: datetime,
) -> set[Lane]:
    """Open and close outages after these findings were opened; returns the lanes that have one."""
    settings = runtime.settings.guards.outage
    known = {Lane(*lane): number for lane, number in tx.lanes.open_findings(KIND).items()}
    fresh = {p.shipment_id: _lane(p) for p, found in new if found.kind in RESTS_ON_SILENCE}
    if not known and not (fresh and settings.enabled):
        return set()
    late = _added_up(runtime, fresh.values(), now)
    if late is None or _struck(runtime, tx, late, known, now) != known.keys():
        late = _newly_late(runtime, tx, now)
    lanes = _struck(runtime, tx, late, known, now)
    _close(tx, {lane: number for lane, number in known.items() if lane not in lanes})
    # Asked of the store, it takes a fifth of a second where 100,000 findings are open.
    accounts = {_lane(parcel): parcel.account_id for parcel, _ in new}
    for lane in lanes - known.keys():
        found = outage(lane, late[lane], _under_way(runtime, tx, now).get(lane, 0), now, settings)
        tx.open([(None, found)])
        tx.queue([task(found, accounts.get(lane) or tx.lanes.account_of(lane), now)])
        _log.warning("carrier outage", evidence=found.evidence)
    if settings.buyers == "hold":
        tx.lanes.hold(lanes - known.keys(), _REASON)
        return lanes
    return set()


def _added_up(runtime: Runtime, fresh: Iterable[Lane], now: datetime) -> Mapping[Lane, int] | None:
    """The last count and what was found since, `fresh` last; None where it is too old.

    It lacks what ended since and what another process found, so that it may only say that nothing
    has changed.
    """
    counted_at, counts = runtime.newly_late
    if counted_at is None or not timedelta(0) <= now - counted_at < _ASK_AGAIN:
        return None
    late: Counter[Lane] = Counter(counts)
    late.update(fresh)
    runtime.newly_late = counted_at, late
    return late


def _newly_late(runtime: Runtime, tx: WatchTransaction, now: datetime) -> Mapping[Lane, int]:
    settings = runtime.settings.guards.outage
    counted = (
        tx.lanes.newly_late([*RESTS_ON_SILENCE], now - settings.within) if settings.enabled else {}
    )
    late = {Lane(*lane): number for lane, number in counted.items()}
    runtime.newly_late = now, late
    return late


def _struck(
    runtime: Runtime,
    tx: WatchTransaction,
    late: Mapping[Lane, int],
    known: Collection[Lane],
    now: datetime,
) -> set[Lane]:
    settings = runtime.settings.guards.outage
    many = any(number >= settings.at_least / 2 for number in late.values())
    return struck(late, _under_way(runtime, tx, now) if many else {}, known, settings)


def _close(tx: WatchTransaction, over: Mapping[Lane, int]) -> None:
    tx.close(over.values())
    for lane in over:
        _log.info("carrier outage is over", lane=str(lane))


_REASON = "many parcels of this carrier and route are late at once: approve or cancel all of them"


def hold_back(
    notices: Iterable[NewNotice], parcels: Iterable[ParcelFacts], lanes: set[Lane]
) -> list[NewNotice]:
    """These messages, of which those about delays on `lanes` wait for approval."""
    held = {parcel.shipment_id for parcel in parcels if lanes and _lane(parcel) in lanes}
    return [
        msgspec.structs.replace(notice, state=OutboxState.HELD, reason=_REASON)
        if notice.shipment_id in held and _about_delay(notice)
        else notice
        for notice in notices
    ]


def _about_delay(notice: NewNotice) -> bool:
    pending = notice.purpose == "notice" and notice.state is OutboxState.PENDING
    return pending and notice.cause == Cause.DELAY


def _lane(parcel: ParcelFacts) -> Lane:
    return Lane(parcel.carrier or "", parcel.origin_country or "", parcel.destination_country or "")


def _under_way(runtime: Runtime, tx: WatchTransaction, now: datetime) -> Mapping[Lane, int]:
    counted_at, counts = runtime.under_way
    if counted_at is None or not timedelta(0) <= now - counted_at < _COUNT_AGAIN:
        counts = tx.lanes.under_way()
        runtime.under_way = now, counts
    return {Lane(*lane): number for lane, number in counts.items()}
