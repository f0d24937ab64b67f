"""Access tokens are made once for all threads, renewed in time, and never shown."""

import base64
import threading
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from syncd import clock
from syncd.connector import AuthFailed, MemoryTokens, Unavailable
from syncd.http import HttpClient, OAuth2, Token
from syncd.secret import Secret, SecretUnavailable
from syncd.testing.server import Answer, FakeServer, Fault, route


class Platform(FakeServer):
    """Gives out tokens a1, a2 …; only the latest one is let in."""

    def __init__(self):
        super().__init__()
        self.forms = []
        self.rotates = False
        self.expires_in = 3600
        self.refusal = None
        self.refresh = "r0"

    @route("POST", "/token")
    def token(self, request):
        form = {name: values[0] for name, values in parse_qs(request.body.decode()).items()}
        self.forms.append(form)
        if self.refusal is not None:
            return self.refusal
        if form["grant_type"] == "refresh_token" and form["refresh_token"] != self.refresh:
            return Answer.json({"error": "invalid_grant", "hint": form["refresh_token"]}, 400)
        answer = {"access_token": self.latest, "expires_in": self.expires_in}
        if self.rotates:
            self.refresh = f"r{len(self.forms)}"
            answer["refresh_token"] = self.refresh
        return Answer.json(answer)

    @property
    def latest(self):
        return f"a{len(self.forms)}"

    @route("GET", "/thing")
    def thing(self, request):
        if request.headers.get("authorization") != f"Bearer {self.latest}":
            return Answer.json({"error": "expired"}, 401)
        return Answer.json({})


@pytest.fixture
def platform():
    with Platform() as server:
        yield server


@pytest.fixture
def secrets(monkeypatch):
    monkeypatch.setenv("REFRESH", "r0")
    monkeypatch.setenv("CLIENT", "cl1ent-s3cret")


@pytest.fixture
def auth(platform, secrets, time):
    def make(**more):
        more = {"refresh_token": Secret(env="REFRESH"), **more}
        return OAuth2(
            f"{platform.url}/token", client_id="app", client_secret=Secret(env="CLIENT"),
            now=clock.now, **more,
        )  # fmt: skip

    return make


@pytest.fixture
def client(platform, auth):
    opened = HttpClient(platform.url, auth=auth())
    yield opened
    opened.close()


def test_a_token_is_made_when_first_needed_and_kept(platform, client):
    assert platform.forms == []
    client.get("/thing")
    client.get("/thing")

    assert platform.forms == [
        {"grant_type": "refresh_token", "refresh_token": "r0", "client_id": "app",
         "client_secret": "cl1ent-s3cret"},
    ]  # fmt: skip


def test_it_is_renewed_a_minute_before_its_end(platform, client, time):
    client.get("/thing")
    time(timedelta(seconds=3600 - 61))
    client.get("/thing")
    assert len(platform.forms) == 1

    time(timedelta(seconds=1))
    client.get("/thing")
    assert len(platform.forms) == 2


@pytest.mark.parametrize("seconds", [1e30, -1e30])
def test_an_end_that_no_calendar_has_loses_no_rotated_token(platform, auth, seconds):
    platform.rotates, platform.expires_in = True, seconds
    tokens = MemoryTokens()
    login = auth(tokens=tokens)
    assert login.access_token() == "a1"
    assert auth(tokens=tokens).access_token() == ("a1" if seconds > 0 else "a2")


def test_an_error_of_another_form_is_not_repeated(platform, auth):
    platform.refusal = Answer.json({"error": {"hint": "cl1ent-s3cret"}}, 400)
    with pytest.raises(AuthFailed, match="no reason given"):
        auth().access_token()


def test_a_firewall_before_the_endpoint_is_no_refused_login(platform, auth):
    page = b"<html><title>cl1ent-s3cret</title></html>"
    platform.refusal = Answer(403, page, "text/html", {"Retry-After": "30"})
    with pytest.raises(Unavailable, match="token endpoint: HTTP 403 with a web page") as failure:
        auth().access_token()
    assert failure.value.retry_after == 30
    assert "cl1ent-s3cret" not in str(failure.value)


def test_a_refused_token_is_renewed_and_the_request_repeated(platform, client):
    client.get("/thing")
    platform.forms.append({})  # the platform has forgotten a1
    client.get("/thing")

    assert len(platform.forms) == 3


