"""The SMTP side of a fake mailbox (RFC 5321, 4954), as a mail provider's submission server."""

import base64
import binascii
from typing import Protocol

import msgspec

from syncd.testing.mailbox_wire import Gone, Wire


class Post(Protocol):
    """What the protocol asks of the mailbox behind it."""

    def lets_in(self, name: str, secret: str) -> bool:
        """Whether a password or token is right."""
        ...

    def ordered(self, stage: str, wire: Wire) -> bool:
        """Carry out a fault ordered for `stage`; whether there was one."""
        ...

    def accept(self, sender: str, recipients: tuple[str, ...], data: bytes) -> None:
        """Take a mail."""
        ...


class _Transaction(msgspec.Struct):
    sender: str | None = None
    recipients: list[str] = []


class SmtpSession:
    """One SMTP conversation."""

    def __init__(self, wire: Wire, post: Post) -> None:
        self._wire = wire
        self._post = post
        self._in = False
        self._mail = _Transaction()

    def run(self) -> None:
        """Talk until QUIT or the end of the line."""
        if self._post.ordered("connect", self._wire):
            return
        self._wire.say("220 loopback ESMTP")
        while True:
            verb, _, rest = self._wire.line().decode("utf-8", "replace").partition(" ")
            name = verb.upper()
            if name == "QUIT":
                self._wire.say("221 bye")
                return
            known = name in {"EHLO", "HELO", "AUTH", "MAIL", "RCPT", "DATA", "RSET", "NOOP"}
            if known and self._post.ordered(name.lower(), self._wire):
                continue
            self._answer(name, rest)

    def _answer(self, name: str, rest: str) -> None:
        if name in {"EHLO", "HELO"}:
            self._wire.say("250-loopback", "250-8BITMIME", "250-AUTH PLAIN LOGIN XOAUTH2", "250 OK")
        elif name == "AUTH":
            self._auth(rest)
        elif name in {"NOOP", "RSET"}:
            self._mail = _Transaction() if name == "RSET" else self._mail
            self._wire.say("250 OK")
        elif name not in {"MAIL", "RCPT", "DATA"}:
            self._wire.say("502 5.5.1 not known here")
        elif not self._in:
            self._wire.say("530 5.7.0 Authentication required")
        else:
            {"MAIL": self._begin, "RCPT": self._add, "DATA": self._take}[name](rest)

    def _auth(self, rest: str) -> None:
        mechanism, _, initial = rest.partition(" ")
        kind = mechanism.upper()
        if kind == "LOGIN":
            name = _decoded(initial) if initial else self._ask("VXNlcm5hbWU6")
            self._in = self._post.lets_in(name, self._ask("UGFzc3dvcmQ6"))
        elif kind == "PLAIN":
            said = _decoded(initial) if initial else self._ask("")
            name, secret = [*said.split("\0"), "", "", ""][1:3]
            self._in = self._post.lets_in(name, secret)
        else:
            self._in = self._post.lets_in(*bearer(_decoded(initial)))
            if not self._in:
                self._ask("eyJzdGF0dXMiOiI0MDAifQ==")
        self._wire.say("235 2.7.0 welcome" if self._in else "535 5.7.8 bad credentials")

    def _ask(self, challenge: str) -> str:
        self._wire.say(f"334 {challenge}")
        return _decoded(self._wire.line().decode("ascii", "replace"))

    def _begin(self, rest: str) -> None:
        self._mail = _Transaction(_address(rest))
        self._wire.say("250 2.1.0 OK")

    def _add(self, rest: str) -> None:
        self._mail.recipients.append(_address(rest))
        self._wire.say("250 2.1.5 OK")

    def _take(self, _: str) -> None:
        sender, recipients = self._mail.sender, tuple(self._mail.recipients)
        self._mail = _Transaction()
        if sender is None or not recipients:
            self._wire.say("503 5.5.1 MAIL and RCPT come first")
            return
        self._wire.say("354 go on")
        data = self._lines()
        if self._post.ordered("dot", self._wire):
            return
        self._post.accept(sender, recipients, data)
        if not self._post.ordered("accepted", self._wire):
            self._wire.say("250 2.0.0 taken")

    def _lines(self) -> bytes:
        lines = []
        while (line := self._wire.line()) != b".":
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"\r\n".join(lines) + b"\r\n"


def bearer(said: str) -> tuple[str, str]:
    """Name and token of an XOAUTH2 response."""
    fields = dict(field.partition("=")[::2] for field in said.split("\x01") if field)
    return fields.get("user", ""), fields.get("auth", "").removeprefix("Bearer ")


def _address(rest: str) -> str:
    return rest.partition("<")[2].partition(">")[0]


def _decoded(said: str) -> str:
    try:
        return base64.b64decode(said).decode("utf-8", "replace")
    except binascii.Error:
        raise Gone from None
