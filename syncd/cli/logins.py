"""Kept logins beside the daemon: the key is proved, and what a check is given is not lost."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from syncd import clock
from syncd.config import AccountSettings, ConfigError, Problem, Settings
from syncd.connector import MemoryTokens, TokenKeeper, Unavailable
from syncd.secret import SecretUnavailable
from syncd.store import Store, StoreUnavailable, Vault


def prove_key(settings: Settings, file: Path) -> None:
    """Raises ConfigError where [store] key is not there, is no key, or not the one of the store."""
    names = {name for name, account in settings.accounts.items() if account.enabled}
    try:
        if settings.store.key is not None:
            Vault(settings.store.key)
        store = _store(settings, as_is=True)
        try:
            store.tokens.unlock(settings.store.key, names)
        finally:
            store.close()
    except StoreUnavailable:
        return  # nothing is kept yet; what asks the store says what is wrong with it
    except SecretUnavailable as error:
        raise ConfigError([Problem(file, None, "store.key", str(error))]) from None


def keeper(settings: Settings, account: AccountSettings) -> TokenKeeper:
    """What a connector that is only checked keeps its tokens by."""
    return _Checked(settings, account) if settings.store.key is not None else MemoryTokens()


class _Checked(MemoryTokens):
    """Reads the store where there is one, and makes one only for what would be lost otherwise."""

    def __init__(self, settings: Settings, account: AccountSettings) -> None:
        super().__init__()
        self._settings = settings
        self._account = account

    def load(self, kind: str) -> str | None:
        """The token in the store, else in memory."""
        try:
            with self._opened(as_is=True) as kept:
                return kept.load(kind)
        except StoreUnavailable:
            return super().load(kind)

    def save(self, kind: str, value: str) -> None:
        """Keep it in the store, which is made for a refresh token alone."""
        try:
            with self._opened(as_is=kind != "refresh_token") as kept:
                kept.save(kind, value)
        except StoreUnavailable as error:
            if kind == "refresh_token":
                raise Unavailable(f"the new login cannot be kept: {error}") from None
            super().save(kind, value)

    @contextmanager
    def renewing(self) -> Iterator[None]:
        """A turn in the store; where there is none, nobody else renews the login."""
        with ExitStack() as turn:
            with suppress(StoreUnavailable):
                turn.enter_context(turn.enter_context(self._opened(as_is=True)).renewing())
            yield

    @contextmanager
    def _opened(self, *, as_is: bool) -> Iterator[TokenKeeper]:
        assert self._settings.store.key is not None
        store = _store(self._settings, as_is=as_is)
        try:
            name, connector = self._account.name, self._account.connector
            account_id = store.accounts.register(name, connector, clock.now())
            vault = Vault(self._settings.store.key)
            yield store.tokens.keeper(name, account_id, vault, clock.now)
        finally:
            store.close()


def _store(settings: Settings, *, as_is: bool) -> Store:
    return Store(settings.store.connect_url(), as_is=as_is)
