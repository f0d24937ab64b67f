"""Making the message of a row: the parcel's facts as they are now, in the buyer's language."""

from datetime import date, datetime
from typing import Any

import msgspec

from syncd.accounts import Account, Runtime
from syncd.model import REQUESTS, Draft, Milestone, OutboxRow, ParcelStory, Reason, Thread
from syncd.rules.nearest_site import site_of
from syncd.text import limits, localtime
from syncd.text.facts import Facts, NoticeFacts, OrderNoticeFacts, kind_of
from syncd.text.milestones import latest_event_text
from syncd.text.templates import Rendered, TemplateError

_GONE = frozenset({Reason.LOST.value, Reason.DAMAGED.value})
"""Why a parcel will not arrive as it was promised, so that its buyer is named no such day."""


class Unwritable(Exception):
    """The message cannot be written as the row wants it; the text says why and what to do."""


def compose(runtime: Runtime, account: Account, row: OutboxRow, now: datetime) -> Draft:
    """The draft of `row` as `account` would send it now.

    A row whose text a person wrote or approved keeps it. Raises Unwritable where the template
    cannot be filled, or the platform's text rules are broken.
    """
    if row.purpose in REQUESTS:
        return Draft(text=row.text or "", buyer=row.recipient, order_id=row.order_id)
    written = _as_written(runtime, row) or _rendered(runtime, account, row, now)
    platform = limits.carrier_of(account.platform, row.recipient.email)
    broken = limits.check(platform, written)
    if broken:
        raise Unwritable(f"{platform} does not take this text: {'; '.join(broken)}")
    thread = runtime.store.stories.thread(account.id, row)
    return Draft(
        text=written.text,
        subject=_subject(row, written, thread),
        buyer=row.recipient,
        thread_id=thread.thread_id,
        order_id=row.order_id,
        language=written.language,
        purpose=row.purpose,
        in_reply_to=thread.last_message_id,
        references=thread.references,
        created_at=row.created_at,
    )


def _subject(row: OutboxRow, written: Rendered, thread: Thread) -> str:
    """A reply keeps the subject that mail programs thread by; a notice says what it is about."""
    if row.purpose == "notice" or not thread.last_message_id or not thread.subject:
        return written.subject
    kept = thread.subject
    return kept if kept.lower().startswith("re:") else f"Re: {kept}"


def _as_written(runtime: Runtime, row: OutboxRow) -> Rendered | None:
    if row.text is None:
        return None
    # What came of a template is in the language that it was there in.
    language = _language(runtime, row.template, row.language) if row.template else row.language
    return Rendered(subject=row.subject or "", text=row.text, language=language)


def _rendered(runtime: Runtime, account: Account, row: OutboxRow, now: datetime) -> Rendered:
    facts = facts_of(runtime, account, row, now)
    longest = _longest(account, row.recipient.email)
    return _filled(runtime, row.template or "", row.language, facts, longest)


def facts_of(runtime: Runtime, account: Account, row: OutboxRow, now: datetime) -> Facts:
    """What the notice in `row` can state now, sent by `account`; raises Unwritable."""
    if row.template is not None and kind_of(row.template) is OrderNoticeFacts:
        return _of_an_order(runtime, account, row)
    if row.shipment_id is None or row.template is None:
        raise Unwritable("the row names neither a text nor a parcel and a template")
    buyer = row.recipient
    wanted = Wanted(row.template, row.language, buyer.name, buyer.email)
    return _facts(runtime, account, wanted, runtime.store.stories.parcel(row.shipment_id), now)


def _filled(
    runtime: Runtime, template: str, language: str, facts: Facts, longest: int | None
) -> Rendered:
    try:
        return runtime.templates.render(template, language, facts, longest)
    except TemplateError as error:
        raise Unwritable(str(error)) from error


def _longest(account: Account, address: str | None) -> int | None:
    """Most characters of a text that `account` sends there."""
    return limits.rules(limits.carrier_of(account.platform, address)).longest


