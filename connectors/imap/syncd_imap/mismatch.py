"""Why a connection does not open: one side begins with TLS and the other in plain text.

What TLS and sockets say of it (``WRONG_VERSION_NUMBER``, or nothing until the time is out) names
neither the cause nor the setting, so the server is looked at once more, without a login.
"""

import imaplib
import re
import smtplib
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Literal, NamedTuple

from syncd.connector import Unavailable
from syncd_imap.settings import USUAL_PORTS, ImapConfig, Security, is_loopback

Protocol = Literal["imap", "smtp"]

_PATIENCE_SECONDS = 5.0
_SHOWN = 80
# RFC 9051, 7.1; RFC 5321, 4.2.
_OWN_GREETING = {"imap": r"\* (?:OK|PREAUTH|BYE)\b", "smtp": r"[245][0-9]{2}(?:[ -]|$)"}
_READY = {"imap": r"\* (?:OK|PREAUTH)\b", "smtp": "220"}
# It has been heard of no other way: nobody listens, or it is TLS that is found wanting.
_TOLD_ENOUGH = (ConnectionRefusedError, socket.gaierror, ssl.SSLCertVerificationError)


class Server(NamedTuple):
    """Where to connect to, and how the config says."""

    protocol: Protocol
    host: str
    port: int
    security: Security
    patience: float

    @classmethod
    def of(cls, config: ImapConfig, protocol: Protocol) -> "Server":
        """The one to read from, or to send by."""
        endpoint = config.imap_endpoint if protocol == "imap" else config.smtp_endpoint
        security: Security = getattr(config, f"{protocol}_security")
        return cls(protocol, *endpoint, security, min(_PATIENCE_SECONDS, config.timeout_s))


class Found(NamedTuple):
    """How a server begins."""

    greeting: str = ""
    """The line that it says in plain text, unasked."""
    starttls: bool = False
    tls: bool = False
    """Whether it answers to TLS from the first byte."""


@contextmanager
def explained(config: ImapConfig, protocol: Protocol) -> Iterator[None]:
    """Raise Unavailable with cause and fix for what fails in here by such a mismatch.

    Other errors pass as they are.
    """
    try:
        yield
    except _TOLD_ENOUGH:
        raise
    except (OSError, imaplib.IMAP4.error):
        server = Server.of(config, protocol)
        cause = mismatch(server, _look(server))
        if cause is None:
            raise
        raise Unavailable(cause) from None


def mismatch(server: Server, found: Found) -> str | None:
    """What does not fit between the config and the server, and what to set; None where all does."""
    if found.tls:
        return _too_plain(server)
    if not found.greeting:
        return None
    if not re.match(_OWN_GREETING[server.protocol], found.greeting):
        key = server.protocol
        said = f"what answers there speaks no {key.upper()}: it says {found.greeting!r}"
        return f"{said}; correct {key}_host or {key}_port"
    if not re.match(_READY[server.protocol], found.greeting):
        return None
    return _too_private(server, found)


def _too_plain(server: Server) -> str | None:
    if server.security is Security.TLS:
        return None
    asked = f'{server.protocol}_security = "{server.security}" waits for a greeting in plain text'
    fix = f'set {server.protocol}_security = "tls"'
    if server.security is Security.STARTTLS:
        fix += f", or {_port(server, Security.STARTTLS)}"
    return f"the server speaks TLS from the first byte, and {asked}; {fix}"


def _too_private(server: Server, found: Found) -> str | None:
    key, wanted = f"{server.protocol}_security", server.security
    if wanted is Security.NONE or (wanted is Security.STARTTLS and found.starttls):
        return None
    begins = f"the server begins in plain text ({found.greeting!r})"
    if wanted is Security.STARTTLS:
        fix = f'set {key} = "tls" and {_port(server, Security.TLS)}'
        return f'{begins} and does not offer the STARTTLS of {key} = "starttls"; {fix}{_or_none(server)}'
    said = f'{begins}, and {key} = "tls" with TLS'
    if found.starttls:
        return f'{said}; set {key} = "starttls", which it offers, or {_port(server, Security.TLS)}'
    return (
        f"{said}; it offers no STARTTLS either: set {_port(server, Security.TLS)}{_or_none(server)}"
    )


def _port(server: Server, security: Security) -> str:
    name = {Security.TLS: "TLS", Security.STARTTLS: "STARTTLS"}[security]
    usual = USUAL_PORTS[server.protocol][security]
    return f"{server.protocol}_port to the server's port for {name} (usually {usual})"


def _or_none(server: Server) -> str:
    here = is_loopback(server.host)
    return f', or {server.protocol}_security = "none", as it is on this machine' if here else ""


def _look(server: Server) -> Found:
    # A server that begins in plain text fails this at once; the other way round it would be silent.
    if server.security is not Security.TLS and _speaks_tls(server):
        return Found(tls=True)
    try:
        greeting = _greeting(server)
        ready = re.match(_READY[server.protocol], greeting)
        return Found(greeting, starttls=bool(ready) and _offers_starttls(server))
    except (OSError, imaplib.IMAP4.error):
        return Found()


def _speaks_tls(server: Server) -> bool:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE  # nothing is said on it
    try:
        with (
            socket.create_connection((server.host, server.port), server.patience) as line,
            context.wrap_socket(line, server_hostname=server.host),
        ):
            return True
    except OSError:
        return False


def _greeting(server: Server) -> str:
    with socket.create_connection((server.host, server.port), server.patience) as line:
        said = line.recv(_SHOWN)
    first = said.decode("ascii", "replace").partition("\n")[0]
    return "".join(each for each in first if each.isprintable()).strip()


def _offers_starttls(server: Server) -> bool:
    if server.protocol == "imap":
        imap = imaplib.IMAP4(server.host, server.port, timeout=server.patience)
        try:
            return "STARTTLS" in imap.capabilities
        finally:
            imap.shutdown()
    with smtplib.SMTP(server.host, server.port, timeout=server.patience) as smtp:
        smtp.ehlo()
        return smtp.has_extn("starttls")
