"""What the sandbox marketplace tells of the story: its records, and the buyers' mails, by time."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from syncd.model import Direction, Milestone
from syncd.model.base import Value
from syncd.testing.world_parcels import Parcel, Scan
from syncd.testing.world_people import Buyer
from syncd.testing.world_story import CURRENCIES, Sale, Story
from syncd.testing.world_words import words_of

MAILBOX = "shop@sandbox.example"
"""The seller's address, to which buyers write."""

Record = dict[str, Any]

_ENOUGH = 500
_COUNTED_LATE = 12
_RUNS_OUT = ((8, 0), (12, 300))
"""On which day of the story how much is left."""
_KEPT = timedelta(days=7)
"""How long a post office of the story keeps a parcel."""


class Entry(Value, frozen=True, kw_only=True):
    """One thing the marketplace will tell, and when."""

    at: datetime
    feed: str
    """``orders``, ``messages``, ``shipments``, ``tracking`` or ``stock``."""
    record: Record
    malformed: bool = False


class Mail(Value, frozen=True, kw_only=True):
    """A mail of a buyer to the seller."""

    at: datetime
    data: bytes


def iso(moment: datetime) -> str:
    """As the marketplace writes a time: UTC to the second."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def buyer_record(buyer: Buyer) -> Record:
    """What the marketplace shows of a buyer."""
    return {
        "id": buyer.id,
        "name": buyer.name if buyer.shows_name else None,
        "email": buyer.email if buyer.shows_email else None,
    }


def entries(story: Story, random: Random) -> list[Entry]:
    """Everything the marketplace will tell by itself, oldest first."""
    told: list[Entry] = []
    for sale in story.sales:
        told += _order_versions(sale)
        told += _conversation(random, sale)
        for parcel in sale.parcels:
            told.append(_entry(parcel.shipped_at, "shipments", _shipment(parcel)))
            told += [_entry(scan.seen_at, "tracking", _scan(parcel, scan)) for scan in parcel.scans]
    told += [_edited(told), *_malformed(story), *_stock(story)]
    return sorted(told, key=lambda entry: entry.at)


def _stock(story: Story) -> Iterator[Entry]:
    """What lies on the shelves: enough, but for what sells most, which runs out for some days.

    One thing is first counted in the second week.
    """
    lines = [line for sale in story.sales for line in sale.lines]
    titles = {line.sku: line.title for line in lines}
    for sku, title in sorted(titles.items()):
        counted = timedelta(days=_COUNTED_LATE if sku == max(titles) else 0)
        yield _entry(story.start + counted, "stock", _level(sku, title, _ENOUGH))
    sold = Counter(line.sku for line in lines)
    if sold:
        most = min(sold, key=lambda sku: (-sold[sku], sku))
        for day, quantity in _RUNS_OUT:
            at = story.start + timedelta(days=day)
            yield _entry(at, "stock", _level(most, titles[most], quantity))


def _level(sku: str, title: str, quantity: int) -> Record:
    return {"id": f"stock-{sku}", "sku": sku, "title": title, "quantity": quantity}


def _edited(told: list[Entry]) -> Entry:
    """One message a second time, with another text."""
    said = next(entry for entry in told if entry.record.get("direction") == Direction.INBOUND)
    record = {**said.record, "text": f"{said.record['text']} Thank you in advance!"}
    return _entry(said.at + timedelta(minutes=30), "messages", record)


def _entry(at: datetime, feed: str, record: Record) -> Entry:
    return Entry(at=at, feed=feed, record=record)


def _order_versions(sale: Sale) -> Iterator[Entry]:
    paid_at = sale.placed_at + timedelta(minutes=20)
    yield _entry(sale.placed_at, "orders", _order(sale, "awaiting_payment", None))
    if not sale.parcels:
        cancelled_at = sale.placed_at + timedelta(days=1)
        yield _entry(cancelled_at, "orders", _order(sale, "cancelled", None))
        return
    yield _entry(paid_at, "orders", _order(sale, "paid", paid_at))
    *first, last = sorted(parcel.shipped_at for parcel in sale.parcels)
    for shipped_at in first:
        yield _entry(shipped_at, "orders", _order(sale, "partly_sent", paid_at))
    yield _entry(last, "orders", _order(sale, "sent", paid_at))
    if sale.delivered_at:
        yield _entry(sale.delivered_at, "orders", _order(sale, "received", paid_at))


def _order(sale: Sale, status: str, paid_at: datetime | None) -> Record:
    country = sale.buyer.city.country
    return {
        "id": sale.id,
        "placed_at": iso(sale.placed_at),
        "paid_at": iso(paid_at) if paid_at else None,
        "status": status,
        "buyer": buyer_record(sale.buyer),
        "language": sale.buyer.language,
        "ship_to": _address(sale.buyer),
        "lines": msgspec.to_builtins(sale.lines),
        "currency": CURRENCIES.get(country, "EUR"),
        "total": f"{sum(float(line.price) * line.quantity for line in sale.lines):.2f}",
        "ship_by": {"earliest": iso(sale.placed_at), "latest": iso(sale.ship_by)},
        "deliver_by": {
            "earliest": iso(sale.promise - timedelta(days=5)),
            "latest": iso(sale.promise),
        },
        "protection_ends_at": iso(sale.promise + timedelta(days=15)),
        "shipping_method": "Standard line",
        "site": f"SANDBOX_{country}",
    }


def _address(buyer: Buyer) -> Record:
    address = buyer.address
    return {
        "name": buyer.name,
        "lines": list(address.lines),
        "postcode": address.postcode,
        "city": address.city,
        "state": address.state,
        "country": address.country,
    }


def _shipment(parcel: Parcel) -> Record:
    return {
        "id": parcel.id,
        "order_id": parcel.order_id,
        "tracking_number": parcel.number,
        "carrier": parcel.carrier,
        "shipped_at": iso(parcel.shipped_at),
        "origin_country": "CN",
        "destination_country": parcel.country,
    }


def _scan(parcel: Parcel, scan: Scan) -> Record:
    return {
        "id": scan.id,
        "tracking_number": parcel.number,
        "occurred_local": scan.local.strftime("%Y-%m-%dT%H:%M:%S"),
        "utc_offset_minutes": scan.offset_minutes,
        "milestone": scan.milestone.value,
        "reason": scan.reason.value if scan.reason else None,
        "text": scan.text,
        "location": scan.place,
        "country": scan.country,
        "leg": scan.leg.value,
        "carrier": parcel.carrier,
        "pickup_by": _pickup_by(scan),
    }


def _pickup_by(scan: Scan) -> str | None:
    return iso(scan.at + _KEPT) if scan.milestone is Milestone.READY_FOR_PICKUP else None


def message_record(
    buyer: Buyer,
    direction: Direction,
    at: datetime,
    text: str,
    *,
    order_id: str | None,
    id_: str,
    automatic: bool = False,
) -> Record:
    """A message of the marketplace; its language is not told for the platform's own."""
    return {
        "id": id_,
        "thread_id": f"t_{buyer.id}",
        "sent_at": iso(at),
        "direction": direction.value,
        "automatic": automatic,
        "buyer": buyer_record(buyer),
        "order_id": order_id,
        "text": text,
        "language": None if direction is Direction.PLATFORM else buyer.language,
    }


