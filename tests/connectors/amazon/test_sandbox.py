"""Amazon's published examples, answered by the fake and read by the connector."""

import json
from collections import Counter
from pathlib import Path
from urllib.parse import quote

import httpx
import msgspec
import pytest

from syncd.connector import AuthFailed, Rejected, Unavailable
from syncd.http import Throttled
from syncd.model import BadItem, Case, Order, Party, Shipment
from syncd_amazon import parse

PAIRS = Path(__file__).parents[4] / "shared" / "specs" / "amazon" / "sandbox-pairs.extracted.json"
pytestmark = pytest.mark.skipif(
    not PAIRS.is_file(), reason="Amazon's examples are not kept in this repository"
)
MESSAGES = {
    "createUnexpectedProblem",
    "confirmCustomizationDetails",
    "createConfirmDeliveryDetails",
    "createConfirmOrderDetails",
    "createConfirmServiceDetails",
    "createDigitalAccessKey",
    "createLegalDisclosure",
    "CreateWarranty",
    "sendInvoice",
}
USED = {
    ("orders_2026-01-01.json", "searchOrders"): 4,
    ("orders_2026-01-01.json", "getOrder"): 4,
    ("externalFulfillmentReturns_2024-09-11.json", "listReturns"): 15,
    ("messaging.json", "getMessagingActionsForOrder"): 2,
    ("messaging.json", "GetAttributes"): 2,
    ("solicitations.json", "getSolicitationActionsForOrder"): 1,
    ("solicitations.json", "createProductReviewAndSellerFeedbackSolicitation"): 1,
    ("ordersV0.json", "confirmShipment"): 2,
} | {("messaging.json", name): 2 for name in MESSAGES}
ERRORS = {
    "400": Rejected,
    "403": AuthFailed,
    "409": Rejected,
    "429": Throttled,
    "500": Unavailable,
    "503": Unavailable,
}
STORE = "ATVPDKIKX0DER"


def _pairs():
    return [pair for pair in _every_pair() if (pair["spec"], pair["operationId"]) in USED]


def _every_pair():
    return json.loads(PAIRS.read_text(encoding="utf-8")) if PAIRS.is_file() else []


def _id(pair):
    return f"{pair['operationId']}-{pair['status']}"


@pytest.fixture
def client(amazon, connect):
    amazon.sandbox = _pairs()
    return connect()._client


def test_every_pair_is_there():
    assert Counter((pair["spec"], pair["operationId"]) for pair in _pairs()) == USED


def test_the_fake_has_the_answers_of_all_operations(amazon):
    """Also of those that the connector does not call: another may want the fake for them."""
    amazon.sandbox = _every_pair()
    assert len(amazon.sandbox) == 181
    form = {
        "grant_type": "refresh_token", "refresh_token": amazon.refresh_token,
        "client_id": amazon.client_id, "client_secret": amazon.client_secret,
    }  # fmt: skip
    with httpx.Client(base_url=amazon.url, trust_env=False) as http:
        token = http.post("/auth/o2/token", data=form).json()["access_token"]
        http.headers["x-amz-access-token"] = token
        for pair in amazon.sandbox:
            reply = _ask(http, pair)
            said = reply.content and reply.json()
            assert (reply.status_code, said) in _answers(amazon.sandbox, pair)


def _ask(http, pair):
    given = {name: each["value"] for name, each in pair["request"]["parameters"].items()}
    path = pair["path"]
    for name in [name for name in given if f"{{{name}}}" in path]:
        path = path.replace(f"{{{name}}}", quote(str(given.pop(name)), safe=""))
    body = given.pop("body", None)
    asked = {n: ",".join(map(str, v)) if isinstance(v, list) else v for n, v in given.items()}
    return http.request(pair["method"], path, params=asked, json=body)


def _answers(pairs, pair):
    """Of all that are published for its request: one request has two."""
    same = ("method", "path", "request")
    return [
        (int(each["status"]), b"" if each["status"] == "204" else each["response"])
        for each in pairs
        if all(each[key] == pair[key] for key in same)
    ]


