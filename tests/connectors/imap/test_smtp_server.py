"""Against a real SMTP server (aiosmtpd)."""

import email
import socket
import ssl
from email.policy import default

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

from syncd.connector import AuthFailed, Unavailable
from syncd.model import Attachment
from tests.connectors.imap.conftest import BUYER, draft


class Inbox:
    def __init__(self):
        self.mails = []

    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        self.mails.append((envelope.mail_from, envelope.rcpt_tos, envelope.original_content))
        return "250 2.0.0 taken"


def _right(server, session, envelope, mechanism, data):
    return AuthResult(success=data.password == b"secret", handled=False)


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def inbox():
    return Inbox()


@pytest.fixture
def server(inbox, certificate, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    controller = Controller(
        inbox,
        hostname="127.0.0.1",
        port=_free_port(),
        tls_context=context,
        require_starttls=True,
        authenticator=_right,
        auth_required=True,
    )
    controller.start()
    yield controller
    controller.stop(no_assert=True)


def test_by_starttls_with_login(server, inbox, connect, certificate):
    shop = connect(9, server.port, smtp_security="starttls", ca_file=certificate)
    text = "Grüße\n.\n..zwei Punkte\nFrom hier\n" + "sehr " * 300
    for number in range(3):
        shop.send(draft(text), f"key-{number}")
    assert len(inbox.mails) == 3
    _, recipients, raw = inbox.mails[0]
    assert recipients == [BUYER]
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    said = email.message_from_bytes(raw, policy=default).get_content()
    assert said.replace("\r\n", "\n").rstrip() == text.rstrip()


def test_files_go_along(server, inbox, connect, certificate):
    shop = connect(9, server.port, smtp_security="starttls", ca_file=certificate)
    label = Attachment(name="Rück.pdf", media_type="application/pdf", content=b"%PDF-1.4\x00")
    shop.send(draft(attachments=(label,)), "key-1")
    whole = email.message_from_bytes(inbox.mails[0][2], policy=default)
    [one] = whole.iter_attachments()
    assert one.get_filename() == "Rück.pdf"
    assert one.get_content_type() == "application/pdf"
    assert one.get_content() == b"%PDF-1.4\x00"


def test_a_certificate_that_nobody_vouches_for(server, inbox, connect):
    shop = connect(9, server.port, smtp_security="starttls")
    with pytest.raises(Unavailable, match="CERTIFICATE_VERIFY_FAILED"):
        shop.send(draft(), "key-1")
    assert inbox.mails == []


def test_a_wrong_password(server, connect, certificate, monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "wrong-one")
    shop = connect(9, server.port, smtp_security="starttls", ca_file=certificate)
    with pytest.raises(AuthFailed, match="535") as caught:
        shop.send(draft(), "key-1")
    assert "wrong-one" not in str(caught.value)
