"""The notices syncd writes: one file per template and language, and one for its short form.

A user's files are proven when they are loaded. Those that come with syncd are proven by its tests
and read when they are first needed: a hundred of them take longer than the rest of a start.
"""

import re
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from syncd.model.base import Value
from syncd.model.lengths import text_length
from syncd.text.facts import OF_AN_ORDER, Facts, UnusableFact, kind_of, printable
from syncd.text.languages import DEFAULT, chain, normalise
from syncd.text.problems import BadFile, TemplateProblem, TemplateProblems, Unfillable
from syncd.text.short_forms import short_of, whole_of, yielding

if TYPE_CHECKING:  # Jinja and Babel take as long as all tables do; few starts fill in a notice
    from syncd.text.template_file import TemplateFile

__all__ = [
    "BUILT_IN",
    "Rendered",
    "TemplateError",
    "TemplateProblem",
    "TemplateProblems",
    "Templates",
]

BUILT_IN = Path(__file__).parent / "templates"
"""The folder of the templates that come with syncd."""

_FILE_NAME = re.compile(r"(?P<name>[a-z][a-z0-9_]*(?:\.short)?)\.(?P<language>[A-Za-z0-9-]+)\.txt")
_Key = tuple[str, str]


class TemplateError(Exception):
    """A notice that cannot be written; nothing of it is to be sent."""

    def __init__(self, template: str, language: str, problem: str, variable: str | None) -> None:
        super().__init__(f"template {template}, language {language}: {problem}")
        self.template = template
        self.language = language
        self.variable = variable
        """The fact it failed at, where it was one."""


class Rendered(Value, frozen=True, kw_only=True):
    """A notice ready to be checked against a platform's rules and sent."""

    subject: str
    text: str
    language: str
    """The language it is really in, which the asked-for one may have fallen back to."""


class Templates:
    """All templates by name and language; made by `load`."""

    def __init__(
        self, files: "dict[_Key, TemplateFile | Path]", default: str, own: Collection[_Key]
    ) -> None:
        self._files = files
        self._default = default
        self.own = frozenset(own)
        """Name and language of those that the user's folder has."""

    @classmethod
    def load(cls, folder: Path | None = None, *, default_language: str = DEFAULT) -> "Templates":
        """The built-in templates, with the files in `folder` put over them and added to them.

        Raises TemplateProblems with everything that is wrong in any file.
        """
        own, problems = _read_all(folder) if folder else ({}, [])
        files = {**_built_in(), **own}
        problems += _without_last_resort(own, files.keys(), default_language)
        problems += _without_whole(own, files.keys())
        if problems:
            raise TemplateProblems(sorted(problems, key=lambda it: (str(it.file), it.line)))
        return cls(files, default_language, own)

    @property
    def names(self) -> tuple[str, ...]:
        """The templates there are, their short forms left out."""
        return tuple(sorted({name for name, _ in self._files if whole_of(name) is None}))

    def languages(self, name: str) -> tuple[str, ...]:
        """The languages the template exists in; empty for an unknown name."""
        return tuple(sorted(language for known, language in self._files if known == name))

    def path(self, name: str, language: str) -> Path:
        """The file of a template in one of its `languages`."""
        found = self._files[name, language]
        return found if isinstance(found, Path) else found.path

    def language_for(self, name: str, language: str) -> str:
        """The language a notice comes out in when `language` is asked for.

        For words that are made outside the template, such as a milestone's name. Raises
        TemplateError for an unknown name.
        """
        return self._nearest(name, language).language

    def has_short(self, name: str, language: str) -> bool:
        """Whether a notice in `language` has a short form to go out in where it is too long."""
        return self._short_of(self._nearest(name, language), language) is not None

    def render(
        self, name: str, language: str, facts: Facts, longest: int | None = None
    ) -> Rendered:
        """The notice in `language` or the nearest there is: ``pt-BR``, ``pt``, the default, ``en``.

        The user's own ``pt`` goes before a ``pt-BR`` that comes with syncd. A text of more than
        `longest` characters gives way to its short form, and if that is too long as well, the
        latest event in it (of an order: its items) is cut. What is longer even then comes back so,
        for `syncd.text.limits.check` to tell.
        Raises TemplateError where the template or a fact is missing, or it is about something else
        than `facts` are; never returns a notice with a gap in it.
        """
        template = self._nearest(name, language)
        if not isinstance(facts, kind_of(name)):
            about = "an order" if name.startswith(OF_AN_ORDER) else "a parcel"
            raise TemplateError(name, template.language, f"it is about {about}", None)
        shown = _shown(template, facts)
        rendered = _filled(template, shown)
        if longest is None or text_length(rendered.text) <= longest:
            return rendered
        form = self._short_of(template, language) or template
        return _fitted(form, type(facts), shown, longest)

    def _nearest(self, name: str, language: str) -> "TemplateFile":
        there = [it for it in chain(language, self._default) if (name, it) in self._files]
        if not there:
            known = ", ".join(self.names)
            raise TemplateError(name, language, f"no such template; there are: {known}", None)
        # Who wrote a text in pt means it for Brazil, too: it says what the shipped ones cannot.
        near = [it for it in there if f"{there[0]}-".startswith(f"{it}-")]
        own = [it for it in near if (name, it) in self.own]
        return self._file((name, (own or near)[0]))

    def _short_of(self, whole: "TemplateFile", language: str) -> "TemplateFile | None":
        """The short form in a language of those `language` may be written in.

        A shipped one says what the shipped text does, and so never stands in for a user's own.
        """
        short = short_of(whole.name)
        there = [
            it
            for it in chain(language, self._default)
            if (short, it) in self._files and _primary(it) == _primary(whole.language)
        ]
        own = [it for it in there if (short, it) in self.own]
        usable = own if (whole.name, whole.language) in self.own else own or there
        return self._file((short, usable[0])) if usable else None

    def _file(self, key: _Key) -> "TemplateFile":
        found = self._files[key]
        if isinstance(found, Path):
            found = self._files[key] = _read(found, key)
        return found


