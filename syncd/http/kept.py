"""Tokens as kept between processes: with what they were made for, so that none outlives it."""

import hashlib
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime

import msgspec

from syncd.connector import TokenKeeper

REFRESH, ACCESS = "refresh_token", "access_token"


class Kept(msgspec.Struct, frozen=True):
    """A token, and a digest of the login that it belongs to."""

    token: str
    origin: str
    good_until: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return self.good_until is None or now < self.good_until

    def __repr__(self) -> str:
        return f"Kept(***, good_until={self.good_until})"


class KeptTokens:
    """One login's tokens with a `TokenKeeper`.

    `origin` gives what the login is made of (the endpoint, the client, the configured refresh
    token): tokens kept for another one are not seen, so that a changed config is heeded.
    """

    def __init__(self, keeper: TokenKeeper, origin: Callable[[], tuple[str, ...]]) -> None:
        self._keeper = keeper
        self._origin = origin

    def renewing(self) -> AbstractContextManager[None]:
        """A turn at renewing the login; what is kept is to be loaded anew within it."""
        return self._keeper.renewing()

    def refresh_token(self) -> str | None:
        """The newest refresh token that the platform gave out for this login."""
        found = self._load(REFRESH)
        return found.token if found else None

    def access_token(self) -> Kept | None:
        """The newest access token that any process made for this login."""
        return self._load(ACCESS)

    def keep_refresh_token(self, token: str) -> None:
        """Keep it; it survives a crash when this returns."""
        self._save(REFRESH, Kept(token, self._digest()))

    def keep_access_token(self, token: str, good_until: datetime) -> Kept:
        """Keep it, so that other processes need not make one."""
        kept = Kept(token, self._digest(), good_until)
        self._save(ACCESS, kept)
        return kept

    def _load(self, kind: str) -> Kept | None:
        text = self._keeper.load(kind)
        if text is None:
            return None
        try:
            found = msgspec.json.decode(text, type=Kept)
        except msgspec.MsgspecError:
            return None  # written by another version; a login can always be made anew
        return found if found.origin == self._digest() else None

    def _save(self, kind: str, kept: Kept) -> None:
        self._keeper.save(kind, msgspec.json.encode(kept).decode())

    def _digest(self) -> str:
        return hashlib.sha256(msgspec.json.encode(self._origin())).hexdigest()
