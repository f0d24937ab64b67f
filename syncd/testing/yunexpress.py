"""A stateful YunExpress on loopback, in the shapes its users have written down."""

import base64
import hmac
from datetime import UTC, datetime
from typing import Any, ClassVar

from syncd.testing.carrier import FakeCarrier
from syncd.testing.server import Answer, Request, route

APP_ID = "yunexpress-app"
APP_SECRET = "yunexpress-secret-1"  # noqa: S105  the fake's own
PATH = "/v1/track-service/info/get"


class FakeYunExpress(FakeCarrier):
    """YunExpress for one application.

    `tokens` are those that were given out and not revoked, `refusals` what it says instead of an
    answer for a number (``success`` false).
    """

    names: ClassVar = {"app_id": APP_ID}
    secrets: ClassVar = {"app_secret": APP_SECRET}

    def __init__(self) -> None:
        super().__init__()
        self.tokens: set[str] = set()
        self.refusals: dict[str, str] = {}

    def add_scan(
        self,
        number: str,
        content: str,
        at: datetime,
        *,
        code: str = "PICKED_UP",
        status: str = "T",
        location: str = "",
        country: str = "CN",
    ) -> dict[str, Any]:
        """Let a parcel be scanned at an aware time; its package status is then `status`."""
        self.parcel(number).facts["package_status"] = status
        event = {
            "process_time": at.strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "process_utc_time": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z"),
            "process_content": content,
            "process_country": country,
            "process_province": "",
            "process_city": "",
            "process_location": location,
            "track_node_code": code,
            "track_node_description": content,
        }
        return self.add(number, event)

    @route("POST", r"/openapi/oauth2/token")
    def token(self, request: Request) -> Answer:
        """Sign in with App ID and App Secret."""
        asked = request.json()
        if (asked.get("appId"), asked.get("appSecret")) != (APP_ID, APP_SECRET):
            return Answer.json({"success": False, "msg": f"wrong secret {asked['appSecret']}"}, 400)
        token = f"token-{len(self.requests)}"
        self.tokens.add(token)
        return Answer.json({"accessToken": token, "expiresIn": 7200})

    @route("GET", r"/v1/track-service/info/get")
    def track(self, request: Request) -> Answer:
        """The events of one number; an unknown one has the status N."""
        if not self._signed(request):
            return Answer.json({"success": False, "code": "401", "msg": "token or sign"}, 401)
        number = request.one("order_number")
        if number in self.refusals:
            return Answer.json({"success": False, "code": "1", "msg": self.refusals[number]})
        parcel = self.parcels.get(number)
        result: dict[str, Any] = {"order_number": number, "package_status": "N"}
        if parcel is not None:
            info = {"waybill_number": number, "track_events": self.newest_first(parcel)}
            result = {**result, **parcel.facts, "track_Info": info}
        return Answer.json({"success": True, "t": 0, "result": [result]})

    def _signed(self, request: Request) -> bool:
        said = f"date={request.headers.get('date')}&method=GET&uri={PATH}"
        sign = base64.b64encode(hmac.digest(APP_SECRET.encode(), said.encode(), "sha256")).decode()
        return request.headers.get("token") in self.tokens and request.headers.get("sign") == sign
