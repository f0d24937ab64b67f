"""EBay's pushes: signed, and its challenge."""

import base64
import hashlib
import json
from pathlib import Path

import msgspec
import pytest

from syncd import clock
from syncd.connector import Push, Unavailable
from syncd.testing.server import Fault

# The test data of eBay's own SDKs (event-notification-nodejs-sdk, test/test.json).
PUBLISHED = Path(__file__).parents[4] / "shared/specs/ebay/event-notification-test.json"
TOKEN, URL = "a-verification-token-of-32-letters", "https://syncd.example.com/push/lamps"


@pytest.fixture
def keys_asked(ebay):
    return lambda: sum("/public_key/" in request.path for request in ebay.requests)


def header(**fields):
    return base64.b64encode(msgspec.json.encode(fields)).decode()


@pytest.mark.parametrize(
    ("topic", "streams"),
    [
        ("NEW_MESSAGE", ("messages",)),
        ("BUYER_QUESTION", ("messages",)),
        ("ORDER_CONFIRMATION", ("orders",)),
        ("ITEM_MARKED_SHIPPED", ("orders",)),
        ("ORDER_RETURN_ACTIVITY", ("returns",)),
        ("MARKETPLACE_ACCOUNT_DELETION", ()),
    ],
)
def test_a_push_wakes_what_it_is_about(ebay, connector, now, topic, streams):
    push = ebay.push(topic, order={"orderId": "1"})
    wake = connector.verify_push(push)
    event = msgspec.json.decode(push.body)
    assert wake.streams == streams
    assert wake.event_id == event["notification"]["notificationId"]
    assert wake.sent_at == now.start


@pytest.mark.parametrize("digest", ["SHA1", "SHA256", "SHA512"])
@pytest.mark.parametrize("compact", [True, False])
def test_any_digest_that_the_header_names_and_any_layout(ebay, connector, digest, compact):
    push = ebay.push("NEW_MESSAGE", digest=digest, compact=compact, text="“Grüße” 您好")
    assert connector.verify_push(push)


def test_another_body_is_not_what_was_signed(ebay, connector):
    push = ebay.push("NEW_MESSAGE")
    forged = Push(headers=push.headers, body=push.body.replace(b"NEW_MESSAGE", b"BUYER_QUESTION"))
    assert connector.verify_push(forged) is None


def test_another_digest_than_was_used_is_not_it(ebay, connector):
    push = ebay.push("NEW_MESSAGE", digest="SHA256")
    said = msgspec.json.decode(base64.b64decode(push.headers["x-ebay-signature"]))
    changed = {"x-ebay-signature": header(**said | {"digest": "SHA1"})}
    assert connector.verify_push(Push(headers=changed, body=push.body)) is None


@pytest.mark.parametrize(
    "said",
    [
        "",
        "not base64 !",
        base64.b64encode(b"[1]").decode(),
        header(alg="none", kid="9936261a-7d7b", signature="", digest="SHA1"),
        header(alg="ecdsa", kid="9936261a-7d7b", signature="", digest="MD5"),
        header(alg="ecdsa", kid="../../sell/fulfillment", signature="", digest="SHA1"),
        "A" * 5000,
    ],
)
def test_what_is_no_signature_asks_ebay_for_nothing(connector, keys_asked, said):
    assert connector.verify_push(Push(headers={"x-ebay-signature": said}, body=b"{}")) is None
    assert keys_asked() == 0


def test_a_key_is_asked_for_once_and_by_the_app(ebay, connector, keys_asked):
    for number in range(3):
        assert connector.verify_push(ebay.push("NEW_MESSAGE", number=number))
    assert keys_asked() == 1
    (asked,) = [r for r in ebay.requests if r.path.endswith("/token")]
    assert b"client_credentials" in asked.body


def test_forged_keys_cannot_make_us_ask_without_end(ebay, connector, keys_asked):
    body = b"{}"

    def signed(signature):
        return Push(headers={"x-ebay-signature": signature}, body=body)

    with clock.frozen(clock.now()):
        for number in range(3):
            push = ebay.signature(body, key_id=f"made-up-{number}")
            for _ in range(4):  # what eBay does not know is not asked for again
                assert connector.verify_push(signed(push)) is None
        assert keys_asked() == 3
        refused = 0
        for number in range(100):
            push = ebay.signature(body, key_id=f"another-{number}")
            try:
                connector.verify_push(signed(push))
            except Unavailable:
                refused += 1
    assert (keys_asked(), refused) == (5, 98)


def test_an_unknown_key_may_be_known_later(ebay, connector, now):
    push = ebay.push("NEW_MESSAGE")
    known, ebay.key_id = ebay.key_id, "another-key"
    assert connector.verify_push(push) is None
    ebay.key_id = known
    assert connector.verify_push(push) is None
    now.forward(minutes=11)
    assert connector.verify_push(push)


@pytest.mark.parametrize("fault", [Fault.SERVER_ERROR, Fault.GARBAGE, Fault.TIMEOUT])
def test_a_key_that_cannot_be_had_now_is_no_forgery(ebay, connector, fault, monkeypatch):
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    ebay.fail(fault, path="/public_key/", times=2, seconds=0.05)
    with pytest.raises(Unavailable):
        connector.verify_push(ebay.push("NEW_MESSAGE"))
    ebay.heal()
    assert connector.verify_push(ebay.push("NEW_MESSAGE"))


def test_a_key_of_another_kind_proves_nothing(ebay, connector, monkeypatch):
    from cryptography.hazmat.primitives.asymmetric import rsa  # noqa: PLC0415

    push = ebay.push("NEW_MESSAGE")
    monkeypatch.setattr(ebay, "_key", rsa.generate_private_key(65537, 1024))
    assert connector.verify_push(push) is None


def test_a_genuine_push_of_a_new_form_wakes_everything(ebay, connector):
    body = b'{"notification": {"something": "new"}}'
    push = Push(headers={"x-ebay-signature": ebay.signature(body)}, body=body)
    assert connector.verify_push(push).streams == ("messages", "orders", "returns")


def test_the_challenge_is_answered(ebay, connect, tmp_path):
    (tmp_path / "verification").write_text(TOKEN)
    connector = connect(push_url=URL, push_token={"file": tmp_path / "verification"})
    wake = connector.verify_push(ebay.challenge("a1b2"))
    wanted = hashlib.sha256(f"a1b2{TOKEN}{URL}".encode()).hexdigest()
    assert msgspec.json.decode(wake.answer) == {"challengeResponse": wanted}
    assert wake.answer_type == "application/json"
    assert connector.verify_push(Push(headers={}, body=b"", method="GET")) is None


def test_without_settings_no_challenge_is_answered(ebay, connector):
    assert connector.verify_push(ebay.challenge("a1b2")) is None


@pytest.mark.skipif(
    not PUBLISHED.is_file(), reason="eBay's test data are not kept in this repository"
)
@pytest.mark.parametrize("name", ["VALID", "INVALID", "SIGNATURE_MISMATCH"])
def test_ebays_own_examples(ebay, connector, monkeypatch, name):
    example = json.loads(PUBLISHED.read_text())[name]
    whole = ebay.answer

    def answer(request):
        given = whole(request)
        published = json.dumps(example["response"]).encode()
        return type(given)(200, published) if "/public_key/" in request.path else given

    monkeypatch.setattr(ebay, "answer", answer)
    body = json.dumps(example["message"], separators=(",", ":")).encode()
    push = Push(headers={"x-ebay-signature": example["signature"]}, body=body)
    assert (connector.verify_push(push) is not None) == (name == "VALID")