def _conversation(random: Random, sale: Sale) -> Iterator[Entry]:
    """The marketplace's notices, and what buyer and seller write where they can."""
    yield _said(random, sale, Direction.PLATFORM, sale.placed_at, f"Order {sale.id} was placed.")
    if sale.parcels:
        text = f"Order {sale.id} is on its way."
        shipped_at = max(parcel.shipped_at for parcel in sale.parcels)
        yield _said(random, sale, Direction.PLATFORM, shipped_at, text)
    if sale.buyer.mail_only:
        return
    for at, speaker, word in _talk(random, sale):
        text = words_of(sale.buyer.language)[word].format(item=sale.lines[0].title)
        yield _said(random, sale, speaker, at, text, presale=word.startswith("presale"))


def _said(
    random: Random,
    sale: Sale,
    direction: Direction,
    at: datetime,
    text: str,
    *,
    presale: bool = False,
) -> Entry:
    record = message_record(
        sale.buyer,
        direction,
        at,
        text,
        order_id=None if presale else sale.id,
        id_=f"m_{random.getrandbits(48):012x}",
    )
    return _entry(at, "messages", record)


def _talk(random: Random, sale: Sale) -> Iterator[tuple[datetime, Direction, str]]:
    """When who says what (a key of the words) about one order."""
    if random.random() < 0.4:
        asked = sale.placed_at - timedelta(minutes=random.randint(30, 600))
        yield asked, Direction.INBOUND, "presale"
        yield asked + timedelta(minutes=25), Direction.OUTBOUND, "presale_reply"
    if not sale.parcels:
        return
    asked = sale.parcels[0].shipped_at + timedelta(days=random.uniform(3, 9))
    if random.random() < 0.6 and asked < (sale.delivered_at or asked + timedelta(1)):
        yield asked, Direction.INBOUND, "where"
        yield asked + timedelta(hours=5), Direction.OUTBOUND, "where_reply"
    if sale.delivered_at and random.random() < 0.5:
        yield (
            sale.delivered_at + timedelta(hours=random.uniform(2, 40)),
            Direction.INBOUND,
            "thanks",
        )


