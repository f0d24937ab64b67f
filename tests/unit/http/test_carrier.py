"""What connectors of carriers share: polling, checking, and what a 400 or 404 means."""

from datetime import timedelta
from typing import Annotated, ClassVar

import httpx
import msgspec
import pytest
from pydantic import HttpUrl, ValidationError

from syncd import clock
from syncd.connector import AboutNumber, AccountConfig, AuthFailed, Context, Secret, Unavailable
from syncd.http import HeaderToken, HttpClient, Reply
from syncd.http.carrier import Carrier, about_number, api_at, calls, words_in
from syncd.model import ParcelRef
from syncd.testing.carrier import KEY, KeyCarrier
from syncd.testing.server import Answer, route

NUMBERS = [f"N{index}" for index in range(5)]


class ParcelsConfig(AccountConfig):
    api_key: Secret
    base_url: HttpUrl = api_at("https://parcels.example/v1/", "there is no sandbox")
    requests_per_poll: int = calls(2, quota="Two are allowed.")
    language: str = words_in("en", r"^[a-z]{2}$")


class Refused(msgspec.Struct):
    words: Annotated[str, msgspec.Meta(min_length=1)]

    def __str__(self):
        return f"Parcels: {self.words}"


judge = about_number("Parcels", Refused)


class Parcels(Carrier):
    name = "parcels"
    api_version = 1
    Config = ParcelsConfig
    streams: ClassVar = {"tracking": timedelta(minutes=10)}

    def __init__(self, config, context):
        super().__init__(config, context)
        login = HeaderToken(config.api_key, header="key", prefix="")
        self.http = HttpClient(self.url, auth=login, judge=judge)

    def ask(self, parcel):
        return self.http.get(f"/{parcel.tracking_number}").checked()

    def read(self, parcel, raw):
        return []


class Fake(KeyCarrier):
    path = "/v1"
    header = "key"

    @route("GET", "/v1/(.+)")
    def one(self, request):
        number = request.groups[0]
        if number in NUMBERS:
            return Answer.json({"number": number})
        return Answer.json({"words": "who?"}, 400 if number == "bad" else 404)


@pytest.fixture
def fake(monkeypatch):
    monkeypatch.setenv("API_KEY", KEY)
    monkeypatch.setattr(clock, "sleep", lambda _: None)
    with Fake() as fake:
        yield fake


@pytest.fixture
def connector(fake):
    parcels = [ParcelRef(tracking_number=number) for number in NUMBERS]
    context = Context(account="parcels", now=clock.now, parcels=lambda: parcels)
    connector = Parcels(ParcelsConfig.model_validate(fake.config), context)
    yield connector
    connector.close()


def test_a_poll_has_so_many_calls(fake, connector):
    batches = list(connector.poll("tracking", {"kept": 1}))
    assert [(batch.looked, batch.cursor) for batch in batches] == [
        (("N0",), {"kept": 1}),
        (("N1",), {"kept": 1}),
    ]
    assert len(fake.requests) == 2


def test_without_an_example_a_check_asks_nothing(fake, connector):
    connector.check()
    assert fake.requests == []


@pytest.mark.parametrize("example", ["N1", "bad", "unknown"])
def test_a_check_asks_about_the_example_whatever_is_known_of_it(fake, connector, example):
    connector.example = example
    connector.check()
    assert [request.path for request in fake.requests] == [f"/v1/{example}"]


def test_a_check_with_a_wrong_key_fails(connector, monkeypatch):
    monkeypatch.setenv("API_KEY", "another")
    connector.example = "N1"
    with pytest.raises(AuthFailed):
        connector.check()


def test_settings_say_what_they_are_for():
    fields = ParcelsConfig.model_fields
    assert fields["base_url"].description == "Where the API is; there is no sandbox."
    assert fields["requests_per_poll"].description == (
        "Calls in one poll, one parcel each; parcels beyond that have their turn in the next polls. "
        "Two are allowed."
    )
    assert fields["language"].description.startswith("The language of the scans' texts")


@pytest.mark.parametrize(
    "wrong", [{"requests_per_poll": 0}, {"requests_per_poll": 1001}, {"language": "English"}]
)
def test_settings_have_limits(wrong):
    with pytest.raises(ValidationError, match=next(iter(wrong))):
        ParcelsConfig.model_validate({"api_key": {"env": "API_KEY"}, **wrong})


def reply(status, content):
    return Reply(status, httpx.Headers(), content)


def test_a_404_of_the_carrier_is_a_number_it_does_not_know():
    error = judge(reply(404, b'{"words": "who?"}'))
    assert isinstance(error, AboutNumber)
    assert error.refused is None


def test_a_400_of_the_carrier_is_a_number_it_refuses():
    error = judge(reply(400, b'{"words": "who?"}'))
    assert isinstance(error, AboutNumber)
    assert (error.refused, error.raw) == ("Parcels: who?", b'{"words": "who?"}')


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("content", [b"<html>", b"{}", b'{"words": ""}', b"[" * 100_000])
def test_one_of_somebody_else_is_a_wrong_address(status, content):
    error = judge(reply(status, content))
    assert isinstance(error, Unavailable)
    assert f"HTTP {status}, and not from Parcels's API: is base_url right?" in str(error)


def test_some_carriers_have_a_404_for_addresses_only():
    strict = about_number("Parcels", Refused, unknown=())
    assert isinstance(strict(reply(404, b'{"words": "who?"}')), Unavailable)


@pytest.mark.parametrize("status", [200, 401, 403, 429, 500])
def test_all_else_is_left_to_the_common_rules(status):
    assert judge(reply(status, b'{"words": "who?"}')) is None
