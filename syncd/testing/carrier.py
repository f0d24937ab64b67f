"""A carrier's tracking service on loopback: parcels, their scans and who may ask.

The fakes of single carriers build on it and add the shapes of their own answers.
"""

from base64 import b64decode
from collections.abc import Callable, Hashable, Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar
from urllib.parse import parse_qs

import msgspec

from syncd.testing.server import Answer, FakeServer, Request

KEY = "carrier-key-1"
CLIENT_ID = "client-1"
CLIENT_SECRET = "client-secret-1"  # noqa: S105  the fake's own


class Parcel(msgspec.Struct):
    """One number as the carrier knows it."""

    number: str
    scans: list[dict[str, Any]] = []
    """In the carrier's shape, in the order they were added."""
    facts: dict[str, Any] = {}
    """What else its answer says of the parcel, laid over what the fake says by itself."""


class FakeCarrier(FakeServer):
    """Parcels by number; a subclass answers for them.

    Point a connector's ``base_url`` at `base_url`, or give it all of `config`.
    """

    path: ClassVar[str] = ""
    """Where the API is, as an account's ``base_url`` has it behind the host."""
    names: ClassVar[Mapping[str, str]] = {}
    """Settings with which an account is let in."""
    secrets: ClassVar[Mapping[str, str]] = {"api_key": KEY}
    """Those of them that are secret."""
    issues: ClassVar[tuple[str, ...]] = ()
    """What it gives out that is as secret."""

    def __init__(self) -> None:
        super().__init__()
        self.parcels: dict[str, Parcel] = {}

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.url}{self.path}"

    @property
    def config(self) -> dict[str, Any]:
        """The settings of an account, with its secrets in variables called after them."""
        hidden = {name: {"env": name.upper()} for name in self.secrets}
        return {**self.names, **hidden, "base_url": self.base_url}

    def page_key(self, request: Request) -> Hashable:
        """By the numbers that are asked about, which may be anywhere."""
        asked = {name: values for name, values in request.query.items() if name != "cursor"}
        return request.path, str(sorted(asked.items())), request.body

    def parcel(self, number: str) -> Parcel:
        """What is known of a number; made where it is new."""
        with self.lock:
            return self.parcels.setdefault(number, Parcel(number))

    def add_scan(self, number: str, text: str, at: datetime, /) -> dict[str, Any]:
        """Let the carrier scan a parcel, in its own shape; each fake has options of its own."""
        raise NotImplementedError

    def add(self, number: str, scan: dict[str, Any]) -> dict[str, Any]:
        """Let the carrier scan a parcel; the scan can be changed later to edit it."""
        self.parcel(number).scans.append(scan)
        return scan

    def newest_first(self, parcel: Parcel) -> list[dict[str, Any]]:
        """A parcel's scans as an answer holds them, with page faults."""
        return self.page(parcel.scans[::-1])


class KeyCarrier(FakeCarrier):
    """One that looks at a key in a header before anything else."""

    header: ClassVar[str]
    stranger: ClassVar[Mapping[str, Any]] = {"message": "This action requires an authorization"}
    """What those without the key are told."""

    def answer(self, request: Request) -> Answer:
        """Check the key first, like the real one."""
        if request.headers.get(self.header) != next(iter(self.secrets.values())):
            return Answer.json(self.stranger, 401)
        return super().answer(request)


class OAuthCarrier(FakeCarrier):
    """One that gives tokens to client credentials; answer only where `signed_in`."""

    names: ClassVar = {"client_id": CLIENT_ID}
    secrets: ClassVar = {"client_secret": CLIENT_SECRET}
    issues = ("access-1",)

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()

    def grant(self, request: Request) -> Answer:
        """A token for the right client id and secret, in the form or as HTTP Basic."""
        form = parse_qs(request.body.decode())
        client = (form.get("client_id", [""])[0], form.get("client_secret", [""])[0])
        basic = request.headers.get("authorization", "")
        if basic.startswith("Basic "):
            name, _, secret = b64decode(basic[6:]).decode().partition(":")
            client = (name, secret)
        if client != (CLIENT_ID, CLIENT_SECRET) or form.get("grant_type") != ["client_credentials"]:
            return Answer.json({"error": "invalid_client"}, 401)
        token = f"access-{len(self.tokens) + 1}"
        self.tokens.add(token)
        return Answer.json({"access_token": token, "token_type": "Bearer", "expires_in": "14399"})

    def signed_in(self, request: Request) -> bool:
        """Whether a request bears a token that was given out and not revoked."""
        return request.headers.get("authorization", "").removeprefix("Bearer ") in self.tokens


def iso(at: datetime, spell: Callable[[datetime], str] = datetime.isoformat) -> str:
    """A time without parts of seconds, written by `spell`."""
    return spell(at.replace(microsecond=0))


def utc_text(at: datetime) -> str:
    """An aware time in UTC with a Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
