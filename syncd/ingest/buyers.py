"""Who the buyers of a batch are: looked up first, stored when the transaction writes."""

from collections.abc import Iterable, Mapping

from syncd.model import Party
from syncd.rules.identity import CustomerBook, identity_keys
from syncd.store import IngestTransaction, TryAgain


class Buyers:
    """The customers of these parties, by provisional numbers until they are stored."""

    def __init__(self, tx: IngestTransaction, platform: str, parties: Iterable[Party]) -> None:
        keys = {party: identity_keys(platform, party) for party in dict.fromkeys(parties)}
        self._tx = tx
        self._keys = {key for several in keys.values() for key in several}
        self._known = tx.customers.known(self._keys)
        self._book = CustomerBook(self._known)
        self._found = {party: self._book.resolve(own, party) for party, own in keys.items()}
        self._final: dict[int, int] = {}

    def number(self, party: Party) -> int | None:
        """The customer of `party`, negative where it is not stored yet; None: nobody can say."""
        return self._found[party]

    @property
    def merged(self) -> Mapping[int, int]:
        """Customers that turned out to be another one, each with the one that is left."""
        return self._book.merged

    def store(self) -> None:
        """Write who is new and who turned out to be the same.

        Raises TryAgain where the store knows them otherwise than when they were looked up.
        """
        if self._tx.customers.merged(self._known.values()):
            raise TryAgain("two of these buyers have turned out to be one at the same time")
        book = self._book
        if not (book.new or book.learnt):
            return
        real = self._tx.customers.add(book.new, book.learnt, book.merged, known=self._known)
        merged = {real.get(a, a): real.get(b, b) for a, b in book.merged.items()}
        self._tx.listings.merged(merged.values())
        found = {number for number in self._found.values() if number is not None}
        for number in found:
            stored = real.get(number, number)
            self._final[number] = merged.get(stored, stored)

    def stored(self, number: int | None) -> int | None:
        """The stored customer behind what `number` gave, once `store` has written."""
        return None if number is None else self._final.get(number, number)
