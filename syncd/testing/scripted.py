"""A connector that does what a test wrote down, and a platform that remembers what reached it."""

from collections import deque
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

from syncd.connector import (
    AccountConfig,
    Batch,
    Capability,
    Connector,
    Context,
    Cursor,
    OutcomeUnknown,
)
from syncd.model import Draft, Party, Receipt, Shipment, Verdict

Step = Batch | BaseException | Callable[[], object]
"""What a poll does next: gives a batch, raises, or calls something of the test's."""


class ScriptedConnector(Connector):
    """An account whose polls, verdicts and sends are written down beforehand.

    Polls and sends for which nothing is written down bring nothing and go through.
    """

    name = "scripted"
    streams = dict.fromkeys(("messages", "orders", "tracking"), timedelta(hours=1))
    capabilities = frozenset({Capability.READ_MESSAGES, Capability.START_CONVERSATION})

    def __init__(self, context: Context, config: AccountConfig | None = None) -> None:
        super().__init__(config or AccountConfig(), context)
        self.polled: list[tuple[str, Cursor]] = []
        """Each poll's stream and the cursor it was given."""
        self.drafts: list[tuple[str, Draft]] = []
        """The key and draft of each call of `send`, whatever became of it."""
        self.arrived: dict[str, list[Receipt]] = {}
        """What the platform has accepted, by key; more than one under a key is a duplicate."""
        self.asked: list[str] = []
        """The key of each call of `find_sent`."""
        self.verdicts: deque[Verdict | Exception] = deque()
        """What the coming calls of `may_send` say; yes when used up."""
        self.answers: deque[BaseException] = deque()
        """What the coming calls of `find_sent` raise; the truth when used up."""
        self.extended: list[tuple[str, datetime]] = []
        """Each order that was to have more time, and until when."""
        self.confirmed: list[Shipment] = []
        """Each parcel that the platform was told of."""
        self.closed = False
        self._polls: dict[str, deque[tuple[Step, ...]]] = {}
        self._sends: deque[tuple[BaseException, bool]] = deque()

    def feed(self, stream: str, *steps: Step) -> None:
        """Write down one more poll of `stream`."""
        self._polls.setdefault(stream, deque()).append(steps)

    def fail_send(self, error: BaseException, *, arrives: bool = False) -> None:
        """Let the next send that nothing is written down for raise `error`.

        With `arrives` the message is accepted all the same, as when only the answer is lost.
        """
        self._sends.append((error, arrives))

    def poll(self, stream: str, cursor: Cursor) -> Iterator[Batch]:
        """Do the next poll that was written down."""
        self.polled.append((stream, cursor))
        polls = self._polls.get(stream)
        for step in polls.popleft() if polls else ():
            if isinstance(step, Batch):
                yield step
            elif isinstance(step, BaseException):
                raise step
            else:
                step()

    def may_send(self, draft: Draft) -> Verdict:
        """The next verdict that was written down."""
        del draft
        verdict = self.verdicts.popleft() if self.verdicts else Verdict.yes()
        if isinstance(verdict, Exception):
            raise verdict
        return verdict

    def send(self, draft: Draft, key: str) -> Receipt:
        """Accept `draft`, or fail as written down."""
        self.drafts.append((key, draft))
        error, arrives = self._sends.popleft() if self._sends else (None, True)
        if arrives:
            receipts = self.arrived.setdefault(key, [])
            number = sum(len(several) for several in self.arrived.values()) + 1
            receipts.append(Receipt(source_id=f"out-{number}", accepted_at=self.context.now()))
        if error is not None:
            raise error
        return self.arrived[key][-1]

    def find_sent(self, draft: Draft, key: str) -> Receipt | None:
        """The truth, or what was written down."""
        del draft
        self.asked.append(key)
        if self.answers:
            raise self.answers.popleft()
        return next(iter(self.arrived.get(key, ())), None)

    def extend_promise(self, order_id: str, until: datetime, key: str) -> Receipt:
        """Give the order more time, or fail as a send that was written down."""
        self.extended.append((order_id, until))
        return self.send(Draft(text=f"{order_id} until {until}", buyer=Party()), key)

    def find_extension(self, order_id: str, until: datetime, key: str) -> Receipt | None:
        """The truth, or what was written down."""
        return self.find_sent(Draft(text=f"{order_id} until {until}", buyer=Party()), key)

    def request_review(self, order_id: str, key: str) -> Receipt:
        """Ask the order's buyer, or fail as a send that was written down."""
        return self.send(Draft(text=f"review {order_id}", buyer=Party()), key)

    def find_review_request(self, order_id: str, key: str) -> Receipt | None:
        """The truth, or what was written down."""
        return self.find_sent(Draft(text=f"review {order_id}", buyer=Party()), key)

    def may_request_review(self, order_id: str) -> Verdict:
        """The next verdict that was written down."""
        return self.may_send(Draft(text=f"review {order_id}", buyer=Party()))

    def confirm_shipment(self, shipment: Shipment, key: str) -> Receipt:
        """Note what left, or fail as a send that was written down."""
        self.confirmed.append(shipment)
        return self.send(Draft(text=f"left {shipment.order_id}", buyer=Party()), key)

    def find_confirmation(self, shipment: Shipment, key: str) -> Receipt | None:
        """The truth, or what was written down."""
        return self.find_sent(Draft(text=f"left {shipment.order_id}", buyer=Party()), key)

    def cannot_tell(self) -> None:
        """Let the next question whether something arrived go unanswered for good."""
        self.answers.append(OutcomeUnknown("the platform keeps no list of what was sent"))

    def close(self) -> None:
        """Remember that it was closed."""
        self.closed = True


def batch(*items: Any, **cursor: Any) -> Batch:
    """A batch of `items` whose cursor is the keywords."""
    return Batch(list(items), cursor)