def test_a_login_that_stays_refused_is_told(platform, client):
    platform.fail(Fault.UNAUTHORIZED, times=2, path="/thing")

    with pytest.raises(AuthFailed):
        client.get("/thing")
    assert len(platform.forms) == 2


def test_many_threads_renew_once(platform, client):
    client.get("/thing")
    platform.forms.append({})
    started, failures = threading.Barrier(8), []

    def ask():
        started.wait()
        try:
            client.get("/thing")
        except AuthFailed as error:
            failures.append(error)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(platform.forms) == 3


class TestRotation:
    def test_each_refresh_uses_the_newest_token(self, platform, client, time):
        platform.rotates = True
        for _ in range(3):
            client.get("/thing")
            time(timedelta(hours=1))

        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r1", "r2"]

    def test_one_that_is_not_rotated_again_stays_good(self, platform, client, time):
        platform.rotates = True
        client.get("/thing")
        platform.rotates = False
        for _ in range(2):
            time(timedelta(hours=1))
            client.get("/thing")

        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r1", "r1"]


class Keeper(MemoryTokens):
    """Notes what it is given, and can be out of order."""

    def __init__(self):
        super().__init__()
        self.broken = False

    def save(self, kind, value):
        if self.broken:
            raise Unavailable("the store is locked")
        super().save(kind, value)


class TestKeeping:
    @pytest.fixture
    def keeper(self):
        return Keeper()

    @pytest.fixture
    def process(self, auth, keeper):
        """Another process: nothing is shared but what is kept."""
        return lambda **more: auth(tokens=keeper, **more)

    def test_the_configured_token_is_only_the_first(self, platform, process, time):
        platform.rotates = True
        process().access_token()
        time(timedelta(hours=1))
        process().access_token()

        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r1"]

    def test_processes_share_an_access_token(self, platform, process):
        assert process().access_token() == process().access_token() == "a1"
        assert len(platform.forms) == 1

    def test_one_that_was_refused_is_not_taken_from_another(self, platform, process):
        one, other = process(), process()
        first = one.headers()
        other.headers()
        one.renew(first)
        other.renew(first)

        assert one.access_token() == other.access_token() == "a2"
        assert len(platform.forms) == 2

    def test_nothing_is_used_that_could_not_be_kept(self, platform, process, keeper):
        platform.rotates = True
        keeper.broken = True
        signed = process()
        for _ in range(2):
            with pytest.raises(Unavailable, match="locked"):
                signed.access_token()
        keeper.broken = False

        assert signed.access_token() == "a1"
        assert len(platform.forms) == 1, "the token that was given out was lost"
        assert "r1" in keeper.load("refresh_token")

    def test_one_rotated_by_another_process_meanwhile_is_taken(self, platform, process, time):
        platform.rotates = True
        one, other = process(), process()
        one.access_token()
        time(timedelta(hours=1))
        real = one._kept.refresh_token
        # The other rotates between the reading of the token and the asking with it.
        one._kept.refresh_token = lambda: (real(), other.access_token(), setattr(
            one._kept, "refresh_token", real))[0]  # fmt: skip

        one.access_token()
        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r1", "r1", "r2"]

    def test_a_new_configured_token_wins(self, platform, process, monkeypatch, time):
        platform.rotates = True
        process().access_token()
        platform.refresh = "consented-anew"
        monkeypatch.setenv("REFRESH", "consented-anew")

        assert process().access_token() == "a2"
        assert platform.forms[-1]["refresh_token"] == "consented-anew"

    def test_where_the_kept_one_is_dead_the_configured_one_is_tried(self, platform, process, time):
        platform.rotates = True
        process().access_token()
        platform.refresh, platform.rotates = "r0", False
        for _ in range(2):
            time(timedelta(hours=1))
            process().access_token()

        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r1", "r0", "r0"]

    def test_tokens_of_another_client_are_not_used(self, platform, auth, process, keeper, time):
        platform.rotates = True
        process().access_token()
        platform.refresh = "r0"
        OAuth2(
            f"{platform.url}/token", client_id="other", client_secret=None, now=clock.now,
            refresh_token=Secret(env="REFRESH"), tokens=keeper,
        ).access_token()  # fmt: skip

        assert [form["refresh_token"] for form in platform.forms] == ["r0", "r0"]

    def test_what_another_version_kept_does_not_stop_anything(self, platform, process, keeper):
        keeper.save("refresh_token", "not what we write")
        keeper.save("access_token", "[]")
        assert process().access_token() == "a1"

    def test_without_any_token_the_fix_is_named(self, platform, process):
        with pytest.raises(AuthFailed, match="syncd connect"):
            process(refresh_token=None, by_consent=True).access_token()
        assert platform.forms == []

    def test_so_it_is_where_the_consent_has_ended(self, platform, process):
        platform.refresh = "another"
        with pytest.raises(AuthFailed, match="invalid_grant; `syncd connect` asks the seller"):
            process(by_consent=True).access_token()


