"""State that a fake's threads and a test change at once."""

from collections.abc import Callable
from functools import wraps
from threading import RLock
from typing import Concatenate, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Locked(Protocol):
    """What has a lock, which is held while something changes, as whoever reads holds it."""

    lock: RLock


S = TypeVar("S", bound=Locked)


def locked(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R]:
    """A method that holds its object's lock."""

    @wraps(method)
    def call(owner: S, /, *args: P.args, **kwargs: P.kwargs) -> R:
        with owner.lock:
            return method(owner, *args, **kwargs)

    return call
