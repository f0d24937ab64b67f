"""Finding one's own text again among what was written, for platforms without idempotency keys."""

import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from syncd.connector.contract import NotPermitted, OutcomeUnknown, Rejected
from syncd.connector.entities import unescape
from syncd.model import Direction, Draft, Item, Message, Receipt, Verdict

# How far a platform's clock may be behind ours when a message is looked for since it was decided.
CLOCK_SKEW = timedelta(minutes=2)


def same_text(one: str, other: str) -> bool:
    """Whether two texts differ in nothing but what platforms change in a text.

    That is white space, HTML entities and the ways to write an accent.
    """
    return _plain(one) == _plain(other)


def written_since(draft: Draft) -> datetime:
    """From when on `draft` may stand among the messages, by the platform's clock.

    Raises OutcomeUnknown where the draft has no `created_at`.
    """
    if draft.created_at is None:
        raise OutcomeUnknown(
            "the draft does not say when it was decided, so an older message "
            "with the same text could be taken for it"
        )
    return draft.created_at - CLOCK_SKEW


def find_text(messages: Iterable[Message], draft: Draft) -> Receipt | None:
    """The receipt of the first of `messages` that is `draft`, for `Connector.find_sent`; else None.

    Only what the seller wrote since `written_since` counts, and what is not `Draft.taken`. Raises
    OutcomeUnknown as `written_since` does.
    """
    since = written_since(draft)
    same = [
        message
        for message in messages
        if message.direction is Direction.OUTBOUND
        and message.source_id not in draft.taken
        and message.sent_at >= since
        and same_text(message.text, draft.text)
    ]
    if not same:
        return None
    first = min(same, key=lambda message: message.sent_at)
    return Receipt(source_id=first.source_id, accepted_at=first.sent_at)


def require(verdict: Verdict) -> None:
    """Raise Rejected, with the reason, for what `may_send` forbids: the first line of `send`."""
    if not verdict.allowed:
        raise Rejected(verdict.reason)


@contextmanager
def settling(what: str, *also: type[Exception]) -> Iterator[None]:
    """Read `what` to find out whether something was carried out: a refusal there is OutcomeUnknown.

    That is Rejected, NotPermitted, and the errors `also`, such as ValueError where answers are
    decoded there. The platform does not show it, which is no proof that it was not done.
    """
    errors: tuple[type[Exception], ...] = (Rejected, NotPermitted, *also)
    try:
        yield
    except errors as error:
        raise OutcomeUnknown(f"{what} cannot be read: {error}") from None


def only_messages(items: Iterable[Item]) -> list[Message]:
    """The messages of a conversation, for `find_text`.

    Raises OutcomeUnknown where there is anything else among `items`: a `BadItem` could be the
    message that is looked for.
    """
    several = list(items)
    messages = [item for item in several if isinstance(item, Message)]
    if len(messages) < len(several):
        raise OutcomeUnknown("the conversation holds messages that cannot be understood")
    return messages


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", unescape(text)).split())
