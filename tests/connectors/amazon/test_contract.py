"""The connector's requests, the fake's answers and the parsed names keep to Amazon's models."""

import json
import re
from functools import cache
from pathlib import Path

import msgspec
import pytest
from jsonschema import Draft4Validator

from syncd.connector import Rejected
from syncd.model import Attachment, Draft, Party, Shipment
from syncd.testing.amazon import FakeAmazon
from syncd_amazon import wire

SPECS = Path(__file__).parents[4] / "shared" / "specs" / "amazon"
ORDERS, ORDERS_V0, RETURNS = (
    "orders_2026-01-01",
    "ordersV0",
    "externalFulfillmentReturns_2024-09-11",
)
MESSAGING, SOLICITATIONS, UPLOADS = "messaging", "solicitations", "uploads_2020-11-01"
MODELS = (ORDERS, ORDERS_V0, RETURNS, MESSAGING, SOLICITATIONS, UPLOADS)
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
CALLS = {
    ("searchOrders", 200),
    ("getOrder", 200),
    ("getOrder", 404),
    ("confirmShipment", 204),
    ("listReturns", 200),
    ("getMessagingActionsForOrder", 200),
    ("GetAttributes", 200),
    ("createUnexpectedProblem", 201),
    ("createUnexpectedProblem", 403),
    ("confirmCustomizationDetails", 201),
    ("getSolicitationActionsForOrder", 200),
    ("createProductReviewAndSellerFeedbackSolicitation", 201),
    ("createProductReviewAndSellerFeedbackSolicitation", 403),
    ("createUploadDestinationForResource", 201),
}

pytestmark = pytest.mark.skipif(
    not SPECS.is_dir(), reason="Amazon's models are not kept in this repository"
)


@cache
def model(name):
    return json.loads((SPECS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.fixture
def amazon(now, amazon):
    class Recorded(FakeAmazon):
        def answer(self, request):
            given = super().answer(request)
            self.exchanges.append((request, given))
            return given

    with Recorded(now) as server:
        server.exchanges, server.seller_id = [], amazon.seller_id
        yield server


@pytest.fixture
def exchanges(amazon, connect, now, read):
    """Every call that the connector makes, also refused."""
    shop, connector = amazon.shop, connect(returns=True)
    orders = [shop.add_order(f"buyer{n}") for n in range(120)]
    first, second = orders[:2]
    shop.ship(first, "RB123456785CN")
    shop.add_return(first)
    now.forward(days=11)
    connector.check()
    for stream in connector.streams:
        read(connector, stream)
    notice = Draft(text="Später.", buyer=Party(), order_id=first, language="de")
    assert connector.may_send(notice).allowed
    connector.send(notice, "1")
    shop.offered[first] = ["confirmCustomizationDetails"]
    with pytest.raises(Rejected):
        connector.send(notice, "2")
    file = Attachment(name="a.png", media_type="image/png", content=b"png")
    engraving = {"purpose": "confirmCustomizationDetails", "attachments": (file,)}
    connector.send(msgspec.structs.replace(notice, **engraving), "3")
    assert connector.may_request_review(first).allowed
    connector.request_review(first, "4")
    with pytest.raises(Rejected):
        connector.request_review(first, "5")
    connector.confirm_shipment(
        Shipment(source_id="x", order_id=second, tracking_number="1", carrier="X"), "6"
    )
    assert not connector.may_request_review("302-0000000-0000000").allowed
    return [pair for pair in amazon.exchanges if operation(pair[0]) is not None]


def operation(request):
    """The model, the operation and the parameters in the path of a request."""
    for name in MODELS:
        for template, methods in model(name)["paths"].items():
            # A resource holds slashes (Uploads: "the entire path would be …").
            pattern = re.sub(r"\\{resource\\}", "(?P<resource>.+)", re.escape(template))
            pattern = re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", pattern)
            match = re.fullmatch(pattern, request.path)
            if match and request.method.lower() in methods:
                return name, methods[request.method.lower()], match.groupdict()
    return None


def test_every_call_is_one_of_amazons(exchanges):
    assert {(operation(r)[1]["operationId"], a.status) for r, a in exchanges} == CALLS


def test_requests_keep_to_the_models(exchanges):
    for request, _ in exchanges:
        name, described, in_path = operation(request)
        wanted = {each["name"]: each for each in described["parameters"]}
        assert set(request.query) <= {n for n, each in wanted.items() if each["in"] == "query"}
        given = set(request.query) | set(in_path)
        needed = {n for n, e in wanted.items() if e.get("required") and e["in"] != "body"}
        assert needed <= given
        for parameter, values in request.query.items():
            check_parameter(wanted[parameter], values)
        bodies = [each["schema"] for each in wanted.values() if each["in"] == "body"]
        if bodies:
            validate(name, bodies[0], request.json())
        else:
            assert request.body == b""


def check_parameter(described, values):
    assert len(values) == 1, "several values go into one, with commas (Swagger 2.0's default)"
    if described["type"] == "integer":
        values = [int(values[0])]
    if described["type"] == "array":
        values = values[0].split(",")
        assert len(values) <= described.get("maxItems", len(values))
        described = described["items"]
    for value in values:
        assert value in described.get("enum", [value])
        assert value if described["type"] == "string" else value <= 100


def test_the_fakes_answers_keep_to_the_models(exchanges):
    for request, answer in exchanges:
        name, described, _ = operation(request)
        response = described["responses"][str(answer.status)]
        if answer.body:
            validate(name, response["schema"], json.loads(answer.body), strict=answer.status < 300)
        else:
            assert answer.status == 204


def test_messages_ask_for_the_form_that_amazon_gives(exchanges):
    asked = {
        (operation(request)[0], request.headers["accept"], answer.content_type)
        for request, answer in exchanges
        if answer.status < 300
    }
    forms = {model(name)["produces"][0]: name for name in (MESSAGING, ORDERS)}
    assert set(forms) == {"application/hal+json", "application/json"}
    for name, accept, given in asked:
        assert accept == model(name)["produces"][0]
        assert given == accept


def validate(name, schema, value, *, strict=False):
    whole = schema | {"definitions": model(name)["definitions"]}
    Draft4Validator(whole).validate(value)
    if strict:
        assert list(strangers(model(name), schema, value, name)) == []


def strangers(described, schema, value, where):
    if "$ref" in schema:
        schema = described["definitions"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        for one in value:
            yield from strangers(described, schema["items"], one, f"{where}[]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for name, inner in value.items():
            if name in known:
                yield from strangers(described, known[name], inner, f"{where}.{name}")
            elif "properties" in schema:
                yield f"{where}.{name}"


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
