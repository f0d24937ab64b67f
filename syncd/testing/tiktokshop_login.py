"""The login of the fake TikTok Shop: consent page, tokens, and the checks of every call.

Signatures are made here anew, from TikTok's description, so that a connector's are checked against
something else than themselves.
"""

import hashlib
import hmac
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from syncd.testing.login import FakeLogin
from syncd.testing.server import Answer, Request, route

ACCESS_DAYS, REFRESH_DAYS = 7, 365
CODE_MINUTES = 30


class Refusal(Exception):
    """An answer with a code of TikTok's; most come with HTTP 200."""

    def __init__(self, code: int, message: str, status: int = 200) -> None:
        super().__init__(message)
        self.answer = envelope(None, code=code, message=message, status=status)


def envelope(data: Any, *, code: int = 0, message: str = "Success", status: int = 200) -> Answer:
    """What TikTok wraps every answer in."""
    body = {"code": code, "message": message, "request_id": "2026030209000001"}
    return Answer.json(body if data is None else {**body, "data": data}, status)


class TikTokLogin(FakeLogin):
    """Lets one app into the shops of one seller; `now` is its clock."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        super().__init__(now)
        self.app_key, self.app_secret = "6app1key2", "s3cret-of-the-app"
        self.service_id = "7310000000000000001"
        self.redirect = "https://lamp.example/agreed"
        self.refresh_token = "ROW_refresh-0"  # noqa: S105  made up
        self.rotates = True
        """Whether each refresh ends the refresh token and gives another."""
        self.shops = [
            {"id": "7494049642642441621", "cipher": "GCP_cipher-of-the-lamp-shop",
             "name": "Lamp Shop", "region": "GB", "code": "GBLAMP", "seller_type": "LOCAL"},
        ]  # fmt: skip
        self.denied: set[str] = set()
        """Beginnings of paths whose scope was not granted."""

    def push(self, topic: int, data: dict[str, Any], **fields: Any) -> tuple[dict[str, str], bytes]:
        """A webhook's headers and body, signed; `fields` override what stands beside the data."""
        about = {
            "type": topic,
            "tts_notification_id": "7327112393057371910",
            "shop_id": self.shops[0]["id"],
            "timestamp": int(self._now().timestamp()),
        }
        body = Answer.json({**about, "data": data, **fields}).body
        signed = hmac.new(self.app_secret.encode(), self.app_key.encode() + body, hashlib.sha256)
        return {"authorization": signed.hexdigest()}, body

    @route("GET", "/open/authorize")
    def consent(self, request: Request) -> Answer:
        """The seller's page, who agrees at once."""
        if request.one("service_id") != self.service_id:
            return Answer(404, b"<h1>This service does not exist</h1>", "text/html")
        code = self.new_code("ROW_code-", timedelta(minutes=CODE_MINUTES))
        given = {"code": code, "locale": "en", "state": request.one("state")}
        return Answer(302, headers={"Location": f"{self.redirect}?{urlencode(given)}"})

    @route("GET", "/api/v2/token/get")
    def token_by_code(self, request: Request) -> Answer:
        """Tokens for a code, which is good once."""
        self._know_app(request)
        good = self.take_code(request.one("auth_code"))
        if request.one("grant_type") != "authorized_code" or not good:
            raise Refusal(36004004, f"invalid auth code {request.one('auth_code')}")
        return self._given()

    @route("GET", "/api/v2/token/refresh")
    def token_by_refresh(self, request: Request) -> Answer:
        """Tokens for the refresh token."""
        self._know_app(request)
        told = request.one("refresh_token")
        if request.one("grant_type") != "refresh_token" or told != self.refresh_token:
            raise Refusal(36004005, f"refresh token {told} is invalid")
        return self._given()

    @route("GET", "/authorization/202309/shops")
    def authorized_shops(self, request: Request) -> Answer:
        """The shops that the seller let the app into."""
        del request
        return envelope({"shops": self.shops})

    def answer(self, request: Request) -> Answer:
        """Check the call as TikTok's gateway does, then answer."""
        try:
            if not request.path.startswith(("/open/", "/api/v2/token/", "/_fake/")):
                self._check(request)
            return super().answer(request)
        except Refusal as refusal:
            return refusal.answer

    def _check(self, request: Request) -> None:
        if request.one("app_key") != self.app_key:
            raise Refusal(36009004, "Invalid credentials. Invalid `app_key` query parameter.", 401)
        self._check_time(request.one("timestamp"))
        if not hmac.compare_digest(request.one("sign"), self._sign(request)):
            raise Refusal(
                106001, "Invalid credentials. The `sign` query parameter is invalid.", 401
            )
        until = self._tokens.get(request.headers.get("x-tts-access-token", ""))
        if until is None:
            said = "Invalid credentials. The `x-tts-access-token` header is invalid."
            raise Refusal(36009004, said, 401)
        if until <= self._now():
            raise Refusal(105002, "Expired credentials. The access token has expired.", 401)
        if request.path.startswith(tuple(self.denied)):
            raise Refusal(105005, "Access denied. The app is not authorized.", 401)
        self._check_shop(request)

    def _check_time(self, told: str) -> None:
        age = self._now().timestamp() - int(told or 0)
        if not -30 <= age <= 300:
            said = (
                "Invalid timestamp. The value of the `timestamp` query parameter is out of range."
            )
            raise Refusal(36009004, said, 401)

    def _check_shop(self, request: Request) -> None:
        told = request.one("shop_cipher")
        if request.path.startswith("/authorization/"):
            if told:
                said = "Unexpected identifier. The `shop_cipher` query parameter is not required."
                raise Refusal(36009004, said, 400)
        elif not told:
            raise Refusal(106013, "Missing identifier. The `shop_cipher` is required.", 400)
        elif told not in {shop["cipher"] for shop in self.shops}:
            raise Refusal(101000, "Invalid query or header.", 400)

    def _sign(self, request: Request) -> str:
        told = {name: values[0] for name, values in request.query.items() if name != "sign"}
        text = request.path + "".join(f"{name}{told[name]}" for name in sorted(told))
        whole = f"{self.app_secret}{text}".encode() + request.body + self.app_secret.encode()
        return hmac.new(self.app_secret.encode(), whole, hashlib.sha256).hexdigest()

    def _know_app(self, request: Request) -> None:
        told = (request.one("app_key"), request.one("app_secret"))
        if told != (self.app_key, self.app_secret):
            raise Refusal(36009004, f"Invalid app_key or app_secret {told[1]}", 401)

    def _given(self) -> Answer:
        token = self.new_token("ROW_access-", timedelta(days=ACCESS_DAYS))
        if self.rotates:
            self.refresh_token = f"ROW_refresh-{self.tokens_given}"
        ends = self._now() + timedelta(days=REFRESH_DAYS)
        given = {
            "access_token": token,
            "access_token_expire_in": int(self._tokens[token].timestamp()),
            "refresh_token": self.refresh_token,
            "refresh_token_expire_in": int(ends.timestamp()),
            "open_id": "7010736057180325637",
            "seller_name": "Lamp Shop",
            "seller_base_region": "GB",
            "user_type": 0,
            "granted_scopes": ["seller.order.info", "seller.customer_service"],
        }
        return envelope(given)
