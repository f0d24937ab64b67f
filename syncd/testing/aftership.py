"""An AfterShip Tracking API 2026-07 on loopback, in the shapes of its published description.

It knows what couriers have said (`add_scan`), which numbers the account follows, and signs
webhooks as AfterShip does (`push`).
"""

import hashlib
import hmac
from base64 import b64encode
from datetime import datetime
from typing import Any, ClassVar

import msgspec

from syncd.connector import Push
from syncd.testing.carrier import KEY, KeyCarrier
from syncd.testing.server import Answer, Request, route

WEBHOOK_SECRET = "aftership-webhook-secret"  # noqa: S105  the fake's own
PATH = "/tracking/2026-07"


class FakeAftership(KeyCarrier):
    """AfterShip for one API key.

    `followed` holds the trackings of the account by number, `refused` the code that following a
    number is refused with, `size` how many trackings a page has at most.
    """

    path = PATH
    secrets: ClassVar = {"api_key": KEY, "webhook_secret": WEBHOOK_SECRET}
    header = "as-api-key"
    stranger: ClassVar = {"meta": {"code": 401, "message": "The API Key is invalid."}, "data": {}}

    def __init__(self) -> None:
        super().__init__()
        self.followed: dict[str, dict[str, Any]] = {}
        self.refused: dict[str, int] = {}
        self.size = 200

    def add_scan(
        self,
        number: str,
        message: str,
        at: datetime,
        *,
        code: str = "InTransit_001",
        country: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let a courier scan a parcel; a naive `at` is written without an offset."""
        checkpoint = {
            "checkpoint_time": at.replace(microsecond=0).isoformat(),
            "message": message,
            "tag": code.partition("_")[0],
            "subtag": code,
            "raw_tag": None,
            "slug": "china-post",
            "location": None,
            "city": None,
            "state": None,
            "country_region": country,
            "source": "carrier",
            **more,
        }
        return self.add(number, checkpoint)

    def push(self, number: str, secret: str = WEBHOOK_SECRET) -> Push:
        """A webhook that tells of news of a number."""
        event = {
            "event": "tracking_update",
            "event_id": f"event-{number}",
            "is_tracking_first_tag": False,
            "msg": {"tracking_number": number, "tag": "InTransit"},
            "ts": 1793620800,
        }
        body = msgspec.json.encode(event)
        signature = b64encode(hmac.digest(secret.encode(), body, hashlib.sha256)).decode()
        return Push(headers={"aftership-hmac-sha256": signature}, body=body)

    @route("GET", f"{PATH}/trackings")
    def trackings(self, request: Request) -> Answer:
        """The followed ones among up to 50 numbers, a page of them."""
        numbers = request.one("tracking_numbers").split(",")
        if len(numbers) > 50:
            return _refused(400, 4008, "The value of tracking_numbers is invalid.")
        found = [self._tracking(number) for number in numbers if number in self.followed]
        start = int(request.one("cursor", "0"))
        end = start + min(int(request.one("limit", "100")), self.size)
        more = end < len(found)
        pagination = {
            "total": len(found),
            "next_cursor": str(end) if more else None,
            "has_next_page": more,
        }
        data = {"pagination": pagination, "trackings": self.page(found[start:end])}
        return Answer.json({"meta": {"code": 200}, "data": data})

    @route("POST", f"{PATH}/trackings")
    def create(self, request: Request) -> Answer:
        """Follow a number from now on."""
        row = request.json()
        number = row["tracking_number"]
        if number in self.refused:
            return _refused(400, self.refused[number], "Unable to import shipment.")
        if number in self.followed:
            return _refused(400, 4003, "Tracking already exists.")
        self.followed[number] = {"id": f"id-{number}", "active": True, **row}
        return Answer.json({"meta": {"code": 201}, "data": self._tracking(number)}, 201)

    @route("POST", f"{PATH}/trackings/id-(.+)/retrack")
    def retrack(self, request: Request) -> Answer:
        """Look again for news of an expired one, once."""
        tracking = self.followed[request.groups[0]]
        if tracking.get("active"):
            return _refused(400, 4013, "You can only retrack an inactive tracking.")
        if tracking.get("restarted"):
            return _refused(400, 4016, "You can only retrack each shipment once.")
        tracking.update(active=True, restarted=True, tag=None)
        return Answer.json({"meta": {"code": 200}, "data": {}})

    def _tracking(self, number: str) -> dict[str, Any]:
        parcel = self.parcel(number)
        latest = parcel.scans[-1]["tag"] if parcel.scans else "Pending"
        told = self.followed[number]
        return {
            **told,
            "tracking_number": number,
            "tag": told.get("tag") or latest,
            "checkpoints": list(parcel.scans),
            **parcel.facts,
        }


def _refused(status: int, code: int, message: str) -> Answer:
    meta = {"code": code, "message": message, "type": "BadRequest"}
    return Answer.json({"meta": meta, "data": {}}, status)
