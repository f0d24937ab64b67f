"""Thresholds of a chance of late delivery: set on past orders, tightened when lateness jumps."""

import numpy as np

from syncd.model.lateness import BOARD, BUYER, JUMP
from syncd.rules.lateness.history import Floats, Ints

FALSE_ALARMS = 0.09
"""The share of on-time orders that the operational threshold may alarm."""
_DRAWN = 1 / 3
RECENT_DAYS = 28
"""How far back the guard looks at promises that fell due."""
_CERTAIN = 1e-9
_Fair = tuple[tuple[int, float], ...]
_FEWEST = 50
"""On-time orders needed to set a threshold, and orders that the learnt rate is worth."""
FAIR = ((0, 0.55), (3, 0.40), (4, 0.37), (5, 0.55))
"""The chance at which an alarm is fair, from so many days before the promise on."""
FAIR_TO_TELL = ((0, 0.64), (2, 0.80), (3, 0.90))
"""The chance at which it is fair to tell the buyer, from so many days before the promise on.

For a bar of `BUYER`; chosen on simulated histories (docs/decisions/019)."""


def timely(p: Floats, left: Ints) -> Floats:
    """The chances of parcels with so many days `left`, weighed by what an alarm is worth then.

    The operational detector reads them. Four days before the promise there is time to send another
    parcel, and an alarm may be wrong more often; so it may a day later, a little less. Then it
    comes too late for much, and earlier than four days a day or two of patience tells much more.
    Chosen on simulated histories of eight kinds, and judged on other runs of them: 0.88 of the late
    orders were alarmed three days ahead and 0.73 four, where one threshold for all days with as
    many false alarms reached 0.83 and 0.54.
    """
    certain = np.clip(p, _CERTAIN, 1 - _CERTAIN)
    return _probability(_log_odds(certain) - _dearer(FAIR, BOARD, left))


def worth_alarming(threshold: float, left: Ints) -> Floats:
    """The chance itself, with so many days `left`, from which `timely` reaches `threshold`."""
    return _probability(_log_odds(np.array(threshold)) + _dearer(FAIR, BOARD, left))


def worth_telling(threshold: float | Floats, left: Ints) -> Floats:
    """The chance, with so many days `left`, from which the buyer should hear of it.

    `threshold` is the buyer's bar as set, `BUYER` for example. A day of patience sorts out many of
    those that come in time after all, so that earlier than the day before the promise only the
    nearly certain ones are told; on that day, the last one on which it is not too late, somewhat
    less than the bar is enough. Of all that are told about the bar's share or more come late.
    """
    return _probability(_log_odds(np.array(threshold)) + _dearer(FAIR_TO_TELL, BUYER, left))


def _dearer(fair: _Fair, usual: float, left: Ints) -> Floats:
    """How much higher than at `usual` the bar is with so many days `left`, in log-odds."""
    begins, chances = (np.array(column) for column in zip(*fair, strict=True))
    fairest = chances[np.searchsorted(begins, np.maximum(left, 0), side="right") - 1]
    return _log_odds(fairest) - _log_odds(np.array(usual))


def operational(highest: Floats) -> float:
    """The threshold for the next month, from the on-time orders of the months before.

    `highest` is the highest chance that each of them was ever given. The threshold that would have
    alarmed `FALSE_ALARMS` of them is drawn a third of the way to `BOARD` (in log-odds), because
    three months do not tell the fourth: on simulated histories with seasons, strikes and shortened
    promises this kept the false alarms near a tenth where the bare quantile did not.
    """
    if len(highest) < _FEWEST:
        return BOARD
    quantile = np.clip(np.quantile(highest, 1 - FALSE_ALARMS), 0.05, 0.95)
    drawn = (1 - _DRAWN) * _log_odds(np.array(quantile)) + _DRAWN * _log_odds(np.array(BOARD))
    return float(_probability(drawn))


def drift_ratio(late: Floats, due: Floats, base_rate: Floats) -> Floats:
    """The odds of a late delivery among recent promises over those the model learnt from.

    `late` of the `due` promises that fell due in the last `RECENT_DAYS` were missed; a few tell
    little, so they are drawn to the model's `base_rate`.
    """
    learnt = np.clip(base_rate, 0.005, 0.995)
    recent = (late + _FEWEST * learnt) / (due + _FEWEST)
    ratio: Floats = np.exp(_log_odds(np.clip(recent, 0.005, 0.995)) - _log_odds(learnt))
    return ratio


def tightened(threshold: Floats, drift: Floats) -> Floats:
    """The thresholds in a time of `drift`: raised once the odds of lateness have jumped.

    When a lane slows down as a whole, on-time orders too come close to their promise, and a
    threshold set before alarms too many of them. Half of the jump beyond `JUMP` is made up for.
    """
    beyond = np.log(np.maximum(drift / JUMP, 1.0))
    return np.maximum(threshold, np.minimum(_probability(_log_odds(threshold) + beyond / 2), 0.95))


def _log_odds(probability: Floats) -> Floats:
    odds: Floats = np.log(probability / (1 - probability))
    return odds


def _probability(log_odds: Floats) -> Floats:
    probability: Floats = 1 / (1 + np.exp(-log_odds))
    return probability
