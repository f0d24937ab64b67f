"""Proves a template when it is loaded: every fact it uses exists, every way through it works."""

from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches

from jinja2.nodes import Extends, Filter, FromImport, Import, Include, Name, Node, Test

from syncd.text.facts import Facts, kind_of, must_be_told, names, printable
from syncd.text.problems import TemplateProblem, Unfillable
from syncd.text.samples import sample_facts, sample_of
from syncd.text.template_file import TemplateFile, environment

_FOREIGN = (Include, Import, FromImport, Extends)


def problems(template: TemplateFile) -> list[TemplateProblem]:
    """All that is wrong with `template`; empty if it can be filled in whatever is missing."""
    found = [*_foreign_parts(template), *_unknown_names(template), *_untold(template)]
    return found or list(_unfillable(template))


def _foreign_parts(template: TemplateFile) -> Iterator[TemplateProblem]:
    sandbox = environment(template.language)
    for tree in template.tree:
        for node in tree.find_all(_FOREIGN):
            fix = "copy its text here"
            yield _problem(template, node, "a template cannot take in another file", fix)
        yield from _unknown(template, "filter", tree.find_all(Filter), list(sandbox.filters))
        yield from _unknown(template, "test", tree.find_all(Test), list(sandbox.tests))


def _unknown_names(template: TemplateFile) -> Iterator[TemplateProblem]:
    known = names(kind_of(template.name))
    foreign = template.used - set(known)
    if foreign:
        uses = [node for tree in template.tree for node in tree.find_all(Name)]
        yield from _unknown(template, "fact", [it for it in uses if it.name in foreign], known)


def _unknown(
    template: TemplateFile,
    kind: str,
    uses: Iterable[Filter | Test | Name],
    known: Sequence[str],
) -> Iterator[TemplateProblem]:
    for node in uses:
        if node.name not in known:
            said = f"there is no {kind} '{node.name}'"
            yield _problem(template, node, said, _suggestion(node.name, known))


def _untold(template: TemplateFile) -> Iterator[TemplateProblem]:
    for name in sorted(set(must_be_told(kind_of(template.name))) - template.used):
        yield _at(template, 1, f"the notice does not tell {name}", f"put {{{{ {name} }}}} into it")


def _unfillable(template: TemplateFile) -> Iterator[TemplateProblem]:
    """The first problem of each kind only: one mistake spoils many of the combinations."""
    seen: dict[tuple[int | None, str], TemplateProblem] = {}
    for facts in sample_facts(template.used, sample_of(template.name)):
        for problem in _when_filled(template, facts):
            seen.setdefault((problem.line, problem.message), problem)
    yield from seen.values()


def _when_filled(template: TemplateFile, facts: Facts) -> Iterator[TemplateProblem]:
    try:
        subject, text = template.fill(printable(facts))
    except Unfillable as error:
        fix = "correct the expression"
        if error.missing:
            fix = "a fact that can be missing stands in {% if … %} … {% endif %}"
        yield _at(template, error.line, str(error), fix)
        return
    if not subject:
        yield _at(template, 1, "the subject can come out empty", "keep some of it outside {% if %}")
    for name in must_be_told(type(facts)):
        if getattr(facts, name) not in text:
            fix = f"print {{{{ {name} }}}} in the text unchanged and outside {{% if %}}"
            yield _at(template, 3, f"the text can come out without {name}", fix)


def _suggestion(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, known, n=1)
    return f"did you mean '{close[0]}'?" if close else f"there are: {', '.join(sorted(known))}"


def _problem(template: TemplateFile, node: Node, message: str, fix: str) -> TemplateProblem:
    return _at(template, node.lineno, message, fix)


def _at(template: TemplateFile, line: int, message: str, fix: str) -> TemplateProblem:
    return TemplateProblem(file=template.path, line=line, message=message, fix=fix)
