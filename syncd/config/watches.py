"""What the watches look for: their settings, which the rules take as they are."""

from datetime import timedelta
from enum import StrEnum

from pydantic import BaseModel, ConfigDict, Field, field_validator

from syncd.config.values import Duration, PositiveDuration


class Section(BaseModel):
    """Base of every table of the config: unknown keys are errors, values do not change."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(StrEnum):
    """The troubles that are found; a playbook's `when` names some of them."""

    NO_MOVEMENT = "no_movement"
    PROMISE_PASSED = "promise_passed"
    CUSTOMS_HOLD = "customs_hold"
    ATTEMPT_FAILED = "attempt_failed"
    EXCEPTION = "exception"


TROUBLES = (Kind.CUSTOMS_HOLD, Kind.ATTEMPT_FAILED, Kind.EXCEPTION)
"""The kinds that a carrier itself states, as opposed to those that follow from silence."""


class NoMovement(Section):
    """Parcels that no carrier has scanned for long."""

    enabled: bool = Field(default=True, description="Whether to look for it.")
    after: PositiveDuration = Field(
        default=timedelta(days=7),
        description="How long after the last scan a parcel that has not arrived is late.",
    )


class PromisePassed(Section):
    """Parcels still under way after the date that the buyer was promised."""

    enabled: bool = Field(default=True, description="Whether to look for it.")
    grace: Duration = Field(
        default=timedelta(days=1),
        description="How long after the promised date to wait before it counts.",
    )


class Trouble(Section):
    """Parcels about which the carrier itself reports a trouble."""

    enabled: bool = Field(default=True, description="Whether to look for it.")
    causes: tuple[Kind, ...] = Field(
        default=TROUBLES,
        min_length=1,
        description="Which of the carrier's reports count: customs_hold, attempt_failed, exception.",
    )

    @field_validator("causes")
    @classmethod
    def _reported(cls, causes: tuple[Kind, ...]) -> tuple[Kind, ...]:
        for kind in causes:
            if kind not in TROUBLES:
                raise ValueError(f"{kind} is a watch of its own; here go {', '.join(TROUBLES)}")
        return causes


class Watches(Section):
    """What counts as trouble."""

    no_movement: NoMovement = NoMovement()
    promise_passed: PromisePassed = PromisePassed()
    trouble: Trouble = Trouble()
