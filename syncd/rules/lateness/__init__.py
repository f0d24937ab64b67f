"""How likely a parcel is to miss its promise, learnt from the seller's own orders.

`fit` learns from a `History` as it was known on a day, `Model.p_late` judges an order; `learn` and
`chances` do so with the store's parcels. Pure: what changes from run to run is in the arguments.
"""

from syncd.rules.lateness.history import NEVER, History, Lane, Order, day_of
from syncd.rules.lateness.kept import from_json, to_json
from syncd.rules.lateness.model import Estimate, Model, Scores, Settings, fit
from syncd.rules.lateness.parcels import Bars, chances, history_of, learn
from syncd.rules.lateness.thresholds import drift_ratio, tightened

__all__ = [
    "NEVER",
    "Bars",
    "Estimate",
    "History",
    "Lane",
    "Model",
    "Order",
    "Scores",
    "Settings",
    "chances",
    "day_of",
    "drift_ratio",
    "fit",
    "from_json",
    "history_of",
    "learn",
    "tightened",
    "to_json",
]
