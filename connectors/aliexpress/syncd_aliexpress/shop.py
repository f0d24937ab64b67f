"""An AliExpress shop: what it reads, and what it asks AliExpress for."""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from functools import partial
from typing import ClassVar
from urllib.parse import urlencode

import msgspec

from syncd.connector import (
    Batch,
    Capability,
    Connector,
    Consent,
    Context,
    Cursor,
    Rejected,
    ask_each,
    settling,
)
from syncd.connector.lists import walk_lists
from syncd.connector.sweep import Source
from syncd.http import OAuth2
from syncd.model import Draft, Receipt, Shipment, Verdict
from syncd_aliexpress import actions, lists, parse, wire
from syncd_aliexpress.client import HEADER, AliExpressClient
from syncd_aliexpress.login import TokenEndpoint
from syncd_aliexpress.settings import AliExpressConfig

API = "https://api-sg.aliexpress.com"
NO_CHAT = (
    "AliExpress lets no program read or write its chat, which took the place of its messages in "
    "2019: write in the seller centre"
)


class AliExpress(Connector):
    """One AliExpress shop."""

    name = "aliexpress"
    api_version = 1
    Config: ClassVar[type[AliExpressConfig]] = AliExpressConfig
    streams: ClassVar = {
        "orders": timedelta(minutes=5),
        "returns": timedelta(minutes=30),
        "reviews": timedelta(hours=1),
    }
    capabilities = frozenset({Capability.EXTEND_PROMISE, Capability.UPLOAD_TRACKING})
    lacks: ClassVar = {
        Capability.READ_MESSAGES: NO_CHAT,
        Capability.REPLY: NO_CHAT,
        Capability.START_CONVERSATION: NO_CHAT,
        Capability.REQUEST_REVIEW: "AliExpress publishes no call for it",
        Capability.PUBLIC_REPLY: "AliExpress has a call for it, which syncd does not use yet",
        Capability.WEBHOOK: "AliExpress's notices want a certificate that names the company (OV or "
        "EV); orders are polled instead",
    }

    def __init__(self, config: AliExpressConfig, context: Context) -> None:
        super().__init__(config, context)
        self._url = str(config.base_url).rstrip("/") if config.base_url else API
        key, secret, now = config.app_key, config.app_secret, context.now
        self._tokens = TokenEndpoint(self._url, key, secret, now)
        self._auth = OAuth2(
            f"{self._url}/rest/auth/token",
            client_id=key,
            client_secret=secret,
            refresh_token=config.refresh_token,
            now=now,
            by_consent=True,
            tokens=context.tokens,
            header=HEADER,
            ask=self._tokens,
        )
        self._client = AliExpressClient(
            self._url, self._auth, app_key=key, app_secret=secret, now=now
        )

    @classmethod
    def reads(cls, config: AliExpressConfig) -> Mapping[str, timedelta]:
        """What the app has the permissions for."""
        wanted = {"returns": config.returns, "reviews": config.reviews}
        return cls.without(*(stream for stream, on in wanted.items() if not on))

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """By the time of the last change; how the cursor moves is told in `sweep`."""
        history = timedelta(days=self.config.history_days)
        return walk_lists(self._lists(stream), cursor, self.context.now(), history=history)

    def may_send(self, draft: Draft) -> Verdict:
        """Never: AliExpress's chat is closed to programs."""
        del draft
        return Verdict.never(NO_CHAT)

    def extend_promise(self, order_id: str, until: datetime, key: str) -> Receipt:
        """Give the buyer the extra days it takes; none where the order lasts that long already."""
        del key  # AliExpress has no idempotency key: the order's own deadline tells
        days = actions.days_to(self._sold(order_id), until)
        if days:
            actions.extended(self._client.extend(order_id, days))
        return Receipt(
            source_id=order_id, accepted_at=self.context.now(), detail=f"{days} days more"
        )

    def find_extension(self, order_id: str, until: datetime, key: str) -> Receipt | None:
        """Read the order's deadline again."""
        del key
        with settling("the order", ValueError):
            ends = parse.protection_ends(self._sold(order_id))
        if ends is None or not actions.lasts(ends, until):
            return None
        return Receipt(source_id=order_id, accepted_at=self.context.now())

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Tell that all of the order left with this number."""
        del key
        number = shipment.tracking_number
        if not number:
            raise Rejected("AliExpress wants the tracking number of a parcel")
        service = actions.service(shipment, self.config.services)
        website = shipment.tracking_url if service == actions.OTHER else None
        actions.shipped(self._client.ship(shipment.order_id, number, service, website))
        return Receipt(
            source_id=f"{shipment.order_id}/{number}",
            accepted_at=self.context.now(),
            detail=service,
        )

    def carrier_names(self) -> frozenset[str]:
        """Those for which the config names a logistics service."""
        return frozenset(self.config.services)

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """Look for the number among the order's parcels."""
        del key
        with settling("the order", ValueError):
            found = parse.parcel_of(
                self._client.order(shipment.order_id), shipment.tracking_number or ""
            )
        if found is None:
            return None
        at = found.shipped_at or self.context.now()
        return Receipt(source_id=found.source_id, accepted_at=at)

    def check(self) -> None:
        """Ask for one order, one dispute and a day's reviews, so that each permission is tried."""
        day = self.context.now() - timedelta(days=1)
        calls: list[Callable[[], object]] = [
            partial(self._client.orders, day, None, 1, limit=1, created=day)
        ]
        if self.config.returns:
            calls.append(partial(self._client.issues, lists.ISSUE_STATUSES[0], 1, 1))
        if self.config.reviews:
            calls.append(partial(self._client.reviews, day, None))
        ask_each(*calls)

    def authorize_url(self, consent: Consent) -> str:
        """AliExpress's page for the seller; it has no PKCE."""
        asked = {
            "response_type": "code",
            "force_auth": "true",
            "client_id": self.config.app_key,
            "redirect_uri": self.config.callback_url or consent.redirect,
            "state": consent.state,
        }
        return f"{self._url}/oauth/authorize?{urlencode(asked)}"

    def exchange(self, code: str, consent: Consent) -> None:
        """Get the seller's tokens for the code."""
        self._auth.exchange(code, redirect=self.config.callback_url or consent.redirect)

    def close(self) -> None:
        """Close the kept connections."""
        self._tokens.close()
        self._client.close()

    def _lists(self, stream: str) -> dict[str, Source]:
        """The lists of a stream by their names in the cursor."""
        if stream == "orders":
            read = partial(lists.orders, self._client, self.context.now())
            return {"open": read(finished=False), "finished": read(finished=True)}
        if stream == "returns":
            return {each: lists.issues(self._client, each) for each in lists.ISSUE_STATUSES}
        return {"reviews": lists.reviews(self._client)}

    def _sold(self, order_id: str) -> wire.SoldOrder:
        return msgspec.json.decode(self._client.order(order_id), type=wire.SoldOrder)
