"""The names that are parsed are eBay's; what is asked and answered is tests/contract's to check."""

import json
from pathlib import Path

import msgspec
import pytest

from syncd.testing.ebay import MESSAGES, ORDERS
from syncd.testing.ebay_cases import POST_ORDER
from syncd_ebay import push, wire, wire_cases
from syncd_ebay.cases import POST_ORDER as LISTS

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "ebay"
PUSHES = "/commerce/notification/v1"
FILES = {
    MESSAGES: "commerce_message_v1_oas3.json",
    ORDERS: "sell_fulfillment_v1_oas3.json",
    PUSHES: "commerce_notification_v1_oas3.json",
}
SCHEMAS = {
    MESSAGES: {
        wire.Media: "MessageMedia",
        wire.MemberMessage: "MessageDetail",
        wire.MessageHead: "MessageDetail",
        wire.SentMessage: "SendMessageResponse",
        wire.Conversation: "ConversationDetail",
        wire.ConversationPage: "GetAllMyConversationsResponse",
        wire.MessagePage: "GetMessagesByConversationIdResponse",
        wire.Fault: "Error",
    },
    ORDERS: {
        wire.OrderPage: "OrderSearchPagedCollection",
        wire.OrderHead: "Order",
        wire.SellOrder: "Order",
        wire.Amount: "Amount",
        wire.Aspect: "NameValuePair",
        wire.LineInstructions: "LineItemFulfillmentInstructions",
        wire.Location: "ItemLocation",
        wire.Line: "LineItem",
        wire.PostalAddress: "Address",
        wire.Phone: "PhoneNumber",
        wire.Contact: "ExtendedContact",
        wire.Buyer: "Buyer",
        wire.ShippingStep: "ShippingStep",
        wire.StartInstruction: "FulfillmentStartInstruction",
        wire.Payment: "Payment",
        wire.PaymentSummary: "PaymentSummary",
        wire.PricingSummary: "PricingSummary",
        wire.CancelStatus: "CancelStatus",
        wire.Fulfillment: "ShippingFulfillment",
        wire.FulfillmentList: "ShippingFulfillmentPagedCollection",
        wire_cases.Dispute: "PaymentDisputeSummary",
    },
    PUSHES: {push.PublicKey: "PublicKey"},
}

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="eBay's API descriptions are not kept in this repository"
)


@pytest.fixture(scope="module")
def descriptions():
    return {base: json.loads((SPECS / name).read_text()) for base, name in FILES.items()}


def test_after_sales_lists_are_asked_for_where_ebay_has_them():
    """The Post-Order API has no description of its own but these, which tell its paths only."""
    paths = {}
    for name in ("return", "inquiry", "case", "cancellation"):
        paths |= json.loads((SPECS / f"{name}_oas3.json").read_text())["paths"]
    assert all("get" in paths[kind.path] for kind in LISTS)
    assert POST_ORDER.endswith("/v2")


@pytest.mark.parametrize(
    ("base", "struct", "schema"),
    [(base, *pair) for base, pairs in SCHEMAS.items() for pair in pairs.items()],
)
def test_every_name_that_is_parsed_is_ebays(descriptions, base, struct, schema):
    properties = descriptions[base]["components"]["schemas"][schema]["properties"]
    assert {field.encode_name for field in msgspec.structs.fields(struct)} <= properties.keys()


def test_every_struct_is_checked():
    structs = {
        value
        for value in vars(wire).values()
        if isinstance(value, type) and issubclass(value, wire.Wire)
    }
    elsewhere = {wire_cases.Dispute, push.PublicKey}
    checked = {struct for pairs in SCHEMAS.values() for struct in pairs}
    assert structs - {wire.Wire, wire.Faults} == checked - elsewhere
