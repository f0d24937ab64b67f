"""Login tokens that a platform gave out while syncd runs, kept encrypted (see `vault`)."""

from collections.abc import Callable, Collection
from contextlib import AbstractContextManager
from datetime import datetime
from functools import cache

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.exc import SQLAlchemyError

from syncd.connector import MemoryTokens, TokenKeeper, Unavailable
from syncd.secret import Secret
from syncd.store.database import Database
from syncd.store.renewals import Renewals
from syncd.store.tables import accounts, tokens
from syncd.store.times import to_us
from syncd.store.vault import KeyUnusable, Vault

_SAVE = text(
    """
    INSERT INTO tokens (account_id, kind, ciphertext, updated_at)
    VALUES (:account_id, :kind, :ciphertext, :now)
    ON CONFLICT (account_id, kind) DO UPDATE SET
      ciphertext=excluded.ciphertext, updated_at=excluded.updated_at
    """
)
_MINE = select(tokens.c.ciphertext).where(
    tokens.c.account_id == bindparam("account_id"), tokens.c.kind == bindparam("kind")
)


class TokenStore:
    """Use cases around the tokens of accounts."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.renewals = Renewals(database)
        """Turns at making new ones."""

    def load(self, account_id: int, kind: str) -> bytes | None:
        """A token as it was encrypted."""
        with self._database.read() as connection:
            found: bytes | None = connection.execute(
                _MINE, {"account_id": account_id, "kind": kind}
            ).scalar()
        return found

    def save(self, account_id: int, kind: str, ciphertext: bytes, now: datetime) -> None:
        """Keep an encrypted token in place of the one before; survives a power cut."""
        row = {"account_id": account_id, "kind": kind, "ciphertext": ciphertext, "now": to_us(now)}
        with self._database.write(durable=True) as connection:
            connection.execute(_SAVE, row)

    def forget(self, account_id: int) -> int:
        """Forget all tokens of an account; gives how many there were."""
        with self._database.write(durable=True) as connection:
            gone = connection.execute(delete(tokens).where(tokens.c.account_id == account_id))
            return gone.rowcount

    def unlock(self, key: Secret | None, names: Collection[str]) -> Vault | None:
        """What reads and writes tokens under `key`; None where the config has none.

        Raises KeyUnusable, which names the fix, where the accounts called `names` have tokens
        that it cannot read, and SecretUnavailable where there is nothing at the key's place.
        """
        vault = Vault(key) if key is not None else None
        locked = self._unreadable(names, vault)
        if locked:
            told = "; ".join(f"{name}: {reason}" for name, reason in sorted(locked.items()))
            raise KeyUnusable(
                f"kept logins cannot be read ({told}). Set [store] key to the key they were "
                "encrypted under (several may stand in it, one a line); if it is lost, forget "
                f"each login with `syncd connect {min(locked)} --forget` and connect anew"
            )
        return vault

    def _unreadable(self, names: Collection[str], vault: Vault | None) -> dict[str, str]:
        columns = (accounts.c.name, accounts.c.id, tokens.c.kind, tokens.c.ciphertext)
        wanted = select(*columns).join(tokens, tokens.c.account_id == accounts.c.id)
        found = {}
        with self._database.read() as connection:
            for name, account_id, kind, ciphertext in connection.execute(wanted):
                objection = _objection(vault, _place(account_id, kind), ciphertext)
                if name in names and objection:
                    found[name] = objection
        return found

    def keeper(
        self, account: str, account_id: int, vault: Vault | None, now: Callable[[], datetime]
    ) -> TokenKeeper:
        """What an account's connector keeps its tokens by; without a vault, in memory only."""
        if vault is None:
            return _Forgetful(account)
        return _Kept(self, account_id, vault, now)

    def late_keeper(
        self, account: str, account_id: int, key: Secret | None, now: Callable[[], datetime]
    ) -> TokenKeeper:
        """The same, unlocked by `key` when it is first used; raises then what `unlock` does."""
        return _Late(lambda: self.keeper(account, account_id, self.unlock(key, {account}), now))


class _Kept:
    """An account's tokens in the store."""

    def __init__(
        self, store: TokenStore, account_id: int, vault: Vault, now: Callable[[], datetime]
    ) -> None:
        self._store = store
        self._account_id = account_id
        self._vault = vault
        self._now = now

    def load(self, kind: str) -> str | None:
        try:
            found = self._store.load(self._account_id, kind)
        except SQLAlchemyError as error:
            raise Unavailable(f"the login cannot be read from the store: {error}") from None
        if found is None:
            return None
        return self._vault.decrypt(_place(self._account_id, kind), found)

    def save(self, kind: str, value: str) -> None:
        sealed = self._vault.encrypt(_place(self._account_id, kind), value)
        try:
            self._store.save(self._account_id, kind, sealed, self._now())
        except SQLAlchemyError as error:
            raise Unavailable(
                f"the new login cannot be kept in the store: {error.__class__.__name__}"
            ) from None

    def renewing(self) -> AbstractContextManager[None]:
        return self._store.renewals.turn(self._account_id, self._now)


class _Late:
    """An account's tokens for whoever may not need them, and may not have the key at hand."""

    def __init__(self, unlock: Callable[[], TokenKeeper]) -> None:
        self._unlocked = cache(unlock)

    def load(self, kind: str) -> str | None:
        return self._unlocked().load(kind)

    def save(self, kind: str, value: str) -> None:
        self._unlocked().save(kind, value)

    def renewing(self) -> AbstractContextManager[None]:
        return self._unlocked().renewing()


class _Forgetful(MemoryTokens):
    """An account's tokens until the process ends, which is told once."""

    def __init__(self, account: str) -> None:
        super().__init__()
        self._account = account
        self._told = False

    def save(self, kind: str, value: str) -> None:
        super().save(kind, value)
        if kind == "refresh_token" and not self._told:
            self._told = True
            from syncd import log  # noqa: PLC0415  verbs that only look should not pay for it

            log.get("store").warning(
                "login not kept",
                account=self._account,
                reason="the platform gave a new refresh token, which is lost when this process "
                "ends: set [store] key",
            )


def _place(account_id: int, kind: str) -> str:
    return f"{account_id}/{kind}"


def _objection(vault: Vault | None, place: str, ciphertext: bytes) -> str:
    if vault is None:
        return "[store] key is not set"
    try:
        vault.decrypt(place, ciphertext)
    except KeyUnusable as error:
        return str(error)
    return ""
