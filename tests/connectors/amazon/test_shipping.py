"""Telling Amazon of parcels that left."""

import pytest

from syncd.connector import Rejected
from syncd.model import Shipment


@pytest.fixture
def order_id(amazon):
    return amazon.shop.add_order("ann")


def parcel(order_id, **fields):
    fields = {"tracking_number": "0034 0434", "carrier": "dhl", **fields}
    return Shipment(source_id="ours", order_id=order_id, **fields)


def body_of(amazon):
    return next(r.json() for r in amazon.requests[::-1] if r.path.endswith("shipmentConfirmation"))


def test_a_parcel_is_told_with_all_that_is_left(amazon, connector, order_id, now):
    receipt = connector.confirm_shipment(parcel(order_id, shipped_at=now()), "key")
    assert receipt.source_id == f"{order_id}/1"
    assert body_of(amazon) == {
        "marketplaceId": "A1PA6795UKMFR9",
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "DHL",
            "trackingNumber": "0034 0434",
            "shipDate": "2026-03-02T09:00:00.000Z",
            "orderItems": [{"orderItemId": "60000000000001", "quantity": 2}],
        },
    }
    assert amazon.shop.orders[order_id]["fulfillment"]["fulfillmentStatus"] == "SHIPPED"


def test_its_receipt_is_the_id_that_the_stream_gives(connector, order_id, now, read):
    receipt = connector.confirm_shipment(parcel(order_id), "key")
    now.forward(minutes=10)
    assert receipt.source_id in {item.source_id for item in read(connector)[0]}


@pytest.mark.parametrize(
    ("ours", "amazons"),
    [
        ("dhl-de", "DHL"),
        ("DHL", "DHL"),
        ("dhl-ecommerce", "DHL Global Mail"),
        ("hermes-de", "Hermes Logistik Gruppe"),
        ("royal-mail", "Royal Mail"),
        ("yamato", "YamatoTransport"),
        ("ups", "UPS"),
    ],
)
def test_carriers_by_syncds_codes(amazon, connector, order_id, ours, amazons):
    connector.confirm_shipment(parcel(order_id, carrier=ours), "key")
    assert body_of(amazon)["packageDetail"]["carrierCode"] == amazons
    assert amazons in connector.carrier_names()


def test_a_carrier_without_a_code_is_named(amazon, connector, order_id):
    connector.confirm_shipment(parcel(order_id, carrier="YunExpress"), "key")
    detail = body_of(amazon)["packageDetail"]
    assert (detail["carrierCode"], detail["carrierName"]) == ("Other", "YunExpress")


def test_a_reference_is_a_positive_number_that_is_not_taken(amazon, connector, order_id):
    """selling-partner-api-models issue 5094: a text, of digits only."""
    shop = amazon.shop
    for reference in ("7", "UK-PKG-2024-002"):
        shop.ship(order_id, f"n{reference}", reference=reference)
    shop.orders[order_id]["orderItems"][0]["fulfillment"]["quantityUnfulfilled"] = 1
    connector.confirm_shipment(parcel(order_id), "key")
    detail = body_of(amazon)["packageDetail"]
    assert detail["packageReferenceId"] == "8"
    assert detail["orderItems"][0]["quantity"] == 1


def test_what_has_left_already_is_not_told_again(amazon, connector, order_id):
    amazon.shop.ship(order_id, "1")
    with pytest.raises(Rejected, match="nothing of order"):
        connector.confirm_shipment(parcel(order_id), "key")


@pytest.mark.parametrize("missing", ["tracking_number", "carrier"])
def test_what_amazon_needs_is_named(connector, order_id, missing):
    with pytest.raises(Rejected, match="carrier and the tracking number"):
        connector.confirm_shipment(parcel(order_id, **{missing: None}), "key")


def test_a_confirmation_is_found_by_the_tracking_number(amazon, connector, order_id, now):
    wanted = parcel(order_id)
    assert connector.find_confirmation(wanted, "key") is None
    amazon.shop.ship(order_id, "00340434", reference="9")
    found = connector.find_confirmation(wanted, "key")
    assert (found.source_id, found.accepted_at) == (f"{order_id}/9", now())
    assert connector.find_confirmation(parcel(order_id, tracking_number="2"), "key") is None
    assert connector.find_confirmation(parcel(order_id, tracking_number=None), "key") is None
