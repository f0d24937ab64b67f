"""What a fake mailbox holds: folders of mails, with the numbers IMAP gives them."""

import threading
from collections.abc import Callable
from datetime import datetime

import msgspec

from syncd import clock


class Mail(msgspec.Struct):
    """A mail in a folder."""

    uid: int
    raw: bytes
    arrived: datetime
    modseq: int
    flags: set[str] = set()


class Folder(msgspec.Struct):
    """A folder; `mails` in the order of their UIDs."""

    name: str
    use: str
    r"""Its SPECIAL-USE attribute, such as ``\Sent``; empty for the INBOX."""
    validity: int
    next_uid: int = 1
    modseq: int = 1
    mails: list[Mail] = []


Listener = Callable[[Folder], None]


class Store:
    """The folders of one mailbox. Thread-safe where `lock` is held."""

    def __init__(self) -> None:
        self.lock = threading.RLock()
        uses = {"INBOX": "", "Sent": "\\Sent", "Drafts": "\\Drafts"}
        self.folders = {
            name: Folder(name, use, 1000 + at) for at, (name, use) in enumerate(uses.items())
        }
        self._listeners: list[Listener] = []

    def add(self, folder: str, raw: bytes, *, flags: set[str] | None = None) -> Mail:
        """File a mail and tell who listens; line ends become CRLF."""
        lines = raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        with self.lock:
            into = self.folders[folder]
            into.modseq += 1
            mail = Mail(into.next_uid, lines, clock.now(), into.modseq, flags or set())
            into.next_uid += 1
            into.mails.append(mail)
            listeners = list(self._listeners)
        for tell in listeners:
            tell(into)
        return mail

    def renumber(self, folder: str) -> None:
        """Give all mails new UIDs under a new UIDVALIDITY, as after a restored backup."""
        with self.lock:
            again = self.folders[folder]
            again.validity += 100
            for uid, mail in enumerate(again.mails, start=1):
                mail.uid = uid
            again.next_uid = len(again.mails) + 1

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Have `listener` called at each new mail, until the returned function is called."""
        with self.lock:
            self._listeners.append(listener)

        def stop() -> None:
            with self.lock:
                self._listeners.remove(listener)

        return stop