def _of_an_order(runtime: Runtime, account: Account, row: OutboxRow) -> OrderNoticeFacts:
    if row.order_number is None and row.shipment_id is None:
        raise Unwritable("the row names no order")
    story = runtime.store.stories.order(row)
    return OrderNoticeFacts(
        order_id=story.order_id,
        shop_name=runtime.accounts.get(story.account, account).shop_name,
        buyer_name=row.recipient.name,
        items=", ".join(story.items) or None,
        ship_by=_day(story.ship_by, story.country, story.state),
        promised_by=_day(story.deliver_by, story.country, story.state),
    )


class Wanted(msgspec.Struct, frozen=True):
    """Which text is to be written, in which language, and to whom."""

    template: str
    language: str
    buyer_name: str | None
    buyer_address: str | None = None


def render(
    runtime: Runtime, account: Account, wanted: Wanted, shipment_id: int, now: datetime
) -> Rendered:
    """The text about a parcel as it is now, for `account` to send; raises Unwritable."""
    facts = _facts(runtime, account, wanted, runtime.store.stories.parcel(shipment_id), now)
    longest = _longest(account, wanted.buyer_address)
    return _filled(runtime, wanted.template, wanted.language, facts, longest)


def _facts(
    runtime: Runtime, account: Account, wanted: Wanted, story: ParcelStory, now: datetime
) -> NoticeFacts:
    """The facts a notice states; raises Unwritable where one that must be told is not known."""
    if story.tracking_number is None or story.event_local is None:
        raise Unwritable("no tracking number or no tracking event is known yet")
    # The language that the template is really there in, which may not be the one wished for.
    language = _language(runtime, wanted.template, wanted.language)
    site = site_of(
        story.tracking_number,
        story.destination_country,
        language,
        carrier=story.carrier,
        given_url=story.tracking_url,
    )
    origin = runtime.accounts.get(story.account, account)
    platform = limits.carrier_of(account.platform, wanted.buyer_address)
    return NoticeFacts(
        order_id=story.order_id,
        tracking_number=story.tracking_number,
        tracking_site=site.name,
        tracking_url=site.url if limits.links_allowed(platform) else None,
        latest_event=_event_text(story, language),
        latest_event_at=story.event_local,
        latest_event_place=story.event_place,
        shop_name=origin.shop_name,
        buyer_name=wanted.buyer_name,
        carrier=story.carrier,
        arrived=True if story.stands == Milestone.DELIVERED else None,
        **_dates(story, now),
    )


def _dates(story: ParcelStory, now: datetime) -> dict[str, Any]:
    """Those of the facts that depend on the time, by their names."""
    stands, gone = Milestone(story.stands), story.reason in _GONE
    lives = (story.destination_country, story.destination_state)
    comes = not (stands.terminal or stands is Milestone.RETURNING or gone)
    promised = _day(story.deliver_by, *lives)
    # A time whose zone was not told may seem to be ahead of now.
    silent = max(0, (now - story.last_movement_at).days) if story.last_movement_at else None
    return {
        "promised_by": None if gone else promised,
        "expected_by": promised if comes and _is_ahead(story.deliver_by, now) else None,
        "days_silent": silent,
        "pickup_by": _day(story.pickup_by, *lives) if _is_ahead(story.pickup_by, now) else None,
    }


def _is_ahead(moment: datetime | None, now: datetime) -> bool:
    return moment is not None and moment >= now


def _language(runtime: Runtime, template: str, wished: str) -> str:
    try:
        return runtime.templates.language_for(template, wished)
    except TemplateError as error:
        raise Unwritable(str(error)) from error


def _event_text(story: ParcelStory, language: str) -> str:
    return latest_event_text(story.event_text or "", Milestone(story.milestone), language)


def _day(moment: datetime | None, country: str | None, state: str | None) -> date | None:
    """The buyer's own date: a day that ends in California has begun in UTC."""
    return None if moment is None else localtime.day_there(moment, country, state)
