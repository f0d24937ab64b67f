"""Parcel tracking by La Poste: reads the scans of Colissimo, Chronopost and tracked letters."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, ClassVar, Literal

import msgspec
from pydantic import Field, HttpUrl

from syncd.connector import AccountConfig, Connector, Context, Secret, Unavailable
from syncd.connector.scans import compact
from syncd.hookspecs import hookimpl
from syncd.http import HeaderToken, HttpClient
from syncd.http.carrier import (
    Carrier,
    about_number,
    api_at,
    by_compact,
    calls,
    in_path,
    words_in,
)
from syncd.model import Item, ParcelRef
from syncd_laposte.parse import Answer, read


class LaPosteConfig(AccountConfig):
    """An account's settings."""

    api_key: Secret = Field(
        description="The application's key (X-Okapi-Key) of developer.laposte.fr."
    )
    base_url: HttpUrl = api_at("https://api.laposte.fr/suivi/v2")
    requests_per_poll: int = calls(
        30, "10 parcels each", quota="La Poste allows 10 calls a second and refuses more."
    )
    language: Literal["fr_FR", "en_GB", "de_DE", "es_ES", "it_IT", "nl_NL"] = words_in("fr_FR")


class LaPoste(Carrier):
    """The ``laposte`` connector (La Poste, API Suivi v2)."""

    name = "laposte"
    api_version = 1
    Config = LaPosteConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}
    carriers = frozenset({"la-poste", "chronopost"})
    size = 10
    example = "CB662173705US"  # of La Poste's documentation

    def __init__(self, config: LaPosteConfig, context: Context) -> None:
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="x-okapi-key", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)

    def ask_several(self, parcels: Sequence[ParcelRef]) -> Mapping[str, bytes | None]:
        """The shipment of each number that La Poste was quick enough to answer for."""
        asked = by_compact(parcels)
        path = f"/idships/{in_path(asked)}"
        told = _by_number(self.http.get(path, {"lang": self.config.language}).json(_FORMS))
        known = {asked[name]: told[name].known for name in asked if name in told}
        if not known:
            raise Unavailable("La Poste's answer tells nothing of the numbers asked for")
        return known

    def read(self, parcel: ParcelRef, raw: bytes) -> list[Item]:
        """The events."""
        return read(parcel, raw)


# An array by the published description; recorded answers for one number are bare.
_FORMS: Any = list[Answer] | Answer


def _by_number(said: list[Answer] | Answer) -> dict[str, Answer]:
    answers = said if isinstance(said, list) else [said]
    return {compact(answer.number): answer for answer in answers if answer.told}


class _Refused(msgspec.Struct):
    returnCode: int  # noqa: N815  La Poste's name


# La Poste answers 400 where one of several numbers is badly written, and for that one alone too.
judge = about_number("La Poste", _Refused, unknown=(400, 404))


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Register the connector."""
    return [LaPoste]
