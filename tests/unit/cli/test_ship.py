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


@pytest.fixture(autouse=True)
def _its_own_post(monkeypatch):
    monkeypatch.setattr(Sandbox, "carrier_names", lambda _: {"Local Post"})


@pytest.fixture
def sold(kept, source_of, make):
    source_of(kept, "shop").bring(make.order())
    return kept


def test_it_is_queued_once(syncd, sold, takes_numbers, time):
    as_printed = f"{DHL[:8]} {DHL[8:]}"
    first = syncd("ship", ORDER, as_printed, "--shipped-at", "2026-03-09", "--json")
    again = syncd("ship", ORDER, DHL, "--json")

    assert (first.code, first.json["queued"], again.json["queued"]) == (exits.OK, True, False)
    assert first.json["carrier"] == "dhl-de"
    (row,) = sold.outbox.rows()
    assert (row.state, row.purpose, row.order_id) == (OutboxState.PENDING, "confirmation", ORDER)
    assert row.shipment.tracking_number == DHL
    assert f"{row.shipment.shipped_at:%Y-%m-%d %H:%M %Z}" == "2026-03-09 00:00 UTC"


@pytest.mark.parametrize(
    "arguments", [("ups",), ("DHL Paket",), ("local-post",), ("Dlh", "--as-written")]
)
def test_a_carrier_is_named_as_its_platform_or_anybody_names_it(
    syncd, sold, takes_numbers, arguments
):
    told = syncd("ship", ORDER, DHL, "--json", "--carrier", *arguments)
    assert (told.code, told.json["carrier"]) == (exits.OK, arguments[0])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("nope", DHL), "there is no order 'nope'"),
        ((ORDER, DHL, "--account", "other"), "in account other"),
        ((ORDER, "??"), "no carrier is known"),
        ((ORDER, " - ", "--carrier", "ups"), "the tracking number is empty"),
        ((ORDER, DHL, "--carrier", "Dlh"), "no carrier 'Dlh' is known: did you mean 'dhl'?"),
        ((ORDER, DHL, "--carrier", "Loacl Post"), "did you mean 'Local Post'?"),
        ((ORDER, DHL, "--carrier", "zzz"), "'zzz' is known: `syncd recognise` shows"),
        ((ORDER, DHL, "--carrier", " ", "--as-written"), "no carrier ' ' is known"),
        ((ORDER, DHL, "--shipped-at", "2126-03-09"), "2126-03-09 00:00 has not come yet"),
    ],
)
def test_what_cannot_be_done_is_told(syncd, sold, takes_numbers, arguments, said):
    told = syncd("ship", *arguments)
    assert told.code == exits.USAGE
    assert said in told.err
    assert sold.outbox.rows() == []


def test_of_an_order_that_two_accounts_have_it_is_to_be_said_whose(
    syncd, sold, source_of, make, takes_numbers
):
    source_of(sold, "mail").bring(make.order())
    told = syncd("ship", ORDER, DHL)
    assert (told.code, sold.outbox.rows()) == (exits.USAGE, [])
    assert f"mail, shop have an order '{ORDER}': say which by --account" in told.err
    assert syncd("ship", ORDER, DHL, "--account", "shop").code == exits.OK


def test_an_account_that_is_switched_off(syncd, sold):
    """Or is no more in the config."""
    text = syncd.config.read_text()
    syncd.config.write_text(text.replace("[accounts.shop]", "[accounts.shop]\nenabled = false"))
    told = syncd("ship", ORDER, DHL)
    assert "account 'shop': it is switched off (enabled = false)" in told.err
    syncd.config.write_text(text.replace("[accounts.shop]", "[accounts.other]"))
    told = syncd("ship", ORDER, DHL)
    assert (told.code, "account 'shop': it is not in the config" in told.err) == (64, True)


def test_a_platform_that_takes_no_numbers(syncd, sold):
    told = syncd("ship", ORDER, DHL)
    assert told.code == exits.USAGE
    assert "takes no tracking numbers" in told.err
