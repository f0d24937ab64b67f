"""What can be wrong with a template; known apart from Jinja, which a start does not need."""

from pathlib import Path

from syncd.model.base import Value


class TemplateProblem(Value, frozen=True, kw_only=True):
    """Something wrong with a template file, found when it is loaded."""

    file: Path
    line: int | None
    """None where it is no line's."""
    message: str
    fix: str

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place}: {self.message}; {self.fix}"


class TemplateProblems(Exception):
    """Template files that cannot be used; the text has a line for each problem."""

    def __init__(self, problems: list[TemplateProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = problems


class BadFile(Exception):
    """A file that is no template at all; holds the problem."""

    def __init__(self, problem: TemplateProblem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Unfillable(Exception):
    """A template that cannot be filled in with the facts at hand."""

    def __init__(self, problem: str, line: int, *, missing: bool, fact: str | None) -> None:
        super().__init__(problem)
        self.line = line
        """Where in its file."""
        self.missing = missing
        """Whether that is for something that is not there."""
        self.fact = fact
        """Its name, where it is a fact."""
