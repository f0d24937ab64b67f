"""Allegro messages, disputes and claims, orders, returns, ratings and stock."""

from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import quote, urlencode

from msgspec.structs import replace
from pydantic import Field

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    Secret,
    ask_each,
)
from syncd.connector.addresses import BaseUrl
from syncd.connector.lists import place_in, walk_lists
from syncd.connector.sweep import Source, walk
from syncd.hookspecs import hookimpl
from syncd.http import OAuth2
from syncd.model import Draft, Receipt, Shipment, Verdict
from syncd_allegro import orders, rules
from syncd_allegro.cases import RETURNS_FOLLOWED, changed, issue_case, return_case
from syncd_allegro.catalogue import Ratings, StockPlace, stock
from syncd_allegro.client import AllegroClient
from syncd_allegro.conversations import ISSUES_FOLLOWED, Conversations, Issues, Threads
from syncd_allegro.files import Files
from syncd_allegro.sending import Sender

PRODUCTION, SANDBOX = "allegro.pl", "allegro.pl.allegrosandbox.pl"


class AllegroConfig(AccountConfig):
    """Settings of one Allegro seller account."""

    client_id: str = Field(
        description="Client ID of the app at apps.developer.allegro.pl", min_length=1
    )
    client_secret: Secret = Field(description="Client Secret of the app")
    refresh_token: Secret | None = Field(
        default=None,
        description="refresh token from the seller's consent; not needed after `syncd connect`",
    )
    sandbox: bool = Field(
        default=False, description="use Allegro's sandbox instead of the real site"
    )
    base_url: BaseUrl | None = Field(
        default=None, description="another host of the API, for tests; overrides `sandbox`"
    )
    history_days: int = Field(
        default=90, ge=1, le=730, description="how many days back the first poll reads"
    )
    disputes: bool = Field(
        default=True,
        description="also read disputes and claims, for which the app needs a right of its own",
    )


