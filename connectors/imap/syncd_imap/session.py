"""One connection to an IMAP server: a thin layer over `imaplib`, with its folder kept open.

`imaplib`, because in batches it fetches as fast as a server can send, and the libraries above it
two to four times slower. Every method may raise what `imaplib` and sockets raise; `recovering`
turns that into the contract's errors.
"""

import imaplib
import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import datetime

import msgspec

from syncd.connector import AuthFailed, Unavailable
from syncd_imap.idle import wait_for_news
from syncd_imap.login import Login, without
from syncd_imap.opening import capabilities, connected, log_in
from syncd_imap.responses import Answer, Folder, Listed, folders, listed, literals, quoted, uid_set
from syncd_imap.settings import ImapConfig

_CLOSE_SECONDS = 2.0
# Of mails over the size limit 500 headers come together, and one may be as large as its mail.
_MAX_HEADER = 100_000
# Servers do not learn IDLE over night, but they are moved to others.
_NO_IDLE_SECONDS = 3600.0


class _Refused(imaplib.IMAP4.error):
    """The server said no to this command; the line stands."""


class Selected(msgspec.Struct, frozen=True):
    """What a server says when a folder is opened."""

    validity: int
    next_uid: int | None
    modseq: int | None
    """CONDSTORE's count of changes. Only good on this connection: a server that loses its index
    counts anew under the same UIDVALIDITY, so one kept in a cursor could hide new mail."""


