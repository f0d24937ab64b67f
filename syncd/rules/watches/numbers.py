"""Parcels that go by another number than the buyer knows."""

from datetime import datetime

from syncd.config import Kind, NumberChanged
from syncd.model import Cause, ParcelFacts
from syncd.rules.watches.judgement import QUIET, Judgement, found


def number_changed(parcel: ParcelFacts, settings: NumberChanged, now: datetime) -> Judgement:
    """A parcel whose number the shop replaced within `settings.lasts`, and that a carrier knows.

    Before the carrier says anything of the new number there is nothing to tell the buyer.
    """
    since = parcel.number_since
    if not settings.enabled or since is None or parcel.state.last_event_at is None:
        return QUIET
    over = since + settings.lasts
    if now >= over:
        return QUIET
    evidence = (
        f"{parcel.number_before} was replaced by {parcel.tracking_number} on {since:%Y-%m-%d}"
    )
    return found(parcel, Kind.NUMBER_CHANGED, Cause.NUMBER_CHANGED, since, evidence, due_at=over)
