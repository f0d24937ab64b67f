"""Customers and their identities."""

from collections.abc import Collection, Mapping

from sqlalchemy import select

from syncd.model import Party
from syncd.store import bulk
from syncd.store.tables import cases, conversations, customers, identities, orders, reviews
from syncd.store.writer import Writer

_MERGED = (
    select(customers.c.id)
    .where(bulk.given(customers.c.id, "numbers"), customers.c.merged_into.is_not(None))
    .limit(1)
)


class CustomerWriter(Writer):
    """Customers within an ingest transaction."""

    def known(self, keys: Collection[str]) -> dict[str, int]:
        """The customers known by these identity keys."""
        return self._pairs(identities.c.key, identities.c.customer_id, keys, own=False)

    def merged(self, customers_known: Collection[int]) -> bool:
        """Whether one of these customers has turned out to be another one."""
        if not customers_known:
            return False
        values = {"numbers": set(customers_known)}
        return self._connection.execute(_MERGED, values).scalar() is not None

    def add(
        self,
        new: Mapping[int, Party],
        learnt: Mapping[str, int],
        merged: Mapping[int, int],
        *,
        known: Collection[str],
    ) -> dict[int, int]:
        """Store customers and their identities; returns the real ids of the provisional ones.

        `known` holds the keys of `learnt` that are stored already.
        """
        ids = bulk.reserve_ids(self._connection, customers, len(new))
        numbers = dict(zip(new, ids, strict=True))
        rows = [(numbers[number], party.name, self._now_us) for number, party in new.items()]
        bulk.insert(self._connection, customers, ("id", "name", "created_at"), rows)
        # Sorted, so that two transactions that learn the same keys cannot wait for each other.
        final = {key: numbers.get(who, who) for key, who in sorted(learnt.items())}
        fresh = [(key, who) for key, who in final.items() if key not in known]
        bulk.insert(self._connection, identities, ("key", "customer_id"), fresh)
        moved = [(who, key) for key, who in final.items() if key in known]
        bulk.update(self._connection, identities, ("customer_id",), moved, key="key")
        self._merge({numbers.get(a, a): numbers.get(b, b) for a, b in merged.items()})
        return numbers

    def _merge(self, merged: Mapping[int, int]) -> None:
        pairs = [(kept, other) for other, kept in merged.items()]
        for table in (conversations, orders, identities, cases, reviews):
            bulk.update(self._connection, table, ("customer_id",), pairs, key="customer_id")
        bulk.update(self._connection, customers, ("merged_into",), pairs)
