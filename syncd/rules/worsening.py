"""When a trouble that the buyer knows of has become worse, so that it is worth telling once more.

The same evidence is never told again: a kind counts as new only where it says more than the one
that was told. Trouble with another meaning to the buyer, such as a late parcel that goes back or
is lost, is another cause and told by itself.
"""

from datetime import datetime, timedelta
from typing import NamedTuple

from syncd.config import Kind
from syncd.model import Cause

NOT_BEFORE = timedelta(days=1)
"""How soon after the first message the second may follow."""

_LADDERS = (
    (
        {Kind.AT_RISK, Kind.LIKELY_LATE},
        {Kind.NO_MOVEMENT, Kind.ETA_SLIPPED},
        {Kind.PROMISE_PASSED},
        {Kind.PRESUMED_LOST},
    ),
    ({Kind.EXCEPTION}, {Kind.DAMAGED}),
    ({Kind.AWAITING_PICKUP}, {Kind.PICKUP_ENDING}),
    ({Kind.RETURNING}, {Kind.RETURNED}),
)
_STEPS = {
    kind.value: step for ladder in _LADDERS for step, kinds in enumerate(ladder) for kind in kinds
}
_TEMPLATES = {Cause.DELAY: "delay_update"}


class Told(NamedTuple):
    """What a buyer was told of first, and when."""

    kind: str
    at: datetime


def worse(told: str, kind: str) -> bool:
    """Whether a finding of `kind` says more than one of the kind `told`, both of one cause."""
    return _STEPS.get(kind, 0) > _STEPS.get(told, len(_STEPS))


def template_for(cause: Cause, first: str) -> str:
    """The text that tells of it; where there is none of its own, the `first` one's."""
    return _TEMPLATES.get(cause, first)
