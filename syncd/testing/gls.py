"""A stateful GLS on loopback, in the shapes of its API "Track And Trace V1"."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from syncd.testing.carrier import OAuthCarrier
from syncd.testing.server import Answer, Request, route

BATCH = 10


class FakeGLS(OAuthCarrier):
    """GLS for one app.

    `errors` holds the error code for numbers that GLS cannot answer for.
    """

    def __init__(self) -> None:
        super().__init__()
        self.errors: dict[str, str] = {}

    def add_scan(
        self,
        number: str,
        description: str,
        at: datetime,
        *,
        code: str = "INTIAL.NORMAL",
        status: str = "INTRANSIT",
        city: str = "",
        country: str = "DE",
    ) -> dict[str, Any]:
        """Let GLS scan a parcel, whose status is then `status`."""
        said = at.strftime("%Y-%m-%dT%H:%M:%S%z")
        self.parcel(number).facts.update(status=status, statusDateTime=said)
        event = {
            "code": code,
            "city": city,
            "postalCode": "",
            "country": country,
            "description": description,
            "eventDateTime": said,
        }
        return self.add(number, event)

    @route("POST", r"/oauth2/v2/token")
    def token(self, request: Request) -> Answer:
        """Sign in with API key and secret."""
        return self.grant(request)

    @route("GET", r"/track-and-trace-v1/tracking/simple/trackids/([^/]+)")
    def trackids(self, request: Request) -> Answer:
        """Up to ten numbers, each with an answer of its own."""
        if not self.signed_in(request):
            fault = {"faultstring": "The Token has expired: policy(Verify-JWT)"}
            return Answer.json({"fault": fault}, 401)
        numbers = [unquote(each) for each in request.groups[0].split(",")]
        if len(numbers) > BATCH or not all(number.isalnum() for number in numbers):
            head = {"type": "about:blank", "title": "Bad Request", "status": 400}
            return Answer.json({**head, "detail": "more than 10, or none", "instance": "/"}, 400)
        return Answer.json({"parcels": self.page([self._parcel(number) for number in numbers])})

    def _parcel(self, number: str) -> dict[str, Any]:
        parcel = self.parcels.get(number)
        error = self.errors.get(number) or ("E_404_01" if parcel is None else None)
        if error or parcel is None:
            words = {"E_404_01": "Resource Not Found"}
            said = words.get(error or "", "Internal Server Error")
            return {"requested": number, "errorCode": error, "errorMessage": said}
        events = self.newest_first(parcel)
        return {"requested": number, "unitno": number, **parcel.facts, "events": events}
