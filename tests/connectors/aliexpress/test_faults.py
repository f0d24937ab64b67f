"""What AliExpress's errors lead to; all of them come with status 200."""

from datetime import timedelta

import httpx
import pytest

from syncd.connector import AuthFailed, NotPermitted, OutcomeUnknown, Rejected, Unavailable
from syncd.http import Reply, Throttled
from syncd.testing.server import Answer, Fault
from syncd_aliexpress import errors

LIST, EXTEND = "orderlist.get", "extendsbuyeracceptgoodstime"


def polled(connector):
    return [item for batch in connector.poll("orders", {}) for item in batch.items]


@pytest.mark.parametrize(
    ("code", "message", "more", "kind", "said"),
    [
        ("ApiCallLimit", "this ban will last 3 seconds", {}, Throttled, "limit of calls"),
        ("7", "App Call Limited", {"sub_code": "accesscontrol.limited-by-api"}, Throttled, "limit"),
        ("InvalidAppKey", "invalid", {}, AuthFailed, "check app_key"),
        ("IncompleteSignature", "does not conform", {}, AuthFailed, "check app_key and app_secret"),
        ("InsufficientPermission", "no permission", {}, NotPermitted, "Order&Transaction"),
        ("InvalidApiPath", "invalid", {}, NotPermitted, "Order&Transaction"),
        ("IllegalTimestamp", "not formatted", {}, Unavailable, "machine's clock"),
        ("15", "Remote service error", {"sub_code": "isp.down"}, Unavailable, "isp.down"),
        ("15", "Remote service error", {}, Unavailable, "Remote service error"),
        ("ServiceTimeout", "timeout", {"type": "ISP"}, Unavailable, "timeout"),
        ("E100", "trouble", {"type": "SYSTEM"}, Unavailable, "trouble"),
    ],
)
def test_errors_of_the_gateway(connector, aliexpress, code, message, more, kind, said):
    for _ in range(2):  # the second for a try that is made again at once
        aliexpress.refuse(LIST, code, message, **more)
    with pytest.raises(kind) as caught:
        polled(connector)
    assert said in str(caught.value)
    assert code in str(caught.value)


def test_a_ban_is_waited_for_by_all_accounts_of_the_app(connect, aliexpress):
    aliexpress.refuse(LIST, "ApiCallLimit", "App call limited, this ban will last 600 more seconds")
    with pytest.raises(Unavailable) as caught:
        polled(connect())
    assert caught.value.retry_after == 600
    before = len(aliexpress.requests)
    with pytest.raises(Unavailable) as caught:
        polled(connect())
    assert caught.value.retry_after == pytest.approx(600, abs=30)
    assert [x.path for x in aliexpress.requests[before:] if "/sync/" in x.path] == []


def test_a_token_that_ended_is_renewed_once(connector, aliexpress, shop):
    shop.add_order()
    polled(connector)
    aliexpress.expire_tokens()
    assert len(polled(connector)) == 1
    assert aliexpress.tokens_given == 2


def test_a_token_that_is_never_good_stops_the_account(connector, aliexpress):
    for _ in range(2):
        aliexpress.refuse(LIST, "IllegalAccessToken", "The specified access token is invalid")
    with pytest.raises(AuthFailed, match="syncd connect"):
        polled(connector)


def test_an_error_that_repeats_the_token_is_told_without_it(connector, aliexpress):
    aliexpress.refuse(LIST, "E1", "50000-access-1 is odd")
    with pytest.raises(Rejected, match=r"E1 \*\*\* is odd"):
        polled(connector)


def test_the_old_gateways_invalid_session_is_the_same(connector, aliexpress, shop):
    shop.add_order()
    aliexpress.refuse(LIST, "27", "Invalid session", sub_code="session-expired")
    assert len(polled(connector)) == 1


@pytest.mark.parametrize(
    ("stream", "call", "advice"),
    [
        ("returns", "issuelist.get", "returns = false"),
        ("reviews", "listorderevaluation.get", "reviews = false"),
    ],
)
def test_a_missing_permission_says_what_can_be_switched_off(
    connector, aliexpress, stream, call, advice
):
    aliexpress.refuse(call, "InsufficientPermission", "no permission")
    with pytest.raises(NotPermitted, match=advice):
        list(connector.poll(stream, {}))
    list(connector.poll("orders", {}))


def test_a_list_that_fails_by_itself_is_no_empty_list(connector, monkeypatch, aliexpress):
    told = {"result": {"success": False, "error_code": "F00", "error_message": "account not found"}}
    monkeypatch.setattr(aliexpress, "_told", lambda *_: _wrapped(told))
    with pytest.raises(Unavailable, match="F00 account not found"):
        polled(connector)


def _wrapped(told):
    return Answer.json({"aliexpress_trade_seller_orderlist_get_response": told})


@pytest.mark.parametrize(
    ("code", "more", "kind"),
    [
        ("15", {"sub_code": "isp.timeout"}, OutcomeUnknown),
        ("15", {}, OutcomeUnknown),
        ("15", {"sub_code": "isv.param-error"}, Rejected),
        ("ApiCallLimit", {}, Unavailable),
        ("IllegalTimestamp", {}, Unavailable),
    ],
)
def test_errors_of_a_change(connector, aliexpress, shop, now, code, more, kind):
    order = shop.add_order()
    shop.ship(order, "LP00123456789012")
    aliexpress.refuse(EXTEND, code, "said", **more)
    with pytest.raises(kind):
        connector.extend_promise(order, now() + timedelta(days=70), "key")
    assert shop.extended == []


@pytest.mark.parametrize("fault", [Fault.GARBAGE, Fault.EMPTY, Fault.HTML, Fault.TRUNCATED])
def test_an_unreadable_answer_to_a_change_leaves_it_open(connector, aliexpress, shop, now, fault):
    order = shop.add_order()
    shop.ship(order, "LP00123456789012")
    aliexpress.fail(fault, path=EXTEND)
    with pytest.raises(OutcomeUnknown):
        connector.extend_promise(order, now() + timedelta(days=70), "key")


def test_an_answer_of_another_call_is_not_taken(connector, aliexpress, shop, monkeypatch):
    order = shop.add_order()
    monkeypatch.setattr(aliexpress, "_told", lambda *_: _wrapped({"target": {}}))
    with pytest.raises(Unavailable, match="not what the API describes"):
        connector._client.order(order)


@pytest.mark.parametrize(
    "content",
    [b'{"code":"0","request_id":"1"}', b'{"code":0}', b'{"x_response":{"code":"E1"}}', b"[]", b"{"],
)
def test_what_is_no_error(content):
    assert errors.judge(Reply(200, httpx.Headers(), content)) is None


def test_the_new_gateways_words():
    content = (
        b'{"type":"ISV","code":"InvalidApiPath","message":"The api is invalid","request_id":"r1"}'
    )
    error = errors.judge(Reply(200, httpx.Headers(), content))
    assert isinstance(error, errors.NotGranted)
    assert error.said == "AliExpress: InvalidApiPath The api is invalid (request r1)"