class TestGrants:
    def test_without_a_refresh_token_the_client_signs_in_itself(self, platform, auth):
        assert auth(refresh_token=None, scope="read").access_token() == "a1"

        assert platform.forms[0]["grant_type"] == "client_credentials"
        assert platform.forms[0]["scope"] == "read"

    def test_the_clients_secret_can_go_as_basic(self, platform, auth):
        auth(basic=True).access_token()

        said = platform.requests[0].headers["authorization"]
        assert base64.b64decode(said.removeprefix("Basic ")) == b"app:cl1ent-s3cret"
        assert "client_secret" not in platform.forms[0]

    def test_a_length_written_as_text_is_read(self, platform, auth):
        platform.expires_in = "3600"
        assert auth().access_token() == "a1"


class TestFailures:
    @pytest.mark.parametrize(
        "fault", [Fault.SERVER_ERROR, Fault.LOST_ANSWER, Fault.GARBAGE, Fault.HTML, Fault.EMPTY],
        ids=str,
    )  # fmt: skip
    def test_an_endpoint_in_trouble_is_unavailable(self, platform, auth, fault):
        platform.fail(fault)
        with pytest.raises(Unavailable, match="token endpoint"):
            auth().access_token()

    def test_an_answer_without_end_is_not_read_to_it(self, platform, auth):
        platform.fail(Fault.ENDLESS)
        with pytest.raises(Unavailable, match="over 1048576 bytes"):
            auth().access_token()
        assert platform.poured < 32 * 1024 * 1024

    def test_it_may_say_how_long(self, platform, auth):
        platform.fail(Fault.RATE_LIMITED, retry_after=30)
        with pytest.raises(Unavailable) as failure:
            auth().access_token()
        assert failure.value.retry_after == 30

    def test_a_failed_renewal_keeps_what_is_known(self, platform, auth, time):
        signed = auth()
        platform.rotates = True
        signed.access_token()
        time(timedelta(hours=1))
        platform.fail(Fault.GARBAGE)
        with pytest.raises(Unavailable):
            signed.access_token()

        assert signed.access_token() == "a2"
        assert platform.forms[-1]["refresh_token"] == "r1"

    def test_a_refused_grant_is_a_refused_login_without_what_it_repeats(
        self, platform, auth, monkeypatch
    ):
        monkeypatch.setenv("REFRESH", "st0len-token")
        with pytest.raises(AuthFailed, match="HTTP 400: invalid_grant") as refused:
            auth().access_token()
        assert "st0len" not in str(refused.value)

    def test_a_secret_that_is_not_there_is_named(self, auth, monkeypatch):
        monkeypatch.delenv("REFRESH")
        with pytest.raises(SecretUnavailable, match="REFRESH"):
            auth().access_token()


def test_no_secret_is_in_any_repr(auth):
    signed = auth()
    signed.access_token()

    shown = repr(signed) + repr(vars(signed))  # as a traceback with local variables shows it
    for secret in ("r0", "cl1ent-s3cret", "'a1'"):
        assert secret not in shown


def test_a_header_of_the_platforms_own_carries_the_bare_token(platform, auth):
    login = auth(header="x-shop-token")
    assert login.headers() == {"x-shop-token": "a1"}
    assert login.renew({"x-shop-token": "a1"})
    assert login.headers() == {"x-shop-token": "a2"}


def test_an_endpoint_of_its_own_kind_is_asked_in_its_own_way(platform, auth, client):
    asked = []

    def ask(form):
        asked.append(dict(form))
        return Token("mine", expires_in=7200, refresh_token="next")

    login = auth(ask=ask)
    assert login.access_token() == "mine"
    assert login.renew(login.headers())
    assert platform.forms == []
    assert asked == [
        {"grant_type": "refresh_token", "refresh_token": "r0"},
        {"grant_type": "refresh_token", "refresh_token": "next"},
    ]
