"""What syncd makes of a parcel: who watches it, what was found, whom it told, who looks it up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime

from syncd.config import Playbook
from syncd.model import (
    CONFIRMATION,
    EXTENSION,
    REVIEW_REQUEST,
    Dossier,
    Follower,
    KnownFinding,
    KnownNotice,
    OutboxState,
)
from syncd.rules import playbooks as answers
from syncd.rules.explain.words import dated, minute, plain
from syncd.rules.guards import RESTS_ON_SILENCE, Silence, Source
from syncd.rules.watches import Judgement

WAITS = {
    OutboxState.HELD: "waits for approval (`syncd outbox approve {id}`)",
    OutboxState.PENDING: "goes out from {not_before} on",
    OutboxState.CLAIMED: "is going out now",
    OutboxState.IN_FLIGHT: "is going out now",
    OutboxState.SENT: "reached the buyer, as a person noted",
    OutboxState.FAILED: "was refused for good",
    OutboxState.PERSON: "waits for a person (`syncd outbox show {id}`)",
    OutboxState.CANCELLED: "was cancelled by a person",
    OutboxState.OBSOLETE: "was not sent, as the trouble was over first",
}
"""What became of a message that no platform has confirmed."""
# Where the reason given with a row is why it stands so; elsewhere it is the evidence again.
_REASONED = frozenset({OutboxState.PERSON, OutboxState.FAILED})


def watching(
    dossier: Dossier, said: Mapping[str, Judgement], switched_off: Sequence[str], now: datetime
) -> Iterator[str]:
    """Each watch: what it says now, or when it would speak."""
    if not said:
        yield "No watch looks at it."
        return
    for name, judgement in said.items():
        word = "switched off in the config" if name in switched_off else _word(judgement, now)
        yield f"{plain(name)}: {word}."
    at = f"at {dated(dossier.due_at, now)} and " if dossier.due_at else ""
    yield f"They look again {at}whenever there is news."


def _word(judgement: Judgement, now: datetime) -> str:
    if judgement.finding is not None:
        return f"speaks now - {judgement.finding.evidence}"
    if judgement.due_at is not None:
        return f"would speak on {dated(judgement.due_at, now)} if nothing happens before"
    return "silent, until there is news that concerns it"


def held_back(
    dossier: Dossier, said: Mapping[str, Judgement], silence: Silence | None, now: datetime
) -> Iterator[str]:
    """What is found and not stated, because the sources that would know otherwise are stale."""
    if silence is None:
        return
    known = {found.kind for found in dossier.findings if found.closed_at is None}
    waiting = [each.finding.kind for each in said.values() if each.finding is not None]
    for kind in waiting:
        if kind in RESTS_ON_SILENCE and kind not in known:
            yield f"{plain(kind).capitalize()} is not stated yet: it rests on silence, and nobody listens."
    yield from (_unheard(source, error, now) for source, error in silence.sources)
    yield "Messages about delays wait, too, until one of its sources answers."


def _unheard(source: Source, error: str | None, now: datetime) -> str:
    if source.succeeded_at is None:
        heard = "has never given a good answer"
    else:
        heard = f"gave its last good answer on {dated(source.succeeded_at, now)}"
    return f"{source.account} is stale: it {heard}{f' ({error})' if error else ''}."


def findings(found: Iterable[KnownFinding], now: datetime) -> Iterator[str]:
    """Every finding there was, with its evidence."""
    told = [_finding(each, now) for each in found]
    yield from told or ["Nothing was ever found wrong with it."]


def _finding(found: KnownFinding, now: datetime) -> str:
    noticed = f"noticed {minute(found.opened_at)}"
    if found.closed_at is None:
        return f"Open: {plain(found.kind)} since {dated(found.since, now)}, {noticed}: {found.evidence}."
    return (
        f"Over: {plain(found.kind)} since {minute(found.since)}, {noticed}, ended "
        f"{minute(found.closed_at)}: {found.evidence}."
    )


def buyer(dossier: Dossier, playbooks: Sequence[Playbook]) -> Iterator[str]:
    """What the buyer was told and when, what waits, and why of an open finding nothing was."""
    for notice in dossier.notices:
        yield _HOW.get(notice.purpose, _notice)(notice)
    told = {notice.cause for notice in dossier.notices if notice.purpose not in _HOW}
    untold = [
        f"Not told of {plain(found.kind)}: {_why_not(dossier, found, playbooks)}."
        for found in dossier.findings
        if found.closed_at is None and found.cause not in told
    ]
    yield from untold
    if not dossier.notices and not untold:
        yield "The buyer was told nothing: there was nothing to tell."


def _notice(notice: KnownNotice) -> str:
    about = f"{plain(notice.cause)}" if notice.cause else plain(notice.purpose)
    title = f' "{notice.title}"' if notice.title else ""
    if notice.told_at is not None:
        return (
            f"Told of {about} on {minute(notice.told_at)} by {notice.account} in "
            f"{notice.language}:{title} (message {notice.id})."
        )
    how = WAITS[notice.state].format(id=notice.id, not_before=minute(notice.not_before))
    why = f": {notice.reason}" if notice.reason and notice.state in _REASONED else ""
    return f"Message {notice.id} about {about}{title} {how}{why}."


_CLOSED = {OutboxState.SENT: ", done", OutboxState.CANCELLED: ", cancelled"}
"""What became of a task that waits for nobody any more."""


def _task(notice: KnownNotice) -> str:
    about = f" ({plain(notice.cause)})" if notice.cause else ""
    why = notice.reason or "no reason given"
    closed = _CLOSED.get(notice.state, "")
    return f"Task {notice.id} for staff since {minute(notice.created_at)}{about}{closed}: {why}."


def _extension(notice: KnownNotice) -> str:
    if notice.told_at is not None:
        return f"{notice.account} was asked for more time on {minute(notice.told_at)}."
    why = f": {notice.reason}" if notice.reason else ""
    return f"Request {notice.id} for more time is {plain(notice.state)}{why}."


def _review_request(notice: KnownNotice) -> str:
    if notice.told_at is not None:
        return f"{notice.account} asked the buyer for a review on {minute(notice.told_at)}."
    why = f": {notice.reason}" if notice.reason else ""
    return f"Request {notice.id} for a review is {plain(notice.state)}{why}."


def _confirmation(notice: KnownNotice) -> str:
    if notice.told_at is not None:
        return f"{notice.account} was told on {minute(notice.told_at)} that it left."
    why = f": {notice.reason}" if notice.reason else ""
    return f"Confirmation {notice.id} that it left is {plain(notice.state)}{why}."


_HOW = {
    "task": _task,
    EXTENSION: _extension,
    REVIEW_REQUEST: _review_request,
    CONFIRMATION: _confirmation,
}
"""How rows are told of that say nothing to the buyer, by their purpose."""


def _why_not(dossier: Dossier, found: KnownFinding, playbooks: Sequence[Playbook]) -> str:
    if not dossier.order_known:
        return "its order is not known yet, so nobody knows whom to tell"
    fitting = answers.matching(playbooks, found, dossier.account or "", dossier.country)
    if any(playbook.tell == "buyer" for playbook in fitting):
        return "the next round of the watches queues the message"
    if fitting:
        others = " and ".join(dict.fromkeys(f"the {playbook.tell}" for playbook in fitting))
        return f"playbook {fitting[0].name} tells {others} only"
    return "no playbook answers it for this account and country"


def followers(dossier: Dossier, now: datetime) -> Iterator[str]:
    """Which accounts look the parcel up, when they last did and when they will."""
    yield from (_follower(each, now) for each in dossier.followers)
    if dossier.followers:
        return
    brought = sorted({scan.account for scan in dossier.scans})
    by = f"; its scans came from {', '.join(brought)}" if brought else ""
    yield f"No account looks it up at a carrier{by}."


def _follower(follower: Follower, now: datetime) -> str:
    if follower.account is None:
        return "Which account is to look it up is found out in the next seconds."
    if follower.looked_at is None:
        last = "has not looked yet"
    else:
        last = f"looked on {dated(follower.looked_at, now)}"
    if follower.asked_at is not None:
        return (
            f"{follower.account}: {last}; asked to look at once on {dated(follower.asked_at, now)}."
        )
    if follower.next_look_at <= now:
        return f"{follower.account}: {last}; the next look is due."
    return f"{follower.account}: {last}; looks again on {dated(follower.next_look_at, now)}."
