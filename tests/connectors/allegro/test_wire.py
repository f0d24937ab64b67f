"""Every name that is parsed is Allegro's, and the README's table of settings is the settings class."""

import re
from pathlib import Path

import msgspec
import pytest

from syncd_allegro import AllegroConfig, wire
from tests.contract.declaration import SPECS, read

FILE = SPECS / "allegro" / "allegro-openapi.yaml"
README = Path(__file__).parents[3] / "connectors" / "allegro" / "README.md"
SCHEMAS = {
    wire.Fault: "Error",
    wire.Faults: "ErrorsHolder",
    wire.Ref: "MessageOrder",
    wire.Interlocutor: "Interlocutor",
    wire.Thread: "Thread",
    wire.ThreadPage: "ThreadsList",
    wire.Author: "MessageAuthor",
    wire.Relation: "MessageRelatedObject",
    wire.File: "MessageAttachmentInfo",
    wire.CenterMessage: "Message",
    wire.MessagePage: "MessagesList",
    wire.Sent: "Message",
    wire.IssueUser: "PostPurchaseIssueUser",
    wire.IssueOffer: "PostPurchaseIssueOffer",
    wire.IssueState: "PostPurchaseIssueState",
    wire.LastMessage: "PostPurchaseIssueLastMessage",
    wire.FirstMessage: "PostPurchaseIssueFirstMessage",
    wire.IssueChat: "PostPurchaseIssueChat",
    wire.Refund: "PostPurchaseIssueRefund",
    wire.Expectation: "PostPurchaseIssueExpectation",
    wire.IssueReason: "PostPurchaseIssueReason",
    wire.Issue: "PostPurchaseIssue",
    wire.IssuePage: "PostPurchaseIssueListResponse",
    wire.IssueFile: "PostPurchaseIssueAttachment",
    wire.ChatAuthor: "PostPurchaseIssueMessageAuthor",
    wire.ChatMessage: "PostPurchaseIssueChatMessage",
    wire.ChatPage: "PostPurchaseIssueChatResponse",
    wire.Price: "Price",
    wire.ReturnBuyer: "CustomerReturnBuyer",
    wire.ReturnReason: "CustomerReturnItemReason",
    wire.ReturnItem: "CustomerReturnItem",
    wire.ReturnParcel: "CustomerReturnReturnParcel",
    wire.Rejection: "CustomerReturnRejection",
    wire.CustomerReturn: "CustomerReturn",
    wire.ReturnPage: "CustomerReturnResponse",
    wire.EventOrder: "OrderEventData",
    wire.OrderEvent: "OrderEvent",
    wire.OrderEvents: "OrderEventsList",
    wire.LatestEvent: "OrderEventStats",
    wire.Preferences: "BuyerPreferencesReference",
    wire.Buyer: "CheckoutFormBuyerReference",
    wire.Payment: "CheckoutFormPaymentReference",
    wire.Provider: "CheckoutFormFulfillmentProvider",
    wire.ShipmentSummary: "CheckoutFormFulfillmentShipmentSummary",
    wire.Fulfillment: "CheckoutFormFulfillment",
    wire.DeliveryAddress: "CheckoutFormDeliveryAddress",
    wire.DeliveryMethod: "CheckoutFormDeliveryMethod",
    wire.Dispatch: "CheckoutFormDeliveryTimeDispatch",
    wire.DeliveryTime: "CheckoutFormDeliveryTime",
    wire.Delivery: "CheckoutFormDeliveryReference",
    wire.External: "ExternalId",
    wire.LineOffer: "OfferReference",
    wire.Line: "CheckoutFormLineItem",
    wire.Total: "CheckoutFormSummary",
    wire.CheckoutForm: "CheckoutForm",
    wire.FormPage: "CheckoutForms",
    wire.Waybill: "CheckoutFormAddWaybillCreated",
    wire.WaybillList: "CheckoutFormOrderWaybillResponse",
    wire.Carrier: "OrdersShippingCarrier",
    wire.CarrierList: "OrdersShippingCarriersResponse",
    wire.RatingUser: "User",
    wire.Rates: "Rates",
    wire.Answer: "Answer",
    wire.Rating: "UserRating",
    wire.RatingPage: "UserRatingListResponse",
    wire.OfferEvent: "OfferStockChangedEvent",
    wire.OfferEvents: "SellerOfferEventsResponse",
    wire.Stock: "OfferListingDtoV1Stock",
    wire.Publication: "OfferListingDtoV1Publication",
    wire.Offer: "OfferListingDto",
    wire.OfferPage: "OffersSearchResultDto",
}


def test_every_struct_is_checked():
    structs = {each for each in vars(wire).values() if isinstance(each, type)}
    structs = {each for each in structs if issubclass(each, wire.Wire)} - {wire.Wire}
    assert structs == SCHEMAS.keys()


@pytest.mark.skipif(not FILE.is_file(), reason="Allegro's description is not kept here")
def test_every_name_is_allegros():
    schemas = read(FILE)["components"]["schemas"]
    strange = {
        f"{struct.__name__}.{field.encode_name}"
        for struct, schema in SCHEMAS.items()
        for field in msgspec.structs.fields(struct)
        if field.encode_name not in _properties(schemas, schemas[schema])
    }
    assert strange == set()


def _properties(schemas, schema):
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rsplit("/", 1)[1]]
    found = set(schema.get("properties", ()))
    for part in schema.get("allOf", ()):
        found |= _properties(schemas, part)
    return found


def test_settings():
    written = dict(re.findall(r"(?m)^\| `(\w+)` \| (\S+) \|", README.read_text()))
    shown = {
        name: "required" if field.is_required() else _word(field.default)
        for name, field in AllegroConfig.model_fields.items()
    }
    assert written == shown


def _word(default):
    return "none" if default is None else f"`{str(default).lower()}`"
