"""Telling eBay that a parcel left, and finding out afterwards whether it knows."""

from datetime import timedelta

import msgspec
import pytest

from syncd.connector import NotPermitted, OutcomeUnknown, Rejected
from syncd.model import Shipment
from syncd.testing.server import Fault

NUMBER = "RB 123-456.785/CN"


@pytest.fixture
def order(ebay):
    return ebay.add_order("buyer")


def parcel(order, number=NUMBER, **fields):
    return Shipment(source_id="ours", order_id=order, tracking_number=number, **fields)


def told(ebay):
    return [
        msgspec.json.decode(request.body)
        for request in ebay.requests
        if request.method == "POST" and request.path.endswith("/shipping_fulfillment")
    ]


def test_a_parcel_is_told_with_letters_and_digits_only(ebay, connector, now, order):
    shipped = now.start - timedelta(hours=5)
    receipt = connector.confirm_shipment(parcel(order, carrier="DHL", shipped_at=shipped), "k")
    line = ebay.shop.orders[order]["lineItems"][0]["lineItemId"]
    assert told(ebay) == [
        {
            "lineItems": [{"lineItemId": line, "quantity": 1}],
            "shippedDate": "2026-03-02T04:00:00.000Z",
            "trackingNumber": "RB123456785CN",
            "shippingCarrierCode": "DHL",
        }
    ]
    assert receipt.source_id == f"{order}/RB123456785CN"


def test_it_is_read_back_under_the_receipts_id(ebay, connector, read, order):
    receipt = connector.confirm_shipment(parcel(order), "k")
    items, _ = read(connector, "orders")
    assert [item.source_id for item in items if isinstance(item, Shipment)] == [receipt.source_id]


def test_number_and_carrier_come_together_or_not_at_all(ebay, connector, order):
    connector.confirm_shipment(parcel(order), "k")
    connector.confirm_shipment(parcel(ebay.add_order("buyer"), None, carrier="DHL"), "k")
    assert [(x.get("trackingNumber"), x.get("shippingCarrierCode")) for x in told(ebay)] == [
        ("RB123456785CN", "Other"),
        (None, None),
    ]


@pytest.mark.parametrize("number", ["-- / --", "单号"])
def test_a_number_of_signs_only_is_refused_here(ebay, connector, order, number):
    with pytest.raises(Rejected, match="letter or digit"):
        connector.confirm_shipment(parcel(order, number), "k")
    assert told(ebay) == []


def test_what_has_left_already_is_not_told_again(ebay, connector, order):
    ebay.fulfil(order, "OTHER1")
    with pytest.raises(Rejected, match="as shipped already"):
        connector.confirm_shipment(parcel(order), "k")


def test_an_order_that_ebay_does_not_know_is_refused(connector):
    with pytest.raises(Rejected, match="32100"):
        connector.confirm_shipment(parcel("12-00000-00000"), "k")
    with pytest.raises(OutcomeUnknown, match="32100"):
        connector.find_confirmation(parcel("12-00000-00000"), "k")


@pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.SERVER_ERROR])
def test_a_lost_answer_is_settled_by_the_number(ebay, connector, order, fault):
    assert connector.find_confirmation(parcel(order), "k") is None
    ebay.fail(fault, path="shipping_fulfillment$", method="POST")
    with pytest.raises(OutcomeUnknown):
        connector.confirm_shipment(parcel(order), "k")
    found = connector.find_confirmation(parcel(order), "k")
    assert (found is not None) == (fault is Fault.LOST_ANSWER)


def test_another_parcel_of_the_order_is_not_it(ebay, connector, order):
    ebay.fulfil(order, "OTHER1")
    assert connector.find_confirmation(parcel(order), "k") is None
    ebay.fulfil(order, "rb123456785cn".upper())
    assert connector.find_confirmation(parcel(order), "k").source_id == f"{order}/RB123456785CN"


def test_a_parcel_that_cannot_be_read_leaves_it_open(ebay, connector, order):
    ebay.fulfil(order, "OTHER1")
    ebay.shop.fulfillments[order][0]["shipmentTrackingNumber"] = 7
    with pytest.raises(OutcomeUnknown, match="cannot be understood"):
        connector.find_confirmation(parcel(order), "k")


def test_a_consent_from_before_does_not_stop_the_account(ebay, connector, order, monkeypatch):
    whole = ebay.answer

    def answer(request):
        ebay.denied = {request.path} if request.method == "POST" else set()
        return whole(request)

    monkeypatch.setattr(ebay, "answer", answer)
    with pytest.raises(NotPermitted, match=r"consent again .* scope \S+/sell\.fulfillment,"):
        connector.confirm_shipment(parcel(order), "k")
