"""Reading lists a page at a time, at platforms that may give the same page for ever."""

from collections.abc import Hashable, Iterable

from syncd.connector.contract import Unavailable

PATIENCE = 3
"""So many pages in a row may bring nothing new: a list that grows while it is read moves on by as
much as was added, so that a page shows again what the one before it had."""


def endless(what: str) -> Unavailable:
    """The error for a list whose pages repeat themselves: it is read again later."""
    return Unavailable(
        f"{what}: the platform gives the same page again and again, and says that more follow"
    )


class Paging:
    """One reading of a list: make it before the first page, and show it each page as it comes.

    `what` names the list in the error. `patience` is for lists that may have many pages with
    nothing on them.
    """

    def __init__(self, what: str, *, patience: int = PATIENCE) -> None:
        self._what = what
        self._patience = patience
        self._known: set[int] = set()
        self._pages: set[frozenset[int]] = set()
        self._ahead: set[Hashable] = set()
        self._idle = 0
        self.came_twice = False
        """Whether any page came again as it was; an empty one is none."""

    def turned(self, came: Iterable[Hashable], *, more: bool, to: Hashable = None) -> bool:
        """Note a page, before what is on it is given on; whether there is anything new on it.

        `came` is what is on it: payloads or ids, all of them, also those that are of no use. `more`
        says that another page follows, and `to` by what that is asked for, where the platform says
        so: a token, a link, a number to go on from.

        Raises Unavailable where the pages would never end: `to` was there before, or more pages in
        a row than patience goes brought nothing new.
        """
        page = frozenset(map(hash, came))
        self.came_twice = self.came_twice or page in self._pages
        self._pages |= {page} if page else set()
        fresh = page - self._known
        self._known |= fresh
        self._idle = 0 if fresh else self._idle + 1
        if more and (to in self._ahead or self._idle > self._patience):
            raise endless(self._what)
        if to is not None:
            self._ahead.add(to)
        return bool(fresh)
