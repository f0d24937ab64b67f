"""Which conversation a message belongs to.

The ladder, first hit wins: the platform's own thread id, which for mail is its host's; a mail this
one answers; the order it is about; the same customer writing again soon under the same subject,
unless the conversation is about other orders than the one that is named, or a marketplace's relay
names any; else a new conversation. A mail
joins another's conversation only if both are with the same customer: replies of many people to one
newsletter are not one conversation, and nobody gets to read somebody else's by guessing an id.

A bounce belongs to the mail that it returns; where that is not known, to what was last said with
the buyer who did not get it. One that tells neither is alone: a mail system's subjects are all
alike.
"""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta

from msgspec.structs import replace

from syncd.model import KnownConversation, Message, MessageKind, NewConversation
from syncd.rules.identity import is_relay

# A customer who writes again under the same subject within this time goes on with the old matter.
SAME_MATTER = timedelta(days=14)

# An enumeration's members take as long to look up as all else that a message is asked.
_BOUNCE = MessageKind.BOUNCE

# "Re:", "AW:", "回复:", "Re[5]:" and the like, and what robots and mail gateways put first.
_REPLIES = (
    "re", "r", "aw", "antw", "antwort", "antwoord", "sv", "vs", "ynt", "odp", "res", "rif", "ref",
    "απ", "σχετ", "отв", "ответ", "на", "bls", "balas", "tl", "trả lời", "回复", "回覆", "答复", "答覆",
    "返信", "답장", "ตอบ", "ตอบกลับ", "השב", "תשובה", "رد",
)  # fmt: skip
_FORWARDS = (
    "fwd?", "wg", "tr", "rv", "i", "vb", "vl", "fs", "pd", "enc", "i\u0307?lt", "doorst", "trs", "ct",
    "vá", "továbbítás", "πρθ", "пересл", "chuyển tiếp", "转发", "轉寄", "轉發", "転送", "전달", "ส่งต่อ",
    "הועבר", "إعادة توجيه",
)  # fmt: skip
_ROBOTS = (
    "auto", "auto(?:matic)?[- ]?(?:reply|response|antwort)", "automatische antwort", "autorespons",
    "automatisch antwoord", "réponse automatique", "respuesta automática", "risposta automatica",
    "resposta automática", "autosvar", "automatiskt svar", "odpowiedź automatyczna", "автоответ",
    "автоматический ответ", "out of (?:the )?office", "abwesenheitsnotiz", "自动回复", "自动答复",
    "自動返信", "自動回覆", "자동 ?회신",
)  # fmt: skip
_PREFIXES = re.compile(
    rf"^(?:\s*(?:(?:{'|'.join((*_REPLIES, *_FORWARDS, *_ROBOTS))})(?:[\[(]\d+[\])])?\s*:"
    r"|\[ext(?:ern(?:al|e)?)?(?: e?-?mail)?\]))+\s*"
)
_IN_BRACKETS = re.compile(r"\[fwd?:(.*)\]")


def bare_subject(subject: str | None) -> str:
    """A subject without what mail programs put before it, for comparing."""
    said = unicodedata.normalize("NFKC", subject or "").casefold()
    said = _PREFIXES.sub("", said).strip()
    forwarded = _IN_BRACKETS.fullmatch(said)  # as Mozilla's programs forward
    return _PREFIXES.sub("", forwarded[1]).strip() if forwarded else said


def own_keys(message: Message) -> tuple[str, ...]:
    """The keys by which `message` can be joined, the strongest first, and its own the last.

    Under these, later messages will find its conversation.
    """
    if message.message_id is None and message.thread_id is not None:
        return (_thread_key(message.thread_id),)
    return (*_answered(message), *_own(message))


def _thread_key(thread_id: str) -> str:
    return f"t:{thread_id}"


def _answered(message: Message) -> list[str]:
    """The keys of what it says it belongs to."""
    answered = [f"m:{reference}" for reference in reversed(message.references)]
    return answered if message.thread_id is None else [_thread_key(message.thread_id), *answered]


def _own(message: Message) -> list[str]:
    return [f"m:{message.message_id}"] if message.message_id else []


def _is_about_its_order(message: Message) -> bool:
    """Whether a marketplace relayed it, naming an order: all its mails have subjects alike."""
    return bool(message.order_ids) and is_relay(message.buyer.email)


