"""What every answer, and none, means for recovery; and how much of an answer is ever read."""

import gzip
import threading
from datetime import UTC, datetime, timedelta

import msgspec
import pytest

from syncd.connector import AuthFailed, OutcomeUnknown, Rejected, Unavailable
from syncd.http import HeaderToken, HttpClient
from syncd.http.client import MAX_BYTES
from syncd.http.reply import dated
from syncd.secret import Secret
from syncd.testing.server import Answer, FakeServer, Fault, route


class Thing(msgspec.Struct):
    name: str


class Shop(FakeServer):
    """One thing, and answers as a test wants them."""

    def __init__(self):
        super().__init__()
        self.made = 0
        self.special = Answer()

    @route("GET", "/thing")
    def thing(self, request):
        return Answer.json({"name": "lamp"})

    @route("POST", "/things")
    def make(self, request):
        self.made += 1
        return Answer.json({"name": "lamp"})

    @route("GET", "/special")
    def special_answer(self, request):
        return self.special

    @route("POST", "/special")
    def special_post(self, request):
        self.made += 1
        return self.special


@pytest.fixture
def shop():
    with Shop() as server:
        yield server


@pytest.fixture
def client(shop):
    opened = HttpClient(shop.url, timeout=0.5)
    yield opened
    opened.close()


