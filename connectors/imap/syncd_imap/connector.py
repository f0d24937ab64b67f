"""The connector: polls folders, waits for mail, sends, and finds again what it sent."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from syncd.connector import (
    Batch,
    Capability,
    Connector,
    ConnectorError,
    Consent,
    Context,
    Cursor,
    OutcomeUnknown,
    Rejected,
    Unavailable,
    parse_each,
)
from syncd.model import BadItem, Draft, Item, Message, Receipt, Verdict
from syncd_imap.classify import takes_no_mail
from syncd_imap.compose import compose, deliverable
from syncd_imap.cursor import Chunk, chunks, cursor_of, marks_of
from syncd_imap.identity import fetch_id, own_message_id
from syncd_imap.login import Login
from syncd_imap.mailbox import Fetched, Mailbox
from syncd_imap.parse import Envelope, Reader, parse_mail
from syncd_imap.session import recovering
from syncd_imap.settings import ImapConfig, SentCopy
from syncd_imap.smtp import Mailer


class ImapConnector(Connector):
    """One mailbox, read by IMAP and written by SMTP."""

    name = "imap"
    api_version = 1
    Config = ImapConfig
    streams = {"messages": timedelta(minutes=1)}  # noqa: RUF012  the contract's ClassVar
    capabilities = frozenset(
        {
            Capability.READ_MESSAGES,
            Capability.REPLY,
            Capability.START_CONVERSATION,
            Capability.WRITE_MAIL,
            Capability.PUSH,
        }
    )

    config: ImapConfig

    def __init__(self, config: ImapConfig, context: Context) -> None:
        super().__init__(config, context)
        self._login = login = Login(config, context)
        self._mailbox = Mailbox(config, login)
        self._mailer = Mailer(config, login)
        self._reader = Reader(
            own=config.own_addresses, max_attachment_bytes=config.max_attachment_bytes
        )
        self._missed: dict[str, datetime] = {}
        """When a mail was first looked for in vain, by Message-ID."""

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield new mails of all folders, oldest first, a FETCH at a time."""
        del stream
        marks = marks_of(cursor)
        with recovering(self.config.imap_server, self._mailbox.stop_reading):
            listings, current = self._mailbox.news(marks)
            for chunk in chunks(listings, current, max_mail_bytes=self.config.max_mail_bytes):
                current = chunk.marks
                yield Batch(self._items(chunk), cursor_of(current))
            if current != marks and not any(listings.values()):
                yield Batch((), cursor_of(current))

    def may_send(self, draft: Draft) -> Verdict:
        """Never without an address that somebody reads, nor to the shop itself."""
        try:
            address = deliverable(draft.buyer.email)
        except Rejected as error:
            return Verdict.never(str(error))
        if address.lower() in self.config.own_addresses:
            return Verdict.never(f"{address} is the shop's own address")
        if takes_no_mail(address):
            return Verdict.never(f"nobody reads mail to {address}")
        return Verdict.yes()

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send by SMTP; the Message-ID is made of `key`, so that the mail can be found again."""
        now = self.context.now()
        raw = self._compose(draft, key, now)
        recipients = [deliverable(draft.buyer.email)]
        if self.config.sent_copy is SentCopy.COPY_TO_SELF:
            recipients.append(self.config.address)
        said = self._mailer.send(self.config.address, recipients, raw)
        if self.config.sent_copy is SentCopy.APPEND:
            said = f"{said}; {self._file(raw, now)}"
        return Receipt(source_id=self._read(raw, now).source_id, accepted_at=now, detail=said)

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the mail's Message-ID where `sent_copy` says that a copy lies."""
        message_id = own_message_id(draft, key, self.config.address)
        with recovering(self.config.imap_server, lambda: None):
            raw = self._mailbox.find(self._copies(), message_id)
        if raw is None:
            self._not_found(message_id)
            return None
        self._missed.pop(message_id, None)
        found = self._read(raw, self.context.now())
        detail = f"found in {self._copies()}"
        return Receipt(source_id=found.source_id, accepted_at=found.sent_at, detail=detail)

    def check(self) -> None:
        """Log in to both servers."""
        with recovering(self.config.imap_server, lambda: None):
            self._mailbox.check()
        self._mailer.check()

    def wait(self, stream: str, seconds: float) -> bool:
        """Wait by IMAP IDLE for the folder that new mail comes to."""
        del stream
        with recovering(self.config.imap_server, self._mailbox.stop_waiting):
            return self._mailbox.wait(seconds)

    def authorize_url(self, consent: Consent) -> str:
        """The page of the mail provider that the config names."""
        return self._login.authorize_url(consent)

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the mailbox owner's tokens for the code."""
        self._login.exchange(code, consent)

    def close(self) -> None:
        """Log out everywhere."""
        self._mailbox.stop_reading()
        self._mailbox.stop_waiting()
        self._mailer.close()

    def _items(self, chunk: Chunk) -> list[Item]:
        fetched = sorted(self._mailbox.fetch(chunk), key=_arrival)
        return list(parse_each(fetched, self._item, _described))

    def _item(self, fetched: Fetched) -> Item:
        if fetched.raw is None:
            source_id, _ = _described(fetched)
            reason = f"the server did not give mail {fetched.listed.uid} of {fetched.folder}"
            return BadItem(source_id=source_id, reason=reason)
        listed = fetched.listed
        envelope = Envelope(
            arrived=listed.arrived,
            sent_folder=fetched.folder == self._mailbox.layout().sent,
            thread_id=listed.thread_id,
            cut=listed.size if fetched.cut else None,
        )
        return parse_mail(fetched.raw, envelope, self._reader)

    def _compose(self, draft: Draft, key: str, now: datetime) -> bytes:
        return compose(
            draft,
            key,
            address=self.config.address,
            display_name=self.config.display_name,
            now=now,
        )

    def _read(self, raw: bytes, now: datetime) -> Message:
        return parse_mail(raw, Envelope(arrived=now), self._reader)

    def _file(self, raw: bytes, now: datetime) -> str:
        """File a copy. The mail is out already, so a failure is told, not raised."""
        try:
            with recovering(self.config.imap_server, lambda: None):
                self._mailbox.file(self._copies(), raw, now)
        except ConnectorError as error:
            return f"no copy was filed: {error}"
        return f"a copy is in {self._copies()}"

    def _copies(self) -> str:
        layout = self._mailbox.layout()
        if self.config.sent_copy is SentCopy.COPY_TO_SELF:
            return layout.arrivals
        if layout.copies is None:
            raise Unavailable("the mailbox has no folder marked as Sent: set sent_folder")
        return layout.copies

    def _not_found(self, message_id: str) -> None:
        if self.config.sent_copy is SentCopy.APPEND:
            raise OutcomeUnknown(
                f"no copy of {message_id} is filed, which may also be because of a crash between "
                "sending and filing (sent_copy = append)"
            )
        first = self._missed.setdefault(message_id, self.context.now())
        waited = (self.context.now() - first).total_seconds()
        if waited < self.config.sent_grace_s:
            left = self.config.sent_grace_s - waited
            raise Unavailable(f"no copy of {message_id} yet", retry_after=left)
        del self._missed[message_id]


def _described(fetched: Fetched) -> tuple[str, bytes]:
    source_id = fetch_id(fetched.folder, fetched.validity, fetched.listed.uid)
    return source_id, fetched.raw or b""


def _arrival(fetched: Fetched) -> datetime:
    return fetched.listed.arrived
