"""Parcel tracking by 17TRACK: registers numbers once and reads their scans when they are due."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any, ClassVar

from pydantic import Field, HttpUrl

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Context,
    Cursor,
    Push,
    Rejected,
    Secret,
    Unavailable,
    Wake,
)
from syncd.connector.scans import rows
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient
from syncd.http.carrier import Carrier, api_at, calls
from syncd.model import Draft, ParcelRef, Receipt, Verdict
from syncd_seventeentrack.client import Client, Row, judge, plain
from syncd_seventeentrack.push import pushed
from syncd_seventeentrack.round import Round, plainly

CANNOT_WRITE = "17TRACK follows parcels; nobody can be written to through it"


class SeventeenTrackConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The security key of 17TRACK's dashboard (Settings, Security)."
    )
    base_url: HttpUrl = api_at("https://api.17track.net/track/v2.4")
    requests_per_poll: int = calls(
        30,
        "40 parcels each",
        least=2,
        quota="17TRACK allows 3 calls a second and refuses more.",
    )
    carriers: dict[str, int] = Field(
        default={},
        description="Carriers as your marketplaces write them, with 17TRACK's key for each, in "
        "addition to the built-in ones; all others are detected by 17TRACK.",
    )
    language: str | None = Field(
        default=None,
        pattern=r"^[a-z]{2}(-[a-z]+)?$",
        description="Ask for scans in this language where the carrier has it (such as en or "
        "zh-hans); 17TRACK charges a second unit of quota for each number then.",
    )


class SeventeenTrack(Carrier):
    """The ``seventeentrack`` connector (17TRACK Tracking API v2.4)."""

    name = "seventeentrack"
    api_version = 1
    Config = SeventeenTrackConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    capabilities = frozenset({Capability.TRACK_PARCELS, Capability.WEBHOOK})

    def __init__(self, config: SeventeenTrackConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="17token", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)
        self._client = Client(self.http)
        self._carriers = {
            row["name"]: int(row["key"]) for row in rows("syncd_seventeentrack", "carriers.csv")
        }
        self._carriers = {plain(n): key for n, key in (self._carriers | config.carriers).items()}

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Read the parcels that are due, and register those that 17TRACK does not know."""
        del stream, cursor  # 17TRACK remembers what is registered, the store what was read
        round_ = Round(self._client, self._row, self.config.requests_per_poll)
        yield from round_.batches(self.context.parcels())
        if round_.spent:
            raise Unavailable(f"{round_.spent}; the parcels already registered are still followed")

    def _row(self, parcel: ParcelRef) -> Row:
        fields: dict[str, Any] = {
            "number": plainly(parcel.tracking_number),
            "carrier": self._carriers.get(plain(parcel.carrier or "")),
            "auto_detection": True,
            "lang": self.config.language,
            "origin_country": parcel.origin_country,
            "destination_country": parcel.destination_country,
            "destination_postal_code": parcel.postcode,
        }
        return {name: value for name, value in fields.items() if value is not None}

    def may_send(self, draft: Draft) -> Verdict:
        """Never."""
        del draft
        return Verdict.never(CANNOT_WRITE)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Refuse."""
        del draft, key
        raise Rejected(CANNOT_WRITE)

    def check(self) -> None:
        """Ask for the quota, which is free; raises AuthFailed or Unavailable."""
        self._client.quota()

    def verify_push(self, push: Push) -> Wake | None:
        """The number that a webhook of ours names; None where it is not signed with our key."""
        return pushed(push, self.config.api_key.reveal())


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [SeventeenTrack]
