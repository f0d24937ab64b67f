"""The IMAP connector keeps to what syncd relies on in every connector."""

from pathlib import Path

import pytest

from syncd.model import Attachment, Draft, Party
from syncd.testing.conformance import ConnectorConformance
from syncd.testing.mailbox import Mailbox, Stage
from syncd.testing.server import PAGE_FAULTS, Fault
from syncd_imap import ImapConnector
from tests.connectors.imap.conftest import SHOP, draft, mail

PASSWORD = "correct-horse"
READING = (Stage.NOOP, Stage.EXAMINE, Stage.FETCH)
REPLIES = {
    Fault.SERVER_ERROR: "NO [SERVERBUG] internal error",
    Fault.GARBAGE: "\x00{]garbage",
    Fault.HTML: "<html><h1>Maintenance</h1></html>",
    Fault.TRUNCATED: "* 1 FETCH (UID 1 BODY[] {99999}\r\nFrom: ",
}


class TestConformance(ConnectorConformance):
    connector_class = ImapConnector
    readme = Path(__file__).parents[3] / "connectors" / "imap" / "README.md"
    secrets = (PASSWORD,)

    @pytest.fixture
    def source(self, monkeypatch):
        monkeypatch.setenv("SHOP_PASSWORD", PASSWORD)
        with Mailbox(SHOP, PASSWORD) as box:
            for number in range(600):
                box.deliver(mail(number=number), folder="INBOX" if number % 3 else "Sent")
            yield box

    def config(self, source):
        return {
            "address": SHOP,
            "password": {"env": "SHOP_PASSWORD"},
            "imap_host": "127.0.0.1",
            "imap_port": source.imap_port,
            "imap_security": "none",
            "smtp_host": "127.0.0.1",
            "smtp_port": source.smtp_port,
            "smtp_security": "none",
            "sent_grace_s": 0,
            "timeout_s": 0.5,
        }

    def add_item(self, source, stream):
        source.deliver(mail(number=10_000))

    def draft(self, source):
        return draft()

    def refused_draft(self, source):
        return Draft(text="Hello", buyer=Party(name="Ann"))

    def more_drafts(self, source):
        file = Attachment(name="label.pdf", media_type="application/pdf", content=b"%PDF")
        return [
            draft(in_reply_to="m1@mail.example", references=("m1@mail.example",)),
            draft(attachments=(file,)),
            draft(buyer=Party(email="other@mail.example")),
        ]

    def arrived(self, source):
        return len(source.sent)

    def fail(self, source, fault, *, times=1_000_000, path=".*"):
        if fault in {Fault.RATE_LIMITED, *PAGE_FAULTS}:
            pytest.skip(f"IMAP has no {fault}")
        if fault is Fault.UNAUTHORIZED:
            self._refuse(source, f"NO [AUTHENTICATIONFAILED] not {PASSWORD}", times)
        elif fault is Fault.RATE_LIMITED_SILENT:
            self._refuse(source, "NO [LIMIT] Too many connections", times)
        elif times == 1:
            source.fail(Stage.ACCEPTED, None)
        else:
            for stage in READING:
                source.fail(stage, REPLIES.get(fault), times=times)

    def _refuse(self, source, reply, times):
        source.fail(Stage.LOGIN, reply, times=times)
        source.drop_connections()  # one that is kept has logged in long ago

    def fail_readings(self, source, fault, *, passing=0, after=None):
        """One step of looking for a mail goes wrong, or all once a mail is out."""
        steps = (Stage.LOGIN, Stage.EXAMINE, Stage.SEARCH, Stage.FETCH)
        reply = (
            "NO [AUTHENTICATIONFAILED] no" if fault is Fault.UNAUTHORIZED else REPLIES.get(fault)
        )
        for stage in steps if after is not None else steps[passing : passing + 1]:
            source.fail(stage, reply, times=1_000_000)
        return passing < len(steps)

    def heal(self, source):
        source.heal()
