"""The class a connector subclasses, what it is given, and the errors that say how to recover."""

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, ClassVar

import msgspec
from pydantic import BaseModel, ConfigDict

from syncd.connector.consent import Consent
from syncd.connector.push import Push, Wake
from syncd.connector.tokens import MemoryTokens, TokenKeeper
from syncd.model import Draft, Item, ParcelRef, Receipt, Shipment, Verdict

API_VERSION = 1
"""Version of this contract; a connector names the one it was written for."""

STREAMS = ("messages", "orders", "tracking", "reviews", "returns", "disputes", "stock")
"""Every stream that a connector can have."""

NAME = re.compile(r"[a-z][a-z0-9-]*")
"""What a connector may be called."""

Cursor = Mapping[str, Any]
"""Where a stream stands: any JSON-able mapping. The daemon stores it and never looks inside."""


class Capability(StrEnum):
    """What a platform really lets a connector do; the rest becomes a task for a person."""

    READ_MESSAGES = "read_messages"
    REPLY = "reply"
    """Write into a conversation that exists."""
    START_CONVERSATION = "start_conversation"
    """Write to a buyer first, from an order or an address."""
    WRITE_MAIL = "write_mail"
    """Write to any e-mail address, so that it can stand in for a platform without messages."""
    NOTIFY_TEMPLATED = "notify_templated"
    """Only the platform's own kinds of notice."""
    EXTEND_PROMISE = "extend_promise"
    """Give a parcel more time: move the end of the buyer's protection."""
    UPLOAD_TRACKING = "upload_tracking"
    """Tell the platform that an order left, with its tracking number."""
    REQUEST_REVIEW = "request_review"
    """Have the platform itself ask the buyer for a review."""
    PUBLIC_REPLY = "public_reply"
    TRACK_PARCELS = "track_parcels"
    """Follows parcels by their number, whoever sold them."""
    PUSH = "push"
    """Can wait for its source to say that there is news."""
    WEBHOOK = "webhook"
    """Its platform can call syncd's push listener."""


_SENDING = frozenset({Capability.REPLY, Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED})


class ConnectorError(Exception):
    """Base of the recoveries below; raise one of them, not this."""


class AuthFailed(ConnectorError):
    """The login is refused: the account stops until its config or credential changes."""


class NotPermitted(ConnectorError):
    """The login is good and does not cover this: only the stream stops, the account's others go on.

    It is asked for again after a day, or at once when the config is reloaded. `fix` says which
    scope, role or permission is missing, where to get it, and the setting that does without it, if
    any.
    """

    def __init__(self, said: str, fix: str) -> None:
        super().__init__(f"{said}: {fix}")
        self.said = said
        self.fix = fix


MAX_RETRY_AFTER = 86_400.0
"""Seconds; a source that asks to wait longer than a day is asked again after a day."""


class Unavailable(ConnectorError):
    """The source cannot answer now: back off, and not before `retry_after` seconds."""

    def __init__(self, message: str, retry_after: float | None = None) -> None:
        super().__init__(message)
        self.retry_after = retry_after


class Rejected(ConnectorError):
    """The source refuses this draft for good; sending it again would be refused again."""


class OutcomeUnknown(ConnectorError):
    """A send was cut off and may or may not have arrived, or `find_sent` cannot tell."""


class Batch(msgspec.Struct, frozen=True):
    """Items and the cursor that stands behind them; both are stored in one transaction."""

    items: tuple[Item, ...] | list[Item]
    cursor: Cursor
    looked: tuple[str, ...] = ()
    """The tracking numbers that were asked about, whether there was news of them or not.

    Only tracking connectors have any: it is what makes a parcel wait for its next look.
    """
    unanswered: tuple[str, ...] = ()
    """Those for which the source had no answer that can be used: they wait in the same way, but
    nobody takes it for a look that has been had."""


