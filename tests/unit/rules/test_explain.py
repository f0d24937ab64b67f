"""The sentences about a parcel that no run of the whole is needed for."""

import pytest

from syncd.model import (
    Dossier,
    Follower,
    KnownNotice,
    Milestone,
    OutboxState,
    ParcelFacts,
    ParcelState,
)
from syncd.rules.explain.parcel import expected
from syncd.rules.explain.reactions import WAITS, buyer, followers
from syncd.rules.explain.words import apart, span
from syncd.rules.watches import Judgement


@pytest.fixture
def follower(make):
    def said(**fields):
        fields = {"account": "dhl", "looked_at": None, "next_look_at": make.at(0.5),
                  "asked_at": None, **fields}  # fmt: skip
        parcel = Dossier(tracking_number="TN1", parcel=None, followers=(Follower(**fields),))
        (sentence,) = followers(parcel, make.at())
        return sentence

    return said


def test_who_looks_it_up_and_when(make, follower):
    assert (
        follower() == "dhl: has not looked yet; looks again on 2026-03-11 00:00 UTC (in 12 hours)."
    )
    assert follower(looked_at=make.at(-2), next_look_at=make.at(-0.1)) == (
        "dhl: looked on 2026-03-08 12:00 UTC (2 days ago); the next look is due."
    )
    assert "asked to look at once on 2026-03-09" in follower(asked_at=make.at(-1))
    assert "is found out in the next seconds" in follower(account=None)


def test_in_place_of_a_cancelled_one_another_is_expected_while_the_order_waits(make):
    def said(**fields):
        facts = ParcelFacts(
            shipment_id=1, account_id=2, source_id="p1", order_id="o1", tracking_number="TN1",
            carrier=None, seen_at=make.at(), state=ParcelState(milestone=Milestone.CANCELLED),
            **fields,
        )  # fmt: skip
        told = {"cancelled": Judgement(due_at=make.at(0.5))}
        (sentence,) = expected(Dossier(tracking_number="TN1", parcel=facts), told, make.at())
        return sentence

    assert said(unreplaced_since=make.at()) == (
        "It was cancelled. Next: another parcel in its place; without news cancelled looks at it "
        "first, on 2026-03-11 00:00 UTC (in 12 hours)."
    )
    over = "It was cancelled; nothing more is expected."
    assert said() == said(unreplaced_since=make.at(), order_status="cancelled") == over


def test_nobody_looks_it_up(make):
    (said,) = followers(Dossier(tracking_number="TN1", parcel=None), make.at())
    assert said == "No account looks it up at a carrier."


@pytest.mark.parametrize(
    ("state", "told_day", "said"),
    [
        (OutboxState.SENT, -1, 'Told of delay on 2026-03-09 12:00 UTC by mail in de: "Hi" (message 7).'),
        (OutboxState.SENT, None, 'Message 7 about delay "Hi" reached the buyer, as a person noted.'),
        (OutboxState.HELD, None, 'Message 7 about delay "Hi" waits for approval (`syncd outbox approve 7`).'),
        (OutboxState.PENDING, None, 'Message 7 about delay "Hi" goes out from 2026-03-10 12:00 UTC on.'),
        (OutboxState.PERSON, None,
         'Message 7 about delay "Hi" waits for a person (`syncd outbox show 7`): no address.'),
        (OutboxState.FAILED, None, 'Message 7 about delay "Hi" was refused for good: no address.'),
        (OutboxState.OBSOLETE, None, 'Message 7 about delay "Hi" was not sent, as the trouble was over first.'),
    ],
)  # fmt: skip
def test_what_became_of_a_message(make, state, told_day, said):
    notice = KnownNotice(
        id=7, state=state, purpose="notice", account="mail", cause="delay", language="de",
        title="Hi", created_at=make.at(-2), not_before=make.at(), reason="no address",
        told_at=None if told_day is None else make.at(told_day),
    )  # fmt: skip
    assert list(buyer(Dossier(tracking_number="TN1", parcel=None, notices=(notice,)), ())) == [said]


def test_every_state_of_a_message_has_words(make):
    assert set(WAITS) == set(OutboxState)


def test_spans_round_down_to_what_can_be_said(make):
    assert span(make.at(1.9) - make.at()) == "45 hours"
    assert span(make.at(0.03) - make.at()) == "43 minutes"
    assert span(make.at() - make.at()) == "0 minutes"
    assert apart(make.at(9), make.at()) == "in 9 days"
    assert apart(make.at(-9), make.at()) == "9 days ago"
