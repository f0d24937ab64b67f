"""Requests leave as the platform wants them: signed, in its media type, with its own login."""

import hashlib
import hmac

import pytest
from msgspec.structs import replace

from syncd import metrics
from syncd.connector import OutcomeUnknown, Unavailable
from syncd.http import Encoded, HeaderToken, HttpClient, observed, segment
from syncd.secret import Secret
from syncd.testing.server import Answer, FakeServer, Fault, route


class Echo(FakeServer):
    """Gives back what came."""

    tokens = ("first",)

    @route("GET", "/api/(thing|other%2Fthing)")
    def thing(self, request):
        if request.headers.get("x-token") in self.tokens:
            return Answer.json({"code": 105002})
        return Answer.json({"query": request.query})

    @route("POST", "/api/thing")
    def make(self, request):
        return Answer.json({"type": request.headers["content-type"]})

    @route("PATCH", "/api/thing")
    def correct(self, request):
        return Answer.json({"method": request.method})

    @route("DELETE", "/api/thing")
    def remove(self, request):
        return Answer.json({"method": request.method})

    @route("PUT", "/api/thing")
    def change(self, request):
        return Answer.json({"body": request.body.decode()})


@pytest.fixture
def echo():
    with Echo() as server:
        yield server


@pytest.fixture
def opened(echo):
    clients = []

    def make(**options):
        clients.append(HttpClient(f"{echo.url}/api", **options))
        return clients[-1]

    yield make
    for client in clients:
        client.close()


def signed(outgoing):
    base = outgoing.path.encode() + b"".join(f"{k}{v}".encode() for k, v in sorted(outgoing.params))
    sign = hmac.new(b"secret", base + outgoing.content, hashlib.sha256).hexdigest()
    return replace(outgoing, params=(*outgoing.params, ("sign", sign)))


def test_json_is_called_what_the_platform_wants(opened):
    vendor = opened(media_type="application/vnd.shop.v1+json")
    assert b"vnd.shop.v1" in vendor.post("/thing", {"a": 1}).content


def test_a_body_that_is_no_json_goes_as_it_is(opened):
    form = Encoded(b"a=1&b=2", "application/x-www-form-urlencoded")
    assert b"x-www-form-urlencoded" in opened().post("/thing", form).content
    assert opened().put("/thing", form).json(dict) == {"body": "a=1&b=2"}


def test_a_put_is_a_change_and_never_repeated(echo, opened):
    echo.fail(Fault.LOST_ANSWER)
    with pytest.raises(OutcomeUnknown):
        opened().put("/thing", {"a": 1})
    assert len(echo.requests) == 1


def test_the_signature_is_over_what_is_sent(echo, opened):
    client = opened(sign=signed)
    sent = client.get("/thing?page=2", {"size": 10, "ids": ["7", "8"]}).json(dict)["query"]
    expected = hmac.new(b"secret", b"/api/thingids7ids8page2size10", hashlib.sha256).hexdigest()
    assert sent == {"page": ["2"], "size": ["10"], "ids": ["7", "8"], "sign": [expected]}


def test_a_signature_may_be_over_the_whole_address_and_its_bytes(echo, opened):
    """As Kaufland has it: method, address with its query, body and time, one under the other."""

    def over_the_url(outgoing):
        return replace(outgoing, headers={**outgoing.headers, "x-over": outgoing.url})

    client = opened(sign=over_the_url)
    client.get("/thing?from=2026-03-01T00:00:00Z", {"words": "blank & more", "name": "Jürgen"})
    [request] = echo.requests
    assert request.headers["x-over"] == f"{echo.url}{request.target}"
    assert request.query["words"] == ["blank & more"]
    assert request.query["name"] == ["Jürgen"]


def test_patch_and_delete_are_changes(echo, opened):
    client = opened()
    assert client.patch("/thing", {"a": 1}).json(dict) == {"method": "PATCH"}
    assert client.delete("/thing", {"why": "gone"}).json(dict) == {"method": "DELETE"}
    echo.fail(Fault.LOST_ANSWER, times=2)
    with pytest.raises(OutcomeUnknown):
        client.patch("/thing", {"a": 1})
    with pytest.raises(OutcomeUnknown):
        client.delete("/thing")
    assert len(echo.requests) == 4


