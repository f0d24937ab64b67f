"""Finds secrets that the config names and that are not there, before anything starts."""

from collections.abc import Iterator
from pathlib import Path

from syncd.config import Problem, Settings
from syncd.secret import SecretUnavailable, secrets_in


def missing_secrets(settings: Settings, file: Path) -> Iterator[Problem]:
    """A problem for each secret that cannot be read; those of accounts at rest do not matter."""
    resting = {f"accounts.{name}" for name, each in settings.accounts.items() if not each.enabled}
    for key, secret in secrets_in(settings):
        if not any(key.startswith(f"{prefix}.") for prefix in resting):
            try:
                secret.reveal()
            except SecretUnavailable as error:
                yield Problem(file, None, key.replace(".options.", "."), str(error))