class AccountConfig(BaseModel):
    """Base of every connector's settings: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the daemon lends to a connector object."""

    account: str
    """The account's name in the config."""
    now: Callable[[], datetime]
    """The time, aware UTC; a connector never reads another clock."""
    parcels: Callable[[], Iterable[ParcelRef]] = tuple
    """The parcels that are due for a look by this account now, the most urgent first.

    One stays due until a `Batch.looked` names it; what there is no quota for simply waits.
    """
    tokens: TokenKeeper = msgspec.field(default_factory=MemoryTokens)
    """Where to keep tokens that the platform gives out, such as a refresh token that it rotates."""


class Connector:
    """One account of one platform. Subclass it; `name`, `api_version`, `Config`, `poll` suffice."""

    name: ClassVar[str]
    """The word after ``connector =`` in an account's config: a-z, 0-9 and '-', a letter first."""
    api_version: ClassVar[int]
    """The `API_VERSION` it was written for, as a number in the class itself: what it inherits would
    always be the version of the syncd that is installed."""
    Config: ClassVar[type[AccountConfig]] = AccountConfig
    streams: ClassVar[Mapping[str, timedelta]] = {}
    """The streams it has, of `STREAMS`; each with the interval at which polling it is sensible by
    default. In an object those that `reads` says of its settings."""
    capabilities: frozenset[Capability] = frozenset()
    """What the platform allows; in an object what `able` says of its settings, and nothing else."""
    lacks: ClassVar[Mapping[Capability, str]] = {}
    """Why the platform has no such capability, in words that ``syncd capabilities`` shows."""
    consent_code: ClassVar[str] = "code"
    """The parameter in which the platform's consent page gives the code; OAuth 2 says ``code``."""
    carriers: ClassVar[frozenset[str] | None] = None
    """Whose parcels a tracking connector follows, by their codes in the recogniser's courier table
    (``syncd recognise --json`` shows them); None: anybody's, as aggregators do."""

    def __init__(self, config: Any, context: Context) -> None:
        """Check the options that belong together; open nothing, ask nobody."""
        self.config = config
        self.context = context
        self.capabilities = self.able(config)
        self.streams = self.reads(config)  # type: ignore[misc]  # fewer than the class's

    @classmethod
    def able(cls, config: Any) -> frozenset[Capability]:
        """What an account with these settings can do: `capabilities`, or fewer of them.

        Asks nobody, and makes no object: what settings take away is known before there is one.
        """
        del config
        return cls.capabilities

    @classmethod
    def reads(cls, config: Any) -> Mapping[str, timedelta]:
        """The streams that an account with these settings has: `streams`, or fewer of them.

        What it leaves out is not polled, and nobody misses it. Asks nobody, as `able`.
        """
        del config
        return cls.streams

    @classmethod
    def without(cls, *streams: str) -> Mapping[str, timedelta]:
        """All of `streams` but these, for `reads`."""
        return {name: every for name, every in cls.streams.items() if name not in streams}

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Yield what is new since `cursor`, oldest first; ``{}`` stands for the beginning.

        After any batch the poll may end and resume at that batch's cursor without loss. Giving an
        item again is harmless. Raises AuthFailed, NotPermitted, SecretUnavailable or Unavailable.
        """
        raise NotImplementedError

    def may_send(self, draft: Draft) -> Verdict:
        """Whether the platform's own rules let `draft` out now, later or never.

        As inherited: yes where `capabilities` has a way to send, else never.
        """
        del draft
        if self.capabilities & _SENDING:
            return Verdict.yes()
        return Verdict.never(f"{self.name} cannot send messages")

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send `draft`. `key` is the same for every try at the same message.

        Raises AuthFailed, Unavailable (it certainly did not go out), Rejected or NotPermitted (nor
        will it), or OutcomeUnknown (it may have gone out).
        """
        raise NotImplementedError

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Ask the platform whether an earlier `send` with this key arrived; None: it did not.

        Raises OutcomeUnknown where the platform cannot tell, Unavailable where it may tell later.
        """
        del draft, key
        raise OutcomeUnknown(f"{self.name} cannot look up what it sent")

    def extend_promise(self, order_id: str, until: datetime, key: str) -> Receipt:
        """Have the platform give an order until `until` (aware) before the buyer may complain.

        Only called where `capabilities` holds `EXTEND_PROMISE`; `key` is the same for every try.
        Raises what `send` raises: Rejected where the platform gives no more time.
        """
        raise NotImplementedError

    def find_extension(self, order_id: str, until: datetime, key: str) -> Receipt | None:
        """Ask the platform whether an earlier `extend_promise` arrived; None: it did not.

        An order that now ends at `until` or later counts as one that did. Raises what `find_sent`
        raises.
        """
        del order_id, until, key
        raise OutcomeUnknown(f"{self.name} cannot look up what it extended")

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Tell the platform that `shipment` left: its order, carrier, number and time.

        Its `source_id` is syncd's own and means nothing to the platform. Only called where
        `capabilities` holds `UPLOAD_TRACKING`; `key` is the same for every try. Raises what `send`
        raises.
        """
        raise NotImplementedError

    def carrier_names(self) -> Collection[str]:
        """What the platform calls carriers, as far as that is known without asking it.

        For ``syncd ship``, which takes these names beside those of the recogniser's courier table
        and refuses what looks like a typing error. Asks nobody.
        """
        return ()

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Ask the platform whether it knows this parcel of the order by now; None: it does not.

        Raises what `find_sent` raises.
        """
        del shipment, key
        raise OutcomeUnknown(f"{self.name} cannot look up which parcels it told of")

    def may_request_review(self, order_id: str) -> Verdict:
        """Whether the platform would ask the buyer of this order for a review now, later or never.

        Only called where `capabilities` holds `REQUEST_REVIEW`. It may ask the platform; raises
        what `poll` raises.
        """
        del order_id
        return Verdict.yes()

    def request_review(self, order_id: str, key: str) -> Receipt:
        """Have the platform ask the buyer for a review; `key` is the same for every try.

        Only called where `capabilities` holds `REQUEST_REVIEW`. Raises what `send` raises.
        """
        raise NotImplementedError

    def find_review_request(self, order_id: str, key: str) -> Receipt | None:
        """Ask the platform whether the buyer was asked already; None: they were not.

        Raises what `find_sent` raises.
        """
        del order_id, key
        raise OutcomeUnknown(f"{self.name} cannot look up whom it asked for a review")

    def check(self) -> None:
        """Ask the source something harmless, for each stream that may need a permission of its own.

        Raises what `poll` would raise; `ask_each` tells of all that is not permitted.
        """

    def wait(self, stream: str, seconds: float) -> bool:
        """Wait up to `seconds` for the source to say that `stream` has news (as by IMAP IDLE).

        True means poll now. Only called where `capabilities` holds `PUSH`.
        """
        raise NotImplementedError

    def verify_push(self, push: Push) -> Wake | None:
        """What a request to the push listener wakes; None: it is not proven to be the platform's.

        Only called where `capabilities` holds `WEBHOOK`. It checks the signature, in constant time,
        and asks nobody, but for a public key that its platform names in the signature: once for
        each key, at a fixed host, in seconds, and under a `Budget`, since anybody may name any. It
        raises Unavailable where such a key cannot be had now; the platform tries again. What it
        names is polled soon: nothing is taken from the push itself.
        """
        del push
        return None

    def authorize_url(self, consent: Consent) -> str:
        """The address of the platform's page where the seller agrees, for ``syncd connect``.

        Only for platforms with such a page (OAuth 2, authorization code). Asks nobody. Raises
        Rejected where the config lacks what it takes.
        """
        del consent
        raise Rejected(f"{self.name} has no page for a consent: its login is what the config says")

    def exchange(self, code: str, consent: Consent) -> None:
        """Turn the code from that page into tokens, and keep them by `Context.tokens`.

        Raises AuthFailed where the platform refuses the code, or Unavailable.
        """
        del code, consent
        raise Rejected(f"{self.name} takes no codes of a consent")

    def close(self) -> None:
        """Give connections back; the object is not used again."""
