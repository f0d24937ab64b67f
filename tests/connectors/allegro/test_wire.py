"""Every name that is parsed is Allegro's; the README's table of settings is the settings class."""

import re
from pathlib import Path

import msgspec
import pytest

from syncd_allegro import AllegroConfig, wire, wire_orders, wire_sales
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
    wire_sales.ReturnBuyer: "CustomerReturnBuyer",
    wire_sales.ReturnReason: "CustomerReturnItemReason",
    wire_sales.ReturnItem: "CustomerReturnItem",
    wire_sales.ReturnParcel: "CustomerReturnReturnParcel",
    wire_sales.Rejection: "CustomerReturnRejection",
    wire_sales.CustomerReturn: "CustomerReturn",
    wire_sales.ReturnPage: "CustomerReturnResponse",
    wire_orders.EventOrder: "OrderEventData",
    wire_orders.OrderEvent: "OrderEvent",
    wire_orders.OrderEvents: "OrderEventsList",
    wire_orders.LatestEvent: "OrderEventStats",
    wire_orders.Preferences: "BuyerPreferencesReference",
    wire_orders.Buyer: "CheckoutFormBuyerReference",
    wire_orders.Payment: "CheckoutFormPaymentReference",
    wire_orders.Provider: "CheckoutFormFulfillmentProvider",
    wire_orders.ShipmentSummary: "CheckoutFormFulfillmentShipmentSummary",
    wire_orders.Fulfillment: "CheckoutFormFulfillment",
    wire_orders.DeliveryAddress: "CheckoutFormDeliveryAddress",
    wire_orders.DeliveryMethod: "CheckoutFormDeliveryMethod",
    wire_orders.Dispatch: "CheckoutFormDeliveryTimeDispatch",
    wire_orders.DeliveryTime: "CheckoutFormDeliveryTime",
    wire_orders.Delivery: "CheckoutFormDeliveryReference",
    wire.External: "ExternalId",
    wire_orders.LineOffer: "OfferReference",
    wire_orders.Line: "CheckoutFormLineItem",
    wire_orders.Total: "CheckoutFormSummary",
    wire_orders.CheckoutForm: "CheckoutForm",
    wire_orders.FormPage: "CheckoutForms",
    wire_orders.Waybill: "CheckoutFormAddWaybillCreated",
    wire_orders.WaybillList: "CheckoutFormOrderWaybillResponse",
    wire_orders.Carrier: "OrdersShippingCarrier",
    wire_orders.CarrierList: "OrdersShippingCarriersResponse",
    wire_sales.RatingUser: "User",
    wire_sales.Rates: "Rates",
    wire_sales.Answer: "Answer",
    wire_sales.Rating: "UserRating",
    wire_sales.RatingPage: "UserRatingListResponse",
    wire_sales.OfferEvent: "OfferStockChangedEvent",
    wire_sales.OfferEvents: "SellerOfferEventsResponse",
    wire_sales.Stock: "OfferListingDtoV1Stock",
    wire_sales.Publication: "OfferListingDtoV1Publication",
    wire_sales.Offer: "OfferListingDto",
    wire_sales.OfferPage: "OffersSearchResultDto",
}


def test_every_struct_is_checked():
    modules = (wire, wire_orders, wire_sales)
    named = (each for module in modules for each in vars(module).values())
    structs = {each for each in named if isinstance(each, type)}
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
