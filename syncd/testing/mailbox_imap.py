"""The IMAP side of a fake mailbox (RFC 3501, with CONDSTORE, IDLE, ID and SPECIAL-USE)."""

import base64
import binascii
import re
from collections.abc import Callable
from contextlib import suppress
from typing import Protocol

from syncd.testing.mailbox_smtp import bearer
from syncd.testing.mailbox_store import Folder, Mail, Store
from syncd.testing.mailbox_wire import Wire

CAPABILITIES = (
    "IMAP4rev1 LITERAL+ SASL-IR AUTH=PLAIN AUTH=XOAUTH2 ID IDLE CONDSTORE SPECIAL-USE UIDPLUS"
)
_WORD = re.compile(r'"((?:[^"\\]|\\.)*)"|(\((?:[^()]|\([^()]*\))*\))|(\S+)')
_SINCE = re.compile(r"CHANGEDSINCE (\d+)", re.IGNORECASE)
_LITERAL = re.compile(rb"\{(\d+)(\+?)\}$")


class Office(Protocol):
    """What the protocol asks of the mailbox behind it."""

    store: Store

    def lets_in(self, name: str, secret: str) -> bool:
        """Whether a password or token is right."""
        ...

    def ordered(self, stage: str, wire: Wire, tag: str = "") -> bool:
        """Carry out a fault ordered for `stage`; whether there was one."""
        ...


class ImapSession:
    """One IMAP conversation."""

    def __init__(self, wire: Wire, office: Office) -> None:
        self._wire = wire
        self._office = office
        self._store = office.store
        self._in = False
        self._folder: Folder | None = None
        self._known = 0
        self._verbs: dict[str, Callable[[str, list[str]], None]] = {
            "CAPABILITY": self._capability,
            "ID": self._id,
            "NOOP": self._noop,
            "LOGIN": self._login,
            "AUTHENTICATE": self._authenticate,
            "LIST": self._list,
            "SELECT": self._select,
            "EXAMINE": self._examine,
            "STATUS": self._status,
            "APPEND": self._append,
            "IDLE": self._idle,
            "UID": self._uid,
        }

    def run(self) -> None:
        """Talk until LOGOUT or the end of the line."""
        self._wire.say(f"* OK [CAPABILITY {CAPABILITIES}] loopback")
        while True:
            words = self._command()
            tag, verb, rest = words[0], words[1].upper() if len(words) > 1 else "", words[2:]
            if verb == "LOGOUT":
                self._wire.say("* BYE", f"{tag} OK done")
                return
            stage = {"AUTHENTICATE": "login", "UID": f"uid {rest[0].lower()}" if rest else "uid"}
            if self._office.ordered(stage.get(verb, verb.lower()), self._wire, tag):
                continue
            self._obey(tag, verb, rest)

    def _obey(self, tag: str, verb: str, rest: list[str]) -> None:
        before_login = {"CAPABILITY", "ID", "NOOP", "LOGIN", "AUTHENTICATE"}
        handler = self._verbs.get(verb)
        if handler is None or not (self._in or verb in before_login):
            self._wire.say(f"{tag} BAD not now, or not known here")
            return
        try:
            handler(tag, rest)
        except (IndexError, KeyError, ValueError) as error:
            self._wire.say(f"{tag} NO {type(error).__name__} {error}")

    def _command(self) -> list[str]:
        """A command's words; a literal becomes a word."""
        words: list[str] = []
        while True:
            line = self._wire.line()
            literal = _LITERAL.search(line)
            text = line[: literal.start()] if literal else line
            for quoted, group, plain in _WORD.findall(text.decode("latin-1")):
                words.append(group or plain or re.sub(r"\\(.)", r"\1", quoted))
            if literal is None:
                return words
            if not literal[2]:
                self._wire.say("+ go on")
            words.append(self._wire.exactly(int(literal[1])).decode("latin-1"))

    def _capability(self, tag: str, _: list[str]) -> None:
        self._wire.say(f"* CAPABILITY {CAPABILITIES}", f"{tag} OK done")

    def _id(self, tag: str, _: list[str]) -> None:
        self._wire.say('* ID ("name" "loopback")', f"{tag} OK done")

    def _noop(self, tag: str, _: list[str]) -> None:
        self._wire.say(*self._news(), f"{tag} OK done")

    def _login(self, tag: str, words: list[str]) -> None:
        self._welcome(tag, words[0], words[1])

    def _authenticate(self, tag: str, words: list[str]) -> None:
        said = words[1] if len(words) > 1 else self._ask("")
        with suppress(binascii.Error):
            said = base64.b64decode(said).decode("utf-8", "replace")
        if words[0].upper() == "PLAIN":
            name, secret = [*said.split("\0"), "", "", ""][1:3]
        else:
            name, secret = bearer(said)
            if not self._office.lets_in(name, secret):
                self._ask("eyJzdGF0dXMiOiI0MDAifQ==")
        self._welcome(tag, name, secret)

    def _ask(self, challenge: str) -> str:
        self._wire.say(f"+ {challenge}")
        return self._wire.line().decode("ascii", "replace")

    def _welcome(self, tag: str, name: str, secret: str) -> None:
        self._in = self._office.lets_in(name, secret)
        good, bad = "OK welcome", "NO [AUTHENTICATIONFAILED] bad credentials"
        self._wire.say(f"{tag} {good if self._in else bad}")

    def _list(self, tag: str, _: list[str]) -> None:
        self._wire.say(*map(_list_line, self._store.folders.values()), f"{tag} OK done")

    def _select(self, tag: str, words: list[str]) -> None:
        self._open(words[0])
        self._wire.say(f"{tag} OK [READ-WRITE] opened")

    def _examine(self, tag: str, words: list[str]) -> None:
        self._open(words[0])
        self._wire.say(f"{tag} OK [READ-ONLY] opened")

    def _open(self, name: str) -> None:
        with self._store.lock:
            self._folder = folder = self._store.folders[name]
            self._known = len(folder.mails)
            self._wire.say(
                f"* {self._known} EXISTS",
                f"* OK [UIDVALIDITY {folder.validity}] .",
                f"* OK [UIDNEXT {folder.next_uid}] .",
                f"* OK [HIGHESTMODSEQ {folder.modseq}] .",
            )

    def _status(self, tag: str, words: list[str]) -> None:
        with self._store.lock:
            folder = self._store.folders[words[0]]
            values = {
                "MESSAGES": len(folder.mails),
                "UIDNEXT": folder.next_uid,
                "UIDVALIDITY": folder.validity,
                "HIGHESTMODSEQ": folder.modseq,
            }
        asked = [word for word in words[1].strip("()").upper().split() if word in values]
        told = " ".join(f"{word} {values[word]}" for word in asked)
        self._wire.say(f'* STATUS "{words[0]}" ({told})', f"{tag} OK done")

    def _append(self, tag: str, words: list[str]) -> None:
        flags = set(words[1].strip("()").split()) if words[1].startswith("(") else set()
        mail = self._store.add(words[0], words[-1].encode("latin-1"), flags=flags)
        validity = self._store.folders[words[0]].validity
        self._wire.say(f"{tag} OK [APPENDUID {validity} {mail.uid}] filed")

    def _idle(self, tag: str, _: list[str]) -> None:
        self._wire.say("+ idling")
        stop = self._store.listen(self._tell)
        try:
            self._wire.say(*self._news())
            self._office.ordered("idling", self._wire)
            self._wire.line()
        finally:
            stop()
        self._wire.say(f"{tag} OK done")

    def _tell(self, folder: Folder) -> None:
        if folder is self._folder:
            with suppress(OSError):
                self._wire.say(*self._news())

    def _news(self) -> list[str]:
        with self._store.lock:
            count = len(self._folder.mails) if self._folder else 0
            news = [f"* {count} EXISTS"] if count != self._known else []
            self._known = count
        return news

    def _uid(self, tag: str, words: list[str]) -> None:
        if self._folder is None:
            self._wire.say(f"{tag} BAD no folder is open")
        elif words[0].upper() == "FETCH":
            self._fetch(tag, self._folder, words[1:])
        elif words[0].upper() == "SEARCH":
            self._search(tag, self._folder, words[1:])
        else:
            self._wire.say(f"{tag} BAD UID {words[0]}")

    def _fetch(self, tag: str, folder: Folder, words: list[str]) -> None:
        since = _SINCE.search(" ".join(words[2:]))
        with self._store.lock:
            told = [
                _fetched(number, mail, words[1].upper(), told=since is not None)
                for number, mail in enumerate(folder.mails, 1)
                if _in_set(mail, folder, words[0])
                and (since is None or mail.modseq > int(since[1]))
            ]
        self._wire.say(*told, *self._news(), f"{tag} OK done")

    def _search(self, tag: str, folder: Folder, words: list[str]) -> None:
        with self._store.lock:
            mails = folder.mails
            if words[0].upper() == "HEADER":
                mails = [mail for mail in mails if _has(mail, words[1], words[2])]
            found = " ".join(str(mail.uid) for mail in mails)
        self._wire.say(f"* SEARCH {found}", f"{tag} OK done")


