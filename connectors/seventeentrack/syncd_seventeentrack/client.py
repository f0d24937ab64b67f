"""The calls of the 17TRACK API v2.4 that the connector needs: JSON in, checked JSON out.

Every call is a POST. A call that goes through answers HTTP 200 with ``code`` 0 and splits its
numbers into ``accepted`` and ``rejected``; one that is refused as a whole has another code. All
are safe to repeat (registering a number again is answered -18019901 and costs nothing).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import msgspec

from syncd.connector import (
    NOT_JSON,
    AuthFailed,
    ConnectorError,
    Unavailable,
)
from syncd.connector.scans import rows
from syncd.http import HttpClient, Reply, Throttled, verdict

BATCH = 40
"""Numbers per call; more are refused with -18010014."""

Row = Mapping[str, Any]


class Refusal(msgspec.Struct, frozen=True):
    """A code with 17TRACK's words for it."""

    code: int
    message: str = ""

    @property
    def meaning(self) -> str:
        """What it means for recovery, by ``data/errors.csv``; ``number`` where it is not there."""
        return _errors().get(self.code, ("number", ""))[0]

    def __str__(self) -> str:
        ours = _errors().get(self.code, ("", ""))[1]
        return f"17TRACK {self.code}: {self.message or ours}"


class QuotaSpent(Throttled):
    """Nothing more can be registered now; everything else goes on, and at once is no use."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(str(refusal))
        self.refusal = refusal


class Rejected(msgspec.Struct, frozen=True):
    """A number that a call did not go through for."""

    number: str = ""
    error: Refusal = Refusal(0)


class _Head(msgspec.Struct, frozen=True):
    """What every element of ``accepted`` has; 17TRACK writes the carrier as number or string."""

    number: str = ""
    carrier: int | str | None = None


class Accepted(msgspec.Struct, frozen=True):
    """A number that a call went through for."""

    number: str
    carrier: int
    """Its key at 17TRACK, 0 where it is not told."""
    raw: bytes


class Outcome(msgspec.Struct, frozen=True):
    """What became of a call's numbers."""

    accepted: list[msgspec.Raw] | None = None
    rejected: list[Rejected] | None = None

    def went_through(self, numbers: Iterable[str]) -> list[Accepted]:
        """Those of `numbers` that it went through for, in the spelling they have there."""
        asked = {plain(number): number for number in numbers}
        heads = [(_head(raw), raw) for raw in self.accepted or []]
        return [
            Accepted(asked[plain(head.number)], _key(head.carrier), bytes(raw))
            for head, raw in heads
            if plain(head.number) in asked
        ]

    def refused(self, numbers: Iterable[str]) -> dict[str, Refusal]:
        """Those of `numbers` that it did not go through for, and why."""
        asked = {plain(number): number for number in numbers}
        each = {plain(rejected.number): rejected.error for rejected in self.rejected or []}
        return {asked[name]: error for name, error in each.items() if name in asked}


def plain(name: str) -> str:
    """Without what writers differ in: ``China Post`` and ``CHINA-POST`` are one."""
    return "".join(letter for letter in name.upper() if letter.isalnum())


def _head(raw: msgspec.Raw) -> _Head:
    try:
        return msgspec.json.decode(raw, type=_Head)
    except NOT_JSON:
        return _Head()


def _key(carrier: int | str | None) -> int:
    said = str(carrier)
    return int(said) if re.fullmatch(r"[0-9]{1,9}", said) else 0


class _Errors(msgspec.Struct):
    errors: list[Refusal] = []


class _Refused(msgspec.Struct):
    code: int
    data: _Errors | None = None


class _Answer(msgspec.Struct):
    code: int
    data: Outcome


class _Quota(msgspec.Struct):
    quota_total: int
    quota_remain: int


class _QuotaAnswer(msgspec.Struct):
    code: int
    data: _Quota


class Client:
    """One account's calls."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def register(self, numbers: Sequence[Row]) -> Outcome:
        """Ask 17TRACK to follow up to `BATCH` numbers; each new one costs one unit of quota."""
        return self._call("/register", numbers)

    def track_info(self, numbers: Sequence[Row]) -> Outcome:
        """What is known of up to `BATCH` registered numbers; free."""
        return self._call("/gettrackinfo", numbers)

    def retrack(self, numbers: Sequence[Row]) -> Outcome:
        """Follow stopped numbers again; 17TRACK allows it once for each."""
        return self._call("/retrack", numbers)

    def quota(self) -> int:
        """How many more numbers can be registered; free."""
        return self._http.query("/getquota", []).json(_QuotaAnswer).data.quota_remain

    def _call(self, path: str, numbers: Sequence[Row]) -> Outcome:
        return self._http.query(path, numbers).json(_Answer).data


def judge(reply: Reply) -> ConnectorError | None:
    """17TRACK's own error codes, which come with any HTTP status; 404 is a wrong `base_url`."""
    refusal = _refusal(reply)
    if refusal is None:
        return _by_status(reply)
    if refusal.meaning == "auth":
        return AuthFailed(str(refusal))
    if refusal.meaning == "quota":
        return QuotaSpent(refusal)
    return Unavailable(str(refusal), retry_after=reply.retry_after)


def _by_status(reply: Reply) -> ConnectorError | None:
    if reply.status < 400 or reply.status in {401, 403}:
        return verdict(reply)
    return Unavailable(f"HTTP {reply.status} from 17TRACK", retry_after=reply.retry_after)


def _refusal(reply: Reply) -> Refusal | None:
    try:
        refused = msgspec.json.decode(reply.content, type=_Refused)
    except NOT_JSON:
        return None
    if refused.code == 0:
        return None
    errors = refused.data.errors if refused.data else []
    return errors[0] if errors else Refusal(refused.code)


@cache
def _errors() -> dict[int, tuple[str, str]]:
    return {
        int(row["code"]): (row["meaning"], row["says"])
        for row in rows("syncd_seventeentrack", "errors.csv")
    }