def test_an_escaped_path_stays_as_it_is(echo, opened):
    seen = []
    opened(sign=lambda outgoing: seen.append(outgoing.path) or outgoing).get("/other%2Fthing")
    assert seen == ["/api/other%2Fthing"]


def test_an_id_is_one_segment_of_a_path():
    assert segment("../a?b=c d#é") == "..%2Fa%3Fb%3Dc%20d%23%C3%A9"


def test_a_link_of_the_same_host_is_followed_with_what_it_says(echo, opened):
    followed = opened().get(f"{echo.url}/api/thing?next=abc").json(dict)
    assert followed == {"query": {"next": ["abc"]}}


@pytest.mark.parametrize("elsewhere", ["http://evil.example", "http://127.0.0.1", "https://{}"])
def test_a_link_to_elsewhere_is_not(echo, opened, elsewhere):
    link = elsewhere.format(echo.url.removeprefix("http://"))
    with pytest.raises(Unavailable, match="another host"):
        opened().get(f"{link}/api/thing")
    assert not echo.requests


@pytest.mark.parametrize(
    "link", [".evil.example/x", "@evil.example/x", ":1/x", ".evil.example/x?a=1", "evil.example"]
)
def test_a_link_without_a_slash_does_not_become_part_of_the_host(echo, link):
    client = HttpClient(echo.url, timeout=0.5)
    with pytest.raises(Unavailable, match=r"another host|a link that is none"):
        client.get(link)
    client.close()
    assert not echo.requests


@pytest.mark.parametrize("link", ["http://127.0.0.1:abc/thing", "http://127.0.0.1/\n?a=1"])
def test_a_link_that_is_none_is_the_sources_fault(opened, link):
    with pytest.raises(Unavailable, match="a link that is none"):
        opened().get(link)


class Login:
    """A login that is worth renewing once."""

    def __init__(self):
        self.token = "first"

    def headers(self):
        return {"x-token": self.token}

    def renew(self, refused):
        self.token = "second"
        return True


def test_the_platform_says_in_its_own_way_that_a_login_ended(echo, opened):
    client = opened(auth=Login(), expired=lambda reply: b"105002" in reply.content)
    assert client.get("/thing").json(dict) == {"query": {}}
    assert [request.headers["x-token"] for request in echo.requests] == ["first", "second"]


def test_whoever_looks_on_sees_each_exchange(echo, opened, monkeypatch):
    monkeypatch.setenv("TOKEN", "sesame")
    seen = []
    client = opened(auth=HeaderToken(Secret(env="TOKEN")))
    with observed(lambda base, request, reply: seen.append((base, request, reply))):
        client.get("/thing", {"a": 1})
    client.get("/thing")
    [(base, request, reply)] = seen
    assert base == f"{echo.url}/api/"
    assert (request.method, request.path, request.params) == ("GET", "/api/thing", (("a", "1"),))
    assert request.headers == {"authorization": "Bearer sesame"}
    assert reply.json(dict) == {"query": {"a": ["1"]}}


def test_what_a_private_client_asks_is_shown_to_nobody(echo, opened):
    seen = []
    with observed(lambda *exchange: seen.append(exchange)):
        opened(private=True).get("/thing", {"secret": "sesame"})
    assert (len(echo.requests), seen) == (1, [])


def test_calls_are_counted_by_host_and_status(echo, opened):
    def counted(status):
        labels = {"host": "127.0.0.1", "status": status}
        return metrics.REGISTRY.get_sample_value("syncd_http_requests_total", labels) or 0.0

    before = counted("200"), counted("none")
    opened().get("/thing")
    echo.fail(Fault.LOST_ANSWER, times=2)
    with pytest.raises(Unavailable):
        opened().get("/thing")
    assert (counted("200"), counted("none")) == (before[0] + 1, before[1] + 2)