def mails(story: Story, random: Random) -> list[Mail]:
    """Everything the buyers reached by mail only will write by themselves, oldest first."""
    written = [
        mail for sale in story.sales if sale.buyer.mail_only for mail in _letters(random, sale)
    ]
    return sorted(written, key=lambda mail: mail.at)


def _letters(random: Random, sale: Sale) -> Iterator[Mail]:
    for at, speaker, word in _talk(random, sale):
        if speaker is not Direction.INBOUND:
            continue
        words = words_of(sale.buyer.language)
        text = words[word].format(item=sale.lines[0].title)
        subject = sale.lines[0].title if word == "presale" else f"{sale.lines[0].title} ({sale.id})"
        yield letter(sale.buyer, at, subject, text)


def letter(
    buyer: Buyer,
    at: datetime,
    subject: str,
    text: str,
    *,
    answers: str = "",
    automatic: bool = False,
) -> Mail:
    """A mail of `buyer` to the seller; `answers` is the Message-ID of the mail it replies to."""
    mail = EmailMessage(policy=SMTP)
    mail["From"] = f'"{buyer.name}" <{buyer.email}>'
    mail["To"] = MAILBOX
    mail["Subject"] = subject
    mail["Date"] = format_datetime(at.replace(microsecond=0).astimezone(ZoneInfo(buyer.city.zone)))
    mail["Message-ID"] = f"<{at.timestamp():.0f}.{buyer.id}@mail.example>"
    if answers:
        mail["In-Reply-To"] = mail["References"] = answers
    if automatic:
        mail["Auto-Submitted"] = "auto-replied"
    mail.set_content(f"{text}\n\n{buyer.name}\n", cte="base64")
    return Mail(at=at, data=mail.as_bytes())


def _malformed(story: Story) -> Iterator[Entry]:
    """Records that no connector can read, as platforms send them now and then."""
    sale = next(sale for sale in story.sales if sale.parcels)
    order = _order(sale, "paid", sale.placed_at)
    said = message_record(
        sale.buyer, Direction.INBOUND, sale.placed_at, "?", order_id=None, id_="m_bad"
    )
    scan = _scan(sale.parcels[0], sale.parcels[0].scans[0])
    spoilt: tuple[tuple[str, Record], ...] = (
        ("messages", {**said, "id": "m_bad1", "sent_at": "2026-02-30T25:61:00Z"}),
        ("messages", {**_without(said, "text"), "id": "m_bad2"}),
        ("orders", {**order, "id": "00-00000-00000", "placed_at": "soon"}),
        ("orders", {**order, "id": "00-00000-00001", "lines": None}),
        ("shipments", {**_without(_shipment(sale.parcels[0]), "order_id"), "id": "s-bad"}),
        ("tracking", {**scan, "id": "bad-scan", "occurred_local": "yesterday"}),
    )
    step = (story.end - story.start) / (len(spoilt) + 1)
    for number, (feed, record) in enumerate(spoilt, 1):
        yield Entry(at=story.start + step * number, feed=feed, record=record, malformed=True)


def _without(record: Record, key: str) -> Record:
    return {name: value for name, value in record.items() if name != key}
