"""A DHL Shipment Tracking - Unified on loopback, in the shapes of its published API 1.5."""

from datetime import datetime
from typing import Any, ClassVar

from syncd.testing.carrier import KeyCarrier, Parcel
from syncd.testing.server import Answer, Request, route


class FakeDhl(KeyCarrier):
    """DHL for one API key.

    `also` are further shipments that an answer holds for a number, as DHL's divisions do when they
    give out the same number.
    """

    path = "/track"
    header = "dhl-api-key"
    stranger: ClassVar = {"status": 401, "title": "Unauthorized", "detail": "Invalid API key"}

    def __init__(self) -> None:
        super().__init__()
        self.also: dict[str, list[dict[str, Any]]] = {}

    def add_scan(
        self,
        number: str,
        description: str,
        at: datetime,
        *,
        code: str = "transit",
        status: str = "",
        place: str = "",
        country: str | None = None,
        **more: Any,
    ) -> dict[str, Any]:
        """Let DHL scan a parcel; a naive `at` is written without an offset."""
        address = {"addressLocality": place, **({"countryCode": country} if country else {})}
        event = {
            "timestamp": at.replace(microsecond=0).isoformat(),
            "location": {"address": address},
            "statusCode": code,
            "status": status or description,
            "description": description,
            **more,
        }
        return self.add(number, event)

    @route("GET", "/track/shipments")
    def shipments(self, request: Request) -> Answer:
        """The shipments with a number, in one division or in all."""
        number, service = request.one("trackingNumber"), request.one("service")
        if not number.isalnum():
            return _error(400, "Bad request", "trackingNumber: wrong format")
        parcel = self.parcels.get(number)
        found = [self._shipment(parcel)] if parcel and parcel.scans else []
        found += self.also.get(number, [])
        found = [each for each in found if service in {"", each["service"]}]
        if not found:
            return _error(404, "No result found", "No shipment with given tracking number found.")
        return Answer.json({"url": request.path, "shipments": found})

    def _shipment(self, parcel: Parcel) -> dict[str, Any]:
        return {
            "id": parcel.number,
            "service": "parcel-de",
            "origin": {"address": {"countryCode": "DE"}},
            "destination": {"address": {"countryCode": "DE"}},
            "status": parcel.scans[-1],
            "events": self.newest_first(parcel),
            **parcel.facts,
        }


def _error(status: int, title: str, detail: str) -> Answer:
    return Answer.json({"status": status, "title": title, "detail": detail}, status)
