"""The connector's requests, the fake's answers and the parsed names keep to eBay's descriptions."""

import json
from pathlib import Path

import msgspec
import pytest
from openapi_core import OpenAPI
from openapi_core.testing import MockRequest, MockResponse

from syncd.connector import Rejected
from syncd.model import Draft, Party, Shipment
from syncd.testing.ebay import MESSAGES, ORDERS, FakeEbay
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
    found = {}
    for base, name in FILES.items():
        found[base] = json.loads((SPECS / name).read_text())
        found[base]["servers"] = [{"url": f"https://api.ebay.com{base}"}]
        for methods in found[base]["paths"].values():
            methods.pop("servers", None)  # payment disputes have a host of their own
    return found


@pytest.fixture
def ebay(now):
    class Recorded(FakeEbay):
        def answer(self, request):
            given = super().answer(request)
            self.exchanges.append((request, given))
            return given

    with Recorded(now) as server:
        server.exchanges = []
        yield server


def exercise(ebay, connector, now, read):
    """Every call the connector makes, also refused."""
    order = ebay.add_order("buyer")
    ebay.fulfil(order, "RB123456785CN")
    ebay.add_message("buyer", "Where is it?", listing="330000000001")
    ebay.add_platform_message("Fees")
    connector.check()
    for kind in ("return", "inquiry", "case"):
        getattr(ebay, f"open_{kind}")("buyer", "330000000001")
    ebay.dispute_payment("buyer", order)
    for stream in ("messages", "orders", "returns"):
        read(connector, stream)
    parcel = Shipment(source_id="s", order_id=ebay.add_order("buyer"), tracking_number="TN-1")
    connector.confirm_shipment(parcel, "3")
    assert connector.verify_push(ebay.push("NEW_MESSAGE"))
    draft = Draft(text="Soon.", buyer=Party(id="buyer"), order_id=order, created_at=now())
    connector.send(draft, "1")
    assert connector.find_sent(draft, "1")
    with pytest.raises(Rejected):
        connector.send(Draft(text="Hi", buyer=Party(id="nobody")), "2")


# openapi-core knows no OAuth 2 without flows; the login is tested elsewhere.
@pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning")
def test_requests_and_answers(ebay, connect, now, read, descriptions):
    exercise(ebay, connect(platform_messages=True), now, read)
    checks = {base: OpenAPI.from_dict(spec) for base, spec in descriptions.items()}
    seen = set()
    for request, answer in ebay.exchanges:
        base = next((base for base in checks if request.path.startswith(base)), None)
        if base is None:
            continue  # the token endpoint is described elsewhere
        seen.add((request.method, request.path.removeprefix(base).split("/")[1], answer.status))
        asked = MockRequest(
            "https://api.ebay.com",
            request.method.lower(),
            request.path,
            args={name: values[0] for name, values in request.query.items()},
            headers={name.title(): value for name, value in request.headers.items()},
            data=request.body or None,
            content_type="application/json",
        )
        checks[base].validate_request(asked)
        checks[base].validate_response(asked, MockResponse(answer.body, status_code=answer.status))
    assert seen == {
        ("GET", "conversation", 200),
        ("POST", "send_message", 201),
        ("POST", "send_message", 400),
        ("GET", "order", 200),
        ("POST", "order", 201),
        ("GET", "payment_dispute_summary", 200),
        ("GET", "public_key", 200),
    }


def test_after_sales_lists_are_asked_for_where_ebay_has_them():
    """The Post-Order API has no description of its own but these, which tell its paths only."""
    paths = {}
    for name in ("return", "inquiry", "case", "cancellation"):
        paths |= json.loads((SPECS / f"{name}_oas3.json").read_text())["paths"]
    assert all("get" in paths[kind.path] for kind in LISTS)
    assert POST_ORDER.endswith("/v2")


def test_the_fake_gives_no_field_that_ebay_does_not_have(ebay, connect, now, read, descriptions):
    exercise(ebay, connect(platform_messages=True), now, read)
    strange = set()
    for request, answer in ebay.exchanges:
        for base, spec in descriptions.items():
            if request.path.startswith(base) and answer.status < 300:
                schema = _answer_schema(spec, request, base, answer.status)
                strange |= set(_strangers(spec, schema, json.loads(answer.body), ""))
    assert strange == set()


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


def _answer_schema(spec, request, base, status):
    path = request.path.removeprefix(base)
    for template, methods in spec["paths"].items():
        parts = list(zip(template.split("/"), path.split("/"), strict=False))
        same = template.count("/") == path.count("/") and all(
            wanted == given or wanted.startswith("{") for wanted, given in parts
        )
        if same and request.method.lower() in methods:
            answer = methods[request.method.lower()]["responses"][str(status)]
            return answer["content"]["application/json"]["schema"]
    raise AssertionError(f"{request.method} {path} is not eBay's")


def _strangers(spec, schema, value, where):
    if "$ref" in schema:
        schema = spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]]
    if isinstance(value, list):
        for one in value:
            yield from _strangers(spec, schema["items"], one, f"{where}[]")
    elif isinstance(value, dict):
        known = schema.get("properties", {})
        for name, inner in value.items():
            if name not in known:
                yield f"{where}.{name}"
            else:
                yield from _strangers(spec, known[name], inner, f"{where}.{name}")
