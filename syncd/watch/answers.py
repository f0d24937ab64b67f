"""What answers a finding: rows for the outbox, as the playbooks and the platforms want them."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime

from msgspec.structs import replace

from syncd import clock
from syncd.accounts import Account, Runtime
from syncd.config import Playbook
from syncd.connector import Capability
from syncd.model import Addressee, Finding, NewNotice, OutboxState, Subject
from syncd.rules import playbooks
from syncd.rules.news import NEWS_CAUSES
from syncd.rules.playbooks import Voice
from syncd.rules.worsening import NOT_BEFORE, Told, worse
from syncd.watch.findings import S

_DELIVERED = "it was delivered on {:%Y-%m-%d} and scanned again since, approve it if that is so"
_FIRST_WORD = frozenset({Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED})


def notices(
    runtime: Runtime,
    new: Iterable[tuple[Subject, Finding]],
    addressees: Mapping[int, Addressee],
    books: Collection[Playbook] | None = None,
    told: Mapping[tuple[int, str], Told] | None = None,
) -> list[NewNotice]:
    """What answers each finding, by the playbooks of the config or by `books` alone.

    `told` is what the buyers know already, by the number of the subject and the cause.
    """
    chosen = runtime.settings.playbooks if books is None else books
    answers = (
        _answer(
            runtime,
            account,
            playbook,
            about=(finding, subject, addressees[subject.number]),
            told=(told or {}).get((subject.number, finding.cause)),
        )
        for subject, finding in new
        if (account := runtime.by_id(subject.account_id)) is not None
        for playbook in playbooks.matching(
            chosen, finding, account.name, addressees[subject.number].country
        )
    )
    return [notice for notice in answers if notice is not None]


def answerable(runtime: Runtime, new: Iterable[tuple[S, Finding]]) -> list[tuple[S, Finding]]:
    """Those of the findings that a playbook may answer: whose buyers it pays to look up."""
    chosen = runtime.settings.playbooks
    return [
        (subject, finding)
        for subject, finding in new
        if (account := runtime.by_id(subject.account_id)) is not None
        and playbooks.fitting(chosen, finding, account.name)
    ]


def wait_if_delivered(
    answers: Iterable[NewNotice], delivered: Mapping[int, datetime]
) -> list[NewNotice]:
    """These, of which messages about parcels that the carrier had `delivered` wait for approval.

    Either scan may be wrong: a buyer who has the parcel is told nothing before a person has looked.
    """
    return [
        replace(notice, state=OutboxState.HELD, reason=f"{_DELIVERED.format(at)}: {notice.reason}")
        if notice.purpose == "notice"
        and notice.state is OutboxState.PENDING
        and (at := delivered.get(notice.shipment_id or 0)) is not None
        else notice
        for notice in answers
    ]


def _answer(
    runtime: Runtime,
    account: Account,
    playbook: Playbook,
    *,
    about: tuple[Finding, Subject, Addressee],
    told: Told | None,
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
    finding, subject, addressee = about
    if subject.order_over and finding.cause not in NEWS_CAUSES:
        return None
    notice = playbooks.buyer_notice(
        playbook,
        finding,
        subject,
        addressee,
        voice=_voice(runtime, account, addressee),
        quiet_hours=runtime.settings.quiet_hours,
        now=now,
    )
    if told is None or not (playbook.follow_up and worse(told.kind, finding.kind)):
        return notice
    quiet_hours = runtime.settings.quiet_hours
    soonest = max(now, told.at + NOT_BEFORE)
    country = playbooks.lives_in(addressee)
    opens = playbooks.daytime(soonest, country, addressee.state, quiet_hours)
    return playbooks.follow_up(notice, finding, opens)


def _voice(runtime: Runtime, account: Account, addressee: Addressee) -> Voice:
    """Through which accounts the buyer can be written to."""
    capabilities = account.connector.capabilities
    writes_first = bool(_FIRST_WORD & capabilities)
    answers = Capability.REPLY in capabilities and addressee.conversation_account_id == account.id
    mail = runtime.mail_account(account)
    return Voice(
        own=account.id if writes_first or answers else None, mail=mail.id if mail else None
    )
