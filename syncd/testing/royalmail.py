"""A stateful Royal Mail on loopback, in the shapes of its Tracking API v2."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from syncd.testing.server import Answer, FakeServer, Request, route

CLIENT_ID = "royalmail-test-id"
CLIENT_SECRET = "royalmail-test-secret"  # noqa: S105  the fake's own

Event = dict[str, Any]


class FakeRoyalMail(FakeServer):
    """Royal Mail for one app; point a connector's ``base_url`` at `base_url`.

    `secrets` are the client secrets it accepts, `pieces` what is known of each number.
    """

    def __init__(self) -> None:
        super().__init__()
        self.secrets = {CLIENT_SECRET}
        self.pieces: dict[str, dict[str, Any]] = {}

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.url}/mailpieces/v2"

    def piece(self, number: str) -> dict[str, Any]:
        """What is answered of a number; made where it is new, so that a test can set it up."""
        with self.lock:
            new = {
                "mailPieceId": number,
                "carrierShortName": "RM",
                "carrierFullName": "Royal Mail Group Ltd",
                "summary": {"oneDBarcode": number, "destinationCountryCode": "GBR"},
                "events": [],
            }
            return self.pieces.setdefault(number, new)

    def add_event(
        self, number: str, code: str, name: str, *, at: datetime, location: str | None = None
    ) -> Event:
        """Let an item be scanned; the event can be changed later to edit it."""
        event = {
            "eventCode": code,
            "eventName": name,
            "eventDateTime": at.isoformat(),
            "locationName": location,
        }
        piece = self.piece(number)
        with self.lock:
            piece["events"].insert(0, event)  # the latest first
        return event

    @route("GET", r"/mailpieces/v2/([^/]+)/events")
    def events(self, request: Request) -> Answer:
        """The history of one item."""
        if request.headers.get("x-ibm-client-secret") not in self.secrets:
            return _refused(401, "E0010", "Invalid client id or secret")
        if request.headers.get("x-accept-rmg-terms") != "yes":
            return _refused(400, "E0007", "The terms have not been accepted")
        number = unquote(request.groups[0])
        if not number.isalnum():
            return _refused(400, "E1144", f"{number} is no barcode")
        piece = self.pieces.get(number)
        if piece is None:
            return _refused(404, "E1142", f"Barcode reference {number} isn't recognised")
        return Answer.json({"mailPieces": {**piece, "events": self.page(piece["events"])}})


def _refused(status: int, code: str, says: str) -> Answer:
    error = {
        "errorCode": code,
        "errorDescription": says,
        "errorCause": "A mail item with that barcode cannot be located",
        "errorResolution": "Check barcode and resubmit",
    }
    head = {"httpCode": str(status), "httpMessage": "Refused", "moreInformation": ""}
    return Answer.json({**head, "errors": [error]}, status)
