"""17TRACK's webhooks: whose they are, and what they wake."""

import hashlib
import json

import pytest

from syncd.connector import Context, Push, Wake
from syncd.testing.seventeentrack import KEY, webhook
from syncd_seventeentrack import SeventeenTrack


@pytest.fixture
def verify(monkeypatch):
    monkeypatch.setenv("SEVENTEENTRACK", KEY)
    config = SeventeenTrack.Config(api_key={"env": "SEVENTEENTRACK"})
    connector = SeventeenTrack(config, Context(account="parcels", now=None))
    yield connector.verify_push
    connector.close()


@pytest.mark.parametrize("event", ["TRACKING_UPDATED", "TRACKING_STOPPED"])
def test_a_webhook_wakes_its_number(verify, event):
    headers, body = webhook("RR000000001CN", event=event)
    assert verify(Push(headers=headers, body=body)) == Wake(tracking_numbers=("RR000000001CN",))


def test_the_signature_is_of_the_body_a_slash_and_the_key(verify):
    body = b'{"event":"TRACKING_UPDATED","data":{"number":"RR1"}}'
    sign = hashlib.sha256(body + b"/" + KEY.encode()).hexdigest()
    assert verify(Push(headers={"sign": sign}, body=body)) == Wake(tracking_numbers=("RR1",))


def test_what_another_key_has_signed_is_not_genuine(verify):
    headers, body = webhook("RR000000001CN", key="another-key")
    assert verify(Push(headers=headers, body=body)) is None


@pytest.mark.parametrize(
    "headers", [{}, {"sign": ""}, {"sign": "\xff"}, {"sign": "0" * 64}, {"SIGN": "x"}]
)
def test_nor_is_what_nobody_has(verify, headers):
    _, body = webhook("RR000000001CN")
    assert verify(Push(headers=headers, body=body)) is None


def test_nor_is_a_body_that_was_changed(verify):
    headers, body = webhook("RR000000001CN")
    assert verify(Push(headers=headers, body=body.replace(b"1CN", b"2CN"))) is None


@pytest.mark.parametrize("body", [b"", b"{}", b"[1]", b"\xff", json.dumps({"data": None}).encode()])
def test_what_is_signed_and_names_no_number_wakes_nothing(verify, body):
    headers, _ = webhook("", body=body)
    assert verify(Push(headers=headers, body=body)) == Wake()
