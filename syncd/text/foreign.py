"""What buyers, shops and carriers wrote, made fit to be said in a notice.

All of it is hostile: it comes out as plain words on one line, without links, and is never read as a
template. What is hidden in HTML entities is seen as what it stands for.
"""

import re
from html import unescape

from syncd.text.domains import holds_domain, set_apart

LONGEST_READ = 4_000
"""Characters of a foreign text that are looked at; the rest is left out."""

_ADDRESS = re.compile(
    r"https?:|//|www\.|@|\w\.[a-z]{2,24}/|(?<![0-9.])[0-9]{1,3}(?:\.[0-9]{1,3}){3}[/:]\w",
    re.IGNORECASE,
)
# Only what ends in ";": of the rest, "R&D" and "a&notes" are words.
_ENTITY = re.compile(r"&(?:#[0-9]{1,8}|#x[0-9a-f]{1,7}|[a-z][a-z0-9]{1,31});", re.IGNORECASE)


def plain_words(text: str) -> str:
    """`text` on one line, its HTML entities decoded, once, without links and bare domains.

    A blank parts what a mail or chat program may yet take for a domain.
    """
    words = one_line(decoded(text)).split()
    return set_apart(" ".join(word for word in words if not holds_link(word)))


def decoded(text: str) -> str:
    """`text` with what its HTML entities stand for; unsafe before links are looked for in it."""
    return _ENTITY.sub(lambda entity: unescape(entity[0]), text[:LONGEST_READ])


def holds_link(text: str) -> bool:
    """Whether any word of `text` is a link, a bare domain or an e-mail address."""
    return _ADDRESS.search(text) is not None or holds_domain(text)


def without_links(text: str) -> str:
    """`text` on one line without links and e-mail addresses; a site's bare host stays in it."""
    return " ".join(word for word in one_line(text).split() if not _ADDRESS.search(word))


def one_line(text: str) -> str:
    """`text` on one line: white space collapsed, control and direction characters dropped."""
    visible = (
        char if char.isprintable() else " " if char.isspace() else ""
        for char in text[:LONGEST_READ]
    )
    return " ".join("".join(visible).split())


def shortened(text: str, longest: int) -> str:
    """`text` with an ellipsis for what is beyond `longest` characters, cut between two words.

    Scripts that part no words with blanks are cut between two characters.
    """
    if len(text) <= longest:
        return text
    whole_words = text[:longest].rpartition(" ")[0]
    kept = whole_words if len(whole_words) * 2 > longest else text[: longest - 1]
    return f"{kept}…"
