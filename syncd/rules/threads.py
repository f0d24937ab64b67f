"""Which conversation a message belongs to.

The ladder, first hit wins: the platform's own thread id; a mail this one answers; the order it is
about; the same customer writing again soon under the same subject, unless a marketplace's relay
names an order; else a new conversation. A mail
joins another's conversation only if both are with the same customer: replies of many people to one
newsletter are not one conversation, and nobody gets to read somebody else's by guessing an id.
"""

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta

from msgspec.structs import replace

from syncd.model import KnownConversation, Message, NewConversation
from syncd.rules.identity import is_relay

# A customer who writes again under the same subject within this time goes on with the old matter.
SAME_MATTER = timedelta(days=14)

# "Re:", "AW:", "Antw:", "回复:", "Re[5]:" and the like, however many of them.
_PREFIXES = re.compile(
    r"^(?:\s*(?:re|aw|antw|sv|vs|fwd?|wg|tr|rv|odp|res|rif|ref|ynt|回复|回覆|答复|转发|返信)"
    r"(?:\[\d+\])?\s*[:\uff1a])+\s*",
    re.IGNORECASE,
)


def bare_subject(subject: str | None) -> str:
    """A subject without reply prefixes, for comparing."""
    return _PREFIXES.sub("", subject or "").strip().casefold()


def own_keys(message: Message) -> tuple[str, ...]:
    """The keys by which `message` can be joined, the strongest first, and its own the last.

    Under these, later messages will find its conversation.
    """
    if message.thread_id is not None:
        keys: tuple[str, ...] = (_platform_key(message.thread_id),)
    else:
        mails = [f"m:{reference}" for reference in reversed(message.references)]
        keys = (*mails, *(f"o:{order}" for order in message.order_ids))
    return (*keys, f"m:{message.message_id}") if message.message_id else keys


def _platform_key(thread_id: str) -> str:
    return f"t:{thread_id}"


def _is_about_its_order(message: Message) -> bool:
    """Whether a marketplace relayed it, naming an order: all its mails have subjects alike."""
    return bool(message.order_ids) and is_relay(message.buyer.email)


class ThreadBook:
    """Places messages one after the other; each placed one can be found by those behind it.

    `keys` maps stored thread keys to conversations, `conversations` describes those and the
    recent ones of the customers at hand.
    """

    def __init__(
        self, keys: Mapping[str, int], conversations: Mapping[int, KnownConversation]
    ) -> None:
        self._keys = dict(keys)
        self._known = dict(conversations)
        self._matters = {
            (known.customer, bare_subject(known.subject)): number
            for number, known in sorted(self._known.items(), key=lambda item: item[1].last_at)
            if known.customer is not None
        }
        self.opened: dict[int, NewConversation] = {}
        """Conversations to store, under provisional negative numbers."""
        self.learnt: dict[str, int] = {}
        """Thread keys to write, each with its conversation."""

    def place(self, message: Message, customer: int | None) -> int:
        """The conversation of `message`, whose buyer is `customer`; negative where it is new."""
        if message.thread_id is not None:
            number = self._keys.get(_platform_key(message.thread_id))
            if number is not None:
                return number  # its one key is known already
            return self._learn(own_keys(message), self._open(message, customer))
        keys = own_keys(message)  # by its own too: an answer may have come before it
        number = self._by_key(keys, customer) or self._by_matter(message, customer)
        if number is None:
            number = self._open(message, customer)
        else:
            self._go_on(number, message)
        return self._learn(keys, number)

    def _by_key(self, keys: Iterable[str], customer: int | None) -> int | None:
        for key in keys:
            number = self._keys.get(key)
            if number is not None and self._known[number].customer == customer:
                return number
        return None

    def _by_matter(self, message: Message, customer: int | None) -> int | None:
        if customer is None or _is_about_its_order(message):
            return None
        number = self._matters.get((customer, bare_subject(message.subject)))
        if number is None:
            return None
        apart = abs(message.sent_at - self._known[number].last_at)
        return number if apart <= SAME_MATTER else None

    def _go_on(self, number: int, message: Message) -> None:
        """The same matter is counted from what was said last."""
        known = self._known[number]
        if message.sent_at > known.last_at:
            self._known[number] = replace(known, last_at=message.sent_at)

    def _open(self, message: Message, customer: int | None) -> int:
        number = -1 - len(self.opened)
        self.opened[number] = NewConversation(
            customer=customer,
            thread_id=message.thread_id,
            subject=message.subject,
            first_at=message.sent_at,
        )
        self._known[number] = KnownConversation(
            customer=customer, last_at=message.sent_at, subject=message.subject
        )
        if message.thread_id is None and customer is not None:
            self._matters[customer, bare_subject(message.subject)] = number
        return number

    def _learn(self, keys: Iterable[str], number: int) -> int:
        for key in keys:
            if key not in self._keys:
                self._keys[key] = self.learnt[key] = number
        return number
