"""What a finding leads to: the playbook that answers it, and the row it puts into the outbox."""

from collections.abc import Iterable
from datetime import datetime
from fnmatch import fnmatchcase
from typing import Any

import msgspec

from syncd.config import Kind, Playbook, QuietHours
from syncd.model import (
    EXTENSION,
    REVIEW_REQUEST,
    Addressee,
    Cause,
    Finding,
    KnownFinding,
    NewNotice,
    OrderStory,
    OutboxState,
    ParcelStory,
    Party,
    Subject,
)
from syncd.rules import worsening
from syncd.rules.guards import OF_ORDERS
from syncd.text import languages
from syncd.text.localtime import next_daytime

_TOLD = ("buyer", "platform", "staff")


class Voice(msgspec.Struct, frozen=True):
    """The accounts through which a buyer can be written to, as the config and platforms allow."""

    own: int | None
    """The order's own account, where it can write at all."""
    mail: int | None
    """The mail account that stands in for it."""


def matching(
    playbooks: Iterable[Playbook],
    finding: Finding | KnownFinding,
    account: str,
    country: str | None,
) -> list[Playbook]:
    """The playbooks that answer `finding`: all that tell staff, the first of each other kind."""
    there = [
        playbook
        for playbook in fitting(playbooks, finding, account)
        if not playbook.countries or country in playbook.countries
    ]
    told = {tell: [one for one in there if one.tell == tell] for tell in _TOLD}
    return told["buyer"][:1] + told["platform"][:1] + told["staff"]


def fitting(
    playbooks: Iterable[Playbook], finding: Finding | KnownFinding, account: str
) -> list[Playbook]:
    """The playbooks that answer `finding` in one country or another."""
    return [
        playbook
        for playbook in playbooks
        if finding.kind in playbook.when
        and any(fnmatchcase(account, pattern) for pattern in playbook.accounts)
    ]


def buyer_notice(
    playbook: Playbook,
    finding: Finding,
    subject: Subject,
    addressee: Addressee,
    *,
    voice: Voice,
    quiet_hours: QuietHours,
    now: datetime,
) -> NewNotice:
    """The message that tells the buyer, once per parcel (or order) and cause, in their daytime."""
    account, reason = _speaker(voice, addressee.buyer, subject)
    state = OutboxState.HELD if playbook.approval else OutboxState.PENDING
    return NewNotice(
        key=f"notice:{finding.cause}:{_told_of(finding, subject, addressee)}",
        account_id=account,
        state=OutboxState.PERSON if reason else state,
        reason=reason or finding.evidence,
        recipient=addressee.buyer,
        language=language_of(addressee),
        not_before=daytime(now + playbook.wait, lives_in(addressee), addressee.state, quiet_hours),
        template=playbook.template or template_for(finding.cause),
        cause=finding.cause.value,
        shipment_id=subject.shipment_id,
        order_number=subject.order_number,
        finding=finding.fingerprint,
        order_id=subject.order_id,
        conversation_id=addressee.conversation_id,
    )


def follow_up(first: NewNotice, finding: Finding, opens: datetime) -> NewNotice:
    """The one further message about a cause, made from what the `first` would be now.

    `opens` is the buyer's daytime from which on it may go.
    """
    return msgspec.structs.replace(
        first,
        key=f"update:{first.key}",
        template=worsening.template_for(finding.cause, first.template or finding.cause.value),
        not_before=max(first.not_before, opens),
    )


def extension(
    playbook: Playbook, finding: Finding, subject: Subject, addressee: Addressee, now: datetime
) -> NewNotice:
    """The request to the platform to wait longer for the order; once for each end it has had."""
    ends = subject.protection_ends_at or subject.deliver_by or now
    until = max(ends, now) + playbook.extend_by
    return _request(
        playbook,
        finding,
        subject,
        recipient=addressee.buyer,
        not_before=now + playbook.wait,
        key=f"extension:{subject.account_id}:{subject.order_id}:{ends:%Y%m%d}",
        purpose=EXTENSION,
        finding=finding.fingerprint,
        text=f"Wait for order {subject.order_id} until {until:%Y-%m-%d}: {finding.evidence}",
        until=until,
    )


def review_request(
    playbook: Playbook, finding: Finding, subject: Subject, addressee: Addressee, now: datetime
) -> NewNotice:
    """The request to the platform to ask the buyer for a review; once for an order."""
    return _request(
        playbook,
        finding,
        subject,
        recipient=addressee.buyer,
        not_before=now + playbook.wait,
        key=f"review:{subject.account_id}:{subject.order_id}",
        purpose=REVIEW_REQUEST,
        text=f"Ask the buyer of order {subject.order_id} for a review",
    )


