"""A Royal Mail on loopback, in the shapes of its Tracking API v2."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

from syncd.testing.carrier import CLIENT_ID, CLIENT_SECRET, KeyCarrier
from syncd.testing.server import Answer, Request, route


def _refused(status: int, code: str, says: str) -> Mapping[str, Any]:
    error = {
        "errorCode": code,
        "errorDescription": says,
        "errorCause": "A mail item with that barcode cannot be located",
        "errorResolution": "Check barcode and resubmit",
    }
    head = {"httpCode": str(status), "httpMessage": "Refused", "moreInformation": ""}
    return {**head, "errors": [error]}


class FakeRoyalMail(KeyCarrier):
    """Royal Mail for one app."""

    path = "/mailpieces/v2"
    names: ClassVar = {"client_id": CLIENT_ID}
    secrets: ClassVar = {"client_secret": CLIENT_SECRET}
    header = "x-ibm-client-secret"
    stranger: ClassVar = _refused(401, "E0010", "Invalid client id or secret")

    def add_scan(
        self,
        number: str,
        name: str,
        at: datetime,
        *,
        code: str = "EVDAC",
        location: str | None = None,
    ) -> dict[str, Any]:
        """Let Royal Mail scan an item."""
        event = {
            "eventCode": code,
            "eventName": name,
            "eventDateTime": at.isoformat(),
            "locationName": location,
        }
        return self.add(number, event)

    @route("GET", r"/mailpieces/v2/([^/]+)/events")
    def events(self, request: Request) -> Answer:
        """The history of one item."""
        terms, client = (
            request.headers.get(f"x-{name}") for name in ("accept-rmg-terms", "ibm-client-id")
        )
        if terms != "yes" or client != CLIENT_ID:
            return Answer.json(_refused(400, "E0007", "The terms have not been accepted"), 400)
        number = unquote(request.groups[0])
        if not number.isalnum():
            return Answer.json(_refused(400, "E1144", f"{number} is no barcode"), 400)
        parcel = self.parcels.get(number)
        if parcel is None:
            says = f"Barcode reference {number} isn't recognised"
            return Answer.json(_refused(404, "E1142", says), 404)
        piece = {
            "mailPieceId": number,
            "carrierShortName": "RM",
            "carrierFullName": "Royal Mail Group Ltd",
            "summary": {"oneDBarcode": number, "destinationCountryCode": "GBR"},
            "events": self.newest_first(parcel),
            **parcel.facts,
        }
        return Answer.json({"mailPieces": piece})
