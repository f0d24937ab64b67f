"""More time for orders, and parcels that left: once each, and with reasons where not."""

from datetime import UTC, datetime, timedelta

import pytest

from syncd.connector import OutcomeUnknown, Rejected
from syncd.model import Shipment
from syncd.testing.server import Answer, Fault

KEY = "key-1"
EXTEND, SHIP, FIND = "extendsbuyeracceptgoodstime", "sellershipmentfortop", "findorderbyid"
NUMBER = "LP00123456789012"


@pytest.fixture
def ends(now):
    return now.start + timedelta(days=10)


@pytest.fixture
def order(shop, ends):
    order_id = shop.add_order()
    shop.ship(order_id, NUMBER, ends=ends)
    return order_id


def parcel(order_id, **fields):
    told = {"tracking_number": NUMBER, "carrier": "China Post"} | fields
    return Shipment(source_id="s1", order_id=order_id, **told)


@pytest.mark.parametrize(
    ("more", "days"),
    [({"days": 5}, 5), ({"days": 5, "hours": 2}, 6), ({"hours": 2}, 1), ({"hours": 36}, 2)],
)
def test_as_many_days_as_it_takes(connector, shop, order, ends, calls, more, days):
    until = ends + timedelta(**more)
    assert connector.find_extension(order, until, KEY) is None
    receipt = connector.extend_promise(order, until, KEY)
    assert shop.extended == [(order, days)]
    assert receipt.detail == f"{days} days more"
    assert calls(EXTEND)[0]["param0"] == order
    assert connector.find_extension(order, until, KEY) is not None


def test_what_lasts_that_long_is_left_alone(connector, shop, order, ends):
    connector.extend_promise(order, ends, KEY)
    connector.extend_promise(order, ends + timedelta(days=3), KEY)
    connector.extend_promise(order, ends + timedelta(days=3), KEY)
    assert shop.extended == [(order, 3)]


def test_a_lost_answer_does_not_extend_twice(connector, aliexpress, shop, order, ends):
    until = ends + timedelta(days=5)
    aliexpress.fail(Fault.LOST_ANSWER, path=EXTEND)
    with pytest.raises(OutcomeUnknown):
        connector.extend_promise(order, until, KEY)
    assert connector.find_extension(order, until, KEY) is not None
    connector.extend_promise(order, until, KEY)
    assert shop.extended == [(order, 5)]


def test_a_request_that_was_not_carried_out_may_be_made_again(
    connector, aliexpress, shop, order, ends
):
    until = ends + timedelta(days=5)
    aliexpress.fail(Fault.TIMEOUT, path=EXTEND, seconds=0.05)
    with pytest.raises(OutcomeUnknown):
        connector.extend_promise(order, until, KEY)
    assert connector.find_extension(order, until, KEY) is None
    connector.extend_promise(order, until, KEY)
    assert shop.extended == [(order, 5)]


@pytest.mark.parametrize("ends", [datetime(2026, 3, 5, 12, tzinfo=UTC)])
def test_days_over_the_change_of_clocks(connector, aliexpress, shop, order, ends):
    # AliExpress's day of 8 March 2026 has 23 hours.
    until = ends + timedelta(days=10)
    aliexpress.fail(Fault.LOST_ANSWER, path=EXTEND)
    with pytest.raises(OutcomeUnknown):
        connector.extend_promise(order, until, KEY)
    assert connector.find_extension(order, until, KEY) is not None
    connector.extend_promise(order, until, KEY)
    assert shop.extended == [(order, 10)]


@pytest.mark.parametrize(
    ("code", "said"),
    [
        (100, "knows no such order"),
        (200, "no data"),
        (201, "longer than AliExpress allows"),
        (210, "no state that can be extended"),
        (601, "may not change"),
        (999, "memo of it"),
    ],
)
def test_published_refusals(connector, aliexpress, order, ends, monkeypatch, code, said):
    told = {"is_success": False, "sub_error_code": code, "memo": "memo of it"}
    name = "aliexpress_trade_redefining_extendsbuyeracceptgoodstime_response"
    before = aliexpress.answer
    monkeypatch.setattr(
        aliexpress,
        "answer",
        lambda x: Answer.json({name: told}) if x.path.endswith(EXTEND) else before(x),
    )
    with pytest.raises(Rejected, match=f"no more time .{code}.*{said}"):
        connector.extend_promise(order, ends + timedelta(days=5), KEY)


