"""What was lost, stored twice or told twice: the receivers' own record against the store."""

from collections import Counter

from syncd.store import Store

# Rows that will still change by themselves.
_UNDER_WAY = ("pending", "claimed", "in_flight")
_ITEMS = {
    "eBay messages": "SELECT source_id FROM messages WHERE account_id = {ebay}",
    "market messages": "SELECT source_id FROM messages WHERE account_id = {market}",
    "mails": "SELECT message_id FROM messages WHERE account_id = {mail}",
    "eBay orders": "SELECT source_id FROM orders WHERE account_id = {ebay}",
    "market orders": "SELECT source_id FROM orders WHERE account_id = {market}",
    "parcels": "SELECT tracking_number FROM shipments",
    "scans": "SELECT tracking_number || ' ' || text FROM tracking_events",
}
MUST_BE_ZERO = (
    "items_lost", "items_twice", "quarantined", "notices_lost", "notices_twice", "notices_unasked",
    "for_a_person", "unfinished", "refused",
)  # fmt: skip


class Truth:
    """What there is to be stored and told, by those who made it."""

    def __init__(self, *, ebay, market, post, load, record):
        self._ebay, self._market, self._post = ebay, market, post
        self._load, self._record = load, record

    def items(self):
        """Everything the sources hold, by kind; how often each is there."""
        shop, feeds = self._ebay.shop, self._market.feeds
        threads = shop.conversations.values()
        return {
            "eBay messages": Counter(m["messageId"] for t in threads for m in t.messages),
            "market messages": Counter(one["id"] for one in feeds["messages"]),
            "mails": Counter(id_.strip("<>") for id_ in self._load.mails + self._post.accepted),
            "eBay orders": Counter(list(shop.orders)),
            "market orders": Counter(one["id"] for one in feeds["orders"]),
            "parcels": Counter({number for number, _ in self._load.scans}),
            "scans": Counter(f"{number} {text}" for number, text in self._load.scans),
        }

    def notices(self):
        """What was to be told, and what was."""
        return self._load.troubles, self._record.notices


def stored(store):
    """Everything in the store, by kind; how often each is there."""
    with store.database.read() as connection:
        accounts = dict(connection.exec_driver_sql("SELECT name, id FROM accounts").all())
        return {
            kind: Counter(connection.exec_driver_sql(sql.format(**accounts)).scalars())
            for kind, sql in _ITEMS.items()
        }


def outbox(store):
    """How many rows are in which state."""
    return Counter({state: count for state, (count, _) in store.outbox.depth().items()})


def quiet(store, truth):
    """Whether all that exists is stored and all that is to be told is told."""
    states = outbox(store)
    if any(states[state] for state in _UNDER_WAY):
        return False
    wanted, told = truth.notices()
    return not (wanted - told) and stored(store) == truth.items()


def count(url, truth):
    """The figures. ``twice`` counts what is there once too often, a thrice-told notice as 2."""
    store = Store(url)
    try:
        there, states = stored(store), outbox(store)
        bad = store.look.counts()["quarantined"]
    finally:
        store.close()
    real = truth.items()
    wanted, told = truth.notices()
    return {
        "items": {kind: several.total() for kind, several in real.items()},
        "items_lost": _excess(real, there),
        "items_twice": _excess(there, real),
        "quarantined": bad,
        "notices": sum(wanted.values()),
        "notices_lost": (wanted - told).total(),
        "notices_twice": sum(number - 1 for number in told.values()),
        "notices_unasked": sum(1 for notice in told if notice not in wanted),
        "for_a_person": states["person"],
        "unfinished": sum(states[state] for state in _UNDER_WAY),
        "refused": states["failed"] + states["obsolete"] + states["cancelled"],
        "outbox": dict(states),
    }


def _excess(those, these):
    return sum((those[kind] - these[kind]).total() for kind in those)
