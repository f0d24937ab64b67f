"""What the conformance suite asks of connectors that can give an order more time."""

from collections.abc import Callable
from datetime import datetime
from typing import Any, ClassVar

import pytest

from syncd.connector import Capability, Connector, OutcomeUnknown
from syncd.model import Receipt
from syncd.testing.observe import raised
from syncd.testing.server import Fault

KEY = "conformance-extension-1"


class ExtendingChecks:
    """Part of `ConnectorConformance`; skipped where the platform gives no more time."""

    connector_class: ClassVar[type[Connector]]
    finds_sent: ClassVar[bool]
    fail: Callable[..., None]
    extend_path: ClassVar[str] = ".*"
    """Regular expression of the path that giving more time asks for."""

    def extension(self, source: Any) -> tuple[str, datetime]:
        """An order and until when the platform gives it more time."""
        raise NotImplementedError("conformance: write `extension`")

    def extended(self, source: Any) -> int:
        """How often the platform gave more time, by its own record."""
        raise NotImplementedError("conformance: write `extended`")

    def test_more_time_is_given_once(self, make: Any, source: Any) -> None:
        """An order gets no more time, gets it twice, or the receipt is useless."""
        connector, order_id, until = self._extender(make, source)
        receipt: object = connector.extend_promise(order_id, until, KEY)
        assert isinstance(receipt, Receipt), f"extend_promise returned {receipt!r}"
        assert receipt.accepted_at.tzinfo, f"accepted at {receipt.accepted_at}: which zone?"
        assert self.extended(source) == 1, f"{self.extended(source)} extensions arrived"

    def test_a_lost_extension_is_unknown(self, make: Any, source: Any) -> None:
        """An extension whose answer is lost is not told as OutcomeUnknown, and is made twice."""
        connector, order_id, until = self._extender(make, source)
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self.extend_path)
        error = raised(lambda: connector.extend_promise(order_id, until, KEY))
        assert isinstance(error, OutcomeUnknown), f"the answer was lost, and came {error!r}"

    def test_a_lost_extension_is_settled(self, make: Any, source: Any) -> None:
        """`find_extension` does not find what was given, or finds what was not."""
        connector, order_id, until = self._extender(make, source)
        if not self.finds_sent:
            pytest.skip("this platform cannot be asked")
        before = connector.find_extension(order_id, until, KEY)
        assert before is None, "found before anything was given"
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self.extend_path)
        raised(lambda: connector.extend_promise(order_id, until, KEY))
        assert self.extended(source) == 1, "`extend_path` is not the path that gives more time"
        found: object = make().find_extension(order_id, until, KEY)
        assert isinstance(found, Receipt), f"more time was given, and there came {found!r}"

    def _extender(self, make: Any, source: Any) -> tuple[Connector, str, datetime]:
        if Capability.EXTEND_PROMISE not in self.connector_class.capabilities:
            pytest.skip("this platform gives no more time")
        return make(), *self.extension(source)
