"""Parcel tracking by DHL (Shipment Tracking - Unified), all divisions."""

from collections.abc import Iterator
from datetime import timedelta
from itertools import islice
from typing import ClassVar, Literal

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Context,
    Cursor,
    Secret,
    Unavailable,
    follow_each,
)
from syncd.connector.scans import AboutNumber
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient, Reply
from syncd.model import ParcelRef
from syncd_dhl.parse import read, service_of

Service = Literal[
    "dgf",
    "dsc",
    "ecommerce",
    "ecommerce-apac",
    "ecommerce-europe",
    "ecommerce-iberia",
    "ecommerce-ppl",
    "express",
    "freight",
    "parcel-de",
    "parcel-nl",
    "parcel-pl",
    "parcel-uk",
    "post-de",
    "post-international",
    "sameday",
    "svb",
]
# DHL's own example of a number.
NOBODYS_NUMBER = "7777777770"


class DhlConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The API key (consumer key) of an app with Shipment Tracking - Unified."
    )
    base_url: HttpUrl = Field(
        default=HttpUrl("https://api-eu.dhl.com/track"),
        description="Where the API is; change it only to go through a proxy of your own.",
    )
    requests_per_poll: int = Field(
        default=2,
        ge=1,
        le=1000,
        description="Calls in one poll, one parcel each. DHL allows 250 a day at first: 2 every 12 "
        "minutes; raise it when DHL has given you more.",
    )
    service: Service | None = Field(
        default=None,
        description="The division of DHL that all your parcels go with; without it all divisions "
        "are asked, and a number may turn out to be somebody else's.",
    )
    language: str = Field(
        default="en",
        pattern=r"^[a-z]{2}$",
        description="The language of the scans' texts, where DHL has them in it.",
    )


class Dhl(Connector):
    """The ``dhl`` connector (DHL Shipment Tracking - Unified 1.5)."""

    name = "dhl"
    api_version = 1
    Config = DhlConfig
    streams: ClassVar = {"tracking": timedelta(minutes=12)}
    capabilities = frozenset({Capability.TRACK_PARCELS})
    carriers = frozenset(
        {"dhl-de", "dhl-ecommerce", "dhl-express", "dhl-parcel-nl", "dhl-parcel-uk", "dhl-pl"}
    )

    def __init__(self, config: DhlConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="dhl-api-key", prefix="")
        self._http = HttpClient(str(config.base_url), auth=login, judge=judge)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Ask for the most urgent of the parcels that are due, one a call."""
        del stream
        parcels = islice(self.context.parcels(), self.config.requests_per_poll)
        yield from follow_each(parcels, self._ask, read, cursor=cursor)

    def _ask(self, parcel: ParcelRef) -> bytes | None:
        fields = {
            "trackingNumber": "".join(parcel.tracking_number.split()),
            "language": self.config.language,
            "service": self.config.service or service_of(parcel.carrier),
            "recipientPostalCode": parcel.postcode,
        }
        try:
            reply = self._http.get("/shipments", {k: v for k, v in fields.items() if v})
        except AboutNumber as about:
            return about.answer
        reply.json(dict[str, msgspec.Raw])
        return reply.content

    def check(self) -> None:
        """Ask for a number of DHL's documentation: one call of the quota."""
        self._ask(ParcelRef(tracking_number=NOBODYS_NUMBER))

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


class _Problem(msgspec.Struct):
    title: str
    status: int | str | None = None


def judge(reply: Reply) -> ConnectorError | None:
    """DHL's own 404 and 400 are about the number; any other 404 is a wrong `base_url`."""
    if reply.status not in {400, 404}:
        return None
    try:
        reply.json(_Problem)
    except Unavailable:
        return Unavailable(f"HTTP {reply.status}, and not from DHL's API: is base_url right?")
    return AboutNumber(None if reply.status == 404 else reply.content)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Dhl]
