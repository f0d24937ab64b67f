"""The settings: one class for each table of the config, checked as a whole by `load`."""

import ipaddress
import os
import re
from datetime import time, timedelta
from pathlib import Path
from typing import Annotated, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import Field, SerializeAsAny, ValidationInfo, field_validator, model_validator

from syncd import process
from syncd.config.guards import Guards
from syncd.config.lateness import Lateness
from syncd.config.values import ClockTime, Country, Duration, PositiveDuration, sqlite_url
from syncd.config.watches import FOR_BUYERS, FOR_STAFF, WITH_TEXT, Kind, Section, Watches
from syncd.connector import AccountConfig
from syncd.secret import LocalPath, Secret

_MIB = 1024 * 1024

Language = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


# Home of the service's user (deploy/sysusers.d), and its StateDirectory.
_SERVICE_HOME = Path("/var/lib/syncd")


def state_folder() -> Path:
    """Where the daemon keeps its data: systemd's StateDirectory, else the user's own folder.

    For the service's own user both are the same, so that ``sudo -u syncd syncd status`` tells of
    the store that the service writes.
    """
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given or process.home() == _SERVICE_HOME:
        return Path(given or _SERVICE_HOME)
    return process.home() / ".local" / "state" / "syncd"


def _default_url() -> str:
    return f"sqlite:///{state_folder() / 'syncd.db'}"


class StoreSettings(Section):
    """Where everything is kept."""

    url: str = Field(
        default_factory=_default_url,
        description=(
            "The database: a file for SQLite, or a PostgreSQL server. Without this key it is "
            "syncd.db in the service's StateDirectory, else in ~/.local/state/syncd."
        ),
        examples=["sqlite:////var/lib/syncd/syncd.db", "postgresql://syncd@db.example.org/syncd"],
    )
    password: Secret | None = Field(
        default=None,
        description="The password for PostgreSQL, where it asks for one.",
        examples=[{"credential": "database"}],
    )
    key: Secret | None = Field(
        default=None,
        description="32 random bytes in base64, under which login tokens are kept encrypted; make "
        "them with `openssl rand -base64 32`. Of several lines the first encrypts, each decrypts. "
        "Without this key `syncd connect` does not work, and a refresh token that a platform "
        "changes is lost at a restart.",
        examples=[{"credential": "syncd-key"}],
    )
    max_attachment_bytes: int = Field(
        default=25 * _MIB,
        ge=0,
        description="Files larger than this are noted with their name and size, not kept.",
    )

    @field_validator("url")
    @classmethod
    def _known_database(cls, url: str, info: ValidationInfo) -> str:
        try:
            parts = urlsplit(url)
            holds_password = parts.password is not None
        except ValueError:
            raise ValueError("is not a URL") from None
        if parts.scheme != "postgresql" and not url.startswith("sqlite:///"):
            raise ValueError('must begin with "sqlite:///" or "postgresql://"')
        if holds_password:
            raise ValueError(
                'must not hold the password; give it as password = { credential = "NAME" }'
            )
        return sqlite_url(url, info) if parts.scheme == "sqlite" else url

    def connect_url(self) -> str:
        """The URL with the password in it: for the database driver only, never to be shown.

        Raises SecretUnavailable where the password cannot be read.
        """
        parts = urlsplit(self.url)
        if self.password is None or parts.scheme == "sqlite":
            return self.url
        user, _, host = parts.netloc.rpartition("@")
        password = quote(self.password.reveal(), safe="")
        return urlunsplit(parts._replace(netloc=f"{user}:{password}@{host}"))


class LogSettings(Section):
    """What the daemon writes about itself, to standard error."""

    format: Literal["auto", "console", "journal", "json"] = Field(
        default="auto",
        description="auto: coloured lines on a terminal, lines with a priority for the journal, "
        "JSON anywhere else.",
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description="The least important lines to write."
    )


