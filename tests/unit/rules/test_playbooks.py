"""Which playbook answers a finding, and the row it leads to."""

from datetime import UTC, datetime, time, timedelta

import msgspec
import pytest

from syncd.config import Playbook, QuietHours
from syncd.model import (
    Addressee,
    Cause,
    Finding,
    OutboxState,
    ParcelFacts,
    ParcelState,
    Party,
)
from syncd.rules.playbooks import Voice, buyer_notice, matching, staff_task

ALWAYS = QuietHours(enabled=False)
OWN, MAIL = 2, 5


@pytest.fixture
def found(make):
    return Finding(
        kind="no_movement", cause=Cause.DELAY, fingerprint="f1", since=make.at(-8),
        evidence="no scan for 8 days",
    )  # fmt: skip


@pytest.fixture
def parcel(make):
    return ParcelFacts(
        shipment_id=1, account_id=OWN, source_id="p1", order_id="o1", tracking_number="TN1",
        carrier="DHL", state=ParcelState(), seen_at=make.at(-9),
    )  # fmt: skip


def addressee(country="DE", email="ann@example.org", **fields):
    fields = {
        "language": None, "conversation_language": None, "site": None, "state": None,
        "postcode": None, "conversation_id": None, "conversation_account_id": None, **fields,
    }  # fmt: skip
    return Addressee(buyer=Party(id="b1", email=email), country=country, **fields)


def book(name="tell", **fields):
    return Playbook(**{"when": ["no_movement"], "tell": "buyer", "name": name, **fields})


class TestMatching:
    def names(self, found, *books, account="ebay-de", country="DE"):
        return [book.name for book in matching(books, found, account, country)]

    def test_only_for_its_findings(self, found):
        other = book("other", when=["customs_hold", "exception"])
        assert self.names(found, other, book("both", when=["exception", "no_movement"])) == ["both"]

    def test_only_for_its_accounts(self, found):
        books = book("fr", accounts=["ebay-fr"]), book("all", accounts=["mail", "ebay-*"])
        assert self.names(found, *books) == ["all"]

    def test_only_for_its_countries(self, found):
        books = book("fr", countries=["FR"]), book("dach", countries=["DE", "AT"])
        assert self.names(found, *books) == ["dach"]
        assert self.names(found, *books, country=None) == []
        assert self.names(found, book("any"), country=None) == ["any"]

    def test_the_buyer_hears_once_and_all_staff_is_told(self, found):
        books = (
            book("staff-1", tell="staff"), book("first"), book("second"),
            book("staff-2", tell="staff"),
        )  # fmt: skip
        assert self.names(found, *books) == ["first", "staff-1", "staff-2"]

    def test_none_means_nothing(self, found):
        assert self.names(found) == []