class TestReading:
    def test_an_answer_is_read_as_what_it_should_be(self, client):
        assert client.get("/thing").json(Thing) == Thing(name="lamp")

    @pytest.mark.parametrize(
        "fault", [Fault.SERVER_ERROR, Fault.LOST_ANSWER, Fault.TIMEOUT], ids=str
    )
    def test_a_hiccup_is_asked_again_at_once(self, shop, client, fault):
        shop.fail(fault, seconds=0.7)

        assert client.get("/thing").json(Thing).name == "lamp"
        assert len(shop.requests) == 2

    @pytest.mark.parametrize(
        "fault", [Fault.SERVER_ERROR, Fault.LOST_ANSWER, Fault.TIMEOUT], ids=str
    )
    def test_the_second_failure_is_the_callers(self, shop, client, fault):
        shop.fail(fault, times=2, seconds=0.7)

        with pytest.raises(Unavailable) as failure:
            client.get("/thing")
        assert failure.value.retry_after is None
        assert len(shop.requests) == 2

    @pytest.mark.parametrize(
        ("fault", "wait"), [(Fault.RATE_LIMITED, 7.0), (Fault.RATE_LIMITED_SILENT, None)], ids=str
    )
    def test_a_source_that_wants_less_is_not_asked_again(self, shop, client, fault, wait):
        shop.fail(fault, retry_after=7)

        with pytest.raises(Unavailable) as failure:
            client.get("/thing")
        assert failure.value.retry_after == wait
        assert len(shop.requests) == 1

    @pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.GARBAGE, Fault.HTML, Fault.EMPTY])
    def test_what_is_not_the_apis_answer_is_unavailable(self, shop, client, fault):
        shop.fail(fault)

        with pytest.raises(Unavailable, match="not what the API describes"):
            client.get("/thing").json(Thing)

    @pytest.mark.parametrize(
        "text", [rb'{"name": "lamp \ud83d"}', b'{"name": "lamp \xf0\x9f", "more": {}}']
    )
    def test_half_an_emoji_is_no_reason_to_refuse_the_rest(self, shop, client, text):
        shop.special = Answer(200, text)
        assert client.get("/special").json(Thing).name.startswith("lamp \ufffd")

    def test_wrong_characters_in_what_is_no_json_are_garbage_too(self, shop, client):
        shop.special = Answer(200, b'{"name": "\xff"')
        with pytest.raises(Unavailable, match="not what the API describes"):
            client.get("/special").json(Thing)

    def test_endless_nesting_is_garbage_too(self, shop, client):
        shop.special = Answer(200, b"[" * 200_000)

        with pytest.raises(Unavailable):
            client.get("/special").json(list)

    def test_a_login_that_is_refused(self, shop, client):
        shop.fail(Fault.UNAUTHORIZED)

        with pytest.raises(AuthFailed, match="HTTP 401"):
            client.get("/thing")

    @pytest.mark.parametrize(
        ("status", "error"),
        [(400, Rejected), (403, AuthFailed), (404, Rejected), (408, Unavailable), (409, Rejected),
         (420, Unavailable), (422, Rejected), (425, Unavailable), (429, Unavailable),
         (500, Unavailable), (502, Unavailable), (503, Unavailable), (504, Unavailable)],
    )  # fmt: skip
    def test_every_status_has_its_recovery(self, shop, client, status, error):
        shop.special = Answer.json({"error": "why"}, status)

        with pytest.raises(error, match=f"HTTP {status}.*why"):
            client.get("/special")

    @pytest.mark.parametrize("kind", ["text/html", "Text/HTML; charset=utf-8", "text/plain"])
    def test_a_403_of_a_firewall_is_no_word_about_the_login(self, shop, kind):
        judged = HttpClient(shop.url, judge=lambda _: AuthFailed("consent again"))
        page = b"\n<!DOCTYPE html><html><head><title>Attention\n Required!</title></head></html>"
        shop.special = Answer(403, page, kind)

        with pytest.raises(Unavailable, match=r"\('Attention Required!'\).*proxy or firewall"):
            judged.get("/special")
        assert len(shop.requests) == 1  # asked again at once it would answer the same
        with pytest.raises(Unavailable, match="web page"):  # it did not let it through, either
            judged.post("/special", {})
        judged.close()

    @pytest.mark.parametrize(
        ("body", "kind"),
        [
            (b'{"error": "forbidden"}', "text/html"),
            (b"<Error><Code>AccessDenied</Code></Error>", "application/xml"),
            (b"Forbidden", "text/plain"),
            (b"", "application/json"),
        ],
    )
    def test_a_403_of_the_api_is(self, shop, client, body, kind):
        shop.special = Answer(403, body, kind)

        with pytest.raises(AuthFailed):
            client.get("/special")

    def test_a_page_with_401_asks_for_a_login_as_ever(self, shop, client):
        shop.special = Answer(401, b"<html><h1>Unauthorized</h1></html>", "text/html")

        with pytest.raises(AuthFailed):
            client.get("/special")

    def test_the_time_that_a_firewall_names_is_handed_on(self, shop, client):
        shop.special = Answer(403, b"<html>", "text/html", {"Retry-After": "60"})

        with pytest.raises(Unavailable) as failure:
            client.get("/special")
        assert failure.value.retry_after == 60

    def test_nobody_there_is_unavailable_and_named(self):
        with Shop() as gone:
            url = gone.url
        client = HttpClient(url, timeout=0.5)

        with pytest.raises(Unavailable, match=r"cannot connect to 127\.0\.0\.1"):
            client.get("/thing")
        client.close()

    def test_a_query_by_post_is_asked_again_like_a_get(self, shop, client):
        shop.fail(Fault.SERVER_ERROR)

        assert client.query("/things", {}).json(Thing).name == "lamp"
        assert [request.method for request in shop.requests] == ["POST", "POST"]

    def test_redirects_are_not_followed(self, shop, client):
        shop.special = Answer(302, b"", headers={"Location": "/thing"})
        client.get("/special")

        assert [request.path for request in shop.requests] == ["/special"]

    def test_parameters_may_have_several_values(self, shop, client):
        client.get("/thing", {"id": ["a", "b c"], "limit": 5})

        assert shop.requests[0].query == {"id": ["a", "b c"], "limit": ["5"]}


