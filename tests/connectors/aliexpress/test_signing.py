"""Signatures: AliExpress's own examples, and what the verb signing by hand makes of its input."""

import json
import subprocess
import sys

import pytest

from syncd_aliexpress.signing import signed

SECRET = "helloworld"
STAMP = {"sign_method": "sha256", "timestamp": "1517820392000"}
# "HTTP request sample" of a system interface, of a business interface, and that of 2022.
SYSTEM = {
    "kind": "system",
    "path": "/auth/token/create",
    "params": {"app_key": "12345678", "code": "3_500102_JxZ05Ux3cnnSSUm6dCxYg6Q26", **STAMP},
    "secret": SECRET,
}
BUSINESS = {
    "kind": "business",
    "path": None,
    "params": {
        "method": "aliexpress.logistics.redefining.getonlinelogisticsinfo",
        "app_key": "123456",
        "access_token": "test",
        "aliexpress_category_id": "200135143",
        **STAMP,
    },
    "secret": SECRET,
}
OLDER = {
    "kind": "system",
    "path": "/order/get",
    "params": {"app_key": "123456", "access_token": "test", "order_id": "1234", **STAMP},
    "secret": SECRET,
}
OF_SYSTEM = "35607762342831B6A417A0DED84B79C05FEFBF116969C48AD6DC00279A9F4D81"
OF_BUSINESS = "F7F7926B67316C9D1E8E15F7E66940ED3059B1638C497D77973F30046EFB5BBB"


def of(asked, **params):
    changed = asked | {"params": asked["params"] | params}
    return signed(json.dumps(changed).encode())


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (SYSTEM, OF_SYSTEM),
        (BUSINESS, OF_BUSINESS),
        (OLDER, "4190D32361CFB9581350222F345CB77F3B19F0E31D162316848A2C1FFD5FAB4A"),
    ],
)
def test_published_examples(asked, expected):
    assert signed(json.dumps(asked).encode()) == expected


def test_what_is_not_signed():
    assert of(SYSTEM, sign="ABC", empty="", nothing=None) == OF_SYSTEM


def test_a_business_interface_has_no_path():
    without = {name: value for name, value in BUSINESS.items() if name != "path"}
    for asked in (without, without | {"path": "/sync"}, without | {"path": ""}):
        assert signed(json.dumps(asked).encode()) == OF_BUSINESS


def test_numbers_and_words_are_signed_as_they_are_written():
    assert of(SYSTEM, timestamp=1517820392000) == OF_SYSTEM
    assert of(SYSTEM, page=1, price=1.50, done=True) == of(
        SYSTEM, page="1", price="1.5", done="true"
    )
    ending = b'"1.50"', b"1.50"
    texts = [json.dumps(SYSTEM).encode().replace(b'"12345678"', each) for each in ending]
    assert signed(texts[0]) == signed(texts[1])


def test_texts_beyond_ascii():
    plain = signed(
        json.dumps(SYSTEM | {"params": {"note": "灯 café"}}, ensure_ascii=False).encode()
    )
    escaped = signed(json.dumps(SYSTEM | {"params": {"note": "灯 café"}}).encode())
    assert plain == escaped != of(SYSTEM)


def test_names_are_sorted_as_ascii():
    pairs = {"foo": "1", "bar": "2", "foo_bar": "3", "foobar": "4"}
    one = {"kind": "system", "path": "/test/api", "params": pairs, "secret": SECRET}
    joined = one | {"path": "/test/apibar2foo1foo_bar3foobar4", "params": {}}
    assert signed(json.dumps(one).encode()) == signed(json.dumps(joined).encode())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"", "truncated"),
        (b"[]", "Expected `object`"),
        (b"\xff", "malformed"),
        (json.dumps(SYSTEM | {"kind": "other"}).encode(), "'other'"),
        (json.dumps(SYSTEM | {"secret": ""}).encode(), "`secret` is empty"),
        (json.dumps(SYSTEM | {"path": "auth"}).encode(), "behind /rest"),
        (json.dumps(SYSTEM | {"path": None}).encode(), "$.path"),
        (json.dumps(SYSTEM | {"params": {"a": {"b": 1}}}).encode(), "'a' is neither text"),
        (b'{"kind": "business", "secret": "x"}', "params"),
    ],
)
def test_what_is_wrong_is_told(text, why):
    with pytest.raises(ValueError, match=r".") as caught:
        signed(text)
    assert why in str(caught.value)


@pytest.mark.parametrize(
    ("text", "code", "out"), [(json.dumps(BUSINESS), 0, f"{OF_BUSINESS}\n"), ("{", 2, "")]
)
def test_the_verb(text, code, out):
    command = [sys.executable, "-W", "error", "-m", "syncd_aliexpress.signing", "--json"]
    run = subprocess.run(command, input=text, capture_output=True, text=True, check=False)
    assert (run.returncode, run.stdout) == (code, out)
    assert run.stderr.startswith("error: ") == (code == 2)
