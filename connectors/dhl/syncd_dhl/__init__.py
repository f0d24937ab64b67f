"""Parcel tracking by DHL (Shipment Tracking - Unified), all divisions."""

from datetime import timedelta
from typing import ClassVar, Literal

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient
from syncd.http.carrier import Carrier, about_number, api_at, calls, words_in
from syncd.model import Item, ParcelRef
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


class DhlConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The API key (consumer key) of an app with Shipment Tracking - Unified."
    )
    base_url: HttpUrl = api_at("https://api-eu.dhl.com/track")
    requests_per_poll: int = calls(
        2,
        quota="DHL allows 250 a day at first: 2 every 12 minutes; raise it when DHL has given you "
        "more.",
    )
    service: Service | None = Field(
        default=None,
        description="The division of DHL that all your parcels go with; without it all divisions "
        "are asked, and a number may turn out to be somebody else's.",
    )
    language: str = words_in("en", r"^[a-z]{2}$")


class Dhl(Carrier):
    """The ``dhl`` connector (DHL Shipment Tracking - Unified 1.5)."""

    name = "dhl"
    api_version = 1
    Config = DhlConfig
    streams: ClassVar = {"tracking": timedelta(minutes=12)}
    carriers = frozenset(
        {"dhl-de", "dhl-ecommerce", "dhl-express", "dhl-parcel-nl", "dhl-parcel-uk", "dhl-pl"}
    )
    example = "7777777770"  # of DHL's documentation

    def __init__(self, config: DhlConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="dhl-api-key", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)

    def ask(self, parcel: ParcelRef) -> bytes:
        """The shipments with this number, of one division or of all."""
        fields = {
            "trackingNumber": compact(parcel.tracking_number),
            "language": self.config.language,
            "service": self.config.service or service_of(parcel.carrier),
            "recipientPostalCode": parcel.postcode,
        }
        return self.http.get("/shipments", {k: v for k, v in fields.items() if v}).checked()

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The scans of the shipment that is meant."""
        return read(parcel, raw)


class _Problem(msgspec.Struct):
    title: str
    detail: str | None = None

    def __str__(self) -> str:
        return f"DHL: {self.detail or self.title}"


judge = about_number("DHL", _Problem)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Dhl]
