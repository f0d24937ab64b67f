"""eBay messages, orders, shipments and after-sales cases."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from urllib.parse import quote, urlencode

from syncd.connector import (
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    OutcomeUnknown,
    Push,
    Rejected,
    Unavailable,
    Wake,
    ask_each,
    find_text,
    only_messages,
    require,
    settling,
    written_since,
)
from syncd.connector.lists import walk_lists
from syncd.connector.sweep import Source, whole_list
from syncd.hookspecs import hookimpl
from syncd.http import HttpClient, OAuth2
from syncd.model import Draft, Message, Receipt, Shipment, Verdict
from syncd_ebay import parcels, returns, rules
from syncd_ebay.cases import DISPUTE, POST_ORDER, Kind
from syncd_ebay.client import (
    DISPUTE_SCOPE,
    FROM_EBAY,
    FROM_MEMBERS,
    FULFILLMENT_SCOPE,
    MESSAGE_SCOPE,
    EbayClient,
    judge,
)
from syncd_ebay.lists import Conversations, Orders
from syncd_ebay.push import KEY_SCOPE, Keys, challenge, keys_client, verified
from syncd_ebay.settings import EbayConfig
from syncd_ebay.wire import Conversation

__all__ = ["EbayConfig", "EbayConnector"]

PRODUCTION = "https://api.ebay.com"
SANDBOX = "https://api.sandbox.ebay.com"
# Where sellers agree (developer.ebay.com, "Getting user consent").
CONSENT = {PRODUCTION: "https://auth.ebay.com", SANDBOX: "https://auth.sandbox.ebay.com"}
# The Fulfillment API's description: payment disputes have a host of their own.
DISPUTES = {PRODUCTION: "https://apiz.ebay.com", SANDBOX: "https://apiz.sandbox.ebay.com"}


class EbayConnector(Connector):
    """One eBay seller account."""

    name = "ebay"
    api_version = 1
    Config = EbayConfig
    streams: ClassVar = {
        "messages": timedelta(minutes=1),
        "orders": timedelta(minutes=5),
        "returns": timedelta(minutes=15),
        "disputes": timedelta(minutes=15),
    }
    capabilities = frozenset(
        {
            Capability.READ_MESSAGES,
            Capability.REPLY,
            Capability.START_CONVERSATION,
            Capability.UPLOAD_TRACKING,
            Capability.WEBHOOK,
        }
    )
    lacks: ClassVar = rules.LACKS

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
        self._client = EbayClient(
            url,
            self._auth,
            app=f"ebay:{url}:{config.client_id}",
            disputes_url=DISPUTES.get(url, url),
            marketplace=config.marketplace,
        )
        self._keys = Keys(self._keys_client(url), context.now)
        names = (config.username, config.user_id)
        self._own = frozenset(name.casefold() for name in names if name)

    @classmethod
    def reads(cls, config: EbayConfig) -> Mapping[str, timedelta]:
        """Payment disputes where they are wanted; eBay's sandbox has no Post-Order API."""
        sandbox = config.sandbox and not config.base_url
        off = {"returns": sandbox, "disputes": not config.payment_disputes}
        return cls.without(*(stream for stream, is_off in off.items() if is_off))

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Whole conversations, orders with their parcels, or cases.

        How the cursor moves is told in `syncd.connector.sweep`, and for cases in `returns`.
        """
        if stream == "orders":
            yield from self._walked({"orders": Orders(self._client).source()}, cursor)
        elif stream == "returns":
            yield from self._cases(POST_ORDER, cursor)
        elif stream == "disputes":
            yield from self._cases([DISPUTE], cursor)
        else:
            yield from self._walked(self._conversations(), cursor)

    def may_send(self, draft: Draft) -> Verdict:
        """By the text's length and content; whom eBay lets one write to, only eBay knows."""
        return rules.may_send(draft)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send into the draft's conversation, else to the buyer, naming the order's listing."""
        del key  # eBay has no idempotency key: `find_sent` looks for the text instead
        require(rules.may_send(draft))
        sent = self._client.send(self._body(draft))
        return Receipt(
            source_id=sent.message_id, accepted_at=sent.created_date or self.context.now()
        )

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the draft's text among what was written to the buyer since it was decided."""
        del key
        since = written_since(draft)
        with settling("the conversation"):
            written = self._written(draft, since)
        return find_text(written, draft)

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Report the parcel, with all of the order that had not left; its number without signs."""
        del key  # `find_confirmation` looks for the number instead
        body = parcels.confirmation(shipment, self._client.order(shipment.order_id))
        self._client.confirm(shipment.order_id, body)
        return parcels.receipt(shipment, body.get("trackingNumber"), self.context.now())

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Look for the number among the parcels that eBay knows of the order."""
        del key
        with settling("the order"):
            known = self._client.fulfillments(shipment.order_id)
        return parcels.find(known, shipment, self.context.now())

    def verify_push(self, push: Push) -> Wake | None:
        """By eBay's challenge (GET), or by the key that eBay publishes for the signature (POST)."""
        if push.method == "POST":
            return verified(push, self._keys)
        config = self.config
        if config.push_token is None or config.push_url is None:
            return None
        return challenge(push, config.push_token.reveal(), config.push_url)

    def check(self) -> None:
        """Ask for one of each, so that all scopes are tried."""
        now = self.context.now()
        yesterday = now - timedelta(days=1)
        returns = POST_ORDER if "returns" in self.streams else ()
        disputes = (DISPUTE,) if "disputes" in self.streams else ()
        ask_each(
            partial(self._client.conversations, FROM_MEMBERS, limit=1),
            partial(self._client.orders, yesterday, None, 0, limit=1),
            *(
                partial(self._client.cases, kind, yesterday, now, limit=1)
                for kind in (*returns, *disputes)
            ),
        )

    def authorize_url(self, consent: Consent) -> str:
        """EBay's page for the seller; the RuName alone tells eBay where it ends, without PKCE."""
        asked = {
            "client_id": self.config.client_id,
            "redirect_uri": self._ru_name(),
            "response_type": "code",
            "scope": " ".join(self._scopes()),
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
        self._keys.close()

    def _ru_name(self) -> str:
        if self.config.ru_name is None:
            raise Rejected(
                "set ru_name to the RuName of the keyset (developer.ebay.com, User Tokens, Get a "
                "Token from eBay via Your Application)"
            )
        return str(self.config.ru_name)

    def _scopes(self) -> list[str]:
        disputes = [DISPUTE_SCOPE] if self.config.payment_disputes else []
        return [MESSAGE_SCOPE, FULFILLMENT_SCOPE, *disputes]

    def _keys_client(self, url: str) -> HttpClient:
        """Keys are given to an app, and not to a seller."""
        auth = OAuth2(
            f"{url}/identity/v1/oauth2/token",
            client_id=self.config.client_id,
            client_secret=self.config.client_secret,
            now=self.context.now,
            scope=KEY_SCOPE,
            basic=True,
        )
        return keys_client(url, auth, partial(judge, scope=KEY_SCOPE))

    def _cases(self, kinds: Iterable[Kind], cursor: Cursor) -> Iterator[Batch]:
        now = self.context.now()
        for kind in kinds:
            place = returns.Place(now - timedelta(days=self.config.history_days))
            if kind.name in cursor:
                place = returns.Place.load(cursor[kind.name])
            for items, reached in returns.news(kind, self._client.cases, place, now):
                cursor = {**cursor, kind.name: reached.dump()}
                yield Batch(items, cursor)

    def _conversations(self) -> dict[str, Source]:
        kinds = [FROM_MEMBERS, FROM_EBAY] if self.config.platform_messages else [FROM_MEMBERS]
        return {kind: Conversations(self._client, kind, self._own).source() for kind in kinds}

    def _walked(self, lists: Mapping[str, Source], cursor: Cursor) -> Iterator[Batch]:
        history = timedelta(days=self.config.history_days)
        return walk_lists(lists, cursor, self.context.now(), history=history)

    def _body(self, draft: Draft) -> dict[str, Any]:
        body: dict[str, Any] = {"messageText": draft.text, **rules.media(draft.attachments)}
        if draft.thread_id:
            return body | {"conversationId": draft.thread_id}
        body["otherPartyUsername"] = draft.buyer.id
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
        return only_messages(items)


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
