"""Signatures are TikTok's, by the examples that it publishes with their results."""

import io
import json
import subprocess
import sys
from types import SimpleNamespace

import pytest

from syncd_tiktokshop import signing
from syncd_tiktokshop.signature import push_signature, request_signature

# "Sign your API request" and "Webhooks, Overview" at partner.tiktokshop.com.
SECRET, PATH = "e59af819cc", "/authorization/202309/shops"
PARAMS = {"app_key": "29a39d", "timestamp": "1623812664"}
SIGN = "b596b73e0cc6de07ac26f036364178ab16b0a907af13d43f0a0cd2345f582dc8"
PUSH = (
    '{"type":1,"tts_notification_id":"7380066284010030890","shop_id":"7495540735365777507",'
    '"timestamp":1718305585,"data":{"is_on_hold_order":true,"order_id":"576653688135258178",'
    '"order_status":"UNPAID","update_time":1718305585}}'
)
PUSH_SIGN = "5dec0f11ec2f6783b8deee53c9ffbf8d024302f7c7e7fa55a35d17629031ac05"


def asked(**fields):
    return signing.signature(json.dumps(fields).encode())


def request(**fields):
    return asked(**{"kind": "request", "path": PATH, "params": PARAMS, "secret": SECRET, **fields})


def test_the_published_request():
    assert request_signature(SECRET, PATH, PARAMS.items()) == SIGN
    assert request(body=None) == request() == SIGN


def test_the_published_push():
    assert push_signature("123", "abcdef", PUSH.encode()) == PUSH_SIGN
    assert asked(kind="webhook", app_key="abcdef", secret="123", body=PUSH) == PUSH_SIGN


@pytest.mark.parametrize(
    "params",
    [
        {**PARAMS, "sign": "anything", "access_token": "TTP_anything"},
        {"timestamp": 1623812664, "app_key": "29a39d"},
        {**PARAMS, "page_token": None},
    ],
    ids=["what is never signed", "numbers in another order", "null"],
)
def test_the_same_request_in_other_words(params):
    assert request(params=params) == SIGN


def test_every_value_counts_and_is_signed_as_it_is_written():
    signs = [
        request(params={**PARAMS, **more})
        for more in ({"a": ""}, {"a": True}, {"a": "true"}, {"a": "Größe"}, {"a": 1}, {"ab": ""})
    ]
    assert signs[1] == signs[2]
    assert len({*signs, SIGN}) == 6


def test_of_a_parameter_given_twice_the_first_counts():
    twice = [*PARAMS.items(), ("timestamp", "0")]
    assert request_signature(SECRET, PATH, twice) == SIGN


def test_a_body_is_signed_as_it_is_sent():
    text = '{"address":"https://partner.tiktokshop.com","event_type":"Größe ✓"}'
    signed = request_signature(SECRET, PATH, PARAMS.items(), text.encode())
    assert request(body=text) == signed
    assert request(body=json.loads(text)) == signed
    assert request(body=text.replace('","', '", "')) != signed
    assert request(body="") == request(body={}) == SIGN != request(body="{}")


def test_a_multipart_body_is_not_signed():
    assert request(body="--x", content_type="multipart/form-data; boundary=x") == SIGN


@pytest.mark.parametrize(
    ("fields", "hint"),
    [
        ({"kind": "order"}, "kind"),
        ({"path": "https://open-api.tiktokglobalshop.com/a"}, "behind the host"),
        ({"path": "/a?b=c"}, "without parameters"),
        ({"secret": ""}, "`secret` is empty"),
        ({"secret": None}, "secret"),
        ({"params": {"ids": ["1", "2"]}}, "commas between them"),
        ({"params": {"ids": {}}}, "neither text nor a number"),
        ({"body": 7}, "`body`"),
        ({"kind": "webhook", "app_key": "a", "body": None}, "`body`"),
        ({"kind": "webhook", "body": ""}, "app_key"),
    ],
)
def test_what_cannot_be_signed_is_told(fields, hint):
    with pytest.raises(ValueError, match=hint):
        request(**fields)


@pytest.mark.parametrize("text", [b"", b"[]", b"\xff", b"{", b"[" * 100_000])
def test_what_is_no_json_object_is_told(text, monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(buffer=io.BytesIO(text)))
    assert signing.main(["--json"]) == 2
    told = capsys.readouterr()
    assert (told.out, told.err[:7]) == ("", "error: ")


def test_the_command():
    text = json.dumps({"kind": "request", "path": PATH, "params": PARAMS, "secret": SECRET})
    command = [sys.executable, "-m", "syncd_tiktokshop.signing", "--json"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == (f"{SIGN}\n", "")
