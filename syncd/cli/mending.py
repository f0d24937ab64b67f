"""How a refused login is mended: where an account's secrets lie, and when a daemon reads them."""

from collections.abc import Iterator, Mapping

_HOW = {
    "file": "put the right secret into {}, which a running daemon sees by itself",
    "env": "set {} to the right secret, and start the daemon again with it",
    "credential": "put the right secret where the credential {} is loaded from, and restart the "
    "daemon",
}


def how_to_mend(account: str, table: object) -> str:
    """In words, by the account's table in the config."""
    places: dict[str, list[str]] = {kind: [] for kind in _HOW}
    for kind, place in _secrets(table):
        places[kind].append(place)
    ways = [
        how.format(" or ".join(dict.fromkeys(places[kind])))
        for kind, how in _HOW.items()
        if places[kind]
    ]
    consent = f"`syncd connect {account}` where the platform has a page for it"
    return "; or ".join([*ways, consent])


def _secrets(table: object) -> Iterator[tuple[str, str]]:
    """Kind and place of each secret that is named in a table of the config."""
    if not isinstance(table, Mapping):
        return
    for value in table.values():
        kind = next(iter(value)) if isinstance(value, Mapping) and len(value) == 1 else None
        if kind in _HOW:
            yield kind, str(value[kind])
        else:
            yield from _secrets(value)
