"""The order of a parcel's scans.

Carriers that tell whole minutes, or days, give several scans one time; then the later one is that
which is further on the way, as in `syncd.rules.parcels`.
"""

from sqlalchemy import case

from syncd.model import STAGES
from syncd.store.tables import tracking_events as _events

_STAGE = case(
    {milestone.value: place for milestone, place in STAGES.items()},
    value=_events.c.milestone,
    else_=0,
)

OLDEST_FIRST = (_events.c.occurred_at, _STAGE, _events.c.source_id)
"""What to order scans by."""

LATEST_FIRST = tuple(column.desc() for column in OLDEST_FIRST)
"""The same from the other end."""
