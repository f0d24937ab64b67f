"""Which account follows a parcel, and when it looks again.

**Who.** A parcel belongs to the carrier that its shop names, else to the one that its number and
route speak for. The accounts of that carrier follow it; where there are none, the accounts that
follow anybody's parcels (aggregators); where there are none of those either, the accounts of
whichever other carrier may have it, as the post of the destination has what another post sent.

**When.** After 3, 6, 12 and then 24 hours without news, and after 3 again when there was some;
more often around the promise and in a trouble that is known. (3 -> 6 -> 12 -> 24 h with a reset on
news is what techTRACK does, and keeps clear of carriers' daily quotas.)
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from zlib import crc32

from syncd.model import FollowFacts, Milestone, ParcelRef
from syncd.rules.recognise import Candidate, recognise, settled

Routes = Mapping[int, frozenset[str] | None]
"""The accounts that follow parcels, by id: whose, as courier table codes; None: anybody's."""

STEPS = (timedelta(hours=3), timedelta(hours=6), timedelta(hours=12), timedelta(hours=24))
SOON = timedelta(hours=6)
"""The longest wait where news are likely or matter most."""

_BEFORE_PROMISE = timedelta(days=2)
_AFTER_PROMISE = timedelta(days=7)
_TROUBLES = frozenset(
    {
        Milestone.CUSTOMS_HOLD,
        Milestone.ATTEMPT_FAILED,
        Milestone.READY_FOR_PICKUP,
        Milestone.EXCEPTION,
        Milestone.RETURNING,
    }
)
# Fewer would have all that were shipped in one evening asked about in one minute again and again.
_JITTER = 0.1

# Less likely than this, a carrier is not asked about what may be another's parcel.
_POSSIBLE = 0.2


def route(parcel: ParcelRef, routes: Routes) -> tuple[int, ...]:
    """The accounts that are to follow `parcel`; none where nobody can."""
    candidates = recognise(
        parcel.tracking_number,
        country=parcel.destination_country,
        origin=parcel.origin_country,
        hint=parcel.carrier,
        labelled=True,
    )
    going = settled(candidates)
    own = _accounts_of(going.carrier if going else None, routes)
    anybodys = tuple(account for account, carriers in routes.items() if carriers is None)
    return own or anybodys or _of_another(candidates, routes)


def _accounts_of(carrier: str | None, routes: Routes) -> tuple[int, ...]:
    return tuple(
        account for account, carriers in routes.items() if carriers and carrier in carriers
    )


def _of_another(candidates: tuple[Candidate, ...], routes: Routes) -> tuple[int, ...]:
    possible = [each.carrier for each in candidates if each.score >= _POSSIBLE]
    return next(filter(None, (_accounts_of(carrier, routes) for carrier in possible)), ())


def next_look(facts: FollowFacts, now: datetime) -> tuple[datetime, int]:
    """When to look again at a parcel that was looked at now, and its step from here on."""
    step = 0 if facts.news else min(facts.step, len(STEPS) - 1)
    wait = min(STEPS[step], SOON) if _pressing(facts, now) else STEPS[step]
    return now + wait * _jitter(facts.tracking_number), min(step + 1, len(STEPS) - 1)


def _pressing(facts: FollowFacts, now: datetime) -> bool:
    if facts.milestone is Milestone.OUT_FOR_DELIVERY or facts.milestone in _TROUBLES:
        return True
    promised = facts.deliver_by
    return promised is not None and promised - _BEFORE_PROMISE <= now <= promised + _AFTER_PROMISE


def _jitter(number: str) -> float:
    return 1 - _JITTER + 2 * _JITTER * crc32(number.encode()) / 2**32
