"""Sending what is due, and settling what a crash or a time-out left open.

A row goes ``pending -> claimed -> in_flight -> sent``. The step to *in flight* is written durably
just before the connector is asked to send; from there on the row is never sent again unless the
platform itself says that it did not arrive.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

import structlog

from syncd import clock, log, metrics, process
from syncd.accounts import Account, Runtime
from syncd.connector import (
    MAX_RETRY_AFTER,
    AuthFailed,
    OutcomeUnknown,
    Rejected,
    SecretUnavailable,
    Unavailable,
)
from syncd.model import Draft, OutboxRow, OutboxState, Verdict
from syncd.outbox.compose import Unwritable, compose
from syncd.rules.playbooks import daytime

_log = log.get("outbox")

LEASE = timedelta(minutes=2)
BATCH = 20
# Nobody asks about a message sooner, unless its sender is dead: each of a mail server's half a dozen
# answers may take as long as the account's patience, 30 s.
SLOWEST_SEND = timedelta(minutes=5)
# How often a platform is asked again about a send whose outcome it cannot tell yet, how soon after
# the send at first (it may have arrived and not be shown yet), and for how long.
ASK_AGAIN = timedelta(seconds=15)
GIVE_UP_ASKING = timedelta(hours=6)
# What the platform says did not arrive is sent again at once, unless that has come to nothing before.
QUICK_TRIES = 3
_SLOWEST_RETRY = timedelta(hours=1)
# A verdict that opens at once must not spin.
_SOONEST_RETRY = timedelta(seconds=5)


class Sender:
    """Delivers the rows of one runtime."""

    def __init__(self, runtime: Runtime, *, lease: timedelta = LEASE) -> None:
        self._runtime = runtime
        self._store = runtime.store.outbox
        self._lease = lease
        self._owner = process.name()

    def recover(self) -> None:
        """Take over at once from processes of this host that died; others are waited for."""
        dead = {owner for owner in self._store.holders() if process.is_dead(owner)}
        self._store.expire(dead, clock.now(), arriving=ASK_AGAIN)

    def run(self, stopping: Callable[[], bool] = lambda: False) -> int:
        """Settle and send what is due now; returns how many rows were worked on."""
        worked = 0
        for row in self._store.claim_unsettled(
            self._owner, now=clock.now(), lease=self._lease, limit=BATCH
        ):
            if stopping():  # its lease is over at once when this process has ended
                return worked
            worked += self._guarded(row, self._settle)
        while not stopping():
            rows = self._store.claim(self._owner, now=clock.now(), lease=self._lease, limit=BATCH)
            if not rows:
                break
            worked += self._deliver_all(rows, stopping)
        return worked

    def _deliver_all(self, rows: list[OutboxRow], stopping: Callable[[], bool]) -> int:
        for number, row in enumerate(rows):
            if stopping():
                self._store.release(rows[number:], self._owner)
                return number
            self._guarded(row, self._deliver)
        return len(rows)

    def _guarded(self, row: OutboxRow, act: Callable[[Account, OutboxRow], str]) -> int:
        account = self._runtime.by_id(row.account_id)
        with structlog.contextvars.bound_contextvars(account=row.account, outbox=row.id):
            if account is None:
                reason = f"account {row.account} is not in the config (any longer)"
                self._store.ended(row, OutboxState.PERSON, reason, clock.now())
                return 1
            try:
                outcome = act(account, row)
            except Exception as error:  # noqa: BLE001  the job boundary: a bug is this row's only
                outcome = self._bug(row, error)
            metrics.SENDS.labels(row.account, outcome).inc()
        return 1

    def _bug(self, row: OutboxRow, error: Exception) -> str:
        """A row whose delivery broke waits for its lease, or to be asked about."""
        metrics.ERRORS.labels(type(error).__name__).inc()
        _log.error("bug while sending", exc_info=error, key=row.key)
        return "bug"

    # sending

    def _deliver(self, account: Account, row: OutboxRow) -> str:
        now = clock.now()
        if not row.finding_open and row.purpose == "notice":
            self._store.ended(row, OutboxState.OBSOLETE, "the trouble is over", now)
            return "obsolete"
        try:
            draft = compose(self._runtime, account, row, now)
        except Unwritable as error:
            return self._to_person(row, str(error))
        opens = self._daytime(row, now)
        if opens > now:  # it waited its turn too long, or was put off into the night
            self._store.postpone(row, opens, "the buyer's quiet hours")
            return "later"
        verdict = account.connector.may_send(draft)
        if not verdict.allowed:
            return self._refused(account, row, verdict)
        return self._send(account, row, draft)

    def _daytime(self, row: OutboxRow, now: datetime) -> datetime:
        if row.purpose != "notice" or row.shipment_id is None:
            return now
        story = self._store.story(row.shipment_id)
        quiet_hours = self._runtime.settings.quiet_hours
        return daytime(now, story.destination_country, story.destination_state, quiet_hours)

    def _refused(self, account: Account, row: OutboxRow, verdict: Verdict) -> str:
        if verdict.not_before is not None:
            opens = max(verdict.not_before, clock.now() + _SOONEST_RETRY)
            self._store.postpone(row, opens, verdict.reason)
            return "later"
        return self._elsewhere(account, row, verdict.reason) or self._to_person(row, verdict.reason)

    def _send(self, account: Account, row: OutboxRow, draft: Draft) -> str:
        marked = self._store.mark_in_flight(
            row, draft, owner=self._owner, now=clock.now(), lease=max(self._lease, SLOWEST_SEND)
        )
        if not marked:
            return "later"
        try:
            receipt = account.connector.send(draft, row.key)
        except Unavailable as error:
            self._store.postpone(row, self._retry_at(row, error.retry_after), str(error))
            return "unavailable"
        except Rejected as error:
            return self._elsewhere(account, row, str(error)) or self._failed(row, str(error))
        except (AuthFailed, SecretUnavailable) as error:
            return self._stopped(account, row, error)
        except Exception as error:  # noqa: BLE001  whatever else is raised: it may have gone out
            return self._open(row, error)
        self._store.sent(row, receipt, draft)
        _log.info("sent", key=row.key, source_id=receipt.source_id)
        return "sent"

    def _open(self, row: OutboxRow, error: Exception) -> str:
        """Leave a row in flight whose message may or may not have gone out."""
        self._store.keep_asking(row, clock.now() + ASK_AGAIN, f"{type(error).__name__}: {error}")
        if not isinstance(error, OutcomeUnknown):
            return self._bug(row, error)
        _log.warning("outcome unknown, asking the platform", reason=str(error))
        return "unknown"

    def _elsewhere(self, account: Account, row: OutboxRow, reason: str) -> str | None:
        """Hand a refused row to the account that writes mail for this one, where there is one."""
        mail = self._runtime.mail_account(account)
        if mail is None or not row.recipient.email:
            return None
        self._store.reroute(row, mail.id, f"{account.name}: {reason}", clock.now())
        return "rerouted"

    def _to_person(self, row: OutboxRow, reason: str) -> str:
        _log.warning("needs a person", key=row.key, reason=reason)
        self._store.ended(row, OutboxState.PERSON, reason, clock.now())
        return "person"

    def _failed(self, row: OutboxRow, reason: str) -> str:
        _log.warning("refused for good", key=row.key, reason=reason)
        self._store.ended(row, OutboxState.FAILED, reason, clock.now())
        return "rejected"

    def _stopped(self, account: Account, row: OutboxRow, error: Exception) -> str:
        now = clock.now()
        metrics.failed(account.name, error)
        self._runtime.store.accounts.suspend(account.id, str(error), now)
        self._store.postpone(row, self._retry_at(row, None), str(error))
        _log.error("login refused while sending", error=str(error))
        return "auth_failed"

    def _retry_at(self, row: OutboxRow, asked: float | None) -> datetime:
        """Doubling from half a minute, never sooner than the source asks."""
        wait: timedelta = min(timedelta(seconds=30) * 2 ** min(row.attempts, 12), _SLOWEST_RETRY)
        return clock.now() + max(wait, timedelta(seconds=min(asked or 0, MAX_RETRY_AFTER)))

    # settling

    def _settle(self, account: Account, row: OutboxRow) -> str:
        """Ask the platform about a row that was on its way when its sender ended."""
        try:
            draft = compose(self._runtime, account, row, clock.now())
            receipt = account.connector.find_sent(draft, row.key)
        except (OutcomeUnknown, Unwritable) as error:
            return self._to_person(row, f"may have arrived already: {error}")
        except (Unavailable, AuthFailed, SecretUnavailable) as error:
            return self._ask_later(row, error)
        if receipt is not None:
            self._store.sent(row, receipt, draft)
            _log.info("found sent", key=row.key, source_id=receipt.source_id)
            return "sent"
        again = clock.now() if row.attempts < QUICK_TRIES else self._retry_at(row, None)
        self._store.postpone(row, again, "the platform says it did not arrive")
        return "later"

    def _ask_later(self, row: OutboxRow, error: Exception) -> str:
        now = clock.now()
        if now - row.not_before > GIVE_UP_ASKING:
            return self._to_person(row, f"may have arrived already, cannot be asked: {error}")
        asked = getattr(error, "retry_after", None)
        wait = ASK_AGAIN if asked is None else timedelta(seconds=min(asked, MAX_RETRY_AFTER))
        self._store.keep_asking(row, now + wait, str(error))
        return "unknown"
