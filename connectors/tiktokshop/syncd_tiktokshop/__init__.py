"""TikTok Shop's chat, orders, packages, returns and cancellations."""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from threading import Lock
from typing import ClassVar
from urllib.parse import urlencode

from pydantic import Field

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    Push,
    Rejected,
    Secret,
    Unavailable,
    Wake,
    ask_each,
    find_text,
    only_messages,
    require,
    settling,
    written_since,
)
from syncd.connector.addresses import BaseUrl
from syncd.connector.lists import place_in, walk_lists
from syncd.connector.sweep import OVERLAP, walk, whole_list
from syncd.hookspecs import hookimpl
from syncd.http import OAuth2
from syncd.model import Draft, Message, Receipt, Shipment, Verdict
from syncd_tiktokshop import lists, rules, shipping
from syncd_tiktokshop.client import TikTokClient
from syncd_tiktokshop.login import HEADER, TokenEndpoint, chosen
from syncd_tiktokshop.push import pushed
from syncd_tiktokshop.wire import Conversation

API = "https://open-api.tiktokglobalshop.com"
LOGIN = "https://auth.tiktok-shops.com"
# "Authorization overview": sellers of the US agree on a host of their own.
CONSENT = "https://services.tiktokshop.com/open/authorize"
CONSENT_US = "https://services.us.tiktokshop.com/open/authorize"


CHAT = frozenset({Capability.READ_MESSAGES, Capability.REPLY, Capability.START_CONVERSATION})


class TikTokShopConfig(AccountConfig):
    """Settings of one TikTok Shop."""

    app_key: str = Field(description="App key of the app in Partner Center", min_length=1)
    app_secret: Secret = Field(description="App secret of the app")
    service_id: str | None = Field(
        default=None, description="Service id of the app, for `syncd connect`"
    )
    us_shop: bool = Field(
        default=False, description="whether the shop is in the US, whose sellers agree elsewhere"
    )
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token from the seller's consent; not needed after `syncd connect`",
    )
    shop_id: str | None = Field(
        default=None,
        description="the shop's id, where the seller let the app into several shops",
        examples=["7494049642642441621"],
    )
    shop_cipher: str | None = Field(
        default=None, description="the shop's cipher; without it TikTok is asked for it"
    )
    chat: bool = Field(
        default=True,
        description="read and write messages; false where the app was not granted the customer "
        "service scope, so that orders and returns can do without it",
    )
    history_days: int = Field(
        default=90, ge=1, le=729, description="how many days back the first poll reads"
    )
    base_url: BaseUrl | None = Field(
        default=None, description="another host of the API and its login, for tests"
    )


