"""What the conformance suite asks of connectors whose platform grants streams one by one."""

from typing import Any

import pytest

from syncd.connector import NotPermitted
from syncd.testing.observe import poll_error, raised


class PermissionChecks:
    """Part of `ConnectorConformance`; skipped where `deny` says that there is no such thing."""

    def deny(self, source: Any, stream: str) -> bool:
        """Let the platform refuse this login `stream`, for want of scope; False: it never does."""
        del source, stream
        return False

    def test_what_is_not_permitted_stops_its_stream_alone(
        self, make: Any, source: Any, stream: str
    ) -> None:
        """A permission missing for one stream is told as a refused login, which stops all."""
        connector = make()
        if not self.deny(source, stream):
            pytest.skip("`deny` says that the platform does not refuse single streams")
        error = poll_error(connector, stream)
        assert isinstance(error, NotPermitted), (
            f"{stream}: it is not permitted, and there came {error!r}, not NotPermitted"
        )
        assert error.fix.strip(), f"{stream}: {error!r} does not say what is missing"
        told = raised(connector.check)
        assert isinstance(told, NotPermitted), (
            f"{stream} is not permitted, and `check` raised {told!r}: let it ask for each stream"
        )
