"""A stateful PostNL on loopback, in the shapes of its ShippingStatus API v2."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from syncd.testing.server import Answer, FakeServer, Request, route

KEY = "postnl-test-key"

Event = dict[str, Any]


class FakePostNL(FakeServer):
    """PostNL for one customer; point a connector's ``base_url`` at `base_url`.

    `keys` are the API keys it accepts, `shipments` what is known of each barcode as answered.
    """

    def __init__(self) -> None:
        super().__init__()
        self.keys = {KEY}
        self.shipments: dict[str, dict[str, Any]] = {}

    @property
    def base_url(self) -> str:
        """Where the API is."""
        return f"{self.url}/shipment/v2/status"

    def shipment(self, barcode: str) -> dict[str, Any]:
        """What is answered of a barcode; made where it is new, so that a test can set it up."""
        with self.lock:
            new = {
                "MainBarcode": barcode,
                "Barcode": barcode,
                "ShipmentAmount": "1",
                "ShipmentCounter": "1",
                "ProductDescription": "Parcels, domestic &lt;= 10 kg",
                "DeliveryDate": {},  # PostNL's way to leave a field empty
                "Event": [],
                "OldStatus": [],
                "Status": {},
            }
            return self.shipments.setdefault(barcode, new)

    def add_event(self, barcode: str, code: str, description: str, *, at: datetime) -> Event:
        """Let a parcel be scanned at a local time; the event can be changed later to edit it."""
        event = {
            "Code": code,
            "Description": description,
            "DestinationLocationCode": {},
            "LocationCode": "156789",
            "RouteCode": {},
            "RouteNumber": {},
            "TimeStamp": at.strftime("%d-%m-%Y %H:%M:%S"),
        }
        shipment = self.shipment(barcode)
        with self.lock:
            shipment["Event"].insert(0, event)  # the latest first
        return event

    @route("GET", r"/shipment/v2/status/barcode/([^/]+)")
    def by_barcode(self, request: Request) -> Answer:
        """The state of one parcel, with its events where ``detail`` asks for them."""
        if request.headers.get("apikey") not in self.keys:
            fault = {"faultstring": "Invalid ApiKey"}
            return Answer.json({"fault": fault}, 401)
        barcode = unquote(request.groups[0])
        if not barcode.isalnum():
            return Answer.json({"fault": {"faultstring": "Invalid barcode"}}, 400)
        shipment = self.shipments.get(barcode)
        if shipment is None:
            return Answer.json({"Warnings": [{"Message": "No shipment found", "Code": "2"}]})
        told = {**shipment, "Event": self.page(shipment["Event"])}
        if request.one("detail") != "true":
            return Answer.json({"CurrentStatus": {"Shipment": {**told, "Event": {}}}})
        return Answer.json({"CompleteStatus": {"Shipment": told}})
