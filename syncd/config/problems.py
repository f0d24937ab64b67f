"""What is wrong with a config, for the person who has to mend it."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing to mend: where it is, what is wrong and what to do."""

    file: Path
    line: int | None
    """None where it concerns the file as a whole."""
    key: str
    """Dotted name of the table or key, or empty."""
    message: str
    hint: str = ""

    def __str__(self) -> str:
        place = str(self.file) if self.line is None else f"{self.file}:{self.line}"
        text = ": ".join(part for part in (place, self.key, self.message) if part)
        return f"{text}. {self.hint}" if self.hint else text


class ConfigError(Exception):
    """The config cannot be used; it holds every problem found, not only the first."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))
