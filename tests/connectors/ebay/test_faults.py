"""Each way in which eBay fails, and how the connector says to recover."""

import subprocess
import sys
import time

import httpx
import msgspec
import pytest

from syncd.connector import AuthFailed, NotPermitted, OutcomeUnknown, Rejected, Unavailable
from syncd.http import Reply
from syncd.model import Draft, Party
from syncd.testing.ebay import MESSAGES, ORDERS
from syncd.testing.server import Answer, Fault
from syncd_ebay import EbayConfig
from syncd_ebay.client import FROM_MEMBERS, MESSAGE_SCOPE, ServerFault, judge

STREAMS = ["messages", "orders"]


@pytest.fixture
def filled(ebay, now):
    for n in range(3):
        ebay.add_message(f"buyer-{n}", "Hello")
        ebay.fulfil(ebay.add_order(f"buyer-{n}"), f"RB{n:09d}CN")
    return ebay


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize(
    "fault",
    [Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.TRUNCATED, Fault.GARBAGE, Fault.HTML, Fault.EMPTY],
)
def test_a_source_that_cannot_answer(filled, connector, read, stream, fault):
    connector.check()
    filled.fail(fault, times=99, seconds=0.05)
    with pytest.raises(Unavailable) as raised:
        read(connector, stream)
    assert raised.value.retry_after is None
    filled.heal()
    assert read(connector, stream)[0]


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.LOST_ANSWER])
def test_one_failure_is_not_even_noticed(filled, connector, read, stream, fault):
    connector.check()
    filled.fail(fault)
    assert read(connector, stream)[0]


@pytest.mark.parametrize("stream", STREAMS)
def test_calling_too_often(filled, connector, read, stream):
    filled.fail(Fault.RATE_LIMITED, path="conversation|order", retry_after=30)
    with pytest.raises(Unavailable, match="call limit") as raised:
        read(connector, stream)
    assert raised.value.retry_after == 30
    filled.fail(Fault.RATE_LIMITED_SILENT, path="conversation|order", times=9)
    before = len(filled.requests)
    with pytest.raises(Unavailable) as raised:
        read(connector, stream)
    assert raised.value.retry_after is None
    assert len(filled.requests) == before + 1  # it is not asked again at once


@pytest.mark.parametrize("stream", STREAMS)
def test_a_token_that_ended_is_renewed_once(filled, connector, read, stream):
    connector.check()
    filled.expire_tokens()
    assert read(connector, stream)[0]
    assert filled.tokens_given == 2


def test_a_token_is_renewed_before_it_ends(filled, connector, read, now):
    connector.check()
    now.forward(seconds=7150)
    filled.requests.clear()
    read(connector, "messages")
    assert filled.tokens_given == 2
    assert filled.requests[0].path.endswith("/token")


def test_a_token_that_stays_refused_stops_the_account(filled, connector, read):
    filled.fail(Fault.UNAUTHORIZED, path="conversation", times=2)
    with pytest.raises(AuthFailed, match="refresh_token"):
        read(connector, "messages")


@pytest.mark.parametrize("part", ["client_secret", "refresh_token"])
def test_wrong_credentials(ebay, connector, part):
    setattr(ebay, part, "another")
    with pytest.raises(AuthFailed, match="invalid_") as raised:
        connector.check()
    assert "cert-id" not in str(raised.value)
    assert "v^1.1#refresh" not in str(raised.value)


@pytest.mark.parametrize(
    ("path", "scope"), [(MESSAGES, "commerce.message"), (ORDERS, "sell.fulfillment")]
)
def test_a_missing_scope_is_named(ebay, connector, path, scope):
    ebay.denied.add(path)
    with pytest.raises(NotPermitted, match=f"1100 .*consent again.*{scope}"):
        connector.check()


@pytest.mark.parametrize(
    ("status", "error_id", "error"),
    [
        (400, 355010, Rejected),
        (400, 355013, Rejected),
        (400, 355018, Rejected),
        (400, 355020, Rejected),
        (500, 335000, Unavailable),
        (400, 335000, Unavailable),
        (400, 1001, AuthFailed),
        (403, 1100, NotPermitted),
        (403, 1002, AuthFailed),
        (429, 2001, Unavailable),
    ],
)
def test_ebays_error_numbers(status, error_id, error):
    body = {"errors": [{"errorId": error_id, "message": "No", "longMessage": "No, because"}]}
    answer = Answer.json(body, status)
    reply = _reply(answer)
    found = judge(reply, MESSAGE_SCOPE)
    assert isinstance(found, error)
    assert "No, because" in str(found)


