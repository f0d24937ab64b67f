"""TLS spoken to who begins in plain text, and the other way round: the error names the setting."""

import re
import socket
import ssl

import pytest
from aiosmtpd.controller import Controller

from syncd.connector import Unavailable
from syncd.testing.mailbox_dovecot import Dovecot, missing
from syncd.testing.mailbox_wire import LineServer
from syncd_imap.mismatch import Found, Server, mismatch
from syncd_imap.settings import Security
from tests.connectors.imap.conftest import SHOP, draft, read_all


@pytest.fixture(autouse=True)
def _password(monkeypatch):
    monkeypatch.setenv("SHOP_PASSWORD", "secret")


@pytest.fixture(scope="module")
def secured(certificate):
    """A Dovecot with STARTTLS on one port and TLS on another."""
    if missing():
        pytest.skip(missing())
    with Dovecot(SHOP, "secret", certificate) as server:
        yield server


@pytest.fixture
def says():
    """Starts servers that say one line and then only listen."""
    started = []

    def start(greeting):
        def serve(wire):
            wire.say(greeting)
            while wire.line():
                pass

        started.append(LineServer(serve))
        started[-1].start()
        return started[-1].port

    yield start
    for one in started:
        one.stop()


def _why_not(act):
    with pytest.raises(Unavailable) as caught:
        act()
    said = str(caught.value)
    assert "WRONG_VERSION" not in said
    assert "secret" not in said
    return said


def _reading(shop):
    return _why_not(lambda: read_all(shop))


def _sending(shop):
    return _why_not(lambda: shop.send(draft(), "key-1"))


def test_tls_on_the_port_of_starttls(secured, connect, certificate):
    said = _reading(connect(secured.port, imap_security="tls", ca_file=certificate))
    assert said.startswith(f"IMAP 127.0.0.1:{secured.port}: the server begins in plain text ('* OK")
    assert 'set imap_security = "starttls", which it offers, or imap_port' in said
    assert "(usually 993)" in said


@pytest.mark.parametrize("security", ["starttls", "none"])
def test_plain_text_on_the_port_of_tls(secured, connect, certificate, security):
    settings = {"imap_security": security, "ca_file": certificate, "timeout_s": 0.5}
    said = _reading(connect(secured.tls_port, **settings))
    assert said.startswith(f"IMAP 127.0.0.1:{secured.tls_port}: the server speaks TLS")
    assert f'imap_security = "{security}" waits' in said
    assert 'set imap_security = "tls"' in said


def test_a_server_without_starttls(dovecot, connect):
    said = _reading(connect(dovecot.port, imap_security="starttls"))
    assert 'does not offer the STARTTLS of imap_security = "starttls"' in said
    assert 'set imap_security = "tls" and imap_port to the server\'s port for TLS' in said


def test_tls_to_a_server_that_knows_none(box, connect):
    said = _reading(connect(box.imap_port, imap_security="tls"))
    assert "it offers no STARTTLS either: set imap_port" in said
    assert 'or imap_security = "none", as it is on this machine' in said


def test_a_check_names_the_setting_too(box, connect):
    said = _why_not(connect(box.imap_port, box.smtp_port, smtp_security="tls").check)
    assert said.startswith(f"SMTP 127.0.0.1:{box.smtp_port}: the server begins in plain text ('220")
    assert "smtp_port to the server's port for TLS (usually 465)" in said
    assert 'smtp_security = "none"' in said


def test_smtp_without_starttls(box, connect):
    said = _sending(connect(9, box.smtp_port, smtp_security="starttls"))
    assert 'does not offer the STARTTLS of smtp_security = "starttls"' in said


class _Never:
    async def handle_DATA(self, server, session, envelope):  # noqa: N802  aiosmtpd's name
        raise AssertionError("no mail was to come")


@pytest.fixture
def smtp_by(certificate):
    """Starts real SMTP servers: with STARTTLS, or with TLS from the first byte."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    started = []

    def start(key):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        started.append(Controller(_Never(), hostname="127.0.0.1", port=port, **{key: context}))
        started[-1].start()
        return port

    yield start
    for one in started:
        one.stop(no_assert=True)


def test_smtp_by_tls_on_the_port_of_starttls(smtp_by, connect, certificate):
    port = smtp_by("tls_context")
    said = _sending(connect(9, port, smtp_security="tls", ca_file=certificate))
    assert 'set smtp_security = "starttls", which it offers' in said


def test_smtp_in_plain_text_on_the_port_of_tls(smtp_by, connect, certificate):
    port = smtp_by("ssl_context")
    settings = {"smtp_security": "starttls", "ca_file": certificate, "timeout_s": 0.5}
    said = _sending(connect(9, port, **settings))
    assert said.startswith(f"SMTP 127.0.0.1:{port}: the server speaks TLS from the first byte")
    assert 'set smtp_security = "tls", or smtp_port' in said
    assert "(usually 587)" in said


@pytest.mark.parametrize("security", list(Security))
def test_another_kind_of_server(says, connect, security):
    said = _reading(connect(says("SSH-2.0-OpenSSH_9.2\x07"), imap_security=security))
    assert "speaks no IMAP: it says 'SSH-2.0-OpenSSH_9.2'" in said
    assert "correct imap_host or imap_port" in said


def test_a_busy_server_is_no_mismatch(says, connect):
    said = _reading(connect(says("* BYE too many connections"), imap_security="starttls"))
    assert "too many connections" in said
    assert "imap_security" not in said


def test_nobody_listens(connect):
    assert "refused" in _reading(connect(9, imap_security="tls")).lower()


def test_a_silent_server_is_no_mismatch(connect):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        said = _reading(connect(port, imap_security="starttls", timeout_s=0.2))
    assert "timed out" in said


@pytest.mark.parametrize("host", ["127.0.0.1", "mail.example"])
def test_none_is_proposed_on_this_machine_alone(host):
    server = Server("imap", host, 143, Security.TLS, 1)
    said = mismatch(server, Found("* OK ready"))
    assert ('"none"' in said) == (host == "127.0.0.1")


@pytest.mark.parametrize(
    ("security", "found"),
    [
        ("tls", Found(tls=True)),
        ("starttls", Found("220 ready", starttls=True)),
        ("none", Found("220 ready")),
        ("tls", Found()),
        ("tls", Found("421 too busy")),
    ],
)
def test_what_fits(security, found):
    assert mismatch(Server("smtp", "mail.example", 25, Security(security), 1), found) is None


def test_each_fix_is_a_setting_there_is():
    founds = [Found("* OK"), Found("* OK", starttls=True), Found(tls=True), Found("HTTP/1.1 400")]
    servers = [Server("imap", "::1", 1, security, 1) for security in Security]
    said = " ".join(mismatch(s, f) or "" for s in servers for f in founds)
    named = set(re.findall(r'imap_security = "(\w+)"', said))
    assert named == set(Security)
