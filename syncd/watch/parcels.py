"""Judging the parcels that are due: findings opened and closed, messages queued, all at once."""

from collections.abc import Collection
from datetime import datetime

from syncd import clock, forecast, outages
from syncd.accounts import Runtime
from syncd.config import NEWS, Kind
from syncd.model import Finding, NewNotice, ParcelFacts
from syncd.model.lateness import ParcelTimes
from syncd.rules import guards
from syncd.rules.guards import RESTS_ON_SILENCE
from syncd.rules.news import news
from syncd.rules.watches import AT_RISK, judge
from syncd.rules.worsening import Told
from syncd.sources import listening
from syncd.store import WatchTransaction
from syncd.watch.answers import answerable, notices, wait_if_delivered
from syncd.watch.findings import Batch, Judged, Opened, earliest, hold_back, said, settle


def judge_batch(runtime: Runtime, limit: int, since: datetime | None = None) -> Batch:
    """Judge up to `limit` parcels in one transaction that have been due `since` or later."""
    now = clock.now()
    with runtime.store.watch.batch(now, limit, since) as tx:
        if not tx.parcels:
            return Batch(0, now)
        opened = tx.open_findings()
        found = _judged(runtime, tx, opened, now)
        new = settle(tx, tx.parcels, opened, found)
        stale = _stale(runtime, [p for p, f in new if f.kind in RESTS_ON_SILENCE], now)
        new, again = hold_back(runtime, tx, new, stale=stale, kinds=RESTS_ON_SILENCE, now=now)
        tx.plan({i: earliest(due, again.get(i)) for i, (_, due) in found.items()})
        # A parcel may be known before its order is, which has it judged again: told then.
        new = [(parcel, f) for parcel, f in new if parcel.order_status is not None]
        tx.open((parcel.shipment_id, finding) for parcel, finding in new)
        struck = outages.update(runtime, tx, new, now)
        answers = outages.hold_back(_answers(runtime, tx, new), tx.parcels, struck)
        queued = tx.queue(wait_if_delivered(answers, tx.delivered(answers))) if answers else 0
        queued += _tell_news(runtime, tx, now)
        tx.withdraw()
    said("parcel", len(found), [finding for _, finding in new], queued)
    return Batch(len(found), tx.until)


def _answers(
    runtime: Runtime, tx: WatchTransaction, new: Collection[tuple[ParcelFacts, Finding]]
) -> list[NewNotice]:
    if not (new := answerable(runtime, new)):
        return []
    addressees = tx.addressees([parcel for parcel, _ in new])
    return notices(runtime, new, addressees, told=_told(runtime, tx, new))


def _told(
    runtime: Runtime, tx: WatchTransaction, new: Collection[tuple[ParcelFacts, Finding]]
) -> dict[tuple[int, str], Told]:
    """What these parcels' buyers were told first of each cause; needed for follow-ups only."""
    if not any(book.follow_up for book in runtime.settings.playbooks):
        return {}
    return {key: Told(*found) for key, found in tx.told([p for p, _ in new]).items()}


def _tell_news(runtime: Runtime, tx: WatchTransaction, now: datetime) -> int:
    """Queue the good news that playbooks want to be told; returns how many are new."""
    wanted = {kind for book in runtime.settings.playbooks for kind in book.when} & NEWS
    good = [(p, told) for p in tx.parcels if wanted and (told := news(p, now)) is not None]
    good = [(parcel, told) for parcel, told in good if told.kind in wanted]
    warned = tx.warned([parcel for parcel, told in good if told.kind == Kind.ARRIVED])
    addressees = tx.addressees([parcel for parcel, _ in good])
    known = [(parcel, told) for parcel, told in good if parcel.shipment_id in addressees]
    worth = [(p, told) for p, told in known if told.kind != Kind.ARRIVED or p.shipment_id in warned]
    quiet = [
        (p, told) for p, told in known if told.kind == Kind.ARRIVED and p.shipment_id not in warned
    ]
    reviews = [book for book in runtime.settings.playbooks if book.ask == "review"]
    queued = notices(runtime, worth, addressees)
    return tx.queue(queued + notices(runtime, quiet, addressees, reviews))


def _judged(runtime: Runtime, tx: WatchTransaction, opened: Opened, now: datetime) -> Judged:
    settings = runtime.settings
    listed = {i for i, known in opened.items() if any(each.startswith(AT_RISK) for each in known)}
    times = tx.times() if settings.lateness.enabled else ParcelTimes()
    model = forecast.in_force(runtime) if times.placed else None
    expected = forecast.outlooks(model, settings.lateness, times, now, listed)
    return {
        parcel.shipment_id: judge(parcel, settings.watches, now, expected.get(parcel.shipment_id))
        for parcel in tx.parcels
    }


def _stale(
    runtime: Runtime, parcels: Collection[ParcelFacts], now: datetime
) -> dict[int, datetime]:
    """Those of the parcels whose sources are stale, each with since when."""
    if not parcels:
        return {}
    settings = runtime.settings.guards.stale_source
    heard = listening(runtime, {(each.account_id, each.tracking_number) for each in parcels})
    found = {
        each.shipment_id: guards.stale_since(
            heard[each.account_id, each.tracking_number].sources, settings, now
        )
        for each in parcels
    }
    return {shipment_id: since for shipment_id, since in found.items() if since is not None}
