"""Parcel tracking by AfterShip: has it follow the parcels' numbers, and reads their checkpoints."""

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import ClassVar

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import (
    NOT_JSON,
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Context,
    Cursor,
    Push,
    Secret,
    Wake,
)
from syncd.connector.following import items_of, looked_at
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient
from syncd.http.carrier import Carrier, api_at, calls
from syncd.model import BadItem, Item, ParcelRef
from syncd_aftership.client import Client, Refused, judge
from syncd_aftership.parse import Tracked, read, three_letters


class AftershipConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(description="An API key of AfterShip's organization settings.")
    webhook_secret: Secret | None = Field(
        default=None,
        description="The webhook secret (AfterShip: Settings, Webhooks), to be woken by AfterShip "
        "when there is news.",
    )
    base_url: HttpUrl = api_at("https://api.aftership.com/tracking/2026-07")
    requests_per_poll: int = calls(
        60, "one for 50 parcels that AfterShip follows already, one for each new one"
    )
    couriers: dict[str, str] = Field(
        default={},
        description="Carriers as your marketplaces write them, with AfterShip's slug for each "
        "(such as royal-mail); all others are detected by AfterShip.",
    )


class _Message(msgspec.Struct):
    tracking_number: str


class _Event(msgspec.Struct):
    msg: _Message
    event_id: str | None = None


class Aftership(Carrier):
    """The ``aftership`` connector (AfterShip Tracking API 2026-07)."""

    name = "aftership"
    api_version = 1
    Config = AftershipConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS, Capability.WEBHOOK})
    size = 50

    def __init__(self, config: AftershipConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="as-api-key", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)
        self._client = Client(self.http)
        self._couriers = {compact(name): slug for name, slug in config.couriers.items()}
        self._left = 0

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Read the parcels that are due, 50 a call, and have AfterShip follow the unknown ones."""
        del stream
        self._left = self.config.requests_per_poll
        due = iter(self.context.parcels())
        while self._left > 0 and (some := list(islice(due, self.size))):
            yield from self._look(some, cursor)

    def _look(self, parcels: Sequence[ParcelRef], cursor: Cursor) -> Iterator[Batch]:
        numbers = {compact(parcel.tracking_number): parcel for parcel in parcels}
        # A comma would be two numbers to AfterShip.
        odd = [numbers.pop(number) for number in list(numbers) if "," in number]
        if odd:
            bad: list[Item] = [_unfollowed(parcel, "not a tracking number") for parcel in odd]
            yield looked_at(odd, bad, cursor)
        known = self._known(list(numbers)) if numbers else {}
        items = [item for number in known for item in self._news(numbers[number], known[number])]
        if known:
            yield looked_at([numbers[number] for number in known], items, cursor)
        for number, parcel in numbers.items():
            if number not in known and self._left > 0:
                yield looked_at([parcel], self._follow(parcel), cursor)

    def _known(self, numbers: Sequence[str]) -> dict[str, Tracked]:
        self._left -= 1
        known: dict[str, Tracked] = {}
        for tracking in self._client.find(numbers):
            number = compact(tracking.tracking_number)
            if number in numbers:
                known[number] = max(
                    known.get(number, tracking), tracking, key=lambda one: one.weight
                )
        return known

    def _news(self, parcel: ParcelRef, tracking: Tracked) -> list[Item]:
        items = items_of(parcel, tracking.raw, read)
        if tracking.stopped and self._left > 0:
            self._left -= 1
            try:
                self._client.restart(tracking.id)
            except Refused as refused:
                items.append(_unfollowed(parcel, str(refused)))
        return items

    def _follow(self, parcel: ParcelRef) -> list[Item]:
        self._left -= 1
        try:
            created = self._client.create(self._row(parcel))
        except Refused as refused:
            return [_unfollowed(parcel, str(refused))]
        return items_of(parcel, created, read) if created else []

    def _row(self, parcel: ParcelRef) -> dict[str, str]:
        fields = {
            "tracking_number": compact(parcel.tracking_number),
            "slug": self._couriers.get(compact(parcel.carrier or "")),
            "origin_country_region": three_letters(parcel.origin_country),
            "destination_country_region": three_letters(parcel.destination_country),
            "destination_postal_code": parcel.postcode,
        }
        return {name: value for name, value in fields.items() if value}

    def verify_push(self, push: Push) -> Wake | None:
        """By ``aftership-hmac-sha256``: HMAC of the body with the webhook secret, in base64."""
        if self.config.webhook_secret is None:
            return None
        secret = self.config.webhook_secret.reveal().encode()
        signature = b64encode(hmac.digest(secret, push.body, hashlib.sha256))
        said = push.headers.get("aftership-hmac-sha256", "").encode()
        return _wake(push.body) if hmac.compare_digest(signature, said) else None

    def check(self) -> None:
        """Ask for a single tracking; raises AuthFailed or Unavailable."""
        self._client.check()


def _wake(body: bytes) -> Wake:
    try:
        event = msgspec.json.decode(body, type=_Event)
    except NOT_JSON:
        return Wake(streams=("tracking",))
    # No `sent_at`: "ts" is when it happened, and AfterShip tries again for hours.
    return Wake(tracking_numbers=(event.msg.tracking_number,), event_id=event.event_id)


def _unfollowed(parcel: ParcelRef, why: str) -> BadItem:
    return BadItem(source_id=parcel.tracking_number, reason=f"cannot be followed: {why}")


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Aftership]
