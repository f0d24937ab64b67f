"""Who follows a parcel, and when it is looked at next."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncd.model import FollowFacts, Milestone, ParcelRef
from syncd.rules.following import SOON, STEPS, next_look, route

NOW = datetime(2026, 11, 2, 9, tzinfo=UTC)
DHL, POST, ANY, ANY_TOO = 1, 2, 3, 4
ROUTES = {
    DHL: frozenset({"dhl-de", "dhl-express"}), POST: frozenset({"china-post"}), ANY: None,
    ANY_TOO: None,
}  # fmt: skip
TO_GERMANY = "00340434161094042557"
FROM_CHINA = "RR123456785CN"


def parcel(number, carrier=None, origin=None, to=None):
    return ParcelRef(
        tracking_number=number, carrier=carrier, origin_country=origin, destination_country=to
    )


@pytest.mark.parametrize(
    ("ref", "accounts"),
    [
        (parcel(TO_GERMANY, "DHL", to="DE"), (DHL,)),
        (parcel(TO_GERMANY, to="DE"), (DHL,)),
        (parcel(FROM_CHINA, origin="CN", to="DE"), (POST,)),
        (parcel(FROM_CHINA, "DHL Paket", "CN", "DE"), (DHL,)),  # the shop's word counts more
        (parcel("0987654321", "Some Couriers Ltd"), (ANY, ANY_TOO)),
        (parcel("H1000000000000000000", "Hermes", to="DE"), (ANY, ANY_TOO)),
        (parcel("?!"), (ANY, ANY_TOO)),
    ],
)
def test_a_parcel_goes_to_its_carriers_account_else_to_those_for_anybody(ref, accounts):
    assert route(ref, ROUTES) == accounts


def test_without_any_of_them_the_post_of_the_destination_may_know_it():
    assert route(parcel(FROM_CHINA, origin="CN", to="DE"), {DHL: ROUTES[DHL]}) == (DHL,)
    assert route(parcel(FROM_CHINA, origin="CN", to="FR"), {DHL: ROUTES[DHL]}) == ()


def test_an_account_that_follows_no_carrier_gets_nothing():
    assert route(parcel(TO_GERMANY, to="DE"), {DHL: frozenset()}) == ()


def facts(step=0, milestone=Milestone.IN_TRANSIT, **more):
    return FollowFacts(
        **{"tracking_number": "TN1", "step": step, "news": False, "milestone": milestone, **more}
    )


def wait(known):
    return next_look(known, NOW)[0] - NOW


def about(span):
    return pytest.approx(span.total_seconds(), rel=0.1)


def test_the_wait_doubles_up_to_a_day():
    step, waits = 0, []
    for _ in range(5):
        due, step = next_look(facts(step), NOW)
        waits.append((due - NOW).total_seconds())
    assert waits == [about(span) for span in (*STEPS, STEPS[-1])]


def test_news_begins_again():
    assert wait(facts(3, news=True)).total_seconds() == about(STEPS[0])
    assert next_look(facts(3, news=True), NOW)[1] == 1


@pytest.mark.parametrize(
    "pressing",
    [
        facts(3, Milestone.CUSTOMS_HOLD),
        facts(3, Milestone.OUT_FOR_DELIVERY),
        facts(3, deliver_by=NOW + timedelta(days=1)),
        facts(3, deliver_by=NOW - timedelta(days=6)),
    ],
)
def test_it_is_looked_at_sooner_near_the_promise_and_in_trouble(pressing):
    assert wait(pressing).total_seconds() == about(SOON)


@pytest.mark.parametrize("days", [-8, 3])
def test_far_from_the_promise_it_is_not(days):
    assert wait(facts(3, deliver_by=NOW + timedelta(days=days))) > 2 * SOON


def test_many_parcels_of_one_evening_do_not_stay_together():
    hours = {next_look(facts(3, tracking_number=f"TN{n}"), NOW)[0].hour for n in range(200)}
    assert len(hours) >= 4


@given(
    st.integers(0, 9), st.booleans(), st.sampled_from(Milestone),
    st.none() | st.integers(-60, 60).map(lambda days: NOW + timedelta(days=days)), st.text(),
)  # fmt: skip
def test_the_next_look_is_always_within_its_bounds(step, news, milestone, deliver_by, number):
    known = facts(step, milestone, news=news, deliver_by=deliver_by, tracking_number=number)
    due, step_after = next_look(known, NOW)
    assert 0.9 * STEPS[0] <= due - NOW <= 1.1 * STEPS[-1]
    assert next_look(known, NOW) == (due, step_after)
    assert 1 <= step_after < len(STEPS)