@pytest.mark.parametrize("pair", _pairs(), ids=_id)
def test_the_fake_gives_the_answer_and_the_connector_reads_it(amazon, client, pair, monkeypatch):
    amazon.sandbox = [pair]
    given = {name: each["value"] for name, each in pair["request"].get("parameters", {}).items()}
    ask = ASK[pair["operationId"] if pair["operationId"] not in MESSAGES else "message"]
    if pair["status"] in ERRORS:
        with pytest.raises(ERRORS[pair["status"]]):
            ask(client, given, pair)
        return
    ask(client, given, pair)
    last = amazon.requests[-1]
    assert last.method == pair["method"]


def search(client, given, pair):
    asked = {
        name: ",".join(value) if isinstance(value, list) else value for name, value in given.items()
    }
    page = client.search(asked)
    assert [bytes(raw) for raw in page.orders] == _bytes(pair["response"]["orders"])
    assert (page.pagination.next_token if page.pagination else None) == (
        pair["response"].get("pagination", {}).get("nextToken")
    )
    for raw, said in zip(page.orders, pair["response"]["orders"], strict=True):
        check_order(bytes(raw), said)


def get(client, given, pair):
    raw = client.order(given["orderId"], ",".join(given.get("includedData", [])))
    check_order(raw, pair["response"]["order"])


def check_order(raw, said):
    order, *parcels = parse.order_items(raw)
    assert isinstance(order, Order)
    assert order.source_id == said["orderId"]
    assert order.buyer.email == said.get("buyer", {}).get("buyerEmail")
    assert order.total == said["proceeds"]["grandTotal"]["amount"]
    assert order.site == said["salesChannel"]["marketplaceName"]
    assert len(order.lines) == len(said["orderItems"])
    due = said["fulfillment"].get("deliverByWindow")
    assert (order.deliver_by is None) == (due is None)
    if due:
        latest = msgspec.convert(due["latestDateTime"], type(order.placed_at))
        assert order.deliver_by.latest == latest
    assert [type(parcel) for parcel in parcels] == [Shipment] * len(said.get("packages", []))
    for parcel, package in zip(parcels, said.get("packages", []), strict=True):
        assert parcel.tracking_number == package["trackingNumber"]
        assert parcel.carrier == package["carrier"]


def returns(client, given, pair):
    page = client.returns(given)
    cases = [parse.case(bytes(raw)) for raw in page.returns]
    assert all(isinstance(case, Case) and not isinstance(case, BadItem) for case in cases)
    assert [(case.source_id, case.order_id, case.tracking_number) for case in cases] == [
        (
            each["id"],
            each["marketplaceChannelDetails"]["customerOrderId"],
            each["returnShippingInfo"]["reverseTrackingInfo"]["trackingId"],
        )
        for each in pair["response"]["returns"]
    ]
    assert all(case.buyer == Party() for case in cases)


def actions(client, given, pair):
    names = {each["name"] for each in pair["response"]["_links"]["actions"]} if _good(pair) else ()
    assert client.actions(given["amazonOrderId"], STORE) == names


def attributes(client, given, pair):
    locale = client.locale(given["amazonOrderId"], STORE)
    assert locale == pair["response"]["buyer"]["locale"]


def message(client, given, pair):
    action = pair["path"].rpartition("/")[2]
    client.message(given["amazonOrderId"], STORE, action, given.get("body", {"text": "x"}))


def review_offered(client, given, pair):
    assert client.review_offered(given["amazonOrderId"], STORE) is True


def review(client, given, pair):
    client.ask_for_review(given["amazonOrderId"], STORE)


def confirm(client, given, pair):
    client.confirm(given["orderId"], given["body"])


ASK = {
    "searchOrders": search,
    "getOrder": get,
    "listReturns": returns,
    "getMessagingActionsForOrder": actions,
    "GetAttributes": attributes,
    "message": message,
    "getSolicitationActionsForOrder": review_offered,
    "createProductReviewAndSellerFeedbackSolicitation": review,
    "confirmShipment": confirm,
}


def _good(pair):
    return pair["status"].startswith("2")


def _bytes(values):
    return [msgspec.json.encode(value) for value in values]


def test_a_call_that_no_pair_fits_is_refused_as_in_the_sandbox(client):
    with pytest.raises(Rejected, match="Could not match input"):
        client.order("302-1234567-1234567")
