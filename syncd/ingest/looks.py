"""After a look at parcels, whether it brought news or not: when to look at each again."""

from collections.abc import Collection, Sequence
from typing import NamedTuple

from syncd import clock
from syncd.model import BadItem, Item
from syncd.rules.following import next_look
from syncd.store import IngestTransaction


class Looks(NamedTuple):
    """The tracking numbers that a batch tells of."""

    had: Collection[str] = ()
    """Asked about and answered, news or not."""
    unanswered: Collection[str] = ()


def note_looks(tx: IngestTransaction, looks: Looks, items: Sequence[Item]) -> None:
    """Plan the next look at each number that was asked about; what has ended is looked at no more.

    After the items that the look brought have been written. A number that could not be read once
    and was now is out of quarantine.
    """
    if not looks.had and not looks.unanswered:
        return
    now = clock.now()
    facts = tx.follows.facts({*looks.had, *looks.unanswered})
    plan = {each.tracking_number: next_look(each, now) for each in facts if not each.ended}
    had = {number: plan[number] for number in looks.had if number in plan}
    tx.follows.looked(had)
    tx.follows.put_off({number: plan[number] for number in plan.keys() - had.keys()})
    tx.follows.forget([each.tracking_number for each in facts if each.ended])
    bad = {item.source_id for item in items if isinstance(item, BadItem)}
    tx.release([number for number in looks.had if number not in bad])
