"""What the conformance suite asks of connectors writing to buyers: each message goes out once."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, ClassVar, Protocol

import pytest
from msgspec.structs import replace

from syncd.connector import AuthFailed, Capability, Connector, OutcomeUnknown, Unavailable
from syncd.model import Draft, Party, Receipt
from syncd.testing.observe import raised, requests
from syncd.testing.server import FakeServer, Fault

SENDS = frozenset({Capability.REPLY, Capability.START_CONVERSATION, Capability.NOTIFY_TEMPLATED})
KEY = "conformance-1"
# What leaves open whether something was carried out; None would deny it.
OPEN = (OutcomeUnknown, Unavailable, AuthFailed)
NO_ANSWER = (
    Fault.SERVER_ERROR,
    Fault.TIMEOUT,
    Fault.TRUNCATED,
    Fault.GARBAGE,
    Fault.EMPTY,
    Fault.UNAUTHORIZED,
)
"""How a reading can fail behind a message that has arrived."""
# In pairs that differ in little, so that whoever leaves characters out takes one for the other.
TEXTS = (
    "It is late.",
    "It is late!",
    'He said: "it isn\'t \\ 100 % a < b & c"',
    'He said: "it isn\'t \\ 100 % a > b & c"',
    "Two parcels:\n\n- one is late\n- one is here",
    "Two parcels:\n\n- one is late\n- one is lost",
    "Your parcel 📦 is late 🙁",
    "Your parcel 🎁 is late 🙁",
    "很抱歉您的包裹晚了。",
    "很抱歉您的包裹丢了。",
)
LONGEST = 20_000
# More requests than any question takes.
MOST_READINGS = 30


class SendingChecks:
    """Part of `ConnectorConformance`; skipped where nothing can be sent."""

    connector_class: ClassVar[type[Connector]]
    fail: Callable[..., None]
    heal: Callable[..., None]
    finds_sent: ClassVar[bool] = True
    """The platform can be asked whether a message arrived; else unknown outcomes go to a person."""
    send_path: ClassVar[str] = ".*"
    """Regular expression of the path that sending a message asks for, or of method and path where
    the same path is read, too: ``POST /messages``."""

    def draft(self, source: Any) -> Draft | None:
        """A message that the platform lets out now; None where nothing can be sent."""
        del source
        return None

    def more_drafts(self, source: Any) -> Iterable[Draft]:
        """Other messages that it lets out: into a conversation, with a file, to another buyer."""
        del source
        return ()

    def arrived(self, source: Any) -> int:
        """How many messages reached the platform, by its own record; needed with `draft`."""
        raise NotImplementedError("conformance: write `arrived`")

    def refused_draft(self, source: Any) -> Draft | None:
        """A message that the platform's own rules do not let out now, if it has such rules."""
        del source
        return None

    def fail_readings(
        self, source: Any, fault: Fault, *, passing: int = 0, after: str | None = None
    ) -> bool:
        """Let all requests go wrong behind `passing` good ones, or behind one that matches `after`.

        False where there are not so many; whoever makes a fake of another kind overrides it.
        """
        if not isinstance(source, FakeServer):
            pytest.skip(f"{type(source).__name__} cannot be made to fail in the middle")
        source.fail(fault, times=1_000_000, seconds=0.02, passing=passing, after=after)
        return True

    def test_a_refusal_has_a_reason(self, make: Any, source: Any) -> None:
        """`may_send` says no without a reason, or says yes where nothing can be sent."""
        draft = self.refused_draft(source)
        if not self.connector_class.capabilities & SENDS:
            draft = Draft(text="Hello", buyer=Party(name="Ann"))
        if draft is None:
            pytest.skip("this platform lets every message out")
        verdict = make().may_send(draft)
        assert not verdict.allowed, "may_send allows what the platform does not"
        assert verdict.reason.strip(), "may_send refuses and does not say why"
        later = verdict.not_before
        assert later is None or later.tzinfo, f"not before {later}: which zone?"

    def test_a_message_arrives_once(self, make: Any, source: Any) -> None:
        """A message does not arrive, arrives twice, or its receipt is useless."""
        connector, draft = self._sender(make, source)
        assert connector.may_send(draft).allowed, "may_send refuses the conformance draft"
        receipt: object = connector.send(draft, KEY)
        assert isinstance(receipt, Receipt), f"send returned {receipt!r}"
        assert isinstance(receipt.source_id, str), f"the receipt's id is {receipt.source_id!r}"
        assert receipt.accepted_at.tzinfo, f"accepted at {receipt.accepted_at}: which zone?"
        assert self.arrived(source) == 1, f"{self.arrived(source)} messages arrived"

    def test_a_lost_answer_is_an_unknown_outcome(self, make: Any, source: Any) -> None:
        """A send without an answer is not told as OutcomeUnknown, and will go out twice."""
        connector, draft = self._sender(make, source)
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self.send_path)
        error = raised(lambda: connector.send(draft, KEY))
        assert isinstance(error, OutcomeUnknown), f"the answer was lost, and came {error!r}"

    def test_an_unknown_outcome_is_settled(self, make: Any, source: Any) -> None:
        """`find_sent` does not find what arrived, or finds what did not."""
        connector, draft = self._settler(make, source)
        assert connector.find_sent(draft, KEY) is None, "found before anything was sent"
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self.send_path)
        raised(lambda: connector.send(draft, KEY))
        assert self.arrived(source) == 1, "`send_path` is not the path that sends"
        found: object = make().find_sent(draft, KEY)
        assert isinstance(found, Receipt), f"a message arrived, and find_sent gave {found!r}"

    @pytest.mark.parametrize("fault", NO_ANSWER)
    def test_a_failure_behind_a_send_denies_nothing(
        self, make: Any, source: Any, fault: Fault
    ) -> None:
        """What failed after the message was out makes the send a failure, and it goes out twice."""
        connector, draft = self._sender(make, source)
        connector.send(draft, f"{KEY}-before")
        if self.arrived(source) != 1:
            pytest.skip("not run, since a message does not arrive once where nothing fails")
        self.fail_readings(source, fault, after=self.send_path)
        error = raised(lambda: connector.send(draft, KEY))
        count = self.arrived(source) - 1
        assert count, "`send_path` is not the path that sends"
        assert count == 1, f"on {fault} behind the first, {count} messages arrived"
        assert error is None or isinstance(error, OutcomeUnknown), (
            f"the message arrived, then came {fault}, and that was told as {error!r}"
        )

    @pytest.mark.parametrize("fault", NO_ANSWER)
    def test_a_question_that_fails_is_no_answer(self, make: Any, source: Any, fault: Fault) -> None:
        """A message that could not be asked about counts as not sent, and goes out twice."""
        connector, draft = self._sender(make, source)
        connector.send(draft, KEY)
        denied_when_asking_fails(self, make, source, fault, lambda one: one.find_sent(draft, KEY))

    def test_different_messages_are_told_apart(self, make: Any, source: Any) -> None:
        """A message is taken for another one to the same buyer, or not found for its characters."""
        connector, draft = self._settler(make, source)
        drafts = (replace(draft, text=text) for text in TEXTS if text != draft.text)
        allowed = [one for one in drafts if connector.may_send(one).allowed]
        self._settled(connector, draft)
        _told_apart(connector, [*allowed, *_longest(connector, draft)])

    def test_messages_to_different_places_are_told_apart(self, make: Any, source: Any) -> None:
        """A message to another buyer, in a conversation or with a file is not told from others."""
        connector, draft = self._settler(make, source)
        _, *placed = _placed([draft, *self.more_drafts(source)])
        if not placed:
            pytest.skip("`more_drafts` gives none")
        for one in placed:
            verdict = connector.may_send(one)
            assert verdict.allowed, f"may_send refuses one of `more_drafts`: {verdict.reason}"
        self._settled(connector, draft)
        _told_apart(connector, placed)

    def test_the_same_text_twice_is_two_messages(self, make: Any, source: Any) -> None:
        """Of two messages with one text, one that did not arrive is taken for the one that did."""
        connector, draft = self._settler(make, source)
        first = self._settled(connector, draft)
        if self.arrived(source) != 1:
            pytest.skip("not run, since one message does not arrive once")
        second, key = replace(draft, taken=(first.source_id,)), f"{KEY}-again"
        early = _found_id(connector, second, key)
        assert not early, f"the first was taken for the second: {early}"
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self.send_path)
        raised(lambda: connector.send(second, key))
        assert self.arrived(source) == 2, f"{self.arrived(source)} messages arrived"
        late = _found_id(connector, second, key)
        assert late is not None, "the second arrived, and find_sent denied it"
        assert late != first.source_id, "the first was taken for the second, which arrived, too"

    def _settled(self, connector: Connector, draft: Draft) -> Receipt:
        """Send the first message; where that cannot be settled, it is another check's failure."""
        early = connector.find_sent(draft, KEY)
        receipt = connector.send(draft, KEY)
        known = all(isinstance(one, Receipt) for one in (receipt, connector.find_sent(draft, KEY)))
        if early is not None or not known:
            pytest.skip("not run, since one message alone is not settled")
        return receipt

    def _sender(self, make: Any, source: Any) -> tuple[Connector, Draft]:
        draft = self.draft(source)
        if draft is None:
            pytest.skip("`draft` gives none: nothing can be sent")
        return make(), draft

    def _settler(self, make: Any, source: Any) -> tuple[Connector, Draft]:
        if not self.finds_sent:
            pytest.skip("this platform cannot be asked")
        return self._sender(make, source)


