"""A UPS Tracking API v1 on loopback, in the shapes of its published description."""

from datetime import UTC, datetime
from typing import Any

from syncd.testing.carrier import OAuthCarrier, Parcel
from syncd.testing.server import Answer, Request, route


class FakeUps(OAuthCarrier):
    """UPS for one app.

    A number that no scan was added for is not found (404); one made with `parcel` and without
    scans is answered with the warning TW0001, as UPS does for some.
    """

    def add_scan(
        self,
        number: str,
        description: str,
        at: datetime,
        *,
        code: str = "005",
        type_: str = "I",
        city: str = "",
        country: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let UPS scan a parcel; of an aware `at` the offset and GMT are told too."""
        gmt = at.astimezone(UTC) if at.tzinfo else None
        activity = {
            "date": f"{at:%Y%m%d}",
            "time": f"{at:%H%M%S}",
            "location": {"address": {"city": city, "countryCode": country, "country": country}},
            "status": {
                "type": type_,
                "code": "DP",
                "statusCode": code,
                "description": description,
            },
            **more,
        }
        if gmt is not None:
            activity["gmtDate"], activity["gmtTime"] = f"{gmt:%Y%m%d}", f"{gmt:%H%M%S}"
            activity["gmtOffset"] = at.isoformat()[-6:]
        return self.add(number, activity)

    @route("POST", r"/security/v1/oauth/token")
    def token(self, request: Request) -> Answer:
        """Sign in with client id and secret."""
        return self.grant(request)

    @route("GET", r"/api/track/v1/details/(.+)")
    def details(self, request: Request) -> Answer:
        """A parcel's activities, the latest first."""
        number = request.groups[0]
        if not self.signed_in(request):
            return _refused(401, "250002", "Invalid Authentication Information.")
        if not {"transid", "transactionsrc"} <= set(request.headers):
            return _refused(400, "TV1001", "Missing transId")
        if not 7 <= len(number) <= 34 or not number.isalnum():
            return _refused(400, "TV1002", "Invalid inquiry number")
        if number not in self.parcels:
            return _refused(404, "TW0001", "Tracking Information Not Found")
        shipment = self._shipment(self.parcels[number])
        return Answer.json({"trackResponse": {"shipment": [shipment]}})

    def _shipment(self, parcel: Parcel) -> dict[str, Any]:
        if not parcel.scans:
            warning = {"code": "TW0001", "message": "Tracking Information Not Found"}
            return {"inquiryNumber": parcel.number, "warnings": [warning]}
        package = {
            "trackingNumber": parcel.number,
            "deliveryDate": [],
            "activity": self.newest_first(parcel),
            "packageAddress": [_address("ORIGIN", "CN"), _address("DESTINATION", "US")],
            "packageCount": 1,
            **parcel.facts,
        }
        return {"inquiryNumber": parcel.number, "package": [package]}


def _address(type_: str, country: str) -> dict[str, Any]:
    return {"type": type_, "address": {"country": country, "countryCode": country}}


def _refused(status: int, code: str, message: str) -> Answer:
    return Answer.json({"response": {"errors": [{"code": code, "message": message}]}}, status)
