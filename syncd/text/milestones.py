"""What a parcel's stages are called in the languages of the notices."""

import tomllib
from functools import cache
from pathlib import Path

from syncd.model import Milestone
from syncd.text.foreign import plain_words
from syncd.text.languages import chain
from syncd.text.scripts import readable

_NAMES = Path(__file__).parent / "milestones.toml"


def milestone_label(milestone: Milestone, language: str) -> str:
    """The milestone's name in `language`, or in the nearest language there is, at last English."""
    names = _names()[milestone]
    return next(names[tag] for tag in chain(language) if tag in names)


def latest_event_text(said: str, milestone: Milestone, language: str) -> str:
    """What to tell as the latest event: the carrier's words, or the milestone where it has none.

    Words in a script that the reader cannot read, as of a carrier in China, stand behind its name.
    Words that are nothing but a link count as none. They come back as they were said, to be made
    plain where they are printed.
    """
    label, words = milestone_label(milestone, language), plain_words(said)
    if not words:
        return label
    return said if readable(words, language) else f"{label} ({said})"


@cache
def _names() -> dict[str, dict[str, str]]:
    return tomllib.loads(_NAMES.read_text(encoding="utf-8"))
