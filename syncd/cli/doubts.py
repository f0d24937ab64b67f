"""What may be wrong with a good config: only the service, or a look at the world, can tell."""

from collections.abc import Iterator
from pathlib import Path

from syncd.config import Problem, Settings
from syncd.config.wording import did_you_mean
from syncd.daemon.secrets import missing_secrets
from syncd.rules.recognise import carriers


def doubts_about(settings: Settings, file: Path) -> Iterator[Problem]:
    """Secrets whose files cannot be read here, and carriers that nobody knows.

    Neither is a mistake for sure: the check may run as another user than the service, or before a
    file is there.
    """
    for missing in missing_secrets(settings, file, files_only=True):
        hint = "The daemon does not start without it"
        yield Problem(file, None, missing.key, missing.message, hint)
    for name, account in settings.accounts.items():
        for code in sorted(set(account.follow_carriers or ()) - carriers().keys()):
            hint = did_you_mean(code, carriers()) or "`syncd recognise NUMBER` shows the codes"
            key = f"accounts.{name}.follow_carriers"
            yield Problem(file, None, key, f"no carrier has the code {code!r}", hint)
