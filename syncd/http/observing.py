"""Looking on at what connectors ask and what they are answered (`syncd record`)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncd.http.outgoing import Outgoing
from syncd.http.reply import Reply

Observer = Callable[[str, Outgoing, Reply], None]
"""Is given the base address, the request as it was sent, with its secrets, and the answer."""

_observers: list[Observer] = []


@contextmanager
def observed(observer: Observer) -> Iterator[None]:
    """Show `observer` each exchange of every client of this process, from whatever thread it comes.

    Requests of tokens are not shown.
    """
    _observers.append(observer)
    try:
        yield
    finally:
        _observers.remove(observer)


def show(base_url: str, request: Outgoing, reply: Reply) -> None:
    """Tell whoever looks on."""
    for observer in _observers:
        observer(base_url, request, reply)
