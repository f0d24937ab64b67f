"""eBay messages, orders and shipments."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, ClassVar
from urllib.parse import quote, urlencode, urlsplit

from pydantic import Field, field_validator

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    OutcomeUnknown,
    Rejected,
    Secret,
    Unavailable,
    find_text,
    written_since,
)
from syncd.connector.sweep import Place, Source, walk, whole_list
from syncd.hookspecs import hookimpl
from syncd.http import OAuth2
from syncd.model import Draft, Message, Receipt, Verdict
from syncd_ebay import rules
from syncd_ebay.client import (
    FROM_EBAY,
    FROM_MEMBERS,
    FULFILLMENT_SCOPE,
    MESSAGE_SCOPE,
    EbayClient,
)
from syncd_ebay.lists import Conversations, Orders
from syncd_ebay.wire import Conversation

PRODUCTION = "https://api.ebay.com"
SANDBOX = "https://api.sandbox.ebay.com"
# Where sellers agree (developer.ebay.com, "Getting user consent").
CONSENT = {PRODUCTION: "https://auth.ebay.com", SANDBOX: "https://auth.sandbox.ebay.com"}
# getOrders refuses more than two years; a day less, so that a slow clock does not matter.
OLDEST = timedelta(days=729)


class EbayConfig(AccountConfig):
    """Settings of one eBay seller account."""

    username: str = Field(description="the seller's eBay user name", min_length=1)
    user_id: str | None = Field(
        default=None,
        description="the seller's immutable user id, where eBay shows it in place of the name",
    )
    client_id: str = Field(description="App ID of the keyset at developer.ebay.com", min_length=1)
    client_secret: Secret = Field(description="Cert ID of the keyset")
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token from the seller's consent; not needed after `syncd connect`",
    )
    ru_name: str | None = Field(
        default=None,
        description="RuName of the keyset, which stands for the page a consent ends at; for "
        "`syncd connect`",
        examples=["Lamp_Shop-LampShop-syncd-abcdefg"],
    )
    sandbox: bool = Field(default=False, description="use eBay's sandbox instead of the real site")
    base_url: str | None = Field(
        default=None, description="another host of the API, for tests; overrides `sandbox`"
    )
    history_days: int = Field(
        default=90, ge=1, le=729, description="how many days back the first poll reads"
    )
    platform_messages: bool = Field(
        default=False, description="also read what eBay itself writes to the seller"
    )

    @field_validator("base_url")
    @classmethod
    def _safe(cls, url: str | None) -> str | None:
        if url is None:
            return None
        parts = urlsplit(url)
        local = parts.hostname in {"127.0.0.1", "localhost", "::1"}
        if parts.scheme != "https" and not (parts.scheme == "http" and local):
            raise ValueError("base_url must begin with https:// (http:// only for 127.0.0.1)")
        return url.rstrip("/")


class EbayConnector(Connector):
    """One eBay seller account."""

    name = "ebay"
    api_version = 1
    Config = EbayConfig
    streams: ClassVar = {"messages": timedelta(minutes=1), "orders": timedelta(minutes=5)}
    capabilities = frozenset(
        {Capability.READ_MESSAGES, Capability.REPLY, Capability.START_CONVERSATION}
    )
    lacks: ClassVar = {
        Capability.EXTEND_PROMISE: "eBay has no call that puts off a promised date",
        Capability.REQUEST_REVIEW: "eBay has no call for it; a message may ask",
    }

    def __init__(self, config: EbayConfig, context: Context) -> None:
        super().__init__(config, context)
        url = config.base_url or (SANDBOX if config.sandbox else PRODUCTION)
        self._consent_url = f"{CONSENT.get(url, url)}/oauth2/authorize"
        self._auth = OAuth2(
            f"{url}/identity/v1/oauth2/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            refresh_token=config.refresh_token,
            now=context.now,
            basic=True,
            by_consent=True,
            tokens=context.tokens,
        )
        self._client = EbayClient(url, self._auth)
        names = (config.username, config.user_id)
        self._own = frozenset(name.casefold() for name in names if name)

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Whole conversations or orders with their parcels; how the cursor moves is told in `sweep`."""
        if stream == "orders":
            yield from self._batches("orders", Orders(self._client).source(), cursor)
            return
        kinds = [FROM_MEMBERS, FROM_EBAY] if self.config.platform_messages else [FROM_MEMBERS]
        for kind in kinds:
            source = Conversations(self._client, kind, self._own).source()
            for batch in self._batches(kind, source, cursor):
                cursor = batch.cursor
                yield batch

    def may_send(self, draft: Draft) -> Verdict:
        """By the text's length and content; whom eBay lets one write to, only eBay knows."""
        return rules.may_send(draft)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send into the draft's conversation, else to the buyer, naming the order's listing."""
        del key  # eBay has no idempotency key: `find_sent` looks for the text instead
        verdict = rules.may_send(draft)
        if not verdict.allowed:
            raise Rejected(verdict.reason)
        sent = self._client.send(self._body(draft))
        return Receipt(
            source_id=sent.message_id, accepted_at=sent.created_date or self.context.now()
        )

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the draft's text among what was written to the buyer since it was decided."""
        del key
        since = written_since(draft)
        try:
            written = self._written(draft, since)
        except Rejected as error:
            raise OutcomeUnknown(f"the conversation cannot be read: {error}") from None
        return find_text(written, draft)

    def check(self) -> None:
        """Ask for one conversation and one order, so that both scopes are tried."""
        self._client.conversations(FROM_MEMBERS, limit=1)
        self._client.orders(self.context.now() - timedelta(days=1), None, 0, limit=1)

    def authorize_url(self, consent: Consent) -> str:
        """EBay's page for the seller; eBay knows where it ends by the RuName alone, without PKCE."""
        asked = {
            "client_id": self.config.client_id,
            "redirect_uri": self._ru_name(),
            "response_type": "code",
            "scope": f"{MESSAGE_SCOPE} {FULFILLMENT_SCOPE}",
            "state": consent.state,
        }
        return f"{self._consent_url}?{urlencode(asked, quote_via=quote)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the seller's tokens for the code."""
        del consent  # its address is the RuName's
        self._auth.exchange(code, redirect=self._ru_name())

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def _ru_name(self) -> str:
        if self.config.ru_name is None:
            raise Rejected(
                "set ru_name to the RuName of the keyset (developer.ebay.com, User Tokens, Get a "
                "Token from eBay via Your Application)"
            )
        return str(self.config.ru_name)

    def _batches(self, name: str, source: Source, cursor: Cursor) -> Iterator[Batch]:
        now = self.context.now()
        place = Place(now - timedelta(days=self.config.history_days))
        if name in cursor:
            place = Place.load(cursor[name]).moved(now - OLDEST)
        for items, reached in walk(source, place, now):
            yield Batch(items, {**cursor, name: reached.dump()})

    def _body(self, draft: Draft) -> dict[str, Any]:
        if draft.thread_id:
            return {"messageText": draft.text, "conversationId": draft.thread_id}
        body: dict[str, Any] = {"messageText": draft.text, "otherPartyUsername": draft.buyer.id}
        listing = self._listing(draft.order_id) if draft.order_id else None
        if listing:
            body["reference"] = {"referenceType": "LISTING", "referenceId": listing}
        return body

    def _listing(self, order_id: str) -> str | None:
        """The listing an order was placed on, where there is exactly one."""
        try:
            sold = self._client.order(order_id)
        except Rejected:
            return None  # eBay no longer knows the order; the message does not need it
        age = self.context.now() - sold.creation_date
        if age > rules.PARTNER_DAYS:
            raise Rejected(
                f"order {order_id} is {age.days} days old; eBay lets a seller start a conversation "
                f"about an order within {rules.PARTNER_DAYS.days} days: answer in an existing one"
            )
        listings = {line.legacy_item_id for line in sold.line_items}
        return listings.pop() if len(listings) == 1 else None

    def _written(self, draft: Draft, since: datetime) -> list[Message]:
        """What stands in the draft's conversation, else in all with the buyer since then."""
        threads = Conversations(self._client, FROM_MEMBERS, self._own, other=draft.buyer.id)
        ids = [draft.thread_id] if draft.thread_id else _listed(threads.source(), since)
        items = [item for thread in ids for item in threads.items(Conversation(thread))]
        messages = [item for item in items if isinstance(item, Message)]
        if len(messages) < len(items):
            raise OutcomeUnknown("the conversation holds messages that cannot be understood")
        return messages


def _listed(source: Source, since: datetime) -> list[str]:
    entries, whole = whole_list(source, since, None)
    if not whole:
        raise Unavailable("the list of conversations with the buyer changed at each reading")
    if not all(entry.known for entry in entries):
        raise OutcomeUnknown("the list of conversations with the buyer cannot be understood")
    return [entry.id for entry in entries]


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Registers the connector."""
    return [EbayConnector]