def test_more_than_aliexpress_allows(connector, shop, order, ends):
    with pytest.raises(Rejected, match="201"):
        connector.extend_promise(order, ends + timedelta(days=61), KEY)
    assert shop.extended == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"order_status": "WAIT_SELLER_SEND_GOODS"}, "only while it waits for the buyer"),
        ({"order_status": "FINISH"}, "this one is FINISH"),
        ({"issue_status": "IN_ISSUE"}, "disputed or frozen"),
        ({"frozen_status": "IN_FROZEN"}, "disputed or frozen"),
        ({"over_time_left": ""}, "only while"),
    ],
)
def test_orders_that_are_not_asked_for(connector, shop, order, ends, calls, change, said):
    shop.change(order, **change)
    with pytest.raises(Rejected, match=said):
        connector.extend_promise(order, ends + timedelta(days=5), KEY)
    assert calls(EXTEND) == []


def test_an_order_of_another_platform(connector, ends):
    with pytest.raises(Rejected, match="no id of AliExpress's"):
        connector.extend_promise("12-34567-89012", ends, KEY)


@pytest.mark.parametrize("find", ["find_extension", "find_confirmation"])
def test_an_order_that_cannot_be_read_settles_nothing(connector, aliexpress, order, ends, find):
    aliexpress.refuse(FIND, "15", "Remote service error", sub_code="isv.gone")
    about = (parcel(order),) if find == "find_confirmation" else (order, ends)
    with pytest.raises(OutcomeUnknown, match="cannot be read"):
        getattr(connector, find)(*about, KEY)


def test_a_parcel_that_left(connect, shop, calls):
    connector, order = connect(services={"china-post": "CPAM"}), shop.add_order()
    assert connector.carrier_names() == {"china-post"}
    left = parcel(order)
    assert connector.find_confirmation(left, KEY) is None
    connector.confirm_shipment(left, KEY)
    assert shop.confirmed == [(order, NUMBER)]
    (told,) = calls(SHIP)
    wanted = {"service_name": "CPAM", "out_ref": order, "logistics_no": NUMBER, "send_type": "all"}
    assert wanted.items() <= told.items()
    assert "tracking_website" not in told
    found = connector.find_confirmation(left, KEY)
    assert found.source_id.endswith(f"/{NUMBER}")


def test_a_carrier_that_aliexpress_does_not_list(connector, shop, calls):
    order = shop.add_order()
    with pytest.raises(Rejected, match="'Lamp Post' is not known: name it in `services`"):
        connector.confirm_shipment(parcel(order, carrier="Lamp Post"), KEY)
    with pytest.raises(Rejected, match="of this parcel"):
        connector.confirm_shipment(parcel(order, carrier=None), KEY)
    assert calls(SHIP) == []
    site = "https://lamp.example/track"
    connector.confirm_shipment(parcel(order, carrier="Lamp Post", tracking_url=site), KEY)
    assert (calls(SHIP)[0]["service_name"], calls(SHIP)[0]["tracking_website"]) == ("Other", site)


def test_a_lost_answer_to_a_parcel_is_settled(connect, aliexpress, shop):
    connector, order = connect(services={"china-post": "CPAM"}), shop.add_order()
    aliexpress.fail(Fault.LOST_ANSWER, path=SHIP)
    with pytest.raises(OutcomeUnknown):
        connector.confirm_shipment(parcel(order), KEY)
    assert connector.find_confirmation(parcel(order), KEY) is not None


def test_a_parcel_that_aliexpress_refuses(connect, shop, order):
    connector = connect(services={"china-post": "CPAM"})
    with pytest.raises(Rejected, match=r"00720002.*order status"):
        connector.confirm_shipment(parcel(order, tracking_number="LP2"), KEY)
    with pytest.raises(Rejected, match="tracking number"):
        connector.confirm_shipment(parcel(order, tracking_number=None), KEY)
