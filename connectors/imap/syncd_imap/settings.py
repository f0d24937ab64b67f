"""The settings of a mail account."""

import ipaddress
import re
from enum import StrEnum
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from syncd.connector import AccountConfig, LocalPath, Secret

_ADDRESS = re.compile(r"[^\s@<>\"]+@[^\s@<>\"]+")
USUAL_PORTS = {
    "imap": {"tls": 993, "starttls": 143, "none": 143},
    "smtp": {"tls": 465, "starttls": 587, "none": 25},
}
"""The port where the config names none, by protocol and security (RFC 8314, 7)."""


class Security(StrEnum):
    """How a connection is kept private."""

    TLS = "tls"
    """TLS from the first byte."""
    STARTTLS = "starttls"
    """TLS begun by a command; refused where the server does not offer it."""
    NONE = "none"
    """Nothing; only to a server on this machine."""


class SentCopy(StrEnum):
    """Where a copy of what was sent can be found again, which decides what a crash leaves open."""

    SERVER = "server"
    """The server files each mail it accepts into the Sent folder, as Gmail and Outlook do."""
    COPY_TO_SELF = "copy_to_self"
    """The account's own address is a hidden recipient of the same transaction."""
    APPEND = "append"
    """The connector files a copy after sending; a crash between the two leaves a question."""


class OAuthSettings(BaseModel):
    """Login by OAuth 2 (XOAUTH2) in place of a password."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    token_url: str = Field(description="The provider's token endpoint", pattern=r"^https?://")
    authorize_url: str | None = Field(
        None,
        description="The provider's page for a consent, for `syncd connect`; keep the parameters it "
        "needs beside the usual ones in it",
        pattern=r"^https?://",
        examples=[
            "https://accounts.google.com/o/oauth2/v2/auth?access_type=offline&prompt=consent"
        ],
    )
    client_id: str = Field(description="The registered application's id")
    client_secret: Secret | None = Field(None, description="Its secret, where it has one")
    refresh_token: Secret | None = Field(
        None, description="From the consent of the mailbox's owner; none: client credentials"
    )
    scope: str | None = Field(None, description="Scopes, separated by blanks")


class ImapConfig(AccountConfig):
    """One mailbox: read by IMAP, written by SMTP."""

    address: str = Field(description="The mailbox's own address")
    aliases: tuple[str, ...] = Field((), description="Further addresses that are the shop's own")
    display_name: str | None = Field(None, description="Name beside the address in From")
    username: str | None = Field(None, description="Login name, where it is not the address")
    password: Secret | None = Field(None, description="Password or app password")
    oauth: OAuthSettings | None = Field(None, description="OAuth 2 in place of the password")
    imap_host: str = Field(description="Host of the IMAP server")
    imap_port: int | None = Field(None, ge=1, le=65535, description="993, or 143 without TLS")
    imap_security: Security = Field(Security.TLS, description="tls, starttls or none")
    smtp_host: str = Field(description="Host of the SMTP server")
    smtp_port: int | None = Field(None, ge=1, le=65535, description="465, 587 or 25")
    smtp_security: Security = Field(Security.TLS, description="tls, starttls or none")
    smtp_connections: int = Field(4, ge=1, le=20, description="Connections kept for sending")
    ca_file: LocalPath | None = Field(
        None, description="File of certificates to trust instead of the system's"
    )
    timeout_s: float = Field(30.0, gt=0, le=300, description="Patience with each answer, seconds")
    folders: tuple[str, ...] = Field(
        (), description="Folders to read; empty: INBOX and Sent, on Gmail All Mail"
    )
    sent_folder: str | None = Field(None, description="The Sent folder, where it is not marked")
    sent_copy: SentCopy = Field(SentCopy.SERVER, description="server, copy_to_self or append")
    sent_grace_s: float = Field(
        60.0, ge=0, description="How long a sent mail may take to show up in its folder, seconds"
    )
    max_mail_bytes: int = Field(
        25_000_000, ge=10_000, description="Of larger mails only the header is fetched"
    )
    max_attachment_bytes: int = Field(
        5_000_000, ge=0, description="Of larger attachments only name and size are kept"
    )

    @field_validator("address")
    @classmethod
    def _is_address(cls, address: str) -> str:
        if not _ADDRESS.fullmatch(address):
            raise ValueError("must be a mail address, such as support@shop.example")
        return address

    @model_validator(mode="after")
    def _check(self) -> Self:
        if (self.password is None) == (self.oauth is None):
            raise ValueError("give either password or oauth")
        for what in ("imap", "smtp"):
            host, security = getattr(self, f"{what}_host"), getattr(self, f"{what}_security")
            if security is Security.NONE and not is_loopback(host):
                raise ValueError(
                    f"{what}_security = none would send the password in the clear to {host}; "
                    "use tls or starttls (none is for a server on this machine)"
                )
        return self

    @property
    def login_name(self) -> str:
        """The name to log in with."""
        return self.username or self.address

    @property
    def own_addresses(self) -> frozenset[str]:
        """All addresses that are the shop's own, in lower case."""
        return frozenset(one.lower() for one in (self.address, *self.aliases))

    @property
    def imap_endpoint(self) -> tuple[str, int]:
        """Host and port to read from."""
        return self.imap_host, self.imap_port or USUAL_PORTS["imap"][self.imap_security]

    @property
    def smtp_endpoint(self) -> tuple[str, int]:
        """Host and port to send by."""
        return self.smtp_host, self.smtp_port or USUAL_PORTS["smtp"][self.smtp_security]

    @property
    def imap_server(self) -> str:
        """The same in words."""
        return f"IMAP {_named(*self.imap_endpoint)}"

    @property
    def smtp_server(self) -> str:
        """The same in words."""
        return f"SMTP {_named(*self.smtp_endpoint)}"


def _named(host: str, port: int) -> str:
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def is_loopback(host: str) -> bool:
    """Whether a server is on this machine, so that nobody listens in between."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