def _list_line(folder: Folder) -> str:
    uses = " ".join(filter(None, ("\\HasNoChildren", folder.use)))
    return f'* LIST ({uses}) "/" "{folder.name}"'


def _in_set(mail: Mail, folder: Folder, uids: str) -> bool:
    last = folder.mails[-1].uid
    for piece in uids.split(","):
        low, _, high = piece.replace("*", str(last)).partition(":")
        ends = sorted((int(low), int(high or low)))
        if ends[0] <= mail.uid <= ends[1]:
            return True
    return False


def _fetched(number: int, mail: Mail, items: str, *, told: bool) -> bytes:
    said = [f"UID {mail.uid}"]
    if "FLAGS" in items:
        said.append(f"FLAGS ({' '.join(sorted(mail.flags))})")
    if "RFC822.SIZE" in items:
        said.append(f"RFC822.SIZE {len(mail.raw)}")
    if "INTERNALDATE" in items:
        said.append(f'INTERNALDATE "{mail.arrived:%d-%b-%Y %H:%M:%S %z}"')
    if told:
        said.append(f"MODSEQ ({mail.modseq})")
    head = f"* {number} FETCH ({' '.join(said)}"
    body = re.search(r"BODY(?:\.PEEK)?(\[(HEADER)?\])(?:<0\.([0-9]+)>)?", items)
    if body is None:
        return f"{head})".encode()
    data = mail.raw.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" if body[2] else mail.raw
    if body[3]:
        data = data[: int(body[3])]
    part = f"{body[1]}<0>" if body[3] else body[1]
    return f"{head} BODY{part} {{{len(data)}}}\r\n".encode() + data + b")"


def _has(mail: Mail, name: str, value: str) -> bool:
    header = mail.raw.partition(b"\r\n\r\n")[0].decode("latin-1")
    unfolded = re.sub(r"\r\n[ \t]+", " ", header)
    fields = (line.partition(":") for line in unfolded.split("\r\n"))
    return any(n.lower() == name.lower() and value.lower() in v.lower() for n, _, v in fields)
