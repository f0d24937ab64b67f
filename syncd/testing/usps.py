"""A USPS Tracking API v3 on loopback, in the shapes of its published description (3.2.6)."""

from datetime import datetime
from typing import Any

from syncd.testing.carrier import OAuthCarrier, Parcel, utc_text
from syncd.testing.server import Answer, Request, route


class FakeUsps(OAuthCarrier):
    """USPS for one app."""

    def add_scan(
        self,
        number: str,
        description: str,
        at: datetime,
        *,
        code: str = "10",
        city: str | None = None,
        state: str | None = None,
        country: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let USPS scan a parcel; of an aware `at` the offset and GMT are told too."""
        aware = at.tzinfo is not None
        event = {
            "eventType": description,
            "eventTimestamp": at.replace(tzinfo=None, microsecond=0).isoformat(),
            "GMTTimestamp": utc_text(at) if aware else None,
            "GMTOffset": at.isoformat()[-6:] if aware else None,
            "eventCountry": country,
            "eventCity": city,
            "eventState": state,
            "eventZIP": None,
            "firm": None,
            "name": None,
            "authorizedAgent": "false",
            "eventCode": code,
            "additionalProp": None,
            **more,
        }
        return self.add(number, event)

    @route("POST", r"/oauth2/v3/token")
    def token(self, request: Request) -> Answer:
        """Sign in with Consumer Key and Consumer Secret."""
        return self.grant(request)

    @route("GET", r"/tracking/v3/tracking/(.+)")
    def tracking(self, request: Request) -> Answer:
        """A parcel's events, the latest first; USPS tells them apart only with DETAIL."""
        number = request.groups[0]
        if not self.signed_in(request):
            return _refused(401, "Unauthorized", "Invalid access token")
        if not number.isalnum():
            return _refused(400, "OASValidation", "Invalid tracking number")
        parcel = self.parcels.get(number)
        if parcel is None or not parcel.scans:
            return _refused(404, "404", "A status update is not yet available on your package.")
        if request.one("expand") != "DETAIL":
            lines = [event["eventType"] for event in parcel.scans]
            return Answer.json({"trackingNumber": number, "eventSummaries": lines[::-1]})
        return Answer.json(self._details(parcel))

    def _details(self, parcel: Parcel) -> dict[str, Any]:
        return {
            "trackingNumber": parcel.number,
            "destinationCity": "HERNANDO",
            "destinationState": "FL",
            "destinationZIP": "34442",
            "mailClass": "USPS Ground Advantage<SUP>&#153;</SUP>",
            "mailType": "DM",
            "statusCategory": "In Transit",
            "status": parcel.scans[-1]["eventType"],
            "trackingEvents": self.newest_first(parcel),
            **parcel.facts,
        }


def _refused(status: int, code: str, message: str) -> Answer:
    error = {"code": code, "message": message, "errors": []}
    return Answer.json({"apiVersion": "/tracking/v3", "error": error}, status)
