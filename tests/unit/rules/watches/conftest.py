"""A parcel as the watches see it."""

import pytest

from syncd.model import Milestone, ParcelFacts, ParcelState


@pytest.fixture
def parcel(make):
    """A parcel last scanned at `make.at()`, a Tuesday noon, unless a test says otherwise.

    `last`, `promise`, `ship_by` and `protection` are days from then; `state` are fields of its
    state, the others fields of its facts.
    """

    def facts(
        milestone=Milestone.IN_TRANSIT,
        last=0.0,
        promise=None,
        *,
        ship_by=None,
        protection=None,
        state=(),
        **fields,
    ):
        day = lambda given: None if given is None else make.at(given)  # noqa: E731  the shortest
        moved = day(last) if milestone.physical else None
        known = {
            "milestone": milestone, "milestone_at": day(last), "first_scan_at": moved,
            "last_movement_at": moved, "last_event_at": day(last), **dict(state),
        }  # fmt: skip
        return ParcelFacts(
            **{
                "shipment_id": 1, "account_id": 2, "source_id": "p1", "order_id": "o1",
                "carrier": "DHL", "tracking_number": "TN1", "seen_at": make.at(-1),
                "deliver_by": day(promise), "ship_by": day(ship_by),
                "protection_ends_at": day(protection), "state": ParcelState(**known), **fields,
            }
        )  # fmt: skip

    return facts
