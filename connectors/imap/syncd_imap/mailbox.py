"""The account's folders on the server, each read over a kept connection of its own."""

import imaplib
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import datetime
from typing import TypeVar

import msgspec

from syncd_imap.cursor import Chunk, Mark, Marks, first_uid
from syncd_imap.login import Login
from syncd_imap.responses import Folder, Listed, folder_name
from syncd_imap.session import Session
from syncd_imap.settings import ImapConfig

T = TypeVar("T")

# What servers without SPECIAL-USE (RFC 6154) call it, with and without the prefix of Courier.
_SENT_NAMES = ("sent", "sent items", "sent messages", "sent mail")


class Fetched(msgspec.Struct, frozen=True):
    """A mail as the server gave it; `raw` is None where it gave nothing."""

    folder: str
    validity: int
    listed: Listed
    raw: bytes | None
    cut: bool


class Layout(msgspec.Struct, frozen=True):
    """Which folders matter."""

    read: tuple[str, ...]
    sent: str | None
    """The folder that holds sent mail and nothing else."""
    copies: str | None
    """Where to look for the copy of a sent mail."""
    arrivals: str
    """Where new mail shows up first."""


class Mailbox:
    """Reading, waiting and looking up. Reading, waiting and the rest may go on at the same time."""

    def __init__(self, config: ImapConfig, login: Login) -> None:
        self._config = config
        self._login = login
        self._lock = threading.Lock()
        self._wait_lock = threading.RLock()
        self._layout: Layout | None = None
        self._reading: dict[str, Session] = {}
        self._waiting: Session | None = None

    def layout(self) -> Layout:
        """The folders, asked for once."""
        with self._lock:
            if self._layout is None:
                self._layout = self._once(self._ask_layout)
            return self._layout

    def news(self, marks: Marks) -> tuple[dict[str, list[Listed]], Marks]:
        """What has come to each folder since `marks`, and the marks with the folders' numbering."""
        listings: dict[str, list[Listed]] = {}
        current: Marks = {}
        for folder, session, opened in self._opened():
            assert session.selected is not None
            at = session.selected
            first = first_uid(marks.get(folder), at.validity)
            untouched = opened and at.next_uid is not None and first >= at.next_uid
            mails = [] if untouched else session.listing(first)
            listings[folder] = mails
            current[folder] = Mark(at.validity, first)
        return listings, current

    def fetch(self, chunk: Chunk) -> Iterator[Fetched]:
        """The mails of a chunk; of those over the size limit only the header."""
        for folder, listed in chunk.mails.items():
            mails = [mail for mail in listed if not mail.draft]
            got, gone = self._raws(self._reading[folder], mails)
            validity = chunk.marks[folder].uidvalidity
            for mail in mails:
                if mail.uid not in gone:
                    yield Fetched(folder, validity, mail, got.get(mail.uid), self._is_cut(mail))

    def _raws(self, session: Session, mails: list[Listed]) -> tuple[dict[int, bytes], set[int]]:
        """The raw mails by UID, and the UIDs that have been deleted meanwhile."""
        existing = [mail.uid for mail in mails]
        large = [mail.uid for mail in mails if self._is_cut(mail)]
        small = [uid for uid in existing if uid not in large] if large else existing
        got = session.bodies(small, existing)
        got |= session.bodies(large, existing, header_only=True)
        return got, session.gone([uid for uid in existing if uid not in got])

    def _is_cut(self, mail: Listed) -> bool:
        return mail.size > self._config.max_mail_bytes

    def check(self) -> None:
        """Log in and ask for the folders."""
        self._once(Session.folders)

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for new mail to arrive."""
        arrivals = self.layout().arrivals
        with self._wait_lock:
            if self._waiting is None:
                self._waiting = self._session()
                self._waiting.examine(arrivals)
            return self._waiting.wait(seconds)

    def stop_waiting(self) -> None:
        """Close the connection that waits, and wake who waits on it."""
        waiting = self._waiting
        if waiting is not None:
            waiting.interrupt()
            with self._wait_lock:
                self._waiting = None
                waiting.close()

    def find(self, folder: str, message_id: str) -> bytes | None:
        """The raw mail with this Message-ID in `folder`."""

        def ask(session: Session) -> bytes | None:
            session.examine(folder)
            return session.find(message_id)

        return self._once(ask)

    def file(self, folder: str, raw: bytes, at: datetime) -> None:
        """Put a copy of a mail into `folder`."""
        self._once(lambda session: session.append(folder, raw, at))

    def stop_reading(self) -> None:
        """Close the connections that read; the next poll opens new ones.

        The folders are asked for anew too: what failed may be that one was renamed.
        """
        reading, self._reading = self._reading, {}
        self._layout = None
        for session in reading.values():
            session.close()

    def _opened(self) -> Iterator[tuple[str, Session, bool]]:
        """Each folder with its connection, and whether it has been opened just now."""
        spare: Session | None = None
        if self._layout is None:
            # A login takes some seven round trips: the one that asks for the folders goes on.
            spare = self._session()
            try:
                self._layout = self._ask_layout(spare)
            except BaseException:
                spare.close()
                raise
        for folder in self._layout.read:
            yield folder, *self._ready(folder, spare)
            spare = None

    def _ready(self, folder: str, spare: Session | None) -> tuple[Session, bool]:
        kept = self._reading.get(folder)
        if kept is not None:
            try:
                kept.noop()
            except (OSError, imaplib.IMAP4.error):
                # Servers and firewalls drop idle lines; nothing was asked on it, so begin anew.
                self._reading.pop(folder).close()
            else:
                return kept, False
        session = self._reading[folder] = spare or self._session()
        session.examine(folder)
        return session, True

    def _ask_layout(self, session: Session) -> Layout:
        return layout_of(session.folders(), self._config, is_gmail=session.is_gmail)

    def _session(self) -> Session:
        return Session(self._config, self._login)

    def _once(self, ask: Callable[[Session], T]) -> T:
        session = self._session()
        try:
            return ask(session)
        finally:
            session.close()


def layout_of(folders: Sequence[Folder], config: ImapConfig, *, is_gmail: bool) -> Layout:
    """Choose the folders. On Gmail each label is a folder with the same mails: All Mail alone."""
    every = _used_for(folders, "\\all") if is_gmail else None
    sent = folder_name(config.sent_folder) if config.sent_folder else _sent(folders)
    read = tuple(map(folder_name, config.folders)) or _to_read(every, sent)
    return Layout(read, sent, every or sent, arrivals="INBOX" if "INBOX" in read else read[0])


def _to_read(every: str | None, sent: str | None) -> tuple[str, ...]:
    if every is not None:
        return (every,)
    return ("INBOX", sent) if sent else ("INBOX",)


def _sent(folders: Iterable[Folder]) -> str | None:
    return _used_for(folders, "\\sent") or next(
        (one.name for one in folders if one.name.lower().removeprefix("inbox.") in _SENT_NAMES),
        None,
    )


def _used_for(folders: Iterable[Folder], use: str) -> str | None:
    return next((folder.name for folder in folders if use in folder.uses), None)
