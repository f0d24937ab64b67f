"""Sending by SMTP over a few kept connections, in steps, so that a failure says what it left."""

import smtplib
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress

from syncd.connector import AuthFailed, OutcomeUnknown, Rejected, Unavailable
from syncd_imap.login import Login, tls, without
from syncd_imap.mismatch import explained
from syncd_imap.settings import ImapConfig, Security

# RFC 4954, 4 and 6; 5.7.x as Exchange Online and Gmail use them for a login that is missing.
_AUTH_CODES = frozenset({530, 534, 535, 538})
_AUTH_ENHANCED = ("5.7.8", "5.7.9", "5.7.14", "5.7.30", "5.7.57", "5.7.139")


class Mailer:
    """The account's way out. Thread-safe: each send has a connection to itself."""

    def __init__(self, config: ImapConfig, login: Login) -> None:
        self._config = config
        self._login = login
        self._idle: list[smtplib.SMTP] = []
        self._lock = threading.Lock()
        self._slots = threading.BoundedSemaphore(config.smtp_connections)

    def send(self, sender: str, recipients: Sequence[str], raw: bytes) -> str:
        """Hand over one mail to all `recipients` or to none; the server's words of acceptance.

        Raises AuthFailed, Unavailable (it did not go out), Rejected, or OutcomeUnknown where the
        line was lost between the final dot and the answer to it.
        """
        with self._slots, _naming(self._config.smtp_server):
            smtp = self._begin(sender)
            try:
                said = _hand_over(smtp, recipients, raw)
            except (Rejected, Unavailable):
                self._settle(smtp)
                raise
            except BaseException:
                smtp.close()
                raise
            self._keep(smtp)
            return said

    def check(self) -> None:
        """Log in and say nothing; raises AuthFailed or Unavailable."""
        with self._slots, _naming(self._config.smtp_server):
            self._keep(self._connected())

    def close(self) -> None:
        """Quit the kept connections."""
        with self._lock:
            idle, self._idle = self._idle, []
        for smtp in idle:
            with suppress(OSError, smtplib.SMTPException):
                smtp.quit()
            smtp.close()

    def _begin(self, sender: str) -> smtplib.SMTP:
        """A connection on which MAIL FROM has been accepted.

        A kept one may have been closed by the server since; nothing was sent on it, so a new one
        takes its place.
        """
        with self._lock:
            kept = self._idle.pop() if self._idle else None
        if kept is not None:
            try:
                return _mail_from(kept, sender)
            except Unavailable:
                kept.close()
        return _mail_from(self._connected(), sender)

    def _keep(self, smtp: smtplib.SMTP) -> None:
        with self._lock:
            self._idle.append(smtp)

    def _settle(self, smtp: smtplib.SMTP) -> None:
        """Keep a connection whose transaction failed, if it can be begun anew."""
        try:
            code, _ = smtp.rset()
        except (OSError, smtplib.SMTPException):
            code = 0
        if code == 250:
            self._keep(smtp)
        else:
            smtp.close()

    def _connected(self) -> smtplib.SMTP:
        smtp: smtplib.SMTP | None = None
        try:
            with explained(self._config, "smtp"):
                smtp = _opened(self._config)
            _log_in(smtp, self._login)
        except (OSError, smtplib.SMTPException) as error:
            if smtp is not None:
                smtp.close()
            raise Unavailable(f"{type(error).__name__}: {error}") from None
        except BaseException:
            if smtp is not None:
                smtp.close()
            raise
        return smtp


@contextmanager
def _naming(server: str) -> Iterator[None]:
    """Name the server in what goes wrong with it; a refused login or mail says enough by itself."""
    try:
        yield
    except Unavailable as error:
        raise Unavailable(f"{server}: {error}", error.retry_after) from None
    except OutcomeUnknown as error:
        raise OutcomeUnknown(f"{server}: {error}") from None


def _opened(config: ImapConfig) -> smtplib.SMTP:
    host, port = config.smtp_endpoint
    # Its own name would tell where the shop's machine stands; many servers look for a dot in it.
    name = config.address.rpartition("@")[2]
    context = tls(config.ca_file)
    if config.smtp_security is Security.TLS:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(
            host, port, local_hostname=name, timeout=config.timeout_s, context=context
        )
    else:
        smtp = smtplib.SMTP(host, port, local_hostname=name, timeout=config.timeout_s)
    assert smtp.sock is not None
    # The final dot is a write of its own: it must not wait for the acknowledgement of the mail.
    smtp.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if config.smtp_security is Security.STARTTLS:
        try:
            smtp.starttls(context=context)
        except BaseException:
            smtp.close()
            raise
    return smtp


