"""The conformance suite for a connector that asks a carrier about parcels by their numbers."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from inspect import getfile
from pathlib import Path
from typing import Any, ClassVar

import pytest

from syncd.connector import Context
from syncd.model import ParcelRef
from syncd.testing.carrier import FakeCarrier
from syncd.testing.conformance import ConnectorConformance

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)


class CarrierConformance(ConnectorConformance):
    """`ConnectorConformance` filled in for a source that is a `FakeCarrier`; its clock is `NOW`.

    The README is looked for beside the connector's package.
    """

    fake_class: ClassVar[type[FakeCarrier]]
    numbers: ClassVar[Sequence[str]]
    """The parcels there are; of an API that takes many a call, more than it takes."""
    correction: ClassVar[tuple[str, Any]]
    """A field of a scan in the carrier's shape, and what it says after an edit."""
    resends_last = True

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.readme = Path(getfile(cls.connector_class)).parents[1] / "README.md"
        cls.secrets = (*cls.fake_class.secrets.values(), *cls.fake_class.issues)

    @pytest.fixture
    def source(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeCarrier]:
        """The carrier, which has scanned each parcel twice; the secrets are in the environment."""
        for name, value in self.fake_class.secrets.items():
            monkeypatch.setenv(name.upper(), value)
        with self.fake_class() as fake:
            for number in self.numbers:
                self.send_off(fake, number)
            yield fake

    def send_off(self, fake: Any, number: str) -> None:
        """Let the carrier know a parcel by two scans."""
        fake.add_scan(number, "Accepted", NOW - timedelta(days=2))
        fake.add_scan(number, "On its way", NOW - timedelta(days=1))

    def config(self, source: Any) -> dict[str, Any]:
        """The settings that the fake lets in, and calls enough for all parcels."""
        return {**source.config, "requests_per_poll": 100}

    def context(self, source: Any, account: str) -> Context:
        """All parcels are due."""
        del source
        parcels = [ParcelRef(tracking_number=number) for number in self.numbers]
        return Context(account=account, now=lambda: NOW, parcels=lambda: parcels)

    def add_item(self, source: Any, stream: str) -> None:
        """Let a parcel be scanned once more."""
        del stream
        source.add_scan(self.numbers[-1], "Arrived", NOW)

    def edit_item(self, source: Any, stream: str) -> bool:
        """Let the first scan be corrected."""
        del stream
        field, said = self.correction
        source.parcels[self.numbers[0]].scans[0][field] = said
        return True
