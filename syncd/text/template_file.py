"""One template file: how it is read, compiled in the sandbox, and filled in."""

import re
from functools import cache
from pathlib import Path
from traceback import extract_tb
from typing import Any, NoReturn

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError
from jinja2 import TemplateError as JinjaError
from jinja2.exceptions import SecurityError
from jinja2.meta import find_undeclared_variables
from jinja2.nodes import Template as Tree
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from syncd.model.base import Value
from syncd.text.foreign import one_line
from syncd.text.formats import filters
from syncd.text.problems import BadFile, TemplateProblem, Unfillable

_CAN_GO_WRONG = (
    JinjaError, TypeError, ValueError, LookupError, ArithmeticError, AttributeError,
    RecursionError, MemoryError,
)  # fmt: skip
"""What filling in a template can raise; the templates are files of ops, so anything of these."""

_SUBJECT = "Subject:"
_BLANK_LINES = re.compile(r"\n{3,}")
_TAGS_ONLY = re.compile(r"\s*(?:\{%(?:(?!%\}).)*%\}\s*)+")
_TAG_AT_END = re.compile(r"(?<![-+])%\}[ \t]*$")
_UNDEFINED = re.compile(r"'(\w+)' is undefined")
_SPACES = re.compile(r"(?<=\S)[ \t]{2,}|[ \t]+(?=\n)")


class Absent(StrictUndefined):
    """A fact that this notice does not have: false in a test, an error in the text."""

    __slots__ = ()

    def __bool__(self) -> bool:  # type: ignore[override]  # the one thing that is allowed here
        return False


class _Sandbox(ImmutableSandboxedEnvironment):
    """Jinja's own, which would go on for hours over ``9 ** 9 ** 9``, or fill the memory."""

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> NoReturn:
        del context, left, right
        raise SecurityError(f"a template cannot compute with {operator}")


class TemplateFile(Value, frozen=True, kw_only=True):
    """A compiled template with where it came from."""

    name: str
    language: str
    path: Path
    subject: Template
    body: Template
    tree: tuple[Tree, Tree]
    """The syntax of subject and body; line numbers are the file's."""
    used: frozenset[str]
    """Every name it takes from outside, in whichever branch."""

    def fill(self, shown: dict[str, object]) -> tuple[str, str]:
        """Subject and text with the printable facts put in; raises Unfillable."""
        values = {
            name: Absent(name=name) if value is None else value for name, value in shown.items()
        }
        try:
            return one_line(self.subject.render(values)), _tidy(self.body.render(values))
        except _CAN_GO_WRONG as error:
            missing = isinstance(error, UndefinedError)
            named = _UNDEFINED.search(str(error)) if missing else None
            line, fact = self._line_of(error), named[1] if named else None
            raise Unfillable(str(error), line, missing=missing, fact=fact) from error

    def _line_of(self, error: BaseException) -> int:
        here = [frame.lineno for frame in extract_tb(error.__traceback__) if frame.filename == str(self.path)]  # fmt: skip
        return (here[-1] if here else None) or 1


@cache
def environment(language: str) -> _Sandbox:
    """The sandbox for templates in `language`: its date filters, no globals, no loader.

    The texts are plain, so nothing is escaped; values are never compiled.
    """
    sandbox = _Sandbox(
        undefined=StrictUndefined,
        autoescape=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    sandbox.globals.clear()
    sandbox.filters.update(filters(language))
    return sandbox


def read(path: Path, name: str, language: str) -> TemplateFile:
    """The template in the file at `path`; raises BadFile, which names the line and the fix."""
    subject, body = _split(path)
    # The body keeps its place in the file, so that Jinja's line numbers are the file's.
    sources = (subject, "\n\n" + _keep_line_ends(body))
    try:
        trees = [environment(language).parse(source, name, str(path)) for source in sources]
        compiled = [_compile(tree, name, language, path) for tree in trees]
    except TemplateSyntaxError as error:
        raise BadFile(_syntax_problem(path, error)) from error
    except RecursionError as error:
        raise BadFile(_problem(path, 1, "it is nested too deeply", "make it simpler")) from error
    return TemplateFile(
        name=name,
        language=language,
        path=path,
        subject=compiled[0],
        body=compiled[1],
        tree=(trees[0], trees[1]),
        used=frozenset().union(*map(find_undeclared_variables, trees)),
    )


def _split(path: Path) -> tuple[str, str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        fix = "save it as UTF-8"
        raise BadFile(_problem(path, 1, f"byte {error.start} is not UTF-8", fix)) from error
    first, _, rest = text.partition("\n")
    if not first.startswith(_SUBJECT) or not first.removeprefix(_SUBJECT).strip():
        fix = "begin the file with 'Subject: ' and the subject"
        raise BadFile(_problem(path, 1, "the first line is not the subject", fix))
    blank, _, body = rest.partition("\n")
    if blank.strip() or not body.strip():
        fix = "write the text under the subject, after one empty line"
        raise BadFile(_problem(path, 2, "no empty line and text below the subject", fix))
    return first.removeprefix(_SUBJECT).strip(), body


def _keep_line_ends(body: str) -> str:
    """Only a line that holds nothing but tags vanishes; after other text a tag keeps its line end.

    Jinja's trim_blocks takes the line end after every tag, which glues lines together.
    """
    return "\n".join(
        line if _TAGS_ONLY.fullmatch(line) else _TAG_AT_END.sub("+%}", line)
        for line in body.split("\n")
    )


def _compile(tree: Tree, name: str, language: str, path: Path) -> Template:
    sandbox = environment(language)
    code = sandbox.compile(tree, name, str(path))
    return sandbox.template_class.from_code(sandbox, code, {})


def _syntax_problem(path: Path, error: TemplateSyntaxError) -> TemplateProblem:
    fix = "see docs/templates.md for what a template may hold"
    return _problem(path, error.lineno, error.message or "the syntax is wrong", fix)


def _problem(path: Path, line: int, message: str, fix: str) -> TemplateProblem:
    return TemplateProblem(file=path, line=line, message=message, fix=fix)


def _tidy(text: str) -> str:
    return _BLANK_LINES.sub("\n\n", _SPACES.sub(_one_space, text)).strip()


def _one_space(spaces: re.Match[str]) -> str:
    return "" if spaces.end() < len(spaces.string) and spaces.string[spaces.end()] == "\n" else " "
