"""A PostNL on loopback, in the shapes of its ShippingStatus API v2."""

from datetime import datetime
from typing import Any, ClassVar
from urllib.parse import unquote

from syncd.testing.carrier import KeyCarrier, Parcel
from syncd.testing.server import Answer, Request, route


class FakePostNL(KeyCarrier):
    """PostNL for one customer."""

    path = "/shipment/v2/status"
    header = "apikey"
    stranger: ClassVar = {"fault": {"faultstring": "Invalid ApiKey"}}

    def add_scan(
        self, barcode: str, description: str, at: datetime, *, code: str = "J01"
    ) -> dict[str, Any]:
        """Let PostNL scan a parcel at a local time."""
        event = {
            "Code": code,
            "Description": description,
            "DestinationLocationCode": {},
            "LocationCode": "156789",
            "RouteCode": {},
            "RouteNumber": {},
            "TimeStamp": at.strftime("%d-%m-%Y %H:%M:%S"),
        }
        return self.add(barcode, event)

    @route("GET", r"/shipment/v2/status/barcode/([^/]+)")
    def by_barcode(self, request: Request) -> Answer:
        """The state of one parcel, with its events where ``detail`` asks for them."""
        barcode = unquote(request.groups[0])
        if not barcode.isalnum():
            return Answer.json({"fault": {"faultstring": "Invalid barcode"}}, 400)
        parcel = self.parcels.get(barcode)
        if parcel is None:
            return Answer.json({"Warnings": [{"Message": "No shipment found", "Code": "2"}]})
        told = self._shipment(parcel)
        if request.one("detail") != "true":
            return Answer.json({"CurrentStatus": {"Shipment": {**told, "Event": {}}}})
        return Answer.json({"CompleteStatus": {"Shipment": told}})

    def _shipment(self, parcel: Parcel) -> dict[str, Any]:
        return {
            "MainBarcode": parcel.number,
            "Barcode": parcel.number,
            "ShipmentAmount": "1",
            "ShipmentCounter": "1",
            "ProductDescription": "Parcels, domestic &lt;= 10 kg",
            "DeliveryDate": {},  # PostNL's way to leave a field empty
            "Event": self.newest_first(parcel),
            "OldStatus": [],
            "Status": {},
            **parcel.facts,
        }
