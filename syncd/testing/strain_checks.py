"""What the conformance suite asks of each connector when a clock is off or an answer has no end."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any, NamedTuple

import pytest

from syncd.connector import Connector, Cursor, Unavailable
from syncd.testing.observe import ids_of, poll_error
from syncd.testing.server import FakeServer, Fault

NO_SKEW = timedelta(0)
# As far as machines without a time service are off after some weeks.
SKEWS = (timedelta(minutes=-10), timedelta(minutes=10))
# Twice what `HttpClient` reads at the most, which leaves room for what lies in sockets.
TOO_MUCH = 64 * 1024 * 1024


class StrainChecks:
    """Part of `ConnectorConformance`."""

    fail: Callable[..., None]
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


class _Read(NamedTuple):
    ids: set[str]
    cursor: Cursor


def _read(connector: Connector, stream: str, cursor: Cursor) -> _Read:
    ids: set[str] = set()
    for batch in connector.poll(stream, cursor):
        ids |= ids_of(batch.items)
        cursor = batch.cursor
    return _Read(ids, cursor)
