"""What tells of parcels' ways: shops' own streams, and the accounts that follow parcels."""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from syncd.config import StaleSource
from syncd.model import Dossier
from syncd.rules import guards
from syncd.rules.guards import Silence, Source
from syncd.store import Store, StreamHealth

if TYPE_CHECKING:  # those who only look should not pay for connectors and templates
    from syncd.accounts import Runtime

STREAM = "tracking"
"""The stream that brings scans."""
ORDERS = "orders"
"""The stream that tells whether orders were sent."""
STOCK = "stock"
"""The stream that tells what there is."""


class Listening(msgspec.Struct, frozen=True):
    """Who tells of one parcel, and when it was last looked at."""

    sources: tuple[Source, ...] = ()
    looked_at: datetime | None = None


Parcel = tuple[int, str | None]
"""The account of the shop that told of a shipment, and its tracking number where it has one."""


def known(runtime: "Runtime", stream: str = STREAM) -> dict[int, Source]:
    """Every account of the config that brings scans, or another `stream`, by its id."""
    health = {one.account: one for one in runtime.store.accounts.health() if one.stream == stream}
    return {
        account.id: source_of(account.name, health.get(account.name))
        for account in runtime.accounts.values()
        if stream in account.connector.streams
    }


def listening(runtime: "Runtime", parcels: Collection[Parcel]) -> dict[Parcel, Listening]:
    """Who listens for each of these parcels; nobody where no account of the config brings scans."""
    sources = known(runtime)
    followers = runtime.store.follows.followers({number for _, number in parcels if number})
    unfollowed = {shop: _listening(sources, shop, {}) for shop in {shop for shop, _ in parcels}}
    return {
        (shop, number): _listening(sources, shop, followers[number])
        if number in followers
        else unfollowed[shop]
        for shop, number in parcels
    }


def _listening(
    sources: Mapping[int, Source], shop: int, followers: Mapping[int, datetime | None]
) -> Listening:
    """A poll of a shop's stream is a look at all its parcels; a follower looks at each alone."""
    # A follower that the config has and that could not be made tells nothing.
    told_by = [sources.get(follower) or Source(f"#{follower}") for follower in followers]
    looks = list(followers.values())
    if shop in sources:
        told_by.append(sources[shop])
        looks.append(sources[shop].succeeded_at)
    return Listening(tuple(told_by), max((look for look in looks if look), default=None))


def source_of(account: str, health: StreamHealth | None) -> Source:
    """How an account is doing as a source; None where it was never polled."""
    if health is None:
        return Source(account)
    stopped_at = health.polled_at if health.suspended_reason else None
    return Source(account, health.succeeded_at, health.failing_since or stopped_at)


def silence(
    store: Store,
    accounts: Collection[str],
    dossier: Dossier,
    settings: StaleSource,
    now: datetime,
) -> Silence | None:
    """Why silence about this parcel says nothing at the moment; None where it does say something.

    For those who look; `accounts` are those that the config wants polled.
    """
    health = {
        one.account: one
        for one in store.accounts.health()
        if one.stream == STREAM and one.account in accounts
    }
    names = {each.account for each in dossier.followers if each.account is not None}
    names |= {dossier.account or ""} & health.keys()
    sources = [source_of(name, health.get(name)) for name in sorted(names)]
    since = guards.stale_since(sources, settings, now)
    if since is None:
        return None
    errors = {name: each.suspended_reason or each.error for name, each in health.items()}
    return Silence(since, tuple((each, errors.get(each.account)) for each in sources))
