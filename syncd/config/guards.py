"""The guards: what is made sure of between a finding and the people who are told of it."""

from datetime import timedelta
from typing import Literal

from pydantic import Field

from syncd.config.values import Duration, PositiveDuration
from syncd.config.watches import Section


class StaleSource(Section):
    """Silence counts for nothing while nobody listens: tracking sources that cannot be reached."""

    enabled: bool = Field(
        default=True,
        description="Whether findings that rest on silence wait while the parcel's source is stale.",
    )
    after: PositiveDuration = Field(
        default=timedelta(hours=24),
        description="How long after its last good answer a source counts as stale.",
    )


class FreshLook(Section):
    """A look at the parcel right before its buyer is written to."""

    enabled: bool = Field(default=True, description="Whether a notice waits for a look.")
    within: PositiveDuration = Field(
        default=timedelta(minutes=30),
        description="How old the newest look at a parcel may be when a notice about it leaves.",
    )
    patience: PositiveDuration = Field(
        default=timedelta(minutes=15),
        description="How long a notice waits for a look that was asked for; then it goes out as it "
        "is, and the log says so.",
    )


class Outage(Section):
    """Many parcels of one carrier and route late at once: one cause, so one alarm."""

    enabled: bool = Field(default=True, description="Whether to look for it.")
    at_least: int = Field(
        default=20, ge=2, description="How many parcels must have fallen silent or late."
    )
    share: float = Field(
        default=0.25,
        gt=0,
        le=1,
        description="Which share they must be of the parcels that the carrier has on this route.",
    )
    within: PositiveDuration = Field(
        default=timedelta(hours=24), description="In which time they must have."
    )
    buyers: Literal["hold", "tell"] = Field(
        default="hold",
        description="hold: messages about such delays wait for approval by `syncd outbox`, and staff "
        "get one task for all; tell: the messages go out.",
    )


class Flapping(Section):
    """Troubles that come and go, as where two sources contradict each other."""

    calm: Duration = Field(
        default=timedelta(hours=6),
        description="How long after a trouble of a parcel is over one of the same kind must have "
        "lasted until it counts again.",
    )


class Guards(Section):
    """What keeps needless alarms from people."""

    stale_source: StaleSource = StaleSource()
    fresh_look: FreshLook = FreshLook()
    flapping: Flapping = Flapping()
    outage: Outage = Outage()
