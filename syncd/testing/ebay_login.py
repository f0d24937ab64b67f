"""The login of the fake eBay: consent page, codes, refresh and access tokens."""

import base64
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from syncd.testing.login import FakeLogin
from syncd.testing.server import Answer, Request, route

TOKEN_SECONDS = 7200
CODE_SECONDS = 299


class EbayLogin(FakeLogin):
    """Gives out tokens to one client for one seller; `now` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.client_id, self.client_secret = "app-id", "cert-id"
        self.refresh_token = "v^1.1#refresh"  # noqa: S105  made up
        self.rotates = False
        """Whether each refresh ends the refresh token and gives another; eBay itself does not."""
        self.accept_urls: dict[str, str] = {}
        """Where a consent ends, by RuName."""
        self.scopes: list[str] = []
        """What the last consent was asked for."""
        self._names: dict[str, str] = {}

    @route("GET", "/oauth2/authorize")
    def consent(self, request: Request) -> Answer:
        """The seller's page, who agrees at once: back to the RuName's address with a code."""
        name = request.one("redirect_uri")
        known = request.one("client_id") == self.client_id and name in self.accept_urls
        if not known or request.one("response_type") != "code":
            return Answer(400, b"<h1>unauthorized_client</h1>", "text/html")
        self.scopes = request.one("scope").split()
        code = self.new_code("v^1.1#code#", timedelta(seconds=CODE_SECONDS))
        self._names[code] = name
        given = {"state": request.one("state"), "code": code, "expires_in": str(CODE_SECONDS)}
        to = f"{self.accept_urls[name]}?{urlencode(given, quote_via=quote)}"
        return Answer(302, headers={"Location": to})

    @route("POST", "/identity/v1/oauth2/token")
    def token(self, request: Request) -> Answer:
        """An access token for a refresh token or a code, to the client that signs in by Basic."""
        pair = f"{self.client_id}:{self.client_secret}"
        if request.headers.get("authorization") != f"Basic {_base64(pair)}":
            return Answer.json({"error": "invalid_client"}, 401)
        form = request.form()
        if form.get("grant_type") == "authorization_code":
            return self._by_code(form)
        if form.get("grant_type") == "client_credentials":
            return Answer.json(self._given(with_refresh=False))
        if form.get("grant_type") != "refresh_token":
            return Answer.json({"error": "unsupported_grant_type"}, 400)
        if form.get("refresh_token") != self.refresh_token:
            return Answer.json({"error": "invalid_grant"}, 400)
        return Answer.json(self._given(with_refresh=self.rotates))

    def _by_code(self, form: dict[str, str]) -> Answer:
        """A code is good once, for a short time, and for the RuName that it was given to."""
        code = form.get("code", "")
        if not self.take_code(code) or form.get("redirect_uri") != self._names[code]:
            return Answer.json({"error": "invalid_grant"}, 400)
        return Answer.json(self._given(with_refresh=True))

    def _given(self, *, with_refresh: bool) -> dict[str, str | int]:
        token = self.new_token("v^1.1#access#", timedelta(seconds=TOKEN_SECONDS))
        given: dict[str, str | int] = {"access_token": token, "expires_in": TOKEN_SECONDS}
        if with_refresh:
            self.refresh_token = f"v^1.1#refresh#{self.tokens_given}"
            given |= {"refresh_token": self.refresh_token, "refresh_token_expires_in": 47304000}
        return given | {"token_type": "User Access Token"}


def _base64(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
