"""Which carrier a tracking number belongs to, by its shape, its check digit and what is known.

The formats are data (``carriers/*.toml``, ``checks.toml``, ``posts.csv``); docs/recogniser.md says
how they are weighed and what was measured.
"""

from syncd.model.numbers import normalise
from syncd.rules.recognise.candidates import Candidate, Verdict, mistyped, recognise, settled
from syncd.rules.recognise.in_text import Found, find_in_text
from syncd.rules.recognise.names import carriers_named, nearest_name
from syncd.rules.recognise.table import Carrier, Format, carriers

__all__ = [
    "Candidate",
    "Carrier",
    "Format",
    "Found",
    "Verdict",
    "carriers",
    "carriers_named",
    "find_in_text",
    "mistyped",
    "nearest_name",
    "normalise",
    "recognise",
    "settled",
]
