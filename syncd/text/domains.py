"""Which words with dots in them are domains (``evil-parcel.top``), and which are only words.

Mail and chat programs make links of bare domains, so that they count as links. Carriers leave out
the blank after a full stop, too (``Paketzentrum.Es geht weiter``, ``Dr.Smith``, ``Co.KG``): what
can be either gets its blank, by which it is good reading and no program's link.
"""

import re
import tomllib
from functools import cache
from pathlib import Path
from unicodedata import normalize

_TABLE = Path(__file__).with_suffix(".toml")
_DOTTED = re.compile(
    r"(?P<label>[^\W_][\w-]{0,62})[.\u3002](?=(?P<top>[a-z]{2,24})(?![a-z0-9_-])|xn--)",
    re.IGNORECASE,
)
_NO_BLANK = re.compile(
    r"(?<=[^\W_])\.(?=[^\W\d_]{2})|(?<=[a-z0-9])[\u3002\uff0e\uff61](?=[a-z]{2})", re.IGNORECASE
)


def holds_domain(word: str) -> bool:
    """Whether `word` names a host that it can only be meant to be gone to."""
    return any(
        _is_top(dotted["top"], dotted["label"])
        for dotted in _DOTTED.finditer(normalize("NFKC", word))
    )


def set_apart(text: str) -> str:
    """`text` with a blank behind each full stop that two letters follow at once."""
    return _NO_BLANK.sub(lambda stop: f"{stop[0]} ", text)


def _is_top(top: str | None, label: str) -> bool:
    if top is None:  # xn--: written so by machines only
        return True
    # S.A.de C.V. and 10.de are no hosts, x.com is one.
    can_be_host = len(label) > 1 and not label.isdigit()
    known = _known()
    return top.lower() in known["never_words"] or (top in known["lower_case"] and can_be_host)


@cache
def _known() -> dict[str, frozenset[str]]:
    table = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    return {kind: frozenset(tops.split()) for kind, tops in table.items()}
