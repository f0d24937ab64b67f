r"""A mail provider on loopback, for demos and tests where no real one is: IMAP, SMTP, faults.

As Gmail does, it files each mail it accepts for sending into Sent; mail to the mailbox's own
address goes to its INBOX, and nothing leaves the machine::

    with Mailbox("shop@shop.example", "secret") as box:
        box.deliver(b"From: buyer@mail.example\n...")
        ...  # point an account at box.imap_port and box.smtp_port
        assert box.sent[0].recipients == ("buyer@mail.example",)
"""

import threading
from datetime import datetime
from enum import StrEnum
from typing import Self

import msgspec

from syncd import clock
from syncd.testing.mailbox_imap import ImapSession
from syncd.testing.mailbox_smtp import SmtpSession
from syncd.testing.mailbox_store import Store
from syncd.testing.mailbox_wire import Gone, LineServer, Wire

__all__ = ["Mailbox", "SentMail", "Stage"]


class SentMail(msgspec.Struct, frozen=True):
    """A mail that the SMTP side accepted."""

    sender: str
    recipients: tuple[str, ...]
    data: bytes
    """As it was received, with CRLF line ends."""
    at: datetime


class Stage(StrEnum):
    """Where a conversation can be made to go wrong."""

    CONNECT = "connect"
    AUTH = "auth"
    """SMTP login."""
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    """Before the final dot: the mail is certainly not taken."""
    DOT = "dot"
    """After the final dot, the mail not taken."""
    ACCEPTED = "accepted"
    """After the final dot, the mail taken."""
    LOGIN = "login"
    """IMAP login."""
    EXAMINE = "examine"
    FETCH = "uid fetch"
    SEARCH = "uid search"
    APPEND = "append"
    NOOP = "noop"
    IDLING = "idling"
    """While a client waits in IDLE."""


class _Order(msgspec.Struct):
    stage: Stage
    reply: str | None
    times: int
    skip: int


class Mailbox:
    """One mailbox with its servers. Use it as a context manager; the ports are known before."""

    def __init__(self, address: str, password: str) -> None:
        self.address = address
        self.store = Store()
        self.sent: list[SentMail] = []
        """Every mail accepted for sending, oldest first."""
        self._secrets = {password}
        self._orders: list[_Order] = []
        self._lock = threading.RLock()
        self._imap = LineServer(lambda wire: ImapSession(wire, self).run())
        self._smtp = LineServer(lambda wire: SmtpSession(wire, self).run())

    @property
    def imap_port(self) -> int:
        """Where IMAP is spoken, without TLS."""
        return self._imap.port

    @property
    def smtp_port(self) -> int:
        """Where SMTP is spoken, without TLS."""
        return self._smtp.port

    def __enter__(self) -> Self:
        self._imap.start()
        self._smtp.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._imap.stop()
        self._smtp.stop()

    def deliver(self, raw: bytes, folder: str = "INBOX") -> None:
        """Let a mail arrive."""
        self.store.add(folder, raw)

    def accept_token(self, token: str) -> None:
        """Let clients in by XOAUTH2 with this token, from now on."""
        with self._lock:
            self._secrets.add(token)

    def refuse(self, secret: str) -> None:
        """Let nobody in by this password or token any more."""
        with self._lock:
            self._secrets.discard(secret)

    def fail(
        self, stage: Stage, reply: str | None = None, *, times: int = 1, skip: int = 0
    ) -> None:
        """Let the next `times` conversations go wrong at `stage`, after `skip` good ones.

        `reply` is what the server says instead, such as ``451 4.3.0 later`` for SMTP, or ``NO
        [UNAVAILABLE] later`` for IMAP (``* BYE ...`` is followed by the end of the line); None
        drops the line without a word.
        """
        with self._lock:
            self._orders.append(_Order(stage, reply, times, skip))

    def heal(self) -> None:
        """Take all faults back that were ordered and have not happened."""
        with self._lock:
            self._orders.clear()

    def drop_connections(self) -> None:
        """Cut all lines, as a restarted server does."""
        self._imap.hang_up()
        self._smtp.hang_up()

    def reset_uidvalidity(self, folder: str = "INBOX") -> None:
        """Number the folder's mails anew, as after a restored backup; clients are thrown out."""
        self.store.renumber(folder)
        self._imap.hang_up()

    def lets_in(self, name: str, secret: str) -> bool:
        """Whether the password or token is right."""
        with self._lock:
            return name == self.address and secret in self._secrets

    def accept(self, sender: str, recipients: tuple[str, ...], data: bytes) -> None:
        """Take a mail for sending."""
        with self._lock:
            self.sent.append(SentMail(sender, recipients, data, clock.now()))
        self.store.add("Sent", data, flags={"\\Seen"})
        if self.address in recipients:
            self.store.add("INBOX", data)

    def ordered(self, stage: str, wire: Wire, tag: str = "") -> bool:
        """Carry out a fault ordered for `stage`; whether there was one."""
        order = self._take(stage)
        if order is None:
            return False
        if order.reply is None:
            raise Gone
        is_tagged = bool(tag) and not order.reply.startswith("*")
        wire.say(f"{tag} {order.reply}" if is_tagged else order.reply)
        if order.reply.startswith(("* BYE", "421")):
            raise Gone
        return True

    def _take(self, stage: str) -> _Order | None:
        with self._lock:
            for order in self._orders:
                if order.stage == stage and order.times > 0:
                    if order.skip > 0:
                        order.skip -= 1
                        return None
                    order.times -= 1
                    return order
        return None
