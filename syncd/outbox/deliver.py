"""Sending what is due, and settling what a crash or a time-out left open.

A row goes ``pending -> claimed -> in_flight -> sent``. The step to *in flight* is written durably
just before the connector is asked to send; from there on the row is never sent again unless the
platform itself says that it did not arrive.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from msgspec.structs import replace

from syncd import clock, log, metrics, process
from syncd.accounts import Account, Runtime
from syncd.connector import (
    MAX_RETRY_AFTER,
    AuthFailed,
    NotPermitted,
    OutcomeUnknown,
    Rejected,
    SecretUnavailable,
    Unavailable,
)
from syncd.model import REQUESTS, REVIEW_REQUEST, Draft, OutboxRow, OutboxState, Verdict
from syncd.outbox.before import Before
from syncd.outbox.calls import call_for
from syncd.outbox.compose import Unwritable, compose
from syncd.outbox.looks import PollSoon

_log = log.get("outbox")

LEASE = timedelta(minutes=2)
BATCH = 20
# Nobody asks about a message sooner, unless its sender is dead: each of a mail server's half a
# dozen answers may take as long as the account's patience, 30 s.
SLOWEST_SEND = timedelta(minutes=5)
# How often a platform is asked again about a send whose outcome it cannot tell yet, how soon after
# the send at first (it may have arrived and not be shown yet), and for how long.
ASK_AGAIN = timedelta(seconds=15)
GIVE_UP_ASKING = timedelta(hours=6)
# What the platform says did not arrive is sent again at once, unless that came to nothing before.
QUICK_TRIES = 3
_SLOWEST_RETRY = timedelta(hours=1)
# A verdict that opens at once must not spin.
_SOONEST_RETRY = timedelta(seconds=5)


# An account whose platform cannot be reached is left alone for this long.
_REST = timedelta(seconds=30)
_GONE = frozenset({"unavailable", "auth_failed"})
# How soon after a reload that has an account served again its messages go out.
_UNSERVED = timedelta(minutes=10)
# Accounts are served side by side, lest a slow platform hold up the others.
_LANES = 4

_Act = Callable[[Account, OutboxRow], str]
_Stopping = Callable[[], bool]


class Sender:
    """Delivers the rows of one runtime; `poll_soon` is how it has a parcel looked at first."""

    def __init__(
        self, runtime: Runtime, *, lease: timedelta = LEASE, poll_soon: PollSoon = lambda *_: None
    ) -> None:
        self._runtime = runtime
        self._before = Before(runtime, poll_soon)
        self._store = runtime.store.outbox
        self._gone = runtime.store.database.gone
        self._lease = lease
        self._owner = process.name()
        self._resting: dict[int, tuple[datetime, datetime]] = {}
        self._without_login: set[int] = set()
        self._left: list[OutboxRow] = []

    def recover(self) -> None:
        """Take over at once from processes of this host that died; others are waited for."""
        dead = {owner for owner in self._store.holders() if process.is_dead(owner)}
        self._store.expire(dead, clock.now(), arriving=ASK_AGAIN)

    @property
    def stopped(self) -> frozenset[int]:
        """The accounts for which nothing is sent since their login was refused."""
        return frozenset(self._without_login)

    def resume(self, account_id: int) -> None:
        """Send for an account again, since it has another login."""
        self._without_login.discard(account_id)

    def run(self, stopping: _Stopping = lambda: False) -> int:
        """Settle and send what is due now; returns how many rows were worked on.

        Raises what the database raises (`Database.gone`): what was taken by then is taken up again.
        """
        if self._left:
            self._store.release(self._left, self._owner)
            self._left = []
        lost = self._store.claim_unsettled(
            self._owner, now=clock.now(), lease=self._lease, limit=BATCH
        )
        worked = self._serve(lost, self._settle, stopping)
        while not stopping():
            rows = self._store.claim(
                self._owner,
                now=clock.now(),
                lease=self._lease,
                limit=BATCH,
                without=self._at_rest(),
            )
            if not rows:
                break
            worked += self._serve(rows, self._deliver, stopping)
        return worked

    def _at_rest(self) -> list[int]:
        now = clock.now()
        # One that was begun later than it is now was begun before the clock was put back.
        self._resting = {
            account: (since, until)
            for account, (since, until) in self._resting.items()
            if since <= now < until
        }
        return [*self._resting.keys() | self._without_login]

    def _serve(self, rows: list[OutboxRow], act: _Act, stopping: _Stopping) -> int:
        """Work on rows, those of one account one after the other, accounts side by side."""
        lanes: dict[int, list[OutboxRow]] = {}
        for row in rows:
            lanes.setdefault(row.account_id, []).append(row)
        if len(lanes) < 2:
            return sum(self._lane(lane, act, stopping) for lane in lanes.values())
        with ThreadPoolExecutor(min(_LANES, len(lanes)), thread_name_prefix="outbox") as pool:
            return sum(pool.map(lambda lane: self._lane(lane, act, stopping), lanes.values()))

    def _lane(self, rows: list[OutboxRow], act: _Act, stopping: _Stopping) -> int:
        """One account's rows, until its platform cannot be reached; the rest is given back."""
        for number, row in enumerate(rows):
            if stopping():  # its lease is over at once when this process has ended
                self._store.release(rows[number:], self._owner)
                return number
            try:
                outcome = self._guarded(row, act)
            except self._gone:  # this row waits for its lease: should it be at fault, others go on
                self._left.extend(rows[number + 1 :])
                raise
            if outcome in _GONE:
                now = clock.now()
                self._resting.setdefault(row.account_id, (now, now + _REST))
                self._store.release(rows[number + 1 :], self._owner)
                return number + 1
        return len(rows)

    def _guarded(self, row: OutboxRow, act: _Act) -> str:
        account = self._runtime.by_id(row.account_id)
        with log.bound(account=row.account, outbox=row.id):
            if account is None:
                return self._unserved(row)
            try:
                outcome = act(account, row)
            except self._gone:
                raise
            except Exception as error:  # noqa: BLE001  the job boundary: a bug is this row's only
                outcome = self._bug(row, error)
            metrics.SENDS.labels(row.account, outcome).inc()
        return outcome

    def _unserved(self, row: OutboxRow) -> str:
        """A row of an account that is switched off or could not be made waits for it to be back."""
        if row.account not in self._runtime.settings.accounts:
            reason = f"account {row.account} is not in the config (any longer)"
            self._store.ended(row, OutboxState.PERSON, reason, clock.now())
            return "person"
        why = self._runtime.broken.get(row.account, "it is switched off")
        reason = f"account {row.account} is not served: {why}"
        if row.state is OutboxState.IN_FLIGHT:
            return self._ask_later(row, reason, _UNSERVED)
        self._store.postpone(row, clock.now() + _UNSERVED, reason)
        return "later"

    def _bug(self, row: OutboxRow, error: Exception) -> str:
        """A row whose delivery broke waits for its lease, or to be asked about."""
        metrics.ERRORS.labels(type(error).__name__).inc()
        _log.error("bug while sending", exc_info=error, key=row.key)
        return "bug"

    # sending

    def _deliver(self, account: Account, row: OutboxRow) -> str:
        now = clock.now()
        stands, news = self._store.standing(row, now)
        over = self._before.over(row, stands=stands)
        if over is not None:
            self._store.ended(row, OutboxState.OBSOLETE, over, now)
            return "obsolete"
        case = self._before.case(row)
        if case is not None:
            return self._hold(row, case)
        wait = self._before.wait(row, now, news=news)
        if wait is not None:
            self._store.postpone(row, wait.until, wait.reason)
            return "later"
        outdated = self._before.outdated(account, row, now)
        if outdated is not None:
            return self._hold(row, outdated)
        try:
            draft = compose(self._runtime, account, row, now)
        except Unwritable as error:
            return self._to_person(row, str(error))
        return self._held_back(account, row, draft) or self._send(account, row, draft)

    def _hold(self, row: OutboxRow, reason: str) -> str:
        _log.info("waits for approval", key=row.key, reason=reason)
        self._store.hold(row, reason, clock.now())
        return "held"

    def _held_back(self, account: Account, row: OutboxRow, draft: Draft) -> str | None:
        """What the platform says keeps a draft from going out now, settled; None: nothing does."""
        try:
            verdict = call_for(row).may(account.connector, row, draft)
        except Unavailable as error:
            return self._unreached(row, error)
        except NotPermitted as error:
            verdict = Verdict.never(str(error))
        except (AuthFailed, SecretUnavailable) as error:
            return self._stopped(account, row, error)
        return None if verdict.allowed else self._refused(account, row, verdict)

    def _refused(self, account: Account, row: OutboxRow, verdict: Verdict) -> str:
        if verdict.not_before is not None:
            opens = max(verdict.not_before, clock.now() + _SOONEST_RETRY)
            self._store.postpone(row, opens, verdict.reason)
            return "later"
        if row.purpose == REVIEW_REQUEST:  # nothing is lost by it, and nobody could do more
            return self._failed(row, verdict.reason)
        return self._elsewhere(account, row, verdict.reason) or self._to_person(row, verdict.reason)

    def _send(self, account: Account, row: OutboxRow, draft: Draft) -> str:
        marked = self._store.mark_in_flight(
            row, draft, owner=self._owner, now=clock.now(), lease=max(self._lease, SLOWEST_SEND)
        )
        if not marked:
            self._store.release([row], self._owner)
            return "later"
        try:
            receipt = call_for(row).perform(account.connector, row, draft)
        except Unavailable as error:
            return self._unreached(row, error)
        except (Rejected, NotPermitted) as error:
            return self._elsewhere(account, row, str(error)) or self._failed(row, str(error))
        except (AuthFailed, SecretUnavailable) as error:
            return self._stopped(account, row, error)
        except Exception as error:  # noqa: BLE001  whatever else is raised: it may have gone out
            return self._open(row, error)
        self._store.sent(row, receipt, draft)
        _log.info("sent", key=row.key, source_id=receipt.source_id)
        return "sent"

    def _unreached(self, row: OutboxRow, error: Unavailable) -> str:
        self._store.postpone(row, self._retry_at(row, error.retry_after), str(error))
        return "unavailable"

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
        if mail is None or not row.recipient.email or row.purpose in REQUESTS:
            return None
        self._store.reroute(row, mail.id, f"{account.name}: {reason}", clock.now())
        return "rerouted"

    def _to_person(self, row: OutboxRow, reason: str) -> str:
        _log.warning("needs a person", key=row.key, reason=reason)
        self._store.ended(row, OutboxState.PERSON, reason, clock.now())
        return "person"

    def _failed(self, row: OutboxRow, reason: str) -> str:
        meaning = call_for(row).refused
        if meaning is not None:
            return self._to_person(row, f"{meaning}: {reason}")
        _log.warning("refused for good", key=row.key, reason=reason)
        self._store.ended(row, OutboxState.FAILED, reason, clock.now())
        return "rejected"

    def _stopped(self, account: Account, row: OutboxRow, error: Exception) -> str:
        now = clock.now()
        metrics.failed(account.name, error)
        self._runtime.store.accounts.suspend(account.id, str(error), now)
        self._store.postpone(row, self._retry_at(row, None), str(error))
        self._without_login.add(account.id)
        _log.error("login refused, nothing is sent until it is mended", error=str(error))
        return "auth_failed"

    def _retry_at(self, row: OutboxRow, asked: float | None) -> datetime:
        """Doubling from half a minute, never sooner than the source asks."""
        wait: timedelta = min(timedelta(seconds=30) * 2 ** min(row.attempts, 12), _SLOWEST_RETRY)
        return clock.now() + max(wait, _span(asked or 0))

    # settling

    def _settle(self, account: Account, row: OutboxRow) -> str:
        """Ask the platform about a row that was on its way when its sender ended."""
        try:
            draft = compose(self._runtime, account, row, clock.now())
            draft = replace(draft, taken=self._store.taken(row, draft.text))
            receipt = call_for(row).find(account.connector, row, draft)
        except (OutcomeUnknown, Unwritable) as error:
            return self._to_person(row, f"may have arrived already: {error}")
        except (Unavailable, AuthFailed, NotPermitted, SecretUnavailable) as error:
            asked = getattr(error, "retry_after", None)
            return self._ask_later(row, str(error), ASK_AGAIN if asked is None else _span(asked))
        except self._gone:
            raise
        except Exception as error:  # noqa: BLE001  a bug in asking must reach a person some time
            self._bug(row, error)
            return self._ask_later(row, f"{type(error).__name__}: {error}", SLOWEST_SEND)
        if receipt is not None:
            self._store.sent(row, receipt, draft)
            _log.info("found sent", key=row.key, source_id=receipt.source_id)
            return "sent"
        again = clock.now() if row.attempts < QUICK_TRIES else self._retry_at(row, None)
        # What syncd wrote is written anew: it may wait for the morning, and more be known by then.
        # What a person approved is looked at then.
        kept = row.template is None or self._store.approval(row) is not None
        anew = row if kept else replace(row, subject=None, text=None)
        self._store.postpone(anew, again, "the platform says it did not arrive")
        return "later"

    def _ask_later(self, row: OutboxRow, why: str, wait: timedelta) -> str:
        now = clock.now()
        if now - row.not_before > GIVE_UP_ASKING:
            return self._to_person(row, f"may have arrived already, cannot be asked: {why}")
        self._store.keep_asking(row, now + wait, why)
        return "unknown"


def _span(asked: float) -> timedelta:
    return timedelta(seconds=min(asked, MAX_RETRY_AFTER))