class TestBuyerNotice:
    def notice(self, found, parcel, make, **given):
        arguments = {
            "playbook": book(), "addressee": addressee(), "voice": Voice(OWN, None),
            "quiet_hours": ALWAYS, "now": make.at(), **given,
        }  # fmt: skip
        who, playbook = arguments.pop("addressee"), arguments.pop("playbook")
        return buyer_notice(playbook, found, parcel, who, **arguments)

    def test_it_is_one_per_parcel_and_cause(self, found, parcel, make):
        late = Finding(
            kind="promise_passed", cause=Cause.DELAY, fingerprint="f2", since=make.at(),
            evidence="promised by then",
        )  # fmt: skip
        held = Finding(
            kind="customs_hold", cause=Cause.CUSTOMS, fingerprint="f3", since=make.at(),
            evidence="held by customs",
        )  # fmt: skip
        keys = [self.notice(each, parcel, make).key for each in (found, late, held)]
        assert keys[0] == keys[1] != keys[2]

    def test_it_says_what_it_is_about(self, found, parcel, make):
        notice = self.notice(found, parcel, make)
        assert (notice.account_id, notice.state) == (OWN, OutboxState.PENDING)
        assert (notice.template, notice.cause, notice.finding) == ("delay", "delay", "f1")
        assert (notice.shipment_id, notice.order_id, notice.not_before) == (1, "o1", make.at())

    def test_its_template_can_be_named(self, found, parcel, make):
        assert self.notice(found, parcel, make, playbook=book(template="sorry")).template == "sorry"

    def test_approval_holds_it(self, found, parcel, make):
        notice = self.notice(found, parcel, make, playbook=book(approval=True))
        assert notice.state is OutboxState.HELD

    def test_it_can_wait_whether_it_clears_up(self, found, parcel, make):
        notice = self.notice(found, parcel, make, playbook=book(wait="36h"))
        assert notice.not_before == make.at(1.5)

    @pytest.mark.parametrize(
        ("country", "hour", "opens"),
        [
            ("DE", 6, (10, 7)),  # seven o'clock there: an hour to go
            ("DE", 7, (10, 7)),  # the minute it opens
            ("DE", 19, (10, 19)),
            ("DE", 20, (11, 7)),  # nine in the evening: tomorrow
            ("JP", 12, (10, 23)),  # nine in the evening
            (None, 23, (11, 8)),
        ],
    )
    def test_it_waits_for_the_buyers_daytime(self, found, parcel, make, country, hour, opens):
        now = datetime(2026, 3, 10, hour, tzinfo=UTC)
        notice = self.notice(
            found, parcel, make, now=now, addressee=addressee(country), quiet_hours=QuietHours()
        )
        assert notice.not_before == datetime(2026, 3, *opens, tzinfo=UTC)

    def test_on_a_site_that_says_uk_it_is_britains(self, found, parcel, make):
        now = datetime(2026, 7, 10, 7, tzinfo=UTC)  # eight o'clock there, in summer time
        buyer = addressee(None, site="amazon.co.uk")
        notice = self.notice(
            found, parcel, make, now=now, addressee=buyer, quiet_hours=QuietHours()
        )
        assert notice.not_before == now

    def test_the_hours_are_the_configs(self, found, parcel, make):
        hours = QuietHours(opens=time(14), closes=time(15))
        notice = self.notice(found, parcel, make, quiet_hours=hours)
        assert notice.not_before == make.at() + timedelta(hours=1)

    @pytest.mark.parametrize(
        ("fields", "language"),
        [
            ({"language": "fr", "conversation_language": "en"}, "fr"),
            ({"conversation_language": "pl", "country": "GB"}, "pl"),
            ({"country": "ES"}, "es"),
            ({"country": "GB", "site": "EBAY_FR"}, "fr"),
            ({"country": "CA", "site": "EBAY_FRCA"}, "fr"),
        ],
    )
    def test_it_speaks_the_buyers_language(self, found, parcel, make, fields, language):
        notice = self.notice(found, parcel, make, addressee=addressee(**fields))
        assert notice.language == language

    @pytest.mark.parametrize(
        ("voice", "email", "account", "state"),
        [
            (Voice(OWN, MAIL), "ann@example.org", OWN, OutboxState.PENDING),
            (Voice(None, MAIL), "ann@example.org", MAIL, OutboxState.PENDING),
            (Voice(None, MAIL), None, OWN, OutboxState.PERSON),
            (Voice(None, None), "ann@example.org", OWN, OutboxState.PERSON),
        ],
    )
    def test_who_writes(self, found, parcel, make, voice, email, account, state):
        notice = self.notice(found, parcel, make, voice=voice, addressee=addressee(email=email))
        assert (notice.account_id, notice.state) == (account, state)
        assert ("does not let syncd write" in notice.reason) == (state is OutboxState.PERSON)


def test_a_task_for_staff_is_one_per_finding_and_playbook(found, parcel, make):
    task = staff_task(book("desk", tell="staff"), found, parcel, addressee(), make.at())

    assert (task.state, task.purpose, task.account_id) == (OutboxState.PERSON, "task", OWN)
    assert task.key == "task:desk:f1"
    assert task.text == task.reason == "no scan for 8 days"


class TestPlan:
    def task(self, found, parcel, kind, **fields):
        lost = msgspec.structs.replace(found, kind=kind)
        return staff_task(book(tell="staff", **fields), lost, parcel, addressee(), found.since)

    @pytest.mark.parametrize("kind", ["lost", "presumed_lost"])
    def test_a_lost_parcel_comes_with_what_to_do(self, found, parcel, kind):
        notice = self.task(found, parcel, kind)
        assert notice.text.startswith("no scan for 8 days\n\nPlan: 1. Ask the carrier to search")
        assert "Re-send" in notice.text
        assert "refund" in notice.text
        assert notice.reason == "no scan for 8 days"

    def test_the_seller_may_have_a_plan_of_their_own(self, found, parcel):
        notice = self.task(found, parcel, "presumed_lost", plan="Call Ann.")
        assert notice.text == "no scan for 8 days\n\nPlan: Call Ann."

    def test_other_tasks_hold_the_evidence_only(self, found, parcel):
        assert self.task(found, parcel, "no_movement").text == "no scan for 8 days"
