from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shutil import which
from subprocess import run

import pytest

from syncd.connector import Batch, Context
from syncd.model import Draft, Item, Party
from syncd.testing.mailbox import Mailbox
from syncd.testing.mailbox_dovecot import Dovecot, missing
from syncd_imap import ImapConfig, ImapConnector

SHOP = "shop@shop.example"
BUYER = "buyer@mail.example"
START = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


class Clock:
    """The connector's time, moved by hand."""

    def __init__(self) -> None:
        self.at = START

    def __call__(self) -> datetime:
        return self.at

    def pass_by(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def box(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mailbox]:
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    with Mailbox(SHOP, "secret") as box:
        yield box


Make = Callable[..., ImapConnector]


@pytest.fixture
def connect(clock: Clock) -> Iterator[Make]:
    """Make connectors for servers on loopback; they are closed at the end."""
    made: list[ImapConnector] = []

    def make(imap_port: int, smtp_port: int = 9, **settings: object) -> ImapConnector:
        login = {} if "oauth" in settings else {"password": {"env": "SHOP_PASSWORD"}}
        loopback = {"imap_host": "127.0.0.1", "imap_port": imap_port, "imap_security": "none"}
        loopback |= {"smtp_host": "127.0.0.1", "smtp_port": smtp_port, "smtp_security": "none"}
        given = {"address": SHOP, "timeout_s": 5, **login, **loopback, **settings}
        config = ImapConfig.model_validate(given)
        made.append(ImapConnector(config, Context(account="shop", now=clock)))
        return made[-1]

    yield make
    for one in made:
        one.close()


@pytest.fixture
def shop(box: Mailbox, connect: Make) -> ImapConnector:
    """A connector on the fake mailbox."""
    return connect(box.imap_port, box.smtp_port)


@pytest.fixture
def dovecot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Dovecot]:
    reason = missing()
    if reason:
        pytest.skip(reason)
    monkeypatch.setenv("SHOP_PASSWORD", "secret")
    with Dovecot(SHOP, "secret") as server:
        yield server


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, with its key, in one PEM file."""
    program = which("openssl")
    if program is None:
        pytest.skip("openssl is not installed: no certificate can be made")
    folder = tmp_path_factory.mktemp("tls")
    made = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=127.0.0.1 -keyout key -out cert"
    names = ["-addext", "subjectAltName=IP:127.0.0.1"]
    run([program, *made.split(), *names], cwd=folder, check=True, capture_output=True)
    whole = folder / "both.pem"
    whole.write_text((folder / "cert").read_text() + (folder / "key").read_text())
    return whole


@pytest.fixture(scope="session")
def real_mails() -> list[Path]:
    """Odd mails of many projects' fixtures, where a checkout of them lies beside this one."""
    folder = Path(__file__).parents[4] / "shared" / "data" / "email"
    if not folder.is_dir():
        pytest.skip(f"no real mails at {folder}")
    return sorted(path for path in folder.rglob("*") if path.is_file())


def read_all(connector: ImapConnector, cursor: object = None) -> tuple[list[Item], dict]:
    """Poll to the end; the items and the cursor behind the last batch."""
    batches: list[Batch] = list(connector.poll("messages", cursor or {}))
    items = [item for batch in batches for item in batch.items]
    return items, dict(batches[-1].cursor) if batches else dict(cursor or {})


def mail(
    subject: str = "Where is it?",
    *,
    sender: str = BUYER,
    to: str = SHOP,
    number: int = 1,
    body: str = "Hello",
    extra: str = "",
) -> bytes:
    """A plain mail."""
    return (
        f"From: {sender}\nTo: {to}\nSubject: {subject}\nMessage-ID: <m{number}@mail.example>\n"
        f"Date: Mon, 02 Mar 2026 08:00:{number % 60:02} +0000\n{extra}\n{body}\n"
    ).encode()


def draft(text: str = "Your parcel is late.", **values: object) -> Draft:
    """A notice to the buyer."""
    given = {"buyer": Party(email=BUYER, name="Ann Buyer"), "subject": "Your order", **values}
    return Draft(text=text, created_at=START, **given)
