"""What the conformance suite asks of connectors that can do more for an order than send messages.

That is to give it more time, to ask its buyer for a review, and to confirm that a parcel left.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, ClassVar

import msgspec
import pytest

from syncd.connector import Capability, Connector, OutcomeUnknown
from syncd.model import Receipt, Shipment
from syncd.testing.observe import raised
from syncd.testing.sending_checks import denied_when_asking_fails
from syncd.testing.server import Fault

KEY = "conformance-request-1"
REQUESTS = (Capability.EXTEND_PROMISE, Capability.REQUEST_REVIEW, Capability.UPLOAD_TRACKING)
NO_ANSWER = (Fault.SERVER_ERROR, Fault.TIMEOUT, Fault.GARBAGE)


class _Request(msgspec.Struct, frozen=True):
    """One thing to ask for, and how to find out afterwards."""

    ask: Callable[[Connector], object]
    find: Callable[[Connector], object]


class RequestChecks:
    """Part of `ConnectorConformance`; each is skipped where the platform has no such call."""

    connector_class: ClassVar[type[Connector]]
    finds_sent: ClassVar[bool]
    fail: Callable[..., None]
    fail_readings: Callable[..., bool]
    heal: Callable[..., None]
    request_paths: ClassVar[Mapping[Capability, str]] = {}
    """By capability, a regular expression of the path its call asks for; any path by default."""
    finds_requests: ClassVar[frozenset[Capability]] = frozenset(REQUESTS)
    """Of which the platform can be asked whether they were carried out."""

    def extension(self, source: Any) -> tuple[str, datetime]:
        """For EXTEND_PROMISE: an order and until when the platform gives it more time."""
        raise NotImplementedError("conformance: write `extension`")

    def review_order(self, source: Any) -> str:
        """For REQUEST_REVIEW: an order whose buyer the platform asks for a review now."""
        raise NotImplementedError("conformance: write `review_order`")

    def departure(self, source: Any) -> Shipment:
        """For UPLOAD_TRACKING: a parcel of an order that the platform does not know yet."""
        raise NotImplementedError("conformance: write `departure`")

    def carried_out(self, source: Any, capability: Capability) -> int:
        """How often the platform did what this capability asks for, by its own record."""
        raise NotImplementedError("conformance: write `carried_out`")

    @pytest.mark.parametrize("capability", REQUESTS)
    def test_a_request_is_carried_out_once(
        self, make: Any, source: Any, capability: Capability
    ) -> None:
        """A request to the platform is not carried out, or twice, or its receipt is useless."""
        request = self._request(source, capability)
        receipt = request.ask(make())
        assert isinstance(receipt, Receipt), f"it returned {receipt!r}"
        assert receipt.accepted_at.tzinfo, f"accepted at {receipt.accepted_at}: which zone?"
        count = self.carried_out(source, capability)
        assert count == 1, f"it was carried out {count} times"

    @pytest.mark.parametrize("capability", REQUESTS)
    def test_a_lost_request_is_unknown(
        self, make: Any, source: Any, capability: Capability
    ) -> None:
        """A request whose answer is lost is not told as OutcomeUnknown, and is made twice."""
        request = self._request(source, capability)
        connector = make()
        self._lose(source, capability)
        error = raised(lambda: request.ask(connector))
        assert isinstance(error, OutcomeUnknown), f"the answer was lost, and came {error!r}"

    @pytest.mark.parametrize("capability", REQUESTS)
    def test_a_lost_request_is_settled(
        self, make: Any, source: Any, capability: Capability
    ) -> None:
        """Asked if it carried a request out, the connector says no after yes or yes after no."""
        request = self._request(source, capability)
        connector = make()
        if capability not in self.finds_requests:
            error = raised(lambda: request.find(connector))
            assert isinstance(error, OutcomeUnknown), (
                f"`finds_requests` denies it, and came {error!r}"
            )
            return
        assert request.find(connector) is None, "found before anything was asked for"
        self._lose(source, capability)
        raised(lambda: request.ask(connector))
        count = self.carried_out(source, capability)
        assert count == 1, f"`request_paths` has not the path of {capability}"
        found = request.find(make())
        assert isinstance(found, Receipt), f"it was carried out, and there came {found!r}"

    @pytest.mark.parametrize("capability", REQUESTS)
    def test_a_failure_behind_a_request_denies_nothing(
        self, make: Any, source: Any, capability: Capability
    ) -> None:
        """What failed after a request was carried out makes it a failure, and it is made twice."""
        request = self._request(source, capability)
        connector = make()
        self.fail_readings(source, Fault.SERVER_ERROR, after=self._path(capability))
        error = raised(lambda: request.ask(connector))
        count = self.carried_out(source, capability)
        assert count, f"`request_paths` has not the path of {capability}"
        assert count == 1, f"a failure behind the first, and it was carried out {count} times"
        assert error is None or isinstance(error, OutcomeUnknown), (
            f"it was carried out, then the platform failed, and that was told as {error!r}"
        )

    @pytest.mark.parametrize("capability", REQUESTS)
    def test_a_question_about_a_request_that_fails_is_no_answer(
        self, make: Any, source: Any, capability: Capability
    ) -> None:
        """A request that could not be asked about counts as not carried out, and is made twice."""
        request = self._request(source, capability)
        request.ask(make())
        for fault in NO_ANSWER:
            denied_when_asking_fails(self, make, source, fault, request.find)

    def _path(self, capability: Capability) -> str:
        return self.request_paths.get(capability, ".*")

    def _lose(self, source: Any, capability: Capability) -> None:
        self.fail(source, Fault.LOST_ANSWER, times=1, path=self._path(capability))

    def _request(self, source: Any, capability: Capability) -> _Request:
        if capability not in self.connector_class.capabilities:
            pytest.skip(f"this platform has no {capability}")
        if capability is Capability.EXTEND_PROMISE:
            order_id, until = self.extension(source)
            return _Request(
                lambda one: one.extend_promise(order_id, until, KEY),
                lambda one: one.find_extension(order_id, until, KEY),
            )
        if capability is Capability.REQUEST_REVIEW:
            order_id = self.review_order(source)
            return _Request(
                lambda one: one.request_review(order_id, KEY),
                lambda one: one.find_review_request(order_id, KEY),
            )
        shipment = self.departure(source)
        return _Request(
            lambda one: one.confirm_shipment(shipment, KEY),
            lambda one: one.find_confirmation(shipment, KEY),
        )