class TestRetryAfter:
    @pytest.mark.parametrize(
        ("said", "seconds"),
        [
            ("120", 120.0), (" 0 ", 0.0), ("", None), ("soon", None), ("-5", None), ("\xb2", None),
            ("Tue, 10 Mar 2026 12:10:00 GMT", 600.0), ("Tue, 10 Mar 2026 11:00:00 GMT", 0.0),
            ("Tue, 99 Mar 2026 11:00:00 GMT", None), ("Tue, 10 Mar 2026 12:10:00 -0000", None),
            ("Tue, 10 Mar 99999999999999 12:10:00 GMT", None),
        ],
    )  # fmt: skip
    def test_both_forms_are_read_and_nonsense_is_none(self, shop, client, time, said, seconds):
        shop.special = Answer.json({}, 503, {"Retry-After": said})

        with pytest.raises(Unavailable) as failure:
            client.get("/special")
        assert failure.value.retry_after == seconds

    def test_the_date_is_compared_with_the_time_now(self, shop, client, time):
        time(timedelta(minutes=9))
        shop.special = Answer.json({}, 503, {"Retry-After": "Tue, 10 Mar 2026 12:10:00 GMT"})

        with pytest.raises(Unavailable) as failure:
            client.get("/special")
        assert failure.value.retry_after == 60.0


class TestChanging:
    def test_a_change_is_asked_for_once(self, shop, client):
        client.post("/things", {"name": "lamp"})

        assert shop.made == 1
        assert shop.requests[0].json() == {"name": "lamp"}

    @pytest.mark.parametrize("fault", [Fault.LOST_ANSWER, Fault.TIMEOUT, Fault.SERVER_ERROR])
    def test_without_a_clear_answer_its_outcome_is_unknown(self, shop, client, fault):
        shop.fail(fault, seconds=0.7)

        with pytest.raises(OutcomeUnknown):
            client.post("/things", {})
        assert len(shop.requests) == 1

    @pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.GARBAGE, Fault.HTML, Fault.EMPTY])
    def test_an_unreadable_answer_leaves_it_unknown(self, shop, client, fault):
        shop.fail(fault)

        with pytest.raises(OutcomeUnknown):
            client.post("/things", {}).json(Thing)

    def test_so_does_one_too_long_to_read(self, shop):
        client = HttpClient(shop.url, max_bytes=10)
        shop.special = Answer(200, b"x" * 11)

        with pytest.raises(OutcomeUnknown):
            client.post("/special", {})
        client.close()
        assert shop.made == 1

    @pytest.mark.parametrize(
        ("status", "error"), [(400, Rejected), (429, Unavailable), (503, Unavailable)]
    )
    def test_a_clear_no_is_not_unknown(self, shop, client, status, error):
        shop.special = Answer.json({}, status)

        with pytest.raises(error):
            client.post("/special", {})

    def test_nobody_there_certainly_did_nothing(self):
        with Shop() as gone:
            url = gone.url
        client = HttpClient(url, timeout=0.5)

        with pytest.raises(Unavailable):
            client.post("/things", {})
        client.close()


class TestSize:
    @pytest.fixture
    def small(self, shop):
        opened = HttpClient(shop.url, max_bytes=1000)
        yield opened
        opened.close()

    def test_the_limit_itself_is_read(self, shop, small):
        shop.special = Answer(200, b"x" * 1000)
        assert len(small.get("/special").content) == 1000

    def test_one_byte_more_is_not(self, shop, small):
        shop.special = Answer(200, b"x" * 1001)
        with pytest.raises(Unavailable, match=r"^127\.0\.0\.1: the answer has 1001 bytes, over"):
            small.get("/special")

    def test_a_bomb_is_not_unpacked(self, shop, small):
        packed = gzip.compress(b"\x00" * 50_000_000)
        shop.special = Answer(200, packed, headers={"Content-Encoding": "gzip"})
        with pytest.raises(Unavailable, match="over 1000 bytes"):
            small.get("/special")

    def test_nor_is_what_is_packed_twice(self, shop, small):
        twice = gzip.compress(gzip.compress(b"\x00" * 50_000_000))
        shop.special = Answer(200, twice, headers={"Content-Encoding": "gzip, gzip"})
        with pytest.raises(Unavailable, match="packed more than once"):
            small.get("/special")

    def test_what_is_packed_within_the_limit_is_read(self, shop, small):
        packed = gzip.compress(b'{"name": "lamp"}')
        shop.special = Answer(200, packed, headers={"Content-Encoding": "gzip"})
        assert small.get("/special").json(Thing).name == "lamp"

    def test_broken_packing_is_unavailable(self, shop, small):
        shop.special = Answer(200, b"not gzip", headers={"Content-Encoding": "gzip"})
        with pytest.raises(Unavailable):
            small.get("/special")

    def test_there_is_a_limit_by_default(self):
        assert MAX_BYTES <= 64 * 1024 * 1024


