"""TikTok's codes, wherever they stand, lead to the right recovery."""

import httpx
import msgspec
import pytest

from syncd.connector import (
    AuthFailed,
    Capability,
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    Unavailable,
)
from syncd.http import Reply, Throttled
from syncd.model import Draft, Party
from syncd.testing.server import Answer
from syncd_tiktokshop import errors

TOKEN = "Invalid credentials. The `x-tts-access-token` header is invalid."


def reply(code, message="", status=200, changes=False, **headers):
    body = msgspec.json.encode({"code": code, "message": message, "request_id": "r1"})
    return Reply(status, httpx.Headers(headers), body, changes)


@pytest.mark.parametrize(
    ("code", "message", "status", "error", "hint"),
    [
        (105005, "Access denied.", 401, errors.MissingScope, "105005"),
        (105002, "Expired credentials.", 200, AuthFailed, "syncd connect"),
        (36009004, TOKEN, 401, AuthFailed, "syncd connect"),
        (36009004, "Invalid `app_key` query parameter.", 401, AuthFailed, "check app_key"),
        (36009004, "Invalid timestamp. The `timestamp`", 401, Unavailable, "clock"),
        (106001, "The `sign` query parameter is invalid.", 401, AuthFailed, "app_secret"),
        (106013, "Missing identifier.", 400, AuthFailed, "set shop_cipher or shop_id"),
        (36009033, "Access denied.", 403, AuthFailed, "IP allow list"),
        (36009002, "Too many requests.", 200, Throttled, "Too many"),
        (36009003, "Internal error.", 200, Unavailable, "Internal"),
        (45101004, "Quota limit reached", 200, Unavailable, "day's calls are used up"),
        (45109001, "", 200, Rejected, "within 60 days"),
        (99999999, "Something new", 200, Rejected, r"99999999 Something new \(request r1\)"),
    ],
)
def test_codes(code, message, status, error, hint):
    judged = errors.judge(reply(code, message, status))
    assert type(judged) is error
    with pytest.raises(error, match=hint):
        raise judged


def test_good_answers_and_those_of_others_are_left_alone():
    assert errors.judge(reply(0)) is None
    assert errors.judge(Reply(502, httpx.Headers(), b"<html>")) is None
    assert errors.judge(reply(36009003, status=500)) is None


def test_trouble_at_tiktok_leaves_open_whether_something_was_done():
    assert isinstance(errors.judge(reply(36009003, changes=True)), OutcomeUnknown)
    assert isinstance(errors.judge(reply(36009002, changes=True)), Throttled)


def test_the_time_to_wait_is_handed_on():
    assert errors.judge(reply(36009002, status=429, **{"retry-after": "7"})).retry_after == 7
    assert errors.judge(reply(45101004)).retry_after == 3600


def test_only_a_token_that_ended_is_renewed():
    assert errors.expired(reply(105002))
    assert errors.expired(reply(36009004, TOKEN, 401))
    assert errors.expired(Reply(401, httpx.Headers(), b""))
    assert not errors.expired(reply(105005, "Access denied.", 401))
    assert not errors.expired(reply(106001, status=401))
    assert not errors.expired(reply(0))


@pytest.mark.parametrize(
    ("stream", "path", "scope"),
    [
        ("messages", "/customer_service/", "seller.customer_service"),
        ("orders", "/order/", "seller.order.info"),
        ("returns", "/return_refund/", "seller.return_refund.basic"),
        ("orders", "/authorization/", "seller.authorization.info"),
    ],
)
def test_a_missing_scope_is_named(tiktok, connector, stream, path, scope):
    tiktok.denied.add(path)
    with pytest.raises(NotPermitted, match=f"the scope {scope} is missing.*Partner Center"):
        list(connector.poll(stream, {}))
    assert tiktok.tokens_given == 1  # a new token would not cover it, either


def test_orders_do_without_the_scope_for_the_chat(tiktok, connect, shop, read):
    tiktok.denied.add("/customer_service/")
    shop.add_order("7494560109732338401")
    connector = connect(chat=False)
    connector.check()
    assert connector.capabilities == {Capability.UPLOAD_TRACKING, Capability.WEBHOOK}
    assert list(connector.streams) == ["orders", "returns"]
    assert len(read(connector, "orders")[0]) == 1
    verdict = connector.may_send(Draft(text="Hello", buyer=Party(id="7494560109732338401")))
    assert (verdict.allowed, "chat = false" in verdict.reason) == (False, True)


def test_an_error_in_a_200_is_no_empty_list(tiktok, connector, monkeypatch):
    said = Answer.json({"code": 12345, "message": "odd", "request_id": "r", "data": {}})
    monkeypatch.setattr(type(tiktok), "search_orders", lambda *_: said)
    with pytest.raises(Rejected, match="12345 odd"):
        list(connector.poll("orders", {}))


@pytest.mark.parametrize("path", ["search_orders", "conversations", "messages"])
def test_a_page_that_comes_again_and_again_ends_the_poll(
    tiktok, connector, shop, path, monkeypatch
):
    shop.add_message("7494560109732338401", "Hello")
    number = shop.add_order("7494560109732338401")
    thread = next(iter(shop.conversations.values()))
    entries = {
        "orders": [shop.orders[number]],
        "conversations": [thread.shown()],
        "messages": thread.messages,
    }
    said = Answer.json({"code": 0, "data": {**entries, "next_page_token": "again"}})
    monkeypatch.setattr(tiktok, path, lambda _: said)
    with pytest.raises(Unavailable, match="the same page again"):
        list(connector.poll("orders" if path == "search_orders" else "messages", {}))