class DaemonSettings(Section):
    """How the daemon works."""

    workers: int = Field(
        default=10, ge=1, le=500, description="How many accounts are polled at the same time."
    )
    stop_timeout: Duration = Field(
        default=timedelta(seconds=30),
        description="How long running work may take to finish when the daemon is stopped; keep it "
        "below TimeoutStopSec of the unit.",
    )


class ListenSettings(Section):
    """Where to listen for requests, if at all."""

    enabled: bool
    listen: str
    expose: bool

    @property
    def address(self) -> tuple[str, int]:
        """Host and port to listen on."""
        host, _, port = self.listen.rpartition(":")
        return host.strip("[]"), int(port)

    @model_validator(mode="after")
    def _loopback_unless_exposed(self) -> Self:
        host, _, port = self.listen.rpartition(":")
        if not host or not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65_535:
            raise ValueError('listen must be an address and a port, such as "127.0.0.1:9464"')
        if not self.expose and not _is_loopback(host.strip("[]")):
            raise ValueError(
                f"listen = {self.listen!r} can be reached from other machines, without a login: "
                "listen on 127.0.0.1, or set expose = true if that is wanted"
            )
        return self


class MetricsSettings(ListenSettings):
    """Figures for Prometheus under /metrics, and /healthz."""

    enabled: bool = Field(default=True, description="Whether to serve them.")
    listen: str = Field(
        default="127.0.0.1:9464", description="Address and port; port 0 takes any free one."
    )
    expose: bool = Field(
        default=False,
        description="Allow an address that other machines can reach. There is no login: put a "
        "firewall before it.",
    )


