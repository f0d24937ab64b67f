"""Which parcel or waiting order at risk is the worst: the order of the board."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from syncd.model import AtRisk, KnownFinding, Severity

CLAIM_IS_NEAR = timedelta(days=7)
"""Within this time before their protection ends, buyers who still wait open a claim to be safe."""

_URGENCY = {Severity.ACT.value: 0, Severity.TELL.value: 1, Severity.NOTE.value: 2}
_NEVER = datetime.max.replace(tzinfo=UTC)


def worst_first(risks: Iterable[AtRisk], now: datetime) -> list[AtRisk]:
    """Parcels and waiting orders in the order in which somebody should look at them.

    What costs most soonest comes first, one question after the other:

    1. How urgent is its worst finding? One that a person must act on moves nowhere without one;
       one the buyer should hear of is told by the playbooks; a note may clear up by itself.
    2. Does the buyer's protection end within `CLAIM_IS_NEAR`? Until it does the delivery time can
       be extended; then the buyer has claimed, or lost the right to. The nearest end first.
    3. How long is the promise broken? The longer, the less the buyer believes; promises still ahead
       follow, the nearest first, and parcels without one come last.
    4. How long has the trouble lasted?
    """
    return sorted(risks, key=lambda each: _rank(each, now))


def worst(findings: Iterable[KnownFinding]) -> KnownFinding | None:
    """The most urgent of these findings, of equals the oldest."""
    return min(findings, key=lambda each: (_urgency(each), each.since), default=None)


def days_to(moment: datetime | None, now: datetime) -> float | None:
    """Days until `moment`, negative once it is over; None where there is no such time."""
    return None if moment is None else round((moment - now) / timedelta(days=1), 1)


def _rank(risk: AtRisk, now: datetime) -> tuple[int, datetime, datetime, datetime, int]:
    reason = worst(risk.findings)
    ends, promised = risk.subject.protection_ends_at, risk.subject.deliver_by
    return (
        _urgency(reason) if reason else len(_URGENCY),
        ends if ends and now <= ends <= now + CLAIM_IS_NEAR else _NEVER,
        promised or _NEVER,
        reason.since if reason else _NEVER,
        risk.subject.number,
    )


def _urgency(finding: KnownFinding) -> int:
    return _URGENCY.get(finding.severity, len(_URGENCY))
