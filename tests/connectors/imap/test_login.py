import base64
import socket
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import ValidationError

from syncd.connector import AuthFailed, Consent, Rejected, Unavailable
from syncd.testing.mailbox import Stage
from syncd.testing.server import Answer, FakeServer, route
from syncd_imap import ImapConfig
from syncd_imap.login import without
from syncd_imap.mailbox import layout_of
from syncd_imap.opening import connected
from syncd_imap.responses import Folder
from tests.connectors.imap.conftest import draft, mail, read_all


class TokenServer(FakeServer):
    def __init__(self):
        super().__init__()
        self.given = 0
        self.forms = []

    @route("POST", "/token")
    def token(self, request):
        self.given += 1
        self.forms.append(parse_qs(request.body.decode()))
        answer = {"access_token": f"token-{self.given}", "expires_in": 3600}
        if self.forms[-1]["grant_type"] == ["authorization_code"]:
            answer["refresh_token"] = "refresh-1"
        return Answer.json(answer)


@pytest.fixture
def tokens():
    with TokenServer() as server:
        yield server


@pytest.fixture
def shop(box, connect, tokens, monkeypatch):
    monkeypatch.setenv("REFRESH", "refresh-me")
    oauth = {
        "token_url": f"{tokens.url}/token",
        "client_id": "app",
        "refresh_token": {"env": "REFRESH"},
    }
    return connect(box.imap_port, box.smtp_port, oauth=oauth)


def test_half_of_what_is_said_waits_for_no_acknowledgement(box, shop):
    imap = connected(shop.config)
    try:
        assert imap.sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        imap.shutdown()


def test_by_token(box, shop, tokens):
    box.accept_token("token-1")
    box.deliver(mail())
    assert len(read_all(shop)[0]) == 1
    shop.send(draft(), "key-1")
    assert len(box.sent) == 1
    assert tokens.given == 1


def test_a_token_that_died_early_is_replaced(box, shop, tokens):
    box.accept_token("token-1")
    read_all(shop)
    shop.send(draft(), "key-1")
    box.refuse("token-1")
    box.accept_token("token-2")
    box.drop_connections()
    assert read_all(shop)[0]
    shop.send(draft(), "key-2")
    assert tokens.given == 2


def test_the_mailboxs_owner_agrees_on_the_providers_page(box, connect, tokens):
    shop = connect(box.imap_port, box.smtp_port, oauth={
        "token_url": f"{tokens.url}/token",
        "authorize_url": "https://login.example/auth?access_type=offline",
        "client_id": "app",
        "scope": "mail offline",
    })  # fmt: skip
    box.accept_token("token-1")
    with pytest.raises(AuthFailed, match="syncd connect"):
        read_all(shop)

    consent = Consent(state="s", redirect="http://127.0.0.1:9465/", verifier="v" * 43)
    asked = parse_qs(urlsplit(shop.authorize_url(consent)).query)
    assert asked["access_type"] == ["offline"]
    assert asked["scope"] == ["mail offline"]
    assert asked["code_challenge"] == [consent.challenge]
    shop.exchange("the-code", consent)
    assert tokens.forms[-1]["code"] == ["the-code"]
    assert tokens.forms[-1]["code_verifier"] == [consent.verifier]
    box.deliver(mail())
    assert len(read_all(shop)[0]) == 1
    assert tokens.given == 1


def test_a_consent_needs_the_providers_page(box, connect, tokens):
    shop = connect(box.imap_port, box.smtp_port, oauth={
        "token_url": f"{tokens.url}/token", "client_id": "app",
    })  # fmt: skip
    consent = Consent(state="s", redirect="http://127.0.0.1:9465/", verifier="v" * 43)
    with pytest.raises(Rejected, match=r"oauth\.authorize_url"):
        shop.authorize_url(consent)


def test_a_password_needs_no_consent(box, connect):
    consent = Consent(state="s", redirect="http://127.0.0.1:9465/", verifier="v" * 43)
    shop = connect(box.imap_port, box.smtp_port)
    with pytest.raises(Rejected, match="by a password: there is nothing to connect"):
        shop.authorize_url(consent)
    with pytest.raises(Rejected, match="password"):
        shop.exchange("the-code", consent)


def test_tokens_that_nobody_wants(box, shop, tokens):
    with pytest.raises(AuthFailed, match="IMAP login") as caught:
        read_all(shop)
    assert "token-" not in str(caught.value)
    with pytest.raises(AuthFailed, match="SMTP login"):
        shop.send(draft(), "key-1")