class PushSettings(ListenSettings):
    """Where platforms may say that there is news: ``POST /push/ACCOUNT``."""

    enabled: bool = Field(default=False, description="Whether to listen for pushes.")
    listen: str = Field(
        default="127.0.0.1:9466",
        description="Address and port; put a web server with TLS before it that hands on /push/.",
    )
    expose: bool = Field(
        default=False,
        description="Allow an address that other machines can reach. What is not signed by the "
        "platform is refused, but there is no TLS.",
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


class TemplateSettings(Section):
    """The texts that buyers and staff get."""

    folder: LocalPath | None = Field(
        default=None,
        description="Folder with your own templates and their short forms; one with the name of a "
        "built-in takes its place.",
        examples=["/etc/syncd/templates"],
    )
    default_language: Language = Field(
        default="en", description="For buyers whose language is not known, or has no template."
    )


class QuietHours(Section):
    """When buyers are left alone."""

    enabled: bool = Field(
        default=True, description="Whether messages wait for the recipient's daytime."
    )
    opens: ClockTime = Field(
        default=time(8, 0),
        description="Earliest time of day to send, as the recipient's clock shows.",
    )
    closes: ClockTime = Field(
        default=time(21, 0),
        description="Latest time of day to send, as the recipient's clock shows.",
    )

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.opens >= self.closes:
            raise ValueError("opens must be earlier than closes")
        return self


class AccountKeys(Section):
    """The keys that every account has, whatever its connector."""

    connector: str = Field(
        description="Which connector serves it; `syncd connectors` lists those installed.",
        examples=["imap"],
    )
    enabled: bool = Field(default=True, description="false rests the account and keeps its data.")
    intervals: dict[str, PositiveDuration] = Field(
        default={},
        description="How often to poll a stream; without this the connector's own interval.",
        examples=[{"messages": "5m"}],
    )
    writes_mail_by: str | None = Field(
        default=None,
        description="Name of a mail account that writes to the buyer where the platform does not "
        "let syncd write.",
        examples=["support-mail"],
    )
    shop_name: str | None = Field(
        default=None, description="What buyers know the shop by.", examples=["Blue Lamp"]
    )
    language: Language | None = Field(
        default=None,
        description="Language of buyers of this account whose own is not known.",
        examples=["de"],
    )
    follow_carriers: tuple[str, ...] | None = Field(
        default=None,
        description="Only parcels of these carriers are followed by this account, by their codes "
        "(`syncd recognise NUMBER` shows them); without it those that its connector is for. "
        "[] follows none.",
        examples=[["dhl-de", "gls"]],
    )


class AccountSettings(AccountKeys):
    """One account of one platform."""

    name: str
    """The word after ``accounts.`` in the config."""
    options: SerializeAsAny[AccountConfig]
    """The connector's own settings: an instance of its Config."""


class Playbook(Section):
    """What to do when a watch finds something."""

    name: str = Field(
        pattern=r"^[a-z0-9][a-z0-9_-]*$",
        description="A word for logs and lists.",
        examples=["tell-the-buyer"],
    )
    when: tuple[Kind, ...] = Field(
        min_length=1,
        description=f"The findings it answers, of {', '.join(Kind)}.",
        examples=[[kind.value for kind in FOR_BUYERS]],
    )
    tell: Literal["buyer", "staff", "platform"] = Field(
        description="buyer: a message to the customer; staff: a task for your own people; "
        "platform: a request, such as to give the order more time, a task where the platform takes "
        "none.",
        examples=["buyer"],
    )
    ask: Literal["time", "review"] = Field(
        default="time",
        description="For the platform, what it is asked for. time: to wait longer for the order; "
        'review: to ask the buyer for a review, with when = ["arrived"], once for an order, where '
        "the platform has a call for it.",
    )
    extend_by: PositiveDuration = Field(
        default=timedelta(days=10),
        description="For the platform: how much longer the buyer's protection is to last.",
    )
    accounts: tuple[str, ...] = Field(
        default=("*",),
        min_length=1,
        description="Only these accounts; * stands for any characters.",
    )
    countries: tuple[Country, ...] = Field(
        default=(),
        description="Only parcels to these countries (two capital letters); empty means all.",
        examples=[["DE", "FR"]],
    )
    template: str | None = Field(
        default=None,
        description="The text to send; without this key the one for the cause.",
        examples=["delay"],
    )
    plan: str | None = Field(
        default=None,
        description="For staff: what they are to do, written under the evidence in the task. Without "
        "this key a parcel that is or may be lost has a plan of its own.",
        examples=["Up to 30 EUR re-send at once, else ask for a search and refund after a week."],
    )
    approval: bool = Field(
        default=False,
        description="true holds each message until a person approves it with `syncd outbox`.",
    )
    follow_up: bool = Field(
        default=False,
        description="true tells the buyer once more where a trouble they know of becomes worse, as "
        "when the promised day passes after nothing moved; of a delay by the template delay_update. "
        "Never for the same evidence, and not within a day.",
    )
    wait: Duration = Field(
        default=timedelta(0),
        description="How long to wait, from the finding to the message, whether it clears up by "
        "itself.",
    )

    @model_validator(mode="after")
    def _asks_for_reviews_of_what_arrived(self) -> Self:
        other = [kind.value for kind in self.when if kind is not Kind.ARRIVED]
        if self.ask == "review" and (self.tell != "platform" or other):
            raise ValueError(
                'ask = "review" goes with tell = "platform" and when = ["arrived"]: only who has the '
                "goods can review them"
            )
        return self

    @model_validator(mode="after")
    def _has_a_text_for_the_buyer(self) -> Self:
        untold = [kind.value for kind in self.when if kind in FOR_STAFF - WITH_TEXT]
        if self.tell == "buyer" and self.template is None and untold:
            raise ValueError(
                f"{', '.join(untold)} is for staff: there is no text that tells a buyer of it; give "
                'a template of your own, or set tell = "staff" in a playbook for it'
            )
        return self


class Settings(Section):
    """The whole config."""

    store: StoreSettings = Field(default_factory=StoreSettings)
    log: LogSettings = LogSettings()
    daemon: DaemonSettings = DaemonSettings()
    metrics: MetricsSettings = MetricsSettings()
    push: PushSettings = PushSettings()
    templates: TemplateSettings = TemplateSettings()
    quiet_hours: QuietHours = QuietHours()
    watches: Watches = Watches()
    guards: Guards = Guards()
    lateness: Lateness = Lateness()
    accounts: dict[str, AccountSettings] = Field(default={})
    playbooks: tuple[Playbook, ...] = ()
