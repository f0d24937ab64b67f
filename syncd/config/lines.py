"""Which line each key of a TOML text stands on; tomllib does not tell."""

import re
import tomllib

KeyPath = tuple[str | int, ...]
"""Keys from the top down; a number counts the entries of an array, from 0."""

_BLANK = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_KEY = re.compile(r"""[ \t]*("(?:[^"\\]|\\.)*"|'[^']*'|[A-Za-z0-9_-]+)[ \t]*""")
_STRING = re.compile(
    r'"{3}(?:[^\\]|\\[\s\S])*?"{3,5}|' + r"'{3}[\s\S]*?'{3,5}|" + r'"(?:[^"\\]|\\.)*"|' + r"'[^']*'"
)
_BARE = re.compile(r"[^,\]}#\r\n]*")


def locate(text: str) -> dict[KeyPath, int]:
    """Map the path of every table, key and array entry of a valid TOML `text` to its line.

    What the text only implies (``a`` in ``[a.b]``) stands where it is first implied.
    """
    scanner = _Scanner(text)
    scanner.document()
    return scanner.lines


class _Scanner:
    """Walks over a text that tomllib has accepted, so it need not report errors."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[KeyPath, int] = {}
        self._counts: dict[KeyPath, int] = {}
        self._line, self._counted_to = 1, 0

    def document(self) -> None:
        table: KeyPath = ()
        while self._skip_blank():
            if self._take("[["):
                table = self._array_entry(self._keys())
                self._take("]]")
            elif self._take("["):
                table = self._resolve(self._keys())
                self._note(table)
                self._take("]")
            else:
                self._pair(table)

    def _pair(self, table: KeyPath) -> None:
        path = table + self._keys()
        self._note(path, below=len(table))
        self._take("=")
        self._value(path)

    def _value(self, path: KeyPath) -> None:
        self._skip_blank()
        if self._take("{"):
            self._inline_table(path)
        elif self._take("["):
            self._array(path)
        elif not self._match(_STRING):
            self._match(_BARE)

    def _inline_table(self, path: KeyPath) -> None:
        while self._skip_blank() and not self._take("}"):
            self._pair(path)
            self._skip_blank()
            self._take(",")

    def _array(self, path: KeyPath) -> None:
        index = 0
        while self._skip_blank() and not self._take("]"):
            self._note((*path, index))
            self._value((*path, index))
            self._skip_blank()
            self._take(",")
            index += 1

    def _keys(self) -> tuple[str, ...]:
        keys = [self._key()]
        while self._take("."):
            keys.append(self._key())
        return tuple(keys)

    def _key(self) -> str:
        written = self._match(_KEY).strip()
        if written.startswith(('"', "'")):  # escapes in it are tomllib's business
            return next(iter(tomllib.loads(f"{written} = 0")))
        return written

    def _resolve(self, keys: KeyPath) -> KeyPath:
        """``[a.b]`` below ``[[a]]`` means the last entry of a."""
        path: KeyPath = ()
        for key in keys:
            path = (*path, key)
            if path in self._counts:
                path = (*path, self._counts[path])
        return path

    def _array_entry(self, keys: KeyPath) -> KeyPath:
        array = (*self._resolve(keys[:-1]), keys[-1])
        self._counts[array] = self._counts.get(array, -1) + 1
        entry = (*array, self._counts[array])
        self._note(entry)
        return entry

    def _note(self, path: KeyPath, below: int = 0) -> None:
        self._line += self.text.count("\n", self._counted_to, self.at)
        self._counted_to = self.at
        for depth in range(below + 1, len(path) + 1):
            self.lines.setdefault(path[:depth], self._line)

    def _skip_blank(self) -> bool:
        """Whether there is anything after the white space and comments."""
        self._match(_BLANK)
        return self.at < len(self.text)

    def _take(self, token: str) -> bool:
        if not self.text.startswith(token, self.at):
            return False
        self.at += len(token)
        return True

    def _match(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self.text, self.at)
        found = match[0] if match else ""
        self.at += len(found)
        return found
