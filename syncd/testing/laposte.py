"""A stateful La Poste on loopback, in the shapes of its published API "Suivi" v2."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from syncd.testing.server import Answer, FakeServer, Request, route

BATCH = 10
KEY = "laposte-test-key"

Event = dict[str, Any]


class FakeLaPoste(FakeServer):
    """La Poste for one application; point a connector's ``base_url`` at `base_url`.

    `keys` are the keys it accepts, `shipments` what is known of each number as it is answered,
    `slow` the numbers for which it answers ``returnCode`` 504.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys = {KEY}
        self.shipments: dict[str, dict[str, Any]] = {}
        self.slow: set[str] = set()

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.url}/suivi/v2"

    def shipment(self, number: str) -> dict[str, Any]:
        """What is answered of a number; made where it is new, so that a test can set it up."""
        with self.lock:
            new = {
                "idShip": number,
                "holder": 4,
                "product": "colissimo",
                "isFinal": False,
                "timeline": [],
                "event": [],
                "contextData": {"originCountry": "FR", "arrivalCountry": "FR"},
            }
            return self.shipments.setdefault(number, new)

    def add_event(self, number: str, code: str, label: str, *, at: datetime) -> Event:
        """Let a parcel be scanned; the event can be changed later to edit it."""
        event = {"order": 0, "code": code, "label": label, "date": at.isoformat()}
        shipment = self.shipment(number)
        with self.lock:
            shipment["event"].insert(0, event)  # the latest first
            shipment["isFinal"] = code in {"DI1", "DI2"}
        return event

    @route("GET", r"/suivi/v2/idships/([^/]+)")
    def track(self, request: Request) -> Answer:
        """One to ten numbers; a badly written one spoils the call for all."""
        if request.headers.get("x-okapi-key") not in self.keys:
            says = "This action requires an authorization"
            return Answer.json({"code": "UNAUTHORIZED", "message": says}, 401)
        numbers = [unquote(each) for each in request.groups[0].split(",")]
        if len(numbers) > BATCH or not all(map(_well_formed, numbers)):
            return Answer.json(_refused(numbers[0], 400), 400)
        answers = self.page([self._said(number) for number in numbers])
        if len(numbers) > 1:
            return Answer.json(answers, 207)
        return Answer.json(answers[0], 404 if answers[0]["returnCode"] == 104 else 200)

    def _said(self, number: str) -> dict[str, Any]:
        shipment = self.shipments.get(number)
        if number in self.slow:
            return _refused(number, 504)
        if shipment is None:
            return _refused(number, 104)
        told = {**shipment, "event": self.page(shipment["event"])}
        return {"lang": "fr_FR", "scope": "open", "returnCode": 200, "shipment": told}


def _refused(number: str, code: int) -> dict[str, Any]:
    head = {"lang": "fr_FR", "scope": "open", "returnCode": code, "idShip": number}
    return {**head, "returnMessage": "Votre suivi n'est pas encore disponible."}


def _well_formed(number: str) -> bool:
    return 11 <= len(number) <= 15 and number.isalnum()
