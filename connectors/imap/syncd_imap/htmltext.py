"""HTML reduced to the text a person would read in it.

Linear in the size of its input whatever that is: `html.parser` of the Python versions supported
takes quadratic time on unclosed comments and tags (CVE-2025-6069).
"""

import re

from syncd.connector import unescape

MAX_HTML = 2_000_000

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:]*)[^>]*>|<!--|<[!?/][^>]*>")
_HIDDEN = frozenset({"script", "style", "title", "template", "svg"})
_BREAKS = frozenset({"br", "hr", "div", "li", "tr", "dt", "dd", "section", "article", "header"})
_PARAGRAPHS = frozenset({"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre"})
_SPACE = re.compile(r"[ \t\r\n\f\xa0]+")
_BLANK_LINES = re.compile(r"\n[ \t]*\n(?:[ \t]*\n)+")


def to_text(source: str) -> str:
    """The text of `source`: blocks on their own lines, quotes with ``>``, no script or style."""
    # Beyond the last ">" there is no tag; looking for one from every "<" would be quadratic.
    source = source[:MAX_HTML]
    last = source.rfind(">") + 1
    page = _Page()
    at = 0
    while at < last:
        tag = _TAG.search(source, at, last)
        if tag is None:
            break
        page.say(source[at : tag.start()])
        at = _after(source, tag, last)
        if tag[2]:
            page.tag(tag[2].lower(), closing=bool(tag[1]))
    page.say(source[at:] if at < len(source) else "")
    return page.text()


def _after(source: str, tag: re.Match[str], last: int) -> int:
    """Where reading goes on: behind the tag, the comment, or the element that is not shown."""
    if tag[0] == "<!--":
        end = source.find("-->", tag.end(), last)
        return len(source) if end < 0 else end + 3
    name = (tag[2] or "").lower()
    if name in _HIDDEN and not tag[1] and not tag[0].endswith("/>"):
        end_tag = re.compile(rf"</{name}[^>]*>", re.IGNORECASE).search(source, tag.end(), last)
        return len(source) if end_tag is None else end_tag.end()
    return tag.end()


class _Page:
    def __init__(self) -> None:
        self._lines: list[str] = []
        self._line: list[str] = []
        self._quoted = 0

    def say(self, source: str) -> None:
        if source:
            self._line.append(unescape(source))

    def tag(self, name: str, *, closing: bool) -> None:
        if name in _BREAKS or name in _PARAGRAPHS or name == "blockquote":
            self._break()
        if name in _PARAGRAPHS:
            self._lines.append(self._prefix().rstrip())
        elif name == "blockquote":
            self._quoted = max(0, self._quoted + (-1 if closing else 1))
        elif name in {"td", "th"}:
            self._line.append(" ")

    def text(self) -> str:
        self._break()
        return _BLANK_LINES.sub("\n\n", "\n".join(self._lines)).strip()

    def _break(self) -> None:
        said = _SPACE.sub(" ", "".join(self._line)).strip()
        self._line.clear()
        if said:
            self._lines.append(self._prefix() + said)

    def _prefix(self) -> str:
        return "> " * min(self._quoted, 5)
