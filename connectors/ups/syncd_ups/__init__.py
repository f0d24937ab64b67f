"""Parcel tracking by UPS (Tracking API, version 1)."""

from datetime import timedelta
from typing import ClassVar
from uuid import uuid4

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, Outgoing, segment
from syncd.http.carrier import Carrier, about_number, api_at, calls, words_in
from syncd.model import Item, ParcelRef
from syncd_ups.parse import read


class UpsConfig(AccountConfig):
    """An account's settings."""

    client_id: str = Field(
        description="The Client ID of an app with the product Tracking, at developer.ups.com.",
        examples=["YOUR-CLIENT-ID"],
    )
    client_secret: Secret = Field(description="The Client Secret of that app.")
    base_url: HttpUrl = api_at(
        "https://onlinetools.ups.com", "https://wwwcie.ups.com is UPS's test environment"
    )
    requests_per_poll: int = calls(50)
    locale: str = words_in("en_US", r"^[a-z]{2}_[A-Z]{2}$")


class Ups(Carrier):
    """The ``ups`` connector (UPS Tracking API v1)."""

    name = "ups"
    api_version = 1
    Config = UpsConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    carriers = frozenset({"ups"})

    def __init__(self, config: UpsConfig, context: Context) -> None:
        super().__init__(config, context)
        login = self.oauth("/security/v1/oauth/token", basic=True)
        self.http = HttpClient(self.url, auth=login, sign=identified, judge=judge)

    def ask(self, parcel: ParcelRef) -> bytes:
        """The shipment with all its activities."""
        number = segment(compact(parcel.tracking_number))
        params = {"locale": self.config.locale}
        return self.http.get(f"/api/track/v1/details/{number}", params).checked()

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The activities."""
        return read(parcel, raw)


def identified(outgoing: Outgoing) -> Outgoing:
    """A request with who asks, and with an id of its own, as UPS wants it."""
    ids = {"transactionSrc": "syncd", "transId": uuid4().hex}
    return msgspec.structs.replace(outgoing, headers={**outgoing.headers, **ids})


class _Error(msgspec.Struct):
    code: str | None = None
    message: str | None = None


class _Errors(msgspec.Struct):
    errors: list[_Error] = []


class _Refused(msgspec.Struct):
    response: _Errors

    def __str__(self) -> str:
        errors = "; ".join(f"{each.code}: {each.message}" for each in self.response.errors)
        return f"UPS {errors or 'refuses the number'}"


judge = about_number("UPS", _Refused)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [Ups]
