"""A look at the parcel right before its buyer is written to."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

import msgspec

from syncd import clock, log
from syncd.accounts import Account, Runtime
from syncd.model import Cause, OrderStory, OutboxRow, ParcelStory
from syncd.rules import guards
from syncd.rules.guards import Source
from syncd.sources import ORDERS, STREAM, known, listening

_log = log.get("outbox")

# What nobody has said may be all that tells of these.
_OF_SILENCE = frozenset({Cause.DELAY.value, Cause.DISPATCH.value})

PollSoon = Callable[[Account, str], None]
"""Has a stream of an account polled at once."""


class Wait(msgspec.Struct, frozen=True):
    """Until when a notice is put off, and why."""

    until: datetime
    reason: str


class Looks:
    """Asks for looks, and remembers since when each notice waits for its own, and until when."""

    def __init__(self, runtime: Runtime, poll_soon: PollSoon) -> None:
        self._runtime = runtime
        self._poll_soon = poll_soon
        self._waiting: dict[int, tuple[datetime, datetime]] = {}
        self._forgot_at = clock.now()

    def waits_for_another_reason(self, row: OutboxRow) -> None:
        """Its look, if it was asked for, will be too old by the time the notice may leave."""
        self._waiting.pop(row.id, None)

    def wait(self, row: OutboxRow, story: ParcelStory, now: datetime) -> Wait | None:
        """What the notice in `row` has to wait for; None where it may leave."""
        settings = self._runtime.settings.guards
        shop = self._runtime.accounts.get(story.account)
        parcel = (shop.id if shop else row.account_id, story.tracking_number)
        heard = listening(self._runtime, [parcel])[parcel]
        stale = guards.stale_since(heard.sources, settings.stale_source, now)
        if stale is not None and row.cause in _OF_SILENCE:
            self.waits_for_another_reason(row)
            return Wait(guards.ask_again(stale, now), "the source of tracking is silent itself")
        until = guards.look_first(heard.sources, heard.looked_at, settings.fresh_look, now)
        if until is None or self._out_of_patience(row, now, until):
            self._waiting.pop(row.id, None)
            return None
        self._ask(story.tracking_number, heard.sources, now)
        return Wait(until, "a look at the parcel comes first")

    def wait_for_shop(self, row: OutboxRow, story: OrderStory, now: datetime) -> Wait | None:
        """The same where the notice is about an order: its shop may have sent it meanwhile."""
        settings = self._runtime.settings.guards
        shop = known(self._runtime, ORDERS).get(story.account_id)
        if shop is None:
            return None
        stale = shop.stale_since(settings.stale_source, now)
        if stale is not None:
            self.waits_for_another_reason(row)
            return Wait(guards.ask_again(stale, now), "the shop's orders cannot be read")
        until = guards.look_first([shop], shop.succeeded_at, settings.fresh_look, now)
        if until is None or self._out_of_patience(row, now, until):
            self._waiting.pop(row.id, None)
            return None
        self._poll_soon(self._runtime.accounts[shop.account], ORDERS)
        return Wait(until, "a look at the order comes first")

    def _out_of_patience(self, row: OutboxRow, now: datetime, until: datetime) -> bool:
        patience = self._runtime.settings.guards.fresh_look.patience
        self._forget(now, patience)
        since, again = self._waiting.get(row.id, (now, until))
        # Else it was settled meanwhile, and taken up for other trouble; or the clock was put back.
        since = since if since <= now <= again + patience else now
        self._waiting[row.id] = since, until
        if now - since < patience:
            return False
        _log.warning("no look was had, the notice goes out as it is", key=row.key, asked_at=since)
        return True

    def _forget(self, now: datetime, patience: timedelta) -> None:
        """Now and then, those that did not come back."""
        if timedelta(0) <= now - self._forgot_at < patience:
            return
        self._forgot_at = now
        for number, (_, again) in list(self._waiting.items()):
            if again + patience < now:
                self._waiting.pop(number, None)

    def _ask(self, number: str | None, sources: Iterable[Source], now: datetime) -> None:
        if number is not None:
            self._runtime.store.follows.look_now([number], now)
        for source in sources:
            account = self._runtime.accounts.get(source.account)
            if account is not None:
                self._poll_soon(account, STREAM)
