"""Finds secrets that the config names and that are not there, before anything starts."""

from collections.abc import Iterator
from pathlib import Path

from syncd.config import Problem, Settings
from syncd.secret import Secret, SecretUnavailable, secrets_in


def missing_secrets(
    settings: Settings, file: Path, *, files_only: bool = False
) -> Iterator[Problem]:
    """A problem for each secret that cannot be read or is empty, but for accounts at rest.

    With `files_only` for those that lie in files: others are given to the service alone.
    """
    resting = {f"accounts.{name}" for name, each in settings.accounts.items() if not each.enabled}
    for key, secret in secrets_in(settings):
        wanted = secret.file is not None or not files_only
        if wanted and not any(key.startswith(f"{prefix}.") for prefix in resting):
            why = _why_not(secret)
            if why is not None:
                yield Problem(file, None, key.replace(".options.", "."), why)


def _why_not(secret: Secret) -> str | None:
    try:
        there = secret.reveal()
    except SecretUnavailable as error:
        return str(error)
    return None if there else f"the secret in {secret.file or secret.credential} is empty"
