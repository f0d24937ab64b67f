"""Who is who: the identities that sources reveal, joined into customers.

A platform id belongs to one platform; an e-mail address or a telephone number is the same person
everywhere. Whoever shares an identity is one customer; an item that ties two known customers
together merges them into the older one.
"""

import re
from collections.abc import Iterable, Mapping

from syncd.model import Party

_NOT_DIGITS = re.compile(r"\D+")
# Shorter strings of digits are extensions and typing errors, which many people share.
_SHORTEST_PHONE = 7
# Amazon gives a buyer one alias for each seller; mails to answer come from it with a tag of the
# thread, ``alias+tag@marketplace.amazon.de`` (FreeScout issue 4222).
_RELAY = re.compile(r"(?P<alias>[^@+]+)(?:\+[^@]*)?@(?P<host>marketplace\.amazon\.[a-z.]{2,12})")


def identity_keys(platform: str, party: Party) -> tuple[str, ...]:
    """The identities `party` shows, as keys; `platform` is the connector's name."""
    keys = []
    if party.id:
        keys.append(f"id:{platform}:{party.id}")
    if party.other_ids:
        keys += [f"id:{platform}:{other}" for other in party.other_ids]
    if party.thread_id:
        keys.append(f"thread:{platform}:{party.thread_id}")
    if party.email and "@" in party.email:
        keys.append(f"email:{_mailbox(party.email)}")
    if party.phone:
        digits = _NOT_DIGITS.sub("", party.phone)
        if len(digits) >= _SHORTEST_PHONE:
            keys.append(f"phone:{digits}")
    return tuple(keys)


def is_relay(address: str | None) -> bool:
    """Whether a marketplace stands between this address and the buyer who writes from it."""
    return _RELAY.fullmatch((address or "").strip().lower()) is not None


def _mailbox(address: str) -> str:
    """One buyer's address, whatever tag a relay has put into it."""
    lower = address.strip().lower()
    relay = _RELAY.fullmatch(lower)
    return f"{relay['alias']}@{relay['host']}" if relay else lower


class CustomerBook:
    """Resolves identities to customers; new customers get negative numbers until they are stored.

    `known` maps the identity keys that the store has to customer ids; it has to hold every key
    that `resolve` will be asked for and the store knows.
    """

    def __init__(self, known: Mapping[str, int]) -> None:
        self._customers = dict(known)
        self.new: dict[int, Party] = {}
        """New customers by their provisional number, with the party that showed them first."""
        self.learnt: dict[str, int] = {}
        """Identity keys to write, each with its customer."""
        self.merged: dict[int, int] = {}
        """Customers that turned out to be another one, each with the one left in the end."""

    def resolve(self, keys: tuple[str, ...], party: Party) -> int | None:
        """The customer with these identities, made up where there is none; None without any key."""
        if not keys:
            return None
        if len(keys) == 1 and keys[0] in self._customers:  # what most platforms tell: their id
            return self._customers[keys[0]]
        found = self._found(keys)
        if not found:
            return self._learn(keys, self._create(party))
        customer = found[0]
        if len(found) > 1:
            self._merge(customer, found[1:])
        return self._learn(keys, customer)

    def _found(self, keys: Iterable[str]) -> list[int]:
        """The distinct customers of these keys, the oldest stored one first."""
        customers = {self._customers[key] for key in keys if key in self._customers}
        return sorted(customers, key=lambda number: (number < 0, abs(number)))

    def _create(self, party: Party) -> int:
        number = -1 - len(self.new)
        self.new[number] = party
        return number

    def _learn(self, keys: tuple[str, ...], customer: int) -> int:
        for key in keys:
            if self._customers.get(key) != customer:
                self._customers[key] = self.learnt[key] = customer
        return customer

    def _merge(self, kept: int, others: list[int]) -> None:
        self.merged |= dict.fromkeys(others, kept)
        self.merged = {
            other: kept if into in others else into for other, into in self.merged.items()
        }
        for key, customer in self._customers.items():
            if customer in others:
                self._customers[key] = self.learnt[key] = kept
