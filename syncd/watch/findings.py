"""From what is found to what may be told: settled with what was known, held back by the guards."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple, TypeVar

from syncd import log, metrics
from syncd.accounts import Runtime
from syncd.model import Finding, OrderFacts, ParcelFacts
from syncd.rules import guards
from syncd.rules.watches import corrected
from syncd.store import Round

_log = log.get("watch")

Opened = Mapping[int, Mapping[str, int]]
"""Open findings: the fingerprint and id of each, by the number of the parcel or order."""
Judged = Mapping[int, tuple[list[Finding], datetime | None]]
"""What holds of each, and when to judge it again."""

_NOTHING: Mapping[str, int] = {}
# When new trouble of an account is judged again that is switched off, or could not be made.
_NOT_SERVED = timedelta(hours=1)

S = TypeVar("S", ParcelFacts, OrderFacts)


class Batch(NamedTuple):
    """What one transaction did."""

    judged: int
    """How many were due."""
    until: datetime
    """Since when the last of them had been due: where the next one goes on."""


def settle(
    tx: Round, subjects: Sequence[S], opened: Opened, judged: Judged
) -> list[tuple[S, Finding]]:
    """Close what no longer holds; returns what is new, to be opened."""
    new, over = [], []
    for subject in subjects:
        found, known = judged[subject.number][0], opened.get(subject.number, _NOTHING)
        if not found and not known:
            continue
        fresh, gone = _changes(found, known)
        new += [(subject, finding) for finding in fresh]
        over += [known[fingerprint] for fingerprint in gone]
    tx.close(over)
    return new


def _changes(found: Sequence[Finding], known: Mapping[str, int]) -> tuple[list[Finding], set[str]]:
    """What is new, and the fingerprints of what is over; of one that was corrected neither."""
    holding = {finding.fingerprint: finding for finding in found}
    gone = {fingerprint for fingerprint in known if fingerprint not in holding}
    fresh: list[Finding] = []
    for fingerprint, finding in holding.items():
        if fingerprint in known:
            continue
        same = next((each for each in gone if corrected(each, fingerprint)), None)
        if same is None:
            fresh.append(finding)
        else:
            gone.remove(same)
    return fresh, gone


def hold_back(
    runtime: Runtime,
    tx: Round,
    new: list[tuple[S, Finding]],
    *,
    stale: Mapping[int, datetime],
    kinds: Collection[str],
    now: datetime,
) -> tuple[list[tuple[S, Finding]], dict[int, datetime]]:
    """Leave out what may not open yet, by the guards; with when to judge those again.

    `stale` says since when nobody has listened for whom; findings of `kinds` wait for that.
    """
    if not new:
        return [], {}
    flapping = runtime.settings.guards.flapping
    closed = tx.closed_since(now - flapping.calm, {subject.number for subject, _ in new})
    told: list[tuple[S, Finding]] = []
    again: dict[int, datetime] = {}
    for subject, finding in new:
        since = stale.get(subject.number) if finding.kind in kinds else None
        over = closed.get((subject.number, finding.kind))
        waits = guards.ask_again(since, now) if since else guards.calm_at(over, flapping, now)
        if runtime.by_id(subject.account_id) is None:  # nobody would be told, now or ever
            waits = now + _NOT_SERVED
        if waits is None:
            told.append((subject, finding))
        else:
            again[subject.number] = min(waits, again.get(subject.number, waits))
    return told, again


def earliest(*moments: datetime | None) -> datetime | None:
    """The first of those that there are."""
    return min((moment for moment in moments if moment), default=None)


def said(subject: str, judged: int, found: Sequence[Finding], queued: int) -> None:
    """Count a batch and log what it found."""
    metrics.WATCH_DUE.labels(subject).inc(judged)
    for kind, number in Counter(finding.kind for finding in found).items():
        metrics.FINDINGS.labels(kind).inc(number)
    if found:
        _log.info("found", findings=len(found), queued=queued)
