"""Recordings of all that the connectors ask hold nobody's data, whatever a platform calls it."""

import re

import msgspec
import pytest

from syncd import clock
from syncd.http import observed
from syncd.testing.masking import Masker
from syncd.testing.recording import Recording
from tests.contract.conftest import ALL

PERSONAL = re.compile(
    r"(first|last|full|user|nick|buyer)_?name|login|e-?mail|phone|street|address_?line|zip|postal|city"
    r"|message_?body|^text$|^comment$",
    re.IGNORECASE,
)


@pytest.mark.parametrize("contract", ALL, ids=lambda contract: contract.name)
def test_nothing_personal_is_left_of_any_call(contract, monkeypatch):
    monkeypatch.setattr(clock, "sleep", lambda _: None)  # for one's turn in a budget
    seen = []
    recording = Recording(Masker(), most=1000)
    looking = observed(lambda _, request, reply: seen.append((request, reply)))
    with looking, recording.watching("all"):
        contract.play(lambda fake: fake.url)
    personal = {text for exchange in seen for text in said_of_somebody(exchange)}
    files = dict(recording.files())
    assert len(files) == len(seen) > 10
    assert len(personal) >= 5
    shown = [msgspec.json.decode(content) for content in files.values()]
    assert {text for each in shown for text in texts(each)} & personal == set()
    # The fake's buyer is called what eBay calls the field in which its buyers stand.
    assert {name for each in shown for name in names(each)} & personal <= {"buyer"}
    tokens = {
        request.headers[name] for request, _ in seen for name in request.headers if name in LOGINS
    }
    assert tokens
    assert not [token for token in tokens if token.rpartition(" ")[2] in str(files)]


LOGINS = {"authorization", "x-amz-access-token"}


def said_of_somebody(exchange):
    request, reply = exchange
    for content in (request.content, reply.content):
        if content[:1] in {b"{", b"["}:
            yield from personal_in(msgspec.json.decode(content))


def personal_in(value):
    if isinstance(value, list):
        for one in value:
            yield from personal_in(one)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if isinstance(inner, str) and len(inner) > 2 and PERSONAL.search(name):
                yield inner
            yield from personal_in(inner)


def names(value):
    if isinstance(value, dict):
        yield from value
        value = [*value.values()]
    if isinstance(value, list):
        for one in value:
            yield from names(one)


def texts(value):
    if isinstance(value, dict):
        value = [*value.values()]
    if isinstance(value, list):
        for one in value:
            yield from texts(one)
    elif isinstance(value, str):
        yield value