def _log_in(smtp: smtplib.SMTP, login: Login) -> None:
    smtp.ehlo_or_helo_if_needed()
    if not smtp.has_extn("auth"):
        return
    secret = login.secret()
    refusal = _refusal(smtp, login, secret)
    if refusal is not None and login.renew(secret):
        secret = login.secret()
        refusal = _refusal(smtp, login, secret)
    if refusal is None:
        return
    said = f"{refusal.smtp_code} {without(secret, refusal.smtp_error)}"
    if refusal.smtp_code < 500:
        raise Unavailable(f"the server takes no login now: {said}")
    raise AuthFailed(f"SMTP login as {login.name} refused: {said}")


def _refusal(
    smtp: smtplib.SMTP, login: Login, secret: str
) -> smtplib.SMTPAuthenticationError | None:
    try:
        if login.by_token:
            answers = iter([login.xoauth2(secret)])
            # A refusal comes as a challenge that has to be answered with nothing.
            smtp.auth("XOAUTH2", lambda _=None: next(answers, ""))
        else:
            _offer_password(smtp, login.name, secret)
    except smtplib.SMTPAuthenticationError as error:
        return error
    except UnicodeEncodeError:
        raise AuthFailed("the SMTP password has letters that are not ASCII; set another") from None
    except ValueError as error:
        raise Unavailable(f"the server's challenge is none: {error}") from None
    return None


def _offer_password(smtp: smtplib.SMTP, name: str, password: str) -> None:
    """By one mechanism: `smtplib.login` tries all, and wrong tries lock accounts."""
    mechanisms = smtp.esmtp_features["auth"].upper().split()
    smtp.user, smtp.password = name, password
    if "PLAIN" in mechanisms:
        smtp.auth("PLAIN", smtp.auth_plain)
    elif "LOGIN" in mechanisms:
        smtp.auth("LOGIN", smtp.auth_login)
    else:
        smtp.login(name, password)


def _mail_from(smtp: smtplib.SMTP, sender: str) -> smtplib.SMTP:
    try:
        _expect(250, *_answer(lambda: smtp.mail(sender)))
    except BaseException:
        smtp.close()
        raise
    return smtp


def _hand_over(smtp: smtplib.SMTP, recipients: Sequence[str], raw: bytes) -> str:
    for recipient in recipients:
        code, said = _answer(lambda to=recipient: smtp.rcpt(to))  # type: ignore[misc]  # mypy: a default
        _expect(251 if code == 251 else 250, code, said)
    _expect(354, *_answer(lambda: smtp.docmd("DATA")))
    try:
        smtp.send(_stuffed(raw))
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"the line was lost while the mail was sent: {error}") from None
    try:
        smtp.send(b".\r\n")
        code, said = smtp.getreply()
    except (OSError, smtplib.SMTPException) as error:
        raise OutcomeUnknown(f"the line was lost before the answer to the mail: {error}") from None
    if code < 200:
        raise OutcomeUnknown(f"the answer to the mail was no SMTP answer: {said[:100]!r}")
    _expect(250, code, said)
    return said.decode("utf-8", "replace")[:200]


def _stuffed(raw: bytes) -> bytes:
    """The mail with its leading dots doubled (RFC 5321, 4.5.2) and a line end at its end."""
    lines = raw.replace(b"\r\n.", b"\r\n..")
    lines = b"." + lines if lines.startswith(b".") else lines
    return lines if lines.endswith(b"\r\n") else lines + b"\r\n"


def _answer(ask: Callable[[], tuple[int, bytes]]) -> tuple[int, bytes]:
    """An answer before the mail's own bytes: a line lost here has lost nothing."""
    try:
        return ask()
    except (OSError, smtplib.SMTPException) as error:
        raise Unavailable(f"{type(error).__name__}: {error}") from None


def _expect(wanted: int, code: int, said: bytes) -> None:
    if code == wanted:
        return
    text = f"SMTP {code}: {said.decode('utf-8', 'replace')[:300]}"
    if code in _AUTH_CODES or (code >= 500 and any(word in text for word in _AUTH_ENHANCED)):
        raise AuthFailed(text)
    if 500 <= code < 600:
        raise Rejected(text)
    raise Unavailable(text)
