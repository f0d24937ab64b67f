"""The lateness model: whether it works, how it learns, and from which chance on it speaks."""

from datetime import time, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from syncd.config.values import ClockTime, PositiveDuration
from syncd.config.watches import Section
from syncd.model.lateness import BOARD, BOARD_USED, BUYER, BUYER_USED, FEWEST

Share = Annotated[float, Field(gt=0, lt=1)]


class Lateness(Section):
    """How likely parcels are to miss their promise, learnt each night from your own orders.

    `syncd backtest` shows what these numbers would have been worth.
    """

    enabled: bool = Field(default=True, description="Whether to learn, and to look for at_risk.")
    board: Share | None = Field(
        default=None,
        description="From this chance to miss its promise a parcel is at risk: `syncd board` lists it. "
        "Without this key each night's model brings its own, set on your orders of the three months "
        "before so that a tenth of those in time would have been listed: what `syncd backtest` calls "
        "operational.",
        examples=[BOARD],
    )
    buyer: Share = Field(
        default=BUYER,
        description="From this chance a playbook that has likely_late in `when` tells the buyer. It is "
        "weighed by the days left: for 0.7 a chance of 0.64 is enough on the day before the promise, two "
        "days before it takes 0.8, earlier 0.9.",
    )
    fewest: int = Field(
        default=FEWEST,
        ge=1,
        description="How many parcels a chance must rest on, old ones counting less. Below that the "
        "used share of the promised time decides.",
    )
    board_window: Share = Field(
        default=BOARD_USED, description="In place of `board`: the used share of the promised time."
    )
    buyer_window: Share = Field(
        default=BUYER_USED, description="In place of `buyer`: the used share of the promised time."
    )
    half_life: PositiveDuration = Field(
        default=timedelta(days=90), description="The age at which an order counts half."
    )
    refit_at: ClockTime = Field(
        default=time(3, 0), description="When to learn anew each night, in UTC."
    )

    @model_validator(mode="after")
    def _staff_first(self) -> Self:
        if self.board is not None and self.board > self.buyer:
            raise ValueError("board must not be above buyer: staff see it first")
        if self.board_window > self.buyer_window:
            raise ValueError("board_window must not be above buyer_window: staff see it first")
        return self
