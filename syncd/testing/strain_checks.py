"""What the conformance suite asks of each connector when a clock is off or an answer has no end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, ClassVar, NamedTuple

import pytest

from syncd.connector import Capability, Connector, Cursor, Unavailable
from syncd.testing.observe import ids_of, poll_error
from syncd.testing.server import REPEATED_AT_MOST, FakeServer, Fault

NO_SKEW = timedelta(0)
# As far as machines without a time service are off after some weeks.
SKEWS = (timedelta(minutes=-10), timedelta(minutes=10))
# Twice what `HttpClient` reads at the most, which leaves room for what lies in sockets.
TOO_MUCH = 64 * 1024 * 1024


class StrainChecks:
    """Part of `ConnectorConformance`."""

    connector_class: ClassVar[type[Connector]]
    fail: Callable[..., None]
    heal: Callable[..., None]
    add_item: Callable[..., None]

    @pytest.mark.parametrize("skew", SKEWS, ids=["slow", "fast"])
    def test_a_clock_that_is_off_loses_nothing(
        self, make: Any, source: Any, stream: str, skew: timedelta
    ) -> None:
        """Items are lost where this machine's clock is some minutes off from the platform's."""
        right, off = ([_read(make(ahead=ahead), stream, {})] for ahead in (NO_SKEW, skew))
        self.add_item(source, stream)
        # What is not served yet may come later: now, or when the clock has gone on a little.
        for later in (NO_SKEW, 2 * max(SKEWS)):
            right.append(_read(make(ahead=later), stream, right[-1].cursor))
            off.append(_read(make(ahead=skew + later), stream, off[-1].cursor))
        came, wanted = (set().union(*(each.ids for each in reads)) for reads in (off, right))
        lost = wanted - came
        assert not lost, f"{stream}: with the clock off by {skew}, {lost} never came"

    def test_an_endless_answer_is_cut_off(self, make: Any, source: Any, stream: str) -> None:
        """An answer of any size is read into memory, so that one bad one ends the daemon."""
        connector = make()
        self.fail(source, Fault.ENDLESS)
        error = poll_error(connector, stream)
        assert isinstance(error, Unavailable), f"{stream}: on an endless answer came {error!r}"
        if isinstance(source, FakeServer):
            mebibytes = source.poured // 1024**2
            assert source.poured < TOO_MUCH, f"{stream}: {mebibytes} MiB of one answer were read"

    def test_what_is_dated_ahead_hides_nothing(self, make: Any, source: Any, stream: str) -> None:
        """The cursor goes as far as a date in the future, and nothing is read until then."""
        if Capability.TRACK_PARCELS in self.connector_class.capabilities:
            pytest.skip("parcels are due by their looks, not by a date")
        fast = max(SKEWS)  # for then not even the time of this machine is one to go by
        well = _read(make(ahead=fast), stream, {})
        self.fail(source, Fault.DATED_AHEAD)
        odd = _read(make(ahead=fast), stream, {})
        self.heal(source)
        self.add_item(source, stream)
        if not _new_behind(make, stream, well, fast):
            pytest.skip("not run, since what was added does not come where the dates are right")
        assert _new_behind(make, stream, odd, fast), (
            f"{stream}: one item of each page was dated a year ahead, and what was added did not "
            f"come from {odd.cursor} on: see `reached`"
        )

    def test_a_page_that_comes_again_for_ever_is_given_up(
        self, make: Any, source: Any, stream: str
    ) -> None:
        """A poll goes on for ever where the platform gives the same page again and again."""
        every = _read(make(), stream, {}).ids
        if not every:
            pytest.skip(f"not run, since the first poll of {stream} brought nothing")
        connector, got, cursor = make(), set[str](), {}
        self.fail(source, Fault.REPEATED_PAGE)
        error = None
        try:
            for batch in connector.poll(stream, {}):
                got |= ids_of(batch.items)
                cursor = batch.cursor
        except Exception as raised:  # noqa: BLE001  which one is asked below
            error = raised
        self.heal(source)
        assert getattr(source, "repeated", 0) < REPEATED_AT_MOST, (
            f"{stream}: one page came {REPEATED_AT_MOST} times, and was asked for still: see `Paging`"
        )
        assert error is None or isinstance(error, Unavailable), (
            f"{stream}: on one page for ever came {error!r}"
        )
        assert error or every <= got, f"{stream}: on one page for ever it ended as if that were all"
        lost = every - got - _read(connector, stream, cursor).ids
        assert not lost, f"{stream}: after one page for ever, polling from {cursor} lost {lost}"


class _Read(NamedTuple):
    ids: set[str]
    cursor: Cursor


def _new_behind(make: Any, stream: str, before: _Read, ahead: timedelta) -> set[str]:
    """What had not been read `before`; what is not served yet may come when time has gone on."""
    at_once = _read(make(ahead=ahead), stream, before.cursor)
    later = _read(make(ahead=ahead + 2 * max(SKEWS)), stream, at_once.cursor)
    return (at_once.ids | later.ids) - before.ids


def _read(connector: Connector, stream: str, cursor: Cursor) -> _Read:
    ids: set[str] = set()
    for batch in connector.poll(stream, cursor):
        ids |= ids_of(batch.items)
        cursor = batch.cursor
    return _Read(ids, cursor)
