"""Opening an IMAP connection: TLS and login, with refusals told from troubles."""

import binascii
import imaplib
import socket
from ssl import SSLContext

from syncd.connector import AuthFailed, Unavailable
from syncd_imap.login import Login, tls, without
from syncd_imap.mismatch import explained
from syncd_imap.settings import ImapConfig, Security

# What says that a login failed for now (RFC 5530, and Gmail's and Dovecot's own words).
_BUSY = ("[UNAVAILABLE]", "[INUSE]", "[LIMIT]", "[SERVERBUG]", "TOO MANY", "TRY AGAIN", "THROTTLED")


def connected(config: ImapConfig) -> imaplib.IMAP4:
    """A connection with the privacy that the config asks for, not yet logged in."""
    context = tls(config.ca_file)
    with explained(config, "imap"):
        return _connected(config, context)


def _connected(config: ImapConfig, context: SSLContext) -> imaplib.IMAP4:
    host, port = config.imap_endpoint
    if config.imap_security is Security.TLS:
        return _unhesitating(
            imaplib.IMAP4_SSL(host, port, ssl_context=context, timeout=config.timeout_s)
        )
    imap = _unhesitating(imaplib.IMAP4(host, port, timeout=config.timeout_s))
    if config.imap_security is Security.STARTTLS:
        try:
            imap.starttls(context)
        except BaseException:
            imap.shutdown()
            raise
    return imap


def _unhesitating(imap: imaplib.IMAP4) -> imaplib.IMAP4:
    # imaplib writes the end of what it says (a login, a mail to file) by itself; that must not wait
    # for the server's acknowledgement of what came before, 40 ms and more.
    imap.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return imap


def log_in(imap: imaplib.IMAP4, login: Login) -> None:
    """Log in, with a new token if the server refuses the one at hand.

    Raises AuthFailed, or Unavailable where the server says that it is only busy.
    """
    secret = login.secret()
    try:
        _offer(imap, login, secret)
    except imaplib.IMAP4.abort as error:
        raise imaplib.IMAP4.abort(without(secret, error)) from None
    except imaplib.IMAP4.error as error:
        said = without(secret, error)
        if any(word in said.upper() for word in _BUSY):
            raise Unavailable(f"the server takes no login now: {said}") from None
        if login.renew(secret):
            _log_in_again(imap, login)
            return
        raise AuthFailed(f"IMAP login as {login.name} refused: {said}") from None


def _log_in_again(imap: imaplib.IMAP4, login: Login) -> None:
    token = login.secret()
    try:
        _offer(imap, login, token)
    except imaplib.IMAP4.abort as error:
        raise imaplib.IMAP4.abort(without(token, error)) from None
    except imaplib.IMAP4.error as error:
        said = without(token, error)
        raise AuthFailed(f"IMAP login as {login.name} by a new token refused: {said}") from None


def _offer(imap: imaplib.IMAP4, login: Login, secret: str) -> None:
    if login.by_token:
        _authenticate(imap, "XOAUTH2", login.xoauth2(secret))
    elif "AUTH=PLAIN" in imap.capabilities:
        _authenticate(imap, "PLAIN", f"\0{login.name}\0{secret}")
    else:
        imap.login(login.name, secret)


def _authenticate(imap: imaplib.IMAP4, mechanism: str, said: str) -> None:
    answers = iter([said.encode()])
    try:
        # A refusal comes as a challenge that has to be answered with nothing.
        imap.authenticate(mechanism, lambda _: next(answers, b""))
    except binascii.Error as error:
        raise imaplib.IMAP4.abort(f"the server's challenge is none: {error}") from None


def capabilities(imap: imaplib.IMAP4) -> frozenset[str]:
    """What the server offers to who is logged in."""
    _, answer = imap.capability()
    last = answer[-1]
    return frozenset(last.decode("ascii", "replace").upper().split()) if last else frozenset()
