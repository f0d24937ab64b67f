"""The connector: reads orders and returns, sends what Amazon offers, confirms, asks for reviews."""

import threading
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import quote, urlencode

from syncd.connector import (
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    OutcomeUnknown,
    Rejected,
    ask_each,
    utc_text,
)
from syncd.http import BudgetSpent, OAuth2
from syncd.model import Draft, Receipt, Shipment, Verdict
from syncd_amazon import reviews, rules, shipping, uploads
from syncd_amazon.client import REVIEW, AmazonClient
from syncd_amazon.marketplaces import API, LOGIN, SANDBOX
from syncd_amazon.orders import Known, Lists
from syncd_amazon.queue import OrderQueue
from syncd_amazon.settings import AmazonConfig

_NO_MESSAGES = (
    "Amazon has no call for messages of buyers: they come by e-mail, and the mail account of the "
    "address that Seller Central knows answers them"
)


class AmazonConnector(Connector):
    """One Amazon seller account in one region."""

    name = "amazon"
    api_version = 1
    Config = AmazonConfig
    # A search for orders is allowed every 179 s: the rest is for further pages.
    streams: ClassVar = {"orders": timedelta(minutes=5), "returns": timedelta(hours=1)}
    capabilities = frozenset(
        {
            Capability.NOTIFY_TEMPLATED,
            Capability.UPLOAD_TRACKING,
            Capability.REQUEST_REVIEW,
            Capability.PUSH,
        }
    )
    consent_code = "spapi_oauth_code"
    lacks: ClassVar = {
        Capability.READ_MESSAGES: _NO_MESSAGES,
        Capability.REPLY: _NO_MESSAGES,
        Capability.START_CONVERSATION: "only what Amazon offers for an order can be sent",
        Capability.EXTEND_PROMISE: "Amazon has no call that puts off a promised date",
        Capability.PUBLIC_REPLY: "Amazon has no call that reads or answers reviews",
        Capability.WRITE_MAIL: "Amazon takes messages about its orders, not to mail addresses",
        Capability.TRACK_PARCELS: "Amazon tells no scans of parcels; carriers' accounts follow them",
        Capability.WEBHOOK: "Amazon writes to a queue, not to an address of yours",
        Capability.PUSH: "only with a queue of notifications: `queue` names it",
    }

    config: AmazonConfig

    def __init__(self, config: AmazonConfig, context: Context) -> None:
        super().__init__(config, context)
        host = SANDBOX if config.sandbox else API
        url = config.base_url or host.format(region=config.stores[0].region)
        self._auth = OAuth2(
            f"{config.base_url or LOGIN}/auth/o2/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            refresh_token=config.refresh_token,
            now=context.now,
            by_consent=True,
            tokens=context.tokens,
            header="x-amz-access-token",
        )
        counted_by = f"{url}:{config.client_id}:{config.seller_id}"
        self._client = AmazonClient(url, self._auth, counted_by)
        self._lists = Lists(self._client, config)
        self._known = Known(self._client, config)
        self._uploads = uploads.Uploads(self._client, url)
        self._queue = OrderQueue(config.queue, config.seller_id) if config.queue else None
        self._closed = threading.Event()

    @classmethod
    def able(cls, config: AmazonConfig) -> frozenset[Capability]:
        """Without a queue nothing tells of news."""
        return cls.capabilities if config.queue else cls.capabilities - {Capability.PUSH}

    @classmethod
    def reads(cls, config: AmazonConfig) -> Mapping[str, timedelta]:
        """Returns only of sellers in External Fulfillment."""
        return cls.streams if config.returns else cls.without("returns")

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Changed orders with their parcels, or changed returns; how the cursor moves: `pages`."""
        now = self.context.now()
        walk = self._lists.orders if stream == "orders" else self._lists.returns
        read = False
        try:
            for items, place in walk(cursor, now):
                yield Batch(items, place.dump())
                read = True
        except BudgetSpent:
            if not read:  # else the next poll goes on at this page
                raise

    def may_send(self, draft: Draft) -> Verdict:
        """By the text, by what Amazon offers for the order now, and by the buyer's language."""
        message = rules.message_of(draft)
        if message is None:
            return Verdict.never(_NO_MESSAGES)
        if not draft.order_id:
            return Verdict.never("Amazon takes messages about an order only")
        reason = rules.broken_by(draft, message)
        try:
            reason = reason or self._not_offered(draft.order_id, message.name, draft.language)
        except Rejected as error:
            reason = str(error)
        return Verdict.never(reason) if reason else Verdict.yes()

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send a notice as the message that Amazon has for it. Amazon gives it no id."""
        message = rules.message_of(draft)
        if message is None or not draft.order_id:
            raise Rejected(_NO_MESSAGES)
        if reason := rules.broken_by(draft, message):
            raise Rejected(reason)
        order_id, store = draft.order_id, self._known.store(draft.order_id)
        files = self._uploads.put(draft.attachments, order_id, store, message.name)
        self._client.message(order_id, store, message.name, uploads.body(draft.text, files))
        return self._receipt(f"{order_id}/{message.name}/{key}")

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Amazon cannot tell: its API shows no seller's message, and offers some repeatedly."""
        del key
        raise OutcomeUnknown(
            "Amazon's API does not show what was sent: look at Buyer-Seller Messages of order "
            f"{draft.order_id} in Seller Central"
        )

    def carrier_names(self) -> frozenset[str]:
        """Amazon's codes; another carrier is named beside the code Other."""
        return shipping.carrier_names()

    def may_request_review(self, order_id: str) -> Verdict:
        """By the order's dates, and by what Amazon offers for it now."""
        try:
            found = self._known.order(order_id)
            now = self.context.now()
            verdict = reviews.window(found, now)
            if verdict is None:
                is_offered = self._client.review_offered(order_id, self._known.store_of(found))
                verdict = reviews.offered(found, now, is_offered=is_offered)
        except Rejected as error:
            return Verdict.never(str(error))
        return verdict

    def request_review(self, order_id: str, key: str) -> Receipt:
        """Have Amazon ask the buyer, which it does once for each order."""
        self._client.ask_for_review(order_id, self._known.store(order_id))
        return self._receipt(f"{order_id}/{REVIEW}/{key}")

    def find_review_request(self, order_id: str, key: str) -> Receipt | None:
        """While Amazon still offers to ask, it has not asked; else it does not tell why not."""
        del key
        if self._client.review_offered(order_id, self._known.store(order_id)):
            return None
        raise OutcomeUnknown(
            "Amazon no longer offers to ask for a review, because it has asked or for another "
            "reason: the order's page in Seller Central tells"
        )

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Tell of a parcel, as holding all of the order that has not been shipped yet."""
        del key  # a parcel is found again by its tracking number
        found = self._known.order(shipment.order_id)
        store = self._known.store_of(found)
        body = shipping.confirmation(shipment, found, store, self.context.now())
        self._client.confirm(shipment.order_id, body)
        return self._receipt(f"{found.order_id}/{body['packageDetail']['packageReferenceId']}")

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Look for the tracking number among the order's parcels."""
        del key
        parcel = shipping.told_of(shipment, self._known.order(shipment.order_id))
        if parcel is None:
            return None
        return Receipt(
            source_id=f"{shipment.order_id}/{parcel.package_reference_id}",
            accepted_at=parcel.created_time or parcel.ship_time or self.context.now(),
        )

    def wait(self, stream: str, seconds: float) -> bool:
        """Wait for a notification that an order changed; returns have none."""
        if self._queue is not None and stream == "orders":
            return self._queue.wait(seconds)
        self._closed.wait(seconds)
        return False

    def check(self) -> None:
        """Ask for one order, and for one return where those are read."""
        since = utc_text(self.context.now() - timedelta(days=1))
        stores = ",".join(each.id for each in self.config.stores)
        changed = {"lastUpdatedAfter": since, "marketplaceIds": stores}
        orders = partial(self._client.search, {**changed, "maxResultsPerPage": 1})
        returns = partial(self._client.returns, {"createdSince": since, "maxResults": 1})
        ask_each(*[orders, returns] if self.config.returns else [orders])

    def authorize_url(self, consent: Consent) -> str:
        """Seller Central's page for the consent."""
        if self.config.application_id is None:
            raise Rejected(
                "set application_id to the id of the application (Solution Provider Portal)"
            )
        asked = {
            "application_id": self.config.application_id,
            "state": consent.state,
            "redirect_uri": self._redirect(),
        }
        if self.config.draft_application:
            asked["version"] = "beta"
        pages = self.config.base_url or f"https://{self.config.stores[0].seller_central}"
        return f"{pages}/apps/authorize/consent?{urlencode(asked, quote_via=quote)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the seller's tokens for the code."""
        del consent  # its address is on this machine, and Amazon wants a registered one
        self._auth.exchange(code, redirect=self._redirect())

    def close(self) -> None:
        """Close the kept connections."""
        self._closed.set()
        self._client.close()
        if self._queue is not None:
            self._queue.close()

    def _redirect(self) -> str:
        if self.config.redirect_uri is None:
            raise Rejected("set redirect_uri to an OAuth Redirect URI of the application")
        return self.config.redirect_uri

    def _not_offered(self, order_id: str, message: str, language: str) -> str:
        """Why Amazon does not take this message now; empty where it does."""
        store = self._known.store(order_id)
        actions = self._client.actions(order_id, store)
        if message not in actions:
            others = ", ".join(sorted(actions)) or "nothing"
            return f"Amazon does not offer {message} for order {order_id} now; it offers {others}"
        locale = self._client.locale(order_id, store)
        if not rules.reads(locale, language):
            return f"Amazon wants the buyer's language, {locale}, and the text is in {language}"
        return ""

    def _receipt(self, source_id: str) -> Receipt:
        return Receipt(source_id=source_id, accepted_at=self.context.now())
