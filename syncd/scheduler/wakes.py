"""Polls before their turn: because a platform pushed, or because somebody waits for a fresh look.

Nothing is taken from a push but what to ask about, so that one that is lost or forged loses
nothing: the poll comes at its turn all the same.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

import msgspec

from syncd import clock, log, metrics
from syncd.accounts import Account, Runtime
from syncd.connector import Capability, Push, Wake

_log = log.get("push")

REPLAY_WINDOW = timedelta(minutes=10)
"""How far a push's own time may be from ours; platforms that try again sign anew or much later."""

_REMEMBERED = 10_000
# Of one account between two runs; what is beyond has its look at its own time.
_MOST_NUMBERS = 10_000

_CONCERNED = frozenset({Capability.TRACK_PARCELS, Capability.WEBHOOK})


class Received(msgspec.Struct, frozen=True):
    """What became of a push."""

    result: str
    """woke, repeated (came before), stale, forged, unknown (no such account) or failed (a bug)."""
    wake: Wake = Wake()


class _Pending:
    """What one account is to be asked about."""

    def __init__(self) -> None:
        self.numbers: set[str] = set()
        self.streams: set[str] = set()

    def add(self, wake: Wake) -> None:
        self.numbers.update(wake.tracking_numbers[: max(0, _MOST_NUMBERS - len(self.numbers))])
        self.streams.update(wake.streams)

    def add_back(self, before: "_Pending") -> None:
        """What was taken, and could not be acted on."""
        self.numbers |= before.numbers
        self.streams |= before.streams


class Wakes:
    """Collects what is to be polled soon; `run` has it polled, many pushes at once."""

    def __init__(self, runtime: Runtime, poll_soon: Callable[[Account, str], None]) -> None:
        self._runtime = runtime
        self._poll_soon = poll_soon
        self._lock = Lock()
        self._pending: dict[str, _Pending] = {}
        self._known: OrderedDict[tuple[str, str], None] = OrderedDict()
        self._asked: dict[int, datetime] = {}

    @property
    def needed(self) -> bool:
        """Whether any account follows parcels or is pushed to."""
        accounts = self._runtime.accounts.values()
        return any(_CONCERNED & account.connector.capabilities for account in accounts)

    def receive(self, name: str, push: Push) -> Received:
        """Judge a push to the account `name`; asks neither the store nor, but for keys, anybody."""
        account = self._runtime.accounts.get(name)
        if account is None or Capability.WEBHOOK not in account.connector.capabilities:
            metrics.PUSHES.labels("", "unknown").inc()
            return Received("unknown")
        received = self._judge(account, push)
        metrics.PUSHES.labels(name, received.result).inc()
        return received

    def _judge(self, account: Account, push: Push) -> Received:
        try:
            wake = account.connector.verify_push(push)
        except Exception as error:  # noqa: BLE001  the plug-in boundary: anybody may send anything
            _log.warning("push not understood", account=account.name, error=type(error).__name__)
            return Received("failed")
        if wake is None:
            return Received("forged")
        if wake.sent_at is not None and abs(clock.now() - wake.sent_at) > REPLAY_WINDOW:
            return Received("stale")
        event = wake.event_id or hashlib.blake2b(push.body, digest_size=16).hexdigest()
        with self._lock:
            if self._is_known((account.name, event)):
                return Received("repeated", wake)
            self._pending.setdefault(account.name, _Pending()).add(wake)
        return Received("woke", wake)

    def _is_known(self, event: tuple[str, str]) -> bool:
        known = event in self._known
        self._known[event] = None
        if len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)
        return known

    def run(self) -> None:
        """Have polled what was pushed, and the parcels that somebody waits for."""
        with self._lock:
            pending, self._pending = self._pending, {}
        try:
            while pending:
                name = next(iter(pending))
                self._wake(self._runtime.accounts[name], pending[name])
                del pending[name]
        except self._runtime.store.database.gone:
            self._put_back(pending)  # the platform does not push again
            raise
        self._poll_those_asked()

    def _wake(self, account: Account, wanted: _Pending) -> None:
        if wanted.numbers:
            self._runtime.store.follows.look_now(wanted.numbers, clock.now(), account_id=account.id)
        for stream in wanted.streams & account.connector.streams.keys():
            self._poll_soon(account, stream)

    def _put_back(self, pending: dict[str, _Pending]) -> None:
        with self._lock:
            for name, before in pending.items():
                self._pending.setdefault(name, _Pending()).add_back(before)

    def _poll_those_asked(self) -> None:
        """Once for each asking: a source that cannot answer now is not polled again and again."""
        asked = self._runtime.store.follows.asked()
        for account_id, at in asked.items():
            account = self._runtime.by_id(account_id)
            if account is not None and self._asked.get(account_id) != at:
                for stream in {"tracking"} & account.connector.streams.keys():
                    self._poll_soon(account, stream)
        self._asked = asked
