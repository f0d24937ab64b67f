"""The login of the fake AliExpress: consent page, token endpoint, and every request's signature."""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from urllib.parse import parse_qs, urlencode

import msgspec

from syncd.testing.login import FakeLogin
from syncd.testing.server import Answer, Request, route

TOKEN_SECONDS = 86_400
CODE_SECONDS = 1_800
# How far a request's time may be off ("Calling parameters").
CLOCK_SECONDS = 7_200
_APPS = itertools.count(510_001)


class Refusal(Exception):
    """An error answer in AliExpress's shape, with status 200."""

    def __init__(self, code: str, message: str, **more: str) -> None:
        super().__init__(message)
        self.code, self.message, self.more = code, message, more

    def new(self) -> Answer:
        """As the system interfaces say it."""
        told = {"type": "ISV", "code": self.code, "message": self.message, **self.more}
        return Answer.json(told | {"request_id": "0ba2887315178178017221014"})

    def old(self) -> Answer:
        """As the business interfaces say it."""
        told = {"type": "ISV", "code": self.code, "msg": self.message, **self.more}
        return Answer.json({"error_response": told | {"request_id": "2141154d17"}})


class AliExpressLogin(FakeLogin):
    """Gives out tokens to one app for one seller; `now` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        # Each its own: requests of one app share a budget in the process.
        self.app_key, self.app_secret = str(next(_APPS)), "app-s3cret"
        self.refresh_token = "50000-refresh"  # noqa: S105  made up
        self.rotates = False
        """Whether each refresh ends the refresh token and gives another."""
        self.callbacks: set[str] = set()
        """The callback addresses of the app; any on the loopback is one."""

    def serve(self, request: Request) -> Answer | None:
        """Read the form first, so that each call has a path: faults and routes are by path."""
        form = parse_qs(request.body.decode("utf-8", "replace"), keep_blank_values=True)
        query = request.query | form
        method = query.get("method", ["nothing"])[0]
        path = f"/sync/{method}" if request.path == "/sync" else request.path
        return super().serve(msgspec.structs.replace(request, path=path, query=query))

    def answer(self, request: Request) -> Answer:
        """Check who asks as AliExpress does, then answer."""
        business = request.path.startswith("/sync/")
        try:
            if business or request.path.startswith("/rest/"):
                self._authorize(request, business=business)
            return super().answer(request)
        except Refusal as refusal:
            return refusal.old() if business else refusal.new()

    def _authorize(self, request: Request, *, business: bool) -> None:
        fields = {name: values[0] for name, values in request.query.items()}
        if fields.get("app_key") != self.app_key:
            raise Refusal("InvalidAppKey", "The specified App Key is invalid")
        path = "" if business else request.path.removeprefix("/rest")
        if fields.get("sign") != sign(self.app_secret, fields, path):
            raise Refusal(
                "IncompleteSignature",
                "The request signature does not conform to platform standards",
            )
        self._check_time(fields.get("timestamp", ""))
        if business and not self.is_good(fields.get("session", "")):
            raise Refusal("IllegalAccessToken", "The specified access token is invalid or expired")

    def _check_time(self, stamp: str) -> None:
        seconds = int(stamp) / 1000 if stamp.isdigit() else 0.0
        if abs(seconds - self._now().timestamp()) > CLOCK_SECONDS:
            raise Refusal("IllegalTimestamp", "The specified timestamp parameter is not formatted")

    @route("GET", "/oauth/authorize")
    def consent(self, request: Request) -> Answer:
        """The seller's page, who agrees at once: back to the callback with a code."""
        to = request.one("redirect_uri")
        known = to in self.callbacks or to.startswith("http://127.0.0.1:")
        asked = request.one("client_id"), request.one("response_type")
        if not known or asked != (self.app_key, "code"):
            return Answer(400, b"<h1>param-appkey.error</h1>", "text/html")
        code = self.new_code(f"3_{self.app_key}_", timedelta(seconds=CODE_SECONDS))
        given = urlencode({"code": code, "state": request.one("state")})
        return Answer(302, headers={"Location": f"{to}?{given}"})

    @route("POST", "/rest/auth/token/create")
    def create(self, request: Request) -> Answer:
        """Tokens for a code, which is good once and for half an hour."""
        if not self.take_code(request.one("code")):
            raise Refusal("InvalidCode", "Invalid authorization code")
        return self._given()

    @route("POST", "/rest/auth/token/refresh")
    def refresh(self, request: Request) -> Answer:
        """Tokens for the refresh token."""
        if request.one("refresh_token") != self.refresh_token:
            raise Refusal("IllegalRefreshToken", "The specified refresh token is invalid")
        if self.rotates:
            self.refresh_token = f"50000-refresh-{self.tokens_given + 1}"
        return self._given()

    def _given(self) -> Answer:
        token = self.new_token("50000-access-", timedelta(seconds=TOKEN_SECONDS))
        given = {
            "code": "0",
            "access_token": token,
            "expires_in": TOKEN_SECONDS,
            "refresh_token": self.refresh_token,
            "refresh_expires_in": 2 * TOKEN_SECONDS,
            "account_platform": "seller_center",
            "request_id": "0ba2887315178178017221014",
        }
        return Answer.json(given)


def sign(secret: str, fields: Mapping[str, str], path: str) -> str:
    """The signature, as AliExpress checks it."""
    names = sorted(name for name in fields if name != "sign" and fields[name])
    text = path + "".join(f"{name}{fields[name]}" for name in names)
    return hmac.new(secret.encode(), text.encode(), hashlib.sha256).hexdigest().upper()
