"""What a person saw when they approved a text, and whether it is true still when that is to leave.

An approved text goes out as it was approved, or not at all: the night between may bring a scan, a
case or another date, of which the person knew nothing.
"""

from datetime import datetime
from typing import Any

import msgspec

from syncd.accounts import Account, Runtime
from syncd.model import CaseKind, OutboxRow
from syncd.outbox.compose import facts_of
from syncd.rules.news import NEWS_CAUSES

# Days count on by themselves; the others are as the account wants them that sends the text.
_NOT_COMPARED = frozenset({"days_silent", "tracking_site", "tracking_url", "shop_name"})
# Names are personal, and what is approved is kept for good.
_PRIVATE = frozenset({"buyer_name"})
# Of what is sent back the parcel has come, so that returns keep back no more than reviews.
_NOT_CONTENT = frozenset(
    {CaseKind.NOT_RECEIVED, CaseKind.REFUND, CaseKind.DISPUTE, CaseKind.CANCELLATION}
)


def case_about(runtime: Runtime, row: OutboxRow) -> tuple[CaseKind, str] | None:
    """The latest case by which the buyer of a notice's order says that they are not content.

    None where news are told, which please in any case.
    """
    if row.purpose != "notice" or row.cause in NEWS_CAUSES:
        return None
    return runtime.store.stories.case(row, _NOT_CONTENT)


def stated(runtime: Runtime, account: Account, row: OutboxRow, now: datetime) -> str | None:
    """What `row` could state now, to be kept with its approval; None where somebody wrote it.

    Raises Unwritable where something that has to be told is not known.
    """
    if row.template is None:
        return None
    facts = msgspec.structs.asdict(facts_of(runtime, account, row, now))
    compared = {name: facts[name] for name in facts.keys() - _NOT_COMPARED - _PRIVATE}
    return msgspec.json.encode({**compared, "case": case_about(runtime, row)}).decode()


def changed(before: str, after: str) -> list[str]:
    """What is stated otherwise than before, in words."""
    was, now = (msgspec.json.decode(each, type=dict[str, Any]) for each in (before, after))
    return sorted(name.replace("_", " ") for name in was.keys() & now if was[name] != now[name])
