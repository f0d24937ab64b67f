"""Orders without a parcel against the seller's time to send them."""

from datetime import timedelta

import pytest

from syncd.config import LateDispatch, Watches
from syncd.model import Cause, OrderFacts, OrderStatus, Severity
from syncd.rules.watches import judge_order
from syncd.rules.watches.dispatch import order_late

SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)


@pytest.fixture
def order(make):
    """An order heard of at `make.at()` that has to leave within four days."""

    def facts(ship_by=4, **fields):
        known = {
            "order_number": 1, "account_id": 2, "order_id": "o1", "seen_at": make.at(),
            "placed_at": make.at(-1), "status": OrderStatus.UNSHIPPED,
            "ship_by": None if ship_by is None else make.at(ship_by),
        }  # fmt: skip
        return OrderFacts(**{**known, **fields})

    return facts


def test_it_warns_ahead_and_is_late_exactly_at_the_end(order, make):
    far, near, late = (
        order_late(order(), LateDispatch(ahead=timedelta(days=1)), at)
        for at in (make.at(3) - SECOND, make.at(3), make.at(4))
    )
    assert (far.finding, far.due_at) == (None, make.at(3))
    assert (near.finding.kind, near.due_at) == ("ship_by_near", make.at(4))
    assert (late.finding.kind, late.due_at) == ("late_dispatch", None)
    for said in (near.finding, late.finding):
        assert (said.cause, said.severity) == (Cause.DISPATCH, Severity.ACT)
    assert late.finding.evidence == "was to be handed over by 2026-03-14 12:00 UTC, no parcel yet"


def test_its_fingerprint_is_no_parcels(order, make):
    finding = order_late(order(ship_by=-1), LateDispatch(), make.at(1)).finding
    assert finding.fingerprint == "late_dispatch:2:order:o1:20260309T120000"


def test_news_give_an_hour_unless_it_is_known_to_be_in_trouble(order, make):
    fresh = order_late(order(ship_by=-1), LateDispatch(), make.at())
    assert (fresh.finding, fresh.due_at) == (None, make.at() + HOUR)
    known = order_late(
        order(ship_by=-1, troubles=frozenset({"ship_by_near"})), LateDispatch(), make.at()
    )
    assert known.finding.kind == "late_dispatch"


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({"status": OrderStatus.SHIPPED}, id="sent"),
        pytest.param({"status": OrderStatus.PENDING}, id="not paid for"),
        pytest.param({"status": OrderStatus.UNKNOWN}, id="nobody knows"),
        pytest.param({"has_parcel": True}, id="its parcel is watched"),
        pytest.param({"ship_by": None}, id="no end"),
    ],
)
def test_else_it_is_quiet_and_never_due(order, make, fields):
    assert judge_order(order(**fields), Watches(), make.at(99)) == ([], None)


def test_it_can_be_switched_off(order, make):
    off = Watches(late_dispatch=LateDispatch(enabled=False))
    assert judge_order(order(), off, make.at(99)) == ([], None)
