"""Telling a platform of what left: queued once, and only where it can be done."""

import pytest

from syncd.cli import exits
from syncd.connector import Capability
from syncd.model import OutboxState
from syncd_sandbox import Sandbox

ORDER = "12-00001-00001"
DHL = "00340434161094022115"


@pytest.fixture
def takes_numbers(monkeypatch):
    monkeypatch.setattr(
        Sandbox, "capabilities", Sandbox.capabilities | {Capability.UPLOAD_TRACKING}
    )


@pytest.fixture
def sold(kept, source_of, make):
    source_of(kept, "shop").bring(make.order())
    return kept


def test_it_is_queued_once(syncd, sold, takes_numbers, time):
    first = syncd("ship", ORDER, DHL, "--shipped-at", "2026-03-09", "--json")
    again = syncd("ship", ORDER, DHL.lower(), "--json")

    assert (first.code, first.json["queued"], again.json["queued"]) == (exits.OK, True, False)
    assert first.json["carrier"] == "dhl-de"
    (row,) = sold.outbox.rows()
    assert (row.state, row.purpose, row.order_id) == (OutboxState.PENDING, "confirmation", ORDER)
    assert row.shipment.tracking_number == DHL
    assert f"{row.shipment.shipped_at:%Y-%m-%d %H:%M %Z}" == "2026-03-09 00:00 UTC"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", DHL), "there is no order 'nope'"),
        ((ORDER, DHL, "--account", "other"), "in account other"),
        ((ORDER, "??"), "no carrier is known"),
    ],
)
def test_what_cannot_be_done_is_told(syncd, sold, takes_numbers, arguments, said):
    told = syncd("ship", *arguments)
    assert told.code == exits.USAGE
    assert said in told.err
    assert sold.outbox.rows() == []


def test_a_platform_that_takes_no_numbers(syncd, sold):
    told = syncd("ship", ORDER, DHL)
    assert told.code == exits.USAGE
    assert "takes no tracking numbers" in told.err