class AllegroConnector(Connector):
    """One Allegro seller account."""

    name = "allegro"
    api_version = 1
    Config = AllegroConfig
    streams: ClassVar = {
        "messages": timedelta(minutes=1),
        "orders": timedelta(minutes=5),
        "returns": timedelta(minutes=15),
        "disputes": timedelta(minutes=1),
        "reviews": timedelta(hours=1),
        "stock": timedelta(minutes=30),
    }
    capabilities = frozenset({
        Capability.READ_MESSAGES,
        Capability.REPLY,
        Capability.START_CONVERSATION,
        Capability.UPLOAD_TRACKING,
    })  # fmt: skip
    lacks: ClassVar = {
        Capability.EXTEND_PROMISE: "Allegro has no call that puts off a date",
        Capability.REQUEST_REVIEW: "Allegro asks for ratings by itself",
        Capability.PUBLIC_REPLY: "ratings are answered on Allegro's site: syncd does not write there",
        Capability.TRACK_PARCELS: "Allegro's tracking knows eight states and no places; the "
        "carriers' own connectors tell more",
        Capability.WEBHOOK: "Allegro has no pushes",
    }

    def __init__(self, config: AllegroConfig, context: Context) -> None:
        super().__init__(config, context)
        site = SANDBOX if config.sandbox else PRODUCTION
        self._login = f"{config.base_url or f'https://{site}'}/auth/oauth"
        self._auth = OAuth2(
            f"{self._login}/token",
            client_id=config.client_id,
            client_secret=config.client_secret,
            refresh_token=config.refresh_token,
            now=context.now,
            basic=True,
            by_consent=True,
            tokens=context.tokens,
        )
        self._client = AllegroClient(
            config.base_url or f"https://api.{site}",
            config.base_url or f"https://upload.{site}",
            self._auth,
            config.client_id,
        )
        self._thread_files, self._issue_files = Files(self._client), Files(self._client)
        self._sender = Sender(self._client)
        self._history = timedelta(days=config.history_days)

    @classmethod
    def reads(cls, config: AllegroConfig) -> Mapping[str, timedelta]:
        """Disputes and claims where they are wanted."""
        return cls.streams if config.disputes else cls.without("disputes")

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """What is new in one of the streams; each has a kind of cursor of its own."""
        polls: dict[str, Callable[[Cursor], Iterator[Batch]]] = {
            "messages": self._messages,
            "orders": self._orders,
            "returns": self._returns,
            "disputes": self._disputes,
            "reviews": self._reviews,
            "stock": self._stock,
        }
        return polls[stream](cursor)

    def may_send(self, draft: Draft) -> Verdict:
        """By the recipient, the text and the files; what its moderators say, only Allegro knows."""
        return rules.may_send(draft)

    def send(self, draft: Draft, key: str) -> Receipt:
        """Send into the draft's dispute or thread, else to the buyer of its order."""
        del key  # Allegro has no idempotency key: `find_sent` looks for the text instead
        return self._sender.send(draft, self.context.now())

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """Look for the draft's text among what was written to the buyer since it was decided."""
        del key
        return self._sender.find(draft)

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Give the parcel's number to its order."""
        del key  # a number that an order has already is looked for
        return self._sender.confirm(shipment, self.context.now())

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Look for the parcel's number among those of its order."""
        del key
        return self._sender.find_parcel(shipment, self.context.now())

    def check(self) -> None:
        """Ask for one entry of each list that is read, so that all rights are tried."""
        since = self.context.now() - timedelta(days=1)
        issues = [partial(self._client.issues, 0, limit=1)] if "disputes" in self.streams else []
        ask_each(
            partial(self._client.threads, 0, limit=1),
            *issues,
            partial(self._client.forms, since, 0, limit=1),
            partial(self._client.returns, since),
            partial(self._client.ratings, since, None, 0, limit=1),
            partial(self._client.offers, limit=1),
        )

    def authorize_url(self, consent: Consent) -> str:
        """Allegro's page for the seller, with PKCE."""
        asked = {
            "response_type": "code",
            "client_id": self.config.client_id,
            "redirect_uri": _redirect(consent),
            "state": consent.state,
            "code_challenge_method": "S256",
            "code_challenge": consent.challenge,
        }
        return f"{self._login}/authorize?{urlencode(asked, quote_via=quote)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the seller's tokens for the code."""
        self._auth.exchange(code, redirect=_redirect(consent), verifier=consent.verifier)

    def close(self) -> None:
        """Close the kept connections."""
        self._client.close()

    def _messages(self, cursor: Cursor) -> Iterator[Batch]:
        """Threads that have news, each wholly."""
        return self._said(Threads(self._client, self._thread_files), cursor)

    def _disputes(self, cursor: Cursor) -> Iterator[Batch]:
        """What is said in disputes and claims, then as cases those that are not as they were."""
        followed = max(self._history, ISSUES_FOLLOWED)
        issues = Issues(self._client, self._issue_files, followed)
        for batch in self._said(issues, cursor):
            cursor = batch.cursor
            yield batch
        listed = ((raw, issue_case) for raw in issues.listed)
        for items, seen in changed(listed, cursor.get("seen", ())):
            batch = Batch(items, {**cursor, "seen": seen})
            issues.files.given(batch.cursor)
            yield batch

    def _said(self, listed: Conversations, cursor: Cursor) -> Iterator[Batch]:
        listed.files.stored(cursor)
        for batch in self._walked(listed.name, listed.source(), cursor, listed.unsettled):
            listed.files.given(batch.cursor)
            yield batch

    def _reviews(self, cursor: Cursor) -> Iterator[Batch]:
        lists = {"ratings": Ratings(self._client).source()}
        return walk_lists(lists, cursor, self.context.now(), history=self._history)

    def _walked(
        self, name: str, source: Source, cursor: Cursor, unsettled: set[str]
    ) -> Iterator[Batch]:
        """What a list has; marks in `unsettled`, which grows meanwhile, are not kept as seen."""
        now = self.context.now()
        place = place_in(cursor, name, now - self._history)
        for items, reached in walk(source, place, now):
            seen = {mark: at for mark, at in reached.seen.items() if mark not in unsettled}
            yield Batch(items, {**cursor, name: replace(reached, seen=seen).dump()})

    def _orders(self, cursor: Cursor) -> Iterator[Batch]:
        now = self.context.now()
        if cursor:
            place = orders.Place.load(cursor)
        else:
            place = orders.Place(now - self._history, self._client.latest_event())
        poll = orders.Orders(self._client, place, now)
        for items in poll.walk():
            yield Batch(items, poll.place.dump())

    def _returns(self, cursor: Cursor) -> Iterator[Batch]:
        """Returns that are not as they were."""
        since = self.context.now() - max(self._history, RETURNS_FOLLOWED)
        listed = ((raw, return_case) for raw in self._client.returns(since))
        for items, seen in changed(listed, cursor.get("seen", ())):
            yield Batch(items, {"seen": seen})

    def _stock(self, cursor: Cursor) -> Iterator[Batch]:
        place = StockPlace.load(cursor) if cursor else None
        for items, reached in stock(self._client, place, self.context.now()):
            yield Batch(items, reached.dump())


def _redirect(consent: Consent) -> str:
    """Allegro takes localhost for a consent's end, but no 127.0.0.1 (allegro-api issue 2737)."""
    return consent.redirect.replace("://127.0.0.1:", "://localhost:", 1)


@hookimpl
def syncd_connectors() -> list[type[Connector]]:
    """Registers the connector."""
    return [AllegroConnector]
