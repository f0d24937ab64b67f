"""The login of the fake Amazon: Seller Central's consent page, and Login with Amazon's tokens."""

from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

from syncd.testing.login import FakeLogin
from syncd.testing.server import Answer, Request, route

TOKEN_SECONDS = 3600
CODE_SECONDS = 300
_DENIED = "Access to requested resource is denied."


class AmazonLogin(FakeLogin):
    """Gives out tokens to one application for one seller; `now` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.seller_id = "A3TH9S8BH6GOGM"
        self.client_id, self.client_secret = "amzn1.application-oa2-client.1", "amzn1.oa2-cs.v1.1"
        self.application_id = "amzn1.sp.solution.1"
        self.redirect_uri = "https://lamp.example/amazon"
        self.refresh_token = "Atzr|refresh"  # noqa: S105  made up
        self.is_draft = False
        """Whether the application is a draft, whose consents need ``version=beta``."""
        self.denied: set[str] = set()
        """Paths' beginnings for which the application lacks the role."""

    def withdraw(self) -> None:
        """The seller withdraws the consent: no token is good any longer."""
        with self.lock:
            self.refresh_token = ""
            self._tokens.clear()

    def refusal(self, request: Request) -> Answer | None:
        """Why the request is not let in, as Amazon says it; None: it is."""
        token = request.headers.get("x-amz-access-token")
        if not token:
            return denial("Access token is missing in the request header.")
        if token not in self._tokens:
            return denial("The access token you provided is revoked, malformed or invalid.")
        if self._tokens[token] <= self._now():
            return denial("The access token you provided has expired.")
        return denial("") if request.path.startswith(tuple(self.denied)) else None

    @route("GET", "/apps/authorize/consent")
    def consent(self, request: Request) -> Answer:
        """The seller's page, who agrees at once: back to the application with a code."""
        known = request.one("application_id") == self.application_id
        version = "beta" if self.is_draft else ""
        redirect = request.one("redirect_uri") == self.redirect_uri
        if not known or not redirect or request.one("version") != version:
            return Answer(400, b"<h1>MD1000</h1>" if known else b"<h1>MD5101</h1>", "text/html")
        code = self.new_code("ANcode", timedelta(seconds=CODE_SECONDS))
        given = {
            "state": request.one("state"),
            "selling_partner_id": self.seller_id,
            "spapi_oauth_code": code,
        }
        to = f"{self.redirect_uri}?{urlencode(given, quote_via=quote)}"
        return Answer(302, headers={"Location": to})

    @route("POST", "/auth/o2/token")
    def token(self, request: Request) -> Answer:
        """An access token for a refresh token or a code."""
        form = request.form()
        pair = form.get("client_id"), form.get("client_secret")
        if pair != (self.client_id, self.client_secret):
            return Answer.json({"error": "invalid_client"}, 401)
        if form.get("grant_type") == "authorization_code":
            return self._by_code(form)
        if form.get("grant_type") != "refresh_token":
            return Answer.json({"error": "unsupported_grant_type"}, 400)
        if not self.refresh_token or form.get("refresh_token") != self.refresh_token:
            return Answer.json({"error": "invalid_grant"}, 400)
        return Answer.json(self._given())

    def _by_code(self, form: dict[str, str]) -> Answer:
        """A code is good once, for a short time, and for the address that it was sent to."""
        good = self.take_code(form.get("code", ""))
        if not good or form.get("redirect_uri") != self.redirect_uri:
            return Answer.json({"error": "invalid_grant"}, 400)
        self.refresh_token = f"Atzr|refresh{self.tokens_given}"
        return Answer.json(self._given())

    def _given(self) -> dict[str, str | int]:
        token = self.new_token("Atza|access", timedelta(seconds=TOKEN_SECONDS))
        return {
            "access_token": token,
            "refresh_token": self.refresh_token,
            "token_type": "bearer",
            "expires_in": TOKEN_SECONDS,
        }


def denial(details: str) -> Answer:
    """A 403 as Amazon's gateway words it, whatever is wrong with the login."""
    fault = {"code": "Unauthorized", "message": _DENIED, "details": details}
    return Answer.json({"errors": [fault]}, 403)