def _request(playbook: Playbook, found: Finding, subject: Subject, **fields: Any) -> NewNotice:
    """What a platform is asked for; `fields` are those in which its requests differ."""
    return NewNotice(
        account_id=subject.account_id,
        state=OutboxState.HELD if playbook.approval else OutboxState.PENDING,
        language="en",
        cause=found.cause.value,
        shipment_id=subject.shipment_id,
        order_number=subject.order_number,
        order_id=subject.order_id,
        reason=found.evidence,
        **fields,
    )


def staff_task(
    playbook: Playbook, finding: Finding, subject: Subject, addressee: Addressee, now: datetime
) -> NewNotice:
    """The task that puts the finding before the seller's own people."""
    return NewNotice(
        key=f"task:{playbook.name}:{_occasion(finding, subject)}",
        account_id=subject.account_id,
        state=OutboxState.PERSON,
        purpose="task",
        recipient=addressee.buyer,
        language="en",
        not_before=now,
        cause=finding.cause.value,
        shipment_id=subject.shipment_id,
        order_number=subject.order_number,
        finding=finding.fingerprint,
        order_id=subject.order_id,
        conversation_id=addressee.conversation_id,
        text=_with_plan(finding.evidence, playbook.plan or _PLANS.get(finding.kind)),
        reason=finding.evidence,
    )


def template_for(cause: Cause) -> str:
    """The text that tells a buyer of a cause where the playbook names none."""
    return _TEMPLATES.get(cause, cause.value)


def _told_of(finding: Finding, subject: Subject, addressee: Addressee) -> str:
    """What one message is about: an order may get a label when its buyer knows that it is late."""
    if finding.cause in _TEMPLATES:
        return subject.order_name
    return addressee.parcel or subject.name


def _occasion(finding: Finding, subject: Subject) -> str:
    """What one task is about.

    The same lateness is found of an order and then of its label, and each of an order's parcels
    that are cancelled in one go may be heard of at another time of that day.
    """
    if finding.kind == Kind.CANCELLED:
        return f"{finding.kind}:{subject.order_name}:{finding.since:%Y%m%d}"
    if finding.kind in OF_ORDERS:
        return f"{finding.kind}:{subject.order_name}:{finding.since:%Y%m%dT%H%M%S}"
    return finding.fingerprint


_TEMPLATES = {Cause.DISPATCH: "order_late", Cause.STOCK: "order_out_of_stock"}
"""Those about orders."""

_LOST = (
    "1. Ask the carrier to search, and claim the loss within its time limit. 2. Re-send where the "
    "goods are in stock and the buyer still wants them, else refund. 3. Tell the buyer which and by "
    "when. 4. Do not wait for the search beyond the end of the buyer's protection."
)
_PLANS = {Kind.PRESUMED_LOST.value: _LOST, Kind.LOST.value: _LOST}


def _with_plan(evidence: str, plan: str | None) -> str:
    return f"{evidence}\n\nPlan: {plan}" if plan else evidence


def language_of(addressee: Addressee) -> str:
    """The language to write to a buyer in."""
    return languages.choose(
        buyer=addressee.language,
        conversation=addressee.conversation_language,
        site=addressee.site,
        country=addressee.country,
    )


def lives_in(buyer: Addressee | ParcelStory | OrderStory) -> str | None:
    """The country of a buyer; where their order tells none, that of the site they bought on."""
    return buyer.country or (languages.country_of_site(buyer.site) if buyer.site else None)


def daytime(
    moment: datetime, country: str | None, state: str | None, quiet_hours: QuietHours
) -> datetime:
    """`moment`, or the next morning there where that is in the quiet hours."""
    if not quiet_hours.enabled:
        return moment
    opens, closes = quiet_hours.opens, quiet_hours.closes
    return next_daytime(moment, country, state=state, opens=opens, closes=closes)


def _speaker(voice: Voice, buyer: Party, subject: Subject) -> tuple[int, str | None]:
    """Which account writes, or the order's own with the reason why a person has to."""
    if voice.own is not None:
        return voice.own, None
    if voice.mail is not None and buyer.email:
        return voice.mail, None
    if voice.mail is not None:
        return (
            subject.account_id,
            "the platform does not let syncd write, and gives no e-mail address",
        )
    return (
        subject.account_id,
        "the platform does not let syncd write, and the account names no writes_mail_by",
    )
