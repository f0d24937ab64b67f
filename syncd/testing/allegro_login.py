"""The login of the fake Allegro: consent page with PKCE, codes, refresh tokens that are rotated."""

import base64
import hashlib
from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from urllib.parse import urlencode, urlsplit

import msgspec

from syncd.testing.login import FakeLogin
from syncd.testing.server import Answer, Request, route

TOKEN_SECONDS = 43_199
# How long a refresh token may still be shown after its first use (allegro-api issue 4136).
GRACE = timedelta(seconds=60)
# Each fake has an app of its own: what one app may ask is shared within a process.
_APPS = count(1)


class Given(msgspec.Struct, frozen=True):
    """A code that a consent gave out."""

    redirect: str
    challenge: str


class AllegroLogin(FakeLogin):
    """Gives out tokens to one client for one seller; `now` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.client_id, self.client_secret = f"app-{next(_APPS)}", "app-secret"
        self.refresh_token = "refresh-0"  # noqa: S105  made up
        self.single_use = False
        """Whether a refresh token ends a minute after its first use, and not only with its time."""
        self.redirects = {"http://localhost/"}
        """Where consents may end, without the port, which Allegro does not compare."""
        self._consents: dict[str, Given] = {}
        self._refreshing: dict[str, datetime | None] = {self.refresh_token: None}
        """The refresh tokens, each with its end once another has been given out."""

    @route("GET", "/auth/oauth/authorize")
    def consent(self, request: Request) -> Answer:
        """The seller's page, who agrees at once: back to the app's address with a code."""
        redirect, challenge = request.one("redirect_uri"), request.one("code_challenge")
        parts = urlsplit(redirect)
        registered = f"{parts.scheme}://{parts.hostname}{parts.path}" in self.redirects
        hashed = request.one("code_challenge_method") == "S256" or not challenge
        if not registered or not hashed or request.one("client_id") != self.client_id:
            return Answer.json({"error": "invalid_request"}, 400)
        code = f"code-{len(self._consents)}"
        self._consents[code] = Given(redirect, challenge)
        given = urlencode({"code": code, "state": request.one("state")})
        return Answer(302, headers={"Location": f"{redirect}?{given}"})

    @route("POST", "/auth/oauth/token")
    def token(self, request: Request) -> Answer:
        """Tokens for a refresh token or a code, to the client that signs in by Basic."""
        pair = base64.b64encode(f"{self.client_id}:{self.client_secret}".encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return Answer.json({"error": "invalid_client"}, 401)
        form = request.form()
        kind = form.get("grant_type")
        if kind == "authorization_code" and self._is_answered(form):
            return Answer.json(self._given())
        if kind == "refresh_token" and self._may_refresh(form.get("refresh_token", "")):
            return Answer.json(self._given())
        return Answer.json({"error": "invalid_grant"}, 400)

    def _may_refresh(self, token: str) -> bool:
        ends = self._refreshing.get(token, self._now())
        return ends is None or self._now() < ends

    def _is_answered(self, form: dict[str, str]) -> bool:
        """Whether the code was given out, to whom now knows the verifier."""
        given = self._consents.pop(form.get("code", ""), None)
        if given is None or form.get("redirect_uri") != given.redirect:
            return False
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        proof = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        return given.challenge in {"", proof}

    def _given(self) -> dict[str, str | int]:
        token = self.new_token("access-", timedelta(seconds=TOKEN_SECONDS))
        self.refresh_token = f"refresh-{self.tokens_given}"
        if self.single_use:
            ends = self._now() + GRACE
            self._refreshing = {old: end or ends for old, end in self._refreshing.items()}
        self._refreshing[self.refresh_token] = None
        return {
            "access_token": token,
            "token_type": "bearer",
            "refresh_token": self.refresh_token,
            "expires_in": TOKEN_SECONDS,
            "scope": "allegro:api:messaging",
        }
