"""A parcel's story in plain words, for the seller's own people.

Everything is said from what is kept (`syncd.model.Dossier`) and from what the watches themselves
answer; nothing is judged here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from syncd.config import Playbook
from syncd.model import Dossier
from syncd.rules.explain.parcel import expected, milestones, standing
from syncd.rules.explain.reactions import buyer, findings, followers, held_back, watching
from syncd.rules.guards import Silence
from syncd.rules.watches import Judgement

__all__ = ["explain"]


def explain(
    dossier: Dossier,
    said: Mapping[str, Judgement],
    switched_off: Sequence[str],
    playbooks: Sequence[Playbook],
    now: datetime,
    *,
    silence: Silence | None = None,
) -> dict[str, tuple[str, ...]]:
    """Sentences by title, in the order to read them.

    `said` is what `syncd.rules.watches.each` answers for the parcel now, `switched_off` the names
    of watches that the config rests, `silence` why findings that rest on silence are held back,
    where they are. Times are UTC, but for scans: those are as the carrier wrote them.
    """
    return {
        "how it stands": tuple(standing(dossier, now)),
        "milestones": tuple(milestones(dossier.scans)),
        "expected": tuple(expected(dossier, said, now)),
        "watches": tuple(watching(dossier, said, switched_off, now)),
        "held back": tuple(held_back(dossier, said, silence, now)),
        "findings": tuple(findings(dossier.findings, now)),
        "the buyer": tuple(buyer(dossier, playbooks)),
        "followed by": tuple(followers(dossier, now)),
    }
