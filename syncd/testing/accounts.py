"""A config's accounts at fakes on loopback, as its text, and the files that hold their secrets."""

from collections.abc import Mapping
from pathlib import Path

_SHOP = """\
[accounts.{name}]
connector = "sandbox"
url = "{url}"
token = {{ file = "{folder}/{name}-token" }}
shop_name = "Blue Lamp"
writes_mail_by = "mail"
intervals = {{ messages = "1s", orders = "1s", tracking = "1s", stock = "1s" }}
"""
_MAIL = """\
[accounts.mail]
connector = "imap"
address = "{address}"
password = {{ file = "{folder}/mail-password" }}
imap_host = "127.0.0.1"
imap_port = {imap_port}
imap_security = "none"
smtp_host = "127.0.0.1"
smtp_port = {smtp_port}
smtp_security = "none"
sent_grace_s = {sent_grace_s}
shop_name = "Blue Lamp"
intervals = {{ messages = "1s" }}
"""


def shop_account(folder: Path, name: str, url: str) -> str:
    """An account at a sandbox, with its token in the file ``NAME-token``."""
    return _SHOP.format(folder=folder, name=name, url=url)


def mail_account(
    folder: Path,
    *,
    address: str,
    imap_port: int,
    smtp_port: int,
    sent_grace_s: int = 0,
) -> str:
    """The account ``mail`` at a mailbox without TLS, its password in the file ``mail-password``."""
    return _MAIL.format(
        folder=folder,
        address=address,
        imap_port=imap_port,
        smtp_port=smtp_port,
        sent_grace_s=sent_grace_s,
    )


def write_secrets(folder: Path, secrets: Mapping[str, str]) -> None:
    """Write each secret into a file of its name that only its owner can read."""
    for name, secret in secrets.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(secret, encoding="utf-8")
