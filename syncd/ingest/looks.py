"""After a look at parcels, whether it brought news or not: when to look at each again."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import NamedTuple

from syncd import clock
from syncd.model import BadItem, FollowFacts, Item
from syncd.rules.following import next_look
from syncd.store import IngestTransaction


class Looks(NamedTuple):
    """The tracking numbers that a batch tells of."""

    had: Collection[str] = ()
    """Asked about and answered, news or not."""
    unanswered: Collection[str] = ()
    begun_at: datetime | None = None
    """Before the first of them was asked about: what somebody asked for later was not looked at."""


def note_looks(tx: IngestTransaction, looks: Looks, items: Sequence[Item]) -> None:
    """Plan the next look at each number that was asked about; what has ended is looked at no more.

    After the items that the look brought have been written. A number that could not be read once
    and was now is out of quarantine. One that was asked for meanwhile stays due.
    """
    if not looks.had and not looks.unanswered:
        return
    now = clock.now()
    facts = [
        each
        for each in tx.follows.facts({*looks.had, *looks.unanswered})
        if not _asked_since(each, looks.begun_at)
    ]
    plan = {each.tracking_number: next_look(each, now) for each in facts if not each.ended}
    had = {number: plan[number] for number in looks.had if number in plan}
    tx.follows.looked(had)
    tx.follows.put_off({number: plan[number] for number in plan.keys() - had.keys()})
    tx.follows.forget([each.tracking_number for each in facts if each.ended])
    bad = {item.source_id for item in items if isinstance(item, BadItem)}
    tx.release([number for number in looks.had if number not in bad])


def _asked_since(facts: FollowFacts, begun_at: datetime | None) -> bool:
    return begun_at is not None and facts.asked_at is not None and facts.asked_at > begun_at
