"""What the conformance suite asks of connectors that follow parcels, beside all the rest."""

import re
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import msgspec
import pytest

from syncd.connector import Capability, Connector
from syncd.model import ParcelRef
from syncd.testing.observe import asked_about, numbers_of
from syncd.testing.server import Fault

CODE = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")


class TrackingChecks:
    """Part of `ConnectorConformance`; skipped where the connector follows no parcels."""

    connector_class: ClassVar[type[Connector]]
    fail: Callable[..., None]

    def test_it_says_what_it_looked_at(self, make: Any, stream: str) -> None:
        """A parcel was asked about, but `looked` does not name it: every poll asks about it."""
        self._tracking_only(stream)
        connector = make()
        due = {parcel.tracking_number for parcel in connector.context.parcels()}
        asked = asked_about(connector.poll(stream, {}))
        assert asked <= due, f"{sorted(asked - due)} were not due"
        assert asked, "no batch of a poll names a parcel in `looked`"
        silent = numbers_of(connector.poll(stream, {})) - asked
        assert not silent, f"there was news of {sorted(silent)}, and no `looked` names them"

    def test_only_what_is_due_is_asked_about(self, make: Any, stream: str) -> None:
        """Parcels are followed that are not due, which costs quota and overtakes the others."""
        self._tracking_only(stream)
        connector = make()
        due: list[ParcelRef] = list(connector.context.parcels())[-1:]
        list(connector.poll(stream, {}))
        connector.context = msgspec.structs.replace(connector.context, parcels=lambda: due)
        batches = list(connector.poll(stream, {}))
        other = (asked_about(batches) | numbers_of(batches)) - {due[0].tracking_number}
        assert not other, f"only {due[0].tracking_number} was due, and there came {sorted(other)}"

    def test_an_outage_is_no_look(self, make: Any, source: Any, stream: str) -> None:
        """A parcel counts as looked at although its source was down, so nobody looks for hours."""
        self._tracking_only(stream)
        connector = make()
        self.fail(source, Fault.SERVER_ERROR)
        asked = asked_about(_until_it_fails(connector, stream))
        assert not asked, f"every request failed, and {sorted(asked)} counted as asked about"

    def test_carriers_are_codes(self) -> None:
        """The carriers it is for are not written as codes, so that no parcel is given to it."""
        carriers: object = self.connector_class.carriers
        if carriers is None:
            return
        assert Capability.TRACK_PARCELS in self.connector_class.capabilities, (
            "`carriers` is for connectors with Capability.TRACK_PARCELS"
        )
        assert isinstance(carriers, frozenset), f"carriers {carriers!r} is not a frozenset"
        odd = [code for code in carriers if not CODE.fullmatch(str(code))]
        assert carriers, "carriers is empty: None stands for anybody's parcels"
        assert not odd, f"carriers {odd}: codes look like 'dhl-de'"

    def _tracking_only(self, stream: str) -> None:
        follows = Capability.TRACK_PARCELS in self.connector_class.capabilities
        if not follows or stream != "tracking":
            pytest.skip("this follows no parcels")


def _until_it_fails(connector: Connector, stream: str) -> Iterator[Any]:
    try:
        yield from connector.poll(stream, {})
    except Exception:  # noqa: BLE001  which one is another test's question
        return
