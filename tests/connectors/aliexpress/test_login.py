"""Signing in: consent, tokens, signed requests; no secret leaves in an address or a text."""

from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from syncd.connector import AuthFailed, Consent, NotPermitted, Unavailable
from syncd.testing.aliexpress_login import Refusal
from syncd.testing.observe import said
from syncd.testing.server import Fault

CONSENT = Consent(state="s1", redirect="http://127.0.0.1:9465/", verifier="v" * 43)


def code_at(address):
    reply = httpx.get(address)
    assert reply.status_code == 302, reply.text
    query = parse_qs(urlsplit(reply.headers["location"]).query)
    assert query["state"] == ["s1"]
    return query["code"][0]


def test_a_consent(connect, aliexpress, shop, tokens):
    shop.add_order()
    connector = connect(refresh_token=None)
    with pytest.raises(AuthFailed, match="syncd connect"):
        connector.check()
    connector.exchange(code_at(connector.authorize_url(CONSENT)), CONSENT)
    connector.check()
    assert aliexpress.refresh_token in tokens.load("refresh_token")
    assert connect(refresh_token=None).check() is None


def test_the_callback_that_the_app_has(connect, aliexpress):
    aliexpress.callbacks.add("https://shop.example.com/aliexpress")
    connector = connect(callback_url="https://shop.example.com/aliexpress")
    address = connector.authorize_url(CONSENT)
    assert parse_qs(urlsplit(address).query)["redirect_uri"] == [
        "https://shop.example.com/aliexpress"
    ]
    connector.exchange(code_at(address), CONSENT)


def test_a_code_is_good_once(connect):
    connector = connect(refresh_token=None)
    code = code_at(connector.authorize_url(CONSENT))
    connector.exchange(code, CONSENT)
    with pytest.raises(AuthFailed, match="InvalidCode"):
        connector.exchange(code, CONSENT)


def test_a_consent_that_ended(connector, aliexpress):
    aliexpress.refresh_token = "another"
    with pytest.raises(AuthFailed, match="IllegalRefreshToken"):
        connector.check()


def test_the_wrong_app_secret(connect, tmp_path):
    (tmp_path / "wrong").write_text("wrong")
    with pytest.raises(AuthFailed, match="check app_key and app_secret"):
        connect(app_secret={"file": tmp_path / "wrong"}).check()


def test_a_clock_that_is_off_by_hours(connect, aliexpress, now, monkeypatch):
    connector = connect()
    monkeypatch.setattr(aliexpress, "_now", lambda: now.start.replace(hour=20))
    with pytest.raises(Unavailable):
        connector.check()


def test_a_wait_that_the_token_endpoint_asks_for(connector, aliexpress):
    aliexpress.fail(Fault.RATE_LIMITED, path="/auth/token/refresh", retry_after=77)
    with pytest.raises(Unavailable) as caught:
        connector.check()
    assert caught.value.retry_after == 77


def test_a_rotated_refresh_token_is_kept(connect, aliexpress, tokens):
    aliexpress.rotates = True
    connect().check()
    assert aliexpress.refresh_token != "50000-refresh"
    assert aliexpress.refresh_token in tokens.load("refresh_token")
    aliexpress.expire_tokens()
    connect().check()
    assert aliexpress.tokens_given == 2


def test_nothing_secret_is_part_of_an_address(connector, aliexpress, shop):
    shop.add_order()
    list(connector.poll("orders", {}))
    assert len(aliexpress.requests) > 3
    for request in aliexpress.requests:
        assert "x-aliexpress-session" not in request.headers
        assert request.method == "POST"
        assert request.body


def test_a_token_endpoint_that_repeats_what_it_was_asked(connector, aliexpress, monkeypatch):
    def refused(*_):
        raise Refusal("E1", f"no such token {aliexpress.refresh_token}")

    monkeypatch.setattr(aliexpress, "_given", refused)
    with pytest.raises(AuthFailed) as caught:
        connector.check()
    assert not [text for text in said(caught.value) if "50000" in text]


def test_check_tries_each_permission(connect, aliexpress, calls):
    connect().check()
    (asked,) = calls("orderlist.get")
    assert '"page_size":1' in asked["param_aeop_order_query"]
    for call, setting in (("issuelist.get", "returns"), ("listorderevaluation.get", "reviews")):
        aliexpress.refuse(call, "InsufficientPermission", "no permission")
        with pytest.raises(NotPermitted, match=f"{setting} = false"):
            connect().check()
        connect(returns=False, reviews=False).check()
