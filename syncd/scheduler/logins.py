"""Logins that were refused or lack a right: left alone until there is another login to try."""

from collections.abc import Callable, Collection

from syncd import log
from syncd.accounts import Account, Runtime
from syncd.outbox import Sender
from syncd.secret import secrets_in

_log = log.get("scheduler")

_Stamps = tuple[tuple[int, int, int] | None, ...]


class Logins:
    """Knows which accounts are stopped, and which streams of others their login does not cover.

    `look` finds those that have another login now. That is: the store says so (``syncd connect``
    does, and ``syncd poll`` where it goes through, in whichever process), or a file that the
    account's settings name as a secret is another one than when the account was last begun with. So
    a login that is refused is tried once for each change, and never just again. `begin` has streams
    of an account polled at once.
    """

    def __init__(
        self,
        runtime: Runtime,
        sender: Sender,
        begin: Callable[[Account, Collection[str]], None],
    ) -> None:
        self._runtime = runtime
        self._sender = sender
        self._begin = begin
        self._stopped: set[int] = set()
        self._denied: set[tuple[int, str]] = set()
        self._stamps = {each.id: _stamps(each) for each in runtime.accounts.values()}

    def note(self, account: Account, stream: str, outcome: str) -> None:
        """Take in how a poll ended, which the store already says."""
        if outcome == "auth_failed":
            self._stopped.add(account.id)
        if outcome == "not_permitted":
            self._denied.add((account.id, stream))
        else:
            self._denied.discard((account.id, stream))

    def stopped(self, account: Account) -> bool:
        """Whether it is left alone."""
        return account.id in self._stopped

    def look(self) -> None:
        """Begin again with what has another login; asks no platform."""
        idle, denied = self._stopped | self._sender.stopped, self._denied.copy()
        concerned = idle | {account_id for account_id, _ in denied}
        if not concerned:
            return
        suspended = self._runtime.store.accounts.suspended()
        waiting = self._runtime.store.accounts.not_permitted()
        for account in self._runtime.accounts.values():
            if account.id in concerned:
                mine = {each for each in denied if each[0] == account.id}
                told = account.id in idle - suspended or not mine <= waiting
                if self._has_another_secret(account) or told:
                    self._begin_again(account, mine, stopped=account.id in idle)

    def _has_another_secret(self, account: Account) -> bool:
        before, self._stamps[account.id] = self._stamps[account.id], _stamps(account)
        return self._stamps[account.id] != before

    def _begin_again(
        self, account: Account, denied: set[tuple[int, str]], *, stopped: bool
    ) -> None:
        self._runtime.store.accounts.resume(account.id)
        self._stopped.discard(account.id)
        self._sender.resume(account.id)
        self._denied.difference_update(denied)
        if denied:  # its token is good: the connector would go on with it, and with its few rights
            account.renew()
        if stopped:
            _log.info("there is another login, the account is tried again", account=account.name)
            self._begin(account, account.connector.streams)
        else:
            streams = sorted(stream for _, stream in denied)
            said = "there is another login, what was not permitted is tried again"
            _log.info(said, account=account.name, streams=streams)
            self._begin(account, streams)


def _stamps(account: Account) -> _Stamps:
    return tuple(secret.stamp() for _, secret in secrets_in(account.settings.options))
