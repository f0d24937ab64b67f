"""Where a connector keeps login tokens that its platform gives out while syncd runs."""

from contextlib import AbstractContextManager, nullcontext
from threading import Lock
from typing import Protocol


class TokenKeeper(Protocol):
    """Keeps an account's tokens, encrypted in the store where the config has a key for it."""

    def load(self, kind: str) -> str | None:
        """The token of this kind that was saved last, by whichever process.

        Raises Unavailable where the store does not answer, SecretUnavailable where it cannot be
        decrypted.
        """
        ...

    def save(self, kind: str, value: str) -> None:
        """Keep a token in place of the one before; when this returns, it survives a crash.

        Raises Unavailable where the store cannot take it now.
        """
        ...

    def renewing(self) -> AbstractContextManager[None]:
        """Have a turn at making new tokens, as no other process has within the block.

        Whoever had it before may have saved what is wanted: load it anew first. Raises Unavailable
        where somebody else's turn does not end soon, or the store does not answer.
        """
        ...


class MemoryTokens:
    """Keeps tokens until the process ends: what a connector gets where nobody lends it a store."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._lock = Lock()

    def load(self, kind: str) -> str | None:
        """The token of this kind."""
        with self._lock:
            return self._values.get(kind)

    def save(self, kind: str, value: str) -> None:
        """Keep a token in memory."""
        with self._lock:
            self._values[kind] = value

    def renewing(self) -> AbstractContextManager[None]:
        """No other process sees what is kept in memory."""
        return nullcontext()
