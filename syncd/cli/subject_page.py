"""``syncd show`` for people: the facts first, then what happened."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import Any

import click

from syncd.cli.output import cell, printable
from syncd.cli.words import day, minute, plain
from syncd.model import CONFIRMATION, EXTENSION, REVIEW_REQUEST

Facts = Mapping[str, Any]

_DETAILS = {
    "writer": "writer",
    "subject": "subject",
    "place": "place",
    "local": "local",
    "respond_by": "answer by",
    "outcome": "outcome",
    "reply": "reply",
    "version": "version",
    "closed_at": "closed at",
    "source_id": "platform's id",
    "read_back_at": "delivered, read back at",
    "conversation": "conversation",
    "account": "account",
    "parcel": "parcel",
}
"""What else an entry of the timeline may say, and what people call it."""

_STATES = {
    "held": "is held, waits for approval (`syncd outbox approve {id}`)",
    "person": "needs a person (`syncd outbox show {id}`)",
}
"""What a message in some state waits for; others are their own word."""
_ENDED = frozenset({"sent", "failed", "cancelled", "obsolete"})

_REQUESTS = {EXTENSION: "more time", REVIEW_REQUEST: "review", CONFIRMATION: "confirmed"}


def page(found: Facts) -> Iterator[str]:
    """The lines of what `LookStore.subject` found; times are UTC unless they say otherwise."""
    shops = {order["account"] for order in found["orders"]}
    if found["kind"] == "parcel" and not found["parcels"]:
        yield _head("parcel", found["name"], "nothing is known of it but that messages name it")
    for part, lines in (("orders", _order), ("parcels", _parcel), ("open_findings", _finding),
                        ("notices", _notice)):  # fmt: skip
        for one in found[part]:
            yield from lines(one, one.get("account") if len(shops) > 1 else None)
    for talk in found["conversations"]:
        yield from _conversation(talk, found["orders"])
    yield click.style("\ntimeline (UTC)", bold=True)
    told = {
        "conversation": len(found["conversations"]) > 1,
        "account": len(shops) > 1,
        "parcel": len(found["parcels"]) > 1,
    }
    for entry in found["timeline"]:
        yield from _entry(entry, {name for name, matters in told.items() if not matters})


def _head(kind: str, *facts: object) -> str:
    told = [cell(fact) for fact in facts if fact]
    return f"{click.style(f'{kind:12}', bold=True)} {' · '.join(told)}"


def _below(name: str, text: object) -> Iterator[str]:
    if text:
        yield f"  {name:10} {cell(text)}"


def _order(order: Facts, _: object) -> Iterator[str]:
    promise = f"promised by {day(order['promised_by'])}"
    where = f"to {order['country'] or 'an unknown country'}"
    yield _head("order", order["id"], order["account"], plain(order["status"]), where,
                f"placed {day(order['placed_at'])}", promise, order["total"])  # fmt: skip
    yield from _below("buyer", order["buyer"])
    for line in order["lines"]:
        variant = f" ({line['variant']})" if line["variant"] else ""
        yield from _below("ordered", f"{line['quantity']} x {line['title']}{variant}")
    yield from _below("note", order["note"])
    if order["protection_ends_at"]:
        yield from _below("protected", f"until {day(order['protection_ends_at'])}")


def _parcel(parcel: Facts, shop: str | None) -> Iterator[str]:
    """`shop` is its account, here and below, where orders of several are told."""
    milestone = plain(parcel["milestone"])
    if parcel.get("milestone_at"):
        milestone += f" since {minute(parcel['milestone_at'])}"
    number = parcel["tracking_number"] or "no tracking number yet"
    whose = shop and f"order {parcel['order'] or 'unknown'} of {shop}"
    yield _head("parcel", number, parcel.get("carrier") or "unnamed carrier", milestone, whose)
    latest = parcel["latest"]
    if latest is None:
        yield from _below("latest", "no scan is known")
        return
    place = f" {latest['place']}" if latest["place"] else ""
    yield from _below("latest", f"{minute(latest['local'])} local time{place}: {latest['text']}")
    if "order" in parcel:
        yield from _below("reply", f"`syncd show {quote(number)} --as parcel --reply` writes it")


def _finding(finding: Facts, shop: str | None) -> Iterator[str]:
    title = click.style(f"{'open':12}", bold=True, fg="yellow")
    order, number = finding["order"], finding["tracking_number"]
    subject = f"order {order}" if order else f"parcel {number or '?'}"
    told = f"{plain(finding['kind'])}, {subject}{f' of {shop}' if shop else ''}"
    yield f"{title} {cell(told)}: {cell(finding['evidence'])}"


def _notice(notice: Facts, shop: str | None) -> Iterator[str]:
    whose = f" ({shop})" if shop else ""
    if notice["purpose"] in _REQUESTS:
        yield _head(
            _REQUESTS[notice["purpose"]],
            f"request {notice['id']}{whose} is {plain(notice['state'])}",
        )
        return
    row = f"message {notice['id']}"
    why = f": {notice['reason']}" if notice["reason"] else ""
    if notice["purpose"] == "task":
        ended = notice["state"] in _ENDED
        done = "is done" if notice["state"] == "sent" else f"is {plain(notice['state'])}"
        state = done if ended else "is for a person to do"
        yield _head(
            "task", f"{notice['id']}{whose} {state}{why} (`syncd outbox show {notice['id']}`)"
        )
    elif notice["state"] == "sent":
        at = notice["sent_at"]  # a person's word is no delivery
        when = minute(at) if at else "as a person says"
        how = f"{when} by {notice['account']} in {notice['language']}"
        yield _head("told", f"{how}, {row}: {notice['subject'] or plain(notice['template'])}")
    else:
        about = plain(notice["template"] or notice["purpose"])
        state = _STATES.get(notice["state"], "is {state}").format(
            state=plain(notice["state"]), id=notice["id"]
        )
        yield _head("not told", f"{row} ({about}){whose} {state}{why}")


def _conversation(talk: Facts, orders: Sequence[Facts]) -> Iterator[str]:
    waits = "nobody waits for an answer"
    if talk["waiting"]:
        waits = f"waits for an answer since {minute(talk['waits_since'] or talk['last_at'])}"
    count = f"{talk['messages']} message{'s' if talk['messages'] != 1 else ''}"
    yield _head("conversation", talk["id"], talk["account"], talk["customer"], count, waits)
    if len(talk["orders"]) > 1:
        yield from _below("about", f"one or several of the orders {', '.join(talk['orders'])}")
    for order in talk["orders"]:
        shops = [one["account"] for one in orders if one["id"] == order]
        if len(shops) > 1:
            yield from _below("about", f"order {order} of {' or '.join(shops)}: each has one")


def _entry(entry: Facts, without: Collection[str]) -> Iterator[str]:
    """`without` are details that go without saying, since there is only one such thing."""
    yield click.style(
        f"{minute(entry['at'])}  {plain(entry['kind']):10} {cell(_who(entry))}", bold=True
    )
    for name, title in _DETAILS.items():
        value = entry.get(name)
        if value is not None and name not in without:
            shown = minute(value) if isinstance(value, datetime) else cell(value)
            yield f"    {title}: {shown}"
    for line in printable(_said(entry)).strip().splitlines():
        yield f"    {line}"


def _who(entry: Facts) -> str:
    return plain(entry["who"]) if entry["kind"] == "finding" else str(entry["who"])


def _said(entry: Facts) -> str:
    """What was said; a scan's and a case's begin with words of the model."""
    text = str(entry["text"])
    if entry["kind"] not in {"tracking", "case"}:
        return text
    standing, colon, said = text.partition(": ")
    return f"{plain(standing)}{colon}{said}"
