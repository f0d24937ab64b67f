"""Accounts whose login was refused: left alone until there is another login to try."""

from collections.abc import Callable

from syncd import log
from syncd.accounts import Account, Runtime
from syncd.outbox import Sender
from syncd.secret import secrets_in

_log = log.get("scheduler")

_Stamps = tuple[tuple[int, int, int] | None, ...]


class Logins:
    """Knows which accounts are stopped; `look` finds those that have another login now.

    That is: the store says so (``syncd connect`` does, whichever process it ran in), or a file that
    the account's settings name as a secret is another one than when the account was last begun
    with. So a login that is refused is tried once for each change, and never just again.
    """

    def __init__(self, runtime: Runtime, sender: Sender, begin: Callable[[Account], None]) -> None:
        self._runtime = runtime
        self._sender = sender
        self._begin = begin
        self._stopped: set[int] = set()
        self._stamps = {each.id: _stamps(each) for each in runtime.accounts.values()}

    def stop(self, account: Account) -> None:
        """Leave an account alone from now on; the store already says so."""
        self._stopped.add(account.id)

    def stopped(self, account: Account) -> bool:
        """Whether it is left alone."""
        return account.id in self._stopped

    def look(self) -> None:
        """Begin again with each stopped account that has another login; asks no platform."""
        idle = self._stopped | self._sender.stopped
        if not idle:
            return
        suspended = self._runtime.store.accounts.suspended()
        for account in self._runtime.accounts.values():
            stamps = _stamps(account) if account.id in idle else None
            if stamps is not None and (
                account.id not in suspended or stamps != self._stamps[account.id]
            ):
                self._stamps[account.id] = stamps
                self._resume(account)

    def _resume(self, account: Account) -> None:
        self._runtime.store.accounts.resume(account.id)
        self._stopped.discard(account.id)
        self._sender.resume(account.id)
        _log.info("there is another login, the account is tried again", account=account.name)
        self._begin(account)


def _stamps(account: Account) -> _Stamps:
    return tuple(secret.stamp() for _, secret in secrets_in(account.settings.options))