def _shown(template: "TemplateFile", facts: Facts) -> dict[str, object]:
    try:
        return printable(facts)
    except UnusableFact as error:
        raise TemplateError(template.name, template.language, str(error), error.name) from error


def _filled(template: "TemplateFile", shown: dict[str, object]) -> Rendered:
    try:
        subject, text = template.fill(shown)
    except Unfillable as error:
        said = f"{error} ({template.path}:{error.line})"
        raise TemplateError(template.name, template.language, said, error.fact) from error
    return Rendered(subject=subject, text=text, language=template.language)


def _fitted(
    template: "TemplateFile", kind: type[Facts], shown: dict[str, object], longest: int
) -> Rendered:
    rendered = _filled(template, shown)
    if text_length(rendered.text) <= longest:
        return rendered
    less = yielding(kind, shown, rendered.text, longest)
    return rendered if less is None else _filled(template, less)


def _read(path: Path, key: _Key) -> "TemplateFile":
    from syncd.text.template_file import read  # noqa: PLC0415  see above

    return read(path, *key)


def _built_in() -> "dict[_Key, TemplateFile | Path]":
    return {_named(path): path for path in _template_paths(BUILT_IN)}


def _read_all(folder: Path) -> "tuple[dict[_Key, TemplateFile], list[TemplateProblem]]":
    """The templates in a user's folder, and what is wrong in it."""
    from syncd.text import proof  # noqa: PLC0415  see above

    files: dict[_Key, TemplateFile] = {}
    problems: list[TemplateProblem] = []
    if not folder.is_dir():
        fix = "create it, or correct folder in [templates]"
        problems.append(TemplateProblem(file=folder, line=None, message="no such folder", fix=fix))
    for path in _template_paths(folder):
        try:
            template = _read(path, _named(path))
        except BadFile as error:
            problems.append(error.problem)
        else:
            files[template.name, template.language] = template
            problems += proof.problems(template)
    return files, problems


def _template_paths(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.glob("*.txt")) if not path.name.startswith("."))


def _named(path: Path) -> _Key:
    """Name and language by the file's name."""
    match = _FILE_NAME.fullmatch(path.name)
    language = normalise(match["language"]) if match else None
    if match is None or language is None:
        said = f"'{path.name}' is not <name>.<language>.txt"
        fix = "call it like delay.pt-BR.txt: a lower-case name and a language tag"
        raise BadFile(TemplateProblem(file=path, line=1, message=said, fix=fix))
    return match["name"], language


def _without_last_resort(
    own: "dict[_Key, TemplateFile]", known: Collection[_Key], default: str
) -> Iterator[TemplateProblem]:
    first = {
        name: template for (name, _), template in reversed(own.items()) if whole_of(name) is None
    }
    for name, template in sorted(first.items()):
        if not any((name, language) in known for language in chain(default)):
            tried = " nor ".join(dict.fromkeys((f"'{default}'", f"'{DEFAULT}'")))
            said = f"'{name}' does not exist in {tried}"
            fix = f"add {name}.{DEFAULT}.txt for buyers of other languages"
            yield TemplateProblem(file=template.path, line=1, message=said, fix=fix)


def _without_whole(
    own: "dict[_Key, TemplateFile]", known: Collection[_Key]
) -> Iterator[TemplateProblem]:
    for (name, language), template in own.items():
        whole = whole_of(name)
        if whole and not any(
            whole == there and _primary(language) == _primary(spoken) for there, spoken in known
        ):
            said = f"it is the short form of '{whole}', which does not exist in '{language}'"
            fix = f"add {whole}.{language}.txt, or correct the name"
            yield TemplateProblem(file=template.path, line=1, message=said, fix=fix)


def _primary(language: str) -> str:
    """The language without script and country: ``zh`` of ``zh-Hant``."""
    return language.partition("-")[0]