class ThreadBook:
    """Places messages one after the other; each placed one can be found by those behind it.

    `keys` maps stored thread keys to conversations, and `about` the orders that are named to those
    that talk of them; `conversations` describes all these, and the recent ones of the customers at
    hand.
    """

    def __init__(
        self,
        keys: Mapping[str, int],
        conversations: Mapping[int, KnownConversation],
        about: Iterable[tuple[str, int]] = (),
    ) -> None:
        self._keys = dict(keys)
        self._known = dict(conversations)
        self._ordered = {number for number, known in self._known.items() if known.ordered}
        self._about: defaultdict[str, dict[int, None]] = defaultdict(dict)
        for order, number in about:
            if number in self._known and not self._known[number].threaded:
                self._about[order][number] = None
        self._unsorted: defaultdict[int, list[int]] = defaultdict(list)
        self._matters: defaultdict[tuple[int, str], list[int]] = defaultdict(list)
        self._talks: defaultdict[int, list[int]] = defaultdict(list)
        for number, known in self._known.items():
            if known.customer is not None and not known.threaded:
                self._unsorted[known.customer].append(number)
                self._talks[known.customer].append(number)
        self.opened: dict[int, NewConversation] = {}
        """Conversations to store, under provisional negative numbers."""
        self.learnt: dict[str, int] = {}
        """Thread keys to write, each with its conversation."""

    def place(self, message: Message, customer: int | None) -> int:
        """The conversation of `message`, whose buyer is `customer`; negative where it is new."""
        # Hosts put answers of several people to one mail into one thread, so mail is looked at.
        if message.thread_id is not None and message.message_id is None:
            number = self._keys.get(_thread_key(message.thread_id))
            if number is not None:
                return number  # its one key is known already
            number = self._open(message, customer, message.thread_id)
            return self._learn(own_keys(message), number)
        answered, own = _answered(message), _own(message)
        if message.kind is _BOUNCE and customer is None:
            return self._place_nobodys(message, answered)
        number = (
            self._by_key(answered, customer)
            or self._by_order(message, customer)
            or self._by_key(own, customer)  # an answer may have come before it
            or self._by_matter(message, customer)
            or self._open_loose(message, customer)
        )
        self._go_on(number, message)
        self._learn(answered, number)
        return self._learn(own, number)

    def _place_nobodys(self, message: Message, answered: Iterable[str]) -> int:
        """Of a bounce that names no buyer: with the mail that it returns, else alone.

        By its keys nothing else is found, lest what a buyer answers be taken for a mail system's.
        """
        found = (self._keys[key] for key in answered if key[0] == "m" and key in self._keys)
        number = next(found, None) or self._open(message, None, None)
        self._go_on(number, message)
        return number

    def _by_key(self, keys: Iterable[str], customer: int | None) -> int | None:
        for key in keys:
            number = self._keys.get(key)
            if number is not None and self._known[number].customer == customer:
                return number
        return None

    def _by_order(self, message: Message, customer: int | None) -> int | None:
        """Where the customer talked of the first of its orders last."""
        for order in message.order_ids:
            about = self._about.get(order, ())
            talks = [number for number in about if self._known[number].customer == customer]
            if talks:
                return self._latest(talks)
        return None

    def _by_matter(self, message: Message, customer: int | None) -> int | None:
        if customer is None or _is_about_its_order(message):
            return None
        # A mail system's subject is no matter of the buyer's.
        bounced = message.kind is _BOUNCE
        near = self._talks[customer] if bounced else self._under(customer, message.subject)
        talks = [
            number
            for number in near
            if abs(message.sent_at - self._known[number].last_at) <= SAME_MATTER
            and not (message.order_ids and number in self._ordered)  # by its own it was not found
        ]
        return self._latest(talks) if talks else None

    def _under(self, customer: int, subject: str | None) -> Sequence[int]:
        """The customer's conversations under this subject."""
        for number in self._unsorted.pop(customer, ()):
            matter = customer, bare_subject(self._known[number].subject)
            self._matters[matter].append(number)
        return self._matters.get((customer, bare_subject(subject)), ())

    def _latest(self, talks: Iterable[int]) -> int:
        """In which was talked last; of several the one that was opened last."""
        return max(talks, key=lambda number: (self._known[number].last_at, number < 0, abs(number)))

    def _go_on(self, number: int, message: Message) -> None:
        """The same matter is counted from what was said last, and found by the orders named."""
        known = self._known[number]
        if message.sent_at > known.last_at:
            self._known[number] = replace(known, last_at=message.sent_at)
        if message.order_ids and not known.threaded:
            self._ordered.add(number)
            for order in message.order_ids:
                self._about[order][number] = None

    def _open_loose(self, message: Message, customer: int | None) -> int:
        number = self._open(message, customer, None)
        if customer is not None:
            self._unsorted[customer].append(number)
            self._talks[customer].append(number)
        return number

    def _open(self, message: Message, customer: int | None, thread_id: str | None) -> int:
        number = -1 - len(self.opened)
        self.opened[number] = NewConversation(
            customer=customer,
            thread_id=thread_id,
            subject=message.subject,
            first_at=message.sent_at,
        )
        self._known[number] = KnownConversation(
            customer=customer,
            last_at=message.sent_at,
            subject=message.subject,
            threaded=thread_id is not None,
        )
        return number

    def _learn(self, keys: Iterable[str], number: int) -> int:
        for key in keys:
            if key not in self._keys:
                self._keys[key] = self.learnt[key] = number
        return number