class TikTokShop(Connector):
    """One TikTok Shop."""

    name = "tiktokshop"
    api_version = 1
    Config = TikTokShopConfig
    streams: ClassVar = {
        "messages": timedelta(minutes=2),
        "orders": timedelta(minutes=5),
        "returns": timedelta(minutes=15),
    }
    capabilities = CHAT | {Capability.UPLOAD_TRACKING, Capability.WEBHOOK}
    lacks: ClassVar = {
        **dict.fromkeys(CHAT, rules.NO_CHAT),
        Capability.EXTEND_PROMISE: "TikTok has no call that puts off a date it has set",
        Capability.REQUEST_REVIEW: "TikTok asks buyers for reviews itself",
        Capability.PUBLIC_REPLY: "TikTok has no call that answers reviews",
    }

    def __init__(self, config: TikTokShopConfig, context: Context) -> None:
        super().__init__(config, context)
        own = config.base_url
        self._consent_url = f"{own}/open/authorize" if own else CONSENT
        if config.us_shop and not own:
            self._consent_url = CONSENT_US
        self._tokens = TokenEndpoint(own or LOGIN, config.app_key, config.app_secret, context.now)
        self._auth = OAuth2(
            own or LOGIN,
            client_id=config.app_key,
            client_secret=config.app_secret,
            refresh_token=config.refresh_token,
            now=context.now,
            by_consent=True,
            tokens=context.tokens,
            header=HEADER,
            ask=self._tokens,
        )
        self._client = TikTokClient(
            own or API,
            self._auth,
            app_key=config.app_key,
            app_secret=config.app_secret,
            now=context.now,
            cipher=self._shop_cipher,
        )
        self._cipher: str | None = config.shop_cipher
        self._asking = Lock()
        self._history = timedelta(days=config.history_days)

    @classmethod
    def able(cls, config: TikTokShopConfig) -> frozenset[Capability]:
        """Without the chat nothing of it is read or written."""
        return cls.capabilities if config.chat else cls.capabilities - CHAT

    @classmethod
    def reads(cls, config: TikTokShopConfig) -> Mapping[str, timedelta]:
        """The same for reading it."""
        return cls.streams if config.chat else cls.without("messages")

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """What changed, by the lists; how the cursor moves is told in `syncd.connector.sweep`."""
        if stream == "messages":
            yield from self._messages(cursor)
            return
        sources = {"orders": lists.orders(self._client)}
        if stream == "returns":
            sources = {
                "returns": lists.returns(self._client),
                "cancellations": lists.cancellations(self._client),
            }
        yield from walk_lists(sources, cursor, self.context.now(), history=self._history)

    def may_send(self, draft: Draft) -> Verdict:
        """By what the draft holds; whom TikTok lets the shop write to shows when it is sent."""
        return rules.may_send(draft, chat=self.config.chat)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send into the draft's conversation, else into the buyer's, which is opened for it."""
        del key  # TikTok has no idempotency key here: `find_sent` looks for the text instead
        require(self.may_send(draft))
        thread = draft.thread_id or self._client.open_conversation(self._buyer(draft))
        sent = self._client.send_text(thread, draft.text)
        return Receipt(source_id=sent, accepted_at=self.context.now())

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the draft's text among what was written to the buyer since it was decided."""
        del key
        since = written_since(draft)
        with settling("the conversation"):
            return find_text(self._written(draft, since), draft)

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Tell that the order's package left; only of orders that the seller sends themselves."""
        del key  # `find_confirmation` looks for the number instead
        parcel = shipping.told(shipment)
        sold = self._client.order(shipment.order_id)
        package = shipping.package_of(sold, shipment.order_id)
        option = package.delivery_option_id
        provider = shipping.provider_of(parcel.carrier, self._client.providers(option))
        told = self.context.now()
        if package.id is not None:
            self._client.ship(package.id, parcel.number, provider)
            return Receipt(source_id=package.id, accepted_at=told)
        lines = list(package.lines)
        made = self._client.mark_shipped(shipment.order_id, lines, parcel.number, provider)
        return Receipt(source_id=made or shipment.order_id, accepted_at=told)

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Look for the number among the order's packages."""
        del key
        sold = self._client.order(shipment.order_id)
        return shipping.known(sold, shipment, self.context.now())

    def verify_push(self, push: Push) -> Wake | None:
        """By ``Authorization``: HMAC-SHA256 of the app key and the body with the app secret."""
        secret = self.config.app_secret.reveal()
        return pushed(push, self.config.app_key, secret, self.config.shop_id)

    def check(self) -> None:
        """Ask for one conversation, one order and one return, so that each scope is tried."""
        day = self.context.now() - timedelta(days=1)
        chat = partial(self._client.conversations, limit=1)
        orders = partial(self._client.changed_orders, day, None, limit=1)
        returns = partial(self._client.changed_cases, "returns", day, None)
        ask_each(*[chat] if self.config.chat else [], orders, returns)

    def authorize_url(self, consent: Consent) -> str:
        """TikTok's page for the seller; Partner Center sets where it ends, and PKCE is unknown."""
        if self.config.service_id is None:
            raise Rejected(
                "set service_id to the app's Service ID (Partner Center, App & Service, App details)"
            )
        asked = {"service_id": self.config.service_id, "state": consent.state}
        return f"{self._consent_url}?{urlencode(asked)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the seller's tokens for the code."""
        self._auth.exchange(code, redirect=consent.redirect)

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()
        self._tokens.close()

    def _shop_cipher(self) -> str:
        with self._asking:
            if self._cipher is None:
                self._cipher = chosen(self._client.shops(), self.config.shop_id).cipher
            return self._cipher

    def _messages(self, cursor: Cursor) -> Iterator[Batch]:
        """The conversations that changed, each back to where the last whole walk had come.

        Until a walk has ended a conversation may have unread messages from before `since`: so
        the floor stays, and only then follows.
        """
        now, name = self.context.now(), "conversations"
        place = place_in(cursor, name, now - self._history)
        floor = datetime.fromisoformat(cursor["floor"]) if cursor else place.since
        source = lists.Conversations(self._client, floor - OVERLAP).source()
        for items, reached in walk(source, place, now):
            place = reached
            yield Batch(items, {name: place.dump(), "floor": floor.isoformat()})
        if place.since > floor:
            moved = place.since.isoformat()
            yield Batch((), {name: place.dump(), "floor": moved})

    def _buyer(self, draft: Draft) -> str:
        """The id by which TikTok opens a conversation: the buyer's as orders tell it."""
        sold = None
        if not draft.buyer.id and draft.order_id:
            sold = self._client.order(draft.order_id)
        buyer = draft.buyer.id or (sold and sold.user_id)
        if not buyer:
            raise Rejected(f"TikTok does not tell who ordered {draft.order_id}: write in its app")
        return str(buyer)

    def _written(self, draft: Draft, since: datetime) -> list[Message]:
        """What stands in the draft's conversation, else in all with the buyer, since then."""
        threads = lists.Conversations(self._client, since)
        if draft.thread_id:
            found = [Conversation(draft.thread_id)]
        else:
            entries, whole = whole_list(threads.source(), since, None)
            if not whole:
                raise Unavailable("the list of conversations changed at each reading")
            found = threads.with_buyer(entries, self._buyer(draft))
        items = [item for thread in found for item in threads.items(thread)]
        return only_messages(items)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Registers the connector."""
    return [TikTokShop]