class Session:
    """A connection that is logged in. Not thread-safe."""

    def __init__(self, config: ImapConfig, login: Login) -> None:
        """Connect and log in; raises AuthFailed besides what `recovering` turns."""
        self.selected: Selected | None = None
        self._imap = connected(config)
        try:
            log_in(self._imap, login)
            self._capabilities = capabilities(self._imap)
            if self.offers("ID"):
                self._imap.xatom("ID", '("name" "syncd")')
        except BaseException:
            self.close()
            raise

    def offers(self, capability: str) -> bool:
        """Whether the server has an extension."""
        return capability in self._capabilities

    @property
    def is_gmail(self) -> bool:
        """Whether the server has Gmail's extensions: labels, threads, one All Mail."""
        return self.offers("X-GM-EXT-1")

    def folders(self) -> list[Folder]:
        """The mailbox's folders with what they are for."""
        _, answer = self._imap.list('""', '"*"')
        return folders(answer)

    def examine(self, folder: str) -> Selected:
        """Open a folder for reading only, so that nothing becomes seen."""
        parameter = " (CONDSTORE)" if self.offers("CONDSTORE") else ""
        status, answer = self._imap.select(quoted(folder) + parameter, readonly=True)
        if status != "OK":
            raise Unavailable(f"cannot open the folder {folder}: {without('', answer[0])}")
        numbers = {name: self._number(name) for name in ("UIDVALIDITY", "UIDNEXT", "HIGHESTMODSEQ")}
        self.selected = Selected(
            numbers["UIDVALIDITY"] or 0, numbers["UIDNEXT"], numbers["HIGHESTMODSEQ"] or None
        )
        return self.selected

    def listing(self, first: int) -> list[Listed]:
        """The mails from UID `first` on, with what is needed to plan their fetching."""
        items = "(UID FLAGS RFC822.SIZE INTERNALDATE" + (" X-GM-THRID)" if self.is_gmail else ")")
        answer = self._fetch(f"{first}:*", items, *self._changed_since(first))
        # "n:*" always gives the last mail, even where its UID is below n (RFC 3501, 6.4.8).
        return [mail for mail in listed(answer) if mail.uid >= first]

    def _changed_since(self, first: int) -> list[str]:
        """Spares the answer for the last mail where nothing is new (RFC 7162, 3.1.4.1)."""
        at = self.selected
        if at is None or at.modseq is None or at.next_uid is None or first < at.next_uid:
            return []
        return [f"(CHANGEDSINCE {at.modseq})"]

    def noop(self) -> None:
        """Let the server take notice of new mail, and see that the line still stands."""
        # What came untold between commands piles up there for as long as the line is kept.
        self._imap.untagged_responses.clear()
        self._imap.noop()

    def bodies(
        self, uids: Sequence[int], existing: Sequence[int], *, header_only: bool = False
    ) -> dict[int, bytes]:
        """The raw mails by UID, none of them marked as seen.

        A mail that the server cannot give is missing in the answer; the others are there.
        """
        if not uids:
            return {}
        what = f"(UID BODY.PEEK[HEADER]<0.{_MAX_HEADER}>)" if header_only else "(UID BODY.PEEK[])"
        try:
            return literals(self._fetch(uid_set(uids, existing), what))
        except _Refused:
            self._expect_any(existing)
            return self._by_halves(uids, existing, what)

    def _by_halves(
        self, uids: Sequence[int], existing: Sequence[int], what: str
    ) -> dict[int, bytes]:
        """One mail that the server cannot read fails the whole command: fetch around it."""
        half = len(uids) // 2
        got: dict[int, bytes] = {}
        for part in (uids[:half], uids[half:]) if half else ():
            try:
                got |= literals(self._fetch(uid_set(part, existing), what))
            except _Refused:
                got |= self._by_halves(part, existing, what)
        return got

    def _expect_any(self, existing: Sequence[int]) -> None:
        """Make sure that the server gives mails at all: else it is the one in trouble."""
        for uid in ("*", str(existing[0])):
            try:
                self._fetch(uid, "(UID BODY.PEEK[HEADER])")
            except _Refused as error:
                refusal = error
            else:
                return
        raise Unavailable(f"the server gives no mail: {refusal}")

    def gone(self, uids: Sequence[int]) -> set[int]:
        """Those of `uids` that somebody has deleted meanwhile."""
        if not uids:
            return set()
        numbers = ",".join(map(str, uids))
        here = {mail.uid for mail in listed(self._fetch(numbers, "(UID RFC822.SIZE)"))}
        return set(uids) - here

    def find(self, message_id: str) -> bytes | None:
        """The raw mail with this Message-ID in the open folder; the newest, if there are several.

        None is what the server says: where it refuses to search, or to give what it found, that is
        Unavailable.
        """
        wanted = quoted(f"<{message_id}>")
        status, answer = self._imap.uid("SEARCH", "HEADER", "Message-ID", wanted)
        words = [word for line in answer if line for word in line.split()]
        if status != "OK" or not all(word.isdigit() for word in words):
            raise Unavailable(f"the server does not search: {without('', b' '.join(words))}")
        uids = [int(word) for word in words]
        found = self.bodies(uids[-1:], uids)
        if uids and uids[-1] not in found:
            raise Unavailable("the server finds the mail and does not give it")
        return found[uids[-1]] if uids else None

    def append(self, folder: str, raw: bytes, at: datetime) -> None:
        """File a mail, as read."""
        status, answer = self._imap.append(quoted(folder), r"(\Seen)", at, raw)
        if status != "OK":
            raise imaplib.IMAP4.error(without("", answer[0]))

    def wait(self, seconds: float) -> bool:
        """Wait up to `seconds` for the server to tell of new mail in the open folder."""
        if not self.offers("IDLE"):
            raise Unavailable("the server has no IDLE (RFC 2177)", retry_after=_NO_IDLE_SECONDS)
        return wait_for_news(self._imap, seconds)

    def interrupt(self) -> None:
        """Make whoever waits on this connection fail now; from any thread."""
        with suppress(OSError):
            self._imap.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        """Log out, without insisting on an answer."""
        with suppress(OSError, imaplib.IMAP4.error):
            self._imap.sock.settimeout(_CLOSE_SECONDS)
            self._imap.logout()
        with suppress(OSError):
            self._imap.shutdown()

    def _fetch(self, uids: str, items: str, *modifiers: str) -> Answer:
        try:
            status, answer = self._imap.uid("FETCH", uids, items, *modifiers)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:  # BAD; a NO comes as a status
            raise _Refused(without("", error)) from None
        if status != "OK":
            raise _Refused(without("", answer[0] if answer else ""))
        return answer

    def _number(self, name: str) -> int | None:
        values = self._imap.response(name)[1]
        last = values[-1] if values else None
        return int(last) if isinstance(last, bytes) and last.isdigit() else None


@contextmanager
def recovering(what: str, dropped: Callable[[], None]) -> Iterator[None]:
    """Turn the errors of `imaplib` and sockets into Unavailable, and let go of the connections."""
    try:
        yield
    except (OSError, imaplib.IMAP4.error) as error:
        dropped()
        raise Unavailable(f"{what}: {type(error).__name__}: {without('', error)}") from None
    except Unavailable as error:
        dropped()
        raise Unavailable(f"{what}: {error}", error.retry_after) from None
    except AuthFailed:
        dropped()
        raise
