"""The names that are parsed are Amazon's; and what no proxy can be told of its uploads.

What else is asked and answered is held against Amazon's models in tests/contract.
"""

import json
from functools import cache
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft4Validator

from syncd.model import Attachment, Draft, Party
from syncd.testing.amazon import MESSAGING as MESSAGES
from syncd.testing.amazon import SOLICITATIONS as ASKED
from syncd_amazon import wire

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "amazon"
ORDERS, RETURNS = "orders_2026-01-01", "externalFulfillmentReturns_2024-09-11"
MESSAGING, SOLICITATIONS, UPLOADS = "messaging", "solicitations", "uploads_2020-11-01"
STRUCTS = {
    wire.Fault: (ORDERS, "Error"),
    wire.Faults: (ORDERS, "ErrorList"),
    wire.Pagination: (ORDERS, "Pagination"),
    wire.OrderPage: (ORDERS, "SearchOrdersResponse"),
    wire.OrderHead: (ORDERS, "Order"),
    wire.GetOrder: (ORDERS, "GetOrderResponse"),
    wire.SalesChannel: (ORDERS, "SalesChannel"),
    wire.Buyer: (ORDERS, "Buyer"),
    wire.Money: (ORDERS, "Money"),
    wire.Proceeds: (ORDERS, "OrderProceeds"),
    wire.CustomerAddress: (ORDERS, "CustomerAddress"),
    wire.Recipient: (ORDERS, "Recipient"),
    wire.Range: (ORDERS, "DateTimeRange"),
    wire.Fulfillment: (ORDERS, "OrderFulfillment"),
    wire.ItemPrice: (ORDERS, "ItemPrice"),
    wire.Product: (ORDERS, "ItemProduct"),
    wire.ItemFulfillment: (ORDERS, "ItemFulfillment"),
    wire.OrderItem: (ORDERS, "OrderItem"),
    wire.PackageStatus: (ORDERS, "PackageStatus"),
    wire.Package: (ORDERS, "OrderPackage"),
    wire.SoldOrder: (ORDERS, "Order"),
    wire.ReturnPage: (RETURNS, "ReturnsResponse"),
    wire.ReturnHead: (RETURNS, "Return"),
    wire.Tracking: (RETURNS, "TrackingInfo"),
    wire.ReturnShipping: (RETURNS, "ReturnShippingInfo"),
    wire.ReturnMetadata: (RETURNS, "ReturnMetadata"),
    wire.ReturnChannel: (RETURNS, "MarketplaceChannelDetails"),
    wire.ReturnItem: (RETURNS, "Return"),
    wire.Link: (MESSAGING, "LinkObject"),
    wire.Actions: (MESSAGING, "GetMessagingActionsForOrderResponse"),
    wire.Attributes: (MESSAGING, "GetAttributesResponse"),
    wire.Destination: (UPLOADS, "UploadDestination"),
    wire.UploadDestination: (UPLOADS, "CreateUploadDestinationResponse"),
}
# Objects that stand inside of another definition.
INNER = {wire.Links, wire.BuyerAttributes}

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="Amazon's models are not kept in this repository"
)


@cache
def model(name):
    return json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("struct", "place"), STRUCTS.items())
def test_every_name_that_is_parsed_is_amazons(struct, place):
    name, definition = place
    properties = model(name)["definitions"][definition]["properties"]
    assert {field.encode_name for field in msgspec.structs.fields(struct)} <= properties.keys()


def test_every_struct_is_checked():
    structs = {
        value
        for value in vars(wire).values()
        if isinstance(value, type) and issubclass(value, wire.Wire)
    }
    assert structs - {wire.Wire} == STRUCTS.keys() | INNER


@pytest.fixture
def order_id(amazon):
    made = amazon.shop.add_order("ann")
    amazon.shop.offered[made] = ["confirmCustomizationDetails"]
    return made


def test_uploads_are_asked_for_as_published(amazon, connector, order_id):
    """OpenAPI cannot say that the resource in the path holds slashes."""
    file = Attachment(name="a.png", media_type="image/png", content=b"png")
    purpose = "confirmCustomizationDetails"
    draft = Draft(
        text="So?", buyer=Party(), order_id=order_id, purpose=purpose, attachments=(file,)
    )
    connector.send(draft, "1")
    [template] = model(UPLOADS)["paths"]
    [asked] = [r for r in amazon.requests if r.path.startswith(template.partition("{")[0])]
    described = model(UPLOADS)["paths"][template]["post"]
    wanted = {each["name"]: each for each in described["parameters"] if each["in"] == "query"}
    assert set(asked.query) <= set(wanted)
    assert {name for name, each in wanted.items() if each["required"]} <= set(asked.query)
    assert len(asked.query["marketplaceIds"]) == wanted["marketplaceIds"]["maxItems"]
    answer = json.loads(amazon.answer(asked).body)
    schema = described["responses"]["201"]["schema"] | {
        "definitions": model(UPLOADS)["definitions"]
    }
    Draft4Validator(schema).validate(answer)


def test_the_form_that_amazon_gives_is_asked_for(amazon, connector, order_id, now):
    amazon.shop.ship(order_id, "1")
    now.forward(days=12)
    connector.may_send(
        Draft(text="So?", buyer=Party(), order_id=order_id, purpose="confirmCustomizationDetails")
    )
    connector.request_review(order_id, "1")
    for path, name in ((MESSAGES, MESSAGING), (ASKED, SOLICITATIONS)):
        asked = [r.headers["accept"] for r in amazon.requests if r.path.startswith(path)]
        assert set(asked) == set(model(name)["produces"])