GOOD = {
    "address": "shop@shop.example",
    "password": {"env": "X"},
    "imap_host": "imap.shop.example",
    "smtp_host": "smtp.shop.example",
}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"password": None}, "password or oauth"),
        ({"oauth": {"token_url": "https://x", "client_id": "y"}}, "password or oauth"),
        ({"imap_security": "none"}, "in the clear to imap.shop.example"),
        ({"smtp_security": "none"}, "in the clear to smtp.shop.example"),
        ({"address": "shop"}, "address"),
        ({"folder": "INBOX"}, "folder"),
    ],
)
def test_settings_that_do_not_fit(change, said):
    with pytest.raises(ValidationError, match=said):
        ImapConfig.model_validate({**GOOD, **change})


def test_ports_follow_the_security():
    config = ImapConfig.model_validate({**GOOD, "smtp_security": "starttls"})
    assert config.imap_endpoint == ("imap.shop.example", 993)
    assert config.smtp_endpoint == ("smtp.shop.example", 587)


GMAIL = [
    Folder("INBOX", frozenset()),
    Folder("[Gmail]/All Mail", frozenset({"\\all"})),
    Folder("[Gmail]/Sent Mail", frozenset({"\\sent"})),
]


def test_on_gmail_all_mail_is_read_alone():
    layout = layout_of(GMAIL, ImapConfig.model_validate(GOOD), is_gmail=True)
    assert layout.read == ("[Gmail]/All Mail",)
    assert layout.copies == "[Gmail]/All Mail"
    elsewhere = layout_of(GMAIL, ImapConfig.model_validate(GOOD), is_gmail=False)
    assert elsewhere.read == ("INBOX", "[Gmail]/Sent Mail")


def test_a_sent_folder_without_a_mark_is_known_by_its_name():
    plain = [Folder("INBOX", frozenset()), Folder("INBOX.Sent Items", frozenset())]
    layout = layout_of(plain, ImapConfig.model_validate(GOOD), is_gmail=False)
    assert layout.read == ("INBOX", "INBOX.Sent Items")


ECHOES = (
    "not {secret}",
    "unknown command AUTH PLAIN {plain}",
    "bad argument '{plain}'",
    'LOGIN "{name}" "{quoted}" refused',
)


@pytest.mark.parametrize("words", ECHOES)
@pytest.mark.parametrize("secret", ["p4ss word", 'p"4\\ss', "pässwörd"])
def test_no_error_tells_the_secret_however_a_server_repeats_it(words, secret):
    plain = base64.b64encode(f"\0shop@shop.example\0{secret}".encode()).decode()
    quoted = secret.replace("\\", "\\\\").replace('"', '\\"')
    said = words.format(secret=secret, plain=plain, name="shop@shop.example", quoted=quoted)
    shown = without(secret, said.encode())
    assert "***" in shown
    assert not any(one in shown for one in (secret, quoted, plain))


@pytest.mark.parametrize(
    "reply", ["* OK\r\n?? bad password secret", "NO bad password AHNob3AAc2VjcmV0"]
)
def test_a_server_that_breaks_off_a_login_is_quoted_without_the_secret(box, connect, reply):
    box.fail(Stage.LOGIN, reply, times=9)
    with pytest.raises((AuthFailed, Unavailable)) as raised:
        read_all(connect(box.imap_port, box.smtp_port))
    assert "***" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "c2VjcmV0" not in str(raised.value)


@pytest.mark.parametrize("reply", ["535 bad password secret", "454 not now: AHNob3AAc2VjcmV0"])
def test_so_is_an_smtp_server_that_refuses_one(box, connect, reply):
    box.fail(Stage.AUTH, reply, times=9)
    with pytest.raises((AuthFailed, Unavailable)) as raised:
        connect(box.imap_port, box.smtp_port).check()
    assert "***" in str(raised.value)
    assert "secret" not in str(raised.value)
    assert "c2VjcmV0" not in str(raised.value)


@pytest.mark.parametrize(
    ("stage", "reply"), [(Stage.LOGIN, "* OK\r\n+ !!!odd!"), (Stage.AUTH, "334 !odd!")]
)
def test_a_challenge_that_is_none_is_the_servers_trouble(box, connect, stage, reply):
    box.fail(stage, reply, times=9)
    with pytest.raises(Unavailable, match="the server's challenge is none"):
        connect(box.imap_port, box.smtp_port).check()