def _told_apart(connector: Connector, drafts: list[Draft]) -> None:
    ids: set[str] = set()
    for number, draft in enumerate(drafts):
        key, text = f"{KEY}-{number}", f"{draft.text[:60]!r} ({len(draft.text)} characters)"
        early = connector.find_sent(draft, key)
        assert early is None, f"{text} was found before it was sent"
        connector.send(draft, key)
        found: object = connector.find_sent(draft, key)
        assert isinstance(found, Receipt), f"{text} arrived, and find_sent gave {found!r}"
        assert found.source_id not in ids, f"{text} was found as another message"
        ids.add(found.source_id)


class _Breakable(Protocol):
    """The part of a suite that lets a source go wrong."""

    @property
    def fail_readings(self) -> Callable[..., bool]: ...

    @property
    def heal(self) -> Callable[..., None]: ...


def denied_when_asking_fails(
    suite: _Breakable, make: Any, source: Any, fault: Fault, ask: Callable[[Connector], object]
) -> None:
    """Fail where `ask` says no, or breaks, when the first, the second ... of its readings fails.

    What it asks about has been carried out.
    """
    for passing in range(MOST_READINGS):
        connector, before = make(), requests(source)
        if not suite.fail_readings(source, fault, passing=passing):
            return
        answers: list[object] = []
        error = raised(lambda: answers.append(ask(connector)))  # noqa: B023  called at once
        suite.heal(source)
        if isinstance(source, FakeServer) and requests(source) - before <= passing:
            return  # it asks for no more
        when = f"on {fault} behind {passing} good answers"
        assert error is None or isinstance(error, OPEN), f"{when} came {error!r}"
        assert answers != [None], f"it was carried out, and {when} that was denied"


def _found_id(connector: Connector, draft: Draft, key: str) -> str | None:
    """The id that `find_sent` gives; empty where the platform cannot tell, None where it denies."""
    try:
        found = connector.find_sent(draft, key)
    except OutcomeUnknown:
        return ""
    return found.source_id if found else None


def _longest(connector: Connector, draft: Draft) -> list[Draft]:
    """Two of the longest messages that `may_send` lets out, which differ in the last character."""
    low, high = len(draft.text), LONGEST
    while low < high:
        middle = (low + high + 1) // 2
        if connector.may_send(replace(draft, text=_text(middle, "1"))).allowed:
            low = middle
        else:
            high = middle - 1
    return [replace(draft, text=_text(low, end)) for end in "12"]


def _text(length: int, end: str) -> str:
    words = "late parcel " * (1 + length // 12)
    return words[: length - 1] + end


def _placed(drafts: list[Draft]) -> Iterator[Draft]:
    """The drafts, those to one buyer with different texts; one text to others is told apart."""
    told: dict[Party, int] = {}
    for draft in drafts:
        count = told.setdefault(draft.buyer, 0)
        told[draft.buyer] += 1
        yield replace(draft, text=f"{drafts[0].text} ({count})" if count else drafts[0].text)
