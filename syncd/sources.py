"""What tells of parcels' ways: shops' own streams, and the accounts that follow parcels."""

from collections.abc import Collection, Mapping
from datetime import datetime

import msgspec

from syncd.accounts import Account, Runtime
from syncd.rules.guards import Source
from syncd.store import StreamHealth

STREAM = "tracking"
"""The stream that brings scans."""


class Listening(msgspec.Struct, frozen=True):
    """Who tells of one parcel, and when it was last looked at."""

    sources: tuple[Source, ...] = ()
    looked_at: datetime | None = None


Parcel = tuple[int, str | None]
"""The account of the shop that told of a shipment, and its tracking number where it has one."""


def known(runtime: Runtime) -> dict[int, Source]:
    """Every account of the config that brings scans, by its id."""
    health = {one.account: one for one in runtime.store.accounts.health() if one.stream == STREAM}
    return {
        account.id: _source(account, health.get(account.name))
        for account in runtime.accounts.values()
        if STREAM in account.connector.streams
    }


def listening(runtime: Runtime, parcels: Collection[Parcel]) -> dict[Parcel, Listening]:
    """Who listens for each of these parcels; nobody where no account of the config brings scans."""
    sources = known(runtime)
    followers = runtime.store.follows.followers({number for _, number in parcels if number})
    return {
        (shop, number): _listening(sources, shop, followers.get(number or "", {}))
        for shop, number in parcels
    }


def _listening(
    sources: Mapping[int, Source], shop: int, followers: Mapping[int, datetime | None]
) -> Listening:
    """A poll of a shop's stream is a look at all its parcels; a follower looks at each by itself."""
    # A follower that the config has and that could not be made tells nothing.
    told_by = [sources.get(follower) or Source(str(follower)) for follower in followers]
    looks = list(followers.values())
    if shop in sources:
        told_by.append(sources[shop])
        looks.append(sources[shop].succeeded_at)
    return Listening(tuple(told_by), max((look for look in looks if look), default=None))


def _source(account: Account, health: StreamHealth | None) -> Source:
    if health is None:
        return Source(account.name)
    stopped_at = health.polled_at if health.suspended_reason else None
    return Source(account.name, health.succeeded_at, health.failing_since or stopped_at)
