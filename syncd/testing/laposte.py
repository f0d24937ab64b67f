"""A La Poste on loopback, in the shapes of its published API "Suivi" v2."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from syncd.testing.carrier import KeyCarrier
from syncd.testing.server import Answer, Request, route

BATCH = 10


class FakeLaPoste(KeyCarrier):
    """La Poste for one application; `slow` are the numbers for which ``returnCode`` is 504."""

    path = "/suivi/v2"
    header = "x-okapi-key"

    def __init__(self) -> None:
        super().__init__()
        self.slow: set[str] = set()

    def add_scan(
        self, number: str, label: str, at: datetime, *, code: str = "ET1"
    ) -> dict[str, Any]:
        """Let La Poste scan a parcel."""
        self.parcel(number).facts["isFinal"] = code in {"DI1", "DI2"}
        return self.add(number, {"order": 0, "code": code, "label": label, "date": at.isoformat()})

    @route("GET", r"/suivi/v2/idships/([^/]+)")
    def track(self, request: Request) -> Answer:
        """One to ten numbers; a badly written one spoils the call for all."""
        numbers = [unquote(each) for each in request.groups[0].split(",")]
        if len(numbers) > BATCH or not all(map(_well_formed, numbers)):
            return Answer.json(_refused(numbers[0], 400), 400)
        answers = self.page([self._said(number) for number in numbers])
        if len(numbers) > 1:
            return Answer.json(answers, 207)
        return Answer.json(answers[0], 404 if answers[0]["returnCode"] == 104 else 200)

    def _said(self, number: str) -> dict[str, Any]:
        parcel = self.parcels.get(number)
        if number in self.slow:
            return _refused(number, 504)
        if parcel is None:
            return _refused(number, 104)
        shipment = {
            "idShip": number,
            "holder": 4,
            "product": "colissimo",
            "isFinal": False,
            "timeline": [],
            "event": self.newest_first(parcel),
            "contextData": {"originCountry": "FR", "arrivalCountry": "FR"},
            **parcel.facts,
        }
        return {"lang": "fr_FR", "scope": "open", "returnCode": 200, "shipment": shipment}


def _refused(number: str, code: int) -> dict[str, Any]:
    head = {"lang": "fr_FR", "scope": "open", "returnCode": code, "idShip": number}
    return {**head, "returnMessage": "Votre suivi n'est pas encore disponible."}


def _well_formed(number: str) -> bool:
    return 11 <= len(number) <= 15 and number.isalnum()