class TestHeaderToken:
    @pytest.fixture
    def token(self, tmp_path):
        path = tmp_path / "token"
        path.write_text("s3cret-token\n")
        return path

    @pytest.fixture
    def signed(self, shop, token):
        opened = HttpClient(shop.url, auth=HeaderToken(Secret(file=token)))
        yield opened
        opened.close()

    def test_it_is_in_every_request(self, shop, signed):
        signed.get("/thing")
        assert shop.requests[0].headers["authorization"] == "Bearer s3cret-token"

    def test_a_rotated_token_is_used_without_a_restart(self, shop, signed, token):
        signed.get("/thing")
        token.write_text("new-token")
        signed.get("/thing")
        assert shop.requests[-1].headers["authorization"] == "Bearer new-token"

    def test_the_same_token_is_not_tried_twice(self, shop, signed):
        shop.fail(Fault.UNAUTHORIZED, times=2)
        with pytest.raises(AuthFailed):
            signed.get("/thing")
        assert len(shop.requests) == 1

    def test_a_platform_that_repeats_the_token_does_not_bring_it_into_the_log(self, shop, signed):
        shop.special = Answer.json({"error": "bad header Bearer s3cret-token"}, 400)
        with pytest.raises(Rejected) as refused:
            signed.get("/special")
        assert "s3cret" not in str(refused.value)
        assert "bad header" in str(refused.value)


class TestPrivate:
    @pytest.fixture
    def private(self, shop):
        opened = HttpClient(shop.url, private=True)
        yield opened
        opened.close()

    def test_an_unreadable_answer_is_not_repeated(self, shop, private):
        shop.special = Answer.json({"name": 7, "token": "s3cret"})
        with pytest.raises(Unavailable, match="not what the API describes") as failure:
            private.get("/special").json(Thing)
        assert "s3cret" not in str(failure.value)

    def test_nor_is_the_title_of_a_page(self, shop, private):
        shop.special = Answer(403, b"<html><title>no s3cret for you", "text/html")
        with pytest.raises(Unavailable, match="web page") as failure:
            private.get("/special")
        assert "s3cret" not in str(failure.value)

    @pytest.mark.parametrize(("status", "error"), [(400, Rejected), (401, AuthFailed)])
    def test_nor_is_a_refusal(self, shop, private, status, error):
        shop.special = Answer.json({"error": "bad secret s3cret"}, status)
        with pytest.raises(error, match=f"HTTP {status}") as failure:
            private.get("/special")
        assert "s3cret" not in str(failure.value)


def test_threads_may_share_a_client(shop, client):
    names = []

    def ask():
        names.extend(client.get("/thing").json(Thing).name for _ in range(5))

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert names == ["lamp"] * 30


@pytest.mark.parametrize(("behind", "heeded"), [(-10, False), (10, True), (24 * 60 + 10, False)])
def test_the_horizon_is_the_earlier_of_two_clocks(shop, client, behind, heeded):
    """The platform's is behind ours by these minutes; where it is by days, it is wrong."""
    now = datetime(2026, 3, 2, 9, 0, 0, 500_000, tzinfo=UTC)
    shop.date = lambda: now - timedelta(minutes=behind)
    assert client.horizon(now) == now
    client.get("/thing")
    end_of_its_second = datetime(2026, 3, 2, 9, 0, 1, tzinfo=UTC) - timedelta(minutes=behind)
    assert client.horizon(now) == (end_of_its_second if heeded else now)


@pytest.mark.parametrize("said", [None, "", "yesterday", "Mon, 02 Mar 2026 08:59:00"])
def test_a_date_that_is_none_is_not_heeded(said):
    assert dated(said) is None
