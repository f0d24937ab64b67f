"""The calls of the AfterShip Tracking API 2026-07 that the connector needs."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from syncd.connector import AboutNumber, ConnectorError, Paging, Unavailable
from syncd.http import HttpClient, Reply, segment
from syncd_aftership.parse import Tracked, tracked

_ALREADY = 4003


class Refused(AboutNumber):
    """AfterShip refuses what was asked for one number, for good."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(f"AfterShip {code}: {message}")
        self.code = code


class _Meta(msgspec.Struct):
    code: int
    message: str = ""


class _Refusal(msgspec.Struct):
    meta: _Meta


class _Pagination(msgspec.Struct):
    next_cursor: str | None = None
    has_next_page: bool | None = None


class _Page(msgspec.Struct):
    trackings: list[msgspec.Raw] | None = None
    pagination: _Pagination | None = None

    @property
    def following(self) -> str | None:
        """By what the next page is asked for; None behind the last."""
        on = self.pagination
        return (on.next_cursor or None) if on and on.has_next_page else None


class _Pages(msgspec.Struct):
    data: _Page


class _Created(msgspec.Struct):
    data: msgspec.Raw


class Client:
    """One account's calls."""

    def __init__(self, http: HttpClient) -> None:
        self._http = http

    def find(self, numbers: Sequence[str]) -> Iterator[Tracked]:
        """Those of up to 50 numbers that AfterShip follows, a call for each 200."""
        paging = Paging("AfterShip's list of trackings")
        params: dict[str, str | int] = {"tracking_numbers": ",".join(numbers), "limit": 200}
        following: str | None = ""
        while following is not None:
            page = self._pages({**params, "cursor": following} if following else params)
            following = page.following
            found = page.trackings or ()
            paging.turned(map(bytes, found), more=following is not None, to=following)
            yield from map(tracked, found)

    def _pages(self, params: Mapping[str, str | int]) -> _Page:
        try:
            return self._http.get("/trackings", params).json(_Pages).data
        except Refused as refused:
            raise Unavailable(f"the list of trackings was refused: {refused}") from None

    def create(self, row: Mapping[str, str]) -> bytes | None:
        """Follow a number: its tracking, None where it was followed already.

        Doing it twice is harmless. Raises Refused where AfterShip cannot follow it.
        """
        try:
            return bytes(self._http.query("/trackings", row).json(_Created).data)
        except Refused as refused:
            if refused.code == _ALREADY:
                return None
            raise

    def restart(self, id_: str) -> None:
        """Look for news of an expired one again; AfterShip allows it once, then it is Refused."""
        self._http.query(f"/trackings/{segment(id_)}/retrack", {})

    def check(self) -> None:
        """Ask for a single tracking."""
        self._pages({"limit": 1})


def judge(reply: Reply) -> ConnectorError | None:
    """AfterShip's codes from 4003 on are about what was asked, not about login or service."""
    if reply.status not in {400, 404}:
        return None
    try:
        meta = reply.json(_Refusal).meta
    except Unavailable:
        return Unavailable(f"HTTP {reply.status}, and not from AfterShip's API: is base_url right?")
    return Refused(meta.code, meta.message)
