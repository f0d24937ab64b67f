"""What is not as a description says is seen, in whichever of both versions it is written."""

import json

import httpx
import pytest

from syncd.testing.server import Answer, FakeServer, Request, route
from tests.contract import declaration, prism
from tests.contract.declaration import Contract, Description
from tests.contract.front import Exchange, Front
from tests.contract.judging import calls, violations

SWAGGER = {
    "swagger": "2.0",
    "info": {"title": "Shop", "version": "1"},
    "produces": ["application/json"],
    "paths": {
        "/orders": {
            "get": {
                "parameters": [
                    {"name": "site", "in": "query", "required": True, "type": "array",
                     "items": {"type": "string", "enum": ["DE", "FR"]}, "collectionFormat": "csv"},
                    {"$ref": "#/parameters/limit"},
                ],
                "responses": {
                    "200": {"description": "ok", "schema": {"$ref": "#/definitions/Orders"}},
                    "404": {"description": "none"},
                },
            },
            "post": {
                "parameters": [{"name": "body", "in": "body", "required": True,
                                "schema": {"$ref": "#/definitions/Order"}}],
                "responses": {"201": {"description": "made"}},
            },
        },
        "/orders/{id}": {"get": {"parameters": [{"name": "id", "in": "path", "required": True,
                                                 "type": "string"}],
                                 "responses": {"200": {"description": "ok",
                                                       "schema": {"$ref": "#/definitions/Order"}}}}},
        "/orders/search": {"get": {"responses": {"200": {"description": "ok"}}}},
    },
    "parameters": {"limit": {"name": "limit", "in": "query", "type": "integer", "maximum": 50}},
    "definitions": {
        "Orders": {"type": "object", "properties": {
            "orders": {"type": "array", "items": {"$ref": "#/definitions/Order"}}}},
        "Order": {"type": "object", "required": ["id"], "allOf": [{"$ref": "#/definitions/Named"}],
                  "properties": {"id": {"type": "string"}}},
        "Named": {"type": "object", "properties": {"name": {"type": "string"}}},
    },
}  # fmt: skip
GOOD = {"orders": [{"id": "1", "name": "A lamp"}]}


@pytest.fixture
def contract(tmp_path, monkeypatch):
    (tmp_path / "shop.json").write_text(json.dumps(SWAGGER))
    monkeypatch.setattr(declaration, "SPECS", tmp_path)
    shop = Description("shop.json", "/v1")
    return Contract(
        "shop",
        descriptions=[shop],
        client=object,
        play=lambda _: None,
        calls=set(),
        beside=("/token",),
    )


@pytest.fixture
def judge(contract):
    def found(
        method, path, query=None, body=b"", *, answer=GOOD, status=200, media="application/json"
    ):
        request = Request(method, path, query or {}, {"content-type": media}, body)
        covering = contract.covering(method, path) or (None, None)
        said = Answer.json(answer, status) if answer is not None else Answer(status)
        return list(violations(contract, [Exchange(request, said, *covering)]))

    return found


def test_what_is_as_published_is_not_objected_to(judge):
    assert judge("GET", "/v1/orders", {"site": ["DE,FR"], "limit": ["50"]}) == []
    assert judge("POST", "/v1/orders", body=b'{"id": "1"}', answer=None, status=201) == []
    assert judge("GET", "/v1/orders/12-3", answer={"id": "1"}) == []
    assert judge("GET", "/token") == []
    assert judge("GET", "/v1/orders", status=404, answer={}) == []


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ({"query": {}}, "site"),
        ({"query": {"site": ["IT"]}}, "IT"),
        ({"query": {"site": ["DE"], "limit": ["51"]}}, "51"),
        ({"query": {"site": ["DE"], "limit": ["x"]}}, "limit"),
        ({"query": {"site": ["DE"]}, "answer": {"orders": [{"id": 1}]}}, "not of type 'string'"),
        ({"query": {"site": ["DE"]}, "answer": {"orders": [{}]}}, "'id' is a required property"),
        ({"query": {"site": ["DE"]}, "answer": {"orders": [{"id": "1", "odd": 1}]}}, ".orders[].odd"),
        ({"query": {"site": ["DE"]}, "status": 418}, "418"),
        ({"method": "POST", "body": b"{}", "answer": None, "status": 201}, "'id' is a required"),
        ({"method": "POST", "answer": None, "status": 201}, "body"),
        ({"method": "POST", "body": b"{}", "media": "text/plain", "answer": None, "status": 201}, "text/plain"),
        ({"method": "PUT"}, "no description has it"),
        ({"path": "/v2/orders"}, "no description has it"),
    ],
)  # fmt: skip
def test_what_is_not_is_told(judge, asked, seen):
    found = judge(**{"method": "GET", "path": "/v1/orders"} | asked)
    assert seen in " ".join(found)


def test_a_literal_part_of_a_path_goes_before_an_id(contract):
    assert contract.covering("GET", "/v1/orders/search")[1] == "/orders/search"
    assert contract.covering("GET", "/v1/orders/12")[1] == "/orders/{id}"
    assert contract.covering("GET", "/v1/orders/12/x") is None


class Shop(FakeServer):
    @route("GET", "/v1/orders")
    def orders(self, request):
        return Answer.json({"orders": [], "next": f"{self.url}/v1/orders"}, headers={"X-Rate": "5"})


def test_the_front_passes_on_and_keeps(contract):
    with Shop() as shop, Front(contract) as front:
        said = httpx.get(f"{front(shop)}/v1/orders?site=DE&site=FR", headers={"X-Key": "k"})
        assert said.json()["next"] == f"{front.url}/v1/orders"
        assert said.headers["x-rate"] == "5"
        assert shop.requests[0].query == {"site": ["DE", "FR"]}
        assert shop.requests[0].headers["x-key"] == "k"
        assert calls(front.exchanges) == {"GET /v1/orders"}


def test_an_error_of_prisms_own_is_seen(contract):
    body = b'{"type": "https://stoplight.io/prism/errors#VIOLATIONS", "title": "..."}'
    request = Request("GET", "/v1/orders", {}, {}, b"")
    exchange = Exchange(request, Answer(500, body), *contract.covering("GET", "/v1/orders"))
    assert len(list(prism.violations(contract, [exchange]))) == 1


def test_it_is_skipped_with_a_reason_where_there_are_no_descriptions(
    contract, tmp_path, monkeypatch
):
    assert contract.missing is None
    monkeypatch.setattr(declaration, "SPECS", tmp_path / "none")
    assert "shop.json is not there" in contract.missing
