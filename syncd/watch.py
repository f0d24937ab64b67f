"""Judging the parcels that are due: findings opened and closed, messages queued, all at once."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from syncd import clock, forecast, log, metrics, outages
from syncd.accounts import Account, Runtime
from syncd.config import NEWS, Kind, Playbook
from syncd.connector import Capability
from syncd.model import Addressee, Finding, NewNotice, ParcelFacts
from syncd.model.lateness import ParcelTimes
from syncd.rules import guards, playbooks
from syncd.rules.guards import RESTS_ON_SILENCE
from syncd.rules.news import news
from syncd.rules.playbooks import Voice
from syncd.rules.watches import AT_RISK, judge
from syncd.sources import listening
from syncd.store import WatchTransaction

_log = log.get("watch")

# One transaction's worth: long enough to be cheap, short enough for a poll not to wait on.
BATCH = 2000

Opened = Mapping[int, Mapping[str, int]]
"""Open findings: the fingerprint and id of each, by shipment id."""

_FIRST_WORD = frozenset({Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED})


def run(runtime: Runtime) -> int:
    """Judge every parcel that is due now; returns how many were judged."""
    judged = 0
    while number := judge_batch(runtime):
        judged += number
        if number < BATCH:
            break
    outages.end(runtime, clock.now())
    return judged


def judge_batch(runtime: Runtime, limit: int = BATCH) -> int:
    """Judge up to `limit` due parcels in one transaction; returns how many were due."""
    now = clock.now()
    with runtime.store.watch.batch(now, limit) as tx:
        if not tx.parcels:
            return 0
        opened = tx.open_findings()
        found = _judged(runtime, tx, opened, now)
        new = _update_findings(tx, opened, {i: findings for i, (findings, _) in found.items()})
        new, again = _hold_back(runtime, tx, new, now)
        tx.plan({i: _earliest(due, again.get(i)) for i, (_, due) in found.items()})
        addressees = tx.addressees([parcel for parcel, _ in new])
        # A parcel may be known before its order is, which has it judged again: told then.
        new = [(parcel, f) for parcel, f in new if parcel.shipment_id in addressees]
        tx.open((parcel.shipment_id, finding) for parcel, finding in new)
        struck = outages.update(runtime, tx, new, now)
        notices = _notices(runtime, new, addressees) if new else []
        queued = tx.queue(outages.hold_back(notices, tx.parcels, struck)) if notices else 0
        queued += _tell_news(runtime, tx, now)
    metrics.WATCH_DUE.labels("parcel").inc(len(found))
    for _, finding in new:
        metrics.FINDINGS.labels(finding.kind).inc()
    if new:
        _log.info("found", findings=len(new), queued=queued)
    return len(found)


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
    notices = _notices(runtime, worth, addressees)
    return tx.queue(notices + _notices(runtime, quiet, addressees, reviews))


def _judged(
    runtime: Runtime, tx: WatchTransaction, opened: Opened, now: datetime
) -> dict[int, tuple[list[Finding], datetime | None]]:
    settings = runtime.settings
    listed = {i for i, known in opened.items() if any(each.startswith(AT_RISK) for each in known)}
    times = tx.times() if settings.lateness.enabled else ParcelTimes()
    model = forecast.in_force(runtime) if times.placed else None
    expected = forecast.outlooks(model, settings.lateness, times, now, listed)
    return {
        parcel.shipment_id: judge(parcel, settings.watches, now, expected.get(parcel.shipment_id))
        for parcel in tx.parcels
    }


def _update_findings(
    tx: WatchTransaction, opened: Opened, found: dict[int, list[Finding]]
) -> list[tuple[ParcelFacts, Finding]]:
    """Close what no longer holds; returns what is new, to be opened."""
    new, over = [], []
    for parcel in tx.parcels:
        known = opened.get(parcel.shipment_id, {})
        holding = {finding.fingerprint: finding for finding in found[parcel.shipment_id]}
        new += [(parcel, f) for fingerprint, f in holding.items() if fingerprint not in known]
        over += [number for fingerprint, number in known.items() if fingerprint not in holding]
    tx.close(over)
    return new


def _hold_back(
    runtime: Runtime,
    tx: WatchTransaction,
    new: list[tuple[ParcelFacts, Finding]],
    now: datetime,
) -> tuple[list[tuple[ParcelFacts, Finding]], dict[int, datetime]]:
    """Leave out what may not open yet, by the guards; with when to judge those parcels again."""
    if not new:
        return [], {}
    flapping = runtime.settings.guards.flapping
    stale = _stale(runtime, [parcel for parcel, f in new if f.kind in RESTS_ON_SILENCE], now)
    closed = tx.closed_since(now - flapping.calm)
    told: list[tuple[ParcelFacts, Finding]] = []
    again: dict[int, datetime] = {}
    for parcel, finding in new:
        since = stale.get(parcel.shipment_id) if finding.kind in RESTS_ON_SILENCE else None
        over = closed.get((parcel.shipment_id, finding.kind))
        waits = guards.ask_again(since, now) if since else guards.calm_at(over, flapping, now)
        if waits is None:
            told.append((parcel, finding))
        else:
            again[parcel.shipment_id] = min(waits, again.get(parcel.shipment_id, waits))
    return told, again


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


def _earliest(*moments: datetime | None) -> datetime | None:
    return min((moment for moment in moments if moment), default=None)


def _notices(
    runtime: Runtime,
    new: Iterable[tuple[ParcelFacts, Finding]],
    addressees: Mapping[int, Addressee],
    books: Collection[Playbook] | None = None,
) -> list[NewNotice]:
    """What answers each finding, by the playbooks of the config or by `books` alone."""
    chosen = runtime.settings.playbooks if books is None else books
    notices = (
        _answer(runtime, account, playbook, about=(finding, parcel, addressees[parcel.shipment_id]))
        for parcel, finding in new
        if (account := runtime.by_id(parcel.account_id)) is not None
        for playbook in playbooks.matching(
            chosen, finding, account.name, addressees[parcel.shipment_id].country
        )
    )
    return [notice for notice in notices if notice is not None]


def _answer(
    runtime: Runtime,
    account: Account,
    playbook: Playbook,
    *,
    about: tuple[Finding, ParcelFacts, Addressee],
) -> NewNotice | None:
    """What one playbook does about a finding; None where the platform has no such request."""
    now, capabilities = clock.now(), account.connector.capabilities
    if playbook.ask == "review":
        asks = Capability.REQUEST_REVIEW in capabilities
        return playbooks.review_request(playbook, *about, now) if asks else None
    if playbook.tell == "platform" and Capability.EXTEND_PROMISE in capabilities:
        return playbooks.extension(playbook, *about, now)
    if playbook.tell != "buyer":
        return playbooks.staff_task(playbook, *about, now)
    finding, parcel, addressee = about
    return playbooks.buyer_notice(
        playbook,
        finding,
        parcel,
        addressee,
        voice=_voice(runtime, account, addressee),
        quiet_hours=runtime.settings.quiet_hours,
        now=now,
    )


def _voice(runtime: Runtime, account: Account, addressee: Addressee) -> Voice:
    """Through which accounts the buyer can be written to."""
    capabilities = account.connector.capabilities
    writes_first = bool(_FIRST_WORD & capabilities)
    answers = Capability.REPLY in capabilities and addressee.conversation_account_id == account.id
    mail = runtime.mail_account(account)
    return Voice(
        own=account.id if writes_first or answers else None, mail=mail.id if mail else None
    )
