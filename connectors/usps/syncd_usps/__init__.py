"""Parcel tracking by the United States Postal Service (Tracking API, version 3)."""

from datetime import timedelta
from typing import ClassVar

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, segment
from syncd.http.carrier import Carrier, about_number, api_at, calls
from syncd.model import Item, ParcelRef
from syncd_usps.parse import read


class UspsConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The Consumer Key of an app with the Tracking API, at developers.usps.com.",
        examples=["YOUR-CONSUMER-KEY"],
    )
    client_secret: Secret = Field(description="The Consumer Secret of that app.")
    base_url: HttpUrl = api_at(
        "https://apis.usps.com", "https://apis-tem.usps.com is USPS's test environment"
    )
    requests_per_poll: int = calls(
        10,
        quota="USPS allows 60 an hour at first: 10 every 10 minutes; raise it when USPS has given "
        "you more.",
    )


class Usps(Carrier):
    """The ``usps`` connector (USPS Tracking API v3)."""

    name = "usps"
    api_version = 1
    Config = UspsConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    carriers = frozenset({"usps"})

    def __init__(self, config: UspsConfig, context: Context) -> None:
        super().__init__(config, context)
        login = self.oauth("/oauth2/v3/token", scope="tracking")
        self.http = HttpClient(f"{self.url}/tracking/v3", auth=login, judge=judge)

    def ask(self, parcel: ParcelRef) -> bytes:
        """The parcel with all its events."""
        number = segment(compact(parcel.tracking_number))
        return self.http.get(f"/tracking/{number}", {"expand": "DETAIL"}).checked()

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)


class _Failure(msgspec.Struct):
    code: str | int | None = None
    message: str | None = None


class _Refused(msgspec.Struct):
    error: _Failure

    def __str__(self) -> str:
        return f"USPS {self.error.code}: {self.error.message}"


judge = about_number("USPS", _Refused)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Usps]
