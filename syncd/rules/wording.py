"""The templates that a config's playbooks speak with."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from syncd.config import Playbook, Settings
from syncd.model import Cause
from syncd.rules.playbooks import template_for
from syncd.rules.worsening import template_for as update_for
from syncd.text.limits import check_templates, platforms
from syncd.text.short_forms import forms_of
from syncd.text.templates import TemplateProblems, Templates


def load(settings: Settings) -> Templates:
    """The templates of a config.

    Raises TemplateProblems with what is wrong in a file of the user's, or with every platform's
    rule that one breaks which a playbook would send there.
    """
    chosen = settings.templates
    templates = Templates.load(chosen.folder, default_language=chosen.default_language)
    wanted = {
        (account.connector, name)
        for playbook in settings.playbooks
        for name in _names(playbook, templates)
        for account in settings.accounts.values()
        if account.connector in platforms()  # others may be unable to write at all
        and any(fnmatchcase(account.name, pattern) for pattern in playbook.accounts)
    }
    problems = [
        problem
        for platform, name in sorted(wanted)
        for problem in check_templates(
            platform, templates, sorted(it for it in templates.own if it[0] in forms_of(name))
        )
    ]
    if problems:
        raise TemplateProblems(problems)
    return templates


def _names(playbook: Playbook, templates: Templates) -> Iterator[str]:
    """The templates it speaks with: its own, else any of those for the causes of findings."""
    if playbook.tell == "buyer":
        known = (
            [playbook.template] if playbook.template else [template_for(cause) for cause in Cause]
        )
        known += [template for cause in Cause if (template := update_for(cause, ""))]
        yield from (name for name in known if name in templates.names)
