"""After a look at parcels, whether it brought news or not: when to look at each again."""

from collections.abc import Collection, Sequence

from syncd import clock
from syncd.model import BadItem, Item
from syncd.rules.following import next_look
from syncd.store import IngestTransaction


def note_looks(tx: IngestTransaction, looked: Collection[str], items: Sequence[Item]) -> None:
    """Plan the next look at each number that was asked about; what has ended is looked at no more.

    After the items that the look brought have been written. A number that could not be read once
    and was now is out of quarantine.
    """
    if not looked:
        return
    now = clock.now()
    facts = tx.follows.facts(looked)
    tx.follows.looked((each, *next_look(each, now)) for each in facts if not each.ended)
    tx.follows.forget([each.tracking_number for each in facts if each.ended])
    bad = {item.source_id for item in items if isinstance(item, BadItem)}
    tx.release([number for number in looked if number not in bad])
