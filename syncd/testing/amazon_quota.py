"""The quotas of the fake Amazon: a token bucket for each operation, on the fake's clock."""

from collections.abc import Callable
from datetime import datetime

import msgspec

from syncd.testing.server import Answer

_HEADER = "x-amzn-RateLimit-Limit"


class Plan(msgspec.Struct):
    """How often an operation may be asked for."""

    rate: float
    burst: float
    left: float = -1
    filled_at: datetime | None = None


class AmazonQuota:
    """Counts requests by the beginning of their path; what is in no plan is not limited."""

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self.plans: dict[str, Plan] = {}
        self.told: float | None = None
        """The rate that answers tell; None: they tell none."""
        self.told_on_errors = False
        """Whether error answers tell it too; Amazon's mostly do not."""

    def refusal(self, path: str) -> Answer | None:
        """A 429 where the quota of the path is used up."""
        plan = next((plan for start, plan in self.plans.items() if path.startswith(start)), None)
        if plan is None or self._take(plan):
            return None
        fault = {"code": "QuotaExceeded", "message": "You exceeded your quota for the resource."}
        headers = {_HEADER: str(plan.rate)} if self.told_on_errors else {}
        return Answer.json({"errors": [fault]}, 429, headers)

    def telling(self, answer: Answer) -> Answer:
        """A good answer with the rate, where that is told."""
        if self.told is None or answer.status >= 400:
            return answer
        headers = answer.headers | {_HEADER: str(self.told)}
        return msgspec.structs.replace(answer, headers=headers)

    def _take(self, plan: Plan) -> bool:
        now = self._now()
        if plan.filled_at is None:
            plan.left = plan.burst
        else:
            passed = (now - plan.filled_at).total_seconds()
            plan.left = min(plan.burst, plan.left + passed * plan.rate)
        plan.filled_at = now
        if plan.left < 1:
            return False
        plan.left -= 1
        return True
