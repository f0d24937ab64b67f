"""A FedEx Track API v1 on loopback, in the shapes of its published description."""

from datetime import datetime
from typing import Any

from syncd.testing.carrier import OAuthCarrier
from syncd.testing.server import Answer, Request, route

BATCH = 30


class FakeFedex(OAuthCarrier):
    """FedEx for one project.

    A number that is not of digits is refused, and all others of the same call with it.
    """

    def add_scan(
        self,
        number: str,
        description: str,
        at: datetime,
        *,
        code: str = "IT",
        city: str = "",
        country: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let FedEx scan a parcel."""
        scan = {
            "date": at.replace(microsecond=0).isoformat(),
            "eventType": code,
            "eventDescription": description,
            "exceptionCode": "",
            "exceptionDescription": "",
            "scanLocation": {"city": city, "countryCode": country, "residential": False},
            "derivedStatusCode": code,
            **more,
        }
        return self.add(number, scan)

    @route("POST", r"/oauth/token")
    def token(self, request: Request) -> Answer:
        """Sign in with API key and secret key."""
        return self.grant(request)

    @route("POST", r"/track/v1/trackingnumbers")
    def trackingnumbers(self, request: Request) -> Answer:
        """What is known of up to 30 numbers, whether there are any scans or not."""
        if not self.signed_in(request):
            return _refused(401, "NOT.AUTHORIZED.ERROR", "Access token expired.")
        asked = request.json()["trackingInfo"]
        numbers = [each["trackingNumberInfo"]["trackingNumber"] for each in asked]
        if len(numbers) > BATCH:
            return _refused(400, "TRACKING.TRACKINGINFO.LIMIT", "More than 30 numbers.")
        if not all(number.isdigit() for number in numbers):
            return _refused(400, "TRACKING.TRACKINGNUMBER.INVALID", "Invalid tracking number.")
        results = [
            {"trackingNumber": number, "trackResults": [self._result(number)]} for number in numbers
        ]
        return Answer.json({"transactionId": "1", "output": {"completeTrackResults": results}})

    def _result(self, number: str) -> dict[str, Any]:
        info = {"trackingNumber": number, "trackingNumberUniqueId": "", "carrierCode": "FDXE"}
        parcel = self.parcels.get(number)
        if parcel is None or not parcel.scans:
            error = {"code": "TRACKING.TRACKINGNUMBER.NOTFOUND", "message": "Cannot be found."}
            return {"trackingNumberInfo": info, "error": error}
        fault = self._page_fault
        scans = self.newest_first(parcel)
        self._page_fault = fault  # an answer holds several lists, and all are to go wrong
        return {"trackingNumberInfo": info, "scanEvents": scans, **parcel.facts}


def _refused(status: int, code: str, message: str) -> Answer:
    error = {"transactionId": "1", "errors": [{"code": code, "message": message}]}
    return Answer.json(error, status)