def test_errors_not_in_ebays_shape_are_left_to_the_common_rules():
    assert judge(_reply(Answer.json({"error": "?"}, 400)), MESSAGE_SCOPE) is None
    assert judge(_reply(Answer.json({}, 200)), MESSAGE_SCOPE) is None


def test_a_conversation_that_never_ends_ends_the_poll(filled, connector, read):
    thread = next(iter(filled.shop.conversations.values()))
    filled.conversation = lambda _: Answer.json({"messages": thread.messages, "next": "more"})
    with pytest.raises(Unavailable, match="the same page again"):
        read(connector, "messages")


@pytest.mark.parametrize(
    "body", [b'{"errors": ' * 100_000, b'{"errors": [{"message": "ung\xfcltig"}]}']
)
def test_an_error_that_cannot_be_read_is_one_of_the_server(body):
    with pytest.raises(ServerFault, match="no reason given"):
        raise judge(Reply(500, httpx.Headers(), body), MESSAGE_SCOPE)


def test_a_conversation_that_is_gone_goes_to_quarantine(filled, connector, read, monkeypatch):
    listing = connector._client.conversations

    def then_delete(*args, **kwargs):
        page = listing(*args, **kwargs)
        filled.shop.conversations.pop(next(iter(filled.shop.conversations)), None)
        return page

    monkeypatch.setattr(connector._client, "conversations", then_delete)
    items, _ = read(connector, "messages")
    assert sorted(type(item).__name__ for item in items) == ["BadItem", "Message", "Message"]


def test_parcels_that_are_refused_do_not_stop_the_orders(filled, connector, read, monkeypatch):
    def refuse(order_id):
        raise Rejected(f"eBay refuses: 32100 Invalid order ID: {order_id}")

    monkeypatch.setattr(connector._client, "fulfillments", refuse)
    items, _ = read(connector, "orders")
    assert [type(item).__name__ for item in items] == ["Order", "BadItem"] * 3


def test_an_offset_that_is_no_multiple_of_the_limit_is_refused_by_the_fake(ebay, connector):
    with pytest.raises(Rejected, match="355008"):
        connector._client.conversations(FROM_MEMBERS, offset=25)


def test_the_account_is_in_no_representation_of_the_secrets(connector):
    shown = f"{connector.config!r}"
    assert "cert-id" not in shown
    assert "refresh#" not in shown


@pytest.mark.parametrize("url", ["http://api.ebay.com", "ftp://127.0.0.1", "api.ebay.com"])
def test_the_login_goes_over_tls_only(url):
    settings = {"username": "x", "client_id": "x", "base_url": url}
    secrets = {"client_secret": {"env": "X"}, "refresh_token": {"env": "X"}}
    with pytest.raises(ValueError, match="https"):
        EbayConfig.model_validate(settings | secrets)


def test_the_fake_as_a_process_keeps_what_it_accepted(tmp_path, connect):
    port_file, record = tmp_path / "port", tmp_path / "sent.jsonl"
    command = [sys.executable, "-m", "syncd.testing.ebay"]
    command += ["--port-file", str(port_file), "--record", str(record)]
    with subprocess.Popen(command) as process:
        try:
            for _ in range(200):
                if port_file.exists():
                    break
                time.sleep(0.05)
            url = f"http://127.0.0.1:{port_file.read_text().strip()}"
            _control(url, "add_message", to="buyer", text="Hi", at="2026-03-02T08:00:00+00:00")
            connector = connect(base_url=url)
            _control(url, "fail", fault="lost_answer", path="send_message")
            with pytest.raises(OutcomeUnknown):
                connector.send(Draft(text="Hello", buyer=Party(id="buyer")), "k")
        finally:
            process.terminate()
    (sent,) = [msgspec.json.decode(line) for line in record.read_bytes().splitlines()]
    assert (sent["buyer"], sent["text"]) == ("buyer", "Hello")


def _control(url, verb, **fields):
    answer = httpx.post(f"{url}/_fake/{verb}", json=fields, trust_env=False)
    assert answer.status_code == 200, answer.text


def _reply(answer):
    return Reply(answer.status, httpx.Headers(answer.headers), answer.body)
