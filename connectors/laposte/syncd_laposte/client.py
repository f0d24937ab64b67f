"""The one call of La Poste's API "Suivi" v2: up to ten numbers, each with an answer of its own."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote

import msgspec

from syncd.connector import ConnectorError, Secret, Unavailable
from syncd.connector.scans import AboutNumber
from syncd.http import HeaderToken, HttpClient, Reply

BATCH = 10
"""Numbers per call."""


class Answer(msgspec.Struct, frozen=True):
    """What La Poste says of one number."""

    returnCode: int | None = None  # noqa: N815  La Poste's name
    idShip: str | None = None  # noqa: N815
    returnMessage: str | None = None  # noqa: N815
    shipment: msgspec.Raw = msgspec.Raw()

    @property
    def known(self) -> bytes | None:
        """The shipment as it came; None where La Poste does not know the number (yet)."""
        raw = bytes(self.shipment)
        return None if raw in {b"", b"null"} else raw

    @property
    def told(self) -> bool:
        """Whether this is an answer at all: 504 says that La Poste's own systems were too slow."""
        return self.known is not None or (self.returnCode or 0) < 500


# An array by the published description; recorded answers for one number are bare.
_FORMS: Any = list[Answer] | Answer


class _Named(msgspec.Struct):
    idShip: str | None = None  # noqa: N815


class Client:
    """One account's calls."""

    def __init__(self, base_url: str, api_key: Secret, language: str) -> None:
        login = HeaderToken(api_key, header="x-okapi-key", prefix="")
        self._http = HttpClient(base_url, auth=login, judge=_judge)
        self._language = language

    def ask(self, numbers: Iterable[str]) -> dict[str, Answer]:
        """What is known of up to `BATCH` numbers, by number as given; those not told are not there.

        Raises AboutNumber where the call is refused because of its numbers.
        """
        asked = {plain(number): number for number in numbers}
        path = ",".join(quote(each, safe="") for each in asked)
        reply = self._http.get(f"/idships/{path}", {"lang": self._language})
        said = reply.json(_FORMS)
        answers = said if isinstance(said, list) else [said]
        named = {plain(_name(answer)): answer for answer in answers if answer.told}
        return {asked[name]: answer for name, answer in named.items() if name in asked}

    def close(self) -> None:
        """Give the connections back."""
        self._http.close()


def plain(number: str) -> str:
    """As La Poste writes it."""
    return "".join(number.split()).upper()


def _name(answer: Answer) -> str:
    try:
        inside = msgspec.json.decode(answer.known or b"{}", type=_Named).idShip
    except msgspec.ValidationError:
        inside = None
    return inside or answer.idShip or ""


def _judge(reply: Reply) -> ConnectorError | None:
    """A 400 or 404 in La Poste's form is about the numbers; any other is a wrong address."""
    if reply.status not in {400, 404}:
        return None
    try:
        said = msgspec.json.decode(reply.content, type=Answer)
    except (msgspec.MsgspecError, RecursionError):
        said = Answer()
    if said.returnCode is not None:
        return AboutNumber(None)
    return Unavailable(f"HTTP {reply.status} without a word of La Poste: is base_url right?")
